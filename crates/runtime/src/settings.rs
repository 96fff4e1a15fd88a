//! The settings that every Tidemark process takes: one flat TOML file, overridden by `TIDEMARK_*` variables.
//!
//! A key `database_url` of the file is `TIDEMARK_DATABASE_URL` in the environment, and
//! `TIDEMARK_DATABASE_URL_FILE` names a file that holds its value (for secrets mounted by an orchestrator).
//! The file is named by `--config` or `TIDEMARK_CONFIG`. Unknown keys of the file are refused, and so are variables
//! that are plainly a misspelt key; other `TIDEMARK_*` variables belong to somebody else (an orchestrator makes some up).

mod database_url;
mod error;
mod keys;
mod networks;
mod oidc;
mod sources;
mod validate;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use axum::http::{HeaderName, HeaderValue};
use figment::Figment;
use figment::providers::Serialized;
use hmac::{Hmac, KeyInit, Mac};
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

pub use error::SettingsError;
pub use oidc::{OidcProvider, OidcProviders};

/// Which guards apply: development relaxes what a laptop cannot have (TLS, real secrets).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// A laptop or a test: plain HTTP cookies, short secrets are accepted.
    Development,
    /// Anything that real people reach.
    Production,
}

/// Whether something is done at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    /// It is.
    On,
    /// It is not, on purpose.
    Off,
}

/// All settings of all processes. Each process reads those it needs.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `development` or `production` (default).
    pub environment: Environment,
    /// The database: `postgres://[user[:password]@]host:port/name`. Its user and password are the owner's and are
    /// used by `admin` alone; the services put their own role in their place.
    pub database_url: SecretString,
    /// The database of the read models, where they have one of their own: a URL as `database_url`.
    pub read_database_url: Option<SecretString>,
    /// The password of the service roles.
    pub role_password: SecretString,
    /// `nats://host:port`; without it the feed follows the log directly and nothing is fanned out.
    pub nats_url: Option<String>,
    /// `redis://host:port`; optional everywhere.
    pub redis_url: Option<String>,
    /// The master secret, at least 32 characters in production. The signatures of positions, cursors and messages
    /// derive from it, and the key that wraps those of personal data.
    pub secret: SecretString,
    /// The master secret before this one, until `admin keys rotate --data` has passed the keys of personal data over.
    pub previous_secret: Option<SecretString>,
    /// PEM file (PKCS#8) of an Ed25519 key that signs access tokens instead of those that the database keeps.
    pub signing_key_file: Option<PathBuf>,
    /// OpenID providers that people may sign in by.
    pub oidc_providers: Option<OidcProviders>,
    /// Where the API listens.
    pub listen: SocketAddr,
    /// Where `/metrics` listens: internal, never public. None switches it off.
    pub metrics_listen: Option<SocketAddr>,
    /// `shop.example` makes `acme.shop.example` the tenant `acme`.
    pub base_domain: Option<String>,
    /// The tenant of a request that names none.
    pub default_tenant: Option<String>,
    /// `iss` and `aud` of access tokens.
    pub token_issuer: String,
    /// Lifetime of an access token in seconds.
    pub access_token_seconds: u64,
    /// Lifetime of a refresh token in days, counted anew whenever it is exchanged.
    pub refresh_token_days: u64,
    /// Origins of browsers that may use the API from elsewhere, `https://shop.example`, several separated by commas.
    pub cors_origins: Option<String>,
    /// How many commands may wait for the append before 503 is answered.
    pub append_queue: usize,
    /// Events of one aggregate from a snapshot of it to the next; 0 neither writes nor reads any.
    pub snapshot_events: u32,
    /// Connections of the query pool of one process.
    pub query_connections: u32,
    /// Memory of the query cache of one process, in MiB.
    pub cache_mib: u64,
    /// How many password hashes run at once in a process.
    pub password_hashing_slots: usize,
    /// Memory of one password hash, in KiB. A hash of another cost is made anew when its owner signs in.
    pub password_hashing_kib: u32,
    /// Passes of a password hash over its memory.
    pub password_hashing_passes: u32,
    /// How hard to guess a new password has to be, from 1 to 4 as zxcvbn counts; 0 does not ask.
    pub password_strength: u8,
    /// How long the stream keeps a message, in hours.
    pub stream_max_age_hours: u64,
    /// How large the stream may grow, in MiB.
    pub stream_max_mib: u64,
    /// Replicas of the stream in a NATS cluster.
    pub stream_replicas: usize,
    /// `off` says that no mail is to be sent; else it waits for a way.
    pub mail: Switch,
    /// The mail server: `smtps://user:password@host` or `smtp://host:587?tls=required`.
    pub mail_smtp_url: Option<String>,
    /// The address that mail comes from.
    pub mail_from: Option<String>,
    /// Where mail is put, one file each, when there is no `mail_smtp_url`.
    pub mail_folder: Option<PathBuf>,
    /// Where people are sent by links in mails: the address of the site, `{tenant}` standing for the tenant's id.
    pub site_url: Option<String>,
    /// PEM file of the certificate, and of those that lead up from it; with it and its key the API speaks TLS.
    pub tls_certificate_file: Option<PathBuf>,
    /// PEM file of the certificate's key.
    pub tls_key_file: Option<PathBuf>,
    /// Networks of the proxies whose `X-Forwarded-For` is believed, separated by commas.
    pub trusted_proxies: Option<String>,
    /// For how many seconds a process that is to end goes on taking connections, while it says that it is not ready.
    pub drain_seconds: u64,
    /// Connections of one address at once, but for the proxies of `trusted_proxies`.
    pub connections_per_address: usize,
    /// Requests a minute of an address that is not signed in.
    pub rate_anonymous: u32,
    /// Requests a minute of somebody signed in.
    pub rate_signed_in: u32,
    /// Sign-ins a minute of one account from one address.
    pub rate_sign_in: u32,
    /// Sign-ins a minute of one account.
    pub rate_sign_in_account: u32,
    /// Sign-ins a minute from one address.
    pub rate_sign_in_address: u32,
    /// Refreshes a minute of one session.
    pub rate_refresh: u32,
    /// Failed sign-ins an hour of one account from one address.
    pub rate_failed_sign_in: u32,
    /// Failed sign-ins a day of one account, from networks that it was not signed in from before.
    pub rate_failed_sign_in_account: u32,
    /// Failed sign-ins an hour from one address.
    pub rate_failed_sign_in_address: u32,
    /// How many times over a tenant's own limits may exceed these.
    pub rate_tenant_factor: u32,
    /// `json` or `pretty`; by default pretty on a terminal.
    pub log_format: Option<String>,
    /// A `tracing` filter, `info` by default.
    pub log_filter: String,
    /// Where traces are sent, as OTLP over HTTP: the address that `/v1/traces` is added to. None records no traces.
    pub otlp_endpoint: Option<String>,
    /// Headers for the collector, `name=value`, several separated by commas.
    pub otlp_headers: Option<SecretString>,
    /// How many of the traces that begin here are recorded, from 0 to 1.
    pub trace_ratio: f64,
}

impl Settings {
    /// Reads the settings of a service and refuses what it could not run with.
    ///
    /// Later sources win: defaults, the file (`config`, else `TIDEMARK_CONFIG`), `TIDEMARK_*`, `TIDEMARK_*_FILE`.
    pub fn load(config: Option<&Path>) -> Result<Self, SettingsError> {
        let figment = sources::gather(config, std::env::vars_os().collect())?;
        let settings = Self::extract(&figment)?;
        validate::service(&settings, &figment)?;
        Ok(settings)
    }

    /// Reads the settings for an operator's command, which needs the database but not what only services need
    /// (the signing key, the master secret): those may be missing, and are checked when they are there.
    pub fn load_for_operator(config: Option<&Path>) -> Result<Self, SettingsError> {
        let figment = sources::gather(config, std::env::vars_os().collect())?;
        let settings = Self::extract(&figment)?;
        validate::operator(&settings, &figment)?;
        Ok(settings)
    }

    /// Settings of a test: development, free ports, nothing secret. `nats_url` may be `None` (the log alone).
    pub fn for_tests(database_url: &str, nats_url: impl Into<Option<String>>) -> Self {
        let settings: Self = Figment::from(Serialized::defaults(Defaults::default()))
            .merge(("environment", Environment::Development))
            .merge(("database_url", database_url))
            .merge(("listen", SocketAddr::from(([127, 0, 0, 1], 0))))
            .merge(("role_password", "tidemark-tests"))
            .merge(("secret", validate::TEST_SECRET))
            .merge(Serialized::globals(Rates::high()))
            .merge(("connections_per_address", 10_000))
            .extract()
            .expect("the defaults and these are all that is required");
        Self { nats_url: nats_url.into(), ..settings }
    }

    /// The database as a service role: `role` and `role_password` in place of the owner's user and password.
    ///
    /// A `database_url` that cannot be read (`load` refuses those) gives an empty URL, so that a service never falls
    /// back to the owner's rights.
    pub fn database_url_as(&self, role: &str) -> SecretString {
        let password = self.role_password.expose_secret();
        database_url::with_credentials(self.database_url.expose_secret(), role, password).unwrap_or_default().into()
    }

    /// The database as its owner: for migrations, rebuilds and the operator's commands.
    pub fn owner_database_url(&self) -> SecretString {
        self.database_url.clone()
    }

    /// The database of the read models, where that is another one than the log's.
    fn own_read_database_url(&self) -> Option<&SecretString> {
        let is_another = |url: &&SecretString| url.expose_secret() != self.database_url.expose_secret();
        self.read_database_url.as_ref().filter(is_another)
    }

    /// Whether the read models have a database of their own.
    pub fn has_read_database(&self) -> bool {
        self.own_read_database_url().is_some()
    }

    /// As [`Settings::database_url_as`], of the database that the read models are in.
    pub fn read_database_url_as(&self, role: &str) -> SecretString {
        let url = self.own_read_database_url().unwrap_or(&self.database_url);
        let password = self.role_password.expose_secret();
        database_url::with_credentials(url.expose_secret(), role, password).unwrap_or_default().into()
    }

    /// As [`Settings::owner_database_url`], of the database that the read models are in.
    pub fn owner_read_database_url(&self) -> SecretString {
        self.own_read_database_url().unwrap_or(&self.database_url).clone()
    }

    /// A key of its own for each purpose, so that what is signed for one can never be used for another.
    pub fn derive_key(&self, purpose: &str) -> [u8; 32] {
        derive(&self.secret, purpose)
    }

    /// As [`Settings::derive_key`], from the master secret before this one, where there is one.
    pub fn derive_previous_key(&self, purpose: &str) -> Option<[u8; 32]> {
        self.previous_secret.as_ref().map(|secret| derive(secret, purpose))
    }

    /// The networks of [`Settings::trusted_proxies`]. Text that is none (`load` refuses it) trusts nobody.
    pub fn trusted_networks(&self) -> Vec<IpNet> {
        self.trusted_proxies.as_deref().and_then(networks::parse).unwrap_or_default()
    }

    /// The origins of [`Settings::cors_origins`], one by one.
    pub fn cors_origin_list(&self) -> impl Iterator<Item = &str> {
        self.cors_origins.iter().flat_map(|origins| origins.split(',')).map(str::trim)
    }

    /// The headers of [`Settings::otlp_headers`], one by one; nothing where one of them is none (`load` refuses that).
    pub(crate) fn otlp_header_list(&self) -> Option<Vec<(HeaderName, HeaderValue)>> {
        let Some(headers) = &self.otlp_headers else { return Some(Vec::new()) };
        let header = |text: &str| {
            let (name, value) = text.split_once('=')?;
            let mut value = HeaderValue::try_from(value.trim()).ok()?;
            value.set_sensitive(true);
            Some((HeaderName::try_from(name.trim()).ok()?, value))
        };
        headers.expose_secret().split(',').filter(|text| !text.trim().is_empty()).map(header).collect()
    }

    fn extract(figment: &Figment) -> Result<Self, SettingsError> {
        figment.extract().map_err(|error| SettingsError::from_figment(&error))
    }

    #[cfg(test)]
    fn load_from(config: Option<&Path>, variables: &[(&str, &str)]) -> Result<Self, SettingsError> {
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
        let figment = sources::gather(config, variables)?;
        let settings = Self::extract(&figment)?;
        validate::service(&settings, &figment)?;
        Ok(settings)
    }
}

fn derive(secret: &SecretString, purpose: &str) -> [u8; 32] {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).expect("HMAC takes a key of any length");
    mac.update(b"tidemark/");
    mac.update(purpose.as_bytes());
    mac.finalize().into_bytes().into()
}

/// What holds where nobody says otherwise. An empty secret is refused where a secret is needed.
#[derive(Serialize)]
struct Defaults {
    environment: Environment,
    role_password: &'static str,
    secret: &'static str,
    listen: SocketAddr,
    token_issuer: &'static str,
    access_token_seconds: u64,
    refresh_token_days: u64,
    append_queue: usize,
    snapshot_events: u32,
    query_connections: u32,
    cache_mib: u64,
    password_hashing_slots: usize,
    password_hashing_kib: u32,
    password_hashing_passes: u32,
    password_strength: u8,
    rate_tenant_factor: u32,
    stream_max_age_hours: u64,
    stream_max_mib: u64,
    stream_replicas: usize,
    drain_seconds: u64,
    connections_per_address: usize,
    #[serde(flatten)]
    rates: Rates,
    mail: Switch,
    log_filter: &'static str,
    trace_ratio: f64,
}

/// The rate limits alone.
#[derive(Serialize)]
struct Rates {
    rate_anonymous: u32,
    rate_signed_in: u32,
    rate_sign_in: u32,
    rate_sign_in_account: u32,
    rate_sign_in_address: u32,
    rate_refresh: u32,
    rate_failed_sign_in: u32,
    rate_failed_sign_in_account: u32,
    rate_failed_sign_in_address: u32,
}

impl Rates {
    fn usual() -> Self {
        Self {
            rate_anonymous: 60,
            rate_signed_in: 600,
            rate_sign_in: 10,
            rate_sign_in_account: 60,
            rate_sign_in_address: 30,
            rate_refresh: 60,
            rate_failed_sign_in: 20,
            rate_failed_sign_in_account: 100,
            rate_failed_sign_in_address: 100,
        }
    }

    /// So high that no test meets one by accident.
    fn high() -> Self {
        let high = validate::HIGHEST_RATE;
        Self {
            rate_anonymous: high,
            rate_signed_in: high,
            rate_sign_in: high,
            rate_sign_in_account: high,
            rate_sign_in_address: high,
            rate_refresh: high,
            rate_failed_sign_in: high,
            rate_failed_sign_in_account: high,
            rate_failed_sign_in_address: high,
        }
    }
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            environment: Environment::Production,
            role_password: "",
            secret: "",
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            token_issuer: "tidemark",
            access_token_seconds: 900,
            refresh_token_days: 30,
            append_queue: 4096,
            snapshot_events: 100,
            query_connections: 16,
            cache_mib: 64,
            password_hashing_slots: 2,
            // The first choice of the OWASP cheat sheet.
            password_hashing_kib: 19 * 1024,
            password_hashing_passes: 2,
            password_strength: 0,
            rate_tenant_factor: 100,
            stream_max_age_hours: 7 * 24,
            stream_max_mib: 10 * 1024,
            stream_replicas: 1,
            drain_seconds: 0,
            connections_per_address: 512,
            rates: Rates::usual(),
            mail: Switch::On,
            log_filter: "info",
            trace_ratio: 1.0,
        }
    }
}

/// Shows everything but secrets: those fields are redacted, and URLs lose their credentials.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |url: &Option<String>| url.as_deref().map(database_url::without_credentials);
        let read_database_url =
            self.read_database_url.as_ref().map(|url| database_url::without_credentials(url.expose_secret()));
        f.debug_struct("Settings")
            .field("environment", &self.environment)
            .field("database_url", &database_url::without_credentials(self.database_url.expose_secret()))
            .field("read_database_url", &read_database_url)
            .field("role_password", &self.role_password)
            .field("nats_url", &shown(&self.nats_url))
            .field("redis_url", &shown(&self.redis_url))
            .field("secret", &self.secret)
            .field("previous_secret", &self.previous_secret)
            .field("signing_key_file", &self.signing_key_file)
            .field("oidc_providers", &self.oidc_providers)
            .field("listen", &self.listen)
            .field("metrics_listen", &self.metrics_listen)
            .field("base_domain", &self.base_domain)
            .field("default_tenant", &self.default_tenant)
            .field("token_issuer", &self.token_issuer)
            .field("access_token_seconds", &self.access_token_seconds)
            .field("refresh_token_days", &self.refresh_token_days)
            .field("cors_origins", &self.cors_origins)
            .field("append_queue", &self.append_queue)
            .field("snapshot_events", &self.snapshot_events)
            .field("query_connections", &self.query_connections)
            .field("cache_mib", &self.cache_mib)
            .field("password_hashing_slots", &self.password_hashing_slots)
            .field("password_hashing_kib", &self.password_hashing_kib)
            .field("password_hashing_passes", &self.password_hashing_passes)
            .field("password_strength", &self.password_strength)
            .field("stream_max_age_hours", &self.stream_max_age_hours)
            .field("stream_max_mib", &self.stream_max_mib)
            .field("stream_replicas", &self.stream_replicas)
            .field("mail", &self.mail)
            .field("mail_smtp_url", &shown(&self.mail_smtp_url))
            .field("mail_from", &self.mail_from)
            .field("mail_folder", &self.mail_folder)
            .field("site_url", &self.site_url)
            .field("tls_certificate_file", &self.tls_certificate_file)
            .field("tls_key_file", &self.tls_key_file)
            .field("trusted_proxies", &self.trusted_proxies)
            .field("drain_seconds", &self.drain_seconds)
            .field("connections_per_address", &self.connections_per_address)
            .field("rate_anonymous", &self.rate_anonymous)
            .field("rate_signed_in", &self.rate_signed_in)
            .field("rate_sign_in", &self.rate_sign_in)
            .field("rate_sign_in_account", &self.rate_sign_in_account)
            .field("rate_sign_in_address", &self.rate_sign_in_address)
            .field("rate_refresh", &self.rate_refresh)
            .field("rate_failed_sign_in", &self.rate_failed_sign_in)
            .field("rate_failed_sign_in_account", &self.rate_failed_sign_in_account)
            .field("rate_failed_sign_in_address", &self.rate_failed_sign_in_address)
            .field("rate_tenant_factor", &self.rate_tenant_factor)
            .field("log_format", &self.log_format)
            .field("log_filter", &self.log_filter)
            .field("otlp_endpoint", &shown(&self.otlp_endpoint))
            .field("otlp_headers", &self.otlp_headers)
            .field("trace_ratio", &self.trace_ratio)
            .finish()
    }
}

#[cfg(test)]
mod tests;
