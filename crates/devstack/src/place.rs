//! Where a stack keeps its things, and as whom its servers run.
//!
//! Everything lies in the data directory, `.tidemark` in the checkout by default. Only the servers' own directories
//! move away when the stack is started by root from a place that an unprivileged user cannot reach.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use anyhow::Context;
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
        let checkout = find_checkout();
        let data = match (data_dir, &checkout) {
            (Some(dir), _) => dir.to_path_buf(),
            (None, Some(checkout)) => checkout.join(".tidemark"),
            (None, None) => std::env::current_dir()?.join(".tidemark"),
        };
        fs::create_dir_all(&data).with_context(|| format!("cannot make {}", data.display()))?;
        let data = data.canonicalize()?;
        let unprivileged = unprivileged_user()?;
        let servers = match &unprivileged {
            Some(user) if !reachable_by(&data, user) => {
                Path::new("/var/lib").join(format!("tidemark-dev-{}", short_hash(&data)))
            }
            _ => data.clone(),
        };
        fs::create_dir_all(&servers).with_context(|| format!("cannot make {}", servers.display()))?;
        for directory in ["logs", "run"] {
            fs::create_dir_all(data.join(directory))?;
        }
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

fn unprivileged_user() -> anyhow::Result<Option<Unprivileged>> {
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    for name in ["postgres", "nobody"] {
        if let Some(user) = User::from_name(name)? {
            return Ok(Some(Unprivileged { name: user.name, uid: user.uid.as_raw(), gid: user.gid.as_raw() }));
        }
    }
    anyhow::bail!("started as root, and there is neither a user `postgres` nor `nobody` for the servers to run as")
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
    fn a_place_has_one_short_name() {
        assert_eq!(short_hash(Path::new("/a")), short_hash(Path::new("/a")));
        assert_ne!(short_hash(Path::new("/a")), short_hash(Path::new("/b")));
    }
}
