//! Dead letters: they keep the order of their key until an operator retries or drops them.

use tidemark_engine::effects::{Which, dead_letters, drop_dead, find, retry_dead};

use super::things::House;

/// `one` of `a` is dead, `two` and `three` wait behind it, `b` has gone on.
async fn with_a_dead_letter() -> House {
    let house = House::new().await;
    house.hands.mean("one", "never");
    house.say("acme", "a", "one,two").await;
    house.say("acme", "a", "three").await;
    house.say("beta", "a", "four").await;
    let last = house.say("acme", "b", "five").await;
    house.react_to(last).await;
    house.work_off(&mut house.dispatcher()).await;
    assert_eq!(house.ledger().await, ["one=dead", "two=pending", "three=pending", "four=done", "five=done"]);
    house
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_holds_up_its_key_and_is_listed_with_what_waits() {
    let house = with_a_dead_letter().await;
    let letters = dead_letters(&house.work, &Which::default(), 10).await.unwrap();
    assert_eq!(letters.len(), 1);
    let letter = &letters[0];
    assert_eq!((letter.tenant_id.as_str(), letter.ordering_key.as_str(), letter.waiting), ("acme", "thing/a", 2));
    assert_eq!((letter.attempts, letter.last_error.as_deref()), (1, Some("never")));
    let elsewhere = Which { tenant: Some("beta".to_owned()), ..Which::default() };
    assert!(dead_letters(&house.work, &elsewhere, 10).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retried_letter_comes_before_those_that_waited() {
    let house = with_a_dead_letter().await;
    let id = house.id_of("dead").await;
    house.hands.meanings.lock().unwrap().clear();
    assert_eq!(retry_dead(&house.work, &Which { id: Some(id), ..Which::default() }).await.unwrap(), 1);
    assert_eq!(retry_dead(&house.work, &Which::default()).await.unwrap(), 0);
    house.work_off(&mut house.dispatcher()).await;
    assert_eq!(house.hands.words()[3..], ["one", "two", "three"]);
    assert_eq!(house.hands.ids("one")[0], house.hands.ids("one")[1]);
    assert_eq!(find(&house.work, id).await.unwrap().unwrap().state, "done");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_letter_lets_the_others_go_and_says_who_dropped_it_and_why() {
    let house = with_a_dead_letter().await;
    let id = house.id_of("dead").await;
    assert!(drop_dead(&house.work, id, "ada", "they were told by phone").await.unwrap());
    assert!(!drop_dead(&house.work, id, "bo", "again").await.unwrap());
    house.work_off(&mut house.dispatcher()).await;
    assert_eq!(house.ledger().await, ["one=dropped", "two=done", "three=done", "four=done", "five=done"]);
    let dropped = find(&house.work, id).await.unwrap().unwrap();
    assert_eq!(
        (dropped.dropped_by.as_deref(), dropped.note.as_deref()),
        (Some("ada"), Some("they were told by phone"))
    );
    assert_eq!(dropped.last_error.as_deref(), Some("never"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_dead_can_be_neither_retried_nor_dropped() {
    let house = with_a_dead_letter().await;
    let pending = house.id_of("pending").await;
    assert!(!drop_dead(&house.work, pending, "ada", "no").await.unwrap());
    let done = Which { id: Some(house.id_of("done").await), ..Which::default() };
    assert_eq!(retry_dead(&house.work, &done).await.unwrap(), 0);
}
