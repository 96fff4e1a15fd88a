//! A new password on its way to its hash.

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use tidemark_commands::Secret;
use tidemark_identity::Password;
use tidemark_kernel::UserId;

use crate::Failure;

/// The kind of the row that holds a password's hash; its subject is the user's id.
pub(crate) const PASSWORD: &str = "password";

/// argon2id with 19 MiB, two passes, one lane (OWASP's first choice).
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Holds `password` against the rules and hashes it, away from the other tasks.
pub(crate) async fn of_password(user: UserId, password: &SecretString) -> Result<Secret, Failure> {
    let password =
        Password::parse(password.expose_secret()).map_err(|error| Failure::Usage(format!("the password {error}")))?;
    let hash = tokio::task::spawn_blocking(move || hash(&password))
        .await
        .map_err(|error| Failure::Failed(error.to_string()))??;
    Ok(Secret { kind: PASSWORD.to_owned(), subject: user.to_string(), value: Some(hash) })
}

fn hash(password: &Password) -> Result<String, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Failed(format!("cannot hash the password: {error}"));
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| failed(&error))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    Ok(argon2.hash_password(password.expose()).map_err(|error| failed(&error))?.to_string())
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::PasswordVerifier;
    use argon2::password_hash::phc::PasswordHash;

    use super::*;

    #[tokio::test]
    async fn a_hash_is_argon2id_with_19_mib_and_verifies() {
        let user = UserId::default();
        let secret = of_password(user, &"correct horse battery".into()).await.expect("a hash");
        let hash = secret.value.expect("a hash");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_eq!((secret.kind.as_str(), secret.subject), ("password", user.to_string()));
        let parsed = PasswordHash::new(&hash).expect("a PHC string");
        let right = Password::attempt("correct horse battery");
        assert!(Argon2::default().verify_password(right.expose(), &parsed).is_ok());
    }

    #[tokio::test]
    async fn a_refused_password_is_not_repeated() {
        let refused = of_password(UserId::default(), &"short".into()).await.expect_err("too short").to_string();
        assert!(!refused.contains("short\"") && refused.starts_with("the password must have at least 8"), "{refused}");
    }
}
