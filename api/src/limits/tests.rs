#![allow(clippy::unwrap_used)]

use std::net::IpAddr;

use serde_json::json;

use super::*;

fn limits(change: impl FnOnce(&mut Settings)) -> Limits {
    let mut settings = Settings::for_tests("postgres://nobody@localhost/nothing", None);
    (settings.rate_sign_in, settings.rate_sign_in_account, settings.rate_sign_in_address) = (10, 60, 30);
    change(&mut settings);
    Limits::new(&settings).unwrap()
}

fn tenant() -> TenantId {
    "demo".parse().unwrap()
}

async fn sign_in(limits: &Limits, address: &str, email: &str) -> Result<(), Problem> {
    let meter = Meter::new(limits, address.parse::<IpAddr>().unwrap());
    meter.admit(Class::SignIn, &tenant(), None).await?;
    meter.sign_in(&tenant(), None, json!({ "email": email }).to_string().as_bytes(), None).await
}

#[tokio::test]
async fn nobody_can_lock_another_out() {
    let limits = limits(|_| {});
    // Somebody guesses, over and over, from an address of their own.
    for _ in 0..100 {
        let _five_of_them_are_tried = sign_in(&limits, "192.0.2.1", "ada@example.com").await;
    }
    assert!(sign_in(&limits, "192.0.2.1", "ada@example.com").await.is_err());
    assert!(sign_in(&limits, "192.0.2.1", "ADA@example.com").await.is_err(), "it is the same account");
    assert!(sign_in(&limits, "198.51.100.1", "ada@example.com").await.is_ok());
}

/// Nor where a tenant has limits of its own, whatever these are.
#[tokio::test]
async fn a_tenants_own_limits_let_nobody_lock_another_out() {
    let limits = limits(|_| {});
    limits.set_rates(&tenant(), &RateLimits::from([(RateLimit::SignIn, 60), (RateLimit::SignInAccount, 10)]));
    for _ in 0..100 {
        let _some_of_them_are_tried = sign_in(&limits, "192.0.2.1", "ada@example.com").await;
    }
    assert!(sign_in(&limits, "192.0.2.1", "ada@example.com").await.is_err());
    assert!(sign_in(&limits, "198.51.100.1", "ada@example.com").await.is_ok());
}

#[tokio::test]
async fn an_address_does_not_try_one_account_after_another() {
    let limits = limits(|_| {});
    let mut tried = 0;
    for account in 0..100 {
        tried += u32::from(sign_in(&limits, "192.0.2.1", &format!("{account}@example.com")).await.is_ok());
    }
    assert_eq!(tried, 5);
}

#[tokio::test]
async fn many_addresses_together_do_not_try_one_account_for_ever() {
    let limits = limits(|_| {});
    let mut tried = 0;
    for host in 0..100 {
        tried += u32::from(sign_in(&limits, &format!("192.0.2.{host}"), "ada@example.com").await.is_ok());
    }
    assert_eq!(tried, 10);
}

#[tokio::test]
async fn a_token_of_ones_own_is_no_way_around_anothers_limit() {
    let limits = limits(|_| {});
    let guess = async |address: String| {
        let own = uuid::Uuid::now_v7();
        let meter = Meter::new(&limits, address.parse().unwrap());
        let body = json!({ "email": "ada@example.com" }).to_string();
        meter.sign_in(&tenant(), Some(own), body.as_bytes(), None).await.is_ok()
    };
    let mut tried = 0;
    for host in 0..100 {
        tried += u32::from(guess(format!("192.0.2.{host}")).await);
    }
    assert_eq!(tried, 10);
}

#[tokio::test]
async fn a_body_that_names_nobody_is_counted_by_address_all_the_same() {
    let limits = limits(|_| {});
    let meter = Meter::new(&limits, "192.0.2.1".parse().unwrap());
    let bodies = ["", "{", "[]", r#"{"email":7}"#, r#"{"email":"no address"}"#, "{}"];
    let mut tried = 0;
    for body in bodies {
        tried += usize::from(meter.sign_in(&tenant(), None, body.as_bytes(), None).await.is_ok());
    }
    assert_eq!(tried, 5);
}

#[tokio::test]
async fn bodies_of_sign_ins_are_counted_before_they_come() {
    let limits = limits(|_| {});
    let begin = async |address: &str| {
        let meter = Meter::new(&limits, address.parse().unwrap());
        meter.admit(Class::SignIn, &tenant(), None).await
    };
    let mut begun = 0;
    while begin("192.0.2.1").await.is_ok() {
        begun += 1;
    }
    assert!((50..=60).contains(&begun), "{begun}");
    begin("192.0.2.2").await.unwrap();
}

#[tokio::test]
async fn sessions_tenants_and_classes_count_on_their_own() {
    let limits = limits(|settings| {
        (settings.rate_anonymous, settings.rate_refresh) = (60, 60);
    });
    let meter = || Meter::new(&limits, "192.0.2.1".parse().unwrap());
    let (one, other) = (SessionId::new(uuid::Uuid::now_v7()), SessionId::new(uuid::Uuid::now_v7()));
    for _ in 0..10 {
        meter().session(&tenant(), one).await.unwrap();
        meter().anonymous(&tenant()).await.unwrap();
    }
    let refused = meter().session(&tenant(), one).await.unwrap_err();
    assert_eq!((refused.status(), refused.code()), (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED"));
    meter().anonymous(&tenant()).await.unwrap_err();
    meter().session(&tenant(), other).await.unwrap();
    meter().anonymous(&"acme".parse().unwrap()).await.unwrap();
    meter().stranger().await.unwrap();
    for _ in 0..100 {
        meter().admit(Class::Media, &tenant(), None).await.unwrap();
    }
    meter().admit(Class::Media, &tenant(), None).await.unwrap_err();
}

#[tokio::test]
async fn the_headers_name_every_policy_and_the_tightest_limit() {
    let limits = limits(|_| {});
    let meter = Meter::new(&limits, "192.0.2.1".parse().unwrap());
    meter.admit(Class::SignIn, &tenant(), None).await.unwrap();
    meter.sign_in(&tenant(), None, json!({ "email": "ada@example.com" }).to_string().as_bytes(), None).await.unwrap();
    let mut headers = HeaderMap::new();
    meter.write(&mut headers);
    assert_eq!(
        headers[POLICY],
        "\"sign-in-bodies\";q=300;w=60;tidemark-burst=50, \"sign-in\";q=10;w=60;tidemark-burst=5, \"sign-in-account\";q=60;w=60;tidemark-burst=10, \
         \"sign-in-address\";q=30;w=60;tidemark-burst=5"
    );
    assert_eq!(headers[LIMIT], "\"sign-in\";r=4;t=6");
}

#[tokio::test]
async fn without_a_redis_that_answers_this_process_counts() {
    let limits = limits(|settings| {
        settings.redis_url = Some("redis://127.0.0.1:1".to_owned());
        settings.rate_anonymous = 60;
    });
    assert!(limits.counts_alone());
    let meter = || Meter::new(&limits, "192.0.2.1".parse().unwrap());
    for _ in 0..10 {
        meter().stranger().await.unwrap();
    }
    meter().stranger().await.unwrap_err();
}

#[tokio::test]
async fn what_the_log_says_of_a_tenants_limits_is_held_to_what_the_operator_gives() {
    let limits = limits(|settings| (settings.rate_anonymous, settings.rate_tenant_factor) = (60, 2));
    let most = RateLimits::from([(RateLimit::Anonymous, 6_000), (RateLimit::SignIn, 1)]);
    limits.set_rates(&tenant(), &most);
    let quotas = limits.quotas(Some(&tenant()));
    assert_eq!((quotas.anonymous.count, quotas.media.count, quotas.sign_in.count), (120, 1_200, 5));
    assert_eq!(limits.quotas(None).anonymous.count, 60);
}

#[tokio::test]
async fn a_flood_of_failures_pushes_out_no_limit_of_a_minute() {
    let limits = limits(|settings| {
        (settings.rate_anonymous, settings.rate_failed_sign_in, settings.rate_failed_sign_in_address) = (1, 20, 1);
    });
    let meter = |address: &str| Meter::new(&limits, address.parse().unwrap());
    while meter("192.0.2.1").anonymous(&tenant()).await.is_ok() {}
    for n in 0..50_000_u32 {
        let address = std::net::Ipv4Addr::from(0x0a00_0000 + n);
        let meter = Meter::new(&limits, address.into());
        drop(meter.attempt(&tenant(), &format!("{n}@example.com"), None).await.unwrap());
    }
    meter("192.0.2.1").anonymous(&tenant()).await.unwrap_err();
}

#[tokio::test]
async fn the_tenth_failure_is_told_and_the_eleventh_is_not() {
    let limits = limits(|_| {});
    let meter = Meter::new(&limits, "192.0.2.1".parse().unwrap());
    let mut told = Vec::new();
    for _ in 0..12 {
        told.push(meter.attempt(&tenant(), "ada@example.com", None).await.unwrap().failed().await);
    }
    assert_eq!(told.iter().position(|told| *told), Some(9));
    assert_eq!(told.iter().filter(|told| **told).count(), 1);
    // One that could not be told is told by the next.
    let attempt = meter.attempt(&tenant(), "grace@example.com", None).await.unwrap();
    for _ in 0..9 {
        assert!(!attempt.failed().await);
    }
    assert!(attempt.failed().await);
    attempt.untold().await;
    assert!(attempt.failed().await);
}
