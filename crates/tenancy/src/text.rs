//! What people write about a tenant.

use serde::{Deserialize, Serialize};
use tidemark_kernel::{FieldError, single_line};

/// A tenant's display name: one line of 1 to 100 characters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TenantName(String);

impl TenantName {
    /// The longest name, in characters.
    pub const MAX: usize = 100;

    /// Checks what somebody typed.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        single_line(text, Self::MAX).map(Self)
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why an operator suspended a tenant: one line of 1 to 500 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SuspensionReason(String);

impl SuspensionReason {
    /// The longest reason, in characters.
    pub const MAX: usize = 500;

    /// Checks what somebody typed.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        single_line(text, Self::MAX).map(Self)
    }

    /// The reason as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_of_1_to_100_characters() {
        assert_eq!(TenantName::parse(" Demo ").map(|name| name.0), Ok("Demo".to_owned()));
        assert_eq!(TenantName::parse("").map_err(|e| e.code), Err("too_short"));
        assert_eq!(TenantName::parse(&"ü".repeat(101)).map_err(|e| e.code), Err("too_long"));
        assert!(TenantName::parse(&"ü".repeat(100)).is_ok());
    }

    #[test]
    fn a_reason_is_one_line_of_1_to_500_characters() {
        assert!(SuspensionReason::parse(&"x".repeat(500)).is_ok());
        assert_eq!(SuspensionReason::parse(&"x".repeat(501)).map_err(|e| e.code), Err("too_long"));
    }

    #[test]
    fn a_name_in_the_log_is_read_whatever_the_rule_is_now() {
        let long = format!("\"{}\"", "x".repeat(5_000));
        assert!(serde_json::from_str::<TenantName>(&long).is_ok());
    }
}
