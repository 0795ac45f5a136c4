//! The lists: what has ended, marks for colleagues' notes, and which rows changed.

use widget_core::{AgentInput, ENDED_ROWS_MAX, Output};
use wire::{AgentState, Author, Body, ClientFrame, ConversationId, ConversationState, Event, Seq, ServerFrame};

use super::{Console, HERE, ME, OTHER, answering, event, mine, row};

#[test]
fn ended_conversations_come_page_by_page() {
    let mut desk = answering();
    let closed = |id, at_ms| row(id, ConversationState::Closed { at_ms }, 0);
    let out = desk.does(AgentInput::ListClosed { newest: false });
    let Output::Transmit(ClientFrame::ListClosed { before_ms, before: None }) = out[0] else { panic!("{out:?}") };
    assert!(before_ms > 9_000_000_000_000_000 && before_ms < 1 << 53);
    assert_eq!(desk.does(AgentInput::ListClosed { newest: false }), [], "one at a time");
    let out = desk.reconnects(AgentState::Online, vec![row(10, mine(), 1)]);
    assert!(out.contains(&Output::Transmit(ClientFrame::ListClosed { before_ms, before: None })));
    desk.hears(ServerFrame::Closed { before_ms, rows: vec![closed(8, 80), closed(7, 70)], more: true });
    assert!(desk.session.closed_more());
    let next = Output::Transmit(ClientFrame::ListClosed { before_ms: 70, before: Some(ConversationId(7)) });
    assert_eq!(desk.does(AgentInput::ListClosed { newest: false }), [next]);
    desk.hears(ServerFrame::Closed { before_ms: 70, rows: vec![closed(6, 60)], more: false });
    desk.row(closed(10, 90));
    let ids: Vec<_> = desk.session.closed_list().iter().map(|row| row.conversation.0).collect();
    assert_eq!((ids, desk.session.closed_more()), (vec![10, 8, 7, 6], false));
    assert_eq!(desk.does(AgentInput::ListClosed { newest: false }), []);
}

#[test]
fn the_list_of_ended_conversations_is_a_window_of_bounded_length() {
    let mut desk = answering();
    let closed = |at_ms: u64| row(u128::from(at_ms) + 1_000, ConversationState::Closed { at_ms }, 0);
    let oldest_first = |desk: &Console| {
        let list = desk.session.closed_list();
        (list.len(), list.first().map(|row| row.conversation.0), list.last().map(|row| row.conversation.0))
    };
    let mut before_ms = 9_007_199_254_740_991;
    let newest = 10_000;
    for page in 0..20_u64 {
        desk.does(AgentInput::ListClosed { newest: false });
        let rows: Vec<_> = (0..50).map(|at| closed(newest - page * 50 - at)).collect();
        let last_ms = newest - page * 50 - 49;
        desk.hears(ServerFrame::Closed { before_ms, rows, more: true });
        before_ms = last_ms;
        assert!(desk.session.closed_list().len() <= ENDED_ROWS_MAX);
    }
    let window = ENDED_ROWS_MAX as u128;
    assert_eq!(oldest_first(&desk), (ENDED_ROWS_MAX, Some(10_001 + window - 1), Some(10_001)));
    assert!(desk.session.closed_cut() && desk.session.closed_more());
    // One that ends now stands where the newest do, and these are not shown.
    desk.row(closed(20_000));
    assert_eq!(oldest_first(&desk).1, Some(10_001 + window - 1));
    // Back to the newest.
    let out = desk.does(AgentInput::ListClosed { newest: true });
    assert!(matches!(out[..], [Output::Transmit(ClientFrame::ListClosed { before: None, .. })]), "{out:?}");
    desk.hears(ServerFrame::Closed { before_ms: 9_007_199_254_740_991, rows: vec![closed(20_000)], more: true });
    assert!(!desk.session.closed_cut());
    // What ends while it is open pushes the oldest out.
    for at_ms in 20_001..=20_000 + ENDED_ROWS_MAX as u64 {
        desk.row(closed(at_ms));
    }
    assert_eq!(oldest_first(&desk), (ENDED_ROWS_MAX, Some(21_000 + window), Some(21_001)));
}

#[test]
fn a_colleagues_note_marks_the_holders_conversation_until_it_is_looked_at() {
    let moved = |conversation, state, staff| {
        let mut row = row(conversation, state, 0);
        row.head.staff = Seq(staff);
        row
    };
    let note = |conversation, seq, agent| Event {
        conversation: ConversationId(conversation),
        ..event(
            seq,
            50,
            900 + u128::from(seq),
            Author::Agent { id: agent, name: String::new() },
            Body::Note { text: "look".to_owned() },
        )
    };
    let there = ConversationId(11);
    let fetch = Output::Transmit(ClientFrame::Fetch { conversation: there, lane: wire::Lane::Staff, after: Seq(1) });
    let answer = |events: Vec<Event>| ServerFrame::Events {
        conversation: there,
        lane: wire::Lane::Staff,
        after: Seq(1),
        head: Seq(2),
        events,
    };
    // Whose conversation, who wrote, and whether that leaves a mark.
    for (holder, writer, marks) in [(ME, OTHER, true), (ME, ME, false), (OTHER, OTHER, false)] {
        let state = ConversationState::Assigned { agent: holder };
        let mut desk = answering();
        desk.row(moved(11, state, 1));
        let out = desk.row(moved(11, state, 2));
        assert_eq!(out.contains(&fetch), holder == ME, "{out:?}");
        desk.hears(answer(vec![note(11, 2, writer)]));
        assert_eq!(desk.session.noted(there), marks, "{holder:?} {writer:?}");
        desk.session.take_changed();
        desk.does(AgentInput::Show { conversation: there });
        desk.does(AgentInput::Visible { visible: true });
        assert!(!desk.session.noted(there));
        assert_eq!(desk.session.take_changed().contains(&there), marks);
    }
    // In the shown one: only while nobody looks.
    for visible in [true, false] {
        let mut desk = answering();
        desk.does(AgentInput::Visible { visible });
        desk.hears(ServerFrame::Event { event: note(10, 3, OTHER) });
        assert_eq!(desk.session.noted(HERE), !visible);
    }
}

#[test]
fn only_rows_that_changed_are_told() {
    let mut desk = answering();
    desk.row(row(11, mine(), 0));
    let told = desk.session.take_changed();
    assert!(told.contains(&ConversationId(11)) && told.contains(&HERE));
    assert!(desk.session.take_changed().is_empty());
    desk.does(AgentInput::Typing);
    desk.hears(ServerFrame::Pong { heads: Vec::new() });
    assert!(desk.session.take_changed().is_empty());
    desk.row(row(11, mine(), 1));
    assert_eq!(desk.session.take_changed().into_iter().collect::<Vec<_>>(), [ConversationId(11)]);
}
