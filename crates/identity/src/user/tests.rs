//! The rules of an account, told as stories.

use chrono::{TimeZone, Utc};
use tidemark_kernel::testing::{assert_golden, given};
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
