-- The log: every event of this database in one order, and the rows that an append writes beside its events.
-- Only `log.append` writes here, so the service role needs no more than the right to call it.

create schema log;
create schema read;

-- Positions are contiguous and in commit order, because appends hold one advisory lock until they have committed.
-- Text is compared byte by byte ("C"): keys are ASCII, and the index on streams is the hottest thing in the database.
create table log.events (
    position        bigint      not null,
    event_id        uuid        not null,
    tenant_id       text        collate "C" not null,
    tenant_position bigint      not null,
    aggregate_type  text        collate "C" not null,
    aggregate_id    text        collate "C" not null,
    sequence        bigint      not null check (sequence > 0),
    event_type      text        collate "C" not null,
    event_version   text        collate "C" not null,
    payload         json        not null,
    metadata        json        not null,
    recorded_at     timestamptz not null,
    constraint events_position primary key (position),
    constraint events_tenant_position unique (tenant_id, tenant_position),
    constraint events_stream unique (aggregate_type, aggregate_id, sequence)
);

-- The names that postgres-es expects of a snapshot table; written off the hot path, later.
create table log.snapshots (
    aggregate_type   text   collate "C" not null,
    aggregate_id     text   collate "C" not null,
    last_sequence    bigint not null check (last_sequence >= 0),
    current_snapshot bigint not null check (current_snapshot >= 0),
    payload          json   not null,
    primary key (aggregate_type, aggregate_id)
);

-- A timeline of the log. An operator raises the epoch when history was cut; `from_position` names the fork.
create table log.epochs (
    epoch             integer     primary key,
    from_position     bigint      not null,
    system_identifier text        not null,
    timeline          text        not null,
    raised_at         timestamptz not null default now()
);

insert into log.epochs (epoch, from_position, system_identifier, timeline)
select 1, 0, system_identifier::text, substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
from pg_control_system();

-- One row a process that appends. Raising `generation` fences an append of that process whose outcome is unknown.
create table log.appenders (
    appender   uuid        primary key,
    generation bigint      not null,
    started_at timestamptz not null default now()
);

-- Uniqueness within a tenant, taken and freed by the append that needs it.
create table log.claims (
    tenant_id      text collate "C" not null,
    scope          text collate "C" not null,
    value          text collate "C" not null,
    aggregate_type text collate "C" not null,
    aggregate_id   text collate "C" not null,
    primary key (tenant_id, scope, value)
);

-- What must never be in an event: password hashes and the like.
create table log.secrets (
    tenant_id text collate "C" not null,
    kind      text collate "C" not null,
    subject   text collate "C" not null,
    value     text             not null,
    primary key (tenant_id, kind, subject)
);

-- Remembered commands. `key_id` is a digest over tenant, actor and key. Six slots of six hours each: a slot is emptied
-- as a whole before its turn comes again, so 24 hours are always kept and no row is ever deleted one by one.
create table log.idempotency_keys (
    slot            smallint    not null,
    key_id          uuid        not null,
    tenant_id       text        collate "C" not null,
    request_hash    bytea       not null,
    answer          bytea       not null,
    position        bigint      not null,
    tenant_position bigint      not null,
    recorded_at     timestamptz not null,
    primary key (key_id, slot)
) partition by list (slot);

create table log.idempotency_keys_0 partition of log.idempotency_keys for values in (0);
create table log.idempotency_keys_1 partition of log.idempotency_keys for values in (1);
create table log.idempotency_keys_2 partition of log.idempotency_keys for values in (2);
create table log.idempotency_keys_3 partition of log.idempotency_keys for values in (3);
create table log.idempotency_keys_4 partition of log.idempotency_keys for values in (4);
create table log.idempotency_keys_5 partition of log.idempotency_keys for values in (5);

-- Expiring leases: who leads. `fence` rises with every change of holder.
create table log.leases (
    name   text        primary key,
    holder uuid        not null,
    fence  bigint      not null,
    until  timestamptz not null
);

-- The slot that a moment belongs to.
create function log.idempotency_slot(at timestamptz) returns smallint
    language sql immutable parallel safe
as $$ select ((extract(epoch from at)::bigint / 21600) % 6)::smallint $$;

-- Empties the slot that comes next, and says whether there was anything in it. Cheap when there is not; call it now and
-- then, from anywhere. The clock is that of `log.append`, read under its lock: were the server's clock set back, a slot
-- that it seems to come to would be one that appends have left less than a day ago.
create function log.rotate_idempotency_keys() returns boolean
    language plpgsql volatile security definer set search_path = pg_catalog set lock_timeout = '200ms'
as $$
declare
    next_slot smallint;
    used boolean;
begin
    perform pg_advisory_xact_lock(7953749933313450591);
    next_slot := log.idempotency_slot(interval '6 hours' + greatest(
        clock_timestamp(), (select e.recorded_at from log.events e order by e.position desc limit 1)));
    execute format('select exists (select from log.idempotency_keys_%s)', next_slot) into used;
    if used then
        execute format('truncate log.idempotency_keys_%s', next_slot);
    end if;
    return used;
end $$;

-- Takes the one lock under which everything is appended, in a statement of its own, so that whatever follows in the
-- same transaction sees all that was committed before. Raises TM001 for a fenced appender, and TM002 when this is not
-- the timeline that the present epoch was raised on, or not the epoch whose events the caller has decided on.
create function log.enter(p_appender uuid, p_generation bigint, p_epoch integer) returns void
    language plpgsql volatile security definer set search_path = pg_catalog
as $$
declare
    v_epoch integer;
    v_timeline text;
begin
    perform pg_advisory_xact_lock(7953749933313450591);
    if not exists (select from log.appenders a where a.appender = p_appender and a.generation = p_generation) then
        raise exception 'this appender was fenced' using errcode = 'TM001';
    end if;
    select e.epoch, e.timeline into v_epoch, v_timeline from log.epochs e order by e.epoch desc limit 1;
    if v_epoch is distinct from p_epoch then
        raise exception 'the epoch was raised: what was decided in epoch % is void', p_epoch using errcode = 'TM002';
    end if;
    if v_timeline is distinct from substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) then
        raise exception 'the log is on another timeline than its epoch' using errcode = 'TM002';
    end if;
end $$;

-- Appends a batch as a whole, or reports `clean = false` and changes nothing: then the caller decides command by
-- command under the same lock. The caller has made sure that within the batch every stream's expectations chain, no
-- idempotency key comes twice, and no claim is named twice.
--
-- p_tenants lists the batch's tenants once each; an event names its tenant by index (from 1) and its place among that
-- tenant's events of the batch by rank (from 1). Expectations are the first one of each stream.
create function log.append(
    p_appender uuid, p_generation bigint, p_epoch integer,
    p_tenants text[],
    e_id uuid[], e_tenant int[], e_rank int[], e_aggregate_type text[], e_aggregate_id text[], e_sequence bigint[],
    e_event_type text[], e_event_version text[], e_payload text[], e_metadata text[],
    x_aggregate_type text[], x_aggregate_id text[], x_sequence bigint[],
    k_id uuid[], k_tenant int[], k_hash bytea[], k_answer bytea[], k_position_offset int[], k_tenant_offset int[],
    t_tenant text[], t_scope text[], t_value text[], t_aggregate_type text[], t_aggregate_id text[],
    f_tenant text[], f_scope text[], f_value text[], f_aggregate_type text[], f_aggregate_id text[],
    s_tenant text[], s_kind text[], s_subject text[], s_value text[],
    out clean boolean, out base bigint, out heads bigint[]
)
    language plpgsql volatile security definer set search_path = pg_catalog
as $$
declare
    v_now timestamptz;
    v_last timestamptz;
begin
    perform log.enter(p_appender, p_generation, p_epoch);

    select e.position, e.recorded_at into base, v_last from log.events e order by e.position desc limit 1;
    base := coalesce(base, 0);
    v_now := greatest(clock_timestamp(), v_last);
    heads := array(
        select coalesce((select e.tenant_position from log.events e where e.tenant_id = t.tenant
                         order by e.tenant_position desc limit 1), 0)
        from unnest(p_tenants) with ordinality as t(tenant, n) order by t.n);

    clean := not exists (
        select from unnest(x_aggregate_type, x_aggregate_id, x_sequence) as x(aggregate_type, aggregate_id, sequence)
        where x.sequence <> coalesce((select e.sequence from log.events e
                                      where e.aggregate_type = x.aggregate_type and e.aggregate_id = x.aggregate_id
                                      order by e.sequence desc limit 1), 0));
    if not clean then return; end if;

    if k_id <> '{}' then
        clean := not exists (
            select from unnest(k_id) as k(id)
            where exists (select from log.idempotency_keys i
                          where i.key_id = k.id and i.recorded_at > v_now - interval '24 hours'));
        if not clean then return; end if;
    end if;

    if t_value <> '{}' then
        clean := not exists (
            select from unnest(t_tenant, t_scope, t_value, t_aggregate_type, t_aggregate_id) as t(tenant, scope, value, aggregate_type, aggregate_id)
            where exists (select from log.claims c
                          where c.tenant_id = t.tenant and c.scope = t.scope and c.value = t.value
                            and (c.aggregate_type <> t.aggregate_type or c.aggregate_id <> t.aggregate_id)
                            and not exists (
                                select from unnest(f_tenant, f_scope, f_value, f_aggregate_type, f_aggregate_id) as f(tenant, scope, value, aggregate_type, aggregate_id)
                                where f.tenant = c.tenant_id and f.scope = c.scope and f.value = c.value
                                  and f.aggregate_type = c.aggregate_type and f.aggregate_id = c.aggregate_id)));
        if not clean then return; end if;
    end if;

    if f_value <> '{}' then
        delete from log.claims c
        using unnest(f_tenant, f_scope, f_value, f_aggregate_type, f_aggregate_id) as f(tenant, scope, value, aggregate_type, aggregate_id)
        where c.tenant_id = f.tenant and c.scope = f.scope and c.value = f.value
          and c.aggregate_type = f.aggregate_type and c.aggregate_id = f.aggregate_id;
    end if;
    if t_value <> '{}' then
        insert into log.claims (tenant_id, scope, value, aggregate_type, aggregate_id)
        select * from unnest(t_tenant, t_scope, t_value, t_aggregate_type, t_aggregate_id)
        on conflict do nothing;
    end if;

    if s_subject <> '{}' then
        delete from log.secrets x
        using unnest(s_tenant, s_kind, s_subject, s_value) as s(tenant, kind, subject, value)
        where s.value is null and x.tenant_id = s.tenant and x.kind = s.kind and x.subject = s.subject;
        insert into log.secrets (tenant_id, kind, subject, value)
        select s.tenant, s.kind, s.subject, s.value
        from unnest(s_tenant, s_kind, s_subject, s_value) as s(tenant, kind, subject, value)
        where s.value is not null
        on conflict (tenant_id, kind, subject) do update set value = excluded.value;
    end if;

    if k_id <> '{}' then
        insert into log.idempotency_keys (slot, key_id, tenant_id, request_hash, answer, position, tenant_position, recorded_at)
        select log.idempotency_slot(v_now), k.id, p_tenants[k.tenant], k.hash, k.answer,
               base + k.position_offset, heads[k.tenant] + k.tenant_offset, v_now
        from unnest(k_id, k_tenant, k_hash, k_answer, k_position_offset, k_tenant_offset)
            as k(id, tenant, hash, answer, position_offset, tenant_offset)
        on conflict (key_id, slot) do update
        set request_hash = excluded.request_hash, answer = excluded.answer, position = excluded.position,
            tenant_position = excluded.tenant_position, recorded_at = excluded.recorded_at;
    end if;

    if e_id <> '{}' then
        insert into log.events (position, event_id, tenant_id, tenant_position, aggregate_type, aggregate_id, sequence,
                                event_type, event_version, payload, metadata, recorded_at)
        select base + e.n, e.id, p_tenants[e.tenant], heads[e.tenant] + e.rank, e.aggregate_type, e.aggregate_id, e.sequence,
               e.event_type, e.event_version, e.payload::json, e.metadata::json, v_now
        from unnest(e_id, e_tenant, e_rank, e_aggregate_type, e_aggregate_id, e_sequence, e_event_type, e_event_version, e_payload, e_metadata)
            with ordinality
            as e(id, tenant, rank, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, n);
        perform pg_notify('tidemark_log', (base + cardinality(e_id))::text);
    end if;
end $$;

-- Raises TM002 when this is not the server that the present epoch was raised on, but one that a dump was restored to.
-- A connection never changes its server, so it is asked once each and not in every append.
create function log.ensure_server() returns void
    language plpgsql stable security definer set search_path = pg_catalog
as $$
begin
    if (select e.system_identifier from log.epochs e order by e.epoch desc limit 1)
       is distinct from (select c.system_identifier::text from pg_control_system() c) then
        raise exception 'the log is on another server than its epoch' using errcode = 'TM002';
    end if;
end $$;

-- Names a process that is going to append; returns its generation and the present epoch.
create function log.register_appender(p_appender uuid, out generation bigint, out epoch integer)
    language plpgsql volatile security definer set search_path = pg_catalog
as $$
begin
    perform log.ensure_server();
    select max(e.epoch) into epoch from log.epochs e;
    insert into log.appenders as a (appender, generation) values (p_appender, 1)
    on conflict (appender) do update set generation = a.generation
    returning a.generation into generation;
end $$;

-- Fences every append of this process that may still be on its way: whatever is not in the log once this has
-- committed never will be.
create function log.raise_generation(p_appender uuid) returns bigint
    language plpgsql volatile security definer set search_path = pg_catalog
as $$
declare
    raised bigint;
begin
    perform log.ensure_server();
    perform pg_advisory_xact_lock(7953749933313450591);
    insert into log.appenders as a (appender, generation) values (p_appender, 1)
    on conflict (appender) do update set generation = a.generation + 1
    returning generation into raised;
    return raised;
end $$;

-- Roles. They are made by `migrate` before this runs: tidemark_log, tidemark_query, tidemark_projection.
alter table log.events enable row level security;
create policy owner_all on log.events to current_user using (true) with check (true);
create policy log_reads_all on log.events for select to tidemark_log using (true);
create policy projection_reads_all on log.events for select to tidemark_projection using (true);
create policy query_reads_its_tenant on log.events for select to tidemark_query
    using (tenant_id = current_setting('app.tenant', true));

revoke all on all functions in schema log from public;
grant usage on schema log to tidemark_log, tidemark_query, tidemark_projection;
grant select on log.events to tidemark_log, tidemark_query, tidemark_projection;
grant select on log.epochs to tidemark_log, tidemark_query, tidemark_projection;
grant select on log.snapshots, log.claims, log.secrets, log.idempotency_keys to tidemark_log;
grant select, insert, update, delete on log.leases to tidemark_log;
grant execute on function log.enter, log.append, log.register_appender, log.raise_generation, log.rotate_idempotency_keys to tidemark_log;
