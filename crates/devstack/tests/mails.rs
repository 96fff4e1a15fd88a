//! Mails from the request over HTTP to the file that they are delivered in, and the way back by their links: all services in this
//! process, on a database of each test's own.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, Executor, PgConnection, PgPool};
use tempfile::TempDir;
use tidemark_devstack::bootstrap::{self, People};
use tidemark_runtime::Settings;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const SITE: &str = "https://demo.site.example";
const PASSWORD: &str = "correct horse battery";
const NEW: &str = "another horse battery";

/// Services with a mail folder, and whoever asks them under a name that is not theirs.
struct House {
    base: String,
    client: reqwest::Client,
    mails: TempDir,
    owner: PgPool,
    shutdown: CancellationToken,
    services: JoinSet<anyhow::Result<()>>,
    people: People,
    database: (PgConnectOptions, String),
}

impl House {
    async fn open() -> Self {
        let server = std::env::var("TIDEMARK_TEST_DATABASE_URL").expect("run `cargo dev test`");
        let maintenance: PgConnectOptions = server.parse().unwrap();
        let name = format!("tidemark_mails_{}", Uuid::now_v7().simple());
        let mut connection = PgConnection::connect_with(&maintenance).await.unwrap();
        connection.execute(format!("create database {name}").as_str()).await.unwrap();
        let (address, options) =
            server.split_once('?').map_or((&*server, String::new()), |(a, o)| (a, format!("?{o}")));
        let url = format!("{}/{name}{options}", address.rsplit_once('/').unwrap().0);
        let mails = TempDir::new().unwrap();
        let mut settings = Settings::for_tests(&url, None);
        settings.default_tenant = Some("demo".to_owned());
        settings.mail_folder = Some(mails.path().to_owned());
        settings.mail_from = Some("no-reply@installation.example".to_owned());
        settings.site_url = Some("https://{tenant}.site.example".to_owned());
        bootstrap::migrate_configured(&settings).await.unwrap();
        let people = People::of_the_demo();
        bootstrap::people(&settings, &people).await.unwrap();
        let owner = PgPoolOptions::new().max_connections(1).connect_lazy_with(maintenance.clone().database(&name));
        let shutdown = CancellationToken::new();
        let mut services = JoinSet::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api = tidemark_api::start(listener, settings.clone(), shutdown.clone()).await.unwrap();
        let base = format!("http://{}", api.addr);
        services.spawn(async move { api.finished().await });
        services.spawn(tidemark_projections::run(settings.clone(), shutdown.clone()));
        services.spawn(tidemark_workers::run(settings, shutdown.clone()));
        let client = reqwest::Client::builder().timeout(Duration::from_secs(30)).build().unwrap();
        let house = Self { base, client, mails, owner, shutdown, services, people, database: (maintenance, name) };
        eventually("the services are ready", async || {
            let ready = house.client.get(format!("{}/health/ready", house.base)).send().await;
            ready.is_ok_and(|ready| ready.status().is_success()).then_some(())
        })
        .await;
        house
    }

    /// A request that names another host in every way there is.
    fn ask(&self, method: Method, path: &str, body: &Value) -> RequestBuilder {
        self.client
            .request(method, format!("{}/api/v1{path}", self.base))
            .header("host", "evil.example")
            .header("x-forwarded-host", "evil.example")
            .header("forwarded", "host=evil.example;proto=https")
            .header("origin", "https://evil.example")
            .json(body)
    }

    async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        answer(self.ask(Method::POST, path, body)).await
    }

    async fn post_as(&self, token: &str, path: &str, body: &Value) -> (StatusCode, Value) {
        answer(self.ask(Method::POST, path, body).bearer_auth(token)).await
    }

    async fn sign_in(&self, email: &str, password: &str) -> String {
        let (status, signed_in) = self.post("/auth/login", &json!({ "email": email, "password": password })).await;
        assert_eq!(status, 200, "{signed_in}");
        signed_in["accessToken"].as_str().unwrap().to_owned()
    }

    async fn admin(&self) -> String {
        self.sign_in(&self.people.admin.email, &self.people.admin.password).await
    }

    async fn register(&self, email: &str) -> Value {
        let account = json!({ "email": email, "password": PASSWORD, "name": "Zoe" });
        let (status, registered) = self.post("/auth/register", &account).await;
        assert_eq!(status, 201, "{registered}");
        registered
    }

    /// All mails to an address of which this stands in the subject, as a mail program shows their source.
    fn delivered(&self, to: &str, subject: &str) -> Vec<String> {
        let files = fs::read_dir(self.mails.path()).unwrap().map(|entry| entry.unwrap().path());
        let finished = files.filter(|file| file.extension().is_some_and(|extension| extension == "eml"));
        let mails = finished.map(|file| fs::read_to_string(file).unwrap().replace("=\r\n", "").replace("=3D", "="));
        let is_meant = |mail: &String| {
            header(mail, "To").is_some_and(|header| header.contains(&format!("<{to}>")))
                && header(mail, "Subject").is_some_and(|header| header.contains(subject))
        };
        mails.filter(is_meant).collect()
    }

    async fn mail(&self, to: &str, subject: &str) -> String {
        eventually(subject, async || self.delivered(to, subject).pop()).await
    }

    /// The token of the link to `page`, which leads to `site` and nowhere else.
    async fn token(&self, to: &str, subject: &str, link: &str) -> String {
        let mail = self.mail(to, subject).await;
        assert!(!mail.contains("evil.example"), "{mail}");
        let mut links = mail.lines().filter(|line| line.starts_with("http"));
        let token = links.next().and_then(|line| line.trim().strip_prefix(&format!("{link}?token=")));
        token.unwrap_or_else(|| panic!("no link to {link} in {mail}")).to_owned()
    }

    async fn count(&self, query: &str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&self.owner).await.unwrap()
    }

    async fn close(mut self) {
        self.shutdown.cancel();
        while let Some(ended) = self.services.join_next().await {
            ended.unwrap().unwrap();
        }
        self.owner.close().await;
        let (maintenance, name) = self.database;
        let mut connection = PgConnection::connect_with(&maintenance).await.unwrap();
        connection.execute(format!("drop database {name} with (force)").as_str()).await.unwrap();
    }
}

async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let answered = request.send().await.unwrap();
    let status = answered.status();
    (status, serde_json::from_slice(&answered.bytes().await.unwrap()).unwrap_or(Value::Null))
}

fn header<'a>(mail: &'a str, name: &str) -> Option<&'a str> {
    mail.lines().take_while(|line| !line.is_empty()).find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

async fn eventually<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    loop {
        ticks.tick().await;
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "{what} did not come");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_link_in_a_mail_leads_to_the_site_and_does_what_it_says() {
    let house = House::open().await;
    let registered = house.register("zoe@example.com").await;
    let access = registered["accessToken"].as_str().unwrap();
    let token = house.token("zoe@example.com", "Welcome", &format!("{SITE}/verify-email")).await;
    let verify = async |token: &str| house.post("/auth/email/verify", &json!({ "token": token })).await.0;
    assert_eq!((verify(&token).await, verify(&token).await), (StatusCode::NO_CONTENT, StatusCode::BAD_REQUEST));
    let verified = "select count(*) from log.events where event_type = 'UserEmailVerified'";
    assert_eq!(house.count(verified).await, 1);

    // Another address: the present one is told that it was asked for, and once more when it is taken.
    let change = json!({ "email": "zoe@new.example", "password": PASSWORD });
    assert_eq!(house.post_as(access, "/auth/email/change", &change).await.0, 202);
    let token = house.token("zoe@new.example", "Confirm your new address", &format!("{SITE}/verify-email")).await;
    house.mail("zoe@example.com", "Another address").await;
    assert_eq!(verify(&token).await, 204);
    house.mail("zoe@example.com", "has another address").await;
    assert!(house.delivered("zoe@new.example", "nother address").is_empty(), "who has taken it is not who is told");
    house.sign_in("zoe@new.example", PASSWORD).await;

    // A forgotten password.
    assert_eq!(house.post("/auth/password/forgot", &json!({ "email": "zoe@new.example" })).await.0, 202);
    let token = house.token("zoe@new.example", "Your password", &format!("{SITE}/reset-password")).await;
    let reset = json!({ "token": token, "password": NEW });
    assert_eq!(house.post("/auth/password/reset", &reset).await.0, 204);
    assert_eq!(house.post("/auth/password/reset", &reset).await.0, 400);
    house.sign_in("zoe@new.example", NEW).await;

    // An invitation.
    let invited = json!({ "email": "grace@example.com", "name": "Grace", "role": "editor" });
    assert_eq!(house.post_as(&house.admin().await, "/users/invite", &invited).await.0, 202);
    let token = house.token("grace@example.com", "Your invitation", &format!("{SITE}/accept-invitation")).await;
    let (status, joined) = house.post("/auth/invite/accept", &json!({ "token": token, "password": NEW })).await;
    assert_eq!((status, &joined["user"]["role"]), (StatusCode::OK, &json!("editor")));

    let lent = "select count(*) from log.events where payload::text ~ 'tmm_|evil' or metadata::text ~ 'tmm_'";
    assert_eq!(house.count(lent).await, 0, "no event holds a token");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenants_own_site_and_sender_are_those_of_its_mails_and_of_no_other() {
    let house = House::open().await;
    let settings = json!({ "siteUrl": "https://own.example/shop", "senderAddress": "hello@own.example" });
    let changing = house.ask(Method::PATCH, "/settings", &settings).bearer_auth(house.admin().await);
    assert_eq!(answer(changing).await.0, 200);
    house.register("zoe@example.com").await;
    house.token("zoe@example.com", "Welcome", "https://own.example/shop/verify-email").await;
    let mail = house.mail("zoe@example.com", "Welcome").await;
    assert!(header(&mail, "From").is_some_and(|from| from.ends_with("<hello@own.example>")), "{mail}");
    assert_eq!(header(&mail, "Sender"), Some("no-reply@installation.example"));
    let elsewhere = json!({ "email": "bo@example.com", "password": PASSWORD, "name": "Bo" });
    let registering = house.ask(Method::POST, "/auth/register", &elsewhere).header("x-tenant", "other");
    assert_eq!(answer(registering).await.0, 201);
    house.token("bo@example.com", "Welcome", "https://other.site.example/verify-email").await;
    let mail = house.mail("bo@example.com", "Welcome").await;
    assert!(header(&mail, "From").is_some_and(|from| from.ends_with("<no-reply@installation.example>")), "{mail}");
    assert_eq!(header(&mail, "Sender"), None);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_guesses_passwords_makes_us_write_to_the_owner_once() {
    let house = House::open().await;
    let member = house.people.member.email.clone();
    let guess = async |times: usize| {
        for _ in 0..times {
            for email in [member.as_str(), "nobody@example.com"] {
                let body = json!({ "email": email, "password": "wrong password" });
                assert_eq!(house.post("/auth/login", &body).await.0, 401);
            }
        }
    };
    guess(9).await;
    assert_eq!(house.count("select count(*) from identity.failed_sign_ins").await, 0);
    guess(1).await;
    let mail = house.mail(&member, "Failed sign-ins").await;
    assert!(header(&mail, "Message-ID").is_some_and(|id| id.ends_with("@installation.example>")), "{mail}");
    let settled = async || {
        eventually("all is settled", async || {
            let waiting = "select (select count(*) from identity.failed_sign_ins) + (select count(*) from work.effects where state = 'pending')";
            (house.count(waiting).await == 0).then_some(())
        })
        .await;
    };
    // Whatever more is tried, and whatever other processes have counted.
    guess(20).await;
    for request in ["same", "other"] {
        let noted = format!(
            "with noted as (select identity.note_failed_sign_ins(c.tenant_id, gen_random_uuid(), c.value, '{request}') from log.claims c where c.scope = 'user.email') select count(*) from noted"
        );
        assert_eq!(house.count(&noted).await, 4);
        settled().await;
    }
    let told = "select count(*) from log.events where event_type = 'UserSignInsFailed'";
    assert_eq!(house.count(told).await, 4, "once of each account, of the others by hand, above");
    assert_eq!(house.delivered(&member, "Failed sign-ins").len(), 1);
    assert!(house.delivered("nobody@example.com", "").is_empty());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_who_gives_somebody_another_address_does_not_do_so_unseen() {
    let house = House::open().await;
    let id = house.register("zoe@example.com").await["user"]["id"].as_str().unwrap().to_owned();
    let admin = house.admin().await;
    let patch = async |email: &str| {
        let request = house.ask(Method::PATCH, &format!("/users/{id}"), &json!({ "email": email })).bearer_auth(&admin);
        assert_eq!(answer(request).await.0, 200);
    };
    patch("ZOE@example.com").await;
    patch("zoe@second.example").await;
    patch("zoe@third.example").await;
    for former in ["ZOE@example.com", "zoe@second.example"] {
        house.mail(former, "has another address").await;
    }
    house.token("zoe@third.example", "Confirm your address", &format!("{SITE}/verify-email")).await;
    let told = |address: &str| house.delivered(address, "has another address").len();
    assert_eq!([told("zoe@example.com"), told("ZOE@example.com"), told("zoe@third.example")], [0, 1, 0]);
    house.close().await;
}
