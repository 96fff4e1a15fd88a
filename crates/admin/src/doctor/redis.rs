//! Redis, where there is one: whether it answers a PING.

use std::io;
use std::time::Duration;

use tidemark_runtime::Settings;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use url::Url;

use super::Check;

const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn examine(settings: &Settings) -> Check {
    let Some(url) = &settings.redis_url else {
        return Check::ok("redis", "not configured; caches and rate limits are each process's own");
    };
    let Some(url) = Url::parse(url).ok().filter(|url| url.scheme() == "redis") else {
        return Check::warn(
            "redis",
            "only redis:// addresses can be tried from here",
            "see the services' readiness instead",
        );
    };
    let advice = "is the server up, and is `redis_url` right? All goes on without it";
    match tokio::time::timeout(PATIENCE, ping(&url)).await {
        Ok(Ok(answer)) if answer == "+PONG" => Check::ok("redis", "answers"),
        Ok(Ok(answer)) => Check::fail("redis", format!("answers `{answer}` to PING"), advice),
        Ok(Err(error)) => Check::fail("redis", format!("does not answer: {error}"), advice),
        Err(_) => Check::fail("redis", format!("does not answer in {} s", PATIENCE.as_secs()), advice),
    }
}

/// The last line of what the server answers to an AUTH, where there are credentials, and a PING.
async fn ping(url: &Url) -> io::Result<String> {
    let mut stream =
        BufReader::new(TcpStream::connect((url.host_str().unwrap_or("127.0.0.1"), url.port().unwrap_or(6379))).await?);
    if let Some(password) = url.password() {
        let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let user = decode(url.username());
        let words = if user.is_empty() {
            vec!["AUTH".to_owned(), decode(password)]
        } else {
            vec!["AUTH".to_owned(), user, decode(password)]
        };
        let answer = ask(&mut stream, &words).await?;
        if answer != "+OK" {
            return Ok(answer);
        }
    }
    ask(&mut stream, &["PING".to_owned()]).await
}

async fn ask(stream: &mut BufReader<TcpStream>, words: &[String]) -> io::Result<String> {
    let mut request = format!("*{}\r\n", words.len());
    for word in words {
        request.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_line(&mut answer).await?;
    Ok(answer.trim_end().to_owned())
}
