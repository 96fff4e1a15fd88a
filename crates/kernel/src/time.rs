//! A moment in UTC with milliseconds, as API answers and events carry it.

use chrono::{DateTime, Datelike, SecondsFormat, SubsecRound, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::FieldError;

/// A moment in UTC, cut to milliseconds; in JSON RFC 3339 as in `2026-01-31T12:00:00.000Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// Cuts `at` to milliseconds.
    #[must_use]
    pub fn new(at: DateTime<Utc>) -> Self {
        Self(at.trunc_subsecs(3))
    }

    /// Reads a moment that somebody has written, in RFC 3339 with any offset. Years have four digits in UTC too, as every
    /// reader of the JSON expects.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let at = DateTime::parse_from_rfc3339(text).ok().map(|at| at.with_timezone(&Utc));
        at.filter(|at| (0..=9999).contains(&at.year()))
            .map(Self::new)
            .ok_or_else(|| FieldError::invalid("must be a time with its offset, as in 2026-01-31T12:00:00.000Z"))
    }

    /// The moment as `chrono` has it.
    #[must_use]
    pub fn as_datetime(self) -> DateTime<Utc> {
        self.0
    }
}

impl Default for Timestamp {
    /// The Unix epoch: what an aggregate shows before its first event.
    fn default() -> Self {
        Self(DateTime::UNIX_EPOCH)
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(at: DateTime<Utc>) -> Self {
        Self::new(at)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        DateTime::<Utc>::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Timestamp {
        serde_json::from_str(json).expect("a moment")
    }

    #[test]
    fn a_moment_is_utc_with_milliseconds() {
        let at = read("\"2026-01-31T13:00:00.123987+01:00\"");
        assert_eq!(serde_json::to_string(&at).expect("JSON"), "\"2026-01-31T12:00:00.123Z\"");
    }

    #[test]
    fn a_full_second_shows_its_milliseconds() {
        assert_eq!(read("\"2026-01-31T12:00:00Z\"").to_string(), "2026-01-31T12:00:00.000Z");
    }

    #[test]
    fn a_moment_is_read_with_any_offset_and_not_without_one() {
        let noon = read("\"2026-01-31T12:00:00Z\"");
        assert_eq!(Timestamp::parse("2026-01-31T13:00:00+01:00"), Ok(noon));
        for text in
            ["", "2026-01-31", "2026-01-31T12:00:00", "2026-02-30T12:00:00Z", "9999-12-31T23:30:00-01:00", "now"]
        {
            assert_eq!(Timestamp::parse(text).map_err(|error| error.code), Err("invalid"), "{text}");
        }
    }

    #[test]
    fn a_moment_that_is_written_and_read_is_the_same() {
        let at = Timestamp::new(DateTime::from_timestamp_nanos(1_769_860_800_123_999_999));
        assert_eq!(read(&serde_json::to_string(&at).expect("JSON")), at);
    }
}
