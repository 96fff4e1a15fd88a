//! Signing in by an OpenID provider: by a real one, and past all the ways in which one, or somebody between, can lie.

mod attacks;
mod fake;
mod linking;
mod real;

use std::collections::HashMap;

use reqwest::Method;
use tidemark_runtime::OidcProviders;

use crate::support::{Answer, TestApp};
use fake::Fake;

/// A browser: it keeps cookies, and follows no redirect by itself.
#[derive(Default, Clone)]
struct Browser {
    cookies: HashMap<String, String>,
    /// What it calls the server, where that is not its address.
    host: Option<String>,
}

impl Browser {
    /// One that calls the server by `host`.
    fn on(host: &str) -> Self {
        Self { host: Some(host.to_owned()), ..Self::default() }
    }

    async fn get(&mut self, app: &TestApp, path: &str) -> Answer {
        let mut ask = app.ask(Method::GET, path);
        if let Some(host) = &self.host {
            ask = ask.header("host", host);
        }
        if !self.cookies.is_empty() {
            let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            ask = ask.header("cookie", pairs.join("; "));
        }
        let answer = ask.send().await;
        for set in answer.headers.get_all("set-cookie") {
            let set = set.to_str().unwrap();
            let (name, rest) = set.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            assert!(set.contains("; HttpOnly;") && set.contains("SameSite=Lax") && set.contains("Path=/;"), "{set}");
            if set.contains("Max-Age=0;") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// Begins a sign-in; what the provider is told by the address.
    async fn start(&mut self, app: &TestApp, provider: &str, return_to: &str) -> HashMap<String, String> {
        let encoded: String = url::form_urlencoded::byte_serialize(return_to.as_bytes()).collect();
        let path = format!("/api/v1/auth/oidc/{provider}/start?return_to={encoded}");
        let answer = self.get(app, &path).await.expect(303);
        let location = url::Url::parse(answer.header("location").unwrap()).unwrap();
        location.query_pairs().into_owned().collect()
    }

    async fn come_back(&mut self, app: &TestApp, provider: &str, state: &str, code: &str) -> Answer {
        self.get(app, &callback(provider, state, code)).await
    }

    /// All of it, as a person does it who means well.
    async fn sign_in(&mut self, app: &TestApp, fake: &Fake) -> Answer {
        let asked = self.start(app, "fake", "/welcome").await;
        let code = fake.visit(&asked);
        self.come_back(app, "fake", &asked["state"], &code).await
    }

    /// The access token that a page gets for the cookie.
    async fn access_token(&self, app: &TestApp) -> String {
        let cookie = format!("refresh-demo={}", self.cookies["refresh-demo"]);
        let asked = app.ask(Method::POST, "/api/v1/auth/refresh").header("cookie", cookie).header("origin", &app.base);
        asked.send().await.expect(200).text("accessToken")
    }

    fn is_signed_in(&self) -> bool {
        self.cookies.contains_key("refresh-demo")
    }
}

fn callback(provider: &str, state: &str, code: &str) -> String {
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("/api/v1/auth/oidc/{provider}/callback?state={}&code={}&session_state=x.y", encoded(state), encoded(code))
}

/// An API with these providers.
async fn app_with(providers: Vec<tidemark_runtime::OidcProvider>) -> TestApp {
    let mut app = TestApp::start_with(|settings| {
        settings.oidc_providers = Some(OidcProviders(providers));
        settings.cors_origins = Some("https://shop.example".to_owned());
    })
    .await;
    app.client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    app
}

async fn app() -> (TestApp, Fake) {
    let fake = Fake::start(1).await;
    (app_with(vec![fake.settings("fake")]).await, fake)
}

async fn events_of_people(app: &TestApp) -> Vec<String> {
    sqlx::query_scalar("select event_type from log.events where aggregate_type = 'user' order by position")
        .fetch_all(&app.database.owner)
        .await
        .unwrap()
}
