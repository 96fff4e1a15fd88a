//! What the edge costs: limits that are shared through Redis beside limits of the process, and memory of idle connections.

use std::sync::Arc;

use futures::FutureExt;
use tokio::time::sleep;

use super::client::{Ask, Client, askers};
use super::{BENCH, CONNECTIONS, IDLE, UNIT, path_of_a_post, ready, sign_in};
use crate::BenchArgs;
use crate::figure::Figure;
use crate::load::{Contender, best_of, drive};
use crate::memory;
use crate::service::{Kind, Target};

/// Connections that do nothing: nearly as many as a process takes.
const IDLE_CONNECTIONS: usize = 9_900;
/// How many of them are made before the memory is looked at first: what a process needs for any is not of one.
const FIRST: usize = 100;

/// A cached query with limits in Redis, beside the one with limits of the process at `address`.
pub(super) async fn redis_limits(
    args: &BenchArgs,
    target: &Target,
    address: &str,
    token: &Arc<str>,
) -> anyhow::Result<Figure> {
    eprintln!("http: GET one post, limits in Redis, {CONNECTIONS} connections");
    let api = ready(target.start(Kind::Api).await?).await?;
    let shared = api.greeting().to_owned();
    let (path, shared_token) = (path_of_a_post(address).await?, sign_in(&shared).await?);
    let measure = |address: &str, token: &Arc<str>| {
        let (address, token, path) = (address.to_owned(), Arc::clone(token), Arc::clone(&path));
        async move {
            let mut askers = askers(&address, Some(&token), CONNECTIONS, move || Ask::get(&*path)).await?;
            drive(&mut askers, args.length()).await
        }
        .boxed()
    };
    let best = best_of(
        args.rounds(),
        &mut [
            Contender::new("limits in Redis", || measure(&shared, &shared_token)),
            Contender::new("limits of the process", || measure(address, token)),
        ],
    )
    .await?;
    api.stop().await?;
    let case = "GET one post, cached, signed in, limits in Redis / limits of the process";
    Ok(Figure::plain(BENCH, case, best[0], UNIT).beside(best[1]).at_least(0.5))
}

/// What one of many connections that were used once and are kept open costs the process.
pub(super) async fn idle_connections(args: &BenchArgs, target: &Target) -> anyhow::Result<Figure> {
    let count = if args.smoke { IDLE_CONNECTIONS / 30 } else { IDLE_CONNECTIONS };
    eprintln!("http: {count} idle connections");
    let api = ready(target.start(Kind::Api).await?).await?;
    let mut clients = Vec::with_capacity(count);
    let mut before = 0.0;
    while clients.len() < count {
        if clients.len() == FIRST {
            before = memory::resident(api.id()?)?;
        }
        let mut client = Client::connect(api.greeting(), None).await?;
        client.expect(Ask::get("/api/v1/posts?limit=1")).await?;
        clients.push(client);
    }
    sleep(IDLE).await;
    let each = (memory::resident(api.id()?)? - before) * 1024.0 / (count - FIRST) as f64;
    drop(clients);
    api.stop().await?;
    Ok(Figure::plain(BENCH, format!("memory of an idle connection, of {count}"), each, "KiB").at_most(24.0))
}
