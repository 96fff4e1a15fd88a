//! Programs from elsewhere that some tests talk to: a NATS client that is not ours, for one. What cannot be had is
//! told, its tests skip themselves, and with `CI=true` the run fails.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context;

use crate::place::Place;
use crate::progress::Progress;
use crate::servers::pip;
use crate::servers::programs::{on_path, output_of};

/// The Python client of NATS, pure Python: one package for all machines.
const NATS_PY: &str = "nats-py==2.14.0";
const NATS_PY_SHA256: &str = "4116f5d2233ce16e63c3d5538fa40a5e207f75fcf42a741773929ddf1e29d19d";

/// What the folder of a provider is made of; what it depends on is pinned by the lock file's hashes.
const OIDC_PROVIDER: [&str; 4] = ["package.json", "package-lock.json", ".npmrc", "provider.mjs"];

/// What could be had, and what could not.
#[derive(Debug, Default)]
pub struct Helpers {
    variables: Vec<(&'static str, PathBuf)>,
    missing: Vec<String>,
}

/// Looks for all helpers, and fetches those that are not there.
pub fn provide(place: &Place, progress: &Progress) -> Helpers {
    let mut helpers = Helpers::default();
    progress.say("looking for the helpers of the tests");
    let cache = place.cache();
    match pip::with_pip(place, progress, || nats_py(&cache)) {
        Ok((python, packages)) => {
            helpers.variables.push(("TIDEMARK_TEST_PYTHON", python));
            helpers.variables.push(("TIDEMARK_TEST_PYTHONPATH", packages));
        }
        Err(error) => helpers.missing.push(format!("Python with {NATS_PY} ({error:#})")),
    }
    match oidc_provider(place, &cache) {
        Ok((node, folder)) => {
            helpers.variables.push(("TIDEMARK_TEST_NODE", node));
            helpers.variables.push(("TIDEMARK_TEST_OIDC_PROVIDER", folder));
        }
        Err(error) => helpers.missing.push(format!("Node.js with an OpenID provider ({error:#})")),
    }
    helpers
}

impl Helpers {
    /// A program that was looked for elsewhere.
    pub fn offer(&mut self, variable: &'static str, program: Option<PathBuf>, what: &str) {
        match program {
            Some(program) => self.variables.push((variable, program)),
            None => self.missing.push(what.to_owned()),
        }
    }

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
    let imports = || {
        let mut command = Command::new(&python);
        command.args(["-c", "import nats"]).env("PYTHONPATH", &packages).stdin(Stdio::null());
        output_of(&mut command)
    };
    if !packages.exists() || imports().is_err() {
        let install = |pip: &mut Command| {
            pip.args(["install", "--upgrade", "--target"]).arg(&packages);
        };
        pip::run(install, &format!("{NATS_PY} --hash=sha256:{NATS_PY_SHA256}"))?;
        imports()?;
    }
    Ok((python, packages))
}

/// Node, and a folder with a provider that it can run: those of the checkout, with what they depend on beside them.
fn oidc_provider(place: &Place, cache: &Path) -> anyhow::Result<(PathBuf, PathBuf)> {
    let node = on_path("node").context("there is no node")?;
    let sources = place.checkout.as_ref().context("there is no checkout")?.join("api/tests/oidc");
    let folder = cache.join("oidc-provider");
    std::fs::create_dir_all(&folder)?;
    let lock = |folder: &Path| std::fs::read(folder.join("package-lock.json")).ok();
    let is_installed = lock(&sources) == lock(&folder) && folder.join("node_modules/oidc-provider").exists();
    for file in OIDC_PROVIDER {
        std::fs::copy(sources.join(file), folder.join(file)).with_context(|| format!("api/tests/oidc/{file}"))?;
    }
    if !is_installed {
        let npm = on_path("npm").context("there is no npm")?;
        let mut command = Command::new(npm);
        command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder).stdin(Stdio::null());
        if let Err(error) = output_of(&mut command) {
            // Half of it must not be taken for all of it the next time.
            let _gone = std::fs::remove_file(folder.join("package-lock.json"));
            return Err(error);
        }
    }
    Ok((node, folder))
}
