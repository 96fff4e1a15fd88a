//! What each key is and what it takes, for messages that help and for reading variables (which are all text).

/// How a variable's text becomes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text; stays text even where it looks like a number.
    Text,
    /// Text, or nothing where the variable is empty.
    OptionalText,
    /// Text that no message may show.
    Secret,
    /// Optional text that no message may show (a URL with credentials).
    OptionalSecret,
    /// A whole number.
    Number,
    /// A number with a point.
    Fraction,
}

/// One key of the settings.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) expected: &'static str,
}

const fn key(name: &'static str, kind: Kind, expected: &'static str) -> Key {
    Key { name, kind, expected }
}

/// Every key; a test holds it against the fields of `Settings`.
pub(super) const KEYS: [Key; 54] = [
    key("environment", Kind::Text, "`development` or `production`"),
    key("database_url", Kind::Secret, "`postgres://user:password@host:port/name`"),
    key("read_database_url", Kind::OptionalSecret, "`postgres://user:password@host:port/name`, or nothing"),
    key("role_password", Kind::Secret, "text that is not empty, in production"),
    key("nats_url", Kind::OptionalSecret, "`nats://host:port` or `tls://host:port`"),
    key("redis_url", Kind::OptionalSecret, "`redis://host:port` or `rediss://host:port`"),
    key("secret", Kind::Secret, "32 or more random characters of your own (`openssl rand -base64 48` makes some)"),
    key("previous_secret", Kind::OptionalSecret, "the `secret` before this one, or nothing"),
    key("signing_key_file", Kind::OptionalText, "the path of a PEM file with a PKCS#8 Ed25519 key"),
    key(
        "oidc_providers",
        Kind::OptionalSecret,
        "a list of `{\"name\", \"issuer\", \"client_id\", \"client_secret\" or \"client_secret_file\", \"scopes\"}` with different names and https issuers",
    ),
    key("listen", Kind::Text, "an address and port such as `0.0.0.0:8080`"),
    key("metrics_listen", Kind::OptionalText, "an address and port such as `127.0.0.1:9090`"),
    key("base_domain", Kind::OptionalText, "a host name such as `shop.example`"),
    key("default_tenant", Kind::OptionalText, "the id of a tenant: a lower-case letter, then 1-38 of a-z, 0-9 and -"),
    key("token_issuer", Kind::Text, "text that is not empty"),
    key("access_token_seconds", Kind::Number, "a whole number from 1 to 86400"),
    key("refresh_token_days", Kind::Number, "a whole number from 1 to 365"),
    key(
        "cors_origins",
        Kind::OptionalText,
        "origins such as `https://shop.example,http://localhost:5173`, without a path",
    ),
    key("append_queue", Kind::Number, "a whole number from 1"),
    key("snapshot_events", Kind::Number, "a whole number"),
    key("query_connections", Kind::Number, "a whole number from 1"),
    key("cache_mib", Kind::Number, "a whole number"),
    key("password_hashing_slots", Kind::Number, "a whole number from 1"),
    key("password_hashing_kib", Kind::Number, "a whole number from 1024 to 1048576"),
    key("password_hashing_passes", Kind::Number, "a whole number from 1 to 16"),
    key("password_strength", Kind::Number, "a whole number from 0 to 4"),
    key("stream_max_age_hours", Kind::Number, "a whole number from 1"),
    key("stream_max_mib", Kind::Number, "a whole number from 1"),
    key("stream_replicas", Kind::Number, "a whole number from 1 to 5"),
    key("mail", Kind::Text, "`on` or `off`"),
    key("mail_smtp_url", Kind::OptionalSecret, "`smtps://user:password@host` or `smtp://host:port?tls=required`"),
    key("mail_from", Kind::OptionalText, "an address such as `no-reply@shop.example`"),
    key("mail_folder", Kind::OptionalText, "the path of a folder"),
    key("site_url", Kind::OptionalText, "an address such as `https://shop.example` or `https://{tenant}.shop.example`"),
    key("tls_certificate_file", Kind::OptionalText, "the path of a PEM file with a certificate, beside `tls_key_file`"),
    key("tls_key_file", Kind::OptionalText, "the path of a PEM file with a private key, beside `tls_certificate_file`"),
    key("trusted_proxies", Kind::OptionalText, "networks such as `10.0.0.0/8,192.0.2.1`"),
    key("drain_seconds", Kind::Number, "a whole number up to 300"),
    key("connections_per_address", Kind::Number, "a whole number from 1"),
    key("rate_anonymous", Kind::Number, "a whole number from 1 to 1000000"),
    key("rate_signed_in", Kind::Number, "a whole number from 1 to 1000000"),
    key("rate_sign_in", Kind::Number, "a whole number from 1 to 1000000"),
    key("rate_sign_in_account", Kind::Number, "a whole number from 1 to 1000000"),
    key("rate_sign_in_address", Kind::Number, "a whole number from 1 to 1000000"),
    key("rate_refresh", Kind::Number, "a whole number from 1 to 1000000"),
    key("rate_failed_sign_in", Kind::Number, "a whole number from 1 to 1000000"),
    key("rate_failed_sign_in_account", Kind::Number, "a whole number from 1 to 1000000"),
    key("rate_failed_sign_in_address", Kind::Number, "a whole number from 1 to 1000000"),
    key("rate_tenant_factor", Kind::Number, "a whole number from 1 to 1000000"),
    key("log_format", Kind::OptionalText, "`json` or `pretty`"),
    key("log_filter", Kind::Text, "a filter such as `info` or `info,tidemark_engine=debug`"),
    key(
        "otlp_endpoint",
        Kind::OptionalSecret,
        "an address such as `http://127.0.0.1:4318`, to which `/v1/traces` is added",
    ),
    key("otlp_headers", Kind::OptionalSecret, "headers such as `authorization=Bearer abc,x-team=shop`"),
    key("trace_ratio", Kind::Fraction, "a number from 0 to 1"),
];

impl Key {
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.name == name)
    }

    /// The key somebody most likely meant by `name`.
    pub(super) fn meant_by(name: &str) -> Option<&'static Self> {
        KEYS.iter()
            .map(|key| (strsim::osa_distance(key.name, name), key))
            .min_by_key(|(distance, _)| *distance)
            .filter(|(distance, key)| *distance <= 2 && key.name.len() > 4)
            .map(|(_, key)| key)
    }

    pub(super) fn is_secret(&self) -> bool {
        matches!(self.kind, Kind::Secret | Kind::OptionalSecret)
    }

    pub(super) fn is_optional(&self) -> bool {
        matches!(self.kind, Kind::OptionalText | Kind::OptionalSecret)
    }
}
