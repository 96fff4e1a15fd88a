-- Commands that policies give. The idempotency key of such a command is the id of its effect, and an effect may be tried
-- again later than the day for which commands are remembered: so its key is kept until the effect is settled.

-- What was executed under this key counts as executed now. To be called before a command of a policy is given again.
create function log.renew_idempotency_key(p_key uuid) returns void
    language plpgsql volatile security definer set search_path = pg_catalog
as $$
declare
    v_now timestamptz;
begin
    perform pg_advisory_xact_lock(7953749933313450591);
    v_now := greatest(clock_timestamp(), (select e.recorded_at from log.events e order by e.position desc limit 1));
    insert into log.idempotency_keys (slot, key_id, tenant_id, request_hash, answer, position, tenant_position, recorded_at)
    select log.idempotency_slot(v_now), k.key_id, k.tenant_id, k.request_hash, k.answer, k.position, k.tenant_position, v_now
    from log.idempotency_keys k where k.key_id = p_key order by k.recorded_at desc limit 1
    on conflict (key_id, slot) do update set recorded_at = excluded.recorded_at;
end $$;

-- Empties the slot that comes next, and says whether there was anything in it. Keys of effects that are not settled move
-- to the present slot before; that comes first and without the lock, for nobody writes a slot that is a day old. Should its
-- turn have come only since, the next call begins anew.
create or replace function log.rotate_idempotency_keys() returns boolean
    language plpgsql volatile security definer set search_path = pg_catalog set lock_timeout = '200ms'
as $$
declare
    v_now timestamptz;
    next_slot smallint;
    used boolean;
begin
    v_now := greatest(clock_timestamp(), (select e.recorded_at from log.events e order by e.position desc limit 1));
    next_slot := log.idempotency_slot(v_now + interval '6 hours');
    execute format('select exists (select from log.idempotency_keys_%s)', next_slot) into used;
    if not used then return false; end if;
    execute format(
        'insert into log.idempotency_keys (slot, key_id, tenant_id, request_hash, answer, position, tenant_position, recorded_at)
         select log.idempotency_slot($1), k.key_id, k.tenant_id, k.request_hash, k.answer, k.position, k.tenant_position, $1
         from work.effects e join log.idempotency_keys_%s k on k.key_id = e.id
         where e.state in (''pending'', ''dead'') and e.fence > 0
         on conflict do nothing', next_slot) using v_now;
    perform pg_advisory_xact_lock(7953749933313450591);
    v_now := greatest(clock_timestamp(), (select e.recorded_at from log.events e order by e.position desc limit 1));
    if next_slot <> log.idempotency_slot(v_now + interval '6 hours') then return false; end if;
    execute format('truncate log.idempotency_keys_%s', next_slot);
    return true;
end $$;

revoke all on function log.renew_idempotency_key from public;
grant execute on function log.renew_idempotency_key to tidemark_log;
