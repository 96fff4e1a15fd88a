//! Tenants: made with their first admin, listed, suspended and reinstated. Their end is in [`deletion`](crate::deletion).

use secrecy::SecretString;
use serde::Serialize;
use sqlx::PgPool;
use tidemark_commands::{Commands, Precondition, Transaction, execute, step, transact};
use tidemark_engine::commands::CommandError;
use tidemark_engine::{deletion, log};
use tidemark_identity::{PersonName, User, UserCommand};
use tidemark_kernel::cqrs_es::Aggregate;
use tidemark_kernel::{Email, FieldError, Role, TenantId, Timestamp, UserId};
use tidemark_tenancy::{SuspensionReason, Tenant, TenantCommand, TenantEvent, TenantName, TenantStatus};
use uuid::Uuid;

use crate::operator::{now, scope_of};
use crate::{Failure, secret};

/// A tenant to be made, with its first admin.
#[derive(Debug, Clone)]
pub struct NewTenant {
    /// Its permanent key.
    pub slug: String,
    /// Its display name.
    pub name: String,
    /// The admin's email.
    pub admin_email: String,
    /// What the admin is called.
    pub admin_name: String,
    /// The admin's password.
    pub admin_password: SecretString,
}

/// What came of a creation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Creation<T> {
    /// It was made.
    Created(T),
    /// It is there already; nothing was changed.
    Exists,
}

/// A tenant that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatedTenant {
    /// Its permanent key.
    pub tenant: String,
    /// Its display name.
    pub name: String,
    /// The admin's id.
    pub admin_id: String,
    /// The admin's email.
    pub admin_email: String,
    /// Where the log recorded the last of its events.
    pub position: i64,
}

/// A tenant as the log has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedTenant {
    /// Its permanent key.
    pub tenant: String,
    /// Its display name.
    pub name: String,
    /// `active`, `suspended` or `deleted`; of a deleted one there is nothing but the key.
    pub status: String,
    /// Why it is suspended.
    pub suspension_reason: Option<String>,
    /// From when on it may be deleted, where that was asked for.
    pub deletion_due_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Makes a tenant and its first admin: both or neither.
///
/// # Errors
/// When a value is not taken ([`Failure::Usage`]) or the log is away.
pub async fn create(commands: &Commands, new: NewTenant) -> Result<Creation<CreatedTenant>, Failure> {
    let tenant = key(&new.slug)?;
    if deletion::find(commands.pool(), tenant.as_str()).await?.is_some() {
        return Err(Failure::Refused(format!(
            "`{tenant}` was the key of a tenant that was deleted, and is never used again"
        )));
    }
    let name = TenantName::parse(&new.name).map_err(|error| wrong("name", &error))?;
    let email: Email = new
        .admin_email
        .parse()
        .map_err(|_| Failure::Usage(format!("`{}` is not an email address", new.admin_email)))?;
    let person = PersonName::parse(&new.admin_name).map_err(|error| wrong("admin's name", &error))?;
    let user = UserId::new(Uuid::now_v7());
    let secret = secret::of_password(user, &new.admin_password).await?;
    let at = now();
    let open = TenantCommand::Create { id: tenant.clone(), name: name.clone(), at };
    let register = UserCommand::Register { id: user, email: email.clone(), name: person, role: Role::Admin, at };
    let transaction = Transaction::default()
        .with(step::<Tenant>(&tenant, Precondition::None, open))
        .with(step::<User>(user, Precondition::New, register))
        .with_secret(secret);
    match transact(commands, &scope_of(&tenant, "CreateTenant"), transaction, |_| Vec::new()).await {
        Ok(executed) => Ok(Creation::Created(CreatedTenant {
            tenant: tenant.to_string(),
            name: name.as_str().to_owned(),
            admin_id: user.to_string(),
            admin_email: email.to_string(),
            position: executed.place.position,
        })),
        Err(CommandError::Refused(refusal)) if refusal.code() == "TENANT_EXISTS" => Ok(Creation::Exists),
        Err(error) => Err(error.into()),
    }
}

/// Every tenant by key, folded from the log itself: never behind, whatever the projections do.
///
/// # Errors
/// When the database is away, or an event of a tenant does not decode.
pub async fn list(pool: &PgPool) -> Result<Vec<ListedTenant>, Failure> {
    let events: Vec<(String, sqlx::types::Json<TenantEvent>)> = sqlx::query_as(
        "select tenant_id, payload from log.events where aggregate_type = $1 order by aggregate_id, sequence",
    )
    .bind(Tenant::TYPE)
    .fetch_all(pool)
    .await?;
    let mut tenants: Vec<(String, Tenant)> = Vec::new();
    for (tenant, event) in events {
        if tenants.last().is_none_or(|(last, _)| *last != tenant) {
            tenants.push((tenant, Tenant::default()));
        }
        if let Some((_, state)) = tenants.last_mut() {
            state.apply(event.0);
        }
    }
    Ok(tenants.into_iter().map(|(tenant, state)| listed(tenant, &state)).collect())
}

/// Stops serving a tenant. Says whether it was served until now.
///
/// # Errors
/// [`Failure::NotFound`] when there is no such tenant.
pub async fn suspend(commands: &Commands, slug: &str, reason: Option<&str>) -> Result<bool, Failure> {
    let reason = reason.map(SuspensionReason::parse).transpose().map_err(|error| wrong("reason", &error))?;
    change(commands, slug, "SuspendTenant", TenantCommand::Suspend { reason, at: now() }).await
}

/// Serves a tenant again. Says whether it was suspended until now.
///
/// # Errors
/// [`Failure::NotFound`] when there is no such tenant.
pub async fn reinstate(commands: &Commands, slug: &str) -> Result<bool, Failure> {
    change(commands, slug, "ReinstateTenant", TenantCommand::Reinstate { at: now() }).await
}

/// The key of a tenant that exists.
pub(crate) async fn existing(pool: &PgPool, slug: &str) -> Result<TenantId, Failure> {
    let tenant = key(slug).map_err(|_| none(slug))?;
    let state = state_of(pool, &tenant).await?;
    if state.id.is_none() || state.status == TenantStatus::Deleted { Err(none(slug)) } else { Ok(tenant) }
}

/// A tenant as the log has it; nothing in it where there is none.
pub(crate) async fn state_of(pool: &PgPool, tenant: &TenantId) -> Result<Tenant, Failure> {
    let mut state = Tenant::default();
    for event in log::read_stream(pool, Tenant::TYPE, &format!("{tenant}/{tenant}"), 0).await? {
        state.apply(event.decode().map_err(|error| Failure::Failed(format!("tenant `{tenant}`: {error}")))?);
    }
    Ok(state)
}

/// Whether the command has changed anything.
pub(crate) async fn change(
    commands: &Commands,
    slug: &str,
    name: &str,
    command: TenantCommand,
) -> Result<bool, Failure> {
    let tenant = existing(commands.pool(), slug).await?;
    let at = match &command {
        TenantCommand::Suspend { at, .. }
        | TenantCommand::Reinstate { at }
        | TenantCommand::Create { at, .. }
        | TenantCommand::ChangeSettings { at, .. }
        | TenantCommand::ScheduleDeletion { at, .. }
        | TenantCommand::CallOffDeletion { at }
        | TenantCommand::Delete { at }
        | TenantCommand::Rename { at, .. } => *at,
    };
    let executed = execute::<Tenant>(
        commands,
        &scope_of(&tenant, name),
        step(&tenant, Precondition::Exists, command),
        |state, _| vec![u8::from(state.updated_at == at)],
    )
    .await?;
    Ok(executed.answer == [1])
}

fn listed(tenant: String, state: &Tenant) -> ListedTenant {
    ListedTenant {
        tenant,
        name: state.name.as_str().to_owned(),
        status: state.status.as_str().to_owned(),
        suspension_reason: state.suspension_reason.as_ref().map(|reason| reason.as_str().to_owned()),
        deletion_due_at: state.deletion_due_at,
        created_at: state.created_at,
        updated_at: state.updated_at,
    }
}

pub(crate) fn key(slug: &str) -> Result<TenantId, Failure> {
    slug.parse().map_err(|error| Failure::Usage(format!("`{slug}` cannot be a tenant's key: {error}")))
}

pub(crate) fn none(slug: &str) -> Failure {
    Failure::NotFound(format!("there is no tenant `{slug}`; `admin tenants list` names them"))
}

fn wrong(what: &str, error: &FieldError) -> Failure {
    Failure::Usage(format!("the {what} {error}"))
}
