//! Postgres: its settings, our roles, the schema, the epoch, the clock, who leads.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{Connection, PgConnection, PgPool};
use tidemark_engine::personal::KeyError;
use tidemark_engine::{LOG_ROLE, PROJECTION_ROLE, ROLES, WORK_ROLE};
use tidemark_runtime::Settings;

use super::{Check, read_models};
use crate::migrate::pending;
use crate::operator::{ensure_secret, keyring};
use crate::{Failure, connect, policies, projections};

/// The versions that the tests run on; older ones lack nothing that is known, and are not tried.
const OLDEST_TRIED: i32 = 15;
/// Tokens and leases are judged by clocks: this much does not matter.
const SKEW: Duration = Duration::from_secs(2);
/// This much does.
const WORST_SKEW: Duration = Duration::from_secs(60);

pub(super) async fn examine(settings: &Settings) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut pool = None;
    match connect::as_owner(settings).await {
        Ok(owner) => {
            checks.push(Check::ok("database as owner", "connected"));
            checks.push(migrations(&owner).await);
            pool = Some(owner);
        }
        Err(error) => checks.push(Check::warn(
            "database as owner",
            format!("{error}; migrations were not looked at"),
            "give the owner's `database_url` to see all",
        )),
    }
    for role in ROLES {
        match connect::as_role(settings, role).await {
            Ok(as_role) => {
                checks.push(Check::ok(format!("database as {role}"), "connected"));
                pool.get_or_insert(as_role);
            }
            Err(error) => checks.push(Check::fail(
                format!("database as {role}"),
                error.to_string(),
                "the services cannot work without it",
            )),
        }
    }
    let Some(pool) = pool else { return checks };
    for role in ROLES {
        checks.push(found(format!("role {role}"), humility(&pool, role).await));
    }
    checks.push(found("postgres version", version(&pool).await));
    for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        checks.push(found(setting, durability(settings, setting).await));
    }
    checks.push(found("clock", clock(&pool).await));
    checks.push(found("epoch", epoch(&pool).await));
    checks.push(found("row-level security", row_security(&pool).await));
    if settings.has_read_database() {
        checks.extend(read_models::examine(settings).await);
    }
    checks.push(found("personal data", personal_data(settings).await));
    match standing(settings).await {
        Ok(standing) => checks.extend(standing),
        Err(error) => checks.push(Check::fail("projections", error.to_string(), "mend that first")),
    }
    match reacting(settings).await {
        Ok(reacting) => checks.extend(reacting),
        Err(error) => checks.push(Check::fail("policies", error.to_string(), "mend that first")),
    }
    checks.push(found("relay lease", relay_lease(settings).await));
    pool.close().await;
    checks
}

/// What a check found, or that it could not be made.
pub(super) fn found(name: impl Into<String>, outcome: Result<Check, Failure>) -> Check {
    outcome.unwrap_or_else(|error| Check::fail(name, error.to_string(), "mend that first"))
}

pub(super) async fn migrations(owner: &PgPool) -> Check {
    match pending(owner).await {
        Ok((missing, foreign)) if missing.is_empty() && foreign.is_empty() => {
            Check::ok("migrations", "all of this version have run")
        }
        Ok((missing, foreign)) if foreign.is_empty() => {
            Check::fail("migrations", format!("have not run: {}", missing.join(", ")), "run `admin migrate`")
        }
        Ok((_, foreign)) => Check::fail(
            "migrations",
            format!("ran, and are not those of this version: {}", foreign.join(", ")),
            "use the binaries of the version that migrated this database, or a newer one",
        ),
        Err(error) => Check::fail("migrations", error.to_string(), "mend that first"),
    }
}

/// A service role may do what it was granted, and own nothing that would let it do more.
async fn humility(pool: &PgPool, role: &str) -> Result<Check, Failure> {
    let name = format!("role {role}");
    let found: Option<(bool, bool, bool, bool, i64, i64)> = sqlx::query_as(
        "select r.rolsuper, r.rolbypassrls, r.rolcreaterole, r.rolcreatedb, \
         (select count(*) from pg_shdepend d where d.refclassid = 'pg_authid'::regclass and d.refobjid = r.oid and d.deptype = 'o'), \
         (select count(*) from pg_auth_members m where m.member = r.oid) \
         from pg_roles r where r.rolname = $1",
    )
    .bind(role)
    .fetch_optional(pool)
    .await?;
    let Some((superuser, bypasses, makes_roles, makes_databases, owned, memberships)) = found else {
        return Ok(Check::fail(name, "does not exist", "run `admin migrate`"));
    };
    let faults: Vec<String> = [
        superuser.then(|| "is superuser".to_owned()),
        bypasses.then(|| "bypasses row-level security".to_owned()),
        makes_roles.then(|| "may make roles".to_owned()),
        makes_databases.then(|| "may make databases".to_owned()),
        (owned > 0).then(|| format!("owns {owned} object(s)")),
        (memberships > 0).then(|| format!("is a member of {memberships} other role(s)")),
    ]
    .into_iter()
    .flatten()
    .collect();
    if faults.is_empty() {
        return Ok(Check::ok(name, "no superuser, bypasses and owns nothing"));
    }
    Ok(Check::fail(
        name,
        faults.join(", "),
        format!(
            "as a superuser: `alter role {role} nosuperuser nobypassrls nocreaterole nocreatedb`; give what it owns to the owner, revoke its memberships"
        ),
    ))
}

async fn version(pool: &PgPool) -> Result<Check, Failure> {
    let (number, shown): (i32, String) =
        sqlx::query_as("select current_setting('server_version_num')::int / 10000, current_setting('server_version')")
            .fetch_one(pool)
            .await?;
    if number >= OLDEST_TRIED {
        Ok(Check::ok("postgres version", shown))
    } else {
        Ok(Check::warn("postgres version", shown, format!("{OLDEST_TRIED} or newer is what Tidemark is tried with")))
    }
}

/// As the service that appends sees it, for a role may have settings of its own.
async fn durability(settings: &Settings, setting: &'static str) -> Result<Check, Failure> {
    let mut connection = PgConnection::connect_with(&connect::options_as(settings, LOG_ROLE)?).await?;
    let value: String =
        sqlx::query_scalar("select current_setting($1)").bind(setting).fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(match (setting, value.as_str()) {
        ("synchronous_commit", "off") => Check::warn(
            setting,
            "off; the log switches it on for its own connection",
            "switch it on, so that whatever else writes is durable too",
        ),
        (_, "off") => Check::fail(
            setting,
            "off: a crash can lose or damage acknowledged data",
            format!("set `{setting} = on` in postgresql.conf"),
        ),
        (_, value) => Check::ok(setting, value),
    })
}

async fn clock(pool: &PgPool) -> Result<Check, Failure> {
    // The first query may open a connection; the second is quick, and half of it is the way there.
    sqlx::query("select 1").execute(pool).await?;
    let before = Utc::now();
    let there: DateTime<Utc> = sqlx::query_scalar("select clock_timestamp()").fetch_one(pool).await?;
    let here = before + (Utc::now() - before) / 2;
    let skew = (there - here).abs().to_std().unwrap_or(Duration::MAX);
    let detail = format!("{} ms between this machine and Postgres", skew.as_millis());
    let advice = "keep both machines' clocks by NTP";
    Ok(if skew <= SKEW {
        Check::ok("clock", detail)
    } else if skew <= WORST_SKEW {
        Check::warn("clock", detail, advice)
    } else {
        Check::fail("clock", detail, advice)
    })
}

/// Append refuses on another timeline than that of the present epoch.
async fn epoch(pool: &PgPool) -> Result<Check, Failure> {
    let (epoch, system, timeline): (i32, String, String) =
        sqlx::query_as("select epoch, system_identifier, timeline from log.epochs order by epoch desc limit 1")
            .fetch_one(pool)
            .await?;
    let (system_here, timeline_here): (String, String) = sqlx::query_as(
        "select system_identifier::text, substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) from pg_control_system()",
    )
    .fetch_one(pool)
    .await?;
    if (&system, &timeline) == (&system_here, &timeline_here) {
        return Ok(Check::ok("epoch", format!("{epoch}, raised on this server and timeline")));
    }
    Ok(Check::fail(
        "epoch",
        format!(
            "{epoch} was raised on system {system} timeline {timeline}, this is {system_here} timeline {timeline_here}"
        ),
        "history may have been cut by a restore or failover: `admin epoch raise`, once you have read docs/operations.md, \"Backup, restore and the epoch\"",
    ))
}

pub(super) async fn row_security(pool: &PgPool) -> Result<Check, Failure> {
    let (tables, open): (i64, Vec<String>) = sqlx::query_as(
        "select count(*), coalesce(array_agg(c.relname::text order by 1) filter (where not (c.relrowsecurity and c.relforcerowsecurity)), '{}') \
         from pg_class c where c.relnamespace = 'read'::regnamespace and c.relkind in ('r', 'p')",
    )
    .fetch_one(pool)
    .await?;
    let log_is_closed: bool =
        sqlx::query_scalar("select relrowsecurity from pg_class where oid = 'log.events'::regclass")
            .fetch_one(pool)
            .await?;
    let open: Vec<String> = open
        .into_iter()
        .map(|table| format!("read.{table}"))
        .chain((!log_is_closed).then(|| "log.events".to_owned()))
        .collect();
    if open.is_empty() {
        return Ok(Check::ok(
            "row-level security",
            format!("forced on all {tables} tables of `read`, on for log.events"),
        ));
    }
    Ok(Check::fail(
        "row-level security",
        format!("not on {}", open.join(", ")),
        "run `admin migrate`; until then tenants may see each other there",
    ))
}

/// Whether the keys of one tenant open: all were wrapped under the same secret.
async fn personal_data(settings: &Settings) -> Result<Check, Failure> {
    const NAME: &str = "personal data";
    let pool = connect::as_role(settings, LOG_ROLE).await?;
    let tenants: Vec<String> =
        sqlx::query_scalar("select tenant_id from log.tenant_keys order by made_at desc limit 1")
            .fetch_all(&pool)
            .await?;
    let Some(tenant) = tenants.first() else { return Ok(Check::ok(NAME, "nothing was sealed yet")) };
    if ensure_secret(settings).is_err() {
        return Ok(Check::warn(
            NAME,
            "there is no `secret` here, so the keys were not tried",
            "give that of the services",
        ));
    }
    match keyring(settings, &pool).find_claim(tenant, "doctor", "").await {
        Ok(_) => Ok(Check::ok(NAME, format!("the keys of `{tenant}` open"))),
        Err(KeyError::Database(error)) => Err(error.into()),
        Err(error) => Ok(Check::fail(
            NAME,
            error.to_string(),
            "give the `secret` that sealed, or name it as `previous_secret` and rotate",
        )),
    }
}

async fn standing(settings: &Settings) -> Result<Vec<Check>, Failure> {
    let databases = connect::roles(settings, PROJECTION_ROLE).await?;
    let all = projections::all(&databases).await?;
    tokio::join!(databases.log.close(), databases.read.close());
    let check = |position: &projections::Position| {
        let name = format!("projection {}", position.name);
        let detail = format!("{}, {} behind", position.state(), position.lag);
        if !position.stalls.is_empty() {
            return Check::fail(
                name,
                format!("stopped for {} tenant(s)", position.stalls.len()),
                format!("see `admin projections status {}`", position.name),
            );
        }
        match (position.version, position.code_version) {
            (None, _) => Check::fail(name, detail, "run `admin migrate`"),
            (installed, code) if installed != code => {
                Check::fail(name, detail, "use binaries of the version that is installed, or rebuild it")
            }
            _ if position.lease.is_none() => Check::warn(name, detail, "start a `projections` process"),
            _ => Check::ok(
                name,
                format!(
                    "folded by {}, {} behind",
                    position.lease.as_ref().map(|lease| lease.holder).unwrap_or_default(),
                    position.lag
                ),
            ),
        }
    };
    Ok(all.iter().map(check).collect())
}

async fn reacting(settings: &Settings) -> Result<Vec<Check>, Failure> {
    let work = connect::as_role(settings, WORK_ROLE).await?;
    let log = connect::as_role(settings, LOG_ROLE).await?;
    let all = policies::all(&work, &log).await?;
    work.close().await;
    log.close().await;
    let check = |position: &policies::Position| {
        let name = format!("policy {}", position.name);
        let detail = format!("{}, {} behind, {} effects pending", position.state(), position.lag, position.pending);
        if !position.installed {
            return Check::fail(name, detail, "run `admin migrate`");
        }
        if !position.known {
            return Check::warn(name, detail, "use binaries of the version that installed it");
        }
        if position.dead > 0 {
            let detail = format!("{} dead letter(s), which hold up what comes after them", position.dead);
            return Check::warn(name, detail, "see `admin dead-letters list`");
        }
        if position.holder.is_none() {
            return Check::warn(name, detail, "start a `workers` process");
        }
        Check::ok(name, detail)
    };
    Ok(all.iter().map(check).collect())
}

async fn relay_lease(settings: &Settings) -> Result<Check, Failure> {
    let mut connection = PgConnection::connect_with(&connect::options_as(settings, LOG_ROLE)?).await?;
    let holder: Option<sqlx::types::Uuid> =
        sqlx::query_scalar("select holder from log.leases where name = $1 and until > clock_timestamp()")
            .bind(tidemark_engine::relay::LEASE)
            .fetch_optional(&mut connection)
            .await?;
    connection.close().await?;
    Ok(match holder {
        Some(holder) => Check::ok("relay lease", format!("held by {holder}")),
        None if settings.nats_url.is_none() => Check::ok("relay lease", "not held, and there is no NATS to relay to"),
        None => Check::warn("relay lease", "nobody relays", "start a `workers` process"),
    })
}
