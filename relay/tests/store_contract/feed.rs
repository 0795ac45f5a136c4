//! The contract of the feed: one order of all commits, cursors that move once, leases that fence.

use relay::store::{ConsumerRows, EventCount, FeedEvent, Lease, Leased, Position, Store, StoreError, write_once};
use wire::{Body, ConversationId, Event};

use crate::fixture::{
    ANNA, BORIS, FIRST, KIM, SECOND, World, agent, draft, from_visitor, into, site, system, text, world,
};

const COUNTER: &str = "counter";
const FIRST_HOLDER: u128 = 1;
const SECOND_HOLDER: u128 = 2;

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

fn lease(world: &mut World, holder: u128, now_ms: u64, until_ms: u64) -> Leased {
    write_once(&mut *world.writer, |writer| writer.lease(COUNTER, holder, now_ms, until_ms)).unwrap()
}

fn given(leased: Leased) -> Lease {
    let Leased::Yes(lease) = leased else { panic!("{leased:?}") };
    lease
}

/// Moves the cursor and counts one event.
fn count(world: &mut World, lease: &Lease, to: u64) -> Result<Lease, StoreError> {
    write_once(&mut *world.writer, |writer| {
        writer.consume(lease, Position(to), lease.until_ms, &mut |rows| rows.count_events(&site("demo"), "text", 1))
    })
}

fn counted(world: &mut World) -> u64 {
    world.reader.event_counts().unwrap().iter().map(|count| count.events).sum()
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
    recorded.extend(world.record(&into(FIRST, vec![draft(5, agent(KIM), Body::Note { text: "hm".to_owned() })])));
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
        let drafts = (1..=20).map(|id| text(round * 100 + id, &long)).collect();
        world.record(&from_visitor(ANNA, FIRST, drafts));
    }
    assert_eq!(all(&mut world, 1_000).len(), 100);
}

pub(crate) fn a_lease_is_one_holders_until_it_runs_out(store: &dyn Store) {
    let mut world = world(store);
    assert_eq!(world.reader.cursor(COUNTER), Err(StoreError::Missing));
    let first = given(lease(&mut world, FIRST_HOLDER, 1_000, 2_000));
    assert_eq!((first.cursor, first.until_ms), (Position::START, 2_000));
    assert_eq!(world.reader.cursor(COUNTER), Ok(Position::START));
    assert_eq!(lease(&mut world, SECOND_HOLDER, 1_999, 3_000), Leased::Until(2_000));
    let again = given(lease(&mut world, FIRST_HOLDER, 1_500, 2_500));
    assert_eq!((again.number, again.until_ms), (first.number, 2_500), "the holder makes it longer");
    assert_eq!(lease(&mut world, SECOND_HOLDER, 2_499, 4_000), Leased::Until(2_500));
    let second = given(lease(&mut world, SECOND_HOLDER, 2_500, 4_000));
    assert!(second.number > first.number);
    write_once(&mut *world.writer, |writer| writer.release(&first)).unwrap();
    assert_eq!(
        lease(&mut world, FIRST_HOLDER, 2_600, 5_000),
        Leased::Until(4_000),
        "who has lost it gives nothing back"
    );
    write_once(&mut *world.writer, |writer| writer.release(&second)).unwrap();
    let third = given(lease(&mut world, FIRST_HOLDER, 2_600, 5_000));
    assert!(third.number > second.number);
    // After it ran out even the same holder is a new one: whatever it had under way does not count.
    let fourth = given(lease(&mut world, FIRST_HOLDER, 5_000, 6_000));
    assert!(fourth.number > third.number);
    let other = write_once(&mut *world.writer, |writer| writer.lease("other", SECOND_HOLDER, 1, 2)).unwrap();
    assert_eq!(given(other).cursor, Position::START, "another consumer has a lease of its own");
}

pub(crate) fn a_late_holder_moves_nothing(store: &dyn Store) {
    let mut world = world(store);
    world.record(&from_visitor(ANNA, FIRST, (1..=9).map(|id| text(id, "hello")).collect()));
    let late = given(lease(&mut world, FIRST_HOLDER, 1_000, 2_000));
    let late = count(&mut world, &late, 3).unwrap();
    let next = given(lease(&mut world, SECOND_HOLDER, 2_000, 3_000));
    assert_eq!(next.cursor, Position(3));
    assert_eq!(count(&mut world, &late, 5), Err(StoreError::Conflict));
    let next = count(&mut world, &next, 6).unwrap();
    assert_eq!(count(&mut world, &late, 9), Err(StoreError::Conflict));
    // The same page again, because its answer was lost: it counts once.
    let lost = Lease { cursor: Position(3), ..next };
    assert_eq!(count(&mut world, &lost, 6), Err(StoreError::Conflict));
    assert_eq!((world.reader.cursor(COUNTER), counted(&mut world)), (Ok(Position(6)), 2));
}

pub(crate) fn a_consumers_rows_are_kept_with_its_cursor_or_not_at_all(store: &dyn Store) {
    let mut world = world(store);
    world.record(&from_visitor(ANNA, FIRST, vec![text(1, "hello"), text(2, "hello")]));
    let lease = given(lease(&mut world, FIRST_HOLDER, 1_000, 2_000));
    let mut fails = |rows: &mut dyn ConsumerRows| {
        rows.count_events(&site("demo"), "text", 5)?;
        Err(StoreError::Busy)
    };
    world.writer.begin().unwrap();
    assert_eq!(world.writer.consume(&lease, Position(1), 2_000, &mut fails), Err(StoreError::Busy));
    world.writer.append(7, &from_visitor(ANNA, FIRST, vec![text(3, "beside it")])).unwrap();
    world.writer.commit().unwrap();
    assert_eq!((world.reader.cursor(COUNTER), counted(&mut world)), (Ok(Position::START), 0));
    assert_eq!(world.reader.feed_end(), Ok(Position(3)), "its neighbours are committed");
    let lease = count(&mut world, &lease, 1).unwrap();
    count(&mut world, &lease, 2).unwrap();
    let both = EventCount { site: site("demo"), kind: "text".to_owned(), events: 2 };
    assert_eq!((world.reader.cursor(COUNTER), world.reader.event_counts()), (Ok(Position(2)), Ok(vec![both])));
    write_once(&mut *world.writer, |writer| writer.forget_consumer(COUNTER)).unwrap();
    assert_eq!(world.reader.cursor(COUNTER), Err(StoreError::Missing));
}
