//! What the callers of commands keep and look up beside the log, under the keys of people and tenants.

use super::Commands;
use crate::log::{Secret, claim_holder, secret};
use crate::personal::{KeyError, Keyring};

impl Commands {
    /// The form in which a claim of personal data is kept, whether anybody holds it or not: to be looked for later, by
    /// [`claim_holder`]. `None` in a tenant where nobody has claimed anything of the kind.
    ///
    /// # Errors
    /// When the database is away, or there are no keys.
    pub async fn personal_claim(&self, tenant: &str, scope: &str, value: &str) -> Result<Option<String>, KeyError> {
        self.keyring()?.find_claim(tenant, scope, value).await
    }

    /// The id, within its tenant, of the aggregate that holds a claim whose value is personal data.
    ///
    /// # Errors
    /// When the database is away, or there are no keys.
    pub async fn personal_claim_holder(
        &self,
        tenant: &str,
        scope: &str,
        value: &str,
    ) -> Result<Option<String>, KeyError> {
        let Some(value) = self.keyring()?.find_claim(tenant, scope, value).await? else { return Ok(None) };
        Ok(claim_holder(&self.source.pool, tenant, scope, &value).await?)
    }

    /// The fingerprint of a person's key, as receipts show it; `None` when nothing was ever sealed, or it is erased.
    ///
    /// # Errors
    /// When the database is away, or there are no keys.
    pub async fn key_fingerprint(&self, tenant: &str, subject: &str) -> Result<Option<String>, KeyError> {
        self.keyring()?.fingerprint(tenant, subject).await
    }

    /// Seals what a row beside the log holds about a person, under the person's key, as remembered answers are.
    ///
    /// # Errors
    /// When the database is away, or there are no keys.
    pub async fn seal_row(&self, tenant: &str, subject: &str, content: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.keyring()?.seal_answer(tenant, subject, content).await
    }

    /// Opens what [`Commands::seal_row`] has sealed.
    ///
    /// # Errors
    /// When the person was erased, the database is away, or there are no keys.
    pub async fn open_row(&self, tenant: &str, sealed: Vec<u8>) -> Result<Vec<u8>, KeyError> {
        self.keyring()?.open_answer(tenant, sealed).await
    }

    /// A secret of a tenant that is no person's, sealed under a key of the tenant and ready to be written with a command.
    ///
    /// # Errors
    /// When the database is away, or there are no keys.
    pub async fn seal_secret(&self, tenant: &str, kind: &str, subject: &str, text: &str) -> Result<Secret, KeyError> {
        let value = Some(self.keyring()?.seal_secret(tenant, [kind, subject], text).await?);
        Ok(Secret { kind: kind.to_owned(), subject: subject.to_owned(), value })
    }

    /// Reads what [`Commands::seal_secret`] has sealed; `None` where there is none, or it does not open any more.
    ///
    /// # Errors
    /// When the database is away, or there are no keys.
    pub async fn open_secret(&self, tenant: &str, kind: &str, subject: &str) -> Result<Option<String>, KeyError> {
        let keyring = self.keyring()?;
        let Some(sealed) = secret(&self.source.pool, tenant, kind, subject).await? else { return Ok(None) };
        keyring.open_secret(tenant, [kind, subject], &sealed).await
    }

    fn keyring(&self) -> Result<&Keyring, KeyError> {
        self.source.keyring.as_ref().ok_or(KeyError::NoKeyring)
    }
}
