//! What is wrong with the settings, told so that it can be put right: the key, where it came from, what was expected.

use std::path::PathBuf;

use super::keys::Key;

/// Why the settings were refused. No variant ever shows the value of a secret.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A file could not be read; `origin` says who named it.
    #[error("cannot read {}, named by {origin}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The option or variable that named it.
        origin: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The settings file is not TOML.
    #[error("{}, line {line}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What the parser expected there.
        message: String,
    },
    /// A key that does not exist.
    #[error("unknown setting {name} in {origin}{}", did_you_mean(.meant.as_deref()))]
    Unknown {
        /// As it was written.
        name: String,
        /// The file or variable it stands in.
        origin: String,
        /// The key that was most likely meant.
        meant: Option<String>,
    },
    /// A value that a key does not take.
    #[error("`{key}` from {origin}: expected {expected}{}", but_got(.found.as_deref()))]
    Refused {
        /// The key.
        key: String,
        /// The file, the variable or `the defaults`.
        origin: String,
        /// What the key takes.
        expected: String,
        /// What was there instead; `None` for secrets.
        found: Option<String>,
    },
    /// A required key that nobody set.
    #[error("`{key}` is not set: expected {expected}, as `{key}` in the file or in {}", variable(.key))]
    Missing {
        /// The key.
        key: String,
        /// What the key takes.
        expected: String,
    },
}

impl SettingsError {
    pub(super) fn refused(key: &Key, origin: &str, found: Option<&str>) -> Self {
        Self::Refused {
            key: key.name.to_owned(),
            origin: origin.to_owned(),
            expected: key.expected.to_owned(),
            found: found.filter(|_| !key.is_secret()).map(str::to_owned),
        }
    }

    pub(super) fn missing(key: &Key) -> Self {
        Self::Missing { key: key.name.to_owned(), expected: key.expected.to_owned() }
    }

    pub(super) fn from_figment(error: &figment::Error) -> Self {
        use figment::error::Kind;

        let origin =
            error.metadata.as_ref().map_or_else(|| "the defaults".to_owned(), |origin| origin.name.to_string());
        let name = match &error.kind {
            Kind::MissingField(field) => field.to_string(),
            Kind::UnknownField(field, _) => field.clone(),
            _ => error.path.first().cloned().unwrap_or_default(),
        };
        match (&error.kind, Key::named(&name)) {
            (Kind::MissingField(_), Some(key)) => Self::missing(key),
            (Kind::InvalidType(found, _) | Kind::InvalidValue(found, _), Some(key)) => {
                Self::refused(key, &origin, Some(&found.to_string()))
            }
            (Kind::UnknownVariant(found, _), Some(key)) => Self::refused(key, &origin, Some(&format!("`{found}`"))),
            (_, Some(key)) => Self::refused(key, &origin, None),
            (_, None) => Self::Unknown { meant: Key::meant_by(&name).map(|key| key.name.to_owned()), name, origin },
        }
    }
}

pub(super) fn variable(key: &str) -> String {
    format!("TIDEMARK_{}", key.to_ascii_uppercase())
}

fn did_you_mean(meant: Option<&str>) -> String {
    meant.map_or_else(String::new, |meant| format!(": did you mean `{meant}`?"))
}

fn but_got(found: Option<&str>) -> String {
    found.map_or_else(String::new, |found| format!(", got {found}"))
}
