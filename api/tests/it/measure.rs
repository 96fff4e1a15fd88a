//! How fast a remembered answer is beside a constant one of the same server. Not part of the suite:
//! `cargo test -p tidemark-api --test it -- --ignored measure --nocapture`.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::posts::{create, published};
use crate::support::{PASSWORD, TestApp};

const CONNECTIONS: usize = 64;
const SECONDS: u64 = 3;

/// Requests a second for `path`, over connections that are kept.
async fn rate(address: &str, path: &str, extra: &str) -> f64 {
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{extra}\r\n");
    let until = Instant::now() + Duration::from_secs(SECONDS);
    let counts = join_all((0..CONNECTIONS).map(|_| async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let mut buffer = vec![0; 1 << 16];
        let mut count = 0_u64;
        while Instant::now() < until {
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut filled = 0;
            loop {
                filled += stream.read(&mut buffer[filled..]).await.unwrap();
                if is_whole(&buffer[..filled]) {
                    break;
                }
            }
            assert!(
                buffer.starts_with(b"HTTP/1.1 200") || buffer.starts_with(b"HTTP/1.1 304"),
                "{}",
                String::from_utf8_lossy(&buffer[..filled])
            );
            count += 1;
        }
        count
    }));
    counts.await.into_iter().sum::<u64>() as f64 / SECONDS as f64
}

fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |length| length.parse().unwrap());
    answer.len() >= end + 4 + length
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures"]
async fn measure_remembered_answers() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let mut post = create(&app, &editor, &published("Measured")).await;
    for n in 0..30 {
        post = create(&app, &editor, &published(&format!("Measured {n}"))).await;
    }
    let one = format!("/api/v1/posts/{}", post.text("id"));
    let seen = app.get(&one["/api/v1".len()..]).header("tidemark-after", post.position()).send().await.expect(200);
    let known = format!("if-none-match: {}\r\n", seen.header("etag").unwrap());
    let signed_in = format!("authorization: Bearer {}\r\n", editor.token);
    let address = app.base.trim_start_matches("http://").to_owned();
    for round in 1..=3 {
        let constant = rate(&address, "/health/live", "").await;
        for (what, path, extra) in [
            ("one post", &*one, ""),
            ("one post, 304", &one, &known),
            ("one post, signed in", &one, &signed_in),
            ("a page of 20", "/api/v1/posts", ""),
            ("categories", "/api/v1/settings/categories", ""),
        ] {
            let rate = rate(&address, path, extra).await;
            println!(
                "round {round}: {what}: {rate:.0}/s, {:.2} of the constant route's {constant:.0}/s",
                rate / constant
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures"]
async fn measure_refreshes_beside_plain_commands() {
    let app = TestApp::start_with(|settings| settings.password_hashing_kib = 1_024).await;
    let mut people = Vec::new();
    for n in 0..CONNECTIONS {
        let body =
            json!({ "email": format!("p{n}@example.com"), "password": PASSWORD, "name": "P", "tokenDelivery": "body" });
        let person = app.post("/auth/register", &body).send().await.expect(201);
        people.push((person.text("accessToken"), person.text("refreshToken")));
    }
    let (client, base) = (&app.client, &app.base);
    let until = || Instant::now() + Duration::from_secs(SECONDS);
    let commands = async || {
        let until = until();
        let counts = join_all(people.iter().map(|(access, _)| async move {
            let mut count = 0_u64;
            while Instant::now() < until {
                let asked = client.patch(format!("{base}/api/v1/auth/me")).bearer_auth(access);
                let asked = asked.header("content-type", "application/json").body(format!(r#"{{"name":"P {count}"}}"#));
                assert_eq!(asked.send().await.unwrap().status(), 200);
                count += 1;
            }
            count
        }));
        counts.await.into_iter().sum::<u64>() as f64 / SECONDS as f64
    };
    let tokens: Vec<_> = people.iter().map(|(_, refresh)| tokio::sync::Mutex::new(refresh.clone())).collect();
    let refreshes = async || {
        let until = until();
        let counts = join_all(tokens.iter().map(|token| async move {
            let (mut token, mut count) = (token.lock().await, 0_u64);
            while Instant::now() < until {
                let body = json!({ "refreshToken": *token, "tokenDelivery": "body" }).to_string();
                let asked = client.post(format!("{base}/api/v1/auth/refresh"));
                let asked = asked.header("content-type", "application/json").body(body).send().await.unwrap();
                assert_eq!(asked.status(), 200);
                let answer: serde_json::Value = serde_json::from_slice(&asked.bytes().await.unwrap()).unwrap();
                *token = answer["refreshToken"].as_str().unwrap().to_owned();
                count += 1;
            }
            count
        }));
        counts.await.into_iter().sum::<u64>() as f64 / SECONDS as f64
    };
    for _ in 0..3 {
        let (commands, refreshes) = (commands().await, refreshes().await);
        println!("commands {commands:.0}/s, refreshes {refreshes:.0}/s, {:.2}", refreshes / commands);
    }
}
