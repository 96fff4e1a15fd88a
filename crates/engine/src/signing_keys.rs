//! Keys that sign access tokens: rows beside the log, wrapped under a key that derives from the master secret.
//!
//! The first one is made by whichever process signs first. A rotation makes the next one, which is published before it
//! signs; the one before it goes on verifying until the last token that it has signed has expired. When each begins and ends
//! is told by the database's clock alone, as a span from now, so that the clocks of processes may differ.

use std::fmt;
use std::time::Duration;

use sqlx::{Connection, PgConnection, PgPool};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::database::{ANSWER, in_time};
use crate::personal::cipher::Key;

/// The purpose that the key which wraps them is derived for.
pub const PURPOSE: &str = "signing keys";

/// How much longer than its tokens a key verifies, in seconds: for processes that have not heard of its successor.
const SLACK: f64 = 60.0;

/// A key that may still be needed.
#[derive(Clone)]
pub struct KeptKey {
    /// Names it, also in the header of tokens.
    pub id: Uuid,
    /// The seed of the key pair.
    pub seed: Zeroizing<[u8; 32]>,
    /// How long until it signs; zero for one that does, or did.
    pub signs_in: Duration,
    /// How long it goes on verifying; `None` for the newest.
    pub verifies_for: Option<Duration>,
}

impl fmt::Debug for KeptKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptKey").field("id", &self.id).field("signs_in", &self.signs_in).finish_non_exhaustive()
    }
}

/// Why keys could be neither read nor made.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// The database is away.
    #[error("the signing keys cannot be read: {0}")]
    Database(#[from] sqlx::Error),
    /// The newest key does not open: this process was given another secret than the one that made it.
    #[error("the signing key {0} does not open under this `secret`")]
    OtherSecret(Uuid),
    /// The next key is there and does not sign yet.
    #[error("a rotation is under way: the next key signs in {} s", .0.as_secs())]
    UnderWay(Duration),
}

/// What a rotation has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotated {
    /// The new key.
    pub id: Uuid,
    /// How long until it signs.
    pub signs_in: Duration,
    /// How long the one before it goes on verifying; `None` where there is none any more.
    pub former_verifies_for: Option<Duration>,
}

/// Wraps and opens the keys.
#[derive(Clone)]
pub struct SigningVault {
    /// The present one, then the one before it.
    masters: Vec<Key>,
}

impl fmt::Debug for SigningVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningVault(..)")
    }
}

impl SigningVault {
    /// `master` derives from the master secret for [`PURPOSE`], `previous` from the one before it.
    #[must_use]
    pub fn new(master: [u8; 32], previous: Option<[u8; 32]>) -> Self {
        Self { masters: [Some(master), previous].into_iter().flatten().map(Key::new).collect() }
    }

    /// Makes the first key where there is none. Tokens of this process live for `token_seconds`.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn begin(&self, pool: &PgPool, token_seconds: i32) -> sqlx::Result<()> {
        let id = Uuid::now_v7();
        let beginning = sqlx::query("select log.begin_signing($1, $2, $3)")
            .bind(id)
            .bind(self.wrap(id, &Zeroizing::new(rand::random())))
            .bind(token_seconds);
        in_time(ANSWER, beginning.execute(pool)).await.map(drop)
    }

    /// The keys that still verify, in the order in which they sign. What was wrapped under a secret that is gone is left
    /// out, unless it is the newest.
    ///
    /// # Errors
    /// When the database is away, or the newest key does not open.
    pub async fn read(&self, pool: &PgPool) -> Result<Vec<KeptKey>, SigningKeyError> {
        let asked = sqlx::query_as(
            "select key_id, wrapped_key, extract(epoch from signs_from - now.at)::float8, \
                    extract(epoch from verifies_until - now.at)::float8 \
             from log.signing_keys, (select clock_timestamp()) as now(at) \
             where verifies_until is null or verifies_until > now.at order by verifies_until nulls last, key_id",
        );
        let rows: Vec<(Uuid, Vec<u8>, f64, Option<f64>)> = in_time(ANSWER, asked.fetch_all(pool)).await?;
        let mut keys = Vec::with_capacity(rows.len());
        for (id, wrapped, signs_in, verifies_for) in rows {
            match self.unwrap(id, &wrapped) {
                Some(seed) => {
                    let verifies_for = verifies_for.map(span);
                    keys.push(KeptKey { id, seed, signs_in: span(signs_in), verifies_for });
                }
                None if verifies_for.is_none() => return Err(SigningKeyError::OtherSecret(id)),
                None => tracing::warn!(key = %id, "a signing key that was replaced does not open under this secret"),
            }
        }
        Ok(keys)
    }

    /// Makes the next key, which is published at once and signs after `lead`. The one before it verifies for as long as the
    /// tokens live that it can have signed until then.
    ///
    /// # Errors
    /// When a rotation is under way, the present key does not open under this secret, or the database is away.
    pub async fn rotate(&self, owner: &mut PgConnection, lead: Duration) -> Result<Rotated, SigningKeyError> {
        let mut transaction = owner.begin().await?;
        lock(&mut transaction).await?;
        let newest: Option<(Uuid, Vec<u8>, i32, f64)> = sqlx::query_as(
            "select key_id, wrapped_key, token_seconds, extract(epoch from signs_from - clock_timestamp())::float8 from log.signing_keys \
             where verifies_until is null",
        )
        .fetch_optional(&mut *transaction)
        .await?;
        // A key made under another secret than that of the services is one that none of them can sign with.
        if let Some((id, wrapped, ..)) = &newest
            && self.unwrap(*id, wrapped).is_none()
        {
            return Err(SigningKeyError::OtherSecret(*id));
        }
        let newest = newest.map(|(_, _, token_seconds, signs_in)| (token_seconds, signs_in));
        if let Some((_, signs_in)) = newest.filter(|(_, signs_in)| *signs_in > 0.0) {
            return Err(SigningKeyError::UnderWay(span(signs_in)));
        }
        // Where nothing signs there is nobody to wait for.
        let lead = if newest.is_some() { lead } else { Duration::ZERO };
        sqlx::query(
            "update log.signing_keys set verifies_until = clock_timestamp() + make_interval(secs => $1 + token_seconds + $2) \
             where verifies_until is null",
        )
        .bind(lead.as_secs_f64())
        .bind(SLACK)
        .execute(&mut *transaction)
        .await?;
        let token_seconds = newest.map_or(0, |(token_seconds, _)| token_seconds);
        let id = self.insert(&mut transaction, token_seconds, lead).await?;
        sqlx::query("delete from log.signing_keys where verifies_until < clock_timestamp() - interval '1 day'")
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        let former = newest.map(|(seconds, _)| lead + span(f64::from(seconds) + SLACK));
        Ok(Rotated { id, signs_in: lead, former_verifies_for: former })
    }

    /// Makes a new key that signs at once, and drops all others: their tokens stop being good. For a key that was seen.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn replace(&self, owner: &mut PgConnection) -> Result<Rotated, SigningKeyError> {
        let mut transaction = owner.begin().await?;
        lock(&mut transaction).await?;
        let token_seconds: i32 = sqlx::query_scalar("select coalesce(max(token_seconds), 0) from log.signing_keys")
            .fetch_one(&mut *transaction)
            .await?;
        sqlx::query("delete from log.signing_keys").execute(&mut *transaction).await?;
        let id = self.insert(&mut transaction, token_seconds, Duration::ZERO).await?;
        transaction.commit().await?;
        Ok(Rotated { id, signs_in: Duration::ZERO, former_verifies_for: None })
    }

    /// Wraps all keys under the present secret; says how many. One that opens under no secret is of no use to anybody, and
    /// stays as it is unless it is the newest.
    ///
    /// # Errors
    /// When the newest key does not open, or the database is away.
    pub async fn rewrap(&self, owner: &mut PgConnection) -> Result<u64, SigningKeyError> {
        let mut transaction = owner.begin().await?;
        lock(&mut transaction).await?;
        let rows: Vec<(Uuid, Vec<u8>, bool)> =
            sqlx::query_as("select key_id, wrapped_key, verifies_until is null from log.signing_keys")
                .fetch_all(&mut *transaction)
                .await?;
        let mut rewrapped = 0;
        for (id, wrapped, is_newest) in rows {
            let seed = match self.unwrap(id, &wrapped) {
                Some(seed) => seed,
                None if is_newest => return Err(SigningKeyError::OtherSecret(id)),
                None => continue,
            };
            sqlx::query("update log.signing_keys set wrapped_key = $2 where key_id = $1")
                .bind(id)
                .bind(self.wrap(id, &seed))
                .execute(&mut *transaction)
                .await?;
            rewrapped += 1;
        }
        transaction.commit().await?;
        Ok(rewrapped)
    }

    async fn insert(&self, connection: &mut PgConnection, token_seconds: i32, lead: Duration) -> sqlx::Result<Uuid> {
        let id = Uuid::now_v7();
        sqlx::query(
            "insert into log.signing_keys (key_id, wrapped_key, token_seconds, signs_from) \
             values ($1, $2, $3, clock_timestamp() + make_interval(secs => $4))",
        )
        .bind(id)
        .bind(self.wrap(id, &Zeroizing::new(rand::random())))
        .bind(token_seconds)
        .bind(lead.as_secs_f64())
        .execute(connection)
        .await?;
        Ok(id)
    }

    fn wrap(&self, id: Uuid, seed: &[u8; 32]) -> Vec<u8> {
        self.masters[0].seal(&row(id), seed)
    }

    fn unwrap(&self, id: Uuid, wrapped: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
        let opened = self.masters.iter().find_map(|master| master.open(&row(id), wrapped))?;
        opened.as_slice().try_into().ok().map(Zeroizing::new)
    }
}

/// Rotations come one after another.
async fn lock(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("lock table log.signing_keys in share row exclusive mode").execute(connection).await.map(drop)
}

/// A key opens in its own row only.
fn row(id: Uuid) -> String {
    format!("signing key {id}")
}

fn span(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::ZERO)
}
