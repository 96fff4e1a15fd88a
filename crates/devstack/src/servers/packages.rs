//! Installs a package of the distribution, without letting it start a server of its own.
//!
//! Debian's way to say so is `/usr/sbin/policy-rc.d`; Postgres' packages are told besides not to make a cluster.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use nix::unistd::Uid;

use super::programs::on_path;

const POLICY: &str = "/usr/sbin/policy-rc.d";
const CREATE_CLUSTER: &str = "/etc/postgresql-common/createcluster.d/tidemark.conf";
/// What tells our own files from those of others.
const MARK: &str = "# Written by cargo dev while it installs a package.";

/// How this machine lets us install, if it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Installer {
    /// apt-get, as root.
    AptAsRoot,
    /// apt-get, by a sudo that asks for no password.
    AptBySudo,
}

/// Finds out whether we may install here without asking anybody.
pub fn installer() -> Option<Installer> {
    on_path("apt-get")?;
    if Uid::effective().is_root() {
        return Some(Installer::AptAsRoot);
    }
    let sudo = on_path("sudo")?;
    let allowed = Command::new(sudo)
        .args(["-n", "true"])
        .stdin(Stdio::null())
        .output()
        .is_ok_and(|output| output.status.success());
    allowed.then_some(Installer::AptBySudo)
}

/// Installs packages; their servers are not started.
pub fn install(installer: Installer, packages: &[&str], log: &Path) -> anyhow::Result<()> {
    let script = installation_script(packages);
    let mut command = match installer {
        Installer::AptAsRoot => Command::new("sh"),
        Installer::AptBySudo => {
            let mut sudo = Command::new("sudo");
            sudo.args(["-n", "sh"]);
            sudo
        }
    };
    let output = crate::files::open_log(log)?;
    let status = command
        .args(["-c", &script])
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .status()
        .context("cannot run apt-get")?;
    if !status.success() {
        bail!(
            "apt-get could not install {}; {} ends with:\n{}",
            packages.join(" "),
            log.display(),
            crate::files::tail(log, 8)
        );
    }
    Ok(())
}

/// The command that a user would type to have what could not be found.
pub fn hint(apt: &str, dnf: &str, brew: &str) -> String {
    let commands: [(&str, String); 4] = [
        ("apt-get", format!("sudo apt-get install {apt}")),
        ("dnf", format!("sudo dnf install {dnf}")),
        ("apk", format!("sudo apk add {apt}")),
        ("brew", format!("brew install {brew}")),
    ];
    commands
        .iter()
        .find(|(manager, _)| on_path(manager).is_some())
        .map_or_else(|| format!("# with this system's package manager, install {apt}"), |(_, command)| command.clone())
}

/// Removes what an installation that was killed has left behind, so that nobody's servers stay forbidden to start.
pub fn remove_leftovers() {
    if !fs::read_to_string(POLICY).is_ok_and(|text| text.contains(MARK)) {
        return;
    }
    let script = format!("rm -f {POLICY}; {}", cluster_cleanup());
    let _better_than_nothing = match installer() {
        Some(Installer::AptAsRoot) => Command::new("sh").args(["-c", &script]).status(),
        Some(Installer::AptBySudo) => Command::new("sudo").args(["-n", "sh", "-c", &script]).status(),
        None => return,
    };
}

/// Removes the file that forbids to make clusters, if it is ours.
fn cluster_cleanup() -> String {
    format!("if grep -q '{MARK}' {CREATE_CLUSTER} 2>/dev/null; then rm -f {CREATE_CLUSTER}; fi")
}

/// A shell of Debian's runs no trap for EXIT when a signal ends it, so the signals have traps of their own.
fn installation_script(packages: &[&str]) -> String {
    let list = packages.join(" ");
    let cluster_cleanup = cluster_cleanup();
    format!(
        r#"set -e
export DEBIAN_FRONTEND=noninteractive
cleanup() {{
    trap - EXIT INT TERM HUP
    if grep -q '{MARK}' {POLICY} 2>/dev/null; then rm -f {POLICY}; fi
    {cluster_cleanup}
}}
trap cleanup EXIT
trap 'cleanup; exit 130' INT
trap 'cleanup; exit 143' TERM
trap 'cleanup; exit 129' HUP
if [ ! -e {POLICY} ]; then
    printf '#!/bin/sh\n{MARK}\nexit 101\n' > {POLICY}
    chmod 755 {POLICY}
fi
case " {list} " in *" postgresql "*)
    if [ ! -e {CREATE_CLUSTER} ]; then
        mkdir -p $(dirname {CREATE_CLUSTER})
        printf '{MARK}\ncreate_main_cluster = false\n' > {CREATE_CLUSTER}
    fi
esac
apt-get install -y --no-install-recommends {list} || {{ apt-get update && apt-get install -y --no-install-recommends {list}; }}
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The script with its paths below `root` and with `apt` for apt-get.
    fn script_below(root: &Path, apt: &str) -> String {
        let root = root.display();
        installation_script(&["postgresql"])
            .replace("/usr/sbin/", &format!("{root}/"))
            .replace("/etc/postgresql-common/createcluster.d/", &format!("{root}/"))
            .replace("apt-get", apt)
    }

    #[test]
    fn an_interrupted_installation_leaves_nothing_behind() {
        for signal in ["INT", "TERM", "HUP"] {
            let root = tempfile::tempdir().expect("a directory");
            let apt = format!("test -x {}/policy-rc.d && kill -{signal} $$; :", root.path().display());
            let status = Command::new("sh").args(["-c", &script_below(root.path(), &apt)]).status().expect("sh runs");
            assert!(!status.success(), "{signal}");
            assert_eq!(fs::read_dir(root.path()).expect("list").count(), 0, "{signal}");
        }
    }

    #[test]
    fn the_policy_of_somebody_else_stays() {
        let root = tempfile::tempdir().expect("a directory");
        let policy = root.path().join("policy-rc.d");
        fs::write(&policy, "#!/bin/sh\nexit 0\n").expect("written");
        let status = Command::new("sh").args(["-c", &script_below(root.path(), ":")]).status().expect("sh runs");
        assert!(status.success());
        assert_eq!(fs::read_to_string(&policy).expect("read"), "#!/bin/sh\nexit 0\n");
        assert_eq!(fs::read_dir(root.path()).expect("list").count(), 1);
    }
}
