//! Whether everything that an installation needs is there and set up as it must be; what is not, and what to do.

mod database;
mod nats;
mod read_models;
mod redis;

use std::path::Path;

use secrecy::ExposeSecret;
use serde::Serialize;
use tidemark_runtime::{Environment, Settings};

use crate::output::table;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// As it must be.
    Ok,
    /// Tidemark runs, but somebody should look at it.
    Warn,
    /// Something does not work, or data is at risk.
    Fail,
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: String,
    /// How it is.
    pub status: Mark,
    /// What was found.
    pub detail: String,
    /// What to do, unless it is as it must be.
    pub advice: Option<String>,
}

impl Check {
    fn ok(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { name: name.into(), status: Mark::Ok, detail: detail.into(), advice: None }
    }

    fn warn(name: impl Into<String>, detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name: name.into(), status: Mark::Warn, detail: detail.into(), advice: Some(advice.into()) }
    }

    fn fail(name: impl Into<String>, detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name: name.into(), status: Mark::Fail, detail: detail.into(), advice: Some(advice.into()) }
    }
}

/// All checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether no check failed.
    pub healthy: bool,
    /// In the order they were made.
    pub checks: Vec<Check>,
}

impl Report {
    pub(crate) fn lines(&self, colours: bool) -> String {
        let row = |check: &Check| {
            let detail = match &check.advice {
                Some(advice) => format!("{}; {advice}", check.detail),
                None => check.detail.clone(),
            };
            vec![check.status.shown().to_owned(), check.name.clone(), detail]
        };
        let text = table(&["", "CHECK", "FOUND"], self.checks.iter().map(row));
        if colours { text.lines().map(coloured).collect::<Vec<_>>().join("\n") } else { text }
    }
}

impl Mark {
    fn shown(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "WARN",
            Self::Fail => "FAIL",
        }
    }
}

fn coloured(line: &str) -> String {
    for (mark, code) in [("ok ", 32), ("WARN ", 33), ("FAIL ", 31)] {
        if let Some(rest) = line.strip_prefix(mark) {
            return format!("\u{1b}[{code}m{mark}\u{1b}[0m{rest}");
        }
    }
    line.to_owned()
}

/// Makes every check that can be made; one that fails does not keep the others from being made. Changes nothing.
pub async fn examine(config: Option<&Path>, settings: &Settings) -> Report {
    let mut checks = of_settings(config, settings);
    checks.extend(database::examine(settings).await);
    checks.extend(nats::examine(settings).await);
    checks.push(redis::examine(settings).await);
    Report { healthy: checks.iter().all(|check| check.status != Mark::Fail), checks }
}

fn of_settings(config: Option<&Path>, settings: &Settings) -> Vec<Check> {
    let environment = match settings.environment {
        Environment::Development => "development",
        Environment::Production => "production",
    };
    let mut checks = vec![match Settings::load(config) {
        Ok(_) => Check::ok("settings", format!("{environment}; the services would start with these")),
        Err(error) => Check::warn(
            "settings",
            format!("enough for admin, but not for the services: {error}"),
            "unless these are admin's own settings, mend them",
        ),
    }];
    if settings.role_password.expose_secret().is_empty() {
        checks.push(Check::warn(
            "role password",
            "`role_password` is not set",
            "set it; `admin migrate` refuses to run without it",
        ));
    }
    if let Some(file) = &settings.signing_key_file {
        checks.push(match std::fs::read_to_string(file) {
            Ok(pem) if pem.contains("BEGIN PRIVATE KEY") => {
                Check::ok("signing key", format!("{} is a PKCS#8 key", file.display()))
            }
            Ok(_) => Check::fail(
                "signing key",
                format!("{} is no PKCS#8 PEM file", file.display()),
                "make one with `openssl genpkey -algorithm ed25519`",
            ),
            Err(error) => Check::fail(
                "signing key",
                format!("cannot read {}: {error}", file.display()),
                "set `signing_key_file` to a file that this user may read",
            ),
        });
    }
    checks
}
