//! Totals of a projection's tables beside the same totals over the log: counted in another way, so that a mistake of the
//! reducer shows, which a rebuild makes again.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;
use sqlx::{PgConnection, PgPool};

use super::compare::Scope;
use crate::projection::Projection;

/// A total that must be the same in the log and in the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    /// What is counted, as an operator should read it.
    pub name: &'static str,
    /// Plain SQL over `log.events` up to position `$1`: columns `tenant_id` and `total`, a bigint.
    pub in_log: &'static str,
    /// SQL over the projection's tables, without schemas: the same columns.
    pub in_tables: &'static str,
}

/// A check whose totals differ for a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The check.
    pub check: &'static str,
    /// The tenant.
    pub tenant: String,
    /// What the log says.
    pub in_log: i64,
    /// What the tables say.
    pub in_tables: i64,
}

/// By tenant.
type Totals = Vec<(String, i64)>;

/// Holds the totals of the shadow against the log. Tenants that it has stopped for, or events were let pass for, differ
/// by right.
pub(super) async fn check<P: Projection>(
    connection: &mut PgConnection,
    log: &PgPool,
    scope: &Scope<'_>,
) -> sqlx::Result<Vec<Failed>> {
    let of_log = of_log::<P>(log, scope);
    let of_tables = async {
        let mut of_tables: Vec<Totals> = Vec::new();
        for Check { in_tables, .. } in P::CHECKS {
            let totals =
                format!("select tenant_id, total from ({in_tables}) as t where $1::text is null or tenant_id = $1");
            of_tables.push(sqlx::query_as(&totals).bind(scope.tenant).fetch_all(&mut *connection).await?);
        }
        Ok(of_tables)
    };
    let (of_log, of_tables) = tokio::try_join!(of_log, of_tables)?;
    let mut failed = Vec::new();
    for (check, of_tables) in P::CHECKS.iter().zip(of_tables) {
        let of_log = of_log[check.in_log].iter().map(|(tenant, total)| (tenant, (*total, 0)));
        let mut totals: BTreeMap<&String, (i64, i64)> = of_log.collect();
        for (tenant, total) in &of_tables {
            totals.entry(tenant).or_default().1 = *total;
        }
        totals.retain(|_, (in_log, in_tables)| in_log != in_tables);
        if totals.is_empty() {
            continue;
        }
        let excused = excused::<P>(connection, scope).await?;
        failed.extend(totals.into_iter().filter(|(tenant, _)| !excused.contains(*tenant)).map(
            |(tenant, (in_log, in_tables))| Failed { check: check.name, tenant: tenant.clone(), in_log, in_tables },
        ));
    }
    Ok(failed)
}

/// What the log says, by the SQL that asks it: several tables may owe it the same total.
async fn of_log<P: Projection>(log: &PgPool, scope: &Scope<'_>) -> sqlx::Result<BTreeMap<&'static str, Totals>> {
    let asked: BTreeSet<&'static str> = P::CHECKS.iter().map(|check| check.in_log).collect();
    let mut of_log = BTreeMap::new();
    // Two at once: the log is long, and its server has more than one core.
    for two in asked.into_iter().collect::<Vec<_>>().chunks(2) {
        let counted = try_join_all(two.iter().map(|sql| count(log, scope, sql))).await?;
        of_log.extend(two.iter().copied().zip(counted));
    }
    Ok(of_log)
}

async fn count(log: &PgPool, scope: &Scope<'_>, sql: &str) -> sqlx::Result<Totals> {
    let totals = format!("select tenant_id, total from ({sql}) as l where $2::text is null or tenant_id = $2");
    sqlx::query_as(&totals).bind(scope.position).bind(scope.tenant).fetch_all(log).await
}

/// The tenants whose totals may differ.
async fn excused<P: Projection>(connection: &mut PgConnection, scope: &Scope<'_>) -> sqlx::Result<BTreeSet<String>> {
    let sql = format!(
        "select tenant_id from {}.stalls union select tenant_id from read.skips where projection = $1 and version = $2",
        scope.shadow
    );
    let tenants: Vec<String> = sqlx::query_scalar(&sql).bind(P::NAME).bind(P::VERSION).fetch_all(connection).await?;
    Ok(tenants.into_iter().collect())
}
