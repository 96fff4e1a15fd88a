//! `cargo dev up`: servers, schema, tenants, services, content; then it watches until it is told to end.

use std::process;
use std::time::Duration;

use anyhow::Context;
use secrecy::ExposeSecret;
use tidemark_runtime::{Settings, signal_token};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::bootstrap::{self, People};
use crate::cli::UpArgs;
use crate::control::{Control, request_of};
use crate::dev_json::{self, DevJson};
use crate::leftovers::Recorded;
use crate::place::Place;
use crate::progress::Progress;
use crate::servers::Durability;
use crate::servers::compose::Compose;
use crate::settings::{self, Addresses, Configured, RateLimits};
use crate::stack::{self, Stack, Wishes};
use crate::supervise::{Asked, Request, Supervisor};
use crate::{detach, greeting, in_process, read_database, ready, seed, split};

/// How long the services may take from their start to their first `ready`.
const PATIENCE: Duration = Duration::from_secs(60);

/// Serves until SIGINT or SIGTERM, or until something that cannot be mended.
pub async fn up(args: &UpArgs) -> anyhow::Result<()> {
    let shutdown = signal_token()?;
    let progress = Progress::start();
    let place = Place::at(args.data.data_dir.as_deref())?;
    let lock = stack::take_over(&place)?;
    crate::files::remove_file(&dev_json::path(&place.data))?;
    if args.fresh {
        progress.say("forgetting the data of earlier starts");
        Compose::existing(&place).map_or(Ok(()), |compose| compose.remove())?;
        place.clear()?;
    }
    detach::write_own_record(&place, Recorded::of(i32::try_from(process::id())?))?;
    crate::logs::into_file(&place)?;
    let configured = Configured::read(&place)?;
    if args.split.split {
        split::build(&place, &progress)?;
    }
    let wishes = Wishes { durability: Durability::Durable, configured: true, redis: true };
    let started = tokio::select! {
        started = stack::start(place.clone(), &configured, wishes, lock, &progress) => started?,
        () = shutdown.cancelled() => return Ok(()),
    };
    let outcome = serve(args, started, &configured, progress, shutdown).await;
    detach::forget_own_record(&place);
    outcome
}

async fn serve(
    args: &UpArgs,
    mut stack: Stack,
    configured: &Configured,
    progress: Progress,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let mut in_process = JoinSet::new();
    let prepared = tokio::select! {
        prepared = prepare(args, &mut stack, configured, &progress, &shutdown, &mut in_process) => prepared,
        () = shutdown.cancelled() => Err(anyhow::anyhow!("interrupted")),
    };
    let Stack { place, supervisor, end, origins, .. } = stack;
    let outcome = match prepared {
        Ok(json) => {
            let watched = Watched { supervisor, in_process, shutdown };
            watched.until_the_end(args, &place, json, &origins, progress).await
        }
        Err(error) => {
            let interrupted = shutdown.is_cancelled();
            shutdown.cancel();
            progress.say("ending");
            in_process.join_all().await;
            supervisor.stop_all().await;
            if interrupted { Ok(()) } else { Err(error) }
        }
    };
    crate::files::remove_file(&dev_json::path(&place.data))?;
    end.finish()?;
    outcome
}

/// Brings schema, people and services up; what it gives is `dev.json` as it will be.
async fn prepare(
    args: &UpArgs,
    stack: &mut Stack,
    configured: &Configured,
    progress: &Progress,
    shutdown: &CancellationToken,
    in_process: &mut JoinSet<anyhow::Result<()>>,
) -> anyhow::Result<DevJson> {
    let ports = split::ports(args, configured, &mut stack.ports)?;
    let read_database_url = match args.read_database {
        true => Some(read_database::ensure(&stack.database_url).await?),
        false => None,
    };
    let addresses = Addresses {
        database_url: stack.database_url.clone(),
        read_database_url,
        nats_url: stack.nats_url.clone(),
        redis_url: stack.redis_url.clone(),
        api_port: ports.first_api(),
        metrics_port: ports.first_metrics(),
    };
    let rate_limits = if args.production_limits { RateLimits::Production } else { RateLimits::Raised };
    let settings_file = settings::write(&stack.place, configured, &stack.secrets, &addresses, rate_limits)?;
    let settings = Settings::load(Some(&settings_file))?;
    progress.say("migrating");
    match configured.text("database_url")? {
        Some(_) => bootstrap::migrate_configured(&settings).await?,
        None => bootstrap::migrate(&settings).await?,
    }
    let read_database_url =
        settings.has_read_database().then(|| settings.owner_read_database_url().expose_secret().to_owned());
    // Where a server is configured, mail goes there.
    let mail_folder = settings.mail_folder.clone().filter(|_| settings.mail_smtp_url.is_none());
    let cors_origin = settings.cors_origin_list().next().map(str::to_owned);
    let people = People::of_the_demo();
    progress.say("making the demo tenant");
    bootstrap::people(&settings, &people).await?;

    progress.say("starting the services");
    if args.split.split {
        for plan in split::plans(&stack.place, &ports, &settings_file)? {
            stack.supervisor.add(plan).await?;
        }
    } else {
        in_process::start(settings, ports.first_api(), shutdown, in_process).await?;
        for name in ["api-0", "projections-0", "workers-0"] {
            stack.supervisor.add_guest(name, i32::try_from(process::id())?);
        }
    }
    Ok(DevJson {
        base_url: ports.base_url(),
        metrics_url: ports.metrics_url(),
        docs_url: format!("{}/docs", ports.base_url()),
        database_url: stack.database_url.clone(),
        read_database_url,
        nats_url: stack.nats_url.clone(),
        redis_url: stack.redis_url.clone(),
        tenant: bootstrap::TENANT.to_owned(),
        admin: people.admin,
        editor: people.editor,
        member: people.member,
        pids: stack.supervisor.pids(),
        cors_origin,
        mail_folder,
        stripe_webhook_secret: None,
        signing_key_file: stack.secrets.signing_key_file.clone(),
        base_urls: ports.base_urls(),
        other_tenant: people.other,
    })
}

/// A stack whose services have been started.
struct Watched {
    supervisor: Supervisor,
    in_process: JoinSet<anyhow::Result<()>>,
    shutdown: CancellationToken,
}

impl Watched {
    async fn until_the_end(
        mut self,
        args: &UpArgs,
        place: &Place,
        json: DevJson,
        origins: &[String],
        progress: Progress,
    ) -> anyhow::Result<()> {
        let (ask, requests) = mpsc::channel(16);
        let control = Control::open(&place.data).await?;
        let control = tokio::spawn(control.run(ask.clone(), self.shutdown.clone()));
        let supervisor = tokio::spawn(self.supervisor.run(requests, self.shutdown.clone()));
        // The order counts: services that end because they were asked to have not failed.
        let opened = tokio::select! {
            biased;
            () = self.shutdown.cancelled() => Ok(()),
            opened = open(args, place, json, origins, progress, &ask) => opened,
            ended = first_end(&mut self.in_process) => ended,
        };
        let outcome = match opened {
            Ok(()) if !self.shutdown.is_cancelled() => tokio::select! {
                biased;
                () = self.shutdown.cancelled() => Ok(()),
                ended = first_end(&mut self.in_process) => ended,
            },
            other => other,
        };
        eprintln!("\nending; the data stays in {}", place.data.display());
        self.shutdown.cancel();
        let services = all_ended(self.in_process).await;
        control.await.context("the control port")?;
        supervisor.await.context("the supervisor")?.stop_all().await;
        outcome.and(services)
    }
}

/// Waits until all API processes are ready, seeds, writes `dev.json`, and greets.
async fn open(
    args: &UpArgs,
    place: &Place,
    json: DevJson,
    origins: &[String],
    progress: Progress,
    ask: &mpsc::Sender<Asked>,
) -> anyhow::Result<()> {
    progress.say("waiting until the API is ready");
    for url in &json.base_urls {
        ready::wait(url, PATIENCE, place).await?;
    }
    if !args.no_seed {
        progress.say("writing some posts");
        seed::once(place, &json).await?;
    }
    let publish = Request::Publish(Box::new(json.clone()));
    if args.own_session {
        // The `up --detach` that waits for `dev.json` greets; what it can not know is in our log before that.
        origins.iter().for_each(|origin| println!("{origin}"));
        request_of(ask, publish).await?;
        return Ok(());
    }
    request_of(ask, publish).await?;
    let took = progress.finish();
    greeting::print(&json, origins, place, took);
    println!("Ctrl-C ends it and keeps the data.");
    Ok(())
}

/// The first service of this process that ends; never, when there is none.
async fn first_end(services: &mut JoinSet<anyhow::Result<()>>) -> anyhow::Result<()> {
    match services.join_next().await {
        Some(ended) => ended.context("a service panicked")?.and_then(|()| anyhow::bail!("a service ended by itself")),
        None => std::future::pending().await,
    }
}

async fn all_ended(mut services: JoinSet<anyhow::Result<()>>) -> anyhow::Result<()> {
    let mut outcome = Ok(());
    while let Some(ended) = services.join_next().await {
        outcome = outcome.and(ended.context("a service panicked")?);
    }
    outcome
}
