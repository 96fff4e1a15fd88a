//! How a command ends: its exit code, and one sentence that says what to do.

use tidemark_commands::Refused;
use tidemark_engine::commands::CommandError;
use tidemark_engine::log::AppendError;
use tidemark_engine::personal::KeyError;
use tidemark_kernel::Kind;
use tidemark_runtime::SettingsError;

/// What the exit code means. Scripts build on the numbers, so they never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Something is away or broke; trying again may help.
    Failed = 1,
    /// The command line or the settings are wrong; nothing was tried.
    Usage = 2,
    /// There is nothing of the name that was given.
    NotFound = 3,
    /// A check has found something wrong.
    Unhealthy = 4,
    /// A rule says no: it exists already, or it is the last of its kind.
    Refused = 5,
}

/// Why a command did not do what it was asked to. The text is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Something is away or broke.
    #[error("{0}")]
    Failed(String),
    /// The command line or the settings are wrong.
    #[error("{0}")]
    Usage(String),
    /// There is nothing of that name.
    #[error("{0}")]
    NotFound(String),
    /// A check has found something wrong; what it is was printed before.
    #[error("{0}")]
    Unhealthy(String),
    /// A rule says no.
    #[error("{0}")]
    Refused(String),
}

impl Failure {
    /// The code to exit with.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Failed(_) => Exit::Failed,
            Self::Usage(_) => Exit::Usage,
            Self::NotFound(_) => Exit::NotFound,
            Self::Unhealthy(_) => Exit::Unhealthy,
            Self::Refused(_) => Exit::Refused,
        }
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(format!("cannot write the output: {error}"))
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        let code =
            error.as_database_error().and_then(sqlx::error::DatabaseError::code).map(std::borrow::Cow::into_owned);
        Self::Failed(match code.as_deref() {
            Some("3F000" | "42704" | "42P01" | "42883") => {
                format!("the database is not migrated ({error}); run `admin migrate`")
            }
            _ => format!("the database failed: {error}"),
        })
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Database(error) => error.into(),
            KeyError::OtherSecret(_) => {
                Self::Usage(format!("{error}; is `secret` that of the services, and `previous_secret` the one before?"))
            }
            other => Self::Failed(other.to_string()),
        }
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        match refused {
            CommandError::Refused(refusal) => match refusal.kind() {
                Kind::NotFound => Self::NotFound(refusal.to_string()),
                Kind::Invalid => Self::Usage(refusal.to_string()),
                Kind::Forbidden | Kind::Conflict => Self::Refused(refusal.to_string()),
            },
            CommandError::Append(AppendError::TenantDeleted) => Self::NotFound("the tenant was deleted".into()),
            CommandError::Append(error) => {
                Self::Failed(format!("{error}; is the database up and migrated? See `admin doctor`"))
            }
            CommandError::Contended => Self::Failed("others kept changing it; try again".into()),
            other => Self::Failed(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_never_change() {
        let all = [Exit::Done, Exit::Failed, Exit::Usage, Exit::NotFound, Exit::Unhealthy, Exit::Refused];
        assert_eq!(all.map(|exit| exit as u8), [0, 1, 2, 3, 4, 5]);
    }
}
