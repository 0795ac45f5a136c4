//! What the row of a conversation says after its events.

use relay::store::Store;
use relay_core::append::{NewBody, NewEvent};
use relay_core::{Queueing, Source};
use wire::{Aside, Author, Body, ConversationId, ConversationState, Idle, MessageId, Party, Seq, Tag};

use crate::fixture::{ANNA, FIRST, KIM, agent, from_visitor, into, new_event, service, system, text, world};

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

pub(crate) fn what_a_program_writes_is_read_and_is_no_answer(store: &dyn Store) {
    let mut world = world(store);
    let words = |id, author| new_event(id, author, Body::Text { text: format!("message {id}") });
    world.record(&from_visitor(ANNA, FIRST, vec![text(1, "hello"), system(2, Body::Queued)]));
    // Who writes, whether the visitor then waits for an answer, whether there was one, and whose the last message is.
    for (id, author, unanswered, answered, last_party) in [
        (3, service(), true, false, Party::Staff),
        (4, Author::Visitor, true, false, Party::Visitor),
        (5, agent(KIM), false, true, Party::Staff),
        (6, service(), false, true, Party::Staff),
        (7, Author::Visitor, true, true, Party::Visitor),
        (8, service(), true, true, Party::Staff),
    ] {
        world.record(&into(FIRST, vec![words(id, author)]));
        let row = world.conversation(FIRST);
        assert_eq!((row.unanswered, row.answered, row.last_party), (unanswered, answered, last_party), "{id}");
        assert!(matches!(row.state, ConversationState::Waiting { .. }) && row.agent.is_none(), "{row:?}");
        assert_eq!(row.last_line, format!("message {id}"));
        assert_eq!(world.reader.open_conversations(), Ok(vec![row]));
    }
    let row = world.conversation(FIRST);
    assert_eq!(row.unread_by_visitor, [3, 5, 6, 8].map(|seq: u64| Seq(seq)));
    let summary = row.summary();
    assert!(summary.unanswered && summary.last_party == Party::Staff);
}
