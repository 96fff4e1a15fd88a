//! Decoding what a projection follows.

use tidemark_engine::event::RecordedEvent;
use tidemark_engine::projection::ReducerError;
use tidemark_kernel::Event;
use uuid::Uuid;

/// Decodes an event of whatever version this build knows. Another type or version of a followed aggregate is never passed over.
pub(crate) fn decode<E: Event>(event: &RecordedEvent) -> Result<E, ReducerError> {
    if !E::is_known(&event.event_type, &event.event_version) {
        return Err(ReducerError::unknown(event));
    }
    Ok(event.decode()?)
}

/// The id of the aggregate that the event is of.
pub(crate) fn aggregate_uuid(event: &RecordedEvent) -> Result<Uuid, ReducerError> {
    Uuid::try_parse(&event.aggregate_id)
        .map_err(|_| ReducerError::new(format!("{:?} is no id of a {}", event.aggregate_id, event.aggregate_type)))
}

/// The row that an event changes must be there.
pub(crate) fn present<R>(row: Option<R>, event: &RecordedEvent) -> Result<R, ReducerError> {
    row.ok_or_else(|| {
        ReducerError::new(format!("{} of a {} that was never created", event.event_type, event.aggregate_type))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde::{Deserialize, Serialize};
    use serde_json::value::RawValue;
    use tidemark_kernel::domain_event;

    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "type", remote = "Self")]
    enum TideEvent {
        #[serde(rename = "Turned.v2")]
        Turned { centimetres: i64 },
    }

    #[derive(Deserialize)]
    struct TurnedV1 {
        metres: i64,
    }

    impl From<TurnedV1> for TideEvent {
        fn from(old: TurnedV1) -> Self {
            Self::Turned { centimetres: old.metres * 100 }
        }
    }

    domain_event!(TideEvent { Turned = 2 } upcasts { "Turned" => TurnedV1 });

    fn recorded(event_type: &str, event_version: &str, payload: &str) -> RecordedEvent {
        RecordedEvent {
            position: 1,
            event_id: Uuid::nil(),
            tenant_id: Arc::from("acme"),
            tenant_position: 1,
            aggregate_type: Arc::from("tide"),
            aggregate_id: Arc::from("1"),
            sequence: 1,
            event_type: Arc::from(event_type),
            event_version: Arc::from(event_version),
            payload: RawValue::from_string(payload.to_owned()).expect("JSON"),
            metadata: Default::default(),
            recorded_at: chrono::DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_projection_gets_the_present_shape_and_never_passes_an_unknown_one_over() {
        let turned = |centimetres| Ok(TideEvent::Turned { centimetres });
        assert_eq!(decode(&recorded("Turned", "1", r#"{"type":"Turned","metres":3}"#)), turned(300));
        assert_eq!(decode(&recorded("Turned", "2", r#"{"type":"Turned.v2","centimetres":7}"#)), turned(7));
        for (event_type, version) in [("Turned", "3"), ("Turned", "0"), ("Slackened", "1")] {
            let event = recorded(event_type, version, r#"{"type":"Turned.v2","centimetres":7}"#);
            assert_eq!(decode::<TideEvent>(&event), Err(ReducerError::unknown(&event)));
        }
    }
}
