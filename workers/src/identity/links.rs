//! Mails with a link: an invitation, a password to be set anew, an address to be verified or taken.
//!
//! The link's token is made when the mail is sent, and no event and no row of the ledger has it: what is kept is its hash.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tidemark_engine::effects::{Effect, Failed, Handler, Outcome};
use tidemark_engine::event::RecordedEvent;
use tidemark_engine::policy::{Policy, Reaction, ReactionError};
use tidemark_identity::{Purpose, User};
use tidemark_kernel::{Email, UserId};

use super::letter::Letter;
use super::mailroom::{Mailroom, Person, Stopped, told};

/// The page of a site that brings a token to `/auth/email/verify`.
pub(super) const VERIFY_PAGE: &str = "verify-email";

/// Wants a mail with a link where an event of an account asks for one.
#[derive(Debug, Clone, Copy)]
pub struct Links;

impl Policy for Links {
    fn name(&self) -> &'static str {
        "identity.links"
    }

    fn follows(&self) -> &'static [&'static str] {
        &["user"]
    }

    fn react(&self, event: &RecordedEvent) -> Result<Vec<Reaction>, ReactionError> {
        let kind = match &*event.event_type {
            "UserInvited" => LinkKind::Invitation,
            "UserPasswordResetRequested" => LinkKind::PasswordReset,
            "UserEmailChangeRequested" => LinkKind::EmailChange,
            "UserEmailChanged" => LinkKind::Verification,
            _ => return Ok(Vec::new()),
        };
        let user_id = event.aggregate_id.parse().map_err(|_| ReactionError::new("the account's id is no user's id"))?;
        Ok(vec![Reaction::new(kind.name(), &Recipient { user_id })?])
    }

    /// A mail that an address does not take holds up none of another kind, which may go to another address.
    fn ordering_key(&self, event: &RecordedEvent) -> String {
        format!("{}/{}", event.aggregate_id, event.event_type)
    }
}

/// Whom to write to.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Recipient {
    pub(super) user_id: UserId,
}

/// What the link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// To accept an invitation.
    Invitation,
    /// To set the password anew.
    PasswordReset,
    /// To take another address.
    EmailChange,
    /// To show that an address that somebody else has set is one's own.
    Verification,
}

impl LinkKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Invitation, Self::PasswordReset, Self::EmailChange, Self::Verification];

    fn name(self) -> &'static str {
        match self {
            Self::Invitation => "mail.invitation",
            Self::PasswordReset => "mail.passwordReset",
            Self::EmailChange => "mail.emailChange",
            Self::Verification => "mail.verification",
        }
    }

    fn purpose(self) -> Purpose {
        match self {
            Self::Invitation => Purpose::Invite,
            Self::PasswordReset => Purpose::Reset,
            Self::EmailChange => Purpose::ChangeEmail,
            Self::Verification => Purpose::Verify,
        }
    }

    fn page(self) -> &'static str {
        match self {
            Self::Invitation => "accept-invitation",
            Self::PasswordReset => "reset-password",
            Self::EmailChange | Self::Verification => VERIFY_PAGE,
        }
    }

    /// Where the mail goes, if it is still wanted.
    fn address(self, user: &User) -> Option<&Email> {
        let (is_wanted, address) = match self {
            Self::Invitation => (user.is_invited(), &user.email),
            Self::PasswordReset => (user.is_open(), &user.email),
            Self::EmailChange => (user.is_open(), &user.pending_email),
            Self::Verification => (user.is_open() && !user.email_verified, &user.email),
        };
        address.as_ref().filter(|_| is_wanted)
    }

    fn letter(self, person: &Person, link: String) -> Letter {
        let (shop, name) = (person.tenant.name.as_str(), person.user.name.as_str());
        let to = |subject: String| Letter::to(name, subject);
        match self {
            Self::Invitation => to(format!("Your invitation to {shop}"))
                .says(format!("you are invited to {shop}. Choose a password within 30 minutes to accept:"))
                .links(link)
                .says("If you expected no invitation, you need not do anything."),
            Self::PasswordReset => to(format!("Your password at {shop}"))
                .says("somebody has asked to set your password anew. If that was you, do so within 30 minutes:")
                .links(link)
                .says("If it was not you, you need not do anything: your password stays as it is."),
            Self::EmailChange => to(format!("Confirm your new address at {shop}"))
                .says("somebody has asked to use this address for their account. If that was you, confirm it within 30 minutes:")
                .links(link)
                .says("If it was not you, you need not do anything."),
            Self::Verification => to(format!("Confirm your address at {shop}"))
                .says("your account has this address now. Please confirm within 30 minutes that it is yours:")
                .links(link)
                .says("If you do not know of it, just tell us."),
        }
    }
}

/// Sends the mails of one kind.
#[derive(Clone)]
pub struct LinkMail {
    /// Which.
    pub kind: LinkKind,
    /// What it takes.
    pub room: Mailroom,
}

#[async_trait]
impl Handler for LinkMail {
    fn kind(&self) -> &'static str {
        self.kind.name()
    }

    async fn carry_out(&self, effect: &Effect) -> Result<Outcome, Failed> {
        told(write(self.kind, &self.room, effect).await)
    }
}

async fn write(kind: LinkKind, room: &Mailroom, effect: &Effect) -> Result<Outcome, Stopped> {
    room.mailer()?;
    let Recipient { user_id } = effect.decode()?;
    let person = room.person(effect, user_id).await?;
    let Some(address) = kind.address(&person.user) else {
        return Err(Stopped::Moot("it is not wanted any more"));
    };
    if kind == LinkKind::EmailChange && room.is_taken(effect, &person, address).await? {
        return Err(Stopped::Moot("another account has the address"));
    }
    let link = room.link(effect, &person, (kind.purpose(), address), kind.page()).await?;
    room.send(effect, &person, address, &kind.letter(&person, link)).await
}
