//! `migrate`: from nothing, again, and without what it needs.

use serde_json::json;

use crate::support::Database;

#[tokio::test]
async fn an_empty_database_is_brought_to_this_version_once() {
    let database = Database::empty().await;
    let done = database.admin(&["migrate"]).done();
    assert!(
        done.contains("ran migration 1 engine log") && done.contains("installed projection content.posts"),
        "{done}"
    );
    assert!(database.admin(&["migrate"]).done().starts_with("nothing to do"));
    let nothing = json!({ "roles": [], "passwordSet": false, "migrations": [], "readMigrations": [], "hashedClaims": 0, "projections": [], "policies": [] });
    assert_eq!(database.admin(&["migrate", "--json"]).json(), nothing);
}

#[tokio::test]
async fn two_at_once_do_not_harm_each_other() {
    let database = Database::empty().await;
    let both = [database.spawn(&["migrate"]), database.spawn(&["migrate"])];
    for child in both {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    assert!(database.admin(&["migrate"]).done().starts_with("nothing to do"));
}

#[tokio::test]
async fn no_roles_are_made_without_a_password() {
    let database = Database::empty().await;
    database.admin_with(&[("TIDEMARK_ROLE_PASSWORD", "")], &["migrate"]).failed(2, "`role_password` is not set");
    let touched: bool =
        sqlx::query_scalar("select to_regnamespace('log') is not null").fetch_one(&database.pool).await.unwrap();
    assert!(!touched);
}

#[tokio::test]
async fn a_service_role_cannot_migrate() {
    let database = Database::empty().await;
    // Another database may not have made the roles yet.
    Database::migrated().await;
    let mut url = url::Url::parse(&database.url).unwrap();
    url.set_username("tidemark_query").unwrap();
    url.set_password(Some("tidemark-tests")).unwrap();
    database.admin_with(&[("TIDEMARK_DATABASE_URL", url.as_str())], &["migrate"]).failed(1, "permission denied");
}
