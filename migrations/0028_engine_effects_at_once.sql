-- Many effects at once: what is due is found by its kind, so that a long queue of one kind is not walked through for another;
-- and what came of many is written down in one statement.
--
-- The plans of both functions must not depend on when they were made: the ledger is empty at first, and may have a hundred
-- thousand rows a minute later.

drop index work.effects_due;
create index effects_due on work.effects (kind, due_at, position, number) where state = 'pending';

-- Where in which trace the event happened, if that is recorded; so nobody has to ask the log for it.
alter table work.effects add column traceparent text;

-- What was done stays for a month, and what is in motion is a small part of the table.
alter table work.effects set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_analyze_scale_factor = 0.01);

-- Takes what is due of these kinds, and hides it from others for some seconds. What others have in hand is passed over, and so
-- is what waits for an earlier effect of its key. An effect whose worker died in each of `p_attempts` tries may be what
-- kills them, and comes back as a dead letter.
create function work.take(p_kinds text[], p_most integer, p_hidden double precision, p_attempts integer, p_durable boolean)
    returns setof work.effects
    language plpgsql volatile set search_path = pg_catalog set plan_cache_mode = force_generic_plan set jit = off
    set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
begin
    if not p_durable then
        perform set_config('synchronous_commit', 'off', true);
    end if;
    return query
    with due as materialized (
        select first.id
        from unnest(p_kinds) as k(kind)
        cross join lateral (
            select e.id, e.due_at, e.position, e.number from work.effects e
            where e.kind = k.kind and e.state = 'pending' and e.due_at <= now()
              and not exists (select from work.effects earlier
                              where earlier.policy = e.policy and earlier.tenant_id = e.tenant_id and earlier.ordering_key = e.ordering_key
                                and (earlier.position, earlier.number) < (e.position, e.number) and earlier.state in ('pending', 'dead')
                              -- Looked up for each row by its key, and never joined: the plan was made on an empty table.
                              offset 0)
            order by e.due_at, e.position, e.number limit p_most for update of e skip locked) as first
        order by first.due_at, first.position, first.number limit p_most)
    update work.effects e
    set state = case when e.attempts < p_attempts then 'pending' else 'dead' end,
        settled_at = case when e.attempts < p_attempts then null else clock_timestamp() end,
        last_error = case when e.attempts < p_attempts then e.last_error else coalesce(e.last_error, 'no worker has come to an end with it') end,
        attempts = case when e.attempts < p_attempts then e.attempts + 1 else e.attempts end,
        due_at = case when e.attempts < p_attempts then clock_timestamp() + make_interval(secs => p_hidden) else e.due_at end,
        fence = e.fence + 1
    from due where e.id = due.id
    returning e.*;
end $$;

-- Says what came of effects, each by whoever has taken it last, and returns those that were still theirs to settle.
create function work.settle(
    p_ids uuid[], p_fences bigint[], p_states text[], p_notes text[], p_errors text[], p_pauses double precision[], p_durable boolean)
    returns setof uuid
    language plpgsql volatile set search_path = pg_catalog set plan_cache_mode = force_generic_plan set jit = off
    set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
begin
    if not p_durable then
        perform set_config('synchronous_commit', 'off', true);
    end if;
    return query
    update work.effects e
    set state = s.state, note = s.note, last_error = s.error,
        due_at = case when s.pause is null then e.due_at else clock_timestamp() + make_interval(secs => s.pause) end,
        settled_at = case when s.state = 'pending' then null else clock_timestamp() end
    from (select unnest(p_ids) as id, unnest(p_fences) as fence, unnest(p_states) as state,
                 unnest(p_notes) as note, unnest(p_errors) as error, unnest(p_pauses) as pause) as s
    where e.id = s.id and e.fence = s.fence and e.state = 'pending'
    returning e.id;
end $$;

revoke all on function work.take, work.settle from public;
grant execute on function work.take, work.settle to tidemark_work;
