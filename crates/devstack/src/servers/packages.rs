//! Installs a package of the distribution, without letting it start a server of its own.
//!
//! Debian's way to say so is `/usr/sbin/policy-rc.d`; Postgres' packages are told besides not to make a cluster.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use nix::unistd::Uid;

use super::programs::on_path;

const POLICY: &str = "/usr/sbin/policy-rc.d";
const POSTGRES_COMMON: &str = "/etc/postgresql-common";

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

fn installation_script(packages: &[&str]) -> String {
    let list = packages.join(" ");
    format!(
        r#"set -e
export DEBIAN_FRONTEND=noninteractive
cleanup() {{
    [ -z "$made_policy" ] || rm -f {POLICY}
    [ -z "$made_cluster" ] || rm -f {POSTGRES_COMMON}/createcluster.d/tidemark.conf
}}
trap cleanup EXIT
if [ ! -e {POLICY} ]; then
    made_policy=1
    printf '#!/bin/sh\nexit 101\n' > {POLICY}
    chmod 755 {POLICY}
fi
case " {list} " in *" postgresql "*)
    if [ ! -e {POSTGRES_COMMON}/createcluster.d/tidemark.conf ]; then
        made_cluster=1
        mkdir -p {POSTGRES_COMMON}/createcluster.d
        echo 'create_main_cluster = false' > {POSTGRES_COMMON}/createcluster.d/tidemark.conf
    fi
esac
apt-get install -y --no-install-recommends {list} || {{ apt-get update && apt-get install -y --no-install-recommends {list}; }}
"#
    )
}
