//! `tenants delete`: a tenant is gone with everything it had, and nobody else has lost anything.

use std::sync::Arc;

use serde_json::{Value, json};
use sqlx::{Executor, PgPool};
use tempfile::TempDir;
use tidemark_admin::Operator;
use tidemark_commands::{Precondition, Refused, Transaction, execute, scope, step, transact};
use tidemark_engine::deletion::{self, Awaited, Beginning, Deletion, Step};
use tidemark_engine::log::AppendError;
use tidemark_kernel::{Actor, Refusal, TenantId, Timestamp};
use tidemark_runtime::Settings;
use tidemark_tenancy::{Tenant, TenantCommand, TenantName, TenantRefusal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::projections::RETIRED;
use crate::relay::{Nats, relayed};
use crate::support::{Database, Folding, PASSWORD, PATIENCE, Ran, SECRET};

/// What must be found nowhere: parts of names and addresses that occur in nothing else.
const TRACES: [&str; 3] = ["Zyxwvida", "zyxwvida@wonder.example", "Wonderworks"];
/// Of somebody else.
const OTHER: &str = "Qwertine";

/// A stack with the tenants `acme`, full of traces, and `beta`, and the services that run beside the operator.
struct Stack {
    database: Database,
    folder: TempDir,
}

impl Stack {
    async fn new() -> Self {
        let database = Database::migrated().await;
        for (slug, name, email, admin) in [
            ("acme", "Wonderworks", "zyxwvida@wonder.example", "Zyxwvida Wonder"),
            ("beta", "Qwertine & Sons", "qwertine@beta.example", "Qwertine Steadfast"),
        ] {
            let new =
                ["tenants", "create", "--slug", slug, "--name", name, "--admin-email", email, "--admin-name", admin];
            database.admin(&[&new[..], &["--admin-password", PASSWORD]].concat()).done();
        }
        for (slug, email, name) in [
            ("acme", "two@acme.example", "Zyxwvida the Second"),
            ("beta", "two@beta.example", "Qwertine the Second"),
            ("acme", "three@acme.example", "Zyxwvida the Third"),
        ] {
            user(&database, slug, email, name).done();
        }
        Self { database, folder: TempDir::new().unwrap() }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn delete(&self, more: &[&str]) -> Ran {
        self.database.admin(&[&["tenants", "delete", "acme"], more].concat())
    }

    /// Asked for, with no time to think it over.
    fn schedule(&self) {
        self.delete(&["--after", "0s", "--yes"]).done();
    }

    /// The workers and projections of a stack, without a broker.
    fn serve(&self) -> Serving {
        Serving::start(&self.database, None)
    }

    /// Begins the deletion and does nothing of it.
    async fn begin(&self) {
        self.schedule();
        let operator = operator(&self.database).await;
        begin(&operator, None).await.unwrap();
        operator.close().await;
    }
}

/// What runs beside the operator.
struct Serving {
    folding: Folding,
    shutdown: CancellationToken,
    workers: JoinHandle<()>,
}

impl Serving {
    fn start(database: &Database, nats: Option<String>) -> Self {
        let shutdown = CancellationToken::new();
        let settings = Settings::for_tests(&database.url, nats);
        let running = tidemark_workers::run(settings, shutdown.clone());
        let workers = tokio::spawn(async { running.await.unwrap() });
        Self { folding: database.start_folding(SECRET), shutdown, workers }
    }

    async fn end(self) {
        self.folding.end().await;
        self.shutdown.cancel();
        self.workers.await.unwrap();
    }
}

fn user(database: &Database, slug: &str, email: &str, name: &str) -> Ran {
    let new = ["users", "create", "--tenant", slug, "--email", email, "--name", name, "--password", PASSWORD];
    database.admin(&new)
}

async fn operator(database: &Database) -> Operator {
    let mut settings = Settings::for_tests(&database.url, None);
    settings.secret = SECRET.into();
    Operator::open(&settings).await.unwrap()
}

fn now() -> Timestamp {
    Timestamp::new(chrono::Utc::now())
}

async fn begin(operator: &Operator, through: Option<Uuid>) -> Result<(), Refused> {
    let tenant: TenantId = "acme".parse().unwrap();
    let change = deletion::begin(Beginning { kept: "TenantDeleted", through, asked_by: "a test" });
    let delete = step::<Tenant>(&tenant, Precondition::Exists, TenantCommand::Delete { at: now() });
    let transaction =
        Transaction::default().with(delete).with_guard(change, || Box::new(TenantRefusal::ChangedSinceExport));
    let scope = scope(&tenant, &Actor::System("test"), "r1", "DeleteTenant");
    transact(operator.commands(), &scope, transaction, |_| Vec::new()).await.map(drop)
}

/// The ids of the last two of `acme`, the last first.
async fn last_events(database: &Database) -> [Uuid; 2] {
    let pool = PgPool::connect(&database.url).await.unwrap();
    let asked = "select event_id from log.events where tenant_id = 'acme' order by tenant_position desc limit 2";
    let ids: Vec<Uuid> = sqlx::query_scalar(asked).fetch_all(&pool).await.unwrap();
    pool.close().await;
    ids.try_into().unwrap()
}

async fn rename(operator: &Operator, slug: &str, name: &str) -> Result<(), Refused> {
    let tenant: TenantId = slug.parse().unwrap();
    let rename = TenantCommand::Rename { name: TenantName::parse(name).unwrap(), at: now() };
    let scope = scope(&tenant, &Actor::System("test"), "r2", "RenameTenant");
    let step = step::<Tenant>(&tenant, Precondition::Exists, rename);
    execute::<Tenant>(operator.commands(), &scope, step, |_, _| Vec::new()).await.map(drop)
}

/// Every row of every table of ours, as text.
async fn dump(pool: &PgPool) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname !~ '^(pg_|information_schema)' order by 1",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let mut all = Vec::new();
    for table in tables {
        let rows: Vec<String> = sqlx::query_scalar(&format!("select row_to_json(t)::text from {table} t order by 1"))
            .fetch_all(pool)
            .await
            .unwrap();
        all.extend(rows.into_iter().map(|row| format!("{table} {row}")));
    }
    all
}

fn with<'a>(dump: &'a [String], text: &str) -> Vec<&'a String> {
    let (text, hex) = (text.to_lowercase(), text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>());
    dump.iter().filter(|row| row.to_lowercase().contains(&text) || row.contains(&hex)).collect()
}

/// Nothing of the tenant is left but stones, the event that says so, and what is kept of the deletion.
async fn assert_gone(database: &Database) {
    let rows = dump(&database.pool).await;
    for trace in TRACES {
        assert_eq!(with(&rows, trace), [""; 0], "{trace} is still there");
    }

    let left: Vec<&String> = with(&rows, "\"tenant_id\":\"acme\"")
        .into_iter()
        .filter(|row| !["log.events {", "log.deletions {", ".progress {"].iter().any(|kept| row.contains(kept)))
        .collect();
    assert!(left.is_empty(), "{left:#?}");
    let said = "select count(*) from log.events where tenant_id = 'acme' and (payload::text <> '{}' or metadata::text <> '{}' or aggregate_id <> 'acme/deleted')";
    assert_eq!(database.count(said).await, 1, "one event says that it was deleted");
    let order = "select count(*) from (select position - lag(position) over (order by position) as step from log.events) e where step <> 1";
    assert_eq!(database.count(order).await, 0, "positions have no gap");
    assert_eq!(database.count("select count(*) from read.stalls").await, 0);
}

/// What there is of everybody else, but for who holds leases.
async fn others(database: &Database) -> Vec<String> {
    let rows = dump(&database.pool).await;
    with(&rows, "\"tenant_id\":\"beta\"").into_iter().cloned().collect()
}

/// Steps until nobody writes any more who began before; that counts for all databases of the server, and so for other tests.
async fn pass_transactions(deletion: &mut Deletion) {
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
    let passing = async {
        loop {
            match deletion.step().await.unwrap() {
                Step::WentOn => return,
                Step::Waits(Awaited::Transactions) => drop(ticks.tick().await),
                other => panic!("{other:?}"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, passing).await.expect("transactions do not end");
}

/// Steps to the end, while the services run.
async fn carry_through(database: &Database) {
    let mut deletion = Deletion::resume(database.pool.clone(), "acme").await.unwrap().unwrap();
    let stepping = async {
        let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
        loop {
            match deletion.step().await.unwrap() {
                Step::Finished => return,
                Step::Waits(_) => drop(ticks.tick().await),
                Step::WentOn | Step::Removed { .. } => {}
            }
        }
    };
    tokio::time::timeout(PATIENCE, stepping).await.expect("the deletion did not end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_is_deleted_with_everything_it_had_and_the_others_keep_all_of_theirs() {
    let stack = Stack::new().await;
    let (database, mut nats) = (&stack.database, Nats::start().await);
    database.fold().await;
    relayed(database, &nats).await;
    // Tables of a rebuild that was swapped hold the former rows.
    database.admin(&["projections", "rebuild", "users", "--json"]).json();
    let former = "select count(*) from pg_tables where schemaname like 'former%'";
    assert!(database.count(former).await > 0);
    database.execute("select identity.request_reset('acme', gen_random_uuid(), 'claim', 'r'), identity.request_reset('beta', gen_random_uuid(), 'claim', 'r')").await;
    database.execute("select identity.keep_mail_token('acme', 'Zyxwvida', 'reset', gen_random_uuid(), now(), '\\x01', '\\x02', 60)").await;
    database.execute("select log.write_snapshot(1, tenant_id, aggregate_type, aggregate_id, 1, event_id, 1, 1, null, payload::text) from log.events where event_type = 'TenantCreated'").await;
    assert_eq!(database.count("select count(*) from log.snapshots").await, 2);
    let rows = dump(&database.pool).await;
    assert!(!with(&rows, TRACES[0]).is_empty() && !with(&rows, TRACES[2]).is_empty());

    stack.schedule();
    database.fold().await;
    let before = others(database).await;
    assert!(before.len() > 10);
    let serving = Serving::start(database, Some(nats.url.clone()));
    let variables = [("TIDEMARK_NATS_URL", nats.url.as_str())];
    let export = stack.path("acme.tide");
    let arguments = [
        "tenants",
        "delete",
        "acme",
        "--now",
        "--export",
        &export,
        "--forget-people",
        "--by",
        "Olga Operator",
        "--yes",
        "--json",
    ];
    let receipt = database.admin_with(&variables, &arguments).json();
    assert_eq!((&receipt["tenant"], &receipt["askedBy"]), (&"acme".into(), &"Olga Operator".into()));
    let counts = &receipt["counts"];
    // Made with an admin and with two people more, and scheduled. Each email is claimed, and that there is an admin.
    assert_eq!(
        (&counts["log.events"], &counts["log.tenant_keys"], &counts["log.subject_keys"]),
        (&5.into(), &1.into(), &3.into())
    );
    assert_eq!(
        (&counts["log.claims"], &counts["log.secrets"], &counts["read.identity_users"]),
        (&4.into(), &3.into(), &3.into())
    );
    assert_eq!(counts["log.snapshots"], 1);
    assert!(receipt["finishedAt"].is_string() && receipt["streamRemadeAt"].is_string(), "{receipt}");
    serving.end().await;

    assert_gone(database).await;
    // What workers do for the other meanwhile.
    let work = ["identity.reset_requests ", "identity.mail_tokens ", "work.effects "];
    let kept = |rows: Vec<String>| -> Vec<String> {
        rows.into_iter().filter(|row| !work.iter().any(|table| row.starts_with(table))).collect()
    };
    assert_eq!(kept(others(database).await), kept(before));
    let verified = database.admin(&["projections", "verify", "--all", "--json"]).json();
    assert!(verified.as_array().is_some_and(|all| all.len() > 4), "{verified}");
    database.admin(&["projections", "rebuild", "users", "--json"]).json();
    assert!(!with(&dump(&database.pool).await, OTHER).is_empty());

    let sound = database.admin_with(&variables, &["relay", "check", "--json"]).json();
    assert_eq!((&sound["sound"], &sound["missing"]), (&true.into(), &0.into()));
    // Asked again, the receipt is the same.
    let again = database.admin_with(&variables, &arguments).json();
    assert_eq!(again, receipt);
    let files = String::from_utf8_lossy(&nats.files()).into_owned();
    assert!(files.contains("Qwertine & Sons") && files.contains("EventDeleted"), "the store is that of the stream");
    assert!(!files.contains(TRACES[2]), "the broker still has it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_were_left_in_the_stream_go_with_its_next_rebuild() {
    let stack = Stack::new().await;
    let (database, mut nats) = (&stack.database, Nats::start().await);
    stack.schedule();
    database.fold().await;
    relayed(database, &nats).await;
    let url = nats.url.clone();
    let variables = [("TIDEMARK_NATS_URL", url.as_str())];
    let serving = stack.serve();
    let now = ["tenants", "delete", "acme", "--now", "--without-export", "--yes"];
    let left = database.admin_with(&variables, &[&now[..], &["--leave-stream", "--json"]].concat()).json();
    assert!(left["finishedAt"].is_string() && left["streamRemadeAt"].is_null(), "{left}");
    serving.end().await;
    assert_gone(database).await;
    let told = database.admin_with(&variables, &[&now[..], &["--leave-stream"]].concat()).done();
    assert!(told.contains("`admin relay rebuild` takes the tenant's messages out of it"), "{told}");
    let context = async_nats::jetstream::new(async_nats::connect(&url).await.unwrap());
    let first = async || {
        let stream = context.get_stream(tidemark_engine::relay::STREAM).await.unwrap();
        (stream.cached_info().created, stream.get_raw_message(1).await.unwrap().payload)
    };
    let (before, message) = first().await;
    assert!(String::from_utf8_lossy(&message).contains(TRACES[2]), "it was left");

    // Whoever makes it anew for all of them has done it for this one.
    database.admin_with(&variables, &["relay", "rebuild", "--yes"]).done();
    let (remade, message) = first().await;
    assert!(remade != before && !String::from_utf8_lossy(&message).contains(TRACES[2]));
    let receipt = database.admin_with(&variables, &[&now[..], &["--json"]].concat()).json();
    assert!(receipt["streamRemadeAt"].is_string(), "{receipt}");
    assert_eq!((&receipt["counts"], first().await.0), (&left["counts"], remade), "and not once more");
    assert!(!String::from_utf8_lossy(&nats.files()).contains(TRACES[2]), "the broker still has it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_no_code_any_more_is_named_and_not_waited_for() {
    let stack = Stack::new().await;
    let database = &stack.database;
    stack.schedule();
    database.fold().await;
    database.execute(RETIRED).await;
    database.execute("insert into work.policies (policy, position, epoch) values ('shop.remind', 0, 1)").await;
    let serving = stack.serve();
    let now = ["--now", "--without-export", "--yes"];
    stack.delete(&now).failed(5, "`admin projections remove shop.carts` where it is retired");
    assert_eq!(database.count("select count(*) from read.shop_carts").await, 1);
    let remove = ["projections", "remove", "shop.carts", "--yes"];
    let mut reading = database.pool.begin().await.unwrap();
    reading.execute("lock table read.shop_carts in access share mode").await.unwrap();
    database.admin(&remove).failed(5, "try again; nothing was removed");
    reading.rollback().await.unwrap();
    database.admin(&remove).done();
    stack.delete(&now).failed(5, "`admin policies remove shop.remind` where it is retired");
    database.admin(&["policies", "remove", "shop.remind", "--yes"]).done();
    stack.delete(&now).done();
    serving.end().await;
    assert_gone(database).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_exported_is_the_same_tenant_elsewhere() {
    let stack = Stack::new().await;
    std::fs::write(stack.path("passphrase"), "nine tides and a mark").unwrap();
    let passphrase = ["--passphrase-file", &stack.path("passphrase")];
    let export = stack.path("acme.tide");
    let with_secrets = [&["--export", &export, "--with-secrets"], &passphrase[..]].concat();
    let scheduled = stack.delete(&[&["--after", "0s", "--yes", "--json"], &with_secrets[..]].concat()).json();
    assert_eq!((&scheduled["export"]["events"], &scheduled["export"]["suspended"]), (&5.into(), &true.into()));
    stack.database.fold().await;
    let models = read_models(&stack.database.pool).await;
    let serving = stack.serve();
    stack.delete(&["--now", "--export", &export, "--yes"]).done();
    serving.end().await;
    assert_gone(&stack.database).await;

    let there = Database::migrated().await;
    there.admin(&[&["events", "import", &export, "--tenant", "acme"], &passphrase[..]].concat()).done();
    there.fold().await;
    assert!(models.len() > 4 && read_models(&there.pool).await == models, "{models:#?}");
    there.admin(&["tenants", "reinstate", "acme"]).failed(5, "is to be deleted");
    there.admin(&["tenants", "delete", "acme", "--cancel"]).done();
    there.admin(&["tenants", "reinstate", "acme"]).done();
    // Here it does not come back.
    let back = stack.database.admin(&[&["events", "import", &export, "--tenant", "acme"], &passphrase[..]].concat());
    back.failed(5, "the tenant `acme` is here already");
}

/// Every row of every read model of the tenant.
async fn read_models(pool: &PgPool) -> Vec<String> {
    let rows = dump(pool).await;
    let mut rows: Vec<String> =
        with(&rows, "\"tenant_id\":\"acme\"").into_iter().filter(|row| row.starts_with("read.")).cloned().collect();
    rows.sort();
    rows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_dies_at_any_step_is_followed_by_one_who_comes_to_the_same_end() {
    let stack = Stack::new().await;
    let database = &stack.database;
    database.fold().await;
    stack.begin().await;
    let serving = stack.serve();
    let mut steps = 0;
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
    // Each does one step more than the one before, in pieces of one row.
    'tries: for most in 1..10_000 {
        let deletion = Deletion::resume(database.pool.clone(), "acme").await.unwrap().unwrap();
        let mut deletion = deletion.in_batches_of(1);
        for _ in 0..most {
            steps += 1;
            match deletion.step().await.unwrap() {
                Step::Finished => break 'tries,
                Step::Waits(_) => drop(ticks.tick().await),
                Step::WentOn | Step::Removed { .. } => {}
            }
        }
    }
    serving.end().await;
    assert!(steps > 100, "{steps}");
    assert_gone(database).await;
    let receipt = deletion::find(&database.pool, "acme").await.unwrap().unwrap();
    let counts =
        ["log.events", "log.claims", "log.subject_keys", "read.identity_users"].map(|table| receipt.counts[table]);
    assert_eq!(counts, [5, 4, 3, 3], "nothing is counted twice: {:?}", receipt.counts);
    let finished = receipt.finished_at;
    carry_through(database).await;
    assert_eq!(deletion::find(&database.pool, "acme").await.unwrap().unwrap().finished_at, finished);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_killed_is_followed_by_the_same_command() {
    let stack = Stack::new().await;
    let database = &stack.database;
    database.fold().await;
    stack.schedule();
    // Nobody folds, so it waits.
    let arguments = ["tenants", "delete", "acme", "--now", "--without-export", "--yes", "--json"];
    let mut child = database.spawn(&arguments);
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
    while database.count("select count(*) from log.deletions where horizon is not null").await == 0 {
        ticks.tick().await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // What is sealed is unreadable by then.
    assert_eq!(database.count("select count(*) from log.tenant_keys where tenant_id = 'acme'").await, 0);
    assert!(database.count("select count(*) from read.identity_users where tenant_id = 'acme'").await > 0);
    let serving = stack.serve();
    let receipt = database.admin(&arguments).json();
    serving.end().await;
    assert_eq!(receipt["counts"]["log.events"], 5);
    assert_gone(database).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_goes_before_whoever_folds_has_come_to_the_end_of_the_tenant() {
    let stack = Stack::new().await;
    stack.database.fold().await;
    stack.begin().await;
    let mut deletion = Deletion::resume(stack.database.pool.clone(), "acme").await.unwrap().unwrap();
    assert!(matches!(deletion.step().await.unwrap(), Step::Removed { rows: 1, .. }));
    pass_transactions(&mut deletion).await;
    let Step::Waits(Awaited::Readers { names, .. }) = deletion.step().await.unwrap() else {
        panic!("it did not wait");
    };
    assert!(
        names.contains(&"identity.users".to_owned()) && names.contains(&"identity.welcome".to_owned()),
        "{names:?}"
    );
    assert_eq!(stack.database.count("select count(*) from log.events where event_type = 'EventDeleted'").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_waits_for_whoever_may_write_without_having_seen_it() {
    let stack = Stack::new().await;
    let late = PgPool::connect(&stack.database.url).await.unwrap();
    let mut writing = late.begin().await.unwrap();
    sqlx::query("insert into log.subject_keys (tenant_id, subject, generation, wrapped_key) values ('acme', 'late', 1, '\\x01')")
        .execute(&mut *writing)
        .await
        .unwrap();
    stack.begin().await;
    let mut deletion = Deletion::resume(stack.database.pool.clone(), "acme").await.unwrap().unwrap();
    assert!(matches!(deletion.step().await.unwrap(), Step::Removed { .. }));
    for _ in 0..3 {
        assert_eq!(deletion.step().await.unwrap(), Step::Waits(Awaited::Transactions));
    }
    writing.commit().await.unwrap();
    pass_transactions(&mut deletion).await;
    // And whoever comes after it is refused.
    for late in [
        "insert into log.subject_keys (tenant_id, subject, generation, wrapped_key) values ('acme', 'later', 1, '\\x01')",
        "insert into log.tenant_keys (tenant_id, generation, wrapped_key, wrapped_claim_key) values ('acme', 1, '\\x01', '\\x01')",
        "select identity.request_reset('acme', gen_random_uuid(), 'claim', 'r')",
        "select identity.note_failed_sign_ins('acme', gen_random_uuid(), 'claim', 'r')",
        "select identity.keep_mail_token('acme', 'x', 'reset', gen_random_uuid(), now(), '\\x01', '\\x02', 60)",
    ] {
        let refused = sqlx::query(late).execute(&stack.database.pool).await.unwrap_err();
        assert_eq!(
            refused.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref(),
            Some("TM003"),
            "{late}"
        );
    }
    let serving = stack.serve();
    carry_through(&stack.database).await;
    serving.end().await;
    assert_gone(&stack.database).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_recorded_for_a_deleted_tenant_and_its_neighbours_do_not_notice() {
    let stack = Stack::new().await;
    let database = &stack.database;
    let operator = Arc::new(operator(database).await);
    // This process has the tenant at hand.
    rename(&operator, "acme", "Wonderworks 2").await.unwrap();
    rename(&operator, "beta", "Qwertine 2").await.unwrap();
    stack.begin().await;
    let events = "select count(*) from log.events where tenant_id = 'acme'";
    let before = database.count(events).await;
    let mut asked = tokio::task::JoinSet::new();
    for n in 0..40 {
        let (operator, slug) = (Arc::clone(&operator), if n % 2 == 0 { "acme" } else { "beta" });
        asked.spawn(async move { (slug, rename(&operator, slug, &format!("Name {n}")).await) });
    }
    for (slug, outcome) in asked.join_all().await {
        match (slug, outcome) {
            ("beta", Ok(())) | ("acme", Err(Refused::Append(AppendError::TenantDeleted))) => {}
            // Once it has heard of the end, the rule itself says so, and the log is asked to confirm it.
            ("acme", Err(Refused::Refused(refusal))) if refusal.code() == "TENANT_NOT_FOUND" => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(database.count(events).await, before);

    user(database, "acme", "late@acme.example", "Late").failed(3, "there is no tenant `acme`");
    database.admin(&["tenants", "reinstate", "acme"]).failed(3, "there is no tenant `acme`");
    database.admin(&["events", "export", "--tenant", "acme", "--output", "-"]).failed(3, "there is no tenant");
    let new = ["tenants", "create", "--slug", "acme", "--name", "Again", "--admin-email", "a@acme.example"];
    database.admin(&[&new[..], &["--admin-password", PASSWORD]].concat()).failed(5, "is never used again");
    let listed = database.admin(&["tenants", "list", "--json"]).json();
    assert_eq!(
        (&listed[0]["tenant"], &listed[0]["status"], &listed[0]["name"]),
        (&"acme".into(), &"deleted".into(), &"".into())
    );
    Arc::into_inner(operator).unwrap().close().await;
}

#[tokio::test]
async fn a_deletion_is_called_off_until_it_is_done() {
    let stack = Stack::new().await;
    stack.delete(&["--now", "--without-export", "--yes"]).failed(5, "nobody has asked for the deletion of acme");
    let scheduled = stack.delete(&["--after", "2d", "--yes", "--json"]).json();
    let due: Timestamp = Timestamp::parse(scheduled["dueAt"].as_str().unwrap()).unwrap();
    let days = (due.as_datetime() - chrono::Utc::now()).num_minutes();
    assert!((2 * 1440 - 5..=2 * 1440).contains(&days), "{days}");
    let listed = stack.database.admin(&["tenants", "list", "--json"]).json();
    assert_eq!((&listed[0]["status"], &listed[0]["deletionDueAt"]), (&"suspended".into(), &scheduled["dueAt"]));
    stack.delete(&["--now", "--without-export", "--yes"]).failed(5, "is not to be deleted before");
    stack.database.admin(&["tenants", "reinstate", "acme"]).failed(5, "is to be deleted");
    assert!(stack.delete(&["--cancel"]).done().contains("acme is not deleted, and still suspended"));
    assert_eq!(stack.delete(&["--cancel"]).done(), "acme was not to be deleted\n");
    stack.delete(&["--now", "--without-export", "--yes"]).failed(5, "nobody has asked");
    stack.database.admin(&["tenants", "reinstate", "acme"]).done();
    assert_eq!(stack.database.count("select count(*) from log.deletions").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_that_does_not_hold_all_of_it_deletes_nothing() {
    let stack = Stack::new().await;
    let (early, damaged, other) = (stack.path("early"), stack.path("damaged"), stack.path("other"));
    let export = |tenant: &str, file: &str| {
        stack.database.admin(&["events", "export", "--tenant", tenant, "--output", file]).done()
    };
    export("acme", &early);
    export("beta", &other);
    let mut bytes = std::fs::read(&early).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&damaged, &bytes).unwrap();
    stack.schedule();
    stack.delete(&["--now", "--yes"]).failed(2, "give `--export FILE`, or `--without-export`");
    stack.delete(&["--now", "--yes", "--export", "-"]).failed(2, "goes into a file");
    stack.delete(&["--now", "--yes", "--export", &early]).failed(5, "does not end with the last event of acme");
    // As many events of a tenant of that name, but not these.
    let elsewhere = Stack::new().await;
    let twin = elsewhere.path("twin");
    elsewhere.schedule();
    elsewhere.database.admin(&["events", "export", "--tenant", "acme", "--output", &twin]).done();
    stack
        .delete(&["--now", "--yes", "--forget-people", "--export", &twin])
        .failed(5, "does not end with the last event of acme");
    stack.delete(&["--now", "--yes", "--export", &damaged]).failed(4, "nothing was deleted");
    stack.delete(&["--now", "--yes", "--export", &other]).failed(5, "holds the tenant `beta`");
    stack.delete(&["--now", "--yes", "--export", &stack.path("keyless")]).failed(5, "the export holds no keys");
    stack.delete(&["--now", "--forget-people", "--export", &stack.path("new")]).failed(2, "give `--yes`");
    // Something happens between the look and the append.
    let operator = operator(&stack.database).await;
    let [last, former] = last_events(&stack.database).await;
    for through in [former, Uuid::new_v4()] {
        let Err(Refused::Refused(refusal)) = begin(&operator, Some(through)).await else {
            panic!("it was not refused")
        };
        assert_eq!(Refusal::code(&*refusal), "CHANGED_SINCE_EXPORT");
    }
    assert_eq!(stack.database.count("select count(*) from log.deletions").await, 0);
    assert_eq!(stack.database.count("select count(*) from log.events where event_type = 'TenantDeleted'").await, 0);
    begin(&operator, Some(last)).await.unwrap();
    operator.close().await;
    assert_eq!(stack.database.count("select count(*) from log.deletions").await, 1);
}

#[tokio::test]
async fn a_name_that_matches_nothing_and_a_delay_that_is_none_are_told() {
    let stack = Stack::new().await;
    let delete = |slug: &str, more: &[&str]| stack.database.admin(&[&["tenants", "delete", slug], more].concat());
    for more in [&["--yes"][..], &["--cancel"], &["--now", "--without-export", "--yes"]] {
        delete("nobody", more).failed(3, "there is no tenant `nobody`");
        delete("NOBODY", more).failed(3, "there is no tenant `NOBODY`");
    }
    delete("acme", &["--after", "soon", "--yes"]).failed_with(2);
    delete("acme", &["--cancel", "--now"]).failed_with(2);
    delete("acme", &["--without-export", "--yes"]).failed_with(2);
    delete("acme", &[]).failed(2, "give `--yes`");
    let left: Vec<Value> = vec![json!("active"), json!("active")];
    let listed = stack.database.admin(&["tenants", "list", "--json"]).json();
    assert_eq!(listed.as_array().unwrap().iter().map(|one| one["status"].clone()).collect::<Vec<_>>(), left);
}
