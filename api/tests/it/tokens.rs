//! Access tokens: good ones, and all the ways to make a bad one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Person, SIGNING_KEY, TestApp};

async fn kid(app: &TestApp) -> String {
    let keys = app.ask(Method::GET, "/.well-known/jwks.json").send().await.expect(200);
    keys.json["keys"][0]["kid"].as_str().unwrap().to_owned()
}

fn claims(person: &Person) -> Value {
    let now = Utc::now().timestamp();
    json!({
        "sub": person.id, "tid": "demo", "role": "member", "sid": uuid::Uuid::now_v7(),
        "iat": now, "exp": now + 900, "iss": "tidemark", "aud": "tidemark",
    })
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    match value {
        Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
        value => claims[name] = value,
    }
    claims
}

fn sign(header: &Value, claims: &Value, key: [u8; 32]) -> String {
    use ed25519_dalek::Signer;
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = ed25519_dalek::SigningKey::from_bytes(&key).sign(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

#[tokio::test]
async fn a_token_has_the_claims_of_the_contract_and_verifies_with_the_public_key() {
    let app = TestApp::start().await;
    let member = app.member().await;
    let keys = app.ask(Method::GET, "/.well-known/jwks.json").send().await.expect(200).json;
    let header = jsonwebtoken::decode_header(&member.token).unwrap();
    assert_eq!((header.alg, header.kid.as_deref()), (Algorithm::EdDSA, keys["keys"][0]["kid"].as_str()));
    let key = jsonwebtoken::DecodingKey::from_ed_components(keys["keys"][0]["x"].as_str().unwrap()).unwrap();
    let mut validation = jsonwebtoken::Validation::new(Algorithm::EdDSA);
    validation.set_audience(&["tidemark"]);
    let claims = jsonwebtoken::decode::<Value>(&member.token, &key, &validation).unwrap().claims;
    let names: Vec<&str> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["aud", "epo", "exp", "iat", "iss", "role", "sid", "sub", "tid", "ver"]);
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 900);
    assert!(keys["keys"][0].get("d").is_none());
}

#[tokio::test]
async fn a_forged_token_is_refused_on_every_route() {
    let app = TestApp::start().await;
    let member = app.member().await;
    let kid = kid(&app).await;
    let good = json!({ "alg": "EdDSA", "kid": kid, "typ": "JWT" });
    let own = claims(&member);
    app.get("/auth/me").token(&sign(&good, &own, SIGNING_KEY)).send().await.expect(200);

    let x =
        app.ask(Method::GET, "/.well-known/jwks.json").send().await.json["keys"][0]["x"].as_str().unwrap().to_owned();
    let public = URL_SAFE_NO_PAD.decode(&x).unwrap();
    let hs256 = |key: &[u8]| {
        let header = Header { kid: Some(kid.clone()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, &own, &EncodingKey::from_secret(key)).unwrap()
    };
    let unsigned = sign(&json!({ "alg": "none", "kid": kid }), &own, SIGNING_KEY);
    let edited = {
        let parts: Vec<&str> = member.token.split('.').collect();
        let admin = URL_SAFE_NO_PAD.encode(with(own.clone(), "role", json!("admin")).to_string());
        format!("{}.{admin}.{}", parts[0], parts[2])
    };
    let mut bad = vec![
        unsigned.clone(),
        format!("{}.", unsigned.rsplit_once('.').unwrap().0),
        hs256(&public),
        hs256(x.as_bytes()),
        sign(&json!({ "alg": "HS256", "kid": kid }), &own, SIGNING_KEY),
        sign(&json!({ "alg": "EdDSA", "kid": "unknown" }), &own, SIGNING_KEY),
        sign(&json!({ "alg": "EdDSA" }), &own, SIGNING_KEY),
        sign(&json!({ "alg": "EdDSA", "kid": kid, "jwk": { "kty": "OKP", "crv": "Ed25519", "x": x } }), &own, [8; 32]),
        sign(&good, &own, [8; 32]),
        edited,
        "not.a.token".to_owned(),
        "nothing".to_owned(),
        "a".repeat(8_000),
    ];
    for (name, value) in [
        ("sub", json!(7)),
        ("sub", json!("me")),
        ("sub", Value::Null),
        ("tid", json!(["demo"])),
        ("tid", json!("DEMO")),
        ("tid", Value::Null),
        ("role", json!("owner")),
        ("role", json!(["admin"])),
        ("role", Value::Null),
        ("sid", json!(1)),
        ("sid", Value::Null),
        ("iat", json!("now")),
        ("iat", json!(-1)),
        ("iat", Value::Null),
        ("epo", json!("first")),
        ("exp", json!("never")),
        ("exp", json!(1e300)),
        ("exp", Value::Null),
        ("iss", json!("else")),
        ("iss", Value::Null),
        ("aud", json!("else")),
        ("aud", json!({})),
        ("aud", Value::Null),
    ] {
        bad.push(sign(&good, &with(own.clone(), name, value), SIGNING_KEY));
    }
    let body = json!({ "email": "nobody@example.com", "password": "wrong password" });
    for token in bad {
        let answer = app.get("/auth/me").token(&token).send().await.expect_problem(401, "INVALID_TOKEN");
        assert!(answer.header("www-authenticate").unwrap().contains("invalid_token"));
        app.post("/auth/login", &body).token(&token).send().await.expect_problem(401, "INVALID_TOKEN");
        app.get("/posts").token(&token).send().await.expect_problem(401, "INVALID_TOKEN");
    }
}

#[tokio::test]
async fn an_expired_token_is_told_so_even_when_it_was_good_before() {
    let app = TestApp::start_with(|settings| settings.access_token_seconds = 2).await;
    let member = app.member().await;
    app.get("/auth/me").token(&member.token).send().await.expect(200);
    crate::support::eventually("the token expires", async || {
        app.get("/auth/me").token(&member.token).send().await.status == 401
    })
    .await;
    app.get("/auth/me").token(&member.token).send().await.expect_problem(401, "TOKEN_EXPIRED");
    app.get("/posts").token(&member.token).send().await.expect_problem(401, "TOKEN_EXPIRED");
    let long_ago = with(with(claims(&member), "iat", json!(1_000)), "exp", json!(2_000));
    let header = json!({ "alg": "EdDSA", "kid": kid(&app).await });
    app.get("/auth/me").token(&sign(&header, &long_ago, SIGNING_KEY)).send().await.expect_problem(401, "TOKEN_EXPIRED");
}

#[tokio::test]
async fn only_bearer_is_a_sign_in() {
    let app = TestApp::start().await;
    let member = app.member().await;
    for value in
        ["Basic YTpi".to_owned(), member.token.clone(), "Bearer".to_owned(), "Bearer ".to_owned(), "\u{ff}".to_owned()]
    {
        app.get("/auth/me").header("authorization", value).send().await.expect_problem(401, "INVALID_TOKEN");
    }
    app.get("/auth/me").header("authorization", format!("bearer {}", member.token)).send().await.expect(200);
    let missing = app.get("/auth/me").send().await.expect_problem(401, "NOT_SIGNED_IN");
    assert_eq!(missing.header("www-authenticate"), Some("Bearer realm=\"tidemark\""));
}

#[tokio::test]
async fn what_ends_a_token_is_told_by_versions_and_not_by_clocks() {
    let app = TestApp::start().await;
    let (admin, member) = (app.admin().await, app.member().await);
    let header = json!({ "alg": "EdDSA", "kid": kid(&app).await });
    let now = Utc::now().timestamp();
    let token = |version: i64, issued: i64| {
        let claims = with(with(claims(&member), "ver", json!(version)), "iat", json!(issued));
        sign(&header, &claims, SIGNING_KEY)
    };
    // Registered, signed in, and now the third event of the account.
    let path = format!("/users/{}/role", member.id);
    app.put(&path, &json!({ "role": "editor" })).token(&admin.token).send().await.expect(200);
    let status = async |token: &str| app.get("/auth/me").token(token).send().await.status;
    crate::support::eventually("the old token ends", async || status(&member.token).await == 401).await;
    for issued in [now - 600, now, now + 600] {
        assert_eq!(status(&token(2, issued)).await, 401);
        assert_eq!(status(&token(3, issued)).await, 200);
    }
}
