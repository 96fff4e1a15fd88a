//! The cookie by which a browser sees its own writes without doing anything: where its last command was recorded.
//!
//! It is set with the answer to a command of a browser, which says `Origin` with whatever may change something; whoever says
//! none has `Tidemark-Position` to go by and is sent no cookie. Queries that bring it wait for the read model, and are answered
//! in any case. What no server of this tenant has written, or one of a history that was cut, is overlooked: a browser cannot
//! repair what it keeps for us, and the cookie is gone by itself soon.

use std::time::Duration;

use http::header::{COOKIE, ORIGIN, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Method};
use tidemark_engine::position::PositionCodec;
use tidemark_kernel::TenantId;
use tidemark_runtime::Environment;

use crate::command::POSITION;
use crate::cookies::TenantCookies;

/// Far longer than a read model is behind, and short enough that one which has stopped does not slow a browser down for long.
const LIFETIME: Duration = Duration::from_secs(30);
/// No position comes near this.
const LONGEST: usize = 64;

/// Writes and reads the cookies.
#[derive(Debug, Clone)]
pub struct PositionCookies(TenantCookies);

/// A command of a browser, whose answer brings a cookie.
#[derive(Debug)]
pub(crate) struct OfBrowser {
    /// The place that the browser knew of.
    known: Option<i64>,
}

impl PositionCookies {
    /// Those of a server in `environment`.
    #[must_use]
    pub fn new(environment: Environment) -> Self {
        Self(TenantCookies::new("position", environment, LIFETIME))
    }

    /// The place that the cookie of a request names, with its text.
    pub(super) fn find(
        &self,
        headers: &HeaderMap,
        positions: &PositionCodec,
        tenant: &TenantId,
    ) -> Option<(i64, HeaderValue)> {
        // Most requests bring no cookie at all, and pay no more than this look.
        if !headers.contains_key(COOKIE) {
            return None;
        }
        let text = self.0.find(headers, tenant).filter(|text| text.len() <= LONGEST)?;
        let position = positions.decode(tenant.as_str(), text).ok()?;
        HeaderValue::from_str(text).ok().map(|text| (position, text))
    }

    /// Notes what a command of a browser brings; nothing for any other request.
    pub(crate) fn of_browser(
        &self,
        method: &Method,
        headers: &HeaderMap,
        positions: &PositionCodec,
        tenant: &TenantId,
    ) -> Option<OfBrowser> {
        let is_command_of_browser = !method.is_safe() && headers.contains_key(ORIGIN);
        is_command_of_browser
            .then(|| OfBrowser { known: self.find(headers, positions, tenant).map(|(position, _)| position) })
    }

    /// Adds the cookie to the answer of a command that was recorded. Answers may overtake one another, and a repeated one names
    /// an old place: a browser that knows of a later one keeps that.
    pub(crate) fn answer(
        &self,
        command: &OfBrowser,
        positions: &PositionCodec,
        tenant: &TenantId,
        headers: &mut HeaderMap,
    ) {
        let Some(text) = headers.get(POSITION).and_then(|text| text.to_str().ok()) else { return };
        let recorded = positions.decode(tenant.as_str(), text).ok();
        if recorded > command.known {
            let cookie = self.0.set(tenant, text);
            headers.append(SET_COOKIE, cookie);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn positions() -> PositionCodec {
        PositionCodec::new(1, b"key")
    }

    fn demo() -> TenantId {
        "demo".parse().unwrap()
    }

    fn with_cookie(text: &str) -> HeaderMap {
        HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(text).unwrap())])
    }

    /// The cookie that a command at `recorded` is answered with, where the browser knows of `known`.
    fn answered(recorded: i64, known: Option<i64>) -> Option<String> {
        let cookies = PositionCookies::new(Environment::Development);
        let text = positions().encode("demo", recorded);
        let mut headers = HeaderMap::from_iter([(POSITION, HeaderValue::from_str(&text).unwrap())]);
        cookies.answer(&OfBrowser { known }, &positions(), &demo(), &mut headers);
        headers.get(SET_COOKIE).map(|cookie| cookie.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_browser_never_goes_back() {
        let set =
            format!("position-demo={}; Max-Age=30; Path=/; HttpOnly; SameSite=Lax", positions().encode("demo", 7));
        assert_eq!(answered(7, None).as_deref(), Some(&*set));
        assert_eq!(answered(7, Some(6)).as_deref(), Some(&*set));
        assert_eq!(answered(7, Some(7)), None);
        assert_eq!(answered(7, Some(8)), None);
    }

    #[test]
    fn only_what_may_change_something_and_says_where_it_comes_from_is_a_browsers_command() {
        let cookies = PositionCookies::new(Environment::Production);
        let origin = HeaderMap::from_iter([(ORIGIN, HeaderValue::from_static("https://shop.example"))]);
        let is_one = |method, headers| cookies.of_browser(&method, headers, &positions(), &demo()).is_some();
        assert!(is_one(Method::POST, &origin) && is_one(Method::DELETE, &origin));
        assert!(!is_one(Method::GET, &origin) && !is_one(Method::POST, &HeaderMap::new()));
    }

    #[test]
    fn what_is_no_place_of_this_tenant_is_overlooked() {
        let cookies = PositionCookies::new(Environment::Development);
        let find = |text: &str| cookies.find(&with_cookie(text), &positions(), &demo()).map(|(position, _)| position);
        let own = positions().encode("demo", 7);
        assert_eq!(find(&format!("a=b; position-demo={own}")), Some(7));
        for text in [
            String::new(),
            format!("position-acme={own}"),
            format!("position-demo={}", positions().encode("acme", 7)),
            format!("position-demo={}", positions().in_epoch(2).encode("demo", 7)),
            format!("position-demo={own}x"),
            format!("position-demo={}", "1".repeat(10_000)),
            "position-demo=;position-demo".to_owned(),
        ] {
            assert_eq!(find(&text), None, "{text}");
        }
        assert_eq!(cookies.find(&HeaderMap::new(), &positions(), &demo()), None);
    }
}
