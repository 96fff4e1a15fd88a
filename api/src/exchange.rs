//! A request and its answer, as far as they are known: found out on the way in, for whoever is further in, for the line in the
//! log and for the metrics. It is the one extension that the edge gives to a request, for each costs an allocation or two.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::extract::Request;
use http::{Extensions, HeaderMap, HeaderName, Method, StatusCode};
use tidemark_engine::trace::TraceParent;
use uuid::Uuid;

use crate::caller::Admitted;
use crate::limits::Meter;
use crate::origins::Listed;
use crate::problem::Problem;
use crate::terms::Route;

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What is known of a request and its answer. Clones share it.
#[derive(Debug, Clone)]
pub struct Exchange(Arc<Known>);

/// Its parts. What a later step finds out is there once that step was taken.
#[derive(Debug)]
pub struct Known {
    pub(crate) request_id: Arc<str>,
    pub(crate) method: Method,
    pub(crate) begun: Instant,
    /// Where the client is.
    pub(crate) client: IpAddr,
    /// Whether it came by TLS, as far as a proxy that is believed says so.
    pub(crate) is_tls: bool,
    pub(crate) meter: Meter,
    /// Where it is in its trace, if that is recorded.
    pub(crate) place: Option<TraceParent>,
    pub(crate) route: OnceLock<Arc<Route>>,
    pub(crate) admitted: OnceLock<Admitted>,
    /// What the tenant's own list says of the origin, where it has one.
    pub(crate) listed: OnceLock<Listed>,
    pub(crate) answered: OnceLock<StatusCode>,
}

impl Exchange {
    pub(crate) fn begin(
        request: &Request,
        client: IpAddr,
        is_tls: bool,
        meter: Meter,
        place: Option<TraceParent>,
    ) -> Self {
        Self(Arc::new(Known {
            request_id: given_request_id(request.headers()).unwrap_or_else(new_request_id),
            method: request.method().clone(),
            begun: Instant::now(),
            client,
            is_tls,
            meter,
            place,
            route: OnceLock::new(),
            admitted: OnceLock::new(),
            listed: OnceLock::new(),
            answered: OnceLock::new(),
        }))
    }

    /// That of a request.
    pub(crate) fn of(extensions: &Extensions) -> Result<&Self, Problem> {
        extensions.get().ok_or_else(|| Problem::internal("a request has come past the edge"))
    }
}

impl Deref for Exchange {
    type Target = Known;

    fn deref(&self) -> &Known {
        &self.0
    }
}

fn given_request_id(headers: &HeaderMap) -> Option<Arc<str>> {
    let value = headers.get(REQUEST_ID)?;
    let fits = (1..=128).contains(&value.len()) && value.as_bytes().iter().all(u8::is_ascii_graphic);
    value.to_str().ok().filter(|_| fits).map(Arc::from)
}

fn new_request_id() -> Arc<str> {
    let mut text = Uuid::encode_buffer();
    Arc::from(&*Uuid::now_v7().hyphenated().encode_lower(&mut text))
}
