//! Clients that never give up: each command is repeated, with its key, until it has a final answer.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::stack::{BrokenStack, place_in};
use crate::seed;

const WRITERS: u64 = 8;
const READERS: u64 = 3;
/// Between two new accounts: a password's hash takes the processor from the others.
const NEWCOMERS: Duration = Duration::from_millis(300);
/// One try; a command takes at most ten seconds to be told that its outcome is unknown.
const TRY: Duration = Duration::from_secs(15);
/// All tries of a command: longer than anything here stays broken.
const FINAL: Duration = Duration::from_secs(120);

/// A command that was acknowledged, or refused for good.
#[derive(Debug, Clone)]
pub(super) struct Told {
    /// The request id of all its tries, which its events carry.
    pub(super) request_id: String,
    /// How many events it must have in the log.
    pub(super) events: i64,
}

/// A post as its last acknowledged command left it.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) id: Uuid,
    /// The version; of one that many change, the least that it can be.
    pub(super) version: i64,
    /// The title; `None` where many change it.
    pub(super) title: Option<String>,
    position: String,
}

/// What all clients know together.
pub(super) struct Load {
    client: Client,
    bases: Vec<String>,
    token: String,
    hot: Uuid,
    told: Mutex<Vec<Told>>,
    known: Mutex<Vec<Known>>,
    violations: Mutex<Vec<String>>,
    tries: AtomicU64,
    replays: AtomicU64,
    reads: AtomicU64,
    /// The longest that a command took to its final answer, in milliseconds.
    slowest: AtomicU64,
}

/// A final answer.
struct Final {
    status: StatusCode,
    position: Option<String>,
    replayed: bool,
    body: String,
}

/// One command, the same in every try.
struct Request {
    method: Method,
    path: String,
    body: Value,
    if_match: Option<&'static str>,
    id: String,
}

/// What was done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Summary {
    pub(super) acknowledged: u64,
    tries: u64,
    replays: u64,
    reads: u64,
    slowest: Duration,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} commands told in {} tries ({} by a remembered answer, the slowest after {:.1} s), {} reads",
            self.acknowledged,
            self.tries,
            self.replays,
            self.slowest.as_secs_f64(),
            self.reads
        )
    }
}

impl Load {
    /// Signs in, and makes the post that all writers change.
    pub(super) async fn prepare(stack: &BrokenStack) -> anyhow::Result<Arc<Self>> {
        let client = Client::builder().timeout(TRY).build()?;
        let token = seed::sign_in(&client, &stack.json).await?;
        let load = Self {
            client,
            bases: stack.json.base_urls.clone(),
            token,
            hot: Uuid::nil(),
            told: Mutex::default(),
            known: Mutex::default(),
            violations: Mutex::default(),
            tries: AtomicU64::new(0),
            replays: AtomicU64::new(0),
            reads: AtomicU64::new(0),
            slowest: AtomicU64::new(0),
        };
        let made = load.create(&mut StdRng::seed_from_u64(0), None).await.context("the first post was not made")?;
        let hot = made.id;
        lock(&load.known).push(made);
        Ok(Arc::new(Self { hot, ..load }))
    }

    /// Writes and reads until told to stop; a command under way is followed to its final answer.
    pub(super) fn start(self: &Arc<Self>, seed: u64, stop: &CancellationToken) -> JoinSet<()> {
        let mut running = JoinSet::new();
        for n in 0..WRITERS {
            let (load, stop) = (Arc::clone(self), stop.clone());
            running.spawn(async move { load.write(StdRng::seed_from_u64(seed ^ (n + 1)), &stop).await });
        }
        let (load, stopped) = (Arc::clone(self), stop.clone());
        running.spawn(async move { load.register(StdRng::seed_from_u64(seed ^ 2000), &stopped).await });
        for n in 0..READERS {
            let (load, stop) = (Arc::clone(self), stop.clone());
            running.spawn(async move { load.read(StdRng::seed_from_u64(seed ^ (n + 1000)), &stop).await });
        }
        running
    }

    /// The post that all writers change.
    pub(super) fn hot(&self) -> Uuid {
        self.hot
    }

    /// Every command that has its final answer.
    pub(super) fn told(&self) -> Vec<Told> {
        lock(&self.told).clone()
    }

    /// Every post that was made.
    pub(super) fn known(&self) -> Vec<Known> {
        lock(&self.known).clone()
    }

    /// What no client should have seen.
    pub(super) fn violations(&self) -> Vec<String> {
        lock(&self.violations).clone()
    }

    /// What was done so far.
    pub(super) fn summary(&self) -> Summary {
        Summary {
            acknowledged: lock(&self.told).len() as u64,
            tries: self.tries.load(Ordering::Relaxed),
            replays: self.replays.load(Ordering::Relaxed),
            reads: self.reads.load(Ordering::Relaxed),
            slowest: Duration::from_millis(self.slowest.load(Ordering::Relaxed)),
        }
    }

    /// A command and its read model go on in this state of things.
    pub(super) async fn writes_and_reads_on(&self, state: &str) {
        let Some(made) = self.create(&mut StdRng::seed_from_u64(0), None).await else { return };
        let deadline = Instant::now() + Duration::from_secs(15);
        while !self.shows(&made).await {
            if Instant::now() > deadline {
                self.violate(format!("{state}: post {} did not show within 15 s", made.id));
                break;
            }
        }
        lock(&self.known).push(made);
    }

    async fn write(&self, mut random: StdRng, stop: &CancellationToken) {
        let mut own: Option<Known> = None;
        while !stop.is_cancelled() {
            match (random.random_range(0..10), &mut own) {
                (0, _) | (_, None) => {
                    let made = self.create(&mut random, own.take()).await;
                    own = made;
                }
                (1, Some(post)) => self.patch_outdated(&mut random, post).await,
                (2..5, _) => self.patch_hot(&mut random).await,
                (_, Some(post)) => self.patch(&mut random, post).await,
            }
        }
        lock(&self.known).extend(own);
    }

    /// Makes a post; the one that this writer had until now will not change any more.
    async fn create(&self, random: &mut StdRng, before: Option<Known>) -> Option<Known> {
        lock(&self.known).extend(before);
        let published = random.random_bool(0.5);
        let title = format!("Post {}", Uuid::now_v7());
        let body = json!({ "title": title, "content": "Under chaos.", "category": "tech", "published": published });
        let request = Request::new(Method::POST, "/posts".to_owned(), body);
        let told = self.insist(random, &request).await?;
        if !self.expect(&request, &told, StatusCode::CREATED) {
            return None;
        }
        self.tell(&request, if published { 2 } else { 1 });
        let json: Value = serde_json::from_str(&told.body).ok()?;
        Some(Known {
            id: json["id"].as_str()?.parse().ok()?,
            version: json["version"].as_i64()?,
            title: Some(title),
            position: told.position?,
        })
    }

    async fn patch(&self, random: &mut StdRng, post: &mut Known) {
        let title = format!("Changed {}", Uuid::now_v7());
        let request = Request::new(Method::PATCH, format!("/posts/{}", post.id), json!({ "title": title }));
        let Some(told) = self.insist(random, &request).await else { return };
        if !self.expect(&request, &told, StatusCode::OK) {
            return;
        }
        self.tell(&request, 1);
        let version = serde_json::from_str::<Value>(&told.body).ok().and_then(|json| json["version"].as_i64());
        if version != Some(post.version + 1) {
            self.violate(format!("post {} went from version {} to {version:?}", post.id, post.version));
        }
        post.version += 1;
        post.title = Some(title);
        post.position = told.position.unwrap_or_default();
        if random.random_bool(0.2) {
            self.repeat(random, &request, &told.body).await;
        }
    }

    /// Opens accounts, each of which is to be welcomed. The answer holds a token and is not remembered, so a try whose answer
    /// was lost shows as a conflict with itself.
    async fn register(&self, mut random: StdRng, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let email = format!("{}@chaos.example", Uuid::now_v7());
            let body = json!({ "email": email, "password": "correct horse battery", "name": "Nemo" });
            let request = Request::new(Method::POST, "/auth/register".to_owned(), body);
            let Some(told) = self.insist(&mut random, &request).await else { return };
            if told.status == StatusCode::CONFLICT || self.expect(&request, &told, StatusCode::CREATED) {
                self.tell(&request, 1);
            }
            tokio::time::sleep(NEWCOMERS).await;
        }
    }

    /// The same request again is the same answer.
    async fn repeat(&self, random: &mut StdRng, request: &Request, first: &str) {
        let Some(again) = self.insist(random, request).await else { return };
        if !again.replayed || again.body != first {
            self.violate(format!("{request} was not answered as the first time: {} {}", again.status, again.body));
        }
    }

    async fn patch_hot(&self, random: &mut StdRng) {
        let body = json!({ "title": format!("Hot {}", Uuid::now_v7()) });
        let request = Request::new(Method::PATCH, format!("/posts/{}", self.hot), body);
        let Some(told) = self.insist(random, &request).await else { return };
        if self.expect(&request, &told, StatusCode::OK) {
            self.tell(&request, 1);
        }
    }

    /// A refusal leaves nothing behind.
    async fn patch_outdated(&self, random: &mut StdRng, post: &Known) {
        let body = json!({ "title": "Never" });
        let mut request = Request::new(Method::PATCH, format!("/posts/{}", post.id), body);
        request.if_match = Some("\"999999\"");
        let Some(told) = self.insist(random, &request).await else { return };
        if self.expect(&request, &told, StatusCode::PRECONDITION_FAILED) {
            self.tell(&request, 0);
        }
    }

    async fn read(&self, mut random: StdRng, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let known = lock(&self.known).clone();
            let post = &known[random.random_range(0..known.len())];
            self.shows(post).await;
            // A reader that is told to come back does; without a pause it would take the processor from the writers.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Whether the read model shows the post as of its last acknowledged command. An older answer is a violation.
    async fn shows(&self, post: &Known) -> bool {
        let base = &self.bases[rand::random_range(0..self.bases.len())];
        let asked = self
            .client
            .get(format!("{base}/api/v1/posts/{}", post.id))
            .bearer_auth(&self.token)
            .header("Tidemark-After", &post.position);
        let Ok(answer) = asked.send().await else { return false };
        let (status, position) = (answer.status(), header(&answer, "tidemark-position"));
        let Ok(body) = answer.text().await else { return false };
        self.reads.fetch_add(1, Ordering::Relaxed);
        if status != StatusCode::OK {
            if status != StatusCode::SERVICE_UNAVAILABLE {
                self.violate(format!("reading post {} was answered with {status}: {body}", post.id));
            }
            return false;
        }
        let version = serde_json::from_str::<Value>(&body).ok().and_then(|json| json["version"].as_i64());
        let reached = position.as_deref().and_then(|position| place_in(position).ok());
        let needed = place_in(&post.position).ok();
        if version < Some(post.version) || reached < needed {
            self.violate(format!(
                "post {} was read at version {version:?} and place {reached:?} after version {} at {needed:?} was acknowledged",
                post.id, post.version
            ));
        }
        true
    }

    /// Sends until the answer is final: connection errors, 503 and 504 are not.
    async fn insist(&self, random: &mut StdRng, request: &Request) -> Option<Final> {
        let begun = Instant::now();
        while begun.elapsed() < FINAL {
            self.tries.fetch_add(1, Ordering::Relaxed);
            let base = &self.bases[random.random_range(0..self.bases.len())];
            if let Ok(answer) = self.send(base, request).await
                && !matches!(answer.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT)
            {
                self.replays.fetch_add(u64::from(answer.replayed), Ordering::Relaxed);
                let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
                self.slowest.fetch_max(took, Ordering::Relaxed);
                return Some(answer);
            }
            tokio::time::sleep(Duration::from_millis(random.random_range(20..200))).await;
        }
        self.violate(format!("{request} had no final answer within {} s", FINAL.as_secs()));
        None
    }

    async fn send(&self, base: &str, request: &Request) -> reqwest::Result<Final> {
        let mut asked = self
            .client
            .request(request.method.clone(), format!("{base}/api/v1{}", request.path))
            .header("Idempotency-Key", &request.id)
            .header("X-Request-Id", &request.id)
            .json(&request.body);
        // A newcomer has no account, and one that was named would be counted for all of them.
        if !request.path.starts_with("/auth/") {
            asked = asked.bearer_auth(&self.token);
        }
        if let Some(if_match) = request.if_match {
            asked = asked.header("If-Match", if_match);
        }
        let answer = asked.send().await?;
        Ok(Final {
            status: answer.status(),
            position: header(&answer, "tidemark-position"),
            replayed: header(&answer, "idempotency-replayed").is_some(),
            body: answer.text().await?,
        })
    }

    fn expect(&self, request: &Request, told: &Final, status: StatusCode) -> bool {
        if told.status != status {
            self.violate(format!("{request} was answered with {}: {}", told.status, told.body));
        }
        told.status == status
    }

    fn tell(&self, request: &Request, events: i64) {
        lock(&self.told).push(Told { request_id: request.id.clone(), events });
    }

    fn violate(&self, violation: String) {
        lock(&self.violations).push(violation);
    }
}

impl Request {
    fn new(method: Method, path: String, body: Value) -> Self {
        Self { method, path, body, if_match: None, id: format!("chaos-{}", Uuid::now_v7()) }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.method, self.path, self.id)
    }
}

fn header(answer: &reqwest::Response, name: &str) -> Option<String> {
    answer.headers().get(name)?.to_str().ok().map(str::to_owned)
}

/// Whoever panicked while holding one of these has changed nothing by halves.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
