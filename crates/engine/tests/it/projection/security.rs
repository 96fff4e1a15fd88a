//! No table of the read side shows a query another tenant's rows. The tables come from the catalog, so none is forgotten.

use sqlx::{Connection, Row};
use tidemark_engine::projection::skip;

use super::notes::{Notes, database, fold_to, runner, write};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_read_table_is_closed_to_other_tenants() {
    let database = database().await;
    let notes = Notes::default();
    notes.is_broken.store(true, std::sync::atomic::Ordering::SeqCst);
    let mut worker = runner(&database, &notes);
    for tenant in ["acme", "beta"] {
        write(&database, tenant, "a", "one").await;
        write(&database, tenant, "b", "poison").await;
    }
    fold_to(&database, &mut worker, 4).await.unwrap();
    for tenant in ["acme", "beta"] {
        skip(&database.owner, "test.notes", tenant, "a test", "me").await.unwrap();
    }

    let tables = sqlx::query(
        "select c.relname::text, c.relrowsecurity and c.relforcerowsecurity, \
                exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id') \
         from pg_class c where c.relnamespace = 'read'::regnamespace and c.relkind in ('r', 'p') and c.relname <> 'deletions'",
    )
    .fetch_all(&database.owner)
    .await
    .unwrap();
    assert!(tables.len() >= 6);
    let queries = database.connect_as("tidemark_query");
    let mut connection = queries.acquire().await.unwrap();
    for table in tables {
        let (name, is_closed, has_tenant): (String, bool, bool) = (table.get(0), table.get(1), table.get(2));
        assert!(is_closed, "read.{name} has no row-level security");
        let refused = sqlx::query(&format!("delete from read.{name}")).execute(&mut *connection).await;
        assert!(refused.is_err(), "a query may delete from read.{name}");
        if !has_tenant {
            assert!(
                ["checkpoints", "leases", "gate", "source"].contains(&name.as_str()),
                "read.{name} belongs to no tenant"
            );
            continue;
        }
        let all: i64 =
            sqlx::query_scalar(&format!("select count(*) from read.{name}")).fetch_one(&mut *connection).await.unwrap();
        assert_eq!(all, 0, "read.{name} without a tenant");
        let mut transaction = connection.begin().await.unwrap();
        sqlx::query("select set_config('app.tenant', 'acme', true)").execute(&mut *transaction).await.unwrap();
        let own: i64 = sqlx::query_scalar(&format!("select count(*) from read.{name}"))
            .fetch_one(&mut *transaction)
            .await
            .unwrap();
        let foreign: i64 = sqlx::query_scalar(&format!("select count(*) from read.{name} where tenant_id <> 'acme'"))
            .fetch_one(&mut *transaction)
            .await
            .unwrap();
        assert!(own > 0 && foreign == 0, "read.{name} as acme: {own} own, {foreign} foreign");
        transaction.rollback().await.unwrap();
    }
    for role in ["tidemark_query", "tidemark_projection"] {
        let refused = sqlx::query("select from read.deletions").fetch_all(&database.connect_as(role)).await;
        assert!(refused.is_err(), "{role} may look into the owner's account of deletions");
    }
    let forged = sqlx::query("update read.source set log_id = gen_random_uuid()");
    assert!(forged.execute(&database.connect_as("tidemark_projection")).await.is_err());
    let after: i64 =
        sqlx::query_scalar("select count(*) from read.test_notes").fetch_one(&mut *connection).await.unwrap();
    assert_eq!(after, 0, "the tenant outlives its transaction");
}
