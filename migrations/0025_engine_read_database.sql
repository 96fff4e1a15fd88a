-- Read models may lie in a database of their own. All migrations run in both databases: what belongs to the other half is there, and
-- stays empty.

-- Names this log, so that no other one is folded into the same read models. A copy of its database is the same log.
create table log.identity (
    log_id uuid not null default gen_random_uuid()
);
create unique index one_identity on log.identity ((true));
insert into log.identity default values;
grant select on log.identity to tidemark_log, tidemark_projection;

-- The log that the read models here are folded from; said when they are installed.
create table read.source (
    log_id uuid not null
);
create unique index one_source on read.source ((true));

-- What the deletion of a tenant has removed here, by table, where the log that counts it lies elsewhere.
create table read.deletions (
    tenant_id text  collate "C" primary key,
    counts    jsonb not null default '{}'
);

select read.secure('read.source'), read.secure('read.deletions');
revoke insert, update, delete on read.source from tidemark_projection;
revoke all on read.deletions from tidemark_query, tidemark_projection;
