//! What was read of a file, in temporary tables: they hold any amount, nobody else sees them, and they are gone with their
//! transaction, however it ends.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use sqlx::{Executor, PgConnection};
use uuid::Uuid;

use super::TransferError;
use super::contents::{Answer, Event};
use super::import::People;

/// Rows go to the database when they weigh so much.
const HEAVY: usize = 1 << 20;
const MANY: usize = 2_000;

const TABLES: &str = "\
    create temporary table moved_events (tenant_position bigint, event_id uuid, aggregate_type text collate \"C\", aggregate_id text collate \"C\", \
        sequence bigint, event_type text, event_version text, payload text, metadata text) on commit drop; \
    create temporary table moved_claims (scope text collate \"C\", value text collate \"C\", aggregate_type text collate \"C\", aggregate_id text collate \"C\") on commit drop; \
    create temporary table moved_people (subject text collate \"C\", wrapped_key bytea, fingerprint text, erased_at timestamptz) on commit drop; \
    create temporary table moved_sealed (subject text collate \"C\" primary key) on commit drop; \
    create temporary table moved_secrets (kind text collate \"C\", subject text collate \"C\", value text) on commit drop; \
    create temporary table moved_answers (key_id uuid, request_hash bytea, answer bytea, tenant_position bigint, recorded_at timestamptz) on commit drop";

const CLAIMS: &str = "insert into pg_temp.moved_claims select x.scope, x.value, x.\"aggregateType\", x.\"aggregateId\" \
    from json_to_recordset($1::json) as x(scope text, value text, \"aggregateType\" text, \"aggregateId\" text)";
const ERASED: &str = "insert into pg_temp.moved_people (subject, erased_at) select x.subject, x.\"erasedAt\" \
    from json_to_recordset($1::json) as x(subject text, \"erasedAt\" timestamptz)";
const KEYS: &str = "insert into pg_temp.moved_people (subject, wrapped_key, fingerprint) select x.subject, decode(x.key, 'base64'), x.fingerprint \
    from json_to_recordset($1::json) as x(subject text, key text, fingerprint text)";
const SEALED: &str = "insert into pg_temp.moved_sealed select x.subject from json_to_recordset($1::json) as x(subject text) on conflict do nothing";
const SECRETS: &str = "insert into pg_temp.moved_secrets select x.kind, x.subject, x.value \
    from json_to_recordset($1::json) as x(kind text, subject text, value text)";
const ANSWERS: &str = "insert into pg_temp.moved_answers select x.key_id, decode(x.request_hash, 'base64'), decode(x.answer, 'base64'), x.tenant_position, x.recorded_at \
    from json_to_recordset($1::json) as x(key_id uuid, request_hash text, answer text, tenant_position bigint, recorded_at timestamptz)";

/// Rows on their way into the temporary tables.
pub(super) struct Stage {
    pub(super) events: Events,
    pub(super) claims: Rows,
    pub(super) erased: Rows,
    pub(super) secrets: Rows,
    keys: Rows,
    sealed: Rows,
    answers: Rows,
    /// The person of the last event, who often is that of the next.
    last_sealed: String,
}

impl Stage {
    /// Makes the tables.
    pub(super) async fn prepare(connection: &mut PgConnection) -> sqlx::Result<Self> {
        connection.execute(TABLES).await?;
        Ok(Self {
            events: Events::default(),
            claims: Rows::into(CLAIMS),
            erased: Rows::into(ERASED),
            secrets: Rows::into(SECRETS),
            keys: Rows::into(KEYS),
            sealed: Rows::into(SEALED),
            answers: Rows::into(ANSWERS),
            last_sealed: String::new(),
        })
    }

    pub(super) fn push_key(&mut self, subject: &str, wrapped: Vec<u8>, fingerprint: &str) -> Result<(), TransferError> {
        self.keys.push(&json!({ "subject": subject, "key": STANDARD.encode(wrapped), "fingerprint": fingerprint }))
    }

    pub(super) fn push_sealed(&mut self, subject: String) -> Result<(), TransferError> {
        if subject == self.last_sealed {
            return Ok(());
        }
        self.sealed.push(&json!({ "subject": subject }))?;
        self.last_sealed = subject;
        Ok(())
    }

    pub(super) fn push_answer(&mut self, answer: &Answer) -> Result<(), TransferError> {
        self.answers.push(&json!({
            "key_id": answer.key_id,
            "request_hash": STANDARD.encode(&answer.request_hash.0),
            "answer": STANDARD.encode(&answer.answer.0),
            "tenant_position": answer.tenant_position,
            "recorded_at": answer.recorded_at,
        }))
    }

    /// Writes whatever has become heavy.
    pub(super) async fn flush_if_heavy(&mut self, connection: &mut PgConnection) -> Result<(), TransferError> {
        if self.events.is_heavy() {
            self.events.flush(connection).await?;
        }
        for rows in self.rows() {
            if rows.json.len() > HEAVY {
                rows.flush(connection).await?;
            }
        }
        Ok(())
    }

    /// Writes whatever is left.
    pub(super) async fn flush(&mut self, connection: &mut PgConnection) -> Result<(), TransferError> {
        self.events.flush(connection).await?;
        for rows in self.rows() {
            rows.flush(connection).await?;
        }
        Ok(())
    }

    fn rows(&mut self) -> [&mut Rows; 6] {
        [&mut self.claims, &mut self.erased, &mut self.secrets, &mut self.keys, &mut self.sealed, &mut self.answers]
    }

    /// Whether all that was read fits together, as no check of a single frame can tell.
    pub(super) async fn ensure_sound(
        &self,
        connection: &mut PgConnection,
        people: People,
    ) -> Result<(), TransferError> {
        let wrong = async |connection: &mut PgConnection, sql: &str| {
            sqlx::query_scalar::<_, String>(sql).fetch_optional(connection).await
        };
        let queries = [
            (
                "a stream is not in order",
                "select aggregate_type || ' ' || aggregate_id from (select aggregate_type, aggregate_id, sequence, \
                        row_number() over (partition by aggregate_type, aggregate_id order by tenant_position) as place from pg_temp.moved_events) s \
                 where sequence <> place limit 1",
            ),
            (
                "two events have one id",
                "select event_id::text from pg_temp.moved_events group by event_id having count(*) > 1 limit 1",
            ),
            (
                "a claim is held twice, or by an aggregate that has no events",
                "select scope from pg_temp.moved_claims c group by scope, value having count(*) > 1 \
                 union all \
                 select scope from pg_temp.moved_claims c where not exists ( \
                     select from pg_temp.moved_events e where e.aggregate_type = c.aggregate_type and e.aggregate_id = c.aggregate_id) limit 1",
            ),
            (
                "a person has two keys, or one that was destroyed",
                "select subject from pg_temp.moved_people group by subject having count(*) > 1 limit 1",
            ),
            (
                "a secret is there twice",
                "select kind from pg_temp.moved_secrets group by kind, subject having count(*) > 1 limit 1",
            ),
        ];
        for (what, sql) in queries {
            if let Some(which) = wrong(&mut *connection, sql).await? {
                return Err(TransferError::Contradiction(format!("{what}: {which}")));
            }
        }
        self.settle_people(connection, people).await
    }

    /// Whoever's data is sealed has a key, or is known to have none.
    async fn settle_people(&self, connection: &mut PgConnection, people: People) -> Result<(), TransferError> {
        const KEYLESS: &str = "from pg_temp.moved_sealed s where not exists (select from pg_temp.moved_people p where p.subject = s.subject)";
        if people == People::Forgotten {
            let forget = format!(
                "insert into pg_temp.moved_people (subject, erased_at) select s.subject, clock_timestamp() {KEYLESS}"
            );
            sqlx::query(&forget).execute(connection).await?;
            return Ok(());
        }
        let keyless = sqlx::query_scalar(&format!("select count(*) {KEYLESS}")).fetch_one(connection).await?;
        if keyless > 0 { Err(TransferError::NoKeys(keyless)) } else { Ok(()) }
    }

    /// Puts everything at the end of the log. Called under the log's lock; answers the position before the first event, and
    /// how many people cannot be read.
    pub(super) async fn append(
        &self,
        connection: &mut PgConnection,
        tenant: &str,
        keys: Option<(Vec<u8>, Vec<u8>)>,
    ) -> Result<(i64, i64), TransferError> {
        let (after, now): (i64, DateTime<Utc>) = sqlx::query_as(
            "select coalesce(max(position), 0), \
                    greatest(clock_timestamp(), (select e.recorded_at from log.events e order by e.position desc limit 1)) \
             from log.events",
        )
        .fetch_one(&mut *connection)
        .await?;
        sqlx::query(
            "insert into log.events (position, event_id, tenant_id, tenant_position, aggregate_type, aggregate_id, sequence, \
                                     event_type, event_version, payload, metadata, recorded_at) \
             select $2 + m.tenant_position, m.event_id, $1, m.tenant_position, m.aggregate_type, $1 || '/' || m.aggregate_id, m.sequence, \
                    m.event_type, m.event_version, m.payload::json, m.metadata::json, $3 \
             from pg_temp.moved_events m order by m.tenant_position",
        )
        .bind(tenant)
        .bind(after)
        .bind(now)
        .execute(&mut *connection)
        .await?;
        sqlx::query(
            "insert into log.claims (tenant_id, scope, value, aggregate_type, aggregate_id) \
             select $1, m.scope, m.value, m.aggregate_type, $1 || '/' || m.aggregate_id from pg_temp.moved_claims m",
        )
        .bind(tenant)
        .execute(&mut *connection)
        .await?;
        if let Some((key, claims)) = keys {
            // Were there a key by now, this would fail: what is wrapped by the one must not meet the other.
            sqlx::query("insert into log.tenant_keys (tenant_id, generation, wrapped_key, wrapped_claim_key) values ($1, 1, $2, $3)")
                .bind(tenant)
                .bind(key)
                .bind(claims)
                .execute(&mut *connection)
                .await?;
        }
        let people = sqlx::query(
            "insert into log.subject_keys (tenant_id, subject, generation, wrapped_key, fingerprint, erased_at) \
             select $1, m.subject, case when m.wrapped_key is null then 0 else 1 end, m.wrapped_key, m.fingerprint, m.erased_at \
             from pg_temp.moved_people m",
        )
        .bind(tenant)
        .execute(&mut *connection)
        .await?;
        let readable: i64 = sqlx::query_scalar("select count(wrapped_key) from pg_temp.moved_people")
            .fetch_one(&mut *connection)
            .await?;
        sqlx::query(
            "insert into log.secrets (tenant_id, kind, subject, value) select $1, m.kind, m.subject, m.value from pg_temp.moved_secrets m",
        )
        .bind(tenant)
        .execute(&mut *connection)
        .await?;
        // A clock that was ahead where they come from must not put them into a slot that is emptied next.
        sqlx::query(
            "insert into log.idempotency_keys (slot, key_id, tenant_id, request_hash, answer, position, tenant_position, recorded_at) \
             select log.idempotency_slot(least(m.recorded_at, $3)), m.key_id, $1, m.request_hash, m.answer, $2 + m.tenant_position, m.tenant_position, \
                    least(m.recorded_at, $3) \
             from pg_temp.moved_answers m where m.recorded_at > $3 - interval '24 hours' on conflict do nothing",
        )
        .bind(tenant)
        .bind(after)
        .bind(now)
        .execute(&mut *connection)
        .await?;
        sqlx::query("select pg_notify('tidemark_log', (select max(position)::text from log.events))")
            .execute(connection)
            .await?;
        Ok((after, i64::try_from(people.rows_affected()).unwrap_or(i64::MAX) - readable))
    }
}

/// Rows of one table as the elements of a JSON array.
pub(super) struct Rows {
    into: &'static str,
    json: String,
}

impl Rows {
    fn into(sql: &'static str) -> Self {
        Self { into: sql, json: String::new() }
    }

    pub(super) fn push(&mut self, row: &impl Serialize) -> Result<(), TransferError> {
        self.json.push(if self.json.is_empty() { '[' } else { ',' });
        self.json.push_str(&serde_json::to_string(row).map_err(std::io::Error::from)?);
        Ok(())
    }

    async fn flush(&mut self, connection: &mut PgConnection) -> Result<(), TransferError> {
        if self.json.is_empty() {
            return Ok(());
        }
        let mut json = std::mem::take(&mut self.json);
        json.push(']');
        sqlx::query(self.into).bind(json).execute(connection).await?;
        Ok(())
    }
}

/// Events column by column: their payloads stay the texts that they were.
#[derive(Default)]
pub(super) struct Events {
    tenant_positions: Vec<i64>,
    ids: Vec<Uuid>,
    aggregate_types: Vec<String>,
    aggregate_ids: Vec<String>,
    sequences: Vec<i64>,
    types: Vec<String>,
    versions: Vec<String>,
    payloads: Vec<String>,
    metadata: Vec<String>,
    weight: usize,
}

impl Events {
    pub(super) fn push(&mut self, event: Event) -> Result<(), TransferError> {
        let metadata = serde_json::to_string(&event.metadata).map_err(std::io::Error::from)?;
        self.weight += event.payload.get().len() + metadata.len();
        self.tenant_positions.push(event.tenant_position);
        self.ids.push(event.event_id);
        self.aggregate_types.push(event.aggregate_type);
        self.aggregate_ids.push(event.aggregate_id);
        self.sequences.push(event.sequence);
        self.types.push(event.event_type);
        self.versions.push(event.event_version);
        self.payloads.push(Box::<str>::from(event.payload).into());
        self.metadata.push(metadata);
        Ok(())
    }

    fn is_heavy(&self) -> bool {
        self.weight > HEAVY || self.ids.len() >= MANY
    }

    async fn flush(&mut self, connection: &mut PgConnection) -> Result<(), TransferError> {
        let events = std::mem::take(self);
        if events.ids.is_empty() {
            return Ok(());
        }
        sqlx::query(
            "insert into pg_temp.moved_events select * from unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[])",
        )
        .bind(events.tenant_positions)
        .bind(events.ids)
        .bind(events.aggregate_types)
        .bind(events.aggregate_ids)
        .bind(events.sequences)
        .bind(events.types)
        .bind(events.versions)
        .bind(events.payloads)
        .bind(events.metadata)
        .execute(connection)
        .await?;
        Ok(())
    }
}
