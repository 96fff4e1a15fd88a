//! Commands: decided in lanes on top of what is in flight, and answered only when the log has confirmed it.

use std::sync::Arc;
use std::time::Duration;

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tidemark_engine::commands::{
    ClaimRequest, Command, CommandError, Commands, Decided, Executed, Precondition, Scope, Shape, Step,
};
use tidemark_engine::event::Metadata;
use tidemark_engine::log::{AppendError, ClaimOperation, IdempotencyKey, Log, Secret, head};
use tokio::task::JoinHandle;

use crate::support::{TestDatabase, eventually, soon};

/// A box that holds at most `LIMIT` things and may have a name of its own.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Crate {
    held: u32,
    name: Option<String>,
}

const LIMIT: u32 = 100;
const SHAPE: Shape<Crate> = Shape { version: 1, subject: |_| None };

#[derive(Debug, Clone)]
enum CrateCommand {
    Put(u32),
    Take(u32),
    Name(String),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
enum CrateEvent {
    Put { count: u32 },
    Taken { count: u32 },
    Named { name: String },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum CrateRefusal {
    #[error("full")]
    Full,
    #[error("empty")]
    Empty,
    #[error("the name is taken")]
    NameTaken,
}

impl DomainEvent for CrateEvent {
    fn event_type(&self) -> String {
        match self {
            Self::Put { .. } => "Put",
            Self::Taken { .. } => "Taken",
            Self::Named { .. } => "Named",
        }
        .into()
    }

    fn event_version(&self) -> String {
        "1".into()
    }
}

impl Aggregate for Crate {
    const TYPE: &'static str = "crate";
    type Command = CrateCommand;
    type Event = CrateEvent;
    type Error = CrateRefusal;
    type Services = ();

    async fn handle(&mut self, command: CrateCommand, _: &(), sink: &EventSink<Self>) -> Result<(), CrateRefusal> {
        match command {
            CrateCommand::Put(0) => Ok(()),
            CrateCommand::Put(count) if self.held + count > LIMIT => Err(CrateRefusal::Full),
            CrateCommand::Put(count) => {
                sink.write(CrateEvent::Put { count }, self).await;
                Ok(())
            }
            CrateCommand::Take(count) if self.held < count => Err(CrateRefusal::Empty),
            CrateCommand::Take(count) => {
                sink.write(CrateEvent::Taken { count }, self).await;
                Ok(())
            }
            CrateCommand::Name(name) => {
                sink.write(CrateEvent::Named { name }, self).await;
                Ok(())
            }
        }
    }

    fn apply(&mut self, event: CrateEvent) {
        match event {
            CrateEvent::Put { count } => self.held += count,
            CrateEvent::Taken { count } => self.held -= count,
            CrateEvent::Named { name } => self.name = Some(name),
        }
    }
}

fn claims(before: &Crate, event: &CrateEvent) -> Vec<ClaimRequest> {
    let CrateEvent::Named { name } = event else { return vec![] };
    let claim = |operation, value: &str| ClaimRequest {
        operation,
        scope: "crate.name",
        value: value.into(),
        is_personal: false,
    };
    let freed = before.name.as_deref().map(|old| claim(ClaimOperation::Free, old));
    freed.into_iter().chain([claim(ClaimOperation::Take, name)]).collect()
}

fn step(id: &str, command: CrateCommand) -> Step<Crate, CrateRefusal> {
    Step {
        id: id.into(),
        command,
        precondition: Precondition::None,
        claims,
        shape: SHAPE,
        refusal: |no| no,
        goes_first: |no| *no == CrateRefusal::Empty,
        claim_refusal: |_| CrateRefusal::NameTaken,
    }
}

/// One process's write side.
struct Process {
    commands: Commands,
    appender: JoinHandle<()>,
}

impl Drop for Process {
    fn drop(&mut self) {
        self.appender.abort();
    }
}

fn process(database: &TestDatabase) -> Process {
    let options = PgConnectOptions::clone(&database.pool.connect_options())
        .username(tidemark_engine::LOG_ROLE)
        .password("tidemark-tests");
    let (log, mut appender) = Log::new(options.clone(), 1024);
    let pool = PgPoolOptions::new().max_connections(2).connect_lazy_with(options);
    Process {
        commands: Commands::new(log, pool),
        appender: tokio::spawn(async move { while appender.step().await {} }),
    }
}

fn scope() -> Scope {
    Scope { tenant: "acme".into(), metadata: Metadata::from([("requestId".to_owned(), "r1".to_owned())]), key: None }
}

fn keyed(key: &str, request: u8) -> Scope {
    Scope { key: Some(IdempotencyKey::new("acme", "someone", key, [request; 32])), ..scope() }
}

impl Process {
    async fn ask(
        &self,
        scope: &Scope,
        id: &str,
        command: CrateCommand,
    ) -> Result<Executed, CommandError<CrateRefusal>> {
        let command = Command::default().with(step(id, command));
        let asked = self.commands.execute(scope, command, |decided| {
            let (state, version) = decided.state::<Crate>(0).unwrap();
            format!("{} at {version}", state.held).into_bytes()
        });
        soon("the answer", asked).await
    }
}

#[tokio::test]
async fn a_hot_aggregate_takes_every_command_once() {
    let database = TestDatabase::new().await;
    let process = Arc::new(process(&database));
    let callers: Vec<_> = (0..50)
        .map(|_| {
            let process = Arc::clone(&process);
            tokio::spawn(async move {
                let mut put = 0;
                for _ in 0..4 {
                    match process.ask(&scope(), "hot", CrateCommand::Put(1)).await {
                        Ok(_) => put += 1,
                        Err(CommandError::Refused(CrateRefusal::Full)) => {}
                        Err(other) => panic!("{other:?}"),
                    }
                }
                put
            })
        })
        .collect();
    let mut put = 0;
    for caller in callers {
        put += caller.await.unwrap();
    }
    assert_eq!(
        (put, head(&database.pool).await.unwrap()),
        (LIMIT, i64::from(LIMIT)),
        "filled to the brim and not beyond"
    );
}

#[tokio::test]
async fn cold_loads_wait_for_no_connection_that_others_hold() {
    let database = TestDatabase::new().await;
    process(&database).ask(&scope(), "cold", CrateCommand::Put(1)).await.unwrap();
    let mut process = process(&database);
    let pool = process.commands.pool().clone();
    let loads =
        PgPoolOptions::new().max_connections(1).connect_lazy_with(PgConnectOptions::clone(&pool.connect_options()));
    process.commands = process.commands.clone().loading_from(loads);
    let _held = [pool.acquire().await.unwrap(), pool.acquire().await.unwrap()];
    process.ask(&scope(), "cold", CrateCommand::Put(1)).await.unwrap();
}

/// Cuts a stream behind `sequence`, as a restore to an earlier point does.
async fn cut(database: &TestDatabase, id: &str, sequence: i64) {
    sqlx::query("delete from log.events where aggregate_id = $1 and sequence > $2")
        .bind(format!("acme/{id}"))
        .bind(sequence)
        .execute(&database.pool)
        .await
        .unwrap();
}

#[tokio::test]
async fn nothing_is_decided_on_events_of_a_lost_timeline() {
    let database = TestDatabase::new().await;
    let process = process(&database);
    let before = process.commands.in_epoch(1);
    let ask = async |commands: &Commands, command| {
        let command = Command::default().with(step("a", command));
        soon("the answer", commands.execute(&scope(), command, |_| vec![])).await
    };
    for count in [1, 2, 3] {
        ask(&before, CrateCommand::Put(count)).await.unwrap();
    }
    cut(&database, "a", 1).await;
    database.raise_epoch().await;
    // The stream is as long again as the lane of the lost timeline believes, by other events.
    let after = process.commands.in_epoch(2);
    ask(&after, CrateCommand::Put(10)).await.unwrap();
    ask(&after, CrateCommand::Put(20)).await.unwrap();

    let refused = ask(&before, CrateCommand::Take(7)).await;
    assert!(matches!(refused, Err(CommandError::Append(AppendError::Unavailable(_)))), "{refused:?}");
    let lost = ask(&before, CrateCommand::Take(6)).await;
    assert!(matches!(lost, Err(CommandError::Append(AppendError::Unavailable(_)))), "{lost:?}");
    assert!(matches!(ask(&after, CrateCommand::Take(32)).await, Err(CommandError::Refused(CrateRefusal::Empty))));
    ask(&after, CrateCommand::Take(31)).await.unwrap();
    assert_eq!(head(&database.pool).await.unwrap(), 4);
}

#[tokio::test]
async fn a_process_gives_up_its_epoch_when_it_hears_of_another_from_the_log() {
    let database = TestDatabase::new().await;
    let process = process(&database);
    process.ask(&scope(), "a", CrateCommand::Put(1)).await.unwrap();
    database.raise_epoch().await;
    let lost = process.ask(&scope(), "a", CrateCommand::Put(1)).await;
    assert!(matches!(lost, Err(CommandError::Append(AppendError::Unavailable(_)))), "{lost:?}");
    assert_eq!(head(&database.pool).await.unwrap(), 1);
}

#[tokio::test]
async fn a_stream_that_was_cut_is_loaded_anew() {
    let database = TestDatabase::new().await;
    let process = process(&database);
    for count in [1, 2, 3] {
        process.ask(&scope(), "a", CrateCommand::Put(count)).await.unwrap();
    }
    cut(&database, "a", 1).await;
    let refused = process.ask(&scope(), "a", CrateCommand::Take(2)).await;
    assert!(matches!(refused, Err(CommandError::Refused(CrateRefusal::Empty))), "{refused:?}");
    process.ask(&scope(), "a", CrateCommand::Take(1)).await.unwrap();
}

#[tokio::test]
async fn two_processes_share_a_hot_aggregate_and_neither_starves() {
    let database = TestDatabase::new().await;
    let processes = [Arc::new(process(&database)), Arc::new(process(&database))];
    let mut callers = Vec::new();
    for process in &processes {
        for _ in 0..8 {
            let process = Arc::clone(process);
            callers.push(tokio::spawn(async move {
                for _ in 0..20 {
                    process.ask(&scope(), "hot", CrateCommand::Put(1)).await.unwrap();
                    process.ask(&scope(), "hot", CrateCommand::Take(1)).await.unwrap();
                }
            }));
        }
    }
    for caller in callers {
        caller.await.unwrap();
    }
    assert_eq!(head(&database.pool).await.unwrap(), 2 * 2 * 8 * 20);
    let last = processes[0].ask(&scope(), "hot", CrateCommand::Put(1)).await.unwrap();
    assert_eq!(last.answer, b"1 at 641");
}

#[tokio::test]
async fn a_refusal_is_decided_on_what_the_log_confirms_and_not_on_what_is_cached() {
    let database = TestDatabase::new().await;
    let (here, elsewhere) = (process(&database), process(&database));
    here.ask(&scope(), "a", CrateCommand::Put(LIMIT)).await.unwrap();
    assert!(matches!(
        here.ask(&scope(), "a", CrateCommand::Put(1)).await,
        Err(CommandError::Refused(CrateRefusal::Full))
    ));
    elsewhere.ask(&scope(), "a", CrateCommand::Take(1)).await.unwrap();
    assert_eq!(
        here.ask(&scope(), "a", CrateCommand::Put(1)).await.unwrap().answer,
        b"100 at 3",
        "the cached refusal is never answered"
    );
}

#[tokio::test]
async fn a_no_op_is_confirmed_too() {
    let database = TestDatabase::new().await;
    let (here, elsewhere) = (process(&database), process(&database));
    here.ask(&scope(), "a", CrateCommand::Put(5)).await.unwrap();
    elsewhere.ask(&scope(), "a", CrateCommand::Take(2)).await.unwrap();
    let nothing = here.ask(&scope(), "a", CrateCommand::Put(0)).await.unwrap();
    assert_eq!((nothing.answer.as_slice(), nothing.place.tenant_position), (b"3 at 2".as_slice(), 2));
    assert_eq!(head(&database.pool).await.unwrap(), 2);
}

#[tokio::test]
async fn what_builds_on_an_append_that_is_refused_is_decided_again() {
    let database = TestDatabase::new().await;
    let process = Arc::new(process(&database));
    process.ask(&scope(), "owner", CrateCommand::Name("the name".into())).await.unwrap();
    // Behind a held lock the whole chain is in flight when its first link turns out to be refused.
    let mut lock = database.pool.acquire().await.unwrap().detach();
    sqlx::query("select pg_advisory_lock(7953749933313450591)").execute(&mut lock).await.unwrap();
    let ask = |command| {
        let process = Arc::clone(&process);
        tokio::spawn(async move { process.ask(&scope(), "other", command).await })
    };
    let refused = ask(CrateCommand::Name("the name".into()));
    tokio::task::yield_now().await;
    let puts: Vec<_> = (0..20).map(|_| ask(CrateCommand::Put(1))).collect();
    eventually("the append waits", async || {
        let waiting: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity where wait_event = 'advisory' and datname = current_database()",
        )
        .fetch_one(&database.pool)
        .await
        .unwrap();
        waiting > 0
    })
    .await;
    drop(lock);
    assert!(matches!(refused.await.unwrap(), Err(CommandError::Refused(CrateRefusal::NameTaken))));
    for put in puts {
        put.await.unwrap().unwrap();
    }
    assert_eq!(process.ask(&scope(), "other", CrateCommand::Put(0)).await.unwrap().answer, b"20 at 20");
}

#[tokio::test]
async fn a_repeated_command_finds_its_key_before_its_state_decides() {
    let database = TestDatabase::new().await;
    let (here, elsewhere) = (process(&database), process(&database));
    here.ask(&scope(), "a", CrateCommand::Put(1)).await.unwrap();
    let first = here.ask(&keyed("k", 1), "a", CrateCommand::Take(1)).await.unwrap();
    for process in [&here, &elsewhere] {
        let again = process.ask(&keyed("k", 1), "a", CrateCommand::Take(1)).await.unwrap();
        assert_eq!(
            (again.replayed, &again.answer, again.place),
            (true, &first.answer, first.place),
            "though the crate is empty now"
        );
    }
    assert!(matches!(here.ask(&keyed("k", 2), "a", CrateCommand::Take(1)).await, Err(CommandError::KeyReused)));
    assert!(matches!(
        here.ask(&keyed("other", 1), "a", CrateCommand::Take(1)).await,
        Err(CommandError::Refused(CrateRefusal::Empty))
    ));
    here.ask(&scope(), "a", CrateCommand::Put(1)).await.unwrap();
    assert!(
        here.ask(&keyed("other", 1), "a", CrateCommand::Take(1)).await.is_ok_and(|done| !done.replayed),
        "a refusal does not use up its key"
    );
}

#[tokio::test]
async fn the_same_key_at_once_is_executed_once() {
    let database = TestDatabase::new().await;
    let processes = [Arc::new(process(&database)), Arc::new(process(&database))];
    let asked: Vec<_> = (0..20)
        .map(|n| {
            let process = Arc::clone(&processes[n % 2]);
            tokio::spawn(async move { process.ask(&keyed("k", 1), "a", CrateCommand::Put(1)).await.unwrap() })
        })
        .collect();
    let mut executed = 0;
    for answer in asked {
        let answer = answer.await.unwrap();
        assert_eq!(answer.answer, b"1 at 1");
        executed += u32::from(!answer.replayed);
    }
    assert_eq!((executed, head(&database.pool).await.unwrap()), (1, 1));
}

#[tokio::test]
async fn a_precondition_holds_or_the_present_version_is_told() {
    let database = TestDatabase::new().await;
    let process = process(&database);
    process.ask(&scope(), "a", CrateCommand::Put(1)).await.unwrap();
    let with =
        |precondition, id: &str| Command::default().with(Step { precondition, ..step(id, CrateCommand::Put(1)) });
    let asked = process.commands.execute(&scope(), with(Precondition::Version(7), "a"), |_| vec![]).await;
    assert!(matches!(asked, Err(CommandError::VersionMismatch { present: 1 })));
    let asked = process.commands.execute(&scope(), with(Precondition::Exists, "unborn"), |_| vec![]).await;
    assert!(matches!(asked, Err(CommandError::VersionMismatch { present: 0 })));
    process.commands.execute(&scope(), with(Precondition::Version(1), "a"), |_| vec![]).await.unwrap();
}

#[tokio::test]
async fn what_is_new_is_not_read_and_what_is_not_new_after_all_is() {
    let database = TestDatabase::new().await;
    let put =
        |id: &str| Command::default().with(Step { precondition: Precondition::New, ..step(id, CrateCommand::Put(1)) });
    let held = |decided: &Decided<'_, CrateRefusal>| vec![decided.state::<Crate>(0).unwrap().0.held as u8];
    process(&database).ask(&scope(), "old", CrateCommand::Put(1)).await.unwrap();
    let process = process(&database);
    let executed = process.commands.execute(&scope(), put("old"), held).await.unwrap();
    assert_eq!(executed.answer, [2], "decided on the event that was there");
    process.commands.pool().close().await;
    let executed = process.commands.execute(&scope(), put("new"), held).await.unwrap();
    assert_eq!(executed.answer, [1]);
    let again = process.ask(&scope(), "new", CrateCommand::Put(1)).await.unwrap();
    assert_eq!(again.place.position, 4, "its lane is at hand");
}

#[tokio::test]
async fn a_stale_precondition_hides_other_refusals_but_not_those_that_go_first() {
    let database = TestDatabase::new().await;
    let process = process(&database);
    process.ask(&scope(), "a", CrateCommand::Put(1)).await.unwrap();
    let stale = async |command| {
        let step = Step { precondition: Precondition::Version(7), ..step("a", command) };
        process.commands.execute(&scope(), Command::default().with(step), |_| vec![]).await
    };
    assert!(matches!(stale(CrateCommand::Take(2)).await, Err(CommandError::Refused(CrateRefusal::Empty))));
    let full = stale(CrateCommand::Put(LIMIT)).await;
    assert!(matches!(full, Err(CommandError::VersionMismatch { present: 1 })));
}

#[tokio::test]
async fn a_command_over_several_aggregates_happens_whole_or_not_at_all() {
    let database = TestDatabase::new().await;
    let process = Arc::new(process(&database));
    process.ask(&scope(), "a", CrateCommand::Put(50)).await.unwrap();
    let carry = |from: &str, to: &str, count| {
        Command::default()
            .with(step(from, CrateCommand::Take(count)))
            .with(step(to, CrateCommand::Put(count)))
            .with_secret(Secret { kind: "seal".into(), subject: to.into(), value: Some("wax".into()) })
    };
    let refused = process.commands.execute(&scope(), carry("a", "b", 51), |_| vec![]).await;
    assert!(matches!(refused, Err(CommandError::Refused(CrateRefusal::Empty))));
    assert_eq!(head(&database.pool).await.unwrap(), 1);
    let carried: Vec<_> = (0..40)
        .map(|n| {
            let (process, command) =
                (Arc::clone(&process), if n % 2 == 0 { carry("a", "b", 1) } else { carry("b", "a", 1) });
            tokio::spawn(async move {
                match process.commands.execute(&scope(), command, |_| vec![]).await {
                    Ok(_) | Err(CommandError::Refused(CrateRefusal::Empty)) => {}
                    Err(other) => panic!("{other:?}"),
                }
            })
        })
        .collect();
    for task in carried {
        soon("no two wait for each other", task).await.unwrap();
    }
    let command = carry("a", "b", 0);
    let scope = scope();
    let sum = process.commands.execute(&scope, command, |decided| {
        let held: u32 = (0..2).map(|n| decided.state::<Crate>(n).unwrap().0.held).sum();
        held.to_string().into_bytes()
    });
    assert_eq!(sum.await.unwrap().answer, b"50");
    let twice = Command::default().with(step("a", CrateCommand::Put(1))).with(step("a", CrateCommand::Put(1)));
    assert!(matches!(process.commands.execute(&scope, twice, |_| vec![]).await, Err(CommandError::Broken(_))));
}

#[tokio::test]
async fn a_caller_that_hangs_up_leaves_nothing_half_done() {
    let database = TestDatabase::new().await;
    let process = Arc::new(process(&database));
    for n in 0..30 {
        let asked = tokio::spawn({
            let process = Arc::clone(&process);
            async move { process.ask(&scope(), "a", CrateCommand::Put(1)).await.map(drop) }
        });
        for _ in 0..n {
            tokio::task::yield_now().await;
        }
        asked.abort();
        let _gone = asked.await;
    }
    let now = process.ask(&scope(), "a", CrateCommand::Put(1)).await.unwrap();
    let events = head(&database.pool).await.unwrap();
    assert_eq!(now.answer, format!("{events} at {events}").into_bytes());
    eventually("no connection is left in a transaction", async || {
        let open: i64 = sqlx::query_scalar("select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'").fetch_one(&database.pool).await.unwrap();
        open == 0
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_does_not_load_is_a_defect_and_not_a_refusal() {
    let database = TestDatabase::new().await;
    let process = process(&database);
    process.ask(&scope(), "a", CrateCommand::Put(1)).await.unwrap();
    sqlx::query("update log.events set payload = '{\"type\":\"Unheard\"}'").execute(&database.pool).await.unwrap();
    let fresh = self::process(&database);
    assert!(matches!(fresh.ask(&scope(), "a", CrateCommand::Put(1)).await, Err(CommandError::Broken(_))));
    assert!(
        tokio::time::timeout(Duration::from_secs(5), process.ask(&scope(), "a", CrateCommand::Put(1)))
            .await
            .unwrap()
            .is_ok()
    );
}

impl Process {
    /// Puts one thing into `id` and tells how many `looked_at` holds.
    async fn put_looking_at(&self, scope: &Scope, id: &str, looked_at: &str) -> Executed {
        let command = Command::default().with(step(id, CrateCommand::Put(1))).with_look(looked_at.into(), SHAPE);
        let asked = self.commands.execute(scope, command, |decided| {
            let (state, version) = decided.state::<Crate>(1).unwrap();
            format!("{} at {version}", state.held).into_bytes()
        });
        soon("the answer", asked).await.unwrap()
    }
}

#[tokio::test]
async fn what_is_looked_at_is_the_present_whoever_has_changed_it() {
    let database = TestDatabase::new().await;
    let (process, other) = (self::process(&database), self::process(&database));
    assert_eq!(process.put_looking_at(&scope(), "a", "shown").await.answer, b"0 at 0");
    for n in 1..=3 {
        other.ask(&scope(), "shown", CrateCommand::Put(1)).await.unwrap();
        let answer = process.put_looking_at(&scope(), "a", "shown").await.answer;
        assert_eq!(String::from_utf8(answer).unwrap(), format!("{n} at {n}"));
    }
    process.ask(&scope(), "shown", CrateCommand::Put(1)).await.unwrap();
    assert_eq!(process.put_looking_at(&scope(), "b", "shown").await.answer, b"4 at 4");
    // What it looks at has no event of the command.
    assert_eq!(head(&database.pool).await.unwrap(), 4 + 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn looks_and_changes_of_one_aggregate_get_by_each_other() {
    let database = TestDatabase::new().await;
    let process = Arc::new(self::process(&database));
    let all = (0..40).map(|n| {
        let process = Arc::clone(&process);
        tokio::spawn(async move {
            if n % 4 == 0 {
                process.ask(&scope(), "shown", CrateCommand::Put(1)).await.unwrap();
            } else {
                process.put_looking_at(&scope(), &format!("crate-{n}"), "shown").await;
            }
        })
    });
    for done in all.collect::<Vec<_>>() {
        done.await.unwrap();
    }
    assert_eq!(process.put_looking_at(&scope(), "last", "shown").await.answer, b"10 at 10");
}

#[tokio::test]
async fn of_a_tenant_that_is_forgotten_nothing_is_at_hand() {
    let database = TestDatabase::new().await;
    let process = process(&database);
    let scopes = ["acme", "other"].map(|tenant| Scope { tenant: tenant.into(), ..scope() });
    for scope in &scopes {
        process.ask(scope, "a", CrateCommand::Put(3)).await.unwrap();
    }
    // What is read from here on is not there any more.
    sqlx::query("delete from log.events").execute(&database.pool).await.unwrap();
    process.commands.forget_tenant("acme");
    for (scope, version) in scopes.iter().zip([0, 1]) {
        let known = process.commands.known::<Crate, CrateRefusal>(&scope.tenant, "a", SHAPE).await.unwrap();
        assert_eq!(known.1, version, "{}", scope.tenant);
    }
}
