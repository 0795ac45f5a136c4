//! A flood: when it is declared and when it ends, who is slowed by it, and who is served first.

use relay_core::{ConnectionId, Rate, Settings};
use wire::limit::KNOWN_AFTER_MS;
use wire::*;

use crate::support::*;

const MINUTE_MS: u64 = 60_000;
/// Ten who wait, and six of them within a minute.
const WAITING: u32 = 10;
const PER_MINUTE: u32 = 6;

fn with(flood_waiting: u32, flood_openings_per_minute: u32) -> World {
    let any = Rate { burst: 1_000, per_minute: 1_000 };
    let (openings_of_address, openings_of_network) = (any, any);
    let openings_in_flood = Rate { burst: 3, per_minute: 3 };
    let left_after_ms = KNOWN_AFTER_MS * 9;
    let settings = Settings {
        openings_of_address,
        openings_of_network,
        openings_in_flood,
        left_after_ms,
        flood_waiting,
        flood_openings_per_minute,
        ..Settings::default()
    };
    let supervisor = relay_core::Agent { roles: of_supervisor(), ..settings_of(1) };
    World::with(vec![supervisor, settings_of(2)], settings)
}

fn settings_of(n: u128) -> relay_core::Agent {
    settings(n, 8)
}

fn world() -> (World, ConnectionId) {
    let mut world = with(WAITING, PER_MINUTE);
    let console = world.agent_who_chose(1, Some(AgentState::Away));
    (world, console)
}

/// Whether the counts that a console is sent say so.
fn flood(world: &mut World, console: ConnectionId) -> bool {
    world.frame(console, ClientFrame::Ping);
    // A console that connects now is sent it, also when the others were sent it before.
    let console = world.agent_who_chose(1, Some(AgentState::Away));
    let got = world.got(console);
    world.disconnect(console);
    let counts =
        got.iter().find_map(|frame| if let ServerFrame::Counts { counts } = frame { Some(*counts) } else { None });
    counts.expect("the numbers").flood
}

/// Opens one, each from a network of its own; what it was refused with.
fn open(world: &mut World, n: u128) -> Option<Refusal> {
    open_from(world, n, 0x1_0000 + n as u64)
}

fn open_from(world: &mut World, n: u128, network: u64) -> Option<Refusal> {
    let connection = world.visitor_from(n, network);
    world.frame(connection, say(n, n, "hello"));
    let mut got = world.got(connection).into_iter();
    got.find_map(|frame| if let ServerFrame::Refused { refusal, .. } = frame { Some(refusal) } else { None })
}

fn end(world: &mut World, console: ConnectionId, which: impl Iterator<Item = u128>) {
    let conversations = which.map(conversation).collect();
    world.frame(console, ClientFrame::EndMany { many: Many::Listed { conversations } });
}

#[test]
fn it_is_declared_when_so_many_wait_and_so_many_come_and_not_before() {
    // How many come slowly (two a minute), how many at once after them, and whether that is a flood.
    for (slowly, at_once, want) in
        [(0, 9, false), (0, 10, true), (10, 0, false), (20, 3, false), (5, 4, false), (7, 5, true), (20, 5, true)]
    {
        let (mut world, console) = world();
        for n in 1..=slowly {
            assert_eq!(open(&mut world, n), None);
            world.advance(MINUTE_MS / 2);
        }
        for n in slowly + 1..=slowly + at_once {
            assert_eq!(open(&mut world, n), None, "{slowly} {at_once}");
        }
        assert_eq!(flood(&mut world, console), want, "{slowly} {at_once}");
    }
}

#[test]
fn it_ends_by_itself_when_half_of_both_is_left_and_not_before() {
    // How many are left waiting, how long after the last came, whether it lasts.
    for (left, after_ms, lasts) in [
        (10, 2 * MINUTE_MS, true),
        (5, 2 * MINUTE_MS, true),
        (4, 0, true),
        (4, MINUTE_MS - 5_000, true),
        (4, 2 * MINUTE_MS, false),
        (0, 2 * MINUTE_MS, false),
        (0, 0, true),
    ] {
        let (mut world, console) = world();
        for n in 1..=10 {
            open(&mut world, n);
        }
        assert!(flood(&mut world, console));
        end(&mut world, console, left + 1..=10);
        world.advance(after_ms);
        assert_eq!(flood(&mut world, console), lasts, "{left} {after_ms}");
    }
    // Also where the bounds are as small as they can be.
    for (waiting, per_minute) in [(0, 0), (1, 1), (2, 1), (1, 3)] {
        let mut world = with(waiting, per_minute);
        let console = world.agent_who_chose(1, Some(AgentState::Away));
        assert!(!flood(&mut world, console), "nobody is no flood: {waiting} {per_minute}");
        for n in 1..=3 {
            open(&mut world, n);
        }
        assert!(flood(&mut world, console), "{waiting} {per_minute}");
        end(&mut world, console, 1..=3);
        world.advance(2 * MINUTE_MS);
        assert!(!flood(&mut world, console), "{waiting} {per_minute}");
    }
}

#[test]
fn by_hand_it_is_declared_without_anybody_and_ended_although_all_wait() {
    let (mut world, console) = world();
    let by_hand = |on| ClientFrame::Flood { on };
    world.frame(console, by_hand(true));
    assert!(flood(&mut world, console));
    world.advance(60 * MINUTE_MS);
    assert!(flood(&mut world, console), "it lasts until somebody says otherwise");
    world.frame(console, by_hand(false));
    assert!(!flood(&mut world, console));
    for n in 1..=10 {
        assert_eq!(open(&mut world, n), None);
    }
    assert!(flood(&mut world, console));
    world.frame(console, by_hand(false));
    for n in 11..=20 {
        assert_eq!(open(&mut world, n), None);
    }
    assert!(!flood(&mut world, console), "the relay does not overrule whoever has ended it");
    end(&mut world, console, 1..=11);
    world.advance(2 * MINUTE_MS);
    assert!(!flood(&mut world, console), "nine wait");
    for n in 21..=26 {
        open(&mut world, n);
    }
    assert!(flood(&mut world, console), "this is another one");
}

/// A visitor with a talk behind them: how old their token is, and whether an agent has answered.
fn one_with_a_past(world: &mut World, n: u128, answered: bool) {
    let connection = world.visitor_from(n, 0x9_0000 + n as u64);
    world.frame(connection, say(n, n, "hello"));
    let other = world.agent_who_chose(2, Some(AgentState::Away));
    if answered {
        world.frame(other, ClientFrame::Take { conversation: conversation(n) });
        world.frame(other, say(n, 0x500 + n, "an answer"));
    }
    world.frame(connection, ClientFrame::End { conversation: conversation(n), id: message(0x600 + n) });
    world.disconnect(connection);
    world.disconnect(other);
}

#[test]
fn new_ones_are_slowed_wherever_they_come_from() {
    let (mut world, console) = world();
    world.frame(console, ClientFrame::Flood { on: true });
    let limited = |refusal: Option<Refusal>| match refusal {
        None => 0,
        Some(Refusal::RateLimited { retry_after_ms }) => retry_after_ms,
        Some(other) => panic!("{other:?}"),
    };
    let mut waits = Vec::new();
    for n in 11..=15 {
        waits.push(limited(open(&mut world, n)));
    }
    assert_eq!(waits, [0, 0, 0, 20_000, 20_000], "three a minute, from wherever they come");
    // A word more in what is open is no opening.
    let connection = world.visitor_from(11, 0x1_0000 + 11);
    world.frame(connection, say(11, 99, "more"));
    assert_eq!(world.news(connection).last().map(String::as_str), Some("3 text more"));
    world.advance(20_000);
    assert_eq!(open(&mut world, 16), None);
    assert_ne!(open(&mut world, 17), None);
    world.frame(console, ClientFrame::Flood { on: false });
    assert_eq!(open(&mut world, 17), None, "it is over");
}

#[test]
fn whoever_is_known_is_not_slowed() {
    // How old the token is (the ids of these tests are from the beginning of time), and whether an agent has answered.
    for (later_ms, answered, known) in [(KNOWN_AFTER_MS, true, true), (KNOWN_AFTER_MS, false, false), (0, true, false)]
    {
        let (mut world, console) = world();
        one_with_a_past(&mut world, 1, answered);
        world.advance(later_ms);
        world.frame(console, ClientFrame::Flood { on: true });
        let refused = (11..=14).filter(|n| open(&mut world, *n).is_some()).count();
        assert_eq!(refused, 1);
        let connection = world.visitor_from(1, 0x1_0000);
        world.frame(connection, say(21, 21, "again"));
        let refused = world.got(connection).iter().any(|frame| matches!(frame, ServerFrame::Refused { .. }));
        assert_eq!(refused, !known, "{later_ms} {answered}");
    }
}

#[test]
fn networks_that_flood_do_not_use_up_what_is_left_for_other_new_ones() {
    let (mut world, console) = world();
    for n in 1..=10 {
        assert_eq!(open_from(&mut world, n, n as u64 % 3), None);
    }
    assert!(flood(&mut world, console));
    let mut passed = 0;
    for n in 11..=40 {
        passed += u32::from(open_from(&mut world, n, n as u64 % 3).is_none());
    }
    assert_eq!(passed, 3);
    assert_eq!(open_from(&mut world, 50, 77), None, "nobody of that network waits");
    assert_ne!(open_from(&mut world, 51, 77), None, "now somebody does");
    // New networks have a bound, too.
    assert_eq!((60..70).filter(|n| open(&mut world, *n).is_none()).count(), 2);
}

#[test]
fn known_visitors_are_served_first_three_of_four_while_others_wait() {
    for (known, want) in [
        // Who is known of these that come after eight who are not; and who is served, in order.
        (6, vec![101, 102, 103, 11, 104, 105, 106, 12]),
        (2, vec![101, 102, 11, 12, 13, 14, 15, 16]),
        (0, vec![11, 12, 13, 14, 15, 16, 17, 18]),
    ] {
        let mut world = with(1_000, 1_000);
        let console = world.agent_who_chose(1, Some(AgentState::Away));
        for n in 101..=100 + known {
            one_with_a_past(&mut world, n, true);
        }
        world.advance(KNOWN_AFTER_MS + 1);
        for n in 11..=18 {
            assert_eq!(open(&mut world, n), None);
        }
        let mut connections = Vec::new();
        for n in 101..=100 + known {
            let connection = world.visitor_from(n, 0x9_0000 + n as u64);
            world.frame(connection, say(0x1000 + n, 0x1000 + n, "again"));
            connections.push(connection);
        }
        world.ignore();
        world.frame(console, ClientFrame::Flood { on: true });
        world.advance(1_000);
        for (connection, place) in connections.iter().zip([1, 2, 3, 5, 6, 7]) {
            assert_eq!(world.news(*connection).last(), Some(&format!("position {place} of {}", 8 + known)));
        }
        world.ignore();
        let other = world.agent_who_chose(2, Some(AgentState::Online));
        let mut served = Vec::new();
        for frame in world.got(other) {
            if let ServerFrame::Inbox { row } = frame
                && row.state == (ConversationState::Assigned { agent: agent(2) })
            {
                served.push(row.visitor.0 - visitor(0).0);
            }
        }
        assert_eq!(served, want, "{known} known ones");
    }
}
