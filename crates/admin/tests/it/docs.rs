//! The operators' page says what the code does: every setting, every metric, every exit code, and nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What stands in the first column of the tables under `heading`, without its quotes.
fn documented(heading: &str) -> BTreeSet<String> {
    let page = fs::read_to_string(root().join("docs/operations.md")).unwrap();
    let (_, section) = page.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let cells = section.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    cells.filter(|cell| !cell.starts_with("---")).skip(1).map(|cell| cell.trim_matches('`').to_owned()).collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The names that the macros of `metrics` are given, outside of tests.
fn metrics_of(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]").next().unwrap();
    let given = ["counter!(", "gauge!(", "histogram!("].into_iter().flat_map(|name| source.split(name).skip(1));
    given.map(|call| call.split('"').nth(1).unwrap().to_owned()).collect()
}

#[test]
fn every_metric_is_listed_and_every_listed_one_exists() {
    let mut files = Vec::new();
    for member in ["api", "projections", "workers"] {
        sources(&root().join(member).join("src"), &mut files);
    }
    for member in fs::read_dir(root().join("crates")).unwrap() {
        sources(&member.unwrap().path().join("src"), &mut files);
    }
    let recorded: BTreeSet<String> =
        files.iter().flat_map(|file| metrics_of(&fs::read_to_string(file).unwrap())).collect();
    assert!(recorded.len() > 20);
    assert_eq!(documented("Metrics"), recorded);
}

#[test]
fn every_setting_is_listed_and_every_listed_one_exists() {
    let keys = fs::read_to_string(root().join("crates/runtime/src/settings/keys.rs")).unwrap();
    let keys: BTreeSet<String> =
        keys.split("    key(").skip(1).map(|key| key.split('"').nth(1).unwrap().to_owned()).collect();
    assert!(keys.len() > 20);
    assert_eq!(documented("Settings"), keys);
}

#[test]
fn every_exit_code_is_listed() {
    assert_eq!(documented("Exit codes of admin"), ["0", "1", "2", "3", "4", "5"].map(str::to_owned).into());
}
