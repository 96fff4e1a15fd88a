//! Appending while another session holds a snapshot, as a dump, an export or a forgotten psql does.
//!
//! Two logs on one server are written in turns: a snapshot keeps what is dead in its own database alone. So both are of the same
//! length when they are compared, and have the same disk below them; a log compared with itself as it was before ten minutes of
//! writing would show what these minutes have done beside.

use std::time::Duration;

use futures::FutureExt;
use sqlx::{Connection, Executor, PgConnection};
use tokio::time::Instant;

use super::ours::{Extras, Ours};
use super::work::Work;
use super::{BENCH, UNIT, warm_up};
use crate::BenchArgs;
use crate::database::Database;
use crate::figure::Figure;
use crate::load::{Contender, best_of};

const CALLERS: usize = 64;
/// How long one log is written before it is the other's turn, while the snapshot grows old.
const TURN: Duration = Duration::from_secs(5);

/// Holds a snapshot of one log for as long as asked, each of both under full load for half of that, then measures both while it is still held.
pub(super) async fn run(args: &BenchArgs, maintenance_url: &str) -> anyhow::Result<Vec<Figure>> {
    let (held, length) = (args.hold(), args.length());
    eprintln!("append: {CALLERS} callers, a snapshot held for {held:?}");
    let work = Work::on_many_streams();
    let under = log(args, maintenance_url, "under_snapshot", &work).await?;
    let free = log(args, maintenance_url, "without_snapshot", &work).await?;

    let mut session = PgConnection::connect_with(&under.database().options()).await?;
    session.execute("begin isolation level repeatable read").await?;
    session.execute("select position from log.events order by position limit 1").await?;
    let since = Instant::now();
    while since.elapsed() < held {
        for ours in [&under, &free] {
            ours.write_side.commands(&work, CALLERS, Extras::Nothing, TURN.min(held / 2)).await?;
        }
    }
    let best = best_of(
        args.rounds(),
        &mut [
            Contender::new("under a snapshot", || {
                under.write_side.commands(&work, CALLERS, Extras::Nothing, length).boxed()
            }),
            Contender::new("without", || free.write_side.commands(&work, CALLERS, Extras::Nothing, length).boxed()),
        ],
    )
    .await?;
    session.execute("commit").await?;
    session.close().await?;
    under.stop().await?;
    free.stop().await?;
    let case = format!("{CALLERS} callers, a snapshot held for {} s / none", held.as_secs());
    Ok(vec![Figure::plain(BENCH, case, best[0], UNIT).beside(best[1]).at_least(0.9)])
}

async fn log(args: &BenchArgs, maintenance_url: &str, name: &str, work: &Work) -> anyhow::Result<Ours> {
    let ours = Ours::on(Database::migrated(maintenance_url, name, &args.role_password).await?, work).await?;
    warm_up(&ours, work, CALLERS, args.length()).await?;
    Ok(ours)
}

impl BenchArgs {
    fn hold(&self) -> Duration {
        self.hold.map_or(self.length() * 2, Duration::from_secs_f64)
    }
}
