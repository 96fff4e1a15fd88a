//! Sessions that are refreshed, beside commands over HTTP; and what a flood of sign-ins does to cached queries.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use futures::future::try_join_all;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::client::{Ask, Client, askers};
use super::{BENCH, CONNECTIONS, EMAIL, PASSWORD, UNIT, new_post, path_of_a_post};
use crate::BenchArgs;
use crate::figure::Figure;
use crate::load::{Caller, drive, latencies, percentile};

/// Who reads while others sign in, and how often each.
const READERS: usize = 16;
const PACE: Duration = Duration::from_millis(20);

/// A session with its connection, which is refreshed again and again.
struct Session {
    client: Client,
    refresh_token: String,
}

impl Session {
    async fn begin(address: &str) -> anyhow::Result<Self> {
        let mut client = Client::connect(address, None).await?;
        let login = json!({ "email": EMAIL, "password": PASSWORD, "tokenDelivery": "body" });
        let answer = client.expect(Ask::post("/api/v1/auth/login", &login)).await?;
        Ok(Self { client, refresh_token: refresh_token(&answer)? })
    }
}

fn refresh_token(answer: &[u8]) -> anyhow::Result<String> {
    let session: Value = serde_json::from_slice(answer)?;
    Ok(session["refreshToken"].as_str().context("there is no refresh token in the answer")?.to_owned())
}

impl Caller for Session {
    async fn call(&mut self) -> anyhow::Result<()> {
        let body = json!({ "refreshToken": self.refresh_token, "tokenDelivery": "body" });
        let answer = self.client.expect(Ask::post("/api/v1/auth/refresh", &body)).await?;
        self.refresh_token = refresh_token(&answer)?;
        Ok(())
    }
}

/// Refreshes beside commands.
pub(super) async fn refresh(args: &BenchArgs, address: &str, token: &Arc<str>) -> anyhow::Result<Figure> {
    eprintln!("http: POST /auth/refresh, {CONNECTIONS} connections");
    let mut sessions = try_join_all((0..CONNECTIONS).map(|_| Session::begin(address))).await?;
    let mut best = [0.0_f64; 2];
    for round in 1..=args.rounds() {
        let refreshes = drive(&mut sessions, args.length()).await?;
        let mut writers = askers(address, Some(token), CONNECTIONS, new_post).await?;
        let commands = drive(&mut writers, args.length()).await?;
        eprintln!("  round {round}: {refreshes:.0} refreshes/s, {commands:.0} commands/s");
        best = [best[0].max(refreshes), best[1].max(commands)];
    }
    let case = format!("POST /auth/refresh, {CONNECTIONS} connections / POST /posts");
    Ok(Figure::plain(BENCH, case, best[0], UNIT).beside(best[1]).at_least(0.5))
}

/// The p99 of cached queries under a flood of sign-ins beside the same without.
pub(super) async fn flood(args: &BenchArgs, address: &str, token: &Arc<str>) -> anyhow::Result<Figure> {
    eprintln!("http: GET one post, cached, under a flood of sign-ins");
    let path = path_of_a_post(address).await?;
    let mut readers = askers(address, Some(token), READERS, move || Ask::get(&*path)).await?;
    let mut best = [f64::INFINITY; 2];
    for round in 1..=args.rounds() {
        let calm = percentile(&latencies(&mut readers, PACE, args.length()).await?, 99);
        let mut flood = JoinSet::new();
        for _ in 0..CONNECTIONS {
            flood.spawn(sign_in_for_ever(address.to_owned()));
        }
        let flooded = percentile(&latencies(&mut readers, PACE, args.length()).await?, 99);
        anyhow::ensure!(flood.try_join_next().is_none(), "a sign-in was not answered");
        flood.shutdown().await;
        eprintln!("  round {round}: p99 {calm:.2} ms, under the flood {flooded:.2} ms");
        best = [best[0].min(flooded), best[1].min(calm)];
    }
    let case = "p99 of a cached query under a flood of sign-ins / without";
    Ok(Figure::plain(BENCH, case, best[0], "ms").beside(best[1]).at_most_times(2.0))
}

/// Signs in as nobody in particular, as fast as it is told that this is nobody or that there is no room.
async fn sign_in_for_ever(address: String) -> anyhow::Result<()> {
    let mut client = Client::connect(&address, None).await?;
    loop {
        let email = format!("{}@bench.example", Uuid::new_v4());
        let login = json!({ "email": email, "password": "a-guess-that-is-wrong" });
        client.send(Ask::post("/api/v1/auth/login", &login)).await?;
    }
}
