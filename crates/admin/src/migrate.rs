//! Brings a database to this version: roles, migrations, the tables of the read models, the policies.

use secrecy::ExposeSecret;
use serde::Serialize;
use sqlx::migrate::Migrator;
use sqlx::{Connection, PgConnection, PgPool};
use tidemark_engine::ROLES;
use tidemark_engine::database::Databases;
use tidemark_engine::projection::{SourceError, ensure_source, holds_another_log};
use tidemark_identity::User;
use tidemark_kernel::Root;
use tidemark_runtime::Settings;

use crate::connect::Setting;
use crate::operator::{ensure_secret, keyring};
use crate::{Failure, connect};

/// The same files that the engine runs, to compare with what has run.
static KNOWN: Migrator = sqlx::migrate!("../../migrations");

/// What [`migrate()`] has done; all empty when there was nothing to do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Migrated {
    /// Roles that were made.
    pub roles: Vec<String>,
    /// Whether the roles' password was not that of the settings, and was set.
    pub password_set: bool,
    /// Migrations that ran, as `1 engine log`.
    pub migrations: Vec<String>,
    /// Migrations that ran in the database of the read models, where they have one of their own.
    pub read_migrations: Vec<String>,
    /// Claims of personal values, of a version that kept them in clear, that are hashes now.
    pub hashed_claims: u64,
    /// Projections that were installed.
    pub projections: Vec<String>,
    /// Policies that were installed: they react to what happens from now on.
    pub policies: Vec<String>,
}

impl Migrated {
    /// Whether everything was there before.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// Makes the roles, runs the migrations that have not run, and installs the projections and policies that are not
/// installed. Needs
/// the owner's `database_url` and a `role_password`. Safe to run twice and from several processes at once.
///
/// # Errors
/// When `role_password` is empty, the database is away, or something does not apply.
pub async fn migrate(settings: &Settings) -> Result<Migrated, Failure> {
    migrate_with(settings, |_| {}).await
}

/// As [`migrate()`], and tells `progress` what it is about to do.
///
/// # Errors
/// As [`migrate()`].
pub async fn migrate_with(settings: &Settings, progress: impl Fn(&str)) -> Result<Migrated, Failure> {
    run(settings, progress, WrongPassword::IsSet, Home::AsItWas).await
}

/// As [`migrate_with`], and the read models are folded in the database of the log from now on, where they had another one.
///
/// # Errors
/// As [`migrate()`], and [`Failure::Usage`] where the settings name another database for them.
pub async fn migrate_with_read_models_here(settings: &Settings, progress: impl Fn(&str)) -> Result<Migrated, Failure> {
    if settings.has_read_database() {
        return Err(Failure::Usage(
            "`read_database_url` names another database than `--read-models-here` does: unset it first, for all processes".into(),
        ));
    }
    run(settings, progress, WrongPassword::IsSet, Home::Here).await
}

/// As [`migrate()`], for a cluster that may serve others: where the roles have another password, that one stays. The read models are
/// where the settings say, wherever they were.
///
/// # Errors
/// As [`migrate()`], and before anything was changed when the roles exist and `role_password` is not their password.
pub async fn migrate_keeping_password(settings: &Settings) -> Result<Migrated, Failure> {
    run(settings, |_| {}, WrongPassword::IsRefused, Home::Here).await
}

/// What to do when the roles' password is not that of the settings.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WrongPassword {
    IsSet,
    IsRefused,
}

/// Where the read models are to be when the settings name no database for them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Home {
    /// Whoever forgot the setting is refused.
    AsItWas,
    /// In the database of the log.
    Here,
}

async fn run(
    settings: &Settings,
    progress: impl Fn(&str),
    wrong: WrongPassword,
    home: Home,
) -> Result<Migrated, Failure> {
    let role_password = settings.role_password.expose_secret();
    if role_password.is_empty() {
        return Err(Failure::Usage(
            "`role_password` is not set: the service roles need a password, as `role_password` in the file or in TIDEMARK_ROLE_PASSWORD".into(),
        ));
    }
    progress("connecting as the owner");
    let owner = connect_all(settings).await?;
    refuse_foreign(&owner).await?;
    if home == Home::AsItWas && !owner.are_two() {
        connect::ensure_here(&owner.log).await?;
    }
    let before = Present::read(&owner).await?;
    let places: Vec<(Setting, &PgPool)> = match owner.are_two() {
        false => vec![(Setting::DatabaseUrl, &owner.log)],
        true => vec![(Setting::DatabaseUrl, &owner.log), (Setting::ReadDatabaseUrl, &owner.read)],
    };
    if wrong == WrongPassword::IsRefused {
        for (place, owner) in &places {
            ensure_password_fits(settings, *place, &roles(owner).await?).await?;
        }
    }
    progress("running migrations");
    let mut password_set = false;
    for (place, owner) in &places {
        tidemark_engine::migrate(owner, role_password).await.map_err(|error| Failure::Failed(error.to_string()))?;
        password_set |= settle_password(settings, *place, owner).await?;
    }
    let hashed_claims = hash_claims(settings, &owner.log).await?;
    progress("installing projections");
    tidemark_projections::install(&owner).await?;
    progress("installing policies");
    tidemark_workers::install(&owner.log).await?;
    let after = Present::read(&owner).await?;
    tokio::join!(owner.log.close(), owner.read.close());
    Ok(Migrated {
        roles: difference(after.roles, &before.roles),
        password_set,
        migrations: difference(after.migrations, &before.migrations),
        read_migrations: difference(after.read_migrations, &before.read_migrations),
        hashed_claims,
        projections: difference(after.projections, &before.projections),
        policies: difference(after.policies, &before.policies),
    })
}

/// Nothing is done to another installation's database. Whatever else is wrong with it is mended here.
async fn refuse_foreign(owner: &Databases) -> Result<(), Failure> {
    if !owner.are_two() {
        return Ok(());
    }
    match ensure_source(owner).await {
        Err(error @ SourceError::Foreign) => Err(error.into()),
        // One of before the read models named their log.
        Err(SourceError::NotInstalled) if holds_another_log(owner).await? => Err(SourceError::Foreign.into()),
        _ => Ok(()),
    }
}

/// Whatever they hold: it is for the migrations to make them what they should be.
async fn connect_all(settings: &Settings) -> Result<Databases, Failure> {
    let log = connect::as_owner(settings).await?;
    if !settings.has_read_database() {
        return Ok(Databases::one(log));
    }
    Ok(Databases::two(log, connect::as_owner_in(settings, Setting::ReadDatabaseUrl).await?))
}

/// Hashes the emails that an earlier version has claimed in clear: nobody could sign in by them. No hash has an `@`.
async fn hash_claims(settings: &Settings, owner: &PgPool) -> Result<u64, Failure> {
    let plain: Vec<(String, String, String)> =
        sqlx::query_as("select tenant_id, scope, value from log.claims where scope = any ($1) and value like '%@%'")
            .bind(User::PERSONAL_CLAIMS)
            .fetch_all(owner)
            .await?;
    if !plain.is_empty() {
        ensure_secret(settings)?;
    }
    let keyring = keyring(settings, owner);
    let mut hashed = 0;
    for (tenant, scope, value) in plain {
        let hash = keyring.make_claim(&tenant, &scope, &value).await?;
        hashed += sqlx::query("update log.claims set value = $4 where tenant_id = $1 and scope = $2 and value = $3")
            .bind(tenant)
            .bind(scope)
            .bind(value)
            .bind(hash)
            .execute(owner)
            .await?
            .rows_affected();
    }
    Ok(hashed)
}

/// The migrations that this version knows and the database has not run, and those that ran and are unknown here or differ.
pub(crate) async fn pending(owner: &PgPool) -> sqlx::Result<(Vec<String>, Vec<String>)> {
    let ran: Vec<(i64, String, Vec<u8>)> = if has_history(owner).await? {
        sqlx::query_as("select version, description, checksum from _sqlx_migrations where success order by version")
            .fetch_all(owner)
            .await?
    } else {
        Vec::new()
    };
    let known: Vec<_> = KNOWN.iter().filter(|migration| !migration.migration_type.is_down_migration()).collect();
    let missing = known
        .iter()
        .filter(|migration| !ran.iter().any(|(version, ..)| *version == migration.version))
        .map(|migration| named(migration.version, &migration.description))
        .collect();
    let foreign = ran
        .iter()
        .filter(|(version, _, checksum)| {
            !known
                .iter()
                .any(|migration| migration.version == *version && migration.checksum.as_ref() == checksum.as_slice())
        })
        .map(|(version, description, _)| named(*version, description))
        .collect();
    Ok((missing, foreign))
}

/// What is there before and after.
struct Present {
    roles: Vec<String>,
    migrations: Vec<String>,
    read_migrations: Vec<String>,
    projections: Vec<String>,
    policies: Vec<String>,
}

impl Present {
    async fn read(owner: &Databases) -> sqlx::Result<Self> {
        let mut all_roles = roles(&owner.log).await?;
        let mut read_migrations = Vec::new();
        if owner.are_two() {
            read_migrations = history(&owner.read).await?;
            // A role is there when it is on both servers, which may be one.
            let beside = roles(&owner.read).await?;
            all_roles.retain(|role| beside.contains(role));
        }
        let migrations = history(&owner.log).await?;
        let projections = names(&owner.read, "read.checkpoints", "projection").await?;
        let policies = names(&owner.log, "work.policies", "policy").await?;
        Ok(Self { roles: all_roles, migrations, read_migrations, projections, policies })
    }
}

async fn roles(owner: &PgPool) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar("select rolname::text from pg_roles where rolname = any ($1) order by 1")
        .bind(ROLES)
        .fetch_all(owner)
        .await
}

async fn history(owner: &PgPool) -> sqlx::Result<Vec<String>> {
    if !has_history(owner).await? {
        return Ok(Vec::new());
    }
    let ran: Vec<(i64, String)> =
        sqlx::query_as("select version, description from _sqlx_migrations where success order by version")
            .fetch_all(owner)
            .await?;
    Ok(ran.iter().map(|(version, description)| named(*version, description)).collect())
}

/// What is in the column of a table that may not be there yet.
async fn names(owner: &PgPool, table: &'static str, column: &'static str) -> sqlx::Result<Vec<String>> {
    let is_there: bool = sqlx::query_scalar("select to_regclass($1) is not null").bind(table).fetch_one(owner).await?;
    if !is_there {
        return Ok(Vec::new());
    }
    sqlx::query_scalar(&format!("select {column} from {table} order by {column}")).fetch_all(owner).await
}

async fn has_history(owner: &PgPool) -> sqlx::Result<bool> {
    sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null").fetch_one(owner).await
}

/// Roles are the cluster's and may have been made with another password; it is set anew only when ours is refused.
async fn settle_password(settings: &Settings, place: Setting, owner: &PgPool) -> Result<bool, Failure> {
    for role in ROLES {
        match PgConnection::connect_with(&connect::options_in(settings, place, role)?).await {
            Ok(connection) => connection.close().await?,
            Err(error) if is_wrong_password(&error) => {
                tidemark_engine::set_role_password(owner, settings.role_password.expose_secret()).await?;
                return Ok(true);
            }
            Err(error) => return Err(Failure::Failed(format!("the role {role} cannot connect: {error}"))),
        }
    }
    Ok(false)
}

/// Whatever else keeps a role from connecting is for the migrations to mend.
async fn ensure_password_fits(settings: &Settings, place: Setting, roles: &[String]) -> Result<(), Failure> {
    for role in roles {
        match PgConnection::connect_with(&connect::options_in(settings, place, role)?).await {
            Ok(connection) => connection.close().await?,
            Err(error) if is_wrong_password(&error) => {
                return Err(Failure::Refused(format!(
                    "the role {role} exists on this server with another password; set `role_password` (TIDEMARK_ROLE_PASSWORD) to it, or set a new one for everybody with `admin migrate`"
                )));
            }
            Err(_) => {}
        }
    }
    Ok(())
}

fn is_wrong_password(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|code| code == "28P01")
}

fn named(version: i64, description: &str) -> String {
    format!("{version} {description}")
}

fn difference(after: Vec<String>, before: &[String]) -> Vec<String> {
    after.into_iter().filter(|name| !before.contains(name)).collect()
}
