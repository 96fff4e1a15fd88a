//! Log lines as JSON, as `tracing-subscriber` has them too, but written straight into the line. What it does for the same line, by way
//! of a map and of texts that it reads again, was the dearest of all that surrounds a request.

use std::fmt::{self, Debug, Write};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_log::NormalizeEvent;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

/// Formats events and fields for `tracing_subscriber::fmt`. A line is an object: when, how grave, the fields, where from, and the spans it lies within, with their fields.
#[derive(Debug, Clone, Copy)]
pub struct Json;

impl<S: Subscriber + for<'a> LookupSpan<'a>> FormatEvent<S, Json> for Json {
    fn format_event(
        &self,
        context: &FmtContext<'_, S, Json>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        // What comes by way of the `log` crate says itself where it is from.
        let normalized = event.normalized_metadata();
        let metadata = normalized.as_ref().unwrap_or_else(|| event.metadata());
        writer.write_str("{\"timestamp\":\"")?;
        SystemTime.format_time(&mut writer)?;
        writer.write_str("\",\"level\":\"")?;
        writer.write_str(metadata.level().as_str())?;
        writer.write_char('"')?;
        self.format_fields(writer.by_ref(), event)?;
        writer.write_str(",\"target\":")?;
        write_text(&mut writer, metadata.target())?;
        if let Some(span) = context.parent_span() {
            writer.write_str(",\"span\":")?;
            write_span(&mut writer, &span)?;
            writer.write_str(",\"spans\":[")?;
            for (before, span) in span.scope().from_root().enumerate() {
                if before > 0 {
                    writer.write_char(',')?;
                }
                write_span(&mut writer, &span)?;
            }
            writer.write_char(']')?;
        }
        writer.write_str("}\n")
    }
}

/// Each field behind a comma, so that they go on whatever stands before them.
impl<'writer> FormatFields<'writer> for Json {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut members = Members { writer: &mut writer, written: Ok(()) };
        fields.record(&mut members);
        members.written
    }
}

fn write_span<S: for<'a> LookupSpan<'a>>(writer: &mut Writer<'_>, span: &SpanRef<'_, S>) -> fmt::Result {
    writer.write_str("{\"name\":")?;
    write_text(writer, span.name())?;
    if let Some(fields) = span.extensions().get::<FormattedFields<Json>>() {
        writer.write_str(&fields.fields)?;
    }
    writer.write_char('}')
}

fn write_text(writer: &mut dyn Write, text: &str) -> fmt::Result {
    writer.write_char('"')?;
    Escaped(&mut *writer).write_str(text)?;
    writer.write_char('"')
}

/// Fields as members of an object.
struct Members<'a> {
    writer: &'a mut dyn Write,
    written: fmt::Result,
}

impl Members<'_> {
    fn write(&mut self, field: &Field, value: impl FnOnce(&mut dyn Write) -> fmt::Result) {
        self.written = self.written.and_then(|()| {
            self.writer.write_char(',')?;
            write_text(self.writer, field.name())?;
            self.writer.write_char(':')?;
            value(self.writer)
        });
    }
}

impl Visit for Members<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no word for what is no number.
        self.write(
            field,
            |writer| if value.is_finite() { write!(writer, "{value:?}") } else { writer.write_str("null") },
        );
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.write(field, |writer| write!(writer, "{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.write(field, |writer| write!(writer, "{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.write(field, |writer| write!(writer, "{value}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.write(field, |writer| write_text(writer, value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.write(field, |writer| {
            writer.write_char('"')?;
            write!(Escaped(&mut *writer), "{value:?}")?;
            writer.write_char('"')
        });
    }
}

/// Takes what is to stand within a JSON text.
struct Escaped<'a>(&'a mut dyn Write);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.bytes().position(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
            self.0.write_str(&rest[..at])?;
            match rest.as_bytes()[at] {
                b'"' => self.0.write_str("\\\"")?,
                b'\\' => self.0.write_str("\\\\")?,
                b'\n' => self.0.write_str("\\n")?,
                byte => write!(self.0, "\\u{byte:04x}")?,
            }
            rest = &rest[at + 1..];
        }
        self.0.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io;
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};
    use tracing::field::Empty;

    use super::*;

    /// What was logged.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The lines of what `log` logs, without the times.
    fn lines(log: impl FnOnce()) -> Vec<Value> {
        let written = Written::default();
        let writer = written.clone();
        let logs = tracing_subscriber::fmt().fmt_fields(Json).event_format(Json).with_writer(move || writer.clone());
        tracing::subscriber::with_default(logs.finish(), log);
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let line = |line: &str| {
            let mut line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            let time = line.as_object_mut().unwrap().remove("timestamp").unwrap();
            assert!(time.as_str().unwrap().ends_with('Z'), "{time}");
            line
        };
        text.lines().map(line).collect()
    }

    #[test]
    fn a_line_is_one_object_whatever_its_fields_hold() {
        let all: String = (0..=0x2ff_u32).filter_map(char::from_u32).collect();
        let lines = lines(|| {
            tracing::warn!(target: "a::b", text = all, shown = %all, quoted = ?"\"\n", n = -7, many = u64::MAX, is = true, "said {all}");
            tracing::info!(ms = 0.25, small = 1e-7, nothing = f64::NAN, left_out = Option::<u8>::None);
        });
        let said = format!("said {all}");
        assert_eq!(
            lines[0],
            json!({ "level": "WARN", "target": "a::b", "text": all, "shown": all, "quoted": "\"\\\"\\n\"", "n": -7, "many": u64::MAX, "is": true, "message": said })
        );
        assert_eq!(
            lines[1],
            json!({ "level": "INFO", "target": module_path!(), "ms": 0.25, "small": 1e-7, "nothing": null })
        );
    }

    #[test]
    fn a_line_names_the_spans_it_lies_within_and_their_fields() {
        let lines = lines(|| {
            let outer = tracing::info_span!("outer", id = "a\"b", later = Empty).entered();
            outer.record("later", 7);
            tracing::info_span!("inner").in_scope(|| tracing::info!("within"));
            tracing::info!("outside");
        });
        let outer = json!({ "name": "outer", "id": "a\"b", "later": 7 });
        assert_eq!(
            (&lines[0]["span"], &lines[0]["spans"]),
            (&json!({ "name": "inner" }), &json!([outer, { "name": "inner" }]))
        );
        assert_eq!((&lines[1]["span"], &lines[1]["spans"]), (&outer, &json!([outer])));
    }
}
