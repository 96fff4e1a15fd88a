//! The settings of a stack: development's own, then the checkout's `tidemark.toml`, then the user's `TIDEMARK_*`.
//!
//! The first two are merged into `settings.toml` in the data directory, which every process of the stack and
//! `cargo dev admin` read; variables reach those processes by inheritance and win there.

use std::path::{Path, PathBuf};

use anyhow::Context;
use toml::{Table, Value};

use crate::files;
use crate::place::Place;
use crate::secrets::Secrets;

/// What the user has set, in variables or in a file.
#[derive(Debug, Clone)]
pub struct Configured {
    file: Table,
}

impl Configured {
    /// Reads the file that `TIDEMARK_CONFIG` names, else `tidemark.toml` in the checkout, if any.
    pub fn read(place: &Place) -> anyhow::Result<Self> {
        let named = std::env::var_os("TIDEMARK_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from);
        let usual = place.checkout.as_ref().map(|checkout| checkout.join("tidemark.toml")).filter(|path| path.exists());
        let Some(path) = named.or(usual) else { return Ok(Self { file: Table::new() }) };
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let file = text.parse().with_context(|| format!("{} is not valid TOML", path.display()))?;
        Ok(Self { file })
    }

    /// The value of a key, if the user has set it.
    pub fn text(&self, key: &str) -> anyhow::Result<Option<String>> {
        let variable = format!("TIDEMARK_{}", key.to_uppercase());
        if let Some(path) = variable_text(&format!("{variable}_FILE")) {
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("{variable}_FILE names {path}, which cannot be read"))?;
            return Ok(Some(text.trim_end().to_owned()));
        }
        if let Some(value) = variable_text(&variable) {
            return Ok(Some(value));
        }
        Ok(self.file.get(key).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
    }
}

/// Which rate limits a stack has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimits {
    /// All but that of one account from one address are too high for a test suite to meet them.
    Raised,
    /// As in production.
    Production,
}

/// What is raised, and how far.
const RAISED: [&str; 9] = [
    "connections_per_address",
    "rate_anonymous",
    "rate_signed_in",
    "rate_sign_in_account",
    "rate_sign_in_address",
    "rate_refresh",
    "rate_failed_sign_in",
    "rate_failed_sign_in_account",
    "rate_failed_sign_in_address",
];
const HIGH: i64 = 1_000_000;

/// The addresses that a stack's processes use.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// The owner's URL of the database.
    pub database_url: String,
    /// The same of the read models, where they are to have one of their own.
    pub read_database_url: Option<String>,
    /// NATS.
    pub nats_url: String,
    /// Redis, if there is one.
    pub redis_url: Option<String>,
    /// Port of the first API process.
    pub api_port: u16,
    /// Port of the first metrics address.
    pub metrics_port: u16,
}

/// Where the merged settings lie.
pub fn file(place: &Place) -> PathBuf {
    place.data.join("settings.toml")
}

/// Writes the merged settings.
pub fn write(
    place: &Place,
    configured: &Configured,
    secrets: &Secrets,
    addresses: &Addresses,
    rate_limits: RateLimits,
) -> anyhow::Result<PathBuf> {
    let mut settings = defaults(place, secrets, addresses);
    if rate_limits == RateLimits::Raised {
        settings.extend(RAISED.map(|key| (key.to_owned(), Value::Integer(HIGH))));
    }
    settings.extend(configured.file.clone());
    let path = file(place);
    files::write_private(&path, toml::to_string(&settings)?.as_bytes())?;
    Ok(path)
}

fn defaults(place: &Place, secrets: &Secrets, addresses: &Addresses) -> Table {
    let mut settings = Table::new();
    let mut set = |key: &str, value: Value| settings.insert(key.to_owned(), value);
    set("environment", "development".into());
    set("database_url", addresses.database_url.clone().into());
    if let Some(url) = &addresses.read_database_url {
        set("read_database_url", url.clone().into());
    }
    set("nats_url", addresses.nats_url.clone().into());
    if let Some(url) = &addresses.redis_url {
        set("redis_url", url.clone().into());
    }
    set("role_password", secrets.role_password.clone().into());
    set("secret", secrets.master.clone().into());
    set("signing_key_file", path_text(&secrets.signing_key_file).into());
    set("listen", format!("127.0.0.1:{}", addresses.api_port).into());
    set("metrics_listen", format!("127.0.0.1:{}", addresses.metrics_port).into());
    set("default_tenant", "demo".into());
    // Browsers take every name under it for this machine, so a tenant's subdomain works without setting anything up.
    set("base_domain", "localhost".into());
    // Where the development servers of front ends usually listen.
    set("cors_origins", "http://localhost:5173,http://localhost:3000".into());
    set("mail_folder", path_text(&place.data.join("mail")).into());
    set("mail_from", "no-reply@tidemark.localhost".into());
    set("site_url", "http://localhost:5173".into());
    // JetStream reserves a stream's limit on the disk, and a laptop's may be small.
    set("stream_max_mib", Value::Integer(1024));
    settings
}

fn path_text(path: &Path) -> String {
    path.display().to_string()
}

fn variable_text(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_checkout_wins_over_the_defaults() {
        let directory = tempfile::tempdir().expect("a directory");
        let place = Place {
            checkout: Some(directory.path().to_path_buf()),
            data: directory.path().to_path_buf(),
            servers: directory.path().to_path_buf(),
            unprivileged: None,
        };
        std::fs::write(directory.path().join("tidemark.toml"), "default_tenant = \"acme\"\nquery_connections = 3\n")
            .expect("written");
        let configured = Configured::read(&place).expect("read");
        let secrets = Secrets::load_or_make(directory.path()).expect("made");
        let addresses = Addresses {
            database_url: "postgres://localhost/x".into(),
            read_database_url: None,
            nats_url: "nats://localhost".into(),
            redis_url: None,
            api_port: 1,
            metrics_port: 2,
        };
        let path = write(&place, &configured, &secrets, &addresses, RateLimits::Raised).expect("written");
        let merged: Table = std::fs::read_to_string(path).expect("read").parse().expect("TOML");
        assert_eq!(merged["default_tenant"].as_str(), Some("acme"));
        assert_eq!(merged["query_connections"].as_integer(), Some(3));
        assert_eq!(merged["listen"].as_str(), Some("127.0.0.1:1"));
        assert!(!merged.contains_key("redis_url"));
        assert_eq!(merged["rate_anonymous"].as_integer(), Some(HIGH));
        assert!(!merged.contains_key("rate_sign_in"), "nobody guesses passwords here either");
        let path = write(&place, &configured, &secrets, &addresses, RateLimits::Production).expect("written");
        let strict: Table = std::fs::read_to_string(path).expect("read").parse().expect("TOML");
        assert!(!strict.contains_key("rate_anonymous"));
        assert_eq!(configured.text("default_tenant").expect("readable").as_deref(), Some("acme"));
    }
}
