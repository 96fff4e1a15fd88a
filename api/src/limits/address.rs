//! Whose address a request comes from: the socket's, or the one that a trusted proxy names.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::{HeaderMap, HeaderName};
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Socket {
    /// Its address.
    pub address: IpAddr,
    /// Whether it speaks TLS with us.
    pub is_tls: bool,
}

/// The proxies whose word about a request is believed. Clones share the list.
#[derive(Debug, Clone)]
pub(crate) struct Proxies(Arc<[IpNet]>);

impl Proxies {
    pub(crate) fn new(networks: Vec<IpNet>) -> Self {
        Self(networks.into())
    }

    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The nearest address that is no proxy of ours. What lies beyond it in `X-Forwarded-For` is anybody's invention.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut nearest = peer;
        let lines = headers.get_all(FORWARDED_FOR).into_iter().collect::<Vec<_>>();
        let mut hops = lines.iter().rev().flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        while self.trusts(nearest) {
            // A hop that is no address was written by a proxy that is not set up as we believe: it stays the client.
            let Some(hop) = hops.next().and_then(parse) else { break };
            nearest = hop;
        }
        nearest.to_canonical()
    }

    /// Whether the client's own connection is one of TLS.
    pub(crate) fn is_tls(&self, peer: Socket, headers: &HeaderMap) -> bool {
        let forwarded = || headers.get_all(FORWARDED_PROTO).into_iter().next_back();
        peer.is_tls
            || (self.trusts(peer.address)
                && forwarded().is_some_and(|last| last.as_bytes().eq_ignore_ascii_case(b"https")))
    }
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80`.
fn parse(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim();
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    bare.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use http::HeaderValue;

    use super::*;

    fn client(peer: &str, lines: &[&'static str]) -> String {
        let proxies = Proxies::new(["10.0.0.0/8", "2001:db8:ffff::/48"].map(|text| text.parse().unwrap()).to_vec());
        let lines = lines.iter().map(|line| (FORWARDED_FOR, HeaderValue::from_static(line)));
        let headers = lines.fold(HeaderMap::new(), |mut headers, (name, value)| {
            headers.append(name, value);
            headers
        });
        proxies.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn nobody_but_a_trusted_proxy_is_believed() {
        assert_eq!(client("192.0.2.9", &["198.51.100.1"]), "192.0.2.9");
        assert_eq!(client("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("::ffff:10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
    }

    #[test]
    fn the_rightmost_hop_that_is_no_proxy_counts_and_not_what_the_client_wrote_before_it() {
        assert_eq!(client("10.0.0.1", &["1.1.1.1, 2.2.2.2, 198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["1.1.1.1, 198.51.100.1, 10.1.1.1"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["1.1.1.1", "198.51.100.1", "10.1.1.1,10.2.2.2"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["10.3.3.3"]), "10.3.3.3");
    }

    #[test]
    fn what_is_no_address_ends_the_search() {
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["198.51.100.1, unknown"]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["198.51.100.1, "]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["198.51.100.1, 10.1.1.1.1, 10.2.2.2"]), "10.2.2.2");
    }

    #[test]
    fn ports_and_brackets_are_no_part_of_an_address() {
        assert_eq!(client("10.0.0.1", &["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["[2001:db8::1]:4711"]), "2001:db8::1");
        assert_eq!(client("2001:db8:ffff::1", &["[2001:db8::1]"]), "2001:db8::1");
    }
}
