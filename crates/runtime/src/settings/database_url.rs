//! One database URL, many users: puts a role's credentials in place of the owner's, and hides them where URLs are shown.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

/// `database_url` with another user and password; host, database and options stay. `None` if it is no Postgres URL.
pub(super) fn with_credentials(database_url: &str, user: &str, password: &str) -> Option<String> {
    let mut url = parse(database_url)?;
    // Credentials may also hide among the options, where they would win over those before the host.
    let options: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(key, _)| key != "user" && key != "password")
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect();
    url.set_query(None);
    if !options.is_empty() {
        url.query_pairs_mut().extend_pairs(options);
    }
    // `set_password` leaves `%` alone, so everything is encoded before.
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let authority_takes_them =
        url.set_username(&encode(user)).is_ok() && url.set_password(Some(&encode(password))).is_ok();
    if !authority_takes_them {
        // A socket's URL (`postgres:///name?host=/run/postgresql`) has no host to put them before.
        url.query_pairs_mut().append_pair("user", user).append_pair("password", password);
    }
    Some(url.into())
}

/// A `postgres://` or `postgresql://` URL that names a database.
pub(super) fn parse(database_url: &str) -> Option<Url> {
    let url = Url::parse(database_url).ok()?;
    let is_postgres = matches!(url.scheme(), "postgres" | "postgresql");
    let names_database = url.path().len() > 1 || url.query_pairs().any(|(key, _)| key == "dbname");
    (is_postgres && names_database).then_some(url)
}

/// A URL (or a list of them, separated by commas) as it may be shown.
pub(super) fn without_credentials(urls: &str) -> String {
    urls.split(',').map(shown).collect::<Vec<_>>().join(",")
}

fn shown(url: &str) -> String {
    let Ok(mut url) = Url::parse(url) else {
        return "[not a URL]".to_owned();
    };
    let _ = url.set_password(None);
    let _ = url.set_username("");
    url.set_query(None);
    url.into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use sqlx::postgres::PgConnectOptions;

    use super::*;

    #[test]
    fn the_role_takes_the_owners_place() {
        let url = with_credentials("postgres://owner:old@db.internal:5433/shop?sslmode=require", "tidemark_log", "new");
        assert_eq!(url.unwrap(), "postgres://tidemark%5Flog:new@db.internal:5433/shop?sslmode=require");
    }

    #[test]
    fn the_driver_reads_back_what_was_put_in() {
        let url = with_credentials("postgres://127.0.0.1:5432/shop", "tidemark_log", "p@ss/w%ord:é 1").unwrap();
        let options: PgConnectOptions = url.parse().unwrap();
        assert_eq!((options.get_username(), options.get_host()), ("tidemark_log", "127.0.0.1"));
        assert!(format!("{options:?}").contains("p@ss/w%ord:é 1"));
    }

    #[test]
    fn credentials_among_the_options_do_not_win() {
        let url = with_credentials("postgres://h/shop?user=owner&password=secret", "tidemark_query", "pw").unwrap();
        assert_eq!(url.parse::<PgConnectOptions>().unwrap().get_username(), "tidemark_query");
        assert!(!url.contains("secret"));
    }

    #[test]
    fn a_socket_keeps_its_path() {
        let url = with_credentials("postgres:///shop?host=/run/postgresql", "tidemark_query", "pw").unwrap();
        let options: PgConnectOptions = url.parse().unwrap();
        assert_eq!(options.get_username(), "tidemark_query");
        assert_eq!(options.get_socket().unwrap().to_str().unwrap(), "/run/postgresql");
    }

    #[test]
    fn other_urls_are_refused() {
        for url in ["mysql://h/shop", "postgres://h:5432", "postgres://h:5432/", "shop", ""] {
            assert_eq!(with_credentials(url, "r", "p"), None, "{url}");
        }
    }

    #[test]
    fn shown_urls_have_no_credentials() {
        assert_eq!(without_credentials("nats://u:p@a:4222,nats://t@b:4222"), "nats://a:4222,nats://b:4222");
    }
}
