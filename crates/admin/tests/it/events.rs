//! `events`: the last ones, the ones to come, and one in full.

use std::io::{BufRead, BufReader};
use std::sync::mpsc;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::support::{Database, PATIENCE};

fn types(lines: &str) -> Vec<String> {
    lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["eventType"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn the_last_events_are_printed_one_a_line() {
    let database = Database::with_acme().await;
    database.admin(&["tenants", "suspend", "acme"]).done();
    let text = database.admin(&["events", "tail"]).done();
    assert_eq!(text.lines().count(), 3);
    assert!(text.lines().last().unwrap().contains("acme  TenantSuspended  tenant/acme  system:admin"), "{text}");
    let tail = |more: &[&str]| types(&database.admin(&[&["events", "tail", "--json"], more].concat()).done());
    assert_eq!(tail(&["-n", "1"]), ["TenantSuspended"]);
    assert_eq!(tail(&["--after", "1"]), ["UserRegistered", "TenantSuspended"]);
    assert_eq!(tail(&["--after", "3"]), Vec::<String>::new());
    assert_eq!(tail(&["--type", "UserRegistered", "--tenant", "acme"]), ["UserRegistered"]);
    assert_eq!(tail(&["--type", "PostCreated"]), Vec::<String>::new());
}

#[tokio::test]
async fn names_that_match_nothing_have_code_3() {
    let database = Database::with_acme().await;
    database.admin(&["events", "tail", "--tenant", "beta"]).failed(3, "there is no tenant `beta`");
    database.admin(&["events", "tail", "--type", "PostWritten"]).failed(3, "there is no event type `PostWritten`");
    database.admin(&["events", "show", "3"]).failed(3, "there is no event `3`; the log ends at position 2");
    database.admin(&["events", "show", "01234567-89ab-7def-8123-456789abcdef"]).failed(3, "there is no event");
    database.admin(&["events", "show", "first"]).failed(2, "neither a position nor an event's id");
}

#[tokio::test]
async fn an_event_is_shown_whole_by_position_or_id() {
    let database = Database::with_acme().await;
    let by_position = database.admin(&["events", "show", "2", "--json"]).json();
    assert_eq!(by_position["payload"]["role"], "admin");
    assert!(by_position["payload"]["email"]["sealed"].is_string(), "what is personal stays sealed: {by_position}");
    assert_eq!(
        (&by_position["metadata"]["actor"], &by_position["tenantPosition"]),
        (&"system:admin".into(), &2.into())
    );
    let id = by_position["eventId"].as_str().unwrap();
    assert_eq!(database.admin(&["events", "show", id, "--json"]).json(), by_position);
    let text = database.admin(&["events", "show", id]).done();
    assert!(
        text.contains("type         UserRegistered version 1")
            && text.contains(r#""role": "admin""#)
            && !text.contains("ada@"),
        "{text}"
    );
}

#[tokio::test]
async fn what_comes_is_followed_until_ctrl_c() {
    let database = Database::with_acme().await;
    let mut child = database.spawn(&["events", "tail", "-n", "1", "--follow", "--json", "--tenant", "acme"]);
    let (send, lines) = mpsc::channel();
    let out = BufReader::new(child.stdout.take().unwrap());
    let reading = std::thread::spawn(move || out.lines().try_for_each(|line| send.send(line.unwrap())));
    assert_eq!(types(&lines.recv_timeout(PATIENCE).unwrap()), ["UserRegistered"]);
    database.admin(&["tenants", "suspend", "acme"]).done();
    assert_eq!(types(&lines.recv_timeout(PATIENCE).unwrap()), ["TenantSuspended"]);
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    reading.join().unwrap().unwrap();
}
