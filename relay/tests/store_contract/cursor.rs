//! The contract of consumers' cursors: a lease is one holder's, a late holder moves nothing, rows and cursor move together.

use relay::store::{
    ConsumerRows, CursorReader, EventCount, FeedWriter, Lease, Leased, Position, StoreError, write_once,
};

use crate::fixture::site;

const COUNTER: &str = "counter";
const FIRST_HOLDER: u128 = 1;
const SECOND_HOLDER: u128 = 2;

/// A fresh store of cursors.
pub(crate) struct Cursors {
    pub(crate) writer: Box<dyn FeedWriter>,
    pub(crate) reader: Box<dyn CursorReader>,
}

fn lease(world: &mut Cursors, holder: u128, now_ms: u64, until_ms: u64) -> Leased {
    write_once(&mut *world.writer, |writer| writer.lease(COUNTER, holder, now_ms, until_ms)).unwrap()
}

fn given(leased: Leased) -> Lease {
    let Leased::Yes(lease) = leased else { panic!("{leased:?}") };
    lease
}

/// Moves the cursor and counts one event.
fn count(world: &mut Cursors, lease: &Lease, to: u64) -> Result<Lease, StoreError> {
    write_once(&mut *world.writer, |writer| {
        writer.consume(lease, Position(to), lease.until_ms, &mut |rows| rows.count_events(&site("demo"), "text", 1))
    })
}

fn counted(world: &mut Cursors) -> u64 {
    world.reader.event_counts().unwrap().iter().map(|count| count.events).sum()
}

pub(crate) fn a_lease_is_one_holders_until_it_runs_out(mut world: Cursors) {
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

pub(crate) fn a_late_holder_moves_nothing(mut world: Cursors) {
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

pub(crate) fn rows_are_kept_with_the_cursor_or_not_at_all(mut world: Cursors) {
    let lease = given(lease(&mut world, FIRST_HOLDER, 1_000, 2_000));
    let mut fails = |rows: &mut dyn ConsumerRows| {
        rows.count_events(&site("demo"), "text", 5)?;
        Err(StoreError::Busy)
    };
    let failed = write_once(&mut *world.writer, |writer| writer.consume(&lease, Position(1), 2_000, &mut fails));
    assert_eq!(failed, Err(StoreError::Busy));
    assert_eq!((world.reader.cursor(COUNTER), counted(&mut world)), (Ok(Position::START), 0));
    let lease = count(&mut world, &lease, 1).unwrap();
    count(&mut world, &lease, 2).unwrap();
    let both = EventCount { site: site("demo"), kind: "text".to_owned(), events: 2 };
    assert_eq!((world.reader.cursor(COUNTER), world.reader.event_counts()), (Ok(Position(2)), Ok(vec![both])));
    write_once(&mut *world.writer, |writer| writer.forget_consumer(COUNTER)).unwrap();
    assert_eq!(world.reader.cursor(COUNTER), Err(StoreError::Missing));
}
