//! The keys of a process's tenants and people, as far as it has needed them lately.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use moka::sync::Cache;
use serde_json::Value;
use serde_json::value::RawValue;
use sqlx::{PgPool, Row};

use super::cipher::{Key, padded};
use super::payload::{self, Origin};
use crate::database::{ANSWER, in_time};
use crate::event::RecordedEvent;

/// The member of an event's metadata that names the subject whose key the same append has destroyed.
pub const ERASES: &str = "erases";

/// People whose keys a process keeps at hand, some 200 bytes each.
const SUBJECTS: u64 = 100_000;
const TENANTS: u64 = 10_000;
/// An erased key is dropped when the feed tells of it. This is for a process that has no feed.
const KEPT: Duration = Duration::from_secs(600);
/// How often a key is made anew while rotations pass by.
const TRIES: usize = 5;
/// What a sealed answer begins with; an answer that is not sealed is JSON, or whatever its maker likes, but not this.
const SEALED_ANSWER: &[u8] = b"\0sealed\0";

/// The subject of an answer about nobody; no subject has this name.
const NOBODY: &str = "";

/// Why personal data could be neither sealed nor opened.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The keys cannot be read now.
    #[error("the keys of personal data cannot be read: {0}")]
    Database(#[from] sqlx::Error),
    /// The tenant's key does not open under the master secret: this process was given another one than those before it.
    #[error("the keys of `{0}` do not open under this `secret`")]
    OtherSecret(String),
    /// There is personal data, and no keyring.
    #[error("there are no keys for personal data here")]
    NoKeyring,
    /// The subject was erased: nothing is sealed for it any more.
    #[error("the person was erased")]
    Erased,
    /// The tenant's keys were rotated again and again.
    #[error("the keys of `{0}` are being rotated")]
    Rotating(String),
}

/// A tenant and one of its people.
pub(super) type Subject = (Arc<str>, Arc<str>);

/// Seals and opens personal data. Clones share what is at hand. `None` stands for a person who was erased.
#[derive(Clone)]
pub struct Keyring(Arc<Inner>);

struct Inner {
    pool: PgPool,
    /// The key that wraps those of tenants, then the one that did so before.
    masters: Vec<Key>,
    tenants: Cache<Arc<str>, TenantKeys>,
    subjects: Cache<Subject, Option<Key>>,
    /// Whose keys must not come back by a look-up that began before they were destroyed.
    erased: Cache<Subject, ()>,
}

impl Inner {
    fn new(pool: PgPool, masters: Vec<Key>) -> Self {
        Self {
            pool,
            masters,
            tenants: Cache::builder().max_capacity(TENANTS).time_to_live(KEPT).build(),
            subjects: Cache::builder().max_capacity(SUBJECTS).time_to_live(KEPT).build(),
            // Longer than a key is kept, and than any look-up lasts.
            erased: Cache::builder().max_capacity(SUBJECTS).time_to_live(KEPT * 2).build(),
        }
    }
}

#[derive(Clone)]
struct TenantKeys {
    generation: i32,
    key: Key,
    claims: Key,
}

impl TenantKeys {
    /// For remembered answers about nobody in particular. Like the claims' key it outlives rotations.
    fn answers(&self) -> Key {
        self.claims.derive("answers")
    }

    /// For secrets that are no person's. They travel with the claims' key.
    fn secrets(&self) -> Key {
        self.claims.derive("secrets")
    }
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keyring(..)")
    }
}

impl Keyring {
    /// `pool` connects as `tidemark_log`. `master` derives from the master secret for this purpose alone, `previous` from
    /// the one before it, until all tenants' keys were rotated.
    #[must_use]
    pub fn new(pool: PgPool, master: [u8; 32], previous: Option<[u8; 32]>) -> Self {
        Self(Arc::new(Inner::new(pool, [Some(master), previous].into_iter().flatten().map(Key::new).collect())))
    }

    /// The same keyring with nothing at hand, for another epoch: what was made after the cut of the log is gone.
    #[must_use]
    pub fn anew(&self) -> Self {
        let inner = &self.0;
        Self(Arc::new(Inner::new(inner.pool.clone(), inner.masters.clone())))
    }

    /// Opens the personal data of events, with one query for the keys that are not at hand.
    ///
    /// # Errors
    /// When the keys cannot be had. Nothing is changed then.
    pub async fn open(&self, events: &mut [RecordedEvent]) -> Result<(), KeyError> {
        let mut opened = Vec::new();
        for (n, event) in events.iter().enumerate() {
            opened.extend(unopened(event).map(|unopened| (n, unopened)));
        }
        for (n, payload) in self.open_all(opened).await? {
            events[n].payload = payload;
        }
        Ok(())
    }

    /// As [`Keyring::open`], for events that others hold too: those that have personal data are copied.
    ///
    /// # Errors
    /// As [`Keyring::open`].
    pub async fn open_shared(&self, mut events: Vec<&mut Arc<RecordedEvent>>) -> Result<(), KeyError> {
        let mut opened = Vec::new();
        for (n, event) in events.iter().enumerate() {
            opened.extend(unopened(event).map(|unopened| (n, unopened)));
        }
        for (n, payload) in self.open_all(opened).await? {
            Arc::make_mut(events[n]).payload = payload;
        }
        Ok(())
    }

    /// Drops the key that an event tells to be destroyed.
    pub fn take(&self, event: &RecordedEvent) {
        let Some(subject) = event.metadata.get(ERASES) else { return };
        let subject = (Arc::clone(&event.tenant_id), Arc::from(&*subject));
        self.0.erased.insert(subject.clone(), ());
        self.0.subjects.invalidate(&subject);
    }

    /// The fingerprint of a subject's key; `None` when nothing was ever sealed for it, or it was erased.
    ///
    /// # Errors
    /// When the keys cannot be read.
    pub async fn fingerprint(&self, tenant: &str, subject: &str) -> Result<Option<String>, KeyError> {
        let asked = sqlx::query_scalar(
            "select fingerprint from log.subject_keys where tenant_id = $1 and subject = $2 and erased_at is null",
        )
        .bind(tenant)
        .bind(subject);
        let kept: Option<Option<String>> = in_time(ANSWER, asked.fetch_optional(&self.0.pool)).await?;
        Ok(kept.flatten())
    }

    /// What stands in `log.claims` for a personal value; `None` when the tenant has no keys and so no such claims.
    ///
    /// # Errors
    /// When the keys cannot be had.
    pub async fn find_claim(&self, tenant: &str, scope: &str, value: &str) -> Result<Option<String>, KeyError> {
        Ok(self.tenant(tenant).await?.map(|keys| keys.claims.hash(scope, value)))
    }

    /// As [`Keyring::find_claim`], for a claim that is about to be taken.
    ///
    /// # Errors
    /// When the keys cannot be had.
    pub async fn make_claim(&self, tenant: &str, scope: &str, value: &str) -> Result<String, KeyError> {
        Ok(self.tenant_to_seal(tenant).await?.claims.hash(scope, value))
    }

    /// Seals the marked fields of a payload that is about to be appended.
    pub(super) async fn seal(&self, payload: &str, origin: Origin<'_>, subject: &str) -> Result<String, KeyError> {
        let key = self.subject_to_seal(origin.tenant, subject).await?;
        let mut json: Value =
            serde_json::from_str(payload).map_err(|error| sqlx::Error::Protocol(error.to_string()))?;
        payload::seal(&mut json, origin, subject, &key);
        Ok(json.to_string())
    }

    /// Seals an answer that is to be remembered. About somebody who was erased there is nothing left to say, so that an
    /// answer without the name is kept under a key of the tenant.
    pub(crate) async fn seal_answer(&self, tenant: &str, subject: &str, answer: &[u8]) -> Result<Vec<u8>, KeyError> {
        let (subject, key) = match self.subject_to_seal(tenant, subject).await {
            Err(KeyError::Erased) => (NOBODY, self.tenant_to_seal(tenant).await?.answers()),
            key => (subject, key?),
        };
        let sealed = key.seal(&answer_of(tenant, subject), answer);
        Ok([SEALED_ANSWER, subject.as_bytes(), &[0], &sealed].concat())
    }

    /// The answer that was remembered, whether it was sealed or not.
    pub(crate) async fn open_answer(&self, tenant: &str, answer: Vec<u8>) -> Result<Vec<u8>, KeyError> {
        let Some((subject, sealed)) = sealed_answer(&answer) else { return Ok(answer) };
        let key = if subject == NOBODY {
            self.tenant(tenant).await?.map(|keys| keys.answers())
        } else {
            let subject: Subject = (tenant.into(), subject.into());
            self.keys(vec![subject.clone()]).await?.of_this_secret()?.remove(&subject).flatten()
        };
        let opened = key.and_then(|key| key.open(&answer_of(tenant, subject), sealed)).ok_or(KeyError::Erased)?;
        Ok(opened.to_vec())
    }

    /// Seals a secret of the tenant for its row, which is named by kind and subject.
    pub(crate) async fn seal_secret(&self, tenant: &str, row: [&str; 2], secret: &str) -> Result<String, KeyError> {
        let key = self.tenant_to_seal(tenant).await?.secrets();
        Ok(STANDARD.encode(key.seal(&secret_of(tenant, row), &padded(secret.as_bytes().to_vec()))))
    }

    /// The secret that was sealed for that row.
    pub(crate) async fn open_secret(
        &self,
        tenant: &str,
        row: [&str; 2],
        sealed: &str,
    ) -> Result<Option<String>, KeyError> {
        let Some(keys) = self.tenant(tenant).await? else { return Ok(None) };
        let opened =
            STANDARD.decode(sealed).ok().and_then(|sealed| keys.secrets().open(&secret_of(tenant, row), &sealed));
        Ok(opened
            .and_then(|opened| std::str::from_utf8(&opened).ok().map(|text| text.trim_end_matches(' ').to_owned())))
    }

    async fn open_all(&self, payloads: Vec<(usize, Unopened)>) -> Result<Vec<(usize, Box<RawValue>)>, KeyError> {
        if payloads.is_empty() {
            return Ok(Vec::new());
        }
        let wanted = payloads.iter().flat_map(|(_, unopened)| unopened.subjects()).collect();
        // What does not open here stays as it is: it stops its own tenant, where it is decoded, and no other.
        let keys = self.keys(wanted).await?.known;
        let mut opened = Vec::with_capacity(payloads.len());
        for (n, mut unopened) in payloads {
            unopened.open(&keys);
            let raw = serde_json::value::to_raw_value(&unopened.json)
                .map_err(|error| sqlx::Error::Protocol(error.to_string()))?;
            opened.push((n, raw));
        }
        Ok(opened)
    }

    /// Opens the JSON of events of one stream, as `cqrs-es` loads them.
    pub(super) async fn open_json(&self, payloads: &mut [Unopened]) -> Result<(), KeyError> {
        let wanted: Vec<Subject> = payloads.iter().flat_map(Unopened::subjects).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let keys = self.keys(wanted).await?.of_this_secret()?;
        payloads.iter_mut().for_each(|unopened| unopened.open(&keys));
        Ok(())
    }

    /// The keys of subjects.
    pub(super) async fn keys(&self, mut wanted: Vec<Subject>) -> Result<Keys, KeyError> {
        wanted.sort_unstable();
        wanted.dedup();
        let mut known = HashMap::with_capacity(wanted.len());
        wanted.retain(|subject| match self.0.subjects.get(subject) {
            Some(key) => known.insert(subject.clone(), key).is_some(),
            None => true,
        });
        if wanted.is_empty() {
            return Ok(Keys { known, of_another_secret: None });
        }
        let asked = sqlx::query(
            "select k.tenant_id, k.subject, k.wrapped_key, t.wrapped_key as tenant_key \
             from unnest($1::text[], $2::text[]) as w(tenant, subject) \
             join log.subject_keys k on k.tenant_id = w.tenant and k.subject = w.subject \
             left join log.tenant_keys t on t.tenant_id = k.tenant_id",
        )
        .bind(wanted.iter().map(|subject| &*subject.0).collect::<Vec<_>>())
        .bind(wanted.iter().map(|subject| &*subject.1).collect::<Vec<_>>());
        let rows = in_time(ANSWER, asked.fetch_all(&self.0.pool)).await?;
        let mut of_another_secret = None;
        for row in rows {
            let (tenant, name): (&str, &str) = (row.try_get("tenant_id")?, row.try_get("subject")?);
            let subject: Subject = (tenant.into(), name.into());
            let key = match row.try_get::<Option<&[u8]>, _>("wrapped_key")? {
                Some(wrapped) => {
                    let of_tenant = row.try_get::<Option<&[u8]>, _>("tenant_key")?;
                    let of_tenant = of_tenant.and_then(|wrapped| self.unwrap(&row_of_tenant(tenant), wrapped));
                    let key = of_tenant.and_then(|key| key.unwrap(&row_of_subject(tenant, name), wrapped));
                    if key.is_none() {
                        of_another_secret = Some(tenant.to_owned());
                        continue;
                    }
                    key
                }
                None => None,
            };
            known.insert(subject.clone(), self.keep(subject, key));
        }
        Ok(Keys { known, of_another_secret })
    }

    /// Keeps a key that was looked up, unless it was destroyed while it was.
    fn keep(&self, subject: Subject, key: Option<Key>) -> Option<Key> {
        self.0.subjects.insert(subject.clone(), key.clone());
        if !self.0.erased.contains_key(&subject) {
            return key;
        }
        self.0.subjects.insert(subject, None);
        None
    }

    /// The key of a subject whose data is to be sealed, made where there is none.
    pub(super) async fn subject_to_seal(&self, tenant: &str, subject: &str) -> Result<Key, KeyError> {
        let wanted: Subject = (tenant.into(), subject.into());
        for _ in 0..TRIES {
            if let Some(known) = self.keys(vec![wanted.clone()]).await?.of_this_secret()?.remove(&wanted) {
                return known.ok_or(KeyError::Erased);
            }
            let keys = self.tenant_to_seal(tenant).await?;
            let made = Key::random();
            let making = sqlx::query_scalar("select log.make_subject_key($1, $2, $3, $4, $5)")
                .bind(tenant)
                .bind(subject)
                .bind(keys.generation)
                .bind(keys.key.wrap(&row_of_subject(tenant, subject), &made))
                .bind(made.fingerprint());
            let is_present: bool = in_time(ANSWER, making.fetch_one(&self.0.pool)).await?;
            if !is_present {
                self.0.tenants.invalidate(tenant);
            }
        }
        Err(KeyError::Rotating(tenant.to_owned()))
    }

    async fn tenant_to_seal(&self, tenant: &str) -> Result<TenantKeys, KeyError> {
        if let Some(keys) = self.tenant(tenant).await? {
            return Ok(keys);
        }
        let Some(master) = self.0.masters.first() else { return Err(KeyError::NoKeyring) };
        self.ensure_secret().await?;
        let making = sqlx::query("select log.make_tenant_keys($1, $2, $3)")
            .bind(tenant)
            .bind(master.wrap(&row_of_tenant(tenant), &Key::random()))
            .bind(master.wrap(&row_of_claims(tenant), &Key::random()));
        in_time(ANSWER, making.execute(&self.0.pool)).await?;
        self.tenant(tenant).await?.ok_or_else(|| KeyError::Rotating(tenant.to_owned()))
    }

    /// Refuses to make keys under another secret than the one of those that are there: nobody else could open them.
    async fn ensure_secret(&self) -> Result<(), KeyError> {
        let asked = sqlx::query_as("select tenant_id, wrapped_key from log.tenant_keys order by made_at desc limit 1");
        let newest: Option<(String, Vec<u8>)> = in_time(ANSWER, asked.fetch_optional(&self.0.pool)).await?;
        match newest {
            Some((tenant, wrapped)) if self.unwrap(&row_of_tenant(&tenant), &wrapped).is_none() => {
                Err(KeyError::OtherSecret(tenant))
            }
            _ => Ok(()),
        }
    }

    async fn tenant(&self, tenant: &str) -> Result<Option<TenantKeys>, KeyError> {
        if let Some(keys) = self.0.tenants.get(tenant) {
            return Ok(Some(keys));
        }
        let asked = sqlx::query_as(
            "select generation, wrapped_key, wrapped_claim_key from log.tenant_keys where tenant_id = $1",
        )
        .bind(tenant);
        let row: Option<(i32, Vec<u8>, Vec<u8>)> = in_time(ANSWER, asked.fetch_optional(&self.0.pool)).await?;
        let Some((generation, key, claims)) = row else { return Ok(None) };
        let unwrapped = self.unwrap(&row_of_tenant(tenant), &key).zip(self.unwrap(&row_of_claims(tenant), &claims));
        let (key, claims) = unwrapped.ok_or_else(|| KeyError::OtherSecret(tenant.to_owned()))?;
        let keys = TenantKeys { generation, key, claims };
        self.0.tenants.insert(tenant.into(), keys.clone());
        Ok(Some(keys))
    }

    fn unwrap(&self, row: &str, wrapped: &[u8]) -> Option<Key> {
        self.0.masters.iter().find_map(|master| master.unwrap(row, wrapped))
    }
}

/// What is known of the keys of subjects.
pub(super) struct Keys {
    /// A subject without a row is not among them; an erased one has `None`.
    pub(super) known: HashMap<Subject, Option<Key>>,
    /// A tenant whose keys this process cannot open.
    of_another_secret: Option<String>,
}

impl Keys {
    fn of_this_secret(self) -> Result<HashMap<Subject, Option<Key>>, KeyError> {
        self.of_another_secret.map_or(Ok(self.known), |tenant| Err(KeyError::OtherSecret(tenant)))
    }
}

/// A payload on its way to be opened.
pub(super) struct Unopened {
    pub(super) tenant: Arc<str>,
    pub(super) aggregate_type: Arc<str>,
    /// The log's, `<tenant>/<id>`.
    pub(super) aggregate_id: String,
    pub(super) sequence: i64,
    pub(super) event_type: Arc<str>,
    pub(super) json: Value,
}

impl Unopened {
    fn subjects(&self) -> Vec<Subject> {
        payload::subjects(&self.json).into_iter().map(|s| (Arc::clone(&self.tenant), Arc::from(s))).collect()
    }

    fn open(&mut self, keys: &HashMap<Subject, Option<Key>>) {
        let origin = Origin {
            tenant: &self.tenant,
            aggregate_type: &self.aggregate_type,
            aggregate_id: &self.aggregate_id,
            sequence: self.sequence,
            event_type: &self.event_type,
        };
        payload::open(&mut self.json, origin, |subject| {
            keys.get(&(Arc::clone(&self.tenant), Arc::from(subject))).map(Option::as_ref)
        });
    }
}

/// The payload of an event that may have personal data. One that is no JSON is left to whoever decodes it.
fn unopened(event: &RecordedEvent) -> Option<Unopened> {
    if !payload::may_be_sealed(event.payload.get()) {
        return None;
    }
    Some(Unopened {
        tenant: Arc::clone(&event.tenant_id),
        aggregate_type: Arc::clone(&event.aggregate_type),
        aggregate_id: format!("{}/{}", event.tenant_id, event.aggregate_id),
        sequence: event.sequence,
        event_type: Arc::clone(&event.event_type),
        json: serde_json::from_str(event.payload.get()).ok()?,
    })
}

fn sealed_answer(answer: &[u8]) -> Option<(&str, &[u8])> {
    let rest = answer.strip_prefix(SEALED_ANSWER)?;
    let end = rest.iter().position(|byte| *byte == 0)?;
    Some((std::str::from_utf8(&rest[..end]).ok()?, &rest[end + 1..]))
}

pub(super) fn row_of_tenant(tenant: &str) -> String {
    format!("tenant\0{tenant}")
}

pub(super) fn row_of_claims(tenant: &str) -> String {
    format!("claims\0{tenant}")
}

pub(super) fn row_of_subject(tenant: &str, subject: &str) -> String {
    format!("subject\0{tenant}\0{subject}")
}

fn secret_of(tenant: &str, [kind, subject]: [&str; 2]) -> String {
    format!("secret\0{tenant}\0{kind}\0{subject}")
}

fn answer_of(tenant: &str, subject: &str) -> String {
    format!("answer\0{tenant}\0{subject}")
}
