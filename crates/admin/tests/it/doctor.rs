//! `doctor`: what is right, and each thing that can be wrong.

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::Value;

use crate::relay::{Nats, relayed};
use crate::support::Database;

fn examined(database: &Database, variables: &[(&str, &str)]) -> (i32, Value) {
    let ran = database.admin_with(variables, &["doctor", "--json"]);
    (ran.code, serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{ran:?}")))
}

#[track_caller]
fn status<'a>(report: &'a Value, name: &str) -> &'a str {
    let found = report["checks"].as_array().unwrap().iter().find(|check| check["name"] == name);
    found.unwrap_or_else(|| panic!("no check {name}: {report:#}"))["status"].as_str().unwrap()
}

/// Those that fail, but for what a server for tests alone may have off.
fn failures(report: &Value) -> Vec<&str> {
    let checks = report["checks"].as_array().unwrap();
    let failed = checks.iter().filter(|check| check["status"] == "fail").map(|check| check["name"].as_str().unwrap());
    failed.filter(|name| !["fsync", "full_page_writes"].contains(name)).collect()
}

#[tokio::test]
async fn a_sound_installation_has_no_failure() {
    let database = Database::with_acme().await;
    let nats = Nats::start().await;
    relayed(&database, &nats).await;
    let (code, report) = examined(&database, &[("TIDEMARK_NATS_URL", &nats.url)]);
    assert_eq!(failures(&report), Vec::<&str>::new(), "{report:#}");
    for name in [
        "settings",
        "migrations",
        "role tidemark_query",
        "clock",
        "epoch",
        "row-level security",
        "nats version",
        "nats max_payload",
        "jetstream",
        "stream",
    ] {
        assert_eq!(status(&report, name), "ok", "{name}");
    }
    // Nobody runs a worker here.
    assert_eq!((status(&report, "projection content.posts"), status(&report, "relay lease")), ("warn", "warn"));
    let durable: bool =
        sqlx::query_scalar("select current_setting('fsync')::bool and current_setting('full_page_writes')::bool")
            .fetch_one(&database.pool)
            .await
            .unwrap();
    assert_eq!((code == 0, &report["healthy"]), (durable, &durable.into()));
}

#[tokio::test]
async fn what_is_wrong_with_the_database_is_found() {
    let database = Database::with_acme().await;
    database.execute("alter table read.progress no force row level security").await;
    database.execute("update log.epochs set timeline = '000000FF'").await;
    database.execute("delete from _sqlx_migrations where version = 2").await;
    database.execute("delete from read.checkpoints where projection = 'tenancy.tenants'").await;
    let (code, report) = examined(&database, &[]);
    assert_eq!((code, &report["healthy"]), (4, &false.into()));
    assert_eq!(
        failures(&report),
        ["migrations", "epoch", "row-level security", "projection tenancy.tenants"],
        "{report:#}"
    );
    let text = database.admin(&["doctor"]);
    assert!(
        text.out.contains("FAIL  row-level security") && text.out.contains("not on read.progress; run `admin migrate`"),
        "{text:?}"
    );
    text.failed(4, "at least one check failed");
}

#[tokio::test]
async fn an_empty_database_and_servers_that_are_away_are_told_without_an_end_before_time() {
    let database = Database::empty().await;
    let away = [
        ("TIDEMARK_NATS_URL", "nats://127.0.0.1:1"),
        ("TIDEMARK_REDIS_URL", "redis://:hidden@127.0.0.1:1"),
        ("TIDEMARK_SIGNING_KEY_FILE", "/nowhere"),
    ];
    let (code, report) = examined(&database, &away);
    assert_eq!(code, 4);
    for name in ["migrations", "epoch", "row-level security", "projections", "nats", "redis", "signing key"] {
        assert_eq!(status(&report, name), "fail", "{name}");
    }
    assert!(!report.to_string().contains("hidden"));
    let (code, report) = examined(&database, &[("TIDEMARK_DATABASE_URL", "postgres://owner:hidden@127.0.0.1:1/none")]);
    assert_eq!((code, status(&report, "database as tidemark_log")), (4, "fail"));
    assert!(!report.to_string().contains("hidden"));
}

#[tokio::test]
async fn redis_is_asked_for_a_ping_after_its_password() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://:s%20ecret@{}", listener.local_addr().unwrap());
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        for (request, answer) in
            [("*2\r\n$4\r\nAUTH\r\n$7\r\ns ecret\r\n", "+OK\r\n"), ("*1\r\n$4\r\nPING\r\n", "+PONG\r\n")]
        {
            let mut asked = vec![0; request.len()];
            stream.read_exact(&mut asked).unwrap();
            assert_eq!(String::from_utf8(asked).unwrap(), request);
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    let database = Database::migrated().await;
    let (_, report) = examined(&database, &[("TIDEMARK_REDIS_URL", &url)]);
    assert_eq!(status(&report, "redis"), "ok", "{report:#}");
    serving.join().unwrap();
}
