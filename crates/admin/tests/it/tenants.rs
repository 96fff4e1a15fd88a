//! `tenants`: made with an admin, listed, suspended, reinstated.

use crate::support::{Database, PASSWORD};

const BETA: [&str; 8] =
    ["tenants", "create", "--slug", "beta", "--name", "Beta & Söhne", "--admin-email", "bo@beta.example"];

#[tokio::test]
async fn a_tenant_and_its_admin_are_made_in_one_command() {
    let database = Database::migrated().await;
    let created = database.admin(&[&BETA[..], &["--admin-password", PASSWORD, "--json"]].concat()).json();
    assert_eq!((&created["tenant"], &created["position"]), (&"beta".into(), &2.into()));
    let user = created["adminId"].as_str().unwrap();

    let events: Vec<(i64, String, String, String)> = sqlx::query_as(
        "select position, event_type, metadata->>'command', metadata->>'actor' from log.events order by position",
    )
    .fetch_all(&database.pool)
    .await
    .unwrap();
    let event =
        |position, name: &str| (position, name.to_owned(), "CreateTenant".to_owned(), "system:admin".to_owned());
    assert_eq!(events, [event(1, "TenantCreated"), event(2, "UserRegistered")]);
    let hash: String = sqlx::query_scalar(
        "select value from log.secrets where tenant_id = 'beta' and kind = 'password' and subject = $1",
    )
    .bind(user)
    .fetch_one(&database.pool)
    .await
    .unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    let shown: bool = sqlx::query_scalar("select exists (select from log.events where payload::text like '%' || $1 || '%' or metadata::text like '%' || $1 || '%')")
        .bind(PASSWORD)
        .fetch_one(&database.pool)
        .await
        .unwrap();
    assert!(!shown);
}

#[tokio::test]
async fn a_tenant_that_exists_is_left_as_it_is() {
    let database = Database::migrated().await;
    let args = [&BETA[..], &["--admin-password", PASSWORD]].concat();
    assert!(database.admin(&args).done().starts_with("created tenant beta with admin bo@beta.example"));
    database.admin(&args).failed(5, "there is a tenant `beta` already");
    assert_eq!(database.events().await, 2);
}

#[tokio::test]
async fn of_two_at_once_one_makes_it() {
    let database = Database::migrated().await;
    let args = [&BETA[..], &["--admin-password", PASSWORD]].concat();
    let both = [database.spawn(&args), database.spawn(&args)];
    let mut codes = both.map(|child| child.wait_with_output().unwrap().status.code().unwrap());
    codes.sort_unstable();
    assert_eq!((codes, database.events().await), ([0, 5], 2));
}

#[tokio::test]
async fn the_password_may_come_on_standard_input() {
    let database = Database::migrated().await;
    let args = [&BETA[..], &["--admin-password-stdin"]].concat();
    database.admin_reading("", &args).failed(2, "standard input is empty");
    database.admin_reading(&format!("{PASSWORD}\r\n"), &args).done();
    database.admin(&BETA).failed(2, "give `--admin-password`, or `--admin-password-stdin`");
}

#[tokio::test]
async fn what_the_rules_do_not_take_is_said_and_nothing_is_written() {
    let database = Database::migrated().await;
    let with = |slug, email, password| {
        database.admin(&[
            "tenants",
            "create",
            "--slug",
            slug,
            "--name",
            "B",
            "--admin-email",
            email,
            "--admin-password",
            password,
        ])
    };
    with("Beta", "bo@beta.example", PASSWORD).failed(2, "`Beta` cannot be a tenant's key");
    with("beta", "bo", PASSWORD).failed(2, "`bo` is not an email address");
    with("beta", "bo@beta.example", "short").failed(2, "the password must have at least 8 characters");
    with("beta", "bo@beta.example", "password123").failed(2, "the password is among the most common");
    assert_eq!(database.events().await, 0);
}

#[tokio::test]
async fn a_tenant_is_suspended_and_reinstated_and_the_list_shows_it_at_once() {
    let database = Database::with_acme().await;
    assert_eq!(database.admin(&["tenants", "suspend", "acme", "--reason", "unpaid"]).done(), "suspended acme\n");
    assert_eq!(database.admin(&["tenants", "suspend", "acme"]).done(), "acme was suspended already\n");
    let listed = database.admin(&["tenants", "list", "--json"]).json();
    assert_eq!(
        (&listed[0]["tenant"], &listed[0]["status"], &listed[0]["suspensionReason"]),
        (&"acme".into(), &"suspended".into(), &"unpaid".into())
    );
    let table = database.admin(&["tenants", "list"]).done();
    assert!(table.contains("acme    Acme  suspended") && !table.contains('\u{1b}'), "{table}");

    let reinstated = database.admin(&["tenants", "reinstate", "acme", "--json"]).json();
    assert_eq!((&reinstated["status"], &reinstated["changed"]), (&"active".into(), &true.into()));
    assert_eq!(database.admin(&["tenants", "reinstate", "acme"]).done(), "acme was not suspended\n");
    assert_eq!(database.events().await, 4);
}

#[tokio::test]
async fn a_name_that_matches_nothing_has_code_3() {
    let database = Database::with_acme().await;
    for slug in ["acm", "ACME", "ac/me"] {
        database.admin(&["tenants", "suspend", slug]).failed(3, "there is no tenant");
        database.admin(&["tenants", "reinstate", slug]).failed(3, "there is no tenant");
    }
}

#[tokio::test]
async fn no_tenants_are_an_empty_list() {
    let database = Database::migrated().await;
    assert_eq!(database.admin(&["tenants", "list", "--json"]).json(), serde_json::json!([]));
    assert!(database.admin(&["tenants", "list"]).done().starts_with("there are no tenants yet"));
}
