//! Notices of other relays that never came: what the core reads again, and when.

use relay_core::{Append, Commit, Input, NewBody, NewEvent, Opening, Output, Query, QueryError, Queueing};
use wire::*;

use crate::support::*;

/// Another relay records in the store.
fn record(world: &mut World, c: u128, bodies: Vec<NewBody>) -> Commit {
    let new_events = bodies.into_iter().enumerate().map(|(number, body)| {
        let id = MessageId(world.store.events(conversation(c)).len() as u128 * 100 + number as u128);
        NewEvent { id, author: Author::Visitor, body }
    });
    let new_events = new_events.collect();
    let opening = Opening { site: site(), visitor: visitor(c), language: String::new() };
    let done = world.store.append(world.now_ms, &Append::new(conversation(c), new_events).opening(opening));
    let done = done.expect("recorded");
    Commit { site: done.site, visitor: done.visitor, events: done.events }
}

fn text() -> Vec<NewBody> {
    vec![NewBody::Ready(Body::Text { text: "hello".to_owned() })]
}

fn opening() -> Vec<NewBody> {
    [text(), vec![NewBody::Ready(Body::Queued), NewBody::Turn(Queueing::default())]].concat()
}

fn closed() -> Vec<NewBody> {
    vec![NewBody::Ready(Body::Closed)]
}

/// The conversations that are being read for the core itself.
fn reads(world: &World) -> usize {
    let reads = |request: &&Output| matches!(request, Output::Query { query: Query::Conversation { .. }, .. });
    world.requests.iter().filter(reads).count()
}

/// A world that knows so many open conversations. Other relays have ended every one of them, and no event of that has arrived.
fn behind(count: u128) -> World {
    let mut world = World::new(vec![settings(1, 4)]);
    for c in 1..=count {
        let commit = record(&mut world, c, opening());
        world.input(Input::Committed(commit));
        record(&mut world, c, closed());
    }
    assert_eq!(world.core.gauges().open_conversations as u128, count);
    world
}

#[test]
fn when_notices_were_missed_everything_in_memory_is_read_again() {
    let mut world = behind(40);
    world.input(Input::BusMessagesLost);
    assert_eq!(world.core.gauges().open_conversations, 0);
    assert_eq!(world.core.gauges().gaps_repaired_by_relay, 40);
}

#[test]
fn it_is_read_a_few_at_a_time_once_however_often_something_is_missed() {
    let mut world = behind(100);
    world.store_waits = true;
    for _ in 0..3 {
        world.input(Input::BusMessagesLost);
        assert_eq!(reads(&world), 16);
    }
    let mut answered = 0;
    while world.answer_one() {
        answered += 1;
        assert!(reads(&world) <= 16);
    }
    // Those that were under way when something was missed again are read once more.
    assert_eq!((answered, world.core.gauges().open_conversations), (116, 0));
}

#[test]
fn a_store_that_cannot_read_is_asked_again_later() {
    let mut world = behind(40);
    world.query_fails.extend([QueryError::Down; 30]);
    world.input(Input::BusMessagesLost);
    assert_eq!(world.core.gauges().open_conversations, 40, "no more than a few are asked for while it is down");
    assert_eq!(world.query_fails.len(), 30 - 16);
    world.advance(10_000);
    assert_eq!(world.core.gauges().open_conversations, 0);
}

#[test]
fn an_open_conversation_that_is_not_in_memory_is_read_when_something_happens_in_it() {
    for (what, read) in [
        (text(), true),
        (vec![NewBody::Ready(Body::Note { text: "mine".to_owned() })], false),
        (vec![NewBody::Ready(Body::Seen { up_to: Seq(1) })], false),
        (closed(), false),
    ] {
        let mut world = World::new(vec![settings(1, 4)]);
        record(&mut world, 1, opening());
        let commit = record(&mut world, 1, what.clone());
        world.input(Input::Committed(commit));
        let gauges = world.core.gauges();
        assert_eq!(
            (gauges.open_conversations, gauges.gaps_repaired_by_relay),
            (usize::from(read), u64::from(read)),
            "{what:?}"
        );
    }
    // What an ended one still takes is nothing to look at.
    let mut world = World::new(vec![settings(1, 4)]);
    record(&mut world, 1, opening());
    record(&mut world, 1, closed());
    let commit = record(&mut world, 1, vec![NewBody::Ready(Body::Rated { score: 5, comment: String::new() })]);
    world.store_waits = true;
    world.input(Input::Committed(commit));
    assert_eq!(reads(&world), 0);
}
