-- How many people each tenant has. Everybody who has an account holds one claim of the scope `user.email`, so claims are what is
-- counted, by triggers: whoever adds or removes an account, an import too, has counted it in the same transaction.
--
-- The log's one lock makes the writers of a row come one after another.

-- Whoever appends while this runs is counted, by it or by the triggers.
lock table log.claims in share row exclusive mode;

create schema tenancy;

create table tenancy.people (
    tenant_id text   collate "C" primary key,
    people    bigint not null
) with (fillfactor = 50);

insert into tenancy.people (tenant_id, people)
select c.tenant_id, count(*) from log.claims c where c.scope = 'user.email' group by c.tenant_id;

create function tenancy.count_newcomers() returns trigger
    language plpgsql volatile security definer set search_path = pg_catalog
as $$
begin
    insert into tenancy.people as p (tenant_id, people)
    select t.tenant_id, count(*) from taken t where t.scope = 'user.email' group by t.tenant_id
    on conflict (tenant_id) do update set people = p.people + excluded.people;
    return null;
end $$;

create function tenancy.count_leavers() returns trigger
    language plpgsql volatile security definer set search_path = pg_catalog
as $$
begin
    update tenancy.people p set people = p.people - f.people
    from (select t.tenant_id, count(*) as people from freed t where t.scope = 'user.email' group by t.tenant_id) as f
    where p.tenant_id = f.tenant_id;
    return null;
end $$;

create trigger count_newcomers after insert on log.claims
    referencing new table as taken for each statement execute function tenancy.count_newcomers();
create trigger count_leavers after delete on log.claims
    referencing old table as freed for each statement execute function tenancy.count_leavers();

-- How many people the tenant's settings allow; null where there is no end. The newest word counts, and each word about
-- quotas names all of them.
create function tenancy.user_quota(p_tenant text) returns bigint
    language sql stable security definer set search_path = pg_catalog
as $$
    select (e.payload #>> '{quotas,users}')::bigint from log.events e
    where e.aggregate_type = 'tenant' and e.aggregate_id = p_tenant || '/' || p_tenant
      and e.event_type = 'TenantSettingsChanged' and e.payload -> 'quotas' is not null
    order by e.sequence desc limit 1
$$;

-- Whether there is room for one more.
create function tenancy.has_room(p_tenant text) returns boolean
    language sql stable security definer set search_path = pg_catalog
as $$
    select coalesce(coalesce((select p.people from tenancy.people p where p.tenant_id = p_tenant), 0) < tenancy.user_quota(p_tenant), true)
$$;

-- Refuses (TM100) an append after which the tenant has more people than it may. Called within the append that adds one.
create function tenancy.ensure_room(p_tenant text, p_argument text) returns void
    language plpgsql volatile security definer set search_path = pg_catalog
as $$
begin
    if (select p.people from tenancy.people p where p.tenant_id = p_tenant) > tenancy.user_quota(p_tenant) then
        raise exception 'the tenant has as many people as it may' using errcode = 'TM100';
    end if;
end $$;

revoke all on all functions in schema tenancy from public;
grant usage on schema tenancy to tidemark_log;
grant execute on function tenancy.has_room, tenancy.ensure_room to tidemark_log;
