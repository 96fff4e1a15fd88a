//! Password hashes: argon2id, a few at a time, in threads of their own; and how hard to guess a new password is.
//!
//! At the default cost each hash takes 19 MiB and some 20 ms of a core, so both those that run and those that wait are bounded.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tidemark_identity::Password;
use tidemark_kernel::FieldError;
use tokio::sync::Semaphore;

use crate::problem::{FieldProblem, Problem};

/// Each hash has a core of its own, for others are waiting.
const LANES: u32 = 1;
/// How many may wait for each slot: about two seconds of work.
const WAITING_PER_SLOT: usize = 64;

/// Hashes and verifies. Clones share the slots.
#[derive(Clone)]
pub struct Passwords {
    inner: Arc<Inner>,
    /// The least score of zxcvbn that a new password has to have.
    strength: u8,
}

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
        let inner = Inner {
            argon2,
            slots: Semaphore::new(slots),
            places: Semaphore::new(slots * (1 + WAITING_PER_SLOT)),
            nobody,
        };
        Ok(Self { inner: Arc::new(inner), strength: 0 })
    }

    /// The same, where new passwords have to have a score of zxcvbn, from 1 to 4; 0 does not ask.
    #[must_use]
    pub fn with_strength(self, strength: u8) -> Self {
        Self { strength, ..self }
    }

    /// Refuses a new password, in `field`, that is too easy to guess for somebody who knows of its owner what `about` says.
    ///
    /// # Errors
    /// With `too_weak`, or 503 when too many wait.
    pub async fn ensure_strong(&self, field: &'static str, password: &Password, about: &[&str]) -> Result<(), Problem> {
        let least = self.strength;
        if least == 0 {
            return Ok(());
        }
        let (password, about) = (password.clone(), known_words(about));
        // It takes some milliseconds, as a hash does, so it waits as one.
        let score = self.run(move |_| score(&String::from_utf8_lossy(password.expose()), &about));
        if score.await? >= least {
            return Ok(());
        }
        let message =
            "is too easy to guess; choose a longer one, or words that have nothing to do with each other or with you";
        let error = FieldError { code: "too_weak", message: message.to_owned() };
        Err(Problem::validation(vec![FieldProblem::new(field, error)]))
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
        kept.is_none_or(|kept| cost(&kept) != cost(self.inner.argon2.params()))
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce(&Inner) -> T + Send + 'static) -> Result<T, Problem> {
        let _place = self.inner.places.try_acquire().map_err(|_| Problem::overloaded())?;
        let _slot = self.inner.slots.acquire().await.map_err(Problem::internal)?;
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || work(&inner)).await.map_err(Problem::internal)
    }
}

/// How hard to guess a password is. A long one is looked at in parts, and is as hard to guess as the hardest of them at least: the
/// numbers of `zxcvbn` overflow for longer ones that lie on neighbouring keys.
fn score(password: &str, about: &[String]) -> u8 {
    const PART: usize = 24;
    let words: Vec<&str> = about.iter().map(String::as_str).collect();
    let characters: Vec<char> = password.chars().collect();
    let parts = characters.chunks(PART).map(|part| part.iter().collect::<String>());
    parts.map(|part| u8::from(zxcvbn::zxcvbn(&part, &words).score())).max().unwrap_or_default()
}

/// What is said of somebody, and the words that it is made of.
fn known_words(about: &[&str]) -> Vec<String> {
    let words = about.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()).chain([*text]));
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

fn hash(argon2: &Argon2<'_>, password: &[u8]) -> anyhow::Result<String> {
    let hashed = argon2.hash_password(password).map_err(|error| anyhow::anyhow!("argon2: {error}"))?;
    Ok(hashed.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::print_stdout)]

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

    async fn is_strong(passwords: &Passwords, text: &str) -> bool {
        let about = ["ada.lovelace@analytical.example", "Ada Lovelace"];
        let judged = passwords.ensure_strong("password", &Password::attempt(text), &about).await;
        judged.inspect_err(|refused| assert_eq!(refused.code(), "VALIDATION_FAILED")).is_ok()
    }

    #[tokio::test]
    async fn a_password_that_is_easy_to_guess_is_refused_where_that_is_asked_for() {
        let passwords = Passwords::with_cost(1, 1024, 1).unwrap();
        assert!(is_strong(&passwords, "aaaaaaaa").await, "nobody has asked");
        let passwords = passwords.with_strength(3);
        for weak in ["aaaaaaaa", "Password1!", "qwertzuiop", "2001-01-01", "lovelace99", "analytical", ""] {
            assert!(!is_strong(&passwords, weak).await, "{weak}");
        }
        for strong in ["correct horse battery staple", "8xK!vq2mNe0z", "größenwahnsinnige Igel"] {
            assert!(is_strong(&passwords, strong).await, "{strong}");
        }
    }

    /// What somebody may make of 128 characters to keep a core busy.
    #[tokio::test]
    async fn judging_a_password_takes_no_longer_than_it_may_whatever_it_is() {
        let passwords = Passwords::with_cost(1, 1024, 1).unwrap().with_strength(4);
        let cycle = |text: &str| text.chars().cycle().take(Password::MAX).collect::<String>();
        for text in [
            "a",
            "ab",
            "1",
            "password",
            "p@ssw0rd",
            "qwerty",
            "01012001",
            "@4a",
            "l1|!i",
            "ü",
            "\u{1f980}",
            "0o0O",
            "zxsaqw",
            "7894561230",
            "1999",
        ] {
            let text = cycle(text);
            let started = std::time::Instant::now();
            is_strong(&passwords, &text).await;
            let took = started.elapsed();
            println!("{took:?} for {}", text.chars().take(8).collect::<String>());
            assert!(took < std::time::Duration::from_secs(1), "{took:?} for {text}");
        }
    }

    #[tokio::test]
    async fn too_many_are_told_to_come_back() {
        let passwords = Passwords::with_cost(1, 1024, 1).unwrap();
        let _all = passwords.inner.places.try_acquire_many(u32::try_from(1 + WAITING_PER_SLOT).unwrap()).unwrap();
        let refused = passwords.verify(None, Password::attempt("x")).await.unwrap_err();
        assert_eq!(refused.code(), "OVERLOADED");
    }
}
