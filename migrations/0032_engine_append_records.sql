-- An append hands over records and no longer one array a column. Forty parameters and their arrays cost the database more than the
-- rows of a small batch. And one condition had all partitions of the idempotency keys opened, also where there was no key to look for.
-- The former function stays for processes of the version before. These types are what processes speak with the function, and whoever
-- reads one with another number of fields is refused: they are not altered, but replaced beside a new function.

create type log.new_event as (
    event_id               uuid,
    -- Which of the call's tenants, from 1, and the event's place among that tenant's events of the call, from 1.
    tenant_index           int,
    tenant_position_offset int,
    aggregate_type         text,
    aggregate_id           text,
    sequence               bigint,
    event_type             text,
    event_version          text,
    payload                json,
    metadata               json
);

create type log.expectation as (
    aggregate_type text,
    aggregate_id   text,
    version        bigint
);

create type log.new_idempotency_key as (
    key_id                 uuid,
    tenant_index           int,
    request_hash           bytea,
    answer                 bytea,
    -- Where the command is recorded: how far after the former end of the log, and of its tenant's events.
    position_offset        int,
    tenant_position_offset int
);

create type log.claim as (
    tenant_id      text,
    scope          text,
    value          text,
    aggregate_type text,
    aggregate_id   text
);

-- Without a value it is removed.
create type log.secret_change as (
    tenant_id text,
    kind      text,
    subject   text,
    value     text
);

-- Appends a batch: events, idempotency keys, claims taken and freed, secrets. Kinds of which there are none may be null. The caller has
-- made sure that within the batch every stream's expectations chain, no key comes twice, and no claim is named twice.
--
-- `p_tip` is the last event of the caller that it knows the place of; as long as it is there, so is all before it. `p_heads` are the
-- tenants' last positions, which count while the tip is the last event of all.
--
-- Returns where the log ended before the batch, and after that where each tenant did. Null where something speaks against the batch as
-- a whole; then nothing was changed.
create function log.append(
    p_appender uuid, p_generation bigint, p_epoch integer,
    p_tip bigint, p_tip_id uuid,
    p_tenants text[], p_heads bigint[],
    p_events log.new_event[], p_expectations log.expectation[], p_keys log.new_idempotency_key[],
    p_takes log.claim[], p_frees log.claim[], p_secrets log.secret_change[]
) returns bigint[]
    language plpgsql volatile security definer set search_path = pg_catalog
as $$
declare
    v_base bigint;
    v_heads bigint[];
    v_now timestamptz;
    v_last timestamptz;
    v_last_id uuid;
    v_is_last boolean;
    v_key_ids uuid[];
    v_slot smallint;
begin
    perform log.enter(p_appender, p_generation, p_epoch);
    if exists (select from log.deletions d where d.tenant_id = any (p_tenants)) then
        raise exception 'the tenant is deleted' using errcode = 'TM003';
    end if;

    select e.position, e.event_id, e.recorded_at into v_base, v_last_id, v_last from log.events e order by e.position desc limit 1;
    v_base := coalesce(v_base, 0);
    v_now := greatest(clock_timestamp(), v_last);
    v_is_last := p_tip = v_base and p_tip_id = v_last_id;
    -- Conditions with a query in them are nested and not joined by `and`: Postgres sets the query up before it looks at the rest.
    if p_tip is not null and v_is_last is not true then
        if not exists (select from log.events e where e.position = p_tip and e.event_id = p_tip_id) then
            return null;
        end if;
    end if;
    if v_is_last and array_position(p_heads, null) is null then
        v_heads := p_heads;
    else
        v_heads := array(
            select coalesce(case when v_is_last then t.head end,
                            (select e.tenant_position from log.events e where e.tenant_id = t.tenant
                             order by e.tenant_position desc limit 1), 0)
            from unnest(p_tenants, p_heads) with ordinality as t(tenant, head, n) order by t.n);
    end if;

    if p_expectations is not null then
        if exists (
            select from unnest(p_expectations) as x
            where x.version <> coalesce((select e.sequence from log.events e
                                          where e.aggregate_type = x.aggregate_type and e.aggregate_id = x.aggregate_id
                                          order by e.sequence desc limit 1), 0)) then
            return null;
        end if;
    end if;

    if p_keys is not null then
        -- All at once: one by one each would be looked for in every partition.
        v_key_ids := array(select k.key_id from unnest(p_keys) as k);
        if exists (select from log.idempotency_keys i where i.key_id = any (v_key_ids)) then
            if exists (select from log.idempotency_keys i
                       where i.key_id = any (v_key_ids) and i.recorded_at > v_now - interval '24 hours') then
                return null;
            end if;
            -- Forgotten by now, and not yet emptied.
            delete from log.idempotency_keys i where i.key_id = any (v_key_ids);
        end if;
    end if;

    if p_takes is not null then
        if exists (
            select from unnest(p_takes) as t
            where exists (select from log.claims c
                          where c.tenant_id = t.tenant_id and c.scope = t.scope and c.value = t.value
                            and (c.aggregate_type <> t.aggregate_type or c.aggregate_id <> t.aggregate_id)
                            and not exists (
                                select from unnest(p_frees) as f
                                where f.tenant_id = c.tenant_id and f.scope = c.scope and f.value = c.value
                                  and f.aggregate_type = c.aggregate_type and f.aggregate_id = c.aggregate_id))) then
            return null;
        end if;
    end if;

    if p_frees is not null then
        delete from log.claims c using unnest(p_frees) as f
        where c.tenant_id = f.tenant_id and c.scope = f.scope and c.value = f.value
          and c.aggregate_type = f.aggregate_type and c.aggregate_id = f.aggregate_id;
    end if;
    if p_takes is not null then
        insert into log.claims (tenant_id, scope, value, aggregate_type, aggregate_id)
        select t.tenant_id, t.scope, t.value, t.aggregate_type, t.aggregate_id from unnest(p_takes) as t
        on conflict do nothing;
    end if;

    if p_secrets is not null then
        delete from log.secrets x using unnest(p_secrets) as s
        where s.value is null and x.tenant_id = s.tenant_id and x.kind = s.kind and x.subject = s.subject;
        insert into log.secrets (tenant_id, kind, subject, value)
        select s.tenant_id, s.kind, s.subject, s.value from unnest(p_secrets) as s where s.value is not null
        on conflict (tenant_id, kind, subject) do update set value = excluded.value;
    end if;

    if p_keys is not null then
        v_slot := log.idempotency_slot(v_now);
        insert into log.idempotency_keys (slot, key_id, tenant_id, request_hash, answer, position, tenant_position, recorded_at)
        select v_slot, k.key_id, p_tenants[k.tenant_index], k.request_hash, k.answer,
               v_base + k.position_offset, v_heads[k.tenant_index] + k.tenant_position_offset, v_now
        from unnest(p_keys) as k;
    end if;

    if p_events is not null then
        insert into log.events (position, event_id, tenant_id, tenant_position, aggregate_type, aggregate_id, sequence,
                                event_type, event_version, payload, metadata, recorded_at)
        select v_base + e.n, e.event_id, p_tenants[e.tenant_index], v_heads[e.tenant_index] + e.tenant_position_offset, e.aggregate_type, e.aggregate_id, e.sequence,
               e.event_type, e.event_version, e.payload, e.metadata, v_now
        from unnest(p_events) with ordinality
            as e(event_id, tenant_index, tenant_position_offset, aggregate_type, aggregate_id, sequence,
                 event_type, event_version, payload, metadata, n);
    end if;
    return v_base || v_heads;
end $$;

revoke all on function log.append(
    uuid, bigint, integer, bigint, uuid, text[], bigint[],
    log.new_event[], log.expectation[], log.new_idempotency_key[], log.claim[], log.claim[], log.secret_change[]) from public;
grant execute on function log.append(
    uuid, bigint, integer, bigint, uuid, text[], bigint[],
    log.new_event[], log.expectation[], log.new_idempotency_key[], log.claim[], log.claim[], log.secret_change[]) to tidemark_log;
