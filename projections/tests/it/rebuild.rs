//! Every read model is, made anew from the log, what the workers have made of it.

use serde_json::json;
use tidemark_engine::projection::{Pace, Purpose, RebuildRequest};
use tidemark_projections::{Rebuilding, all};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::database::{Database, draft, published, register};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_read_model_equals_its_rebuild_and_the_totals_of_the_log() {
    let database = Database::new().await;
    for tenant in ["acme", "beta"] {
        database.record(tenant, "tenant", tenant, "TenantCreated", json!({ "id": tenant, "name": tenant })).await;
        let ada = register(&database, tenant, "Ada", "editor").await;
        let bob = register(&database, tenant, "Bob", "member").await;
        database.record(tenant, "user", bob, "UserDeleted", json!({})).await;
        let first = published(&database, tenant, ada, "First", "tech", &["Rust", "Web"]).await;
        database.record(tenant, "post", first, "PostEdited", json!({ "content": "New.", "tags": ["rust"] })).await;
        let second = published(&database, tenant, ada, "Second", "tech", &["web"]).await;
        database.record(tenant, "post", second, "PostUnpublished", json!({})).await;
        let third = published(&database, tenant, bob, "Third", "business", &[]).await;
        database.record(tenant, "post", third, "PostArchived", json!({})).await;
        draft(&database, tenant, ada, "Fourth", "tech", &["Web"]).await;
        published(&database, tenant, ada, "Fifth", "tech", &["Web"]).await;
    }
    database.fold().await;
    let before = database.everything().await;
    for purpose in [Purpose::Verify, Purpose::Rebuild, Purpose::Verify] {
        for registered in all() {
            let request = RebuildRequest {
                purpose,
                tenant: None,
                accept_differences: false,
                anew: false,
                pace: Pace::default(),
                operator: "a test".to_owned(),
                keyring: None,
            };
            let (progress, _seen) = watch::channel(None);
            let asked =
                Rebuilding { owner: (&database.owner).into(), request, progress, shutdown: CancellationToken::new() };
            let outcome = registered.rebuild(asked).await.unwrap();
            assert!(outcome.is_sound() && outcome.is_swapped == (purpose == Purpose::Rebuild), "{outcome:?}");
            assert!(outcome.comparison.is_some());
        }
        assert_eq!(database.everything().await, before);
    }
}
