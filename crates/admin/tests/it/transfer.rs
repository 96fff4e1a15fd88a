//! `events export` and `events import`: a tenant is the same in another database, or it is not there at all.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sqlx::PgPool;
use tempfile::TempDir;
use tidemark_admin::Operator;
use tidemark_commands::{IdempotencyKey, Precondition, Scope, execute, scope, step};
use tidemark_content::{Category, NewPost, Post, PostCommand, PostContent, Publication, Slug, Tags, Title};
use tidemark_engine::transfer::{Import, Incoming, People, TransferError};
use tidemark_kernel::{Actor, PostId, TenantId, Timestamp, UserId};
use tidemark_runtime::Settings;
use uuid::Uuid;

use crate::support::{Database, PASSWORD, PATIENCE, Ran, SECRET};

const OTHER_SECRET: &str = "another-secret-of-another-stack-that-knows-nothing";
const PASSPHRASE: &str = "nine tides and a mark";

/// The stack that a tenant comes from: `acme` has an admin, two people of whom one was erased, and posts.
struct Home {
    database: Database,
    folder: TempDir,
}

impl Home {
    async fn new() -> Self {
        let database = Database::with_acme().await;
        for email in ["bo@acme.example", "cy@acme.example"] {
            user(&database, SECRET, "acme", email).done();
        }
        write_post(&database, "High water").await;
        tenant(&database, SECRET, "beta").done();
        database.admin(&["people", "erase", "--tenant", "acme", "--user", "bo@acme.example", "--yes"]).done();
        write_post(&database, "Low water").await;
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("passphrase"), PASSPHRASE).unwrap();
        std::fs::write(folder.path().join("wrong"), "nine tides and no mark").unwrap();
        Self { database, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn export(&self, name: &str, more: &[&str]) -> Ran {
        self.database.admin(&[&["events", "export", "--tenant", "acme", "--output", &self.text(name)], more].concat())
    }

    fn export_with_secrets(&self, name: &str) -> Ran {
        self.export(name, &["--with-secrets", "--passphrase-file", &self.text("passphrase"), "--json"])
    }
}

/// Another stack, with another secret and another tenant before.
async fn elsewhere() -> Database {
    let database = Database::migrated().await;
    tenant(&database, OTHER_SECRET, "other").done();
    database
}

fn at(database: &Database, secret: &str, args: &[&str]) -> Ran {
    database.admin_with(&[("TIDEMARK_SECRET", secret)], args)
}

fn tenant(database: &Database, secret: &str, slug: &str) -> Ran {
    let email = format!("ada@{slug}.example");
    at(
        database,
        secret,
        &["tenants", "create", "--slug", slug, "--name", slug, "--admin-email", &email, "--admin-password", PASSWORD],
    )
}

fn user(database: &Database, secret: &str, slug: &str, email: &str) -> Ran {
    let name = format!("{} the sailor", email.split('@').next().unwrap());
    at(
        database,
        secret,
        &["users", "create", "--tenant", slug, "--email", email, "--name", &name, "--password", PASSWORD, "--json"],
    )
}

fn import(database: &Database, file: &Path, more: &[&str]) -> Ran {
    let file = file.display().to_string();
    at(database, OTHER_SECRET, &[&["events", "import", &file, "--tenant", "acme"], more].concat())
}

/// A command with an idempotency key, as the API would ask it; true when it was answered before.
async fn ask_for_post(database: &Database, secret: &str, title: &str, key: &str) -> bool {
    let mut settings = Settings::for_tests(&database.url, None);
    settings.secret = secret.into();
    let operator = Operator::open(&settings).await.unwrap();
    let tenant: TenantId = "acme".parse().unwrap();
    let new = NewPost {
        id: PostId::new(Uuid::now_v7()),
        author: UserId::new(Uuid::nil()),
        slug: Slug::from_title(&Title::parse(title).unwrap()),
        title: Title::parse(title).unwrap(),
        content: PostContent::parse("The tide leaves a mark.\n").unwrap(),
        category: Category::parse("tech").unwrap(),
        tags: Tags::default(),
        cover_image_id: None,
        publication: Publication::Now,
        at: Timestamp::new(chrono::Utc::now()),
    };
    let key = IdempotencyKey::new("acme", "ada", key, [7; 32]);
    let scope = Scope { key: Some(key), ..scope(&tenant, &Actor::System("test"), "r1", "CreatePost") };
    let step = step::<Post>(new.id, Precondition::New, PostCommand::Create(new));
    let executed =
        execute::<Post>(operator.commands(), &scope, step, |post, _| post.title.as_str().into()).await.unwrap();
    assert_eq!(executed.answer, title.as_bytes());
    operator.close().await;
    executed.replayed
}

async fn write_post(database: &Database, title: &str) {
    let key = title.to_lowercase().replace(' ', "-");
    assert!(!ask_for_post(database, SECRET, title, &key).await);
}

async fn rows(pool: &PgPool, sql: &str) -> Vec<Value> {
    sqlx::query_scalar(&format!("select to_jsonb(r) from ({sql}) r")).fetch_all(pool).await.unwrap()
}

/// What the log says of the tenant, but for where and when this log has recorded it.
async fn events(pool: &PgPool) -> Vec<Value> {
    rows(
        pool,
        "select event_id, tenant_position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload::text, \
                metadata::jsonb - 'firstRecordedAt' as metadata from log.events where tenant_id = 'acme' order by tenant_position",
    )
    .await
}

async fn claims(pool: &PgPool) -> Vec<Value> {
    rows(pool, "select * from log.claims where tenant_id = 'acme' order by scope, value").await
}

/// Every row of every read model, and how far each has come.
async fn read_models(pool: &PgPool) -> Vec<Value> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.columns c join pg_tables t on t.schemaname = table_schema and t.tablename = table_name \
         where table_schema = 'read' and column_name = 'tenant_id' order by 1",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let mut all = Vec::new();
    for table in tables {
        let of_tenant =
            format!("select '{table}' as of, t.* from read.{table} t where tenant_id = 'acme' order by t::text");
        all.extend(rows(pool, &of_tenant).await);
    }
    all
}

/// All that an import writes.
async fn log_of(database: &Database) -> Vec<i64> {
    let tables = ["events", "claims", "secrets", "tenant_keys", "subject_keys", "idempotency_keys"];
    let mut counts = Vec::new();
    for table in tables {
        counts.push(database.count(&format!("select count(*) from log.{table}")).await);
    }
    counts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_is_the_same_in_another_database() {
    let home = Home::new().await;
    home.database.execute("select log.write_snapshot(1, tenant_id, aggregate_type, aggregate_id, 1, event_id, 1, 1, null, '{\"of\":\"a snapshot\"}') from log.events where event_type = 'TenantCreated'").await;
    let written = home.export_with_secrets("acme.tide").json();
    // Two people, and the posts' author, under whose key the answers to them are sealed.
    let expected = json!({ "tenant": "acme", "events": 10, "people": 3, "erased": 1, "secrets": 2, "answers": 2, "suspended": false });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&written[name], value, "{name} of {written}");
    }
    let file = std::fs::read(home.path("acme.tide")).unwrap();
    // Each has a sign that base64 has not: what is sealed spells any short word now and then.
    for secret in [" the sailor", "ada@acme", "$argon2", "bo@acme", "a snapshot", PASSPHRASE] {
        assert!(!String::from_utf8_lossy(&file).contains(secret), "{secret} is in the file");
    }
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(home.path("acme.tide")).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);

    let there = elsewhere().await;
    let passphrase = home.text("passphrase");
    let arrived = import(&there, &home.path("acme.tide"), &["--passphrase-file", &passphrase, "--json"]).json();
    assert_eq!(
        (&arrived["events"], &arrived["after"], &arrived["people"], &arrived["erased"]),
        (&10.into(), &2.into(), &3.into(), &1.into())
    );

    assert_eq!(events(&there.pool).await, events(&home.database.pool).await);
    assert_eq!(claims(&there.pool).await, claims(&home.database.pool).await);
    assert_eq!(there.count("select count(*) from log.snapshots").await, 0, "they are made where the tenant is");
    let secrets = "select * from log.secrets where tenant_id = 'acme' order by kind, subject";
    assert_eq!(rows(&there.pool, secrets).await, rows(&home.database.pool, secrets).await);
    let order = "select count(*) from (select position, recorded_at, lag(position) over w as before, lag(recorded_at) over w as earlier \
                 from log.events window w as (order by position)) e where position <> before + 1 or recorded_at < earlier";
    assert_eq!(there.count(order).await, 0, "positions have no gap, and time does not fall");
    let kept = "select count(*) from log.events where tenant_id = 'acme' and (metadata->>'firstRecordedAt')::timestamptz < recorded_at";
    assert_eq!(there.count(kept).await, 10);

    home.database.fold().await;
    there.fold_under(OTHER_SECRET).await;
    let models = read_models(&there.pool).await;
    assert!(models.len() > 6 && models == read_models(&home.database.pool).await, "{models:#?}");
    // The email finds its account, so its claim is compared as before; and what comes next comes after.
    at(
        &there,
        OTHER_SECRET,
        &["users", "set-role", "--tenant", "acme", "--user", "cy@acme.example", "--role", "editor"],
    )
    .done();
    user(&there, OTHER_SECRET, "acme", "cy@acme.example").failed_with(5);
    user(&there, OTHER_SECRET, "acme", "bo@acme.example").done();
    assert_eq!(there.count("select max(tenant_position) from log.events where tenant_id = 'acme'").await, 12);
    // A command whose answer was lost on the way is asked again, here.
    assert!(ask_for_post(&there, OTHER_SECRET, "High water", "high-water").await);

    let again = import(&there, &home.path("acme.tide"), &["--passphrase-file", &passphrase]);
    again.failed(5, "the tenant `acme` is here already, with 12 event(s)");
    import(&home.database, &home.path("acme.tide"), &["--passphrase-file", &passphrase])
        .failed(5, "is here already, with 10");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_that_moves_twice_was_first_recorded_where_it_began() {
    let home = Home::new().await;
    home.export_with_secrets("1").done();
    let (second, third) = (elsewhere().await, elsewhere().await);
    let passphrase = ["--passphrase-file", &home.text("passphrase")];
    import(&second, &home.path("1"), &passphrase).done();
    let onwards = [
        "events",
        "export",
        "--tenant",
        "acme",
        "--output",
        &home.text("2"),
        "--with-secrets",
        passphrase[0],
        passphrase[1],
    ];
    at(&second, OTHER_SECRET, &onwards).done();
    import(&third, &home.path("2"), &passphrase).done();
    let first =
        "select tenant_position, metadata->>'firstRecordedAt' from log.events where tenant_id = 'acme' order by 1";
    assert_eq!(rows(&third.pool, first).await, rows(&second.pool, first).await);
    assert_eq!(events(&third.pool).await, events(&home.database.pool).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_secrets_nobody_in_a_file_can_be_read() {
    let home = Home::new().await;
    let told = home.export("acme.tide", &[]).done();
    assert!(told.contains("is sealed, and this file has no keys") && told.contains("is not suspended"), "{told}");
    let file = String::from_utf8(std::fs::read(home.path("acme.tide")).unwrap()).unwrap();
    assert!(!file.contains("\nkey ") && !file.contains("\nsecret ") && !file.contains("user.email"), "{file}");

    let there = elsewhere().await;
    let before = log_of(&there).await;
    import(&there, &home.path("acme.tide"), &[]).failed(5, "personal data of 2 people in it is sealed");
    assert_eq!(log_of(&there).await, before);
    let arrived = import(&there, &home.path("acme.tide"), &["--forget-people", "--json"]).json();
    assert_eq!((&arrived["people"], &arrived["erased"], &arrived["secrets"]), (&0.into(), &3.into(), &0.into()));
    there.fold_under(OTHER_SECRET).await;
    assert_eq!(there.count("select count(*) from read.stalls").await, 0);
    assert_eq!(there.count("select count(*) from read.content_posts where tenant_id = 'acme'").await, 2);
    let named = "select count(*) from read.identity_users where tenant_id = 'acme' and (email is not null or name <> 'Deleted user')";
    assert_eq!(there.count(named).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_was_erased_is_in_no_file() {
    let home = Home::new().await;
    home.export_with_secrets("acme.tide").done();
    let file = std::fs::read(home.path("acme.tide")).unwrap();
    let erased: String = sqlx::query_scalar("select subject from log.subject_keys where erased_at is not null")
        .fetch_one(&home.database.pool)
        .await
        .unwrap();
    let lines = String::from_utf8_lossy(&file);
    let frames: Vec<&str> =
        lines.lines().filter(|line| line.contains(&format!("\"subject\":\"{erased}\",\"key\""))).collect();
    assert!(frames.is_empty(), "{frames:?}");

    let there = elsewhere().await;
    import(&there, &home.path("acme.tide"), &["--passphrase-file", &home.text("passphrase")]).done();
    let stone = "select count(*) from log.subject_keys where erased_at is not null and wrapped_key is null";
    assert_eq!(there.count(stone).await, 1);
    at(&there, OTHER_SECRET, &["people", "erase", "--tenant", "acme", "--user", &erased, "--yes"])
        .failed(5, "was erased already");
}

/// What an import of these bytes comes to, in this process.
async fn import_here(database: &Database, bytes: &[u8], passphrase: Option<&str>) -> Result<(), TransferError> {
    let request = Import {
        tenant: "acme",
        passphrase,
        master: [9; 32],
        people: if passphrase.is_some() { People::Kept } else { People::Forgotten },
        is_known: &|_, _, _| true,
    };
    Incoming::open(bytes)?.import(&database.pool, request, |_| {}).await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_file_changes_nothing() {
    let home = Home::new().await;
    home.export("plain", &[]).done();
    home.export_with_secrets("sealed").done();
    let there = elsewhere().await;
    let before = log_of(&there).await;
    let (plain, sealed) = (std::fs::read(home.path("plain")).unwrap(), std::fs::read(home.path("sealed")).unwrap());
    for n in (0..plain.len()).step_by(23) {
        let mut damaged = plain.clone();
        damaged[n] ^= 1 << (n % 8);
        assert!(import_here(&there, &damaged, None).await.is_err(), "byte {n}");
    }
    // Where a frame begins, and in its middle.
    let frames = plain.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(n, _)| n + 1);
    for cut in frames.filter(|cut| *cut < plain.len()) {
        for cut in [cut, cut + 9] {
            assert!(import_here(&there, &plain[..cut.min(plain.len() - 1)], None).await.is_err(), "cut at {cut}");
        }
    }
    // What keeps secrets costs a second a try, so a few must do: in the header, an event, a key, a secret, the end.
    for n in [sealed.len() / 40, sealed.len() / 2, sealed.len() * 3 / 4, sealed.len() * 9 / 10, sealed.len() - 20] {
        let mut damaged = sealed.clone();
        damaged[n] ^= 4;
        assert!(import_here(&there, &damaged, Some(PASSPHRASE)).await.is_err(), "byte {n}");
    }
    assert!(matches!(import_here(&there, &sealed, None).await, Err(TransferError::NoPassphrase)));
    assert_eq!(log_of(&there).await, before);
    import_here(&there, &sealed, Some(PASSPHRASE)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_is_refused_with_the_reason() {
    let home = Home::new().await;
    home.export_with_secrets("sealed").done();
    home.export("plain", &[]).done();
    home.export("plain", &[]).failed(5, "is there already; nothing was exported");
    let (passphrase, wrong) = (home.text("passphrase"), home.text("wrong"));
    let there = elsewhere().await;
    let before = log_of(&there).await;
    import(&there, &home.path("sealed"), &["--passphrase-file", &wrong]).failed(2, "this is not the passphrase");
    import(&there, &home.path("sealed"), &[]).failed(2, "there is no passphrase: give `--passphrase-file`");
    import(&there, &home.path("sealed"), &["--forget-people"]).failed(2, "nobody need be forgotten");
    import(&there, &home.path("nowhere"), &[]).failed(2, "cannot read");
    import(&there, &home.path("passphrase"), &[]).failed(4, "this is no export of a tenant");
    let sealed = home.text("sealed");
    at(&there, OTHER_SECRET, &["events", "import", &sealed, "--tenant", "beta"])
        .failed(5, "holds the tenant `acme`, not `beta`");
    std::fs::write(home.path("later"), "tidemark events 2\n").unwrap();
    import(&there, &home.path("later"), &[]).failed(4, "the file has format \"2\"");

    home.database.execute("update log.events set event_version = '7' where event_type = 'PostPublished'").await;
    home.export("newer", &[]).done();
    import(&there, &home.path("newer"), &["--forget-people"])
        .failed(5, "is PostPublished version 7 of post, which this version does not know");
    assert_eq!(log_of(&there).await, before);

    std::fs::write(home.path("short"), "too short").unwrap();
    home.export("x", &["--with-secrets", "--passphrase-file", &home.text("short")]).failed(2, "12 characters or more");
    home.export("x", &["--with-secrets"]).failed(2, "there is no passphrase");
    home.database
        .admin(&["events", "export", "--tenant", "gamma", "--output", &home.text("x")])
        .failed(3, "there is no tenant `gamma`");
    assert!(!home.path("x").exists() && !home.path("x.part").exists());
    import(&there, &home.path("sealed"), &["--passphrase-file", &passphrase]).done();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_goes_through_pipes() {
    let home = Home::new().await;
    let ran = home.database.admin(&["events", "export", "--tenant", "acme", "--output", "-"]);
    assert!(
        ran.code == 0 && ran.err.starts_with("exported acme: 10 events") && ran.out.starts_with("tidemark events 1\n"),
        "{ran:?}"
    );
    let there = elsewhere().await;
    there.admin_reading(&ran.out, &["events", "import", "-", "--tenant", "acme", "--forget-people"]).done();
    assert_eq!(events(&there.pool).await, events(&home.database.pool).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_was_killed_has_left_nothing() {
    let home = Home::new().await;
    home.export("acme.tide", &[]).done();
    let there = elsewhere().await;
    let before = log_of(&there).await;
    // It waits for the log's lock, with all it has read behind it.
    let mut held = there.pool.begin().await.unwrap();
    sqlx::query("select pg_advisory_xact_lock(7953749933313450591)").execute(&mut *held).await.unwrap();
    let file = home.text("acme.tide");
    let mut child = there.spawn(&["events", "import", &file, "--tenant", "acme", "--forget-people"]);
    let waits = "select exists (select from pg_locks where locktype = 'advisory' and not granted)";
    let waiting = async {
        let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
        while !sqlx::query_scalar::<_, bool>(waits).fetch_one(&there.pool).await.unwrap() {
            ticks.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("the import did not come to the lock");
    child.kill().unwrap();
    child.wait().unwrap();
    held.rollback().await.unwrap();
    // Whatever the server still has of it ends before the next import gets the lock.
    import(&there, &home.path("acme.tide"), &["--forget-people"]).done();
    assert_eq!(log_of(&there).await[0], before[0] + 10);
    assert_eq!(
        there.count("select count(*) from log.events e where position > (select count(*) from log.events)").await,
        0
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
#[allow(clippy::print_stdout)]
async fn measure_a_move() {
    const EVENTS: i64 = 200_000;
    let home = Home::new().await;
    home.database
        .execute(&format!(
            "insert into log.events (position, event_id, tenant_id, tenant_position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, recorded_at) \
             select (select max(position) from log.events) + n - 9, gen_random_uuid(), 'acme', n + 1, 'post', 'acme/' || (n / 10), n % 10 + 1, 'PostEdited', '1', \
                    json_build_object('type', 'PostEdited', 'content', repeat('high water ', 30), 'at', '2026-01-01T00:00:00Z'), \
                    '{{\"actor\":\"user:0190\",\"requestId\":\"0190\",\"command\":\"EditPost\"}}', now() from generate_series(10, {}) n",
            EVENTS + 9
        ))
        .await;
    let began = std::time::Instant::now();
    home.export("acme.tide", &[]).done();
    let size = std::fs::metadata(home.path("acme.tide")).unwrap().len();
    println!("export: {:.1} s, {} MiB", began.elapsed().as_secs_f64(), size >> 20);

    let there = elsewhere().await;
    let file = std::io::BufReader::new(std::fs::File::open(home.path("acme.tide")).unwrap());
    let request = Import {
        tenant: "acme",
        passphrase: None,
        master: [9; 32],
        people: People::Forgotten,
        is_known: &|_, _, _| true,
    };
    let began = std::time::Instant::now();
    let mut appending = None;
    let progress = |progress| {
        if progress == tidemark_engine::transfer::Progress::Appending {
            appending = Some(std::time::Instant::now());
        }
    };
    let imported = Incoming::open(file).unwrap().import(&there.pool, request, progress).await.unwrap();
    let (all, held) = (began.elapsed().as_secs_f64(), appending.unwrap().elapsed().as_secs_f64());
    println!("import: {all:.1} s for {} events, of which other appends waited {held:.1} s", imported.events);
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap());
}
