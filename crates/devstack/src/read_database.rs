//! A second database in the server of the first one, for the read models.

use std::str::FromStr;

use anyhow::Context;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, Executor, PgConnection};

/// Makes it where it is missing; gives its URL, which is that of the first with another name.
pub async fn ensure(database_url: &str) -> anyhow::Result<String> {
    let options = PgConnectOptions::from_str(database_url).context("database_url")?;
    let name = format!("{}_read", options.get_database().context("`database_url` names no database")?);
    let mut connection = PgConnection::connect_with(&options).await?;
    let is_there: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(&name)
        .fetch_one(&mut connection)
        .await?;
    if !is_there {
        let quoted: String =
            sqlx::query_scalar("select quote_ident($1)").bind(&name).fetch_one(&mut connection).await?;
        connection
            .execute(format!("create database {quoted}").as_str())
            .await
            .with_context(|| format!("cannot make the database {name}"))?;
    }
    connection.close().await?;
    url_of(database_url, &name).with_context(|| "`database_url` has no path to put another name in")
}

fn url_of(database_url: &str, name: &str) -> Option<String> {
    let (address, options) = match database_url.split_once('?') {
        Some((address, options)) => (address, format!("?{options}")),
        None => (database_url, String::new()),
    };
    let (server, former) = address.rsplit_once('/')?;
    (!former.is_empty()).then(|| format!("{server}/{name}{options}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_name_is_another() {
        let url = url_of("postgres://owner:pw@127.0.0.1:5432/tidemark?sslmode=disable", "tidemark_read");
        assert_eq!(url.as_deref(), Some("postgres://owner:pw@127.0.0.1:5432/tidemark_read?sslmode=disable"));
        assert_eq!(url_of("postgres://127.0.0.1:5432/", "x"), None);
    }
}
