-- Snapshots of aggregates: states that a process had in memory, so that a long stream is not folded from its first event. Nothing
-- has ever been written into the table that was kept for them.
drop table log.snapshots;

create table log.snapshots (
    tenant_id      text        collate "C" not null,
    aggregate_type text        collate "C" not null,
    -- The log's, `<tenant>/<id>`.
    aggregate_id   text        collate "C" not null,
    -- The last event that the state has taken in. Readers hold both against the stream: where another event has that place by now,
    -- or none, the state is of a history that was lost.
    last_sequence  bigint      not null check (last_sequence > 0),
    event_id       uuid        not null,
    -- The version of the state's shape, as its aggregate type counts.
    shape          integer     not null,
    -- Whose personal data is sealed in it.
    subject        text        collate "C",
    payload        json        not null,
    written_at     timestamptz not null default clock_timestamp(),
    primary key (aggregate_type, aggregate_id)
);

create index snapshots_subject on log.snapshots (tenant_id, subject);

-- Writes a state, unless it may not be, or there is one that is as good. Only a state of the present epoch, whose last event is in the
-- log, and with the key of a person who is not erased. One that is there gives way when it is of an earlier shape, was taken
-- before `p_outdated`, or is not of the stream as it is.
create function log.write_snapshot(
    p_epoch integer, p_tenant text, p_aggregate_type text, p_aggregate_id text, p_sequence bigint, p_outdated bigint,
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
      and e.tenant_id = p_tenant and p_epoch = (select max(p.epoch) from log.epochs p)
    on conflict (aggregate_type, aggregate_id) do update
    set last_sequence = excluded.last_sequence, event_id = excluded.event_id, shape = excluded.shape,
        subject = excluded.subject, payload = excluded.payload, written_at = excluded.written_at
    where s.shape < excluded.shape or s.last_sequence < p_outdated
       or not exists (select from log.events e
                      where e.aggregate_type = s.aggregate_type and e.aggregate_id = s.aggregate_id
                        and e.sequence = s.last_sequence and e.event_id = s.event_id);
    return found;
end $$;

-- What is about a person goes with the person's key, in the append that records it.
create function log.forget_snapshots() returns trigger
    language plpgsql volatile security definer set search_path = pg_catalog
as $$
begin
    delete from log.snapshots s where s.tenant_id = new.tenant_id and s.subject = new.subject;
    return null;
end $$;

create trigger forget_snapshots after insert or update of erased_at on log.subject_keys
    for each row when (new.erased_at is not null) execute function log.forget_snapshots();

-- Nothing is kept of a tenant that was deleted, whoever was about to write it.
create trigger refuse_deleted after insert on log.snapshots for each row execute function log.refuse_deleted();

alter table log.snapshots enable row level security;
create policy owner_all on log.snapshots to current_user using (true) with check (true);
create policy log_reads_all on log.snapshots for select to tidemark_log using (true);

revoke all on function log.write_snapshot, log.forget_snapshots from public;
grant select on log.snapshots to tidemark_log;
grant execute on function log.write_snapshot to tidemark_log;
