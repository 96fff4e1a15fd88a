//! The welcome mail, from the event to a mail server that behaves badly.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tidemark_engine::effects::{Dispatcher, DispatcherSettings, Handler};
use tidemark_engine::feed::{Feed, FeedSettings};
use tidemark_engine::personal::Keyring;
use tidemark_engine::policy::PolicyRunner;
use tidemark_engine::signature::Signer;
use tidemark_runtime::Settings;
use tidemark_workers::identity::welcome::{Welcome, WelcomeMail};
use tidemark_workers::mail::Mailer;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::smtp::{MailServer, Mood};
use crate::support::{Database, PATIENCE};

const ZOE: &str = "0190a0b1-c2d3-7e4f-8a5b-6c7d8e9f0a1b";
const BO: &str = "0190a0b1-c2d3-7e4f-8a5b-6c7d8e9f0a1c";
const AT: &str = "2026-01-31T12:00:00.000Z";

/// A shop with the policy, a mail server, and workers to be driven by hand.
struct Shop {
    database: Database,
    server: MailServer,
    settings: Settings,
    log: PgPool,
    work: PgPool,
    shutdown: CancellationToken,
    _ends: DropGuard,
}

impl Shop {
    async fn open(test: &str) -> Self {
        let database = Database::create(test).await;
        tidemark_workers::install(&database.pool).await.unwrap();
        let server = MailServer::start().await;
        let mut settings = Settings::for_tests(&database.url, None);
        settings.mail_smtp_url = Some(server.url.clone());
        settings.mail_from = Some("no-reply@shop.example".to_owned());
        let connect = |role: &str| {
            let options = database.pool.connect_options().as_ref().clone().username(role).password("tidemark-tests");
            PgPoolOptions::new().max_connections(4).connect_lazy_with(options)
        };
        let (log, work) = (connect("tidemark_log"), connect("tidemark_work"));
        let shutdown = CancellationToken::new();
        let shop = Self { database, server, settings, log, work, _ends: shutdown.clone().drop_guard(), shutdown };
        shop.happened("tenant", "acme", "TenantCreated", json!({ "id": "acme", "name": "Søren & Co", "at": AT })).await;
        shop
    }

    async fn happened(&self, aggregate_type: &str, id: &str, event_type: &str, mut payload: Value) {
        payload["type"] = event_type.into();
        sqlx::query(
            "insert into log.events (position, event_id, tenant_id, tenant_position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, recorded_at) \
             select n, gen_random_uuid(), 'acme', n, $1, 'acme/' || $2, \
                    1 + (select count(*) from log.events where aggregate_type = $1 and aggregate_id = 'acme/' || $2), $3, '1', $4::json, '{}', now() \
             from (select coalesce(max(position), 0) + 1 as n from log.events) as next",
        )
        .bind(aggregate_type)
        .bind(id)
        .bind(event_type)
        .bind(payload)
        .execute(&self.database.pool)
        .await
        .unwrap();
    }

    async fn registered(&self, id: &str, name: &str, email: &str) {
        let payload = json!({ "id": id, "email": email, "name": name, "role": "member", "at": AT });
        self.happened("user", id, "UserRegistered", payload).await;
    }

    /// Lets the policy react to all that has happened.
    async fn react(&self) {
        let feed = FeedSettings::new(self.log.clone(), None, Signer::new(&[7; 32]), 1);
        let feed = Feed::start(feed, self.shutdown.clone());
        let mut runner =
            PolicyRunner::new(Arc::new(Welcome), self.work.clone(), self.log.clone(), feed, Arc::default())
                .with_patience(Duration::from_millis(50));
        let has_reacted = "select position = (select max(position) from log.events) from work.policies";
        let reacted = async {
            while !sqlx::query_scalar::<_, bool>(has_reacted).fetch_one(&self.database.pool).await.unwrap() {
                runner.step().await.unwrap();
            }
        };
        tokio::time::timeout(PATIENCE, reacted).await.expect("the policy reacts");
        runner.release().await.unwrap();
    }

    /// Has the time come for what waits, and carries it out.
    async fn send(&self) {
        sqlx::query("update work.effects set due_at = now() where state = 'pending'")
            .execute(&self.database.pool)
            .await
            .unwrap();
        let mailer = Mailer::new(&self.settings).unwrap();
        let keyring = Keyring::new(self.log.clone(), [7; 32], None);
        let handler: Arc<dyn Handler> = Arc::new(WelcomeMail { log: self.log.clone(), keyring, mailer });
        let mut settings = DispatcherSettings::new(self.work.clone(), vec![handler], Arc::default());
        settings.time_for_one = Duration::from_secs(3);
        let mut dispatcher = Dispatcher::new(settings);
        while dispatcher.step().await.unwrap() > 0 {
            dispatcher.finish().await;
        }
    }

    /// Each effect as `state: what is known of it`.
    async fn ledger(&self) -> Vec<String> {
        sqlx::query_scalar("select state || ': ' || coalesce(last_error, note, '') from work.effects order by position")
            .fetch_all(&self.database.pool)
            .await
            .unwrap()
    }

    async fn close(self) {
        self.shutdown.cancel();
        self.log.close().await;
        self.work.close().await;
        self.database.drop().await;
    }
}

fn message_id(message: &str) -> &str {
    message.lines().find(|line| line.starts_with("Message-ID:")).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_account_is_welcomed_once() {
    let shop = Shop::open("welcome").await;
    shop.registered(ZOE, "Zoë", "zoe@example.com").await;
    shop.happened("user", ZOE, "UserRenamed", json!({ "name": "Zoë Q", "at": AT })).await;
    shop.react().await;
    shop.send().await;
    shop.send().await;
    let taken = shop.server.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].recipients, ["zoe@example.com"]);
    let message = &taken[0].message;
    assert!(message.contains("<no-reply@shop.example>") && message.contains("multipart/alternative"), "{message}");
    assert!(message.contains("Subject: Welcome to =?utf-8?") && message.contains("Zo=C3=AB Q"), "{message}");
    assert_eq!(shop.ledger().await, ["done: "]);
    shop.close().await;
}

/// Whatever happened before the mail was taken, it is one mail: the server may know it again by its id.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_fails_for_now_gets_the_same_mail_again() {
    let shop = Shop::open("moods").await;
    shop.registered(ZOE, "Zoë", "zoe@example.com").await;
    shop.react().await;
    let moods =
        [Mood::Refuses, Mood::Greylists, Mood::Hangs, Mood::WantsPassword, Mood::DropsAfterData, Mood::DropsAfterData];
    for mood in moods {
        shop.server.expect(&[mood]);
        shop.send().await;
        let ledger = shop.ledger().await;
        assert!(ledger[0].starts_with("pending: ") && ledger[0].len() > 12, "{mood:?}: {ledger:?}");
        assert!(!ledger[0].contains("zoe"), "{mood:?}: {ledger:?}");
    }
    shop.send().await;
    assert_eq!(shop.ledger().await, ["done: "]);
    let taken = shop.server.taken();
    assert_eq!(taken.len(), 3, "twice it was taken without a word");
    assert!(taken.iter().all(|again| again.message == taken[0].message), "all are the same mail");
    let attempts: i32 =
        sqlx::query_scalar("select attempts from work.effects").fetch_one(&shop.database.pool).await.unwrap();
    assert_eq!(attempts, 7);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_refuses_for_good_makes_a_dead_letter_without_the_address() {
    let shop = Shop::open("nobody").await;
    shop.registered(ZOE, "Zoë", "Zoe@example.com").await;
    shop.registered(BO, "Bo", "bo@example.com").await;
    shop.react().await;
    shop.server.expect(&[Mood::KnowsNobody, Mood::KnowsNobody]);
    shop.send().await;
    let ledger = shop.ledger().await;
    assert!(ledger.iter().all(|row| row.starts_with("dead: permanent error (550)")), "{ledger:?}");
    assert!(ledger.iter().all(|row| row.contains("no such box: <the address>")), "{ledger:?}");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_goes_where_the_person_is_reached_when_it_is_sent() {
    let shop = Shop::open("moved").await;
    shop.registered(ZOE, "Zoë", "zoe@example.com").await;
    shop.registered(BO, "Bo", "bo@example.com").await;
    shop.react().await;
    shop.happened("user", ZOE, "UserEmailChanged", json!({ "email": "zoe@new.example", "at": AT })).await;
    shop.happened("user", BO, "UserDeleted", json!({ "at": AT })).await;
    shop.send().await;
    let recipients: Vec<_> = shop.server.taken().into_iter().map(|taken| taken.recipients).collect();
    assert_eq!(recipients, [["zoe@new.example"]]);
    assert_eq!(shop.ledger().await, ["done: ", "done: the account was closed"]);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_way_for_mail_nothing_waits_for_one() {
    let mut shop = Shop::open("noway").await;
    shop.settings.mail_smtp_url = None;
    shop.registered(ZOE, "Zoë", "zoe@example.com").await;
    shop.react().await;
    shop.send().await;
    assert_eq!(shop.ledger().await, ["done: no way for mail is set"]);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_get_two_mails() {
    let shop = Shop::open("two").await;
    shop.registered(ZOE, "Zoë", "zoe@example.com").await;
    shop.registered(BO, "Bo", "bo@example.com").await;
    shop.react().await;
    shop.send().await;
    let taken = shop.server.taken();
    assert_eq!(taken.len(), 2);
    assert_ne!(message_id(&taken[0].message), message_id(&taken[1].message));
    shop.close().await;
}
