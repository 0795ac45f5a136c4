//! Who is kept out, the keys of a store, and what a row knows of being set aside.

use relay::store::{Store, StoreError, write_once};
use relay_core::append::{Draft, DraftBody};
use relay_core::{Queueing, Source};
use wire::*;

use crate::fixture::*;

fn block(id: u128, until_ms: u64) -> BlockSummary {
    BlockSummary {
        block: BlockId(id),
        scope: BlockScope::Network,
        visitor: None,
        // The highest bit is set: a column counts with a sign.
        tag: Some(Tag(u64::MAX - 1)),
        reason: "robots, \u{1f916}".to_owned(),
        by: Some(KIM),
        since_ms: 1_000,
        until_ms,
    }
}

pub(crate) fn blocks_are_kept_undone_and_forgotten_when_they_have_ended(store: &dyn Store) {
    let mut world = world(store);
    let version = world.reader.settings_version().unwrap();
    let of_visitor =
        BlockSummary { scope: BlockScope::Visitor, visitor: Some(ANNA), tag: None, by: None, ..block(2, 5_000) };
    for put in [&block(1, 2_000), &of_visitor] {
        write_once(&mut *world.writer, |writer| writer.put_block(put)).unwrap();
    }
    assert_eq!(write_once(&mut *world.writer, |writer| writer.put_block(&of_visitor)), Err(StoreError::Conflict));
    assert_eq!(world.reader.blocks(), Ok(vec![block(1, 2_000), of_visitor.clone()]));
    assert!(world.reader.settings_version().unwrap() > version, "who watches the settings hears of it");
    // The first has ended when the third begins.
    let third = BlockSummary { since_ms: 3_000, ..block(3, 9_000) };
    write_once(&mut *world.writer, |writer| writer.put_block(&third)).unwrap();
    assert_eq!(world.reader.blocks(), Ok(vec![of_visitor, third.clone()]));
    write_once(&mut *world.writer, |writer| writer.remove_block(BlockId(2))).unwrap();
    let again = write_once(&mut *world.writer, |writer| writer.remove_block(BlockId(2)));
    assert_eq!((again, world.reader.blocks()), (Err(StoreError::Missing), Ok(vec![third])));
}

pub(crate) fn a_key_is_made_once(store: &dyn Store) {
    let mut world = world(store);
    for fresh in [[1; 32], [2; 32]] {
        assert_eq!(write_once(&mut *world.writer, |writer| writer.secret("tags", fresh)), Ok([1; 32]));
    }
    assert_eq!(write_once(&mut *world.writer, |writer| writer.secret("other", [3; 32])), Ok([3; 32]));
}

pub(crate) fn who_is_set_aside_and_returns_keeps_the_turn_and_the_row_says_all_of_it(store: &dyn Store) {
    let mut world = world(store);
    let source = Source { address: Some(Tag(u64::MAX)), network: Some(Tag(7)) };
    let turn =
        |id: u128, queueing| Draft { id: MessageId(id), author: Author::System, body: DraftBody::Turn(queueing) };
    let first = turn(3, Queueing { keep: None, source, known: false });
    world.record(&from_visitor(ANNA, FIRST, vec![text(1, "hello"), system(2, Body::Queued), first]));
    let kept = world.conversation(FIRST).turn;
    for (id, why, idle) in [(4, Aside::Left, Idle::Left), (5, Aside::Message, Idle::Message)] {
        world.record(&into(FIRST, vec![system(id, Body::SetAside { why })]));
        let row = world.conversation(FIRST);
        assert!(
            matches!(row.state, ConversationState::Idle { why, since_ms } if why == idle && since_ms > 0),
            "{row:?}"
        );
        assert_eq!(world.reader.open_conversations(), Ok(vec![row]));
    }
    let elsewhere = Source { address: None, network: Some(Tag(8)) };
    let back = turn(7, Queueing { keep: Some(kept), source: elsewhere, known: true });
    world.record(&into(FIRST, vec![system(6, Body::Queued), back]));
    let row = world.conversation(FIRST);
    assert_eq!((row.turn, row.address, row.network, row.known), (kept, None, Some(Tag(8)), true));
    let next = turn(9, Queueing::default());
    world.record(&from_visitor(ANNA, ConversationId(77), vec![text(1, "hello"), system(8, Body::Queued), next]));
    assert_eq!(world.conversation(ConversationId(77)).turn, kept + 1, "a kept turn takes no number");
    world.record(&into(FIRST, vec![draft(10, agent(KIM), Body::Spam), draft(11, agent(KIM), Body::Closed)]));
    world.record(&into(ConversationId(77), vec![draft(12, agent(KIM), Body::Text { text: "yes?".to_owned() })]));
    let (ended, answered) = (world.conversation(FIRST), world.conversation(ConversationId(77)));
    assert_eq!((ended.spam, ended.answered, answered.spam, answered.answered), (true, false, false, true));
    assert_eq!(world.reader.open_conversations(), Ok(vec![answered]));
}
