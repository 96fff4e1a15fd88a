//! A batch as `log.append` takes it: one array a column.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use sqlx::{PgConnection, Row};
use uuid::Uuid;

use super::append::{Append, Claim, ClaimOperation, Place};
use super::settle::ClaimMove;
use super::tip::Tip;

/// The arrays of one call of `log.append`, borrowed from the appends they stand for.
#[derive(Default)]
pub(super) struct Batch<'a> {
    tip: Option<(i64, Uuid)>,
    tenants: Vec<&'a Arc<str>>,
    tenant_heads: Vec<Option<i64>>,
    tenant_index: HashMap<&'a str, i32>,
    tenant_events: Vec<i32>,
    places: Vec<(i32, i32, i32)>,
    event_ids: Vec<Uuid>,
    event_tenants: Vec<i32>,
    event_ranks: Vec<i32>,
    event_aggregate_types: Vec<&'a str>,
    event_aggregate_ids: Vec<&'a str>,
    event_sequences: Vec<i64>,
    event_types: Vec<&'a str>,
    event_versions: Vec<&'a str>,
    event_payloads: Vec<&'a str>,
    event_metadata: Vec<&'a str>,
    expected_types: Vec<&'a str>,
    expected_ids: Vec<&'a str>,
    expected_versions: Vec<i64>,
    key_ids: Vec<Uuid>,
    key_tenants: Vec<i32>,
    key_hashes: Vec<&'a [u8]>,
    key_answers: Vec<&'a [u8]>,
    key_offsets: Vec<i32>,
    key_tenant_offsets: Vec<i32>,
    takes: ClaimColumns<'a>,
    frees: ClaimColumns<'a>,
    secrets: HashMap<(&'a str, &'a str, &'a str), Option<&'a str>>,
    versions: HashMap<(&'a str, &'a str), i64>,
    seen_keys: HashSet<Uuid>,
    seen_claims: HashSet<(&'a str, &'a str, &'a str)>,
    clean: bool,
}

#[derive(Default)]
struct ClaimColumns<'a> {
    tenants: Vec<&'a str>,
    scopes: Vec<&'a str>,
    values: Vec<&'a str>,
    aggregate_types: Vec<&'a str>,
    aggregate_ids: Vec<&'a str>,
}

impl<'a> ClaimColumns<'a> {
    fn push(
        &mut self,
        tenant: &'a str,
        scope: &'a str,
        value: &'a str,
        aggregate_type: &'a str,
        aggregate_id: &'a str,
    ) {
        self.tenants.push(tenant);
        self.scopes.push(scope);
        self.values.push(value);
        self.aggregate_types.push(aggregate_type);
        self.aggregate_ids.push(aggregate_id);
    }
}

/// What `log.enter` lets write: a process by its generation, in the epoch that it has decided in.
#[derive(Clone, Copy)]
pub(super) struct Pen {
    pub(super) appender: Uuid,
    pub(super) generation: i64,
    pub(super) epoch: i32,
}

/// Where the log ended, and each tenant of the batch, before a batch that `log.append` has taken.
pub(super) struct Base {
    position: i64,
    heads: Vec<i64>,
}

impl<'a> Batch<'a> {
    /// Lays out `appends` in order. Where they bear on each other in a way that only deciding one by one can settle
    /// (a broken chain of versions, a key or a claim twice, a last claim), or one does what `log.append` does not do by itself
    /// (an erasure), [`Batch::is_clean`] says no. Versions that `tip` vouches for are not looked at.
    pub(super) fn of(appends: impl IntoIterator<Item = &'a Append>, tip: &Tip) -> Self {
        let mut batch = Self { clean: true, tip: tip.last(), ..Self::default() };
        for append in appends {
            batch.push(append, Some(tip));
            batch.clean &= append.erasures.is_empty();
            for claim in &append.claims {
                batch.push_claim(&append.tenant, claim);
            }
        }
        batch
    }

    /// Lays out appends that were decided one by one, with the claims that come of all of them together.
    pub(super) fn settled(appends: impl IntoIterator<Item = &'a Append>, moves: &'a [ClaimMove]) -> Self {
        let mut batch = Self { clean: true, ..Self::default() };
        for append in appends {
            batch.push(append, None);
        }
        for claim in moves {
            if let Some((aggregate_type, aggregate_id)) = &claim.from {
                batch.frees.push(&claim.tenant, &claim.scope, &claim.value, aggregate_type, aggregate_id);
            }
            if let Some((aggregate_type, aggregate_id)) = &claim.to {
                batch.takes.push(&claim.tenant, &claim.scope, &claim.value, aggregate_type, aggregate_id);
            }
        }
        batch
    }

    /// Whether `log.append` may take it as a whole.
    pub(super) fn is_clean(&self) -> bool {
        self.clean
    }

    /// How many events it holds.
    pub(super) fn events(&self) -> usize {
        self.event_ids.len()
    }

    fn push(&mut self, append: &'a Append, tip: Option<&Tip>) {
        let tenant = self.tenant(&append.tenant, tip);
        self.push_expectations(append, tip);
        self.push_events(append, tenant);
        let events = i32::try_from(self.event_ids.len()).unwrap_or(i32::MAX);
        let tenant_events = self.tenant_events[index(tenant)];
        self.places.push((tenant, events, tenant_events));
        if let Some((key, answer)) = &append.key {
            self.clean &= self.seen_keys.insert(key.id);
            self.key_ids.push(key.id);
            self.key_tenants.push(tenant);
            self.key_hashes.push(&key.request_hash);
            self.key_answers.push(answer);
            self.key_offsets.push(events);
            self.key_tenant_offsets.push(tenant_events);
        }
        for secret in &append.secrets {
            self.secrets.insert((&append.tenant, &secret.kind, &secret.subject), secret.value.as_deref());
        }
    }

    fn tenant(&mut self, tenant: &'a Arc<str>, tip: Option<&Tip>) -> i32 {
        *self.tenant_index.entry(tenant).or_insert_with(|| {
            self.tenants.push(tenant);
            self.tenant_heads.push(tip.and_then(|tip| tip.head(tenant)));
            self.tenant_events.push(0);
            i32::try_from(self.tenants.len()).unwrap_or(i32::MAX)
        })
    }

    fn push_expectations(&mut self, append: &'a Append, tip: Option<&Tip>) {
        for expectation in &append.expectations {
            let stream = (expectation.aggregate_type, &*expectation.aggregate_id);
            match self.versions.get(&stream) {
                Some(version) => self.clean &= *version == expectation.version,
                None => {
                    self.versions.insert(stream, expectation.version);
                    if tip.is_some_and(|tip| tip.vouches(expectation, append)) {
                        continue;
                    }
                    self.expected_types.push(stream.0);
                    self.expected_ids.push(stream.1);
                    self.expected_versions.push(expectation.version);
                }
            }
        }
    }

    fn push_events(&mut self, append: &'a Append, tenant: i32) {
        for event in &append.events {
            self.tenant_events[index(tenant)] += 1;
            self.versions.insert((event.aggregate_type, &event.aggregate_id), event.sequence);
            self.event_ids.push(event.event_id);
            self.event_tenants.push(tenant);
            self.event_ranks.push(self.tenant_events[index(tenant)]);
            self.event_aggregate_types.push(event.aggregate_type);
            self.event_aggregate_ids.push(&event.aggregate_id);
            self.event_sequences.push(event.sequence);
            self.event_types.push(&event.event_type);
            self.event_versions.push(&event.event_version);
            self.event_payloads.push(&event.payload);
            self.event_metadata.push(&event.metadata);
        }
    }

    fn push_claim(&mut self, tenant: &'a str, claim: &'a Claim) {
        self.clean &= self.seen_claims.insert((tenant, &claim.scope, &claim.value));
        let columns = match claim.operation {
            ClaimOperation::Take => &mut self.takes,
            ClaimOperation::Free => &mut self.frees,
            ClaimOperation::FreeUnlessLast => {
                self.clean = false;
                return;
            }
        };
        columns.push(tenant, &claim.scope, &claim.value, claim.aggregate_type, &claim.aggregate_id);
    }

    /// Calls `log.append`. `None` when something in the database speaks against the batch as a whole; nothing is
    /// changed then.
    pub(super) async fn call(&self, connection: &mut PgConnection, pen: Pen) -> sqlx::Result<Option<Base>> {
        let (mut secret_tenants, mut secret_kinds, mut secret_subjects, mut secret_values) =
            (vec![], vec![], vec![], vec![]);
        for ((tenant, kind, subject), value) in &self.secrets {
            secret_tenants.push(*tenant);
            secret_kinds.push(*kind);
            secret_subjects.push(*subject);
            secret_values.push(*value);
        }
        // Not `from log.append(…)`, which would put the one row into a table first; `offset 0` keeps it one call.
        let row = sqlx::query(
            "select (a).clean, (a).base, (a).heads from (select log.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, \
             $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40) as a offset 0) as called",
        )
        .bind(pen.appender)
        .bind(pen.generation)
        .bind(pen.epoch)
        .bind(self.tip.map(|(position, _)| position))
        .bind(self.tip.map(|(_, event_id)| event_id))
        .bind(self.tenants.iter().map(|tenant| &***tenant).collect::<Vec<&str>>())
        .bind(&self.tenant_heads)
        .bind(or_null(&self.event_ids))
        .bind(or_null(&self.event_tenants))
        .bind(or_null(&self.event_ranks))
        .bind(or_null(&self.event_aggregate_types))
        .bind(or_null(&self.event_aggregate_ids))
        .bind(or_null(&self.event_sequences))
        .bind(or_null(&self.event_types))
        .bind(or_null(&self.event_versions))
        .bind(or_null(&self.event_payloads))
        .bind(or_null(&self.event_metadata))
        .bind(or_null(&self.expected_types))
        .bind(or_null(&self.expected_ids))
        .bind(or_null(&self.expected_versions))
        .bind(or_null(&self.key_ids))
        .bind(or_null(&self.key_tenants))
        .bind(or_null(&self.key_hashes))
        .bind(or_null(&self.key_answers))
        .bind(or_null(&self.key_offsets))
        .bind(or_null(&self.key_tenant_offsets))
        .bind(or_null(&self.takes.tenants))
        .bind(or_null(&self.takes.scopes))
        .bind(or_null(&self.takes.values))
        .bind(or_null(&self.takes.aggregate_types))
        .bind(or_null(&self.takes.aggregate_ids))
        .bind(or_null(&self.frees.tenants))
        .bind(or_null(&self.frees.scopes))
        .bind(or_null(&self.frees.values))
        .bind(or_null(&self.frees.aggregate_types))
        .bind(or_null(&self.frees.aggregate_ids))
        .bind(or_null(&secret_tenants))
        .bind(or_null(&secret_kinds))
        .bind(or_null(&secret_subjects))
        .bind(or_null(&secret_values))
        .fetch_one(connection)
        .await?;
        if !row.try_get::<bool, _>("clean")? {
            return Ok(None);
        }
        Ok(Some(Base { position: row.try_get("base")?, heads: row.try_get("heads")? }))
    }

    /// Its last event is in the log after `base`: the tip from now on.
    pub(super) fn advance(&self, tip: &mut Tip, base: &Base) {
        let Some(last) = self.event_ids.last() else { return };
        let heads = self.tenants.iter().zip(&base.heads).zip(&self.tenant_events);
        let heads = heads.map(|((tenant, head), events)| (Arc::clone(tenant), head + i64::from(*events)));
        tip.advance(base.position, (base.head(self.events()), *last), heads);
    }

    /// Where the append at `n` of the batch was recorded.
    pub(super) fn place(&self, base: &Base, n: usize) -> Place {
        let (tenant, events, tenant_events) = self.places[n];
        Place {
            position: base.position + i64::from(events),
            tenant_position: base.heads[index(tenant)] + i64::from(tenant_events),
        }
    }
}

impl Base {
    /// The head of the log after a batch of `events`.
    pub(super) fn head(&self, events: usize) -> i64 {
        self.position + i64::try_from(events).unwrap_or(0)
    }
}

/// A column, or null where there is nothing in it: `log.append` makes a copy of every array that is not.
fn or_null<T>(column: &[T]) -> Option<&[T]> {
    (!column.is_empty()).then_some(column)
}

/// The database counts arrays from 1.
fn index(tenant: i32) -> usize {
    usize::try_from(tenant - 1).unwrap_or(0)
}

/// A stream, as maps of a batch are keyed by it.
pub(super) type Stream = (&'static str, Arc<str>);
