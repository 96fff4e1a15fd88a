//! Remembered answers: served while they are true, never older than a caller has to see, never to the wrong one.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;
use tidemark_engine::position::{self, PositionCodec};

use crate::posts::{create, draft, published};
use crate::support::{Answer, TestApp, eventually};

/// The tenant's own place that a position stands for.
fn place(answer: &Answer) -> i64 {
    answer.position().split('.').nth(1).unwrap().parse().unwrap()
}

fn is_hit(answer: &Answer) -> bool {
    answer.header("tidemark-cache") == Some("hit")
}

fn codec(app: &TestApp) -> PositionCodec {
    PositionCodec::new(1, &app.settings.derive_key(position::PURPOSE))
}

#[tokio::test]
async fn an_answer_is_remembered_until_an_event_touches_it() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let post = create(&app, &admin, &published("First")).await;
    let path = format!("/posts/{}", post.text("id"));
    for list in [&*path, "/posts", "/tags", "/settings/categories", &*format!("/posts/{}", post.text("slug"))] {
        eventually("a hit", async || {
            is_hit(&app.get(list).header("tidemark-after", post.position()).send().await.expect(200))
        })
        .await;
        let (one, two) = (app.get(list).send().await, app.get(list).send().await);
        assert_eq!((&one.body, one.header("etag"), is_hit(&two)), (&two.body, two.header("etag"), true), "{list}");
        assert_eq!(
            (two.header("vary"), two.header("cache-control")),
            (Some("x-tenant, authorization, accept-encoding"), Some("no-cache"))
        );
    }
    let other = create(&app, &admin, &draft("Second")).await;
    let untouched = app.get(&path).header("tidemark-after", other.position()).send().await.expect(200);
    assert!(place(&untouched) >= place(&other), "the answer is true there, so it may say so");
    eventually("the feed passes", async || {
        is_hit(&app.get(&path).header("tidemark-after", other.position()).send().await)
    })
    .await;

    let edited = app.patch(&path, &json!({ "title": "Changed" })).token(&admin.token).send().await.expect(200);
    for list in [&*path, "/posts"] {
        let seen = app.get(list).header("tidemark-after", edited.position()).send().await.expect(200);
        assert!(String::from_utf8_lossy(&seen.body).contains("Changed"), "{list}");
    }
    let renamed = app.patch("/auth/me", &json!({ "name": "Ada" })).token(&admin.token).send().await.expect(200);
    for list in [&*path, "/posts"] {
        let seen = app.get(list).header("tidemark-after", renamed.position()).send().await.expect(200);
        assert!(String::from_utf8_lossy(&seen.body).contains("Ada"), "{list}");
    }
    // Without a position it comes too, once the feed has shown it.
    let gone = app.delete(&path).token(&admin.token).send().await.expect(204);
    app.get(&path).header("tidemark-after", gone.position()).send().await.expect(404);
    eventually("the archived post is gone for all", async || app.get(&path).send().await.status == 404).await;
}

#[tokio::test]
async fn an_unchanged_answer_is_not_sent_again() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let post = create(&app, &editor, &published("Same")).await;
    for list in [&*format!("/posts/{}", post.text("id")), "/posts"] {
        let first = app.get(list).header("tidemark-after", post.position()).send().await.expect(200);
        let etag = first.header("etag").unwrap();
        for known in [etag.to_owned(), format!("W/{etag}"), format!("\"x\", {etag}"), "*".to_owned()] {
            let same = app.get(list).header("if-none-match", &known).send().await.expect(304);
            assert_eq!((same.header("etag"), same.body.len()), (Some(etag), 0), "{known}");
            assert!(
                same.header("tidemark-position").is_some()
                    && same.header("tidemark-cache").is_some()
                    && same.header("vary").is_some()
            );
        }
        for unknown in ["\"1\"", "\"2\"", "\"x\"", "x"] {
            app.get(list).header("if-none-match", unknown).send().await.expect(200);
        }
    }
}

#[tokio::test]
async fn an_entity_tag_tells_nobody_what_others_see() {
    let app = TestApp::start().await;
    let (editor, member) = (app.editor().await, app.member().await);
    let post = create(&app, &editor, &draft("Secret")).await;
    let path = format!("/posts/{}", post.text("id"));
    let seen = app.get(&path).token(&editor.token).header("tidemark-after", post.position()).send().await.expect(200);
    let list = app.get("/posts").token(&editor.token).send().await.expect(200);
    assert_eq!(
        (seen.header("cache-control"), list.header("cache-control")),
        (Some("no-store"), Some("private, no-cache"))
    );
    for token in [None, Some(&*member.token)] {
        let ask = |path: &str| if let Some(token) = token { app.get(path).token(token) } else { app.get(path) };
        for known in [seen.header("etag").unwrap(), "*"] {
            ask(&path).header("if-none-match", known).send().await.expect_problem(404, "NOT_FOUND");
        }
        let answered = ask("/posts").header("if-none-match", list.header("etag").unwrap()).send().await.expect(200);
        assert_eq!(answered.json["data"], json!([]));
    }
}

#[tokio::test]
async fn a_position_is_checked_before_it_is_waited_for() {
    let app = TestApp::start().await;
    let known = app.get("/posts").send().await.expect(200).position();
    for text in ["", "1", "nonsense", "1.5.AAAAAAAAAAAAAAAA", &known.replacen("1.", "1.9", 1)] {
        app.get("/posts").header("tidemark-after", text).send().await.expect_problem(400, "INVALID_POSITION");
    }
    let lost = codec(&app).in_epoch(7).encode("demo", 1);
    app.get("/posts").header("tidemark-after", lost).send().await.expect_problem(410, "POSITION_LOST");

    let future = codec(&app).encode("demo", 1_000_000);
    for (prefer, least, most) in [("wait=0", 0, 1000), ("wait=1", 1000, 2000), ("respond-async", 2000, 3000)] {
        let started = Instant::now();
        let behind = app
            .get("/posts")
            .header("tidemark-after", &future)
            .header("prefer", prefer)
            .send()
            .await
            .expect_problem(503, "READ_MODEL_BEHIND");
        let waited = started.elapsed();
        assert!(behind.header("retry-after").is_some());
        assert!(waited >= Duration::from_millis(least) && waited < Duration::from_millis(most), "{prefer}: {waited:?}");
    }
}

/// Writers change three posts; readers ask with and without a position. Every answer must show every event up to the
/// position that it names, and at least what its reader had to see.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_is_true_at_the_position_it_names() {
    const POSTS: usize = 3;
    const CHANGES: usize = 40;
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let mut ids = Vec::new();
    // By post: the tenant's place at which each version was made.
    let made: Vec<Mutex<Vec<(i64, i64)>>> = (0..POSTS).map(|_| Mutex::default()).collect();
    let newest = Mutex::new(String::new());
    for (n, made) in made.iter().enumerate() {
        let post = create(&app, &editor, &draft(&format!("Post {n}"))).await;
        made.lock().unwrap().push((place(&post), 1));
        *newest.lock().unwrap() = post.position();
        ids.push(post.text("id"));
    }
    let after = newest.lock().unwrap().clone();
    app.get("/posts").header("tidemark-after", after).send().await.expect(200);
    let (app, editor, ids, made, newest) = (&app, &editor, &ids, &made, &newest);
    // Seen: which post, its version, the place that the answer named, and how it came about.
    let seen = &Mutex::new(Vec::<(usize, i64, i64, String)>::new());
    let note = &|answer: &Answer, needed: Option<i64>| {
        let named = place(answer);
        assert!(needed.is_none_or(|needed| named >= needed), "asked for {needed:?}, told {named}");
        let one = std::slice::from_ref(&answer.json);
        let posts = answer.json["data"].as_array().map_or(one, Vec::as_slice);
        for post in posts {
            let which = ids.iter().position(|id| post["id"] == **id).unwrap();
            let how = format!("{:?}, needed {needed:?}, of {}", answer.header("tidemark-cache"), posts.len());
            seen.lock().unwrap().push((which, post["version"].as_i64().unwrap(), named, how));
        }
    };
    let writers = (0..POSTS).map(|n| async move {
        for change in 0..CHANGES {
            let body = json!({ "title": format!("Post {n}, change {change}") });
            let path = format!("/posts/{}", ids[n]);
            let edited = app.patch(&path, &body).token(&editor.token).send().await.expect(200);
            let version = edited.json["version"].as_i64().unwrap();
            made[n].lock().unwrap().push((place(&edited), version));
            *newest.lock().unwrap() = edited.position();
            let own = app
                .get(&path)
                .token(&editor.token)
                .header("tidemark-after", edited.position())
                .send()
                .await
                .expect(200);
            assert!(own.json["version"].as_i64().unwrap() >= version, "a writer reads what it wrote");
            note(&own, Some(place(&edited)));
        }
    });
    let done = &std::sync::atomic::AtomicBool::new(false);
    let readers = (0..6).map(|n| async move {
        let paths = ["/posts".to_owned(), "/posts?sortBy=title".to_owned(), format!("/posts/{}", ids[n % POSTS])];
        while !done.load(std::sync::atomic::Ordering::Relaxed) {
            for path in &paths {
                let asked = app.get(path).token(&editor.token);
                if n % 2 == 0 {
                    note(&asked.send().await.expect(200), None);
                } else {
                    let after = newest.lock().unwrap().clone();
                    let needed = after.split('.').nth(1).unwrap().parse().unwrap();
                    note(&asked.header("tidemark-after", after).send().await.expect(200), Some(needed));
                }
            }
        }
    });
    let writing = async {
        join_all(writers).await;
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    };
    tokio::join!(writing, join_all(readers));
    let seen = seen.lock().unwrap();
    assert!(seen.len() > POSTS * CHANGES);
    for (which, version, named, how) in seen.iter() {
        let due = made[*which]
            .lock()
            .unwrap()
            .iter()
            .filter(|(place, _)| place <= named)
            .map(|(_, version)| *version)
            .max()
            .unwrap();
        assert!(
            *version >= due,
            "post {which} shows version {version} at place {named}, where it was at {due} ({how}): {:?}",
            made[*which].lock().unwrap()
        );
    }
}

/// A process that starts knows nothing of what was touched before; what it answers is true from the first request on.
#[tokio::test]
async fn a_process_that_has_just_started_serves_nothing_old() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let path = format!("/posts/{}", create(&app, &editor, &published("Old")).await.text("id"));
    let (beside, _running) = app.beside().await;
    for n in 0..20 {
        let edited =
            app.patch(&path, &json!({ "title": format!("New {n}") })).token(&editor.token).send().await.expect(200);
        let asked = app.ask_at(&beside, reqwest::Method::GET, &format!("/api/v1{path}"));
        let seen = asked.header("tidemark-after", edited.position()).send().await.expect(200);
        assert_eq!(seen.text("title"), format!("New {n}"));
    }
    eventually("the other process remembers too", async || {
        is_hit(&app.ask_at(&beside, reqwest::Method::GET, &format!("/api/v1{path}")).send().await)
    })
    .await;
}
