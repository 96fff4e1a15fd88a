//! `projections rebuild` and `verify`, as an operator meets them.

use serde_json::json;

use crate::support::{Database, PASSWORD};

/// A database with a tenant `acme` and three people, folded.
async fn folded() -> Database {
    let database = Database::with_acme().await;
    for name in ["bo", "cy"] {
        let email = format!("{name}@acme.example");
        database
            .admin(&["users", "create", "--tenant", "acme", "--email", &email, "--name", name, "--password", PASSWORD])
            .done();
    }
    database.fold().await;
    database
}

const DRIFT: &str = "update read.identity_users set name = 'Nobody' where email = 'bo@acme.example'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_model_is_rebuilt_by_its_short_name_and_rolled_back() {
    let database = folded().await;
    database.admin(&["projections", "rebuild", "people"]).failed(3, "there is no projection `people`");
    let ran = database.admin(&["projections", "rebuild", "users"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("identity.users: rebuilt to position 4 and swapped in; no row differed"), "{ran:?}");
    // Without a terminal there are plain lines.
    assert!(ran.err.contains("identity.users: folding, 0 of 4\n") && !ran.err.contains('\u{1b}'), "{ran:?}");
    let shown = database.admin(&["projections", "status", "users", "--json"]).json();
    assert_eq!(
        (&shown[0]["lastRun"]["state"], &shown[0]["lastRun"]["differences"], &shown[0]["checkpoint"]),
        (&"swapped".into(), &0.into(), &4.into())
    );
    let back = database.admin(&["projections", "rebuild", "users", "--rollback"]).done();
    assert!(back.contains("serve again, at position 4"), "{back}");
    database
        .admin(&["projections", "rebuild", "users", "--rollback"])
        .failed(3, "no former tables of identity.users are kept");
    let again = database.admin(&["projections", "rebuild", "users", "--json"]).json();
    assert_eq!((&again["swapped"], &again["run"]), (&true.into(), &2.into()));
    assert!(database.admin(&["projections", "rebuild", "users", "--drop-former"]).done().starts_with("dropped"));
    assert!(database.admin(&["projections", "rebuild", "users", "--drop-former"]).done().starts_with("no former"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drift_is_found_refused_and_accepted() {
    let database = folded().await;
    let sound = database.admin(&["projections", "verify", "--all", "--json"]).json();
    assert_eq!(sound.as_array().unwrap().len(), 5);
    assert!(sound.as_array().unwrap().iter().all(|one| one["sound"] == true), "{sound}");

    database.execute(DRIFT).await;
    let ran = database.admin(&["projections", "verify"]);
    assert!(ran.code == 4 && ran.err.contains("not what the log says: identity.users"), "{ran:?}");
    assert!(ran.out.contains("identity.users: 1 row(s) differ from a rebuild at position 4"), "{ran:?}");
    assert!(ran.out.contains("name: \"Nobody\" serves, \"bo\" is right by the log"), "{ran:?}");
    database.admin(&["projections", "verify", "posts", "--json"]).json();
    assert_eq!(database.admin(&["projections", "verify", "users", "--tenant", "acme"]).code, 4);
    database.admin(&["projections", "verify", "users", "--tenant", "beta"]).failed(3, "there is no tenant `beta`");

    let ran = database.admin(&["projections", "rebuild", "users", "--json"]);
    let refused: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &refused["swapped"], &refused["differingRows"]), (4, &false.into(), &1.into()));
    assert_eq!(
        (&refused["firstDifferences"][0]["tenant"], &refused["firstDifferences"][0]["columns"][0]),
        (&"acme".into(), &json!(["name", "Nobody", "bo"]))
    );
    assert_eq!(database.count("select count(*) from read.identity_users where name = 'Nobody'").await, 1);
    let accepted = database.admin(&["projections", "rebuild", "users", "--accept-differences", "--json"]).json();
    assert_eq!((&accepted["swapped"], &accepted["run"]), (&true.into(), &refused["run"]));
    assert_eq!(database.count("select count(*) from read.identity_users where name = 'Nobody'").await, 0);
    database.admin(&["projections", "verify", "--json"]).json();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_tenant_is_mended_without_being_asked_twice() {
    let database = folded().await;
    database.execute(DRIFT).await;
    database.execute("insert into read.tenancy_tenants select 'ghost', name, status, suspension_reason, created_at, updated_at, version from read.tenancy_tenants").await;
    let mended = database.admin(&["projections", "rebuild", "users", "--tenant", "acme", "--json"]).json();
    assert_eq!((&mended["swapped"], &mended["differingRows"]), (&true.into(), &1.into()));
    assert_eq!(database.count("select count(*) from read.identity_users where name = 'Nobody'").await, 0);
    assert_eq!(database.count("select count(*) from read.tenancy_tenants where tenant_id = 'ghost'").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_that_was_killed_goes_on_where_it_was() {
    let database = folded().await;
    let mut child = database.spawn(&["projections", "rebuild", "users", "--throttle", "1"]);
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
    while database.count("select coalesce(max(position), 0) from rebuild.runs").await == 0 {
        ticks.tick().await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let left = database.count("select position from rebuild.runs").await;
    let shown = database.admin(&["projections", "status", "users", "--json"]).json();
    assert_eq!((&shown[0]["lastRun"]["state"], left < 4), (&"open".into(), true));
    let ran = database.admin(&["projections", "rebuild", "users"]);
    assert!(ran.code == 0 && ran.err.starts_with(&format!("identity.users: folding, {left} of 4")), "{ran:?}");
    assert_eq!(database.count("select count(*) from rebuild.runs").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_rebuild_at_once_is_refused() {
    let database = folded().await;
    let mut held = database.pool.acquire().await.unwrap();
    sqlx::query("select pg_advisory_lock(hashtextextended('tidemark rebuild identity.users', 0))")
        .execute(&mut *held)
        .await
        .unwrap();
    database
        .admin(&["projections", "rebuild", "users"])
        .failed(5, "another rebuild or verification of identity.users is under way");
    database.admin(&["projections", "rebuild", "posts", "--json"]).json();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_auditor_names_tenant_and_key_of_what_has_drifted_and_leaves_no_trace_of_the_rest() {
    let database = folded().await;
    let sample = ["projections", "verify", "--sample", "--once", "--every", "0", "--json"];
    let sound = database.admin(&sample);
    assert!(sound.code == 0 && sound.out.is_empty(), "{sound:?}");
    assert_eq!(database.count("select count(*) from rebuild.runs").await, 0);
    database.execute(DRIFT).await;
    let ran = database.admin(&sample);
    assert!(ran.code == 4 && ran.err.contains("not what the log says: identity.users of acme"), "{ran:?}");
    let found: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&found["projection"], &found["tenant"]), (&"identity.users".into(), &"acme".into()));
    assert!(found["firstDifferences"][0]["key"]["user_id"].is_string(), "{found}");
    assert_eq!(
        database
            .count(
                "select count(*) from rebuild.runs where purpose = 'sample' and state = 'verified' and differences = 1"
            )
            .await,
        1
    );
    assert_eq!(database.count("select count(*) from pg_namespace where nspname like 'rebuild\\_%'").await, 0);
    assert_eq!(database.admin(&["projections", "rebuild", "users", "--tenant", "acme"]).code, 0);
    assert_eq!(database.admin(&sample).code, 0);
    let alone = database.admin(&["projections", "verify", "--once"]);
    alone.failed_with(2);
    assert!(alone.err.contains("--sample"), "{alone:?}");
}
