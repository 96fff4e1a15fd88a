//! `policies` and `dead-letters`, and a mail that really comes.

use std::path::Path;

use serde_json::Value;
use tidemark_runtime::Settings;
use tokio_util::sync::CancellationToken;

use crate::support::{Database, PASSWORD, PATIENCE};

const LETTER: &str = "00000000-0000-8000-8000-000000000001";
const WAITING: &str = "00000000-0000-8000-8000-000000000002";

/// A dead letter of acme, and one that waits behind it.
async fn with_a_dead_letter() -> Database {
    let database = Database::with_acme().await;
    for (id, number, state) in [(LETTER, 0, "dead"), (WAITING, 1, "pending")] {
        database
            .execute(&format!(
                "insert into work.effects (id, policy, tenant_id, ordering_key, position, number, event_id, correlation_id, kind, payload, state, due_at, attempts, last_error) \
                 values ('{id}', 'identity.welcome', 'acme', 'user/1', 2, {number}, gen_random_uuid(), 'r', 'mail.welcome', '{{}}', '{state}', now(), 3, E'550 no such box \\x1b[31m')"
            ))
            .await;
    }
    database
}

#[tokio::test]
async fn the_status_of_policies_has_code_4_while_something_waits_for_an_operator() {
    let database = Database::with_acme().await;
    let all = database.admin(&["policies", "status", "--json"]).json();
    let names: Vec<&str> = all.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["content.publish", "identity.links", "identity.notices", "identity.welcome"]);
    assert_eq!((&all[1]["checkpoint"], &all[1]["lag"]), (&0.into(), &2.into()));
    assert!(database.admin(&["policies", "status"]).done().contains("nobody runs it"));
    database
        .admin(&["policies", "status", "welcome"])
        .failed(3, "there is no policy `welcome`; there are content.publish, identity.");

    let database = with_a_dead_letter().await;
    let ran = database.admin(&["policies", "status", "identity.welcome"]);
    ran.failed(4, "something of identity.welcome waits for you");
    assert!(ran.out.contains("dead letters"), "{ran:?}");
    database.execute("delete from work.policies").await;
    database.admin(&["policies", "status"]).failed(4, "admin migrate");
}

#[tokio::test]
async fn a_policy_whose_code_is_gone_is_removed_and_no_other() {
    let database = with_a_dead_letter().await;
    let remove = |name: &str| database.admin(&["policies", "remove", name, "--by", "ada", "--yes"]);
    remove("identity.welcome").failed(5, "this version runs identity.welcome, so it stays");
    remove("shop.remind").failed(3, "there is no policy `shop.remind`");
    database.execute("insert into work.policies (policy, position, epoch) values ('shop.remind', 0, 1)").await;
    database.execute("update work.effects set policy = 'shop.remind'").await;
    database.admin(&["policies", "remove", "shop.remind"]).failed(2, "give `--yes` where nobody can be asked");
    database
        .execute("insert into work.leases values ('shop.remind', gen_random_uuid(), 1, now() + interval '1 hour')")
        .await;
    remove("shop.remind").failed(5, "somebody runs shop.remind");
    database.execute("update work.leases set until = '-infinity'").await;
    assert!(remove("shop.remind").done().contains("dropped 2 effect(s)"));
    let dropped = "select count(*) from work.effects where state = 'dropped' and dropped_by = 'ada'";
    assert_eq!(database.count(dropped).await, 2);
    let left =
        "select (select count(*) from work.policies where policy = 'shop.remind') + (select count(*) from work.leases)";
    assert_eq!(database.count(left).await, 0);
    remove("shop.remind").failed(3, "there is no policy `shop.remind`");
}

#[tokio::test]
async fn dead_letters_are_listed_shown_and_retried() {
    let database = with_a_dead_letter().await;
    let listed = database.admin(&["dead-letters", "list"]).done();
    assert!(listed.contains(LETTER) && !listed.contains(WAITING) && !listed.contains('\u{1b}'), "{listed}");
    let listed = database.admin(&["dead-letters", "list", "--json", "--tenant", "acme"]).json();
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["waiting"]), (1, &1.into()));
    assert_eq!(database.admin(&["dead-letters", "list", "--policy", "x", "--json"]).json(), Value::Array(Vec::new()));
    let shown = database.admin(&["dead-letters", "show", WAITING]).done();
    assert!(shown.contains("pending") && shown.contains("identity.welcome"), "{shown}");

    database.admin(&["dead-letters", "retry"]).failed_with(2);
    database.admin(&["dead-letters", "retry", &LETTER.replace('8', "9")]).failed(3, "there is no effect");
    assert_eq!(database.admin(&["dead-letters", "retry", LETTER, "--json"]).json()["retried"], 1);
    assert!(database.admin(&["dead-letters", "retry", "--all"]).done().starts_with("nothing to retry"));
    assert_eq!(database.admin(&["dead-letters", "list"]).done().trim(), "there are no dead letters");
}

#[tokio::test]
async fn a_dead_letter_is_dropped_by_somebody_for_a_reason() {
    let database = with_a_dead_letter().await;
    database.admin(&["dead-letters", "drop", LETTER, "--by", "ada"]).failed_with(2);
    let drop = |id| database.admin(&["dead-letters", "drop", id, "--by", "ada", "--reason", "told by phone"]);
    drop(WAITING).failed(5, "is pending and no dead letter");
    drop(LETTER).done();
    drop(LETTER).failed(5, "is dropped and no dead letter");
    let shown = database.admin(&["dead-letters", "show", LETTER, "--json"]).json();
    assert_eq!((&shown["droppedBy"], &shown["note"]), (&"ada".into(), &"told by phone".into()));
}

#[tokio::test]
async fn whoever_drops_a_letter_without_a_name_is_whoever_skips_an_event() {
    let database = with_a_dead_letter().await;
    database.admin(&["dead-letters", "drop", LETTER, "--reason", "told by phone"]).done();
    let shown = database.admin(&["dead-letters", "show", LETTER, "--json"]).json();
    database.execute("insert into read.stalls (tenant_id, projection, position, tenant_position, event_id, event_type, error, attempts, since) values ('acme', 'content.posts', 1, 1, gen_random_uuid(), 'PostCreated', 'x', 1, now())").await;
    let skip = ["projections", "skip", "posts", "--tenant", "acme", "--reason", "told by phone", "--json"];
    let skipped = database.admin(&skip).json();
    assert_eq!(shown["droppedBy"], skipped["skippedBy"]);
    assert!(!shown["droppedBy"].as_str().unwrap().is_empty());
}

fn mails(folder: &Path) -> Vec<String> {
    let Ok(files) = std::fs::read_dir(folder) else { return Vec::new() };
    let mails = files.map(|file| file.unwrap().path()).filter(|path| path.extension().is_some_and(|end| end == "eml"));
    mails.map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

/// From the command to the file, over a worker as it runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_gets_an_account_gets_one_mail() {
    let database = Database::with_acme().await;
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Settings::for_tests(&database.url, None);
    settings.mail_from = Some("no-reply@shop.example".to_owned());
    settings.mail_folder = Some(folder.path().join("mail"));
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(tidemark_workers::run(settings, shutdown.clone()));
    database
        .admin(&[
            "users",
            "create",
            "--tenant",
            "acme",
            "--email",
            "bo@acme.example",
            "--name",
            "Bo Ek",
            "--password",
            PASSWORD,
        ])
        .done();
    let all_done = async {
        let mut ticks = tokio::time::interval(std::time::Duration::from_millis(50));
        let done = "select count(*) from work.effects where state = 'done'";
        while sqlx::query_scalar::<_, i64>(done).fetch_one(&database.pool).await.unwrap() < 2 {
            ticks.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, all_done).await.expect("both were welcomed");
    shutdown.cancel();
    running.await.unwrap().unwrap();

    let mails = mails(&folder.path().join("mail"));
    assert_eq!(mails.len(), 2, "{mails:?}");
    let to_bo: Vec<&String> = mails.iter().filter(|mail| mail.contains("<bo@acme.example>")).collect();
    assert_eq!(to_bo.len(), 1, "{mails:?}");
    assert!(to_bo[0].contains("Subject: Welcome to Acme") && to_bo[0].contains("Hello Bo Ek,"), "{}", to_bo[0]);
    let known: i64 =
        sqlx::query_scalar("select count(*) from work.effects where effects::text ~* '(@acme|Bo Ek|Administrator)'")
            .fetch_one(&database.pool)
            .await
            .unwrap();
    assert_eq!(known, 0, "the ledger knows nobody's name or address");
}
