//! A database of a test's own, and the binary that is pointed at it.

use std::io::Write;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, Executor, PgConnection, PgPool};
use tidemark_engine::feed::{Feed, FeedSettings};
use tidemark_engine::personal::{self, Keyring};
use tidemark_engine::projection::Checkpoints;
use tidemark_engine::signature::Signer;
use tidemark_projections::Sources;
use tidemark_runtime::Settings;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A password that must never be seen again once it was given.
pub(crate) const PASSWORD: &str = "correct-horse-battery";
/// The secret of `Settings::for_tests`.
pub(crate) const SECRET: &str = "tidemark-tests-know-this-secret-and-so-does-everybody";
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A variable that `cargo dev test` sets. A test that lacks it fails, for a skipped test proves nothing.
pub(crate) fn required(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `cargo dev test`"))
}

/// What a run of `admin` gave.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let ran = Self { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) };
        assert!(!ran.out.contains(PASSWORD) && !ran.err.contains(PASSWORD), "the password is shown: {ran:?}");
        ran
    }

    /// It did what it was asked to; gives what it printed.
    #[track_caller]
    pub(crate) fn done(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        // Whatever takes long tells how far it is, and on a slow machine anything may.
        assert!(self.err.lines().all(|line| line.starts_with("deleting from ")), "{self:?}");
        self.out
    }

    /// As [`Ran::done`], of a run with `--json`.
    #[track_caller]
    pub(crate) fn json(self) -> Value {
        serde_json::from_str(&self.done()).unwrap()
    }

    /// It failed with `code` and one sentence that holds `words`.
    #[track_caller]
    pub(crate) fn failed(&self, code: i32, words: &str) {
        assert_eq!(self.code, code, "{self:?}");
        assert!(self.err.starts_with("admin: ") && self.err.contains(words), "{self:?}");
        assert_eq!(self.err.trim_end().lines().count(), 1, "{self:?}");
    }
}

impl Ran {
    /// The command line was refused, with help on more than one line.
    #[track_caller]
    pub(crate) fn failed_with(&self, code: i32) {
        assert_eq!(self.code, code, "{self:?}");
    }
}

impl std::fmt::Debug for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit code {}\n{}\n{}", self.code, self.out, self.err)
    }
}

/// Workers that fold.
pub(crate) struct Folding {
    shutdown: CancellationToken,
    feed_shutdown: CancellationToken,
    workers: JoinSet<()>,
}

impl Folding {
    pub(crate) async fn end(self) {
        self.shutdown.cancel();
        self.workers.join_all().await;
        self.feed_shutdown.cancel();
    }
}

/// A database that is dropped with this.
pub(crate) struct Database {
    pub(crate) pool: PgPool,
    pub(crate) url: String,
    /// That of the read models, where they have one of their own.
    pub(crate) read: Option<Box<Database>>,
    name: String,
    maintenance: PgConnectOptions,
}

impl Database {
    /// An empty one.
    pub(crate) async fn empty() -> Self {
        let maintenance_url = required("TIDEMARK_TEST_DATABASE_URL");
        let maintenance: PgConnectOptions = maintenance_url.parse().unwrap();
        let name = format!("tidemark_test_{}", Uuid::now_v7().simple());
        let mut connection = PgConnection::connect_with(&maintenance).await.unwrap();
        connection.execute(format!("create database {name}").as_str()).await.unwrap();
        connection.close().await.unwrap();
        let mut url = url::Url::parse(&maintenance_url).unwrap();
        url.set_path(&name);
        let pool =
            PgPoolOptions::new().max_connections(2).connect_with(maintenance.clone().database(&name)).await.unwrap();
        Self { pool, url: url.into(), read: None, name, maintenance }
    }

    /// Two empty ones, the second for the read models.
    pub(crate) async fn split() -> Self {
        let mut database = Self::empty().await;
        database.read = Some(Box::new(Self::empty().await));
        database
    }

    /// Where the read models are.
    pub(crate) fn read_pool(&self) -> &PgPool {
        self.read.as_ref().map_or(&self.pool, |read| &read.pool)
    }

    /// A migrated one.
    pub(crate) async fn migrated() -> Self {
        let database = Self::empty().await;
        database.admin(&["migrate"]).done();
        database
    }

    /// A migrated one with the tenant `acme` and its admin `ada@acme.example`.
    pub(crate) async fn with_acme() -> Self {
        let database = Self::migrated().await;
        database.create_acme();
        database
    }

    /// The tenant `acme` and its admin `ada@acme.example`.
    pub(crate) fn create_acme(&self) {
        self.admin(&[
            "tenants",
            "create",
            "--slug",
            "acme",
            "--name",
            "Acme",
            "--admin-email",
            "ada@acme.example",
            "--admin-password",
            PASSWORD,
        ])
        .done();
    }

    /// `admin` with these arguments and nothing on standard input.
    pub(crate) fn admin(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args).stdin(Stdio::null()).output().unwrap())
    }

    /// `admin` with variables of its own.
    pub(crate) fn admin_with(&self, variables: &[(&str, &str)], args: &[&str]) -> Ran {
        Ran::of(self.command(args).envs(variables.iter().copied()).stdin(Stdio::null()).output().unwrap())
    }

    /// `admin` with this on standard input.
    pub(crate) fn admin_reading(&self, input: &str, args: &[&str]) -> Ran {
        let mut child = self.spawn(args);
        // It may have ended before it read all of it.
        let _written = child.stdin.take().unwrap().write_all(input.as_bytes());
        Ran::of(child.wait_with_output().unwrap())
    }

    /// `admin`, running on.
    pub(crate) fn spawn(&self, args: &[&str]) -> Child {
        self.command(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Lets workers fold the whole log into every read model.
    pub(crate) async fn fold(&self) {
        self.fold_under(SECRET).await;
    }

    /// As [`Database::fold`], where people's keys are kept under another secret.
    pub(crate) async fn fold_under(&self, secret: &str) {
        let folding = self.start_folding(secret);
        let head = self.count("select max(position) from log.events").await;
        let folded = "select bool_and(position >= $1) from read.checkpoints";
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        while !sqlx::query_scalar::<_, bool>(folded).bind(head).fetch_one(self.read_pool()).await.unwrap() {
            ticks.tick().await;
        }
        folding.end().await;
    }

    /// Workers that fold whatever comes, until they are ended.
    pub(crate) fn start_folding(&self, secret: &str) -> Folding {
        let connect = |pool: &PgPool, role: &str| {
            let options = pool.connect_options().as_ref().clone().username(role).password("tidemark-tests");
            PgPoolOptions::new().max_connections(4).connect_lazy_with(options)
        };
        let (shutdown, feed_shutdown) = (CancellationToken::new(), CancellationToken::new());
        let log = connect(&self.pool, "tidemark_log");
        let feed = Feed::start(FeedSettings::new(log.clone(), None, Signer::new(&[7; 32]), 1), feed_shutdown.clone());
        let mut settings = Settings::for_tests(&self.url, None);
        settings.secret = secret.into();
        let master = settings.derive_key(personal::PURPOSE);
        let keyring = Keyring::new(log.clone(), master, None);
        let read = connect(self.read_pool(), "tidemark_projection");
        let checkpoints = Checkpoints::start(read.clone());
        let mut workers = JoinSet::new();
        for projection in tidemark_projections::all() {
            let sources = Sources {
                read: read.clone(),
                log: log.clone(),
                feed: feed.clone(),
                checkpoints: checkpoints.clone(),
                keyring: keyring.clone(),
            };
            workers.spawn(projection.start(sources, shutdown.clone()));
        }
        Folding { shutdown, feed_shutdown, workers }
    }

    pub(crate) async fn count(&self, sql: &str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }

    /// The present number of events.
    pub(crate) async fn events(&self) -> i64 {
        sqlx::query_scalar("select count(*) from log.events").fetch_one(&self.pool).await.unwrap()
    }

    pub(crate) async fn execute(&self, sql: &str) {
        self.pool.execute(sql).await.unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_admin"));
        command.args(args).env_clear().envs([
            ("TIDEMARK_ENVIRONMENT", "development"),
            ("TIDEMARK_DATABASE_URL", self.url.as_str()),
            ("TIDEMARK_ROLE_PASSWORD", "tidemark-tests"),
            ("TIDEMARK_SECRET", SECRET),
        ]);
        if let Some(read) = &self.read {
            command.env("TIDEMARK_READ_DATABASE_URL", &read.url);
        }
        command
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (name, maintenance) = (std::mem::take(&mut self.name), self.maintenance.clone());
        // A thread of its own, for a test's runtime may be going down. What fails here is left to the stack's end.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                if let Ok(mut connection) = PgConnection::connect_with(&maintenance).await {
                    let _left =
                        connection.execute(format!("drop database if exists {name} with (force)").as_str()).await;
                }
            });
        });
        let _joined = dropping.join();
    }
}
