//! What may be asked of an account.

use tidemark_kernel::{Email, Role, SessionId, Timestamp, UserId};

use crate::{AvatarUrl, ExternalIdentity, PersonName};

/// What may be asked of an account.
#[derive(Debug, Clone)]
pub enum UserCommand {
    /// Opens an account.
    Register {
        /// Its id.
        id: UserId,
        /// Where to reach the person.
        email: Email,
        /// What the person is called.
        name: PersonName,
        /// What the person may do.
        role: Role,
        /// When.
        at: Timestamp,
    },
    /// Changes what the person says about themselves.
    Edit {
        /// What is new.
        changes: UserChanges,
        /// When.
        at: Timestamp,
    },
    /// Gives the person another role.
    ChangeRole {
        /// The new role.
        role: Role,
        /// When.
        at: Timestamp,
    },
    /// Opens an account for somebody who is to accept it, or asks them again.
    Invite {
        /// Its id.
        id: UserId,
        /// Where to reach the person.
        email: Email,
        /// What the person is called.
        name: PersonName,
        /// What the person may do, once they have accepted.
        role: Role,
        /// The admin who answers for that.
        by: UserId,
        /// When.
        at: Timestamp,
    },
    /// Takes the invitation that a mail has brought, and signs in; hash and session are rows that the same append writes.
    AcceptInvitation {
        /// The new session.
        session: SessionId,
        /// When.
        at: Timestamp,
    },
    /// Asks for a mail by which the password can be set anew.
    RequestPasswordReset {
        /// When.
        at: Timestamp,
    },
    /// Records that whoever reads the account's mail has set the password anew; all sessions end.
    ResetPassword {
        /// When.
        at: Timestamp,
    },
    /// Asks for another address, which has to be confirmed by a mail there.
    RequestEmailChange {
        /// The address to come.
        email: Email,
        /// When.
        at: Timestamp,
    },
    /// Takes the address that was asked for: its mail was read.
    ConfirmEmailChange {
        /// When.
        at: Timestamp,
    },
    /// Records that mail to the account's address is read by whom it belongs to.
    VerifyEmail {
        /// When.
        at: Timestamp,
    },
    /// Records that the password was changed; the hash is a row that the same append writes.
    ChangePassword {
        /// When.
        at: Timestamp,
    },
    /// Records a sign-in; the session is a row that the same append writes.
    SignIn {
        /// The new session.
        session: SessionId,
        /// When.
        at: Timestamp,
    },
    /// Opens an account for somebody whom a provider vouches for, the address included. It has no password.
    RegisterByIdentity {
        /// Its id.
        id: UserId,
        /// Where to reach the person.
        email: Email,
        /// What the person is called.
        name: PersonName,
        /// What the person may do.
        role: Role,
        /// Who the person is at the provider.
        identity: ExternalIdentity,
        /// When.
        at: Timestamp,
    },
    /// Records a sign-in by a provider. One that is new to the account is linked to it, which takes an address that the
    /// provider has verified; where the account has not, its password and sessions are somebody else's: the same append
    /// removes them.
    SignInByIdentity {
        /// Who the person is at the provider.
        identity: ExternalIdentity,
        /// The new session.
        session: SessionId,
        /// When.
        at: Timestamp,
    },
    /// Ends sessions, whose rows the same append removes.
    RevokeSessions {
        /// Which; all of the person's where none is named.
        session: Option<SessionId>,
        /// When.
        at: Timestamp,
    },
    /// Records that a refresh token came again after it was replaced: somebody has stolen it. Its session ends.
    ReportReuse {
        /// The session whose token it was.
        session: SessionId,
        /// When.
        at: Timestamp,
    },
    /// Records that sign-ins with a wrong password come again and again, so that the owner is told: at most once a day.
    ReportFailedSignIns {
        /// When.
        at: Timestamp,
    },
    /// Closes the account for good.
    Delete {
        /// When.
        at: Timestamp,
    },
    /// Closes the account if it is open, and records that nobody can read the person's data any more; the append that
    /// does so destroys the key.
    Erase {
        /// When.
        at: Timestamp,
    },
}

/// The changed fields of an account: `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserChanges {
    /// A new name.
    pub name: Option<PersonName>,
    /// A new picture, or `Some(None)` for none.
    pub avatar_url: Option<Option<AvatarUrl>>,
    /// A new email address.
    pub email: Option<Email>,
}
