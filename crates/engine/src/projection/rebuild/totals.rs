//! Totals of a projection's tables beside the same totals over the log: counted in another way, so that a mistake of the
//! reducer shows, which a rebuild makes again.

use sqlx::PgConnection;

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
    scope: &Scope<'_>,
) -> sqlx::Result<Vec<Failed>> {
    let mut failed = Vec::new();
    for check in P::CHECKS {
        let sql = format!(
            "select coalesce(l.tenant_id, t.tenant_id), coalesce(l.total, 0), coalesce(t.total, 0) \
             from ({}) as l full join ({}) as t on l.tenant_id = t.tenant_id \
             where coalesce(l.total, 0) <> coalesce(t.total, 0) and ($2::text is null or coalesce(l.tenant_id, t.tenant_id) = $2) \
               and coalesce(l.tenant_id, t.tenant_id) not in ( \
                   select tenant_id from {}.stalls union all select tenant_id from read.skips where projection = $3 and version = $4) \
             order by 1",
            check.in_log, check.in_tables, scope.shadow
        );
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(&sql)
            .bind(scope.position)
            .bind(scope.tenant)
            .bind(P::NAME)
            .bind(P::VERSION)
            .fetch_all(&mut *connection)
            .await?;
        failed.extend(rows.into_iter().map(|(tenant, in_log, in_tables)| Failed {
            check: check.name,
            tenant,
            in_log,
            in_tables,
        }));
    }
    Ok(failed)
}
