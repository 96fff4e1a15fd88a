//! Bench `append`: commands into the log.
//!
//! The figures are of whole commands (load, handle, append, answer), because that is what cqrs-es does for its caller
//! too; the log alone is shown beside them.

mod cold_load;
mod growth;
mod insert;
mod one_stream;
mod ours;
mod shipped;
mod snapshot;
mod work;

use std::time::Duration;

use futures::FutureExt;

use crate::BenchArgs;
use crate::figure::Figure;
use crate::load::{Contender, best_of};
use insert::Inserts;
pub(crate) use one_stream::{ChildWork, child};
use ours::{Extras, Ours};
use shipped::Shipped;
use work::Work;

const BENCH: &str = "append";
const UNIT: &str = "commands/s";
/// Connections of the yardstick that inserts row by row.
const CONNECTIONS: usize = 64;

/// What the figures of one number of callers are to reach.
struct Reach {
    callers: usize,
    shipped: f64,
    inserts: f64,
    everything: f64,
}

const REACH: [Reach; 2] = [
    Reach { callers: 64, shipped: 8.0, inserts: 1.5, everything: 5.0 },
    Reach { callers: 512, shipped: 11.0, inserts: 2.2, everything: 7.0 },
];

/// Measures all groups that are asked for.
pub(crate) async fn run(args: &BenchArgs, maintenance_url: &str) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for reach in &REACH {
        if args.wants(&format!("random-{}", reach.callers)) {
            figures.extend(random_streams(args, maintenance_url, reach).await?);
        }
    }
    if args.wants("snapshot") {
        figures.extend(snapshot::run(args, maintenance_url).await?);
    }
    if args.wants("growth") {
        figures.extend(growth::run(args, maintenance_url).await?);
    }
    if args.wants("one-caller") {
        figures.extend(one_caller(args, maintenance_url).await?);
    }
    if args.wants("one-stream") {
        figures.extend(one_stream::run(args, maintenance_url).await?);
    }
    if args.wants("cold-load") {
        figures.extend(cold_load::run(args, maintenance_url).await?);
    }
    Ok(figures)
}

/// Many callers on many streams, bare and with everything on, beside both yardsticks.
async fn random_streams(args: &BenchArgs, maintenance_url: &str, reach: &Reach) -> anyhow::Result<Vec<Figure>> {
    let callers = reach.callers;
    eprintln!("append: {callers} callers, random streams");
    let work = Work::on_many_streams();
    let ours = Ours::start(maintenance_url, &args.role_password, &work).await?;
    let shipped = Shipped::start(maintenance_url, work.clone()).await?;
    let inserts = tokio::sync::Mutex::new(Inserts::start(maintenance_url, &work, CONNECTIONS).await?);
    let length = args.length();
    warm_up(&ours, &work, callers, length).await?;

    let best = best_of(
        args.rounds(),
        &mut [
            Contender::new("commands", || ours.write_side.commands(&work, callers, Extras::Nothing, length).boxed()),
            Contender::new("cqrs-es + postgres-es", || shipped.measure(callers, length).boxed()),
            Contender::new("plain inserts", || async { inserts.lock().await.measure(length).await }.boxed()),
            Contender::new("commands, everything on", || {
                ours.write_side.commands(&work, callers, Extras::Everything, length).boxed()
            }),
            Contender::new("log alone", || ours.appends(callers, length).boxed()),
        ],
    )
    .await?;
    ours.stop().await?;
    shipped.stop().await?;
    inserts.into_inner().stop().await?;

    let figure = |case: &str, value| Figure::plain(BENCH, format!("{callers} callers, {case}"), value, UNIT);
    let [bare, shipped, inserts, everything, raw] = best[..] else {
        anyhow::bail!("a contender has no figure");
    };
    Ok(vec![
        figure("random streams / cqrs-es + postgres-es", bare).beside(shipped).at_least(reach.shipped),
        figure("random streams / plain inserts", bare).beside(inserts).at_least(reach.inserts),
        figure("everything on / cqrs-es + postgres-es", everything).beside(shipped).at_least(reach.everything),
        figure("log alone / plain inserts", raw).beside(inserts),
    ])
}

/// One caller that waits for each answer, beside one connection that does.
async fn one_caller(args: &BenchArgs, maintenance_url: &str) -> anyhow::Result<Vec<Figure>> {
    eprintln!("append: 1 caller");
    let work = Work::on_many_streams();
    let ours = Ours::start(maintenance_url, &args.role_password, &work).await?;
    let inserts = tokio::sync::Mutex::new(Inserts::start(maintenance_url, &work, 1).await?);
    let length = args.length();
    warm_up(&ours, &work, CONNECTIONS, length).await?;
    let best = best_of(
        args.rounds(),
        &mut [
            Contender::new("commands", || ours.write_side.commands(&work, 1, Extras::Nothing, length).boxed()),
            Contender::new("plain inserts", || async { inserts.lock().await.measure(length).await }.boxed()),
        ],
    )
    .await?;
    ours.stop().await?;
    inserts.into_inner().stop().await?;
    Ok(vec![
        Figure::plain(BENCH, "1 caller / plain inserts, 1 connection", best[0], UNIT).beside(best[1]).at_least(0.6),
    ])
}

/// Lets most streams be loaded once: in a process that has run for a while they are at hand.
async fn warm_up(ours: &Ours, work: &Work, callers: usize, length: Duration) -> anyhow::Result<()> {
    ours.write_side.commands(work, callers, Extras::Nothing, length.min(Duration::from_secs(3))).await?;
    Ok(())
}

/// The figure that other benches stand beside: commands on random streams.
pub(crate) struct Appending {
    ours: Ours,
    work: Work,
    callers: usize,
}

impl Appending {
    pub(crate) async fn start(args: &BenchArgs, maintenance_url: &str, callers: usize) -> anyhow::Result<Self> {
        let work = Work::on_many_streams();
        let ours = Ours::start(maintenance_url, &args.role_password, &work).await?;
        warm_up(&ours, &work, callers, args.length()).await?;
        Ok(Self { ours, work, callers })
    }

    pub(crate) async fn measure(&self, length: Duration) -> anyhow::Result<f64> {
        self.ours.write_side.commands(&self.work, self.callers, Extras::Nothing, length).await
    }

    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.ours.stop().await
    }
}
