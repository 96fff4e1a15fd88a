//! A whole API with its projections in this process, the tenant `demo`, and people to act.

use std::str::FromStr;
use std::time::Duration;

use chrono::Utc;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tempfile::NamedTempFile;
use tidemark_api::Running;
use tidemark_api::identity::passwords::Passwords;
use tidemark_commands::{Commands, Precondition, Secret, Transaction, execute, scope, step, transact};
use tidemark_engine::log::Log;
use tidemark_engine::personal::{self, Keyring};
use tidemark_identity::{Password, PersonName, User, UserCommand};
use tidemark_kernel::{Actor, Role, TenantId, Timestamp, UserId};
use tidemark_runtime::Settings;
use tidemark_tenancy::{Tenant, TenantCommand, TenantName};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Ask, Lines, TestDatabase, eventually};

/// Everybody's password.
pub(crate) const PASSWORD: &str = "correct horse battery";
/// The key that signs the tokens of all tests.
pub(crate) const SIGNING_KEY: [u8; 32] = [7; 32];

/// An API that runs.
pub(crate) struct TestApp {
    pub(crate) base: String,
    pub(crate) settings: Settings,
    pub(crate) operator: Commands,
    pub(crate) client: reqwest::Client,
    pub(crate) shutdown: CancellationToken,
    running: Option<Running>,
    projections: Option<JoinHandle<anyhow::Result<()>>>,
    _key: NamedTempFile,
    // Dropped last: the database goes when nobody uses it any more.
    pub(crate) database: TestDatabase,
}

/// Somebody with an account.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) token: String,
}

impl TestApp {
    /// With the tenant `demo`, which requests belong to that name none.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        let app = Self::start_on(TestDatabase::new().await, change).await;
        app.ready().await;
        app.create_tenant("demo").await;
        app
    }

    /// Without waiting for anything, on a database that may not be ready.
    pub(crate) async fn start_on(database: TestDatabase, change: impl FnOnce(&mut Settings)) -> Self {
        Lines::are_wanted();
        let key = NamedTempFile::new().unwrap();
        let pem = ed25519_dalek::SigningKey::from_bytes(&SIGNING_KEY)
            .to_pkcs8_pem(ed25519_dalek::pkcs8::spki::der::pem::LineEnding::LF)
            .unwrap();
        std::fs::write(key.path(), pem.as_bytes()).unwrap();
        let mut settings = Settings::for_tests(&database.url, None);
        settings.signing_key_file = Some(key.path().to_owned());
        settings.default_tenant = Some("demo".to_owned());
        settings.read_database_url = database.read.as_ref().map(|read| read.url.clone().into());
        change(&mut settings);
        let shutdown = CancellationToken::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let running =
            tidemark_api::start_on_stream(listener, settings.clone(), "TIDEMARK_EVENTS_OF_NO_TEST", shutdown.clone())
                .await
                .unwrap();
        let folded = Settings { nats_url: None, ..settings.clone() };
        let projections = tokio::spawn(tidemark_projections::run(folded, shutdown.clone()));
        let options =
            PgConnectOptions::from_str(settings.database_url_as(tidemark_engine::LOG_ROLE).expose_secret()).unwrap();
        let (log, mut appender) = Log::new(options.clone(), 64);
        let _ends_with_the_runtime = tokio::spawn(async move { while appender.step().await {} });
        let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
        let keyring = Keyring::new(pool.clone(), settings.derive_key(personal::PURPOSE), None);
        let operator = Commands::new(log, pool).with_keyring(keyring);
        Self {
            base: format!("http://{}", running.addr),
            settings,
            operator,
            client: reqwest::Client::builder().timeout(Duration::from_secs(30)).build().unwrap(),
            shutdown,
            running: Some(running),
            projections: Some(projections),
            _key: key,
            database,
        }
    }

    pub(crate) async fn ready(&self) {
        eventually("the API is ready", async || self.ask(Method::GET, "/health/ready").send().await.status == 200)
            .await;
    }

    /// Another API on the same database, as a second process would be.
    pub(crate) async fn beside(&self) -> (String, Running) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let running = tidemark_api::start(listener, self.settings.clone(), self.shutdown.clone()).await.unwrap();
        let base = format!("http://{}", running.addr);
        eventually("the second API is ready", async || {
            self.ask_at(&base, Method::GET, "/health/ready").send().await.status == 200
        })
        .await;
        (base, running)
    }

    pub(crate) fn ask(&self, method: Method, path: &str) -> Ask {
        self.ask_at(&self.base, method, path)
    }

    pub(crate) fn ask_at(&self, base: &str, method: Method, path: &str) -> Ask {
        Ask::new(&self.client, base, method, path)
    }

    pub(crate) fn get(&self, path: &str) -> Ask {
        self.ask(Method::GET, &format!("/api/v1{path}"))
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Ask {
        self.ask(Method::POST, &format!("/api/v1{path}")).json(body)
    }

    pub(crate) fn patch(&self, path: &str, body: &Value) -> Ask {
        self.ask(Method::PATCH, &format!("/api/v1{path}")).json(body)
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Ask {
        self.ask(Method::PUT, &format!("/api/v1{path}")).json(body)
    }

    pub(crate) fn delete(&self, path: &str) -> Ask {
        self.ask(Method::DELETE, &format!("/api/v1{path}"))
    }

    pub(crate) async fn create_tenant(&self, tenant: &str) {
        self.tell_tenant(tenant, |id, at| TenantCommand::Create {
            name: TenantName::parse(id.as_str()).unwrap(),
            id,
            at,
        })
        .await;
    }

    /// As an operator would, in another process.
    pub(crate) async fn tell_tenant(&self, tenant: &str, command: impl FnOnce(TenantId, Timestamp) -> TenantCommand) {
        let tenant: TenantId = tenant.parse().unwrap();
        let scope = scope(&tenant, &Actor::System("test"), "test", "Test");
        let step = step::<Tenant>(&tenant, Precondition::None, command(tenant.clone(), now()));
        execute::<Tenant>(&self.operator, &scope, step, |_, _| Vec::new()).await.unwrap();
    }

    pub(crate) async fn admin(&self) -> Person {
        self.person("demo", Role::Admin).await
    }

    pub(crate) async fn editor(&self) -> Person {
        self.person("demo", Role::Editor).await
    }

    pub(crate) async fn member(&self) -> Person {
        self.person("demo", Role::Member).await
    }

    /// Somebody with a role, made as the admin binary does, and signed in.
    pub(crate) async fn person(&self, tenant: &str, role: Role) -> Person {
        let tenant: TenantId = tenant.parse().unwrap();
        let id = UserId::new(Uuid::now_v7());
        let email = format!("{}-{id}@example.com", role.as_str());
        let hash =
            Passwords::with_cost(1, 19 * 1024, 2).unwrap().hash(Password::parse(PASSWORD).unwrap()).await.unwrap();
        let command = UserCommand::Register {
            id,
            email: email.parse().unwrap(),
            name: PersonName::parse("Somebody").unwrap(),
            role,
            at: now(),
        };
        let secret = Secret { kind: "password".to_owned(), subject: id.to_string(), value: Some(hash) };
        let transaction =
            Transaction::default().with(step::<User>(id, Precondition::None, command)).with_secret(secret);
        transact(&self.operator, &scope(&tenant, &Actor::System("test"), "test", "Test"), transaction, |_| Vec::new())
            .await
            .unwrap();
        let token = self.sign_in(tenant.as_str(), &email, PASSWORD).await;
        Person { id: id.to_string(), email, token }
    }

    pub(crate) async fn sign_in(&self, tenant: &str, email: &str, password: &str) -> String {
        let body = json!({ "email": email, "password": password });
        self.post("/auth/login", &body).tenant(tenant).send().await.expect(200).text("accessToken")
    }

    /// Waits for the API's end, which nobody has asked for.
    pub(crate) async fn ended(&mut self) -> anyhow::Result<()> {
        self.running.take().unwrap().finished().await
    }

    /// Ends the API as a signal would, and waits for it.
    pub(crate) async fn stop(&mut self) {
        self.shutdown.cancel();
        if let Some(running) = self.running.take() {
            running.finished().await.unwrap();
        }
        if let Some(projections) = self.projections.take() {
            projections.await.unwrap().unwrap();
        }
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

pub(crate) fn now() -> Timestamp {
    Timestamp::new(Utc::now())
}
