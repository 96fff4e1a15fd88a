//! Which account a provider's person signs in to: the one that is linked to them, one of their address, or a new one.

use http::{HeaderValue, StatusCode};
use tidemark_commands::{Precondition, Secret, Transaction, step};
use tidemark_identity::{PersonName, Purpose, User, UserCommand};
use tidemark_kernel::{Actor, Email, Role, UserId};
use tokio::time::{Duration, Instant};
use uuid::Uuid;

use super::provider::Person;
use crate::App;
use crate::client::Client;
use crate::command::CommandContext;
use crate::identity::auth::{PASSWORD, credentials};
use crate::identity::mail_tokens;
use crate::identity::session_rows::{self, Which};
use crate::identity::sessions::{Opening, SignedInNow};
use crate::identity::users::UserView;
use crate::problem::Problem;
use crate::tenancy::people::within_quota;

/// How long a sign-in is tried again while accounts change under it.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(50);

/// Signs a person in whom a provider has proven.
pub(super) async fn sign_in(
    app: &App,
    context: &CommandContext,
    client: &Client,
    person: &Person,
) -> Result<SignedInNow, Problem> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let signed_in = match account(app, context, person).await? {
            Some(id) => enter(app, context, client, person, id).await,
            None => register(app, context, client, person).await,
        };
        match signed_in {
            Err(problem) if is_outrun(&problem) => {
                if Instant::now() >= deadline {
                    return Err(Problem::overloaded());
                }
                tokio::time::sleep(PAUSE).await;
            }
            done => return done,
        }
    }
}

/// Whether somebody else was faster: the account was changed, deleted or made meanwhile.
fn is_outrun(problem: &Problem) -> bool {
    matches!(problem.status(), StatusCode::PRECONDITION_FAILED | StatusCode::NOT_FOUND)
        || matches!(problem.code(), "EMAIL_CONFLICT" | "IDENTITY_CONFLICT")
}

/// The account of the identity, else that of the address; `None` where there is neither. Only an address that the provider
/// has verified leads anywhere.
async fn account(app: &App, context: &CommandContext, person: &Person) -> Result<Option<UserId>, Problem> {
    let holder = async |scope: &'static str, value: &str| {
        let holder = app.commands.personal_claim_holder(context.tenant().as_str(), scope, value).await?;
        Ok::<_, Problem>(holder.and_then(|id| id.parse::<UserId>().ok()))
    };
    if let Some(id) = holder(User::IDENTITY_CLAIM, &person.identity.key()).await? {
        return Ok(Some(id));
    }
    match &person.verified_email {
        Some(email) => holder("user.email", &email.key()).await,
        None => Err(Problem::new(
            StatusCode::FORBIDDEN,
            "EMAIL_NOT_VERIFIED",
            "The provider has not verified an email address of this account",
        )),
    }
}

/// Signs in to an account that there is. Where the identity is new to it and its address was never verified, whoever has
/// set its password may be somebody else: password and sessions go with the same append.
async fn enter(
    app: &App,
    context: &CommandContext,
    client: &Client,
    person: &Person,
    id: UserId,
) -> Result<SignedInNow, Problem> {
    let (tenant, identity) = (context.tenant(), &person.identity);
    let (version, _) = credentials(app, tenant, id).await?;
    let (user, version) = tidemark_commands::known_at::<User>(&app.commands, tenant, id, version).await?;
    if user.is_invited() {
        let title = "Somebody has invited you: accept that first, by the mail that came";
        return Err(Problem::new(StatusCode::CONFLICT, "INVITATION_PENDING", title));
    }
    let is_linked = user.identities.contains(identity);
    let has_address = user.email.as_ref().map(Email::key) == person.verified_email.as_ref().map(Email::key);
    if !is_linked && !has_address {
        // The account was found by an address that it does not have any more.
        return Err(Problem::version_mismatch(version));
    }
    let opening = Opening::new(app, tenant, id, client).await?;
    let command =
        UserCommand::SignInByIdentity { identity: identity.clone(), session: opening.session(), at: context.at() };
    let mut transaction = Transaction::default().with(step::<User>(id, Precondition::Version(version), command));
    if !is_linked && !user.email_verified {
        let password = Secret { kind: PASSWORD.to_owned(), subject: id.to_string(), value: None };
        transaction = transaction
            .with_secret(password)
            .with_row_change(session_rows::close(id, Which::All))
            .with_row_change(mail_tokens::end(id, &[Purpose::Reset, Purpose::ChangeEmail]));
    }
    finish(context, transaction.with_row_change(opening.change.clone()), id, opening).await
}

/// Opens an account. It has no password; a reset by mail gives it one.
async fn register(
    app: &App,
    context: &CommandContext,
    client: &Client,
    person: &Person,
) -> Result<SignedInNow, Problem> {
    let Some(email) = person.verified_email.clone() else { return Err(Problem::forbidden()) };
    let id = UserId::new(Uuid::now_v7());
    let name = called(person.name.as_deref(), &email);
    let identity = person.identity.clone();
    let command = UserCommand::RegisterByIdentity { id, email, name, role: Role::Member, identity, at: context.at() };
    let transaction = Transaction::default().with(step::<User>(id, Precondition::New, command));
    // Asked first: a session makes a key for its person.
    let transaction = within_quota(app, context, transaction).await?;
    let opening = Opening::new(app, context.tenant(), id, client).await?;
    finish(context, transaction.with_row_change(opening.change.clone()), id, opening).await
}

async fn finish(
    context: &CommandContext,
    transaction: Transaction,
    id: UserId,
    opening: Opening,
) -> Result<SignedInNow, Problem> {
    let context = context.clone().by(Actor::User(id));
    let (user, accepted) = context
        .transact_unremembered("SignInByIdentity", transaction, |decided| decided.state::<User>(0).map(UserView::of))
        .await?;
    let position: HeaderValue = accepted.position();
    Ok(opening.signed_in(user, context.at(), position))
}

/// What the provider calls the person, else what stands before the `@`.
fn called(name: Option<&str>, email: &Email) -> PersonName {
    let local = || email.as_str().split('@').next().unwrap_or_default();
    let cut = |text: &str| PersonName::parse(&text.chars().take(PersonName::MAX).collect::<String>()).ok();
    name.and_then(cut).or_else(|| cut(local())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_is_called_as_the_provider_says_or_else_as_the_address_does() {
        let email: Email = "ada.king@example.com".parse().expect("an email");
        assert_eq!(called(Some("Ada"), &email).as_str(), "Ada");
        assert_eq!(called(Some(&"x".repeat(500)), &email).as_str().len(), PersonName::MAX);
        for nothing in [None, Some(""), Some("  "), Some("a\nb")] {
            assert_eq!(called(nothing, &email).as_str(), "ada.king");
        }
    }
}
