-- States of sign-ins by an OpenID provider that were used: each is good once. A sign-in that has only begun leaves no row, so
-- nobody fills the table who has not been let through by a sealed cookie.
create table identity.used_oidc_states (
    state_hash bytea       primary key,
    used_until timestamptz not null
);

create index used_oidc_states_expired on identity.used_oidc_states (used_until);

-- Uses a state that is good for so many seconds more; false when it was used before. Clears away some that have expired.
create function identity.use_oidc_state(p_hash bytea, p_seconds double precision) returns boolean
    language plpgsql volatile security definer set search_path = pg_catalog
as $$
begin
    delete from identity.used_oidc_states u
    where u.state_hash in (select x.state_hash from identity.used_oidc_states x
                           where x.used_until < clock_timestamp() order by x.used_until limit 100 for update skip locked);
    insert into identity.used_oidc_states (state_hash, used_until)
    values (p_hash, clock_timestamp() + make_interval(secs => p_seconds))
    on conflict do nothing;
    return found;
end $$;

revoke all on function identity.use_oidc_state from public;
grant execute on function identity.use_oidc_state to tidemark_log;
