//! `projections`: where they are, and asking for another try.

use crate::support::Database;

const STALL: &str = "insert into read.stalls (tenant_id, projection, position, tenant_position, event_id, event_type, error, attempts, since) \
     select tenant_id, 'identity.users', position, tenant_position, event_id, event_type, E'no such field \\x1b[31m', 3, now() from log.events where position = 2";

#[tokio::test]
async fn all_are_listed_with_their_lag() {
    let database = Database::with_acme().await;
    let listed = database.admin(&["projections", "list", "--json"]).json();
    let names: Vec<&str> = listed.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["content.posts", "identity.users", "tenancy.service_tokens", "tenancy.settings", "tenancy.tenants"]
    );
    assert_eq!((&listed[0]["checkpoint"], &listed[0]["head"], &listed[0]["lag"]), (&0.into(), &2.into(), &2.into()));
    assert!(database.admin(&["projections", "list"]).done().contains("nobody folds it"));
}

#[tokio::test]
async fn the_status_names_who_folds_and_until_when() {
    let database = Database::migrated().await;
    database
        .execute("insert into read.leases values ('content.posts', gen_random_uuid(), 1, now() + interval '1 hour')")
        .await;
    let one = database.admin(&["projections", "status", "content.posts", "--json"]).json();
    assert!(one[0]["lease"]["holder"].is_string() && one[0]["lease"]["until"].is_string(), "{one}");
    assert_eq!(database.admin(&["projections", "status", "--json"]).json().as_array().unwrap().len(), 5);
    database
        .admin(&["projections", "status", "content.pots"])
        .failed(3, "there is no projection `content.pots`; there are content.posts, ");
}

#[tokio::test]
async fn a_stall_is_shown_with_its_event_and_has_code_4() {
    let database = Database::with_acme().await;
    database.execute(STALL).await;
    let ran = database.admin(&["projections", "status"]);
    ran.failed(4, "not all is taken in by identity.users");
    assert!(ran.out.contains("identity.users has stopped for acme at position 2: UserRegistered"), "{ran:?}");
    assert!(ran.out.contains("no such field") && !ran.out.contains('\u{1b}'), "{ran:?}");
    let ran = database.admin(&["projections", "status", "--json"]);
    let shown: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (ran.code, &shown[1]["stalls"][0]["tenant"], &shown[1]["stalls"][0]["attempts"]),
        (4, &"acme".into(), &3.into())
    );
    database.admin(&["projections", "status", "content.posts"]).done();
    database.admin(&["projections", "list"]).done();
}

#[tokio::test]
async fn another_try_is_asked_for_by_name() {
    let database = Database::with_acme().await;
    database.admin(&["projections", "retry", "people"]).failed(3, "there is no projection `people`");
    assert!(database.admin(&["projections", "retry", "users"]).done().contains("identity.users has not stopped"));
    database
        .admin(&["projections", "retry", "identity.users", "--tenant", "beta"])
        .failed(3, "there is no tenant `beta`");
    assert!(database.admin(&["projections", "retry", "identity.users"]).done().starts_with("nothing to retry"));
    database.execute(STALL).await;
    let asked = database.admin(&["projections", "retry", "identity.users", "--tenant", "acme", "--json"]).json();
    assert_eq!(asked["requested"], 1);
    let requested: bool = sqlx::query_scalar("select retry_requested_at is not null from read.stalls")
        .fetch_one(&database.pool)
        .await
        .unwrap();
    assert!(requested);
}

#[tokio::test]
async fn an_event_is_let_pass_by_somebody_for_a_reason() {
    let database = Database::with_acme().await;
    let skip = ["projections", "skip", "users", "--tenant", "acme", "--reason"];
    database.admin(&[&skip[..], &["typo"]].concat()).failed(3, "identity.users has not stopped for `acme`");
    database.execute(STALL).await;
    database.admin(&[&skip[..], &[" "]].concat()).failed(2, "--reason is empty");
    let skipped = database.admin(&[&skip[..], &["a typo \u{1b}[31m", "--by", "ada", "--json"]].concat()).json();
    assert_eq!((&skipped["position"], &skipped["skippedBy"]), (&2.into(), &"ada".into()));
    assert_eq!(database.count("select count(*) from read.stalls where retry_requested_at is not null").await, 1);
    let shown = database.admin(&["projections", "status", "users"]);
    assert!(shown.out.contains("identity.users passes over position 2 of acme: UserRegistered"), "{shown:?}");
    assert!(shown.out.contains("by        ada at ") && !shown.out.contains('\u{1b}'), "{shown:?}");
    // Without a name it is whoever runs it.
    let skipped = database.admin(&[&skip[..], &["again", "--json"]].concat()).json();
    assert!(!skipped["skippedBy"].as_str().unwrap().is_empty());
    assert_eq!(database.count("select count(*) from read.skips").await, 1);
}

#[tokio::test]
async fn a_projection_whose_code_is_gone_is_removed_and_no_other() {
    let database = Database::with_acme().await;
    let remove = |name: &str| database.admin(&["projections", "remove", name, "--yes"]);
    remove("users").failed(5, "this version folds identity.users, so it stays");
    remove("carts").failed(3, "there is no projection `carts`");
    database.execute(RETIRED).await;
    database.admin(&["projections", "remove", "carts"]).failed(2, "give `--yes` where nobody can be asked");
    database
        .execute("insert into read.leases values ('shop.carts', gen_random_uuid(), 1, now() + interval '1 hour')")
        .await;
    remove("carts").failed(5, "somebody folds shop.carts");
    assert_eq!(database.count("select count(*) from read.shop_carts").await, 1);
    database.execute("update read.leases set until = '-infinity'").await;
    let removed = database.admin(&["projections", "remove", "carts", "--yes", "--json"]).json();
    assert_eq!((&removed["projection"], &removed["tables"][0]), (&"shop.carts".into(), &"shop_carts".into()));
    let left = "select count(*) from pg_class where relname = 'shop_carts'";
    assert_eq!(database.count(left).await, 0);
    for table in ["read.checkpoints", "read.progress", "read.leases"] {
        assert_eq!(database.count(&format!("select count(*) from {table} where projection = 'shop.carts'")).await, 0);
    }
    // The table that two name stays with the one that is left.
    assert_eq!(database.count("select count(*) from pg_class where relname = 'identity_users'").await, 1);
    remove("carts").failed(3, "there is no projection `carts`");
}

/// A projection that no version folds any more, with a row.
pub(crate) const RETIRED: &str = "create table read.shop_carts (tenant_id text primary key); \
     insert into read.shop_carts values ('acme'); \
     insert into read.checkpoints (projection, version, position, epoch, tables) values ('shop.carts', 1, 0, 1, '{shop_carts,identity_users}'); \
     insert into read.progress values ('acme', 'shop.carts', 0)";

#[tokio::test]
async fn an_erasure_is_not_let_pass() {
    let database = Database::with_acme().await;
    database.execute(STALL).await;
    database.execute("update log.events set metadata = '{\"erases\":\"ada\"}' where position = 2").await;
    database
        .admin(&["projections", "skip", "users", "--tenant", "acme", "--reason", "typo"])
        .failed(5, "erases somebody, who would be shown for ever; nothing was changed");
    assert_eq!(database.count("select count(*) from read.skips").await, 0);
    assert_eq!(database.count("select count(*) from read.stalls where retry_requested_at is not null").await, 0);
}

#[tokio::test]
async fn a_projection_that_is_not_installed_or_of_another_version_has_code_4() {
    let database = Database::migrated().await;
    database.execute("update read.checkpoints set version = 99 where projection = 'content.posts'").await;
    let ran = database.admin(&["projections", "status", "content.posts"]);
    assert!(ran.code == 4 && ran.out.contains("other version"), "{ran:?}");
    database.execute("delete from read.checkpoints where projection = 'content.posts'").await;
    let ran = database.admin(&["projections", "status", "content.posts"]);
    assert!(ran.code == 4 && ran.out.contains("not installed"), "{ran:?}");
}
