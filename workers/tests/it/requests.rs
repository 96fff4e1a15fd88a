//! Requests about accounts that the API does not know, worked off by hand.

use serde_json::json;
use sqlx::postgres::PgPoolOptions;
use tidemark_commands::Commands;
use tidemark_engine::log::Log;
use tidemark_workers::identity::reset_requests;

use crate::support::Workshop;

const BO: &str = "0190a0b1-c2d3-7e4f-8a5b-6c7d8e9f0a1c";
const AT: &str = "2026-01-31T12:00:00.000Z";

/// Bo's account has an event that nobody here understands.
async fn open(test: &str) -> (Workshop, Commands) {
    let workshop = Workshop::open(test).await;
    let payload = json!({ "id": BO, "email": "bo@example.com", "name": "Bo", "role": "member", "at": AT });
    workshop.happened("user", BO, "UserRegistered", payload).await;
    workshop.happened("user", BO, "UserUnheardOf", json!({ "at": AT })).await;
    sqlx::query("insert into log.claims (tenant_id, scope, value, aggregate_type, aggregate_id) values ('acme', 'user.email', 'Bo', 'user', 'acme/' || $1)")
        .bind(BO)
        .execute(&workshop.database.pool)
        .await
        .unwrap();
    let options = workshop.database.options_as(tidemark_engine::LOG_ROLE);
    let (log, mut appender) = Log::new(options.clone(), 64);
    let _ends_with_the_runtime = tokio::spawn(async move { while appender.step().await {} });
    let pool = PgPoolOptions::new().max_connections(2).connect_lazy_with(options);
    (workshop, Commands::new(log, pool))
}

async fn ask(workshop: &Workshop, claim: &str) {
    sqlx::query("select identity.request_reset('acme', gen_random_uuid(), $1, 'request')")
        .bind(claim)
        .execute(&workshop.database.pool)
        .await
        .unwrap();
}

async fn count(workshop: &Workshop, query: &str) -> i64 {
    sqlx::query_scalar(query).fetch_one(&workshop.database.pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_requests_that_fail_hold_no_other_up() {
    let (workshop, commands) = open("requests").await;
    for _ in 0..100 {
        ask(&workshop, "Bo").await;
    }
    ask(&workshop, "nobody").await;
    assert_eq!(reset_requests::step(&commands).await.unwrap(), 0, "a page of nothing but those that fail");
    assert_eq!(reset_requests::step(&commands).await.unwrap(), 1);
    let put_off = "select count(*) from identity.reset_requests where attempts > 0 and due_at > created_at";
    assert_eq!(count(&workshop, put_off).await, 100);
    workshop.close().await;
}
