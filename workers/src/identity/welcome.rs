//! Welcomes whoever has a new account, by mail.
//!
//! The ledger holds the person's id alone. Name and address are read when the mail is sent, so it goes where the person
//! can be reached then, and nowhere when the account was closed meanwhile.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tidemark_engine::commands::{LoadError, load};
use tidemark_engine::effects::{Effect, Failed, Handler, Outcome};
use tidemark_engine::event::RecordedEvent;
use tidemark_engine::personal::Keyring;
use tidemark_engine::policy::{Policy, Reaction, ReactionError};
use tidemark_identity::User;
use tidemark_kernel::UserId;
use tidemark_tenancy::Tenant;

use crate::mail::{Delivery, Mail, escaped};

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
#[derive(Debug, Clone)]
pub struct WelcomeMail {
    /// Reads the log.
    pub log: PgPool,
    /// Opens names and addresses.
    pub keyring: Keyring,
    /// What becomes of mail.
    pub delivery: Delivery,
}

#[async_trait]
impl Handler for WelcomeMail {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn carry_out(&self, effect: &Effect) -> Result<Outcome, Failed> {
        let mailer = match &self.delivery {
            Delivery::By(mailer) => mailer,
            Delivery::Off => return Ok(Outcome::Moot("mail is switched off".to_owned())),
            Delivery::Unknown => {
                return Err(Failed::Later(
                    "no way for mail is set: mail_smtp_url, mail_folder, or mail = off".to_owned(),
                ));
            }
        };
        let newcomer: Newcomer = effect.decode()?;
        let (user, _) = load::<User>(&self.log, &self.keyring, &effect.tenant_id, &newcomer.user_id.to_string())
            .await
            .map_err(not_now)?;
        let Some(email) = user.email.as_ref().filter(|_| user.is_open()) else {
            return Ok(Outcome::Moot("the account was closed".to_owned()));
        };
        let (tenant, _) =
            load::<Tenant>(&self.log, &self.keyring, &effect.tenant_id, &effect.tenant_id).await.map_err(not_now)?;
        let (shop, person) = (tenant.name.as_str(), user.name.as_str());
        mailer
            .send(&Mail {
                id: effect.id,
                date: effect.created_at,
                from_name: shop.to_owned(),
                to_name: person.to_owned(),
                to: email.as_str().to_owned(),
                subject: format!("Welcome to {shop}"),
                text: text(shop, person, email.as_str()),
                html: html(shop, person, email.as_str()),
            })
            .await?;
        Ok(Outcome::Done)
    }
}

/// A stream that does not load may do so in a newer version. What it says there may be about the person.
fn not_now(error: LoadError) -> Failed {
    Failed::Later(match error {
        LoadError::Away(reason) => reason,
        LoadError::Broken { stream, .. } => format!("{stream} does not load"),
    })
}

fn text(shop: &str, person: &str, email: &str) -> String {
    format!(
        "Hello {person},\n\n\
         your account at {shop} is ready. You sign in with {email}.\n\n\
         If you did not ask for it, somebody has used your address; just tell us.\n\n\
         {shop}\n"
    )
}

fn html(shop: &str, person: &str, email: &str) -> String {
    let (shop, person, email) = (escaped(shop), escaped(person), escaped(email));
    format!(
        "<!doctype html>\n<html><head><meta charset=\"utf-8\"><title>{shop}</title></head><body>\n\
         <p>Hello {person},</p>\n\
         <p>your account at <strong>{shop}</strong> is ready. You sign in with {email}.</p>\n\
         <p>If you did not ask for it, somebody has used your address; just tell us.</p>\n\
         <p>{shop}</p>\n\
         </body></html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_is_called_is_text_and_no_html() {
        let html = html("Tom & Co", "<script>", "o'hara@example.com");
        assert!(html.contains("Hello &lt;script&gt;,") && html.contains("Tom &amp; Co"), "{html}");
        assert!(html.contains("o&#39;hara@example.com"));
    }
}
