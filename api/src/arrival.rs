//! Bodies on their way in: read whole before a request takes anybody's place, and of all bodies only so much at once. What is
//! small has room of its own, so that a few who send much and never end keep no ordinary command out.
//!
//! What counts is what has arrived, so that nobody holds room by announcing much and sending little. It counts until the request
//! is answered. A multipart body is not read here: a file is streamed by the route that takes it.

use std::net::IpAddr;

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;

use crate::body;
use crate::problem::Problem;
use crate::shares::{Share, Shares};

/// Bytes of bodies at once in a process, and of those from one address.
const ALL: usize = 64 << 20;
const OF_ADDRESS: usize = 16 << 20;

/// What of a body is small.
const SMALL: usize = 64 << 10;
/// Bytes of it from one address. All together have as much room as what is large.
const SMALL_OF_ADDRESS: usize = 4 << 20;

/// The room for bodies. Clones share it.
#[derive(Debug, Clone)]
pub struct Arrivals {
    small: Shares,
    large: Shares,
}

impl Arrivals {
    /// Room for 64 MiB and for 16 MiB of one address; and as much for the first 64 KiB of each, for 4 MiB of one address.
    #[must_use]
    pub fn new() -> Self {
        Self { small: Shares::new(ALL, SMALL_OF_ADDRESS), large: Shares::new(ALL, OF_ADDRESS) }
    }

    /// Reads the body of a request from `address` that may change something, and gives the request back with the body at hand.
    /// The shares are to be kept for as long as the body is.
    pub(crate) async fn receive(
        &self,
        address: IpAddr,
        request: Request,
    ) -> Result<(Request, Bytes, Option<[Share; 2]>), Problem> {
        if request.method().is_safe() || body::is_multipart(request.headers()) {
            return Ok((request, Bytes::new(), None));
        }
        let [mut small, mut large] = [&self.small, &self.large].map(|shares| shares.begin(address));
        let (parts, body) = request.into_parts();
        let mut rest = SMALL;
        let room = |more: usize| {
            let of_small = more.min(rest);
            rest -= of_small;
            small.grow(of_small) && large.grow(more - of_small)
        };
        let bytes = Box::pin(body::receive_within(body, room)).await?;
        Ok((Request::from_parts(parts, Body::from(bytes.clone())), bytes, Some([small, large])))
    }
}

impl Default for Arrivals {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use futures::stream;
    use http::header::CONTENT_TYPE;
    use http::{Method, StatusCode};

    use super::*;

    fn post(body: Body) -> Request {
        Request::builder().method(Method::POST).body(body).unwrap()
    }

    async fn receive(arrivals: &Arrivals, from: &str, body: Body) -> Result<(Bytes, Option<[Share; 2]>), Problem> {
        let received = arrivals.receive(from.parse().unwrap(), post(body)).await;
        received.map(|(_, bytes, share)| (bytes, share))
    }

    #[tokio::test]
    async fn a_body_comes_through_whole_in_however_many_pieces() {
        let arrivals = Arrivals::new();
        let pieces =
            ["", "{\"a\"", ":", "1}", ""].map(|piece| Ok::<_, std::io::Error>(Bytes::from_static(piece.as_bytes())));
        for body in [Body::from("{\"a\":1}"), Body::from_stream(stream::iter(pieces))] {
            let (request, bytes, _share) = arrivals.receive("192.0.2.1".parse().unwrap(), post(body)).await.unwrap();
            assert_eq!(bytes, "{\"a\":1}");
            assert_eq!(axum::body::to_bytes(request.into_body(), 100).await.unwrap(), bytes);
        }
        let (nothing, _share) = receive(&arrivals, "192.0.2.1", Body::empty()).await.unwrap();
        assert!(nothing.is_empty());
    }

    #[tokio::test]
    async fn an_address_that_holds_its_share_is_sent_away_and_no_other() {
        let arrivals = Arrivals::new();
        let large = || Body::from(vec![b' '; body::MAX_BODY]);
        let mut held = Vec::new();
        for _ in 0..OF_ADDRESS / body::MAX_BODY {
            held.push(receive(&arrivals, "192.0.2.1", large()).await.unwrap());
        }
        let refused = receive(&arrivals, "192.0.2.1", large()).await.unwrap_err();
        assert_eq!((refused.status(), refused.code()), (StatusCode::SERVICE_UNAVAILABLE, "OVERLOADED"));
        receive(&arrivals, "192.0.2.2", large()).await.unwrap();
        drop(held);
        receive(&arrivals, "192.0.2.1", large()).await.unwrap();
    }

    #[tokio::test]
    async fn large_bodies_that_fill_the_room_keep_no_small_one_out() {
        let arrivals = Arrivals::new();
        let mut held = Vec::new();
        for host in 0..=u8::MAX {
            let large = Body::from(vec![b' '; body::MAX_BODY]);
            match receive(&arrivals, &format!("192.0.2.{host}"), large).await {
                Ok(one) => held.push(one),
                Err(_) => break,
            }
        }
        assert!(held.len() <= ALL / (body::MAX_BODY - SMALL), "there is an end: {}", held.len());
        receive(&arrivals, "192.0.2.1", Body::from(vec![b' '; SMALL])).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_too_large_is_refused_and_a_file_is_left_to_its_route() {
        let arrivals = Arrivals::new();
        let refused = receive(&arrivals, "192.0.2.1", Body::from(vec![0; body::MAX_BODY + 1])).await.unwrap_err();
        assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
        let mut file = post(Body::from(vec![0; body::MAX_BODY + 1]));
        file.headers_mut().insert(CONTENT_TYPE, "Multipart/form-data; boundary=x".parse().unwrap());
        let (request, bytes, _share) = arrivals.receive("192.0.2.1".parse().unwrap(), file).await.unwrap();
        assert!(bytes.is_empty());
        assert_eq!(axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap().len(), body::MAX_BODY + 1);
    }
}
