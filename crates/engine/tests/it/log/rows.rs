//! Rows beside the log: they change with the events or not at all.

use super::*;

/// An append that notes `text` beside the log.
fn noting(mut append: Append, text: &str) -> Append {
    append.row_changes.push(RowChange { function: "public.note", argument: text.to_owned() });
    append
}

impl TestLog {
    async fn with_notes() -> Self {
        let test = Self::new().await;
        test.database
            .pool
            .execute(
                "create table public.notes (n bigint generated always as identity, tenant text, text text check (text <> 'bad'));
                 create function public.note(tenant text, text text) returns void language sql security definer
                 as $$ insert into public.notes (tenant, text) values ($1, $2) $$",
            )
            .await
            .unwrap();
        test
    }

    async fn notes(&self) -> Vec<String> {
        sqlx::query_scalar("select tenant || ': ' || text from public.notes order by n")
            .fetch_all(&self.database.pool)
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn rows_beside_the_log_change_with_the_events_or_not_at_all() {
    let test = TestLog::with_notes().await;
    let lock = test.hold_lock().await;
    // The first batch is on its way when the others come, which are one batch then.
    let first = test.log.submit(noting(append("acme", "a", 0, 1), "a")).unwrap();
    eventually("the first batch waits", async || test.waiting_for_lock().await).await;
    let second = test.log.submit(noting(append("acme", "b", 0, 1), "b")).unwrap();
    let outdated = test.log.submit(noting(append("acme", "a", 0, 1), "outdated")).unwrap();
    let other = test.log.submit(noting(append("other", "a", 0, 1), "c")).unwrap();
    let broken = test.log.submit(noting(append("acme", "c", 0, 1), "bad")).unwrap();
    drop(lock);
    assert!(committed(&soon("first", first).await) && committed(&soon("second", second).await));
    assert_eq!(soon("outdated", outdated).await.unwrap(), Appended::Conflict);
    assert!(committed(&soon("other", other).await));
    assert!(matches!(soon("broken", broken).await, Err(AppendError::Refused(_))));
    let mut notes = test.notes().await;
    notes.sort();
    assert_eq!(notes, ["acme: a", "acme: b", "other: c"]);
    test.assert_whole(3).await;
}

#[tokio::test]
async fn rows_beside_the_log_change_in_the_order_of_the_appends() {
    let test = TestLog::with_notes().await;
    for n in 0..3 {
        let two = noting(noting(append("acme", &format!("p{n}"), 0, 1), &format!("{n} one")), &format!("{n} two"));
        assert!(committed(&test.log.append(two).await));
    }
    assert_eq!(
        test.notes().await,
        ["acme: 0 one", "acme: 0 two", "acme: 1 one", "acme: 1 two", "acme: 2 one", "acme: 2 two"]
    );
}
