//! The welcome mail, from the event to a mail server that behaves badly.

use serde_json::json;
use tidemark_runtime::{Settings, Switch};
use tidemark_workers::identity::mailroom::Mailroom;
use tidemark_workers::identity::welcome::{Welcome, WelcomeMail};
use tidemark_workers::mail::Delivery;

use crate::smtp::{MailServer, Mood};
use crate::support::{Workshop, work_off};

const ZOE: &str = "0190a0b1-c2d3-7e4f-8a5b-6c7d8e9f0a1b";
const BO: &str = "0190a0b1-c2d3-7e4f-8a5b-6c7d8e9f0a1c";
const AT: &str = "2026-01-31T12:00:00.000Z";

/// A shop and its mail server.
struct Shop {
    workshop: Workshop,
    server: MailServer,
    settings: Settings,
}

impl Shop {
    async fn open(test: &str) -> Self {
        let workshop = Workshop::open(test).await;
        let server = MailServer::start().await;
        let mut settings = Settings::for_tests(&workshop.database.url, None);
        settings.mail_smtp_url = Some(server.url.clone());
        settings.mail_from = Some("no-reply@shop.example".to_owned());
        let created = json!({ "id": "acme", "name": "Søren & Co", "at": AT });
        workshop.happened("tenant", "acme", "TenantCreated", created).await;
        Self { workshop, server, settings }
    }

    async fn registered(&self, id: &str, name: &str, email: &str) {
        let payload = json!({ "id": id, "email": email, "name": name, "role": "member", "at": AT });
        self.workshop.happened("user", id, "UserRegistered", payload).await;
    }

    /// Lets the policy react to all that has happened.
    async fn react(&self) {
        self.workshop.react(Welcome).await;
    }

    /// Has the time come for what waits, and carries it out.
    async fn send(&self) {
        self.workshop.let_time_pass().await;
        let delivery = Delivery::new(&self.settings).unwrap();
        let (log, keyring) = (self.workshop.log.clone(), self.workshop.keyring());
        let room = Mailroom::new(&self.settings, log, keyring, delivery);
        work_off(&mut self.workshop.dispatcher(WelcomeMail(room))).await;
    }

    async fn ledger(&self) -> Vec<String> {
        self.workshop.ledger().await
    }
}

fn message_id(message: &str) -> &str {
    message.lines().find(|line| line.starts_with("Message-ID:")).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_account_is_welcomed_once() {
    let shop = Shop::open("welcome").await;
    shop.registered(ZOE, "Zoë", "zoe@example.com").await;
    shop.workshop.happened("user", ZOE, "UserRenamed", json!({ "name": "Zoë Q", "at": AT })).await;
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
    shop.workshop.close().await;
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
        sqlx::query_scalar("select attempts from work.effects").fetch_one(&shop.workshop.database.pool).await.unwrap();
    assert_eq!(attempts, 7);
    shop.workshop.close().await;
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
    assert!(ledger.iter().all(|row| row.contains("no such box: <redacted>")), "{ledger:?}");
    shop.workshop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_goes_where_the_person_is_reached_when_it_is_sent() {
    let shop = Shop::open("moved").await;
    shop.registered(ZOE, "Zoë", "zoe@example.com").await;
    shop.registered(BO, "Bo", "bo@example.com").await;
    shop.react().await;
    shop.workshop.happened("user", ZOE, "UserEmailChanged", json!({ "email": "zoe@new.example", "at": AT })).await;
    shop.workshop.happened("user", BO, "UserDeleted", json!({ "at": AT })).await;
    shop.send().await;
    let recipients: Vec<_> = shop.server.taken().into_iter().map(|taken| taken.recipients).collect();
    assert_eq!(recipients, [["zoe@new.example"]]);
    assert_eq!(shop.ledger().await, ["done: ", "done: the account was closed"]);
    shop.workshop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_way_for_mail_it_waits_for_one_unless_mail_is_switched_off() {
    let mut shop = Shop::open("noway").await;
    shop.settings.mail_smtp_url = None;
    shop.registered(ZOE, "Zoë", "zoe@example.com").await;
    shop.react().await;
    shop.send().await;
    assert!(shop.ledger().await[0].starts_with("pending: no way for mail is set"));
    shop.settings.mail_smtp_url = Some(shop.server.url.clone());
    shop.send().await;
    assert_eq!((shop.ledger().await, shop.server.taken().len()), (vec!["done: ".to_owned()], 1));

    shop.settings.mail = Switch::Off;
    shop.registered(BO, "Bo", "bo@example.com").await;
    shop.react().await;
    shop.send().await;
    assert_eq!(shop.ledger().await[1], "done: mail is switched off");
    assert_eq!(shop.server.taken().len(), 1);
    shop.workshop.close().await;
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
    shop.workshop.close().await;
}
