//! From the log into a file: one tenant as it is in one snapshot.

use std::io::Write;

use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use serde::Serialize;
use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

use super::contents::{
    Answer, Bytes, Claim, ClaimsKey, Counts, End, Erased, Event, Header, Key, PROOF, Sealing, Secret, bound_to,
};
use super::file::{Kind, Writer};
use super::{Progress, TransferError};
use crate::event::RecordedEvent;
use crate::log;
use crate::personal::{Derivation, KeyError, TenantBox, TravelKey, subjects_of};

/// How many events pass between two words about progress.
const EVERY: i64 = 1_000;

/// What is to be exported.
#[derive(Debug, Clone, Copy)]
pub struct Export<'a> {
    /// The tenant's key.
    pub tenant: &'a str,
    /// The scopes of claims whose values are personal: they are of no use without the key they were made with.
    pub personal_claims: &'a [&'a str],
    /// Whether keys and secrets go along.
    pub secrets: Option<Secrets<'a>>,
}

/// What opens secrets here, and what seals them in the file.
#[derive(Clone, Copy)]
pub struct Secrets<'a> {
    /// Seals them.
    pub passphrase: &'a str,
    /// The keys that derive from the master secret, and from the one before it.
    pub masters: &'a [[u8; 32]],
}

impl std::fmt::Debug for Secrets<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(..)")
    }
}

/// What a file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Exported {
    /// Events, which is also the last tenant position.
    pub events: i64,
    /// Claims that are held.
    pub claims: i64,
    /// People who can be read with the passphrase.
    pub people: i64,
    /// People who were erased.
    pub erased: i64,
    /// Secrets, such as the hashes of passwords.
    pub secrets: i64,
    /// Answers of commands that may still be repeated.
    pub answers: i64,
    /// Events with personal data; without the keys nobody can open it any more.
    pub sealed_events: i64,
    /// The size of the file.
    pub bytes: u64,
}

/// Writes all of a tenant to `out`. `pool` connects as `tidemark_log`. The tenant goes on meanwhile; what is exported is the
/// state at the beginning.
///
/// # Errors
/// See [`TransferError`]. What was written by then is refused by every import.
pub async fn export<W: Write>(
    pool: &PgPool,
    request: Export<'_>,
    out: W,
    progress: impl FnMut(Progress),
) -> Result<Exported, TransferError> {
    let mut snapshot = pool.begin().await?;
    sqlx::query("set transaction isolation level repeatable read, read only").execute(&mut *snapshot).await?;
    let exported = write(&mut snapshot, request, out, progress).await?;
    snapshot.commit().await?;
    Ok(exported)
}

async fn write<W: Write>(
    snapshot: &mut PgConnection,
    request: Export<'_>,
    out: W,
    progress: impl FnMut(Progress),
) -> Result<Exported, TransferError> {
    let tenant = request.tenant;
    let (events, exported_at): (Option<i64>, DateTime<Utc>) =
        sqlx::query_as("select max(tenant_position), clock_timestamp() from log.events where tenant_id = $1")
            .bind(tenant)
            .fetch_one(&mut *snapshot)
            .await?;
    let events = events.ok_or_else(|| TransferError::NoTenant(tenant.to_owned()))?;
    let mut writing = Writing { tenant, file: Writer::begin(out)?, travel: None, counts: Counts::default() };
    let sealing = request.secrets.map(|secrets| writing.seal_with(secrets.passphrase)).transpose()?;
    writing.frame(Kind::Header, &Header { tenant: tenant.to_owned(), events, exported_at, secrets: sealing })?;
    let sealed_events = writing.events(snapshot, events, progress).await?;
    let left_out = if request.secrets.is_some() { &[] } else { request.personal_claims };
    writing.claims(snapshot, left_out).await?;
    writing.erased(snapshot).await?;
    if let Some(secrets) = request.secrets {
        writing.keys(snapshot, secrets.masters).await?;
        writing.secrets(snapshot).await?;
        writing.answers(snapshot).await?;
    }
    let counts = writing.counts;
    let bytes = writing.end()?;
    let Counts { events, claims, erased, keys, secrets, answers } = counts;
    Ok(Exported { events, claims, people: keys, erased, secrets, answers, sealed_events, bytes })
}

/// A file that is being written.
struct Writing<'a, W> {
    tenant: &'a str,
    file: Writer<W>,
    travel: Option<TravelKey>,
    counts: Counts,
}

impl<W: Write> Writing<'_, W> {
    fn seal_with(&mut self, passphrase: &str) -> Result<Sealing, TransferError> {
        let derivation = Derivation::new();
        let travel = derivation.key(passphrase).ok_or(TransferError::WrongPassphrase)?;
        let proof = Bytes(travel.seal(&bound_to(self.tenant, "header", ""), PROOF));
        self.travel = Some(travel);
        Ok(Sealing { derivation, proof })
    }

    fn frame(&mut self, kind: Kind, body: &impl Serialize) -> Result<(), TransferError> {
        let body = serde_json::to_vec(body).map_err(std::io::Error::from)?;
        Ok(self.file.frame(kind, &body)?)
    }

    /// A frame that is sealed as a whole.
    fn sealed(&mut self, kind: Kind, what: &str, body: &impl Serialize) -> Result<(), TransferError> {
        let plain = zeroize::Zeroizing::new(serde_json::to_vec(body).map_err(std::io::Error::from)?);
        let place = bound_to(self.tenant, what, &self.file.place());
        let travel = self.travel.as_ref().ok_or(TransferError::NoPassphrase)?;
        Ok(self.file.frame(kind, &travel.seal(&place, &plain))?)
    }

    async fn events(
        &mut self,
        snapshot: &mut PgConnection,
        total: i64,
        mut progress: impl FnMut(Progress),
    ) -> Result<i64, TransferError> {
        let sql = format!("select {} from log.events where tenant_id = $1 order by tenant_position", log::COLUMNS);
        let mut events = sqlx::query_as::<_, RecordedEvent>(&sql).bind(self.tenant).fetch(snapshot);
        let mut sealed = 0;
        while let Some(event) = events.try_next().await? {
            let subjects = subjects_of(&event.payload).map_err(std::io::Error::from)?;
            sealed += i64::from(!subjects.is_empty());
            self.frame(Kind::Event, &contents_of(event))?;
            self.counts.events += 1;
            if self.counts.events % EVERY == 0 || self.counts.events == total {
                progress(Progress::Events { done: self.counts.events, total });
            }
        }
        Ok(sealed)
    }

    async fn claims(&mut self, snapshot: &mut PgConnection, left_out: &[&str]) -> Result<(), TransferError> {
        let mut rows = sqlx::query(
            "select scope, value, aggregate_type, substr(aggregate_id, length(tenant_id) + 2) as aggregate_id from log.claims \
             where tenant_id = $1 and scope <> all ($2) order by scope, value",
        )
        .bind(self.tenant)
        .bind(left_out)
        .fetch(snapshot);
        while let Some(row) = rows.try_next().await? {
            let claim = Claim {
                scope: row.try_get("scope")?,
                value: row.try_get("value")?,
                aggregate_type: row.try_get("aggregate_type")?,
                aggregate_id: row.try_get("aggregate_id")?,
            };
            self.frame(Kind::Claim, &claim)?;
            self.counts.claims += 1;
        }
        Ok(())
    }

    async fn erased(&mut self, snapshot: &mut PgConnection) -> Result<(), TransferError> {
        let mut rows = sqlx::query_as::<_, (String, DateTime<Utc>)>(
            "select subject, erased_at from log.subject_keys where tenant_id = $1 and erased_at is not null order by subject",
        )
        .bind(self.tenant)
        .fetch(snapshot);
        while let Some((subject, erased_at)) = rows.try_next().await? {
            self.frame(Kind::Erased, &Erased { subject, erased_at })?;
            self.counts.erased += 1;
        }
        Ok(())
    }

    async fn keys(&mut self, snapshot: &mut PgConnection, masters: &[[u8; 32]]) -> Result<(), TransferError> {
        let kept: Option<(Vec<u8>, Vec<u8>)> =
            sqlx::query_as("select wrapped_key, wrapped_claim_key from log.tenant_keys where tenant_id = $1")
                .bind(self.tenant)
                .fetch_optional(&mut *snapshot)
                .await?;
        // Without a key of the tenant nothing was ever sealed in it.
        let Some((key, claims)) = kept else { return Ok(()) };
        let tenant_box = TenantBox::unwrap(masters, self.tenant, &key, &claims)?;
        let place = bound_to(self.tenant, "claims", &self.file.place());
        let travel = self.travel.as_ref().ok_or(TransferError::NoPassphrase)?;
        let key = Bytes(tenant_box.send(travel, &place));
        self.frame(Kind::ClaimsKey, &ClaimsKey { key })?;
        let mut rows = sqlx::query_as::<_, (String, Vec<u8>)>(
            "select subject, wrapped_key from log.subject_keys where tenant_id = $1 and erased_at is null order by subject",
        )
        .bind(self.tenant)
        .fetch(snapshot);
        while let Some((subject, wrapped)) = rows.try_next().await? {
            let place = bound_to(self.tenant, &subject, &self.file.place());
            let travel = self.travel.as_ref().ok_or(TransferError::NoPassphrase)?;
            let sent = tenant_box.send_subject(self.tenant, &subject, &wrapped, travel, &place);
            let key = Bytes(sent.ok_or_else(|| KeyError::OtherSecret(self.tenant.to_owned()))?);
            self.frame(Kind::Key, &Key { subject, key })?;
            self.counts.keys += 1;
        }
        Ok(())
    }

    async fn secrets(&mut self, snapshot: &mut PgConnection) -> Result<(), TransferError> {
        let mut rows = sqlx::query_as::<_, (String, String, String)>(
            "select kind, subject, value from log.secrets where tenant_id = $1 order by kind, subject",
        )
        .bind(self.tenant)
        .fetch(snapshot);
        while let Some((kind, subject, value)) = rows.try_next().await? {
            self.sealed(Kind::Secret, "secret", &Secret { kind, subject, value })?;
            self.counts.secrets += 1;
        }
        Ok(())
    }

    async fn answers(&mut self, snapshot: &mut PgConnection) -> Result<(), TransferError> {
        let mut rows = sqlx::query_as::<_, (Uuid, Vec<u8>, Vec<u8>, i64, DateTime<Utc>)>(
            "select key_id, request_hash, answer, tenant_position, recorded_at from log.idempotency_keys \
             where tenant_id = $1 and recorded_at > clock_timestamp() - interval '24 hours'",
        )
        .bind(self.tenant)
        .fetch(snapshot);
        while let Some((key_id, request_hash, answer, tenant_position, recorded_at)) = rows.try_next().await? {
            let (request_hash, answer) = (Bytes(request_hash), Bytes(answer));
            let answer = Answer { key_id, request_hash, answer, tenant_position, recorded_at };
            self.sealed(Kind::Answer, "answer", &answer)?;
            self.counts.answers += 1;
        }
        Ok(())
    }

    fn end(mut self) -> Result<u64, TransferError> {
        let place = bound_to(self.tenant, "end", &self.file.place());
        let proof = self.travel.as_ref().map(|travel| Bytes(travel.seal(&place, PROOF)));
        self.frame(Kind::End, &End { counts: self.counts, proof })?;
        Ok(self.file.finish()?)
    }
}

fn contents_of(event: RecordedEvent) -> Event {
    Event {
        event_id: event.event_id,
        tenant_position: event.tenant_position,
        aggregate_type: event.aggregate_type.to_string(),
        aggregate_id: event.aggregate_id.to_string(),
        sequence: event.sequence,
        event_type: event.event_type.to_string(),
        event_version: event.event_version.to_string(),
        recorded_at: event.recorded_at,
        metadata: event.metadata.to_map(),
        payload: event.payload,
    }
}
