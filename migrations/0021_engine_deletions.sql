-- Tenants that were deleted: what is left of each, and how far its deletion is.
--
-- While a tenant has a row here nothing is ever recorded for it again: `log.append` looks for it under the lock under which the
-- row is written.
create table log.deletions (
    tenant_id            text        collate "C" primary key,
    -- The one event that stays, which says that it was deleted.
    kept_position        bigint      not null,
    -- The last of its events. What lies in its own log up to there becomes stones.
    last_position        bigint      not null,
    last_tenant_position bigint      not null,
    asked_by             text        not null,
    begun_at             timestamptz not null default clock_timestamp(),
    -- Whoever may have written without having seen this row had begun before this.
    horizon              xid8,
    -- Rows that are gone, by table.
    counts               jsonb       not null default '{}',
    finished_at          timestamptz,
    -- When the stream was made anew without it.
    stream_remade_at     timestamptz
);

grant select on log.deletions to tidemark_log;

-- Begins a deletion. Called within the append that records it: from then on there is no other. `through` is where an export has
-- come to, and null where none is wanted; an event that came since refuses the whole (TM100).
create function log.begin_deletion(p_tenant text, p_argument text) returns void
    language plpgsql volatile security definer set search_path = pg_catalog
as $$
declare
    v_asked record;
    v_kept record;
    v_last record;
begin
    select * into v_asked from json_to_record(p_argument::json) as a(kept text, through bigint, "askedBy" text);
    select e.position, e.tenant_position into v_kept from log.events e
    where e.tenant_id = p_tenant and e.event_type = v_asked.kept order by e.tenant_position desc limit 1;
    select e.position, e.tenant_position into v_last from log.events e
    where e.tenant_id = p_tenant order by e.tenant_position desc limit 1;
    if v_asked.through <> v_kept.tenant_position - 1 or (v_asked.through is not null and v_last.position <> v_kept.position) then
        raise exception 'the tenant has changed since it was exported' using errcode = 'TM100';
    end if;
    insert into log.deletions (tenant_id, kept_position, last_position, last_tenant_position, asked_by)
    values (p_tenant, v_kept.position, v_last.position, v_last.tenant_position, v_asked."askedBy");
end $$;

-- Refuses rows of a deleted tenant in tables that are written beside the append. After the insert, so that a writer who has not seen
-- the deletion has its transaction id by then, and the deletion waits for it.
create function log.refuse_deleted() returns trigger
    language plpgsql volatile security definer set search_path = pg_catalog
as $$
begin
    if exists (select from log.deletions d where d.tenant_id = new.tenant_id) then
        raise exception 'the tenant is deleted' using errcode = 'TM003';
    end if;
    return null;
end $$;

create trigger refuse_deleted after insert on log.tenant_keys for each row execute function log.refuse_deleted();
create trigger refuse_deleted after insert on log.subject_keys for each row execute function log.refuse_deleted();

revoke all on function log.begin_deletion, log.refuse_deleted from public;
grant execute on function log.begin_deletion to tidemark_log;

-- The append of before the tip, which knows of no deletion, is not called by any process any more that can run beside this one.
drop function log.append(
    uuid, bigint, integer, text[],
    uuid[], int[], int[], text[], text[], bigint[], text[], text[], text[], text[],
    text[], text[], bigint[],
    uuid[], int[], bytea[], bytea[], int[], int[],
    text[], text[], text[], text[], text[],
    text[], text[], text[], text[], text[],
    text[], text[], text[], text[]);

-- As before, but nothing is appended for a tenant that is deleted (TM003).
create or replace function log.append(
    p_appender uuid, p_generation bigint, p_epoch integer,
    p_tip bigint, p_tip_id uuid,
    p_tenants text[], p_heads bigint[],
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
    v_last_id uuid;
    v_is_last boolean;
    v_slot smallint;
begin
    perform log.enter(p_appender, p_generation, p_epoch);
    if exists (select from log.deletions d where d.tenant_id = any (p_tenants)) then
        raise exception 'the tenant is deleted' using errcode = 'TM003';
    end if;

    select e.position, e.event_id, e.recorded_at into base, v_last_id, v_last from log.events e order by e.position desc limit 1;
    base := coalesce(base, 0);
    v_now := greatest(clock_timestamp(), v_last);
    v_is_last := p_tip = base and p_tip_id = v_last_id;
    clean := p_tip is null or v_is_last
        or exists (select from log.events e where e.position = p_tip and e.event_id = p_tip_id);
    if not clean then return; end if;
    heads := array(
        select coalesce(case when v_is_last then t.head end,
                        (select e.tenant_position from log.events e where e.tenant_id = t.tenant
                         order by e.tenant_position desc limit 1), 0)
        from unnest(p_tenants, p_heads) with ordinality as t(tenant, head, n) order by t.n);

    if x_sequence <> '{}' then
        clean := not exists (
            select from unnest(x_aggregate_type, x_aggregate_id, x_sequence) as x(aggregate_type, aggregate_id, sequence)
            where x.sequence <> coalesce((select e.sequence from log.events e
                                          where e.aggregate_type = x.aggregate_type and e.aggregate_id = x.aggregate_id
                                          order by e.sequence desc limit 1), 0));
        if not clean then return; end if;
    end if;

    if k_id <> '{}' and exists (select from log.idempotency_keys i where i.key_id = any(k_id)) then
        clean := not exists (select from log.idempotency_keys i
                             where i.key_id = any(k_id) and i.recorded_at > v_now - interval '24 hours');
        if not clean then return; end if;
        -- Forgotten by now, and not yet emptied.
        delete from log.idempotency_keys i where i.key_id = any(k_id);
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
        v_slot := log.idempotency_slot(v_now);
        insert into log.idempotency_keys (slot, key_id, tenant_id, request_hash, answer, position, tenant_position, recorded_at)
        select v_slot, k.id, p_tenants[k.tenant], k.hash, k.answer,
               base + k.position_offset, heads[k.tenant] + k.tenant_offset, v_now
        from unnest(k_id, k_tenant, k_hash, k_answer, k_position_offset, k_tenant_offset)
            as k(id, tenant, hash, answer, position_offset, tenant_offset);
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
