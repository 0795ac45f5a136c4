//! Something of a conversation was erased while the chat shows it, or lists it.

use super::*;

fn erased(conversation: ConversationId) -> ServerFrame {
    ServerFrame::Erased { conversation, last_line: String::new(), language: String::new() }
}

fn from_the_start(conversation: ConversationId) -> Output {
    Output::Transmit(ClientFrame::Follow { follow: Follow { conversation, after: wire::Cursor::default() } })
}

#[test]
fn its_words_are_gone_at_once_and_what_is_left_is_fetched() {
    let (mut chat, here) = talking();
    chat.hears(ServerFrame::Event { event: event(here, 3, 3, agent(), Body::Closed) });
    assert_eq!(chat.session.conversations()[0].last_line, "text 2");
    let before = chat.session.timeline().map(widget_core::Timeline::revision);
    assert_eq!(chat.hears(erased(here)), [from_the_start(here)]);
    assert_eq!(chat.states(), []);
    assert!(chat.session.timeline().is_some_and(widget_core::Timeline::loading));
    assert!(chat.session.timeline().map(widget_core::Timeline::revision) > before, "the page draws it anew");
    assert_eq!(chat.session.conversations()[0].last_line, "");
    let left = vec![
        event(here, 1, 1, Author::Visitor, Body::Erased),
        event(here, 2, 2, agent(), Body::Erased),
        event(here, 3, 3, agent(), Body::Closed),
    ];
    assert_eq!(chat.hears(page(here, 0, left)), [], "nothing of it is news");
    assert_eq!(chat.states(), [const { ItemState::Recorded }; 3]);
    assert_eq!(chat.session.conversations()[0].last_line, "");
    assert!(chat.session.timeline().is_some_and(|timeline| timeline.closed() && !timeline.loading()));
}

#[test]
fn a_page_that_was_asked_for_before_is_not_taken_for_the_first_one() {
    let (mut chat, here) = talking();
    chat.hears(erased(here));
    let left = |seq: u64| event(here, seq, u128::from(seq), agent(), Body::Erased);
    assert_eq!(chat.hears(page(here, 2, vec![left(3)])), []);
    assert_eq!(chat.states(), []);
    assert_eq!(chat.hears(page(here, 0, vec![left(1), left(2), left(3)])), []);
    let erased = |item: &widget_core::Item| item.content == Content::Notice(widget_core::Notice::Erased);
    assert_eq!(chat.session.timeline().expect("shown").items().filter(|item| erased(item)).count(), 3);
}

#[test]
fn one_that_is_only_listed_loses_its_line_and_is_not_fetched() {
    let (mut chat, _) = talking();
    let there = ConversationId(88);
    chat.down(1006);
    chat.wakes();
    let listed = wire::VisitorConversation { last_line: "old words".to_owned(), ..row(there, true) };
    chat.connects(Some(VisitorId(1)), vec![listed]);
    assert_eq!(chat.hears(erased(there)), []);
    let line = chat.session.conversations().iter().find(|row| row.conversation == there).map(|row| &*row.last_line);
    assert_eq!(line, Some(""));
}

#[test]
fn a_draft_that_waits_to_see_whether_it_was_recorded_is_still_found() {
    let (mut chat, here) = talking();
    let one = say_frame(&chat.says("one")[1]).1;
    chat.hears(refused(here, one, Refusal::Ended));
    chat.hears(erased(here));
    let left = vec![
        event(here, 1, 1, Author::Visitor, Body::Erased),
        event(here, 2, 2, agent(), Body::Erased),
        event(here, 3, one.0, Author::Visitor, Body::Erased),
        event(here, 4, 4, agent(), Body::Closed),
    ];
    assert_eq!(chat.hears(page(here, 0, left)), [Output::Forget(one)]);
}
