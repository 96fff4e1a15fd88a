//! `cargo dev up` builds what `cargo dev test` builds: a package that one of them wants with other features would be compiled
//! a second time, and with it whatever stands on it, which is minutes on a fresh machine.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::process::Command;

/// Packages with their features, as cargo builds them for a selection.
fn packages(selection: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["tree", "--offline", "--locked", "--prefix", "none", "--format", "{p} [{f}]"])
        .args(selection)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // A star marks what was shown before.
    let tree = String::from_utf8(output.stdout).unwrap();
    tree.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect()
}

#[test]
fn the_two_commands_of_a_fresh_machine_share_their_builds() {
    // What runs here is built apart from what macros and build scripts use.
    for (what, up, test) in [
        ("for this machine", "normal,no-proc-macro", "normal,dev,no-proc-macro"),
        ("at all", "normal,build", "normal,build,dev"),
    ] {
        let up = packages(&["--package", env!("CARGO_PKG_NAME"), "--edges", up]);
        let test = packages(&["--workspace", "--edges", test]);
        let twice: Vec<_> = up.difference(&test).collect();
        assert!(
            twice.is_empty(),
            "name these in crates/devstack/Cargo.toml with the features that the tests have {what}: {twice:?}"
        );
    }
}
