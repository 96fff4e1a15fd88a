//! Many effects at once: rooms that do not hold each other up, many outcomes in one statement, order within a key all the same.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use sqlx::Executor;
use tidemark_engine::effects::{Dispatcher, DispatcherSettings, Effect, Failed, Handler, Outcome, Room};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::things::House;
use crate::support::{eventually, soon};

const FOR_EVER: Duration = Duration::from_secs(3600);

/// Carries out as many effects of its kind as it is let.
struct Turnstile {
    kind: &'static str,
    room: Room,
    gate: Semaphore,
    begun: AtomicUsize,
    seen: Mutex<Vec<String>>,
    outcome: Outcome,
}

impl Turnstile {
    fn closed(kind: &'static str, room: Room) -> Arc<Self> {
        Arc::new(Self {
            kind,
            room,
            gate: Semaphore::new(0),
            begun: AtomicUsize::new(0),
            seen: Mutex::default(),
            outcome: Outcome::Done,
        })
    }

    fn open(kind: &'static str, room: Room) -> Arc<Self> {
        let turnstile = Self::closed(kind, room);
        turnstile.let_through(10_000);
        turnstile
    }

    fn let_through(&self, count: usize) {
        self.gate.add_permits(count);
    }

    fn begun(&self) -> usize {
        self.begun.load(Ordering::SeqCst)
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

#[async_trait]
impl Handler for Turnstile {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn room(&self) -> Room {
        self.room
    }

    async fn carry_out(&self, effect: &Effect) -> Result<Outcome, Failed> {
        let word: String = effect.decode()?;
        self.begun.fetch_add(1, Ordering::SeqCst);
        self.gate.acquire().await.unwrap().forget();
        self.seen.lock().unwrap().push(word);
        Ok(self.outcome.clone())
    }
}

/// Puts into the ledger, for each of so many keys, so many effects: `<kind><key>:<number>`.
async fn owe(house: &House, kind: &str, keys: i32, each: i32) {
    sqlx::query(
        "insert into work.effects (policy, id, tenant_id, ordering_key, position, number, event_id, correlation_id, kind, payload, due_at) \
         select 'test.things', gen_random_uuid(), 'acme', $1 || k, n, 0, gen_random_uuid(), 'c', $1, to_json($1 || k || ':' || n), now() \
         from generate_series(1, $2) as k, generate_series(1, $3) as n",
    )
    .bind(kind)
    .bind(keys)
    .bind(each)
    .execute(&house.database.owner)
    .await
    .unwrap();
}

fn dispatcher(house: &House, handlers: &[&Arc<Turnstile>]) -> Dispatcher {
    let handlers = handlers.iter().map(|handler| Arc::clone(handler) as Arc<dyn Handler>).collect();
    let mut settings = DispatcherSettings::new(house.work.clone(), handlers, Arc::default());
    // Whatever goes on does so because something has happened.
    settings.poll = FOR_EVER;
    Dispatcher::new(settings)
}

async fn in_state(house: &House, state: &str) -> i64 {
    house.database.count(&format!("select count(*) from work.effects where state = '{state}'")).await
}

/// Each once, and those of a key in their order.
fn assert_once_and_in_order(seen: &[String]) {
    assert_eq!(seen.iter().collect::<HashSet<_>>().len(), seen.len(), "each once");
    let keys: HashSet<&str> = seen.iter().map(|word| word.split_once(':').unwrap().0).collect();
    for key in keys {
        let numbers = seen.iter().filter_map(|word| word.split_once(':').filter(|(of, _)| *of == key));
        let numbers: Vec<i32> = numbers.map(|(_, number)| number.parse().unwrap()).collect();
        assert!(numbers.is_sorted(), "{key}: {numbers:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_are_settled_together_the_one_that_another_has_taken_is_left_alone() {
    let house = House::new().await;
    house
        .database
        .owner
        .execute(
            "create table public.settled (n bigint);
             create function public.note_settled() returns trigger language plpgsql security definer as $$
             begin
                 insert into public.settled select count(*) from changed where state = 'done';
                 return null;
             end $$;
             create trigger note after update on work.effects referencing new table as changed
                 for each statement execute function public.note_settled();",
        )
        .await
        .unwrap();
    owe(&house, "test.a", 20, 1).await;
    let turnstile = Turnstile::closed("test.a", Room::COMMANDS);
    let mut dispatcher = dispatcher(&house, &[&turnstile]);
    assert_eq!(dispatcher.step().await.unwrap(), 20);
    eventually("all are in hand", async || turnstile.begun() == 20).await;
    house
        .database
        .owner
        .execute("update work.effects set fence = fence + 1 where ordering_key = 'test.a7'")
        .await
        .unwrap();

    // The first statement that settles has to wait until the others have ended.
    let mut held = house.database.owner.begin().await.unwrap();
    held.execute("select from work.effects for update").await.unwrap();
    let finishing = tokio::spawn(async move { dispatcher.finish().await });
    turnstile.let_through(1);
    let waits = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    eventually("a first statement waits", async || house.database.count(waits).await > 0).await;
    turnstile.let_through(19);
    eventually("all have ended", async || turnstile.seen().len() == 20).await;
    held.rollback().await.unwrap();
    soon("all is settled", finishing).await.unwrap();

    assert_eq!(in_state(&house, "done").await, 19);
    let left = "select count(*) from work.effects where state = 'pending' and ordering_key = 'test.a7' and fence = 2";
    assert_eq!(house.database.count(left).await, 1);
    // The last of them may have ended a moment after they were seen.
    assert!(house.database.count("select max(n) from public.settled").await >= 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_hangs_in_one_room_keeps_nobody_out_of_another() {
    for hangs_in in [Room::OUTSIDE, Room::COMMANDS] {
        let goes_in = if hangs_in == Room::OUTSIDE { Room::COMMANDS } else { Room::OUTSIDE };
        let house = House::new().await;
        // Those that hang are due first, and there are more of them than places.
        owe(&house, "test.hangs", 300, 1).await;
        owe(&house, "test.goes", 300, 1).await;
        let (hangs, goes) = (Turnstile::closed("test.hangs", hangs_in), Turnstile::open("test.goes", goes_in));
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(dispatcher(&house, &[&hangs, &goes]).run(shutdown.clone()));
        eventually("the others go on", async || goes.seen().len() == 300).await;
        eventually("the room is full", async || hangs.begun() == hangs_in.places()).await;
        assert!(hangs.seen().is_empty());
        hangs.let_through(300);
        eventually("all are settled", async || in_state(&house, "done").await == 600).await;
        assert_once_and_in_order(&hangs.seen());
        shutdown.cancel();
        soon("it ends", running).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_keeps_its_order_where_there_are_places_for_all_of_it() {
    let house = House::new().await;
    owe(&house, "test.a", 5, 60).await;
    let turnstile = Turnstile::open("test.a", Room::COMMANDS);
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(dispatcher(&house, &[&turnstile]).run(shutdown.clone()));
    eventually("all are settled", async || in_state(&house, "done").await == 300).await;
    assert_once_and_in_order(&turnstile.seen());
    shutdown.cancel();
    soon("it ends", running).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_room_goes_on_as_soon_as_a_place_is_free() {
    let house = House::new().await;
    owe(&house, "test.a", 20, 1).await;
    let turnstile = Turnstile::open("test.a", Room::outside("narrow", 1));
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(dispatcher(&house, &[&turnstile]).run(shutdown.clone()));
    eventually("all are settled", async || in_state(&house, "done").await == 20).await;
    shutdown.cancel();
    soon("it ends", running).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_dispatchers_at_one_ledger_do_each_effect_once_and_in_order() {
    let house = House::new().await;
    owe(&house, "test.a", 40, 10).await;
    let turnstile = Turnstile::open("test.a", Room::COMMANDS);
    let shutdown = CancellationToken::new();
    let running = [(); 2].map(|()| tokio::spawn(dispatcher(&house, &[&turnstile]).run(shutdown.clone())));
    eventually("all are settled", async || in_state(&house, "done").await == 400).await;
    assert_eq!(turnstile.seen().len(), 400);
    assert_once_and_in_order(&turnstile.seen());
    assert_eq!(house.database.count("select count(*) from work.effects where fence <> 1").await, 0);
    shutdown.cancel();
    for running in running {
        soon("it ends", running).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_given_up_leaves_its_place_to_the_next() {
    let house = House::new().await;
    owe(&house, "test.a", 2, 1).await;
    house
        .database
        .owner
        .execute("update work.effects set attempts = 32, due_at = now() - interval '1 minute' where ordering_key = 'test.a1'")
        .await
        .unwrap();
    let turnstile = Turnstile::open("test.a", Room::outside("narrow", 1));
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(dispatcher(&house, &[&turnstile]).run(shutdown.clone()));
    eventually("the other is done", async || in_state(&house, "done").await == 1).await;
    assert_eq!(turnstile.seen(), ["test.a2:1"]);
    let given_up =
        "select count(*) from work.effects where state = 'dead' and attempts = 32 and last_error like 'no worker%'";
    assert_eq!(house.database.count(given_up).await, 1);
    shutdown.cancel();
    soon("it ends", running).await.unwrap();
}

/// A text that Postgres does not store must not keep the others of its statement in hand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reason_with_a_zero_byte_is_written_down_all_the_same() {
    let house = House::new().await;
    owe(&house, "test.a", 3, 1).await;
    let mut turnstile = Turnstile::open("test.a", Room::COMMANDS);
    Arc::get_mut(&mut turnstile).unwrap().outcome = Outcome::Moot("no\0body".to_owned());
    let mut dispatcher = dispatcher(&house, &[&turnstile]);
    house.work_off(&mut dispatcher).await;
    let noted = "select count(*) from work.effects where state = 'done' and note = 'no' || chr(65533) || 'body'";
    assert_eq!(house.database.count(noted).await, 3);
}
