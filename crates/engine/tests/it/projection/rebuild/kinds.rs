//! The notes again, as a later version folds them, and as code with a mistake does.

use std::collections::HashMap;

use async_trait::async_trait;
use sqlx::PgConnection;
use tidemark_engine::event::RecordedEvent;
use tidemark_engine::projection::{Change, Check, Projection, ReducerError};

use crate::projection::notes::{Note, NoteWritten, Notes};

/// The same version, but its reducer shouts in one tenant.
pub(crate) struct Shouting(pub(crate) Notes);

/// The next version: it shouts on purpose, and keeps something more.
pub(crate) struct Louder(pub(crate) Notes);

/// The next version, with a column whose type has changed.
pub(crate) struct Changed(pub(crate) Notes);

/// The same version, and the same mistake in both: it forgets every note that is called `lost`.
pub(crate) struct Forgetful(pub(crate) Notes);

const LOUDER: &str = r#"
    create table test_notes (tenant_id text, note_id text, body varchar(10), version bigint, primary key (tenant_id, note_id));
    create index test_notes_by_body on test_notes (tenant_id, body);
    create table test_counts (tenant_id text primary key, notes bigint not null);
    create table test_marks (tenant_id text, mark text, primary key (tenant_id, mark));
"#;
const CHANGED: &str = r#"
    create table test_notes (tenant_id text, note_id text, body varchar(10), version numeric, primary key (tenant_id, note_id));
    create table test_counts (tenant_id text primary key, notes bigint not null);
"#;
const CHECKS: &[Check] = &[Check {
    name: "notes",
    in_log: "select tenant_id, count(distinct aggregate_id) as total from log.events where position <= $1 and aggregate_type = 'note' group by tenant_id",
    in_tables: "select tenant_id, count(*) as total from test_notes group by tenant_id",
}];

fn shout(note: &Note) -> Note {
    Note { body: note.body.to_uppercase() + "!", version: note.version }
}

macro_rules! like_notes {
    ($kind:ident, $version:literal, $tables:expr, $ddl:expr, $checks:expr, $change:expr) => {
        #[async_trait]
        impl Projection for $kind {
            const NAME: &'static str = Notes::NAME;
            const VERSION: i32 = $version;
            const TABLES: &'static [&'static str] = $tables;
            const DDL: &'static str = $ddl;
            const FOLLOWS: &'static [&'static str] = Notes::FOLLOWS;
            const CHECKS: &'static [Check] = $checks;

            type Event = NoteWritten;
            type Key = (String, String);
            type Row = Note;

            fn decode(&self, event: &RecordedEvent) -> Result<NoteWritten, ReducerError> {
                self.0.decode(event)
            }

            fn keys(&self, event: &RecordedEvent, decoded: &NoteWritten) -> Result<Vec<Self::Key>, ReducerError> {
                self.0.keys(event, decoded)
            }

            fn reduce(
                &self,
                key: &Self::Key,
                row: Option<Note>,
                event: &RecordedEvent,
                decoded: &NoteWritten,
            ) -> Result<Option<Note>, ReducerError> {
                let change: fn(&Self::Key, Note) -> Option<Note> = $change;
                Ok(self.0.reduce(key, row, event, decoded)?.and_then(|note| change(key, note)))
            }

            async fn load(
                &self,
                connection: &mut PgConnection,
                keys: &[Self::Key],
            ) -> sqlx::Result<HashMap<Self::Key, Note>> {
                self.0.load(connection, keys).await
            }

            async fn store(
                &self,
                connection: &mut PgConnection,
                changes: &[Change<Self::Key, Note>],
            ) -> sqlx::Result<()> {
                self.0.store(connection, changes).await
            }
        }
    };
}

like_notes!(Shouting, 1, Notes::TABLES, Notes::DDL, &[], |key, note| {
    Some(if key.0 == "beta" { shout(&note) } else { note })
});
like_notes!(Louder, 2, &["test_notes", "test_counts", "test_marks"], LOUDER, CHECKS, |_, note| Some(shout(&note)));
like_notes!(Changed, 2, Notes::TABLES, CHANGED, &[], |_, note| Some(note));
like_notes!(Forgetful, 1, Notes::TABLES, Notes::DDL, CHECKS, |key, note| (key.1 != "lost").then_some(note));
