-- Work that follows from events: where each policy is, and the ledger of the effects that policies have decided on.
-- The role tidemark_work writes here, and has no right anywhere else.

create schema work;

-- One row a policy: the last position that it has reacted to. It is installed at the log's end, so that what happened
-- before has no effects.
create table work.policies (
    policy       text        collate "C" primary key,
    position     bigint      not null,
    epoch        integer     not null,
    installed_at timestamptz not null default now()
) with (fillfactor = 50);

-- Who runs a policy. `fence` rises with every change of holder.
create table work.leases (
    name   text        collate "C" primary key,
    holder uuid        not null,
    fence  bigint      not null,
    until  timestamptz not null
) with (fillfactor = 50);

-- One row an effect, written by the statement that moves the policy's checkpoint. `id` follows from policy, event and
-- number, so it stays the same should the event ever be reacted to again, and is the idempotency key outside.
--
-- `due_at` is when it may be taken; taking puts it off, so that an effect whose worker died comes back by itself. `fence`
-- rises whenever it is taken: only the last who took it may say what came of it. Of one policy, tenant and key, an
-- effect waits until those before it are done or dropped. The kind `reaction` is an event that the policy could not
-- react to; it stands in the order as its effects would.
create table work.effects (
    id             uuid        primary key,
    policy         text        collate "C" not null,
    tenant_id      text        collate "C" not null,
    ordering_key   text        collate "C" not null,
    position       bigint      not null,
    number         smallint    not null,
    event_id       uuid        not null,
    correlation_id text        not null,
    kind           text        collate "C" not null,
    payload        json        not null,
    state          text        not null default 'pending' check (state in ('pending', 'done', 'dead', 'dropped')),
    due_at         timestamptz not null,
    attempts       integer     not null default 0,
    fence          bigint      not null default 0,
    last_error     text,
    note           text,
    dropped_by     text,
    created_at     timestamptz not null default clock_timestamp(),
    settled_at     timestamptz,
    check ((state = 'dropped') = (dropped_by is not null))
);

create index effects_due on work.effects (due_at) where state = 'pending';
create index effects_in_order on work.effects (policy, tenant_id, ordering_key, position, number) where state in ('pending', 'dead');
create index effects_dead on work.effects (position, number) where state = 'dead';
create index effects_done on work.effects (settled_at) where state = 'done';

grant usage on schema work to tidemark_work;
grant select, insert, update, delete on work.leases, work.effects to tidemark_work;
grant select, update on work.policies to tidemark_work;
