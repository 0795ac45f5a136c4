//! The visitor's session, step by step: exactly these outputs and no others.

mod chat;
mod erased;
mod newer;
mod tabs;

use chat::*;
use widget_core::{ConnectionInput, Content, ItemState, Kept, Online, Output, Transport, UploadInput, VisitorInput};
use wire::{
    Author, Body, ClientFrame, Close, ConversationId, Follow, Lane, Media, MessageId, PageContext, Party, Refusal, Say,
    Seq, ServerFrame, Subject, Token, VisitorId,
};

#[test]
fn nothing_goes_out_and_nothing_is_kept_before_the_visitor_acts() {
    let mut chat = start(None, None, Vec::new());
    assert_eq!(chat.outputs(), []);
    assert_eq!(chat.session.online(), Online::Idle);
    assert_eq!(chat.session.poll_timeout(), None);
    assert_eq!(chat.does(VisitorInput::Connection(ConnectionInput::NetworkUp)), []);
    assert_eq!(chat.does(VisitorInput::Open), [Output::Connect(Transport::Socket)]);
    let hello = wire::Hello::Visitor { site: "demo".parse().unwrap(), token: None, page: PageContext::default() };
    let hello = Output::Transmit(ClientFrame::Hello { protocol: 1, hello, follow: Vec::new() });
    assert_eq!(chat.connects(None, Vec::new()), [hello]);
    assert_eq!((chat.session.online(), chat.session.answering()), (Online::Live, 2));
    assert_eq!(chat.session.attachment_bytes_max(), 100);
    assert_eq!(chat.does(VisitorInput::Typing), []);
    for nothing in [" \n ", "\u{200b}", "\u{ad}\u{feff}\n\u{2800}", "\u{3164}\u{e0020}\u{fe0f}"] {
        assert_eq!(chat.says(nothing), [], "{nothing:?}");
    }
}

#[test]
fn the_first_message_registers_and_then_opens_the_conversation() {
    let mut chat = start(None, None, Vec::new());
    chat.does(VisitorInput::Open);
    chat.connects(None, Vec::new());
    let out = chat.says("\n\u{200b}\nhello \n");
    let here = chat.shown();
    let Output::Keep(draft) = out[1].clone() else { panic!("{out:?}") };
    assert_eq!(draft.what, Kept::Text("hello".to_owned()));
    let expected =
        [Output::KeepConversation(Some(here)), Output::Keep(draft.clone()), Output::Transmit(ClientFrame::Register)];
    assert_eq!(out, expected);
    assert_eq!(chat.states(), [ItemState::Sending]);

    let out = chat.hears(ServerFrame::Registered { visitor: VisitorId(1), token: token() });
    let say = ClientFrame::Say { conversation: here, id: draft.id, say: Say::Text { text: "hello".to_owned() } };
    assert_eq!(out, [Output::KeepToken(token()), Output::Transmit(say)]);

    let out = chat.hears(ServerFrame::Event { event: text(here, 1, draft.id.0, Author::Visitor) });
    let follow = Follow { conversation: here, after: wire::Cursor { shared: Seq(1), staff: Seq(0) } };
    assert_eq!(out, [Output::Forget(draft.id), Output::Transmit(ClientFrame::Follow { follow })]);
    assert_eq!(chat.states(), [ItemState::Sent]);
    assert_eq!((chat.session.drafts_waiting(), chat.session.conversations().len()), (0, 1));

    chat.hears(page(here, 1, Vec::new()));
    let out = chat.hears(ServerFrame::Event { event: text(here, 2, 9, agent()) });
    assert_eq!(out, [Output::Arrived { conversation: here, seq: Seq(2), assigned: false }]);
    assert_eq!(chat.session.unread(), 1);
    let seen = Body::Seen { up_to: Seq(1) };
    chat.hears(ServerFrame::Event { event: event(here, 3, 10, agent(), seen) });
    assert_eq!(chat.states(), [ItemState::Seen, ItemState::Recorded]);
}

#[test]
fn words_written_without_a_line_wait_and_go_out_in_order_after_a_reload() {
    let here = ConversationId(77);
    let mut chat = start(Some(token()), Some(here), vec![kept(here, 3), kept(here, 2)]);
    assert_eq!(chat.states(), [ItemState::Waiting, ItemState::Waiting]);
    chat.does(VisitorInput::Open);
    let out = chat.connects(Some(VisitorId(1)), vec![row(here, false)]);
    assert_eq!(out.len(), 2);
    assert_eq!(say_frame(&out[1]).1.0, 2);
    // The first was recorded by the page before: it is in what is fetched.
    let out = chat.hears(page(here, 0, vec![text(here, 1, 2, Author::Visitor)]));
    assert_eq!(out[0], Output::Forget(MessageId(2)));
    assert_eq!(say_frame(&out[1]).1.0, 3);
    assert_eq!(chat.states(), [ItemState::Sent, ItemState::Sending]);
}

#[test]
fn a_lost_line_is_made_again_and_what_was_on_it_is_sent_again() {
    let (mut chat, here) = talking();
    let draft = say_frame(&chat.says("one")[1]).1;
    assert_eq!(chat.down(1006), []);
    assert_eq!(chat.states()[2], ItemState::Waiting);
    assert!(matches!(chat.session.online(), Online::Reconnecting { retry_at_ms } if retry_at_ms > chat.now_ms));
    assert_eq!(chat.wakes(), [Output::Connect(Transport::Socket)]);
    let out = chat.connects(Some(VisitorId(1)), vec![row(here, false)]);
    let Output::Transmit(ClientFrame::Hello { follow, .. }) = &out[0] else { panic!("{out:?}") };
    assert_eq!((follow[0].conversation, follow[0].after.shared), (here, Seq(2)));
    assert_eq!(say_frame(&out[1]), (here, draft));
    // An answer that came meanwhile is news, also from the page.
    let out = chat.hears(page(here, 2, vec![text(here, 3, 30, agent())]));
    assert_eq!(out, [Output::Arrived { conversation: here, seq: Seq(3), assigned: false }]);
}

#[test]
fn an_event_of_another_tab_simply_appears() {
    let (mut chat, here) = talking();
    assert_eq!(chat.hears(ServerFrame::Event { event: text(here, 3, 99, Author::Visitor) }), []);
    assert_eq!(chat.states(), [ItemState::Sent, ItemState::Recorded, ItemState::Sent]);
    // A conversation that another tab opened is followed and listed.
    let there = ConversationId(88);
    let out = chat.hears(ServerFrame::Event { event: text(there, 1, 5, Author::Visitor) });
    let follow = Follow { conversation: there, after: wire::Cursor { shared: Seq(1), staff: Seq(0) } };
    assert_eq!(out, [Output::Transmit(ClientFrame::Follow { follow })]);
    chat.hears(page(there, 1, Vec::new()));
    let listed: Vec<_> = chat.session.conversations().iter().map(|row| row.conversation).collect();
    assert!(listed.contains(&there) && listed.contains(&here));
    assert_eq!(chat.shown(), here);
}

#[test]
fn an_own_event_beyond_a_gap_keeps_its_draft_in_view_until_the_gap_is_filled() {
    let (mut chat, here) = talking();
    let draft = say_frame(&chat.says("one")[1]).1;
    let out = chat.hears(ServerFrame::Event { event: text(here, 4, draft.0, Author::Visitor) });
    let fetch = ClientFrame::Fetch { conversation: here, lane: Lane::Shared, after: Seq(2) };
    assert_eq!(out, [Output::Transmit(fetch)]);
    assert_eq!(chat.session.timeline().unwrap().items().filter(|item| item.id == draft).count(), 1);
    let out = chat.hears(page(here, 2, vec![text(here, 3, 30, agent())]));
    assert!(out.contains(&Output::Forget(draft)));
    assert_eq!(chat.states().last(), Some(&ItemState::Sent));
}

#[test]
fn a_message_to_an_ended_conversation_goes_to_the_next_one_unless_it_was_recorded() {
    let (mut chat, here) = talking();
    let one = say_frame(&chat.says("one")[1]).1;
    let written = chat.says("two");
    let [Output::Keep(draft)] = &written[..] else { panic!("{written:?}") };
    let two = draft.id;
    let out = chat.hears(refused(here, one, Refusal::Ended));
    let fetch = ClientFrame::Fetch { conversation: here, lane: Lane::Shared, after: Seq(2) };
    assert_eq!(out, [Output::Transmit(fetch)]);
    // "one" had been recorded before the end, and only its event was late.
    let log = vec![text(here, 3, one.0, Author::Visitor), event(here, 4, 40, agent(), Body::Closed)];
    let out = chat.hears(page(here, 2, log));
    let next = chat.shown();
    assert_ne!(next, here);
    let Output::Keep(moved) = out[2].clone() else { panic!("{out:?}") };
    assert_eq!((moved.conversation, moved.id), (next, two));
    let say = ClientFrame::Say { conversation: next, id: two, say: Say::Text { text: "two".to_owned() } };
    let expected =
        [Output::Forget(one), Output::KeepConversation(Some(next)), Output::Keep(moved), Output::Transmit(say)];
    assert_eq!(out, expected);
    // What is written later goes there too.
    let written = chat.says("three");
    assert!(matches!(&written[..], [Output::Keep(draft)] if draft.conversation == next), "{written:?}");
}

#[test]
fn refusals_are_tried_again_or_shown() {
    let (mut chat, here) = talking();
    let one = say_frame(&chat.says("one")[1]).1;
    assert_eq!(chat.hears(refused(here, one, Refusal::RateLimited { retry_after_ms: 5_000 })), []);
    assert_eq!(chat.states()[2], ItemState::Sending);
    let at_ms = chat.now_ms;
    let out = chat.wakes();
    assert_eq!((say_frame(&out[0]).1, chat.now_ms), (one, at_ms + 5_000));
    assert_eq!(chat.hears(refused(here, one, Refusal::TextInvalid)), []);
    assert_eq!(chat.states()[2], ItemState::Failed(Refusal::TextInvalid));
    assert_eq!(say_frame(&chat.does(VisitorInput::Retry { id: one })[0]), (here, one));
    assert_eq!(chat.does(VisitorInput::Discard { id: one }), [], "on its way: it cannot be taken back");
    chat.hears(refused(here, one, Refusal::TextInvalid));
    assert_eq!(chat.does(VisitorInput::Discard { id: one }), [Output::Forget(one)]);
    assert_eq!(chat.session.drafts_waiting(), 0);
}

#[test]
fn a_text_the_relay_would_refuse_fails_at_once_and_is_not_kept() {
    let (mut chat, _) = talking();
    assert_eq!(chat.says(&"x".repeat(10_001)), []);
    assert_eq!(chat.states()[2], ItemState::Failed(Refusal::TextTooLong { chars_max: 10_000 }));
    assert_eq!(chat.says("a\0b"), []);
    let id = chat.session.timeline().unwrap().items().last().unwrap().id;
    assert_eq!(chat.does(VisitorInput::Retry { id }), []);
    assert_eq!(chat.states()[3], ItemState::Failed(Refusal::TextInvalid));
}

#[test]
fn a_worthless_token_is_dropped_and_the_words_go_out_under_a_new_one() {
    let (mut chat, here) = talking();
    let draft = say_frame(&chat.says("one")[1]).1;
    let out = chat.down(Close::TokenInvalid.code());
    let next = chat.shown();
    assert_ne!(next, here);
    assert_eq!(out[..2], [Output::ForgetToken, Output::KeepConversation(Some(next))]);
    let Output::Keep(moved) = &out[2] else { panic!("{out:?}") };
    assert_eq!((moved.conversation, moved.id, out.len()), (next, draft, 3));
    assert_eq!(chat.wakes(), [Output::Connect(Transport::Socket)]);
    let out = chat.connects(None, Vec::new());
    assert_eq!(out[1..], [Output::Transmit(ClientFrame::Register)]);
    let out = chat.hears(ServerFrame::Registered { visitor: VisitorId(2), token: token() });
    assert_eq!(say_frame(&out[1]), (next, draft));
}

#[test]
fn a_line_that_is_refused_stays_down_and_says_why() {
    let (mut chat, _) = talking();
    assert_eq!(chat.down(Close::SiteUnknown.code()), []);
    assert_eq!(chat.session.online(), Online::Refused(Close::SiteUnknown));
    assert_eq!(chat.session.poll_timeout(), None);
    assert_eq!(chat.does(VisitorInput::Connection(ConnectionInput::NetworkUp)), []);
    chat.says("kept all the same");
    assert_eq!(chat.states()[2], ItemState::Waiting);
}

#[test]
fn seen_is_said_only_when_looked_at_and_not_too_often() {
    let (mut chat, here) = talking();
    let seen = |up_to| Output::Transmit(ClientFrame::Seen { conversation: here, up_to: Seq(up_to) });
    assert_eq!(chat.session.unread(), 1);
    assert_eq!(chat.does(VisitorInput::Visible { visible: true }), [seen(2)]);
    assert_eq!(chat.session.unread(), 0);
    let arrived = Output::Arrived { conversation: here, seq: Seq(3), assigned: false };
    assert_eq!(chat.hears(ServerFrame::Event { event: text(here, 3, 30, agent()) }), [arrived]);
    let at_ms = chat.now_ms;
    assert_eq!(chat.wakes(), [seen(3)]);
    assert_eq!(chat.now_ms, at_ms + 1_000);
    // The report may have been lost with the connection.
    chat.down(1006);
    chat.now_ms += 5_000;
    assert_eq!(chat.does(VisitorInput::Connection(ConnectionInput::NetworkUp)), [Output::Connect(Transport::Socket)]);
    let out = chat.connects(Some(VisitorId(1)), vec![row(here, false)]);
    assert_eq!(out[1..], [seen(3)]);
}

#[test]
fn typing_is_said_now_and_then_and_shown_for_a_while() {
    let (mut chat, here) = talking();
    let typing = [Output::Transmit(ClientFrame::Typing { conversation: here })];
    assert_eq!(chat.does(VisitorInput::Typing), typing);
    assert_eq!(chat.does(VisitorInput::Typing), []);
    chat.now_ms += 3_000;
    assert_eq!(chat.does(VisitorInput::Typing), typing);
    chat.hears(ServerFrame::Typing { conversation: here, party: Party::Staff, name: "Ana".to_owned() });
    assert_eq!(chat.session.timeline().unwrap().typing(), Some("Ana"));
    chat.wakes();
    assert_eq!(chat.session.timeline().unwrap().typing(), None);
}

#[test]
fn a_file_registers_goes_up_and_is_said() {
    let mut chat = start(None, None, Vec::new());
    chat.does(VisitorInput::Open);
    chat.connects(None, Vec::new());
    let out = chat.does(VisitorInput::Attach { name: "a.png".to_owned(), bytes: 90, file: 4 });
    assert_eq!(out[1..], [Output::Transmit(ClientFrame::Register)]);
    let here = chat.shown();
    let out = chat.hears(ServerFrame::Registered { visitor: VisitorId(1), token: token() });
    let Output::Upload { id, conversation, attachment, file: 4 } = out[1].clone() else { panic!("{out:?}") };
    assert_eq!(conversation, here);
    chat.does(VisitorInput::Upload(UploadInput::Progress { id, sent: 45 }));
    assert_eq!(chat.states(), [ItemState::Uploading { sent: 45, total: 90 }]);
    // A broken upload is tried again by itself, under the same name.
    assert_eq!(chat.does(VisitorInput::Upload(UploadInput::Failed { id, refusal: Refusal::UploadBroken })), []);
    assert_eq!(chat.wakes(), [Output::Upload { id, conversation, attachment, file: 4 }]);
    let out = chat.does(VisitorInput::Upload(UploadInput::Done { id, attachment: file(attachment) }));
    let Output::Keep(draft) = &out[0] else { panic!("{out:?}") };
    assert_eq!(draft.what, Kept::File(file(attachment)));
    assert_eq!(say_frame(&out[1]), (here, id));
    // The relay has lost it meanwhile: on the visitor's wish it goes up anew.
    chat.hears(refused(here, id, Refusal::FileMissing));
    assert_eq!(chat.states(), [ItemState::Failed(Refusal::FileMissing)]);
    let out = chat.does(VisitorInput::Retry { id });
    assert!(matches!(&out[0], Output::Upload { attachment: new, file: 4, .. } if *new != attachment), "{out:?}");
    assert_eq!(chat.does(VisitorInput::Discard { id }), [Output::CancelUpload { id }, Output::Forget(id)]);
}

#[test]
fn a_file_that_cannot_be_taken_says_why_at_once() {
    let (mut chat, _) = talking();
    for (bytes, refusal) in [(0, Refusal::FileEmpty), (101, Refusal::FileTooLarge { bytes_max: 100 })] {
        assert_eq!(chat.does(VisitorInput::Attach { name: "a.pdf".to_owned(), bytes, file: 1 }), []);
        let item = chat.session.timeline().unwrap().items().last().unwrap();
        assert_eq!(item.state, ItemState::Failed(refusal));
        let media = Media::Document;
        assert_eq!(item.content, Content::Uploading { name: "a.pdf".to_owned(), media, bytes });
    }
}

#[test]
fn an_end_is_followed_by_a_rating_and_the_next_message_begins_anew() {
    let (mut chat, here) = talking();
    let out = chat.does(VisitorInput::EndConversation);
    let Output::Transmit(ClientFrame::End { conversation, id }) = out[1] else { panic!("{out:?}") };
    assert_eq!((conversation, chat.does(VisitorInput::EndConversation)), (here, Vec::new()));
    chat.hears(ServerFrame::Event { event: event(here, 3, id.0, Author::Visitor, Body::Closed) });
    assert!(chat.session.show_rating() && chat.session.timeline().unwrap().closed());
    assert_eq!(chat.does(VisitorInput::Rate { score: 6, comment: String::new() }), []);
    assert_eq!(chat.session.last_refusal().map(|last| &last.1), Some(&Refusal::RatingInvalid));
    let out = chat.does(VisitorInput::Rate { score: 5, comment: "quick".to_owned() });
    let Output::Transmit(ClientFrame::Rate { id, score: 5, .. }) = out[1] else { panic!("{out:?}") };
    assert!(!chat.session.show_rating());
    let rated = Body::Rated { score: 5, comment: "quick".to_owned() };
    chat.hears(ServerFrame::Event { event: event(here, 4, id.0, Author::Visitor, rated) });
    assert_eq!(chat.session.timeline().unwrap().rated(), Some(5));
    chat.says("one more thing");
    assert_ne!(chat.shown(), here);
}

#[test]
fn the_place_in_line_is_shown_while_it_is_true() {
    let (mut chat, here) = talking();
    chat.hears(ServerFrame::Event { event: event(here, 3, 30, Author::System, Body::Queued) });
    assert_eq!(chat.session.queue(), None);
    chat.hears(ServerFrame::Queue { conversation: here, place: 3, waiting: 4 });
    assert_eq!(chat.session.queue(), Some((3, 4)));
    let leave = [Output::Transmit(ClientFrame::LeaveQueue { conversation: here })];
    assert_eq!(chat.does(VisitorInput::LeaveQueue), leave);
    chat.down(1006);
    chat.wakes();
    let out = chat.connects(Some(VisitorId(1)), vec![row(here, false)]);
    assert!(out.contains(&leave[0]), "it may not have arrived");
    chat.hears(page(here, 3, vec![event(here, 4, 40, Author::Visitor, Body::LeftQueue)]));
    assert_eq!(chat.session.queue(), None);
}

#[test]
fn a_kept_conversation_that_is_not_ours_is_let_go() {
    let here = ConversationId(77);
    let mut chat = start(Some(token()), Some(here), Vec::new());
    chat.does(VisitorInput::Open);
    chat.connects(Some(VisitorId(1)), Vec::new());
    let subject = Subject::Conversation { conversation: here };
    let out = chat.hears(ServerFrame::Refused { subject, refusal: Refusal::NotFound });
    assert_eq!(out, [Output::KeepConversation(None)]);
    assert!(chat.session.timeline().is_none());
}

#[test]
fn a_token_of_another_tab_is_taken_when_there_is_none() {
    let mut chat = start(None, None, Vec::new());
    chat.does(VisitorInput::Open);
    chat.connects(None, Vec::new());
    assert_eq!(chat.does(VisitorInput::TokenKept(token())), [Output::Disconnect, Output::Connect(Transport::Socket)]);
    let there = ConversationId(88);
    let out = chat.connects(Some(VisitorId(1)), vec![row(there, false)]);
    assert_eq!(out[1], Output::KeepConversation(Some(there)));
    assert_eq!(chat.does(VisitorInput::TokenKept(Token::from_bytes(&[1; 32]))), []);
    assert_eq!(chat.session.token(), Some(&token()));
}

#[test]
fn a_full_outbox_takes_nothing_more() {
    let (mut chat, _) = talking();
    chat.down(1006);
    for _ in 0..wire::limit::OUTBOX_MESSAGES_MAX {
        assert!(chat.session.room());
        chat.says("x");
    }
    assert!(!chat.session.room());
    assert_eq!(chat.says("one too many"), []);
    assert_eq!(chat.session.last_refusal().map(|last| &last.1), Some(&Refusal::Busy));
    assert_eq!(chat.session.drafts_waiting(), wire::limit::OUTBOX_MESSAGES_MAX);
}

#[test]
fn a_heartbeat_finds_a_lost_last_event() {
    let (mut chat, here) = talking();
    assert_eq!(chat.wakes(), []);
    let mut out = chat.wakes();
    while out.is_empty() {
        out = chat.wakes();
    }
    assert_eq!(out, [Output::Transmit(ClientFrame::Ping)]);
    let head = wire::Cursor { shared: Seq(3), staff: Seq(0) };
    let out = chat.hears(ServerFrame::Pong { heads: vec![wire::Head { conversation: here, head }] });
    let fetch = ClientFrame::Fetch { conversation: here, lane: Lane::Shared, after: Seq(2) };
    assert_eq!(out, [Output::Transmit(fetch)]);
}
