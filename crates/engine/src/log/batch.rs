//! A batch as `log.append` takes it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use sqlx::PgConnection;
use uuid::Uuid;

use super::append::{Append, Claim, ClaimOperation, Place};
use super::record::{ClaimRecord, EventRecord, ExpectationRecord, IdempotencyKeyRecord, JsonText, SecretChangeRecord};
use super::settle::ClaimMove;
use super::tip::Tip;

/// What one call of `log.append` is given, borrowed from the appends it stands for.
#[derive(Default)]
pub(super) struct Batch<'a> {
    tip: Option<(i64, Uuid)>,
    tenants: Vec<&'a Arc<str>>,
    tenant_heads: Vec<Option<i64>>,
    tenant_index: HashMap<&'a str, i32>,
    tenant_events: Vec<i32>,
    places: Vec<(i32, i32, i32)>,
    events: Vec<EventRecord<'a>>,
    expectations: Vec<ExpectationRecord<'a>>,
    keys: Vec<IdempotencyKeyRecord<'a>>,
    takes: Vec<ClaimRecord<'a>>,
    frees: Vec<ClaimRecord<'a>>,
    secrets: HashMap<(&'a str, &'a str, &'a str), Option<&'a str>>,
    versions: HashMap<(&'a str, &'a str), i64>,
    seen_keys: HashSet<Uuid>,
    seen_claims: HashSet<(&'a str, &'a str, &'a str)>,
    clean: bool,
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
            let held_by = |(aggregate_type, aggregate_id): &'a (String, String)| ClaimRecord {
                tenant_id: &claim.tenant,
                scope: &claim.scope,
                value: &claim.value,
                aggregate_type,
                aggregate_id,
            };
            batch.frees.extend(claim.from.as_ref().map(held_by));
            batch.takes.extend(claim.to.as_ref().map(held_by));
        }
        batch
    }

    /// Whether `log.append` may take it as a whole.
    pub(super) fn is_clean(&self) -> bool {
        self.clean
    }

    /// How many events it holds.
    pub(super) fn events(&self) -> usize {
        self.events.len()
    }

    fn push(&mut self, append: &'a Append, tip: Option<&Tip>) {
        let tenant = self.tenant(&append.tenant, tip);
        self.push_expectations(append, tip);
        self.push_events(append, tenant);
        let events = i32::try_from(self.events.len()).unwrap_or(i32::MAX);
        let tenant_events = self.tenant_events[index(tenant)];
        self.places.push((tenant, events, tenant_events));
        if let Some((key, answer)) = &append.key {
            self.clean &= self.seen_keys.insert(key.id);
            self.keys.push(IdempotencyKeyRecord {
                key_id: key.id,
                tenant_index: tenant,
                request_hash: &key.request_hash,
                answer,
                position_offset: events,
                tenant_position_offset: tenant_events,
            });
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
                    self.expectations.push(ExpectationRecord {
                        aggregate_type: stream.0,
                        aggregate_id: stream.1,
                        version: expectation.version,
                    });
                }
            }
        }
    }

    fn push_events(&mut self, append: &'a Append, tenant: i32) {
        for event in &append.events {
            self.tenant_events[index(tenant)] += 1;
            self.versions.insert((event.aggregate_type, &event.aggregate_id), event.sequence);
            self.events.push(EventRecord {
                event_id: event.event_id,
                tenant_index: tenant,
                tenant_position_offset: self.tenant_events[index(tenant)],
                aggregate_type: event.aggregate_type,
                aggregate_id: &event.aggregate_id,
                sequence: event.sequence,
                event_type: &event.event_type,
                event_version: &event.event_version,
                payload: JsonText(&event.payload),
                metadata: JsonText(&event.metadata),
            });
        }
    }

    fn push_claim(&mut self, tenant: &'a str, claim: &'a Claim) {
        self.clean &= self.seen_claims.insert((tenant, &claim.scope, &claim.value));
        let records = match claim.operation {
            ClaimOperation::Take => &mut self.takes,
            ClaimOperation::Free => &mut self.frees,
            ClaimOperation::FreeUnlessLast => {
                self.clean = false;
                return;
            }
        };
        records.push(ClaimRecord {
            tenant_id: tenant,
            scope: &claim.scope,
            value: &claim.value,
            aggregate_type: claim.aggregate_type,
            aggregate_id: &claim.aggregate_id,
        });
    }

    /// Calls `log.append`. `None` when something in the database speaks against the batch as a whole; nothing is
    /// changed then.
    pub(super) async fn call(&self, connection: &mut PgConnection, pen: Pen) -> sqlx::Result<Option<Base>> {
        let secrets: Vec<SecretChangeRecord<'_>> = self
            .secrets
            .iter()
            .map(|(secret, value)| {
                let (tenant_id, kind, subject) = *secret;
                SecretChangeRecord { tenant_id, kind, subject, value: *value }
            })
            .collect();
        let ends: Option<Vec<i64>> =
            sqlx::query_scalar("select log.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)")
                .bind(pen.appender)
                .bind(pen.generation)
                .bind(pen.epoch)
                .bind(self.tip.map(|(position, _)| position))
                .bind(self.tip.map(|(_, event_id)| event_id))
                .bind(self.tenants.iter().map(|tenant| &***tenant).collect::<Vec<&str>>())
                .bind(&self.tenant_heads)
                .bind(or_null(&self.events))
                .bind(or_null(&self.expectations))
                .bind(or_null(&self.keys))
                .bind(or_null(&self.takes))
                .bind(or_null(&self.frees))
                .bind(or_null(&secrets))
                .fetch_one(connection)
                .await?;
        let Some(ends) = ends else { return Ok(None) };
        match ends.split_first() {
            Some((position, heads)) if heads.len() == self.tenants.len() => {
                Ok(Some(Base { position: *position, heads: heads.to_vec() }))
            }
            // It may be committed by now, and is looked for.
            _ => {
                Err(sqlx::Error::Protocol("log.append has returned another number of tenants than it was given".into()))
            }
        }
    }

    /// Its last event is in the log after `base`: the tip from now on.
    pub(super) fn advance(&self, tip: &mut Tip, base: &Base) {
        let Some(last) = self.events.last() else { return };
        let heads = self.tenants.iter().zip(&base.heads).zip(&self.tenant_events);
        let heads = heads.map(|((tenant, head), events)| (Arc::clone(tenant), head + i64::from(*events)));
        tip.advance(base.position, (base.head(self.events()), last.event_id), heads);
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

/// The records, or null where there are none, so that `log.append` leaves out what concerns them.
fn or_null<T>(records: &[T]) -> Option<&[T]> {
    (!records.is_empty()).then_some(records)
}

/// The database counts arrays from 1.
fn index(tenant: i32) -> usize {
    usize::try_from(tenant - 1).unwrap_or(0)
}

/// A stream, as maps of a batch are keyed by it.
pub(super) type Stream = (&'static str, Arc<str>);
