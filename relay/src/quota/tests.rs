//! What a hostile visitor, address, network and site can bring, and that others are not touched.

use wire::limit::KEPT_ASSETS_BYTES_MAX;

use super::*;
use crate::config::Config;

const MIB: u64 = 1024 * 1024;
const NOW: u64 = 1_700_000_000_000;

fn quotas() -> Arc<Quotas> {
    Quotas::new(Config::parse("").expect("the example").quotas)
}

fn from(visitor: u128, address: &str) -> UploadSource {
    let address = Address::new(address.parse().expect("an address"));
    UploadSource { visitor: Some((VisitorId(visitor), address)), site: "demo".parse().expect("a site") }
}

/// Brings files of 1 MiB, each named at once, until one is refused; the bytes that came.
fn bring(quotas: &Arc<Quotas>, mut who: impl FnMut(u64) -> UploadSource) -> (u64, Measure) {
    for number in 0..1_000_000 {
        match quotas.upload(who(number), MIB, Kept::default(), NOW) {
            Ok(coming) => {
                coming.keep(AttachmentId(u128::from(number)), MIB, NOW);
                quotas.settled(AttachmentId(u128::from(number)));
            }
            Err(over) => return (number * MIB, over.measure),
        }
    }
    panic!("no bound");
}

#[test]
fn a_day_has_a_measure_for_visitor_address_network_and_site() {
    let quota = Config::parse("").expect("the example").quotas;
    type From = fn(u64) -> UploadSource;
    let cases: [(&str, From, u64, Measure); 6] = [
        ("one visitor", |_| from(1, "192.0.2.1"), quota.upload_bytes_per_visitor_a_day, Measure::UploadVisitor),
        ("one address", |n| from(n.into(), "192.0.2.1"), quota.upload_bytes_per_address_a_day, Measure::UploadNetwork),
        (
            "one IPv4 /24",
            |n| from(n.into(), &format!("192.0.2.{}", n % 256)),
            quota.upload_bytes_per_network_a_day,
            Measure::UploadNetwork,
        ),
        (
            "one IPv6 /64",
            |n| from(n.into(), &format!("2001:db8::{n:x}")),
            quota.upload_bytes_per_address_a_day,
            Measure::UploadNetwork,
        ),
        (
            "one IPv6 /48",
            |n| from(n.into(), &format!("2001:db8:0:{:x}::1", n % 65_536)),
            quota.upload_bytes_per_network_a_day,
            Measure::UploadNetwork,
        ),
        (
            "everybody on one site",
            |n| from(n.into(), &format!("10.{}.{}.1", n / 256 % 256, n % 256)),
            quota.upload_bytes_per_site_a_day,
            Measure::UploadSite,
        ),
    ];
    for (who, source, bytes_max, measure) in cases {
        let quotas = quotas();
        let (brought, refused_by) = bring(&quotas, source);
        assert_eq!(refused_by, measure, "{who}");
        assert!(
            brought <= bytes_max && brought + 2 * MIB + brought / MIB * FILE_COST_BYTES >= bytes_max,
            "{who}: {brought}"
        );
    }
}

#[test]
fn the_56_between_has_the_middle() {
    let quota = Config::parse("").expect("the example").quotas;
    let (brought, measure) = bring(&quotas(), |n| from(n.into(), &format!("2001:db8:0:{:x}::1", n % 256)));
    let middle = quota.upload_bytes_per_address_a_day.midpoint(quota.upload_bytes_per_network_a_day);
    assert!(measure == Measure::UploadNetwork && brought <= middle && brought > middle * 9 / 10, "{brought}");
}

#[test]
fn a_hostile_network_leaves_the_others_alone() {
    let quotas = quotas();
    bring(&quotas, |n| from(n.into(), &format!("192.0.2.{}", n % 256)));
    assert!(quotas.upload(from(7_777_777, "192.0.3.1"), 20 * MIB, Kept::default(), NOW).is_ok());
    let agent = UploadSource { visitor: None, site: "demo".parse().expect("a site") };
    assert!(quotas.upload(agent, 20 * MIB, Kept::default(), NOW).is_ok(), "an agent counts for the site alone");
}

#[test]
fn what_no_message_names_is_little_and_comes_free_when_it_is_named_or_removed() {
    let quotas = quotas();
    let quota = quotas.quota;
    let upload = |number: u128, visitor| {
        quotas.upload(from(visitor, "192.0.2.1"), MIB, Kept::default(), NOW).map(|coming| {
            coming.keep(AttachmentId(number), MIB, NOW);
        })
    };
    let mut number = 0;
    let over = loop {
        match upload(number, 1) {
            Ok(()) => number += 1,
            Err(over) => break over,
        }
    };
    assert_eq!(over, Over { retry_after_ms: UPLOAD_ORPHAN_MS, measure: Measure::PendingVisitor });
    assert!(u64::try_from(number).expect("small") * MIB <= quota.pending_bytes_per_visitor_max);
    quotas.settled(AttachmentId(0));
    assert_eq!(upload(0, 1), Ok(()), "a named one makes room");
    let over = (0..).find_map(|n| upload(1_000_000 + n, 100 + n).err()).expect("a bound");
    assert_eq!(over.measure, Measure::PendingNetwork, "more visitors of one network do not help");
    assert!(quotas.pending_bytes() <= quota.pending_bytes_per_network_max);
    quotas.forget_settled(NOW + 3 * UPLOAD_ORPHAN_MS);
    assert_eq!(quotas.pending_bytes(), 0);
}

#[test]
fn an_upload_that_fails_is_given_back_and_one_that_was_shorter_too() {
    let quotas = quotas();
    for _ in 0..10_000 {
        drop(quotas.upload(from(1, "192.0.2.1"), 20 * MIB, Kept::default(), NOW).expect("given back"));
    }
    assert_eq!((quotas.pending_bytes(), quotas.coming_bytes()), (0, 0));
    let coming = quotas.upload(from(1, "192.0.2.1"), 20 * MIB, Kept::default(), NOW).expect("room");
    coming.keep(AttachmentId(1), 10, NOW);
    assert_eq!((quotas.pending_bytes(), quotas.coming_bytes()), (cost(10), 0));
}

#[test]
fn what_is_kept_and_what_is_under_way_count_together() {
    let quotas = quotas();
    let quota = quotas.quota;
    let kept = Kept { visitor_bytes: quota.kept_bytes_per_visitor_max - 3 * MIB, site_bytes: 0 };
    let first = quotas.upload(from(1, "192.0.2.1"), 2 * MIB, kept, NOW).expect("room");
    let refused = quotas.upload(from(1, "192.0.2.1"), MIB, kept, NOW).map(|_| ()).expect_err("no room beside it");
    assert_eq!(refused, Over { retry_after_ms: 0, measure: Measure::KeptVisitor });
    drop(first);
    assert!(quotas.upload(from(1, "192.0.2.1"), MIB, kept, NOW).is_ok());
    let full = Kept { visitor_bytes: 0, site_bytes: quota.kept_bytes_per_site_max };
    let agent = UploadSource { visitor: None, site: "demo".parse().expect("a site") };
    assert_eq!(quotas.upload(agent, MIB, full, NOW).map(|_| ()).expect_err("full").measure, Measure::KeptSite);
}

#[test]
fn texts_have_a_measure_of_their_own() {
    let quotas = quotas();
    let site: SiteId = "demo".parse().expect("a site");
    let address = |text: &str| Address::new(text.parse().expect("an address"));
    let text = |from: &str| quotas.text(address(from), &site, MIB, NOW);
    let sent = (0..).take_while(|_| text("192.0.2.1").is_ok()).count();
    assert_eq!(u64::try_from(sent).expect("small") * MIB, quotas.quota.text_bytes_per_address_a_day);
    assert_eq!(text("192.0.2.1").expect_err("used up").measure, Measure::TextNetwork);
    assert_eq!(text("192.0.3.1"), Ok(()), "another network");
    let said = (0..).take_while(|_| quotas.text_of(VisitorId(1), MIB, NOW).is_ok()).count();
    assert_eq!(u64::try_from(said).expect("small") * MIB, quotas.quota.text_bytes_per_visitor_a_day);
    assert_eq!(quotas.text_of(VisitorId(2), MIB, NOW), Ok(()));
}

#[test]
fn the_page_of_limits_says_what_the_defaults_are() {
    let page = include_str!("../../../docs/limits.md");
    let quota = Config::parse("").expect("the example").quotas;
    let row = |what: &str, bytes: [Option<u64>; 4], how_long: &str| {
        let cells = bytes.map(|bytes| bytes.map_or("–".to_owned(), |bytes| format!("{} MiB", bytes / MIB)));
        format!("| {what} | {} | {how_long} |", cells.join(" | "))
    };
    let stays = "kept";
    let rows = [
        row(
            "files uploaded in a day",
            [
                Some(quota.upload_bytes_per_visitor_a_day),
                Some(quota.upload_bytes_per_address_a_day),
                Some(quota.upload_bytes_per_network_a_day),
                Some(quota.upload_bytes_per_site_a_day),
            ],
            stays,
        ),
        row(
            "files kept at once",
            [Some(quota.kept_bytes_per_visitor_max), None, None, Some(quota.kept_bytes_per_site_max)],
            stays,
        ),
        row(
            "files that no message names",
            [
                Some(quota.pending_bytes_per_visitor_max),
                Some(quota.pending_bytes_per_network_max),
                Some(quota.pending_bytes_per_network_max),
                Some(quota.pending_bytes_max),
            ],
            "an hour; swept every minute, as fast as they came",
        ),
        row(
            "texts and other events recorded in a day",
            [
                Some(quota.text_bytes_per_visitor_a_day),
                Some(quota.text_bytes_per_address_a_day),
                Some(quota.text_bytes_per_network_a_day),
                Some(quota.text_bytes_per_site_a_day),
            ],
            stays,
        ),
        row(
            "assets of this build and of earlier ones",
            [None, None, None, Some(KEPT_ASSETS_BYTES_MAX)],
            "30 days after their build was last at work",
        ),
    ];
    let begin = page.find("<!-- disk -->").expect("the table");
    let end = page.find("<!-- end of disk -->").expect("its end");
    let table: Vec<&str> = page[begin..end].lines().skip(3).collect();
    assert_eq!(table, rows);
    assert_eq!(UPLOAD_ORPHAN_MS, 3_600_000, "an hour");
    // What eighteen hostile networks bring in a day leaves others room.
    assert!(18 * quota.upload_bytes_per_network_a_day < quota.upload_bytes_per_site_a_day);
    assert!(18 * quota.text_bytes_per_network_a_day < quota.text_bytes_per_site_a_day);
    assert!(18 * quota.pending_bytes_per_network_max < quota.pending_bytes_max);
}
