//! The statements by which effects are taken from the ledger and given back with what came of them.

use std::time::Duration;

use sqlx::PgPool;

use super::{Effect, Failed, Outcome};

/// Takes what is due, at most `limit`, of the kinds named, and hides it from others for `hidden`. What is taken by
/// others is passed over, and so is what waits for an earlier effect of its key.
///
/// An effect whose worker died in each of `most` attempts may be what kills them, and becomes a dead letter.
pub(super) async fn take(
    pool: &PgPool,
    kinds: &[&str],
    limit: i64,
    hidden: Duration,
    most: i32,
) -> sqlx::Result<Vec<Effect>> {
    sqlx::query_as(
        "with given_up as (update work.effects set state = 'dead', settled_at = clock_timestamp(), \
                                  last_error = coalesce(last_error, 'no worker has come to an end with it') \
                           where state = 'pending' and due_at <= now() and attempts >= $4 and kind = any ($1)), \
         due as (select id from work.effects e \
                 where state = 'pending' and due_at <= now() and attempts < $4 and kind = any ($1) \
                   and not exists (select from work.effects earlier \
                                   where earlier.policy = e.policy and earlier.tenant_id = e.tenant_id and earlier.ordering_key = e.ordering_key \
                                     and (earlier.position, earlier.number) < (e.position, e.number) and earlier.state in ('pending', 'dead')) \
                 order by due_at, position, number limit $2 for update skip locked) \
         update work.effects e set attempts = attempts + 1, fence = fence + 1, due_at = clock_timestamp() + make_interval(secs => $3) \
         from due where e.id = due.id \
         returning e.id, e.policy, e.tenant_id, e.kind, e.payload, e.event_id, e.correlation_id, e.attempts, e.created_at, e.position, e.fence",
    )
    .bind(kinds)
    .bind(limit)
    .bind(hidden.as_secs_f64())
    .bind(most)
    .fetch_all(pool)
    .await
}

/// Says what came of an effect; another try comes after `pause`. False when somebody else has taken it since.
pub(super) async fn settle(
    pool: &PgPool,
    effect: &Effect,
    came_of_it: &Result<Outcome, Failed>,
    pause: Option<Duration>,
) -> sqlx::Result<bool> {
    let (note, error) = match came_of_it {
        Ok(Outcome::Done) => (None, None),
        Ok(Outcome::Moot(reason)) => (Some(reason.clone()), None),
        Ok(Outcome::Refused(code)) => (Some(format!("refused: {code}")), None),
        Err(error) => (None, Some(error.to_string().replace('\0', "\u{fffd}"))),
    };
    let state = match (came_of_it, pause) {
        (Ok(_), _) => "done",
        (Err(_), Some(_)) => "pending",
        (Err(_), None) => "dead",
    };
    let settled = sqlx::query(
        "update work.effects set state = $3, note = $4, last_error = $5, \
                due_at = case when $6 is null then due_at else clock_timestamp() + make_interval(secs => $6) end, \
                settled_at = case when $3 = 'pending' then null else clock_timestamp() end \
         where id = $1 and fence = $2 and state = 'pending'",
    )
    .bind(effect.id)
    .bind(effect.fence)
    .bind(state)
    .bind(note)
    .bind(error)
    .bind(pause.map(|pause| pause.as_secs_f64()))
    .execute(pool)
    .await?;
    Ok(settled.rows_affected() == 1)
}
