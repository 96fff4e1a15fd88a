-- An export is proven by the id of its last event, which no other log has: a file of a tenant of the same name from elsewhere, or from
-- before a restore, may well have as many events.
create or replace function log.begin_deletion(p_tenant text, p_argument text) returns void
    language plpgsql volatile security definer set search_path = pg_catalog
as $$
declare
    v_asked record;
    v_kept record;
    v_last record;
    v_proven boolean;
begin
    select * into v_asked from json_to_record(p_argument::json) as a(kept text, through uuid, "askedBy" text);
    select e.position, e.tenant_position into v_kept from log.events e
    where e.tenant_id = p_tenant and e.event_type = v_asked.kept order by e.tenant_position desc limit 1;
    select e.position, e.tenant_position into v_last from log.events e
    where e.tenant_id = p_tenant order by e.tenant_position desc limit 1;
    if v_asked.through is not null then
        v_proven := v_last.position = v_kept.position and exists (
            select from log.events e
            where e.tenant_id = p_tenant and e.tenant_position = v_kept.tenant_position - 1 and e.event_id = v_asked.through);
        if not v_proven then
            raise exception 'the tenant has changed since it was exported' using errcode = 'TM100';
        end if;
    end if;
    insert into log.deletions (tenant_id, kept_position, last_position, last_tenant_position, asked_by)
    values (p_tenant, v_kept.position, v_last.position, v_last.tenant_position, v_asked."askedBy");
end $$;
