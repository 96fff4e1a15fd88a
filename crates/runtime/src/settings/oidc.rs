//! OpenID providers: a setting that is more than a word.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use url::{Host, Url};

/// A provider that people may sign in by.
#[derive(Debug, Clone)]
pub struct OidcProvider {
    /// Its name in addresses: `/auth/oidc/<name>/start`.
    pub name: String,
    /// Its issuer, to the letter as its tokens have it.
    pub issuer: String,
    /// What the provider calls this server.
    pub client_id: String,
    /// The secret that goes with it; a public client has none.
    pub client_secret: Option<SecretString>,
    /// What is asked for besides `openid`.
    pub scopes: Vec<String>,
}

/// All of them: JSON text in a variable, or tables in the file.
#[derive(Debug, Clone, Default)]
pub struct OidcProviders(pub Vec<OidcProvider>);

/// A provider as it is written down.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    issuer: String,
    client_id: String,
    #[serde(default)]
    client_secret: Option<SecretString>,
    #[serde(default)]
    client_secret_file: Option<PathBuf>,
    #[serde(default = "usual_scopes")]
    scopes: String,
}

fn usual_scopes() -> String {
    "email profile".to_owned()
}

impl<'de> Deserialize<'de> for OidcProviders {
    /// No error says what was written: it may hold a secret.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Given {
            Text(String),
            List(Vec<Written>),
        }
        let given = Given::deserialize(deserializer).map_err(|_| D::Error::custom("no list of providers"))?;
        let written = match given {
            Given::Text(text) => serde_json::from_str(&text).map_err(|_| D::Error::custom("no list of providers"))?,
            Given::List(list) => list,
        };
        let providers = written.into_iter().map(read).collect::<Result<Vec<_>, _>>().map_err(D::Error::custom)?;
        let mut names: Vec<&str> = providers.iter().map(|provider| provider.name.as_str()).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(D::Error::custom("two providers of one name"));
        }
        Ok(Self(providers))
    }
}

fn read(written: Written) -> Result<OidcProvider, &'static str> {
    let Written { name, issuer, client_id, client_secret, client_secret_file, scopes } = written;
    if !is_name(&name) {
        return Err("a provider's name is a lower-case letter, then up to 31 of a-z, 0-9 and -");
    }
    if !is_issuer(&issuer) {
        return Err("an issuer is an https address without query and fragment");
    }
    if client_id.is_empty() {
        return Err("a provider needs a client_id");
    }
    let client_secret = match (client_secret, client_secret_file) {
        (Some(_), Some(_)) => return Err("client_secret and client_secret_file are two ways to say one thing"),
        (secret, None) => secret,
        (None, Some(path)) => {
            let text = std::fs::read_to_string(path).map_err(|_| "a client_secret_file cannot be read")?;
            Some(text.trim_end_matches(['\r', '\n']).into())
        }
    };
    let scopes = scopes.split_ascii_whitespace().filter(|scope| *scope != "openid").map(str::to_owned).collect();
    Ok(OidcProvider { name, issuer, client_id, client_secret, scopes })
}

fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=32).contains(&text.len()) && text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(allowed)
}

/// Whether nobody between here and there can speak for the provider: TLS, or this very machine.
fn is_issuer(text: &str) -> bool {
    text.len() <= 255
        && Url::parse(text).is_ok_and(|url| {
            let is_here = match url.host() {
                Some(Host::Domain(name)) => name == "localhost",
                Some(Host::Ipv4(address)) => address.is_loopback(),
                Some(Host::Ipv6(address)) => address.is_loopback(),
                None => false,
            };
            let is_closed = url.scheme() == "https" || (url.scheme() == "http" && is_here);
            is_closed
                && url.has_host()
                && url.query().is_none()
                && url.fragment().is_none()
                && url.username().is_empty()
        })
}
