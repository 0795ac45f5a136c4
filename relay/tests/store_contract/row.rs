//! What the row of a conversation says after its events.

use relay::store::Store;
use relay_core::append::{NewBody, NewEvent};
use relay_core::{Queueing, Source};
use wire::{Aside, Author, Body, ConversationId, ConversationState, Idle, MessageId, Tag};

use crate::fixture::{ANNA, FIRST, KIM, agent, from_visitor, into, new_event, system, text, world};

pub(crate) fn who_is_set_aside_and_returns_keeps_the_turn_and_the_row_says_all_of_it(store: &dyn Store) {
    let mut world = world(store);
    let source = Source { address: Some(Tag(u64::MAX)), network: Some(Tag(7)) };
    let turn =
        |id: u128, queueing| NewEvent { id: MessageId(id), author: Author::System, body: NewBody::Turn(queueing) };
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
    world.record(&into(FIRST, vec![new_event(10, agent(KIM), Body::Spam), new_event(11, agent(KIM), Body::Closed)]));
    world.record(&into(ConversationId(77), vec![new_event(12, agent(KIM), Body::Text { text: "yes?".to_owned() })]));
    let (ended, answered) = (world.conversation(FIRST), world.conversation(ConversationId(77)));
    assert_eq!((ended.spam, ended.answered, answered.spam, answered.answered), (true, false, false, true));
    assert_eq!(world.reader.open_conversations(), Ok(vec![answered]));
}
