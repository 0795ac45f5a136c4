//! A relay that is newer than the page: what it says in unknown words is counted, answers drafts, and is not asked for again.

use serde_json::{Value, json};
use widget_core::{Content, ItemState, Output, VisitorInput, read_frame_of_visitor};
use wire::{Author, ClientFrame, Refusal, Seq, ServerFrame};

use crate::chat::{Chat, refused, say_frame, talking, text};

/// A frame as a newer relay writes it: that of today with one value put in.
fn hears(chat: &mut Chat, frame: &ServerFrame, at: &str, value: Value) -> Vec<Output> {
    let mut json = serde_json::to_value(frame).expect("a frame is JSON");
    *json.pointer_mut(at).expect("the frame has it") = value;
    chat.hears(read_frame_of_visitor(&json.to_string()).expect("it is read").into())
}

fn fetches(out: &[Output]) -> usize {
    out.iter().filter(|one| matches!(one, Output::Transmit(ClientFrame::Fetch { .. }))).count()
}

#[test]
fn an_event_in_unknown_words_has_its_number_and_is_not_asked_for_again() {
    let (mut chat, here) = talking();
    let event = |seq| ServerFrame::Event { event: text(here, seq, u128::from(seq), Author::System) };
    let mut out = hears(&mut chat, &event(3), "/event/body", json!({ "kind": "card", "deep": [{}] }));
    out.extend(hears(&mut chat, &event(4), "/event/author", json!({ "by": "bot", "name": "Helper" })));
    out.extend(hears(&mut chat, &event(5), "/event/body", json!({ "kind": "rated", "score": 5000 })));
    let media = json!({
        "kind": "file",
        "attachment": { "id": here, "name": "a.ogg", "media_type": "audio/ogg", "media": "audio", "bytes": 9, "width": 0, "height": 0 }
    });
    out.extend(hears(&mut chat, &event(6), "/event/body", media));
    let head = wire::Head { conversation: here, head: wire::Cursor { shared: Seq(6), staff: Seq(0) } };
    out.extend(chat.hears(ServerFrame::Pong { heads: vec![head] }));
    for _ in 0..20 {
        out.extend(chat.wakes());
        chat.hears(ServerFrame::Pong { heads: vec![head] });
    }
    assert_eq!(fetches(&out), 0);
    let lines: Vec<_> = chat.session.timeline().expect("shown").items().map(|item| item.seq.0).collect();
    assert_eq!(lines, [1, 2, 4, 6], "the unknown kinds show nothing, the unknown author and media something");
}

#[test]
fn a_draft_never_hangs_on_a_refusal_or_a_subject_in_unknown_words() {
    // (where, what, whether the draft waits for another try, or has failed as this)
    let later = json!({ "reason": "asleep", "retry_after_ms": 40_000 });
    let cases = [
        ("/refusal", json!({ "reason": "guarded" }), Some(Refusal::NotAllowed)),
        ("/refusal", json!({ "reason": "text_too_long" }), Some(Refusal::NotAllowed)),
        ("/refusal", later, None),
        ("/subject/about", json!("card"), Some(Refusal::TextInvalid)),
    ];
    for (at, value, failed) in cases {
        let (mut chat, here) = talking();
        let id = say_frame(&chat.says("words")[1]).1;
        let frame = refused(here, id, Refusal::TextInvalid);
        // What has no such field is given one by putting the whole part in.
        hears(&mut chat, &frame, at, value.clone());
        let state = chat.states().pop();
        match failed {
            Some(refusal) => assert_eq!(state, Some(ItemState::Failed(refusal)), "{value}"),
            None => {
                assert_eq!(state, Some(ItemState::Sending), "{value}");
                let before_ms = chat.now_ms;
                while !chat.wakes().iter().any(|one| matches!(one, Output::Transmit(ClientFrame::Say { .. }))) {
                    chat.hears(ServerFrame::Pong { heads: Vec::new() });
                }
                assert!(chat.now_ms >= before_ms + 40_000, "{value}");
            }
        }
    }
}

#[test]
fn a_page_that_cannot_be_read_is_asked_for_ever_more_rarely() {
    let (mut chat, here) = talking();
    let early = text(here, 9, 9, Author::Visitor);
    assert_eq!(fetches(&chat.hears(ServerFrame::Event { event: early })), 1);
    let (begin_ms, mut asked) = (chat.now_ms, 0);
    while chat.now_ms < begin_ms + 3_600_000 {
        // Every ping is answered; the page never.
        asked += fetches(&chat.wakes());
        chat.hears(ServerFrame::Pong { heads: Vec::new() });
    }
    assert!((3..=9).contains(&asked), "{asked} times in an hour");
    // A page that can be read ends it.
    let rest = (3..9).map(|seq| text(here, seq, u128::from(seq), Author::Visitor)).collect();
    chat.hears(crate::chat::page(here, 2, rest));
    let lines = chat.session.timeline().expect("shown").items();
    assert_eq!(lines.filter(|item| matches!(item.content, Content::Text(_))).count(), 9);
    assert_eq!(fetches(&chat.does(VisitorInput::Typing)), 0);
}

#[test]
fn a_frame_that_the_relay_does_not_know_says_nothing_about_the_registration() {
    let mut chat = crate::chat::start(None, None, Vec::new());
    chat.does(VisitorInput::Open);
    chat.connects(None, Vec::new());
    let out = chat.says("hello");
    assert!(out.contains(&Output::Transmit(ClientFrame::Register)));
    let refused = |refusal| ServerFrame::Refused { subject: wire::Subject::Connection, refusal };
    chat.hears(refused(Refusal::UnknownFrame));
    assert!(!matches!(chat.states()[..], [ItemState::Failed(_)]), "{:?}", chat.states());
    chat.hears(refused(Refusal::NotAllowed));
    assert!(matches!(chat.states()[..], [ItemState::Failed(_)]), "{:?}", chat.states());
}
