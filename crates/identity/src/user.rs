//! A user is a person's account in one tenant: registered, edited, given a role, signed in, deleted, erased.
//!
//! No two accounts of a tenant have the same email, and a tenant that has an admin keeps one. Both are claims, since they
//! concern all users together. Who may ask for what is decided at the edge, from the caller's role and id alone.

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};
use tidemark_kernel::{
    ClaimChange, Email, Kind, Personal, Refusal, Role, Root, SessionId, Timestamp, UserId, domain_event,
};

use crate::{AvatarUrl, ExternalIdentity, PersonName};

const EMAIL: &str = "user.email";
const ADMIN: &str = "user.admin";
const IDENTITY: &str = "user.identity";

/// One account, as its events have made it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The account's id.
    pub id: UserId,
    /// Where to reach the person; `None` before the account was registered and once it is erased.
    pub email: Option<Email>,
    /// What the person is called.
    pub name: PersonName,
    /// The person's picture.
    pub avatar_url: Option<AvatarUrl>,
    /// What the person may do.
    pub role: Role,
    /// Whether somebody has shown that the present address is theirs.
    #[serde(default)]
    pub email_verified: bool,
    /// Who the person is at providers, by which the account can be signed in to.
    #[serde(default)]
    pub identities: Vec<ExternalIdentity>,
    /// When the account was registered.
    pub created_at: Timestamp,
    /// When the account last changed; signing in is no change.
    pub updated_at: Timestamp,
    life: Life,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Life {
    #[default]
    Unborn,
    Alive,
    Deleted,
    Erased,
}

/// What may be asked of an account.
#[derive(Debug, Clone)]
pub enum UserCommand {
    /// Opens an account.
    Register {
        /// Its id.
        id: UserId,
        /// Where to reach the person.
        email: Email,
        /// What the person is called.
        name: PersonName,
        /// What the person may do.
        role: Role,
        /// When.
        at: Timestamp,
    },
    /// Changes what the person says about themselves.
    Edit {
        /// What is new.
        changes: UserChanges,
        /// When.
        at: Timestamp,
    },
    /// Gives the person another role.
    ChangeRole {
        /// The new role.
        role: Role,
        /// When.
        at: Timestamp,
    },
    /// Records that the password was changed; the hash is a row that the same append writes.
    ChangePassword {
        /// When.
        at: Timestamp,
    },
    /// Records a sign-in; the session is a row that the same append writes.
    SignIn {
        /// The new session.
        session: SessionId,
        /// When.
        at: Timestamp,
    },
    /// Opens an account for somebody whom a provider vouches for, the address included. It has no password.
    RegisterByIdentity {
        /// Its id.
        id: UserId,
        /// Where to reach the person.
        email: Email,
        /// What the person is called.
        name: PersonName,
        /// What the person may do.
        role: Role,
        /// Who the person is at the provider.
        identity: ExternalIdentity,
        /// When.
        at: Timestamp,
    },
    /// Records a sign-in by a provider. One that is new to the account is linked to it, which takes an address that the
    /// provider has verified; where the account has not, its password and sessions are somebody else's: the same append
    /// removes them.
    SignInByIdentity {
        /// Who the person is at the provider.
        identity: ExternalIdentity,
        /// The new session.
        session: SessionId,
        /// When.
        at: Timestamp,
    },
    /// Ends sessions, whose rows the same append removes.
    RevokeSessions {
        /// Which; all of the person's where none is named.
        session: Option<SessionId>,
        /// When.
        at: Timestamp,
    },
    /// Records that a refresh token came again after it was replaced: somebody has stolen it. Its session ends.
    ReportReuse {
        /// The session whose token it was.
        session: SessionId,
        /// When.
        at: Timestamp,
    },
    /// Closes the account for good.
    Delete {
        /// When.
        at: Timestamp,
    },
    /// Closes the account if it is open, and records that nobody can read the person's data any more; the append that
    /// does so destroys the key.
    Erase {
        /// When.
        at: Timestamp,
    },
}

/// The changed fields of an account: `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserChanges {
    /// A new name.
    pub name: Option<PersonName>,
    /// A new picture, or `Some(None)` for none.
    pub avatar_url: Option<Option<AvatarUrl>>,
    /// A new email address.
    pub email: Option<Email>,
}

/// What happened to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "the fields are the words of the commands")]
pub enum UserEvent {
    /// It was opened.
    UserRegistered { id: UserId, email: Personal<Email>, name: Personal<PersonName>, role: Role, at: Timestamp },
    /// The person is called something else.
    UserRenamed { name: Personal<PersonName>, at: Timestamp },
    /// The person has another picture, or none.
    UserAvatarChanged { avatar_url: Option<Personal<AvatarUrl>>, at: Timestamp },
    /// The person is reached elsewhere.
    UserEmailChanged { email: Personal<Email>, at: Timestamp },
    /// The person may do something else.
    UserRoleChanged { role: Role, at: Timestamp },
    /// The password is another one.
    UserPasswordChanged { at: Timestamp },
    /// Somebody has shown that the present address is theirs.
    UserEmailVerified { at: Timestamp },
    /// The account has no password any more.
    UserPasswordRemoved { at: Timestamp },
    /// The account can be signed in to by a provider.
    UserIdentityLinked { issuer: String, subject: Personal<String>, at: Timestamp },
    /// The person signed in.
    UserSignedIn { session_id: SessionId, at: Timestamp },
    /// A session ended before its time, or all of them where none is named.
    UserSessionsRevoked {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session_id: Option<SessionId>,
        at: Timestamp,
    },
    /// A refresh token came again after it was replaced, so its session ended.
    UserTokenReused { session_id: SessionId, at: Timestamp },
    /// The account was closed.
    UserDeleted { at: Timestamp },
    /// The person's data was made unreadable.
    UserErased { at: Timestamp },
}

domain_event!(UserEvent {
    UserRegistered,
    UserRenamed,
    UserAvatarChanged,
    UserEmailChanged,
    UserRoleChanged,
    UserPasswordChanged,
    UserEmailVerified,
    UserPasswordRemoved,
    UserIdentityLinked,
    UserSignedIn,
    UserSessionsRevoked,
    UserTokenReused,
    UserDeleted,
    UserErased,
});

/// How an account says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UserRefusal {
    /// The id is in use.
    #[error("an account with this id exists already")]
    AlreadyExists,
    /// There is no such account, or it was deleted.
    #[error("there is no such user")]
    NotFound,
    /// The person was erased before; there is nothing left to erase.
    #[error("the person was erased already")]
    AlreadyErased,
    /// Another account of the tenant has this email.
    #[error("an account with this email exists already")]
    EmailTaken,
    /// Another account of the tenant is signed in to by this identity.
    #[error("this identity is linked to another account")]
    IdentityTaken,
    /// The tenant would be left without an admin.
    #[error("the last admin can be neither deleted nor demoted")]
    LastAdmin,
}

impl Refusal for UserRefusal {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::AlreadyExists | Self::AlreadyErased | Self::EmailTaken | Self::IdentityTaken | Self::LastAdmin => {
                Kind::Conflict
            }
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyExists => "USER_EXISTS",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyErased => "ALREADY_ERASED",
            Self::EmailTaken => "EMAIL_CONFLICT",
            Self::IdentityTaken => "IDENTITY_CONFLICT",
            Self::LastAdmin => "LAST_ADMIN",
        }
    }
}

type Decision = Result<Vec<UserEvent>, UserRefusal>;

impl User {
    /// The claim that says which account an external identity signs in to.
    pub const IDENTITY_CLAIM: &'static str = IDENTITY;

    /// Whether the account can be signed in to: registered and not deleted.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.life == Life::Alive
    }

    fn register(&self, id: UserId, email: Email, name: PersonName, role: Role, at: Timestamp) -> Decision {
        match self.life {
            Life::Unborn => {
                let (email, name) = (Personal::of(email), Personal::of(name));
                Ok(vec![UserEvent::UserRegistered { id, email, name, role, at }])
            }
            Life::Alive | Life::Deleted | Life::Erased => Err(UserRefusal::AlreadyExists),
        }
    }

    fn edit(&self, changes: UserChanges, at: Timestamp) -> Decision {
        self.ensure_open()?;
        let name = changes.name.filter(|name| *name != self.name);
        let avatar_url = changes.avatar_url.filter(|avatar_url| *avatar_url != self.avatar_url);
        let email = changes.email.filter(|email| !self.is_written_as(email));
        Ok([
            name.map(|name| UserEvent::UserRenamed { name: Personal::of(name), at }),
            avatar_url.map(|url| UserEvent::UserAvatarChanged { avatar_url: url.map(Personal::of), at }),
            email.map(|email| UserEvent::UserEmailChanged { email: Personal::of(email), at }),
        ]
        .into_iter()
        .flatten()
        .collect())
    }

    fn change_role(&self, role: Role, at: Timestamp) -> Decision {
        self.ensure_open()?;
        if role == self.role {
            return Ok(Vec::new());
        }
        Ok(vec![UserEvent::UserRoleChanged { role, at }])
    }

    fn change_password(&self, at: Timestamp) -> Decision {
        self.ensure_open()?;
        Ok(vec![UserEvent::UserPasswordChanged { at }])
    }

    fn sign_in(&self, session_id: SessionId, at: Timestamp) -> Decision {
        self.ensure_open()?;
        Ok(vec![UserEvent::UserSignedIn { session_id, at }])
    }

    fn register_by_identity(
        &self,
        (id, email, name, role): (UserId, Email, PersonName, Role),
        identity: ExternalIdentity,
        at: Timestamp,
    ) -> Decision {
        let mut events = self.register(id, email, name, role, at)?;
        events.push(UserEvent::UserEmailVerified { at });
        events.push(linked(identity, at));
        Ok(events)
    }

    fn sign_in_by_identity(&self, identity: ExternalIdentity, session_id: SessionId, at: Timestamp) -> Decision {
        self.ensure_open()?;
        let mut events = Vec::new();
        if !self.identities.contains(&identity) {
            if !self.email_verified {
                events.push(UserEvent::UserPasswordRemoved { at });
                events.push(UserEvent::UserSessionsRevoked { session_id: None, at });
                events.push(UserEvent::UserEmailVerified { at });
            }
            events.push(linked(identity, at));
        }
        events.push(UserEvent::UserSignedIn { session_id, at });
        Ok(events)
    }

    fn revoke_sessions(&self, session_id: Option<SessionId>, at: Timestamp) -> Decision {
        self.ensure_open()?;
        Ok(vec![UserEvent::UserSessionsRevoked { session_id, at }])
    }

    fn report_reuse(&self, session_id: SessionId, at: Timestamp) -> Decision {
        self.ensure_open()?;
        Ok(vec![UserEvent::UserTokenReused { session_id, at }])
    }

    fn delete(&self, at: Timestamp) -> Decision {
        self.ensure_open()?;
        Ok(vec![UserEvent::UserDeleted { at }])
    }

    fn erase(&self, at: Timestamp) -> Decision {
        let erased = UserEvent::UserErased { at };
        match self.life {
            Life::Unborn => Err(UserRefusal::NotFound),
            Life::Alive => Ok(vec![UserEvent::UserDeleted { at }, erased]),
            Life::Deleted => Ok(vec![erased]),
            Life::Erased => Err(UserRefusal::AlreadyErased),
        }
    }

    fn ensure_open(&self) -> Result<(), UserRefusal> {
        if self.is_open() { Ok(()) } else { Err(UserRefusal::NotFound) }
    }

    /// Two emails are equal when they differ in case only; whether anything changes is a matter of the letters.
    fn is_written_as(&self, email: &Email) -> bool {
        self.email.as_ref().is_some_and(|own| own.as_str() == email.as_str())
    }

    fn leave_admin(&self) -> ClaimChange {
        ClaimChange::FreeUnlessLast { scope: ADMIN, value: self.id.to_string() }
    }

    fn leave_email(&self) -> Option<ClaimChange> {
        self.email.as_ref().map(|email| ClaimChange::Free { scope: EMAIL, value: email.key() })
    }

    fn leave_identities(&self) -> impl Iterator<Item = ClaimChange> {
        self.identities.iter().map(|identity| ClaimChange::Free { scope: IDENTITY, value: identity.key() })
    }
}

fn linked(identity: ExternalIdentity, at: Timestamp) -> UserEvent {
    UserEvent::UserIdentityLinked { issuer: identity.issuer, subject: Personal::of(identity.subject), at }
}

impl Aggregate for User {
    const TYPE: &'static str = "user";
    type Command = UserCommand;
    type Event = UserEvent;
    type Error = UserRefusal;
    type Services = ();

    async fn handle(&mut self, command: UserCommand, (): &(), events: &EventSink<Self>) -> Result<(), UserRefusal> {
        let decided = match command {
            UserCommand::Register { id, email, name, role, at } => self.register(id, email, name, role, at),
            UserCommand::Edit { changes, at } => self.edit(changes, at),
            UserCommand::ChangeRole { role, at } => self.change_role(role, at),
            UserCommand::ChangePassword { at } => self.change_password(at),
            UserCommand::SignIn { session, at } => self.sign_in(session, at),
            UserCommand::RegisterByIdentity { id, email, name, role, identity, at } => {
                self.register_by_identity((id, email, name, role), identity, at)
            }
            UserCommand::SignInByIdentity { identity, session, at } => self.sign_in_by_identity(identity, session, at),
            UserCommand::RevokeSessions { session, at } => self.revoke_sessions(session, at),
            UserCommand::ReportReuse { session, at } => self.report_reuse(session, at),
            UserCommand::Delete { at } => self.delete(at),
            UserCommand::Erase { at } => self.erase(at),
        }?;
        for event in decided {
            events.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: UserEvent) {
        match event {
            UserEvent::UserRegistered { id, email, name, role, at } => {
                self.life = Life::Alive;
                self.id = id;
                self.email = email.into_known();
                self.name = name.into_known().unwrap_or_default();
                self.role = role;
                self.created_at = at;
                self.updated_at = at;
            }
            UserEvent::UserRenamed { name, at } => {
                self.name = name.into_known().unwrap_or_default();
                self.updated_at = at;
            }
            UserEvent::UserAvatarChanged { avatar_url, at } => {
                self.avatar_url = avatar_url.and_then(Personal::into_known);
                self.updated_at = at;
            }
            UserEvent::UserEmailChanged { email, at } => {
                self.email_verified &= self.email.as_ref() == email.known();
                self.email = email.into_known();
                self.updated_at = at;
            }
            UserEvent::UserRoleChanged { role, at } => {
                self.role = role;
                self.updated_at = at;
            }
            UserEvent::UserPasswordChanged { at } | UserEvent::UserPasswordRemoved { at } => self.updated_at = at,
            UserEvent::UserEmailVerified { at } => {
                self.email_verified = true;
                self.updated_at = at;
            }
            UserEvent::UserIdentityLinked { issuer, subject, at } => {
                self.identities.extend(subject.into_known().map(|subject| ExternalIdentity { issuer, subject }));
                self.updated_at = at;
            }
            UserEvent::UserSignedIn { .. }
            | UserEvent::UserSessionsRevoked { .. }
            | UserEvent::UserTokenReused { .. } => {}
            UserEvent::UserDeleted { at } => {
                self.life = Life::Deleted;
                self.updated_at = at;
            }
            UserEvent::UserErased { at } => {
                self.life = Life::Erased;
                self.email = None;
                self.name = PersonName::default();
                self.avatar_url = None;
                self.email_verified = false;
                self.identities.clear();
                self.updated_at = at;
            }
        }
    }
}

impl Root for User {
    const PERSONAL_CLAIMS: &'static [&'static str] = &[EMAIL, IDENTITY];

    fn claims(&self, event: &UserEvent) -> Vec<ClaimChange> {
        match event {
            UserEvent::UserRegistered { id, email, role, .. } => {
                let email = email.known().map(|email| ClaimChange::Take { scope: EMAIL, value: email.key() });
                let admin = role.is_admin().then(|| ClaimChange::Take { scope: ADMIN, value: id.to_string() });
                email.into_iter().chain(admin).collect()
            }
            UserEvent::UserEmailChanged { email, .. } if self.email.as_ref() != email.known() => {
                let taken = email.known().map(|email| ClaimChange::Take { scope: EMAIL, value: email.key() });
                taken.into_iter().chain(self.leave_email()).collect()
            }
            UserEvent::UserRoleChanged { role, .. } if role.is_admin() => {
                vec![ClaimChange::Take { scope: ADMIN, value: self.id.to_string() }]
            }
            UserEvent::UserRoleChanged { .. } if self.role.is_admin() => vec![self.leave_admin()],
            UserEvent::UserDeleted { .. } => {
                let admin = self.role.is_admin().then(|| self.leave_admin());
                self.leave_email().into_iter().chain(self.leave_identities()).chain(admin).collect()
            }
            UserEvent::UserIdentityLinked { issuer, subject, .. } => {
                let key =
                    |subject: &String| ExternalIdentity { issuer: issuer.clone(), subject: subject.clone() }.key();
                let value = subject.known().map(key);
                value.map(|value| ClaimChange::Take { scope: IDENTITY, value }).into_iter().collect()
            }
            UserEvent::UserEmailChanged { .. }
            | UserEvent::UserRoleChanged { .. }
            | UserEvent::UserRenamed { .. }
            | UserEvent::UserAvatarChanged { .. }
            | UserEvent::UserPasswordChanged { .. }
            | UserEvent::UserEmailVerified { .. }
            | UserEvent::UserPasswordRemoved { .. }
            | UserEvent::UserSignedIn { .. }
            | UserEvent::UserSessionsRevoked { .. }
            | UserEvent::UserTokenReused { .. }
            | UserEvent::UserErased { .. } => Vec::new(),
        }
    }

    fn subject(&self) -> Option<String> {
        Some(self.id.to_string())
    }

    fn claim_refused(scope: &str) -> UserRefusal {
        match scope {
            ADMIN => UserRefusal::LastAdmin,
            IDENTITY => UserRefusal::IdentityTaken,
            _ => UserRefusal::EmailTaken,
        }
    }
}

#[cfg(test)]
mod tests;
