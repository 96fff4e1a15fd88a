//! A mail server as bad as the real ones: it hangs, refuses, defers, and forgets to say that it has taken a mail.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// How it treats a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Takes,
    /// Closes the connection at once.
    Refuses,
    /// Says nothing at all.
    Hangs,
    /// `451` for the recipient.
    Greylists,
    /// `550` for the recipient, with the address in it.
    KnowsNobody,
    /// `530`: nobody may send here who does not sign in.
    WantsPassword,
    /// Takes the mail and closes the connection without a word.
    DropsAfterData,
}

/// What it was handed: the recipients and the message.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) recipients: Vec<String>,
    pub(crate) message: String,
}

pub(crate) struct MailServer {
    pub(crate) url: String,
    moods: Arc<Mutex<VecDeque<Mood>>>,
    taken: Arc<Mutex<Vec<Taken>>>,
    accepting: JoinHandle<()>,
}

impl MailServer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let (moods, taken) = (Arc::<Mutex<VecDeque<Mood>>>::default(), Arc::<Mutex<Vec<Taken>>>::default());
        let accepting = tokio::spawn({
            let (moods, taken) = (Arc::clone(&moods), Arc::clone(&taken));
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    let mood = moods.lock().unwrap().pop_front().unwrap_or(Mood::Takes);
                    tokio::spawn(serve(client, mood, Arc::clone(&taken)));
                }
            }
        });
        Self { url, moods, taken, accepting }
    }

    /// How it treats the next connections; those after them it serves well.
    pub(crate) fn expect(&self, moods: &[Mood]) {
        self.moods.lock().unwrap().extend(moods);
    }

    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(client: TcpStream, mood: Mood, taken: Arc<Mutex<Vec<Taken>>>) -> std::io::Result<()> {
    if mood == Mood::Refuses {
        return Ok(());
    }
    let mut client = BufReader::new(client);
    if mood == Mood::Hangs {
        let mut line = String::new();
        client.read_line(&mut line).await?;
        return Ok(());
    }
    client.write_all(b"220 mail.test ESMTP\r\n").await?;
    let mut recipients = Vec::new();
    loop {
        let mut line = String::new();
        if client.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let word = line.get(..4).unwrap_or_default().to_uppercase();
        let answer = match (word.as_str(), mood) {
            ("EHLO" | "HELO" | "RSET" | "NOOP", _) => "250 ok".to_owned(),
            ("MAIL", Mood::WantsPassword) => "530 5.7.0 authentication required".to_owned(),
            ("MAIL", _) => "250 ok".to_owned(),
            ("RCPT", Mood::Greylists) => "451 4.7.1 greylisted, come back".to_owned(),
            ("RCPT", Mood::KnowsNobody) => format!("550 5.1.1 no such box: {}", address(&line)),
            ("RCPT", _) => {
                recipients.push(address(&line));
                "250 ok".to_owned()
            }
            ("DATA", _) => {
                client.write_all(b"354 go on\r\n").await?;
                let message = read_message(&mut client).await?;
                taken.lock().unwrap().push(Taken { recipients: std::mem::take(&mut recipients), message });
                if mood == Mood::DropsAfterData {
                    return Ok(());
                }
                "250 taken".to_owned()
            }
            ("QUIT", _) => {
                client.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "500 what?".to_owned(),
        };
        client.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

async fn read_message(client: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut message = String::new();
    loop {
        let mut line = String::new();
        if client.read_line(&mut line).await? == 0 || line == ".\r\n" {
            return Ok(message);
        }
        message.push_str(&line);
    }
}

fn address(line: &str) -> String {
    line.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}
