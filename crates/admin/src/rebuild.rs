//! Making read models anew, verifying them, and going back: from the arguments to what is printed.

use serde::Serialize;
use serde_json::Value;
use tidemark_engine::database::Databases;
use tidemark_engine::projection::{Difference, Outcome, Pace, Purpose, RebuildError, RebuildRequest};
use tidemark_projections::{Rebuilding, Registered};
use tidemark_runtime::{Settings, signal_token};
use tokio::sync::watch;

use crate::cli::{PaceArgs, Rebuild, Verify};
use crate::output::Output;
use crate::run::printable;
use crate::{Failure, connect, operator, progress, projections, sample, tenants};

/// The most characters of a value that are shown to a person.
const SHOWN: usize = 80;

/// What came of a rebuild or a verification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rebuilt {
    pub(crate) projection: String,
    run: i64,
    pub(crate) tenant: Option<String>,
    /// The position that the rebuilt rows are at.
    position: i64,
    swapped: bool,
    pub(crate) sound: bool,
    /// Rows that differ from those that served; `None` where those were of another version.
    pub(crate) differing_rows: Option<i64>,
    pub(crate) first_differences: Vec<Shown>,
    pub(crate) failed_totals: Vec<Total>,
    stalled_tenants: Vec<String>,
    healed_tenants: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shown {
    pub(crate) table: String,
    tenant: String,
    pub(crate) key: Value,
    live: Option<Value>,
    rebuilt: Option<Value>,
    /// Name, live value and rebuilt value of the columns that differ.
    columns: Vec<(String, Value, Value)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Total {
    pub(crate) check: &'static str,
    tenant: String,
    in_log: i64,
    in_tables: i64,
}

pub(crate) async fn rebuild(asked: Rebuild, settings: &Settings, output: Output) -> Result<(), Failure> {
    let registered = meant(&asked.name)?;
    let name = registered.definition.name;
    let owner = connect::owners(settings).await?;
    if asked.rollback {
        let position = registered.roll_back(owner).await?;
        let answer = serde_json::json!({ "projection": name, "position": position });
        return output.print(&answer, |_| {
            format!("the former tables of {name} serve again, at position {position}; its worker takes in what has come since")
        });
    }
    if asked.drop_former {
        let dropped = registered.drop_former(owner).await?;
        let answer = serde_json::json!({ "projection": name, "dropped": dropped });
        return output.print(&answer, |_| {
            if dropped {
                format!("dropped the former tables of {name}")
            } else {
                format!("no former tables of {name} were kept")
            }
        });
    }
    if let Some(tenant) = &asked.tenant {
        tenants::existing(&owner.log, tenant).await?;
    }
    let request = RebuildRequest {
        purpose: Purpose::Rebuild,
        tenant: asked.tenant,
        accept_differences: asked.accept_differences,
        anew: asked.anew,
        pace: pace(asked.pace),
        operator: operator::who(),
        keyring: Some(operator::keyring(settings, &owner.log)),
    };
    let rebuilt = run(&registered, &owner, request, output).await?;
    output.print(&rebuilt, told)?;
    if rebuilt.swapped {
        return Ok(());
    }
    Err(Failure::Unhealthy(format!(
        "{name} was not swapped: what was rebuilt is not what serves; find out which is right, or swap with --accept-differences"
    )))
}

pub(crate) async fn verify(asked: Verify, settings: &Settings, output: Output) -> Result<(), Failure> {
    let all = match &asked.name {
        Some(name) => vec![meant(name)?],
        None => tidemark_projections::all(),
    };
    let owner = connect::owners(settings).await?;
    if asked.sample {
        return sample::run(&all, &owner, &asked, settings, output).await;
    }
    if let Some(tenant) = &asked.tenant {
        tenants::existing(&owner.log, tenant).await?;
    }
    let mut verified = Vec::new();
    for registered in &all {
        let request = RebuildRequest {
            purpose: Purpose::Verify,
            tenant: asked.tenant.clone(),
            accept_differences: false,
            anew: false,
            pace: pace(asked.pace),
            operator: operator::who(),
            keyring: Some(operator::keyring(settings, &owner.log)),
        };
        verified.push(run(registered, &owner, request, output).await?);
    }
    output.print(&verified, |verified| verified.iter().map(told).collect::<Vec<_>>().join("\n"))?;
    let unsound: Vec<&str> = verified.iter().filter(|one| !one.sound).map(|one| one.projection.as_str()).collect();
    if unsound.is_empty() {
        return Ok(());
    }
    Err(Failure::Unhealthy(format!("not what the log says: {}", unsound.join(", "))))
}

/// Rebuilds a read model that shows what has never happened, and swaps it in: there is nothing to compare it with.
pub(crate) async fn anew(
    registered: &Registered,
    owner: &Databases,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let request = RebuildRequest {
        purpose: Purpose::Rebuild,
        tenant: None,
        accept_differences: false,
        anew: true,
        pace: Pace::default(),
        operator: operator::who(),
        keyring: Some(operator::keyring(settings, &owner.log)),
    };
    let rebuilt = run(registered, owner, request, output).await?;
    if rebuilt.swapped {
        return Ok(());
    }
    Err(Failure::Unhealthy(format!("{} was rebuilt and does not agree with the log's totals", rebuilt.projection)))
}

/// The projection of this name, or of this short one.
fn meant(name: &str) -> Result<Registered, Failure> {
    let known: Vec<String> =
        tidemark_projections::definitions().iter().map(|definition| definition.name.to_owned()).collect();
    let name = projections::full_name(&known, name)?;
    let found = tidemark_projections::all().into_iter().find(|registered| registered.definition.name == name);
    found.ok_or(Failure::NotFound(format!("there is no projection `{name}`")))
}

pub(crate) fn pace(asked: PaceArgs) -> Pace {
    Pace { per_second: asked.throttle, max_lag: asked.max_lag }
}

async fn run(
    registered: &Registered,
    owner: &Databases,
    request: RebuildRequest,
    output: Output,
) -> Result<Rebuilt, Failure> {
    let shutdown = signal_token().map_err(|error| Failure::Failed(error.to_string()))?;
    let tenant = request.tenant.clone();
    let (progress, seen) = watch::channel(None);
    let name = registered.definition.name;
    let showing = (!output.json).then(|| tokio::spawn(progress::show(name, seen)));
    let outcome = registered.rebuild(Rebuilding { owner: owner.clone(), request, progress, shutdown }).await;
    if let Some(showing) = showing {
        showing.await.map_err(|error| Failure::Failed(error.to_string()))?;
    }
    Ok(rebuilt(outcome?, tenant))
}

pub(crate) fn rebuilt(outcome: Outcome, tenant: Option<String>) -> Rebuilt {
    let sound = outcome.is_sound();
    let comparison = outcome.comparison;
    let total = |failed: tidemark_engine::projection::Failed| Total {
        check: failed.check,
        tenant: failed.tenant,
        in_log: failed.in_log,
        in_tables: failed.in_tables,
    };
    Rebuilt {
        projection: outcome.projection.to_owned(),
        run: outcome.run,
        tenant,
        position: outcome.position,
        swapped: outcome.is_swapped,
        sound,
        differing_rows: comparison.as_ref().map(|comparison| comparison.differing),
        first_differences: comparison.iter().flat_map(|comparison| comparison.first.iter().map(shown)).collect(),
        failed_totals: outcome.failed_checks.into_iter().map(total).collect(),
        stalled_tenants: outcome.stalled,
        healed_tenants: comparison.map(|comparison| comparison.healed).unwrap_or_default(),
    }
}

fn shown(difference: &Difference) -> Shown {
    Shown {
        table: difference.table.clone(),
        tenant: difference.tenant.clone(),
        key: difference.key.clone(),
        live: difference.live.clone(),
        rebuilt: difference.rebuilt.clone(),
        columns: difference.columns(),
    }
}

pub(crate) fn told(rebuilt: &Rebuilt) -> String {
    let name = &rebuilt.projection;
    let of = rebuilt.tenant.as_ref().map(|tenant| format!(" of {tenant}")).unwrap_or_default();
    let mut lines = vec![match (rebuilt.swapped, rebuilt.differing_rows) {
        (true, None) => format!(
            "{name}{of}: rebuilt to position {} and swapped in; another version served before",
            rebuilt.position
        ),
        (true, Some(0)) => {
            format!("{name}{of}: rebuilt to position {} and swapped in; no row differed", rebuilt.position)
        }
        (true, Some(rows)) => {
            format!("{name}{of}: rebuilt to position {} and swapped in, {rows} row(s) different", rebuilt.position)
        }
        (false, None) => format!("{name}{of}: rebuilt to position {}", rebuilt.position),
        (false, Some(0)) => {
            format!("{name}{of}: what serves is what a rebuild makes, at position {}", rebuilt.position)
        }
        (false, Some(rows)) => {
            format!("{name}{of}: {rows} row(s) differ from a rebuild at position {}", rebuilt.position)
        }
    }];
    for one in &rebuilt.first_differences {
        lines.push(printable(&format!("  {} of {} {}{}", one.table, one.tenant, one.key, lacking(one))));
        for (column, live, rebuilt) in &one.columns {
            lines.push(printable(&format!(
                "    {column}: {} serves, {} is right by the log",
                short(live),
                short(rebuilt)
            )));
        }
    }
    for failed in &rebuilt.failed_totals {
        lines.push(printable(&format!(
            "  {} of {}: {} in the log, {} in the tables",
            failed.check, failed.tenant, failed.in_log, failed.in_tables
        )));
    }
    if !rebuilt.healed_tenants.is_empty() {
        lines.push(format!("  taken in again, where it had stopped: {}", rebuilt.healed_tenants.join(", ")));
    }
    if !rebuilt.stalled_tenants.is_empty() {
        lines.push(format!("  stopped for {}", rebuilt.stalled_tenants.join(", ")));
    }
    lines.join("\n")
}

fn lacking(one: &Shown) -> &'static str {
    match (&one.live, &one.rebuilt) {
        (None, _) => ": does not serve, but should by the log",
        (_, None) => ": serves, but should not by the log",
        _ => "",
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

impl From<RebuildError> for Failure {
    fn from(error: RebuildError) -> Self {
        let text = error.to_string();
        match error {
            RebuildError::Database(error) => error.into(),
            RebuildError::Busy(_)
            | RebuildError::ColumnType { .. }
            | RebuildError::FormerOfAnotherEpoch(_)
            | RebuildError::FormerShowsErased(_) => Self::Refused(text),
            RebuildError::NothingToRollBack(_) => Self::NotFound(text),
            RebuildError::OtherVersion { .. } | RebuildError::LostTimeline(_) | RebuildError::Columns { .. } => {
                Self::Unhealthy(text)
            }
            _ => Self::Failed(text),
        }
    }
}
