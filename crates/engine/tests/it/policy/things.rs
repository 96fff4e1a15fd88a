//! A policy that wants what its events say, and a handler that does what the effects say.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgPool;
use tidemark_engine::effects::{Dispatcher, DispatcherSettings, Effect, Failed, Handler, Outcome};
use tidemark_engine::event::RecordedEvent;
use tidemark_engine::policy::{Policy, PolicyRunner, Reaction, ReactionError, Step, StepError, install};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::database::Database;

/// Reacts to things with one effect for each word of theirs.
#[derive(Default, Clone)]
pub(crate) struct Things {
    /// While set, it does not understand things that say `poison`, and panics at those that say `panic`.
    pub(crate) is_broken: Arc<AtomicBool>,
    pub(crate) reacts_to_the_past: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ThingSaid {
    words: Vec<String>,
    #[serde(default)]
    delay_seconds: u64,
}

#[derive(Serialize, Deserialize)]
struct Word {
    word: String,
}

impl Policy for Things {
    fn name(&self) -> &'static str {
        "test.things"
    }

    fn follows(&self) -> &'static [&'static str] {
        &["thing"]
    }

    fn react(&self, event: &RecordedEvent) -> Result<Vec<Reaction>, ReactionError> {
        let said: ThingSaid = event.decode()?;
        if self.is_broken.load(Ordering::SeqCst) {
            assert!(!said.words.contains(&"panic".to_owned()));
            if said.words.contains(&"poison".to_owned()) {
                return Err(ReactionError::new("poison"));
            }
        }
        let delay = Duration::from_secs(said.delay_seconds);
        said.words.into_iter().map(|word| Ok(Reaction::new("test.word", &Word { word })?.after(delay))).collect()
    }

    fn reacts_to_the_past(&self) -> bool {
        self.reacts_to_the_past
    }
}

/// Notes what it is asked to do, and does what the word says.
#[derive(Default)]
pub(crate) struct Hands {
    pub(crate) seen: Mutex<Vec<(String, Uuid)>>,
    /// While not empty, these words have another meaning: `later`, `never`, `panic`, `hang`, `moot`.
    pub(crate) meanings: Mutex<HashMap<String, &'static str>>,
    pub(crate) let_go: Notify,
}

impl Hands {
    pub(crate) fn mean(&self, word: &str, meaning: &'static str) {
        self.meanings.lock().unwrap().insert(word.to_owned(), meaning);
    }

    pub(crate) fn words(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|(word, _)| word.clone()).collect()
    }

    pub(crate) fn ids(&self, word: &str) -> Vec<Uuid> {
        self.seen.lock().unwrap().iter().filter(|(seen, _)| seen == word).map(|(_, id)| *id).collect()
    }
}

#[async_trait]
impl Handler for Hands {
    fn kind(&self) -> &'static str {
        "test.word"
    }

    async fn carry_out(&self, effect: &Effect) -> Result<Outcome, Failed> {
        let Word { word } = effect.decode()?;
        let meaning = self.meanings.lock().unwrap().get(&word).copied();
        self.seen.lock().unwrap().push((word.clone(), effect.id));
        match meaning {
            Some("later") => Err(Failed::Later("not now".to_owned())),
            Some("never") => Err(Failed::Never("never".to_owned())),
            Some("moot") => Ok(Outcome::Moot("nobody is there".to_owned())),
            Some("panic") => panic!("as a test"),
            Some("hang") => {
                self.let_go.notified().await;
                Err(Failed::Never("too late".to_owned()))
            }
            _ => Ok(Outcome::Done),
        }
    }
}

/// A database with the policy installed, a worker of it, and hands to do what it wants.
pub(crate) struct House {
    pub(crate) database: Database,
    pub(crate) work: PgPool,
    pub(crate) hands: Arc<Hands>,
    pub(crate) things: Things,
}

impl House {
    pub(crate) async fn new() -> Self {
        let database = Database::new().await;
        let things = Things::default();
        install(&database.owner, [&things as &dyn Policy]).await.unwrap();
        Self { work: database.connect_as("tidemark_work"), database, hands: Arc::default(), things }
    }

    /// Something that a thing says: a word, or several with commas between them.
    pub(crate) async fn say(&self, tenant: &str, thing: &str, words: &str) -> i64 {
        let words: Vec<&str> = words.split(',').collect();
        self.database.append(tenant, "thing", thing, "ThingSaid", json!({ "words": words })).await
    }

    pub(crate) async fn say_with_delay(&self, thing: &str, word: &str, delay: Duration) -> i64 {
        let payload = json!({ "words": [word], "delaySeconds": delay.as_secs() });
        self.database.append("acme", "thing", thing, "ThingSaid", payload).await
    }

    pub(crate) fn runner(&self) -> PolicyRunner {
        self.runner_in(1)
    }

    /// A worker of a process that was started in `epoch`.
    pub(crate) fn runner_in(&self, epoch: i32) -> PolicyRunner {
        let log = self.database.connect_as("tidemark_log");
        let wake = Arc::default();
        PolicyRunner::new(Arc::new(self.things.clone()), self.work.clone(), log, self.database.feed_in(epoch), wake)
            .with_patience(Duration::from_millis(20))
    }

    /// Lets a worker react to everything up to `position`, and go.
    pub(crate) async fn react_to(&self, position: i64) {
        let mut runner = self.runner();
        react_to(self, &mut runner, position).await.unwrap();
        runner.release().await.unwrap();
    }

    pub(crate) fn dispatcher(&self) -> Dispatcher {
        self.dispatcher_with(|_| {})
    }

    pub(crate) fn dispatcher_with(&self, change: impl FnOnce(&mut DispatcherSettings)) -> Dispatcher {
        let hands: Arc<dyn Handler> = Arc::clone(&self.hands) as Arc<dyn Handler>;
        let mut settings = DispatcherSettings::new(self.work.clone(), vec![hands], Arc::default());
        change(&mut settings);
        Dispatcher::new(settings)
    }

    /// Does all that can be done now.
    pub(crate) async fn work_off(&self, dispatcher: &mut Dispatcher) {
        while dispatcher.step().await.unwrap() > 0 {
            dispatcher.finish().await;
        }
    }

    /// As if the time for all that waits for a time had come.
    pub(crate) async fn let_time_pass(&self) {
        sqlx::query("update work.effects set due_at = now() where state = 'pending'")
            .execute(&self.database.owner)
            .await
            .unwrap();
    }

    /// All effects, as `word=state` in the order of their events.
    pub(crate) async fn ledger(&self) -> Vec<String> {
        sqlx::query_scalar(
            "select coalesce(payload->>'word', kind) || '=' || state from work.effects order by position, number",
        )
        .fetch_all(&self.database.owner)
        .await
        .unwrap()
    }

    pub(crate) async fn id_of(&self, state: &str) -> Uuid {
        sqlx::query_scalar("select id from work.effects where state = $1 order by position, number limit 1")
            .bind(state)
            .fetch_one(&self.database.owner)
            .await
            .unwrap()
    }

    pub(crate) async fn checkpoint(&self) -> i64 {
        self.database.count("select position from work.policies where policy = 'test.things'").await
    }
}

/// Steps until the checkpoint has reached `position` and nothing is left to retry.
pub(crate) async fn react_to(house: &House, runner: &mut PolicyRunner, position: i64) -> Result<(), StepError> {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        let step = runner.step().await?;
        let reached = house.checkpoint().await;
        if reached >= position && step == Step::Idle {
            return Ok(());
        }
        assert!(tokio::time::Instant::now() < deadline, "stuck at {reached} of {position} after {step:?}");
    }
}
