//! Compares the live rows of a projection with those of the shadow.
//!
//! It is done in one transaction with one snapshot: that shows the live rows and the live checkpoint, and what the
//! transaction itself folds into the shadow to come to exactly there. The log before that is what it was.

use std::collections::BTreeMap;

use serde_json::Value;
use sqlx::{PgConnection, Row};

use super::live::Live;
use super::pages::Source;
use super::take::{Shadow, Stopped};
use super::totals::{Failed, check};
use super::{CLOSE, RebuildError};
use crate::projection::Projection;
use crate::projection::failure::is_deterministic;

/// The most differing rows that are shown.
const SHOWN: i64 = 20;

/// A row that is not the same in the live tables and in the rebuilt ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The table; `progress` and `stalls` are the projection's own.
    pub table: String,
    /// The tenant.
    pub tenant: String,
    /// The rest of the row's key, as JSON.
    pub key: Value,
    /// The row that serves; `None` where there is none.
    pub live: Option<Value>,
    /// The row as it was rebuilt.
    pub rebuilt: Option<Value>,
}

impl Difference {
    /// The columns that differ where both rows are there, each with its live and its rebuilt value.
    #[must_use]
    pub fn columns(&self) -> Vec<(String, Value, Value)> {
        let (Some(Value::Object(live)), Some(Value::Object(rebuilt))) = (&self.live, &self.rebuilt) else {
            return Vec::new();
        };
        let differing = live.iter().filter(|(column, value)| rebuilt.get(*column) != Some(*value));
        differing
            .map(|(column, value)| (column.clone(), value.clone(), rebuilt.get(column).cloned().unwrap_or_default()))
            .collect()
    }
}

/// What a comparison has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// The position that both sides were at.
    pub position: i64,
    /// Rows that differ.
    pub differing: i64,
    /// The first of them, by table, tenant and key.
    pub first: Vec<Difference>,
    /// Tenants that the live projection has stopped for and the rebuild has not, or later: they were not compared.
    pub healed: Vec<String>,
}

/// A comparison, and the shadow after what was folded for it.
pub(super) struct Compared {
    pub(super) position: i64,
    pub(super) stopped: Stopped,
    /// `None` where the live rows are of another version or timeline.
    pub(super) comparison: Option<Comparison>,
    pub(super) failed_checks: Vec<Failed>,
}

/// Brings the shadow to the live checkpoint and compares; `None`, and nothing is done, when it is further from there
/// than a moment's work, or the database refuses what has to be folded. To be run in a task that nobody drops.
pub(super) async fn run<P: Projection>(
    shadow: Shadow<P>,
    source: Source<P>,
    from: i64,
    stopped: Stopped,
) -> Result<Option<Compared>, RebuildError> {
    let mut snapshot = shadow.owner.read.begin_with("begin isolation level repeatable read").await?;
    match compare_in(&mut snapshot, &shadow, &source, from, stopped).await {
        Ok(Some(compared)) => {
            snapshot.commit().await?;
            Ok(Some(compared))
        }
        Ok(None) => {
            snapshot.rollback().await?;
            Ok(None)
        }
        Err(RebuildError::Database(error)) if is_deterministic(&error) => {
            snapshot.rollback().await?;
            Ok(None)
        }
        Err(error) => {
            snapshot.rollback().await?;
            Err(error)
        }
    }
}

async fn compare_in<P: Projection>(
    snapshot: &mut PgConnection,
    shadow: &Shadow<P>,
    source: &Source<P>,
    from: i64,
    stopped: Stopped,
) -> Result<Option<Compared>, RebuildError> {
    let live = Live::read_within::<P>(snapshot, &shadow.owner.log).await?.ok_or(RebuildError::NotInstalled(P::NAME))?;
    let is_comparable = live.is_comparable::<P>();
    // The live rows may have lost their last commits in a crash of the server, and come back.
    let to = if is_comparable { live.position } else { from };
    if to < from || to - from > CLOSE {
        return Ok(None);
    }
    let page = match &shadow.tenant {
        None => source.read(from, to).await?,
        Some(tenant) => source.read_tenant(tenant, shadow.tenant_position(tenant).await?, to).await?,
    };
    if page.to < to {
        return Ok(None);
    }
    let stopped = shadow.take_within(snapshot, from, &page, &stopped).await?;
    let scope = Scope { shadow: &shadow.claim.schema, tenant: shadow.tenant.as_deref(), position: to };
    let comparison = if is_comparable { Some(compare::<P>(snapshot, &scope).await?) } else { None };
    let failed_checks = check::<P>(snapshot, &shadow.owner.log, &scope).await?;
    let differing = comparison.as_ref().map(|comparison| comparison.differing);
    shadow.claim.note_differences(snapshot, differing).await?;
    Ok(Some(Compared { position: to, stopped, comparison, failed_checks }))
}

/// What is compared, and where.
pub(super) struct Scope<'a> {
    pub(super) shadow: &'a str,
    pub(super) tenant: Option<&'a str>,
    pub(super) position: i64,
}

/// Compares all tables, progress and stalls.
async fn compare<P: Projection>(connection: &mut PgConnection, scope: &Scope<'_>) -> Result<Comparison, RebuildError> {
    let (healed, worse) = compare_stalls(connection, P::NAME, scope).await?;
    let mut comparison = Comparison { position: scope.position, differing: worse.len() as i64, first: worse, healed };
    let live_progress = format!("(select * from read.progress where projection = '{}')", P::NAME);
    let rebuilt_progress = format!("{}.reached", scope.shadow);
    let progress = Sides { name: "progress", live: live_progress, rebuilt: rebuilt_progress };
    compare_rows(connection, scope, &progress, &["tenant_id".into()], &["{}.tenant_position".into()], &mut comparison)
        .await?;
    for table in P::TABLES {
        let (live, rebuilt) = (format!("read.{table}"), format!("{}.{table}", scope.shadow));
        let columns = columns_of(connection, &rebuilt).await?;
        if columns_of(connection, &live).await? != columns {
            return Err(RebuildError::Columns { table });
        }
        let key = key_of(connection, &rebuilt).await?;
        if key.is_empty() {
            return Err(RebuildError::NoKey { table });
        }
        let columns: Vec<String> = columns.into_values().collect();
        compare_rows(connection, scope, &Sides { name: table, live, rebuilt }, &key, &columns, &mut comparison).await?;
    }
    Ok(comparison)
}

/// Two sets of rows that should be one.
struct Sides<'a> {
    name: &'a str,
    live: String,
    rebuilt: String,
}

async fn compare_rows(
    connection: &mut PgConnection,
    scope: &Scope<'_>,
    sides: &Sides<'_>,
    key: &[String],
    // Each with `{}` for its side.
    columns: &[String],
    comparison: &mut Comparison,
) -> sqlx::Result<()> {
    let Sides { live, rebuilt, .. } = sides;
    let either: Vec<String> = key.iter().map(|name| format!("coalesce(l.{name}, s.{name})")).collect();
    let same_key: Vec<String> = key.iter().map(|name| format!("l.{name} = s.{name}")).collect();
    let of = |side: &str| columns.iter().map(|column| column.replace("{}", side)).collect::<Vec<_>>().join(", ");
    let fields: Vec<String> = key
        .iter()
        .zip(&either)
        .filter(|(name, _)| *name != "tenant_id")
        .map(|(name, value)| format!("'{}', {value}", name.trim_matches('"')))
        .collect();
    let wanted = "where ($1::text is null or tenant_id = $1) and tenant_id <> all ($2)";
    let sql = format!(
        "select coalesce(l.tenant_id, s.tenant_id) as tenant, jsonb_build_object({fields}) as key, \
                case when l.tenant_id is not null then to_jsonb(l) end as live, \
                case when s.tenant_id is not null then to_jsonb(s) end as rebuilt, count(*) over () as differing \
         from (select * from {live} as t {wanted}) as l full join (select * from {rebuilt} as t {wanted}) as s on {on} \
         where l.tenant_id is null or s.tenant_id is null or row({left}) is distinct from row({right}) \
         order by {order} limit $3",
        fields = fields.join(", "),
        on = same_key.join(" and "),
        left = of("l"),
        right = of("s"),
        order = either.join(", "),
    );
    let rows = sqlx::query(&sql).bind(scope.tenant).bind(&comparison.healed).bind(SHOWN).fetch_all(connection).await?;
    comparison.differing += rows.first().map_or(Ok(0), |row| row.try_get::<i64, _>("differing"))?;
    for row in &rows {
        comparison.first.push(Difference {
            table: sides.name.to_owned(),
            tenant: row.try_get("tenant")?,
            key: row.try_get("key")?,
            live: row.try_get("live")?,
            rebuilt: row.try_get("rebuilt")?,
        });
    }
    Ok(())
}

/// The columns of a table by name and type, each as it can be compared: JSON has no equality, so its text is.
async fn columns_of(connection: &mut PgConnection, table: &str) -> sqlx::Result<BTreeMap<String, String>> {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "select quote_ident(attname), format_type(atttypid, atttypmod) from pg_attribute \
         where attrelid = to_regclass($1) and attnum > 0 and not attisdropped",
    )
    .bind(table)
    .fetch_all(connection)
    .await?;
    let comparable = |name: &str, kind: &str| match kind {
        "json" | "xml" => format!("{{}}.{name}::text"),
        _ => format!("{{}}.{name}"),
    };
    Ok(columns.into_iter().map(|(name, kind)| (format!("{name} {kind}"), comparable(&name, &kind))).collect())
}

/// The columns of the primary key, in its order.
async fn key_of(connection: &mut PgConnection, table: &str) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "select quote_ident(a.attname) from pg_index i cross join unnest(i.indkey) with ordinality as k(attnum, n) \
         join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum \
         where i.indrelid = to_regclass($1) and i.indisprimary order by k.n",
    )
    .bind(table)
    .fetch_all(connection)
    .await
}

/// Where either side has stopped for a tenant, by its own position.
#[derive(sqlx::FromRow)]
struct StallSides {
    tenant: String,
    live: Option<i64>,
    rebuilt: Option<i64>,
    error: Option<String>,
}

/// The tenants that the rebuild has got further with than the live projection, and the stalls that only it has.
async fn compare_stalls(
    connection: &mut PgConnection,
    projection: &str,
    scope: &Scope<'_>,
) -> sqlx::Result<(Vec<String>, Vec<Difference>)> {
    let sql = format!(
        "select coalesce(l.tenant_id, s.tenant_id) as tenant, l.tenant_position as live, s.tenant_position as rebuilt, s.error \
         from (select tenant_id, tenant_position from read.stalls where projection = $1 and ($2::text is null or tenant_id = $2)) as l \
         full join {}.stalls as s using (tenant_id) where l.tenant_position is distinct from s.tenant_position order by 1",
        scope.shadow
    );
    let rows: Vec<StallSides> = sqlx::query_as(&sql).bind(projection).bind(scope.tenant).fetch_all(connection).await?;
    let (mut healed, mut worse) = (Vec::new(), Vec::new());
    for StallSides { tenant, live, rebuilt, error } in rows {
        let is_healed = live.is_some_and(|live| rebuilt.is_none_or(|rebuilt| rebuilt > live));
        if is_healed {
            healed.push(tenant);
            continue;
        }
        let stall = |position: i64| serde_json::json!({ "tenant_position": position, "error": error });
        worse.push(Difference {
            table: "stalls".to_owned(),
            tenant,
            key: serde_json::json!({}),
            live: live.map(stall),
            rebuilt: rebuilt.map(stall),
        });
    }
    Ok((healed, worse))
}
