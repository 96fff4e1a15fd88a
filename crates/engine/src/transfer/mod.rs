//! Moving a tenant between logs: everything of it goes into a file, and from there into another database, where its events
//! have the ids, the order and the tenant positions that they had.
//!
//! - The file is read to its end, and every check in it was right, before the log is touched. Then all of it is appended in
//!   one transaction under the log's own lock, or nothing: nobody ever sees a part of a tenant.
//! - Keys and secrets travel under a passphrase or not at all. An erased person's data is as unreadable there as here.
//! - Events that came by this way say so ([`FIRST_RECORDED_AT`](crate::event::FIRST_RECORDED_AT)), and no policy reacts to
//!   them: what they were to lead to has happened.
//!
//! Input and output are plain blocking files and pipes: this is an operator's work in a process of its own.

mod check;
mod contents;
mod export;
mod file;
mod import;
mod stage;

use std::io;

pub use export::{Export, Exported, Secrets, export};
pub use import::{Import, Imported, Incoming, People};

use crate::personal::KeyError;

/// How far a transfer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// So many events of all are written or read.
    Events {
        /// So many.
        done: i64,
        /// Of so many.
        total: i64,
    },
    /// The file was sound; its events are being appended, and other appends wait.
    Appending,
}

/// Why a tenant could not be moved. Nothing was written into the log then.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The database is away, or refused.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The file could not be read or written.
    #[error("the file failed: {0}")]
    File(#[from] io::Error),
    /// Keys do not open under this secret.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// There is nothing to export.
    #[error("there is no tenant `{0}`")]
    NoTenant(String),
    /// It is no such file.
    #[error("this is no export of a tenant")]
    Foreign,
    /// It was written by another version.
    #[error("the file has format {0:?}, and this version knows format 1")]
    OtherFormat(String),
    /// It ends in the middle.
    #[error("the file is cut off in frame {frame}")]
    Truncated {
        /// Which, from 1.
        frame: u64,
    },
    /// It is not what was written.
    #[error("the file is damaged at frame {frame}: {reason}")]
    Damaged {
        /// Which, from 1.
        frame: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// Its frames are sound, and what they say together is not.
    #[error("the file contradicts itself: {0}")]
    Contradiction(String),
    /// It is another tenant's.
    #[error("the file holds the tenant `{found}`, not `{asked}`")]
    OtherTenant {
        /// Whose file was expected.
        asked: String,
        /// Whose it is.
        found: String,
    },
    /// The tenant, or something of it, is here already.
    #[error(
        "the tenant `{tenant}` is here already, with {events} event(s); an import needs a database that has nothing of it"
    )]
    Present {
        /// Which.
        tenant: String,
        /// How many events it has.
        events: i64,
    },
    /// Keys of people are here whose tenant is not: what the file brings could not be told from it by processes that know them.
    #[error(
        "there are keys of people of `{0}` here, and no tenant: a command failed that was to make it; delete its rows in log.tenant_keys and log.subject_keys, and restart the services"
    )]
    KeysPresent(String),
    /// This version does not know what happened.
    #[error(
        "event {tenant_position} is {event_type} version {event_version} of {aggregate_type}, which this version does not know; import with the version that wrote it"
    )]
    UnknownEvent {
        /// Its place in the tenant.
        tenant_position: i64,
        /// The type of its aggregate.
        aggregate_type: String,
        /// Its type.
        event_type: String,
        /// The version of its shape.
        event_version: String,
    },
    /// The file has secrets, and nobody gave the passphrase.
    #[error("the file has secrets: it needs the passphrase that they were sealed with")]
    NoPassphrase,
    /// The secrets do not open.
    #[error("this is not the passphrase that the file's secrets were sealed with")]
    WrongPassphrase,
    /// The file has no keys for what is sealed in it.
    #[error(
        "the file has no keys, and the personal data of {0} people in it is sealed: nobody could read it, or sign in"
    )]
    NoKeys(i64),
}
