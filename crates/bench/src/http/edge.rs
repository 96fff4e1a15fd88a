//! What the edge costs: a query and a command with all that is around them beside a server with nothing, limits that are
//! shared through Redis beside limits of the process, and memory of idle connections.

use std::sync::Arc;

use anyhow::Context;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::Value;
use tokio::time::sleep;

use super::bare::Bare;
use super::client::{Ask, Client, askers};
use super::{BENCH, CONNECTIONS, IDLE, UNIT, new_post, path_of_a_post, ready, sign_in};
use crate::BenchArgs;
use crate::child::Child;
use crate::figure::Figure;
use crate::load::{Contender, best_of, drive};
use crate::memory;
use crate::service::{Kind, Target};

/// Connections that do nothing: nearly as many as a process takes.
const IDLE_CONNECTIONS: usize = 9_900;
/// How many of them are made before the memory is looked at first: what a process needs for any is not of one.
const FIRST: usize = 100;

/// A cached query, signed in, beside a constant of its length on a server with nothing around it.
pub(super) async fn layers_of_a_query(
    args: &BenchArgs,
    target: &Target,
    address: &str,
    token: &Arc<str>,
) -> anyhow::Result<Figure> {
    eprintln!("http: GET one post with all layers and a constant with none, {CONNECTIONS} connections");
    let path = path_of_a_post(address).await?;
    let mut client = Client::connect(address, Some(Arc::clone(token))).await?;
    let constant = String::from_utf8(client.expect(Ask::get(&*path)).await?.to_vec())?;
    let bare = bare(target, address, token, constant).await?;
    let measure = |address: &str, path: &str| {
        let path = path.to_owned();
        requests(args, address, token, move || Ask::get(&*path))
    };
    let best = best_of(
        args.rounds(),
        &mut [
            Contender::new("GET one post, all layers", || measure(address, &path)),
            Contender::new("GET a constant, none", || measure(bare.greeting(), "/constant")),
        ],
    )
    .await?;
    bare.stop().await?;
    let case = "GET one post, cached, signed in / a constant of its length, no layer";
    Ok(Figure::plain(BENCH, case, best[0], UNIT).beside(best[1]).at_least(0.5))
}

/// A command beside the same on a server with nothing around it.
pub(super) async fn layers_of_a_command(
    args: &BenchArgs,
    target: &Target,
    address: &str,
    token: &Arc<str>,
) -> anyhow::Result<Figure> {
    eprintln!("http: POST /posts with all layers and with none, {CONNECTIONS} connections");
    let bare = bare(target, address, token, String::new()).await?;
    let measure = |address: &str| requests(args, address, token, new_post);
    let best = best_of(
        args.rounds(),
        &mut [
            Contender::new("POST /posts, all layers", || measure(address)),
            Contender::new("POST /posts, none", || measure(bare.greeting())),
        ],
    )
    .await?;
    bare.stop().await?;
    let case = "POST /posts / the same command over HTTP, no layer";
    Ok(Figure::plain(BENCH, case, best[0], UNIT).beside(best[1]).at_least(0.85))
}

/// Requests a second over all connections.
fn requests<'a>(
    args: &'a BenchArgs,
    address: &str,
    token: &Arc<str>,
    ask: impl Fn() -> Ask + Clone + Send + Sync + 'static,
) -> BoxFuture<'a, anyhow::Result<f64>> {
    let (address, token) = (address.to_owned(), Arc::clone(token));
    async move {
        let mut askers = askers(&address, Some(&token), CONNECTIONS, ask).await?;
        drive(&mut askers, args.length()).await
    }
    .boxed()
}

/// The yardstick, where whoever has the token writes the posts.
async fn bare(target: &Target, address: &str, token: &Arc<str>, constant: String) -> anyhow::Result<Child> {
    let mut client = Client::connect(address, Some(Arc::clone(token))).await?;
    let me: Value = serde_json::from_slice(&client.expect(Ask::get("/api/v1/auth/me")).await?)?;
    let author = me["id"].as_str().context("nobody is signed in")?.parse()?;
    Bare::start(target, author, constant).await
}

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
        let path = Arc::clone(&path);
        requests(args, address, token, move || Ask::get(&*path))
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
