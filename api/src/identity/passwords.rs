//! Password hashes: argon2id, a few at a time, in threads of their own.
//!
//! At the default cost each hash takes 19 MiB and some 20 ms of a core, so both those that run and those that wait are bounded.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tidemark_identity::Password;
use tokio::sync::Semaphore;

use crate::problem::Problem;

/// Each hash has a core of its own, for others are waiting.
const LANES: u32 = 1;
/// How many may wait for each slot: about two seconds of work.
const WAITING_PER_SLOT: usize = 64;

/// Hashes and verifies. Clones share the slots.
#[derive(Clone)]
pub struct Passwords(Arc<Inner>);

struct Inner {
    argon2: Argon2<'static>,
    slots: Semaphore,
    /// Those that run and those that wait.
    places: Semaphore,
    /// A hash that no password has, for emails that nobody has.
    nobody: String,
}

impl Passwords {
    /// At most `slots` hashes at once, each of which makes `passes` over `memory` KiB.
    ///
    /// # Errors
    /// When the cost is none that the algorithm takes.
    pub fn with_cost(slots: usize, memory: u32, passes: u32) -> anyhow::Result<Self> {
        let params = Params::new(memory, passes, LANES, None).map_err(|error| anyhow::anyhow!("argon2: {error}"))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobody = hash(&argon2, &rand::random::<[u8; 32]>())?;
        let slots = slots.max(1);
        Ok(Self(Arc::new(Inner {
            argon2,
            slots: Semaphore::new(slots),
            places: Semaphore::new(slots * (1 + WAITING_PER_SLOT)),
            nobody,
        })))
    }

    /// The hash to keep of a password.
    ///
    /// # Errors
    /// 503 when too many wait.
    pub async fn hash(&self, password: Password) -> Result<String, Problem> {
        self.run(move |inner| hash(&inner.argon2, password.expose())).await?.map_err(Problem::internal)
    }

    /// Whether the password is the one that was hashed. With no hash the answer is no, and takes as long.
    ///
    /// # Errors
    /// 503 when too many wait.
    pub async fn verify(&self, kept: Option<String>, password: Password) -> Result<bool, Problem> {
        self.run(move |inner| {
            let is_kept = kept.is_some();
            let kept = kept.as_deref().unwrap_or(&inner.nobody);
            let Ok(parsed) = PasswordHash::new(kept) else { return false };
            inner.argon2.verify_password(password.expose(), &parsed).is_ok() && is_kept
        })
        .await
    }

    /// Whether a hash was made at another cost than those of now.
    #[must_use]
    pub fn is_outdated(&self, kept: &str) -> bool {
        let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
        let kept = PasswordHash::new(kept).ok().and_then(|kept| Params::try_from(&kept).ok());
        kept.is_none_or(|kept| cost(&kept) != cost(self.0.argon2.params()))
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce(&Inner) -> T + Send + 'static) -> Result<T, Problem> {
        let _place = self.0.places.try_acquire().map_err(|_| Problem::overloaded())?;
        let _slot = self.0.slots.acquire().await.map_err(Problem::internal)?;
        let inner = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || work(&inner)).await.map_err(Problem::internal)
    }
}

fn hash(argon2: &Argon2<'_>, password: &[u8]) -> anyhow::Result<String> {
    let hashed = argon2.hash_password(password).map_err(|error| anyhow::anyhow!("argon2: {error}"))?;
    Ok(hashed.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[tokio::test]
    async fn a_password_verifies_against_its_own_hash_only() {
        let passwords = Passwords::with_cost(1, 19 * 1024, 2).unwrap();
        let kept = passwords.hash(Password::attempt("right horse")).await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(passwords.verify(Some(kept.clone()), Password::attempt("right horse")).await.unwrap());
        assert!(!passwords.verify(Some(kept), Password::attempt("wrong horse")).await.unwrap());
        assert!(!passwords.verify(None, Password::attempt("right horse")).await.unwrap());
    }

    #[tokio::test]
    async fn a_hash_of_another_cost_still_verifies_and_is_outdated() {
        let (before, now) = (Passwords::with_cost(1, 1024, 1).unwrap(), Passwords::with_cost(1, 2048, 1).unwrap());
        let kept = before.hash(Password::attempt("right horse")).await.unwrap();
        assert!(now.verify(Some(kept.clone()), Password::attempt("right horse")).await.unwrap());
        assert!(now.is_outdated(&kept) && !before.is_outdated(&kept));
    }

    #[tokio::test]
    async fn too_many_are_told_to_come_back() {
        let passwords = Passwords::with_cost(1, 1024, 1).unwrap();
        let _all = passwords.0.places.try_acquire_many(u32::try_from(1 + WAITING_PER_SLOT).unwrap()).unwrap();
        let refused = passwords.verify(None, Password::attempt("x")).await.unwrap_err();
        assert_eq!(refused.code(), "OVERLOADED");
    }
}
