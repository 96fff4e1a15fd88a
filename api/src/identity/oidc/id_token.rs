//! ID tokens: what a provider proves of a person, and all that has to be right about it (OpenID Connect Core, 3.1.3.7).

use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// What a token may be signed with: key pairs alone. With a shared secret, whoever knows it could sign.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];
/// How far the provider's clock may be from ours, in seconds.
const SKEW: u64 = 10;
/// No token of a provider comes near this.
const LONGEST: usize = 64 * 1024;

/// What a token has to fit to.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
}

/// Why a token proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum TokenError {
    /// No key of the provider is of this name: perhaps it is a new one.
    #[error("gives an ID token by a key that it does not show")]
    UnknownKey,
    #[error("gives an ID token that is not signed by a key pair")]
    Algorithm,
    #[error("gives an ID token that is forged, expired or for somebody else")]
    Invalid,
    #[error("gives an ID token of another sign-in")]
    Nonce,
    #[error("gives an ID token that was issued to somebody else")]
    Party,
}

/// What a token, or the provider's answer about its person, says.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    pub(super) sub: String,
    #[serde(default)]
    pub(super) email: Option<String>,
    #[serde(default)]
    email_verified: Value,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    nonce: Option<String>,
    #[serde(default)]
    azp: Option<String>,
    #[serde(default)]
    aud: Value,
}

impl Claims {
    /// Whether the provider has verified the address. Some write the word, and not the value.
    pub(super) fn is_email_verified(&self) -> bool {
        self.email_verified == Value::Bool(true) || self.email_verified == "true"
    }
}

/// The claims of a token, if everything about it is right.
pub(super) fn proven(token: &str, keys: &[Jwk], expected: &Expected<'_>) -> Result<Claims, TokenError> {
    if token.len() > LONGEST {
        return Err(TokenError::Invalid);
    }
    // `none` is no algorithm that a header can be read with.
    let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Algorithm)?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(TokenError::Algorithm);
    }
    let key = key(keys, header.kid.as_deref(), header.alg).ok_or(TokenError::UnknownKey)?;
    let mut validation = Validation::new(header.alg);
    validation.leeway = SKEW;
    validation.validate_nbf = true;
    validation.set_issuer(&[expected.issuer]);
    validation.set_audience(&[expected.client_id]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    let key = DecodingKey::from_jwk(key).map_err(|_| TokenError::Algorithm)?;
    let claims = jsonwebtoken::decode::<Claims>(token, &key, &validation).map_err(|_| TokenError::Invalid)?.claims;
    // By their digests, so that the time it takes tells nothing of the nonce.
    let digest = |nonce: &str| Sha256::digest(nonce);
    if claims.nonce.as_deref().map(digest) != Some(digest(expected.nonce)) {
        return Err(TokenError::Nonce);
    }
    // A token may name others beside us; then it says whom it was issued to.
    let has_others = claims.aud.as_array().is_some_and(|audiences| audiences.len() > 1);
    match claims.azp.as_deref() {
        Some(party) if party != expected.client_id => Err(TokenError::Party),
        None if has_others => Err(TokenError::Party),
        _ => Ok(claims),
    }
}

/// The key that a token names, or the only one there is for its algorithm.
fn key<'a>(keys: &'a [Jwk], kid: Option<&str>, algorithm: Algorithm) -> Option<&'a Jwk> {
    let fits = |key: &&Jwk| {
        let is_of_family = match algorithm {
            Algorithm::ES256 | Algorithm::ES384 => matches!(key.algorithm, AlgorithmParameters::EllipticCurve(_)),
            Algorithm::EdDSA => matches!(key.algorithm, AlgorithmParameters::OctetKeyPair(_)),
            _ => matches!(key.algorithm, AlgorithmParameters::RSA(_)),
        };
        let is_for_it = key.common.key_algorithm.is_none_or(|named| named.to_string() == format!("{algorithm:?}"));
        let signs = key.common.public_key_use.as_ref().is_none_or(|purpose| *purpose == PublicKeyUse::Signature);
        is_of_family && is_for_it && signs
    };
    let mut fitting = keys.iter().filter(fits);
    match kid {
        Some(kid) => fitting.find(|key| key.common.key_id.as_deref() == Some(kid)),
        None => fitting.next().filter(|_| fitting.next().is_none()),
    }
}
