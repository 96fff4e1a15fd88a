#![allow(clippy::unwrap_used)]

use std::io::Write;

use tempfile::NamedTempFile;

use super::keys::{KEYS, Key};
use super::*;

const DATABASE: (&str, &str) = ("TIDEMARK_DATABASE_URL", "postgres://owner:owner-pw@db:5432/tidemark");
const SECRET: (&str, &str) = ("TIDEMARK_SECRET", "d0c3a7f1e2b945968877a6b5c4d3e2f1");
const PASSWORD: (&str, &str) = ("TIDEMARK_ROLE_PASSWORD", "12345");
const SIGNING_KEY: (&str, &str) = ("TIDEMARK_SIGNING_KEY_FILE", "/run/secrets/signing.pem");
const DEVELOPMENT: (&str, &str) = ("TIDEMARK_ENVIRONMENT", "development");

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn load(variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let all = [&[DATABASE, SECRET, PASSWORD, SIGNING_KEY], variables].concat();
    let last_wins: std::collections::BTreeMap<_, _> = all.into_iter().collect();
    Settings::load_from(None, &last_wins.into_iter().collect::<Vec<_>>())
}

fn refusal(variables: &[(&str, &str)]) -> String {
    load(variables).unwrap_err().to_string()
}

#[test]
fn every_field_is_a_key_and_every_key_a_field() {
    let error = Figment::from(Serialized::default("no_such_key", 1)).extract::<Settings>().unwrap_err();
    let figment::error::Kind::UnknownField(_, fields) = error.kind else { panic!("{error:?}") };
    assert_eq!(fields, KEYS.iter().map(|key| key.name).collect::<Vec<_>>());
}

#[test]
fn later_sources_win() {
    let config = file("listen = '0.0.0.0:1'\ntoken_issuer = 'file'\nappend_queue = 7\nlog_filter = 'debug'");
    let issuer = file("mounted\n");
    let variables = [
        DATABASE,
        SECRET,
        DEVELOPMENT,
        ("TIDEMARK_CONFIG", config.path().to_str().unwrap()),
        ("TIDEMARK_LISTEN", "0.0.0.0:2"),
        ("TIDEMARK_TOKEN_ISSUER", "variable"),
        ("TIDEMARK_TOKEN_ISSUER_FILE", issuer.path().to_str().unwrap()),
    ];
    let settings = Settings::load_from(None, &variables).unwrap();
    assert_eq!(settings.cache_mib, 64, "the default");
    assert_eq!((settings.append_queue, settings.log_filter.as_str()), (7, "debug"), "the file");
    assert_eq!(settings.listen.port(), 2, "the variable");
    assert_eq!(settings.token_issuer, "mounted", "the file that a variable names");
}

#[test]
fn the_command_line_names_the_file_before_the_variable_does() {
    let config = file("append_queue = 9");
    let variables = [DATABASE, SECRET, DEVELOPMENT, ("TIDEMARK_CONFIG", "/nowhere")];
    assert_eq!(Settings::load_from(Some(config.path()), &variables).unwrap().append_queue, 9);
}

#[test]
fn a_password_of_digits_stays_text() {
    let settings = load(&[]).unwrap();
    assert_eq!(settings.role_password.expose_secret(), "12345");
    let url = settings.database_url_as("tidemark_log");
    assert_eq!(url.expose_secret(), "postgres://tidemark%5Flog:12345@db:5432/tidemark");
    assert_eq!(settings.owner_database_url().expose_secret(), DATABASE.1);
}

#[test]
fn read_models_are_where_the_log_is_unless_another_database_is_named() {
    let of_read = |settings: &Settings| settings.read_database_url_as("tidemark_query").expose_secret().to_owned();
    let one = load(&[]).unwrap();
    assert!(!one.has_read_database());
    assert_eq!(of_read(&one), one.database_url_as("tidemark_query").expose_secret());
    for same in [DATABASE.1, ""] {
        let equal = load(&[("TIDEMARK_READ_DATABASE_URL", same)]).unwrap();
        assert!(!equal.has_read_database(), "{same}");
        assert_eq!(equal.owner_read_database_url().expose_secret(), DATABASE.1);
    }
    let two = load(&[("TIDEMARK_READ_DATABASE_URL", "postgres://owner:hidden@reads/models")]).unwrap();
    assert!(two.has_read_database() && !format!("{two:?}").contains("hidden"), "{two:?}");
    assert_eq!(of_read(&two), "postgres://tidemark%5Fquery:12345@reads/models");
    assert_eq!(two.owner_read_database_url().expose_secret(), "postgres://owner:hidden@reads/models");
    assert_eq!(two.owner_database_url().expose_secret(), DATABASE.1);
    let refused = refusal(&[("TIDEMARK_READ_DATABASE_URL", "mysql://u:hidden@h/n")]);
    assert!(refused.starts_with("`read_database_url`") && !refused.contains("hidden"), "{refused}");
}

#[test]
fn an_error_names_key_origin_and_expectation() {
    assert_eq!(
        refusal(&[("TIDEMARK_APPEND_QUEUE", "many")]),
        "`append_queue` from TIDEMARK_APPEND_QUEUE: expected a whole number from 1, got string \"many\""
    );
    assert_eq!(
        refusal(&[("TIDEMARK_LOG_FORMAT", "xml")]),
        "`log_format` from TIDEMARK_LOG_FORMAT: expected `json` or `pretty`, got `xml`"
    );
    let listen = refusal(&[("TIDEMARK_LISTEN", "8080")]);
    assert!(listen.starts_with("`listen` from TIDEMARK_LISTEN: expected an address and port"), "{listen}");
    assert!(
        refusal(&[("TIDEMARK_ENVIRONMENT", "prod")]).ends_with("expected `development` or `production`, got `prod`")
    );
    assert!(refusal(&[("TIDEMARK_STREAM_REPLICAS", "6")]).ends_with("expected a whole number from 1 to 5, got 6"));
}

#[test]
fn a_file_with_an_error_is_named_with_its_line() {
    let config = file("listen = '0.0.0.0:1'\nappend_queue = = 7\n");
    let error = Settings::load_from(Some(config.path()), &[]).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}, line 2: ", config.path().display())), "{error}");

    let config = file("append_queue = -1");
    let error = Settings::load_from(Some(config.path()), &[DATABASE, SECRET]).unwrap_err().to_string();
    assert!(error.contains(&format!("`append_queue` from {}: expected", config.path().display())), "{error}");

    let error = Settings::load_from(Some(Path::new("/nowhere")), &[]).unwrap_err().to_string();
    assert!(error.starts_with("cannot read /nowhere, named by --config: "), "{error}");
}

#[test]
fn a_misspelt_key_is_refused_with_the_right_one() {
    let config = file("apend_queue = 7");
    let error = Settings::load_from(Some(config.path()), &[DATABASE, SECRET]).unwrap_err().to_string();
    assert!(error.ends_with(": did you mean `append_queue`?"), "{error}");
    assert!(refusal(&[("TIDEMARK_DATABSE_URL", "x")]).ends_with("did you mean `TIDEMARK_DATABASE_URL`?"));
    assert!(refusal(&[("TIDEMARK_SECERT_FILE", "x")]).ends_with("did you mean `TIDEMARK_SECRET`?"));
}

#[test]
fn variables_of_others_are_left_alone() {
    load(&[
        ("TIDEMARK_TEST_DATABASE_URL", "x"),
        ("TIDEMARK_API_SERVICE_HOST", "10.0.0.7"),
        ("TIDEMARK_CONFIG", ""),
        ("PATH", "/bin"),
    ])
    .unwrap();
}

#[test]
fn an_empty_variable_unsets_what_is_optional() {
    let config = file("nats_url = 'nats://n:4222'");
    let variables = [DATABASE, SECRET, DEVELOPMENT, ("TIDEMARK_NATS_URL", "")];
    assert_eq!(Settings::load_from(Some(config.path()), &variables).unwrap().nats_url, None);
}

#[test]
fn production_refuses_what_development_takes() {
    load(&[
        DEVELOPMENT,
        ("TIDEMARK_SECRET", "short"),
        ("TIDEMARK_ROLE_PASSWORD", ""),
        ("TIDEMARK_SIGNING_KEY_FILE", ""),
    ])
    .unwrap();
    for weak in
        ["short", "changeme-changeme-changeme-changeme", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", validate::TEST_SECRET]
    {
        assert!(
            refusal(&[("TIDEMARK_SECRET", weak)]).starts_with("`secret` from TIDEMARK_SECRET: expected 32 or more")
        );
    }
    assert!(refusal(&[("TIDEMARK_SECRET", "")]).starts_with("`secret` is not set"));
    assert!(refusal(&[("TIDEMARK_ROLE_PASSWORD", "")]).starts_with("`role_password` is not set"));
    // Access tokens are signed by keys of the database then.
    load(&[("TIDEMARK_SIGNING_KEY_FILE", "")]).unwrap();
    let missing = Settings::load_from(None, &[SECRET]).unwrap_err().to_string();
    assert!(
        missing.starts_with("`database_url` is not set") && missing.ends_with("TIDEMARK_DATABASE_URL"),
        "{missing}"
    );
}

#[test]
fn mail_needs_a_sender_and_keeps_its_password() {
    const FROM: (&str, &str) = ("TIDEMARK_MAIL_FROM", "no-reply@shop.example");
    load(&[FROM, ("TIDEMARK_MAIL_SMTP_URL", "smtps://u:mail-pw@mail.example")]).unwrap();
    load(&[FROM, ("TIDEMARK_MAIL_SMTP_URL", "smtp://u:mail-pw@mail.example:587?tls=required")]).unwrap();
    load(&[FROM, ("TIDEMARK_MAIL_SMTP_URL", "smtp://relay.internal")]).unwrap();
    assert!(refusal(&[("TIDEMARK_MAIL_FOLDER", "/mail")]).starts_with("`mail_from` is not set"));
    assert!(refusal(&[("TIDEMARK_MAIL_FROM", "nobody")]).starts_with("`mail_from` from TIDEMARK_MAIL_FROM: expected"));
    for wrong in
        ["http://mail.example", "smtp://mail.example?tls=maybe", "smtp://u:mail-pw@mail.example?tls=opportunistic"]
    {
        let refusal = refusal(&[FROM, ("TIDEMARK_MAIL_SMTP_URL", wrong)]);
        assert!(refusal.starts_with("`mail_smtp_url` from TIDEMARK_MAIL_SMTP_URL: expected"), "{refusal}");
        assert!(!refusal.contains("mail-pw"));
    }
}

#[test]
fn neither_errors_nor_debug_show_secrets() {
    let urls =
        [("TIDEMARK_NATS_URL", "nats://u:nats-pw@n:4222"), ("TIDEMARK_READ_DATABASE_URL", "postgres://u:read-pw@h/n")];
    let debug = format!("{:?}", load(&urls).unwrap());
    for secret in ["owner-pw", "12345", "nats-pw", "read-pw", SECRET.1] {
        assert!(!debug.contains(secret), "{debug}");
    }
    assert!(!refusal(&[("TIDEMARK_DATABASE_URL", "mysql://u:hidden@h/n")]).contains("hidden"));
    assert!(!refusal(&[("TIDEMARK_REDIS_URL", "http://u:hidden@h")]).contains("hidden"));
    let config = file("secret = 'hidden");
    assert!(!Settings::load_from(Some(config.path()), &[]).unwrap_err().to_string().contains("hidden"));
    assert!(KEYS.iter().filter(|key| Key::is_secret(key)).count() == 11);
}

#[test]
fn each_purpose_has_a_key_of_its_own() {
    let settings = Settings::for_tests("postgres://h/n", None);
    assert_eq!(settings.derive_key("positions"), settings.derive_key("positions"));
    assert_ne!(settings.derive_key("positions"), settings.derive_key("cursors"));
    assert_eq!(settings.listen.port(), 0);
}

#[test]
fn proxies_rates_and_certificates_are_checked() {
    let settings =
        load(&[("TIDEMARK_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1"), ("TIDEMARK_RATE_ANONYMOUS", "7")]).unwrap();
    assert_eq!(settings.trusted_networks().len(), 2);
    assert_eq!((settings.rate_anonymous, settings.rate_sign_in), (7, 10));
    for (key, text, expected) in [
        ("TIDEMARK_TRUSTED_PROXIES", "proxy", "networks such as"),
        ("TIDEMARK_RATE_REFRESH", "0", "a whole number from 1"),
        ("TIDEMARK_TLS_CERTIFICATE_FILE", "/run/tls.pem", "beside `tls_key_file`"),
        ("TIDEMARK_TLS_KEY_FILE", "/run/tls.key", "beside `tls_certificate_file`"),
    ] {
        let refused = refusal(&[(key, text)]);
        assert!(refused.contains(key) && refused.contains(expected), "{refused}");
    }
}

#[test]
fn an_origin_is_written_as_a_browser_sends_it() {
    let settings = load(&[("TIDEMARK_CORS_ORIGINS", "https://shop.example, http://localhost:5173")]).unwrap();
    assert_eq!(settings.cors_origin_list().collect::<Vec<_>>(), ["https://shop.example", "http://localhost:5173"]);
    assert_eq!(load(&[("TIDEMARK_CORS_ORIGINS", "")]).unwrap().cors_origin_list().count(), 0);
    for text in [
        "*",
        "null",
        "https://*.shop.example",
        "https://shop.example/",
        "https://shop.example/path",
        "https://shop.example:443",
        "https://Shop.example",
        "shop.example",
        "ftp://shop.example",
        "https://user@shop.example",
        "https://shop.example,",
        "https://shop.example https://b.example",
    ] {
        let refused = refusal(&[("TIDEMARK_CORS_ORIGINS", text)]);
        assert!(refused.contains("TIDEMARK_CORS_ORIGINS") && refused.contains("origins such as"), "{text}: {refused}");
    }
}

#[test]
fn the_cost_of_a_password_hash_has_bounds() {
    for (key, text) in [
        ("TIDEMARK_PASSWORD_HASHING_KIB", "8"),
        ("TIDEMARK_PASSWORD_HASHING_KIB", "4294967295"),
        ("TIDEMARK_PASSWORD_HASHING_PASSES", "0"),
        ("TIDEMARK_REFRESH_TOKEN_DAYS", "0"),
    ] {
        assert!(refusal(&[(key, text)]).contains(key), "{key}={text}");
    }
}

#[test]
fn providers_come_as_text_or_as_tables() {
    let secret = file("hidden-in-a-file\n");
    let text = format!(
        r#"[{{"name":"google","issuer":"https://accounts.google.com","client_id":"me","client_secret":"hidden"}},
            {{"name":"own-1","issuer":"http://127.0.0.1:9/realms/a","client_id":"me","client_secret_file":"{}","scopes":"openid email"}}]"#,
        secret.path().display()
    );
    let settings = load(&[("TIDEMARK_OIDC_PROVIDERS", &text)]).unwrap();
    let providers = &settings.oidc_providers.as_ref().unwrap().0;
    assert_eq!(
        (providers[0].name.as_str(), &providers[0].scopes[..]),
        ("google", &["email".to_owned(), "profile".to_owned()][..])
    );
    assert_eq!(providers[1].client_secret.as_ref().unwrap().expose_secret(), "hidden-in-a-file");
    assert_eq!(providers[1].scopes, ["email"]);
    assert!(!format!("{settings:?}").contains("hidden"));
    let config = file("[[oidc_providers]]\nname = 'acme'\nissuer = 'https://id.acme.example'\nclient_id = 'me'\n");
    let settings = Settings::load_from(Some(config.path()), &[DATABASE, SECRET, DEVELOPMENT]).unwrap();
    assert!(settings.oidc_providers.unwrap().0[0].client_secret.is_none());
    assert!(load(&[("TIDEMARK_OIDC_PROVIDERS", "")]).unwrap().oidc_providers.is_none());
}

#[test]
fn a_provider_that_anybody_could_play_is_refused() {
    let with = |name: &str, issuer: &str, more: &str| {
        format!(r#"[{{"name":"{name}","issuer":"{issuer}","client_id":"me","client_secret":"hidden"{more}}}]"#)
    };
    let good = with("google", "https://accounts.google.com", "");
    for text in [
        "google".to_owned(),
        "{}".to_owned(),
        with("Google", "https://a.example", ""),
        with("", "https://a.example", ""),
        with("a/b", "https://a.example", ""),
        with("a", "http://a.example", ""),
        with("a", "http://127.0.0.1.a.example", ""),
        with("a", "ftp://a.example", ""),
        with("a", "https://a.example/?x=1", ""),
        with("a", "https://a.example/#x", ""),
        with("a", "https://u@a.example", ""),
        with("a", "https://a.example", r#","client_secret_file":"/nowhere""#),
        with("a", "https://a.example", r#","colour":"red""#),
        format!("[{0},{0}]", good.trim_matches(['[', ']'])),
    ] {
        let refused = refusal(&[("TIDEMARK_OIDC_PROVIDERS", &text)]);
        assert!(
            refused.starts_with("`oidc_providers` from TIDEMARK_OIDC_PROVIDERS: expected a list"),
            "{text}: {refused}"
        );
        assert!(!refused.contains("hidden"), "{refused}");
    }
}

#[test]
fn a_collector_has_an_address_headers_and_a_ratio() {
    let settings = load(&[]).unwrap();
    assert!(settings.otlp_endpoint.is_none() && settings.otlp_header_list().unwrap().is_empty());
    assert!((settings.trace_ratio - 1.0).abs() < f64::EPSILON);
    let standard = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://agent:4318");
    assert_eq!(load(&[standard]).unwrap().otlp_endpoint.as_deref(), Some("http://agent:4318"));
    assert_eq!(load(&[standard, ("TIDEMARK_OTLP_ENDPOINT", "")]).unwrap().otlp_endpoint, None, "ours wins");
    let settings = load(&[
        ("TIDEMARK_OTLP_ENDPOINT", "https://otlp.example/tidemark"),
        ("TIDEMARK_OTLP_HEADERS", "authorization=Bearer hidden==, x-team = shop"),
        ("TIDEMARK_TRACE_RATIO", "0.01"),
    ])
    .unwrap();
    let headers = settings.otlp_header_list().unwrap();
    assert_eq!((headers[0].0.as_str(), headers[0].1.as_bytes()), ("authorization", &b"Bearer hidden=="[..]));
    assert_eq!((headers[1].0.as_str(), headers[1].1.as_bytes()), ("x-team", &b"shop"[..]));
    assert!((settings.trace_ratio - 0.01).abs() < f64::EPSILON);
    assert!(!format!("{settings:?} {headers:?}").contains("hidden"));
    let config = file("trace_ratio = 0");
    assert!(
        Settings::load_from(Some(config.path()), &[DATABASE, SECRET, DEVELOPMENT]).unwrap().trace_ratio.abs()
            < f64::EPSILON
    );
}

#[test]
fn what_is_no_collector_is_refused() {
    for (key, text) in [
        ("TIDEMARK_OTLP_ENDPOINT", "collector:4318"),
        ("TIDEMARK_OTLP_ENDPOINT", "grpc://collector:4317"),
        ("TIDEMARK_OTLP_ENDPOINT", "http://u:hidden@collector:4318"),
        ("TIDEMARK_OTLP_ENDPOINT", "http://collector:4318/?token=hidden"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("TIDEMARK_OTLP_HEADERS", "hidden"),
        ("TIDEMARK_OTLP_HEADERS", "a b=hidden"),
        ("TIDEMARK_OTLP_HEADERS", "a=hidden\nb: c"),
        ("TIDEMARK_TRACE_RATIO", "1.5"),
        ("TIDEMARK_TRACE_RATIO", "-0.1"),
        ("TIDEMARK_TRACE_RATIO", "NaN"),
        ("TIDEMARK_TRACE_RATIO", "half"),
    ] {
        let refused = refusal(&[(key, text)]);
        assert!(refused.contains(key) && refused.contains("expected"), "{key}={text}: {refused}");
        assert!(!refused.contains("hidden"), "{refused}");
    }
}
