-- Analyses one table of a projection that is twice as large as when it was last, and says whether there was one: to be called until
-- there is none. One at a time, so that none of them is kept from others for longer than it takes.
--
-- Of a table that was never analysed Postgres knows nothing, and whatever begins with the tenant looks alike to it: a row may be looked
-- for by an index in which its key comes last, through all of the tenant's rows. It keeps a plan until the table is analysed, for which
-- autovacuum takes a minute.
create function read.analyze_grown(p_projection text) returns boolean
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '200ms'
as $$
declare
    grown pg_catalog.regclass;
begin
    select c.oid into grown
    from read.checkpoints k cross join unnest(k.tables) as t(name)
         join pg_catalog.pg_class c on c.relname = t.name and c.relnamespace = 'read'::regnamespace and c.relkind = 'r'
    where k.projection = p_projection and pg_catalog.pg_has_role(c.relowner, 'usage')
      and pg_relation_size(c.oid) >= 2 * current_setting('block_size')::bigint * greatest(c.relpages, 1)
    limit 1;
    if grown is null then return false; end if;
    execute format('analyze %s', grown);
    return true;
end $$;

revoke all on function read.analyze_grown from public;
grant execute on function read.analyze_grown to tidemark_projection;
