use std::collections::{BTreeMap, BTreeSet};

use chrono::{TimeZone as _, Utc};
use tidemark_kernel::testing::{assert_golden, assert_shape, given};

use super::*;
use crate::{CurrencyCode, Origin, Quota, Quotas, RateLimit, RateLimits, SettingsSecret, TimeZone};

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

fn to_be_deleted() -> TenantEvent {
    TenantEvent::TenantDeletionScheduled { due_at: minute(30), at: minute(2) }
}

fn deleted() -> TenantEvent {
    TenantEvent::TenantDeleted { id: demo(), at: minute(31) }
}

#[test]
fn a_tenant_that_is_to_be_deleted_is_suspended_at_once() {
    let tenant = given::<Tenant>([created()])
        .when(TenantCommand::ScheduleDeletion { due_at: minute(30), at: minute(2) })
        .then([to_be_deleted()]);
    assert_eq!((tenant.status, tenant.deletion_due_at), (TenantStatus::Suspended, Some(minute(30))));
}

#[test]
fn a_deletion_is_put_off_by_another_time_and_the_same_time_is_no_event() {
    let put_off = TenantEvent::TenantDeletionScheduled { due_at: minute(50), at: minute(3) };
    given::<Tenant>([created(), to_be_deleted()])
        .when(TenantCommand::ScheduleDeletion { due_at: minute(50), at: minute(3) })
        .then([put_off]);
    given::<Tenant>([created(), to_be_deleted()])
        .when(TenantCommand::ScheduleDeletion { due_at: minute(30), at: minute(3) })
        .then_nothing();
}

#[test]
fn a_tenant_that_is_to_be_deleted_is_not_reinstated_before_that_is_called_off() {
    given::<Tenant>([created(), to_be_deleted()])
        .when(TenantCommand::Reinstate { at: minute(3) })
        .refused(TenantRefusal::DeletionScheduled);
    let called_off = TenantEvent::TenantDeletionCalledOff { at: minute(3) };
    let tenant = given::<Tenant>([created(), to_be_deleted()])
        .when(TenantCommand::CallOffDeletion { at: minute(3) })
        .then([called_off.clone()]);
    assert_eq!((tenant.status, tenant.deletion_due_at), (TenantStatus::Suspended, None));
    given::<Tenant>([created(), to_be_deleted(), called_off])
        .when(TenantCommand::Reinstate { at: minute(4) })
        .then([TenantEvent::TenantReinstated { at: minute(4) }]);
    given::<Tenant>([created()]).when(TenantCommand::CallOffDeletion { at: minute(3) }).then_nothing();
}

#[test]
fn nobody_is_deleted_unasked_or_before_the_time() {
    let delete = |minutes| TenantCommand::Delete { at: minute(minutes) };
    given::<Tenant>([created(), suspended()]).when(delete(59)).refused(TenantRefusal::DeletionNotScheduled);
    given::<Tenant>([created(), to_be_deleted()]).when(delete(29)).refused(TenantRefusal::DeletionNotDue);
    given::<Tenant>([created(), to_be_deleted()]).when(delete(31)).then([deleted()]);
}

#[test]
fn of_a_deleted_tenant_only_the_key_is_left_and_nothing_is_done_with_it() {
    // The log keeps no more than the last event.
    for log in [vec![created(), to_be_deleted(), deleted()], vec![deleted()]] {
        for command in [
            TenantCommand::Rename { name: name("New"), at: minute(40) },
            TenantCommand::Reinstate { at: minute(40) },
            TenantCommand::ScheduleDeletion { due_at: minute(50), at: minute(40) },
            TenantCommand::CallOffDeletion { at: minute(40) },
            TenantCommand::Delete { at: minute(40) },
        ] {
            given::<Tenant>(log.clone()).when(command).refused(TenantRefusal::NotFound);
        }
        given::<Tenant>(log)
            .when(TenantCommand::Create { id: demo(), name: name("Other"), at: minute(40) })
            .refused(TenantRefusal::AlreadyExists);
    }
}

/// One of each kind of setting.
fn edit() -> SettingsEdit {
    SettingsEdit {
        default_currency: Some(Some(CurrencyCode::parse("EUR").expect("a currency"))),
        time_zone: Some(Some(TimeZone::parse("Europe/Berlin").expect("a time zone"))),
        cors_origins: Some(vec![Origin::parse("https://shop.example").expect("an origin")]),
        rate_limits: BTreeMap::from([(RateLimit::Anonymous, Some(120)), (RateLimit::Refresh, Some(30))]),
        quotas: BTreeMap::from([(Quota::Users, Some(5))]),
        secrets: BTreeMap::from([(SettingsSecret::StripeSecretKey, true), (SettingsSecret::OidcClientSecret, false)]),
        ..SettingsEdit::default()
    }
}

fn change(edit: SettingsEdit) -> TenantCommand {
    TenantCommand::ChangeSettings { name: None, edit: Box::new(edit), at: minute(2) }
}

fn changed(edit: SettingsEdit) -> TenantEvent {
    TenantEvent::TenantSettingsChanged { changes: Box::new(TenantSettings::default().changed_by(edit)), at: minute(1) }
}

#[test]
fn what_is_set_is_in_the_event_and_what_is_not_stays_out() {
    let changes = SettingsChanges {
        default_currency: Some(Some(CurrencyCode::parse("EUR").expect("a currency"))),
        time_zone: Some(TimeZone::parse("Europe/Berlin").expect("a time zone")),
        cors_origins: Some(vec![Origin::parse("https://shop.example").expect("an origin")]),
        rate_limits: Some(RateLimits::from([(RateLimit::Anonymous, 120), (RateLimit::Refresh, 30)])),
        quotas: Some(Quotas::from([(Quota::Users, 5)])),
        // Of the other one nothing was set, so there is nothing to take away.
        secrets: BTreeMap::from([(SettingsSecret::StripeSecretKey, true)]),
        ..SettingsChanges::default()
    };
    let event = TenantEvent::TenantSettingsChanged { changes: Box::new(changes), at: minute(2) };
    let tenant = given::<Tenant>([created()]).when(change(edit())).then([event]);
    let settings = tenant.settings;
    assert_eq!((settings.time_zone.as_str(), settings.language.as_str()), ("Europe/Berlin", "en"));
    assert_eq!(settings.quotas, Quotas::from([(Quota::Users, 5)]));
    assert_eq!(settings.secrets, BTreeSet::from([SettingsSecret::StripeSecretKey]));
}

#[test]
fn settings_as_they_are_already_are_no_event_but_a_secret_always_is_one() {
    let again = SettingsEdit { secrets: BTreeMap::new(), ..edit() };
    given::<Tenant>([created(), changed(edit())]).when(change(again)).then_nothing();
    let secret = SettingsEdit { secrets: edit().secrets, ..SettingsEdit::default() };
    let written = TenantEvent::TenantSettingsChanged {
        changes: Box::new(SettingsChanges {
            secrets: BTreeMap::from([(SettingsSecret::StripeSecretKey, true)]),
            ..SettingsChanges::default()
        }),
        at: minute(2),
    };
    given::<Tenant>([created(), changed(edit())]).when(change(secret)).then([written]);
}

#[test]
fn a_limit_of_its_own_ends_and_the_others_stay() {
    let less = SettingsEdit { rate_limits: BTreeMap::from([(RateLimit::Anonymous, None)]), ..SettingsEdit::default() };
    let kept = RateLimits::from([(RateLimit::Refresh, 30)]);
    let ended = TenantEvent::TenantSettingsChanged {
        changes: Box::new(SettingsChanges { rate_limits: Some(kept.clone()), ..SettingsChanges::default() }),
        at: minute(2),
    };
    let tenant = given::<Tenant>([created(), changed(edit())]).when(change(less)).then([ended]);
    assert_eq!(tenant.settings.rate_limits, kept);
}

#[test]
fn what_is_cleared_is_as_if_it_had_never_been_set() {
    let none = SettingsEdit {
        default_currency: Some(None),
        time_zone: Some(None),
        language: Some(None),
        cors_origins: Some(Vec::new()),
        rate_limits: RateLimit::ALL.iter().map(|limit| (*limit, None)).collect(),
        quotas: Quota::ALL.iter().map(|quota| (*quota, None)).collect(),
        secrets: SettingsSecret::ALL.iter().map(|secret| (*secret, false)).collect(),
        ..SettingsEdit::default()
    };
    let changes = SettingsChanges {
        default_currency: Some(None),
        time_zone: Some(TimeZone::default()),
        cors_origins: Some(Vec::new()),
        rate_limits: Some(RateLimits::new()),
        quotas: Some(Quotas::new()),
        secrets: BTreeMap::from([(SettingsSecret::StripeSecretKey, false)]),
        ..SettingsChanges::default()
    };
    let event = TenantEvent::TenantSettingsChanged { changes: Box::new(changes), at: minute(2) };
    let tenant = given::<Tenant>([created(), changed(edit())]).when(change(none)).then([event]);
    assert_eq!(tenant.settings, TenantSettings::default());
}

#[test]
fn another_name_among_the_settings_is_a_renaming() {
    let command = TenantCommand::ChangeSettings {
        name: Some(name("New")),
        edit: Box::new(SettingsEdit::default()),
        at: minute(2),
    };
    given::<Tenant>([created()]).when(command).then([TenantEvent::TenantRenamed { name: name("New"), at: minute(2) }]);
}

#[test]
fn nobody_sets_up_a_tenant_that_is_not_there() {
    given::<Tenant>([]).when(change(edit())).refused(TenantRefusal::NotFound);
}

#[test]
fn every_event_ever_published_is_still_read() {
    assert_golden::<TenantEvent>(concat!(env!("CARGO_MANIFEST_DIR"), "/golden"));
}

#[test]
fn another_shape_of_its_states_is_a_new_version() {
    assert_shape::<Tenant>(env!("CARGO_MANIFEST_DIR"), [created()]);
}
