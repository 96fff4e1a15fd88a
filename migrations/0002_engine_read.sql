-- The read side: where each projection is, who folds it, and which tenants it has stopped for. The tables of the read
-- models themselves belong to their projections and are made by `install`.

-- One row a projection. `version` is that of the tables that serve; `epoch` is the log's when the checkpoint was written.
create table read.checkpoints (
    projection text collate "C" primary key,
    version    integer not null,
    position   bigint  not null,
    epoch      integer not null
) with (fillfactor = 50);

-- How far a projection has come in one tenant's own log. A tenant without a row is at 0.
create table read.progress (
    tenant_id       text collate "C" not null,
    projection      text collate "C" not null,
    tenant_position bigint not null,
    primary key (tenant_id, projection)
) with (fillfactor = 50);

-- Where a projection has stopped for a tenant: `position` is the event that it could not take in.
create table read.stalls (
    tenant_id          text collate "C" not null,
    projection         text collate "C" not null,
    position           bigint      not null,
    tenant_position    bigint      not null,
    event_id           uuid        not null,
    event_type         text        not null,
    error              text        not null,
    attempts           integer     not null,
    since              timestamptz not null,
    retry_requested_at timestamptz,
    primary key (tenant_id, projection)
);

-- Who folds a projection. `fence` rises with every change of holder.
create table read.leases (
    projection text        collate "C" primary key,
    holder     uuid        not null,
    fence      bigint      not null,
    until      timestamptz not null
) with (fillfactor = 50);

-- Closes a table of this schema to everyone but the service roles: queries see their own tenant, projections write.
-- A table without a tenant is open to reading. Does nothing where it was done before.
create function read.secure(target regclass) returns void
    language plpgsql
as $$
declare
    has_tenant constant boolean := exists (
        select from pg_attribute where attrelid = target and attname = 'tenant_id' and not attisdropped);
    visible constant text := case when has_tenant then 'tenant_id = current_setting(''app.tenant'', true)' else 'true' end;
begin
    if (select relrowsecurity and relforcerowsecurity from pg_class where oid = target)
       and (select count(*) = 3 from pg_policy where polrelid = target) then
        return;
    end if;
    execute format('alter table %s enable row level security', target);
    execute format('alter table %s force row level security', target);
    execute format('drop policy if exists owner_all on %s', target);
    execute format('drop policy if exists projection_all on %s', target);
    execute format('drop policy if exists query_sees_its_tenant on %s', target);
    execute format('create policy owner_all on %s to current_user using (true) with check (true)', target);
    execute format('create policy projection_all on %s to tidemark_projection using (true) with check (true)', target);
    execute format('create policy query_sees_its_tenant on %s for select to tidemark_query using (%s)', target, visible);
    execute format('revoke all on %s from public', target);
    execute format('grant select on %s to tidemark_query', target);
    execute format('grant select, insert, update, delete on %s to tidemark_projection', target);
end $$;

select read.secure('read.checkpoints'), read.secure('read.progress'), read.secure('read.stalls'), read.secure('read.leases');

-- Enters a tenant for the rest of the transaction (or of the statement, outside of one) and says how far the named
-- projections have come in it: the lowest of them, 0 where one has not begun. With none named, the tenant's own place
-- does not matter and the answer is 0.
create function read.enter(tenant text, projections text[]) returns bigint
    language plpgsql volatile
as $$
declare
    reached bigint;
begin
    perform set_config('app.tenant', tenant, true);
    select case when count(*) < cardinality(projections) then 0 else coalesce(min(p.tenant_position), 0) end into reached
    from read.progress p where p.tenant_id = tenant and p.projection = any (projections);
    return reached;
end $$;

-- Positions and the number of stalled tenants, for health and metrics; names no tenant. It runs with its owner's rights.
create view read.standing as
select c.projection, c.version, c.position, c.epoch,
       l.holder, coalesce(l.until > clock_timestamp(), false) as held,
       (select count(*) from read.stalls s where s.projection = c.projection) as stalls
from read.checkpoints c left join read.leases l using (projection);

grant usage on schema read to tidemark_query, tidemark_projection;
grant select on read.standing to tidemark_query, tidemark_projection;
revoke all on function read.secure(regclass), read.enter(text, text[]) from public;
grant execute on function read.enter(text, text[]) to tidemark_query;
