//! Networks as text: `10.0.0.0/8, 192.0.2.1`.

use std::net::IpAddr;

use ipnet::IpNet;

/// All networks of a list separated by commas; nothing when one of them is none.
pub(super) fn parse(text: &str) -> Option<Vec<IpNet>> {
    text.split(',').map(|network| one(network.trim())).collect()
}

/// A network, or a single address.
fn one(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_holds_networks_and_addresses() {
        let networks = parse("10.0.0.0/8, 192.0.2.1,2001:db8::/32").expect("three of them");
        let shown: Vec<String> = networks.iter().map(IpNet::to_string).collect();
        assert_eq!(shown, ["10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32"]);
    }

    #[test]
    fn anything_else_is_none() {
        for text in ["", "10.0.0.0/33", "proxy.internal", "10.0.0.0/8,", "*"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
