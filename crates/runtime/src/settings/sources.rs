//! Where settings come from: defaults, one TOML file, variables, files that variables name. Later ones win.
//!
//! Every variable is a source of its own, so that an error can name it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use figment::providers::Serialized;
use figment::value::{Dict, Empty, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::error::{SettingsError, variable};
use super::keys::{KEYS, Key, Kind};
use super::{Defaults, error};

const CONFIG: &str = "TIDEMARK_CONFIG";
/// What OpenTelemetry calls the collector's address, as an orchestrator may give it to all services. Ours wins.
const COLLECTOR: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// All sources in their order. `config` is the file named on the command line.
pub(super) fn gather(config: Option<&Path>, variables: Vec<(OsString, OsString)>) -> Result<Figment, SettingsError> {
    let mut ours = Vec::new();
    for (name, value) in variables {
        let Some(name) = name.to_str().filter(|name| name.starts_with("TIDEMARK_") || *name == COLLECTOR) else {
            continue;
        };
        let Ok(value) = value.into_string() else {
            return Err(not_text(name));
        };
        ours.push((name.to_owned(), value));
    }
    let of_variable = |name: &str| ours.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone());

    let mut figment = Figment::from(Serialized::defaults(Defaults::default()));
    if let Some(path) = config {
        figment = figment.merge(file(path, "--config")?);
    } else if let Some(path) = of_variable(CONFIG).filter(|path| !path.is_empty()) {
        figment = figment.merge(file(Path::new(&path), CONFIG)?);
    }
    if let (Some(text), Some(key)) = (of_variable(COLLECTOR), Key::named("otlp_endpoint")) {
        figment = figment.merge(value(key, &text, COLLECTOR.to_owned()));
    }
    for key in &KEYS {
        let name = variable(key.name);
        if let Some(text) = of_variable(&name) {
            figment = figment.merge(value(key, &text, name.clone()));
        }
        // `TIDEMARK_SIGNING_KEY_FILE` is a key of its own; its value is a path anyway.
        let name = format!("{name}_FILE");
        if let Some(path) = of_variable(&name).filter(|path| !path.is_empty()) {
            let path = PathBuf::from(path);
            let text = read(&path, &name)?;
            figment =
                figment.merge(value(key, text.trim_end_matches(['\r', '\n']), format!("{name} ({})", path.display())));
        }
    }
    match ours.iter().find_map(|(name, _)| misspelt(name)) {
        Some(error) => Err(error),
        None => Ok(figment),
    }
}

/// Some values and where they stand.
struct Origin {
    name: String,
    values: Dict,
}

impl Provider for Origin {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}

fn value(key: &Key, text: &str, origin: String) -> Origin {
    let value = match key.kind {
        _ if key.is_optional() && text.is_empty() => Value::from(Empty::None),
        Kind::Fraction => text.trim().parse::<f64>().map_or_else(|_| Value::from(text), Value::from),
        Kind::Number => text.trim().parse::<u64>().map_or_else(|_| Value::from(text), Value::from),
        _ => Value::from(text),
    };
    Origin { name: origin, values: Dict::from([(key.name.to_owned(), value)]) }
}

fn file(path: &Path, named_by: &str) -> Result<Origin, SettingsError> {
    let text = read(path, named_by)?;
    // Only the parser's message is kept: its excerpt of the line could hold a secret.
    let values = toml::from_str::<Dict>(&text).map_err(|error| SettingsError::Syntax {
        path: path.to_owned(),
        line: error.span().map_or(1, |span| text[..span.start].lines().count().max(1)),
        message: error.message().to_owned(),
    })?;
    Ok(Origin { name: path.display().to_string(), values })
}

fn read(path: &Path, named_by: &str) -> Result<String, SettingsError> {
    std::fs::read_to_string(path).map_err(|source| SettingsError::Unreadable {
        path: path.to_owned(),
        origin: named_by.to_owned(),
        source,
    })
}

fn misspelt(name: &str) -> Option<SettingsError> {
    let suffix = name.strip_prefix("TIDEMARK_")?;
    if name == CONFIG || suffix.starts_with("TEST_") {
        return None;
    }
    let key = suffix.to_ascii_lowercase();
    let base = key.strip_suffix("_file").unwrap_or(&key);
    if Key::named(&key).is_some() || Key::named(base).is_some() {
        return None;
    }
    let meant = Key::meant_by(&key).or_else(|| Key::meant_by(base))?;
    Some(SettingsError::Unknown {
        name: name.to_owned(),
        origin: "the environment".to_owned(),
        meant: Some(error::variable(meant.name)),
    })
}

fn not_text(name: &str) -> SettingsError {
    SettingsError::Refused {
        key: name.to_owned(),
        origin: "the environment".to_owned(),
        expected: "text in UTF-8".to_owned(),
        found: None,
    }
}
