//! What all mails to people have in common: whom they go to, which token they bring, and how they are sent.

use std::sync::Arc;

use sqlx::PgPool;
use tidemark_engine::commands::{LoadError, load};
use tidemark_engine::database::{ANSWER, in_time};
use tidemark_engine::effects::{Effect, Failed, Outcome};
use tidemark_engine::log::{claim_holder, read_stream};
use tidemark_engine::personal::Keyring;
use tidemark_engine::trace::{Span, SpanKind};
use tidemark_identity::{MailToken, Purpose, User};
use tidemark_kernel::cqrs_es::Aggregate;
use tidemark_kernel::{Email, UserId};
use tidemark_runtime::Settings;
use tidemark_tenancy::Tenant;
use uuid::Uuid;

use super::letter::Letter;
use crate::mail::{Delivery, Mail, Mailer};
use crate::site::Sites;

/// How long a token is good after its mail was sent, in seconds.
const TOKEN_LIFETIME: f64 = 30.0 * 60.0;

/// What it takes to write to people. Clones share it.
#[derive(Clone)]
pub struct Mailroom {
    log: PgPool,
    keyring: Keyring,
    delivery: Delivery,
    sites: Sites,
    /// The present key of the tokens, and the one before it: a mail that is sent again keeps its token.
    keys: Vec<[u8; 32]>,
}

/// Somebody to write to.
pub(super) struct Person {
    pub(super) tenant: Arc<Tenant>,
    pub(super) user: Arc<User>,
}

/// What becomes of a letter for which something is missing.
pub(super) enum Stopped {
    Moot(&'static str),
    Failed(Failed),
}

impl From<Failed> for Stopped {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

impl Mailroom {
    /// Reads the log by `log`, opens names and addresses by `keyring`, and sends as the settings say.
    #[must_use]
    pub fn new(settings: &Settings, log: PgPool, keyring: Keyring, delivery: Delivery) -> Self {
        let keys =
            [Some(settings.derive_key(MailToken::KEY_PURPOSE)), settings.derive_previous_key(MailToken::KEY_PURPOSE)];
        Self { log, keyring, delivery, sites: Sites::new(settings), keys: keys.into_iter().flatten().collect() }
    }

    /// The person as the log has them now.
    pub(super) async fn person(&self, effect: &Effect, user: UserId) -> Result<Person, Stopped> {
        let (user, _) =
            load::<User>(&self.log, &self.keyring, &effect.tenant_id, &user.to_string()).await.map_err(not_now)?;
        let (tenant, _) =
            load::<Tenant>(&self.log, &self.keyring, &effect.tenant_id, &effect.tenant_id).await.map_err(not_now)?;
        Ok(Person { tenant, user })
    }

    /// The account as it was before the event at `sequence` of its stream, and after it, with what may still be known of the
    /// person.
    pub(super) async fn account_around(
        &self,
        effect: &Effect,
        user: UserId,
        sequence: i64,
    ) -> Result<(User, User), Stopped> {
        let later = |reason: &str| Failed::Later(reason.to_owned());
        let stream = format!("{}/{user}", effect.tenant_id);
        let events = read_stream(&self.log, "user", &stream, 0).await;
        let mut events = events.map_err(|_| later("the log cannot be read now"))?;
        events.retain(|event| event.sequence <= sequence);
        self.keyring.open(&mut events).await.map_err(|_| later("the keys of the tenant cannot be read now"))?;
        let (mut before, mut after) = (User::default(), User::default());
        for event in &events {
            before.clone_from(&after);
            // What does not decode may quote the person; a newer version may know it.
            after.apply(event.decode().map_err(|_| later("an event of the account is not understood"))?);
        }
        Ok((before, after))
    }

    /// A page of the tenant's site with the token of this mail, which is good from now on.
    pub(super) async fn link(
        &self,
        effect: &Effect,
        person: &Person,
        (purpose, address): (Purpose, &Email),
        page: &str,
    ) -> Result<String, Stopped> {
        let Some(site) = self.site(person) else {
            return Err(Failed::Later("site_url is not set, so that there is nothing to link to".to_owned()).into());
        };
        let token = self.token(effect, person.user.id, purpose, address).await?;
        Ok(format!("{site}/{page}?token={}", token.expose()))
    }

    /// Where the tenant's site is, if somebody has said so.
    pub(super) fn site(&self, person: &Person) -> Option<String> {
        self.sites.of(&person.tenant)
    }

    /// The token of this mail, of which a hash is kept before anybody can bring it.
    async fn token(
        &self,
        effect: &Effect,
        user: UserId,
        purpose: Purpose,
        address: &Email,
    ) -> Result<MailToken, Stopped> {
        let of = |key, nonce: &[u8; 16]| MailToken::of_mail(key, effect.id, nonce, purpose, user);
        let nonce: [u8; 16] = *Uuid::new_v4().as_bytes();
        let Some(key) = self.keys.first() else {
            return Err(Failed::Later("there is no key for tokens".to_owned()).into());
        };
        let asked = sqlx::query_as(
            "select outcome, nonce, token_hash from identity.keep_mail_token($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(&effect.tenant_id)
        .bind(user.to_string())
        .bind(purpose.as_str())
        .bind(effect.id)
        .bind(effect.created_at)
        .bind(nonce)
        .bind(of(key, &nonce).hash(&effect.tenant_id, address))
        .bind(TOKEN_LIFETIME);
        let kept = in_time(ANSWER, asked.fetch_one(&self.log)).await;
        // What the database says may quote what it was given.
        let (outcome, nonce, hash): (String, Vec<u8>, Vec<u8>) =
            kept.map_err(|_| Failed::Later("the token's hash cannot be kept now".to_owned()))?;
        match outcome.as_str() {
            "newer" => return Err(Stopped::Moot("a newer mail was sent")),
            "used" => return Err(Stopped::Moot("its token was used already")),
            _ => {}
        }
        let nonce: [u8; 16] =
            nonce.try_into().map_err(|_| Failed::Never("the token's nonce is of another length".to_owned()))?;
        let written = self.keys.iter().map(|key| of(key, &nonce));
        let mut same = written.filter(|token| token.is(&hash, &effect.tenant_id, address));
        // After a change of address or of the secret it is another mail.
        same.next().ok_or(Stopped::Moot("its token was for another address or under another secret"))
    }

    /// Whether an account other than the person's has the address.
    pub(super) async fn is_taken(&self, effect: &Effect, person: &Person, address: &Email) -> Result<bool, Stopped> {
        let tenant = &effect.tenant_id;
        let claim = self.keyring.find_claim(tenant, "user.email", &address.key()).await;
        let claim = claim.map_err(|_| Failed::Later("the keys of the tenant cannot be read now".to_owned()))?;
        let Some(claim) = claim else { return Ok(false) };
        let holder = claim_holder(&self.log, tenant, "user.email", &claim).await;
        let holder = holder.map_err(|_| Failed::Later("the claims cannot be read now".to_owned()))?;
        Ok(holder.is_some_and(|holder| holder != person.user.id.to_string()))
    }

    /// Sends a letter to the person at `address`.
    pub(super) async fn send(
        &self,
        effect: &Effect,
        person: &Person,
        address: &Email,
        letter: &Letter,
    ) -> Result<Outcome, Stopped> {
        let letter = letter.clone().says(person.tenant.name.as_str());
        let mail = Mail {
            id: effect.id,
            date: effect.created_at,
            from_name: person.tenant.name.as_str().to_owned(),
            from: person.tenant.settings.sender_address.as_ref().map(|address| address.as_str().to_owned()),
            to_name: person.user.name.as_str().to_owned(),
            to: address.as_str().to_owned(),
            subject: letter.subject.clone(),
            text: letter.text(),
            html: letter.html(),
        };
        let mut span = Span::child(effect.trace, SpanKind::Client, "send mail", "");
        let sent = self.mailer()?.send(&mail).await;
        if sent.is_err() {
            span.fail("not sent");
        }
        sent?;
        Ok(Outcome::Done)
    }

    /// The way that mail takes. Asked for before a token is made for a mail that goes nowhere.
    pub(super) fn mailer(&self) -> Result<&Mailer, Stopped> {
        match &self.delivery {
            Delivery::By(mailer) => Ok(mailer),
            Delivery::Off => Err(Stopped::Moot("mail is switched off")),
            Delivery::Unknown => {
                let unset = "no way for mail is set: mail_smtp_url, mail_folder, or mail = off";
                Err(Failed::Later(unset.to_owned()).into())
            }
        }
    }
}

/// What the ledger is told of a letter.
pub(super) fn told(written: Result<Outcome, Stopped>) -> Result<Outcome, Failed> {
    match written {
        Ok(outcome) => Ok(outcome),
        Err(Stopped::Moot(reason)) => Ok(Outcome::Moot(reason.to_owned())),
        Err(Stopped::Failed(failed)) => Err(failed),
    }
}

/// A stream that does not load may do so in a newer version. What it says there may be about the person.
fn not_now(error: LoadError) -> Failed {
    Failed::Later(match error {
        LoadError::Away(reason) => reason,
        LoadError::Broken { stream, .. } => format!("{stream} does not load"),
    })
}
