//! Pins which crate of the workspace may know which: Cargo enforces the edges that are written down, this test
//! guards what is written down. A new edge is a decision; make it here, in sight of a reviewer.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// The pure write sides.
const MODULES: [&str; 3] = ["identity", "tenancy", "content"];

/// What a module may use from outside the workspace (its tests may use anything): words and text, but nothing that
/// waits, reads a clock, draws a number or talks to a machine.
const MODULE_DEPENDENCIES: [&str; 11] = [
    "cqrs-es",
    "serde",
    "thiserror",
    "url",
    "uuid",
    "unicode-normalization",
    "deunicode",
    // How a mail's token is written and hashed, which the API and the workers have to agree on.
    "base64",
    "hmac",
    "sha2",
    "subtle",
];

/// Crate, and what it may depend on besides its own tests' needs. `modules` stands for all of `MODULES`.
const ALLOWED: [(&str, &[&str]); 10] = [
    ("kernel", &[]),
    ("engine", &[]),
    ("runtime", &[]),
    ("commands", &["kernel", "engine"]),
    ("projections", &["engine", "kernel", "runtime", "modules"]),
    ("workers", &["engine", "kernel", "runtime", "commands", "modules"]),
    ("api", &["engine", "kernel", "runtime", "commands", "modules", "projections"]),
    ("admin", &["engine", "kernel", "runtime", "commands", "modules", "projections", "workers"]),
    ("bench", &["engine", "kernel", "runtime", "commands", "modules", "projections", "workers", "api", "admin"]),
    (
        "devstack",
        &["engine", "kernel", "runtime", "commands", "modules", "projections", "workers", "api", "admin", "bench"],
    ),
];

#[test]
fn crates_know_only_what_lies_below_them() {
    let metadata = metadata();
    let mut wrong = Vec::new();
    for package in metadata.workspace_packages() {
        let name = short(&package.name);
        let Some(allowed) = allowed(name) else {
            wrong.push(format!("`{name}` has no place in the layers yet: give it one"));
            continue;
        };
        // Tests count too: a test that reaches upwards pulls the whole house into a crate's build.
        for dependency in package.dependencies.iter().filter(|dependency| dependency.path.is_some()) {
            let known = short(&dependency.name);
            if !allowed.contains(known) {
                wrong.push(format!("`{name}` must not depend on `{known}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_layer_that_is_pinned_exists() {
    let metadata = metadata();
    let members: BTreeSet<_> =
        metadata.workspace_packages().iter().map(|package| short(&package.name).to_owned()).collect();
    let pinned = ALLOWED.iter().map(|(name, _)| *name).chain(MODULES);
    let gone: Vec<_> = pinned.filter(|name| !members.contains(*name)).collect();
    assert!(gone.is_empty(), "no longer in the workspace: {gone:?}");
}

#[test]
fn modules_are_pure() {
    let metadata = metadata();
    for package in metadata.workspace_packages().into_iter().filter(|package| MODULES.contains(&short(&package.name))) {
        let outside: Vec<_> = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind != DependencyKind::Development && dependency.path.is_none())
            .map(|dependency| dependency.name.as_str())
            .filter(|name| !MODULE_DEPENDENCIES.contains(name))
            .collect();
        assert!(outside.is_empty(), "{} decides, so it needs no {outside:?}", package.name);
    }
}

#[test]
fn every_member_inherits_the_workspace_lints() {
    for package in metadata().workspace_packages() {
        let manifest = std::fs::read_to_string(&package.manifest_path).unwrap();
        let inherits = section(&manifest, "[lints]").any(|line| line == "workspace = true");
        assert!(inherits, "{} needs `[lints]` with `workspace = true`", package.name);
    }
}

#[test]
fn versions_live_in_the_workspace_root() {
    for package in metadata().workspace_packages() {
        let manifest = std::fs::read_to_string(&package.manifest_path).unwrap();
        for header in ["[dependencies]", "[dev-dependencies]", "[build-dependencies]"] {
            for line in section(&manifest, header).filter(|line| !line.is_empty() && !line.starts_with('#')) {
                assert!(line.contains("workspace = true"), "{}: `{line}` has a version of its own", package.name);
            }
        }
    }
}

fn metadata() -> Metadata {
    MetadataCommand::new().manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).no_deps().exec().unwrap()
}

fn allowed(name: &str) -> Option<BTreeSet<&'static str>> {
    if MODULES.contains(&name) {
        return Some(BTreeSet::from(["kernel"]));
    }
    let (_, edges) = ALLOWED.iter().find(|(other, _)| *other == name)?;
    let modules = edges.contains(&"modules").then_some(MODULES).into_iter().flatten();
    Some(edges.iter().copied().chain(modules).collect())
}

fn short(name: &str) -> &str {
    name.strip_prefix("tidemark-").unwrap_or(name)
}

/// The lines of one table of a manifest.
fn section<'a>(manifest: &'a str, header: &'a str) -> impl Iterator<Item = &'a str> {
    manifest
        .lines()
        .map(str::trim)
        .skip_while(move |line| *line != header)
        .skip(1)
        .take_while(|line| !line.starts_with('['))
}
