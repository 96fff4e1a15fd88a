//! Tenants.

use serde_json::json;
use tidemark_projections::tenancy::{settings, tenants};

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_set_is_shown_and_what_is_cleared_is_gone() {
    let database = Database::new().await;
    database.record("acme", "tenant", "acme", "TenantCreated", json!({ "id": "acme", "name": "Acme" })).await;
    let set = json!({ "timeZone": "Europe/Berlin", "defaultCurrency": "EUR", "quotas": { "users": 5 }, "secrets": { "stripeSecretKey": true } });
    database.record("acme", "tenant", "acme", "TenantSettingsChanged", set).await;
    database.record("acme", "tenant", "acme", "TenantSuspended", json!({})).await;
    let cleared = json!({ "defaultCurrency": null, "secrets": { "stripeSecretKey": false } });
    let changed = database.record("acme", "tenant", "acme", "TenantSettingsChanged", cleared).await;
    for _ in 0..2 {
        // The second time the same events come once more.
        database.rewind(0).await;
        database.fold().await;
        let row = settings::find(&database.reads, &tenant("acme")).await.unwrap().value.unwrap();
        assert_eq!((row.name.as_str(), row.version, row.updated_at), ("Acme", 4, changed));
        assert_eq!((row.settings.time_zone.as_str(), row.settings.default_currency), ("Europe/Berlin", None));
        assert_eq!((row.settings.quotas.len(), row.settings.secrets.len()), (1, 0));
    }
    assert_eq!(settings::find(&database.reads, &tenant("nobody")).await.unwrap().value, None);
}
