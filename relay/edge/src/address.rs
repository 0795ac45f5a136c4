//! Who is at the other end: the visitor's network address, believed from a header only when a trusted proxy wrote it.

use std::net::IpAddr;

use http::HeaderMap;
use ipnet::IpNet;
use serde::Deserialize;

/// The header a trusted proxy sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    /// `X-Forwarded-For: client, proxy`.
    XForwardedFor,
    /// `Forwarded: for=client` (RFC 7239).
    Forwarded,
}

/// The address that limits count for. An IPv6 visitor counts as its /64, which is what one household or machine holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(IpAddr);

impl Address {
    /// The address as it counts.
    #[must_use]
    pub fn new(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V6(v6) => {
                let bits = u128::from(v6) & !u128::from(u64::MAX);
                Self(IpAddr::V6(bits.into()))
            }
            v4 @ IpAddr::V4(_) => Self(v4),
        }
    }
}

/// The visitor's address: the peer's, or the last one in the header that no trusted proxy wrote about itself.
#[must_use]
pub fn visitor_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet], header: ForwardedHeader) -> Address {
    let is_trusted = |ip: &IpAddr| trusted.iter().any(|net| net.contains(&ip.to_canonical()));
    if !is_trusted(&peer) {
        return Address::new(peer);
    }
    let name = match header {
        ForwardedHeader::XForwardedFor => "x-forwarded-for",
        ForwardedHeader::Forwarded => "forwarded",
    };
    let mut hops: Vec<&str> = Vec::new();
    for value in headers.get_all(name) {
        hops.extend(value.to_str().unwrap_or("").split(','));
    }
    let mut last = peer;
    for hop in hops.into_iter().rev() {
        let read = match header {
            ForwardedHeader::XForwardedFor => read_ip(hop),
            ForwardedHeader::Forwarded => read_forwarded(hop),
        };
        // What cannot be read was not written by a proxy of ours: everything before it is hearsay.
        let Some(ip) = read else { break };
        last = ip;
        if !is_trusted(&ip) {
            break;
        }
    }
    Address::new(last)
}

/// `203.0.113.7`, `203.0.113.7:1234`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:1234`.
fn read_ip(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    if let Ok(ip) = text.parse() {
        return Some(ip);
    }
    if let Ok(address) = text.parse::<std::net::SocketAddr>() {
        return Some(address.ip());
    }
    text.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

/// The `for` of one element of `Forwarded` (RFC 7239, section 4).
fn read_forwarded(element: &str) -> Option<IpAddr> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        if name.eq_ignore_ascii_case("for") { read_ip(value) } else { None }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(peer: &str, header: ForwardedHeader, value: &str, expected: &str) {
        let trusted: Vec<IpNet> = vec!["127.0.0.1/32".parse().expect("net"), "10.0.0.0/8".parse().expect("net")];
        let mut headers = HeaderMap::new();
        for name in ["x-forwarded-for", "forwarded"] {
            let belongs = (name == "forwarded") == (header == ForwardedHeader::Forwarded);
            let text = if belongs { value } else { "198.51.100.99" };
            headers.append(name, text.parse().expect("header"));
        }
        let got = visitor_address(peer.parse().expect("ip"), &headers, &trusted, header);
        assert_eq!(got, Address::new(expected.parse().expect("ip")), "{value}");
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        use ForwardedHeader::{Forwarded, XForwardedFor};
        check("203.0.113.5", XForwardedFor, "198.51.100.1", "203.0.113.5");
        check("127.0.0.1", XForwardedFor, "198.51.100.1", "198.51.100.1");
        check("127.0.0.1", XForwardedFor, "1.1.1.1, 198.51.100.1", "198.51.100.1");
        check("127.0.0.1", XForwardedFor, "198.51.100.1, 10.0.0.3", "198.51.100.1");
        check("127.0.0.1", XForwardedFor, "nonsense", "127.0.0.1");
        check("127.0.0.1", XForwardedFor, "9.9.9.9, nonsense, 10.0.0.3", "10.0.0.3");
        check("127.0.0.1", Forwarded, "for=198.51.100.1;proto=https", "198.51.100.1");
        check("127.0.0.1", Forwarded, "for=9.9.9.9, For=\"[2001:db8::1]:4711\"", "2001:db8::1");
        check("127.0.0.1", Forwarded, "for=_hidden", "127.0.0.1");
    }

    #[test]
    fn an_ipv6_household_counts_as_one() {
        let address = |text: &str| Address::new(text.parse().expect("ip"));
        assert_eq!(address("2001:db8::1"), address("2001:db8::ffff:1"));
        assert_ne!(address("2001:db8::1"), address("2001:db8:0:1::1"));
        assert_eq!(address("::ffff:1.2.3.4"), address("1.2.3.4"));
    }
}
