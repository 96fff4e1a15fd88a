//! What no type can say: ranges, formats, and what production must not run with.

use figment::Figment;
use secrecy::{ExposeSecret, SecretString};

use super::keys::Key;
use super::{Environment, Settings, SettingsError, database_url, networks};

/// The secret of tests: long enough, and known to everybody.
pub(super) const TEST_SECRET: &str = "tidemark-tests-know-this-secret-and-so-does-everybody";

/// The highest rate limit, a minute.
pub(super) const HIGHEST_RATE: u32 = 1_000_000;

const SHORTEST_SECRET: usize = 32;

/// Secrets that stand in somebody's documentation.
const KNOWN: [&str; 4] = ["changeme", "change-me", "example", "tidemark-tests"];

/// What a service needs.
pub(super) fn service(settings: &Settings, figment: &Figment) -> Result<(), SettingsError> {
    values(settings, figment)?;
    if settings.secret.expose_secret().is_empty() {
        return Err(SettingsError::missing(key("secret")));
    }
    if settings.environment == Environment::Development {
        return Ok(());
    }
    refuse_if(is_weak(&settings.secret), "secret", figment)?;
    refuse_if(settings.mail_smtp_url.as_deref().is_some_and(shows_its_password), "mail_smtp_url", figment)?;
    if settings.role_password.expose_secret().is_empty() {
        return Err(SettingsError::missing(key("role_password")));
    }
    Ok(())
}

/// What an operator's command needs: values that make sense, and no weak secret where there is one.
pub(super) fn operator(settings: &Settings, figment: &Figment) -> Result<(), SettingsError> {
    values(settings, figment)?;
    let has_secret = !settings.secret.expose_secret().is_empty();
    let is_production = settings.environment == Environment::Production;
    refuse_if(is_production && has_secret && is_weak(&settings.secret), "secret", figment)
}

fn values(settings: &Settings, figment: &Figment) -> Result<(), SettingsError> {
    let refuse_if = |wrong: bool, name: &str| refuse_if(wrong, name, figment);
    refuse_if(database_url::parse(settings.database_url.expose_secret()).is_none(), "database_url")?;
    let read_database_url = settings.read_database_url.as_ref();
    refuse_if(
        read_database_url.is_some_and(|url| database_url::parse(url.expose_secret()).is_none()),
        "read_database_url",
    )?;
    refuse_if(
        settings.nats_url.as_deref().is_some_and(|url| !has_scheme(url, &["nats", "tls", "ws", "wss"])),
        "nats_url",
    )?;
    refuse_if(
        settings.redis_url.as_deref().is_some_and(|url| !has_scheme(url, &["redis", "rediss", "redis+unix", "unix"])),
        "redis_url",
    )?;
    refuse_if(settings.default_tenant.as_deref().is_some_and(|tenant| !is_tenant(tenant)), "default_tenant")?;
    refuse_if(
        settings.base_domain.as_deref().is_some_and(|domain| domain.is_empty() || domain.contains(['/', ':', ' '])),
        "base_domain",
    )?;
    refuse_if(settings.token_issuer.is_empty(), "token_issuer")?;
    refuse_if(!(1..=86_400).contains(&settings.access_token_seconds), "access_token_seconds")?;
    refuse_if(!(1..=365).contains(&settings.refresh_token_days), "refresh_token_days")?;
    refuse_if(!settings.cors_origin_list().all(is_origin), "cors_origins")?;
    refuse_if(settings.append_queue == 0, "append_queue")?;
    refuse_if(settings.query_connections == 0, "query_connections")?;
    refuse_if(settings.drain_seconds > 300, "drain_seconds")?;
    refuse_if(settings.connections_per_address == 0, "connections_per_address")?;
    refuse_if(settings.password_hashing_slots == 0, "password_hashing_slots")?;
    refuse_if(!(1_024..=1_048_576).contains(&settings.password_hashing_kib), "password_hashing_kib")?;
    refuse_if(!(1..=16).contains(&settings.password_hashing_passes), "password_hashing_passes")?;
    refuse_if(settings.password_strength > 4, "password_strength")?;
    refuse_if(settings.stream_max_age_hours == 0, "stream_max_age_hours")?;
    refuse_if(settings.stream_max_mib == 0, "stream_max_mib")?;
    refuse_if(!(1..=5).contains(&settings.stream_replicas), "stream_replicas")?;
    refuse_if(settings.mail_smtp_url.as_deref().is_some_and(|url| !is_mail_server(url)), "mail_smtp_url")?;
    refuse_if(settings.mail_from.as_deref().is_some_and(|address| !is_address(address)), "mail_from")?;
    if settings.mail_from.is_none() && (settings.mail_smtp_url.is_some() || settings.mail_folder.is_some()) {
        return Err(SettingsError::missing(key("mail_from")));
    }
    refuse_if(settings.site_url.as_deref().is_some_and(|url| !is_site(url)), "site_url")?;
    let tls = (&settings.tls_certificate_file, &settings.tls_key_file);
    refuse_if(matches!(tls, (Some(_), None)), "tls_certificate_file")?;
    refuse_if(matches!(tls, (None, Some(_))), "tls_key_file")?;
    refuse_if(
        settings.trusted_proxies.as_deref().is_some_and(|text| networks::parse(text).is_none()),
        "trusted_proxies",
    )?;
    for (rate, name) in [
        (settings.rate_anonymous, "rate_anonymous"),
        (settings.rate_signed_in, "rate_signed_in"),
        (settings.rate_sign_in, "rate_sign_in"),
        (settings.rate_sign_in_account, "rate_sign_in_account"),
        (settings.rate_sign_in_address, "rate_sign_in_address"),
        (settings.rate_refresh, "rate_refresh"),
        (settings.rate_failed_sign_in, "rate_failed_sign_in"),
        (settings.rate_failed_sign_in_account, "rate_failed_sign_in_account"),
        (settings.rate_failed_sign_in_address, "rate_failed_sign_in_address"),
        (settings.rate_tenant_factor, "rate_tenant_factor"),
    ] {
        refuse_if(!(1..=HIGHEST_RATE).contains(&rate), name)?;
    }
    refuse_if(settings.log_format.as_deref().is_some_and(|format| !matches!(format, "json" | "pretty")), "log_format")?;
    refuse_if(tracing_subscriber::EnvFilter::try_new(&settings.log_filter).is_err(), "log_filter")?;
    refuse_if(settings.otlp_endpoint.as_deref().is_some_and(|url| !is_collector(url)), "otlp_endpoint")?;
    refuse_if(settings.otlp_header_list().is_none(), "otlp_headers")?;
    refuse_if(!(0.0..=1.0).contains(&settings.trace_ratio), "trace_ratio")
}

fn refuse_if(wrong: bool, name: &str, figment: &Figment) -> Result<(), SettingsError> {
    if !wrong {
        return Ok(());
    }
    let origin = figment.find_metadata(name).map_or("the defaults", |origin| &*origin.name);
    let found = figment.find_value(name).ok().map(|value| match value.as_str() {
        Some(text) => format!("`{text}`"),
        None => {
            let number = value.to_u128().map(|number| number.to_string());
            let number = number.or_else(|| value.to_f64().map(|number| number.to_string()));
            number.unwrap_or_else(|| "something else".to_owned())
        }
    });
    Err(SettingsError::refused(key(name), origin, found.as_deref()))
}

fn key(name: &str) -> &'static Key {
    Key::named(name).expect("a test holds the keys against the fields of the settings")
}

fn is_weak(secret: &SecretString) -> bool {
    let secret = secret.expose_secret();
    let is_known = KNOWN.iter().any(|known| secret.to_ascii_lowercase().contains(known));
    let different = secret.chars().collect::<std::collections::BTreeSet<_>>().len();
    secret.chars().count() < SHORTEST_SECRET || is_known || different < 8
}

fn has_scheme(urls: &str, schemes: &[&str]) -> bool {
    urls.split(',').all(|url| url::Url::parse(url.trim()).is_ok_and(|url| schemes.contains(&url.scheme())))
}

fn is_mail_server(url: &str) -> bool {
    let tls = |url: &url::Url| url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
    url::Url::parse(url).is_ok_and(|url| match url.scheme() {
        "smtps" => url.has_host(),
        "smtp" => url.has_host() && matches!(tls(&url).as_deref(), None | Some("required" | "opportunistic")),
        _ => false,
    })
}

/// Whether a password would go over the wire in clear.
fn shows_its_password(url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|url| {
        let is_closed =
            url.scheme() == "smtps" || url.query_pairs().any(|(name, value)| name == "tls" && value == "required");
        url.password().is_some() && !is_closed
    })
}

fn is_address(text: &str) -> bool {
    let parts: Vec<&str> = text.split('@').collect();
    parts.len() == 2
        && parts.iter().all(|part| !part.is_empty())
        && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// Whether this is an origin to the letter, as a browser sends it: no path, no default port, no star, and not `null`.
fn is_origin(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.host_str().is_some_and(|host| !host.contains('*'))
            && url.origin().ascii_serialization() == text
    })
}

/// Whether links can be made by adding a path to it.
fn is_site(text: &str) -> bool {
    url::Url::parse(&text.replace("{tenant}", "tenant")).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    }) && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// Whether a path can be added to it. Who may send is told by headers, which no log shows.
fn is_collector(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    })
}

fn is_tenant(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (2..=39).contains(&text.len()) && text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(allowed)
}
