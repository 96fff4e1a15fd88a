//! What a policy's worker writes: each event's effects once, whatever happens to the worker.

use std::sync::atomic::Ordering;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::json;
use sqlx::Executor;
use tidemark_engine::policy::{Policy, Step, StepError, install, standings};

use super::things::{House, Things, react_to};
use crate::database::Database;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn effects_and_checkpoint_follow_the_log() {
    let house = House::new().await;
    house.say("acme", "a", "one,two").await;
    house.database.append("acme", "post", "p", "PostNobodyKnows", json!({})).await;
    let last = house.say("beta", "a", "three").await;
    house.react_to(last).await;
    assert_eq!(house.ledger().await, ["one=pending", "two=pending", "three=pending"]);
    assert_eq!(house.checkpoint().await, last);
    let causes = "select count(*) from work.effects f join log.events e using (position, event_id, tenant_id) \
                  where f.ordering_key = 'thing/a' and f.correlation_id = e.event_id::text and f.due_at = e.recorded_at";
    assert_eq!(house.database.count(causes).await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happened_before_a_policy_was_installed_has_no_effects() {
    let database = Database::new().await;
    database.append("acme", "thing", "a", "ThingSaid", json!({ "words": ["old"] })).await;
    let things = Things::default();
    install(&database.owner, [&things as &dyn Policy]).await.unwrap();
    install(&database.owner, [&things as &dyn Policy]).await.unwrap();
    let house = House { work: database.connect_as("tidemark_work"), database, hands: Default::default(), things };
    let last = house.say("acme", "a", "new").await;
    house.react_to(last).await;
    assert_eq!(house.ledger().await, ["new=pending"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_that_says_so_reacts_to_the_past() {
    let database = Database::new().await;
    let last = database.append("acme", "thing", "a", "ThingSaid", json!({ "words": ["old"] })).await;
    let things = Things { reacts_to_the_past: true, ..Things::default() };
    install(&database.owner, [&things as &dyn Policy]).await.unwrap();
    let house = House { work: database.connect_as("tidemark_work"), database, hands: Default::default(), things };
    house.react_to(last).await;
    assert_eq!(house.ledger().await, ["old=pending"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_is_killed_at_any_moment_leaves_each_effect_once() {
    let house = House::new().await;
    let mut last = 0;
    for n in 0..200 {
        last = house.say(["acme", "beta"][n % 2], &format!("t{}", n % 9), &format!("{n}")).await;
    }
    for patience in 0..40 {
        let mut runner = house.runner().with_lease(Duration::from_millis(1));
        let stepping = async { while runner.step().await.is_ok() {} };
        let _killed = tokio::time::timeout(Duration::from_micros(300 * patience), stepping).await;
    }
    let mut runner = house.runner();
    while runner.step().await.unwrap() == Step::Standby {}
    react_to(&house, &mut runner, last).await.unwrap();
    assert_eq!(house.ledger().await, (0..200).map(|n| format!("{n}=pending")).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_that_passes_over_what_comes_writes_its_checkpoint_once_nothing_more_does() {
    let house = House::new().await;
    let mut runner = house.runner();
    assert_eq!(runner.step().await.unwrap(), Step::Leading);
    let mut last = 0;
    for n in 0..20 {
        last = house.database.append("acme", "post", &format!("p{n}"), "PostNobodyKnows", json!({})).await;
    }
    let mut passed = 0;
    while passed < 20 {
        if let Step::Took { events, effects } = runner.step().await.unwrap() {
            assert_eq!(effects, 0);
            passed += events;
        }
    }
    react_to(&house, &mut runner, last).await.unwrap();
    // What comes next is written from where the checkpoint is, and not from where it was.
    let last = house.say("acme", "a", "one").await;
    react_to(&house, &mut runner, last).await.unwrap();
    assert_eq!((house.ledger().await, house.checkpoint().await), (vec!["one=pending".to_owned()], last));
}

/// Entry and checkpoint are not waited for, so a crash of the database loses both; its worker may not have noticed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_crash_of_the_database_has_lost_is_written_again_though_nothing_more_happens() {
    let house = House::new().await;
    let last = house.say("acme", "a", "one").await;
    let mut runner = house.runner().with_lease(Duration::from_millis(300));
    react_to(&house, &mut runner, last).await.unwrap();
    let id = house.id_of("pending").await;
    house.database.owner.execute("delete from work.effects; update work.policies set position = 0").await.unwrap();
    react_to(&house, &mut runner, last).await.unwrap();
    assert_eq!(house.ledger().await, ["one=pending"]);
    assert_eq!(house.id_of("pending").await, id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_workers_reacts_and_the_other_stands_by() {
    let house = House::new().await;
    let (mut one, mut other) = (house.runner(), house.runner());
    assert_eq!(one.step().await.unwrap(), Step::Leading);
    assert_eq!(other.step().await.unwrap(), Step::Standby);
    one.release().await.unwrap();
    assert_eq!(other.step().await.unwrap(), Step::Leading);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_has_lost_its_lease_tells_of_no_lag() {
    let house = House::new().await;
    let (mut present, mut former) = (house.runner(), house.runner());
    assert_eq!(present.step().await.unwrap(), Step::Leading);
    let recorder = PrometheusBuilder::new().build_recorder();
    let _recording = metrics::set_default_local_recorder(&recorder);
    // From when it led.
    metrics::gauge!("tidemark_policy_lag", "policy" => "test.things").set(7.0);
    assert_eq!(former.step().await.unwrap(), Step::Standby);
    assert!(recorder.handle().render().contains("tidemark_policy_lag{policy=\"test.things\"} 0\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_with_an_old_fence_writes_nothing() {
    let house = House::new().await;
    let (mut frozen, mut other) = (house.runner(), house.runner());
    assert_eq!(frozen.step().await.unwrap(), Step::Leading);
    house.database.owner.execute("update work.leases set until = now()").await.unwrap();
    assert_eq!(other.step().await.unwrap(), Step::Leading);
    let last = house.say("acme", "a", "one").await;
    // It believes to lead for a while yet, and the checkpoint is where it knows it to be.
    let mut step = frozen.step().await.unwrap();
    while step == Step::Idle {
        step = frozen.step().await.unwrap();
    }
    assert_eq!(step, Step::Superseded);
    assert_eq!(house.ledger().await, [""; 0]);
    react_to(&house, &mut other, last).await.unwrap();
    assert_eq!(house.ledger().await, ["one=pending"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_is_not_understood_holds_up_its_key_and_nothing_else() {
    let house = House::new().await;
    house.things.is_broken.store(true, Ordering::SeqCst);
    house.say("acme", "a", "one").await;
    house.say("acme", "a", "poison").await;
    house.say("acme", "b", "panic").await;
    house.say("acme", "a", "three").await;
    house.say("acme", "b", "four").await;
    let last = house.say("acme", "c", "five").await;
    house.react_to(last).await;
    let ledger = house.ledger().await;
    assert_eq!(
        ledger,
        ["one=pending", "reaction=dead", "reaction=dead", "three=pending", "four=pending", "five=pending"]
    );
    let mut dispatcher = house.dispatcher();
    house.work_off(&mut dispatcher).await;
    let mut words = house.hands.words();
    words.sort_unstable();
    assert_eq!(words, ["five", "one"], "of different keys, in whatever order");

    // A worker that knows more tries again by itself, and all comes in its order.
    house.things.is_broken.store(false, Ordering::SeqCst);
    house.react_to(last).await;
    house.work_off(&mut dispatcher).await;
    let words = house.hands.words();
    let place = |word: &str| words.iter().position(|seen| seen == word).unwrap();
    assert_eq!(words.len(), 6, "{words:?}");
    assert!(place("poison") < place("three") && place("panic") < place("four"), "{words:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_goes_on_from_where_history_was_cut() {
    let house = House::new().await;
    house.say("acme", "a", "one").await;
    let lost = house.say("acme", "a", "lost").await;
    house.react_to(lost).await;
    house.database.owner.execute("delete from log.events where position = 2").await.unwrap();
    assert!(matches!(house.runner().step().await, Err(StepError::LostTimeline { position: 2, head: 1, .. })));

    house.database.owner.execute("insert into log.epochs (epoch, from_position, system_identifier, timeline) select 2, 1, system_identifier, timeline from log.epochs").await.unwrap();
    let last = house.say("acme", "a", "instead").await;
    assert_eq!(last, lost);
    let mut runner = house.runner_in(2);
    react_to(&house, &mut runner, last).await.unwrap();
    let mut ledger = house.ledger().await;
    ledger.sort();
    assert_eq!(ledger, ["instead=pending", "lost=pending", "one=pending"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_that_is_not_installed_says_so() {
    let house = House::new().await;
    house.database.owner.execute("delete from work.policies").await.unwrap();
    assert!(matches!(house.runner().step().await, Err(StepError::NotInstalled("test.things"))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_see_where_a_policy_is_and_what_is_left() {
    let house = House::new().await;
    house.things.is_broken.store(true, Ordering::SeqCst);
    house.say("acme", "a", "one").await;
    let last = house.say("acme", "b", "poison").await;
    let mut runner = house.runner();
    react_to(&house, &mut runner, last).await.unwrap();
    let standing = standings(&house.work).await.unwrap().pop().unwrap();
    assert_eq!((standing.policy.as_str(), standing.position), ("test.things", last));
    assert_eq!((standing.pending, standing.dead), (1, 1));
    assert!(standing.holder.is_some() && standing.due_since.is_some());
}

#[tokio::test]
async fn the_role_of_the_workers_may_write_the_ledger_and_nothing_else() {
    let house = House::new().await;
    for forbidden in [
        "select from log.events",
        "select from log.secrets",
        "select log.rotate_idempotency_keys()",
        "select from read.checkpoints",
        "delete from work.policies",
        "insert into work.policies values ('x', 0, 1)",
    ] {
        let refused = sqlx::query(forbidden).execute(&house.work).await.unwrap_err();
        let refused = refused.as_database_error().expect("the database refuses");
        assert_eq!(refused.code().as_deref(), Some("42501"), "{forbidden}");
    }
    for role in ["tidemark_query", "tidemark_projection", "tidemark_log"] {
        assert!(sqlx::query("select from work.effects").execute(&house.database.connect_as(role)).await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_tenant_has_brought_along_has_no_effects() {
    let house = House::new().await;
    house.say("acme", "a", "old").await;
    house
        .database
        .owner
        .execute(r#"update log.events set metadata = '{"firstRecordedAt":"2026-01-01T00:00:00Z"}'"#)
        .await
        .unwrap();
    let last = house.say("acme", "a", "new").await;
    house.react_to(last).await;
    assert_eq!((house.ledger().await, house.checkpoint().await), (vec!["new=pending".to_owned()], last));
}
