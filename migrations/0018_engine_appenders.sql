-- One row a start of a process, for ever, was too much: those of processes long gone are let go of when another one registers.
--
-- A process that is still there after so long is fenced by that and registers again. For that to be safe a generation is later
-- than all that its process ever had, also where the row that knew them is gone; so it begins at the time, in milliseconds.
create or replace function log.register_appender(p_appender uuid, out generation bigint, out epoch integer)
    language plpgsql volatile security definer set search_path = pg_catalog
as $$
begin
    perform log.ensure_server();
    select max(e.epoch) into epoch from log.epochs e;
    delete from log.appenders a where a.started_at < clock_timestamp() - interval '90 days' and a.appender <> p_appender;
    insert into log.appenders as a (appender, generation) values (p_appender, (extract(epoch from clock_timestamp()) * 1000)::bigint)
    on conflict (appender) do update set generation = a.generation
    returning a.generation into generation;
end $$;

create or replace function log.raise_generation(p_appender uuid) returns bigint
    language plpgsql volatile security definer set search_path = pg_catalog
as $$
declare
    raised bigint;
begin
    perform log.ensure_server();
    perform pg_advisory_xact_lock(7953749933313450591);
    insert into log.appenders as a (appender, generation) values (p_appender, (extract(epoch from clock_timestamp()) * 1000)::bigint)
    on conflict (appender) do update set generation = a.generation + 1
    returning generation into raised;
    return raised;
end $$;
