//! Appending while another session holds a snapshot, as a dump, an export or a forgotten psql does.

use sqlx::{Connection, Executor, PgConnection};

use super::ours::{Extras, Ours};
use super::work::Work;
use super::{BENCH, UNIT, warm_up};
use crate::BenchArgs;
use crate::figure::Figure;
use std::time::Duration;

const CALLERS: usize = 64;

/// Each round measures without, then holds a snapshot under full load for as long as asked and measures its end.
pub(super) async fn run(args: &BenchArgs, maintenance_url: &str) -> anyhow::Result<Vec<Figure>> {
    let held = args.hold();
    eprintln!("append: {CALLERS} callers, a snapshot held for {held:?}");
    let work = Work::on_many_streams();
    let ours = Ours::start(maintenance_url, &args.role_password, &work).await?;
    warm_up(&ours, &work, CALLERS, args.length()).await?;

    let mut free = measure(args, &ours, &work).await?;
    let mut holding = 0.0_f64;
    for _ in 0..args.rounds() {
        let mut session = PgConnection::connect_with(&ours.database().options()).await?;
        session.execute("begin isolation level repeatable read").await?;
        session.execute("select position from log.events order by position limit 1").await?;
        ours.write_side.commands(&work, CALLERS, Extras::Nothing, held.saturating_sub(args.length())).await?;
        holding = holding.max(measure(args, &ours, &work).await?);
        session.execute("commit").await?;
        session.close().await?;
        free = free.max(measure(args, &ours, &work).await?);
    }
    ours.stop().await?;
    let case = format!("{CALLERS} callers, a snapshot held for {} s / none", held.as_secs());
    Ok(vec![Figure::plain(BENCH, case, holding, UNIT).beside(free).at_least(0.9)])
}

async fn measure(args: &BenchArgs, ours: &Ours, work: &Work) -> anyhow::Result<f64> {
    let rate = ours.write_side.commands(work, CALLERS, Extras::Nothing, args.length()).await?;
    eprintln!("  {rate:>10.0}/s");
    Ok(rate)
}

impl BenchArgs {
    fn hold(&self) -> Duration {
        self.hold.map_or(self.length() * 2, Duration::from_secs_f64)
    }
}
