//! One provider: found out about, asked to sign somebody in, and believed only as far as its tokens prove it.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request, StatusCode};
use http_body_util::Full;
use jsonwebtoken::jwk::Jwk;
use moka::future::Cache;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use tidemark_identity::ExternalIdentity;
use tidemark_kernel::Email;
use tidemark_runtime::OidcProvider;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use url::Url;
use url::form_urlencoded::{self, Serializer};

use super::attempt::Attempt;
use super::id_token::{self, Claims, Expected, TokenError};
use super::wire::{Answered, Wire, WireError};

/// How long what a provider says of itself is believed.
const KEPT: Duration = Duration::from_secs(3_600);
/// How often it may be asked anew because of a key that nobody knows.
const ANEW: Duration = Duration::from_secs(30);
/// How many wait at once for a provider to say what it is.
const WAITING: usize = 8;
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

/// Why nobody is signed in. No word of a provider's answer is in it, for there may be a token in that.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProviderError {
    /// It cannot be asked now.
    #[error("the provider cannot be asked: {0}")]
    Away(String),
    /// It was asked, and what it said proves nothing.
    #[error("the provider {0}")]
    Unproven(String),
}

impl From<WireError> for ProviderError {
    fn from(error: WireError) -> Self {
        Self::Away(error.to_string())
    }
}

impl From<TokenError> for ProviderError {
    fn from(error: TokenError) -> Self {
        Self::Unproven(error.to_string())
    }
}

/// What a provider has proven of somebody.
pub(super) struct Person {
    pub(super) identity: ExternalIdentity,
    /// The address, where the provider has verified it.
    pub(super) verified_email: Option<Email>,
    pub(super) name: Option<String>,
}

/// What a provider says of itself.
#[derive(Debug, Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    userinfo_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Whether its answers say whose they are (RFC 9207).
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// The keys of a provider. What is no key that is known here is passed over.
#[derive(Deserialize)]
struct KeySet {
    keys: Vec<serde_json::Value>,
}

/// An answer to a code.
#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    #[serde(default)]
    access_token: Option<String>,
}

/// What is known of a provider, and since when.
struct Known {
    metadata: Metadata,
    keys: Vec<Jwk>,
    since: Instant,
}

/// A provider of the settings. Clones share what is known.
#[derive(Clone)]
pub(super) struct Provider {
    settings: OidcProvider,
    wire: Wire,
    known: Cache<(), Arc<Known>>,
    /// Places for those who wait for what is not known yet.
    waiting: Arc<Semaphore>,
}

impl Provider {
    pub(super) fn new(settings: OidcProvider) -> anyhow::Result<Self> {
        let known = Cache::builder().max_capacity(1).time_to_live(KEPT).build();
        Ok(Self { settings, wire: Wire::new()?, known, waiting: Arc::new(Semaphore::new(WAITING)) })
    }

    pub(super) fn name(&self) -> &str {
        &self.settings.name
    }

    /// Begins a sign-in: what is to be remembered of it, and where to send the browser.
    pub(super) async fn begin(&self, redirect_uri: String, return_to: String) -> Result<(Attempt, Url), ProviderError> {
        let known = self.known().await?;
        let attempt = Attempt::new(&self.settings.name, redirect_uri, return_to);
        let mut url = Url::parse(&known.metadata.authorization_endpoint)
            .map_err(|error| ProviderError::Away(error.to_string()))?;
        let scopes = ["openid"].into_iter().chain(self.settings.scopes.iter().map(String::as_str));
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&attempt.verifier));
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &attempt.redirect_uri)
            .append_pair("scope", &scopes.collect::<Vec<_>>().join(" "))
            .append_pair("state", &attempt.state)
            .append_pair("nonce", &attempt.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok((attempt, url))
    }

    /// Whether an answer that says whose it is (RFC 9207) is this provider's. Where the provider promises to say so, it must.
    pub(super) async fn has_answered(&self, issuer: Option<&str>) -> Result<bool, ProviderError> {
        match issuer {
            Some(issuer) => Ok(issuer == self.settings.issuer),
            None => Ok(!self.known().await?.metadata.authorization_response_iss_parameter_supported),
        }
    }

    /// Exchanges the code that a browser has brought for what the provider knows of its person.
    pub(super) async fn person(&self, attempt: &Attempt, code: &str) -> Result<Person, ProviderError> {
        let known = self.known().await?;
        let answered = self.wire.ask(self.exchange(&known.metadata, attempt, code)?).await?;
        let tokens: Tokens = read(&answered, "does not take the code")?;
        let claims = self.proven(&known, &tokens.id_token, attempt).await?;
        let identity = ExternalIdentity::parse(&self.settings.issuer, &claims.sub)
            .map_err(|_| ProviderError::Unproven("gives a subject that is none".to_owned()))?;
        // Some tell the address only where they are asked for it. It comes from one place, and so does its being verified.
        let more = match (&claims.email, &known.metadata.userinfo_endpoint, &tokens.access_token) {
            (None, Some(endpoint), Some(token)) => Some(self.user_info(endpoint, token, &claims.sub).await?),
            _ => None,
        };
        let told = more.as_ref().unwrap_or(&claims);
        let verified_email =
            told.email.as_deref().filter(|_| told.is_email_verified()).and_then(|email| email.parse().ok());
        let name = claims.name.clone().or_else(|| told.name.clone());
        Ok(Person { identity, verified_email, name })
    }

    /// The claims of an ID token, if everything about it is right. One by a key that nobody knows may be by a new one.
    async fn proven(&self, known: &Arc<Known>, token: &str, attempt: &Attempt) -> Result<Claims, ProviderError> {
        let expected =
            Expected { issuer: &self.settings.issuer, client_id: &self.settings.client_id, nonce: &attempt.nonce };
        match id_token::proven(token, &known.keys, &expected) {
            Err(TokenError::UnknownKey) if known.since.elapsed() >= ANEW => {
                self.known.invalidate(&()).await;
                Ok(id_token::proven(token, &self.known().await?.keys, &expected)?)
            }
            proven => Ok(proven?),
        }
    }

    async fn user_info(&self, endpoint: &str, token: &str, subject: &str) -> Result<Claims, ProviderError> {
        let bearer = HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|_| ProviderError::Unproven("gives an access token that is none".to_owned()))?;
        let mut asked = get(endpoint)?;
        asked.headers_mut().insert(AUTHORIZATION, bearer);
        let claims: Claims = read(&self.wire.ask(asked).await?, "says nothing of the person")?;
        if claims.sub != subject {
            return Err(ProviderError::Unproven("speaks of two people".to_owned()));
        }
        Ok(claims)
    }

    /// What the provider says of itself. Those who ask at the same time share an answer; a failure is nobody's after that.
    /// Only a few wait for it, so that a provider that hangs does not take the room of those who sign in without it.
    async fn known(&self) -> Result<Arc<Known>, ProviderError> {
        if let Some(known) = self.known.get(&()).await {
            return Ok(known);
        }
        let _place = self.waiting.try_acquire().map_err(|_| ProviderError::Away("keeps others waiting".to_owned()))?;
        let known = self.known.try_get_with((), self.discover()).await;
        known.map_err(|error| ProviderError::Away(error.to_string()))
    }

    async fn discover(&self) -> Result<Arc<Known>, ProviderError> {
        let issuer = &self.settings.issuer;
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let metadata: Metadata = read(&self.wire.ask(get(&address)?).await?, "does not say what it is")?;
        // To the letter: whoever speaks for another issuer is another provider.
        if metadata.issuer != *issuer {
            return Err(ProviderError::Unproven("calls itself by another name".to_owned()));
        }
        let endpoints = [
            Some(&metadata.authorization_endpoint),
            Some(&metadata.token_endpoint),
            Some(&metadata.jwks_uri),
            metadata.userinfo_endpoint.as_ref(),
        ];
        // The issuer is https, or on this machine.
        let is_closed = |endpoint: &String| endpoint.starts_with("https://") || issuer.starts_with("http://");
        if !endpoints.into_iter().flatten().all(is_closed) {
            return Err(ProviderError::Unproven("has an address that is not https".to_owned()));
        }
        let set: KeySet = read(&self.wire.ask(get(&metadata.jwks_uri)?).await?, "does not show its keys")?;
        let keys = set.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect();
        Ok(Arc::new(Known { metadata, keys, since: Instant::now() }))
    }

    /// The request that hands over a code, with what proves that it was meant for us.
    fn exchange(
        &self,
        metadata: &Metadata,
        attempt: &Attempt,
        code: &str,
    ) -> Result<Request<Full<Bytes>>, ProviderError> {
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &attempt.redirect_uri)
            .append_pair("code_verifier", &attempt.verifier);
        let id = &self.settings.client_id;
        let methods = metadata.token_endpoint_auth_methods_supported.as_ref();
        // What the standard takes for granted where nothing is said.
        let takes_basic = methods.is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic"));
        let mut basic = None;
        match &self.settings.client_secret {
            Some(secret) if takes_basic => {
                let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                let pair = format!("{}:{}", encoded(id), encoded(secret.expose_secret()));
                basic = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair))).ok();
            }
            Some(secret) => {
                form.append_pair("client_id", id).append_pair("client_secret", secret.expose_secret());
            }
            None => {
                form.append_pair("client_id", id);
            }
        }
        let mut request = request(&metadata.token_endpoint, Bytes::from(form.finish()))?;
        *request.method_mut() = http::Method::POST;
        request.headers_mut().insert(CONTENT_TYPE, FORM);
        request.headers_mut().extend(basic.map(|mut basic| {
            basic.set_sensitive(true);
            (AUTHORIZATION, basic)
        }));
        Ok(request)
    }
}

fn get(address: &str) -> Result<Request<Full<Bytes>>, ProviderError> {
    request(address, Bytes::new())
}

fn request(address: &str, body: Bytes) -> Result<Request<Full<Bytes>>, ProviderError> {
    let uri = address.parse().map_err(|_| ProviderError::Unproven("has an address that is none".to_owned()))?;
    let mut request = Request::new(Full::new(body));
    *request.uri_mut() = uri;
    request.headers_mut().insert(ACCEPT, JSON);
    Ok(request)
}

/// Reads an answer; `otherwise` says what it means that it is none.
fn read<T: DeserializeOwned>(answered: &Answered, otherwise: &str) -> Result<T, ProviderError> {
    if answered.status.is_server_error() || answered.status == StatusCode::TOO_MANY_REQUESTS {
        return Err(ProviderError::Away(format!("it answers {}", answered.status)));
    }
    let read = (answered.status == StatusCode::OK).then(|| serde_json::from_slice(&answered.body).ok()).flatten();
    read.ok_or_else(|| ProviderError::Unproven(otherwise.to_owned()))
}
