-- Keys of personal data. A person's fields in an event are sealed under the person's key, that key is wrapped by its
-- tenant's, and the tenant's by one that derives from the master secret, which no database holds.

-- One row a tenant. `generation` rises with every rotation; the claim key stays, since claims are compared with it.
create table log.tenant_keys (
    tenant_id         text collate "C" primary key,
    generation        integer     not null,
    wrapped_key       bytea       not null,
    wrapped_claim_key bytea       not null,
    made_at           timestamptz not null default now(),
    rotated_at        timestamptz
);

-- One row a person whose data was sealed. An erased one stays as a stone without a key, so that none is made again.
create table log.subject_keys (
    tenant_id   text collate "C" not null,
    subject     text collate "C" not null,
    generation  integer     not null,
    wrapped_key bytea,
    fingerprint text,
    made_at     timestamptz not null default now(),
    erased_at   timestamptz,
    primary key (tenant_id, subject),
    constraint erased_means_gone check ((wrapped_key is null) = (erased_at is not null))
);

-- Makes a tenant's keys where it has none. Whoever comes second finds the first one's.
create function log.make_tenant_keys(p_tenant text, p_key bytea, p_claim_key bytea) returns void
    language sql volatile security definer set search_path = pg_catalog
as $$
    insert into log.tenant_keys (tenant_id, generation, wrapped_key, wrapped_claim_key)
    values (p_tenant, 1, p_key, p_claim_key)
    on conflict (tenant_id) do nothing
$$;

-- Makes a person's key where there is none and none was erased. False when the tenant's key, by which it was wrapped,
-- has been replaced meanwhile; the lock on its row keeps a rotation from passing a new key over.
create function log.make_subject_key(p_tenant text, p_subject text, p_generation integer, p_key bytea, p_fingerprint text)
    returns boolean
    language plpgsql volatile security definer set search_path = pg_catalog
as $$
begin
    perform from log.tenant_keys t where t.tenant_id = p_tenant and t.generation = p_generation for share;
    if not found then return false; end if;
    insert into log.subject_keys (tenant_id, subject, generation, wrapped_key, fingerprint)
    values (p_tenant, p_subject, p_generation, p_key, p_fingerprint)
    on conflict (tenant_id, subject) do nothing;
    return true;
end $$;

-- Destroys the keys and the secrets of people. Called within the append that records it, after its events.
create function log.erase_subjects(p_tenants text[], p_subjects text[]) returns void
    language sql volatile security definer set search_path = pg_catalog
as $$
    insert into log.subject_keys as k (tenant_id, subject, generation, erased_at)
    select e.tenant, e.subject, 0, clock_timestamp() from unnest(p_tenants, p_subjects) as e(tenant, subject)
    on conflict (tenant_id, subject) do update
    set wrapped_key = null, erased_at = coalesce(k.erased_at, excluded.erased_at);
    delete from log.secrets s using unnest(p_tenants, p_subjects) as e(tenant, subject)
    where s.tenant_id = e.tenant and s.subject = e.subject;
$$;

revoke all on function log.make_tenant_keys, log.make_subject_key, log.erase_subjects from public;
grant select on log.tenant_keys, log.subject_keys to tidemark_log;
grant execute on function log.make_tenant_keys, log.make_subject_key, log.erase_subjects to tidemark_log;
