//! The operators' page says what the code does: every setting, every metric, every exit code, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A metric as the code records it.
pub(crate) struct Recorded {
    pub(crate) kind: &'static str,
    pub(crate) labels: BTreeSet<String>,
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What stands in the first column of the tables under `heading`, without its quotes.
pub(crate) fn documented(heading: &str) -> BTreeSet<String> {
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

/// What the macros of `metrics` are given, outside of tests.
fn metrics_of(source: &str) -> Vec<(String, Recorded)> {
    let source = source.split("#[cfg(test)]").next().unwrap();
    let kinds = ["counter", "gauge", "histogram"];
    let calls = kinds.into_iter().flat_map(|kind| {
        let begin = format!("{kind}!(");
        source.split(&begin).skip(1).map(move |call| (kind, call.to_owned())).collect::<Vec<_>>()
    });
    calls
        .map(|(kind, call)| {
            // Labels come as `"name" => value`, up to the end of the statement.
            let mut quoted = call.split(';').next().unwrap().split('"').skip(1);
            let name = quoted.next().unwrap().to_owned();
            let quoted: Vec<_> = quoted.collect();
            let is_label = |pair: &&[&str]| pair[1].trim_start().starts_with("=>");
            (
                name,
                Recorded { kind, labels: quoted.windows(2).filter(is_label).map(|pair| pair[0].to_owned()).collect() },
            )
        })
        .collect()
}

/// All metrics of the services, by name.
pub(crate) fn recorded() -> BTreeMap<String, Recorded> {
    let mut files = Vec::new();
    for member in ["api", "projections", "workers"] {
        sources(&root().join(member).join("src"), &mut files);
    }
    for member in fs::read_dir(root().join("crates")).unwrap() {
        sources(&member.unwrap().path().join("src"), &mut files);
    }
    let mut recorded: BTreeMap<String, Recorded> = BTreeMap::new();
    for (name, metric) in files.iter().flat_map(|file| metrics_of(&fs::read_to_string(file).unwrap())) {
        let known = recorded.entry(name).or_insert(Recorded { kind: metric.kind, labels: BTreeSet::new() });
        known.labels.extend(metric.labels);
    }
    assert!(recorded.len() > 20);
    recorded
}

#[test]
fn every_metric_is_listed_and_every_listed_one_exists() {
    assert_eq!(documented("Metrics"), recorded().into_keys().collect());
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
