//! Callers that call as fast as they are answered, or at a steady pace; and rounds in which contenders take turns.

use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::Context;
use futures::future::BoxFuture;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

/// One of many that call at the same time.
pub(crate) trait Caller: Send + 'static {
    /// Calls once and waits for the answer.
    fn call(&mut self) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// Lets all callers call for `length`, and at least once; answers per second.
pub(crate) async fn drive<C: Caller>(callers: &mut Vec<C>, length: Duration) -> anyhow::Result<f64> {
    let start = Instant::now();
    let mut running = JoinSet::new();
    for mut caller in callers.drain(..) {
        running.spawn(async move {
            let mut answers = 0_u64;
            loop {
                caller.call().await?;
                answers += 1;
                if start.elapsed() >= length {
                    return anyhow::Ok((caller, answers));
                }
            }
        });
    }
    let mut answers = 0;
    while let Some(done) = running.join_next().await {
        let (caller, own) = done.context("a caller has stopped")??;
        answers += own;
        callers.push(caller);
    }
    Ok(answers as f64 / start.elapsed().as_secs_f64())
}

/// Lets each caller call once every `pace` for `length`, however long the answers take; how long each was waited for, in
/// milliseconds from when it was due, in order.
pub(crate) async fn latencies<C: Caller>(
    callers: &mut Vec<C>,
    pace: Duration,
    length: Duration,
) -> anyhow::Result<Vec<f64>> {
    let start = Instant::now();
    let mut running = JoinSet::new();
    for mut caller in callers.drain(..) {
        running.spawn(async move {
            let mut waits = Vec::new();
            let mut ticks = interval(pace);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
            while start.elapsed() < length {
                let due = ticks.tick().await;
                caller.call().await?;
                waits.push(due.elapsed().as_secs_f64() * 1000.0);
            }
            anyhow::Ok((caller, waits))
        });
    }
    let mut all = Vec::new();
    while let Some(done) = running.join_next().await {
        let (caller, waits) = done.context("a caller has stopped")??;
        all.extend(waits);
        callers.push(caller);
    }
    all.sort_by(f64::total_cmp);
    Ok(all)
}

/// The value that so many per cent do not exceed.
pub(crate) fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

/// One way to do the work, measured once a round.
pub(crate) struct Contender<'a> {
    name: &'static str,
    trial: Box<dyn FnMut() -> BoxFuture<'a, anyhow::Result<f64>> + 'a>,
}

impl<'a> Contender<'a> {
    pub(crate) fn new(name: &'static str, trial: impl FnMut() -> BoxFuture<'a, anyhow::Result<f64>> + 'a) -> Self {
        Self { name, trial: Box::new(trial) }
    }
}

/// The best rate of each contender, by the order of `contenders`. They take turns, so that what else happens on the
/// machine meets all of them.
pub(crate) async fn best_of(rounds: u32, contenders: &mut [Contender<'_>]) -> anyhow::Result<Vec<f64>> {
    let mut best = vec![0.0_f64; contenders.len()];
    for round in 1..=rounds {
        for (best, contender) in best.iter_mut().zip(contenders.iter_mut()) {
            let rate = (contender.trial)().await.with_context(|| format!("{} cannot be measured", contender.name))?;
            eprintln!("  round {round}: {:<40} {rate:>10.0}/s", contender.name);
            *best = best.max(rate);
        }
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_value_that_so_many_do_not_exceed() {
        let values: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!((percentile(&values, 50), percentile(&values, 99)), (100.0, 198.0));
        assert_eq!(percentile(&[7.0], 99), 7.0);
    }
}
