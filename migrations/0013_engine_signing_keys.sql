-- Keys that sign access tokens. Each is wrapped under a key that derives from the master secret, which no database holds.
--
-- The newest has no `verifies_until`: it signs from `signs_from` on, and until then the one before it does. One that was
-- replaced verifies until the last token that it can have signed has expired. `token_seconds` is the longest life that a
-- process has given to tokens while the key was the newest.
create table log.signing_keys (
    key_id         uuid        primary key,
    wrapped_key    bytea       not null,
    token_seconds  integer     not null,
    made_at        timestamptz not null default clock_timestamp(),
    signs_from     timestamptz not null default clock_timestamp(),
    verifies_until timestamptz
);

-- There is one newest key, whoever makes one at the same time.
create unique index one_newest_signing_key on log.signing_keys ((true)) where verifies_until is null;

-- A process begins to sign: makes the first key where there is none, and says how long its tokens live.
create function log.begin_signing(p_key uuid, p_wrapped bytea, p_token_seconds integer) returns void
    language sql volatile security definer set search_path = pg_catalog
as $$
    insert into log.signing_keys (key_id, wrapped_key, token_seconds)
    select p_key, p_wrapped, p_token_seconds
    where not exists (select from log.signing_keys k where k.verifies_until is null)
    on conflict do nothing;
    update log.signing_keys k set token_seconds = p_token_seconds
    where k.verifies_until is null and k.token_seconds < p_token_seconds;
$$;

-- After history was cut: rows beside the log that belong to people who never were.
create function log.forget_lost_people() returns bigint
    language sql volatile security definer set search_path = pg_catalog
as $$
    with forgotten as (
        delete from identity.sessions s
        where not exists (select from log.events e
                          where e.aggregate_type = 'user' and e.aggregate_id = s.tenant_id || '/' || s.subject)
        returning 1)
    select count(*) from forgotten
$$;

revoke all on function log.begin_signing, log.forget_lost_people from public;
grant select on log.signing_keys to tidemark_log;
grant execute on function log.begin_signing to tidemark_log;
