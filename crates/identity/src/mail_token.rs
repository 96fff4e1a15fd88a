//! The token in a mail, by which whoever reads the mail proves it.
//!
//! A token says what it is for and whose it is, and holds 256 secret bits. What is kept of it is a hash, over the tenant and the
//! address that it was sent to as well: so it is good in one tenant, for one person, for one purpose, and for as long as that
//! address is the person's. It is kept nowhere itself: the secret follows from the mail that it is in and from a nonce beside the hash,
//! under a key that no database holds, so that a mail that has to be sent again holds the same token.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tidemark_kernel::{Email, UserId};
use uuid::Uuid;

/// What a token begins with, for those who search for secrets in the wrong places.
const PREFIX: &str = "tmm_";
const SECRET: usize = 32;
/// Purpose, person and secret.
const CONTENT: usize = 1 + 16 + SECRET;

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Shows that the account's address is the person's.
    Verify,
    /// Sets the password anew.
    Reset,
    /// Takes another address for the account.
    ChangeEmail,
    /// Accepts an invitation.
    Invite,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Verify, Self::Reset, Self::ChangeEmail, Self::Invite];

    /// Its name in rows.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Reset => "reset",
            Self::ChangeEmail => "changeEmail",
            Self::Invite => "invite",
        }
    }

    fn number(self) -> u8 {
        match self {
            Self::Verify => 1,
            Self::Reset => 2,
            Self::ChangeEmail => 3,
            Self::Invite => 4,
        }
    }
}

/// A token, issued here or made up.
#[derive(Clone, PartialEq, Eq)]
pub struct MailToken {
    /// What it says it is for.
    pub purpose: Purpose,
    /// Whose it says it is.
    pub user: UserId,
    secret: [u8; SECRET],
}

impl MailToken {
    /// The purpose that the key of [`MailToken::of_mail`] is derived for.
    pub const KEY_PURPOSE: &'static str = "mail-token";

    /// The token of one mail: the same for the same mail and nonce.
    #[must_use]
    pub fn of_mail(key: &[u8; 32], mail: Uuid, nonce: &[u8; 16], purpose: Purpose, user: UserId) -> Self {
        let mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
        let mac = mac.chain_update(mail.as_bytes()).chain_update(nonce).chain_update([purpose.number()]);
        let secret = mac.chain_update(user.as_uuid().as_bytes()).finalize().into_bytes().into();
        Self { purpose, user, secret }
    }

    /// Reads what somebody brings; `None` for what was never written here.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        let content: [u8; CONTENT] = bytes.try_into().ok()?;
        let purpose = Purpose::ALL.into_iter().find(|purpose| purpose.number() == content[0])?;
        let (mut user, mut secret) = ([0; 16], [0; SECRET]);
        user.copy_from_slice(&content[1..17]);
        secret.copy_from_slice(&content[17..]);
        Some(Self { purpose, user: UserId::new(Uuid::from_bytes(user)), secret })
    }

    /// The token as the mail has it. It is the secret itself, so there is no `Display` that a log line could use.
    #[must_use]
    pub fn expose(&self) -> String {
        let mut content = [0; CONTENT];
        content[0] = self.purpose.number();
        content[1..17].copy_from_slice(self.user.as_uuid().as_bytes());
        content[17..].copy_from_slice(&self.secret);
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(content))
    }

    /// What is kept of it, when it is sent to `address` in `tenant`.
    #[must_use]
    pub fn hash(&self, tenant: &str, address: &Email) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update([self.purpose.number()]);
        digest.update(self.secret);
        for part in [tenant.as_bytes(), self.user.as_uuid().as_bytes(), address.key().as_bytes()] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        digest.finalize().into()
    }

    /// Whether it is the one that `kept` was kept of. Takes the same time wherever the two differ.
    #[must_use]
    pub fn is(&self, kept: &[u8], tenant: &str, address: &Email) -> bool {
        self.hash(tenant, address).ct_eq(kept).into()
    }
}

impl fmt::Debug for MailToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailToken({:?}, {}, redacted)", self.purpose, self.user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(purpose: Purpose) -> MailToken {
        MailToken::of_mail(&[7; 32], Uuid::from_u128(1), &[9; 16], purpose, UserId::new(Uuid::from_u128(2)))
    }

    fn email(text: &str) -> Email {
        text.parse().expect("an email")
    }

    #[test]
    fn a_token_is_read_as_it_was_written() {
        for purpose in Purpose::ALL {
            assert_eq!(MailToken::parse(&token(purpose).expose()), Some(token(purpose)));
        }
    }

    #[test]
    fn what_was_not_written_here_is_no_token() {
        let written = token(Purpose::Reset).expose();
        let other_purpose = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode([0; CONTENT]));
        for text in ["", "tmm_", &written[1..], &written[..written.len() - 1], &format!("{written}A"), &other_purpose] {
            assert_eq!(MailToken::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_mail_has_one_token_and_another_mail_another() {
        let user = UserId::new(Uuid::from_u128(2));
        let of = |key, mail, nonce| MailToken::of_mail(&key, Uuid::from_u128(mail), &nonce, Purpose::Reset, user);
        assert_eq!(of([7; 32], 1, [9; 16]), token(Purpose::Reset));
        for other in [of([8; 32], 1, [9; 16]), of([7; 32], 2, [9; 16]), of([7; 32], 1, [8; 16])] {
            assert_ne!(other, token(Purpose::Reset));
        }
    }

    #[test]
    fn a_token_is_bound_to_tenant_purpose_person_and_address_but_not_to_case() {
        let sent = token(Purpose::Reset);
        let kept = sent.hash("acme", &email("Ada@example.com"));
        assert!(sent.is(&kept, "acme", &email("ada@EXAMPLE.com")));
        assert!(!sent.is(&kept, "other", &email("ada@example.com")));
        assert!(!sent.is(&kept, "acme", &email("eve@example.com")));
        let (mut verify, mut of_eve) = (sent.clone(), sent.clone());
        verify.purpose = Purpose::Verify;
        of_eve.user = UserId::new(Uuid::from_u128(3));
        for forged in [verify, of_eve, token(Purpose::Verify)] {
            assert!(!forged.is(&kept, "acme", &email("ada@example.com")), "{forged:?}");
        }
        assert!(!sent.is(&[], "acme", &email("ada@example.com")));
    }

    #[test]
    fn a_token_never_shows_in_debug_output() {
        assert!(format!("{:?}", token(Purpose::Reset)).ends_with("redacted)"));
    }
}
