//! Cookies of one tenant each: out of reach of scripts, and bound to this very host.

use std::time::Duration;

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use tidemark_kernel::TenantId;
use tidemark_runtime::Environment;

/// Names, writes and reads the cookies of one purpose.
#[derive(Debug, Clone)]
pub(crate) struct TenantCookies {
    purpose: &'static str,
    /// Plain HTTP has no `Secure`, and without it no `__Host-`; only development is served so.
    is_secure: bool,
    lifetime: Duration,
}

impl TenantCookies {
    /// Cookies `__Host-<purpose>-<tenant>`, or `<purpose>-<tenant>` in development, that a browser keeps for `lifetime`.
    pub(crate) fn new(purpose: &'static str, environment: Environment, lifetime: Duration) -> Self {
        Self { purpose, is_secure: environment == Environment::Production, lifetime }
    }

    /// The `Set-Cookie` that hands `value` over.
    pub(crate) fn set(&self, tenant: &TenantId, value: &str) -> HeaderValue {
        self.header(tenant, value, self.lifetime.as_secs())
    }

    /// The `Set-Cookie` that takes it away.
    pub(crate) fn clear(&self, tenant: &TenantId) -> HeaderValue {
        self.header(tenant, "", 0)
    }

    /// What a request brings for `tenant`.
    pub(crate) fn find<'a>(&self, headers: &'a HeaderMap, tenant: &TenantId) -> Option<&'a str> {
        value_of(headers, &self.name(tenant))
    }

    fn name(&self, tenant: &TenantId) -> String {
        let Self { purpose, is_secure, .. } = self;
        if *is_secure { format!("__Host-{purpose}-{tenant}") } else { format!("{purpose}-{tenant}") }
    }

    fn header(&self, tenant: &TenantId, value: &str, seconds: u64) -> HeaderValue {
        let secure = if self.is_secure { " Secure;" } else { "" };
        let text = format!("{}={value}; Max-Age={seconds}; Path=/; HttpOnly;{secure} SameSite=Lax", self.name(tenant));
        HeaderValue::try_from(text).expect("a tenant's key, a token and a position are visible ASCII")
    }
}

/// What the cookie of this name holds, if a request brings one that holds anything.
pub(crate) fn value_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    // As bytes: what other cookies hold need not be ASCII.
    let mut pairs = headers.get_all(COOKIE).iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    pairs.find_map(|pair| {
        let value = pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
        std::str::from_utf8(value).ok().filter(|value| !value.is_empty())
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const MONTH: Duration = Duration::from_secs(30 * 24 * 60 * 60);

    fn demo() -> TenantId {
        "demo".parse().unwrap()
    }

    fn cookies(environment: Environment) -> TenantCookies {
        TenantCookies::new("refresh", environment, MONTH)
    }

    #[test]
    fn a_cookie_is_for_this_host_and_for_no_script() {
        assert_eq!(
            cookies(Environment::Production).set(&demo(), "t"),
            "__Host-refresh-demo=t; Max-Age=2592000; Path=/; HttpOnly; Secure; SameSite=Lax"
        );
        assert_eq!(
            cookies(Environment::Development).set(&demo(), "t"),
            "refresh-demo=t; Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax"
        );
        assert_eq!(
            cookies(Environment::Production).clear(&demo()),
            "__Host-refresh-demo=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax"
        );
    }

    #[test]
    fn only_the_cookie_of_this_very_name_is_read() {
        let found = |line: &'static str| {
            let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_static(line))]);
            cookies(Environment::Production).find(&headers, &demo()).map(str::to_owned)
        };
        assert_eq!(found("a=b; __Host-refresh-demo=token ;c=d").as_deref(), Some("token"));
        let beside = HeaderValue::from_bytes("theme=\u{e9}; __Host-refresh-demo=token".as_bytes()).unwrap();
        let beside = HeaderMap::from_iter([(COOKIE, beside)]);
        assert_eq!(cookies(Environment::Production).find(&beside, &demo()), Some("token"));
        for line in [
            "",
            "refresh-demo=token",
            "__Host-refresh-other=token",
            "__host-refresh-demo=token",
            "__Host-refresh-demo=",
        ] {
            assert_eq!(found(line), None, "{line}");
        }
    }
}
