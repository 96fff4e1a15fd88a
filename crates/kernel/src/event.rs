//! What every event enum owes the log: its types by name, the versions of their shapes, and how old shapes become present
//! ones.

use serde::Deserialize;
use serde_json::Value;

/// An event enum of an aggregate, as [`domain_event!`](crate::domain_event) makes it.
pub trait Event: cqrs_es::DomainEvent {
    /// Every type of event, and the present version of its shape. All versions up to it are read.
    const VERSIONS: &'static [(&'static str, u32)];

    /// Whether there is an event of this type whose shape had this version.
    #[must_use]
    fn is_known(event_type: &str, event_version: &str) -> bool {
        Self::VERSIONS
            .iter()
            .filter(|(known, _)| *known == event_type)
            .any(|(_, present)| (1..=*present).any(|version| version.to_string() == event_version))
    }
}

/// What the member `type` of an event's JSON says: the event's type, from its second shape on with the version, as in
/// `PostCreated.v2`. So the JSON tells by itself how it is to be read.
#[must_use]
pub fn tag_of(event_type: &str, version: u32) -> String {
    if version == 1 { event_type.to_owned() } else { format!("{event_type}.v{version}") }
}

/// Implements `cqrs_es::DomainEvent` and [`Event`](crate::Event) for an event enum and lists its types as `TYPES`.
///
/// The variants' names are the event types, for ever; a variant that is missing in the list does not compile. A variant whose
/// shape has changed says its version (`PostCreated = 2`), carries it in its serde name (`#[serde(rename = "PostCreated.v2")]`),
/// and the enum (`#[serde(remote = "Self")]`) names the types that read the shapes before, each of which becomes an event:
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
/// #[serde(tag = "type", remote = "Self")]
/// enum TideEvent {
///     #[serde(rename = "TideTurned.v2")]
///     TideTurned { centimetres: i64 },
/// }
///
/// #[derive(Deserialize)]
/// struct TideTurnedV1 {
///     metres: i64,
/// }
///
/// impl From<TideTurnedV1> for TideEvent {
///     fn from(old: TideTurnedV1) -> Self {
///         Self::TideTurned { centimetres: old.metres * 100 }
///     }
/// }
///
/// tidemark_kernel::domain_event!(TideEvent { TideTurned = 2 } upcasts { "TideTurned" => TideTurnedV1 });
///
/// let old: TideEvent = serde_json::from_str(r#"{"type":"TideTurned","metres":3}"#)?;
/// assert_eq!(old, TideEvent::TideTurned { centimetres: 300 });
/// # Ok::<(), serde_json::Error>(())
/// ```
#[macro_export]
macro_rules! domain_event {
    ($event:ident { $($variant:ident $(= $version:literal)?),+ $(,)? }) => {
        impl $event {
            /// Every type of event in this enum, as the log names it.
            #[allow(dead_code, unreachable_pub, reason = "how far it is seen, and whether it is used, is the enum's affair")]
            pub const TYPES: &'static [&'static str] = &[$(stringify!($variant)),+];
        }

        impl $crate::cqrs_es::DomainEvent for $event {
            fn event_type(&self) -> String {
                match self {
                    $(Self::$variant { .. } => stringify!($variant).to_owned(),)+
                }
            }

            fn event_version(&self) -> String {
                match self {
                    $(Self::$variant { .. } => $crate::domain_event!(@version $($version)?).to_string(),)+
                }
            }
        }

        impl $crate::Event for $event {
            const VERSIONS: &'static [(&'static str, u32)] =
                &[$((stringify!($variant), $crate::domain_event!(@version $($version)?))),+];
        }
    };
    ($event:ident { $($variant:ident $(= $version:literal)?),+ $(,)? } upcasts { $($tag:literal => $old:ty),+ $(,)? }) => {
        $crate::domain_event!($event { $($variant $(= $version)?),+ });

        impl $crate::serde::Serialize for $event {
            fn serialize<S: $crate::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $event::serialize(self, serializer)
            }
        }

        impl<'de> $crate::serde::Deserialize<'de> for $event {
            fn deserialize<D: $crate::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let tagged = $crate::Tagged::read(deserializer)?;
                match tagged.tag() {
                    $($tag => tagged.decode::<$old, D::Error>().map(Self::from),)+
                    _ => $event::deserialize(tagged.into_json()).map_err($crate::serde::de::Error::custom),
                }
            }
        }
    };
    (@version) => { 1_u32 };
    (@version $version:literal) => { $version };
}

/// The JSON of an event whose shape is still to be told by its `type`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Tagged(Value);

impl Tagged {
    /// Reads it without understanding it.
    pub fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self)
    }

    /// What its `type` says.
    #[must_use]
    pub fn tag(&self) -> &str {
        self.0.get("type").and_then(Value::as_str).unwrap_or_default()
    }

    /// The shape that its `type` stands for.
    pub fn decode<T: serde::de::DeserializeOwned, E: serde::de::Error>(self) -> Result<T, E> {
        serde_json::from_value(self.0).map_err(E::custom)
    }

    /// The JSON itself.
    #[must_use]
    pub fn into_json(self) -> Value {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use cqrs_es::DomainEvent;
    use serde::{Deserialize, Serialize};

    use super::*;

    /// A name that was one text at first, then two, and now says what comes first.
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "type", remote = "Self")]
    enum PersonEvent {
        #[serde(rename = "Named.v3")]
        Named {
            given: String,
            family: String,
            family_first: bool,
        },
        Left,
    }

    #[derive(Deserialize)]
    struct NamedV1 {
        name: String,
    }

    #[derive(Deserialize)]
    struct NamedV2 {
        given: String,
        family: String,
    }

    impl From<NamedV1> for NamedV2 {
        fn from(old: NamedV1) -> Self {
            let (given, family) = old.name.split_once(' ').unwrap_or((&old.name, ""));
            Self { given: given.to_owned(), family: family.to_owned() }
        }
    }

    impl From<NamedV1> for PersonEvent {
        fn from(old: NamedV1) -> Self {
            NamedV2::from(old).into()
        }
    }

    impl From<NamedV2> for PersonEvent {
        fn from(old: NamedV2) -> Self {
            Self::Named { given: old.given, family: old.family, family_first: false }
        }
    }

    domain_event!(PersonEvent { Named = 3, Left } upcasts { "Named" => NamedV1, "Named.v2" => NamedV2 });

    fn read(json: &str) -> PersonEvent {
        serde_json::from_str(json).expect("a known shape")
    }

    #[test]
    fn every_shape_there_ever_was_becomes_the_present_one() {
        let ada = |family_first| PersonEvent::Named { given: "Ada".into(), family: "Byron".into(), family_first };
        assert_eq!(read(r#"{"type":"Named","name":"Ada Byron"}"#), ada(false));
        assert_eq!(read(r#"{"type":"Named.v2","given":"Ada","family":"Byron"}"#), ada(false));
        let present = serde_json::to_string(&ada(true)).expect("JSON");
        assert!(present.contains(r#""type":"Named.v3""#), "{present}");
        assert_eq!(read(&present), ada(true));
        assert_eq!(read(r#"{"type":"Left"}"#), PersonEvent::Left);
        for unknown in [r#"{"type":"Named.v4","given":"Ada"}"#, r#"{"type":"Named.v2","name":"Ada Byron"}"#, "{}", "1"]
        {
            assert!(serde_json::from_str::<PersonEvent>(unknown).is_err(), "{unknown}");
        }
    }

    #[test]
    fn an_event_says_its_version_and_versions_to_come_are_unknown() {
        let left = PersonEvent::Left;
        assert_eq!((left.event_type().as_str(), left.event_version().as_str()), ("Left", "1"));
        assert_eq!(read(r#"{"type":"Named","name":"Ada"}"#).event_version(), "3");
        assert_eq!(PersonEvent::TYPES, ["Named", "Left"]);
        for (event_type, version, is_known) in [
            ("Named", "1", true),
            ("Named", "3", true),
            ("Named", "4", false),
            ("Named", "03", false),
            ("Left", "2", false),
            ("Gone", "1", false),
        ] {
            assert_eq!(PersonEvent::is_known(event_type, version), is_known, "{event_type} {version}");
        }
        assert_eq!((tag_of("Named", 1), tag_of("Named", 2)), ("Named".to_owned(), "Named.v2".to_owned()));
    }
}
