-- What was taken from the log says by the id of its last event of which history it is: a position, or a place in a stream, is taken
-- again after a restore.

-- A state becomes a snapshot only where its stream has the very event that it has taken in last.
drop function log.write_snapshot(integer, text, text, text, bigint, bigint, integer, text, text);

-- Writes a state, unless it may not be, or there is one that is as good. Only a state of the present epoch, whose last event is in the
-- log, and with the key of a person who is not erased. One that is there gives way when it is of an earlier shape, was taken
-- before `p_outdated`, or is not of the stream as it is.
create function log.write_snapshot(
    p_epoch integer, p_tenant text, p_aggregate_type text, p_aggregate_id text, p_sequence bigint, p_event uuid, p_outdated bigint,
    p_shape integer, p_subject text, p_payload text
) returns boolean
    language plpgsql volatile security definer set search_path = pg_catalog set lock_timeout = '200ms'
as $$
begin
    -- One that is lost in a crash is no loss, and the log's syncs are not to wait for it.
    perform set_config('synchronous_commit', 'off', true);
    if p_subject is not null then
        -- An erasure waits for this, and then takes what was written; or this waits for the erasure, and finds no key.
        perform from log.subject_keys k
        where k.tenant_id = p_tenant and k.subject = p_subject and k.erased_at is null for share;
        if not found then return false; end if;
    end if;
    insert into log.snapshots as s
        (tenant_id, aggregate_type, aggregate_id, last_sequence, event_id, shape, subject, payload)
    select e.tenant_id, e.aggregate_type, e.aggregate_id, e.sequence, e.event_id, p_shape, p_subject, p_payload::json
    from log.events e
    where e.aggregate_type = p_aggregate_type and e.aggregate_id = p_aggregate_id and e.sequence = p_sequence
      and e.event_id = p_event and e.tenant_id = p_tenant and p_epoch = (select max(p.epoch) from log.epochs p)
    on conflict (aggregate_type, aggregate_id) do update
    set last_sequence = excluded.last_sequence, event_id = excluded.event_id, shape = excluded.shape,
        subject = excluded.subject, payload = excluded.payload, written_at = excluded.written_at
    where s.shape < excluded.shape or s.last_sequence < p_outdated
       or not exists (select from log.events e
                      where e.aggregate_type = s.aggregate_type and e.aggregate_id = s.aggregate_id
                        and e.sequence = s.last_sequence and e.event_id = s.event_id);
    return found;
end $$;

-- Processes of an earlier version go on and write none.
create function log.write_snapshot(
    p_epoch integer, p_tenant text, p_aggregate_type text, p_aggregate_id text, p_sequence bigint, p_outdated bigint,
    p_shape integer, p_subject text, p_payload text
) returns boolean
    language sql stable set search_path = pg_catalog
as $$ select false $$;

revoke all on function log.write_snapshot(integer, text, text, text, bigint, uuid, bigint, integer, text, text) from public;
revoke all on function log.write_snapshot(integer, text, text, text, bigint, bigint, integer, text, text) from public;
grant execute on function log.write_snapshot(integer, text, text, text, bigint, uuid, bigint, integer, text, text) to tidemark_log;
grant execute on function log.write_snapshot(integer, text, text, text, bigint, bigint, integer, text, text) to tidemark_log;

-- The event at a checkpoint's position; null at 0, and where it is not known: in rows of before this was kept, and where a process of an
-- earlier version has moved the checkpoint.
--
-- A rebuild may hold these tables for minutes. Projections are not to wait behind a migration that waits for it: then the migration
-- fails, and is run again.
set local lock_timeout = '2s';
alter table read.checkpoints add column event_id uuid;
alter table rebuild.runs add column event_id uuid, add column former_event_id uuid;

-- Whoever moves a checkpoint and says nothing of the event leaves none that has another place.
create function read.forget_event() returns trigger
    language plpgsql volatile set search_path = pg_catalog
as $$
begin
    new.event_id := null;
    return new;
end $$;

create trigger forget_event before update on read.checkpoints for each row
    when (new.position <> old.position and new.event_id is not distinct from old.event_id) execute function read.forget_event();

create trigger forget_event before update on rebuild.runs for each row
    when (new.position <> old.position and new.event_id is not distinct from old.event_id) execute function read.forget_event();

revoke all on function read.forget_event from public;

-- Whether the read models of this log are folded in another database, as it was last said when they were installed.
alter table log.identity add column read_models_are_elsewhere boolean not null default false;

-- Notes of every tenant whose deletion had ended before a stream was begun anew that nothing of it is in the stream any more.
create function log.note_stream_remade(p_begun timestamptz) returns void
    language sql volatile security definer set search_path = pg_catalog
as $$
    update log.deletions set stream_remade_at = clock_timestamp() where finished_at < p_begun and stream_remade_at is null;
$$;

revoke all on function log.note_stream_remade from public;
grant execute on function log.note_stream_remade to tidemark_log;
