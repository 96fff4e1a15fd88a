-- An append announces itself no more: whoever has appended does, once the append is on the disk. Postgres lets commits that notify
-- through one at a time, from before they are written until they are on the disk, so that each append made whatever else notifies
-- wait for its disk.
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
    if v_is_last and array_position(p_heads, null) is null then
        heads := p_heads;
    else
        heads := array(
            select coalesce(case when v_is_last then t.head end,
                            (select e.tenant_position from log.events e where e.tenant_id = t.tenant
                             order by e.tenant_position desc limit 1), 0)
            from unnest(p_tenants, p_heads) with ordinality as t(tenant, head, n) order by t.n);
    end if;

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
        select unnest(t_tenant), unnest(t_scope), unnest(t_value), unnest(t_aggregate_type), unnest(t_aggregate_id)
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
        from (select unnest(k_id) as id, unnest(k_tenant) as tenant, unnest(k_hash) as hash, unnest(k_answer) as answer,
                     unnest(k_position_offset) as position_offset, unnest(k_tenant_offset) as tenant_offset) as k;
    end if;

    if e_id <> '{}' then
        insert into log.events (position, event_id, tenant_id, tenant_position, aggregate_type, aggregate_id, sequence,
                                event_type, event_version, payload, metadata, recorded_at)
        select base + e.n, e.id, p_tenants[e.tenant], heads[e.tenant] + e.rank, e.aggregate_type, e.aggregate_id, e.sequence,
               e.event_type, e.event_version, e.payload::json, e.metadata::json, v_now
        from (select unnest(e_id) as id, unnest(e_tenant) as tenant, unnest(e_rank) as rank, unnest(e_aggregate_type) as aggregate_type,
                     unnest(e_aggregate_id) as aggregate_id, unnest(e_sequence) as sequence, unnest(e_event_type) as event_type,
                     unnest(e_event_version) as event_version, unnest(e_payload) as payload, unnest(e_metadata) as metadata,
                     generate_subscripts(e_id, 1) as n) as e;
    end if;
end $$;
