//! Carries out an effect by a command: what a policy wants of an aggregate, once for its event.
//!
//! The effect's id is the command's idempotency key, and the log remembers it until the ledger says that the effect is
//! settled. So a worker that dies between the commit and the ledger, one that was frozen, and an append whose outcome was
//! lost all come to the same command again, and find that it was executed.

use std::sync::Arc;

use tidemark_engine::effects::{Effect, Failed, Outcome};
use tidemark_engine::event::Metadata;
use tidemark_engine::log::{AppendError, renew_idempotency_key};
use tidemark_engine::trace::TRACEPARENT;
use tidemark_kernel::Actor;

use crate::{Commands, Refused, Scope, Transaction, transact};

/// Executes the command `name` in the policy's name. What follows carries the correlation of the request that began it
/// all, and the event that was reacted to as its cause. A refusal is an outcome: the rule has decided.
///
/// # Errors
/// [`Failed::Later`] while the log is away or others are faster, and for a stream that does not load here, since it may in a newer
/// worker; [`Failed::Never`] for what no further try would change.
pub async fn carry_out(
    commands: &Commands,
    effect: &Effect,
    name: &str,
    transaction: Transaction,
) -> Result<Outcome, Failed> {
    let scope = scope_of(effect, name);
    if effect.may_have_begun() {
        let renewed = renew_idempotency_key(commands.pool(), effect.id).await;
        renewed.map_err(|error| Failed::Later(error.to_string()))?;
    }
    match transact(commands, &scope, transaction, |_| Vec::new()).await {
        // Nobody reads the answer, so it does not matter that it cannot be opened any more.
        Ok(_) | Err(Refused::AnswerErased) => Ok(Outcome::Done),
        Err(Refused::Refused(refusal)) => Ok(Outcome::Refused(refusal.code().to_owned())),
        Err(Refused::VersionMismatch { .. }) => Ok(Outcome::Refused("VERSION_MISMATCH".to_owned())),
        Err(error @ (Refused::KeyReused | Refused::Append(AppendError::EventTooLarge { .. }))) => {
            Err(Failed::Never(error.to_string()))
        }
        // Nobody is left for whom it could be done.
        Err(Refused::Append(AppendError::TenantDeleted)) => Ok(Outcome::Refused("TENANT_NOT_FOUND".to_owned())),
        // What the database says may quote what it was given, and so may a stream that does not load. It may be of another
        // version than this worker, so this is no last word.
        Err(Refused::Append(AppendError::Refused(_))) => {
            Err(Failed::Later("the database refuses the events; see the worker's log".to_owned()))
        }
        Err(Refused::Broken(cause)) => {
            tracing::error!(effect = %effect.id, policy = effect.policy, cause, "a command of a policy cannot be decided here");
            Err(Failed::Later(
                "the aggregate cannot be read or written by this version; see the worker's log".to_owned(),
            ))
        }
        Err(error @ (Refused::Contended | Refused::Append(_))) => Err(Failed::Later(error.to_string())),
    }
}

fn scope_of(effect: &Effect, command: &str) -> Scope {
    let mut metadata = Metadata::from([
        ("actor".to_owned(), Actor::Policy(effect.policy.clone()).to_string()),
        ("correlationId".to_owned(), effect.correlation_id.clone()),
        ("causationId".to_owned(), effect.event_id.to_string()),
        ("command".to_owned(), command.to_owned()),
    ]);
    metadata.extend(effect.trace.map(|trace| (TRACEPARENT.to_owned(), trace.to_string())));
    Scope { tenant: Arc::from(effect.tenant_id.as_str()), metadata, key: Some(effect.idempotency_key()) }
}
