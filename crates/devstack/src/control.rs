//! How `cargo dev stop|start|restart|status` reach a running `up`: a loopback port, and a token that only the
//! owner of the data directory can read. One line of JSON asks, one answers.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::files;
use crate::secrets::random_word;
use crate::supervise::{Asked, Request, State};

const LONGEST_LINE: u64 = 4096;

/// What can be asked from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    /// Stop a process.
    Stop,
    /// Start a process.
    Start,
    /// Stop and start it.
    Restart,
    /// Tell about all.
    Status,
}

#[derive(Debug, Serialize, Deserialize)]
struct Address {
    port: u16,
    token: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Question {
    token: String,
    verb: Verb,
    name: String,
}

/// The port on which a running `up` listens.
#[derive(Debug)]
pub struct Control {
    listener: TcpListener,
    token: String,
    file: PathBuf,
}

impl Control {
    /// Listens, and tells where in the data directory.
    pub async fn open(data: &Path) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = Address { port: listener.local_addr()?.port(), token: random_word() };
        let file = address_file(data);
        files::write_private(&file, &serde_json::to_vec(&address)?)?;
        Ok(Self { listener, token: address.token, file })
    }

    /// Answers one caller after another until `shutdown`.
    pub async fn run(self, supervisor: mpsc::Sender<Asked>, shutdown: CancellationToken) {
        loop {
            tokio::select! {
                () = shutdown.cancelled() => break,
                accepted = self.listener.accept() => {
                    let Ok((stream, _)) = accepted else { continue };
                    if let Err(error) = answer(stream, &self.token, &supervisor).await {
                        tracing::debug!(error = format!("{error:#}"), "a caller of the control port went away");
                    }
                }
            }
        }
        let _already_absent = files::remove_file(&self.file);
    }
}

/// Asks a running `up`.
pub async fn ask(data: &Path, verb: Verb, name: &str) -> anyhow::Result<Vec<State>> {
    let file = address_file(data);
    let bytes = std::fs::read(&file)
        .with_context(|| format!("nothing runs in {}; start it with `cargo dev up`", data.display()))?;
    let address: Address = serde_json::from_slice(&bytes)?;
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, address.port))
        .await
        .with_context(|| format!("nothing runs in {} any more; start it with `cargo dev up`", data.display()))?;
    let mut line = serde_json::to_vec(&Question { token: address.token, verb, name: name.to_owned() })?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    match serde_json::from_str::<Result<Vec<State>, String>>(&text).context("`up` gave no answer")? {
        Ok(states) => Ok(states),
        Err(message) => bail!(message),
    }
}

async fn answer(stream: TcpStream, token: &str, supervisor: &mpsc::Sender<Asked>) -> anyhow::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut line = String::new();
    let mut reader = BufReader::new(reader.take(LONGEST_LINE));
    tokio::time::timeout(Duration::from_secs(2), reader.read_line(&mut line)).await??;
    let question: Question = serde_json::from_str(&line)?;
    let result = if question.token == token {
        pass_on(question, supervisor).await.map_err(|error| format!("{error:#}"))
    } else {
        Err("wrong token".to_owned())
    };
    writer.write_all(&serde_json::to_vec(&result)?).await?;
    Ok(())
}

async fn pass_on(question: Question, supervisor: &mpsc::Sender<Asked>) -> anyhow::Result<Vec<State>> {
    let request = match question.verb {
        Verb::Stop => Request::Stop(question.name),
        Verb::Start => Request::Start(question.name),
        Verb::Restart => Request::Restart(question.name),
        Verb::Status => Request::Status,
    };
    request_of(supervisor, request).await
}

/// Asks the supervisor of this process.
pub async fn request_of(supervisor: &mpsc::Sender<Asked>, request: Request) -> anyhow::Result<Vec<State>> {
    let (answer, answered) = oneshot::channel();
    supervisor.send((request, answer)).await.context("the stack is ending")?;
    answered.await.context("the stack is ending")?
}

fn address_file(data: &Path) -> PathBuf {
    data.join("control.json")
}
