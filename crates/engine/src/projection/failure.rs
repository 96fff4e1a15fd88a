//! Which failures of the database say something about the data, and which only about the moment.

/// Whether the same statement over the same rows fails again for ever: the data is at fault (SQLSTATE class 22), breaks
/// a constraint (23), or is larger than Postgres can hold (54), cannot be put on the wire at all, or is a row that the
/// projection cannot read back.
pub(super) fn is_deterministic(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| matches!(code.get(..2), Some("22" | "23" | "54")))
        }
        sqlx::Error::Encode(_)
        | sqlx::Error::Decode(_)
        | sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::ColumnNotFound(_) => true,
        _ => false,
    }
}

/// Whether somebody has held on to a lock for longer than the transaction was to wait for it.
pub(super) fn is_lock_timeout(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.code().as_deref() == Some("55P03"))
}
