//! The rules of an account, told as stories.

use chrono::{TimeZone, Utc};
use tidemark_kernel::Refusal;
use tidemark_kernel::testing::{assert_golden, assert_shape, given};
use uuid::Uuid;

use super::*;

fn minute(minute: u32) -> Timestamp {
    Timestamp::new(Utc.with_ymd_and_hms(2026, 1, 31, 12, minute, 0).single().expect("a time"))
}

fn ada() -> UserId {
    UserId::new(Uuid::from_u128(1))
}

fn email(text: &str) -> Email {
    text.parse().expect("an email")
}

fn name(text: &str) -> PersonName {
    PersonName::parse(text).expect("a name")
}

fn picture() -> AvatarUrl {
    AvatarUrl::parse("https://example.com/ada.png").expect("an address")
}

fn registered(role: Role) -> UserEvent {
    let (email, name) = (Personal::of(email("Ada@example.com")), Personal::of(name("Ada")));
    UserEvent::UserRegistered { id: ada(), email, name, role, at: minute(0) }
}

fn register(role: Role) -> UserCommand {
    UserCommand::Register { id: ada(), email: email("Ada@example.com"), name: name("Ada"), role, at: minute(0) }
}

fn edit(changes: UserChanges) -> UserCommand {
    UserCommand::Edit { changes, at: minute(1) }
}

fn deleted() -> UserEvent {
    UserEvent::UserDeleted { at: minute(1) }
}

fn erased() -> UserEvent {
    UserEvent::UserErased { at: minute(1) }
}

fn take(scope: &'static str, value: &str) -> ClaimChange {
    ClaimChange::Take { scope, value: value.to_string() }
}

fn free(scope: &'static str, value: &str) -> ClaimChange {
    ClaimChange::Free { scope, value: value.to_string() }
}

fn free_unless_last(scope: &'static str, value: &str) -> ClaimChange {
    ClaimChange::FreeUnlessLast { scope, value: value.to_string() }
}

#[test]
fn a_person_registers() {
    let user = given::<User>([]).when(register(Role::Member)).then([registered(Role::Member)]);
    assert!(user.is_open());
    assert_eq!((user.id, user.email, user.name), (ada(), Some(email("ada@example.com")), name("Ada")));
    assert_eq!((user.role, user.avatar_url), (Role::Member, None));
    assert_eq!((user.created_at, user.updated_at), (minute(0), minute(0)));
}

#[test]
fn an_id_is_registered_once_even_after_deletion() {
    given::<User>([registered(Role::Member)]).when(register(Role::Member)).refused(UserRefusal::AlreadyExists);
    given::<User>([registered(Role::Member), deleted()])
        .when(register(Role::Member))
        .refused(UserRefusal::AlreadyExists);
}

#[test]
fn each_changed_field_is_an_event_of_its_own() {
    let changes = UserChanges {
        name: Some(name("Ada King")),
        avatar_url: Some(Some(picture())),
        email: Some(email("king@example.com")),
    };
    let user = given::<User>([registered(Role::Member)]).when(edit(changes)).then([
        UserEvent::UserRenamed { name: Personal::of(name("Ada King")), at: minute(1) },
        UserEvent::UserAvatarChanged { avatar_url: Some(Personal::of(picture())), at: minute(1) },
        UserEvent::UserEmailChanged { email: Personal::of(email("king@example.com")), at: minute(1) },
    ]);
    assert_eq!((user.name, user.avatar_url), (name("Ada King"), Some(picture())));
    assert_eq!((user.email, user.updated_at), (Some(email("king@example.com")), minute(1)));
}

#[test]
fn a_picture_can_be_taken_away() {
    let with_picture = UserEvent::UserAvatarChanged { avatar_url: Some(Personal::of(picture())), at: minute(0) };
    let user = given::<User>([registered(Role::Member), with_picture])
        .when(edit(UserChanges { avatar_url: Some(None), ..UserChanges::default() }))
        .then([UserEvent::UserAvatarChanged { avatar_url: None, at: minute(1) }]);
    assert_eq!(user.avatar_url, None);
}

#[test]
fn editing_to_what_is_already_so_is_no_event() {
    let same = UserChanges { name: Some(name("Ada")), avatar_url: Some(None), email: Some(email("Ada@example.com")) };
    for changes in [same, UserChanges::default()] {
        given::<User>([registered(Role::Member)]).when(edit(changes)).then_nothing();
    }
}

#[test]
fn an_email_may_change_in_case_only() {
    given::<User>([registered(Role::Member)])
        .when(edit(UserChanges { email: Some(email("ada@example.com")), ..UserChanges::default() }))
        .then([UserEvent::UserEmailChanged { email: Personal::of(email("ada@example.com")), at: minute(1) }]);
}

#[test]
fn a_role_changes() {
    let user = given::<User>([registered(Role::Member)])
        .when(UserCommand::ChangeRole { role: Role::Editor, at: minute(1) })
        .then([UserEvent::UserRoleChanged { role: Role::Editor, at: minute(1) }]);
    assert_eq!((user.role, user.updated_at), (Role::Editor, minute(1)));
}

#[test]
fn the_role_one_has_already_is_no_event() {
    given::<User>([registered(Role::Editor)])
        .when(UserCommand::ChangeRole { role: Role::Editor, at: minute(1) })
        .then_nothing();
}

#[test]
fn a_changed_password_is_recorded_without_it() {
    given::<User>([registered(Role::Member)])
        .when(UserCommand::ChangePassword { at: minute(1) })
        .then([UserEvent::UserPasswordChanged { at: minute(1) }]);
}

#[test]
fn a_sign_in_is_recorded_and_changes_nothing_about_the_person() {
    let session = SessionId::new(Uuid::from_u128(7));
    let user = given::<User>([registered(Role::Member)])
        .when(UserCommand::SignIn { session, at: minute(1) })
        .then([UserEvent::UserSignedIn { session_id: session, at: minute(1) }]);
    assert_eq!(user.updated_at, minute(0));
}

#[test]
fn one_session_or_all_of_them_end_and_nothing_about_the_person_changes() {
    let session = SessionId::new(Uuid::from_u128(7));
    for session in [Some(session), None] {
        let user = given::<User>([registered(Role::Member)])
            .when(UserCommand::RevokeSessions { session, at: minute(1) })
            .then([UserEvent::UserSessionsRevoked { session_id: session, at: minute(1) }]);
        assert_eq!(user.updated_at, minute(0));
    }
}

#[test]
fn a_stolen_token_is_recorded_with_its_session() {
    let session = SessionId::new(Uuid::from_u128(7));
    let user = given::<User>([registered(Role::Member)])
        .when(UserCommand::ReportReuse { session, at: minute(1) })
        .then([UserEvent::UserTokenReused { session_id: session, at: minute(1) }]);
    assert_eq!(user.updated_at, minute(0));
}

#[test]
fn a_deleted_account_is_closed() {
    let user = given::<User>([registered(Role::Member)]).when(UserCommand::Delete { at: minute(1) }).then([deleted()]);
    assert!(!user.is_open());
}

#[test]
fn erasing_closes_an_open_account_first() {
    let user = given::<User>([registered(Role::Member)])
        .when(UserCommand::Erase { at: minute(1) })
        .then([deleted(), erased()]);
    assert!(!user.is_open());
    assert_eq!((user.email, user.name, user.avatar_url), (None, PersonName::default(), None));
}

#[test]
fn a_deleted_account_can_still_be_erased_and_an_erased_one_not_again() {
    let past = [registered(Role::Member), deleted()];
    given::<User>(past.clone())
        .when(UserCommand::Erase { at: minute(2) })
        .then([UserEvent::UserErased { at: minute(2) }]);
    let erased = past.into_iter().chain([erased()]);
    given::<User>(erased).when(UserCommand::Erase { at: minute(2) }).refused(UserRefusal::AlreadyErased);
    given::<User>([]).when(UserCommand::Erase { at: minute(2) }).refused(UserRefusal::NotFound);
}

#[test]
fn an_erased_account_is_read_without_what_was_personal() {
    let forgotten = r#"{"type":"UserRegistered","id":"00000000-0000-0000-0000-000000000001","email":null,"name":null,"role":"member","at":"2026-01-31T12:00:00.000Z"}"#;
    let user = given::<User>([serde_json::from_str(forgotten).expect("read"), deleted(), erased()]).state();
    assert_eq!((user.id, user.email, user.name), (ada(), None, PersonName::default()));
}

#[test]
fn the_subject_of_an_account_is_its_person_and_its_email_is_personal() {
    assert_eq!(given::<User>([registered(Role::Member)]).state().subject(), Some(ada().to_string()));
    assert_eq!(User::PERSONAL_CLAIMS, [EMAIL, IDENTITY]);
}

#[test]
fn an_account_that_never_was_or_was_deleted_is_not_found() {
    for past in [vec![], vec![registered(Role::Admin), deleted()], vec![registered(Role::Admin), deleted(), erased()]] {
        for command in [
            edit(UserChanges::default()),
            UserCommand::ChangeRole { role: Role::Admin, at: minute(2) },
            UserCommand::ChangePassword { at: minute(2) },
            UserCommand::SignIn { session: SessionId::default(), at: minute(2) },
            UserCommand::RevokeSessions { session: None, at: minute(2) },
            UserCommand::ReportReuse { session: SessionId::default(), at: minute(2) },
            UserCommand::Delete { at: minute(2) },
        ] {
            given::<User>(past.clone()).when(command).refused(UserRefusal::NotFound);
        }
    }
}

#[test]
fn registering_claims_the_email_without_case() {
    let nobody = given::<User>([]);
    assert_eq!(nobody.claims(&registered(Role::Member)), [take("user.email", "ada@example.com")]);
}

#[test]
fn an_admin_counts_from_registration_or_promotion_on() {
    let nobody = given::<User>([]);
    let claims = nobody.claims(&registered(Role::Admin));
    assert_eq!(claims, [take("user.email", "ada@example.com"), take("user.admin", &ada().to_string())]);

    let member = given::<User>([registered(Role::Member)]);
    let promoted = UserEvent::UserRoleChanged { role: Role::Admin, at: minute(1) };
    assert_eq!(member.claims(&promoted), [take("user.admin", &ada().to_string())]);
}

#[test]
fn a_new_email_is_claimed_and_the_old_one_is_free_again() {
    let member = given::<User>([registered(Role::Member)]);
    let changed = UserEvent::UserEmailChanged { email: Personal::of(email("King@example.com")), at: minute(1) };
    assert_eq!(
        member.claims(&changed),
        [take("user.email", "king@example.com"), free("user.email", "ada@example.com")]
    );
}

#[test]
fn an_email_that_changes_in_case_only_stays_claimed() {
    let member = given::<User>([registered(Role::Member)]);
    let changed = UserEvent::UserEmailChanged { email: Personal::of(email("ADA@example.com")), at: minute(1) };
    assert_eq!(member.claims(&changed), []);
}

#[test]
fn an_admin_is_demoted_only_while_there_is_another() {
    let admin = given::<User>([registered(Role::Admin)]);
    let demoted = UserEvent::UserRoleChanged { role: Role::Editor, at: minute(1) };
    assert_eq!(admin.claims(&demoted), [free_unless_last("user.admin", &ada().to_string())]);
    assert_eq!(User::claim_refused("user.admin"), UserRefusal::LastAdmin);
}

#[test]
fn a_deleted_accounts_email_is_free_again() {
    let member = given::<User>([registered(Role::Member)]);
    assert_eq!(member.claims(&deleted()), [free("user.email", "ada@example.com")]);
}

#[test]
fn an_admin_is_deleted_only_while_there_is_another() {
    let admin = given::<User>([registered(Role::Admin)]);
    assert_eq!(
        admin.claims(&deleted()),
        [free("user.email", "ada@example.com"), free_unless_last("user.admin", &ada().to_string())]
    );
}

#[test]
fn other_events_claim_nothing() {
    let admin = given::<User>([registered(Role::Admin)]);
    for event in [
        UserEvent::UserRenamed { name: Personal::of(name("Ada King")), at: minute(1) },
        UserEvent::UserAvatarChanged { avatar_url: None, at: minute(1) },
        UserEvent::UserPasswordChanged { at: minute(1) },
        UserEvent::UserSignedIn { session_id: SessionId::default(), at: minute(1) },
        UserEvent::UserSessionsRevoked { session_id: None, at: minute(1) },
        UserEvent::UserTokenReused { session_id: SessionId::default(), at: minute(1) },
        UserEvent::UserErased { at: minute(1) },
    ] {
        assert_eq!(admin.claims(&event), [], "{event:?}");
    }
}

#[test]
fn an_email_that_another_account_has_is_a_conflict() {
    assert_eq!(User::claim_refused("user.email"), UserRefusal::EmailTaken);
    assert_eq!(UserRefusal::EmailTaken.code(), "EMAIL_CONFLICT");
}

#[test]
fn every_event_ever_published_is_still_read() {
    assert_golden::<UserEvent>(concat!(env!("CARGO_MANIFEST_DIR"), "/golden"));
}

#[test]
fn another_shape_of_its_states_is_a_new_version() {
    assert_shape::<User>(env!("CARGO_MANIFEST_DIR"), [registered(Role::Member)]);
}

fn at_provider() -> ExternalIdentity {
    ExternalIdentity::parse("https://id.example", "24400320").expect("an identity")
}

fn identity_linked(minute_of: u32) -> UserEvent {
    UserEvent::UserIdentityLinked {
        issuer: "https://id.example".to_owned(),
        subject: Personal::of("24400320".to_owned()),
        at: minute(minute_of),
    }
}

fn email_verified() -> UserEvent {
    UserEvent::UserEmailVerified { at: minute(0) }
}

fn sign_in_by_identity() -> UserCommand {
    UserCommand::SignInByIdentity { identity: at_provider(), session: SessionId::default(), at: minute(1) }
}

fn signed_in() -> UserEvent {
    UserEvent::UserSignedIn { session_id: SessionId::default(), at: minute(1) }
}

#[test]
fn somebody_whom_a_provider_vouches_for_is_verified_from_the_start() {
    let command = UserCommand::RegisterByIdentity {
        id: ada(),
        email: email("Ada@example.com"),
        name: name("Ada"),
        role: Role::Member,
        identity: at_provider(),
        at: minute(0),
    };
    let user = given::<User>([]).when(command).then([registered(Role::Member), email_verified(), identity_linked(0)]);
    assert!(user.email_verified);
    assert_eq!(user.identities, [at_provider()]);
}

#[test]
fn an_account_whose_address_is_verified_keeps_its_password_when_it_is_linked() {
    given::<User>([registered(Role::Member), email_verified()])
        .when(sign_in_by_identity())
        .then([identity_linked(1), signed_in()]);
}

#[test]
fn an_account_whose_address_nobody_has_verified_loses_password_and_sessions_when_it_is_linked() {
    let user = given::<User>([registered(Role::Member)]).when(sign_in_by_identity()).then([
        UserEvent::UserPasswordRemoved { at: minute(1) },
        UserEvent::UserSessionsRevoked { session_id: None, at: minute(1) },
        UserEvent::UserEmailVerified { at: minute(1) },
        identity_linked(1),
        signed_in(),
    ]);
    assert!(user.email_verified);
}

#[test]
fn an_identity_is_linked_once() {
    given::<User>([registered(Role::Member), identity_linked(0)]).when(sign_in_by_identity()).then([signed_in()]);
    given::<User>([registered(Role::Member), deleted()]).when(sign_in_by_identity()).refused(UserRefusal::NotFound);
}

#[test]
fn another_address_has_to_be_verified_anew() {
    let to = |text: &str| edit(UserChanges { email: Some(email(text)), ..UserChanges::default() });
    let verified = [registered(Role::Member), email_verified()];
    let changed = UserEvent::UserEmailChanged { email: Personal::of(email("king@example.com")), at: minute(1) };
    assert!(!given::<User>(verified.clone()).when(to("king@example.com")).then([changed]).email_verified);
    let cased = UserEvent::UserEmailChanged { email: Personal::of(email("ada@example.com")), at: minute(1) };
    assert!(given::<User>(verified).when(to("ada@example.com")).then([cased]).email_verified);
}

#[test]
fn an_identity_belongs_to_one_account_until_that_is_deleted() {
    let linked = identity_linked(0);
    let member = given::<User>([registered(Role::Member)]);
    assert_eq!(member.claims(&linked), [take("user.identity", "https://id.example 24400320")]);
    let member = given::<User>([registered(Role::Member), linked]);
    assert_eq!(
        member.claims(&deleted()),
        [free("user.email", "ada@example.com"), free("user.identity", "https://id.example 24400320")]
    );
    assert_eq!(User::claim_refused("user.identity"), UserRefusal::IdentityTaken);
}

fn grace() -> UserId {
    UserId::new(Uuid::from_u128(3))
}

fn invited(role: Role) -> UserEvent {
    let (email, name) = (Personal::of(email("Ada@example.com")), Personal::of(name("Ada")));
    UserEvent::UserInvited { id: ada(), email, name, role, invited_by: Some(grace()), at: minute(0) }
}

fn invite(role: Role) -> UserCommand {
    let (email, name) = (email("Ada@example.com"), name("Ada"));
    UserCommand::Invite { id: ada(), email, name, role, by: grace(), at: minute(0) }
}

fn accept() -> UserCommand {
    UserCommand::AcceptInvitation { session: SessionId::new(Uuid::from_u128(7)), at: minute(2) }
}

fn accepted() -> [UserEvent; 3] {
    [
        UserEvent::UserInvitationAccepted { at: minute(2) },
        UserEvent::UserEmailVerified { at: minute(2) },
        UserEvent::UserSignedIn { session_id: SessionId::new(Uuid::from_u128(7)), at: minute(2) },
    ]
}

fn asked_for(address: &str) -> UserEvent {
    UserEvent::UserEmailChangeRequested { email: Personal::of(email(address)), at: minute(1) }
}

#[test]
fn somebody_is_invited_and_can_sign_in_once_they_accept() {
    let user = given::<User>([]).when(invite(Role::Editor)).then([invited(Role::Editor)]);
    assert!(user.is_invited() && !user.is_open());
    let user = given::<User>([invited(Role::Editor)]).when(accept()).then(accepted());
    assert!(user.is_open() && user.email_verified && !user.is_invited());
}

#[test]
fn an_invitation_is_accepted_once_and_by_the_invited_alone() {
    let joined = [invited(Role::Member)].into_iter().chain(accepted());
    given::<User>(joined).when(accept()).refused(UserRefusal::NotInvited);
    for past in [vec![], vec![registered(Role::Member)], vec![invited(Role::Member), deleted()]] {
        given::<User>(past).when(accept()).refused(UserRefusal::NotInvited);
    }
}

#[test]
fn whoever_is_invited_again_has_the_role_of_the_last_invitation_or_change() {
    let again = given::<User>([invited(Role::Admin)]).when(invite(Role::Member)).then([invited(Role::Member)]);
    assert_eq!((again.role, again.created_at), (Role::Member, minute(0)));
    let demoted = UserEvent::UserRoleChanged { role: Role::Member, at: minute(1) };
    let user = given::<User>([invited(Role::Admin), demoted]).when(accept()).then(accepted());
    assert_eq!(user.role, Role::Member);
}

#[test]
fn an_account_in_use_or_closed_is_not_invited_to() {
    given::<User>([registered(Role::Member)]).when(invite(Role::Admin)).refused(UserRefusal::EmailTaken);
    given::<User>([invited(Role::Member), deleted()]).when(invite(Role::Admin)).refused(UserRefusal::AlreadyExists);
}

#[test]
fn whoever_is_invited_is_no_admin_before_they_accept() {
    let nobody = given::<User>([]);
    assert_eq!(nobody.claims(&invited(Role::Admin)), [take("user.email", "ada@example.com")]);
    let guest = given::<User>([invited(Role::Admin)]);
    assert_eq!(guest.claims(&deleted()), [free("user.email", "ada@example.com")]);
    assert_eq!(guest.claims(&UserEvent::UserRoleChanged { role: Role::Member, at: minute(1) }), []);
    assert_eq!(guest.claims(&invited(Role::Admin)), []);
    let [joined, ..] = accepted();
    assert_eq!(guest.claims(&joined), [take("user.admin", &ada().to_string())]);
    let demoted = given::<User>([invited(Role::Member)]);
    assert_eq!(demoted.claims(&UserEvent::UserRoleChanged { role: Role::Admin, at: minute(1) }), []);
    assert_eq!(demoted.claims(&joined), []);
}

#[test]
fn an_address_is_verified_once() {
    let user = given::<User>([registered(Role::Member)])
        .when(UserCommand::VerifyEmail { at: minute(1) })
        .then([UserEvent::UserEmailVerified { at: minute(1) }]);
    assert!(user.email_verified);
    given::<User>([registered(Role::Member), UserEvent::UserEmailVerified { at: minute(1) }])
        .when(UserCommand::VerifyEmail { at: minute(2) })
        .then_nothing();
}

#[test]
fn another_address_is_taken_when_it_is_confirmed_and_not_before() {
    let user = given::<User>([registered(Role::Member)])
        .when(UserCommand::RequestEmailChange { email: email("king@example.com"), at: minute(1) })
        .then([asked_for("king@example.com")]);
    assert_eq!((user.email, user.pending_email), (Some(email("ada@example.com")), Some(email("king@example.com"))));
    let user = given::<User>([registered(Role::Member), asked_for("king@example.com")])
        .when(UserCommand::ConfirmEmailChange { at: minute(2) })
        .then([
            UserEvent::UserEmailChanged { email: Personal::of(email("king@example.com")), at: minute(2) },
            UserEvent::UserEmailVerified { at: minute(2) },
        ]);
    assert_eq!((user.email, user.pending_email), (Some(email("king@example.com")), None));
    assert_eq!((user.email_verified, user.former_email), (true, Some(email("ada@example.com"))));
    let nothing = given::<User>([registered(Role::Member)]).when(UserCommand::ConfirmEmailChange { at: minute(2) });
    nothing.refused(UserRefusal::NoEmailChange);
}

#[test]
fn confirming_the_address_one_has_verifies_it() {
    given::<User>([registered(Role::Member), asked_for("Ada@example.com")])
        .when(UserCommand::ConfirmEmailChange { at: minute(2) })
        .then([UserEvent::UserEmailVerified { at: minute(2) }]);
}

#[test]
fn a_new_password_takes_back_the_address_that_a_thief_may_have_asked_for() {
    let changed = UserEvent::UserPasswordChanged { at: minute(2) };
    given::<User>([registered(Role::Member), asked_for("eve@example.com"), changed])
        .when(UserCommand::ConfirmEmailChange { at: minute(3) })
        .refused(UserRefusal::NoEmailChange);
}

#[test]
fn an_address_that_an_admin_sets_is_not_verified() {
    let verified = UserEvent::UserEmailVerified { at: minute(1) };
    let user = given::<User>([registered(Role::Member), verified.clone()])
        .when(edit(UserChanges { email: Some(email("king@example.com")), ..UserChanges::default() }))
        .then([UserEvent::UserEmailChanged { email: Personal::of(email("king@example.com")), at: minute(1) }]);
    assert!(!user.email_verified);
    let user = given::<User>([registered(Role::Member), verified])
        .when(edit(UserChanges { email: Some(email("ADA@example.com")), ..UserChanges::default() }))
        .then([UserEvent::UserEmailChanged { email: Personal::of(email("ADA@example.com")), at: minute(1) }]);
    assert!(user.email_verified, "the same address in other letters");
}

#[test]
fn a_reset_changes_the_password_verifies_the_address_and_ends_all_sessions() {
    let (changed, ended) = (
        UserEvent::UserPasswordChanged { at: minute(1) },
        UserEvent::UserSessionsRevoked { session_id: None, at: minute(1) },
    );
    let verified = UserEvent::UserEmailVerified { at: minute(1) };
    given::<User>([registered(Role::Member)]).when(UserCommand::ResetPassword { at: minute(1) }).then([
        changed.clone(),
        verified.clone(),
        ended.clone(),
    ]);
    given::<User>([registered(Role::Member), verified])
        .when(UserCommand::ResetPassword { at: minute(1) })
        .then([changed, ended]);
}

#[test]
fn what_a_mail_is_for_concerns_open_accounts_alone() {
    for past in [vec![], vec![invited(Role::Member)], vec![registered(Role::Admin), deleted()]] {
        for command in [
            UserCommand::RequestPasswordReset { at: minute(2) },
            UserCommand::ResetPassword { at: minute(2) },
            UserCommand::RequestEmailChange { email: email("king@example.com"), at: minute(2) },
            UserCommand::ConfirmEmailChange { at: minute(2) },
            UserCommand::VerifyEmail { at: minute(2) },
        ] {
            given::<User>(past.clone()).when(command).refused(UserRefusal::NotFound);
        }
    }
}

fn failed_at(at: Timestamp) -> UserEvent {
    UserEvent::UserSignInsFailed { at }
}

#[test]
fn the_owner_is_told_of_failed_sign_ins_once_a_day() {
    let (first, report) = (minute(0), |at| UserCommand::ReportFailedSignIns { at });
    given::<User>([registered(Role::Member)]).when(report(first)).then([failed_at(first)]);
    let later = |hours| Timestamp::new(first.as_datetime() + chrono::TimeDelta::hours(hours));
    for soon in [first, minute(59), later(23)] {
        given::<User>([registered(Role::Member), failed_at(first)]).when(report(soon)).then_nothing();
    }
    let next = later(24);
    given::<User>([registered(Role::Member), failed_at(first)]).when(report(next)).then([failed_at(next)]);
}

#[test]
fn nobody_is_told_of_failed_sign_ins_to_an_account_that_is_not_open() {
    for past in [vec![], vec![invited(Role::Member)], vec![registered(Role::Member), deleted()]] {
        given::<User>(past).when(UserCommand::ReportFailedSignIns { at: minute(2) }).refused(UserRefusal::NotFound);
    }
}
