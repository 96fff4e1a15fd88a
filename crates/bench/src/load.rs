//! Callers that call as fast as they are answered, and rounds in which contenders take turns.

use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::Context;
use futures::future::BoxFuture;
use tokio::task::JoinSet;

/// One of many that call at the same time.
pub(crate) trait Caller: Send + 'static {
    /// Calls once and waits for the answer.
    fn call(&mut self) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// Lets all callers call for `length`; answers per second.
pub(crate) async fn drive<C: Caller>(callers: &mut Vec<C>, length: Duration) -> anyhow::Result<f64> {
    let start = Instant::now();
    let mut running = JoinSet::new();
    for mut caller in callers.drain(..) {
        running.spawn(async move {
            let mut answers = 0_u64;
            while start.elapsed() < length {
                caller.call().await?;
                answers += 1;
            }
            anyhow::Ok((caller, answers))
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
