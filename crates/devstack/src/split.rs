//! `up --split`: api, projections and workers as processes of their own, as many as wanted.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::cargo;
use crate::children::Plan;
use crate::cli::UpArgs;
use crate::place::Place;
use crate::ports::Ports;
use crate::progress::Progress;
use crate::settings::Configured;

/// Where people expect a development API.
const USUAL_PORT: u16 = 8080;

/// The ports of all service processes.
#[derive(Debug)]
pub struct ServicePorts {
    services: Vec<Service>,
}

#[derive(Debug)]
struct Service {
    kind: &'static str,
    name: String,
    listen: Option<u16>,
    metrics: u16,
}

/// Picks the ports: one API and one metrics address in one process, one metrics address a process otherwise.
pub fn ports(args: &UpArgs, configured: &Configured, ports: &mut Ports) -> anyhow::Result<ServicePorts> {
    let counts = if args.split.split {
        [("api", args.split.api), ("projections", args.split.projections), ("workers", args.split.workers)]
    } else {
        [("api", 1), ("projections", 0), ("workers", 0)]
    };
    let wanted = match args.port {
        Some(port) => Some(port),
        None => configured.text("listen")?.and_then(|listen| listen.rsplit_once(':')?.1.parse().ok()),
    };
    let mut services = Vec::new();
    for (kind, count) in counts {
        for index in 0..count {
            let name = format!("{kind}-{index}");
            let listen = match (kind, index, wanted) {
                ("api", 0, Some(port)) => Some(ports.claim(&name, port)?),
                ("api", 0, None) => Some(ports.pick(&name, Some(USUAL_PORT))?),
                ("api", ..) => Some(ports.pick(&name, None)?),
                _ => None,
            };
            let metrics = ports.pick(&format!("{name}-metrics"), None)?;
            services.push(Service { kind, name, listen, metrics });
        }
    }
    Ok(ServicePorts { services })
}

impl ServicePorts {
    /// The port of the first API process.
    pub fn first_api(&self) -> u16 {
        self.services.iter().find_map(|service| service.listen).unwrap_or(USUAL_PORT)
    }

    /// The port of the first metrics address.
    pub fn first_metrics(&self) -> u16 {
        self.services.first().map_or(0, |service| service.metrics)
    }

    /// The URL of the first API process.
    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.first_api())
    }

    /// The URLs of all API processes.
    pub fn base_urls(&self) -> Vec<String> {
        self.services.iter().filter_map(|service| Some(format!("http://127.0.0.1:{}", service.listen?))).collect()
    }

    /// The URL of the first process' metrics.
    pub fn metrics_url(&self) -> String {
        format!("http://127.0.0.1:{}/metrics", self.first_metrics())
    }
}

/// Builds the three binaries, so that what is started is what the checkout says.
pub fn build(place: &Place, progress: &Progress) -> anyhow::Result<()> {
    progress.say("building api, projections and workers");
    cargo::build(place, &["tidemark-api", "tidemark-projections", "tidemark-workers"])
}

/// What to run for each process.
pub fn plans(place: &Place, ports: &ServicePorts, settings_file: &Path) -> anyhow::Result<Vec<Plan>> {
    ports.services.iter().map(|service| plan(place, service, settings_file)).collect()
}

fn plan(place: &Place, service: &Service, settings_file: &Path) -> anyhow::Result<Plan> {
    let mut plan = Plan::service(place, &service.name, sibling(service.kind)?, Vec::new());
    let mut set = |name: &str, value: OsString| plan.env.push((name.to_owned(), value));
    set("TIDEMARK_CONFIG", settings_file.into());
    set("TIDEMARK_METRICS_LISTEN", format!("127.0.0.1:{}", service.metrics).into());
    if let Some(port) = service.listen {
        set("TIDEMARK_LISTEN", format!("127.0.0.1:{port}").into());
    }
    Ok(plan)
}

/// The binary of this name that was built beside this one.
pub fn sibling(name: &str) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let own = PathBuf::from(own.to_string_lossy().trim_end_matches(" (deleted)"));
    let path = own.parent().context("a program lies in a directory")?.join(name);
    anyhow::ensure!(path.exists(), "{} is not there; build it with `cargo build`", path.display());
    Ok(path)
}
