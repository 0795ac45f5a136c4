//! What the core counts for its operators: given these people, when this happens, exactly this is counted.

use relay_core::Gauges;
use wire::limit::PAGE_EVENTS_MAX;
use wire::*;

use crate::support::*;

fn fetch(after: u64) -> ClientFrame {
    ClientFrame::Fetch { conversation: conversation(1), lane: Lane::Shared, after: Seq(after) }
}

#[test]
fn lines_and_waits_are_counted() {
    let mut world = World::new(vec![settings(1, 1)]);
    let ann = world.visitor(1);
    world.frame(ann, say(1, 1, "hello"));
    world.advance(5_000);
    let bob = world.visitor(2);
    world.frame(bob, say(2, 2, "hello too"));
    world.stranger();
    let waiting = Gauges {
        visitors: 3,
        waiting: 2,
        waiting_since_ms: Some(START_MS),
        open_conversations: 2,
        ..Gauges::default()
    };
    assert_eq!(world.core.gauges(), waiting);
    world.agent(1);
    let served =
        Gauges { agents: 1, agents_online: 1, waiting: 1, waiting_since_ms: Some(START_MS + 5_000), ..waiting };
    assert_eq!(world.core.gauges(), served);
}

#[test]
fn a_gap_is_counted_once_and_turning_pages_is_none() {
    let mut world = World::new(Vec::new());
    let ann = world.visitor(1);
    let count = u64::try_from(PAGE_EVENTS_MAX).expect("small") * 2 + 10;
    for number in 0..count {
        world.frame(ann, say(1, u128::from(number), "word"));
        world.advance(100);
    }
    world.ignore();
    let mut asked = |after: u64| {
        world.frame(ann, fetch(after));
        let mut got = world.got(ann).into_iter();
        let events =
            got.find_map(|frame| if let ServerFrame::Events { events, .. } = frame { Some(events) } else { None });
        (events.expect("a page").len(), world.core.gauges().gaps_repaired_by_clients)
    };
    // The second event is `Queued`; the log is one longer than what was said.
    let rest = (usize::try_from(count).expect("small") + 1) % PAGE_EVENTS_MAX;
    let page = u64::try_from(PAGE_EVENTS_MAX).expect("small");
    for (after, events, counted, why) in [
        (0, PAGE_EVENTS_MAX, 0, "the beginning of a log is no gap"),
        (page, PAGE_EVENTS_MAX, 0, "its next page"),
        (2 * page, rest, 0, "its last page"),
        (2 * page + 4, rest - 4, 1, "a gap"),
        (count + 1, 0, 1, "nothing was missing"),
        (count, 1, 2, "the last event was lost"),
    ] {
        assert_eq!(asked(after), (events, counted), "after {after}: {why}");
    }
}
