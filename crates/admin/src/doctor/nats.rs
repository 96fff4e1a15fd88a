//! NATS: its version, JetStream, what it takes, and the stream.

use async_nats::jetstream;
use tidemark_engine::relay::STREAM;
use tidemark_runtime::Settings;

use super::Check;
use crate::relay::{connect, stream};

/// Earlier ones have known holes.
const OLDEST: [u64; 3] = [2, 14, 6];
/// An event is at most 2 MiB; this leaves room for what it is wrapped in.
const MAX_PAYLOAD: usize = 8 << 20;

pub(super) async fn examine(settings: &Settings) -> Vec<Check> {
    let Some(url) = &settings.nats_url else {
        return vec![Check::warn(
            "nats",
            "`nats_url` is not set",
            "set it if others are to receive the events; without it all goes on from the log",
        )];
    };
    let client = match connect(url).await {
        Ok(client) => client,
        Err(error) => {
            return vec![Check::fail(
                "nats",
                error.to_string(),
                "commands and queries go on without it, consumers of the stream do not",
            )];
        }
    };
    let server = client.server_info();
    let mut checks = vec![version(&server.version), max_payload(server.max_payload)];
    let context = jetstream::new(client);
    match context.query_account().await {
        Ok(_) => {
            checks.push(Check::ok("jetstream", "on"));
            checks.push(events_stream(&context, settings).await);
        }
        Err(error) => checks.push(Check::fail(
            "jetstream",
            format!("does not answer: {error}"),
            "start nats-server with JetStream (`jetstream {}` or `-js`)",
        )),
    }
    checks
}

fn version(shown: &str) -> Check {
    if numbers(shown) >= Some(OLDEST) {
        return Check::ok("nats version", shown);
    }
    let [major, minor, patch] = OLDEST;
    Check::fail("nats version", shown, format!("use {major}.{minor}.{patch} or newer"))
}

/// A version without its suffix (`2.15.0-RC.1` counts as 2.15.0).
fn numbers(version: &str) -> Option<[u64; 3]> {
    let mut parts = version.trim_start_matches('v').split(['-', '+']).next()?.split('.').map(|part| part.parse().ok());
    Some([parts.next()??, parts.next()??, parts.next()??])
}

fn max_payload(bytes: usize) -> Check {
    if bytes >= MAX_PAYLOAD {
        return Check::ok("nats max_payload", format!("{bytes} bytes"));
    }
    Check::fail(
        "nats max_payload",
        format!("{bytes} bytes: a large event would stop the relay"),
        "set `max_payload: 8MB` in the server's configuration",
    )
}

async fn events_stream(context: &jetstream::Context, settings: &Settings) -> Check {
    let wanted = stream(settings);
    let info = match context.get_stream(STREAM).await {
        Ok(stream) => stream.cached_info().clone(),
        Err(error) => {
            return Check::warn(
                "stream",
                format!("{STREAM} cannot be read: {error}"),
                "a running `workers` process makes it",
            );
        }
    };
    let max_bytes = i64::try_from(wanted.max_bytes).unwrap_or(i64::MAX);
    let differs: Vec<&str> = [
        (info.config.subjects != [format!("{}.>", wanted.subjects)], "subjects"),
        (info.config.max_age != wanted.max_age, "max_age"),
        (info.config.max_bytes != max_bytes, "max_bytes"),
        (info.config.num_replicas != wanted.replicas, "replicas"),
        (!info.config.deny_delete, "deny_delete"),
        (!info.config.deny_purge, "deny_purge"),
    ]
    .into_iter()
    .filter_map(|(differs, name)| differs.then_some(name))
    .collect();
    if differs.is_empty() {
        return Check::ok(
            "stream",
            format!("{STREAM} as configured, {} messages up to {}", info.state.messages, info.state.last_sequence),
        );
    }
    Check::warn(
        "stream",
        format!("{STREAM} differs from the settings in {}", differs.join(", ")),
        "a running `workers` process mends it",
    )
}

#[cfg(test)]
mod tests {
    use super::super::Mark;
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        for (shown, mark) in [
            ("2.14.6", Mark::Ok),
            ("2.15.0-RC.1", Mark::Ok),
            ("3.0.0", Mark::Ok),
            ("2.14.5", Mark::Fail),
            ("2.9.99", Mark::Fail),
            ("?", Mark::Fail),
        ] {
            assert_eq!(version(shown).status, mark, "{shown}");
        }
    }
}
