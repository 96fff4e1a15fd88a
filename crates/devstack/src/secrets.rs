//! What must be secret and stay the same over restarts: made once in the data directory, readable by its owner alone.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;

use crate::files;

/// The secrets of one stack.
#[derive(Debug, Clone)]
pub struct Secrets {
    /// The password of the owner of the private Postgres.
    pub owner_password: String,
    /// The password of the service roles.
    pub role_password: String,
    /// The master secret.
    pub master: String,
    /// The PEM file of the key that signs access tokens.
    pub signing_key_file: PathBuf,
}

impl Secrets {
    /// Reads them, and makes those that are missing.
    pub fn load_or_make(data: &Path) -> anyhow::Result<Self> {
        let directory = data.join("secrets");
        fs::create_dir_all(&directory)?;
        let signing_key_file = directory.join("signing-key.pem");
        if !signing_key_file.exists() {
            files::write_private(&signing_key_file, signing_key_pem()?.as_bytes())?;
        }
        Ok(Self {
            owner_password: word(&directory.join("owner-password"))?,
            role_password: word(&directory.join("role-password"))?,
            master: word(&directory.join("master"))?,
            signing_key_file,
        })
    }
}

fn word(path: &Path) -> anyhow::Result<String> {
    if !path.exists() {
        files::write_private(path, random_word().as_bytes())?;
    }
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// 64 hexadecimal digits: safe in URLs, shells and files.
pub(crate) fn random_word() -> String {
    let bytes: [u8; 32] = rand::random();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn signing_key_pem() -> anyhow::Result<String> {
    let key = SigningKey::from_bytes(&rand::random());
    Ok(key.to_pkcs8_pem(LineEnding::LF).context("cannot write the signing key")?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_made_once() {
        let directory = tempfile::tempdir().expect("a directory");
        let first = Secrets::load_or_make(directory.path()).expect("made");
        let key = fs::read(&first.signing_key_file).expect("a key");
        let second = Secrets::load_or_make(directory.path()).expect("read");
        assert_eq!(first.master, second.master);
        assert_eq!(key, fs::read(&second.signing_key_file).expect("a key"));
        assert!(String::from_utf8_lossy(&key).starts_with("-----BEGIN PRIVATE KEY-----"));
        assert_eq!(first.master.len(), 64);
    }
}
