//! Decides a batch command by command, where taking it as a whole is not possible.
//!
//! The facts are read under the append lock, so nothing can change before the batch is committed. The decision
//! itself is a function of facts and batch alone.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use sqlx::{PgConnection, Row};
use uuid::Uuid;

use super::append::{Append, Appended, ClaimOperation, Place};
use super::batch::Stream;

/// One remembered command.
#[derive(Debug, Clone)]
pub(super) struct RememberedKey {
    request_hash: Vec<u8>,
    answer: Vec<u8>,
    place: Place,
}

type ClaimKey = (Arc<str>, String, String);
/// Type and id of the aggregate that holds a claim.
type Holder = (String, String);

/// What the database holds that bears on a batch.
#[derive(Debug, Default)]
pub(super) struct Facts {
    versions: HashMap<Stream, i64>,
    keys: HashMap<Uuid, RememberedKey>,
    claims: HashMap<ClaimKey, Holder>,
    /// How many values each scope with a last-one rule has.
    scope_sizes: HashMap<(Arc<str>, String), i64>,
}

/// What becomes of one append of the batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It goes into the log.
    Accept,
    /// It does not, for this reason.
    Refuse(Appended),
    /// Its key was used earlier in this batch by the append at this index: the answer is that one's.
    SameAs(usize),
}

impl Verdict {
    /// What it is refused with, if it is.
    pub(super) fn refusal(self) -> Option<Appended> {
        match self {
            Self::Refuse(outcome) => Some(outcome),
            Self::Accept | Self::SameAs(_) => None,
        }
    }
}

/// Reads the facts that bear on `appends`. The caller holds the append lock.
pub(super) async fn examine(connection: &mut PgConnection, appends: &[&Append]) -> sqlx::Result<Facts> {
    let mut facts = Facts::default();
    let streams: HashSet<Stream> =
        appends.iter().flat_map(|a| &a.expectations).map(|x| (x.aggregate_type, Arc::clone(&x.aggregate_id))).collect();
    let streams: Vec<Stream> = streams.into_iter().collect();
    let types: Vec<&str> = streams.iter().map(|s| s.0).collect();
    let ids: Vec<&str> = streams.iter().map(|s| &*s.1).collect();
    let versions: Vec<i64> = sqlx::query_scalar(
        "select coalesce((select e.sequence from log.events e where e.aggregate_type = s.t and e.aggregate_id = s.i \
         order by e.sequence desc limit 1), 0) from unnest($1::text[], $2::text[]) with ordinality as s(t, i, n) order by s.n",
    )
    .bind(types)
    .bind(ids)
    .fetch_all(&mut *connection)
    .await?;
    facts.versions = streams.into_iter().zip(versions).collect();

    let key_ids: Vec<Uuid> = appends.iter().filter_map(|a| a.key.as_ref()).map(|(key, _)| key.id).collect();
    facts.keys = find_keys(&mut *connection, &key_ids).await?;

    let touched: HashSet<ClaimKey> = appends
        .iter()
        .flat_map(|a| a.claims.iter().map(|c| (Arc::clone(&a.tenant), c.scope.clone(), c.value.clone())))
        .collect();
    let tenants: Vec<&str> = touched.iter().map(|t| &*t.0).collect();
    let scopes: Vec<&str> = touched.iter().map(|t| t.1.as_str()).collect();
    let values: Vec<&str> = touched.iter().map(|t| t.2.as_str()).collect();
    let rows = sqlx::query(
        "select c.tenant_id, c.scope, c.value, c.aggregate_type, c.aggregate_id from unnest($1::text[], $2::text[], $3::text[]) as t(tenant, scope, value) \
         join log.claims c on c.tenant_id = t.tenant and c.scope = t.scope and c.value = t.value",
    )
    .bind(tenants)
    .bind(scopes)
    .bind(values)
    .fetch_all(&mut *connection)
    .await?;
    for row in rows {
        let key = (Arc::from(row.try_get::<&str, _>("tenant_id")?), row.try_get("scope")?, row.try_get("value")?);
        facts.claims.insert(key, (row.try_get("aggregate_type")?, row.try_get("aggregate_id")?));
    }

    let counted: HashSet<(Arc<str>, String)> = appends
        .iter()
        .flat_map(|a| {
            a.claims
                .iter()
                .filter(|c| c.operation == ClaimOperation::FreeUnlessLast)
                .map(|c| (Arc::clone(&a.tenant), c.scope.clone()))
        })
        .collect();
    for (tenant, scope) in counted {
        let size = sqlx::query_scalar("select count(*) from log.claims where tenant_id = $1 and scope = $2")
            .bind(&*tenant)
            .bind(&scope)
            .fetch_one(&mut *connection)
            .await?;
        facts.scope_sizes.insert((tenant, scope), size);
    }
    Ok(facts)
}

/// The commands of the last 24 hours that used one of these keys.
pub(super) async fn find_keys(
    connection: &mut PgConnection,
    ids: &[Uuid],
) -> sqlx::Result<HashMap<Uuid, RememberedKey>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query(
        "select key_id, request_hash, answer, position, tenant_position from log.idempotency_keys \
         where key_id = any($1) and recorded_at > clock_timestamp() - interval '24 hours'",
    )
    .bind(ids)
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let place = Place { position: row.try_get("position")?, tenant_position: row.try_get("tenant_position")? };
            let remembered =
                RememberedKey { request_hash: row.try_get("request_hash")?, answer: row.try_get("answer")?, place };
            Ok((row.try_get("key_id")?, remembered))
        })
        .collect()
}

impl RememberedKey {
    /// What a request with this hash is told.
    pub(super) fn outcome(&self, request_hash: &[u8; 32]) -> Appended {
        if self.request_hash == request_hash {
            Appended::Replayed { place: self.place, answer: self.answer.clone() }
        } else {
            Appended::KeyReused
        }
    }
}

/// A batch, decided.
pub(super) struct Settled {
    /// One for each append, in their order.
    pub(super) verdicts: Vec<Verdict>,
    /// The claims whose holder is another one in the end.
    pub(super) moves: Vec<ClaimMove>,
    /// Which of them another process was faster than: their stream has moved on, and not only something below them in this
    /// process has come to nothing.
    pub(super) outrun: HashSet<usize>,
}

/// Decides each append in order: its key first, then the versions it was decided on, then its claims. What is refused
/// changes nothing for those after it.
pub(super) fn decide(mut facts: Facts, appends: &[&Append]) -> Settled {
    let held_before = facts.claims.clone();
    let mut used: HashMap<Uuid, usize> = HashMap::new();
    // The rounds that are broken off, and whether another process was the reason.
    let mut broken: HashMap<usize, bool> = HashMap::new();
    let mut outrun = HashSet::new();
    let mut verdicts = Vec::with_capacity(appends.len());
    for (n, append) in appends.iter().enumerate() {
        let fell: Vec<bool> = append.rounds().filter_map(|round| broken.get(&round.identity()).copied()).collect();
        let verdict = if fell.is_empty() {
            facts.decide_one(append, &used, appends)
        } else {
            Verdict::Refuse(Appended::Conflict)
        };
        let outdated = verdict == Verdict::Refuse(Appended::Conflict);
        let is_outrun = outdated && if fell.is_empty() { facts.is_outrun(append) } else { fell.contains(&true) };
        if is_outrun {
            outrun.insert(n);
        }
        if outdated || (verdict != Verdict::Accept && !append.events.is_empty()) {
            broken.extend(append.rounds().map(|round| (round.identity(), is_outrun)));
        }
        if verdict == Verdict::Accept {
            facts.accept(append);
            if let Some((key, _)) = &append.key {
                used.insert(key.id, n);
            }
        }
        verdicts.push(verdict);
    }
    let moves = claim_moves(held_before, facts.claims);
    Settled { verdicts, moves, outrun }
}

/// A claim that another aggregate, or none, holds after the batch.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ClaimMove {
    pub(super) tenant: Arc<str>,
    pub(super) scope: String,
    pub(super) value: String,
    pub(super) from: Option<Holder>,
    pub(super) to: Option<Holder>,
}

fn claim_moves(mut before: HashMap<ClaimKey, Holder>, after: HashMap<ClaimKey, Holder>) -> Vec<ClaimMove> {
    let mut moves = Vec::new();
    for ((tenant, scope, value), to) in after {
        let key = (tenant, scope, value);
        let from = before.remove(&key);
        if from.as_ref() != Some(&to) {
            moves.push(ClaimMove { tenant: key.0, scope: key.1, value: key.2, from, to: Some(to) });
        }
    }
    moves.extend(before.into_iter().map(|((tenant, scope, value), from)| ClaimMove {
        tenant,
        scope,
        value,
        from: Some(from),
        to: None,
    }));
    moves
}

impl Facts {
    fn decide_one(&self, append: &Append, used: &HashMap<Uuid, usize>, appends: &[&Append]) -> Verdict {
        if let Some((key, _)) = &append.key {
            if let Some(remembered) = self.keys.get(&key.id) {
                return Verdict::Refuse(remembered.outcome(&key.request_hash));
            }
            if let Some(first) = used.get(&key.id) {
                let same =
                    appends[*first].key.as_ref().is_some_and(|(other, _)| other.request_hash == key.request_hash);
                return if same { Verdict::SameAs(*first) } else { Verdict::Refuse(Appended::KeyReused) };
            }
        }
        let moved_on = append.expectations.iter().any(|x| self.version(x.aggregate_type, &x.aggregate_id) != x.version);
        if moved_on {
            return Verdict::Refuse(Appended::Conflict);
        }
        self.refused_claim(append).map_or(Verdict::Accept, |scope| Verdict::Refuse(Appended::ClaimRefused { scope }))
    }

    /// Whether a stream that it was decided on top of, and not only looked at, has moved on.
    fn is_outrun(&self, append: &Append) -> bool {
        let decided_on = append.expectations.iter().filter(|x| x.round.is_some());
        decided_on.into_iter().any(|x| self.version(x.aggregate_type, &x.aggregate_id) != x.version)
    }

    fn version(&self, aggregate_type: &'static str, aggregate_id: &Arc<str>) -> i64 {
        self.versions.get(&(aggregate_type, Arc::clone(aggregate_id))).copied().unwrap_or(0)
    }

    /// The scope of the first claim that cannot be had, seen in order: what a command frees it may take again.
    fn refused_claim(&self, append: &Append) -> Option<String> {
        let mut freed: HashSet<(&str, &str)> = HashSet::new();
        let mut freed_of_scope: HashMap<&str, i64> = HashMap::new();
        for claim in &append.claims {
            let key = (Arc::clone(&append.tenant), claim.scope.clone(), claim.value.clone());
            let holder =
                self.claims.get(&key).filter(|_| !freed.contains(&(claim.scope.as_str(), claim.value.as_str())));
            let ours = holder.is_some_and(|(kind, id)| kind == claim.aggregate_type && **id == *claim.aggregate_id);
            match claim.operation {
                ClaimOperation::Take if holder.is_some() && !ours => return Some(claim.scope.clone()),
                ClaimOperation::Take => {
                    freed.remove(&(claim.scope.as_str(), claim.value.as_str()));
                }
                ClaimOperation::FreeUnlessLast if ours => {
                    let size =
                        self.scope_sizes.get(&(Arc::clone(&append.tenant), claim.scope.clone())).copied().unwrap_or(0);
                    let freed_here = freed_of_scope.entry(&claim.scope).or_insert(0);
                    if size - *freed_here <= 1 {
                        return Some(claim.scope.clone());
                    }
                    *freed_here += 1;
                    freed.insert((&claim.scope, &claim.value));
                }
                ClaimOperation::Free if ours => {
                    *freed_of_scope.entry(&claim.scope).or_insert(0) += 1;
                    freed.insert((&claim.scope, &claim.value));
                }
                ClaimOperation::Free | ClaimOperation::FreeUnlessLast => {}
            }
        }
        None
    }

    fn accept(&mut self, append: &Append) {
        for event in &append.events {
            self.versions.insert((event.aggregate_type, Arc::clone(&event.aggregate_id)), event.sequence);
        }
        for claim in &append.claims {
            let key = (Arc::clone(&append.tenant), claim.scope.clone(), claim.value.clone());
            let size = self.scope_sizes.get_mut(&(Arc::clone(&append.tenant), claim.scope.clone()));
            let ours = self
                .claims
                .get(&key)
                .is_some_and(|(kind, id)| kind == claim.aggregate_type && **id == *claim.aggregate_id);
            match claim.operation {
                ClaimOperation::Take => {
                    let new = self
                        .claims
                        .insert(key, (claim.aggregate_type.to_owned(), claim.aggregate_id.to_string()))
                        .is_none();
                    if let (true, Some(size)) = (new, size) {
                        *size += 1;
                    }
                }
                ClaimOperation::Free | ClaimOperation::FreeUnlessLast if ours => {
                    self.claims.remove(&key);
                    if let Some(size) = size {
                        *size -= 1;
                    }
                }
                ClaimOperation::Free | ClaimOperation::FreeUnlessLast => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::append::{Claim, Expectation, NewEvent, Round};
    use super::*;

    fn edit(id: &str, version: i64, round: &Round) -> Append {
        let aggregate_id: Arc<str> = format!("acme/{id}").into();
        let event = NewEvent {
            event_id: Uuid::now_v7(),
            aggregate_type: "post",
            aggregate_id: Arc::clone(&aggregate_id),
            sequence: version + 1,
            event_type: "PostEdited".into(),
            event_version: "1".into(),
            payload: "{}".into(),
            metadata: "{}".into(),
        };
        Append {
            tenant: "acme".into(),
            expectations: vec![Expectation {
                aggregate_type: "post",
                aggregate_id,
                version,
                round: Some(round.clone()),
            }],
            events: vec![event],
            claims: vec![],
            secrets: vec![],
            row_changes: vec![],
            erasures: vec![],
            key: None,
            tries: 0,
            trace: None,
        }
    }

    fn claiming(mut append: Append, value: &str) -> Append {
        append.claims.push(Claim {
            operation: ClaimOperation::Take,
            scope: "post.slug".into(),
            value: value.into(),
            aggregate_type: "post",
            aggregate_id: Arc::clone(&append.expectations[0].aggregate_id),
        });
        append
    }

    #[test]
    fn what_builds_on_a_refused_append_falls_even_when_another_event_took_its_place() {
        let (ours, theirs) = (Round::default(), Round::default());
        let held = (Arc::from("acme"), "post.slug".to_owned(), "taken".to_owned());
        let facts = Facts {
            claims: HashMap::from([(held, ("post".to_owned(), "acme/holder".to_owned()))]),
            ..Facts::default()
        };
        let refused = claiming(edit("a", 0, &ours), "taken");
        let in_its_place = edit("a", 0, &theirs);
        let built_on_the_refused = edit("a", 1, &ours);
        let built_on_the_other = edit("a", 1, &theirs);
        let Settled { verdicts, outrun, .. } =
            decide(facts, &[&refused, &in_its_place, &built_on_the_refused, &built_on_the_other]);
        assert_eq!(
            verdicts,
            [
                Verdict::Refuse(Appended::ClaimRefused { scope: "post.slug".into() }),
                Verdict::Accept,
                Verdict::Refuse(Appended::Conflict),
                Verdict::Accept
            ]
        );
        assert!(outrun.is_empty(), "nobody else was faster");
    }

    #[test]
    fn a_refused_append_takes_no_claim_from_those_after_it() {
        let (one, two) = (Round::default(), Round::default());
        let outdated = claiming(edit("a", 7, &one), "free");
        let next = claiming(edit("b", 0, &two), "free");
        let Settled { verdicts, moves, outrun } = decide(Facts::default(), &[&outdated, &next]);
        assert_eq!(outrun, HashSet::from([0]));
        assert_eq!(verdicts, [Verdict::Refuse(Appended::Conflict), Verdict::Accept]);
        assert_eq!(moves.len(), 1);
        assert_eq!(moves[0].to, Some(("post".to_owned(), "acme/b".to_owned())));
    }
}
