//! A provider in this process that can be told to lie.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use ed25519_dalek::Signer;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tidemark_runtime::OidcProvider;

/// How it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Lie {
    #[default]
    None,
    /// It never answers.
    Hang,
    /// It sends whoever asks what it is elsewhere.
    RedirectDiscovery,
    /// It sends whoever brings a code elsewhere.
    RedirectToken,
    /// It says that it is somebody else.
    OtherIssuer,
    /// Its discovery document never ends.
    Endless,
    /// Its tokens are by a key that it does not show.
    OtherKey,
    /// Its tokens are by nobody.
    AlgNone,
    /// Its tokens are signed with what both know.
    AlgSharedSecret,
    /// There is no token.
    NoToken,
}

/// What it does, and what it was asked.
#[derive(Default)]
pub(crate) struct Behaviour {
    pub(crate) lie: Lie,
    /// Written over the claims of every token; null takes one away.
    pub(crate) claims: Value,
    /// Codes with what the browser was sent with.
    codes: HashMap<String, HashMap<String, String>>,
    pub(crate) token_requests: usize,
    pub(crate) discoveries: usize,
}

/// A provider that runs until it is dropped with its test's runtime.
#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) issuer: String,
    pub(crate) behaviour: Arc<Mutex<Behaviour>>,
    key: [u8; 32],
}

pub(crate) const SECRET: &str = "the secret of a client";

impl Fake {
    pub(crate) async fn start(key: u8) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let fake = Self { issuer, behaviour: Arc::default(), key: [key; 32] };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks", get(jwks))
            .route("/token", post(token))
            .with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        fake
    }

    pub(crate) fn settings(&self, name: &str) -> OidcProvider {
        OidcProvider {
            name: name.to_owned(),
            issuer: self.issuer.clone(),
            client_id: "tidemark".to_owned(),
            client_secret: Some(SECRET.into()),
            scopes: vec!["email".to_owned()],
        }
    }

    pub(crate) fn lie(&self, lie: Lie) {
        self.behaviour.lock().unwrap().lie = lie;
    }

    pub(crate) fn claim(&self, claims: Value) {
        self.behaviour.lock().unwrap().claims = claims;
    }

    /// What the provider does with a browser that `start` has sent: it signs somebody in and makes a code.
    pub(crate) fn visit(&self, asked: &HashMap<String, String>) -> String {
        let code = uuid::Uuid::now_v7().to_string();
        self.behaviour.lock().unwrap().codes.insert(code.clone(), asked.clone());
        code
    }

    fn lies(&self, lie: Lie) -> bool {
        self.behaviour.lock().unwrap().lie == lie
    }

    fn id_token(&self, nonce: &str) -> Option<String> {
        let (lie, changed) = {
            let behaviour = self.behaviour.lock().unwrap();
            (behaviour.lie, behaviour.claims.clone())
        };
        let mut claims = json!({
            "iss": self.issuer, "aud": "tidemark", "sub": "24400320", "nonce": nonce,
            "iat": Utc::now().timestamp(), "exp": Utc::now().timestamp() + 300,
            "email": "ada@example.com", "email_verified": true, "name": "Ada",
        });
        for (name, value) in changed.as_object().cloned().unwrap_or_default() {
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(&name)),
                value => claims[&name] = value,
            }
        }
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = |header: Value, key: [u8; 32]| {
            let message = format!("{}.{}", part(&header), part(&claims));
            let signature = ed25519_dalek::SigningKey::from_bytes(&key).sign(message.as_bytes());
            format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
        };
        match lie {
            Lie::NoToken => None,
            Lie::AlgNone => Some(format!("{}.{}.", part(&json!({ "alg": "none", "kid": "1" })), part(&claims))),
            Lie::AlgSharedSecret => {
                let header = jsonwebtoken::Header { kid: Some("1".to_owned()), ..Default::default() };
                let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
                Some(jsonwebtoken::encode(&header, &claims, &key).unwrap())
            }
            Lie::OtherKey => Some(signed(json!({ "alg": "EdDSA", "kid": "1" }), [99; 32])),
            _ => Some(signed(json!({ "alg": "EdDSA", "kid": "1" }), self.key)),
        }
    }
}

async fn hang() {
    std::future::pending::<()>().await;
}

async fn discovery(State(fake): State<Fake>) -> Response {
    fake.behaviour.lock().unwrap().discoveries += 1;
    if fake.lies(Lie::Hang) {
        tokio::time::timeout(Duration::from_secs(60), hang()).await.ok();
    }
    if fake.lies(Lie::RedirectDiscovery) {
        return Redirect::temporary("http://169.254.169.254/latest/meta-data").into_response();
    }
    let issuer = if fake.lies(Lie::OtherIssuer) { "https://accounts.google.com" } else { &fake.issuer };
    let filler = if fake.lies(Lie::Endless) { "x".repeat(2 << 20) } else { String::new() };
    Json(json!({
        "issuer": issuer, "authorization_endpoint": format!("{}/authorize?tenant=1", fake.issuer),
        "token_endpoint": format!("{}/token", fake.issuer), "jwks_uri": format!("{}/jwks", fake.issuer),
        "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA", "HS256", "none"], "filler": filler,
    }))
    .into_response()
}

async fn jwks(State(fake): State<Fake>) -> Json<Value> {
    let public = ed25519_dalek::SigningKey::from_bytes(&fake.key).verifying_key();
    let x = URL_SAFE_NO_PAD.encode(public.as_bytes());
    Json(json!({ "keys": [
        { "kty": "made-up", "kid": "0" },
        { "kty": "OKP", "crv": "Ed25519", "x": x, "kid": "1", "alg": "EdDSA", "use": "sig" },
    ] }))
}

async fn token(
    State(fake): State<Fake>,
    headers: axum::http::HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let asked = {
        let mut behaviour = fake.behaviour.lock().unwrap();
        behaviour.token_requests += 1;
        behaviour.codes.remove(form.get("code").map_or("", String::as_str))
    };
    if fake.lies(Lie::RedirectToken) {
        return Redirect::temporary("http://169.254.169.254/token").into_response();
    }
    let Some(asked) = asked else { return invalid() };
    let basic = base64::engine::general_purpose::STANDARD.encode("tidemark:the+secret+of+a+client");
    let knows_secret = headers.get("authorization").is_some_and(|value| value == format!("Basic {basic}").as_str());
    // PKCE: whoever brings the code has to know what the browser was sent with.
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(form["code_verifier"].as_bytes()));
    let is_proven = asked["code_challenge"] == challenge && asked["code_challenge_method"] == "S256";
    if !knows_secret || !is_proven || form["redirect_uri"] != asked["redirect_uri"] {
        return invalid();
    }
    let mut answer = json!({ "access_token": "opaque", "token_type": "Bearer" });
    if let Some(token) = fake.id_token(&asked["nonce"]) {
        answer["id_token"] = token.into();
    }
    Json(answer).into_response()
}

fn invalid() -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response()
}
