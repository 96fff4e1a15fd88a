//! Scheduled posts, from the event that schedules one to the event that publishes it: once, whatever breaks between.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{TimeDelta, Utc};
use sqlx::{Connection, Executor, PgConnection};
use tidemark_commands::{Commands, Precondition, execute, scope, step};
use tidemark_content::{
    Category, DEFAULT_CATEGORIES, NewPost, Post, PostChanges, PostCommand, PostContent, PostStatus, Publication, Slug,
    Tags, Title,
};
use tidemark_engine::effects::{Effect, Failed, Handler, Outcome};
use tidemark_engine::log::{Log, rotate_idempotency_keys};
use tidemark_kernel::{Actor, Caller, PostId, Role, TenantId, Timestamp, UserId};
use tidemark_workers::content::publish::{Publish, PublishPost};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::support::{PATIENCE, Workshop, work_off};

/// The lock under which everything is appended.
const APPEND_LOCK: &str = "select pg_advisory_xact_lock(7953749933313450591)";

/// An editor and the workers.
struct Press {
    workshop: Workshop,
    commands: Commands,
    post: PostId,
}

impl Press {
    async fn open(test: &str) -> Self {
        let workshop = Workshop::open(test).await;
        let commands = process(&workshop);
        Self { workshop, commands, post: PostId::new(Uuid::now_v7()) }
    }

    async fn ask(&self, precondition: Precondition, command: PostCommand) {
        let tenant: TenantId = "acme".parse().unwrap();
        let scope = scope(&tenant, &Actor::User(UserId::default()), "the-request", "Test");
        execute(&self.commands, &scope, step::<Post>(self.post, precondition, command), |_, _| Vec::new())
            .await
            .unwrap();
    }

    /// A draft that is to be published then.
    async fn write(&self, publish_at: Timestamp) {
        let title = Title::parse("Hello").unwrap();
        let new = NewPost {
            id: self.post,
            author: UserId::default(),
            slug: Slug::from_title(&title),
            title,
            content: PostContent::parse("Text.").unwrap(),
            category: Category::choose("tech", &DEFAULT_CATEGORIES).unwrap(),
            tags: Tags::default(),
            cover_image_id: None,
            publication: Publication::At(publish_at),
            at: now(),
        };
        self.ask(Precondition::New, PostCommand::Create(new)).await;
    }

    async fn schedule(&self, publish_at: Option<Timestamp>) {
        let changes = PostChanges { publish_at: Some(publish_at), ..PostChanges::default() };
        self.ask(Precondition::None, PostCommand::Edit { by: author(), changes, at: now() }).await;
    }

    async fn unpublish(&self) {
        self.ask(Precondition::None, PostCommand::Unpublish { by: author(), at: now() }).await;
    }

    /// The handler of a process of its own.
    fn handler(&self) -> PublishPost {
        PublishPost { commands: process(&self.workshop) }
    }

    async fn count(&self, event_type: &str) -> i64 {
        sqlx::query_scalar("select count(*) from log.events where event_type = $1")
            .bind(event_type)
            .fetch_one(&self.workshop.database.pool)
            .await
            .unwrap()
    }

    async fn status(&self) -> PostStatus {
        let (post, _) = tidemark_engine::commands::load::<Post>(
            &self.workshop.log,
            &self.workshop.keyring(),
            "acme",
            &self.post.to_string(),
        )
        .await
        .unwrap();
        post.status
    }

    /// As if what was executed had been so many hours earlier.
    async fn remember_hours_later(&self, hours: i32) {
        sqlx::query(
            "update log.idempotency_keys set recorded_at = recorded_at - make_interval(hours => $1), \
                    slot = log.idempotency_slot(recorded_at - make_interval(hours => $1))",
        )
        .bind(hours)
        .execute(&self.workshop.database.pool)
        .await
        .unwrap();
    }
}

/// The write side of one process.
fn process(workshop: &Workshop) -> Commands {
    let (log, mut appender) = Log::new(workshop.database.options_as("tidemark_log"), 64);
    tokio::spawn(async move { while appender.step().await {} });
    Commands::new(log, workshop.log.clone()).with_keyring(workshop.keyring())
}

fn author() -> Caller {
    Caller { tenant: "acme".parse().unwrap(), user: UserId::default(), role: Role::Editor }
}

fn now() -> Timestamp {
    Timestamp::new(Utc::now())
}

fn in_an_hour() -> Timestamp {
    Timestamp::new(Utc::now() + TimeDelta::hours(1))
}

/// Carries out what it is asked to, and never comes back to say so.
struct Silent {
    handler: PublishPost,
    has_carried_out: Arc<Notify>,
}

#[async_trait]
impl Handler for Silent {
    fn kind(&self) -> &'static str {
        self.handler.kind()
    }

    async fn carry_out(&self, effect: &Effect) -> Result<Outcome, Failed> {
        self.handler.carry_out(effect).await?;
        self.has_carried_out.notify_one();
        std::future::pending().await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scheduled_post_is_published_once_at_its_time_and_the_event_says_whose_doing_it_was() {
    let press = Press::open("schedule").await;
    let publish_at = in_an_hour();
    press.write(publish_at).await;
    press.workshop.react(Publish).await;
    let mut dispatcher = press.workshop.dispatcher(press.handler());
    work_off(&mut dispatcher).await;
    assert_eq!(press.status().await, PostStatus::Draft, "it is not time yet");
    let due: chrono::DateTime<Utc> =
        sqlx::query_scalar("select due_at from work.effects").fetch_one(&press.workshop.database.pool).await.unwrap();
    assert_eq!(due, publish_at.as_datetime());

    press.workshop.let_time_pass().await;
    work_off(&mut dispatcher).await;
    press.workshop.let_time_pass().await;
    work_off(&mut dispatcher).await;
    assert_eq!(press.status().await, PostStatus::Published);
    assert_eq!(press.count("PostPublished").await, 1);
    assert_eq!(press.workshop.ledger().await, ["done: "]);
    let told: (String, String, bool, bool, bool) = sqlx::query_as(
        "select p.metadata->>'actor', p.metadata->>'correlationId', p.metadata->>'causationId' = s.event_id::text, \
                p.metadata->>'requestId' is null, p.payload->>'at' >= s.payload->>'publishAt' \
         from log.events p join log.events s using (aggregate_id) where p.event_type = 'PostPublished' and s.event_type = 'PostScheduled'",
    )
    .fetch_one(&press.workshop.database.pool)
    .await
    .unwrap();
    assert_eq!(told, ("policy:content.publish".to_owned(), "the-request".to_owned(), true, true, true));
    press.workshop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scheduled_post_that_has_moved_here_with_its_tenant_is_published_here() {
    let press = Press::open("moved").await;
    press.write(in_an_hour()).await;
    let moved = r#"update log.events set metadata = jsonb_set(metadata::jsonb, '{firstRecordedAt}', '"2026-01-01T00:00:00Z"')::json"#;
    sqlx::query(moved).execute(&press.workshop.database.pool).await.unwrap();
    press.workshop.react(Publish).await;
    press.workshop.let_time_pass().await;
    work_off(&mut press.workshop.dispatcher(press.handler())).await;
    assert_eq!(press.status().await, PostStatus::Published);
    press.workshop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_that_was_given_up_or_moved_is_refused_and_no_failure() {
    let press = Press::open("givenup").await;
    press.write(in_an_hour()).await;
    press.schedule(None).await;
    let moved_to = Timestamp::new(Utc::now() + TimeDelta::hours(2));
    press.schedule(Some(moved_to)).await;
    press.workshop.react(Publish).await;
    let mut dispatcher = press.workshop.dispatcher(press.handler());
    // Only the first one's time has come.
    press.workshop.database.pool.execute("update work.effects set due_at = now() where position = 2").await.unwrap();
    work_off(&mut dispatcher).await;
    assert_eq!(press.workshop.ledger().await, ["done: refused: NOT_SCHEDULED", "pending: "]);
    assert_eq!(press.status().await, PostStatus::Draft);
    press.workshop.let_time_pass().await;
    work_off(&mut dispatcher).await;
    assert_eq!(press.workshop.ledger().await, ["done: refused: NOT_SCHEDULED", "done: "]);
    assert_eq!(press.status().await, PostStatus::Published);
    press.workshop.close().await;
}

/// The post is a draft again, and scheduled for the very same time: only the key tells that this was done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_worker_has_published_is_not_published_again_however_much_later() {
    for hours in [0, 25, 31] {
        let press = Press::open(&format!("dead{hours}")).await;
        let publish_at = in_an_hour();
        press.write(publish_at).await;
        press.workshop.react(Publish).await;
        press.workshop.let_time_pass().await;
        let has_carried_out = Arc::new(Notify::new());
        let mut killed = press
            .workshop
            .dispatcher(Silent { handler: press.handler(), has_carried_out: Arc::clone(&has_carried_out) });
        assert_eq!(killed.step().await.unwrap(), 1);
        tokio::time::timeout(PATIENCE, has_carried_out.notified()).await.expect("it is carried out");
        drop(killed);
        assert_eq!(press.workshop.ledger().await, ["pending: "]);
        press.unpublish().await;
        press.schedule(Some(publish_at)).await;

        press.remember_hours_later(hours).await;
        rotate_idempotency_keys(&press.workshop.log).await.unwrap();
        press.workshop.let_time_pass().await;
        work_off(&mut press.workshop.dispatcher(press.handler())).await;
        assert_eq!(press.workshop.ledger().await, ["done: "], "{hours} hours later");
        assert_eq!(press.count("PostPublished").await, 1, "{hours} hours later");
        assert_eq!(press.status().await, PostStatus::Draft, "{hours} hours later");
        press.workshop.close().await;
    }
}

/// The ledger does not wait for the disk when a command is settled; the command did.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_settling_that_a_crash_of_the_database_has_lost_is_made_again_and_the_command_is_not() {
    let press = Press::open("crash").await;
    let publish_at = in_an_hour();
    press.write(publish_at).await;
    press.workshop.react(Publish).await;
    press.workshop.let_time_pass().await;
    work_off(&mut press.workshop.dispatcher(press.handler())).await;
    assert_eq!(press.workshop.ledger().await, ["done: "]);
    let lost = "update work.effects set state = 'pending', settled_at = null, due_at = now()";
    press.workshop.database.pool.execute(lost).await.unwrap();
    press.unpublish().await;
    press.schedule(Some(publish_at)).await;

    work_off(&mut press.workshop.dispatcher(press.handler())).await;
    assert_eq!(press.workshop.ledger().await, ["done: "]);
    assert_eq!((press.count("PostPublished").await, press.status().await), (1, PostStatus::Draft));
    press.workshop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_that_both_believe_to_have_it_publish_once() {
    let press = Press::open("both").await;
    press.write(in_an_hour()).await;
    press.workshop.react(Publish).await;
    let mut lock = PgConnection::connect(&press.workshop.database.url).await.unwrap();
    let mut held = lock.begin().await.unwrap();
    held.execute(APPEND_LOCK).await.unwrap();
    let (mut one, mut other) = (press.workshop.dispatcher(press.handler()), press.workshop.dispatcher(press.handler()));
    for dispatcher in [&mut one, &mut other] {
        press.workshop.let_time_pass().await;
        assert_eq!(dispatcher.step().await.unwrap(), 1);
    }
    held.rollback().await.unwrap();
    tokio::join!(one.finish(), other.finish());
    assert_eq!(press.count("PostPublished").await, 1);
    assert_eq!(press.workshop.ledger().await, ["done: "]);
    press.workshop.close().await;
}

/// The worker has given up on the append, and the append has not given up on the log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_outcome_was_lost_is_found_by_the_next_try() {
    let press = Press::open("lost").await;
    let publish_at = in_an_hour();
    press.write(publish_at).await;
    press.workshop.react(Publish).await;
    press.workshop.let_time_pass().await;
    let mut lock = PgConnection::connect(&press.workshop.database.url).await.unwrap();
    let mut held = lock.begin().await.unwrap();
    held.execute(APPEND_LOCK).await.unwrap();
    let mut dispatcher = press.workshop.dispatcher(press.handler());
    work_off(&mut dispatcher).await;
    assert_eq!(press.workshop.ledger().await, ["pending: not done within 3 s"]);
    assert_eq!(press.count("PostPublished").await, 0);
    held.rollback().await.unwrap();
    let committed = async {
        let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
        while press.count("PostPublished").await == 0 {
            ticks.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, committed).await.expect("the append commits after all");
    press.unpublish().await;
    press.schedule(Some(publish_at)).await;

    press.workshop.let_time_pass().await;
    work_off(&mut dispatcher).await;
    assert_eq!(press.workshop.ledger().await, ["done: "]);
    assert_eq!((press.count("PostPublished").await, press.status().await), (1, PostStatus::Draft));
    press.workshop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_that_is_not_understood_is_a_dead_letter_that_holds_up_no_other() {
    let press = Press::open("poison").await;
    let nobody = Uuid::now_v7().to_string();
    press.workshop.happened("post", &nobody, "PostScheduled", serde_json::json!({ "publishAt": "soon" })).await;
    press.write(in_an_hour()).await;
    press.workshop.react(Publish).await;
    press.workshop.let_time_pass().await;
    work_off(&mut press.workshop.dispatcher(press.handler())).await;
    let ledger = press.workshop.ledger().await;
    assert!(ledger[0].starts_with("dead: the payload does not decode"), "{ledger:?}");
    assert_eq!(ledger[1..], ["done: "]);
    press.workshop.close().await;
}
