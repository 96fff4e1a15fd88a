//! Bench `http`: requests to an API process of its own, beside the same work without HTTP; and that process's memory.
//!
//! Load, API and Postgres share the machine. Projections run only while posts are prepared, and there is no broker, so
//! that what is measured is the API.

mod bare;
mod client;
mod edge;
mod paging;
mod people;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use sqlx::postgres::PgPoolOptions;
use tidemark_admin::{Operator, tenants};
use tidemark_engine::log;
use tidemark_engine::reads::Reads;
use tidemark_engine::{LOG_ROLE, QUERY_ROLE};
use tidemark_projections::content::posts::READS;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::BenchArgs;
use crate::append::Appending;
use crate::child::Child;
use crate::database::{Database, as_role};
use crate::figure::Figure;
use crate::load::{Contender, best_of, drive};
use crate::memory;
use crate::service::{Kind, Target};
pub(crate) use bare::{Bare, serve as serve_bare};
use client::{Ask, Client, askers};

const BENCH: &str = "http";
const UNIT: &str = "requests/s";
const TENANT: &str = "bench";
const EMAIL: &str = "editor@bench.example";
const PASSWORD: &str = "a-tide-that-nobody-guesses";
const CONNECTIONS: usize = 64;
const POSTS: usize = 10_000;
/// How long a server may take to be ready, and a projection to catch up.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long after its start a process is idle.
const IDLE: Duration = Duration::from_secs(3);

/// Measures all groups that are asked for.
pub(crate) async fn run(
    args: &BenchArgs,
    maintenance_url: &str,
    redis_url: Option<&str>,
) -> anyhow::Result<Vec<Figure>> {
    let database = Database::migrated(maintenance_url, "http", &args.role_password).await?;
    let owner = PgPoolOptions::new().max_connections(1).connect_with(database.options()).await?;
    tidemark_projections::install(&owner).await?;
    owner.close().await;
    let target = Target::new(&database, &args.role_password);
    make_tenant(&target).await?;

    let begun = Instant::now();
    let api = target.start(Kind::Api).await?;
    let address = api.greeting().to_owned();
    wait_until_ready(&address).await?;
    let start = begun.elapsed();
    sleep(IDLE).await;
    let idle = memory::resident(api.id()?)?;
    let posts = if args.smoke { POSTS / 50 } else { POSTS };
    eprintln!("http: preparing {posts} posts");
    let token = prepare(&database, &target, &address, posts).await?;

    // What is served from the cache comes before anything is written: an answer is kept only where the read models have all of it.
    let mut figures = Vec::new();
    if args.wants("get-one") {
        figures.extend(get_one(args, &address, &token).await?);
    }
    if args.wants("layers") {
        figures.push(edge::layers_of_a_query(args, &target, &address, &token).await?);
    }
    if let Some(redis_url) = redis_url
        && args.wants("redis")
    {
        figures.push(edge::redis_limits(args, &target.clone().with_redis(redis_url), &address, &token).await?);
    }
    if args.wants("get-page") {
        figures.push(paging::run(args, &database, &target).await?);
    }
    if args.wants("post") {
        figures.push(post(args, maintenance_url, &address, &token).await?);
    }
    if args.wants("layers") {
        figures.push(edge::layers_of_a_command(args, &target, &address, &token).await?);
    }
    let peak = memory::peak(api.id()?)?;
    // What hashing passwords takes is not of the requests.
    if args.wants("refresh") {
        figures.push(people::refresh(args, &address, &token).await?);
    }
    if args.wants("flood") {
        let projections = Projecting::start(&target);
        wait_until_projected(&database).await?;
        projections.stop().await?;
        figures.push(people::flood(args, &address, &token).await?);
    }
    if args.wants("idle-connections") {
        figures.push(edge::idle_connections(args, &target).await?);
    }
    api.stop().await?;
    database.drop().await?;
    figures.push(Figure::plain(BENCH, "from the start of the api to ready", start.as_secs_f64(), "s").at_most(1.0));
    figures.push(Figure::plain(BENCH, "memory of the api, idle", idle, "MiB").at_most(60.0));
    figures.push(Figure::plain(BENCH, "memory of the api, at most under this bench", peak, "MiB").at_most(150.0));
    Ok(figures)
}

async fn make_tenant(target: &Target) -> anyhow::Result<()> {
    let settings = target.settings();
    let operator = Operator::open(&settings).await.context(
        "the service roles cannot sign in; if they have a password of their own, give it as --role-password",
    )?;
    let new = tenants::NewTenant {
        slug: TENANT.to_owned(),
        name: "Bench".to_owned(),
        admin_email: EMAIL.to_owned(),
        admin_name: "Editor".to_owned(),
        admin_password: PASSWORD.to_owned().into(),
    };
    tenants::create(operator.commands(), new).await?;
    operator.close().await;
    Ok(())
}

async fn wait_until_ready(address: &str) -> anyhow::Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Ok(mut client) = Client::connect(address, None).await
            && client.expect(Ask::get("/health/ready")).await.is_ok()
        {
            return Ok(());
        }
        sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("the api did not become ready")
}

/// Signs in and fills the tenant with published posts, and the read models with them.
async fn prepare(database: &Database, target: &Target, address: &str, posts: usize) -> anyhow::Result<Arc<str>> {
    let projections = Projecting::start(target);
    let token = sign_in(address).await?;
    let filling = askers(address, Some(&token), CONNECTIONS, new_post).await?.into_iter().map(|mut asker| async move {
        for _ in 0..posts.div_ceil(CONNECTIONS) {
            crate::load::Caller::call(&mut asker).await?;
        }
        anyhow::Ok(())
    });
    futures::future::try_join_all(filling).await?;
    wait_until_projected(database).await?;
    projections.stop().await?;
    Ok(token)
}

/// A token of this API: each process of a bench signs with a key of its own.
async fn sign_in(address: &str) -> anyhow::Result<Arc<str>> {
    let mut client = Client::connect(address, None).await?;
    let login = Ask::post("/api/v1/auth/login", &json!({ "email": EMAIL, "password": PASSWORD }));
    let session: Value = serde_json::from_slice(&client.expect(login).await?)?;
    Ok(session["accessToken"].as_str().context("signing in gave no token")?.into())
}

/// The projections, for as long as they are needed.
struct Projecting {
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<anyhow::Result<()>>,
}

impl Projecting {
    fn start(target: &Target) -> Self {
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(tidemark_projections::run(target.settings(), shutdown.clone()));
        Self { shutdown, task }
    }

    async fn stop(self) -> anyhow::Result<()> {
        self.shutdown.cancel();
        self.task.await?
    }
}

async fn wait_until_projected(database: &Database) -> anyhow::Result<()> {
    let log = PgPoolOptions::new().max_connections(1).connect_with(as_role(database.options(), LOG_ROLE)).await?;
    let head = log::tenant_head(&log, TENANT).await?;
    log.close().await;
    let reads = reads(database, 1).await?;
    let begun = Instant::now();
    while reads.reached(TENANT, READS).await? < head {
        anyhow::ensure!(begun.elapsed() < PATIENCE, "the read models did not catch up");
        sleep(Duration::from_millis(20)).await;
    }
    reads.pool().close().await;
    Ok(())
}

/// Reads as the API does them.
async fn reads(database: &Database, connections: u32) -> anyhow::Result<Reads> {
    let options = as_role(database.options(), QUERY_ROLE).options([("jit", "off")]);
    Ok(Reads::new(PgPoolOptions::new().max_connections(connections).connect_with(options).await?))
}

fn new_post() -> Ask {
    let name = Uuid::new_v4();
    let body = json!({
        "title": format!("The tide of {name}"),
        "content": "The tide comes in and leaves a mark. ".repeat(6),
        "category": "tech",
        "tags": ["sea", "tide"],
        "published": true,
    });
    Ask { key: Some(name.to_string()), ..Ask::post("/api/v1/posts", &body) }
}

/// One post from the cache, for anyone and for somebody who is signed in, beside a constant answer.
async fn get_one(args: &BenchArgs, address: &str, token: &Arc<str>) -> anyhow::Result<Vec<Figure>> {
    eprintln!("http: GET one post, {CONNECTIONS} connections");
    let path = path_of_a_post(address).await?;
    let measure = |token: Option<Arc<str>>, path: Arc<str>| -> BoxFuture<'_, anyhow::Result<f64>> {
        async move {
            let mut askers = askers(address, token.as_ref(), CONNECTIONS, move || Ask::get(&*path)).await?;
            drive(&mut askers, args.length()).await
        }
        .boxed()
    };
    let best = best_of(
        args.rounds(),
        &mut [
            Contender::new("GET one post", || measure(None, Arc::clone(&path))),
            Contender::new("GET one post, signed in", || measure(Some(Arc::clone(token)), Arc::clone(&path))),
            Contender::new("GET /health/live", || measure(None, "/health/live".into())),
        ],
    )
    .await?;
    let figure = |case: &str, value| Figure::plain(BENCH, case, value, UNIT).beside(best[2]).at_least(0.6);
    Ok(vec![
        figure("GET one post, cached / a constant JSON route", best[0]),
        figure("GET one post, cached, signed in / a constant JSON route", best[1]),
    ])
}

async fn path_of_a_post(address: &str) -> anyhow::Result<Arc<str>> {
    let list = Client::connect(address, None).await?.expect(Ask::get("/api/v1/posts?limit=1")).await?;
    let list: Value = serde_json::from_slice(&list)?;
    Ok(format!("/api/v1/posts/{}", list["data"][0]["id"].as_str().context("there is no post")?).into())
}

/// Posts over HTTP beside commands without it.
async fn post(args: &BenchArgs, maintenance_url: &str, address: &str, token: &Arc<str>) -> anyhow::Result<Figure> {
    eprintln!("http: POST /posts, {CONNECTIONS} connections");
    let appending = Appending::start(args, maintenance_url, CONNECTIONS).await?;
    let best = best_of(
        args.rounds(),
        &mut [
            Contender::new("POST /posts", || {
                async {
                    let mut askers = askers(address, Some(token), CONNECTIONS, new_post).await?;
                    drive(&mut askers, args.length()).await
                }
                .boxed()
            }),
            Contender::new("append", || appending.measure(args.length()).boxed()),
        ],
    )
    .await?;
    appending.stop().await?;
    let case = format!("POST /posts, {CONNECTIONS} connections / append, {CONNECTIONS} callers");
    Ok(Figure::plain(BENCH, case, best[0], UNIT).beside(best[1]).at_least(0.25))
}

/// Keeps the process that listens at its greeting.
pub(super) async fn ready(api: Child) -> anyhow::Result<Child> {
    wait_until_ready(api.greeting()).await?;
    Ok(api)
}
