//! What every event enum owes the log: its types by name.

/// Implements `cqrs_es::DomainEvent` for an event enum at version `1` and lists its types as `TYPES`.
///
/// The variants' names are the event types, for ever; a variant that is missing in the list does not compile.
#[macro_export]
macro_rules! domain_event {
    ($event:ident { $($variant:ident),+ $(,)? }) => {
        impl $event {
            /// Every type of event in this enum, as the log names it.
            pub const TYPES: &'static [&'static str] = &[$(stringify!($variant)),+];
        }

        impl $crate::cqrs_es::DomainEvent for $event {
            fn event_type(&self) -> String {
                match self {
                    $(Self::$variant { .. } => stringify!($variant).to_owned(),)+
                }
            }

            fn event_version(&self) -> String {
                "1".to_owned()
            }
        }
    };
}
