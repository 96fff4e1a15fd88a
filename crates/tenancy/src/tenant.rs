//! A tenant is one customer of this installation: created by an operator, renamed, suspended and reinstated.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};
use tidemark_kernel::{Kind, Refusal, Root, TenantId, Timestamp, domain_event};

use crate::{SuspensionReason, TenantName};

/// One tenant, as its events have made it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    /// The permanent key; `None` before the tenant was created.
    pub id: Option<TenantId>,
    /// The display name.
    pub name: TenantName,
    /// Whether it is served.
    pub status: TenantStatus,
    /// Why it is suspended, when it is and a reason was given.
    pub suspension_reason: Option<SuspensionReason>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Whether a tenant is served.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TenantStatus {
    /// Its requests are answered.
    #[default]
    Active,
    /// Its requests are refused; nothing of it is lost.
    Suspended,
}

impl TenantStatus {
    /// The status in rows and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

/// What an operator may ask of a tenant.
#[derive(Debug, Clone)]
pub enum TenantCommand {
    /// Opens a new tenant.
    Create {
        /// Its permanent key.
        id: TenantId,
        /// Its display name.
        name: TenantName,
        /// When.
        at: Timestamp,
    },
    /// Changes the display name.
    Rename {
        /// The new name.
        name: TenantName,
        /// When.
        at: Timestamp,
    },
    /// Stops serving it.
    Suspend {
        /// Why, for the operators who come after.
        reason: Option<SuspensionReason>,
        /// When.
        at: Timestamp,
    },
    /// Serves it again.
    Reinstate {
        /// When.
        at: Timestamp,
    },
}

/// What happened to a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "the fields are the words of the commands")]
pub enum TenantEvent {
    /// It was opened.
    TenantCreated { id: TenantId, name: TenantName, at: Timestamp },
    /// It has a new display name.
    TenantRenamed { name: TenantName, at: Timestamp },
    /// It is no longer served.
    TenantSuspended {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<SuspensionReason>,
        at: Timestamp,
    },
    /// It is served again.
    TenantReinstated { at: Timestamp },
}

domain_event!(TenantEvent { TenantCreated, TenantRenamed, TenantSuspended, TenantReinstated });

/// How a tenant says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TenantRefusal {
    /// The key is in use.
    #[error("a tenant with this key exists already")]
    AlreadyExists,
    /// Nobody has created it.
    #[error("there is no such tenant")]
    NotFound,
}

impl Refusal for TenantRefusal {
    fn kind(&self) -> Kind {
        match self {
            Self::AlreadyExists => Kind::Conflict,
            Self::NotFound => Kind::NotFound,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyExists => "TENANT_EXISTS",
            Self::NotFound => "TENANT_NOT_FOUND",
        }
    }
}

impl Tenant {
    fn create(&self, id: TenantId, name: TenantName, at: Timestamp) -> Result<Option<TenantEvent>, TenantRefusal> {
        if self.id.is_some() {
            return Err(TenantRefusal::AlreadyExists);
        }
        Ok(Some(TenantEvent::TenantCreated { id, name, at }))
    }

    fn rename(&self, name: TenantName, at: Timestamp) -> Result<Option<TenantEvent>, TenantRefusal> {
        self.ensure_exists()?;
        Ok((name != self.name).then_some(TenantEvent::TenantRenamed { name, at }))
    }

    fn suspend(&self, reason: Option<SuspensionReason>, at: Timestamp) -> Result<Option<TenantEvent>, TenantRefusal> {
        self.ensure_exists()?;
        Ok((self.status == TenantStatus::Active).then_some(TenantEvent::TenantSuspended { reason, at }))
    }

    fn reinstate(&self, at: Timestamp) -> Result<Option<TenantEvent>, TenantRefusal> {
        self.ensure_exists()?;
        Ok((self.status == TenantStatus::Suspended).then_some(TenantEvent::TenantReinstated { at }))
    }

    fn ensure_exists(&self) -> Result<(), TenantRefusal> {
        if self.id.is_some() { Ok(()) } else { Err(TenantRefusal::NotFound) }
    }
}

impl Aggregate for Tenant {
    const TYPE: &'static str = "tenant";
    type Command = TenantCommand;
    type Event = TenantEvent;
    type Error = TenantRefusal;
    type Services = ();

    async fn handle(&mut self, command: TenantCommand, (): &(), events: &EventSink<Self>) -> Result<(), TenantRefusal> {
        let decided = match command {
            TenantCommand::Create { id, name, at } => self.create(id, name, at),
            TenantCommand::Rename { name, at } => self.rename(name, at),
            TenantCommand::Suspend { reason, at } => self.suspend(reason, at),
            TenantCommand::Reinstate { at } => self.reinstate(at),
        }?;
        if let Some(event) = decided {
            events.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: TenantEvent) {
        match event {
            TenantEvent::TenantCreated { id, name, at } => {
                self.id = Some(id);
                self.name = name;
                self.created_at = at;
                self.updated_at = at;
            }
            TenantEvent::TenantRenamed { name, at } => {
                self.name = name;
                self.updated_at = at;
            }
            TenantEvent::TenantSuspended { reason, at } => {
                self.status = TenantStatus::Suspended;
                self.suspension_reason = reason;
                self.updated_at = at;
            }
            TenantEvent::TenantReinstated { at } => {
                self.status = TenantStatus::Active;
                self.suspension_reason = None;
                self.updated_at = at;
            }
        }
    }
}

impl Root for Tenant {
    /// A tenant takes no claims: its key is the name of its stream, and a stream begins once.
    fn claim_refused(_scope: &str) -> TenantRefusal {
        TenantRefusal::AlreadyExists
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};
    use tidemark_kernel::testing::{assert_golden, given};

    use super::*;

    fn minute(minute: u32) -> Timestamp {
        Timestamp::new(Utc.with_ymd_and_hms(2026, 1, 31, 12, minute, 0).single().expect("a time"))
    }

    fn demo() -> TenantId {
        "demo".parse().expect("a key")
    }

    fn name(text: &str) -> TenantName {
        TenantName::parse(text).expect("a name")
    }

    fn reason() -> Option<SuspensionReason> {
        Some(SuspensionReason::parse("unpaid").expect("a reason"))
    }

    fn created() -> TenantEvent {
        TenantEvent::TenantCreated { id: demo(), name: name("Demo"), at: minute(0) }
    }

    fn suspended() -> TenantEvent {
        TenantEvent::TenantSuspended { reason: reason(), at: minute(1) }
    }

    #[test]
    fn a_tenant_is_created_and_served() {
        let tenant = given::<Tenant>([])
            .when(TenantCommand::Create { id: demo(), name: name("Demo"), at: minute(0) })
            .then([created()]);
        assert_eq!((tenant.id, tenant.name, tenant.status), (Some(demo()), name("Demo"), TenantStatus::Active));
        assert_eq!((tenant.created_at, tenant.updated_at), (minute(0), minute(0)));
    }

    #[test]
    fn a_key_names_one_tenant_for_ever() {
        given::<Tenant>([created(), suspended()])
            .when(TenantCommand::Create { id: demo(), name: name("Other"), at: minute(2) })
            .refused(TenantRefusal::AlreadyExists);
    }

    #[test]
    fn a_tenant_that_was_never_created_is_not_found() {
        for command in [
            TenantCommand::Rename { name: name("New"), at: minute(1) },
            TenantCommand::Suspend { reason: None, at: minute(1) },
            TenantCommand::Reinstate { at: minute(1) },
        ] {
            given::<Tenant>([]).when(command).refused(TenantRefusal::NotFound);
        }
    }

    #[test]
    fn a_tenant_is_renamed() {
        let tenant = given::<Tenant>([created()])
            .when(TenantCommand::Rename { name: name("New"), at: minute(1) })
            .then([TenantEvent::TenantRenamed { name: name("New"), at: minute(1) }]);
        assert_eq!((tenant.name, tenant.created_at, tenant.updated_at), (name("New"), minute(0), minute(1)));
    }

    #[test]
    fn the_name_it_has_already_is_no_event() {
        given::<Tenant>([created()]).when(TenantCommand::Rename { name: name("Demo"), at: minute(1) }).then_nothing();
    }

    #[test]
    fn a_suspended_tenant_says_why() {
        let tenant = given::<Tenant>([created()])
            .when(TenantCommand::Suspend { reason: reason(), at: minute(1) })
            .then([suspended()]);
        assert_eq!((tenant.status, tenant.suspension_reason), (TenantStatus::Suspended, reason()));
    }

    #[test]
    fn suspending_twice_is_no_event() {
        given::<Tenant>([created(), suspended()])
            .when(TenantCommand::Suspend { reason: None, at: minute(2) })
            .then_nothing();
    }

    #[test]
    fn a_suspended_tenant_is_reinstated() {
        let tenant = given::<Tenant>([created(), suspended()])
            .when(TenantCommand::Reinstate { at: minute(2) })
            .then([TenantEvent::TenantReinstated { at: minute(2) }]);
        assert_eq!((tenant.status, tenant.suspension_reason), (TenantStatus::Active, None));
    }

    #[test]
    fn reinstating_a_tenant_that_is_served_is_no_event() {
        given::<Tenant>([created()]).when(TenantCommand::Reinstate { at: minute(1) }).then_nothing();
    }

    #[test]
    fn every_event_ever_published_is_still_read() {
        assert_golden::<TenantEvent>(concat!(env!("CARGO_MANIFEST_DIR"), "/golden"));
    }
}
