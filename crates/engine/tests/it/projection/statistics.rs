//! What Postgres is told of tables that grow.

use sqlx::Executor;

use super::notes::{database, fold_to, runner, write};
use crate::database::Database;
use crate::support::eventually;

const NOTES: i64 = 64;

/// How many rows Postgres believes the notes to be; -1 as long as it was never told.
async fn believed(database: &Database) -> i64 {
    database.count("select reltuples::bigint from pg_class where oid = 'read.test_notes'::regclass").await
}

async fn write_notes(database: &Database, tenant: &str) -> i64 {
    let mut position = 0;
    for n in 0..NOTES {
        position = write(database, tenant, &format!("{n}-{}", "x".repeat(300)), "in").await;
    }
    position
}

#[tokio::test]
async fn tables_that_have_grown_are_analysed_soon() {
    let database = database().await;
    let mut runner = runner(&database, &Default::default());
    let position = write_notes(&database, "acme").await;
    assert_eq!(believed(&database).await, -1);
    fold_to(&database, &mut runner, position).await.unwrap();
    eventually("the notes are analysed", async || believed(&database).await == NOTES).await;
}

#[tokio::test]
async fn tables_are_analysed_when_they_are_twice_as_large_and_not_before() {
    let database = database().await;
    let fill = |tenant: &str| {
        let rows = format!(
            "insert into read.test_notes (tenant_id, note_id, body, version) select '{tenant}', n || repeat('x', 300), 'in', 1 from generate_series(1, {NOTES}) n"
        );
        let owner = database.owner.clone();
        async move { sqlx::query(&rows).execute(&owner).await.unwrap() }
    };
    let workers = database.connect_as("tidemark_projection");
    let analyze = async || -> bool {
        sqlx::query_scalar("select read.analyze_grown('test.notes')").fetch_one(&workers).await.unwrap()
    };
    assert!(!analyze().await);
    fill("acme").await;
    assert_eq!((analyze().await, believed(&database).await), (true, NOTES));
    assert!(!analyze().await);
    fill("beach").await;
    assert_eq!((analyze().await, believed(&database).await), (true, 2 * NOTES));
}

#[tokio::test]
async fn only_projections_have_tables_analysed() {
    let database = database().await;
    for role in ["tidemark_query", "tidemark_log", "tidemark_work"] {
        let asked = sqlx::query("select read.analyze_grown('test.notes')").execute(&database.connect_as(role)).await;
        assert!(asked.is_err(), "{role} may have tables analysed");
    }
}

/// The function is its owner's: what somebody has named like a table of the catalog is not asked in its name.
#[tokio::test]
async fn nothing_of_a_session_is_asked_as_the_owner() {
    let database = database().await;
    let mut session = database.connect_as("tidemark_projection").acquire().await.unwrap();
    let trap = "create temp table asked_by (name text); \
        create function pg_temp.trap() returns setof pg_catalog.pg_class language plpgsql as \
            $$ begin insert into asked_by values (current_user); return; end $$; \
        create temp view pg_class as select * from pg_temp.trap(); \
        grant all on asked_by, pg_class to public";
    session.execute(trap).await.unwrap();
    sqlx::query("select read.analyze_grown('test.notes')").execute(&mut *session).await.unwrap();
    let asked: i64 = sqlx::query_scalar("select count(*) from asked_by").fetch_one(&mut *session).await.unwrap();
    assert_eq!(asked, 0);
}
