//! The statements by which effects are taken from the ledger and given back with what came of them.

use std::time::Duration;

use sqlx::PgPool;
use uuid::Uuid;

use super::{Effect, Failed, Outcome, Room};

/// What is taken from the ledger at once.
pub(super) struct Taken {
    /// To be carried out.
    pub(super) effects: Vec<Effect>,
    /// How many have become dead letters, because no worker has come to an end with them.
    pub(super) given_up: usize,
}

/// Takes what is due of the kinds named, at most `most`, and hides it from others for `hidden`; gives up what was tried `attempts`
/// times.
pub(super) async fn take(
    pool: &PgPool,
    room: Room,
    kinds: &[&str],
    most: usize,
    hidden: Duration,
    attempts: i32,
) -> sqlx::Result<Taken> {
    let taken: Vec<Effect> = sqlx::query_as(
        "select id, policy, tenant_id, kind, payload, event_id, correlation_id, attempts, created_at, fence, state = 'dead' as is_given_up, traceparent \
         from work.take($1, $2, $3, $4, $5)",
    )
    .bind(kinds)
    .bind(i32::try_from(most).unwrap_or(i32::MAX))
    .bind(hidden.as_secs_f64())
    .bind(attempts)
    .bind(room.waits_for_the_disk())
    .fetch_all(pool)
    .await?;
    let (given_up, effects): (Vec<_>, Vec<_>) = taken.into_iter().partition(|effect| effect.is_given_up);
    for effect in &given_up {
        tracing::error!(effect = %effect.id, policy = effect.policy, tenant = effect.tenant_id, "no worker has come to an end with this effect; it is a dead letter");
    }
    Ok(Taken { effects, given_up: given_up.len() })
}

/// What is to be written down of one effect.
#[derive(Debug)]
pub(super) struct Settlement {
    pub(super) effect: Uuid,
    fence: i64,
    state: &'static str,
    note: Option<String>,
    error: Option<String>,
    pause: Option<Duration>,
}

impl Settlement {
    /// What came of the effect; another try comes after `pause`.
    pub(super) fn new(effect: &Effect, came_of_it: &Result<Outcome, Failed>, pause: Option<Duration>) -> Self {
        let (note, error) = match came_of_it {
            Ok(Outcome::Done) => (None, None),
            Ok(Outcome::Moot(reason)) => (Some(storable(reason)), None),
            Ok(Outcome::Refused(code)) => (Some(storable(&format!("refused: {code}"))), None),
            Err(error) => (None, Some(storable(&error.to_string()))),
        };
        let state = match (came_of_it, pause) {
            (Ok(_), _) => "done",
            (Err(_), Some(_)) => "pending",
            (Err(_), None) => "dead",
        };
        Self { effect: effect.id, fence: effect.fence, state, note, error, pause }
    }
}

/// Postgres stores no zero byte in a text, and one text must not keep the others of its statement from being written.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Writes down what came of effects, all in one statement; says which of them nobody else had taken since.
pub(super) async fn settle<'a>(
    pool: &PgPool,
    room: Room,
    settlements: impl Iterator<Item = &'a Settlement> + Clone,
) -> sqlx::Result<Vec<Uuid>> {
    let settlements = || settlements.clone();
    sqlx::query_scalar("select * from work.settle($1, $2, $3, $4, $5, $6, $7)")
        .bind(settlements().map(|settlement| settlement.effect).collect::<Vec<_>>())
        .bind(settlements().map(|settlement| settlement.fence).collect::<Vec<_>>())
        .bind(settlements().map(|settlement| settlement.state).collect::<Vec<_>>())
        .bind(settlements().map(|settlement| settlement.note.clone()).collect::<Vec<_>>())
        .bind(settlements().map(|settlement| settlement.error.clone()).collect::<Vec<_>>())
        .bind(settlements().map(|settlement| settlement.pause.map(|pause| pause.as_secs_f64())).collect::<Vec<_>>())
        .bind(room.waits_for_the_disk())
        .fetch_all(pool)
        .await
}
