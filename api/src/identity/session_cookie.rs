//! The cookie that a refresh token lies in: out of reach of scripts, and bound to this very host.

use std::time::Duration;

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use tidemark_kernel::TenantId;

/// Names, writes and reads the cookies.
#[derive(Debug, Clone)]
pub(super) struct SessionCookies {
    /// Plain HTTP has no `Secure`, and without it no `__Host-`; only development is served so.
    is_secure: bool,
    lifetime: Duration,
}

impl SessionCookies {
    pub(super) fn new(is_secure: bool, lifetime: Duration) -> Self {
        Self { is_secure, lifetime }
    }

    /// The `Set-Cookie` that hands `token` over.
    pub(super) fn set(&self, tenant: &TenantId, token: &str) -> HeaderValue {
        self.header(tenant, token, self.lifetime.as_secs())
    }

    /// The `Set-Cookie` that takes it away.
    pub(super) fn clear(&self, tenant: &TenantId) -> HeaderValue {
        self.header(tenant, "", 0)
    }

    /// The token that a request brings for `tenant`.
    pub(super) fn find<'a>(&self, headers: &'a HeaderMap, tenant: &TenantId) -> Option<&'a str> {
        value_of(headers, &self.name(tenant))
    }

    fn name(&self, tenant: &TenantId) -> String {
        if self.is_secure { format!("__Host-refresh-{tenant}") } else { format!("refresh-{tenant}") }
    }

    fn header(&self, tenant: &TenantId, value: &str, seconds: u64) -> HeaderValue {
        let secure = if self.is_secure { " Secure;" } else { "" };
        let text = format!("{}={value}; Max-Age={seconds}; Path=/; HttpOnly;{secure} SameSite=Lax", self.name(tenant));
        HeaderValue::try_from(text).expect("a tenant's key and a token are visible ASCII")
    }
}

/// What the cookie of this name holds, if a request brings one that holds anything.
pub(super) fn value_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
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

    #[test]
    fn a_cookie_is_for_this_host_and_for_no_script() {
        assert_eq!(
            SessionCookies::new(true, MONTH).set(&demo(), "t"),
            "__Host-refresh-demo=t; Max-Age=2592000; Path=/; HttpOnly; Secure; SameSite=Lax"
        );
        assert_eq!(
            SessionCookies::new(false, MONTH).set(&demo(), "t"),
            "refresh-demo=t; Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax"
        );
        assert_eq!(
            SessionCookies::new(true, MONTH).clear(&demo()),
            "__Host-refresh-demo=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax"
        );
    }

    #[test]
    fn only_the_cookie_of_this_very_name_is_read() {
        let found = |line: &'static str| {
            let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_static(line))]);
            SessionCookies::new(true, MONTH).find(&headers, &demo()).map(str::to_owned)
        };
        assert_eq!(found("a=b; __Host-refresh-demo=token ;c=d").as_deref(), Some("token"));
        let beside = HeaderValue::from_bytes("theme=\u{e9}; __Host-refresh-demo=token".as_bytes()).unwrap();
        let beside = HeaderMap::from_iter([(COOKIE, beside)]);
        assert_eq!(SessionCookies::new(true, MONTH).find(&beside, &demo()), Some("token"));
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
