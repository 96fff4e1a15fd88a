//! How effects are carried out: at least once, marked once, in order within a key.

use std::sync::Arc;
use std::time::Duration;

use sqlx::Executor;
use tidemark_engine::effects::forget_done;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::things::House;
use crate::support::{eventually, soon};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_workers_do_each_effect_once_and_those_of_a_key_in_order() {
    let house = House::new().await;
    let mut last = 0;
    for n in 0..120 {
        last = house.say("acme", &format!("t{}", n % 5), &format!("{}:{n}", n % 5)).await;
    }
    house.react_to(last).await;
    let (mut one, mut other) = (house.dispatcher(), house.dispatcher());
    soon("all is done", async {
        while house.hands.words().len() < 120 {
            let (taken, also_taken) = tokio::join!(one.step(), other.step());
            taken.unwrap();
            also_taken.unwrap();
            tokio::join!(one.finish(), other.finish());
        }
    })
    .await;
    let words = house.hands.words();
    assert_eq!(words.len(), 120);
    for key in 0..5 {
        let numbers: Vec<i32> = words
            .iter()
            .filter_map(|word| word.split_once(':').filter(|(of, _)| *of == key.to_string()))
            .map(|(_, n)| n.parse().unwrap())
            .collect();
        assert!(numbers.len() == 24 && numbers.is_sorted(), "{numbers:?}");
    }
    assert!(house.ledger().await.iter().all(|row| row.ends_with("=done")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_for_now_is_tried_again_after_a_pause_with_the_same_id() {
    let house = House::new().await;
    house.hands.mean("one", "later");
    house.hands.mean("two", "panic");
    house.say("acme", "a", "one").await;
    let last = house.say("acme", "b", "two").await;
    house.react_to(last).await;
    let mut dispatcher = house.dispatcher();
    house.work_off(&mut dispatcher).await;
    assert_eq!(house.hands.words().len(), 2, "nothing is tried again at once");
    assert_eq!(house.ledger().await, ["one=pending", "two=pending"]);
    let waits = "select count(*) from work.effects where due_at between now() + interval '1 second' and now() + interval '6 seconds' and last_error is not null";
    assert_eq!(house.database.count(waits).await, 2);

    house.hands.meanings.lock().unwrap().clear();
    house.let_time_pass().await;
    house.work_off(&mut dispatcher).await;
    assert_eq!(house.ledger().await, ["one=done", "two=done"]);
    let ids = house.hands.ids("one");
    assert!(ids.len() == 2 && ids[0] == ids[1]);
    assert_eq!(house.database.count("select count(*) from work.effects where last_error is not null").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_too_often_is_a_dead_letter() {
    let house = House::new().await;
    house.hands.mean("one", "later");
    house.react_to(house.say("acme", "a", "one").await).await;
    let mut dispatcher = house.dispatcher_with(|settings| settings.attempts = 3);
    for _ in 0..5 {
        house.let_time_pass().await;
        house.work_off(&mut dispatcher).await;
    }
    assert_eq!(house.hands.words().len(), 3);
    assert_eq!(house.ledger().await, ["one=dead"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_hangs_is_a_failure_in_time_and_holds_nobody_up() {
    let house = House::new().await;
    house.hands.mean("hangs", "hang");
    house.say("acme", "a", "hangs").await;
    let last = house.say("acme", "b", "two").await;
    house.react_to(last).await;
    let mut dispatcher = house.dispatcher_with(|settings| settings.time_for_one = Duration::from_millis(200));
    house.work_off(&mut dispatcher).await;
    assert_eq!(house.ledger().await, ["hangs=pending", "two=done"]);
    assert_eq!(
        house.database.count("select count(*) from work.effects where last_error like 'not done within%'").await,
        1
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_effect_whose_worker_died_comes_back() {
    let house = House::new().await;
    house.hands.mean("one", "hang");
    house.react_to(house.say("acme", "a", "one,two").await).await;
    let mut killed = house.dispatcher();
    assert_eq!(killed.step().await.unwrap(), 1);
    eventually("the effect is in hand", async || house.hands.words() == ["one"]).await;
    drop(killed);

    house.hands.meanings.lock().unwrap().clear();
    let mut other = house.dispatcher();
    assert_eq!(other.step().await.unwrap(), 0, "it is hidden for as long as a worker may take");
    house.let_time_pass().await;
    house.work_off(&mut other).await;
    assert_eq!(house.hands.words(), ["one", "one", "two"]);
    assert_eq!(house.ledger().await, ["one=done", "two=done"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_was_frozen_does_not_mark_what_another_has_done() {
    let house = House::new().await;
    house.hands.mean("one", "hang");
    house.react_to(house.say("acme", "a", "one").await).await;
    let mut frozen = house.dispatcher();
    frozen.step().await.unwrap();
    eventually("the effect is in hand", async || house.hands.words() == ["one"]).await;

    house.hands.meanings.lock().unwrap().clear();
    house.let_time_pass().await;
    let mut other = house.dispatcher();
    house.work_off(&mut other).await;
    assert_eq!(house.ledger().await, ["one=done"]);
    // Now it finds that the effect can never be done, and is not believed.
    house.hands.let_go.notify_one();
    soon("the frozen one ends", frozen.finish()).await;
    assert_eq!(house.ledger().await, ["one=done"]);
}

/// An operator may have sent the letter on its way again while the frozen one slept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_was_frozen_does_not_mark_what_another_has_in_hand() {
    let house = House::new().await;
    house.hands.mean("one", "hang");
    house.react_to(house.say("acme", "a", "one").await).await;
    let (mut frozen, mut other) = (house.dispatcher(), house.dispatcher());
    frozen.step().await.unwrap();
    eventually("the effect is in hand", async || house.hands.words() == ["one"]).await;
    house.let_time_pass().await;
    other.step().await.unwrap();
    eventually("the effect is in both hands", async || house.hands.words() == ["one", "one"]).await;
    house.hands.let_go.notify_one();
    soon("the frozen one ends", frozen.finish()).await;
    assert_eq!(house.ledger().await, ["one=pending"]);
    house.hands.let_go.notify_one();
    soon("the other ends", other.finish()).await;
    assert_eq!(house.ledger().await, ["one=dead"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_effect_that_kills_its_workers_is_given_up() {
    let house = House::new().await;
    house.hands.mean("one", "hang");
    house.react_to(house.say("acme", "a", "one").await).await;
    for _ in 0..3 {
        house.let_time_pass().await;
        let mut killed = house.dispatcher_with(|settings| settings.attempts = 2);
        killed.step().await.unwrap();
    }
    assert_eq!(house.ledger().await, ["one=dead"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_effect_with_a_delay_is_done_once_when_its_time_has_come_though_all_were_away() {
    let house = House::new().await;
    house.say_with_delay("later", "alarm", Duration::from_secs(3600)).await;
    let last = house.say("acme", "now", "bell").await;
    house.react_to(last).await;
    house.work_off(&mut house.dispatcher()).await;
    assert_eq!(house.hands.words(), ["bell"]);
    let in_an_hour = "select count(*) from work.effects where payload->>'word' = 'alarm' and due_at between now() + interval '59 minutes' and now() + interval '1 hour'";
    assert_eq!(house.database.count(in_an_hour).await, 1);

    // The hour passes while nobody works; then two begin at once.
    house.database.owner.execute("update work.effects set due_at = due_at - interval '2 hours'").await.unwrap();
    let (mut one, mut other) = (house.dispatcher(), house.dispatcher());
    let (taken, also_taken) = tokio::join!(one.step(), other.step());
    assert_eq!(taken.unwrap() + also_taken.unwrap(), 1);
    tokio::join!(one.finish(), other.finish());
    house.let_time_pass().await;
    house.work_off(&mut one).await;
    assert_eq!(house.hands.words(), ["bell", "alarm"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_worker_does_not_know_is_left_to_one_that_does() {
    let house = House::new().await;
    house.react_to(house.say("acme", "a", "one").await).await;
    let mut older = house.dispatcher_with(|settings| settings.handlers.clear());
    house.work_off(&mut older).await;
    assert_eq!(house.ledger().await, ["one=pending"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_dispatcher_is_woken_and_ends_when_it_is_asked_to() {
    let house = House::new().await;
    let wake = Arc::new(Notify::new());
    let dispatcher = house.dispatcher_with(|settings| {
        settings.wake = Arc::clone(&wake);
        settings.poll = Duration::from_secs(3600);
    });
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(dispatcher.run(shutdown.clone()));
    house.react_to(house.say("acme", "a", "one,two").await).await;
    wake.notify_one();
    eventually("both are done, one after the other", async || house.ledger().await == ["one=done", "two=done"]).await;
    shutdown.cancel();
    soon("it ends", running).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_done_long_ago_is_forgotten_and_what_was_not_is_kept() {
    let house = House::new().await;
    house.hands.mean("gone", "moot");
    house.hands.mean("dead", "never");
    house.say("acme", "a", "one").await;
    house.say("acme", "b", "gone").await;
    let last = house.say("acme", "c", "dead").await;
    house.react_to(last).await;
    house.work_off(&mut house.dispatcher()).await;
    assert_eq!(house.database.count("select count(*) from work.effects where note = 'nobody is there'").await, 1);
    assert_eq!(forget_done(&house.work, Duration::from_secs(3600), 10).await.unwrap(), 0);
    house.database.owner.execute("update work.effects set settled_at = now() - interval '2 hours'").await.unwrap();
    assert_eq!(forget_done(&house.work, Duration::from_secs(3600), 1).await.unwrap(), 1);
    assert_eq!(forget_done(&house.work, Duration::from_secs(3600), 10).await.unwrap(), 1);
    assert_eq!(house.ledger().await, ["dead=dead"]);
}
