//! Who is asking.

use serde::{Deserialize, Serialize};

use crate::{ServiceTokenId, TenantId, UserId};

/// What a person may do in a tenant. The order is not a ranking; ask the methods.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Runs the tenant: people, settings, everything below.
    Admin,
    /// Writes and publishes.
    Editor,
    /// Signed in, no more.
    #[default]
    Member,
}

impl Role {
    /// All roles, in the order documents list them.
    pub const ALL: [Self; 3] = [Self::Admin, Self::Editor, Self::Member];

    /// The role's name in tokens, rows and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Editor => "editor",
            Self::Member => "member",
        }
    }

    /// Reads what [`Role::as_str`] wrote.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// Editors and admins write content.
    #[must_use]
    pub fn may_edit(self) -> bool {
        matches!(self, Self::Admin | Self::Editor)
    }

    /// Admins run the tenant.
    #[must_use]
    pub fn is_admin(self) -> bool {
        self == Self::Admin
    }
}

/// Who an event is by, as its metadata names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A signed-in person.
    User(UserId),
    /// A program of the tenant's own.
    ServiceToken(ServiceTokenId),
    /// Nobody signed in.
    Anonymous,
    /// The system itself or an operator's tool, with its name, as in `admin`.
    System(&'static str),
    /// A policy that reacts to an event, by its name, as in `content.publish`.
    Policy(String),
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{id}"),
            Self::ServiceToken(id) => write!(f, "serviceToken:{id}"),
            Self::Anonymous => f.write_str("anonymous"),
            Self::System(name) => write!(f, "system:{name}"),
            Self::Policy(name) => write!(f, "policy:{name}"),
        }
    }
}

/// A signed-in person within a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The tenant the person belongs to.
    pub tenant: TenantId,
    /// Who.
    pub user: UserId,
    /// What they may do.
    pub role: Role,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_read_as_it_was_written() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
            assert_eq!(serde_json::to_value(role).expect("JSON"), serde_json::json!(role.as_str()));
        }
        assert_eq!(Role::parse("Admin"), None);
    }

    #[test]
    fn admins_and_editors_write_and_only_admins_run_the_tenant() {
        assert_eq!(Role::ALL.map(Role::may_edit), [true, true, false]);
        assert_eq!(Role::ALL.map(Role::is_admin), [true, false, false]);
    }

    #[test]
    fn an_actor_is_named_with_its_kind() {
        let ada = UserId::default();
        assert_eq!(Actor::User(ada).to_string(), format!("user:{ada}"));
        let token = ServiceTokenId::default();
        assert_eq!(Actor::ServiceToken(token).to_string(), format!("serviceToken:{token}"));
        assert_eq!(Actor::Anonymous.to_string(), "anonymous");
        assert_eq!(Actor::System("admin").to_string(), "system:admin");
        assert_eq!(Actor::Policy("content.publish".to_owned()).to_string(), "policy:content.publish");
    }
}
