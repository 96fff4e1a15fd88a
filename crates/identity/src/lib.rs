//! People: their accounts, roles and sign-ins.
//!
//! Invariants: this crate performs no I/O and decides only from an aggregate's own events. No secret is in an event or in
//! a state: password hashes and tokens are rows beside the log.

mod avatar_url;
mod external_identity;
mod mail_token;
mod password;
mod person_name;
mod user;

pub use avatar_url::AvatarUrl;
pub use external_identity::ExternalIdentity;
pub use mail_token::{MailToken, Purpose};
pub use password::Password;
pub use person_name::PersonName;
pub use user::{User, UserChanges, UserCommand, UserEvent, UserRefusal};
