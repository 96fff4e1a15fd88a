//! All callers on one stream: in one process, and in two that know nothing of each other.

use std::time::Duration;

use anyhow::Context;
use futures::FutureExt;
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgConnectOptions;

use super::ours::{Extras, Ours, WriteSide};
use super::work::Work;
use super::{BENCH, UNIT, warm_up};
use crate::BenchArgs;
use crate::child::{Child, Work as AnyWork};
use crate::figure::Figure;
use crate::load::{Contender, best_of};

const CALLERS: usize = 64;
const PROCESSES: usize = 2;

pub(super) async fn run(args: &BenchArgs, maintenance_url: &str) -> anyhow::Result<Vec<Figure>> {
    eprintln!("append: {CALLERS} callers, one stream");
    let many = Work::on_many_streams();
    let one = Work::on_one_stream();
    let ours = Ours::start(maintenance_url, &args.role_password, &many).await?;
    let length = args.length();
    warm_up(&ours, &many, CALLERS, length).await?;
    let best = best_of(
        args.rounds(),
        &mut [
            Contender::new("random streams", || {
                ours.write_side.commands(&many, CALLERS, Extras::Nothing, length).boxed()
            }),
            Contender::new("one stream", || ours.write_side.commands(&one, CALLERS, Extras::Nothing, length).boxed()),
        ],
    )
    .await?;

    let mut together = 0.0_f64;
    // The slower process and an even share, in the round that was the least even.
    let (mut slower, mut even) = (f64::INFINITY, 1.0);
    for round in 1..=args.rounds() {
        let rates = two_processes(&ours.database().url(), length).await?;
        eprintln!("  round {round}: two processes on one stream {rates:.0?}");
        let sum: f64 = rates.iter().sum();
        together = together.max(sum);
        let (least, share) = (rates.iter().copied().fold(f64::INFINITY, f64::min), sum / PROCESSES as f64);
        if least / share < slower / even {
            (slower, even) = (least, share);
        }
    }
    ours.stop().await?;

    let case = |case: &str| format!("{CALLERS} callers, one stream{case}");
    Ok(vec![
        Figure::plain(BENCH, case(" / random streams"), best[1], UNIT).beside(best[0]).at_least(0.5),
        Figure::plain(BENCH, case(", two processes / random streams"), together, UNIT).beside(best[0]).at_least(0.2),
        Figure::plain(BENCH, case(", the slower process / an even share, worst round"), slower, UNIT)
            .beside(even)
            .at_least(0.5),
    ])
}

/// What a process of its own is to do.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ChildWork {
    database_url: String,
    callers: usize,
    seconds: f64,
}

/// The rate of each process; they begin together.
async fn two_processes(database_url: &str, length: Duration) -> anyhow::Result<Vec<f64>> {
    let work = || {
        AnyWork::OneStream(ChildWork {
            database_url: database_url.to_owned(),
            callers: CALLERS / PROCESSES,
            seconds: length.as_secs_f64(),
        })
    };
    let mut children = try_join_all((0..PROCESSES).map(|_| Child::start(work()))).await?;
    try_join_all(children.iter_mut().map(Child::go)).await?;
    let answers = try_join_all(children.into_iter().map(Child::answer)).await?;
    answers.iter().map(|answer| answer.parse().context("a process has answered something else than its rate")).collect()
}

/// The work of one such process.
pub(crate) async fn child(work: ChildWork) -> anyhow::Result<()> {
    let owner: PgConnectOptions = work.database_url.parse()?;
    let write_side = WriteSide::start(owner).await?;
    let stream = Work::on_one_stream();
    // One command brings up the connection and loads the stream.
    write_side.commands(&stream, 1, Extras::Nothing, Duration::from_millis(1)).await?;
    crate::child::say("ready")?;
    crate::child::word().await?;
    let rate =
        write_side.commands(&stream, work.callers, Extras::Nothing, Duration::from_secs_f64(work.seconds)).await?;
    write_side.stop().await?;
    crate::child::say(&rate.to_string())
}
