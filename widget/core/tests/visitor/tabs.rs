//! What outlives a page, and what several tabs of one visitor have in common.

use crate::chat::*;
use widget_core::{ConnectionInput, Content, ItemState, Kept, KeptDraft, Output, UploadInput, VisitorInput};
use wire::{Author, Body, ClientFrame, ConversationId, MessageId, Refusal, ServerFrame, VisitorId};

const OUTAGE: u16 = 1006;

fn kept_of(out: &[Output]) -> Vec<KeptDraft> {
    let kept = |output: &Output| if let Output::Keep(draft) = output { Some(draft.clone()) } else { None };
    out.iter().filter_map(kept).collect()
}

fn forgotten(out: &[Output]) -> Vec<MessageId> {
    out.iter().filter_map(|output| if let Output::Forget(id) = output { Some(*id) } else { None }).collect()
}

/// Ends and ratings given while the connection is down go out after a reload, and are forgotten once they are recorded or no longer of use.
#[test]
fn ends_and_ratings_are_kept_like_messages() {
    let (mut chat, here) = talking();
    chat.down(OUTAGE);
    let mut kept = kept_of(&chat.does(VisitorInput::EndConversation));
    assert_eq!(kept.iter().map(|draft| &draft.what).collect::<Vec<_>>(), [&Kept::End]);

    let end = kept[0].id;
    type Frame = fn(ConversationId, MessageId) -> ServerFrame;
    let ways: [(&str, Frame); 3] = [
        ("its own event", |here, id| ServerFrame::Event { event: event(here, 3, id.0, Author::Visitor, Body::Closed) }),
        ("another's end", |here, _| ServerFrame::Event { event: event(here, 3, 99, agent(), Body::Closed) }),
        ("a refusal", |here, id| refused(here, id, Refusal::Ended)),
    ];
    for (way, frame) in ways {
        let mut chat = start(Some(token()), Some(here), kept.clone());
        chat.does(VisitorInput::Open);
        let out = chat.connects(Some(VisitorId(1)), vec![row(here, false)]);
        let said = Output::Transmit(ClientFrame::End { conversation: here, id: end });
        assert!(out.contains(&said), "{way}: {out:?}");
        chat.hears(page(here, 0, vec![text(here, 1, 1, Author::Visitor), text(here, 2, 2, agent())]));
        assert_eq!(forgotten(&chat.hears(frame(here, end))), [end], "{way}");
    }

    let (mut chat, here) = talking();
    chat.hears(ServerFrame::Event { event: event(here, 3, end.0, Author::Visitor, Body::Closed) });
    chat.down(OUTAGE);
    kept = kept_of(&chat.does(VisitorInput::Rate { score: 4, comment: "fine".to_owned() }));
    let mut chat = start(Some(token()), Some(here), kept.clone());
    chat.does(VisitorInput::Open);
    let out = chat.connects(Some(VisitorId(1)), vec![row(here, true)]);
    let rate = ClientFrame::Rate { conversation: here, id: kept[0].id, score: 4, comment: "fine".to_owned() };
    assert!(out.contains(&Output::Transmit(rate)), "{out:?}");
    let rated = Body::Rated { score: 4, comment: "fine".to_owned() };
    let log = vec![text(here, 1, 1, Author::Visitor), event(here, 2, 5, agent(), Body::Closed)];
    chat.hears(page(here, 0, log));
    let out = chat.hears(ServerFrame::Event { event: event(here, 3, kept[0].id.0, Author::Visitor, rated) });
    assert_eq!(forgotten(&out), [kept[0].id]);
}

#[test]
fn a_text_waits_behind_the_file_that_was_chosen_before_it() {
    let (mut chat, here) = talking();
    let out = chat.does(VisitorInput::Attach { name: "a.png".to_owned(), bytes: 90, file: 1 });
    let Output::Upload { id: first, attachment, .. } = out[0].clone() else { panic!("{out:?}") };
    let out = chat.does(VisitorInput::Attach { name: "b.png".to_owned(), bytes: 90, file: 2 });
    let Output::Upload { id: second, attachment: other, .. } = out[0].clone() else { panic!("{out:?}") };
    let out = chat.says("what do you make of these?");
    assert!(matches!(&out[..], [Output::Keep(_)]), "kept, and not sent: {out:?}");
    let text_id = kept_of(&out)[0].id;
    // The second is there first, and waits.
    let out = chat.does(VisitorInput::Upload(UploadInput::Done { id: second, attachment: file(other) }));
    assert!(matches!(&out[..], [Output::Keep(_)]), "{out:?}");
    let out = chat.does(VisitorInput::Upload(UploadInput::Done { id: first, attachment: file(attachment) }));
    assert_eq!(say_frame(&out[1]), (here, first));
    let recorded = |seq, id: MessageId, file| ServerFrame::Event {
        event: event(here, seq, id.0, Author::Visitor, Body::File { attachment: file }),
    };
    let out = chat.hears(recorded(3, first, file(attachment)));
    assert_eq!(say_frame(&out[1]), (here, second));
    let out = chat.hears(recorded(4, second, file(other)));
    assert_eq!(say_frame(&out[1]), (here, text_id));
}

#[test]
fn a_page_that_goes_with_an_upload_leaves_word_of_it() {
    let (mut chat, here) = talking();
    let out = chat.does(VisitorInput::Attach { name: "a.png".to_owned(), bytes: 90, file: 1 });
    assert_eq!(kept_of(&out), [], "nothing is kept while it goes well");
    let kept = kept_of(&chat.does(VisitorInput::Leave));
    assert_eq!(kept[0].what, Kept::Upload { name: "a.png".to_owned(), bytes: 90 });

    let mut next = start(Some(token()), Some(here), kept.clone());
    next.does(VisitorInput::Open);
    next.connects(Some(VisitorId(1)), vec![row(here, false)]);
    let item = next.session.timeline().unwrap().items().last().unwrap().clone();
    assert_eq!(item.state, ItemState::Failed(Refusal::FileMissing));
    assert!(matches!(&item.content, Content::Uploading { name, .. } if name == "a.png"), "{item:?}");
    assert_eq!(next.session.awake(), Some(true), "an open conversation");
    assert_eq!(next.does(VisitorInput::Discard { id: kept[0].id }), [Output::Forget(kept[0].id)]);
}

#[test]
fn what_a_closed_tab_left_unsent_goes_out_from_another_one_and_only_then() {
    let (mut chat, here) = talking();
    let draft = kept(here, 500);
    assert_eq!(chat.does(VisitorInput::DraftKept(draft.clone())), []);
    assert_eq!(chat.states().last(), Some(&ItemState::Sending), "all tabs show it");
    chat.does(VisitorInput::DraftForgotten(draft.id));
    assert_eq!(chat.states().len(), 2, "the other tab has done it");

    chat.does(VisitorInput::DraftKept(draft.clone()));
    let said = |output: &Output| matches!(output, Output::Transmit(ClientFrame::Say { id, .. }) if *id == draft.id);
    let mut rounds = 0;
    while !chat.wakes().iter().any(said) {
        rounds += 1;
        assert!(rounds < 50, "it is sent from here in the end");
    }
    let out = chat.hears(ServerFrame::Event { event: text(here, 3, 500, Author::Visitor) });
    assert_eq!(forgotten(&out), [draft.id]);
}

#[test]
fn first_words_in_several_tabs_without_a_line_are_one_conversation() {
    let mut first = start(None, None, Vec::new());
    first.does(VisitorInput::Open);
    let kept = kept_of(&first.says("my withdrawal hangs"));
    let mut conversations = vec![kept[0].conversation];
    for tab in 0..3 {
        let mut other = start(None, None, Vec::new());
        other.does(VisitorInput::Open);
        other.does(VisitorInput::DraftKept(kept[0].clone()));
        conversations.extend(kept_of(&other.says(&format!("from tab {tab}"))).iter().map(|draft| draft.conversation));
    }
    conversations.dedup();
    assert_eq!(conversations, [kept[0].conversation]);
    // Whoever wishes a new one gets a new one; and what failed opens nothing.
    let mut fresh = start(None, None, Vec::new());
    fresh.does(VisitorInput::Open);
    fresh.does(VisitorInput::DraftKept(kept[0].clone()));
    fresh.does(VisitorInput::NewConversation);
    assert_ne!(kept_of(&fresh.says("another matter"))[0].conversation, kept[0].conversation);
}

#[test]
fn what_another_tab_wrote_first_is_registered_there_first() {
    let mut chat = start(None, None, Vec::new());
    chat.does(VisitorInput::Open);
    chat.connects(None, Vec::new());
    let draft = kept(ConversationId(5), 500);
    assert_eq!(chat.does(VisitorInput::DraftKept(draft.clone())), []);
    assert_eq!(chat.session.awake(), Some(true));
    let mut rounds = 0;
    while !chat.wakes().contains(&Output::Transmit(ClientFrame::Register)) {
        rounds += 1;
        assert!(rounds < 50, "in the end it registers for it");
    }
    let out = chat.hears(ServerFrame::Registered { visitor: VisitorId(1), token: token() });
    assert_eq!(say_frame(&out[1]), (ConversationId(5), draft.id));
}

/// What the page around needs to know: whether the chat should be made again on the next page.
#[test]
fn awake_while_there_is_something_to_do() {
    let mut chat = start(None, None, Vec::new());
    assert_eq!(chat.session.awake(), Some(false), "before the first message");
    chat.does(VisitorInput::Open);
    assert_eq!(chat.session.awake(), Some(false), "looking is no reason");
    chat.says("hello");
    assert_eq!(chat.session.awake(), Some(true), "unsent");

    let here = ConversationId(77);
    for (closed, unread, awake) in [(false, 0, true), (true, 0, false), (true, 1, true)] {
        let mut chat = start(Some(token()), Some(here), Vec::new());
        chat.does(VisitorInput::Open);
        assert_eq!(chat.session.awake(), None, "not known yet");
        let mut listed = row(here, closed);
        listed.unread = unread;
        chat.connects(Some(VisitorId(1)), vec![listed]);
        assert_eq!(chat.session.awake(), Some(awake), "closed {closed}, unread {unread}");
        chat.does(VisitorInput::Connection(ConnectionInput::Down { code: OUTAGE }));
        assert_eq!(chat.session.awake(), Some(awake), "an outage changes nothing");
    }
}
