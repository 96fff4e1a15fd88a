//! Tenants.

use serde_json::json;
use tidemark_projections::tenancy::tenants;

use crate::database::{Database, tenant};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_is_created_renamed_suspended_and_reinstated() {
    let database = Database::new().await;
    database.record("acme", "tenant", "acme", "TenantCreated", json!({ "id": "acme", "name": "Acme" })).await;
    database.record("beta", "tenant", "beta", "TenantCreated", json!({ "id": "beta", "name": "Beta" })).await;
    database.record("acme", "tenant", "acme", "TenantRenamed", json!({ "name": "Acme & Co" })).await;
    let changed = database.record("acme", "tenant", "acme", "TenantSuspended", json!({ "reason": "unpaid" })).await;
    database.fold().await;
    let found = tenants::find(&database.reads, &tenant("acme")).await.unwrap();
    let row = found.value.unwrap();
    assert_eq!(
        (row.name.as_str(), row.is_suspended(), row.suspension_reason.as_deref(), row.version),
        ("Acme & Co", true, Some("unpaid"), 3)
    );
    assert_eq!((row.updated_at, found.tenant_position), (changed, 3));

    database.record("acme", "tenant", "acme", "TenantReinstated", json!({})).await;
    database.fold().await;
    let row = tenants::find(&database.reads, &tenant("acme")).await.unwrap().value.unwrap();
    assert_eq!((row.is_suspended(), row.suspension_reason), (false, None));
    assert_eq!(tenants::find(&database.reads, &tenant("nobody")).await.unwrap().value, None);
    assert_eq!(tenants::list_all(&database.owner).await.unwrap().len(), 2);
}
