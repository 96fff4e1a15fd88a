//! A request's trace, from the caller's own span through the API, the log, the relay, a projection and a policy to what the
//! policy wants; and a collector that never answers.

#![allow(clippy::unwrap_used)]

mod collector;

use std::collections::BTreeSet;
use std::future::Future;
use std::time::{Duration, Instant};

use chrono::{SecondsFormat, TimeDelta, Utc};
use collector::{Collector, Seen};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, PgPool};
use tidemark_admin::Operator;
use tidemark_admin::tenants::{self, NewTenant};
use tidemark_engine::position::PositionCodec;
use tidemark_engine::relay::{Relay, RelaySettings, StreamSettings};
use tidemark_engine::signature::Signer;
use tidemark_engine::{LOG_ROLE, broker};
use tidemark_runtime::{Settings, start_traces};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(60);
const EMAIL: &str = "wanda.worth@acme.example";
const NAME: &str = "Wanda Worth";
const PASSWORD: &str = "a-tide-that-nobody-guesses";
const TITLE: &str = "What nobody else is to know";

fn required(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `cargo dev test`"))
}

async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("{what} did not happen in time"))
}

/// All services on a database of their own.
struct Stack {
    base: String,
    settings: Settings,
    client: reqwest::Client,
    owner: PgPool,
    maintenance: PgConnectOptions,
    database: String,
    shutdown: CancellationToken,
    services: JoinSet<anyhow::Result<()>>,
}

impl Stack {
    async fn start(endpoint: String) -> Self {
        let maintenance: PgConnectOptions = required("TIDEMARK_TEST_DATABASE_URL").parse().unwrap();
        let database = format!("tidemark_traces_{}", Uuid::now_v7().simple());
        let mut connection = PgConnection::connect_with(&maintenance).await.unwrap();
        connection.execute(format!("create database {database}").as_str()).await.unwrap();
        connection.close().await.unwrap();
        let options = maintenance.clone().database(&database);
        let mut settings = Settings::for_tests(options.to_url_lossy().as_str(), None);
        settings.default_tenant = Some("acme".to_owned());
        settings.otlp_endpoint = Some(endpoint);
        // Nothing is recorded but what a caller asks for.
        settings.trace_ratio = 0.0;
        tidemark_admin::migrate(&settings).await.unwrap();
        let operator = Operator::open(&settings).await.unwrap();
        let new = NewTenant {
            slug: "acme".to_owned(),
            name: "Acme".to_owned(),
            admin_email: EMAIL.to_owned(),
            admin_name: NAME.to_owned(),
            admin_password: PASSWORD.into(),
        };
        tenants::create(operator.commands(), new).await.unwrap();
        operator.close().await;

        let (shutdown, mut services) = (CancellationToken::new(), JoinSet::new());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api = tidemark_api::start(listener, settings.clone(), shutdown.clone()).await.unwrap();
        let base = format!("http://{}", api.addr);
        services.spawn(api.finished());
        services.spawn(tidemark_projections::run(settings.clone(), shutdown.clone()));
        services.spawn(tidemark_workers::run(settings.clone(), shutdown.clone()));
        let owner = PgPoolOptions::new().max_connections(2).connect_with(options).await.unwrap();
        let client = reqwest::Client::builder().timeout(Duration::from_secs(20)).build().unwrap();
        let stack = Self { base, settings, client, owner, maintenance, database, shutdown, services };
        let mut ticks = tokio::time::interval(Duration::from_millis(50));
        let ready = async {
            while stack.get("/health/ready", &[]).await != 200 {
                ticks.tick().await;
            }
        };
        soon("the API is ready", ready).await;
        stack
    }

    /// The status of the answer to a request with these headers.
    async fn get(&self, path: &str, headers: &[(&str, &[u8])]) -> u16 {
        let mut request = self.client.get(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap().status().as_u16()
    }

    async fn post(&self, path: &str, token: Option<&str>, traceparent: &str, body: &Value) -> Value {
        let request = self.client.post(format!("{}/api/v1{path}", self.base)).json(body);
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let request = request.header("traceparent", traceparent).header("baggage", format!("who={EMAIL}"));
        let answer = request.header("tracestate", "vendor=opaque").send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{status}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Publishes the log into a stream of this test's own.
    async fn relay(&self) {
        let url = self.settings.database_url_as(LOG_ROLE);
        let pool = PgPoolOptions::new().max_connections(3).connect(url.expose_secret()).await.unwrap();
        let nats = broker::connect(&required("TIDEMARK_TEST_NATS_URL"), "tidemark-test").await.unwrap();
        let stream = StreamSettings {
            name: format!("TEST_{}", self.database),
            subjects: format!("test.{}", self.database),
            max_bytes: 64 << 20,
            ..StreamSettings::default()
        };
        let context = async_nats::jetstream::new(nats.clone());
        let name = stream.name.clone();
        let positions = PositionCodec::new(1, b"positions");
        let mut relay = Relay::new(RelaySettings::new(pool, nats, stream, Signer::new(b"messages"), positions));
        while relay.step().await.unwrap() == 0 {}
        relay.release().await.unwrap();
        context.delete_stream(name).await.unwrap();
    }

    /// Ends all services, and says how long that took.
    async fn stop(&mut self) -> Duration {
        let begun = Instant::now();
        self.shutdown.cancel();
        while let Some(ended) = soon("the services end", self.services.join_next()).await {
            ended.unwrap().unwrap();
        }
        begun.elapsed()
    }

    async fn drop_database(self) {
        self.owner.close().await;
        let mut connection = PgConnection::connect_with(&self.maintenance).await.unwrap();
        connection.execute(format!("drop database {} with (force)", self.database).as_str()).await.unwrap();
        connection.close().await.unwrap();
    }
}

/// A trace of a caller's: its id, its span's id, and the header.
fn caller() -> (String, String, String) {
    let (trace, span) = (Uuid::new_v4().simple().to_string(), Uuid::new_v4().simple().to_string()[..16].to_owned());
    let header = format!("00-{trace}-{span}-01");
    (trace, span, header)
}

fn one<'a>(spans: &'a [Seen], name: &str) -> &'a Seen {
    let named: Vec<&Seen> = spans.iter().filter(|span| span.name == name).collect();
    assert_eq!(named.len(), 1, "{name}: {spans:#?}");
    named[0]
}

// One test, because the provider of traces belongs to the process.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_command_is_followed_and_nobody_waits_for_the_collector() {
    let collector = Collector::start().await;
    let mut stack = Stack::start(collector.url.clone()).await;
    let traces = start_traces(&stack.settings, "test").unwrap().unwrap();

    let garbage = what_is_no_place_is_ignored(&stack).await;
    let followed = a_command_is_followed(&stack, &collector).await;
    a_query_keeps_its_text_to_itself(&stack, &collector).await;
    traces.finish().await;
    let all = collector.spans();
    let others: BTreeSet<&str> = all.iter().map(|span| &*span.trace).filter(|trace| garbage.contains(*trace)).collect();
    assert!(others.is_empty(), "these were to be ignored: {others:?}");
    assert!(all.iter().any(|span| span.trace == followed));
    nothing_personal(&all);

    nobody_waits(&mut stack).await;
    stack.drop_database().await;
}

/// Sends what is no place in a trace, or one that is not recorded, and gives the ids of traces that must not be seen.
async fn what_is_no_place_is_ignored(stack: &Stack) -> BTreeSet<String> {
    let mut never = BTreeSet::new();
    for break_it in [
        |header: String| header.replace("-01", "-00"),
        |header: String| header.to_uppercase(),
        |header: String| header.replacen("00-", "ff-", 1),
        |header: String| format!("{header}-more"),
        |header: String| header + &"0".repeat(5_000),
    ] {
        let (trace, _, header) = caller();
        assert_eq!(stack.get("/health/live", &[("traceparent", break_it(header).as_bytes())]).await, 200);
        never.insert(trace);
    }
    let (trace, _, header) = caller();
    let twice = [("traceparent", header.as_bytes()), ("traceparent", header.as_bytes())];
    assert_eq!(stack.get("/health/live", &twice).await, 200);
    never.insert(trace);
    assert_eq!(stack.get("/health/live", &[("traceparent", b"\xff\xfe")]).await, 200);
    never
}

async fn a_command_is_followed(stack: &Stack, collector: &Collector) -> String {
    let sign_in = json!({ "email": EMAIL, "password": PASSWORD });
    let session = stack.post("/auth/login", None, "nonsense", &sign_in).await;
    let token = session["accessToken"].as_str().unwrap();
    // Due at once: the policy's wish is carried out as soon as it is written down.
    let publish_at = (Utc::now() - TimeDelta::seconds(1)).to_rfc3339_opts(SecondsFormat::Millis, true);
    let post = json!({ "title": TITLE, "content": "Text.", "category": "tech", "publishAt": publish_at });
    let (trace, span, header) = caller();
    stack.post("/posts", Some(token), &header, &post).await;

    let names = |spans: &[Seen]| spans.iter().map(|span| span.name.clone()).collect::<BTreeSet<_>>();
    let expected = [
        "POST /api/v1/posts",
        "command CreatePost",
        "load",
        "decide",
        "append",
        "append batch",
        "project content.posts",
        "react content.publish",
        "effect post.publish",
        "command PublishScheduledPost",
    ];
    let seen = collector
        .until(&trace, |spans| {
            let names = names(spans);
            let projected = spans.iter().filter(|span| span.name == "project content.posts").count();
            // The post is folded once when it was made, and once when it was published.
            expected.iter().all(|name| names.contains(*name)) && projected >= 2
        })
        .await;
    let request = one(&seen, "POST /api/v1/posts");
    assert_eq!(request.parent, span, "the caller's span");
    assert_eq!(request.attributes["http.route"], "/api/v1/posts");
    assert_eq!(request.attributes["http.response.status_code"], "201");
    assert_eq!(request.attributes["tidemark.tenant"], "acme");
    assert_eq!(request.service, "tidemark-test");
    let command = one(&seen, "command CreatePost");
    assert_eq!(command.parent, request.id);
    let within: BTreeSet<&str> =
        seen.iter().filter(|span| span.parent == command.id).map(|span| span.name.as_str()).collect();
    for name in [
        "load",
        "decide",
        "append",
        "append batch",
        "project content.posts",
        "react content.publish",
        "effect post.publish",
    ] {
        assert!(within.contains(name), "{name} is not within the command: {within:?}");
    }
    assert_eq!(one(&seen, "command PublishScheduledPost").parent, one(&seen, "effect post.publish").id);

    let recorded: Vec<(String, String)> = sqlx::query_as(
        "select event_type, metadata ->> 'traceparent' from log.events where metadata ->> 'traceparent' is not null order by position",
    )
    .fetch_all(&stack.owner)
    .await
    .unwrap();
    assert_eq!(recorded.last().unwrap().0, "PostPublished");
    assert!(recorded.iter().all(|(_, traceparent)| traceparent.contains(&trace)), "{recorded:?}");
    assert_eq!(recorded[0], ("PostCreated".to_owned(), format!("00-{trace}-{}-01", command.id)));

    what_is_done_for_many_links_to_all(stack, collector, token, &trace).await;
    trace
}

/// The relay publishes the events of two traces as one page.
async fn what_is_done_for_many_links_to_all(stack: &Stack, collector: &Collector, token: &str, first: &str) {
    let (second, _, header) = caller();
    let post = json!({ "title": "Another one", "content": "Text.", "category": "tech" });
    stack.post("/posts", Some(token), &header, &post).await;
    stack.relay().await;
    let seen = collector.until(first, |spans| spans.iter().any(|span| span.name == "publish")).await;
    let publish = one(&seen, "publish");
    assert!(publish.parent.is_empty() && publish.trace != first && publish.trace != second, "{publish:?}");
    let linked: BTreeSet<&str> = publish.links.iter().map(String::as_str).collect();
    assert_eq!(linked, BTreeSet::from([first, second.as_str()]));
}

async fn a_query_keeps_its_text_to_itself(stack: &Stack, collector: &Collector) {
    let (trace, _, header) = caller();
    let path = format!("/api/v1/posts?tag={}", TITLE.replace(' ', "+"));
    assert_eq!(stack.get(&path, &[("traceparent", header.as_bytes())]).await, 200);
    let seen = collector.until(&trace, |spans| !spans.is_empty()).await;
    assert_eq!(one(&seen, "GET /api/v1/posts").attributes["http.response.status_code"], "200");
}

fn nothing_personal(spans: &[Seen]) {
    for span in spans {
        let text = format!("{span:?}");
        for personal in [EMAIL, NAME, PASSWORD, TITLE, "What+nobody", "Bearer", "vendor=opaque"] {
            assert!(!text.contains(personal), "{personal} is in {text}");
        }
        assert!(span.attributes.len() <= 8 && span.state.is_empty(), "{text}");
    }
}

/// With a collector that takes connections and says nothing, requests are answered and the process ends as ever.
async fn nobody_waits(stack: &mut Stack) {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let held = tokio::spawn(async move {
        let mut connections = Vec::new();
        while let Ok((connection, _)) = silent.accept().await {
            connections.push(connection);
        }
    });
    let settings = Settings { otlp_endpoint: Some(endpoint), ..stack.settings.clone() };
    let traces = start_traces(&settings, "test").unwrap().unwrap();
    let begun = Instant::now();
    for _ in 0..300 {
        let (_, _, header) = caller();
        assert_eq!(stack.get("/api/v1/posts", &[("traceparent", header.as_bytes())]).await, 200);
    }
    // Far less than one try to reach the collector takes, for each of them.
    assert!(begun.elapsed() < Duration::from_secs(20), "300 requests took {:?}", begun.elapsed());
    let ended = stack.stop().await;
    assert!(ended < Duration::from_secs(15), "the services took {ended:?} to end");
    let begun = Instant::now();
    traces.finish().await;
    assert!(begun.elapsed() < Duration::from_secs(4), "the last traces held the process up for {:?}", begun.elapsed());
    held.abort();
}
