//! Rotation: every tenant gets a new key, by which its people's keys are wrapped anew. No event is touched.

use sqlx::{Connection, PgConnection};

use super::cipher::Key;
use super::keyring::{KeyError, row_of_claims, row_of_subject, row_of_tenant};

/// What a rotation has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rotated {
    /// Tenants that have a new key.
    pub tenants: u64,
    /// People whose keys are wrapped by it.
    pub subjects: u64,
}

/// Gives every tenant a new key under `master`, one transaction a tenant; `owner` is a connection of the schema's owner.
/// `previous` opens what an earlier master secret has wrapped. After an interruption it can simply be run again.
///
/// # Errors
/// When a key opens under neither secret, or the database is away.
pub async fn rotate(
    owner: &mut PgConnection,
    master: [u8; 32],
    previous: Option<[u8; 32]>,
) -> Result<Rotated, KeyError> {
    let masters: Vec<Key> = [Some(master), previous].into_iter().flatten().map(Key::new).collect();
    let tenants: Vec<String> =
        sqlx::query_scalar("select tenant_id from log.tenant_keys order by tenant_id").fetch_all(&mut *owner).await?;
    let mut rotated = Rotated::default();
    for tenant in tenants {
        rotated.subjects += rotate_tenant(owner, &masters, &tenant).await?;
        rotated.tenants += 1;
    }
    Ok(rotated)
}

async fn rotate_tenant(owner: &mut PgConnection, masters: &[Key], tenant: &str) -> Result<u64, KeyError> {
    let mut transaction = owner.begin().await?;
    // Nobody makes a key under the old one from here on; whoever wants to waits, and is then told to look again.
    let kept: Option<(Vec<u8>, Vec<u8>)> =
        sqlx::query_as("select wrapped_key, wrapped_claim_key from log.tenant_keys where tenant_id = $1 for update")
            .bind(tenant)
            .fetch_optional(&mut *transaction)
            .await?;
    // Deleted meanwhile.
    let Some((key, claims)) = kept else { return Ok(0) };
    let unwrap = |row: String, wrapped: &[u8]| masters.iter().find_map(|master| master.unwrap(&row, wrapped));
    let old = unwrap(row_of_tenant(tenant), &key).zip(unwrap(row_of_claims(tenant), &claims));
    let ((old, claims), Some(master)) = (old.ok_or_else(|| other_secret(tenant))?, masters.first()) else {
        return Err(KeyError::NoKeyring);
    };
    let new = Key::random();
    let subjects: Vec<(String, Vec<u8>)> = sqlx::query_as(
        "select subject, wrapped_key from log.subject_keys where tenant_id = $1 and wrapped_key is not null for update",
    )
    .bind(tenant)
    .fetch_all(&mut *transaction)
    .await?;
    let mut names = Vec::with_capacity(subjects.len());
    let mut wrapped = Vec::with_capacity(subjects.len());
    for (subject, kept) in subjects {
        let row = row_of_subject(tenant, &subject);
        let key = old.unwrap(&row, &kept).ok_or_else(|| other_secret(tenant))?;
        wrapped.push(new.wrap(&row, &key));
        names.push(subject);
    }
    sqlx::query(
        "update log.tenant_keys set generation = generation + 1, wrapped_key = $2, wrapped_claim_key = $3, rotated_at = clock_timestamp() \
         where tenant_id = $1",
    )
    .bind(tenant)
    .bind(master.wrap(&row_of_tenant(tenant), &new))
    .bind(master.wrap(&row_of_claims(tenant), &claims))
    .execute(&mut *transaction)
    .await?;
    let done = sqlx::query(
        "update log.subject_keys k set wrapped_key = n.wrapped, \
                generation = (select t.generation from log.tenant_keys t where t.tenant_id = $1) \
         from unnest($2::text[], $3::bytea[]) as n(subject, wrapped) where k.tenant_id = $1 and k.subject = n.subject",
    )
    .bind(tenant)
    .bind(names)
    .bind(wrapped)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(done.rows_affected())
}

fn other_secret(tenant: &str) -> KeyError {
    KeyError::OtherSecret(tenant.to_owned())
}
