//! The auditor: compares one tenant after the other with what the log says, for ever and at low cost.
//!
//! It is a process of the owner's, as every verification: it makes the tables that it folds into, which no service role
//! may. What it finds is a line in the log, a metric and, when it ends, its exit code; it mends nothing.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::time::Duration;

use metrics::{counter, gauge};
use tidemark_engine::database::Databases;
use tidemark_engine::projection::{Pace, Purpose, RebuildError, RebuildRequest};
use tidemark_projections::{Rebuilding, Registered};
use tidemark_runtime::{Settings, serve_metrics, signal_token};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::cli::Verify;
use crate::output::Output;
use crate::rebuild::{Rebuilt, pace, rebuilt, told};
use crate::{Failure, operator};

/// Events of a tenant that are folded a second, unless `--throttle` says otherwise.
const GENTLY: NonZeroU32 = NonZeroU32::new(2000).expect("it is not zero");
/// How long to wait for a database that is away.
const PAUSE: Duration = Duration::from_secs(5);

/// All tenants, in an order of its own each time, so that auditors that are started again and again come to all of them. By
/// the index from one to the next: the log is not read for it.
const TENANTS: &str = "with recursive tenants as ( \
        (select tenant_id from log.events order by tenant_id limit 1) union all \
        select (select e.tenant_id from log.events e where e.tenant_id > t.tenant_id order by e.tenant_id limit 1) from tenants t where t.tenant_id is not null) \
    select tenant_id from tenants where tenant_id is not null order by random()";

/// What became of a look at one tenant.
#[derive(Debug)]
enum Sampled {
    Sound,
    /// Rows or totals are not what the log says.
    Drifted(Box<Rebuilt>),
    /// There was nothing to compare with: the tables are of another version, or somebody else samples them.
    Passed,
}

struct Auditor<'a> {
    projections: &'a [Registered],
    owner: &'a Databases,
    pace: Pace,
    settings: &'a Settings,
    rest: Duration,
    output: Output,
    shutdown: CancellationToken,
    /// Projections and tenants that were found to differ, the last time they were looked at.
    drifted: BTreeSet<(&'static str, String)>,
    /// What could not be compared when it was its turn.
    passed: BTreeSet<(&'static str, String)>,
    rounds: u64,
}

/// Looks at every tenant of `projections` in turn, until it is told to stop; with `--once`, one time.
pub(crate) async fn run(
    projections: &[Registered],
    owner: &Databases,
    asked: &Verify,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let shutdown = signal_token().map_err(failed)?;
    let metrics = match settings.metrics_listen {
        Some(address) => Some(serve_metrics(address, shutdown.clone()).await.map_err(failed)?),
        None => None,
    };
    let mut pace = pace(asked.pace);
    pace.per_second = pace.per_second.or(Some(GENTLY));
    let mut auditor = Auditor {
        projections,
        owner,
        pace,
        settings,
        rest: Duration::from_secs(asked.every.into()),
        output,
        shutdown: shutdown.clone(),
        drifted: BTreeSet::new(),
        passed: BTreeSet::new(),
        rounds: 0,
    };
    while auditor.round().await? {
        if asked.once && auditor.rounds > 0 {
            break;
        }
    }
    shutdown.cancel();
    if let Some(metrics) = metrics {
        metrics.finished().await.map_err(failed)?;
    }
    auditor.verdict(asked.once)
}

/// With its causes.
fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::Failed(format!("{error:#}"))
}

impl Auditor<'_> {
    /// Every tenant of every projection; false when it was told to stop.
    async fn round(&mut self) -> Result<bool, Failure> {
        let tenants: Vec<String> = match sqlx::query_scalar(TENANTS).fetch_all(&self.owner.log).await {
            Ok(tenants) => tenants,
            Err(error) => return self.wait_out(error.into()).await,
        };
        for tenant in &tenants {
            for projection in self.projections {
                let sampled = loop {
                    match self.sample(projection, tenant).await {
                        Ok(sampled) => break sampled,
                        Err(error) => {
                            if !self.wait_out(error).await? {
                                return Ok(false);
                            }
                        }
                    }
                };
                self.note(projection.definition.name, tenant, sampled)?;
            }
            if !self.sleep(self.rest).await {
                return Ok(false);
            }
        }
        self.rounds += 1;
        if tenants.is_empty() { Ok(self.sleep(PAUSE).await) } else { Ok(true) }
    }

    /// Waits for what may be gone in a moment. A projection that cannot be verified at all ends the auditor.
    async fn wait_out(&self, error: RebuildError) -> Result<bool, Failure> {
        if !error.is_transient() {
            return Err(error.into());
        }
        tracing::warn!(%error, "the auditor waits for the database");
        Ok(self.sleep(PAUSE).await)
    }

    async fn sleep(&self, pause: Duration) -> bool {
        tokio::select! {
            () = self.shutdown.cancelled() => false,
            () = tokio::time::sleep(pause) => true,
        }
    }

    fn note(&mut self, name: &'static str, tenant: &str, sampled: Sampled) -> Result<(), Failure> {
        let result = match &sampled {
            Sampled::Sound => "sound",
            Sampled::Drifted(_) => "drifted",
            Sampled::Passed => "passed",
        };
        counter!("tidemark_audit_samples_total", "projection" => name, "result" => result).increment(1);
        let key = (name, tenant.to_owned());
        if matches!(sampled, Sampled::Passed) {
            self.passed.insert(key.clone());
        } else {
            self.passed.remove(&key);
        }
        match sampled {
            Sampled::Drifted(found) => {
                self.report(&found)?;
                gauge!("tidemark_audit_drift_rows", "projection" => name, "tenant" => tenant.to_owned())
                    .set(found.differing_rows.unwrap_or_default().max(1) as f64);
                self.drifted.insert(key);
            }
            // Only tenants that ever drifted have a series.
            Sampled::Sound if self.drifted.remove(&key) => {
                gauge!("tidemark_audit_drift_rows", "projection" => name, "tenant" => tenant.to_owned()).set(0.0);
            }
            Sampled::Sound | Sampled::Passed => {}
        }
        Ok(())
    }

    fn report(&self, found: &Rebuilt) -> Result<(), Failure> {
        let tenant = found.tenant.as_deref().unwrap_or_default();
        for row in &found.first_differences {
            tracing::error!(projection = found.projection, tenant, table = row.table, key = %row.key, "a row is not what the log says");
        }
        for total in &found.failed_totals {
            tracing::error!(
                projection = found.projection,
                tenant,
                total = total.check,
                "a total is not what the log says"
            );
        }
        self.output.print_line(found, told)
    }

    async fn sample(&self, projection: &Registered, tenant: &str) -> Result<Sampled, RebuildError> {
        let request = RebuildRequest {
            purpose: Purpose::Sample,
            tenant: Some(tenant.to_owned()),
            accept_differences: false,
            anew: true,
            pace: self.pace,
            operator: operator::who(),
            keyring: Some(operator::keyring(self.settings, &self.owner.log)),
        };
        let (progress, _) = watch::channel(None);
        let asked = Rebuilding { owner: self.owner.clone(), request, progress, shutdown: self.shutdown.clone() };
        match projection.rebuild(asked).await {
            Ok(outcome) if outcome.comparison.is_none() => Ok(Sampled::Passed),
            Ok(outcome) if outcome.is_sound() => Ok(Sampled::Sound),
            Ok(outcome) => Ok(Sampled::Drifted(Box::new(rebuilt(outcome, Some(tenant.to_owned()))))),
            Err(
                RebuildError::Busy(_)
                | RebuildError::OtherVersion { .. }
                | RebuildError::LostTimeline(_)
                | RebuildError::NotInstalled(_)
                // Its tables were swapped while it was compared.
                | RebuildError::Columns { .. }
                | RebuildError::Interrupted(_),
            ) => Ok(Sampled::Passed),
            Err(error) => Err(error),
        }
    }

    /// Whoever looks once wants to know what was not looked at.
    fn verdict(&self, once: bool) -> Result<(), Failure> {
        let names = |of: &BTreeSet<(&'static str, String)>| {
            let names: Vec<String> = of.iter().map(|(name, tenant)| format!("{name} of {tenant}")).collect();
            names.join(", ")
        };
        if !self.drifted.is_empty() {
            return Err(Failure::Unhealthy(format!("not what the log says: {}", names(&self.drifted))));
        }
        if once && !self.passed.is_empty() {
            return Err(Failure::Unhealthy(format!("could not be compared: {}", names(&self.passed))));
        }
        Ok(())
    }
}
