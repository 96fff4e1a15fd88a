//! `users`: made, and given another role.

use crate::support::{Database, PASSWORD, Ran};

fn create(database: &Database, tenant: &str, email: &str, more: &[&str]) -> Ran {
    database.admin(
        &[&["users", "create", "--tenant", tenant, "--email", email, "--name", "Bo", "--password", PASSWORD], more]
            .concat(),
    )
}

fn set_role(database: &Database, user: &str, role: &str) -> Ran {
    database.admin(&["users", "set-role", "--tenant", "acme", "--user", user, "--role", role])
}

#[tokio::test]
async fn a_user_is_made_once_whatever_the_case_of_the_email() {
    let database = Database::with_acme().await;
    let created = create(&database, "acme", "Bo@acme.example", &["--role", "editor", "--json"]).json();
    assert_eq!((&created["email"], &created["role"]), (&"Bo@acme.example".into(), &"editor".into()));
    create(&database, "acme", "bo@ACME.example", &[]).failed(5, "has a user with the email `bo@ACME.example` already");
    create(&database, "acme", "cy@acme.example", &[]).done();
    assert_eq!(database.events().await, 4);
    let secrets: i64 = sqlx::query_scalar("select count(*) from log.secrets").fetch_one(&database.pool).await.unwrap();
    assert_eq!(secrets, 3);
}

#[tokio::test]
async fn the_password_may_come_on_standard_input() {
    let database = Database::with_acme().await;
    let args =
        ["users", "create", "--tenant", "acme", "--email", "bo@acme.example", "--name", "Bo", "--password-stdin"];
    assert!(
        database
            .admin_reading(&format!("{PASSWORD}\n"), &args)
            .done()
            .starts_with("created member bo@acme.example in acme")
    );
    database.admin(&args[..8]).failed(2, "give `--password`, or `--password-stdin`");
}

#[tokio::test]
async fn unknown_tenants_and_people_have_code_3() {
    let database = Database::with_acme().await;
    create(&database, "beta", "bo@beta.example", &[]).failed(3, "there is no tenant `beta`");
    set_role(&database, "bo@acme.example", "editor").failed(3, "there is no user `bo@acme.example` in tenant `acme`");
    set_role(&database, "01234567-89ab-7def-8123-456789abcdef", "editor").failed(3, "there is no user");
    set_role(&database, "bo", "editor").failed(2, "neither a user's id nor an email");
}

#[tokio::test]
async fn a_role_is_given_by_email_or_id_and_the_last_admin_stays() {
    let database = Database::with_acme().await;
    set_role(&database, "ada@acme.example", "member").failed(5, "`ada@acme.example` is the last admin of `acme`");
    let id = create(&database, "acme", "bo@acme.example", &["--json"]).json()["userId"].as_str().unwrap().to_owned();
    assert_eq!(set_role(&database, &id, "admin").done(), format!("{id} is now admin in acme\n"));
    assert_eq!(set_role(&database, "BO@acme.example", "admin").done(), "BO@acme.example was already admin in acme\n");
    let changed = database
        .admin(&["users", "set-role", "--tenant", "acme", "--email", "ada@acme.example", "--role", "member", "--json"])
        .json();
    assert_eq!((&changed["role"], &changed["changed"]), (&"member".into(), &true.into()));
}
