//! What holds for every answer: which route it is of, how it is compressed, and how it comes over TLS.

use std::collections::BTreeSet;
use std::io::Read;
use std::sync::Arc;

use reqwest::Method;
use rustls_pki_types::ServerName;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::permissions::NOTHING;
use crate::support::{PASSWORD, TestApp, eventually, soon};

#[tokio::test]
async fn a_compressed_answer_is_the_same_answer_and_its_tag_works_everywhere() {
    let app = TestApp::start().await;
    let editor = app.editor().await;
    let long = json!({ "title": "Long", "content": "All work and no play. ".repeat(500), "category": "tech", "published": true });
    let made = app.post("/posts", &long).token(&editor.token).send().await.expect(201);
    let path = format!("/posts/{}", made.text("id"));
    let get = || app.get(&path).token(&editor.token).header("tidemark-after", made.position());
    let plain = get().send().await.expect(200);
    assert!(plain.header("vary").unwrap().contains("accept-encoding"));
    assert_eq!(plain.header("content-encoding"), None);

    let packed = get().header("accept-encoding", "gzip").send().await.expect(200);
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(&*packed.body).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, plain.body);
    assert!(packed.body.len() * 10 < unpacked.len());
    let (tag, plain_tag) = (packed.header("etag").unwrap(), plain.header("etag").unwrap());
    assert_eq!(tag.replace("-gzip", ""), plain_tag);
    assert_ne!(tag, plain_tag);

    for known in [tag, plain_tag] {
        for coding in ["gzip", "identity"] {
            let same = get().header("accept-encoding", coding).header("if-none-match", known).send().await.expect(304);
            assert_eq!((same.header("etag"), same.header("content-encoding")), (Some(known), None));
        }
    }
    let change = app.patch(&path, &json!({ "title": "Longer" })).token(&editor.token).header("if-match", tag);
    change.send().await.expect(200);
    let late = app.patch(&path, &json!({ "title": "Late" })).token(&editor.token).header("if-match", tag);
    late.send().await.expect_problem(412, "VERSION_MISMATCH");
}

#[tokio::test]
async fn codings_that_nobody_knows_do_no_harm() {
    let app = TestApp::start().await;
    for coding in ["identity;q=0", "*;q=0", "deflate", "gzip;q=2", "\x7f"] {
        app.get("/tags").header("accept-encoding", coding.replace('\x7f', "?")).send().await.expect(200);
    }
}

/// Both the edge and the router look every route up, and what either did not find would be 404.
#[tokio::test]
async fn every_route_of_the_document_is_there_with_its_methods_and_no_others() {
    let app = TestApp::start().await;
    let document = serde_json::to_value(tidemark_api::openapi::document()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        let refused = app.ask(Method::TRACE, &filled(path)).send().await.expect_problem(405, "METHOD_NOT_ALLOWED");
        let allowed: BTreeSet<String> = refused.header("allow").unwrap().split(',').map(str::to_owned).collect();
        let mut documented: BTreeSet<String> =
            item.as_object().unwrap().keys().map(|name| name.to_uppercase()).collect();
        if documented.contains("GET") {
            documented.insert("HEAD".to_owned());
        }
        assert_eq!(allowed, documented, "{path}");
    }
}

/// A path with an id that names nothing for whatever varies.
fn filled(path: &str) -> String {
    let fill = |segment| if str::starts_with(segment, '{') { NOTHING } else { segment };
    path.split('/').map(fill).collect::<Vec<_>>().join("/")
}

/// A certificate for localhost, in files, and a client that knows it.
struct Tls {
    folder: tempfile::TempDir,
    roots: RootCertStore,
}

impl Tls {
    fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("cert.pem"), made.cert.pem()).unwrap();
        std::fs::write(folder.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        Self { folder, roots }
    }

    async fn connect(&self, address: &str, protocol: &[u8]) -> std::io::Result<TlsStream<TcpStream>> {
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let mut config = config.with_root_certificates(self.roots.clone()).with_no_client_auth();
        config.alpn_protocols = vec![protocol.to_vec()];
        let stream = TcpStream::connect(address).await?;
        TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), stream).await
    }
}

#[tokio::test]
async fn with_a_certificate_it_speaks_tls_and_keeps_browsers_there() {
    let tls = Tls::new();
    let app = TestApp::start_on(crate::support::TestDatabase::new().await, |settings| {
        settings.tls_certificate_file = Some(tls.folder.path().join("cert.pem"));
        settings.tls_key_file = Some(tls.folder.path().join("key.pem"));
    })
    .await;
    let address = app.base.strip_prefix("http://").unwrap();
    let ask = async |request: String| {
        let mut client = tls.connect(address, b"http/1.1").await.unwrap();
        client.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        soon("the answer", client.read_to_string(&mut answer)).await.unwrap();
        answer
    };
    let get = |path: &str| ask(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"));
    eventually("it is ready", async || get("/health/ready").await.starts_with("HTTP/1.1 200")).await;
    // What cannot be read never comes to a route, and is told so all the same.
    let unreadable = ask("GET / HTTP/1.1\r\n x: y\r\n\r\n".to_owned());
    for (answer, status) in [(get("/api/v1/nowhere").await, "404"), (unreadable.await, "400")] {
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        assert!(answer.contains("\r\nstrict-transport-security: max-age="), "{answer}");
    }

    let http2 = tls.connect(address, b"h2").await.unwrap();
    assert_eq!(http2.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    // Whoever speaks without TLS, or nothing at all, harms nobody.
    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _reset = soon("the end", plain.read_to_end(&mut answer)).await;
    assert!(!answer.starts_with(b"HTTP"));
    assert!(get("/health/live").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_that_floods_the_log_does_not_shut_the_others_out() {
    let app = TestApp::start_with(|settings| settings.append_queue = 64).await;
    app.create_tenant("acme").await;
    let (flooding, other) = (app.editor().await, app.person("acme", tidemark_kernel::Role::Editor).await);
    let post = json!({ "title": "One of many", "content": "Text.", "category": "tech" });
    app.post("/posts", &post).token(&flooding.token).send().await.expect(201);
    app.post("/posts", &post).tenant("acme").token(&other.token).send().await.expect(201);
    let held = crate::faults::hold_the_log(&app).await;
    let flood: Vec<_> =
        (0..40).map(|_| tokio::spawn(app.post("/posts", &post).token(&flooding.token).send())).collect();
    let turned_away = async || {
        let answer = app.post("/posts", &post).token(&flooding.token).send();
        let answer = tokio::time::timeout(std::time::Duration::from_millis(500), answer).await;
        answer.is_ok_and(|answer| answer.expect_problem(503, "OVERLOADED").header("retry-after") == Some("1"))
    };
    eventually("the flood is stopped", turned_away).await;
    let waiting = tokio::spawn(app.post("/posts", &post).tenant("acme").token(&other.token).send());
    // Queries of the flooding tenant go on as well.
    app.get("/posts").send().await.expect(200);
    held.rollback().await.unwrap();
    waiting.await.unwrap().expect(201);
    let mut let_in = 0;
    for asked in flood {
        let_in += usize::from(asked.await.unwrap().status == 201);
    }
    assert!((1..=32).contains(&let_in), "{let_in}");
    app.sign_in("demo", &flooding.email, PASSWORD).await;
    app.ask(Method::GET, "/health/ready").send().await.expect(200);
}
