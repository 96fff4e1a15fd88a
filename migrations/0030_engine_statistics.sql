-- Analyses those tables of a projection that are twice as large as when they were last, and says how many.
--
-- Of a table that was never analysed Postgres knows nothing, and whatever begins with the tenant looks alike to it: a row may be looked
-- for by an index in which its key comes last, through all of the tenant's rows. It keeps a plan until the table is analysed, for which
-- autovacuum takes a minute.
create function read.analyze_grown(p_projection text) returns integer
    language plpgsql volatile security definer set search_path = pg_catalog set lock_timeout = '200ms'
as $$
declare
    grown regclass;
    analysed integer := 0;
begin
    for grown in
        select c.oid::regclass
        from read.checkpoints k cross join unnest(k.tables) as t(name)
             join pg_class c on c.relname = t.name and c.relnamespace = 'read'::regnamespace and c.relkind = 'r'
        where k.projection = p_projection
          and pg_relation_size(c.oid) >= 2 * current_setting('block_size')::bigint * greatest(c.relpages, 1)
    loop
        execute format('analyze %s', grown);
        analysed := analysed + 1;
    end loop;
    return analysed;
end $$;

revoke all on function read.analyze_grown from public;
grant execute on function read.analyze_grown to tidemark_projection;
