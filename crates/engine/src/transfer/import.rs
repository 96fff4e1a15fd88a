//! From a file into the log: read to the end and believed as a whole, then appended in one transaction.

use std::io::BufRead;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::contents::{Answer, Claim, ClaimsKey, Counts, End, Erased, Event, Header, Key, PROOF, Secret, bound_to};
use super::file::{Frame, Kind, Reader};
use super::stage::Stage;
use super::{Progress, TransferError};
use crate::event::FIRST_RECORDED_AT;
use crate::personal::{TenantBox, TravelKey, subjects_of};

/// How many events pass between two words about progress.
const EVERY: i64 = 1_000;

/// What becomes of people whose data is sealed in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum People {
    /// They can be read as before, so the file must have their keys.
    Kept,
    /// They are as if they had been erased: nobody can read them, or sign in. For a file without keys.
    Forgotten,
}

/// What is to be imported, and what it must fit.
#[derive(Clone, Copy)]
pub struct Import<'a> {
    /// Whose file it must be.
    pub tenant: &'a str,
    /// Opens the file's secrets.
    pub passphrase: Option<&'a str>,
    /// The key that derives from the master secret here.
    pub master: [u8; 32],
    /// What becomes of people.
    pub people: People,
    /// Whether an aggregate's type has events of this type and version.
    pub is_known: &'a dyn Fn(&str, &str, &str) -> bool,
}

impl std::fmt::Debug for Import<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Import").field("tenant", &self.tenant).field("people", &self.people).finish_non_exhaustive()
    }
}

/// What was imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Imported {
    /// Events, which is also the last tenant position.
    pub events: i64,
    /// The log's position before the first of them.
    pub after: i64,
    /// Claims that are held.
    pub claims: i64,
    /// People who can be read.
    pub people: i64,
    /// People who cannot: they were erased, or forgotten by this import.
    pub erased: i64,
    /// Secrets.
    pub secrets: i64,
    /// Answers of commands that may still be repeated.
    pub answers: i64,
}

/// A file of which only the header was read.
pub struct Incoming<R> {
    pub(super) file: Reader<R>,
    pub(super) header: Header,
}

impl<R: BufRead> Incoming<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// When it is no such file, or damaged.
    pub fn open(input: R) -> Result<Self, TransferError> {
        let mut file = Reader::begin(input)?;
        let frame = file.next()?;
        if frame.kind != Kind::Header {
            return Err(file.damaged("the first frame is no header"));
        }
        let header = body(&file, &frame.body)?;
        Ok(Self { file, header })
    }

    /// Whose file it is.
    #[must_use]
    pub fn tenant(&self) -> &str {
        &self.header.tenant
    }

    /// Whether keys and secrets travel along, so that a passphrase is needed.
    #[must_use]
    pub fn has_secrets(&self) -> bool {
        self.header.secrets.is_some()
    }

    /// Reads the rest and appends all of it, or nothing. While it appends, every other append waits. `owner` connects as the
    /// schema's owner.
    ///
    /// # Errors
    /// See [`TransferError`]. When the connection breaks during the commit, [`TransferError::Present`] of another try tells
    /// that it was done.
    pub async fn import(
        self,
        owner: &PgPool,
        request: Import<'_>,
        mut progress: impl FnMut(Progress),
    ) -> Result<Imported, TransferError> {
        if self.header.tenant != request.tenant {
            let (asked, found) = (request.tenant.to_owned(), self.header.tenant);
            return Err(TransferError::OtherTenant { asked, found });
        }
        let travel = self.travel_key(request)?;
        ensure_absent(&mut *owner.acquire().await?, request.tenant).await?;
        let appender = Uuid::new_v4();
        let (generation, epoch): (i64, i32) = sqlx::query_as("select generation, epoch from log.register_appender($1)")
            .bind(appender)
            .fetch_one(owner)
            .await?;

        let mut transaction = owner.begin().await?;
        let mut reading = Reading {
            request,
            travel,
            stage: Stage::prepare(&mut transaction).await?,
            tenant_box: None,
            counts: Counts::default(),
        };
        let total = self.header.events;
        let mut file = self.file;
        loop {
            let frame = file.next()?;
            if frame.kind == Kind::End {
                reading.end(&file, &frame, total)?;
                break;
            }
            reading.take(&file, &frame, &mut transaction).await?;
            let done = reading.counts.events;
            if frame.kind == Kind::Event && (done % EVERY == 0 || done == total) {
                progress(Progress::Events { done, total });
            }
        }
        let Reading { mut stage, tenant_box, counts, .. } = reading;
        stage.flush(&mut transaction).await?;
        stage.ensure_sound(&mut transaction, request.people).await?;

        progress(Progress::Appending);
        sqlx::query("select log.enter($1, $2, $3)")
            .bind(appender)
            .bind(generation)
            .bind(epoch)
            .execute(&mut *transaction)
            .await?;
        ensure_absent(&mut transaction, request.tenant).await?;
        let keys = tenant_box.map(|keys| keys.wrapped(request.master, request.tenant));
        let (after, erased) = stage.append(&mut transaction, request.tenant, keys).await?;
        transaction.commit().await?;
        let Counts { events, claims, keys: people, secrets, answers, .. } = counts;
        Ok(Imported { events, after, claims, people, erased, secrets, answers })
    }

    fn travel_key(&self, request: Import<'_>) -> Result<Option<TravelKey>, TransferError> {
        let Some(sealing) = &self.header.secrets else { return Ok(None) };
        let passphrase = request.passphrase.ok_or(TransferError::NoPassphrase)?;
        let travel = sealing.derivation.key(passphrase).ok_or_else(|| self.file.damaged("no key derives like this"))?;
        let opened = travel.open(&bound_to(request.tenant, "header", ""), &sealing.proof.0);
        if opened.is_none_or(|proof| proof.as_slice() != PROOF) {
            return Err(TransferError::WrongPassphrase);
        }
        Ok(Some(travel))
    }
}

/// A file that is being read.
struct Reading<'a> {
    request: Import<'a>,
    travel: Option<TravelKey>,
    stage: Stage,
    tenant_box: Option<TenantBox>,
    counts: Counts,
}

impl Reading<'_> {
    async fn take<R: BufRead>(
        &mut self,
        file: &Reader<R>,
        frame: &Frame,
        connection: &mut PgConnection,
    ) -> Result<(), TransferError> {
        match frame.kind {
            Kind::Event => self.event(body(file, &frame.body)?, file)?,
            Kind::Claim => {
                self.stage.claims.push(&body::<R, Claim>(file, &frame.body)?)?;
                self.counts.claims += 1;
            }
            Kind::Erased => {
                self.stage.erased.push(&body::<R, Erased>(file, &frame.body)?)?;
                self.counts.erased += 1;
            }
            Kind::ClaimsKey => self.claims_key(file, frame)?,
            Kind::Key => self.key(file, frame)?,
            Kind::Secret => {
                let secret: Secret = self.opened(file, frame, "secret")?;
                self.stage.secrets.push(&secret)?;
                self.counts.secrets += 1;
            }
            Kind::Answer => {
                let answer: Answer = self.opened(file, frame, "answer")?;
                self.stage.push_answer(&answer)?;
                self.counts.answers += 1;
            }
            Kind::Header | Kind::End => return Err(file.damaged("there is a second header")),
        }
        self.stage.flush_if_heavy(connection).await
    }

    fn event<R: BufRead>(&mut self, mut event: Event, file: &Reader<R>) -> Result<(), TransferError> {
        let has_ended = self.counts != Counts { events: self.counts.events, ..Counts::default() };
        if has_ended || event.tenant_position != self.counts.events + 1 {
            return Err(file.damaged(format!("event {} is not in its place", event.tenant_position)));
        }
        if !(self.request.is_known)(&event.aggregate_type, &event.event_type, &event.event_version) {
            return Err(TransferError::UnknownEvent {
                tenant_position: event.tenant_position,
                aggregate_type: event.aggregate_type,
                event_type: event.event_type,
                event_version: event.event_version,
            });
        }
        for subject in subjects_of(&event.payload).map_err(|error| file.damaged(error.to_string()))? {
            self.stage.push_sealed(subject)?;
        }
        // Whoever has moved twice was first recorded where it began.
        let first = event.recorded_at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        event.metadata.entry(FIRST_RECORDED_AT.to_owned()).or_insert(first);
        self.counts.events += 1;
        self.stage.events.push(event)
    }

    fn claims_key<R: BufRead>(&mut self, file: &Reader<R>, frame: &Frame) -> Result<(), TransferError> {
        let ClaimsKey { key } = body(file, &frame.body)?;
        let place = bound_to(self.request.tenant, "claims", &frame.place);
        let travel = self.travel.as_ref().ok_or_else(|| unsealed(file))?;
        let received = TenantBox::receive(travel, &place, &key.0);
        self.tenant_box = Some(received.ok_or_else(|| file.damaged("the claims' key does not open"))?);
        Ok(())
    }

    fn key<R: BufRead>(&mut self, file: &Reader<R>, frame: &Frame) -> Result<(), TransferError> {
        let Key { subject, key } = body(file, &frame.body)?;
        let (tenant, place) = (self.request.tenant, bound_to(self.request.tenant, &subject, &frame.place));
        let (travel, keys) = self.travel.as_ref().zip(self.tenant_box.as_ref()).ok_or_else(|| unsealed(file))?;
        let received = keys.receive_subject(tenant, &subject, &key.0, travel, &place);
        let (wrapped, fingerprint) = received.ok_or_else(|| file.damaged("a person's key does not open"))?;
        self.stage.push_key(&subject, wrapped, &fingerprint)?;
        self.counts.keys += 1;
        Ok(())
    }

    fn opened<R: BufRead, T: DeserializeOwned>(
        &self,
        file: &Reader<R>,
        frame: &Frame,
        what: &str,
    ) -> Result<T, TransferError> {
        let place = bound_to(self.request.tenant, what, &frame.place);
        let travel = self.travel.as_ref().ok_or_else(|| unsealed(file))?;
        let plain = travel.open(&place, &frame.body).ok_or_else(|| file.damaged("a secret does not open"))?;
        // Nothing of a secret may be in an error.
        serde_json::from_slice(&plain).map_err(|_| file.damaged("a secret has another shape"))
    }

    fn end<R: BufRead>(&self, file: &Reader<R>, frame: &Frame, events: i64) -> Result<(), TransferError> {
        let End { counts, proof } = body(file, &frame.body)?;
        if counts != self.counts || counts.events != events {
            return Err(file.damaged("it has another number of frames than it says"));
        }
        let Some(travel) = &self.travel else { return Ok(()) };
        let place = bound_to(self.request.tenant, "end", &frame.place);
        let opened = proof.and_then(|proof| travel.open(&place, &proof.0));
        if opened.is_none_or(|proof| proof.as_slice() != PROOF) {
            return Err(file.damaged("it was changed by somebody without the passphrase"));
        }
        Ok(())
    }
}

/// The tenant, and all that is kept by its name, must not be here.
async fn ensure_absent(connection: &mut PgConnection, tenant: &str) -> Result<(), TransferError> {
    let (events, has_keys): (i64, bool) = sqlx::query_as(
        "select coalesce(max(e.tenant_position), 0), \
                exists (select from log.tenant_keys k where k.tenant_id = $1) or exists (select from log.subject_keys s where s.tenant_id = $1) \
         from log.events e where e.tenant_id = $1",
    )
    .bind(tenant)
    .fetch_one(connection)
    .await?;
    match (events, has_keys) {
        (0, false) => Ok(()),
        (0, true) => Err(TransferError::KeysPresent(tenant.to_owned())),
        _ => Err(TransferError::Present { tenant: tenant.to_owned(), events }),
    }
}

pub(super) fn body<R: BufRead, T: DeserializeOwned>(file: &Reader<R>, body: &[u8]) -> Result<T, TransferError> {
    serde_json::from_slice(body).map_err(|error| file.damaged(error.to_string()))
}

fn unsealed<R: BufRead>(file: &Reader<R>) -> TransferError {
    file.damaged("a secret without a header that says how it is sealed")
}
