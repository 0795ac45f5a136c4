//! What an append is refused for.

use relay::store::{Store, Uploader, write_once};
use relay_core::append::{Append, AppendError, Condition, NewBody, NewEvent, Opening, Queueing};
use wire::{AttachmentId, Author, Body, ConversationId, ConversationState, MessageId, Seq};

use crate::fixture::{
    ANNA, BORIS, FIRST, KIM, LEE, SECOND, agent, file, from_visitor, into, new_event, site, system, text, world,
};

pub(crate) fn only_the_owner_and_only_on_its_site_opens(store: &dyn Store) {
    let mut world = world(store);
    let open = from_visitor(ANNA, FIRST, vec![text(1, "hello")]);
    let opening = |site: &str, visitor| Opening { site: self::site(site), visitor, language: String::new() };
    let unknown = Append::new(FIRST, open.new_events.clone()).opening(opening("demo", wire::VisitorId(0xdead)));
    let elsewhere = Append { open: Some(opening("other", ANNA)), ..open.clone() };
    let for_another = Append { open: Some(opening("demo", BORIS)), ..open.clone() };
    let closed = Append { open: None, ..open.clone() };
    for refused in [unknown, elsewhere, for_another, closed] {
        assert_eq!(world.append(&refused), Err(AppendError::NotFound), "{refused:?}");
    }
    world.record(&open);
    let opened = world.conversation(FIRST);
    assert_eq!((opened.site, opened.visitor, opened.language.as_str()), (site("demo"), ANNA, "en"));
    assert_eq!(opened.opened_at_ms, world.now_ms);
}

pub(crate) fn a_stranger_is_answered_that_nothing_is_there(store: &dyn Store) {
    let mut world = world(store);
    world.record(&from_visitor(ANNA, FIRST, vec![text(1, "hello")]));
    for append in
        [from_visitor(BORIS, FIRST, vec![text(2, "mine?")]), from_visitor(BORIS, FIRST, vec![text(1, "mine?")])]
    {
        assert_eq!(world.append(&append), Err(AppendError::NotFound));
    }
    assert_eq!(world.conversation(FIRST).head.shared, Seq(1));
}

pub(crate) fn an_ended_conversation_takes_ratings_views_and_notes_only(store: &dyn Store) {
    let mut world = world(store);
    world.record(&from_visitor(ANNA, FIRST, vec![text(1, "hello")]));
    world.record(&into(FIRST, vec![new_event(2, agent(KIM), Body::Closed)]));
    let refused = [
        text(3, "one more thing"),
        system(4, Body::Queued),
        system(5, Body::Assigned { agent: KIM }),
        new_event(6, agent(KIM), Body::Closed),
        NewEvent { id: MessageId(7), author: Author::System, body: NewBody::Turn(relay_core::Queueing::default()) },
    ];
    for new_event in refused {
        assert_eq!(world.append(&into(FIRST, vec![new_event])), Err(AppendError::Ended));
    }
    let rated = Body::Rated { score: 5, comment: "quick".to_owned() };
    world.record(&from_visitor(ANNA, FIRST, vec![new_event(8, Author::Visitor, rated)]));
    world.record(&into(FIRST, vec![new_event(9, agent(KIM), Body::Note { text: "solved".to_owned() })]));
    world.record(&into(FIRST, vec![new_event(10, agent(KIM), Body::Seen { up_to: Seq(1) })]));
    assert_eq!(world.conversation(FIRST).score, 5);
}

pub(crate) fn only_who_waits_leaves_the_line(store: &dyn Store) {
    let mut world = world(store);
    world.record(&from_visitor(ANNA, FIRST, vec![text(1, "hello")]));
    let leaves = |id| into(FIRST, vec![new_event(id, Author::Visitor, Body::LeftQueue)]);
    assert_eq!(world.append(&leaves(2)), Err(AppendError::Moved));
    world.record(&into(FIRST, vec![system(3, Body::Queued)]));
    world.record(&leaves(4));
    assert_eq!(world.append(&leaves(5)), Err(AppendError::Moved), "once is enough");
}

pub(crate) fn of_two_who_assign_one_is_answered_that_it_moved(store: &dyn Store) {
    let mut world = world(store);
    world.record(&from_visitor(ANNA, FIRST, vec![text(1, "hello")]));
    let assign = |id, agent| {
        let new_events = vec![system(id, Body::Assigned { agent }), system(id + 100, Body::Joined)];
        into(FIRST, new_events).when(Condition::StaffHead(Seq(0)))
    };
    world.writer.begin().unwrap();
    let won = world.writer.append(2_000, &assign(2, KIM));
    let lost = world.writer.append(2_000, &assign(3, LEE));
    world.writer.commit().unwrap();
    assert!(won.is_ok());
    assert_eq!(lost, Err(AppendError::Moved));
    assert_eq!(world.conversation(FIRST).agent, Some(KIM));
}

pub(crate) fn what_opens_a_conversation_that_is_there_queues_nobody_who_is_queued_or_served(store: &dyn Store) {
    let mut world = world(store);
    let turn = |id| NewEvent { id: MessageId(id), author: Author::System, body: NewBody::Turn(Queueing::default()) };
    let opens =
        |id: u128| from_visitor(ANNA, FIRST, vec![text(id, "hello"), system(id + 1, Body::Queued), turn(id + 2)]);
    world.record(&opens(10));
    let first = world.conversation(FIRST);
    assert_eq!(world.append(&opens(20)).unwrap().events.len(), 1, "queued: only the message");
    assert_eq!((world.conversation(FIRST).state, world.conversation(FIRST).turn), (first.state, first.turn));
    world.record(&into(FIRST, vec![system(30, Body::Assigned { agent: KIM })]));
    assert_eq!(world.append(&opens(40)).unwrap().events.len(), 1, "served: only the message");
    assert_eq!(world.conversation(FIRST).state, ConversationState::Assigned { agent: KIM });
    world.record(&from_visitor(BORIS, SECOND, vec![text(10, "hello"), system(11, Body::Queued), turn(12)]));
    world.record(&into(SECOND, vec![new_event(13, Author::Visitor, Body::LeftQueue)]));
    let again = from_visitor(BORIS, SECOND, vec![text(14, "again"), system(15, Body::Queued), turn(16)]);
    assert_eq!(world.append(&again).unwrap().events.len(), 3, "who left the queue is queued again");
    assert!(world.conversation(SECOND).turn > first.turn + 1, "with a new turn");
}

pub(crate) fn who_has_a_conversation_is_asked_when_it_is_recorded(store: &dyn Store) {
    let mut world = world(store);
    world.record(&from_visitor(ANNA, FIRST, vec![text(1, "hello")]));
    let mut id = 1;
    let mut appends = |condition| {
        id += 1;
        world.append(&into(FIRST, vec![text(id, "an answer")]).when(condition)).map(|_| ())
    };
    assert_eq!(appends(Condition::HeldBy(KIM)), Err(AppendError::Moved), "nobody has it");
    assert_eq!(appends(Condition::NotHeldByOthers(KIM)), Ok(()));
    assert_eq!(appends(Condition::HeldByNobody), Ok(()));
    world.record(&into(FIRST, vec![system(90, Body::Assigned { agent: LEE })]));
    let mut appends = |condition| {
        id += 1;
        world.append(&into(FIRST, vec![text(id, "an answer")]).when(condition)).map(|_| ())
    };
    assert_eq!(appends(Condition::HeldBy(KIM)), Err(AppendError::Moved), "a colleague has it");
    assert_eq!(appends(Condition::NotHeldByOthers(KIM)), Err(AppendError::Moved));
    assert_eq!(appends(Condition::HeldBy(LEE)), Ok(()));
    assert_eq!(appends(Condition::NotHeldByOthers(LEE)), Ok(()));
    assert_eq!(appends(Condition::HeldByNobody), Err(AppendError::Moved));
}

pub(crate) fn capacity_counts_open_conversations_only(store: &dyn Store) {
    let mut world = world(store);
    let assign = |id, agent, capacity| {
        let new_events = vec![system(2, Body::Assigned { agent })];
        into(ConversationId(id), new_events).when(Condition::Capacity(agent, capacity))
    };
    for id in 1..=4 {
        world.record(&from_visitor(ANNA, ConversationId(id), vec![text(1, "hello")]));
    }
    world.record(&assign(1, KIM, 2));
    world.record(&assign(2, KIM, 2));
    assert_eq!(world.append(&assign(3, KIM, 2)), Err(AppendError::AtCapacity));
    world.record(&assign(3, LEE, 2));
    world.record(&into(ConversationId(1), vec![system(3, Body::Closed)]));
    world.record(&assign(4, KIM, 2));
    // A conversation handed on counts for the one who has it now.
    world.record(&into(ConversationId(2), vec![system(4, Body::Assigned { agent: LEE })]));
    assert_eq!(world.append(&assign(3, LEE, 2)).map(|done| done.repeated), Ok(true));
    let third = into(ConversationId(4), vec![system(9, Body::Assigned { agent: LEE })]);
    let third = third.when(Condition::Capacity(LEE, 2));
    assert_eq!(world.append(&third), Err(AppendError::AtCapacity));
}

pub(crate) fn a_file_is_named_only_where_and_by_whom_it_was_brought(store: &dyn Store) {
    let mut world = world(store);
    let files = [
        file(1, FIRST, Uploader::Visitor(ANNA)),
        file(2, FIRST, Uploader::Visitor(BORIS)),
        file(3, FIRST, Uploader::Agent(KIM)),
        file(4, SECOND, Uploader::Visitor(ANNA)),
    ];
    for file in &files {
        write_once(&mut *world.writer, |writer| writer.add_attachment(file)).unwrap();
    }
    let name = |id: u128, author: Author| NewEvent { id: MessageId(id), author, body: NewBody::File(AttachmentId(id)) };
    for id in [2, 3, 4, 5] {
        let append = from_visitor(ANNA, FIRST, vec![name(id, Author::Visitor)]);
        assert_eq!(world.append(&append), Err(AppendError::FileMissing), "{id}");
    }
    // The first message may be a file: it was brought before the conversation was there.
    let events = world.record(&from_visitor(ANNA, FIRST, vec![name(1, Author::Visitor)]));
    assert_eq!(events[0].body, Body::File { attachment: files[0].attachment.clone() });
    assert_eq!(world.conversation(FIRST).last_line, "chart.png");
    assert_eq!(world.append(&into(FIRST, vec![name(2, agent(LEE))])), Err(AppendError::FileMissing));
    // A colleague may send what another agent brought.
    world.record(&into(FIRST, vec![name(3, agent(LEE))]));
}
