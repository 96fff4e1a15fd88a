-- Sessions: one row a sign-in, beside the log. A session is a family of refresh tokens, of which one is good at a time.
-- A session that has ended has no row, so whatever is still shown of it is refused.

create schema identity;

-- Only hashes of tokens are kept. `token_number` counts the family's tokens from 1. The hashes of tokens that were
-- replaced a moment ago are in `past_hashes`, each good for a repetition until the moment in `past_until`. What the client
-- says of itself (address and agent) is sealed under its person's key.
--
-- A rotation changes no indexed column but `expires_on`, and that once a day, so it leaves the indexes alone.
create table identity.sessions (
    tenant_id    text          collate "C" not null,
    session_id   uuid          not null,
    subject      text          collate "C" not null,
    token_hash   bytea         not null,
    token_number integer       not null,
    past_hashes  bytea[]       not null default '{}',
    past_until   timestamptz[] not null default '{}',
    client       bytea         not null,
    created_at   timestamptz   not null,
    last_used_at timestamptz   not null,
    expires_at   timestamptz   not null,
    expires_on   date          not null,
    primary key (tenant_id, session_id)
) with (fillfactor = 60);

create index sessions_of_subject on identity.sessions (tenant_id, subject, created_at, session_id);
create index sessions_expired on identity.sessions (expires_on);

-- Opens a session. Called within the append that records the sign-in.
create function identity.open_session(p_tenant text, p_argument text) returns void
    language sql volatile security definer set search_path = pg_catalog
as $$
    insert into identity.sessions (tenant_id, session_id, subject, token_hash, token_number, client,
                                   created_at, last_used_at, expires_at, expires_on)
    select p_tenant, o.session, o.subject, decode(o.hash, 'base64'), 1, decode(o.client, 'base64'),
           t.at, t.at, t.at + make_interval(secs => o.lifetime), ((t.at + make_interval(secs => o.lifetime)) at time zone 'UTC')::date
    from json_to_record(p_argument::json) as o(session uuid, subject text, hash text, client text, lifetime double precision),
         (select clock_timestamp()) as t(at)
$$;

-- Ends sessions of a person: the one that is named, or all but the one that is kept, or all. Called within the append that
-- records it.
create function identity.close_sessions(p_tenant text, p_argument text) returns void
    language sql volatile security definer set search_path = pg_catalog
as $$
    delete from identity.sessions s
    using json_to_record(p_argument::json) as c(subject text, session uuid, kept uuid)
    where s.tenant_id = p_tenant and s.subject = c.subject
      and (c.session is null or s.session_id = c.session) and s.session_id is distinct from c.kept
$$;

-- Exchanges a refresh token for its successor. The row's lock makes it one step, whoever asks at the same time:
--   rotated   it was the good one, and is the successor now
--   repeated  it was replaced a moment ago by this very successor, for that follows from the token alone
--   reused    it was replaced before that
--   unknown   its session has ended
-- The caller has made sure that the token was issued here. So one that is newer than the row comes from before a crash or a
-- restore, which has taken back a rotation, and is the good one.
--
-- The account's version is read under the lock too: what ends sessions waits for it, so it is later than that version.
create function identity.rotate_session(
    p_tenant text, p_session uuid, p_hash bytea, p_number integer, p_successor bytea, p_client bytea,
    p_lifetime double precision, p_grace double precision,
    out outcome text, out version bigint, out tenant_position bigint
)
    language plpgsql volatile security definer set search_path = pg_catalog
as $$
declare
    v_session identity.sessions;
    v_now timestamptz;
    v_expires timestamptz;
begin
    -- A rotation that a crash takes back is made again by whoever holds either token, so nobody waits for the disk.
    perform set_config('synchronous_commit', 'off', true);
    select * into v_session from identity.sessions s where s.tenant_id = p_tenant and s.session_id = p_session for no key update;
    v_now := clock_timestamp();
    if not found or v_session.expires_at <= v_now then
        outcome := 'unknown';
        return;
    end if;
    if v_session.token_hash = p_hash or p_number > v_session.token_number then
        v_expires := v_now + make_interval(secs => p_lifetime);
        update identity.sessions s
        set token_hash = p_successor, token_number = p_number + 1, client = p_client,
            past_hashes = recent.hashes || p_hash,
            past_until = recent.untils || (v_now + make_interval(secs => p_grace)),
            last_used_at = v_now, expires_at = v_expires, expires_on = (v_expires at time zone 'UTC')::date
        from (select coalesce(array_agg(p.hash order by p.n), '{}') as hashes, coalesce(array_agg(p.until order by p.n), '{}') as untils
              from unnest(v_session.past_hashes, v_session.past_until) with ordinality as p(hash, until, n)
              where p.until > v_now and p.n > cardinality(v_session.past_hashes) - 63) as recent
        where s.tenant_id = p_tenant and s.session_id = p_session;
        outcome := 'rotated';
    elsif exists (select from unnest(v_session.past_hashes, v_session.past_until) as p(hash, until)
                  where p.hash = p_hash and p.until > v_now) then
        outcome := 'repeated';
    else
        outcome := 'reused';
    end if;
    select coalesce(max(e.sequence), 0) into version from log.events e
    where e.aggregate_type = 'user' and e.aggregate_id = p_tenant || '/' || v_session.subject;
    select coalesce(max(e.tenant_position), 0) into tenant_position from log.events e where e.tenant_id = p_tenant;
end $$;

-- Removes sessions that have expired, some at a time; says how many.
create function identity.remove_expired_sessions(p_most integer) returns bigint
    language sql volatile security definer set search_path = pg_catalog
as $$
    with removed as (
        delete from identity.sessions s
        where (s.tenant_id, s.session_id) in (
            select x.tenant_id, x.session_id from identity.sessions x
            where x.expires_on < (clock_timestamp() at time zone 'UTC')::date
            order by x.expires_on limit p_most for update skip locked)
        returning 1)
    select count(*) from removed
$$;

-- The sessions of an erased person go with the keys and secrets, whoever erases.
create or replace function log.erase_subjects(p_tenants text[], p_subjects text[]) returns void
    language sql volatile security definer set search_path = pg_catalog
as $$
    insert into log.subject_keys as k (tenant_id, subject, generation, erased_at)
    select e.tenant, e.subject, 0, clock_timestamp() from unnest(p_tenants, p_subjects) as e(tenant, subject)
    on conflict (tenant_id, subject) do update
    set wrapped_key = null, erased_at = coalesce(k.erased_at, excluded.erased_at);
    delete from log.secrets s using unnest(p_tenants, p_subjects) as e(tenant, subject)
    where s.tenant_id = e.tenant and s.subject = e.subject;
    delete from identity.sessions s using unnest(p_tenants, p_subjects) as e(tenant, subject)
    where s.tenant_id = e.tenant and s.subject = e.subject;
$$;

revoke all on all functions in schema identity from public;
grant usage on schema identity to tidemark_log;
grant select on identity.sessions to tidemark_log;
grant execute on function identity.open_session, identity.close_sessions, identity.rotate_session,
    identity.remove_expired_sessions to tidemark_log;
