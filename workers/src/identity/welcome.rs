//! Welcomes whoever has a new account, by mail, with a link that verifies the address where there is a site to link to.
//!
//! The ledger holds the person's id alone. Name and address are read when the mail is sent, so it goes where the person
//! can be reached then, and nowhere when the account was closed meanwhile.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tidemark_engine::effects::{Effect, Failed, Handler, Outcome};
use tidemark_engine::event::RecordedEvent;
use tidemark_engine::policy::{Policy, Reaction, ReactionError};
use tidemark_identity::Purpose;
use tidemark_kernel::UserId;

use super::letter::Letter;
use super::links::VERIFY_PAGE;
use super::mailroom::{Mailroom, Stopped, told};

const KIND: &str = "mail.welcome";

/// Wants a mail for each account that is opened.
#[derive(Debug, Clone, Copy)]
pub struct Welcome;

impl Policy for Welcome {
    fn name(&self) -> &'static str {
        "identity.welcome"
    }

    fn follows(&self) -> &'static [&'static str] {
        &["user"]
    }

    fn react(&self, event: &RecordedEvent) -> Result<Vec<Reaction>, ReactionError> {
        if &*event.event_type != "UserRegistered" {
            return Ok(Vec::new());
        }
        let user_id = event.aggregate_id.parse().map_err(|_| ReactionError::new("the account's id is no user's id"))?;
        Ok(vec![Reaction::new(KIND, &Newcomer { user_id })?])
    }
}

/// Whom to welcome.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Newcomer {
    user_id: UserId,
}

/// Sends the mail.
#[derive(Clone)]
pub struct WelcomeMail(pub Mailroom);

#[async_trait]
impl Handler for WelcomeMail {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn carry_out(&self, effect: &Effect) -> Result<Outcome, Failed> {
        told(welcome(&self.0, effect).await)
    }
}

async fn welcome(room: &Mailroom, effect: &Effect) -> Result<Outcome, Stopped> {
    room.mailer()?;
    let newcomer: Newcomer = effect.decode()?;
    let person = room.person(effect, newcomer.user_id).await?;
    let Some(email) = person.user.email.as_ref().filter(|_| person.user.is_open()) else {
        return Err(Stopped::Moot("the account was closed"));
    };
    let shop = person.tenant.name.as_str();
    let letter = Letter::to(person.user.name.as_str(), format!("Welcome to {shop}"))
        .says(format!("your account at {shop} is ready. You sign in with {email}.", email = email.as_str()));
    let letter = if room.site(&person).is_some() && !person.user.email_verified {
        let link = room.link(effect, &person, (Purpose::Verify, email), VERIFY_PAGE).await?;
        letter.says("Please confirm within 30 minutes that this address is yours:").links(link)
    } else {
        letter
    };
    let letter = letter.says("If you did not ask for it, somebody has used your address; just tell us.");
    room.send(effect, &person, email, &letter).await
}
