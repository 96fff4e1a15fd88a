//! Postgres by Docker Compose, where an engine answers and no program was found.
//!
//! A container does not die with us, so its end is asked for: by `up` when it ends, by `down`, and by the next start.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::programs::output_of;
use crate::place::{Place, short_hash};

const IMAGE: &str = "postgres:17-alpine";

/// The container of one stack.
#[derive(Debug, Clone)]
pub struct Compose {
    project: String,
    file: PathBuf,
}

/// Whether `docker compose` exists and an engine answers it.
pub fn engine_answers() -> bool {
    let quiet = |args: &[&str]| {
        Command::new("docker").args(args).stdin(Stdio::null()).output().is_ok_and(|output| output.status.success())
    };
    quiet(&["compose", "version"]) && quiet(&["info"])
}

impl Compose {
    /// The container of this place, as an earlier start left it.
    pub fn existing(place: &Place) -> Option<Self> {
        let file = place.data.join("compose.yml");
        file.exists().then(|| Self { project: project_name(&place.data), file })
    }

    /// Describes the container: on the loopback address, its data in a volume of its own.
    pub fn describe(place: &Place, port: u16, password_file: &Path, settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let file = place.data.join("compose.yml");
        let command: String = settings.iter().map(|(key, value)| format!(", \"-c\", \"{key}={value}\"")).collect();
        let text = format!(
            r#"# Written by `cargo dev up`.
services:
  postgres:
    image: {IMAGE}
    command: ["postgres"{command}]
    environment:
      POSTGRES_USER: tidemark
      POSTGRES_DB: tidemark
      POSTGRES_PASSWORD_FILE: /run/secrets/owner
      POSTGRES_INITDB_ARGS: "--encoding=UTF8 --auth-host=scram-sha-256"
    secrets: [owner]
    shm_size: 512m
    stop_signal: SIGINT
    ports: ["127.0.0.1:{port}:5432"]
    volumes: ["data:/var/lib/postgresql/data"]
volumes:
  data:
secrets:
  owner:
    file: {}
"#,
            password_file.display()
        );
        fs::write(&file, text)?;
        Ok(Self { project: project_name(&place.data), file })
    }

    /// Starts it and gives its process' number as the engine's machine knows it.
    pub fn up(&self) -> anyhow::Result<Option<i32>> {
        self.call(&["up", "--detach", "--remove-orphans"])?;
        let id = self.call(&["ps", "--quiet", "postgres"])?;
        let pid = output_of(Command::new("docker").args(["inspect", "--format", "{{.State.Pid}}", id.trim()]))?;
        Ok(pid.trim().parse().ok().filter(|pid| *pid > 0))
    }

    /// Stops it and keeps its data.
    pub fn stop(&self) -> anyhow::Result<()> {
        self.call(&["stop"]).map(|_| ())
    }

    /// Removes it and its data.
    pub fn remove(&self) -> anyhow::Result<()> {
        self.call(&["down", "--volumes"]).map(|_| ())
    }

    fn call(&self, args: &[&str]) -> anyhow::Result<String> {
        let mut command = Command::new("docker");
        command.args(["compose", "--project-name", &self.project, "--file"]).arg(&self.file).args(args);
        output_of(command.stdin(Stdio::null()))
    }
}

fn project_name(data: &Path) -> String {
    format!("tidemark-dev-{}", short_hash(data))
}
