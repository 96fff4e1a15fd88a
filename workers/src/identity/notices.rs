//! Tells people by mail what happens to their account and may not be their doing.

use async_trait::async_trait;
use tidemark_engine::effects::{Effect, Failed, Handler, Outcome};
use tidemark_engine::event::RecordedEvent;
use tidemark_engine::policy::{Policy, Reaction, ReactionError};

use super::letter::Letter;
use super::links::Recipient;
use super::mailroom::{Mailroom, Stopped, told};

const KIND: &str = "mail.emailChangeNotice";

/// Wants the present address to be told that another one was asked for.
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
        if &*event.event_type != "UserEmailChangeRequested" {
            return Ok(Vec::new());
        }
        let user_id = event.aggregate_id.parse().map_err(|_| ReactionError::new("the account's id is no user's id"))?;
        Ok(vec![Reaction::new(KIND, &Recipient { user_id })?])
    }
}

/// Sends the mail.
#[derive(Clone)]
pub struct EmailChangeNotice(pub Mailroom);

#[async_trait]
impl Handler for EmailChangeNotice {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn carry_out(&self, effect: &Effect) -> Result<Outcome, Failed> {
        told(tell(&self.0, effect).await)
    }
}

async fn tell(room: &Mailroom, effect: &Effect) -> Result<Outcome, Stopped> {
    room.mailer()?;
    let Recipient { user_id } = effect.decode()?;
    let person = room.person(effect, user_id).await?;
    let user = &person.user;
    if !user.is_open() {
        return Err(Stopped::Moot("the account was closed"));
    }
    // The new address may have been confirmed while this mail was waiting: then the one before it is told.
    let before = if user.pending_email.is_some() { &user.email } else { &user.former_email };
    let Some(address) = before.as_ref().or(user.email.as_ref()) else {
        return Err(Stopped::Moot("the account has no address"));
    };
    let shop = person.tenant.name.as_str();
    let letter = Letter::to(user.name.as_str(), format!("Another address for your account at {shop}"))
        .says("somebody who knows your password has asked that your account have another address.")
        .says("If it was not you, change your password now: that takes it back as long as it is not confirmed.");
    room.send(effect, &person, address, &letter).await
}
