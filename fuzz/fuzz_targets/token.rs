//! Everything that says who is at the other end: tokens, ids, site ids, origins, cookies, forwarded addresses.
//!
//! The input is used whole as each of them, and as the values of headers, one a line.
#![no_main]

use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use http::{HeaderMap, HeaderValue, header};
use ipnet::IpNet;
use libfuzzer_sys::fuzz_target;
use relay_edge::address::{Address, ForwardedHeader, visitor_address};
use relay_edge::cookie::Names;
use relay_settings::origin::Origin;
use wire::{ConversationId, SiteId, Token};

/// What is read has one spelling, and reads back as itself.
fn spelt<T: FromStr + Display + PartialEq + std::fmt::Debug>(text: &str) -> Option<T> {
    let read = text.parse::<T>().ok()?;
    assert_eq!(read.to_string().parse::<T>().ok().as_ref(), Some(&read));
    Some(read)
}

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    if let Some(id) = spelt::<ConversationId>(&text) {
        assert_eq!(id.to_string(), text);
    }
    if let Some(site) = spelt::<SiteId>(&text) {
        assert_eq!(site.as_str(), text);
    }
    if let Ok(token) = text.parse::<Token>() {
        assert_eq!(token.reveal(), text);
        assert!(!format!("{token:?}").contains(token.reveal()), "a token is never shown");
    }
    if let Some(origin) = spelt::<Origin>(&text) {
        assert!(!origin.host().is_empty());
        HeaderValue::from_str(origin.as_str()).expect("an origin is a header value");
        // It stands in a policy of ours: nothing in it may end the source or begin another.
        assert!(!origin.as_str().contains([' ', ';', ',', '\'', '"', '*']), "{origin}");
    }
    let values = bytes.split(|byte| *byte == b'\n').filter_map(|line| HeaderValue::from_bytes(line).ok());
    let mut headers = HeaderMap::new();
    for value in values {
        for name in [header::COOKIE, header::FORWARDED, header::HeaderName::from_static("x-forwarded-for")] {
            headers.append(name, value.clone());
        }
    }
    for names in [Names::new(false), Names::new(true)] {
        for token in names.session(&headers).into_iter().chain(names.devices(&headers)) {
            assert!(text.contains(token.reveal()));
        }
    }
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let trusted = [IpNet::from(loopback), "10.0.0.0/8".parse().expect("a network")];
    for how in [ForwardedHeader::XForwardedFor, ForwardedHeader::Forwarded] {
        let stranger = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 5));
        assert_eq!(visitor_address(stranger, &headers, &trusted, how), Address::new(stranger), "hearsay is believed");
        // Whatever a trusted proxy passes on, it is some address that counts.
        let counted = visitor_address(loopback, &headers, &trusted, how);
        assert_eq!(counted, visitor_address(loopback, &headers, &trusted, how));
    }
});
