//! How many effects are carried out at once, and whether the ledger waits for the disk for them.
//!
//! **What waits for the disk.** Postgres writes one log ahead, in order: a commit that was waited for makes every earlier
//! commit durable, whether or not that one was waited for. An effect goes through four commits: its entry (with the
//! policy's checkpoint), its taking (which raises the fence), what it does, and its settling.
//!
//! - *The entry* is never waited for. Lost in a crash, it is lost together with the checkpoint, so the policy reacts to the
//!   event again and makes the same entry, by the same id; its worker looks at the checkpoint whenever it renews its lease. It
//!   cannot be lost once anything came of it: for what goes outside the taking is waited for, and a command is a later
//!   commit that is.
//! - *The taking* of a command is not waited for, because the command's own commit comes after it. Either both are durable, and
//!   whoever takes the effect next sees by the fence that it may have begun; or the command was not executed. A call to
//!   the outside is no commit, and a mail does not come back: so before it the taking is waited for. A fence that was lost
//!   would tell the next worker that nobody has begun.
//! - *The settling* of a command is not waited for either. Lost in a crash, the effect comes back when the time for which it was
//!   hidden is over, finds its idempotency key, and is settled again. Its successors cannot have overtaken it: what the
//!   next of its key has committed is later than the settling, and made it durable. (A refusal leaves no key and is decided
//!   anew; nobody was told of it.) What was done outside would be done a second time, so that is waited for.
//!
//! After a crash two workers may hold one command by the same fence, one of them from a taking that was lost. They give it
//! under one key, so it is executed once, and either of them tells the truth about it.
//!
//! This holds while ledger and log are one database. A standby that is waited for gets the same log in the same order.

/// Effects that are carried out beside each other. Handlers in the same room share its places; whatever hangs in one room keeps
/// nobody out of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    name: &'static str,
    places: usize,
    reach: Reach,
}

/// What carrying an effect out changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Log,
    Outside,
}

impl Room {
    /// For handlers whose whole doing is one command by the effect's idempotency key, in the ledger's own database. Many at
    /// once are one batch of the appender, so they cost little more than one.
    pub const COMMANDS: Self = Self { name: "commands", places: 128, reach: Reach::Log };
    /// For calls to others, who do not want many at once; mail, for one.
    pub const OUTSIDE: Self = Self::outside("outside", 16);

    /// A room of its own, for calls to somebody who may be slow when the others are not.
    #[must_use]
    pub const fn outside(name: &'static str, places: usize) -> Self {
        Self { name, places, reach: Reach::Outside }
    }

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.name
    }

    /// How many are carried out in it at once.
    #[must_use]
    pub fn places(self) -> usize {
        self.places
    }

    /// Whether the ledger waits for the disk, before and after.
    pub(super) fn waits_for_the_disk(self) -> bool {
        self.reach == Reach::Outside
    }
}
