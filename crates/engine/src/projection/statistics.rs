//! What Postgres knows of the tables of a read model while these grow.
//!
//! A plan that was made for an empty table is kept until the table is analysed. Which index it goes by is chance then, and
//! one that begins with the tenant, as all do, and has the key last finds a row by reading all of the tenant's: so each batch takes
//! longer than the one before, until autovacuum comes by, once a minute.

use sqlx::PgPool;
use tokio::task::JoinHandle;

use crate::database::{WORK, in_time};

/// After so many events a worker looks for the first time whether its tables have grown.
const FIRST: u64 = 64;

/// How many events a worker has taken in, and after how many its tables are looked at.
#[derive(Debug)]
pub(super) struct Growth {
    taken: u64,
    next: u64,
    looking: Option<JoinHandle<()>>,
}

impl Growth {
    pub(super) const fn new() -> Self {
        Self { taken: 0, next: FIRST, looking: None }
    }

    /// Counts a batch of `projection`, and has the tables looked at when it is time and nobody does so still. The worker waits for none of it.
    pub(super) fn follow(&mut self, events: usize, pool: &PgPool, projection: &'static str) {
        if self.take(events) && self.looking.as_ref().is_none_or(JoinHandle::is_finished) {
            self.looking = Some(tokio::spawn(analyze_grown(pool.clone(), projection)));
        }
    }

    /// Counts a batch. True each time there are twice as many as the time before.
    fn take(&mut self, events: usize) -> bool {
        self.taken += events as u64;
        let is_due = self.taken >= self.next;
        while self.next <= self.taken {
            self.next *= 2;
        }
        is_due
    }
}

/// Has those tables analysed that are twice as large as when they were last. That is a matter of speed, and autovacuum comes by as well.
async fn analyze_grown(pool: PgPool, projection: &'static str) {
    let analyze = || sqlx::query_scalar::<_, bool>("select read.analyze_grown($1)").bind(projection).fetch_one(&pool);
    loop {
        match in_time(WORK, analyze()).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::info!(projection, %error, "tables that have grown are left to autovacuum");
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_looked_at_each_time_the_events_have_doubled() {
        let mut growth = Growth::new();
        let mut looked_at = Vec::new();
        for n in 1..=600 {
            if growth.take(1) {
                looked_at.push(n);
            }
        }
        assert_eq!(looked_at, [64, 128, 256, 512]);
    }

    #[test]
    fn a_large_batch_is_one_look() {
        let mut growth = Growth::new();
        assert_eq!([1000, 23, 1].map(|events| growth.take(events)), [true, false, true]);
    }
}
