//! Snapshots: a process that has just begun goes on from what others have written of an aggregate.

use reqwest::Method;
use serde_json::json;

use crate::posts::{create, draft};
use crate::support::{TestApp, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_process_goes_on_from_a_snapshot() {
    let app = TestApp::start_with(|settings| settings.snapshot_events = 5).await;
    let editor = app.editor().await;
    let post = create(&app, &editor, &draft("High water")).await;
    let path = format!("/api/v1/posts/{}", post.text("id"));
    for n in 2..=7 {
        let edit = json!({ "content": format!("For the {n}th time.") });
        app.ask(Method::PATCH, &path).json(&edit).token(&editor.token).send().await.expect(200);
    }
    eventually("a snapshot", async || {
        app.database
            .count("select count(*) from log.snapshots where aggregate_type = 'post' and last_sequence = 5")
            .await
            == 1
    })
    .await;
    // What the first event has said, only the snapshot says now.
    let away =
        "update log.events set aggregate_id = aggregate_id || '-away' where aggregate_type = 'post' and sequence < 5";
    sqlx::query(away).execute(&app.database.owner).await.unwrap();

    let (beside, _running) = app.beside().await;
    let edit = json!({ "title": "Low water" });
    let edited = app.ask_at(&beside, Method::PATCH, &path).json(&edit).token(&editor.token).send().await.expect(200);
    assert_eq!(
        (edited.text("slug"), edited.text("title"), edited.text("content"), edited.json["version"].as_i64()),
        ("high-water".to_owned(), "Low water".to_owned(), "For the 7th time.".to_owned(), Some(8))
    );
}
