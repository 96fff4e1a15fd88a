//! Whether the database of the read models answers. Once it is known not to, one query at a time finds out whether it does again,
//! and all others are sent away at once, in place of waiting as long each.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What is known of a database. It is away when somebody has waited for a connection in vain and nobody was given one meanwhile. So is
/// one whose connections all stay in use for as long, until one of them is free: whoever came would wait in vain, too. One
/// statement that takes too long says nothing.
#[derive(Default)]
pub(super) struct Presence {
    is_away: AtomicBool,
    is_probed: AtomicBool,
    answers: AtomicU64,
}

impl Presence {
    /// Lets a question go to the database.
    ///
    /// # Errors
    /// Where it is known to be away and somebody is already finding out.
    pub(super) fn ask(self: &Arc<Self>) -> sqlx::Result<Question> {
        let probes = self.is_away.load(Ordering::SeqCst);
        if probes && self.is_probed.swap(true, Ordering::SeqCst) {
            return Err(sqlx::Error::PoolTimedOut);
        }
        let before = self.answers.load(Ordering::SeqCst);
        Ok(Question { presence: Arc::clone(self), probes, before })
    }
}

/// A question that is on its way.
pub(super) struct Question {
    presence: Arc<Presence>,
    probes: bool,
    /// How many had been answered when it was asked.
    before: u64,
}

impl Question {
    /// Takes note of what has become of it.
    pub(super) fn take<T>(self, answered: &sqlx::Result<T>) {
        let Presence { is_away, answers, .. } = &*self.presence;
        match answered {
            Ok(_) => {
                answers.fetch_add(1, Ordering::SeqCst);
                is_away.store(false, Ordering::SeqCst);
            }
            Err(sqlx::Error::PoolTimedOut) if answers.load(Ordering::SeqCst) == self.before => {
                is_away.store(true, Ordering::SeqCst);
            }
            // It refuses or breaks off, for which nobody waits long.
            Err(_) => {}
        }
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        if self.probes {
            self.presence.is_probed.store(false, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SILENCE: sqlx::Result<()> = Err(sqlx::Error::PoolTimedOut);

    #[test]
    fn of_those_that_ask_while_it_is_away_one_goes_there() {
        let presence = Arc::new(Presence::default());
        presence.ask().expect("sent").take(&SILENCE);
        let probe = presence.ask().expect("sent");
        assert!(presence.ask().is_err());
        // Whoever asks and goes away leaves it to the next.
        drop(probe);
        presence.ask().expect("sent").take(&SILENCE);
        let probe = presence.ask().expect("sent");
        assert!(presence.ask().is_err());
        probe.take(&Ok(()));
        assert!(presence.ask().is_ok() && presence.ask().is_ok());
    }

    #[test]
    fn a_pool_that_is_used_up_is_not_away() {
        let presence = Arc::new(Presence::default());
        let (waiting, answered) = (presence.ask().expect("sent"), presence.ask().expect("sent"));
        answered.take(&Ok(()));
        waiting.take(&SILENCE);
        assert!(presence.ask().is_ok() && presence.ask().is_ok());
    }

    #[test]
    fn a_refusal_is_an_answer_that_comes_at_once() {
        let presence = Arc::new(Presence::default());
        presence.ask().expect("sent").take::<()>(&Err(sqlx::Error::RowNotFound));
        assert!(presence.ask().is_ok() && presence.ask().is_ok());
    }
}
