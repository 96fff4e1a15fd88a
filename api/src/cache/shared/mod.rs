//! The second tier: answers that all processes share, in Redis.
//!
//! - **Nothing is believed because it lies there.** An answer is sealed under a key that Redis does not have, bound to its question
//!   (tenant, route, parameters, who sees it), the epoch, and the form of the API ([`seal`]). What was forged, swapped, or left
//!   behind by another version does not open, and is as good as absent.
//! - **It is no older than one of our own.** It names the place it was built at and the tags it is made of, and is served only
//!   while the marks of this process lie at or before that place; a process whose feed is not current takes none. It keeps
//!   the time that it has left.
//! - **An erasure leaves nothing.** Each process that its feed shows one to takes all answers of that tenant away, and notes the
//!   place, so that a slower process can put none from before it in their place. Until Redis can be asked that is owed.
//! - Redis that is away or slow is no Redis: see [`crate::link`].

mod seal;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use redis::Script;
use redis::aio::MultiplexedConnection;
use tidemark_kernel::TenantId;
use tidemark_runtime::Settings;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Key, TIME_TO_LIVE};
use crate::link::{Failed, Link};
pub(super) use seal::Answer;
use seal::{Names, Seals};

/// The largest answer that is shared, in bytes of its body; it has a few hundred more around it.
const LARGEST: usize = 256 * 1024;
/// What can be no answer of ours.
const LARGEST_SEALED: usize = LARGEST + 64 * 1024;
/// Answers of one tenant at once.
const MOST_OF_TENANT: usize = 10_000;
/// How long an erasure is remembered: far longer than anybody holds an answer from before it.
const ERASURE_REMEMBERED: Duration = Duration::from_secs(10 * 60);

/// The answers in Redis, as one epoch has them. Clones share the link.
#[derive(Clone)]
pub struct SharedAnswers {
    inner: Arc<Inner>,
    epoch: i32,
}

struct Inner {
    link: Link,
    seals: Seals,
    find: Script,
    keep: Script,
    erase: Script,
    /// Of which tenants answers have to be taken away, and the place of the last erasure.
    owed: watch::Sender<HashMap<Names, i64>>,
}

impl SharedAnswers {
    /// Nothing where the settings name no Redis or want no cache. `form` tells what the API's answers look like: those of
    /// another form are not taken.
    ///
    /// # Errors
    /// When `redis_url` cannot be used.
    pub fn new(settings: &Settings, form: impl FnOnce() -> [u8; 32]) -> anyhow::Result<Option<Self>> {
        let Some(url) = settings.redis_url.as_deref().filter(|_| settings.cache_mib > 0) else { return Ok(None) };
        let inner = Inner {
            link: Link::new(url, "answers are shared")?,
            seals: Seals::new(settings, &form()),
            find: Script::new(include_str!("find.lua")),
            keep: Script::new(include_str!("keep.lua")),
            erase: Script::new(include_str!("erase.lua")),
            owed: watch::Sender::default(),
        };
        Ok(Some(Self { inner: Arc::new(inner), epoch: 0 }))
    }

    /// The same link for another epoch, whose answers are others.
    #[must_use]
    pub fn in_epoch(&self, epoch: i32) -> Self {
        Self { epoch, ..self.clone() }
    }

    /// Keeps the link, and takes away what is owed, until `shutdown`.
    pub async fn run(&self, shutdown: &CancellationToken) {
        let Inner { link, find, keep, erase, .. } = &*self.inner;
        let scripts = [find, keep, erase];
        let trial = |connection| async { self.trial(connection).await };
        let erasing = async {
            loop {
                self.erase_next().await;
            }
        };
        tokio::select! {
            () = link.keep(&scripts, trial, shutdown) => {}
            () = erasing => {}
        }
    }

    async fn trial(&self, mut connection: MultiplexedConnection) -> Result<(), Failed> {
        let mut call = self.inner.find.key("tidemark:answer:trial");
        let _nothing: Option<(u64, Vec<u8>)> = call.arg(0).invoke_async(&mut connection).await?;
        Ok(())
    }

    /// What lies there for `key`, and for how long yet.
    pub(super) async fn find(&self, key: &Key) -> Option<(Answer, Duration)> {
        let question = self.inner.seals.question(self.epoch, key);
        let found = self.inner.link.ask(|mut connection| {
            let mut call = self.inner.find.key(question.answer_key());
            call.arg(LARGEST_SEALED);
            async move { call.invoke_async::<Option<(u64, Vec<u8>)>>(&mut connection).await.map_err(Failed::from) }
        });
        let Some((left, sealed)) = found.await? else {
            count("absent");
            return None;
        };
        let answer = self.inner.seals.open(&question, &sealed);
        if answer.is_none() {
            count("unreadable");
        }
        Some((answer?, Duration::from_millis(left).min(TIME_TO_LIVE)))
    }

    /// Shares an answer that has just been built, where it is not too large.
    pub(super) async fn keep(&self, key: &Key, answer: &Answer) {
        if answer.body.len() > LARGEST {
            return;
        }
        let question = self.inner.seals.question(self.epoch, key);
        let sealed = self.inner.seals.seal(&question, answer);
        let Names { listed, erased, .. } = &question.names;
        let kept = self.inner.link.ask(|mut connection| {
            let mut call = self.inner.keep.key(question.answer_key());
            call.key(listed.as_str()).key(erased.as_str());
            call.arg(sealed).arg(milliseconds(TIME_TO_LIVE)).arg(answer.built_at).arg(MOST_OF_TENANT);
            async move { call.invoke_async::<u8>(&mut connection).await.map_err(Failed::from) }
        });
        match kept.await {
            Some(1) => count("kept"),
            Some(_) => count("refused"),
            None => {}
        }
    }

    /// Notes that answers of `tenant` have to be taken away: somebody was erased at `tenant_position`.
    pub(super) fn owe(&self, tenant: &TenantId, tenant_position: i64) {
        let names = self.inner.seals.names(self.epoch, tenant);
        self.inner.owed.send_modify(|owed| {
            let place = owed.entry(names).or_default();
            *place = tenant_position.max(*place);
        });
    }

    /// Waits until something is owed and Redis is there, and takes away the answers of one tenant.
    async fn erase_next(&self) {
        let mut owed = self.inner.owed.subscribe();
        let next = owed.wait_for(|owed| !owed.is_empty()).await;
        let next = next.ok().and_then(|owed| owed.iter().next().map(|(names, place)| (names.clone(), *place)));
        let Some((names, place)) = next else { return };
        self.inner.link.connected().await;
        let taken = self.inner.link.ask(|mut connection| {
            let mut call = self.inner.erase.key(names.listed.as_str());
            call.key(names.erased.as_str()).arg(place).arg(milliseconds(ERASURE_REMEMBERED));
            async move { call.invoke_async::<u64>(&mut connection).await.map_err(Failed::from) }
        });
        let Some(answers) = taken.await else { return };
        tracing::info!(answers, "answers in Redis were taken away after an erasure");
        self.inner.owed.send_modify(|owed| {
            // Another one may have come meanwhile.
            if owed.get(&names) == Some(&place) {
                owed.remove(&names);
            }
        });
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Counts what came of looking there.
pub(super) fn count(outcome: &'static str) {
    metrics::counter!("tidemark_shared_answers_total", "outcome" => outcome).increment(1);
}
