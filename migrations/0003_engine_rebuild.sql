-- Rebuilds of read models: which are under way, what came of the others, and what an operator has skipped.

-- One row a rebuild or verification. While it is open its rows lie in the schema `rebuild_<run>`, folded up to
-- `position`; after a swap the former tables lie in `former_<run>` until the next swap, so that it can be rolled back.
create schema rebuild;

create table rebuild.runs (
    run              bigint  generated always as identity primary key,
    projection       text    collate "C" not null,
    purpose          text    not null check (purpose in ('rebuild', 'verify')),
    tenant           text    collate "C",
    version          integer not null,
    state            text    not null check (state in ('open', 'swapped', 'rolled back', 'verified', 'abandoned')),
    -- The last position that the shadow has taken in, in which epoch, and how many events it decoded for that.
    position         bigint  not null,
    epoch            integer not null,
    events           bigint  not null,
    -- Rises with every process that takes the run up: what a former one may still write is refused.
    fence            bigint  not null,
    -- Indexes that are made when the bulk of the rows is there.
    later_indexes    text[]  not null,
    -- What served before the swap.
    former_version   integer,
    former_position  bigint,
    former_epoch     integer,
    former_tables    text[],
    has_former       boolean not null default false,
    -- Rows that differed from the live ones when they were last compared; null where they could not be.
    differences      bigint,
    started_by       text    not null,
    started_at       timestamptz not null,
    updated_at       timestamptz not null
);

create unique index runs_open on rebuild.runs (projection, purpose) where state = 'open';

-- The tables that serve; null for one that was installed before this was kept.
alter table read.checkpoints add column tables text[];

-- Every query takes a share of this before its snapshot, and a swap takes it whole: a query whose snapshot is older than
-- a swap would find the new tables by their names, and in them not yet the rows that were written last.
create table read.gate ();

-- Events that an operator has let a projection pass over for a tenant. It holds for the version it was done in.
create table read.skips (
    tenant_id       text        collate "C" not null,
    projection      text        collate "C" not null,
    version         integer     not null,
    position        bigint      not null,
    tenant_position bigint      not null,
    event_id        uuid        not null,
    event_type      text        not null,
    error           text        not null,
    reason          text        not null,
    skipped_by      text        not null,
    skipped_at      timestamptz not null,
    primary key (tenant_id, projection, version, position)
);

select read.secure('read.gate'), read.secure('read.skips');
grant usage on schema rebuild to tidemark_projection;
grant select on rebuild.runs to tidemark_projection;
