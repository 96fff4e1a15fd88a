//! A real provider, started by the test: `oidc-provider`, which is certified and knows nothing of us.

use std::process::Stdio;
use std::time::Duration;

use tidemark_runtime::OidcProvider;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use url::Url;

use super::{Browser, app_with, events_of_people};
use crate::support::{TestApp, soon};

/// Node and the folder with the provider, which `cargo dev test` names where they can be had; it says so where not.
fn helper() -> Option<(String, String)> {
    let node = std::env::var("TIDEMARK_TEST_NODE").ok()?;
    let folder = std::env::var("TIDEMARK_TEST_OIDC_PROVIDER").ok()?;
    Some((node, folder))
}

/// A provider that ends with its test.
struct Real {
    issuer: String,
    /// It goes on speaking, and would end where nobody listened.
    _spoken: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

impl Real {
    async fn start(node: &str, folder: &str, redirect_uri: &str) -> Self {
        let mut child = Command::new(node)
            .arg("provider.mjs")
            .arg(redirect_uri)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let issuer = soon("the provider starts", async {
            loop {
                let line = lines.next_line().await.unwrap().expect("the provider ended");
                if line.starts_with("http://") {
                    return line;
                }
            }
        })
        .await;
        Self { issuer, _spoken: lines, _child: child }
    }
}

/// Somebody at the provider: signs in and consents, until the browser is sent back. Gives the address it is sent to.
async fn at_provider(url: &str, login: &str, back: &str) -> Url {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .cookie_store(true)
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap();
    let mut next = Url::parse(url).unwrap();
    for _ in 0..12 {
        let answer = client.get(next.clone()).send().await.unwrap();
        let status = answer.status();
        let answer = if status.is_redirection() {
            answer
        } else {
            let page = answer.text().await.unwrap();
            assert!(status.is_success(), "{status}: {page}");
            let action = page.split("action=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a form");
            let prompt = if page.contains("value=\"login\"") { "login" } else { "consent" };
            let form = [("prompt", prompt), ("login", login), ("password", "any")];
            let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
            let asked = client.post(next.join(action).unwrap()).body(body);
            asked.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap()
        };
        let location = answer.headers()["location"].to_str().unwrap().to_owned();
        next = next.join(&location).unwrap();
        if next.as_str().starts_with(back) {
            return next;
        }
    }
    panic!("the provider never sends the browser back: {next}");
}

fn login(claims: &serde_json::Value) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims.to_string())
}

/// An API that knows the provider, which in turn knows where the API is.
async fn with_provider(node: &str, folder: &str) -> (TestApp, Real) {
    // The provider has to know the API's address, and the API the provider's: the provider is started for a port that the
    // API is then reached at under the name of its host.
    let back = "http://api.localhost/api/v1/auth/oidc/real/callback";
    let real = Real::start(node, folder, back).await;
    let provider = OidcProvider {
        name: "real".to_owned(),
        issuer: real.issuer.clone(),
        client_id: "tidemark".to_owned(),
        client_secret: Some("the secret of a client".into()),
        scopes: vec!["email".to_owned(), "profile".to_owned()],
    };
    (app_with(vec![provider]).await, real)
}

#[tokio::test]
async fn a_real_provider_signs_somebody_in() {
    let Some((node, folder)) = helper() else {
        println!("skipped: there is no Node with oidc-provider");
        return;
    };
    let (app, _real) = with_provider(&node, &folder).await;
    let ada =
        login(&serde_json::json!({ "sub": "ada", "email": "ada@example.com", "email_verified": true, "name": "Ada" }));
    for expected in [vec!["UserRegistered", "UserEmailVerified", "UserIdentityLinked"], vec!["UserSignedIn"]] {
        let before = events_of_people(&app).await.len();
        let mut browser = Browser::on("api.localhost");
        let started = browser.get(&app, "/api/v1/auth/oidc/real/start?return_to=/welcome").await.expect(303);
        let back = at_provider(started.header("location").unwrap(), &ada, "http://api.localhost/").await;
        let path = format!("{}?{}", back.path(), back.query().unwrap());
        let answer = browser.get(&app, &path).await.expect(303);
        assert_eq!(answer.header("location"), Some("/welcome"));
        assert_eq!(events_of_people(&app).await[before..], expected[..]);
        let me = app.get("/auth/me").token(&browser.access_token(&app).await).send().await.expect(200);
        assert_eq!((me.text("email"), me.text("name")), ("ada@example.com".to_owned(), "Ada".to_owned()));
        // The code and the state are used up.
        browser.get(&app, &path).await.expect_problem(400, "OIDC_STATE_INVALID");
    }
}

#[tokio::test]
async fn a_real_provider_that_has_not_verified_an_address_signs_nobody_in() {
    let Some((node, folder)) = helper() else {
        println!("skipped: there is no Node with oidc-provider");
        return;
    };
    let (app, _real) = with_provider(&node, &folder).await;
    let bo = login(&serde_json::json!({ "sub": "bo", "email": "bo@example.com", "email_verified": false }));
    let mut browser = Browser::on("api.localhost");
    let started = browser.get(&app, "/api/v1/auth/oidc/real/start").await.expect(303);
    let back = at_provider(started.header("location").unwrap(), &bo, "http://api.localhost/").await;
    let path = format!("{}?{}", back.path(), back.query().unwrap());
    browser.get(&app, &path).await.expect_problem(403, "EMAIL_NOT_VERIFIED");
    assert!(events_of_people(&app).await.is_empty());
}
