//! How a rule says no.

/// The ways a rule refuses; the HTTP status follows from it in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The input itself is wrong (400).
    Invalid,
    /// The caller may not (403).
    Forbidden,
    /// There is no such thing for this caller (404).
    NotFound,
    /// A rule or the present state forbids it (409).
    Conflict,
}

/// A business refusal: shown to the caller, never logged as an error.
pub trait Refusal: std::error::Error + Send + Sync + 'static {
    /// Which kind of no this is.
    fn kind(&self) -> Kind;
    /// The stable problem code, `UPPER_SNAKE`.
    fn code(&self) -> &'static str;
    /// The field at fault and its field error code, when one is.
    fn field(&self) -> Option<(&'static str, &'static str)> {
        None
    }
}
