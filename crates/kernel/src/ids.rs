//! Identifiers: the tenant's permanent key, and UUIDv7 newtypes for everything else.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::FieldError;

/// A tenant's permanent key, `^[a-z][a-z0-9-]{1,38}$`: in host names, subjects, stream names and rows alike.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantId(Arc<str>);

/// Why a text is no tenant key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a tenant key has 2 to 39 characters: a lower-case letter, then lower-case letters, digits and hyphens")]
pub struct TenantIdError;

impl TenantId {
    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TenantId {
    type Err = TenantIdError;

    fn from_str(text: &str) -> Result<Self, TenantIdError> {
        let mut bytes = text.bytes();
        let starts_well = bytes.next().is_some_and(|b| b.is_ascii_lowercase());
        let goes_on_well = bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if starts_well && goes_on_well && (2..=39).contains(&text.len()) {
            Ok(Self(text.into()))
        } else {
            Err(TenantIdError)
        }
    }
}

impl From<TenantIdError> for FieldError {
    fn from(error: TenantIdError) -> Self {
        Self::invalid(error.to_string())
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TenantId({})", self.0)
    }
}

impl Serialize for TenantId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for TenantId {
    /// Checks, unlike other values of the log: stream names rely on the form of a key, which is for ever and may only widen.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps an id that exists already, or one that the edge has just made (UUIDv7).
            #[must_use]
            pub fn new(id: Uuid) -> Self {
                Self(id)
            }

            /// The id as a UUID.
            #[must_use]
            pub fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::try_parse(text).map(Self)
            }
        }
    };
}

uuid_id!(
    /// A person's account in one tenant.
    UserId
);
uuid_id!(
    /// One sign-in of a person, the `sid` of its tokens.
    SessionId
);
uuid_id!(
    /// A service token of a tenant.
    ServiceTokenId
);
uuid_id!(
    /// A post.
    PostId
);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_tenant_key_has_2_to_39_characters() {
        assert_eq!("a".parse::<TenantId>(), Err(TenantIdError));
        assert!("ab".parse::<TenantId>().is_ok());
        assert!("a".repeat(39).parse::<TenantId>().is_ok());
        assert_eq!("a".repeat(40).parse::<TenantId>(), Err(TenantIdError));
    }

    #[test]
    fn what_could_name_another_stream_or_subject_is_no_tenant_key() {
        for text in [
            "", "Demo", "1demo", "-demo", "de mo", "de/mo", "de.mo", "de*mo", "de>mo", "de_mo", "dèmo", "demo\n",
            "demo\0",
        ] {
            assert_eq!(text.parse::<TenantId>(), Err(TenantIdError), "{text:?}");
        }
    }

    #[test]
    fn a_tenant_key_in_json_is_checked() {
        assert!(serde_json::from_str::<TenantId>("\"demo\"").is_ok());
        assert!(serde_json::from_str::<TenantId>("\"de/mo\"").is_err());
    }

    #[test]
    fn an_id_is_written_as_the_uuid_it_is() {
        let text = "0190a0b1-c2d3-7e4f-8a5b-6c7d8e9f0a1b";
        let id: PostId = text.parse().expect("a UUID");
        assert_eq!(id.to_string(), text);
        assert_eq!(serde_json::to_value(id).expect("JSON"), serde_json::json!(text));
    }

    proptest! {
        #[test]
        fn every_text_of_the_grammar_is_a_key_and_comes_back(text in "[a-z][a-z0-9-]{1,38}") {
            let key: TenantId = text.parse().expect("a key");
            prop_assert_eq!(key.as_str(), text.as_str());
            let json = serde_json::to_string(&key).expect("JSON");
            prop_assert_eq!(serde_json::from_str::<TenantId>(&json).expect("a key"), key);
        }

        #[test]
        fn any_other_text_is_none(text in "\\PC{0,45}") {
            let mut chars = text.chars();
            let fits = chars.next().is_some_and(|c| c.is_ascii_lowercase())
                && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
                && (2..=39).contains(&text.chars().count());
            prop_assert_eq!(text.parse::<TenantId>().is_ok(), fits);
        }
    }
}
