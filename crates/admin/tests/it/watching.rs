//! The alerts and the dashboard in `deploy/` use metrics and labels that there are, and lead to what the operators' page says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use crate::docs::{documented, recorded, root};

/// What Prometheus adds: where a sample comes from, and the bounds of a histogram's buckets.
const ADDED_LABELS: [&str; 3] = ["job", "instance", "le"];

fn alerts() -> String {
    fs::read_to_string(root().join("deploy/prometheus/alerts.yml")).unwrap()
}

/// The values of all lines `key: value`.
fn values<'a>(yaml: &'a str, key: &str) -> Vec<&'a str> {
    let lines = yaml.lines().map(|line| line.trim_start().trim_start_matches("- "));
    lines.filter_map(|line| line.strip_prefix(key)?.strip_prefix(": ")).collect()
}

fn dashboard() -> Value {
    serde_json::from_str(&fs::read_to_string(root().join("deploy/grafana/tidemark.json")).unwrap()).unwrap()
}

/// Every text under `key`, however deep.
fn texts<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get(key).and_then(Value::as_str));
            fields.values().for_each(|value| texts(value, key, found));
        }
        Value::Array(values) => values.iter().for_each(|value| texts(value, key, found)),
        _ => {}
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_ascii_alphanumeric() && character != '_')
}

/// What is wrong with an expression: series that nobody exports, labels that they do not have.
fn wrong(expression: &str, metrics: &BTreeMap<String, crate::docs::Recorded>) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut labels: BTreeSet<&str> = ADDED_LABELS.into();
    for series in words(expression).filter(|word| word.starts_with("tidemark_")) {
        let of_histogram = ["_bucket", "_sum", "_count"]
            .into_iter()
            .find_map(|part| metrics.get(series.strip_suffix(part)?).filter(|metric| metric.kind == "histogram"));
        match of_histogram.or_else(|| metrics.get(series).filter(|metric| metric.kind != "histogram")) {
            Some(metric) => labels.extend(metric.labels.iter().map(String::as_str)),
            None => wrong.push(format!("nobody exports {series}: {expression}")),
        }
    }
    let grouped = expression.split("by (").skip(1).filter_map(|rest| rest.split(')').next());
    let matched = expression
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split('}').next())
        .flat_map(|matchers| matchers.split(',').filter_map(|matcher| matcher.split(['=', '!']).next()));
    for label in grouped.flat_map(|names| names.split(',')).chain(matched).map(str::trim) {
        if !labels.contains(label) {
            wrong.push(format!("no series has {label}: {expression}"));
        }
    }
    wrong
}

#[test]
fn alerts_and_dashboard_ask_for_what_is_exported() {
    let metrics = recorded();
    let dashboard = dashboard();
    let mut expressions = Vec::new();
    texts(&dashboard, "expr", &mut expressions);
    assert!(expressions.len() > 30);
    // Expressions of more than one line are where the words are as well.
    let alerts = alerts();
    let rules: Vec<&str> = alerts.split("- alert: ").skip(1).filter_map(|rule| rule.split("labels:").next()).collect();
    assert!(rules.len() > 10);
    let wrong: Vec<String> =
        expressions.into_iter().chain(rules).flat_map(|expression| wrong(expression, &metrics)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_nobody_exports_is_noticed() {
    let metrics = recorded();
    for expression in [
        "tidemark_append_nonsense",
        "sum(rate(tidemark_append_seconds[5m]))",
        "tidemark_append_queue_bucket",
        "sum by (projection) (tidemark_append_queue)",
        "tidemark_append_queue{status=\"5xx\"}",
    ] {
        assert!(!wrong(expression, &metrics).is_empty(), "{expression}");
    }
}

#[test]
fn legends_and_summaries_name_labels_that_there_are() {
    let labels: BTreeSet<String> = recorded().into_values().flat_map(|metric| metric.labels).collect();
    let dashboard = dashboard();
    let mut legends = Vec::new();
    texts(&dashboard, "legendFormat", &mut legends);
    let of_legends =
        legends.iter().flat_map(|legend| legend.split("{{").skip(1)).filter_map(|rest| rest.split("}}").next());
    let alerts = alerts();
    let of_summaries = alerts.split("$labels.").skip(1).filter_map(|rest| words(rest).next());
    for label in of_legends.chain(of_summaries) {
        assert!(labels.contains(label) || ADDED_LABELS.contains(&label), "{label}");
    }
}

#[test]
fn every_alert_has_its_line_for_operators_and_leads_to_a_section() {
    let alerts = alerts();
    let names = values(&alerts, "alert");
    assert_eq!(documented("Alerts"), names.iter().map(|name| (*name).to_owned()).collect());
    let runbooks = values(&alerts, "runbook");
    assert_eq!(runbooks.len(), names.len());
    let page = fs::read_to_string(root().join("docs/operations.md")).unwrap();
    // As GitHub makes anchors of headings.
    let anchors: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|heading| heading.to_lowercase().replace(',', "").replace(' ', "-"))
        .collect();
    for runbook in runbooks {
        let anchor = runbook.strip_prefix("docs/operations.md#").unwrap();
        assert!(anchors.contains(anchor), "{runbook}");
    }
}
