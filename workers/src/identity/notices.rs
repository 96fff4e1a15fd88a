//! Tells people by mail what happens to their account and may not be their doing.
//!
//! A notice goes to the address that the account had when it happened, whatever has become of it since: whoever has taken the
//! account over must not be the one who is told.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tidemark_engine::effects::{Effect, Failed, Handler, Outcome};
use tidemark_engine::event::RecordedEvent;
use tidemark_engine::policy::{Policy, Reaction, ReactionError};
use tidemark_identity::User;
use tidemark_kernel::{Email, UserId};

use super::letter::Letter;
use super::mailroom::{Mailroom, Stopped, told};

/// Wants people to be told.
#[derive(Debug, Clone, Copy)]
pub struct Notices;

impl Policy for Notices {
    fn name(&self) -> &'static str {
        "identity.notices"
    }

    fn follows(&self) -> &'static [&'static str] {
        &["user"]
    }

    fn react(&self, event: &RecordedEvent) -> Result<Vec<Reaction>, ReactionError> {
        let notice = match &*event.event_type {
            "UserEmailChangeRequested" => Notice::EmailChange,
            "UserEmailChanged" => Notice::EmailChanged,
            "UserSignInsFailed" => Notice::FailedSignIns,
            _ => return Ok(Vec::new()),
        };
        let user_id = event.aggregate_id.parse().map_err(|_| ReactionError::new("the account's id is no user's id"))?;
        let concerned = Concerned { user_id, sequence: event.sequence };
        Ok(vec![Reaction::new(notice.kind(), &concerned)?])
    }

    /// A mail that an address does not take holds up none of another kind, which may go to another address.
    fn ordering_key(&self, event: &RecordedEvent) -> String {
        format!("{}/{}", event.aggregate_id, event.event_type)
    }
}

/// Whom it concerns, and the place of the event in their stream.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Concerned {
    user_id: UserId,
    /// Of a notice from before it was noted, all that has happened counts.
    #[serde(default = "the_end")]
    sequence: i64,
}

fn the_end() -> i64 {
    i64::MAX
}

/// What is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// Another address was asked for.
    EmailChange,
    /// The account has another address.
    EmailChanged,
    /// Somebody tries passwords.
    FailedSignIns,
}

impl Notice {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::EmailChange, Self::EmailChanged, Self::FailedSignIns];

    fn kind(self) -> &'static str {
        match self {
            Self::EmailChange => "mail.emailChangeNotice",
            Self::EmailChanged => "mail.emailChangedNotice",
            Self::FailedSignIns => "mail.failedSignInsNotice",
        }
    }

    /// Where it goes: to the address of before. Of one that is merely written in other letters now there is nothing to tell.
    fn address<'a>(self, before: &'a User, after: &User) -> Option<&'a Email> {
        before.email.as_ref().filter(|former| self != Self::EmailChanged || Some(*former) != after.email.as_ref())
    }

    fn letter(self, name: &str, shop: &str) -> Letter {
        let to = |subject: String| Letter::to(name, subject);
        match self {
            Self::EmailChange => to(format!("Another address for your account at {shop}"))
                .says("somebody who knows your password has asked that your account have another address.")
                .says("If it was not you, change your password now: that takes it back as long as it is not confirmed."),
            Self::EmailChanged => to(format!("Your account at {shop} has another address"))
                .says("your account has another address now, and mail about it goes there from now on.")
                .says("If you do not know of it, tell us at once."),
            Self::FailedSignIns => to(format!("Failed sign-ins to your account at {shop}"))
                .says("somebody has tried at least ten times today to sign in to your account with a wrong password. Nobody got in by that, and your account is not locked.")
                .says("If it was you and you have forgotten your password, ask for a mail to set it anew. If it was not you, you need not do anything; where you use the same password elsewhere, choose another one.")
                .says("We write to you about this once a day at most."),
        }
    }
}

/// Sends the mails of one kind.
#[derive(Clone)]
pub struct NoticeMail {
    /// What is told.
    pub notice: Notice,
    /// What it takes.
    pub room: Mailroom,
}

#[async_trait]
impl Handler for NoticeMail {
    fn kind(&self) -> &'static str {
        self.notice.kind()
    }

    async fn carry_out(&self, effect: &Effect) -> Result<Outcome, Failed> {
        told(tell(self.notice, &self.room, effect).await)
    }
}

async fn tell(notice: Notice, room: &Mailroom, effect: &Effect) -> Result<Outcome, Stopped> {
    room.mailer()?;
    let Concerned { user_id, sequence } = effect.decode()?;
    let person = room.person(effect, user_id).await?;
    if !person.user.is_open() {
        return Err(Stopped::Moot("the account was closed"));
    }
    let (before, after) = room.account_around(effect, user_id, sequence).await?;
    let Some(address) = notice.address(&before, &after) else {
        return Err(Stopped::Moot("there is no address to tell"));
    };
    let letter = notice.letter(before.name.as_str(), person.tenant.name.as_str());
    room.send(effect, &person, address, &letter).await
}
