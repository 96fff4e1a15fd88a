//! Personal data: sealed from the start wherever it leaves this house, and gone everywhere once a person is erased.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::str::FromStr;

use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tempfile::TempDir;
use tidemark_engine::position::{self, PositionCodec};
use tidemark_engine::relay::{Relay, RelaySettings, STREAM, StreamSettings};
use tidemark_engine::signature::{self, Signer};
use tidemark_engine::{LOG_ROLE, broker, log};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::{Answer, PASSWORD, Person, TestApp, eventually, required};

/// What must be found nowhere: parts of a name, an address and a picture that occur in nothing else.
const TRACES: [&str; 3] = ["Zyxwvida", "zyxwvida@wonder.example", "zyxwvida.png"];
/// Somebody who stays.
const OTHER: &str = "Qwertine Steadfast";

/// A NATS server of our own, whose store can be looked into.
struct Nats {
    child: Child,
    url: String,
    store: TempDir,
}

impl Nats {
    fn start() -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let store = TempDir::new().unwrap();
        let child = Command::new(required("TIDEMARK_TEST_NATS_SERVER"))
            .args(["-a", "127.0.0.1", "-p", &port.to_string(), "-js", "-sd"])
            .arg(store.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, url: format!("nats://127.0.0.1:{port}"), store }
    }

    /// Relays the log of `app` from now on.
    async fn relay(&self, app: &TestApp, shutdown: &CancellationToken) -> JoinHandle<()> {
        let url = app.settings.database_url_as(LOG_ROLE);
        let pool = PgPoolOptions::new().connect_lazy_with(PgConnectOptions::from_str(url.expose_secret()).unwrap());
        let client = broker::connect(&self.url, "test").await.unwrap();
        let signer = Signer::new(&app.settings.derive_key(signature::PURPOSE));
        let positions = PositionCodec::new(0, &app.settings.derive_key(position::PURPOSE));
        let stream = StreamSettings { max_bytes: 64 << 20, ..StreamSettings::default() };
        tokio::spawn(Relay::new(RelaySettings::new(pool, client, stream, signer, positions)).run(shutdown.clone()))
    }

    async fn has_all(&self, app: &TestApp) {
        let context = async_nats::jetstream::new(broker::connect(&self.url, "test").await.unwrap());
        eventually("the stream has the whole log", async || {
            let head = log::head(&app.database.owner).await.unwrap();
            context.get_stream(STREAM).await.is_ok_and(|stream| stream.cached_info().state.last_sequence == head as u64)
        })
        .await;
    }

    /// Everything that lies on its disk.
    fn files(&mut self) -> Vec<u8> {
        // Asked to end, it writes what it still holds.
        assert!(Command::new("kill").arg(self.child.id().to_string()).status().unwrap().success());
        self.child.wait().unwrap();
        let mut all = Vec::new();
        read_folder(self.store.path(), &mut all);
        all
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        let _gone = self.child.kill().and_then(|()| self.child.wait());
    }
}

fn read_folder(folder: &Path, all: &mut Vec<u8>) {
    let paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    for path in paths {
        if path.is_dir() { read_folder(&path, all) } else { all.extend(std::fs::read(&path).unwrap()) }
    }
}

/// Every row of every table of the given schemas, as text; `bytea` as hexadecimal digits.
async fn dump(owner: &PgPool, schemas: &[&str]) -> String {
    let tables: Vec<String> = sqlx::query_scalar(
        "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname = any ($1) order by 1",
    )
    .bind(schemas)
    .fetch_all(owner)
    .await
    .unwrap();
    let mut all = String::new();
    for table in tables {
        let rows: Vec<String> = sqlx::query_scalar(&format!("select row_to_json(t)::text from {table} t order by 1"))
            .fetch_all(owner)
            .await
            .unwrap();
        for row in rows {
            all.push_str(&format!("{table} {row}\n"));
        }
    }
    all
}

fn lines_with(dump: &str, text: &str) -> Vec<String> {
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let text = text.to_lowercase();
    dump.lines().filter(|line| line.to_lowercase().contains(&text) || line.contains(&hex)).map(str::to_owned).collect()
}

#[track_caller]
fn assert_nowhere(dump: &str) {
    for trace in TRACES {
        assert_eq!(lines_with(dump, trace), [""; 0], "{trace} is still there");
    }
}

async fn users(app: &TestApp) -> String {
    dump(&app.database.owner, &["read"]).await.lines().filter(|line| line.starts_with("read.identity_users ")).collect()
}

/// Makes the projection of people fold everything again, from the first event on.
async fn fold_anew(app: &TestApp) {
    let head = log::head(&app.database.owner).await.unwrap();
    sqlx::raw_sql(
        "begin; update read.checkpoints set position = 0 where projection = 'identity.users'; \
         delete from read.progress where projection = 'identity.users'; truncate read.identity_users; commit",
    )
    .execute(&app.database.owner)
    .await
    .unwrap();
    eventually("all is folded again", async || {
        app.database.count("select position from read.checkpoints where projection = 'identity.users'").await >= head
    })
    .await;
}

/// An account that an admin has opened, with all that remembers it.
async fn account(app: &TestApp, admin: &Person, email: &str, name: &str) -> Person {
    let body = json!({ "email": email, "password": PASSWORD, "name": name, "role": "editor" });
    let made = app
        .post("/users", &body)
        .token(&admin.token)
        .header("idempotency-key", format!("make {name}").replace(' ', "-"))
        .send()
        .await
        .expect(201);
    let token = app.sign_in("demo", email, PASSWORD).await;
    Person { id: made.text("id"), email: email.to_owned(), token }
}

async fn erase(app: &TestApp, by: &Person, id: &str) -> Answer {
    app.delete(&format!("/users/{id}?erase=true")).token(&by.token).header("idempotency-key", "erase").send().await
}

/// The read model cannot go on, but it can forget: also whom an event erases that comes in one batch with the stall, and after
/// a worker took it over that knows of nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_person_is_forgotten_by_a_read_model_that_has_stopped() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let zyx = account(&app, &admin, "zyxwvida@wonder.example", "Zyxwvida Wonder").await;
    let other = account(&app, &admin, "qwertine@wonder.example", OTHER).await;
    let renamed = app.patch(&format!("/users/{}", zyx.id), &json!({ "name": "Zyxwvida Thunder" }));
    let renamed = renamed.token(&zyx.token).send().await.expect(200);
    app.get("/users").token(&admin.token).header("tidemark-after", renamed.position()).send().await.expect(200);

    let stall = "with said as (insert into log.events (position, event_id, tenant_id, tenant_position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, recorded_at) \
         select max(position) + 1, gen_random_uuid(), 'demo', max(tenant_position) filter (where tenant_id = 'demo') + 1, 'user', 'demo/0190a0b1-c2d3-7e4f-8a5b-6c7d8e9f0a1b', 1, 'UserEnchanted', '1', '{}', '{}', now() \
         from log.events returning position) select pg_notify('tidemark_log', position::text) from said";
    sqlx::query(stall).execute(&app.database.owner).await.unwrap();
    eventually("the read model has stopped", async || {
        app.database.count("select count(*) from read.stalls where projection = 'identity.users'").await == 1
    })
    .await;
    assert!(users(&app).await.contains(TRACES[0]));
    erase(&app, &admin, &zyx.id).await.expect(200);
    eventually("the person is forgotten", async || lines_with(&users(&app).await, TRACES[0]).is_empty()).await;
    assert_nowhere(&users(&app).await);
    assert!(users(&app).await.contains(OTHER), "nobody else is");
    assert_eq!(app.database.count("select count(*) from read.stalls").await, 1, "and it still has stopped");

    // Rows as a crash of the server may bring them back: whoever takes the read model over forgets again.
    let brought_back = "update read.identity_users set name = 'Zyxwvida Wonder' where user_id = $1::uuid";
    sqlx::query(brought_back).bind(&zyx.id).execute(&app.database.owner).await.unwrap();
    sqlx::query("update read.leases set holder = gen_random_uuid(), fence = fence + 1, until = now() where projection = 'identity.users'")
        .execute(&app.database.owner)
        .await
        .unwrap();
    eventually("the person is forgotten again", async || lines_with(&users(&app).await, TRACES[0]).is_empty()).await;

    // Mended, it goes on to where a read model that never stopped would be.
    sqlx::query("delete from read.skips").execute(&app.database.owner).await.unwrap();
    sqlx::query("update log.events set event_type = 'UserPasswordChanged', payload = '{\"type\":\"UserPasswordChanged\",\"at\":\"2026-01-31T12:00:00.000Z\"}', aggregate_id = 'demo/' || $1, sequence = 1000 where event_type = 'UserEnchanted'")
        .bind(&other.id)
        .execute(&app.database.owner)
        .await
        .unwrap();
    sqlx::query("update read.stalls set retry_requested_at = now()").execute(&app.database.owner).await.unwrap();
    eventually("it goes on", async || app.database.count("select count(*) from read.stalls").await == 0).await;
    let gone = format!("select count(*) from read.identity_users where user_id = '{}' and deleted", zyx.id);
    assert_eq!(app.database.count(&gone).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_person_is_found_nowhere_and_the_others_still_are() {
    // So that whatever happens to anybody is followed by a snapshot.
    let app = TestApp::start_with(|settings| settings.snapshot_events = 1).await;
    let mut nats = Nats::start();
    let relaying = nats.relay(&app, &app.shutdown).await;
    let admin = app.admin().await;
    let zyx = account(&app, &admin, "zyxwvida@wonder.example", "Zyxwvida Wonder").await;
    account(&app, &admin, "qwertine@wonder.example", OTHER).await;
    // Her device says who she is.
    let login = json!({ "email": zyx.email, "password": PASSWORD });
    app.post("/auth/login", &login).header("user-agent", "Zyxwvida's phone").send().await.expect(200);
    let devices = app.get("/auth/sessions").token(&zyx.token).send().await.expect(200);
    assert_eq!(devices.json["data"][0]["agent"], "Zyxwvida's phone");
    let edit = json!({ "name": "Zyxwvida Thunder", "avatarUrl": "https://example.com/zyxwvida.png" });
    let edited = app
        .patch(&format!("/users/{}", zyx.id), &edit)
        .token(&zyx.token)
        .header("idempotency-key", "edit")
        .send()
        .await
        .expect(200);
    let post = json!({ "title": "Tides", "content": "They come.", "category": "tech", "published": true });
    let post = app.post("/posts", &post).token(&zyx.token).header("idempotency-key", "post").send().await.expect(201);
    // Caches hold the person too.
    let seen = app.get("/users?search=zyxwvida").token(&admin.token).header("tidemark-after", post.position());
    assert_eq!(seen.send().await.expect(200).json["data"][0]["name"], "Zyxwvida Thunder");
    let seen = app.get(&format!("/posts/{}", post.text("id"))).header("tidemark-after", post.position());
    let seen = seen.send().await.expect(200);
    assert_eq!(seen.json["author"]["name"], "Zyxwvida Thunder", "{}", seen.json);
    // What leaves this house was sealed from the start, and so was what commands remember.
    nats.has_all(&app).await;
    let snapshots = format!("select count(*) from log.snapshots where subject = '{}'", zyx.id);
    eventually("there are snapshots", async || app.database.count(&snapshots).await == 2).await;
    assert_nowhere(&dump(&app.database.owner, &["log", "identity"]).await);
    let sessions = format!("select count(*) from identity.sessions where subject = '{}'", zyx.id);
    assert_eq!(app.database.count(&sessions).await, 2);
    sqlx::query("select identity.keep_mail_token('demo', $1, 'reset', gen_random_uuid(), now(), '\\x01', '\\x02', 60)")
        .bind(&zyx.id)
        .execute(&app.database.owner)
        .await
        .unwrap();
    let tokens = format!("select count(*) from identity.mail_tokens where subject = '{}'", zyx.id);
    assert_eq!(app.database.count(&tokens).await, 1);
    assert!(!lines_with(&dump(&app.database.owner, &["read"]).await, TRACES[0]).is_empty());

    let receipt = erase(&app, &admin, &zyx.id).await.expect(200);
    assert_eq!(receipt.text("subject"), zyx.id);
    assert_eq!(receipt.text("keyFingerprint").len(), 22);
    assert!(receipt.text("erasedAt").ends_with('Z'));
    let gone = app.get(&format!("/users/{}", zyx.id)).token(&admin.token).header("tidemark-after", receipt.position());
    gone.send().await.expect_problem(404, "NOT_FOUND");
    let seen = app.get("/users?search=zyxwvida").token(&admin.token).send().await.expect(200);
    assert_eq!(seen.json["pagination"]["total"], 0);
    let seen = app.get(&format!("/posts/{}", post.text("id"))).send().await.expect(200);
    assert_eq!(seen.json["author"]["name"], "Deleted user");
    let whole = dump(&app.database.owner, &["log", "read", "identity", "public"]).await;
    assert_nowhere(&whole);
    assert!(!lines_with(&whole, OTHER).is_empty());
    assert_eq!((app.database.count(&sessions).await, app.database.count(&tokens).await), (0, 0));
    assert_eq!(app.database.count(&snapshots).await, 0, "of the person, and of the post");
    let (folded, head) = (users(&app).await, log::head(&app.database.owner).await.unwrap());
    fold_anew(&app).await;
    assert_eq!(users(&app).await, folded);
    assert_nowhere(&dump(&app.database.owner, &["log", "read", "identity", "public"]).await);
    assert!(folded.contains(OTHER) && head == log::head(&app.database.owner).await.unwrap());

    // A repeated erasure has its receipt again; whatever else was answered about the person is gone with it.
    let again = erase(&app, &admin, &zyx.id).await.expect(200);
    assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &receipt.body));
    let body = json!({ "email": zyx.email, "password": PASSWORD, "name": "Zyxwvida Wonder", "role": "editor" });
    let repeated = app.post("/users", &body).token(&admin.token).header("idempotency-key", "make-Zyxwvida-Wonder");
    repeated.send().await.expect_problem(404, "NOT_FOUND");
    app.delete(&format!("/users/{}?erase=true", zyx.id))
        .token(&admin.token)
        .send()
        .await
        .expect_problem(409, "ALREADY_ERASED");
    assert_ne!(edited.position(), receipt.position());

    nats.has_all(&app).await;
    app.shutdown.cancel();
    relaying.await.unwrap();
    let files = String::from_utf8_lossy(&nats.files()).into_owned();
    assert!(files.contains("UserErased") && files.contains("\"sealed\":"));
    assert_nowhere(&files);
}

#[tokio::test]
async fn people_erase_themselves_and_nobody_else() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (one, other) = (app.member().await, app.editor().await);
    app.delete(&format!("/users/{}?erase=true", other.id))
        .token(&one.token)
        .send()
        .await
        .expect_problem(403, "FORBIDDEN");
    app.delete(&format!("/users/{}?erase=maybe", one.id))
        .token(&one.token)
        .send()
        .await
        .expect_problem(400, "VALIDATION_FAILED");
    app.delete(&format!("/users/{}", one.id)).token(&one.token).send().await.expect_problem(403, "FORBIDDEN");
    app.delete(&format!("/users/{}?erase=true", admin.id))
        .token(&admin.token)
        .send()
        .await
        .expect_problem(409, "LAST_ADMIN");
    app.delete(&format!("/users/{}?erase=true", one.id)).token(&one.token).send().await.expect(200);
    let again = json!({ "email": one.email, "password": PASSWORD });
    app.post("/auth/login", &again).send().await.expect_problem(401, "INVALID_CREDENTIALS");
    // The address is free for whoever comes next.
    let next = json!({ "email": one.email, "password": PASSWORD, "name": "Next" });
    app.post("/auth/register", &next).send().await.expect(201);
}

#[tokio::test]
async fn a_deleted_person_can_be_erased_on_every_process() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let editor = app.editor().await;
    let (beside, _running) = app.beside().await;
    let path = format!("/api/v1/users/{}", editor.id);
    // The other process has the person at hand.
    let renamed = app.ask_at(&beside, Method::PATCH, &path).json(&json!({ "name": "Renamed" })).token(&editor.token);
    renamed.send().await.expect(200);
    app.delete(&format!("/users/{}", editor.id)).token(&admin.token).send().await.expect(204);
    erase(&app, &admin, &editor.id).await.expect(200);
    let last: Value = sqlx::query_scalar("select metadata from log.events where event_type = 'UserErased'")
        .fetch_one(&app.database.owner)
        .await
        .unwrap();
    assert_eq!(last["erases"], editor.id.as_str());
    app.ask_at(&beside, Method::DELETE, &format!("{path}?erase=true"))
        .token(&admin.token)
        .send()
        .await
        .expect_problem(409, "ALREADY_ERASED");
    let unknown = "0190a0b1-c2d3-7e4f-8a5b-6c7d8e9f0a1b";
    app.delete(&format!("/users/{unknown}?erase=true"))
        .token(&admin.token)
        .send()
        .await
        .expect_problem(404, "NOT_FOUND");
}
