//! The front door of the write side: brings the words of the modules (`Root`, `Refusal`, `ClaimChange`) to the engine.
//!
//! Modules know the kernel and nothing of the log; the engine knows the log and no module. What both need to
//! execute a command is bound together here, once for the API, the workers and the admin binary.
//!
//! Invariants: no rule is decided here, and nothing is read or written but through the engine.

mod effect;

use std::fmt::Display;
use std::sync::Arc;

use tidemark_engine::commands::{ClaimRequest, Command, CommandError, Decided, Executed, Shape, Step};
use tidemark_engine::event::Metadata;
use tidemark_engine::log::ClaimOperation;
use tidemark_kernel::{Actor, ClaimChange, Kind, Refusal, Root, TenantId};

pub use effect::carry_out;
pub use tidemark_engine::commands::{Commands, Precondition, Scope};
pub use tidemark_engine::log::{IdempotencyKey, Place, Secret};

/// A refusal of any module.
pub type AnyRefusal = Box<dyn Refusal>;

/// Why a command was not executed, in the words of the modules.
pub type Refused = CommandError<AnyRefusal>;

/// A command over one or more aggregates, to be filled with [`step`]s.
pub type Transaction = Command<AnyRefusal>;

/// Asks `command` of the aggregate `id`.
pub fn step<A>(id: impl Display, precondition: Precondition, command: A::Command) -> Step<A, AnyRefusal>
where
    A: Root,
    A::Error: Refusal,
{
    Step {
        id: id.to_string(),
        command,
        precondition,
        claims: claims_of::<A>,
        shape: shape(),
        refusal: |error| Box::new(error),
        goes_first: |error| matches!(error.kind(), Kind::NotFound | Kind::Forbidden),
        claim_refusal: |scope| Box::new(A::claim_refused(scope)),
    }
}

/// How the states of an aggregate type are written out.
#[must_use]
pub fn shape<A: Root>() -> Shape<A> {
    Shape { version: A::SHAPE, subject: A::subject }
}

/// The last state of an aggregate that this process knows of, and its version; see [`Commands::known`].
///
/// # Errors
/// When it has to be read and cannot.
pub async fn known<A: Root>(
    commands: &Commands,
    tenant: &TenantId,
    id: impl Display,
) -> Result<(Arc<A>, i64), Refused> {
    commands.known(tenant.as_str(), &id.to_string(), shape::<A>()).await
}

/// The same, at `version` or later; see [`Commands::known_at`].
///
/// # Errors
/// When it has to be read and cannot.
pub async fn known_at<A: Root>(
    commands: &Commands,
    tenant: &TenantId,
    id: impl Display,
    version: i64,
) -> Result<(Arc<A>, i64), Refused> {
    commands.known_at(tenant.as_str(), &id.to_string(), shape::<A>(), version).await
}

/// Executes one command of one aggregate; `answer` makes what the caller is told from the state after it and its version.
///
/// # Errors
/// See [`CommandError`].
pub async fn execute<A>(
    commands: &Commands,
    scope: &Scope,
    step: Step<A, AnyRefusal>,
    answer: impl Fn(&A, i64) -> Vec<u8>,
) -> Result<Executed, Refused>
where
    A: Root,
    A::Command: Clone + Send + Sync,
    A::Error: Refusal,
{
    let transaction = Transaction::default().with(step);
    transact(commands, scope, transaction, |decided| {
        decided.state::<A>(0).map(|(state, version)| answer(state, version)).unwrap_or_default()
    })
    .await
}

/// Executes a command over several aggregates: all of it happens or nothing.
///
/// # Errors
/// See [`CommandError`].
pub async fn transact(
    commands: &Commands,
    scope: &Scope,
    transaction: Transaction,
    answer: impl Fn(&Decided<'_, AnyRefusal>) -> Vec<u8>,
) -> Result<Executed, Refused> {
    commands.execute(scope, transaction, answer).await
}

/// A scope with the metadata that every event carries: who, in which request, by which command.
#[must_use]
pub fn scope(tenant: &TenantId, actor: &Actor, request_id: &str, command: &str) -> Scope {
    let metadata = Metadata::from([
        ("actor".to_owned(), actor.to_string()),
        ("requestId".to_owned(), request_id.to_owned()),
        ("correlationId".to_owned(), request_id.to_owned()),
        ("command".to_owned(), command.to_owned()),
    ]);
    Scope { tenant: Arc::from(tenant.as_str()), metadata, key: None }
}

fn claims_of<A: Root>(state: &A, event: &A::Event) -> Vec<ClaimRequest>
where
    A::Error: Refusal,
{
    state
        .claims(event)
        .into_iter()
        .map(|change| {
            let (operation, scope, value) = match change {
                ClaimChange::Take { scope, value } => (ClaimOperation::Take, scope, value),
                ClaimChange::Free { scope, value } => (ClaimOperation::Free, scope, value),
                ClaimChange::FreeUnlessLast { scope, value } => (ClaimOperation::FreeUnlessLast, scope, value),
            };
            ClaimRequest { operation, scope, value, is_personal: A::PERSONAL_CLAIMS.contains(&scope) }
        })
        .collect()
}
