//! Posts from the first draft to the archive, and what their readers see on the way.

use std::collections::HashSet;

use chrono::{TimeDelta, Utc};
use futures::future::join_all;
use serde_json::{Value, json};
use tidemark_kernel::Timestamp;

use crate::support::{Answer, Person, TestApp};

pub(crate) fn draft(title: &str) -> Value {
    json!({ "title": title, "content": "Some words.", "category": "tech" })
}

pub(crate) fn published(title: &str) -> Value {
    json!({ "title": title, "content": "Some words.", "category": "tech", "published": true })
}

pub(crate) async fn create(app: &TestApp, by: &Person, body: &Value) -> Answer {
    app.post("/posts", body).token(&by.token).send().await.expect(201)
}

fn titles(list: &Answer) -> Vec<String> {
    list.json["data"].as_array().unwrap().iter().map(|post| post["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_post_goes_from_draft_to_archive() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let body = json!({ "title": "  Hello, World! ", "content": "First.\n\nSecond.", "category": "tech", "tags": ["Rust", "rust", "web"] });
    let created = create(&app, &editor, &body).await;
    let (id, slug) = (created.text("id"), created.text("slug"));
    assert_eq!((&*slug, &*created.text("title"), &*created.text("status")), ("hello-world", "Hello, World!", "draft"));
    assert_eq!(created.json["tags"], json!(["Rust", "web"]));
    assert_eq!(created.json["author"], json!({ "id": editor.id, "name": "Somebody", "avatarUrl": null }));
    assert_eq!(
        (created.header("etag"), created.header("location")),
        (Some("\"1\""), Some(&*format!("/api/v1/posts/{id}")))
    );
    assert_eq!(created.json["publishedAt"], Value::Null);

    // A command's answer is what a query answers once it has come there.
    let read = async |position: String| {
        app.get(&format!("/posts/{id}"))
            .token(&editor.token)
            .header("tidemark-after", position)
            .send()
            .await
            .expect(200)
    };
    assert_eq!(read(created.position()).await.json, created.json);
    app.get(&format!("/posts/{slug}")).send().await.expect_problem(404, "NOT_FOUND");

    let release = app.post(&format!("/posts/{id}/publish"), &json!({})).token(&editor.token).send().await.expect(200);
    assert_eq!((release.text("status"), release.json["version"].as_i64()), ("published".to_owned(), Some(2)));
    assert_eq!(release.json["publishedAt"], release.json["updatedAt"]);
    assert_eq!(read(release.position()).await.json, release.json);
    let public =
        app.get(&format!("/posts/{slug}")).header("tidemark-after", release.position()).send().await.expect(200);
    assert_eq!(public.json.get("likedByMe"), None);
    assert!(public.header("etag").unwrap().starts_with("\"2."), "{:?}", public.headers);

    let changes = json!({ "title": "Another title", "tags": [], "category": "business" });
    let edited = app
        .patch(&format!("/posts/{id}"), &changes)
        .token(&editor.token)
        .header("if-match", public.header("etag").unwrap())
        .send()
        .await
        .expect(200);
    assert_eq!(
        (edited.text("title"), edited.text("slug"), edited.text("content")),
        ("Another title".to_owned(), slug.clone(), "First.\n\nSecond.".to_owned())
    );
    assert_eq!(read(edited.position()).await.json, edited.json);

    let back = app.post(&format!("/posts/{id}/unpublish"), &json!({})).token(&editor.token).send().await.expect(200);
    assert_eq!((back.text("status"), &back.json["publishedAt"]), ("draft".to_owned(), &Value::Null));
    app.get(&format!("/posts/{id}")).header("tidemark-after", back.position()).send().await.expect(404);

    let gone = app.delete(&format!("/posts/{id}")).token(&editor.token).send().await.expect(204);
    assert!(gone.body.is_empty());
    app.get(&format!("/posts/{slug}")).header("tidemark-after", gone.position()).send().await.expect(404);
    assert_eq!(read(gone.position()).await.text("status"), "archived");
    app.delete(&format!("/posts/{id}")).token(&editor.token).send().await.expect(204);
    app.patch(&format!("/posts/{id}"), &draft("x")).token(&editor.token).send().await.expect_problem(404, "NOT_FOUND");
    app.post(&format!("/posts/{id}/publish"), &json!({}))
        .token(&editor.token)
        .send()
        .await
        .expect_problem(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_draft_is_scheduled_moved_and_taken_back() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let at = |hours: i64| Timestamp::new(Utc::now() + TimeDelta::hours(hours)).to_string();
    let mut body = draft("Soon");
    let (first, second) = (at(1), at(48));
    body["publishAt"] = json!(first);
    let made = create(&app, &editor, &body).await;
    assert_eq!(
        (made.text("status"), made.text("publishAt"), made.json["version"].as_i64()),
        ("draft".to_owned(), first, Some(2))
    );
    let path = format!("/posts/{}", made.text("id"));
    let shown = app.get(&path).token(&editor.token).header("tidemark-after", made.position()).send().await.expect(200);
    assert_eq!(shown.json, made.json);
    app.get(&path).send().await.expect_problem(404, "NOT_FOUND");

    let patch = |body: Value| app.patch(&path, &body).token(&editor.token).send();
    let moved = patch(json!({ "publishAt": second, "title": "Later" })).await.expect(200);
    assert_eq!((moved.text("title"), moved.text("publishAt")), ("Later".to_owned(), second));
    let edited = patch(json!({ "title": "Later on" })).await.expect(200);
    assert_eq!(edited.json["publishAt"], moved.json["publishAt"], "what is absent stays");
    assert_eq!(patch(json!({ "publishAt": null })).await.expect(200).json["publishAt"], Value::Null);
    patch(json!({ "publishAt": at(-1) })).await.expect_problem(409, "PUBLISH_AT_PASSED");
    patch(json!({ "publishAt": "tomorrow" })).await.expect_problem(400, "VALIDATION_FAILED");
    patch(json!({ "publishAt": at(1) })).await.expect(200);

    let release = app.post(&format!("{path}/publish"), &json!({})).token(&editor.token).send().await.expect(200);
    assert_eq!((release.text("status"), &release.json["publishAt"]), ("published".to_owned(), &Value::Null));
    patch(json!({ "publishAt": at(1) })).await.expect_problem(409, "POST_PUBLISHED");
    patch(json!({ "publishAt": null })).await.expect(200);

    let mut both = published("Both");
    both["publishAt"] = json!(at(1));
    let refused = app.post("/posts", &both).token(&editor.token).send().await.expect_problem(400, "VALIDATION_FAILED");
    assert_eq!(refused.faults(), ["publishAt: not_allowed"]);
}

#[tokio::test]
async fn the_author_is_known_at_once_however_far_the_read_models_are_behind() {
    let app = TestApp::start().await;
    let (beside, _running) = app.beside().await;
    let mut held = app.database.owner.begin().await.unwrap();
    sqlx::query("lock table read.identity_users in exclusive mode").execute(&mut *held).await.unwrap();

    let (editor, admin) = (app.editor().await, app.admin().await);
    let post = create(&app, &editor, &draft("As somebody")).await;
    assert_eq!(post.json["author"], json!({ "id": editor.id, "name": "Somebody", "avatarUrl": null }));

    // Renamed here and in another process.
    let path = format!("/posts/{}", post.text("id"));
    for (n, base) in [&app.base, &beside, &app.base].into_iter().enumerate() {
        let (name, picture) = (format!("Ada {n}"), format!("/media/{n}"));
        let changes = json!({ "name": name, "avatarUrl": picture });
        app.ask_at(base, reqwest::Method::PATCH, "/api/v1/auth/me")
            .json(&changes)
            .token(&editor.token)
            .send()
            .await
            .expect(200);
        let shown = json!({ "id": editor.id, "name": name, "avatarUrl": picture });
        assert_eq!(create(&app, &editor, &draft(&name)).await.json["author"], shown);
        let edited = app.patch(&path, &json!({ "title": name })).token(&admin.token).send().await.expect(200);
        assert_eq!(edited.json["author"], shown);
    }
    held.rollback().await.unwrap();
}

#[tokio::test]
async fn only_editors_create_and_only_author_and_admin_change() {
    let app = TestApp::start().await;
    let (member, author, other, admin) =
        (app.member().await, app.editor().await, app.editor().await, app.admin().await);
    app.post("/posts", &draft("x")).send().await.expect_problem(401, "NOT_SIGNED_IN");
    app.post("/posts", &draft("x")).token(&member.token).send().await.expect_problem(403, "FORBIDDEN");
    let path = format!("/posts/{}", create(&app, &author, &draft("Mine")).await.text("id"));
    for stranger in [&member, &other] {
        app.patch(&path, &json!({ "title": "Yours" }))
            .token(&stranger.token)
            .send()
            .await
            .expect_problem(403, "FORBIDDEN");
        app.post(&format!("{path}/publish"), &json!({})).token(&stranger.token).send().await.expect(403);
        app.post(&format!("{path}/unpublish"), &json!({})).token(&stranger.token).send().await.expect(403);
        app.delete(&path).token(&stranger.token).send().await.expect(403);
    }
    app.patch(&path, &json!({ "title": "x" })).send().await.expect(401);
    let edited = app.patch(&path, &json!({ "title": "Ours" })).token(&admin.token).send().await.expect(200);
    assert_eq!(edited.json["author"]["id"], author.id, "an admin's change leaves the author");
    assert_eq!(edited.json["author"]["name"], "Somebody");
    for nothing in ["/posts/0190a0b1-c2d3-7e4f-8a5b-6c7d8e9f0a1b", "/posts/no-id", "/posts/%00"] {
        app.patch(nothing, &json!({ "title": "x" })).token(&admin.token).send().await.expect_problem(404, "NOT_FOUND");
        app.get(nothing).token(&admin.token).send().await.expect_problem(404, "NOT_FOUND");
    }
}

#[tokio::test]
async fn all_that_is_wrong_with_a_post_is_told_at_once() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let refused = async |body: Value| {
        app.post("/posts", &body).token(&editor.token).send().await.expect_problem(400, "VALIDATION_FAILED")
    };
    assert_eq!(refused(json!({})).await.faults(), ["category: required", "content: required", "title: required"]);
    let bad = json!({
        "title": " ", "content": "a\u{0}b", "category": "sport", "tags": ["ok", "", 7, "x".repeat(51)], "published": "yes",
        "coverImageId": "0190a0b1-c2d3-7e4f-8a5b-6c7d8e9f0a1b", "colour": "red",
    });
    let told = refused(bad).await;
    let faults = told.faults();
    for fault in [
        "title: too_short",
        "content: invalid",
        "category: not_allowed",
        "published: invalid",
        "coverImageId: invalid",
        "colour: unknown_field",
        "tags[2]: invalid",
    ] {
        assert!(faults.contains(&fault.to_owned()), "{fault} in {faults:?}");
    }
    let category = told.json["errors"].as_array().unwrap().iter().find(|error| error["path"] == "category").unwrap();
    assert_eq!(category["message"], "must be one of tech, lifestyle, business");
    let tags: Vec<String> = (0..11).map(|n| format!("tag {n}")).collect();
    let long = json!({ "title": "x".repeat(201), "content": "x".repeat(200_001), "category": "tech", "tags": tags });
    assert_eq!(refused(long).await.faults(), ["content: too_long", "tags: too_long", "title: too_long"]);

    let path = format!("/posts/{}", create(&app, &editor, &draft("Fine")).await.text("id"));
    let patched = app
        .patch(&path, &json!({ "title": null, "category": "x", "slug": "mine" }))
        .token(&editor.token)
        .send()
        .await
        .expect(400);
    assert_eq!(patched.faults(), ["category: not_allowed", "slug: unknown_field", "title: invalid"]);
    let same = app
        .patch(&path, &json!({ "title": "Fine", "coverImageId": null }))
        .token(&editor.token)
        .send()
        .await
        .expect(200);
    assert_eq!(same.json["version"], 1, "nothing changed, so nothing happened");
    app.patch(&path, &json!({ "title": "Late" }))
        .token(&editor.token)
        .header("if-match", "\"9\"")
        .send()
        .await
        .expect_problem(412, "VERSION_MISMATCH");
    app.ask(reqwest::Method::POST, &format!("/api/v1{path}/publish?now=1"))
        .token(&editor.token)
        .send()
        .await
        .expect_problem(400, "VALIDATION_FAILED");
}

#[tokio::test]
async fn a_list_shows_each_caller_what_it_may_see() {
    let app = TestApp::start().await;
    let (editor, member) = (app.editor().await, app.member().await);
    create(&app, &editor, &draft("Draft")).await;
    create(
        &app,
        &editor,
        &json!({ "title": "Public", "content": "Words", "category": "business", "tags": ["Rust"], "published": true }),
    )
    .await;
    let archived = create(&app, &editor, &published("Archived")).await.text("id");
    let after = app.delete(&format!("/posts/{archived}")).token(&editor.token).send().await.expect(204).position();
    let list = async |query: &str, token: Option<&str>| {
        let asked = app.get(&format!("/posts{query}")).header("tidemark-after", &after);
        match token {
            Some(token) => asked.token(token).send().await,
            None => asked.send().await,
        }
    };
    for token in [None, Some(&*member.token)] {
        assert_eq!(titles(&list("", token).await.expect(200)), ["Public"]);
        assert_eq!(titles(&list("?status=published", token).await.expect(200)), ["Public"]);
        list("?status=draft", token).await.expect_problem(403, "FORBIDDEN");
        list("?status=archived", token).await.expect_problem(403, "FORBIDDEN");
    }
    let editors = Some(&*editor.token);
    assert_eq!(titles(&list("", editors).await.expect(200)), ["Archived", "Public", "Draft"]);
    assert_eq!(titles(&list("?status=draft", editors).await.expect(200)), ["Draft"]);
    assert_eq!(titles(&list("?sortBy=title&order=asc", editors).await.expect(200)), ["Archived", "Draft", "Public"]);
    for (query, shown) in [
        ("?category=business", 1),
        ("?category=tech", 0),
        ("?tag=rUST", 1),
        ("?tag=go", 0),
        (&*format!("?author={}", editor.id), 1),
        (&*format!("?author={}", member.id), 0),
    ] {
        let answer = list(query, None).await.expect(200);
        assert_eq!(
            (answer.json["data"].as_array().unwrap().len(), answer.json["pagination"]["total"].as_i64()),
            (shown, Some(shown as i64)),
            "{query}"
        );
    }
    let post = &list("", None).await.json["data"][0];
    assert_eq!(
        (&post["excerpt"], &post["likeCount"], &post["commentCount"], post.get("content")),
        (&json!("Words"), &json!(0), &json!(0), None)
    );
    assert_eq!(post["author"]["name"], "Somebody");

    let tags = app.get("/tags").header("tidemark-after", &after).send().await.expect(200);
    assert_eq!(tags.json["data"], json!([{ "name": "Rust", "count": 1 }]));
    assert_eq!(app.get("/tags?search=ru").send().await.expect(200).json["pagination"]["total"], 1);
    assert_eq!(app.get("/tags?search=x").send().await.expect(200).json["data"], json!([]));
    let categories = app.get("/settings/categories").send().await.expect(200);
    assert_eq!(categories.json, json!({ "categories": ["tech", "lifestyle", "business"] }));
}

#[tokio::test]
async fn another_tenants_post_is_no_post() {
    let app = TestApp::start().await;
    app.create_tenant("other").await;
    let editor = app.editor().await;
    let stranger = app.person("other", tidemark_kernel::Role::Admin).await;
    let post = create(&app, &editor, &published("Ours")).await;
    app.get("/posts").header("tidemark-after", post.position()).send().await.expect(200);
    for name in ["id", "slug"] {
        let path = format!("/posts/{}", post.text(name));
        app.get(&path).send().await.expect(200);
        app.get(&path).tenant("other").token(&stranger.token).send().await.expect_problem(404, "NOT_FOUND");
    }
    let path = format!("/posts/{}", post.text("id"));
    app.patch(&path, &json!({ "title": "Theirs" })).tenant("other").token(&stranger.token).send().await.expect(404);
    assert_eq!(titles(&app.get("/posts").tenant("other").send().await.expect(200)), Vec::<String>::new());
    app.get("/posts")
        .tenant("other")
        .header("tidemark-after", post.position())
        .send()
        .await
        .expect_problem(400, "INVALID_POSITION");
}

#[tokio::test]
async fn posts_of_one_title_are_numbered_without_a_gap_even_all_at_once() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    for n in 1..=3 {
        let slug = create(&app, &editor, &draft("One after the other")).await.text("slug");
        assert_eq!(slug, if n == 1 { "one-after-the-other".to_owned() } else { format!("one-after-the-other-{n}") });
    }
    let (beside, _running) = app.beside().await;
    let body = draft("All at once");
    let creating = (0..60).map(|n| {
        let base = if n % 2 == 0 { &app.base } else { &beside };
        let asked = app
            .ask_at(base, reqwest::Method::POST, "/api/v1/posts")
            .json(&body)
            .token(&editor.token)
            .header("idempotency-key", format!("post-{n}"));
        async move { asked.send().await.expect(201).text("slug") }
    });
    let slugs: HashSet<String> = join_all(creating).await.into_iter().collect();
    let expected: HashSet<String> =
        (1..=60).map(|n| if n == 1 { "all-at-once".to_owned() } else { format!("all-at-once-{n}") }).collect();
    assert_eq!(slugs, expected);

    // A long title makes room for its number, and a repeated request has its first answer.
    let long = draft(&"x".repeat(200));
    assert_eq!(create(&app, &editor, &long).await.text("slug").len(), 80);
    let second =
        app.post("/posts", &long).token(&editor.token).header("idempotency-key", "long").send().await.expect(201);
    assert_eq!(second.text("slug"), format!("{}-2", "x".repeat(78)));
    let again =
        app.post("/posts", &long).token(&editor.token).header("idempotency-key", "long").send().await.expect(201);
    assert_eq!((again.body, again.headers.contains_key("idempotency-replayed")), (second.body, true));
}

#[tokio::test]
async fn each_bad_tag_is_told_and_the_tags_as_a_whole_too() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let mut body = json!({ "title": "Tags", "content": "Words", "category": "tech", "tags": ["", 7, "x".repeat(51)] });
    let refused = app.post("/posts", &body).token(&editor.token).send().await.expect_problem(400, "VALIDATION_FAILED");
    assert_eq!(refused.faults(), ["tags[0]: too_short", "tags[1]: invalid", "tags[2]: too_long"]);
    let mut many: Vec<Value> = (0..11).map(|n| json!(format!("tag {n}"))).collect();
    many.push(json!(""));
    body["tags"] = json!(many);
    let refused = app.post("/posts", &body).token(&editor.token).send().await.expect_problem(400, "VALIDATION_FAILED");
    assert_eq!(refused.faults(), ["tags: too_long", "tags[11]: too_short"]);
}

#[tokio::test]
async fn null_is_absent_in_a_new_post_and_clears_the_tags_of_an_old_one() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let body = json!({ "title": "Null", "content": "Words", "category": "tech", "tags": null, "published": null, "coverImageId": null });
    let made = app.post("/posts", &body).token(&editor.token).send().await.expect(201);
    assert_eq!((&made.json["tags"], made.text("status")), (&json!([]), "draft".to_owned()));
    let path = format!("/posts/{}", made.text("id"));
    let patch = |tags: Value| app.patch(&path, &json!({ "tags": tags })).token(&editor.token).send();
    assert_eq!(patch(json!(["Rust"])).await.expect(200).json["tags"], json!(["Rust"]));
    assert_eq!(patch(Value::Null).await.expect(200).json["tags"], json!([]));
}
