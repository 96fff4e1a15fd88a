//! What happens to an account, for ever.

use serde::{Deserialize, Serialize};
use tidemark_kernel::{Email, Personal, Role, SessionId, Timestamp, UserId, domain_event};

use crate::{AvatarUrl, PersonName};

/// What happened to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "the fields are the words of the commands")]
pub enum UserEvent {
    /// It was opened.
    UserRegistered { id: UserId, email: Personal<Email>, name: Personal<PersonName>, role: Role, at: Timestamp },
    /// Somebody was invited to it, for the first time or again.
    UserInvited {
        id: UserId,
        email: Personal<Email>,
        name: Personal<PersonName>,
        role: Role,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        invited_by: Option<UserId>,
        at: Timestamp,
    },
    /// The person has taken the invitation.
    UserInvitationAccepted { at: Timestamp },
    /// The person is called something else.
    UserRenamed { name: Personal<PersonName>, at: Timestamp },
    /// The person has another picture, or none.
    UserAvatarChanged { avatar_url: Option<Personal<AvatarUrl>>, at: Timestamp },
    /// The person is reached elsewhere.
    UserEmailChanged { email: Personal<Email>, at: Timestamp },
    /// Another address was asked for; it is none before it was confirmed.
    UserEmailChangeRequested { email: Personal<Email>, at: Timestamp },
    /// Mail to the address is read by whom it belongs to.
    UserEmailVerified { at: Timestamp },
    /// The person may do something else.
    UserRoleChanged { role: Role, at: Timestamp },
    /// A mail was asked for by which the password can be set anew.
    UserPasswordResetRequested { at: Timestamp },
    /// The password is another one.
    UserPasswordChanged { at: Timestamp },
    /// The account has no password any more.
    UserPasswordRemoved { at: Timestamp },
    /// The account can be signed in to by a provider.
    UserIdentityLinked { issuer: String, subject: Personal<String>, at: Timestamp },
    /// The person signed in.
    UserSignedIn { session_id: SessionId, at: Timestamp },
    /// A session ended before its time, or all of them where none is named.
    UserSessionsRevoked {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session_id: Option<SessionId>,
        at: Timestamp,
    },
    /// A refresh token came again after it was replaced, so its session ended.
    UserTokenReused { session_id: SessionId, at: Timestamp },
    /// Somebody has tried again and again to sign in with a wrong password.
    UserSignInsFailed { at: Timestamp },
    /// The account was closed.
    UserDeleted { at: Timestamp },
    /// The person's data was made unreadable.
    UserErased { at: Timestamp },
}

domain_event!(UserEvent {
    UserRegistered,
    UserInvited,
    UserInvitationAccepted,
    UserRenamed,
    UserAvatarChanged,
    UserEmailChanged,
    UserEmailChangeRequested,
    UserEmailVerified,
    UserRoleChanged,
    UserPasswordResetRequested,
    UserPasswordChanged,
    UserPasswordRemoved,
    UserIdentityLinked,
    UserSignedIn,
    UserSessionsRevoked,
    UserTokenReused,
    UserSignInsFailed,
    UserDeleted,
    UserErased,
});
