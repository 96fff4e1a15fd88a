-- Sign-ins that fail: where an account was signed in from before, whose owner is to be told, and requests that wait for each
-- other no longer. And how many service tokens a tenant may have.

-- Networks that accounts were signed in from. `network` is a keyed hash of account and network, under a key that no database
-- holds: who is on a known one is not kept out by those who try the account's password elsewhere.
create table identity.familiar_networks (
    tenant_id text  collate "C" not null,
    network   bytea not null,
    subject   text  collate "C" not null,
    used_on   date  not null,
    primary key (tenant_id, network)
);

create index familiar_networks_of_subject on identity.familiar_networks (tenant_id, subject, used_on);
create index familiar_networks_expired on identity.familiar_networks (used_on);

-- Keeps the network that somebody signs in from, and of each person the last twenty. Called within the append that records
-- the sign-in.
create function identity.keep_network(p_tenant text, p_argument text) returns void
    language sql volatile security definer set search_path = pg_catalog
as $$
    insert into identity.familiar_networks as f (tenant_id, network, subject, used_on)
    select p_tenant, decode(n.network, 'base64'), n.subject, (clock_timestamp() at time zone 'UTC')::date
    from json_to_record(p_argument::json) as n(network text, subject text)
    on conflict (tenant_id, network) do update set subject = excluded.subject, used_on = excluded.used_on
    where f.subject <> excluded.subject or f.used_on < excluded.used_on;
    delete from identity.familiar_networks f
    using json_to_record(p_argument::json) as n(network text, subject text)
    where f.tenant_id = p_tenant and f.subject = n.subject
      and f.network not in (select x.network from identity.familiar_networks x
                            where x.tenant_id = p_tenant and x.subject = n.subject
                            order by x.network = decode(n.network, 'base64') desc, x.used_on desc, x.network limit 20);
$$;

-- Forgets networks that nobody has signed in from for 90 days, some at a time; says how many.
create function identity.forget_networks(p_most integer) returns bigint
    language sql volatile security definer set search_path = pg_catalog
as $$
    with forgotten as (
        delete from identity.familiar_networks f
        where (f.tenant_id, f.network) in (
            select x.tenant_id, x.network from identity.familiar_networks x
            where x.used_on < (clock_timestamp() at time zone 'UTC')::date - 90
            order by x.used_on limit p_most for update skip locked)
        returning 1)
    select count(*) from forgotten
$$;

-- Whose sign-ins have failed again and again, by the claim of the email that was tried: as with forgotten passwords, a worker
-- finds out whether that is anybody. One row an account, so that a flood while workers are away fills nothing.
create table identity.failed_sign_ins (
    request_id     uuid        not null unique,
    tenant_id      text        collate "C" not null,
    claim          text        collate "C" not null,
    correlation_id text        not null,
    created_at     timestamptz not null default clock_timestamp(),
    due_at         timestamptz not null default clock_timestamp(),
    attempts       integer     not null default 0,
    primary key (tenant_id, claim)
);

create index failed_sign_ins_due on identity.failed_sign_ins (due_at);

create function identity.note_failed_sign_ins(p_tenant text, p_request uuid, p_claim text, p_correlation text) returns void
    language sql volatile security definer set search_path = pg_catalog
as $$
    insert into identity.failed_sign_ins (request_id, tenant_id, claim, correlation_id)
    values (p_request, p_tenant, p_claim, p_correlation)
    on conflict do nothing
$$;

create function identity.settle_failed_sign_ins(p_request uuid) returns void
    language sql volatile security definer set search_path = pg_catalog
as $$ delete from identity.failed_sign_ins f where f.request_id = p_request $$;

-- A request that fails is put off, each time for longer, so that a hundred of them hold no other up.
alter table identity.reset_requests
    add column due_at timestamptz not null default clock_timestamp(),
    add column attempts integer not null default 0;

create index reset_requests_due on identity.reset_requests (due_at);
drop index identity.reset_requests_in_order;

create function identity.put_off_reset_request(p_request uuid) returns void
    language sql volatile security definer set search_path = pg_catalog
as $$
    update identity.reset_requests r
    set attempts = r.attempts + 1, due_at = clock_timestamp() + make_interval(secs => least(60, power(2, least(r.attempts, 10))))
    where r.request_id = p_request
$$;

create function identity.put_off_failed_sign_ins(p_request uuid) returns void
    language sql volatile security definer set search_path = pg_catalog
as $$
    update identity.failed_sign_ins f
    set attempts = f.attempts + 1, due_at = clock_timestamp() + make_interval(secs => least(60, power(2, least(f.attempts, 10))))
    where f.request_id = p_request
$$;

-- Whoever is erased was nowhere either.
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
    delete from identity.familiar_networks f using unnest(p_tenants, p_subjects) as e(tenant, subject)
    where f.tenant_id = e.tenant and f.subject = e.subject;
$$;

-- Refuses (TM100) an append after which the tenant has more service tokens than anybody needs: each has a rate limit of its
-- own. One that has expired counts until it is revoked. Called within the append that makes one.
create function tenancy.ensure_token_room(p_tenant text, p_argument text) returns void
    language plpgsql volatile security definer set search_path = pg_catalog
as $$
begin
    if (select count(*) from log.secrets s where s.tenant_id = p_tenant and s.kind = 'serviceToken') > p_argument::bigint then
        raise exception 'the tenant has as many service tokens as it may' using errcode = 'TM100';
    end if;
end $$;

revoke all on function tenancy.ensure_token_room, identity.keep_network, identity.forget_networks, identity.note_failed_sign_ins,
    identity.settle_failed_sign_ins, identity.put_off_reset_request, identity.put_off_failed_sign_ins from public;
grant select on identity.familiar_networks, identity.failed_sign_ins to tidemark_log;
grant execute on function tenancy.ensure_token_room, identity.keep_network, identity.forget_networks, identity.note_failed_sign_ins,
    identity.settle_failed_sign_ins, identity.put_off_reset_request, identity.put_off_failed_sign_ins to tidemark_log;
