//! Where a stack keeps its things, and as whom its servers run.
//!
//! Everything lies in the data directory, `.tidemark` in the checkout by default. Only the servers' own directories
//! move away when the stack is started by root from a place that an unprivileged user cannot reach.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use nix::unistd::{Uid, User};
use sha2::{Digest, Sha256};

use crate::files;

/// The user that servers run as when `dev` itself is root: Postgres refuses to be root, and the others need not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unprivileged {
    /// Its name, for messages.
    pub name: String,
    /// Its numeric id.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
}

/// The directories of one stack.
#[derive(Debug, Clone)]
pub struct Place {
    /// The checkout that `dev` was started in, if it was.
    pub checkout: Option<PathBuf>,
    /// Secrets, logs, `dev.json` and all else that belongs to whoever started the stack.
    pub data: PathBuf,
    /// The servers' own directories: the same as `data` unless root's home hides it from them.
    pub servers: PathBuf,
    /// Whom the servers run as, when not as ourselves.
    pub unprivileged: Option<Unprivileged>,
}

impl Place {
    /// The place of a data directory, made if need be.
    pub fn at(data_dir: Option<&Path>) -> anyhow::Result<Self> {
        let data = data_directory(data_dir, find_checkout().as_deref())?;
        fs::create_dir_all(&data).with_context(|| format!("cannot make {}", data.display()))?;
        let place = Self::find(data_dir)?;
        ensure_ours(&place.data)?;
        fs::create_dir_all(&place.servers).with_context(|| format!("cannot make {}", place.servers.display()))?;
        for directory in ["logs", "run"] {
            let directory = place.data.join(directory);
            fs::create_dir_all(&directory).with_context(|| format!("cannot make {}", directory.display()))?;
        }
        Ok(place)
    }

    /// The place of a data directory as it is, which may be not at all: for commands that only look.
    pub fn find(data_dir: Option<&Path>) -> anyhow::Result<Self> {
        let checkout = find_checkout();
        let data = data_directory(data_dir, checkout.as_deref())?;
        let data = data.canonicalize().unwrap_or(data);
        let moved = Path::new("/var/lib").join(format!("tidemark-dev-{}", short_hash(&data)));
        let unprivileged = unprivileged_user(&[&data, &moved])?;
        let servers = match &unprivileged {
            Some(user) if !reachable_by(&data, user) => moved,
            _ => data.clone(),
        };
        Ok(Self { checkout, data, servers, unprivileged })
    }

    /// Whether the servers' directories had to move away from the data directory.
    pub fn servers_moved(&self) -> bool {
        self.servers != self.data
    }

    /// A directory for one server, owned by whoever the server runs as and closed to others.
    pub fn server_dir(&self, name: &str) -> anyhow::Result<PathBuf> {
        let directory = self.servers.join(name);
        fs::create_dir_all(&directory)?;
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o700))?;
        self.give(&directory)?;
        Ok(directory)
    }

    /// Hands a file or directory to the user that the servers run as.
    pub fn give(&self, path: &Path) -> anyhow::Result<()> {
        let Some(user) = &self.unprivileged else { return Ok(()) };
        chown(path, Some(user.uid), Some(user.gid))
            .with_context(|| format!("cannot give {} to {}", path.display(), user.name))
    }

    /// The log of one process.
    pub fn log(&self, name: &str) -> PathBuf {
        self.data.join("logs").join(format!("{name}.log"))
    }

    /// A path at which the servers' user can run `program`: itself, or a copy beside the servers' data. A link keeps
    /// its own name, because some programs (Redis' on Debian) are one file that looks at what it was called.
    pub fn runnable(&self, program: &Path) -> anyhow::Result<PathBuf> {
        match &self.unprivileged {
            Some(user) if !reachable_by(program, user) || !reachable_by(&program.canonicalize()?, user) => {
                let copy = self.servers.join("bin").join(program.file_name().context("a program has a name")?);
                files::copy_program(program, &copy)?;
                Ok(copy)
            }
            _ => Ok(std::path::absolute(program)?),
        }
    }

    /// Where fetched programs are kept: shared by all stacks of the user, or of the checkout.
    pub fn cache(&self) -> PathBuf {
        match (std::env::var_os("XDG_CACHE_HOME").filter(|dir| !dir.is_empty()), &self.checkout) {
            (Some(cache), _) => PathBuf::from(cache).join("tidemark"),
            (None, Some(checkout)) if files::writable(checkout) => checkout.join(".tidemark").join("cache"),
            _ => self.data.join("cache"),
        }
    }

    /// Removes all that a stack has made here, but not what was fetched.
    pub fn clear(&self) -> anyhow::Result<()> {
        for directory in ["postgres", "nats", "redis", "bin"] {
            files::remove_tree(&self.servers.join(directory))?;
        }
        for directory in ["logs", "run", "secrets", "mail"] {
            files::remove_tree(&self.data.join(directory))?;
        }
        for file in ["dev.json", "ports.json", "settings.toml", "seeded", "compose.yml"] {
            files::remove_file(&self.data.join(file))?;
        }
        for directory in ["logs", "run"] {
            fs::create_dir_all(self.data.join(directory))?;
        }
        Ok(())
    }
}

/// The workspace around the current directory.
fn find_checkout() -> Option<PathBuf> {
    let current = std::env::current_dir().ok()?;
    current
        .ancestors()
        .find(|dir| dir.join("crates/devstack/Cargo.toml").is_file() && dir.join("Cargo.toml").is_file())
        .map(Path::to_path_buf)
}

fn data_directory(wanted: Option<&Path>, checkout: Option<&Path>) -> anyhow::Result<PathBuf> {
    Ok(match (wanted, checkout) {
        (Some(dir), _) => std::path::absolute(dir)?,
        (None, Some(checkout)) => checkout.join(".tidemark"),
        (None, None) => std::env::current_dir()?.join(".tidemark"),
    })
}

/// What another user has made is closed to us, and each of its files would say so in its own way.
fn ensure_ours(data: &Path) -> anyhow::Result<()> {
    let own = Uid::effective();
    for path in [data.to_path_buf(), data.join("secrets"), data.join("logs"), data.join("run")] {
        let Ok(metadata) = fs::metadata(&path) else { continue };
        if !own.is_root() && metadata.uid() != own.as_raw() {
            let owner = User::from_uid(Uid::from_raw(metadata.uid())).ok().flatten();
            bail!(
                "{} belongs to {}; remove it as that user, or keep a stack of your own with --data-dir",
                path.display(),
                owner.map_or_else(|| format!("user {}", metadata.uid()), |user| user.name)
            );
        }
    }
    Ok(())
}

/// Whom servers run as when we are root: the owner of the data that is there, since nobody else could read it, else
/// `postgres`, else `nobody`. A package that brings the user `postgres` thereby changes nothing for older data.
fn unprivileged_user(candidates: &[&Path]) -> anyhow::Result<Option<Unprivileged>> {
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    if let Some(owner) = candidates.iter().find_map(|servers| owner_of_data(servers)) {
        return Ok(Some(owner));
    }
    for name in ["postgres", "nobody"] {
        if let Some(user) = User::from_name(name)? {
            return Ok(Some(Unprivileged { name: user.name, uid: user.uid.as_raw(), gid: user.gid.as_raw() }));
        }
    }
    bail!("started as root, and there is neither a user `postgres` nor `nobody` for the servers to run as")
}

/// The owner of the first server's directory that somebody other than root owns.
fn owner_of_data(servers: &Path) -> Option<Unprivileged> {
    let metadata = ["postgres", "nats", "redis"]
        .iter()
        .filter_map(|name| fs::metadata(servers.join(name)).ok())
        .find(|metadata| metadata.uid() != 0)?;
    let user = User::from_uid(Uid::from_raw(metadata.uid())).ok().flatten();
    let name = user.map_or_else(|| format!("user {}", metadata.uid()), |user| user.name);
    Some(Unprivileged { name, uid: metadata.uid(), gid: metadata.gid() })
}

/// Whether `user` may pass through every directory down to `path`.
fn reachable_by(path: &Path, user: &Unprivileged) -> bool {
    path.ancestors().all(|step| {
        let Ok(metadata) = fs::metadata(step) else { return false };
        let mode = metadata.mode();
        if metadata.uid() == user.uid {
            mode & 0o100 != 0
        } else if metadata.gid() == user.gid {
            mode & 0o010 != 0
        } else {
            mode & 0o001 != 0
        }
    })
}

/// A short name for a path, the same on every start.
pub(crate) fn short_hash(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    let digest = Sha256::digest(path.as_os_str().as_bytes());
    digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_directory_hides_what_lies_below_it() {
        let outer = tempfile::tempdir().expect("a directory");
        let inner = outer.path().join("inner");
        fs::create_dir(&inner).expect("a directory");
        let stranger = Unprivileged { name: "stranger".into(), uid: 65_533, gid: 65_533 };
        fs::set_permissions(&inner, fs::Permissions::from_mode(0o755)).expect("mode");
        fs::set_permissions(outer.path(), fs::Permissions::from_mode(0o700)).expect("mode");
        assert!(!reachable_by(&inner, &stranger));
        fs::set_permissions(outer.path(), fs::Permissions::from_mode(0o711)).expect("mode");
        assert!(reachable_by(&inner, &stranger));
    }

    #[test]
    fn the_owner_of_data_goes_on_running_its_servers() {
        if !Uid::effective().is_root() {
            return;
        }
        let data = tempfile::tempdir().expect("a directory");
        let nothing = tempfile::tempdir().expect("a directory");
        let usual = unprivileged_user(&[nothing.path()]).expect("a user");
        assert_eq!(unprivileged_user(&[data.path(), nothing.path()]).expect("a user"), usual);
        for name in ["postgres", "nats"] {
            let directory = data.path().join(name);
            fs::create_dir(&directory).expect("a directory");
            chown(&directory, Some(65_533), Some(65_532)).expect("given away");
            let user = unprivileged_user(&[nothing.path(), data.path()]).expect("a user").expect("we are root");
            assert_eq!((user.uid, user.gid), (65_533, 65_532));
            fs::remove_dir(&directory).expect("removed");
        }
    }

    #[test]
    fn looking_at_a_place_makes_nothing() {
        let outer = tempfile::tempdir().expect("a directory");
        let data = outer.path().join("data");
        let found = Place::find(Some(&data)).expect("found");
        assert!(!found.data.exists() && !found.log("up").exists());
        assert!(found.servers == found.data || !found.servers.exists());
    }

    #[test]
    fn a_place_has_one_short_name() {
        assert_eq!(short_hash(Path::new("/a")), short_hash(Path::new("/a")));
        assert_ne!(short_hash(Path::new("/a")), short_hash(Path::new("/b")));
    }
}
