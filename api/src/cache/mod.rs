//! Finished answers of queries, each served only while it is known to be what a new one would be.
//!
//! **What makes an answer true.** It was built from one snapshot at a place in its tenant's log, and names the tags it is
//! made of. The feed raises the mark of each tag that an event touches ([`Touches`], declared beside the routes). An
//! answer is stored, and served, only while every one of its marks lies at or before the place it was built at. The feed
//! runs ahead of the projections, so an answer built from rows that lack an event the feed has shown is never stored.
//!
//! **What is not known is not served.**
//! - Until the feed has begun nothing is stored. The feed begins at the log's head, so what happened before is unknown:
//!   a tenant's first mark begins at the tenant's head as the log has it *after* the feed began, and no answer older than
//!   that is stored.
//! - Nothing is served unless the feed is *current*: it has shown everything that was committed [`CURRENT_FOR`] ago. Once
//!   a second the log is asked for its head, and the moment of asking counts once the feed has passed that head. With
//!   Postgres away, or with a feed that stalls or has ended, every query goes to the database again within that time.
//! - So a served answer shows every event that touched it, but those of the last moments that the feed has not shown yet
//!   (milliseconds, [`CURRENT_FOR`] at the very worst): no more than a read model lags. A caller that must see more says
//!   so: `Tidemark-After: n` is answered from here only if the answer was built at or after n, or if the feed has passed
//!   n and has not touched the answer since it was built.
//! - An answer never outlives [`TIME_TO_LIVE`], whatever the marks say.
//!
//! One builder a key: see `flight`. Behind this memory lies, where there is Redis, what all processes share: see `shared`.

mod flight;
mod follow;
mod marks;
mod shared;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use axum::http::HeaderValue;
use bytes::Bytes;
use sqlx::PgPool;
use tidemark_engine::event::RecordedEvent;
use tidemark_engine::log;
use tidemark_kernel::{TenantId, UserId};

use flight::Flights;
pub use flight::Flown;
pub use marks::Tag;
use marks::{Mark, Marks};
use shared::Answer;
pub use shared::SharedAnswers;

/// The longest that an answer is kept.
const TIME_TO_LIVE: Duration = Duration::from_secs(60);
/// For so long after the feed was known to have shown everything, answers are served.
const CURRENT_FOR: Duration = Duration::from_secs(3);
/// How long the log may take to tell a tenant's head before the answer goes out without being stored.
const FLOOR_DEADLINE: Duration = Duration::from_secs(1);

/// Adds the tags that an event touches. Each module declares one beside its routes.
pub type Touches = fn(&RecordedEvent, &mut Vec<Tag>);

/// Who sees the same answer to the same question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SeenBy {
    /// Anyone, signed in or not, who sees no more than the public.
    Public,
    /// Editors and admins.
    Editors,
    /// This person alone, with or without an editor's eyes.
    Person {
        /// Who.
        user: UserId,
        /// Whether they see what editors see: it ends with the role, at once.
        as_editor: bool,
    },
}

/// What is asked for: two equal keys have the same answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Whose.
    pub tenant: TenantId,
    /// Which route, as in `/posts`.
    pub route: &'static str,
    /// The parameters in one form, whatever the form they came in.
    pub params: Box<str>,
    /// Who asks.
    pub seen_by: SeenBy,
}

/// A finished answer.
#[derive(Debug)]
pub struct Entry {
    /// Its JSON.
    pub body: Bytes,
    /// Its entity tag.
    pub etag: HeaderValue,
    /// The place it was built at, as HTTP shows it.
    pub position: HeaderValue,
    built_at: i64,
    /// When it has been kept for long enough, whatever the marks say.
    until: Instant,
    is_shared: bool,
    /// What can make it untrue; without it, nothing is known and it is not served again.
    truth: Option<Truth>,
}

#[derive(Debug)]
struct Truth {
    tenant: Arc<Marks>,
    marks: Box<[Mark]>,
}

impl Entry {
    /// Whether a caller that has to see everything up to `after` may be answered with it.
    fn answers(&self, after: Option<i64>) -> bool {
        let Some(truth) = self.truth.as_ref().filter(|_| Instant::now() < self.until) else { return false };
        // The marks are looked at after what was passed: they show at least everything up to there.
        let reaches = after.is_none_or(|after| self.built_at >= after || truth.tenant.passed() >= after);
        reaches && truth.marks.iter().all(|mark| mark.load(Ordering::SeqCst) <= self.built_at)
    }

    /// The tenant position it was built at.
    #[must_use]
    pub fn built_at(&self) -> i64 {
        self.built_at
    }

    /// Whether another process has built it.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.is_shared
    }

    fn weight(&self) -> usize {
        let marks = self.truth.as_ref().map_or(0, |truth| truth.marks.len());
        self.body.len() + self.etag.len() + self.position.len() + marks * 64 + 512
    }
}

/// The answers of a process. Clones share them.
#[derive(Clone)]
pub struct Cache(Arc<Inner>);

struct Inner {
    entries: moka::sync::Cache<Key, Arc<Entry>>,
    flights: Flights,
    shared: Option<SharedAnswers>,
    tenants: RwLock<HashMap<TenantId, Arc<Marks>>>,
    /// The log, once the feed is followed.
    log: OnceLock<PgPool>,
    /// Milliseconds after `epoch` at which the feed was last known to be current, and one.
    current_at: AtomicU64,
    epoch: Instant,
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Cache").field("answers", &self.0.entries.entry_count()).finish_non_exhaustive()
    }
}

impl Cache {
    /// An empty cache that keeps at most `max_bytes`, before what is `shared`. It serves nothing until [`Cache::follow`] runs.
    #[must_use]
    pub fn new(max_bytes: u64, shared: Option<SharedAnswers>) -> Self {
        let entries = moka::sync::Cache::builder()
            .max_capacity(max_bytes)
            .weigher(|key: &Key, entry: &Arc<Entry>| {
                u32::try_from(key.params.len() + entry.weight()).unwrap_or(u32::MAX)
            })
            .time_to_live(TIME_TO_LIVE)
            .build_with_hasher(std::hash::RandomState::new());
        Self(Arc::new(Inner {
            entries,
            flights: Flights::default(),
            shared,
            tenants: RwLock::default(),
            log: OnceLock::new(),
            current_at: AtomicU64::new(0),
            epoch: Instant::now(),
        }))
    }

    /// The answer to `key`, if there is one that is true and shows everything up to `after`.
    #[must_use]
    pub fn find(&self, key: &Key, after: Option<i64>) -> Option<Arc<Entry>> {
        if !self.is_current() {
            return None;
        }
        self.0.entries.get(key).filter(|entry| entry.answers(after))
    }

    /// The answer to `key` that another process has built, if there is one that is true and shows everything up to `after`. It
    /// is kept here too.
    pub async fn fetch(&self, key: &Key, after: Option<i64>) -> Option<Arc<Entry>> {
        let shared = self.0.shared.as_ref().filter(|_| self.is_current())?;
        let (Answer { built_at, etag, position, tags, body }, left) = shared.find(key).await?;
        let truth = self.marks(&key.tenant).await.map(|tenant| Truth { marks: tenant.hold(&tags), tenant });
        let until = Instant::now() + left;
        let entry = Arc::new(Entry { body, etag, position, built_at, until, is_shared: true, truth });
        // From beyond what our feed has shown: where the log was put back to an earlier place, it is of events that never were.
        let is_beyond = entry.truth.as_ref().is_none_or(|truth| built_at > truth.tenant.passed());
        if !self.is_current() || is_beyond || !entry.answers(after) {
            shared::count("outdated");
            return None;
        }
        shared::count("found");
        self.0.entries.insert(key.clone(), Arc::clone(&entry));
        Some(entry)
    }

    /// Makes an entry of an answer built at `built_at` from what `tags` name, and keeps it if it is true, here and for others.
    pub async fn keep(
        &self,
        key: &Key,
        built_at: i64,
        tags: &[Tag],
        body: Bytes,
        etag: HeaderValue,
        position: HeaderValue,
    ) -> Arc<Entry> {
        let truth = self.marks(&key.tenant).await.map(|tenant| Truth { marks: tenant.hold(tags), tenant });
        let until = Instant::now() + TIME_TO_LIVE;
        let entry = Arc::new(Entry { body, etag, position, built_at, until, is_shared: false, truth });
        if entry.answers(None) {
            self.0.entries.insert(key.clone(), Arc::clone(&entry));
            if let Some(shared) = self.0.shared.as_ref().filter(|_| self.is_current()) {
                let Entry { body, etag, position, .. } = &*entry;
                let (body, etag, position) = (body.clone(), etag.clone(), position.clone());
                shared.keep(key, &Answer { built_at, etag, position, tags: tags.to_vec(), body }).await;
            }
        }
        entry
    }

    fn is_current(&self) -> bool {
        let current_at = self.0.current_at.load(Ordering::Acquire);
        current_at > 0 && self.0.epoch.elapsed() < CURRENT_FOR + Duration::from_millis(current_at - 1)
    }

    fn confirm_current(&self, asked_at: Instant) {
        let millis = u64::try_from((asked_at - self.0.epoch).as_millis()).unwrap_or(u64::MAX - 1);
        self.0.current_at.fetch_max(millis + 1, Ordering::Release);
    }

    /// The tenant's marks with a floor, or nothing while there is no telling.
    async fn marks(&self, tenant: &TenantId) -> Option<Arc<Marks>> {
        let log = self.0.log.get()?;
        let marks = self.tenant(tenant).unwrap_or_else(|| self.add_tenant(tenant));
        if !marks.is_ready() {
            let head = tokio::time::timeout(FLOOR_DEADLINE, log::tenant_head(log, tenant.as_str())).await;
            marks.begin(head.ok()?.ok()?);
        }
        Some(marks)
    }

    fn tenant(&self, tenant: &TenantId) -> Option<Arc<Marks>> {
        self.0.tenants.read().unwrap_or_else(PoisonError::into_inner).get(tenant).cloned()
    }

    fn add_tenant(&self, tenant: &TenantId) -> Arc<Marks> {
        let mut tenants = self.0.tenants.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(tenants.entry(tenant.clone()).or_default())
    }
}

#[cfg(test)]
mod tests;
