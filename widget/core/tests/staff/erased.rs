//! Something of a conversation was erased while a console shows it, or lists it.

use super::*;

const WORDS: &str = "secret words";

fn erased(conversation: u128) -> ServerFrame {
    let conversation = ConversationId(conversation);
    ServerFrame::Erased { conversation, last_line: String::new(), language: String::new() }
}

fn told(id: u128) -> ConversationSummary {
    let state = ConversationState::Closed { at_ms: id as u64 };
    ConversationSummary { last_line: WORDS.to_owned(), language: "de".to_owned(), ..row(id, state, 0) }
}

fn lines(desk: &Console) -> Vec<&str> {
    let rows = desk.session.closed_list().iter().chain(desk.session.earlier());
    rows.map(|row| &*row.last_line).collect()
}

#[test]
fn no_list_keeps_its_words_and_what_is_left_of_the_shown_one_is_fetched() {
    let mut desk = answering();
    desk.row(told(10));
    desk.does(AgentInput::ListClosed { newest: true });
    desk.hears(ServerFrame::Closed { before_ms: 9_007_199_254_740_991, rows: vec![told(10), told(9)], more: false });
    desk.hears(ServerFrame::OfVisitor { visitor: VisitorId(50), rows: vec![told(10), told(9), told(8)] });
    assert_eq!(lines(&desk), [WORDS; 4]);
    desk.session.take_changed();
    assert_eq!(desk.hears(erased(9)), [], "it is not followed");
    assert_eq!(lines(&desk), [WORDS, "", "", WORDS]);
    assert!(desk.session.take_changed().contains(&ConversationId(9)), "its rows are drawn anew");

    let follow = Follow { conversation: HERE, after: Cursor::default() };
    assert_eq!(desk.hears(erased(10)), [Output::Transmit(ClientFrame::Follow { follow })]);
    assert!(desk.items().is_empty() && desk.session.context().is_none());
    let known = desk.session.row(HERE).expect("shown");
    assert_eq!((&*known.last_line, &*known.language), ("", ""));
    desk.hears(page(vec![event(1, 10, 1, Author::Visitor, Body::Erased)]));
    desk.hears(page(vec![event(1, 10, 91, Author::Visitor, Body::StaffErased)]));
    assert_eq!(desk.items().len(), 2);
}

#[test]
fn a_draft_of_it_is_dropped_where_it_is_kept_too() {
    let mut desk = answering();
    let out = desk.does(AgentInput::Note { text: WORDS.to_owned() });
    let Output::Keep(draft) = &out[0] else { panic!("{out:?}") };
    assert!(desk.hears(erased(10)).contains(&Output::Forget(draft.id)));
    assert!(desk.items().is_empty());
}

#[test]
fn a_list_begins_anew_after_the_connection_was_lost() {
    let mut desk = answering();
    desk.does(AgentInput::ListClosed { newest: true });
    let before_ms = 9_007_199_254_740_991;
    desk.hears(ServerFrame::Closed { before_ms, rows: vec![told(9), told(8)], more: true });
    let out = desk.reconnects(AgentState::Online, vec![row(10, mine(), 1)]);
    assert!(out.contains(&Output::Transmit(ClientFrame::ListClosed { before_ms, before: None })), "{out:?}");
    assert_eq!(lines(&desk), [WORDS; 2], "they stay until the relay has answered");
    let now = ConversationSummary { last_line: String::new(), ..told(9) };
    desk.hears(ServerFrame::Closed { before_ms, rows: vec![now], more: false });
    assert_eq!(lines(&desk), [""]);
    assert!(!desk.session.closed_more());
}
