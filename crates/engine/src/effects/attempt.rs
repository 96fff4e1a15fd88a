//! One try to carry an effect out.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;

use super::take::Settlement;
use super::{DispatcherSettings, Effect, Failed, Handler, Outcome, backoff};
use crate::trace::{Span, SpanKind, TraceParent};

/// A try that has come to an end, and is to be written down: an effect that was carried out and is not marked is carried out again.
pub(super) struct Ended {
    pub(super) settlement: Settlement,
    pub(super) taken_at: Instant,
}

/// Has the handler carry it out. `None` where it came too late to begin.
pub(super) async fn carry_out(
    settings: Arc<DispatcherSettings>,
    handler: Arc<dyn Handler>,
    mut effect: Effect,
    taken_at: Instant,
) -> Option<Ended> {
    // A process that was frozen meanwhile may have lost it to another, so it leaves it alone.
    if taken_at.elapsed() > settings.time_for_one {
        count(handler.kind(), "late");
        return None;
    }
    let began = Instant::now();
    let parent = effect.traceparent.as_deref().and_then(TraceParent::recorded);
    let mut span = Span::child(parent, SpanKind::Consumer, "effect", handler.kind());
    span.set_text("tidemark.tenant", &effect.tenant_id);
    span.set_text("tidemark.policy", &effect.policy);
    span.set("tidemark.attempt", i64::from(effect.attempts));
    effect.trace = span.place();
    let handled = AssertUnwindSafe(handler.carry_out(&effect)).catch_unwind();
    let came_of_it = match tokio::time::timeout(settings.time_for_one, handled).await {
        Ok(Ok(came_of_it)) => came_of_it,
        Ok(Err(_)) => Err(Failed::Later("its handler panicked".to_owned())),
        Err(_) => Err(Failed::Later(format!("not done within {} s", settings.time_for_one.as_secs_f32()))),
    };
    metrics::histogram!("tidemark_effect_seconds", "kind" => handler.kind()).record(began.elapsed().as_secs_f64());
    let pause = pause_after(&settings, &effect, &came_of_it);
    let outcome = tell(&effect, &came_of_it, pause);
    count(handler.kind(), outcome);
    span.set("tidemark.outcome", outcome);
    if came_of_it.is_err() {
        span.fail(outcome);
    }
    Some(Ended { settlement: Settlement::new(&effect, &came_of_it, pause), taken_at })
}

/// How long it rests before the next try, if there is to be one.
fn pause_after(
    settings: &DispatcherSettings,
    effect: &Effect,
    came_of_it: &Result<Outcome, Failed>,
) -> Option<Duration> {
    match came_of_it {
        Err(Failed::Later(_)) if effect.attempts < settings.attempts => {
            let failures = u32::try_from(effect.attempts).unwrap_or(1);
            Some(backoff(failures, settings.first_pause, settings.longest_pause))
        }
        _ => None,
    }
}

/// Tells operators what came of it, and in one word the metrics.
fn tell(effect: &Effect, came_of_it: &Result<Outcome, Failed>, pause: Option<Duration>) -> &'static str {
    match (came_of_it, pause) {
        (Ok(Outcome::Done), _) => "done",
        (Ok(Outcome::Moot(_)), _) => "moot",
        (Ok(Outcome::Refused(code)), _) => {
            tracing::info!(effect = %effect.id, policy = effect.policy, tenant = effect.tenant_id, code, "a rule refuses what a policy wants");
            "refused"
        }
        (Err(error), Some(_)) => {
            tracing::warn!(effect = %effect.id, policy = effect.policy, attempts = effect.attempts, %error, "an effect failed; trying again");
            "failed"
        }
        (Err(error), None) => {
            tracing::error!(effect = %effect.id, policy = effect.policy, tenant = effect.tenant_id, attempts = effect.attempts, %error, "an effect is a dead letter");
            "dead"
        }
    }
}

fn count(kind: &'static str, outcome: &'static str) {
    metrics::counter!("tidemark_effect_attempts_total", "kind" => kind, "outcome" => outcome).increment(1);
}
