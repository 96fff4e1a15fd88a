//! `dev.json`: what scripts and tests need to know about a running stack. Written whole or not at all.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::files;

/// Somebody who can sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The email.
    pub email: String,
    /// The password.
    pub password: String,
}

/// The second tenant, for tests of what must stay apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherTenant {
    /// Its slug.
    pub tenant: String,
    /// Its admin.
    pub admin: Account,
}

/// The content of `dev.json`. What does not exist is null, never left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DevJson {
    /// The first API process.
    pub base_url: String,
    /// The metrics of the first process.
    pub metrics_url: String,
    /// The API's documentation.
    pub docs_url: String,
    /// The owner's URL of the database.
    pub database_url: String,
    /// The same of the read models, where they have one of their own.
    pub read_database_url: Option<String>,
    /// NATS.
    pub nats_url: String,
    /// Redis, if there is one.
    pub redis_url: Option<String>,
    /// The slug of the demo tenant.
    pub tenant: String,
    /// The demo tenant's admin.
    pub admin: Account,
    /// The demo tenant's editor.
    pub editor: Account,
    /// A member of the demo tenant.
    pub member: Account,
    /// Process numbers by name.
    pub pids: BTreeMap<String, i32>,
    /// An origin that CORS allows.
    pub cors_origin: Option<String>,
    /// Where mail is put instead of being sent.
    pub mail_folder: Option<PathBuf>,
    /// What Stripe's webhooks are signed with.
    pub stripe_webhook_secret: Option<String>,
    /// The PEM file that signs access tokens.
    pub signing_key_file: PathBuf,
    /// All API processes.
    pub base_urls: Vec<String>,
    /// The second tenant.
    pub other_tenant: OtherTenant,
}

/// Where it lies.
pub fn path(data: &Path) -> PathBuf {
    data.join("dev.json")
}

impl DevJson {
    /// Reads what a running `up` has written.
    pub fn read(data: &Path) -> anyhow::Result<Self> {
        let path = path(data);
        let bytes = std::fs::read(&path)
            .with_context(|| format!("cannot read {}; is `cargo dev up` running?", path.display()))?;
        serde_json::from_slice(&bytes).with_context(|| format!("{} is broken", path.display()))
    }

    /// Replaces it in one step, readable by its owner alone.
    pub fn write(&self, data: &Path) -> anyhow::Result<()> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        files::write_private(&path(data), &bytes)
    }
}

#[cfg(test)]
pub(crate) fn example() -> DevJson {
    let account = |email: &str| Account { email: email.to_owned(), password: "correct horse".to_owned() };
    DevJson {
        base_url: "http://127.0.0.1:8080".into(),
        metrics_url: "http://127.0.0.1:9090/metrics".into(),
        docs_url: "http://127.0.0.1:8080/docs".into(),
        database_url: "postgres://tidemark@127.0.0.1:5432/tidemark".into(),
        read_database_url: None,
        nats_url: "nats://127.0.0.1:4222".into(),
        redis_url: None,
        tenant: "demo".into(),
        admin: account("admin@demo.example"),
        editor: account("editor@demo.example"),
        member: account("member@demo.example"),
        pids: BTreeMap::from([("api-0".to_owned(), 1)]),
        cors_origin: None,
        mail_folder: None,
        stripe_webhook_secret: None,
        signing_key_file: "/tmp/key.pem".into(),
        base_urls: vec!["http://127.0.0.1:8080".into()],
        other_tenant: OtherTenant { tenant: "other".into(), admin: account("admin@other.example") },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn every_key_is_there_even_when_it_is_null() {
        let json = serde_json::to_value(example()).expect("JSON");
        for key in [
            "baseUrl",
            "metricsUrl",
            "docsUrl",
            "databaseUrl",
            "readDatabaseUrl",
            "natsUrl",
            "redisUrl",
            "tenant",
            "admin",
            "editor",
            "member",
            "pids",
            "corsOrigin",
            "mailFolder",
            "stripeWebhookSecret",
            "signingKeyFile",
            "baseUrls",
            "otherTenant",
        ] {
            assert!(json.get(key).is_some(), "{key}");
        }
    }

    #[test]
    fn a_reader_never_sees_half_of_it() {
        let directory = tempfile::tempdir().expect("a directory");
        example().write(directory.path()).expect("written");
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut json = example();
                for pid in 0..300 {
                    json.pids.insert(format!("api-{pid}"), pid);
                    json.write(directory.path()).expect("written");
                }
                done.store(true, Ordering::Release);
            });
            while !done.load(Ordering::Acquire) {
                DevJson::read(directory.path()).expect("whole");
            }
        });
    }
}
