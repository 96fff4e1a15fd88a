//! Pages of lists: by number, and by cursors that fit one list only.

use reqwest::Method;
use serde_json::{Value, json};

use crate::posts::{create, draft, published};
use crate::support::{Answer, Person, TestApp};

async fn with_posts(count: usize) -> (TestApp, Person, String) {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let mut last = String::new();
    for n in 0..count {
        last = create(&app, &editor, &published(&format!("Post {n:03}"))).await.position();
    }
    (app, editor, last)
}

fn titles(answer: &Answer) -> Vec<String> {
    answer.json["data"].as_array().unwrap().iter().map(|post| post["title"].as_str().unwrap().to_owned()).collect()
}

fn next_cursor(answer: &Answer) -> Option<String> {
    answer.json["pagination"]["nextCursor"].as_str().map(str::to_owned)
}

#[tokio::test]
async fn pages_are_numbered_and_counted() {
    let (app, _, last) = with_posts(5).await;
    let page = app
        .get("/posts?limit=2&page=2&sortBy=title&order=asc")
        .header("tidemark-after", &last)
        .send()
        .await
        .expect(200);
    assert_eq!(titles(&page), ["Post 002", "Post 003"]);
    assert_eq!(page.json["pagination"], json!({ "page": 2, "limit": 2, "total": 5, "totalPages": 3 }));
    let beyond = app.get("/posts?limit=2&page=9").send().await.expect(200);
    assert_eq!((titles(&beyond).len(), &beyond.json["pagination"]["total"]), (0, &json!(5)));
    let default = app.get("/posts").send().await.expect(200);
    assert_eq!(titles(&default)[0], "Post 004", "newest first");
    assert_eq!(default.json["pagination"], json!({ "page": 1, "limit": 20, "total": 5, "totalPages": 1 }));
    app.get("/posts?limit=100&page=100").send().await.expect(200);
}

#[tokio::test]
async fn what_is_wrong_with_a_query_is_told_at_once() {
    let app = TestApp::start().await;
    for (query, faults) in [
        (
            "limit=0&sortBy=likes&colour=red",
            vec!["colour: unknown_field", "limit: out_of_range", "sortBy: not_allowed"],
        ),
        ("limit=101", vec!["limit: out_of_range"]),
        ("limit=two&order=up", vec!["limit: invalid", "order: not_allowed"]),
        ("page=0", vec!["page: out_of_range"]),
        ("page=101&limit=100", vec!["page: out_of_range"]),
        ("page=501", vec!["page: out_of_range"]),
        ("page=99999999999999999999", vec!["page: out_of_range"]),
        ("page=1&cursor=", vec!["page: not_allowed"]),
        ("cursor=nonsense", vec!["cursor: invalid"]),
        ("status=hidden&author=me", vec!["author: invalid", "status: not_allowed"]),
        ("tag=a&tag=b", vec!["tag: invalid"]),
        ("category=%00", vec!["category: invalid"]),
        ("search=word", vec!["search: unknown_field"]),
    ] {
        let refused = app.get(&format!("/posts?{query}")).send().await.expect_problem(400, "VALIDATION_FAILED");
        assert_eq!(refused.faults(), faults, "{query}");
    }
    let sort = app.get("/posts?sortBy=likes").send().await;
    assert_eq!(sort.json["errors"][0]["message"], "must be one of createdAt, publishedAt, title");
    app.get("/posts?tag=%zz").send().await.expect_problem(400, "MALFORMED_REQUEST");
    app.get("/tags?sortBy=name").send().await.expect_problem(400, "VALIDATION_FAILED");
    app.get("/settings/categories?x=1").send().await.expect_problem(400, "VALIDATION_FAILED");
}

#[tokio::test]
async fn a_cursor_walks_the_whole_list_whatever_is_inserted_meanwhile() {
    let (app, editor, last) = with_posts(25).await;
    for (sort, expected_first) in [
        ("createdAt&order=desc", "Post 024"),
        ("createdAt&order=asc", "Post 000"),
        ("title&order=desc", "Post 024"),
        ("publishedAt&order=asc", "Post 000"),
    ] {
        let mut cursor = String::new();
        let mut seen = Vec::new();
        loop {
            let path = format!("/posts?sortBy={sort}&limit=4&cursor={cursor}");
            let page = app.get(&path).header("tidemark-after", &last).send().await.expect(200);
            seen.extend(titles(&page).into_iter().filter(|title| title.starts_with("Post 0")));
            let Some(next) = next_cursor(&page) else { break };
            cursor = next;
            let inserted = create(&app, &editor, &published("Another")).await;
            app.get("/posts").header("tidemark-after", inserted.position()).send().await.expect(200);
        }
        assert_eq!(seen.first().map(String::as_str), Some(expected_first), "{sort}");
        let mut unique = seen.clone();
        unique.sort();
        unique.dedup();
        assert_eq!((seen.len(), unique.len()), (25, 25), "{sort}: every post once");
    }
    let all = app.get("/posts?cursor=&limit=100").send().await.expect(200);
    assert_eq!(all.json["pagination"], json!({ "limit": 100, "nextCursor": null }));
}

#[tokio::test]
async fn a_cursor_fits_its_own_list_only() {
    let (app, editor, last) = with_posts(3).await;
    app.create_tenant("other").await;
    let first = app.get("/posts?cursor=&limit=1&tag=").header("tidemark-after", &last).send().await.expect(200);
    assert_eq!(next_cursor(&first), None, "no post has the empty tag");
    let first = app.get("/posts?cursor=&limit=1").send().await.expect(200);
    let cursor = next_cursor(&first).unwrap();
    app.get(&format!("/posts?cursor={cursor}&limit=2")).send().await.expect(200);
    let mut tampered = cursor.clone().into_bytes();
    tampered[30] ^= 1;
    let tampered = String::from_utf8(tampered).unwrap();
    let foreign = app.get(&format!("/posts?cursor={cursor}")).tenant("other");
    let as_editor = app.get(&format!("/posts?cursor={cursor}")).token(&editor.token);
    let others = [
        format!("/posts?cursor={tampered}"),
        format!("/posts?cursor={cursor}&category=tech"),
        format!("/posts?cursor={cursor}&order=asc"),
        format!("/tags?cursor={cursor}"),
    ];
    for asked in others.iter().map(|path| app.get(path)).chain([foreign, as_editor]) {
        let refused = asked.send().await.expect_problem(400, "VALIDATION_FAILED");
        assert_eq!(refused.faults(), ["cursor: invalid"]);
    }
    let beside = app.get(&format!("/posts?cursor={cursor}&page=1")).send().await.expect(400);
    assert_eq!(beside.faults(), ["page: not_allowed"]);
}

#[tokio::test]
async fn tags_and_people_are_walked_by_cursor_too() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let body =
        json!({ "title": "Tagged", "content": "x", "category": "tech", "tags": ["c", "a", "B"], "published": true });
    let last = create(&app, &admin, &body).await.position();
    app.editor().await;
    for (list, field, expected) in [("/tags", "name", vec!["a", "B", "c"]), ("/users", "role", vec!["editor", "admin"])]
    {
        let (mut cursor, mut seen) = (String::new(), Vec::new());
        loop {
            let page = app
                .get(&format!("{list}?limit=1&cursor={cursor}"))
                .token(&admin.token)
                .header("tidemark-after", &last)
                .send()
                .await
                .expect(200);
            seen.extend(
                page.json["data"].as_array().unwrap().iter().map(|item| item[field].as_str().unwrap().to_owned()),
            );
            let Some(next) = next_cursor(&page) else { break };
            cursor = next;
        }
        assert_eq!(seen, expected, "{list}");
    }
}

#[tokio::test]
async fn a_total_of_many_is_exact_where_it_is_counted_as_things_happen() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let mut position = String::new();
    for n in 0..3 {
        position = create(&app, &editor, &if n == 0 { draft("x") } else { published("x") }).await.position();
    }
    let total = async |token: Option<&str>, query: &str| {
        let asked = app.ask(Method::GET, &format!("/api/v1/posts{query}")).header("tidemark-after", &position);
        let asked = if let Some(token) = token { asked.token(token) } else { asked };
        asked.send().await.expect(200).json["pagination"].clone()
    };
    assert_eq!(total(None, "").await["total"], 2);
    assert_eq!(total(Some(&editor.token), "").await["total"], 3);
    assert_eq!(total(Some(&editor.token), "?status=draft&category=tech").await["total"], 1);
    assert_eq!(total(None, "?category=tech&tag=x").await["totalIsAtLeast"], Value::Null);
}
