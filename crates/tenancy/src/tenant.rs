//! A tenant is one customer of this installation: created, suspended and reinstated by an operator, set up by its admins.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};
use tidemark_kernel::{Kind, Refusal, Root, TenantId, Timestamp, domain_event};

use crate::{SettingsChanges, SettingsEdit, SuspensionReason, TenantName, TenantSettings};

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
    /// When all of it may be deleted, where that was asked for.
    #[serde(default)]
    pub deletion_due_at: Option<Timestamp>,
    /// What its admins have set.
    #[serde(default)]
    pub settings: TenantSettings,
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
    /// All of it is gone, or about to be; to everybody it is as if it had never been, but its key is never used again.
    Deleted,
}

impl TenantStatus {
    /// The status in rows and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Deleted => "deleted",
        }
    }
}

/// What an operator, or an admin of the tenant, may ask of it.
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
    /// Changes what its admins set.
    ChangeSettings {
        /// The new name, where it is to have one.
        name: Option<TenantName>,
        /// What is to be another way.
        edit: Box<SettingsEdit>,
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
    /// Stops serving it, and lets all of it be deleted later. Asked again it sets another time.
    ScheduleDeletion {
        /// From when on.
        due_at: Timestamp,
        /// When this was asked.
        at: Timestamp,
    },
    /// Calls the deletion off. The tenant stays suspended.
    CallOffDeletion {
        /// When.
        at: Timestamp,
    },
    /// Ends it, once its time has come.
    Delete {
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
    /// Its settings are other ones.
    TenantSettingsChanged {
        #[serde(flatten)]
        changes: Box<SettingsChanges>,
        at: Timestamp,
    },
    /// It is no longer served.
    TenantSuspended {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<SuspensionReason>,
        at: Timestamp,
    },
    /// It is served again.
    TenantReinstated { at: Timestamp },
    /// It is no longer served, and may be deleted from a moment on.
    TenantDeletionScheduled { due_at: Timestamp, at: Timestamp },
    /// It is not to be deleted.
    TenantDeletionCalledOff { at: Timestamp },
    /// It was deleted. This event is all that stays of it, so it says by itself whose it is.
    TenantDeleted { id: TenantId, at: Timestamp },
}

/// The type of a tenant's last event, which says that it was deleted and stays.
pub const TENANT_DELETED: &str = "TenantDeleted";

domain_event!(TenantEvent {
    TenantCreated,
    TenantRenamed,
    TenantSettingsChanged,
    TenantSuspended,
    TenantReinstated,
    TenantDeletionScheduled,
    TenantDeletionCalledOff,
    TenantDeleted
});

/// How a tenant says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TenantRefusal {
    /// The key is in use.
    #[error("a tenant with this key exists already")]
    AlreadyExists,
    /// Nobody has created it.
    #[error("there is no such tenant")]
    NotFound,
    /// It has as many people as its quota allows.
    #[error("the tenant has as many people as it may")]
    TooManyPeople,
    /// It is to be deleted.
    #[error("the tenant is to be deleted")]
    DeletionScheduled,
    /// Nobody has asked for its deletion.
    #[error("the deletion of the tenant was not asked for")]
    DeletionNotScheduled,
    /// Its deletion can still be called off.
    #[error("the time to delete the tenant has not come")]
    DeletionNotDue,
    /// Something has happened in it since it was exported.
    #[error("the tenant has changed since it was exported")]
    ChangedSinceExport,
}

impl Refusal for TenantRefusal {
    fn kind(&self) -> Kind {
        match self {
            Self::AlreadyExists
            | Self::TooManyPeople
            | Self::DeletionScheduled
            | Self::DeletionNotScheduled
            | Self::DeletionNotDue
            | Self::ChangedSinceExport => Kind::Conflict,
            Self::NotFound => Kind::NotFound,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyExists => "TENANT_EXISTS",
            Self::NotFound => "TENANT_NOT_FOUND",
            Self::TooManyPeople => "QUOTA_EXCEEDED",
            Self::DeletionScheduled => "DELETION_SCHEDULED",
            Self::DeletionNotScheduled => "DELETION_NOT_SCHEDULED",
            Self::DeletionNotDue => "DELETION_NOT_DUE",
            Self::ChangedSinceExport => "CHANGED_SINCE_EXPORT",
        }
    }
}

type Decision = Result<Vec<TenantEvent>, TenantRefusal>;

impl Tenant {
    fn create(&self, id: TenantId, name: TenantName, at: Timestamp) -> Decision {
        if self.id.is_some() {
            return Err(TenantRefusal::AlreadyExists);
        }
        Ok(vec![TenantEvent::TenantCreated { id, name, at }])
    }

    fn rename(&self, name: TenantName, at: Timestamp) -> Decision {
        self.ensure_exists()?;
        Ok(only_if(name != self.name, TenantEvent::TenantRenamed { name, at }))
    }

    fn change_settings(&self, name: Option<TenantName>, edit: SettingsEdit, at: Timestamp) -> Decision {
        self.ensure_exists()?;
        let mut decided = name.map_or(Ok(Vec::new()), |name| self.rename(name, at))?;
        let changes = Box::new(self.settings.changed_by(edit));
        if !changes.is_empty() {
            decided.push(TenantEvent::TenantSettingsChanged { changes, at });
        }
        Ok(decided)
    }

    fn suspend(&self, reason: Option<SuspensionReason>, at: Timestamp) -> Decision {
        self.ensure_exists()?;
        Ok(only_if(self.status == TenantStatus::Active, TenantEvent::TenantSuspended { reason, at }))
    }

    fn reinstate(&self, at: Timestamp) -> Decision {
        self.ensure_exists()?;
        if self.deletion_due_at.is_some() {
            return Err(TenantRefusal::DeletionScheduled);
        }
        Ok(only_if(self.status == TenantStatus::Suspended, TenantEvent::TenantReinstated { at }))
    }

    fn schedule_deletion(&self, due_at: Timestamp, at: Timestamp) -> Decision {
        self.ensure_exists()?;
        let is_another = self.deletion_due_at != Some(due_at);
        Ok(only_if(is_another, TenantEvent::TenantDeletionScheduled { due_at, at }))
    }

    fn call_off_deletion(&self, at: Timestamp) -> Decision {
        self.ensure_exists()?;
        Ok(only_if(self.deletion_due_at.is_some(), TenantEvent::TenantDeletionCalledOff { at }))
    }

    fn delete(&self, at: Timestamp) -> Decision {
        let id = self.ensure_exists()?;
        let due_at = self.deletion_due_at.ok_or(TenantRefusal::DeletionNotScheduled)?;
        if at < due_at {
            return Err(TenantRefusal::DeletionNotDue);
        }
        Ok(vec![TenantEvent::TenantDeleted { id: id.clone(), at }])
    }

    fn ensure_exists(&self) -> Result<&TenantId, TenantRefusal> {
        let is_there = self.status != TenantStatus::Deleted;
        self.id.as_ref().filter(|_| is_there).ok_or(TenantRefusal::NotFound)
    }
}

fn only_if(changes: bool, event: TenantEvent) -> Vec<TenantEvent> {
    if changes { vec![event] } else { Vec::new() }
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
            TenantCommand::ChangeSettings { name, edit, at } => self.change_settings(name, *edit, at),
            TenantCommand::Suspend { reason, at } => self.suspend(reason, at),
            TenantCommand::Reinstate { at } => self.reinstate(at),
            TenantCommand::ScheduleDeletion { due_at, at } => self.schedule_deletion(due_at, at),
            TenantCommand::CallOffDeletion { at } => self.call_off_deletion(at),
            TenantCommand::Delete { at } => self.delete(at),
        }?;
        for event in decided {
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
            TenantEvent::TenantSettingsChanged { changes, at } => {
                self.settings.apply(*changes);
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
            TenantEvent::TenantDeletionScheduled { due_at, at } => {
                self.status = TenantStatus::Suspended;
                self.deletion_due_at = Some(due_at);
                self.updated_at = at;
            }
            TenantEvent::TenantDeletionCalledOff { at } => {
                self.deletion_due_at = None;
                self.updated_at = at;
            }
            TenantEvent::TenantDeleted { id, at } => {
                *self = Self { id: Some(id), status: TenantStatus::Deleted, updated_at: at, ..Self::default() };
            }
        }
    }
}

impl Root for Tenant {
    const SHAPE: u32 = 1;

    /// A tenant takes no claims: its key is the name of its stream, and a stream begins once.
    fn claim_refused(_scope: &str) -> TenantRefusal {
        TenantRefusal::AlreadyExists
    }
}

#[cfg(test)]
mod tests;
