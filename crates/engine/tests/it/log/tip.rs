//! The tip: what a process saw committed counts only as long as the log still has it.

use tidemark_engine::log::Round;

use super::*;

/// One event on a stream that `round` has brought to `version`.
fn next(id: &str, version: i64, round: &Round) -> Append {
    let mut next = append("acme", id, version, 1);
    next.expectations[0].round = Some(round.clone());
    next
}

impl TestLog {
    /// Takes the end of the log away from `position` on, as a restore does.
    async fn lose_from(&self, position: i64) {
        sqlx::query("delete from log.events where position >= $1")
            .bind(position)
            .execute(&self.database.pool)
            .await
            .unwrap();
    }

    /// A log as another process has it.
    fn other_process(&self) -> Log {
        start(log_role(&self.database), 1024).0
    }
}

#[tokio::test]
async fn what_was_decided_on_a_lost_event_is_refused() {
    let test = TestLog::new().await;
    let round = Round::default();
    for version in 0..2 {
        assert!(committed(&test.log.append(next("a", version, &round)).await));
    }
    test.lose_from(2).await;
    let outcome = test.log.append(next("a", 2, &round)).await;
    assert!(matches!(outcome, Ok(Appended::Conflict)), "{outcome:?}");
    assert!(committed(&test.log.append(next("a", 1, &Round::default())).await));
    test.assert_whole(2).await;
}

#[tokio::test]
async fn another_event_in_the_place_of_the_lost_one_proves_nothing() {
    let test = TestLog::new().await;
    let round = Round::default();
    for version in 0..2 {
        assert!(committed(&test.log.append(next("a", version, &round)).await));
    }
    test.lose_from(2).await;
    assert!(committed(&test.other_process().append(append("acme", "b", 0, 3)).await));
    let outcome = test.log.append(next("a", 2, &round)).await;
    assert!(matches!(outcome, Ok(Appended::Conflict)), "{outcome:?}");
    test.assert_whole(4).await;
}

#[tokio::test]
async fn a_loss_that_one_stream_meets_is_one_for_all() {
    let test = TestLog::new().await;
    let (kept, lost) = (Round::default(), Round::default());
    assert!(committed(&test.log.append(next("kept", 0, &kept)).await));
    assert!(committed(&test.log.append(next("lost", 0, &lost)).await));
    test.lose_from(2).await;
    assert!(committed(&test.log.append(next("kept", 1, &kept)).await), "its own stream lost nothing");
    let outcome = test.log.append(next("lost", 1, &lost)).await;
    assert!(
        matches!(outcome, Ok(Appended::Conflict)),
        "the new end of the log does not prove the former one: {outcome:?}"
    );
    test.assert_whole(2).await;
}

#[tokio::test]
async fn a_loss_is_noticed_by_a_batch_that_is_settled_for_another_reason() {
    let test = TestLog::new().await;
    let lost = Round::default();
    assert!(committed(&test.log.append(append("acme", "kept", 0, 1)).await));
    assert!(committed(&test.log.append(next("lost", 0, &lost)).await));
    test.lose_from(2).await;
    let lock = test.hold_lock().await;
    // A key twice in a batch cannot be taken as a whole.
    let tickets: Vec<_> =
        (1..=2).map(|_| test.log.submit(keyed(append("acme", "kept", 1, 1), "key", 1, "answer")).unwrap()).collect();
    drop(lock);
    for ticket in tickets {
        assert!(soon("the outcome", ticket).await.is_ok());
    }
    let outcome = test.log.append(next("lost", 1, &lost)).await;
    assert!(matches!(outcome, Ok(Appended::Conflict)), "{outcome:?}");
    test.assert_whole(2).await;
}

#[tokio::test]
async fn what_another_process_appended_meanwhile_is_a_conflict_and_harms_no_neighbour() {
    let test = TestLog::new().await;
    let (a, b) = (Round::default(), Round::default());
    assert!(committed(&test.log.append(next("a", 0, &a)).await));
    assert!(committed(&test.log.append(next("b", 0, &b)).await));
    assert!(committed(&test.other_process().append(append("acme", "a", 1, 1)).await));
    let lock = test.hold_lock().await;
    let first = test.log.submit(next("b", 1, &b)).unwrap();
    eventually("the appender waits", async || test.waiting_for_lock().await).await;
    let tickets = [next("b", 2, &b), next("a", 1, &a), next("a", 2, &a), next("b", 3, &b)];
    let tickets = tickets.map(|append| test.log.submit(append).unwrap());
    drop(lock);
    assert!(committed(&soon("the first batch", first).await));
    let mut outcomes = Vec::new();
    for ticket in tickets {
        outcomes.push(soon("the outcome", ticket).await);
    }
    assert_eq!(outcomes.iter().map(committed).collect::<Vec<_>>(), [true, false, false, true]);
    test.assert_whole(6).await;
}

#[tokio::test]
async fn who_only_looked_is_told_when_the_stream_moved_on() {
    let test = TestLog::new().await;
    let (seen, written) = (Round::default(), Round::default());
    assert!(committed(&test.log.append(next("seen", 0, &seen)).await));
    assert!(committed(&test.other_process().append(append("acme", "seen", 1, 1)).await));
    let mut looking = next("written", 0, &written);
    looking.expectations.extend(next("seen", 1, &seen).expectations);
    let outcome = test.log.append(looking).await;
    assert!(matches!(outcome, Ok(Appended::Conflict)), "{outcome:?}");
    test.assert_whole(2).await;
}

#[tokio::test]
async fn tenant_positions_have_no_gap_however_many_processes_append_in_turns() {
    let test = TestLog::new().await;
    let other = test.other_process();
    for n in 0..30 {
        let log = if n % 3 == 0 { &other } else { &test.log };
        assert!(committed(&log.append(append(&format!("tenant-{}", n % 4), &n.to_string(), 0, 2)).await));
    }
    test.assert_whole(60).await;
}
