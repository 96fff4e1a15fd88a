//! The words that every Tidemark module shares: ids, time, email, roles, who is calling, how a rule refuses,
//! and what an aggregate root owes the log.
//!
//! Invariants: this crate is pure. It performs no I/O, reads no clock and draws no random number.

#[doc(hidden)]
pub use cqrs_es;
#[doc(hidden)]
pub use serde;

mod caller;
mod claim;
mod email;
mod event;
mod field;
mod ids;
mod personal;
mod refusal;
mod root;
#[cfg(feature = "testing")]
pub mod testing;
mod time;

pub use caller::{Actor, Caller, Role};
pub use claim::ClaimChange;
pub use email::{Email, EmailError};
#[doc(hidden)]
pub use event::Tagged;
pub use event::{Event, tag_of};
pub use field::{FieldError, absent_or_null, multi_line, single_line};
pub use ids::{PostId, ServiceTokenId, SessionId, TenantId, TenantIdError, UserId};
pub use personal::Personal;
pub use refusal::{Kind, Refusal};
pub use root::Root;
pub use time::Timestamp;
