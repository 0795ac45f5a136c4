//! The contract of the feed: one order of all commits, read from anywhere.

use relay::store::{ConsumerRows, FeedEvent, Leased, Position, Store, StoreError, write_once};
use wire::{Body, ConversationId, Event};

use crate::fixture::{
    ANNA, BORIS, FIRST, KIM, SECOND, World, agent, from_visitor, into, new_event, site, system, text, world,
};

/// All of the feed, read in pages of so many.
fn all(world: &mut World, count_max: usize) -> Vec<FeedEvent> {
    let mut events: Vec<FeedEvent> = Vec::new();
    loop {
        let after = events.last().map_or(Position::START, |last| last.position);
        let page = world.reader.feed(after, count_max).unwrap();
        assert!(page.len() <= count_max);
        if page.is_empty() {
            return events;
        }
        events.extend(page);
    }
}

pub(crate) fn every_committed_event_has_the_next_position(store: &dyn Store) {
    let mut world = world(store);
    assert_eq!((world.reader.feed_end(), world.reader.feed(Position::START, 10)), (Ok(Position(0)), Ok(Vec::new())));
    let mut recorded: Vec<Event> = Vec::new();
    recorded.extend(world.record(&from_visitor(ANNA, FIRST, vec![text(1, "one"), system(2, Body::Queued)])));
    recorded.extend(world.record(&from_visitor(BORIS, SECOND, vec![text(3, "two")])));
    // What is refused or repeated takes no position.
    assert!(world.append(&from_visitor(BORIS, FIRST, vec![text(4, "not mine")])).is_err());
    assert!(world.append(&from_visitor(ANNA, FIRST, vec![text(1, "one"), system(2, Body::Queued)])).unwrap().repeated);
    recorded.extend(world.record(&into(FIRST, vec![new_event(5, agent(KIM), Body::Note { text: "hm".to_owned() })])));
    for id in 6..40_u128 {
        let conversation = ConversationId(id % 5 + 1_000);
        recorded.extend(world.record(&from_visitor(ANNA, conversation, vec![text(id, "more")])));
    }
    for count_max in [1, 7, 100] {
        let read = all(&mut world, count_max);
        let positions: Vec<u64> = read.iter().map(|event| event.position.0).collect();
        assert_eq!(positions, (1..=recorded.len() as u64).collect::<Vec<_>>());
        assert_eq!(read.iter().map(|read| read.event.clone()).collect::<Vec<_>>(), recorded);
    }
    assert_eq!(world.reader.feed_end(), Ok(Position(recorded.len() as u64)));
    let read = all(&mut world, 4);
    let whose: Vec<_> = read.iter().take(4).map(|event| (event.visitor, event.kind.as_str())).collect();
    assert_eq!(whose, [(ANNA, "text"), (ANNA, "queued"), (BORIS, "text"), (ANNA, "note")]);
    assert!(read.iter().all(|event| event.site == site("demo")));
    assert_eq!(world.reader.feed(Position(3), 1).unwrap()[0].event, recorded[3]);
}

pub(crate) fn a_page_of_long_texts_ends_early_but_never_empty(store: &dyn Store) {
    let mut world = world(store);
    let long = "long ".repeat(3_000);
    for round in 0..5_u128 {
        let new_events = (1..=20).map(|id| text(round * 100 + id, &long)).collect();
        world.record(&from_visitor(ANNA, FIRST, new_events));
    }
    assert_eq!(all(&mut world, 1_000).len(), 100);
}

pub(crate) fn what_a_consumer_could_not_write_disturbs_no_neighbour(store: &dyn Store) {
    let mut world = world(store);
    let leased = write_once(&mut *world.writer, |writer| writer.lease("counter", 1, 1_000, 2_000)).unwrap();
    let Leased::Yes(lease) = leased else { panic!("{leased:?}") };
    let mut fails = |rows: &mut dyn ConsumerRows| {
        rows.count_events(&site("demo"), "text", 5)?;
        Err(StoreError::Busy)
    };
    world.writer.begin().unwrap();
    world.writer.append(7, &from_visitor(ANNA, FIRST, vec![text(1, "before it")])).unwrap();
    assert_eq!(world.writer.consume(&lease, Position(1), 2_000, &mut fails), Err(StoreError::Busy));
    world.writer.append(7, &from_visitor(ANNA, FIRST, vec![text(2, "after it")])).unwrap();
    world.writer.commit().unwrap();
    assert_eq!((world.reader.cursor("counter"), world.reader.event_counts()), (Ok(Position::START), Ok(Vec::new())));
    assert_eq!(world.reader.feed_end(), Ok(Position(2)));
}
