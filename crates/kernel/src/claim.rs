//! Uniqueness within a tenant, asked for by an event and decided by the append that records it.

/// A change of a claim that an event entails. The append that records the event applies it, or refuses both.
///
/// A claim is a row `(tenant, scope, value)` held by one aggregate; `scope` is `<aggregate>.<what>`, as in `user.email`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimChange {
    /// Take `value`; refused when another aggregate of the tenant holds it.
    Take {
        /// What kind of value must be unique.
        scope: &'static str,
        /// The value, normalised so that equal means the same.
        value: String,
    },
    /// Give `value` back. Freeing what is not held changes nothing.
    Free {
        /// What kind of value must be unique.
        scope: &'static str,
        /// The value as it was taken.
        value: String,
    },
    /// Give `value` back, but only while the tenant holds another value in this scope (the last admin stays).
    FreeUnlessLast {
        /// What kind of value must not run out.
        scope: &'static str,
        /// The value as it was taken.
        value: String,
    },
}
