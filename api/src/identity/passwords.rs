//! Password hashes: argon2id, a few at a time, in threads of their own; and how hard to guess a new password is.
//!
//! At the default cost each hash takes 19 MiB and some 20 ms of a core. So there are as many threads for them as may run at once, which
//! give way to all others, and those that wait are bounded. A thread keeps its memory: given back after each hash it would stay with
//! the allocator, once for each thread that ever hashed (with glibc's 350 MiB after some dozen sign-ins in threads that others use too).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version, password_hash};
use tidemark_identity::Password;
use tidemark_kernel::FieldError;
use tokio::sync::{Semaphore, oneshot};

use crate::problem::{FieldProblem, Problem};

/// Each hash has a core of its own, for others are waiting.
const LANES: u32 = 1;
/// How many may wait for each slot: about two seconds of work.
const WAITING_PER_SLOT: usize = 64;
/// How much less urgent a hash is than an answer (see nice(2)): with a core for both it gets about a tenth.
const NICE: i32 = 10;

/// Hashes and verifies. Clones share the slots.
#[derive(Clone)]
pub struct Passwords {
    inner: Arc<Inner>,
    /// The least score of zxcvbn that a new password has to have.
    strength: u8,
}

struct Inner {
    hashing: Arc<Hashing>,
    jobs: Sender<Job>,
    /// Those that run and those that wait.
    places: Semaphore,
}

/// What a thread does next, in its memory.
type Job = Box<dyn FnOnce(&Hashing, &mut Vec<Block>) + Send>;

struct Hashing {
    argon2: Argon2<'static>,
    /// A hash that no password has, for emails that nobody has. Made with the first that is verified: before, no hash is needed.
    nobody: OnceLock<String>,
}

impl Passwords {
    /// At most `slots` hashes at once, each of which makes `passes` over `memory` KiB.
    ///
    /// # Errors
    /// When the cost is none that the algorithm takes.
    pub fn with_cost(slots: usize, memory: u32, passes: u32) -> anyhow::Result<Self> {
        let params = Params::new(memory, passes, LANES, None).map_err(|error| anyhow::anyhow!("argon2: {error}"))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let slots = slots.max(1);
        let hashing = Arc::new(Hashing { argon2, nobody: OnceLock::new() });
        let (jobs, waiting) = mpsc::channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..slots {
            let (hashing, waiting) = (Arc::clone(&hashing), Arc::clone(&waiting));
            thread::Builder::new().name("hashing".to_owned()).spawn(move || serve(&hashing, &waiting))?;
        }
        let inner = Inner { hashing, jobs, places: Semaphore::new(slots * (1 + WAITING_PER_SLOT)) };
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
        let score = self.run(move |_, _| score(&String::from_utf8_lossy(password.expose()), &about));
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
        self.run(move |hashing, memory| hashing.hash(memory, password.expose())).await?.map_err(Problem::internal)
    }

    /// Whether the password is the one that was hashed. With no hash the answer is no, and takes as long.
    ///
    /// # Errors
    /// 503 when too many wait.
    pub async fn verify(&self, kept: Option<String>, password: Password) -> Result<bool, Problem> {
        self.run(move |hashing, memory| {
            // Before anything else, so that the first of all takes as long for a kept hash as for none.
            let nobody = hashing.nobody(memory)?;
            let is_right = hashing.is_hash_of(memory, kept.as_deref().unwrap_or(nobody), password.expose());
            anyhow::Ok(is_right.unwrap_or_default() && kept.is_some())
        })
        .await?
        .map_err(Problem::internal)
    }

    /// Whether a hash was made at another cost than those of now.
    #[must_use]
    pub fn is_outdated(&self, kept: &str) -> bool {
        let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
        let kept = PasswordHash::new(kept).ok().and_then(|kept| Params::try_from(&kept).ok());
        kept.is_none_or(|kept| cost(&kept) != cost(self.inner.hashing.argon2.params()))
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Hashing, &mut Vec<Block>) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let _place = self.inner.places.try_acquire().map_err(|_| Problem::overloaded())?;
        let (reply, done) = oneshot::channel();
        let job: Job = Box::new(move |hashing, memory| {
            // Whoever hung up meanwhile needs no answer.
            if !reply.is_closed() {
                drop(reply.send(work(hashing, memory)));
            }
        });
        self.inner.jobs.send(job).map_err(|_| Problem::internal("nobody hashes any more"))?;
        done.await.map_err(|_| Problem::internal("a hash was not finished"))
    }
}

/// The life of a thread: one job after the other, until there is nobody to ask for one.
fn serve(hashing: &Hashing, waiting: &Mutex<Receiver<Job>>) {
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::warn!(%error, "password hashes are as urgent as answers");
    }
    let mut memory = Vec::new();
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        // Its end without an answer is told by the channel; the thread is needed for the next.
        if catch_unwind(AssertUnwindSafe(|| job(hashing, &mut memory))).is_err() {
            tracing::error!("hashing a password panicked");
        }
        // What a hash of a former, higher cost took is not kept.
        if memory.len() > hashing.argon2.params().block_count() {
            memory = Vec::new();
        }
    }
}

impl Hashing {
    fn nobody(&self, memory: &mut Vec<Block>) -> anyhow::Result<&str> {
        if let Some(nobody) = self.nobody.get() {
            return Ok(nobody);
        }
        let made = self.hash(memory, &rand::random::<[u8; 32]>())?;
        Ok(self.nobody.get_or_init(|| made))
    }

    /// The hash of a password, with a salt of its own, as a PHC string.
    fn hash(&self, memory: &mut Vec<Block>, password: &[u8]) -> anyhow::Result<String> {
        let failed = |error| anyhow::anyhow!("argon2: {error}");
        let salt = Salt::generate();
        let hashed = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(self.argon2.params()).map_err(failed)?,
            salt: Some(salt),
            hash: Some(output(&self.argon2, memory, password, &salt, Params::DEFAULT_OUTPUT_LEN).map_err(failed)?),
        };
        Ok(hashed.to_string())
    }

    /// Whether the PHC string is one that the password hashes to, at the cost that it names.
    fn is_hash_of(&self, memory: &mut Vec<Block>, kept: &str, password: &[u8]) -> password_hash::Result<bool> {
        let kept = PasswordHash::new(kept)?;
        let (Some(salt), Some(expected)) = (&kept.salt, &kept.hash) else { return Ok(false) };
        let version = kept.version.map(Version::try_from).transpose()?.unwrap_or_default();
        let argon2 = Argon2::new(Algorithm::try_from(kept.algorithm.as_str())?, version, Params::try_from(&kept)?);
        // Outputs compare in constant time.
        Ok(output(&argon2, memory, password, salt, expected.len())? == *expected)
    }
}

fn output(
    argon2: &Argon2<'_>,
    memory: &mut Vec<Block>,
    password: &[u8],
    salt: &[u8],
    length: usize,
) -> password_hash::Result<Output> {
    let blocks = argon2.params().block_count();
    if memory.len() < blocks {
        // Not grown where it lies, for that would copy what nobody needs.
        *memory = vec![Block::new(); blocks];
    }
    let mut output = [0; Output::MAX_LENGTH];
    let output = output.get_mut(..length).ok_or(password_hash::Error::OutputSize)?;
    argon2.hash_password_into_with_memory(password, salt, output, memory)?;
    Ok(Output::new(output)?)
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

    #[tokio::test]
    async fn hashes_share_few_threads_which_keep_no_more_memory_than_they_need() {
        let former = Passwords::with_cost(1, 4096, 1).unwrap().hash(Password::attempt("right horse")).await.unwrap();
        let passwords = Passwords::with_cost(2, 1024, 1).unwrap();
        let hashes = (0..8).map(|_| passwords.hash(Password::attempt("right horse")));
        let hashes = futures::future::try_join_all(hashes).await.unwrap();
        for kept in [hashes.first().unwrap().clone(), former] {
            assert!(passwords.verify(Some(kept.clone()), Password::attempt("right horse")).await.unwrap());
            assert!(!passwords.verify(Some(kept), Password::attempt("wrong horse")).await.unwrap());
        }
        // One that panics takes no thread along.
        for _ in 0..3 {
            let panicking = passwords.run(|_, _| panic!("a test")).await;
            assert_eq!(panicking.unwrap_err().code(), "INTERNAL");
        }
        let kept: Vec<usize> = vec![
            passwords.run(|_, memory| memory.len()).await.unwrap(),
            passwords.run(|_, memory| memory.len()).await.unwrap(),
        ];
        assert!(kept.iter().all(|blocks| [0, 1024].contains(blocks)), "{kept:?}");
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
