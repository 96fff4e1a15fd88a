//! Programs from elsewhere that some tests talk to: a NATS client that is not ours, for one. What cannot be had is
//! told, its tests skip themselves, and with `CI=true` the run fails.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context;

use crate::place::Place;
use crate::progress::Progress;
use crate::servers::programs::{on_path, output_of};

/// The Python client of NATS; the version is pinned so that a test that passes today passes tomorrow.
const NATS_PY: &str = "nats-py==2.11.0";

/// What could be had, and what could not.
#[derive(Debug, Default)]
pub struct Helpers {
    variables: Vec<(&'static str, PathBuf)>,
    missing: Vec<String>,
}

/// Looks for all helpers, and fetches those that are not there.
pub fn provide(place: &Place, progress: &Progress) -> anyhow::Result<Helpers> {
    let mut helpers = Helpers::default();
    progress.say("looking for the helpers of the tests");
    match nats_py(&place.cache()) {
        Ok((python, packages)) => {
            helpers.variables.push(("TIDEMARK_TEST_PYTHON", python));
            helpers.variables.push(("TIDEMARK_TEST_PYTHONPATH", packages));
        }
        Err(error) => helpers.missing.push(format!("Python with {NATS_PY} ({error:#})")),
    }
    Ok(helpers)
}

impl Helpers {
    /// The variables that tell tests where the helpers are; a test whose variable is missing skips itself.
    pub fn variables(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        self.variables.iter().map(|(name, path)| (*name, path.as_path()))
    }

    /// Says what was missing.
    pub fn report(&self) {
        for missing in &self.missing {
            eprintln!("skipped: tests that need {missing}");
        }
    }

    /// Whether a missing helper fails the run.
    pub fn must_fail(&self) -> bool {
        !self.missing.is_empty() && std::env::var("CI").is_ok_and(|ci| ci == "true")
    }
}

/// Python, and a directory for `PYTHONPATH` that holds the client.
fn nats_py(cache: &Path) -> anyhow::Result<(PathBuf, PathBuf)> {
    let python = on_path("python3").context("there is no python3")?;
    let packages = cache.join(NATS_PY);
    let imports = |packages: &Path| {
        let mut command = Command::new(&python);
        command.args(["-c", "import nats"]).env("PYTHONPATH", packages).stdin(Stdio::null());
        output_of(&mut command)
    };
    if packages.exists() && imports(&packages).is_ok() {
        return Ok((python, packages));
    }
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--upgrade", "--target"]);
    output_of(pip.arg(&packages).arg(NATS_PY).stdin(Stdio::null()))?;
    imports(&packages)?;
    Ok((python, packages))
}
