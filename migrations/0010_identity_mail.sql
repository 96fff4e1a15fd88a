-- What mail to people needs beside the log: the hashes of the tokens in mails, and what was asked for by people who did not sign in.

-- One row a person and purpose, so that a newer token takes the place of an older one. `mail_id` is the effect that the
-- mail carries out and `asked_at` when it was written down: a mail that is sent again keeps its token, and an older one that
-- comes late takes nothing from a newer one. The token follows from `mail_id` and `nonce` under a key that no database holds. A
-- token that was used keeps its row, so that its mail, should it be sent once more, brings nothing back.
create table identity.mail_tokens (
    tenant_id  text        collate "C" not null,
    subject    text        collate "C" not null,
    purpose    text        collate "C" not null,
    mail_id    uuid        not null,
    asked_at   timestamptz not null,
    nonce      bytea       not null,
    token_hash bytea       not null,
    expires_at timestamptz not null,
    used_at    timestamptz,
    primary key (tenant_id, subject, purpose)
) with (fillfactor = 70);

-- Keeps the hash of the token of a mail that is about to be sent, and says how it stands:
--   sent    the mail is to be sent with the token that follows from `nonce`, whose hash is kept
--   newer   another mail was sent meanwhile that was asked for later
--   used    the token of this mail was used already
create function identity.keep_mail_token(
    p_tenant text, p_subject text, p_purpose text, p_mail uuid, p_asked_at timestamptz, p_nonce bytea, p_hash bytea,
    p_lifetime double precision, out outcome text, out nonce bytea, out token_hash bytea
)
    language plpgsql volatile security definer set search_path = pg_catalog
as $$
declare
    v_kept identity.mail_tokens;
    v_expires timestamptz := clock_timestamp() + make_interval(secs => p_lifetime);
begin
    insert into identity.mail_tokens as t (tenant_id, subject, purpose, mail_id, asked_at, nonce, token_hash, expires_at)
    values (p_tenant, p_subject, p_purpose, p_mail, p_asked_at, p_nonce, p_hash, v_expires)
    on conflict (tenant_id, subject, purpose) do update
    set mail_id = excluded.mail_id, asked_at = excluded.asked_at, expires_at = excluded.expires_at,
        nonce = case when t.mail_id = excluded.mail_id then t.nonce else excluded.nonce end,
        token_hash = case when t.mail_id = excluded.mail_id then t.token_hash else excluded.token_hash end,
        used_at = case when t.mail_id = excluded.mail_id then t.used_at end
    where t.asked_at <= excluded.asked_at;
    select * into v_kept from identity.mail_tokens k
    where k.tenant_id = p_tenant and k.subject = p_subject and k.purpose = p_purpose;
    outcome := case when v_kept.mail_id <> p_mail then 'newer' when v_kept.used_at is not null then 'used' else 'sent' end;
    nonce := v_kept.nonce;
    token_hash := v_kept.token_hash;
end $$;

-- Ends tokens of a person, of the purposes that are named. Called within the append that records why.
create function identity.use_mail_tokens(p_tenant text, p_argument text) returns void
    language sql volatile security definer set search_path = pg_catalog
as $$
    update identity.mail_tokens t set used_at = coalesce(t.used_at, clock_timestamp())
    from json_to_record(p_argument::json) as u(subject text, purposes text[])
    where t.tenant_id = p_tenant and t.subject = u.subject and t.purpose = any (u.purposes)
$$;

-- Who wants a new password, by the claim of the email that was given: whether an account has it is found out by a worker, so
-- that no request takes longer where there is one. The rows say nothing about anybody who has no account.
create table identity.reset_requests (
    request_id     uuid        primary key,
    tenant_id      text        collate "C" not null,
    claim          text        collate "C" not null,
    correlation_id text        not null,
    created_at     timestamptz not null default clock_timestamp()
);

create index reset_requests_in_order on identity.reset_requests (created_at);

-- Writes a request down, and says where the tenant's log is.
create function identity.request_reset(p_tenant text, p_request uuid, p_claim text, p_correlation text) returns bigint
    language plpgsql volatile security definer set search_path = pg_catalog
as $$
begin
    insert into identity.reset_requests (request_id, tenant_id, claim, correlation_id)
    values (p_request, p_tenant, p_claim, p_correlation);
    return (select coalesce(max(e.tenant_position), 0) from log.events e where e.tenant_id = p_tenant);
end $$;

create function identity.settle_reset_request(p_request uuid) returns void
    language sql volatile security definer set search_path = pg_catalog
as $$ delete from identity.reset_requests r where r.request_id = p_request $$;

-- Whoever is erased leaves no token either.
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
    delete from identity.mail_tokens t using unnest(p_tenants, p_subjects) as e(tenant, subject)
    where t.tenant_id = e.tenant and t.subject = e.subject;
$$;

revoke all on function identity.keep_mail_token, identity.use_mail_tokens, identity.request_reset,
    identity.settle_reset_request from public;
grant select on identity.mail_tokens, identity.reset_requests to tidemark_log;
grant execute on function identity.keep_mail_token, identity.use_mail_tokens, identity.request_reset,
    identity.settle_reset_request to tidemark_log;
