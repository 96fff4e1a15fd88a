//! How an account says no.

use tidemark_kernel::{Kind, Refusal};

/// How an account says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UserRefusal {
    /// The id is in use.
    #[error("an account with this id exists already")]
    AlreadyExists,
    /// There is no such account, or it was deleted.
    #[error("there is no such user")]
    NotFound,
    /// The person was erased before; there is nothing left to erase.
    #[error("the person was erased already")]
    AlreadyErased,
    /// Another account of the tenant has this email.
    #[error("an account with this email exists already")]
    EmailTaken,
    /// Another account of the tenant is signed in to by this identity.
    #[error("this identity is linked to another account")]
    IdentityTaken,
    /// The tenant would be left without an admin.
    #[error("the last admin can be neither deleted nor demoted")]
    LastAdmin,
    /// Nobody is invited to this account, or the invitation was accepted.
    #[error("there is no invitation to accept")]
    NotInvited,
    /// No other address was asked for, or something has happened since that took that back.
    #[error("no other email was asked for")]
    NoEmailChange,
}

impl Refusal for UserRefusal {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::AlreadyExists
            | Self::AlreadyErased
            | Self::EmailTaken
            | Self::IdentityTaken
            | Self::LastAdmin
            | Self::NotInvited
            | Self::NoEmailChange => Kind::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyExists => "USER_EXISTS",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyErased => "ALREADY_ERASED",
            Self::EmailTaken => "EMAIL_CONFLICT",
            Self::IdentityTaken => "IDENTITY_CONFLICT",
            Self::LastAdmin => "LAST_ADMIN",
            Self::NotInvited => "NOT_INVITED",
            Self::NoEmailChange => "NO_EMAIL_CHANGE",
        }
    }
}
