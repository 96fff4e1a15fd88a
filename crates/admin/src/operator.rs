//! An operator's own write side: the commands, and the task that appends what they decide.

use std::time::Duration;

use secrecy::ExposeSecret;
use sqlx::PgPool;
use tidemark_commands::{Commands, Scope, scope};
use tidemark_engine::LOG_ROLE;
use tidemark_engine::log::Log;
use tidemark_engine::personal::{self, Keyring};
use tidemark_kernel::{Actor, TenantId, Timestamp};
use tidemark_runtime::Settings;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::{Failure, connect};

/// Commands in this process alone, as the role `tidemark_log`. To be [closed](Operator::close) at the end.
pub struct Operator {
    commands: Commands,
    appending: JoinHandle<()>,
}

impl Operator {
    /// Connects. One queue and one appender are enough for a person.
    ///
    /// # Errors
    /// When the database does not let the role in, or the settings have no `secret`: people's data is sealed with it.
    pub async fn open(settings: &Settings) -> Result<Self, Failure> {
        ensure_secret(settings)?;
        let options = connect::options_as(settings, LOG_ROLE)?;
        let pool = connect::as_role(settings, LOG_ROLE).await?;
        let (log, mut appender) = Log::new(options, settings.append_queue);
        let appending = tokio::spawn(async move { while appender.step().await {} });
        let keyring = keyring(settings, &pool);
        Ok(Self { commands: Commands::new(log, pool).with_keyring(keyring), appending })
    }

    /// The commands, to be handed to the functions of this crate.
    #[must_use]
    pub fn commands(&self) -> &Commands {
        &self.commands
    }

    /// Waits until all that was asked is in the log, and disconnects.
    pub async fn close(self) {
        let pool = self.commands.pool().clone();
        // The appender ends when nobody can ask any more.
        drop(self.commands);
        if let Err(error) = self.appending.await {
            tracing::error!(%error, "the appender did not end well");
        }
        drop(tokio::time::timeout(Duration::from_secs(2), pool.close()).await);
    }
}

/// An empty secret would seal like any other, and nobody could open it with the right one.
pub(crate) fn ensure_secret(settings: &Settings) -> Result<(), Failure> {
    if settings.secret.expose_secret().is_empty() {
        return Err(Failure::Usage(
            "`secret` is not set: personal data is sealed under it; give the services' own, in the file or as TIDEMARK_SECRET".into(),
        ));
    }
    Ok(())
}

pub(crate) fn keyring(settings: &Settings, pool: &PgPool) -> Keyring {
    let previous = settings.derive_previous_key(personal::PURPOSE);
    Keyring::new(pool.clone(), settings.derive_key(personal::PURPOSE), previous)
}

/// The scope of one operator's command in `tenant`.
pub(crate) fn scope_of(tenant: &TenantId, command: &str) -> Scope {
    scope(tenant, &Actor::System("admin"), &Uuid::now_v7().to_string(), command)
}

/// The person at this process, as far as it is known.
pub(crate) fn who() -> String {
    let invoked_by = std::env::var("SUDO_USER").ok().filter(|name| !name.is_empty());
    let user = || nix::unistd::User::from_uid(nix::unistd::Uid::current()).ok().flatten().map(|user| user.name);
    invoked_by.or_else(user).unwrap_or_else(|| format!("user {}", nix::unistd::Uid::current()))
}

pub(crate) fn now() -> Timestamp {
    Timestamp::new(chrono::Utc::now())
}
