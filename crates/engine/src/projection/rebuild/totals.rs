//! Totals of a projection's tables beside the same totals over the log: counted in another way, so that a mistake of the
//! reducer shows, which a rebuild makes again.

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};

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

/// Holds the totals of the shadow against the log. Tenants that it has stopped for, or events were let pass for, differ
/// by right.
pub(super) async fn check<P: Projection>(
    connection: &mut PgConnection,
    log: &PgPool,
    scope: &Scope<'_>,
) -> sqlx::Result<Vec<Failed>> {
    let mut failed = Vec::new();
    // Several tables may owe the log the same total.
    let mut counted: BTreeMap<&str, Vec<(String, i64)>> = BTreeMap::new();
    for check in P::CHECKS {
        let of_log = match counted.entry(check.in_log) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let sql = format!(
                    "select tenant_id, total from ({}) as l where $2::text is null or tenant_id = $2",
                    check.in_log
                );
                new.insert(sqlx::query_as(&sql).bind(scope.position).bind(scope.tenant).fetch_all(log).await?)
            }
        };
        let of_tables =
            format!("select tenant_id, total from ({}) as t where $1::text is null or tenant_id = $1", check.in_tables);
        let of_tables: Vec<(String, i64)> =
            sqlx::query_as(&of_tables).bind(scope.tenant).fetch_all(&mut *connection).await?;
        let mut totals: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        for (tenant, total) in of_log.iter() {
            totals.entry(tenant.clone()).or_default().0 = *total;
        }
        for (tenant, total) in of_tables {
            totals.entry(tenant).or_default().1 = total;
        }
        totals.retain(|_, (in_log, in_tables)| in_log != in_tables);
        if totals.is_empty() {
            continue;
        }
        let excused = excused::<P>(connection, scope).await?;
        failed.extend(
            totals
                .into_iter()
                .filter(|(tenant, _)| !excused.contains(tenant))
                .map(|(tenant, (in_log, in_tables))| Failed { check: check.name, tenant, in_log, in_tables }),
        );
    }
    Ok(failed)
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
