//! Answers that processes share in Redis: what one has built is true in the other, whatever lies there.

use std::cell::Cell;

use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use reqwest::Method;
use serde_json::json;
use tidemark_api::Running;

use crate::posts::{create, draft, published};
use crate::support::{Answer, PASSWORD, Person, RedisServer, TestApp, eventually};

fn is_hit(answer: &Answer) -> bool {
    answer.header("tidemark-cache") == Some("hit")
}

/// Two processes with a Redis between them.
struct Pair {
    redis: RedisServer,
    app: TestApp,
    beside: String,
    _running: Running,
    editor: Person,
    asked: Cell<usize>,
}

impl Pair {
    /// With a post and a draft; nothing where there is no Redis.
    async fn start() -> Option<Self> {
        let redis = RedisServer::start().await?;
        let app = TestApp::start_with(|settings| settings.redis_url = Some(redis.url())).await;
        let (beside, running) = app.beside().await;
        let editor = app.editor().await;
        create(&app, &editor, &published("Tides")).await;
        let last = create(&app, &editor, &draft("Secret")).await;
        app.get("/posts").header("tidemark-after", last.position()).send().await.expect(200);
        Some(Self { redis, app, beside, _running: running, editor, asked: Cell::new(0) })
    }

    async fn connect(&self) -> MultiplexedConnection {
        let client = redis::Client::open(self.redis.url()).unwrap();
        client.get_multiplexed_async_connection().await.unwrap()
    }

    /// A question that nobody has asked yet.
    fn question(&self) -> String {
        self.asked.set(self.asked.get() + 1);
        assert!(self.asked.get() <= 1_000, "it never happens");
        format!("/posts?author={}", uuid_of(self.asked.get()))
    }

    async fn ask_here(&self, path: &str) -> Answer {
        self.app.get(path).send().await.expect(200)
    }

    async fn ask_beside(&self, path: &str) -> Answer {
        self.app.ask_at(&self.beside, Method::GET, &format!("/api/v1{path}")).send().await.expect(200)
    }

    /// Waits until what one builds is a hit at the other's first look.
    async fn share(&self, what: &str) {
        eventually(what, async || {
            let path = self.question();
            let built = self.ask_here(&path).await;
            let found = self.ask_beside(&path).await;
            assert_eq!((&found.body, found.header("etag")), (&built.body, built.header("etag")));
            is_hit(&found)
        })
        .await;
    }

    /// A question that this process has just shared the answer of, and where that lies.
    async fn shared(&self, redis: &mut MultiplexedConnection, ask: impl AsyncFn() -> String) -> (String, String) {
        for _ in 0..100 {
            let before = answers(redis).await;
            let path = ask().await;
            if let Some(key) = answers(redis).await.into_iter().find(|key| !before.contains(key)) {
                return (path, key);
            }
        }
        panic!("nothing is shared")
    }
}

fn uuid_of(n: usize) -> String {
    format!("0190a0b1-c2d3-7e4f-8a5b-{n:012x}")
}

async fn answers(redis: &mut MultiplexedConnection) -> Vec<String> {
    redis.keys("tidemark:answer:*").await.unwrap()
}

async fn put(redis: &mut MultiplexedConnection, key: &str, value: &[u8]) {
    redis.pset_ex::<_, _, ()>(key, value, 60_000).await.unwrap();
}

/// As after a failover that has lost the last events, before anybody has raised the epoch.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_from_beyond_the_end_of_the_log_is_not_served() {
    let Some(pair) = Pair::start().await else { return };
    let mut redis = pair.connect().await;
    let (path, _) = pair
        .shared(&mut redis, async || {
            let path = pair.question();
            pair.ask_here(&path).await;
            path
        })
        .await;
    let late = async || {
        let (late, _running) = pair.app.beside().await;
        pair.app.ask_at(&late, Method::GET, &format!("/api/v1{path}")).send().await.expect(200)
    };
    assert!(is_hit(&late().await), "a process that has just started finds it");
    let lost =
        "delete from log.events e using (select tenant_id, max(tenant_position) as last from log.events group by 1) l
                where e.tenant_id = l.tenant_id and e.tenant_position = l.last";
    sqlx::query(lost).execute(&pair.app.database.owner).await.unwrap();
    assert!(!is_hit(&late().await), "what it shows is lost");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_process_has_built_another_finds_also_after_redis_was_away() {
    let Some(mut pair) = Pair::start().await else { return };
    pair.share("they share").await;
    // Who sees more than others shares it with nobody who does not.
    let path = "/posts?sortBy=title&order=asc";
    let editors = pair.app.get(path).token(&pair.editor.token).send().await.expect(200);
    assert_eq!(editors.json["pagination"]["total"], 2);
    assert_eq!(pair.ask_beside(path).await.json["pagination"]["total"], 1);

    let mut here = Vec::new();
    for _ in 0..40 {
        let path = pair.question();
        here.push(pair.ask_here(&path).await.body);
        if here.len() == 20 {
            pair.redis.kill();
        }
        assert_eq!(Some(&pair.ask_beside(&path).await.body), here.last());
    }
    pair.redis.run().await;
    pair.share("they share again").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_believed_because_it_lies_there() {
    let Some(pair) = Pair::start().await else { return };
    pair.app.create_tenant("acme").await;
    pair.share("they share").await;
    let mut redis = pair.connect().await;
    let redis = &mut redis;
    let one = async || {
        let path = format!("/posts?limit={}", pair.asked.replace(pair.asked.get() + 1) % 100 + 1);
        pair.ask_here(&path).await;
        path
    };
    let other = async || {
        let path = format!("/posts?limit={}", pair.asked.replace(pair.asked.get() + 1) % 100 + 1);
        pair.app.get(&path).tenant("acme").send().await.expect(200);
        path
    };
    let (_, foreign) = pair.shared(redis, &other).await;
    let foreign: Vec<u8> = redis.get(&foreign).await.unwrap();
    for poison in [&b""[..], b"garbage", &[7; 100_000], &[7; 1_000_000], &foreign] {
        let (path, key) = pair.shared(redis, &one).await;
        put(redis, &key, poison).await;
        let seen = pair.ask_beside(&path).await;
        assert_eq!((seen.json["data"][0]["title"].as_str(), is_hit(&seen)), (Some("Tides"), false), "{}", poison.len());
    }
    // Of another type, and kept for ever.
    let (path, key) = pair.shared(redis, &one).await;
    redis.del::<_, ()>(&key).await.unwrap();
    redis.hset::<_, _, _, ()>(&key, "a", "b").await.unwrap();
    assert!(!is_hit(&pair.ask_beside(&path).await));
    let (path, key) = pair.shared(redis, &one).await;
    redis.persist::<_, ()>(&key).await.unwrap();
    assert!(!is_hit(&pair.ask_beside(&path).await));
    let listed: Vec<String> = redis.keys("tidemark:answers:*").await.unwrap();
    for key in listed {
        redis.set::<_, _, ()>(&key, "no list").await.unwrap();
    }
    pair.share("it goes on").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_was_overtaken_is_not_served() {
    let Some(pair) = Pair::start().await else { return };
    pair.share("they share").await;
    let mut redis = pair.connect().await;
    let redis = &mut redis;
    let made = create(&pair.app, &pair.editor, &published("First")).await;
    let path = format!("/posts/{}", made.text("id"));
    let ask = async || {
        pair.app.get(&path).header("tidemark-after", made.position()).send().await.expect(200);
        path.clone()
    };
    let (_, key) = pair.shared(redis, &ask).await;
    let old: Vec<u8> = redis.get(&key).await.unwrap();
    for n in 0..10 {
        let edit = pair.app.patch(&path, &json!({ "title": format!("Title {n}") })).token(&pair.editor.token);
        let edited = edit.send().await.expect(200);
        put(redis, &key, &old).await;
        for base in [&pair.beside, &pair.app.base] {
            let ask = pair.app.ask_at(base, Method::GET, &format!("/api/v1{path}"));
            let seen = ask.header("tidemark-after", edited.position()).send().await.expect(200);
            assert_eq!(seen.text("title"), format!("Title {n}"));
        }
        put(redis, &key, &old).await;
        assert_eq!(pair.ask_beside(&path).await.text("title"), format!("Title {n}"), "once it was seen");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_person_is_in_no_shared_answer() {
    let Some(pair) = Pair::start().await else { return };
    pair.share("they share").await;
    let mut redis = pair.connect().await;
    let redis = &mut redis;
    let admin = pair.app.admin().await;
    let body = json!({ "email": "zyxwvida@wonder.example", "password": PASSWORD, "name": "Zyxwvida Wonder", "role": "editor" });
    let made = pair.app.post("/users", &body).token(&admin.token).send().await.expect(201);
    let token = pair.app.sign_in("demo", "zyxwvida@wonder.example", PASSWORD).await;
    let zyx = Person { id: made.text("id"), email: "zyxwvida@wonder.example".to_owned(), token };
    let post = create(&pair.app, &zyx, &published("By her")).await;
    let path = format!("/posts/{}", post.text("id"));
    let ask = async || {
        let seen = pair.app.get(&path).header("tidemark-after", post.position()).send().await.expect(200);
        assert_eq!(seen.json["author"]["name"], "Zyxwvida Wonder");
        path.clone()
    };
    let (_, key) = pair.shared(redis, &ask).await;
    let sealed: Vec<u8> = redis.get(&key).await.unwrap();
    for key in answers(redis).await {
        let value: Option<Vec<u8>> = redis.get(&key).await.unwrap();
        assert!(!String::from_utf8_lossy(&value.unwrap_or_default()).contains("Zyxwvida"), "it lies there in clear");
    }

    let erased = pair.app.delete(&format!("/users/{}?erase=true", zyx.id)).token(&admin.token).send().await.expect(200);
    eventually("it is gone from Redis", async || answers(&mut pair.connect().await).await.is_empty()).await;
    // Nor would it be shown by whoever had kept it, or put back.
    put(redis, &key, &sealed).await;
    for base in [&pair.beside, &pair.app.base] {
        let ask = pair.app.ask_at(base, Method::GET, &format!("/api/v1{path}"));
        let seen = ask.header("tidemark-after", erased.position()).send().await.expect(200);
        assert_eq!(seen.json["author"]["name"], "Deleted user");
    }
    pair.share("it goes on").await;
}
