//! A user is a person's account in one tenant: registered or invited, edited, given a role, signed in, deleted, erased.
//!
//! An address is verified once a mail to it was answered. Another one is asked for, and taken when the mail to it was. Whoever
//! is invited has an account that nobody can sign in to, until they accept; as an admin they count from then on.
//!
//! No two accounts of a tenant have the same email, and a tenant that has an admin keeps one. Both are claims, since they
//! concern all users together. Who may ask for what is decided at the edge, from the caller's role and id alone.

mod command;
mod event;
mod refusal;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};
use tidemark_kernel::{ClaimChange, Email, Personal, Role, Root, SessionId, Timestamp, UserId};

use crate::{AvatarUrl, ExternalIdentity, PersonName};
pub use command::{UserChanges, UserCommand};
pub use event::UserEvent;
pub use refusal::UserRefusal;

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
    /// Whether mail to that address is read by whom it belongs to.
    #[serde(default)]
    pub email_verified: bool,
    /// The address that was asked for and is not confirmed yet.
    #[serde(default)]
    pub pending_email: Option<Email>,
    /// The address before the present one.
    #[serde(default)]
    pub former_email: Option<Email>,
    /// What the person is called.
    pub name: PersonName,
    /// The person's picture.
    pub avatar_url: Option<AvatarUrl>,
    /// What the person may do.
    pub role: Role,
    /// The admin who has invited the person, last.
    #[serde(default)]
    pub invited_by: Option<UserId>,
    /// Who the person is at providers, by which the account can be signed in to.
    #[serde(default)]
    pub identities: Vec<ExternalIdentity>,
    /// When it was last recorded that sign-ins fail again and again.
    #[serde(default)]
    pub sign_ins_failed_at: Option<Timestamp>,
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
    Invited,
    Alive,
    Deleted,
    Erased,
}

type Decision = Result<Vec<UserEvent>, UserRefusal>;

impl User {
    /// The claim that says which account an external identity signs in to.
    pub const IDENTITY_CLAIM: &'static str = IDENTITY;
    /// Hours that lie between two records of failed sign-ins at least.
    pub const HOURS_BETWEEN_REPORTS: i64 = 24;

    /// Whether the account can be signed in to: registered and not deleted.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.life == Life::Alive
    }

    /// Whether somebody was invited to the account and has not accepted yet.
    #[must_use]
    pub fn is_invited(&self) -> bool {
        self.life == Life::Invited
    }

    fn register(&self, id: UserId, email: Email, name: PersonName, role: Role, at: Timestamp) -> Decision {
        match self.life {
            Life::Unborn => {
                let (email, name) = (Personal::of(email), Personal::of(name));
                Ok(vec![UserEvent::UserRegistered { id, email, name, role, at }])
            }
            Life::Invited | Life::Alive | Life::Deleted | Life::Erased => Err(UserRefusal::AlreadyExists),
        }
    }

    fn invite(
        &self,
        (id, email, name, role): (UserId, Email, PersonName, Role),
        by: UserId,
        at: Timestamp,
    ) -> Decision {
        match self.life {
            Life::Unborn | Life::Invited => {
                let (email, name) = (Personal::of(email), Personal::of(name));
                Ok(vec![UserEvent::UserInvited { id, email, name, role, invited_by: Some(by), at }])
            }
            Life::Alive => Err(UserRefusal::EmailTaken),
            Life::Deleted | Life::Erased => Err(UserRefusal::AlreadyExists),
        }
    }

    fn accept_invitation(&self, session_id: SessionId, at: Timestamp) -> Decision {
        if !self.is_invited() {
            return Err(UserRefusal::NotInvited);
        }
        Ok(vec![
            UserEvent::UserInvitationAccepted { at },
            UserEvent::UserEmailVerified { at },
            UserEvent::UserSignedIn { session_id, at },
        ])
    }

    fn edit(&self, changes: UserChanges, at: Timestamp) -> Decision {
        self.ensure_there()?;
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
        self.ensure_there()?;
        if role == self.role {
            return Ok(Vec::new());
        }
        Ok(vec![UserEvent::UserRoleChanged { role, at }])
    }

    fn change_password(&self, at: Timestamp) -> Decision {
        self.ensure_open()?;
        Ok(vec![UserEvent::UserPasswordChanged { at }])
    }

    fn request_password_reset(&self, at: Timestamp) -> Decision {
        self.ensure_open()?;
        Ok(vec![UserEvent::UserPasswordResetRequested { at }])
    }

    /// Whoever reads the account's mail has shown it, so the address is verified too.
    fn reset_password(&self, at: Timestamp) -> Decision {
        let changed = self.change_password(at)?;
        let ended = UserEvent::UserSessionsRevoked { session_id: None, at };
        Ok(changed.into_iter().chain(self.verified(at)).chain([ended]).collect())
    }

    fn request_email_change(&self, email: Email, at: Timestamp) -> Decision {
        self.ensure_open()?;
        Ok(vec![UserEvent::UserEmailChangeRequested { email: Personal::of(email), at }])
    }

    fn confirm_email_change(&self, at: Timestamp) -> Decision {
        self.ensure_open()?;
        let Some(email) = &self.pending_email else { return Err(UserRefusal::NoEmailChange) };
        if self.is_written_as(email) {
            return self.verify_email(at);
        }
        Ok(vec![
            UserEvent::UserEmailChanged { email: Personal::of(email.clone()), at },
            UserEvent::UserEmailVerified { at },
        ])
    }

    fn verify_email(&self, at: Timestamp) -> Decision {
        self.ensure_open()?;
        Ok(self.verified(at).into_iter().collect())
    }

    fn verified(&self, at: Timestamp) -> Option<UserEvent> {
        (!self.email_verified).then_some(UserEvent::UserEmailVerified { at })
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

    /// Each record is a mail, so that whoever guesses passwords all day has one sent and no more.
    fn report_failed_sign_ins(&self, at: Timestamp) -> Decision {
        self.ensure_open()?;
        let is_told = self.sign_ins_failed_at.is_some_and(|told| {
            let since = at.as_datetime().signed_duration_since(told.as_datetime());
            since.num_hours() < Self::HOURS_BETWEEN_REPORTS
        });
        Ok(if is_told { Vec::new() } else { vec![UserEvent::UserSignInsFailed { at }] })
    }

    fn delete(&self, at: Timestamp) -> Decision {
        self.ensure_there()?;
        Ok(vec![UserEvent::UserDeleted { at }])
    }

    fn erase(&self, at: Timestamp) -> Decision {
        let erased = UserEvent::UserErased { at };
        match self.life {
            Life::Unborn => Err(UserRefusal::NotFound),
            Life::Invited | Life::Alive => Ok(vec![UserEvent::UserDeleted { at }, erased]),
            Life::Deleted => Ok(vec![erased]),
            Life::Erased => Err(UserRefusal::AlreadyErased),
        }
    }

    fn ensure_open(&self) -> Result<(), UserRefusal> {
        if self.is_open() { Ok(()) } else { Err(UserRefusal::NotFound) }
    }

    /// Whoever is invited has an account too, and what concerns an admin alone concerns theirs.
    fn ensure_there(&self) -> Result<(), UserRefusal> {
        if self.is_open() || self.is_invited() { Ok(()) } else { Err(UserRefusal::NotFound) }
    }

    /// Two emails are equal when they differ in case only; whether anything changes is a matter of the letters.
    fn is_written_as(&self, email: &Email) -> bool {
        self.email.as_ref().is_some_and(|own| own.as_str() == email.as_str())
    }

    /// Whoever is invited could be the last admin, and never accept.
    fn is_admin_now(&self) -> bool {
        self.is_open() && self.role.is_admin()
    }

    fn become_admin(&self) -> ClaimChange {
        ClaimChange::Take { scope: ADMIN, value: self.id.to_string() }
    }

    /// The new address is taken and the present one is free again, unless they are the same.
    fn move_email(&self, email: &Personal<Email>) -> Vec<ClaimChange> {
        if self.email.as_ref() == email.known() {
            return Vec::new();
        }
        let taken = email.known().map(|email| ClaimChange::Take { scope: EMAIL, value: email.key() });
        taken.into_iter().chain(self.leave_email()).collect()
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
            UserCommand::Invite { id, email, name, role, by, at } => self.invite((id, email, name, role), by, at),
            UserCommand::AcceptInvitation { session, at } => self.accept_invitation(session, at),
            UserCommand::RequestPasswordReset { at } => self.request_password_reset(at),
            UserCommand::ResetPassword { at } => self.reset_password(at),
            UserCommand::RequestEmailChange { email, at } => self.request_email_change(email, at),
            UserCommand::ConfirmEmailChange { at } => self.confirm_email_change(at),
            UserCommand::VerifyEmail { at } => self.verify_email(at),
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
            UserCommand::ReportFailedSignIns { at } => self.report_failed_sign_ins(at),
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
            UserEvent::UserInvited { id, email, name, role, invited_by, at } => {
                self.invited_by = invited_by;
                if self.life == Life::Unborn {
                    self.created_at = at;
                }
                self.life = Life::Invited;
                self.id = id;
                self.email = email.into_known();
                self.name = name.into_known().unwrap_or_default();
                self.role = role;
                self.updated_at = at;
            }
            UserEvent::UserInvitationAccepted { at } => {
                self.life = Life::Alive;
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
                let email = email.into_known();
                if self.email != email {
                    self.email_verified = false;
                    self.former_email = self.email.take();
                }
                self.email = email;
                self.pending_email = None;
                self.updated_at = at;
            }
            UserEvent::UserEmailChangeRequested { email, .. } => self.pending_email = email.into_known(),
            UserEvent::UserEmailVerified { at } => {
                self.email_verified = true;
                self.pending_email = self.pending_email.take().filter(|pending| self.email.as_ref() != Some(pending));
                self.updated_at = at;
            }
            UserEvent::UserRoleChanged { role, at } => {
                self.role = role;
                self.updated_at = at;
            }
            UserEvent::UserIdentityLinked { issuer, subject, at } => {
                self.identities.extend(subject.into_known().map(|subject| ExternalIdentity { issuer, subject }));
                self.updated_at = at;
            }
            UserEvent::UserPasswordChanged { at } | UserEvent::UserPasswordRemoved { at } => {
                // Whoever knew the former password may have asked for it.
                self.pending_email = None;
                self.updated_at = at;
            }
            UserEvent::UserSignInsFailed { at } => self.sign_ins_failed_at = Some(at),
            UserEvent::UserPasswordResetRequested { .. }
            | UserEvent::UserSignedIn { .. }
            | UserEvent::UserSessionsRevoked { .. }
            | UserEvent::UserTokenReused { .. } => {}
            UserEvent::UserDeleted { at } => {
                self.life = Life::Deleted;
                self.updated_at = at;
            }
            UserEvent::UserErased { at } => {
                self.life = Life::Erased;
                self.email = None;
                self.pending_email = None;
                self.former_email = None;
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
    const SHAPE: u32 = 1;

    fn claims(&self, event: &UserEvent) -> Vec<ClaimChange> {
        match event {
            UserEvent::UserRegistered { id, email, role, .. } => {
                let email = email.known().map(|email| ClaimChange::Take { scope: EMAIL, value: email.key() });
                let admin = role.is_admin().then(|| ClaimChange::Take { scope: ADMIN, value: id.to_string() });
                email.into_iter().chain(admin).collect()
            }
            UserEvent::UserInvited { email, .. } | UserEvent::UserEmailChanged { email, .. } => self.move_email(email),
            UserEvent::UserInvitationAccepted { .. } if self.role.is_admin() => vec![self.become_admin()],
            UserEvent::UserRoleChanged { role, .. } if self.is_open() && role.is_admin() => vec![self.become_admin()],
            UserEvent::UserRoleChanged { .. } if self.is_admin_now() => vec![self.leave_admin()],
            UserEvent::UserDeleted { .. } => {
                let admin = self.is_admin_now().then(|| self.leave_admin());
                self.leave_email().into_iter().chain(self.leave_identities()).chain(admin).collect()
            }
            UserEvent::UserIdentityLinked { issuer, subject, .. } => {
                let key =
                    |subject: &String| ExternalIdentity { issuer: issuer.clone(), subject: subject.clone() }.key();
                let value = subject.known().map(key);
                value.map(|value| ClaimChange::Take { scope: IDENTITY, value }).into_iter().collect()
            }
            UserEvent::UserInvitationAccepted { .. }
            | UserEvent::UserEmailChangeRequested { .. }
            | UserEvent::UserEmailVerified { .. }
            | UserEvent::UserPasswordResetRequested { .. }
            | UserEvent::UserRoleChanged { .. }
            | UserEvent::UserRenamed { .. }
            | UserEvent::UserAvatarChanged { .. }
            | UserEvent::UserPasswordChanged { .. }
            | UserEvent::UserPasswordRemoved { .. }
            | UserEvent::UserSignedIn { .. }
            | UserEvent::UserSessionsRevoked { .. }
            | UserEvent::UserTokenReused { .. }
            | UserEvent::UserSignInsFailed { .. }
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
