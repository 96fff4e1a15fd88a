//! The whole process: it waits, folds, shares by lease, and ends.

use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::json;
use tidemark_projections::content::posts::{self, PostRef};
use tidemark_projections::status;
use tidemark_runtime::Settings;
use tokio_util::sync::CancellationToken;

use crate::database::{Database, published, register, tenant};

fn settings(database: &Database) -> Settings {
    let maintenance = std::env::var("TIDEMARK_TEST_DATABASE_URL").unwrap();
    let (server, _) = maintenance.rsplit_once('/').unwrap();
    Settings::for_tests(&format!("{server}/{}", database.name), None)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_the_work_and_give_their_leases_back() {
    let database = Database::new().await;
    let settings = settings(&database);
    assert!(settings.database_url_as("tidemark_log").expose_secret().contains(&database.name));
    let ada = register(&database, "acme", "Ada", "editor").await;
    let first_ends = CancellationToken::new();
    let second_ends = CancellationToken::new();
    let first = tokio::spawn(tidemark_projections::run(settings.clone(), first_ends.clone()));
    let second = tokio::spawn(tidemark_projections::run(settings, second_ends.clone()));

    for (n, ends) in [(0, Some(&first_ends)), (1, None)] {
        let id = published(&database, "acme", ada, &format!("Post {n}"), "tech", &[]).await;
        let head = 1 + 2 * (n + 1);
        let reached = database
            .reads
            .wait_until("acme", posts::READS, head, tokio::time::Instant::now() + Duration::from_secs(20))
            .await
            .unwrap();
        assert_eq!(reached, tidemark_engine::reads::Waited::Reached);
        let found =
            posts::find(&database.reads, &tenant("acme"), PostRef::parse(&id.to_string()).unwrap()).await.unwrap();
        assert_eq!(found.value.unwrap().summary.status, "published");
        if let Some(ends) = ends {
            ends.cancel();
        }
    }
    first.await.unwrap().unwrap();
    let all_are_taken_over =
        async || status(&database.owner).await.unwrap().iter().all(|status| status.lag == 0 && status.holder.is_some());
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !all_are_taken_over().await {
        assert!(tokio::time::Instant::now() < deadline, "{:?}", status(&database.owner).await);
    }
    second_ends.cancel();
    second.await.unwrap().unwrap();
    assert!(status(&database.owner).await.unwrap().iter().all(|status| status.holder.is_none()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_projection_says_so() {
    let database = Database::new().await;
    database.record("acme", "user", "no-uuid", "UserDeleted", json!({})).await;
    let ends = CancellationToken::new();
    let running = tokio::spawn(tidemark_projections::run(settings(&database), ends.clone()));
    let stalled = loop {
        let stalls = status(&database.owner).await.unwrap().remove(1).stalls;
        if !stalls.is_empty() {
            break stalls;
        }
    };
    assert_eq!((stalled[0].tenant_id.as_str(), stalled[0].event_type.as_str()), ("acme", "UserDeleted"));
    ends.cancel();
    running.await.unwrap().unwrap();
}
