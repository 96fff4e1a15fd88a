//! The database of the read models, where they have one of their own.

use tidemark_engine::database::Databases;
use tidemark_engine::projection::{ensure_source, left_behind};
use tidemark_engine::{PROJECTION_ROLE, QUERY_ROLE};
use tidemark_runtime::Settings;

use super::database::{found, migrations, row_security};
use super::{Check, Mark};
use crate::Failure;
use crate::connect::{self, Setting};

const PLACE: Setting = Setting::ReadDatabaseUrl;

pub(super) async fn examine(settings: &Settings) -> Vec<Check> {
    let mut checks = Vec::new();
    match connect::as_owner_in(settings, PLACE).await {
        Ok(owner) => {
            checks.push(Check::ok("database as owner", "connected"));
            checks.push(migrations(&owner).await);
            owner.close().await;
        }
        Err(error) => checks.push(Check::warn(
            "database as owner",
            format!("{error}; migrations were not looked at"),
            "give the owner's `read_database_url` to see all",
        )),
    }
    for role in [QUERY_ROLE, PROJECTION_ROLE] {
        checks.push(match connect::as_role_in(settings, PLACE, role).await {
            Ok(pool) => {
                pool.close().await;
                Check::ok(format!("database as {role}"), "connected")
            }
            Err(error) => Check::fail(
                format!("database as {role}"),
                error.to_string(),
                "commands go on without it, and no query is answered",
            ),
        });
    }
    if checks.iter().any(|check| check.status == Mark::Fail) {
        return named(checks);
    }
    checks.push(found("row-level security", secured(settings).await));
    checks.push(found("source", source(settings).await));
    checks.push(found("former home", former_home(settings).await));
    named(checks)
}

/// So that nobody takes them for those of the log's database.
fn named(checks: Vec<Check>) -> Vec<Check> {
    checks.into_iter().map(|check| Check { name: format!("read models: {}", check.name), ..check }).collect()
}

async fn secured(settings: &Settings) -> Result<Check, Failure> {
    let pool = connect::as_role_in(settings, PLACE, PROJECTION_ROLE).await?;
    let check = row_security(&pool).await;
    pool.close().await;
    check
}

async fn both(settings: &Settings) -> Result<Databases, Failure> {
    let log = connect::as_role(settings, PROJECTION_ROLE).await?;
    Ok(Databases::two(log, connect::as_role_in(settings, PLACE, PROJECTION_ROLE).await?))
}

async fn source(settings: &Settings) -> Result<Check, Failure> {
    Ok(match ensure_source(&both(settings).await?).await {
        Ok(()) => Check::ok("source", "folded from this log"),
        Err(error) => Check::fail("source", error.to_string(), "nothing is folded into them, and no query is answered"),
    })
}

async fn former_home(settings: &Settings) -> Result<Check, Failure> {
    let left = left_behind(&both(settings).await?).await?;
    if left.is_empty() {
        return Ok(Check::ok("former home", "no read model lies in the database of the log"));
    }
    Ok(Check::warn(
        "former home",
        format!(
            "still in the database of the log, where nobody folds them and no erasure reaches them: {}",
            left.join(", ")
        ),
        "once queries are answered from the new home, `admin projections drop-moved`",
    ))
}
