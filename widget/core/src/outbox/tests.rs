//! Order, bounds and resending of drafts.

use wire::{Attachment, AttachmentId, ClientFrame, Refusal};

use super::*;

const HERE: ConversationId = ConversationId(1);

fn outbox(count: u128) -> Outbox {
    let mut outbox = Outbox::new(Vec::new(), false);
    for id in 1..=count {
        outbox.drafts.push(draft(id, Payload::Text(id.to_string())));
    }
    outbox
}

fn draft(id: u128, payload: Payload) -> Draft {
    let phase = Phase::Ready;
    Draft { conversation: HERE, id: MessageId(id), at_ms: 0, payload, phase, tries: 0, file: 0, from_other_tab: false }
}

fn sent(outbox: &mut Outbox, now_ms: u64) -> Vec<u128> {
    let mut out = VecDeque::new();
    outbox.pump(now_ms, &mut out);
    let id = |output| {
        let Output::Transmit(ClientFrame::Say { id, .. } | ClientFrame::End { id, .. } | ClientFrame::Rate { id, .. }) =
            output
        else {
            panic!("{output:?}")
        };
        id.0
    };
    out.into_iter().map(id).collect()
}

#[test]
fn one_of_a_conversation_flies_and_the_rest_follow_in_order() {
    let mut outbox = outbox(3);
    assert_eq!(sent(&mut outbox, 0), [1]);
    assert_eq!(sent(&mut outbox, 1), [], "the first may yet be refused for now");
    outbox.remove(MessageId(1));
    assert_eq!(sent(&mut outbox, 2), [2]);
    outbox.lost();
    assert_eq!(sent(&mut outbox, 3), [2], "the same again on a new connection");
}

#[test]
fn at_most_so_many_conversations_are_written_into_at_once() {
    let mut outbox = outbox(20);
    for (number, draft) in (1..).zip(&mut outbox.drafts) {
        draft.conversation = ConversationId(number);
    }
    let most = OUTBOX_IN_FLIGHT_MAX as u128;
    assert_eq!(sent(&mut outbox, 0), (1..=most).collect::<Vec<_>>());
    assert_eq!(sent(&mut outbox, 1), []);
    outbox.remove(MessageId(1));
    assert_eq!(sent(&mut outbox, 2), [most + 1]);
}

#[test]
fn an_unanswered_draft_is_sent_again() {
    let mut outbox = outbox(2);
    assert_eq!(sent(&mut outbox, 0), [1]);
    assert_eq!(sent(&mut outbox, ACKNOWLEDGE_WAIT_MS - 1), []);
    assert_eq!(sent(&mut outbox, ACKNOWLEDGE_WAIT_MS), [1]);
}

#[test]
fn what_is_held_back_holds_back_what_follows() {
    let mut outbox = outbox(3);
    outbox.drafts[0].phase = Phase::Later { at_ms: 50 };
    outbox.drafts[2].conversation = ConversationId(2);
    assert_eq!(sent(&mut outbox, 0), [3]);
    let mut earliest = Earliest::after(0);
    outbox.timeout(&mut earliest);
    assert_eq!(earliest.get(), Some(50));
    assert_eq!(sent(&mut outbox, 50), [1]);
}

#[test]
fn what_may_be_moved_keeps_what_follows_from_passing_it() {
    for (moves, expected) in [(false, vec![1, 2]), (true, vec![1])] {
        let mut outbox = outbox(2);
        outbox.moves = moves;
        outbox.drafts[1].conversation = ConversationId(2);
        assert_eq!(sent(&mut outbox, 0), expected);
    }
}

#[test]
fn an_end_waits_for_what_was_written_before() {
    let mut outbox = outbox(2);
    outbox.drafts.push(draft(3, Payload::End));
    assert_eq!(sent(&mut outbox, 0), [1]);
    outbox.remove(MessageId(1));
    assert_eq!(sent(&mut outbox, 0), [2]);
    outbox.drafts[0].phase = Phase::Failed(Refusal::TextEmpty);
    assert_eq!(sent(&mut outbox, 0), [3]);
}

#[test]
fn many_drafts_leave_at_the_relays_pace() {
    let mut outbox = outbox(200);
    let mut now_ms = 0;
    let mut total = 0;
    while !outbox.drafts.is_empty() {
        let ids = sent(&mut outbox, now_ms);
        total += ids.len();
        for id in ids {
            outbox.remove(MessageId(id));
        }
        let seconds = usize::try_from(now_ms / 1_000).expect("a small number");
        assert!(total <= 80 + 16 * seconds, "{total} at {now_ms}");
        let mut earliest = Earliest::after(now_ms);
        outbox.timeout(&mut earliest);
        now_ms = earliest.get().unwrap_or(now_ms + 1);
    }
    assert!(total == 200 && now_ms < 12_000, "{now_ms}");
}

#[test]
fn whatever_was_written_before_goes_first() {
    let upload = || Payload::Upload { name: String::new(), bytes: 9, sent: 0, attachment: AttachmentId(1) };
    let failed = || Phase::Failed(Refusal::FileKind);
    let rate = || Payload::Rate { score: 5, comment: String::new() };
    // What stands first, how far it is, and what of the text after it goes.
    for (payload, phase, same, other, moves) in [
        (upload(), Phase::Ready, false, true, false),
        (upload(), Phase::Uploading, false, true, false),
        (upload(), Phase::Later { at_ms: 9 }, false, true, false),
        (upload(), failed(), true, true, true),
        (Payload::Text(String::new()), Phase::Later { at_ms: 9 }, false, true, false),
        (Payload::Text(String::new()), Phase::Checking, false, true, false),
        (Payload::Text(String::new()), failed(), true, true, true),
        (Payload::End, Phase::Later { at_ms: 9 }, false, true, true),
        (rate(), Phase::Later { at_ms: 9 }, false, true, true),
    ] {
        let mut outbox = outbox(2);
        outbox.drafts[0].payload = payload;
        outbox.drafts[0].phase = phase;
        let goes = |outbox: &mut Outbox| {
            let gone = sent(outbox, 0) == [2];
            outbox.drafts[1].phase = Phase::Ready;
            gone
        };
        let about = format!("{:?}", outbox.drafts[0]);
        assert_eq!(goes(&mut outbox), same, "in one conversation, after {about}");
        outbox.drafts[1].conversation = ConversationId(2);
        assert_eq!(goes(&mut outbox), other, "in another one, after {about}");
        outbox.moves = true;
        assert_eq!(goes(&mut outbox), moves, "in another one to which it may be moved, after {about}");
    }
}

#[test]
fn what_another_tab_wrote_is_sent_when_that_tab_does_not() {
    let mut outbox = Outbox::new(Vec::new(), true);
    let kept = draft(7, Payload::Text("seven".to_owned())).kept();
    outbox.add_from_other_tab(kept.clone(), 100);
    outbox.add_from_other_tab(kept, 100);
    assert_eq!(outbox.drafts.len(), 1, "once");
    assert_eq!(sent(&mut outbox, 100), []);
    let due = 100 + TAKE_OVER_MS;
    assert_eq!(sent(&mut outbox, due), [7]);
    outbox.lost();
    outbox.wait_for_other_tabs(due);
    assert_eq!(sent(&mut outbox, due), [], "on a new connection the other tab goes first again");
    assert_eq!(sent(&mut outbox, due + TAKE_OVER_MS), [7]);
}

#[test]
fn an_upload_that_its_page_left_behind_is_told_of_until_its_file_is_there_after_all() {
    let upload = Payload::Upload { name: "a.png".to_owned(), bytes: 9, sent: 4, attachment: AttachmentId(1) };
    let mut outbox = Outbox::new(vec![draft(1, upload).kept()], true);
    assert_eq!(outbox.drafts[0].phase, Phase::Failed(Refusal::FileMissing));
    let text = draft(2, Payload::Text(String::new())).kept();
    outbox.add_from_other_tab(text, 0);
    assert_eq!(sent(&mut outbox, TAKE_OVER_MS), [2], "nothing waits for it");
    let file = Attachment {
        id: AttachmentId(1),
        name: "a.png".to_owned(),
        media_type: "image/png".to_owned(),
        media: wire::Media::Image,
        bytes: 9,
        width: 1,
        height: 1,
    };
    outbox.add_from_other_tab(draft(1, Payload::File(file)).kept(), 0);
    assert_eq!(outbox.drafts[0].id, MessageId(1));
    assert_eq!(sent(&mut outbox, TAKE_OVER_MS), [1]);
}

#[test]
fn kept_drafts_come_back_in_order_and_once() {
    let mut kept: Vec<_> = outbox(4).drafts.iter().map(Draft::kept).collect();
    kept.reverse();
    kept.push(kept[1].clone());
    let ids: Vec<_> = Outbox::new(kept, true).drafts.iter().map(|draft| draft.id.0).collect();
    assert_eq!(ids, [1, 2, 3, 4]);
}
