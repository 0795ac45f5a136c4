//! Who is at the other end: the visitor's network address, believed from a header only when a trusted proxy wrote it.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

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

    /// The network that is shared out to as one party: IPv4 /24, IPv6 /48. What one customer of a provider can hold at most, as a rule.
    #[must_use]
    pub fn network(self) -> Network {
        match self.0 {
            IpAddr::V4(_) => self.within(24),
            IpAddr::V6(_) => self.within(48),
        }
    }

    /// Everything that the address counts for, from itself to its [`Address::network`]: IPv4 /32 and /24, IPv6 /64, /56 and /48.
    pub fn steps(self) -> impl DoubleEndedIterator<Item = Network> {
        let prefixes: &[u8] = match self.0 {
            IpAddr::V4(_) => &[32, 24],
            IpAddr::V6(_) => &[64, 56, 48],
        };
        prefixes.iter().map(move |prefix| self.within(*prefix))
    }

    /// The network around it of so many leading bits.
    fn within(self, prefix: u8) -> Network {
        let (bits, mapped) = match self.0 {
            IpAddr::V4(v4) => (u128::from(v4.to_ipv6_mapped()), MAPPED_BITS),
            IpAddr::V6(v6) => (u128::from(v6), 0),
        };
        let spare = u32::from(128_u8.saturating_sub(prefix.saturating_add(mapped)));
        let mask = u128::MAX.checked_shl(spare).unwrap_or(0);
        Network { number: bits & mask, prefix }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The bits before an IPv4 address in its IPv4-mapped form.
const MAPPED_BITS: u8 = 96;

/// A network: an address without its last bits, and how many are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    number: u128,
    prefix: u8,
}

impl Network {
    /// Its first address as a number; IPv4 in the IPv4-mapped form, so that the two families never meet.
    #[must_use]
    pub const fn number(self) -> u128 {
        self.number
    }

    /// How many bits all its addresses share, by its family's own count.
    #[must_use]
    pub const fn prefix(self) -> u8 {
        self.prefix
    }

    /// Whether the address counts for it.
    #[must_use]
    pub fn contains(self, address: Address) -> bool {
        address.within(self.prefix) == self
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = Ipv6Addr::from(self.number);
        match first.to_ipv4_mapped() {
            Some(v4) => write!(f, "{v4}/{}", self.prefix),
            None => write!(f, "{first}/{}", self.prefix),
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

    #[test]
    fn an_address_counts_for_its_networks() {
        let address = |text: &str| Address::new(text.parse().expect("ip"));
        for (written, steps) in [
            ("203.0.113.77", &["203.0.113.77/32", "203.0.113.0/24"][..]),
            ("::ffff:203.0.113.77", &["203.0.113.77/32", "203.0.113.0/24"]),
            ("2001:db8:1:2345:6::7", &["2001:db8:1:2345::/64", "2001:db8:1:2300::/56", "2001:db8:1::/48"]),
            ("::1", &["::/64", "::/56", "::/48"]),
            ("0.0.0.0", &["0.0.0.0/32", "0.0.0.0/24"]),
        ] {
            let got: Vec<String> = address(written).steps().map(|network| network.to_string()).collect();
            assert_eq!(got, steps, "{written}");
            assert_eq!(Some(address(written).network()), address(written).steps().last(), "{written}");
        }
    }

    #[test]
    fn a_network_contains_its_own_and_nobody_else() {
        let address = |text: &str| Address::new(text.parse().expect("ip"));
        for (one, other, same) in [
            ("203.0.113.1", "203.0.113.254", true),
            ("203.0.113.1", "203.0.112.1", false),
            ("2001:db8:1:1::1", "2001:db8:1:ffff::1", true),
            ("2001:db8:1::1", "2001:db8:2::1", false),
            ("::1", "0.0.0.1", false),
        ] {
            assert_eq!(address(one).network().contains(address(other)), same, "{one} {other}");
            assert_eq!(address(one).network() == address(other).network(), same, "{one} {other}");
        }
    }
}
