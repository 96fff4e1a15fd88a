//! `people erase` and `keys rotate`: what is destroyed is told, asked for, and gone.

use crate::support::{Database, PASSWORD, SECRET};

fn user(database: &Database, email: &str) -> String {
    let created = database
        .admin(&[
            "users",
            "create",
            "--tenant",
            "acme",
            "--email",
            email,
            "--name",
            "Bo",
            "--password",
            PASSWORD,
            "--json",
        ])
        .json();
    created["userId"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_person_is_erased_with_a_receipt_and_only_once() {
    let database = Database::with_acme().await;
    let id = user(&database, "bo@acme.example");
    let erase = ["people", "erase", "--tenant", "acme", "--user", "bo@acme.example", "--yes", "--json"];
    let receipt = database.admin(&erase).json();
    assert_eq!(receipt["subject"], id.as_str());
    assert_eq!((&receipt["events"], &receipt["claims"], &receipt["secrets"]), (&1.into(), &1.into(), &1.into()));
    assert_eq!(receipt["keyFingerprint"].as_str().map(str::len), Some(22));
    // The email finds nobody any more, and the id somebody who is gone.
    database.admin(&erase[..7]).failed(3, "there is no user `bo@acme.example`");
    database
        .admin(&["people", "erase", "--tenant", "acme", "--user", &id, "--yes"])
        .failed(5, "the person was erased already");
    let again = user(&database, "bo@acme.example");
    assert_ne!(again, id);
}

#[tokio::test]
async fn somebody_who_was_never_there_and_the_last_admin_are_not_erased() {
    let database = Database::with_acme().await;
    let erase = |user: &str| database.admin(&["people", "erase", "--tenant", "acme", "--user", user, "--yes"]);
    erase("01234567-89ab-7def-8123-456789abcdef").failed(3, "there is no user");
    erase("ada@acme.example").failed(5, "is the last admin of `acme`");
    let keys: i64 =
        sqlx::query_scalar("select count(*) from log.subject_keys").fetch_one(&database.pool).await.unwrap();
    assert_eq!(keys, 1);
}

#[tokio::test]
async fn nothing_is_erased_where_nobody_can_be_asked() {
    let database = Database::with_acme().await;
    let id = user(&database, "bo@acme.example");
    database.admin(&["people", "erase", "--tenant", "acme", "--user", &id]).failed(2, "give `--yes`");
    assert_eq!(database.events().await, 3);
}

#[tokio::test]
async fn emails_that_were_claimed_in_clear_are_hashed_by_a_migration() {
    let database = Database::with_acme().await;
    let id = user(&database, "bo@acme.example");
    database
        .execute(&format!(
            "update log.claims set value = 'bo@acme.example' where scope = 'user.email' and aggregate_id = 'acme/{id}'"
        ))
        .await;
    assert_eq!(database.admin(&["migrate"]).done(), "hashed 1 claim(s) of personal values\n");
    let set_role = ["users", "set-role", "--tenant", "acme", "--user", "bo@acme.example", "--role", "editor"];
    database.admin(&set_role).done();
    assert!(database.admin(&["migrate"]).done().starts_with("nothing to do"));
}

#[tokio::test]
async fn keys_are_rotated_to_a_new_secret() {
    let database = Database::with_acme().await;
    user(&database, "bo@acme.example");
    let rotated = database.admin(&["keys", "rotate", "--data"]).done();
    assert_eq!(rotated, "1 tenant(s) have a new key; the keys of 2 people are wrapped by it\n");
    let old = SECRET;
    let new = "another-secret-that-is-long-enough-for-anybody";
    let set_role = ["users", "set-role", "--tenant", "acme", "--user", "bo@acme.example", "--role", "editor"];
    database.admin_with(&[("TIDEMARK_SECRET", new)], &set_role).failed(2, "do not open under this `secret`");
    let doctor = database.admin_with(&[("TIDEMARK_SECRET", new)], &["doctor"]);
    assert!(doctor.out.contains("the keys of `acme` do not open under this `secret`"), "{doctor:?}");
    let both = [("TIDEMARK_SECRET", new), ("TIDEMARK_PREVIOUS_SECRET", old)];
    database.admin_with(&both, &["keys", "rotate", "--data"]).done();
    database.admin_with(&[("TIDEMARK_SECRET", new)], &set_role).done();
    database.admin_with(&[("TIDEMARK_SECRET", "")], &set_role).failed(2, "`secret` is not set");
}

#[tokio::test]
async fn the_key_that_signs_tokens_is_rotated_with_an_overlap() {
    let database = Database::with_acme().await;
    let first = database.admin(&["keys", "rotate", "--signing", "--json"]).json();
    assert_eq!((&first["signsInSeconds"], &first["formerVerifiesForSeconds"]), (&0.into(), &serde_json::Value::Null));
    let next = database.admin(&["keys", "rotate", "--signing", "--lead", "60", "--json"]).json();
    assert_eq!((&next["signsInSeconds"], &next["formerVerifiesForSeconds"]), (&60.into(), &120.into()));
    database.admin(&["keys", "rotate", "--signing"]).failed(5, "a rotation is under way");
    let kept = "select count(*) from log.signing_keys";
    assert_eq!(database.count(kept).await, 2);
    let new =
        [("TIDEMARK_SECRET", "another-secret-that-is-long-enough-for-anybody"), ("TIDEMARK_PREVIOUS_SECRET", SECRET)];
    database.admin_with(&new[..1], &["keys", "rotate", "--data"]).failed(2, "does not open under this `secret`");
    database.admin_with(&new, &["keys", "rotate", "--data"]).done();
    database.admin_with(&new[..1], &["keys", "rotate", "--data"]).done();
    database.admin_with(&new[..1], &["keys", "rotate", "--signing", "--compromised"]).done();
    assert_eq!(database.count(kept).await, 1);
    for wrong in [
        &["keys", "rotate"][..],
        &["keys", "rotate", "--data", "--signing"],
        &["keys", "rotate", "--data", "--compromised"],
        &["keys", "rotate", "--signing", "--lead", "1"],
        &["keys", "rotate", "--signing", "--compromised", "--lead", "60"],
    ] {
        database.admin(wrong).failed_with(2);
    }
}
