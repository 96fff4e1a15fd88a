//! A service token lets a program of a tenant's own, and no person, use the API, as far as its scopes open it.
//!
//! What is shown of it once, and its hash, are no part of this: the hash is a row beside the log.

use std::collections::BTreeSet;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};
use tidemark_kernel::{FieldError, Kind, Refusal, Root, ServiceTokenId, Timestamp, UserId, domain_event, single_line};

/// One token, as its events have made it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceToken {
    /// Its id.
    pub id: ServiceTokenId,
    /// What it is for.
    pub name: ServiceTokenName,
    /// What it opens.
    pub scopes: BTreeSet<TokenScope>,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// The admin who made it.
    pub created_by: UserId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    life: Life,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Life {
    #[default]
    Unborn,
    Alive,
    Revoked,
}

/// What a token is for: one line of 1 to 100 characters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServiceTokenName(String);

impl ServiceTokenName {
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

names!(
    /// What a token may open. Nothing follows from one scope for another.
    TokenScope {
        /// The tenant's events, sealed where they say something about a person.
        EventsRead = "events:read",
        /// What is said about people, where another scope lets read it.
        PersonalRead = "personal:read",
        /// Posts, drafts too, with tags and categories.
        ContentRead = "content:read",
        /// Writing, publishing and archiving posts, anybody's.
        ContentWrite = "content:write",
        /// Accounts; as all of that is about people, together with `personal:read`.
        UsersRead = "users:read",
        /// The tenant's settings, without secrets.
        SettingsRead = "settings:read",
    }
);

impl TokenScope {
    /// Reads what [`TokenScope::as_str`] wrote.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|scope| scope.as_str() == name)
    }
}

/// What an admin may ask of a token.
#[derive(Debug, Clone)]
pub enum ServiceTokenCommand {
    /// Makes one.
    Create {
        /// Its id.
        id: ServiceTokenId,
        /// What it is for.
        name: ServiceTokenName,
        /// What it opens.
        scopes: BTreeSet<TokenScope>,
        /// When it ends by itself.
        expires_at: Option<Timestamp>,
        /// The admin who makes it.
        by: UserId,
        /// When.
        at: Timestamp,
    },
    /// Ends it for good.
    Revoke {
        /// When.
        at: Timestamp,
    },
}

/// What happened to a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "the fields are the words of the commands")]
pub enum ServiceTokenEvent {
    /// It was made.
    ServiceTokenCreated {
        id: ServiceTokenId,
        name: ServiceTokenName,
        scopes: BTreeSet<TokenScope>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_at: Option<Timestamp>,
        created_by: UserId,
        at: Timestamp,
    },
    /// It has ended.
    ServiceTokenRevoked { at: Timestamp },
}

domain_event!(ServiceTokenEvent { ServiceTokenCreated, ServiceTokenRevoked });

/// How a token says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ServiceTokenRefusal {
    /// The id is in use.
    #[error("a service token with this id exists already")]
    AlreadyExists,
    /// There is no such token, or it was revoked.
    #[error("there is no such service token")]
    NotFound,
    /// It would have ended before it began.
    #[error("must lie in the future")]
    ExpiredAlready,
    /// There are as many as a tenant may have.
    #[error("a tenant has at most {most} service tokens, revoke one that is not needed", most = ServiceToken::MOST)]
    TooMany,
}

impl Refusal for ServiceTokenRefusal {
    fn kind(&self) -> Kind {
        match self {
            Self::AlreadyExists | Self::TooMany => Kind::Conflict,
            Self::NotFound => Kind::NotFound,
            Self::ExpiredAlready => Kind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyExists => "SERVICE_TOKEN_EXISTS",
            Self::NotFound => "NOT_FOUND",
            Self::ExpiredAlready => "VALIDATION_FAILED",
            Self::TooMany => "TOO_MANY_SERVICE_TOKENS",
        }
    }

    fn field(&self) -> Option<(&'static str, &'static str)> {
        (*self == Self::ExpiredAlready).then_some(("expiresAt", "out_of_range"))
    }
}

impl ServiceToken {
    /// How many a tenant may have that are not revoked: each has a rate limit of its own, so without an end of them there would be
    /// none to what a tenant may ask.
    pub const MOST: u32 = 100;

    /// Whether it was made and not revoked. That it may have expired is the clock's affair.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.life == Life::Alive
    }

    fn revoke(&self, at: Timestamp) -> Result<ServiceTokenEvent, ServiceTokenRefusal> {
        if self.is_alive() {
            Ok(ServiceTokenEvent::ServiceTokenRevoked { at })
        } else {
            Err(ServiceTokenRefusal::NotFound)
        }
    }
}

impl Aggregate for ServiceToken {
    const TYPE: &'static str = "serviceToken";
    type Command = ServiceTokenCommand;
    type Event = ServiceTokenEvent;
    type Error = ServiceTokenRefusal;
    type Services = ();

    async fn handle(
        &mut self,
        command: ServiceTokenCommand,
        (): &(),
        events: &EventSink<Self>,
    ) -> Result<(), ServiceTokenRefusal> {
        let event = match command {
            ServiceTokenCommand::Create { .. } if self.life != Life::Unborn => Err(ServiceTokenRefusal::AlreadyExists),
            ServiceTokenCommand::Create { expires_at: Some(end), at, .. } if end <= at => {
                Err(ServiceTokenRefusal::ExpiredAlready)
            }
            ServiceTokenCommand::Create { id, name, scopes, expires_at, by, at } => {
                Ok(ServiceTokenEvent::ServiceTokenCreated { id, name, scopes, expires_at, created_by: by, at })
            }
            ServiceTokenCommand::Revoke { at } => self.revoke(at),
        }?;
        events.write(event, self).await;
        Ok(())
    }

    fn apply(&mut self, event: ServiceTokenEvent) {
        match event {
            ServiceTokenEvent::ServiceTokenCreated { id, name, scopes, expires_at, created_by, at } => {
                *self = Self {
                    id,
                    name,
                    scopes,
                    expires_at,
                    created_by,
                    created_at: at,
                    updated_at: at,
                    life: Life::Alive,
                };
            }
            ServiceTokenEvent::ServiceTokenRevoked { at } => {
                self.life = Life::Revoked;
                self.updated_at = at;
            }
        }
    }
}

impl Root for ServiceToken {
    const SHAPE: u32 = 1;

    /// A token takes no claims: two may have the same name.
    fn claim_refused(_scope: &str) -> ServiceTokenRefusal {
        ServiceTokenRefusal::AlreadyExists
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};
    use tidemark_kernel::testing::{assert_golden, assert_shape, given};

    use super::*;

    fn minute(minute: u32) -> Timestamp {
        Timestamp::new(Utc.with_ymd_and_hms(2026, 1, 31, 12, minute, 0).single().expect("a time"))
    }

    fn create(expires_at: Option<Timestamp>) -> ServiceTokenCommand {
        ServiceTokenCommand::Create {
            id: ServiceTokenId::default(),
            name: ServiceTokenName::parse("Static site").expect("a name"),
            scopes: BTreeSet::from([TokenScope::ContentRead]),
            expires_at,
            by: UserId::default(),
            at: minute(1),
        }
    }

    fn created() -> ServiceTokenEvent {
        ServiceTokenEvent::ServiceTokenCreated {
            id: ServiceTokenId::default(),
            name: ServiceTokenName::parse("Static site").expect("a name"),
            scopes: BTreeSet::from([TokenScope::ContentRead]),
            expires_at: None,
            created_by: UserId::default(),
            at: minute(1),
        }
    }

    #[test]
    fn a_token_is_made_and_revoked_once() {
        assert!(given::<ServiceToken>([]).when(create(None)).then([created()]).is_alive());
        let revoked = ServiceTokenEvent::ServiceTokenRevoked { at: minute(2) };
        let token = given::<ServiceToken>([created()])
            .when(ServiceTokenCommand::Revoke { at: minute(2) })
            .then([revoked.clone()]);
        assert!(!token.is_alive());
        for (past, command) in [
            (vec![], ServiceTokenCommand::Revoke { at: minute(3) }),
            (vec![created(), revoked.clone()], ServiceTokenCommand::Revoke { at: minute(3) }),
        ] {
            given::<ServiceToken>(past).when(command).refused(ServiceTokenRefusal::NotFound);
        }
        given::<ServiceToken>([created(), revoked]).when(create(None)).refused(ServiceTokenRefusal::AlreadyExists);
    }

    #[test]
    fn a_token_ends_after_it_begins() {
        for end in [minute(0), minute(1)] {
            given::<ServiceToken>([]).when(create(Some(end))).refused(ServiceTokenRefusal::ExpiredAlready);
        }
        assert_eq!(ServiceTokenRefusal::ExpiredAlready.field(), Some(("expiresAt", "out_of_range")));
    }

    #[test]
    fn a_scope_is_read_as_it_was_written() {
        for scope in TokenScope::ALL {
            assert_eq!(TokenScope::parse(scope.as_str()), Some(*scope));
            assert_eq!(serde_json::to_value(scope).expect("JSON"), serde_json::json!(scope.as_str()));
        }
        assert_eq!(TokenScope::parse("content"), None);
    }

    #[test]
    fn every_event_ever_published_is_still_read() {
        assert_golden::<ServiceTokenEvent>(concat!(env!("CARGO_MANIFEST_DIR"), "/golden"));
    }

    #[test]
    fn another_shape_of_its_states_is_a_new_version() {
        assert_shape::<ServiceToken>(env!("CARGO_MANIFEST_DIR"), [created()]);
    }
}
