//! People of a tenant: made, and given another role.

use secrecy::SecretString;
use serde::Serialize;
use tidemark_commands::{Commands, Precondition, Transaction, execute, step, transact};
use tidemark_engine::commands::CommandError;
use tidemark_identity::{PersonName, User, UserCommand};
use tidemark_kernel::{Email, Kind, Role, TenantId, UserId};
use uuid::Uuid;

use crate::operator::{now, scope_of};
use crate::tenants::{Creation, existing};
use crate::{Failure, secret};

/// The scope of the claim that keeps emails unique in a tenant.
const EMAIL_CLAIM: &str = "user.email";

/// A person to be made.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The tenant's key.
    pub tenant: String,
    /// The email.
    pub email: String,
    /// What the person is called.
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// The password.
    pub password: SecretString,
}

/// A person who was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatedUser {
    /// The tenant's key.
    pub tenant: String,
    /// The account's id.
    pub user_id: String,
    /// The email.
    pub email: String,
    /// What the person may do.
    pub role: Role,
    /// Where the log recorded it.
    pub position: i64,
}

/// A role that was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangedRole {
    /// The tenant's key.
    pub tenant: String,
    /// The account's id.
    pub user_id: String,
    /// What the person may do from now on.
    pub role: Role,
    /// Whether it was another role before.
    pub changed: bool,
}

/// Makes a person in a tenant; [`Creation::Exists`] when the tenant has somebody with that email.
///
/// # Errors
/// [`Failure::NotFound`] when there is no such tenant, [`Failure::Usage`] when a value is not taken.
pub async fn create(commands: &Commands, new: NewUser) -> Result<Creation<CreatedUser>, Failure> {
    let email: Email =
        new.email.parse().map_err(|_| Failure::Usage(format!("`{}` is not an email address", new.email)))?;
    let name = PersonName::parse(&new.name).map_err(|error| Failure::Usage(format!("the name {error}")))?;
    let tenant = existing(commands.pool(), &new.tenant).await?;
    let id = UserId::new(Uuid::now_v7());
    let secret = secret::of_password(id, &new.password).await?;
    let register = UserCommand::Register { id, email: email.clone(), name, role: new.role, at: now() };
    let transaction = Transaction::default().with(step::<User>(id, Precondition::New, register)).with_secret(secret);
    match transact(commands, &scope_of(&tenant, "CreateUser"), transaction, |_| Vec::new()).await {
        Ok(executed) => Ok(Creation::Created(CreatedUser {
            tenant: tenant.to_string(),
            user_id: id.to_string(),
            email: email.to_string(),
            role: new.role,
            position: executed.place.position,
        })),
        Err(CommandError::Refused(refusal)) if refusal.code() == "EMAIL_CONFLICT" => Ok(Creation::Exists),
        Err(error) => Err(error.into()),
    }
}

/// Gives a person, named by id or email, another role.
///
/// # Errors
/// [`Failure::NotFound`] when there is no such tenant or person, [`Failure::Refused`] for the last admin.
pub async fn set_role(commands: &Commands, tenant: &str, who: &str, role: Role) -> Result<ChangedRole, Failure> {
    let tenant = existing(commands.pool(), tenant).await?;
    let id = find(commands, &tenant, who).await?;
    let at = now();
    let change = step::<User>(id, Precondition::None, UserCommand::ChangeRole { role, at });
    let executed = execute(commands, &scope_of(&tenant, "ChangeUserRole"), change, |user, _| {
        vec![u8::from(user.updated_at == at)]
    })
    .await;
    let executed = match executed {
        Err(CommandError::Refused(refusal)) if refusal.kind() == Kind::NotFound => return Err(nobody(&tenant, who)),
        Err(CommandError::Refused(refusal)) if refusal.code() == "LAST_ADMIN" => {
            return Err(Failure::Refused(format!(
                "`{who}` is the last admin of `{tenant}`; make somebody else admin first"
            )));
        }
        other => other?,
    };
    Ok(ChangedRole { tenant: tenant.to_string(), user_id: id.to_string(), role, changed: executed.answer == [1] })
}

pub(crate) async fn find(commands: &Commands, tenant: &TenantId, who: &str) -> Result<UserId, Failure> {
    if let Ok(id) = who.parse() {
        return Ok(id);
    }
    let email: Email =
        who.parse().map_err(|_| Failure::Usage(format!("`{who}` is neither a user's id nor an email address")))?;
    let holder = commands.personal_claim_holder(tenant.as_str(), EMAIL_CLAIM, &email.key()).await?;
    holder.and_then(|id| id.parse().ok()).ok_or_else(|| nobody(tenant, who))
}

pub(crate) fn nobody(tenant: &TenantId, who: &str) -> Failure {
    Failure::NotFound(format!("there is no user `{who}` in tenant `{tenant}`"))
}
