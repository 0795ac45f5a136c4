//! What an append records, and what its repetition does.

use relay::store::{Store, write_once};
use relay_core::append::{Append, AppendError, Condition, NewBody, NewEvent};
use wire::{Author, Body, ConversationId, Lane, MessageId, PageContext, Seq};

use crate::fixture::{
    ANNA, BORIS, FIRST, KIM, SECOND, agent, from_visitor, into, new_event, service, site, system, text, world,
};

pub(crate) fn lanes_are_numbered_apart_and_without_gaps(store: &dyn Store) {
    let mut world = world(store);
    let note = |id| new_event(id, agent(KIM), Body::Note { text: "checked".to_owned() });
    world.record(&from_visitor(ANNA, FIRST, vec![text(1, "one"), text(2, "two")]));
    world.record(&into(FIRST, vec![note(3), text(4, "three"), note(5)]));
    let seqs = |events: Vec<wire::Event>| events.iter().map(|event| event.seq.0).collect::<Vec<_>>();
    assert_eq!(seqs(world.page(FIRST, Lane::Shared, 0)), [1, 2, 3]);
    assert_eq!(seqs(world.page(FIRST, Lane::Staff, 0)), [1, 2]);
    let head = world.conversation(FIRST).head;
    assert_eq!((head.shared, head.staff), (Seq(3), Seq(2)));
}

pub(crate) fn what_was_written_reads_back_as_it_was(store: &dyn Store) {
    let mut world = world(store);
    let odd = "line\nbreak \u{202e} \"quotes\" ' ; DROP TABLE event; -- 你好 🦀 \u{7f}";
    let page = PageContext { url: "https://example.com/trade".to_owned(), ..PageContext::default() };
    let new_events = vec![
        text(1, odd),
        new_event(2, agent(KIM), Body::Joined),
        system(3, Body::Queued),
        new_event(4, Author::Visitor, Body::Seen { up_to: Seq(1) }),
        new_event(7, service(), Body::Text { text: "by a program".to_owned() }),
        system(5, Body::Context { page }),
        system(6, Body::Assigned { agent: KIM }),
    ];
    let appended = world.append(&from_visitor(ANNA, FIRST, new_events.clone())).unwrap();
    assert_eq!((appended.site, appended.visitor, appended.repeated), (site("demo"), ANNA, false));
    for (event, new_event) in appended.events.iter().zip(&new_events) {
        assert_eq!((event.conversation, event.id, &event.author), (FIRST, new_event.id, &new_event.author));
        assert_eq!(NewBody::Ready(event.body.clone()), new_event.body);
        assert_eq!(event.at_ms, world.now_ms);
    }
    let mut read = world.page(FIRST, Lane::Shared, 0);
    read.extend(world.page(FIRST, Lane::Staff, 0));
    assert_eq!(read, appended.events);
}

pub(crate) fn a_repeated_append_gives_the_first_events(store: &dyn Store) {
    let mut world = world(store);
    let append = from_visitor(ANNA, FIRST, vec![text(1, "hello"), system(2, Body::Queued)]);
    let first = world.append(&append).unwrap();
    let again = from_visitor(ANNA, FIRST, vec![text(1, "hello, changed"), system(2, Body::Queued), text(3, "new")]);
    let second = world.append(&again).unwrap();
    assert!(second.repeated);
    assert_eq!(second.events, first.events);
    assert_eq!((second.site, second.visitor), (first.site, first.visitor));
    assert_eq!(world.page(FIRST, Lane::Shared, 0), first.events);
}

pub(crate) fn a_repeat_comes_before_every_condition_but_the_owner(store: &dyn Store) {
    let mut world = world(store);
    world.record(&from_visitor(ANNA, FIRST, vec![text(1, "hello")]));
    world.record(&into(FIRST, vec![system(2, Body::Closed)]));
    let again = from_visitor(ANNA, FIRST, vec![text(1, "hello")]);
    let again = again.when(Condition::StaffHead(Seq(99))).when(Condition::Capacity(KIM, 0));
    assert!(world.append(&again).unwrap().repeated);
    assert_eq!(world.append(&again.when(Condition::Owner(BORIS))), Err(AppendError::NotFound));
}

pub(crate) fn the_same_id_in_another_conversation_is_another_message(store: &dyn Store) {
    let mut world = world(store);
    world.record(&from_visitor(ANNA, FIRST, vec![text(1, "hello")]));
    let other = world.append(&from_visitor(ANNA, SECOND, vec![text(1, "hello")])).unwrap();
    assert!(!other.repeated);
    assert_eq!(other.events[0].seq, Seq(1));
}

pub(crate) fn drafts_are_recorded_together_or_not_at_all(store: &dyn Store) {
    let mut world = world(store);
    let missing = NewEvent { id: MessageId(2), author: Author::Visitor, body: NewBody::File(wire::AttachmentId(77)) };
    let append = from_visitor(ANNA, FIRST, vec![text(1, "see the picture"), missing]);
    assert_eq!(world.append(&append), Err(AppendError::FileMissing));
    assert!(world.reader.open_conversations().unwrap().is_empty());
    // The id is still free: the new event can be sent without the file.
    let events = world.record(&from_visitor(ANNA, FIRST, vec![text(1, "see the picture")]));
    assert_eq!(events[0].seq, Seq(1));
}

pub(crate) fn a_refused_append_does_not_spoil_its_neighbours(store: &dyn Store) {
    let mut world = world(store);
    let good = |id| from_visitor(ANNA, FIRST, vec![text(id, "hello")]);
    let bad: [Append; 3] = [
        into(SECOND, vec![text(10, "nowhere")]),
        from_visitor(BORIS, FIRST, vec![text(11, "not mine")]),
        from_visitor(ANNA, FIRST, vec![text(12, "twice"), text(12, "twice")]),
    ];
    world.writer.begin().unwrap();
    let mut seqs = Vec::new();
    for (index, bad) in (1_u128..).zip(&bad) {
        seqs.push(world.writer.append(2_000, &good(index)).unwrap().events[0].seq.0);
        assert!(world.writer.append(2_000, bad).is_err());
    }
    seqs.push(world.writer.append(2_000, &good(4)).unwrap().events[0].seq.0);
    world.writer.commit().unwrap();
    assert_eq!(seqs, [1, 2, 3, 4]);
    assert_eq!(world.page(FIRST, Lane::Shared, 0).len(), 4);
}

pub(crate) fn an_id_that_is_used_twice_records_nothing(store: &dyn Store) {
    let mut world = world(store);
    world.record(&from_visitor(ANNA, FIRST, vec![text(1, "hello")]));
    let late = from_visitor(ANNA, FIRST, vec![text(2, "new"), text(1, "old")]);
    assert_eq!(world.append(&late), Err(AppendError::Down));
    assert_eq!(world.page(FIRST, Lane::Shared, 0).len(), 1);
    assert_eq!(world.conversation(FIRST).head.shared, Seq(1));
}

pub(crate) fn turns_rise_over_all_conversations(store: &dyn Store) {
    let mut world = world(store);
    let mut turns = Vec::new();
    for conversation in [1_u128, 2, 3] {
        let turn =
            NewEvent { id: MessageId(9), author: Author::System, body: NewBody::Turn(relay_core::Queueing::default()) };
        let append =
            from_visitor(ANNA, ConversationId(conversation), vec![text(1, "hello"), system(2, Body::Queued), turn]);
        let events = world.record(&append);
        let Body::Turn { turn, .. } = events[2].body else { panic!("{events:?}") };
        assert_eq!(events[2].lane, Lane::Staff);
        assert_eq!(world.conversation(ConversationId(conversation)).turn, turn);
        turns.push(turn);
        // A refused one takes no number.
        write_once(&mut *world.writer, |writer| writer.append(1, &into(ConversationId(99), vec![text(1, "no")])))
            .unwrap_err();
    }
    assert_eq!(turns, [1, 2, 3]);
}
