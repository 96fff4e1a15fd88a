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
