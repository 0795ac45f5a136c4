//! Gaps, pages and early events.

use wire::{Author, Body};

use super::*;

const HERE: ConversationId = ConversationId(1);

fn event(seq: u64) -> Event {
    let body = Body::Text { text: seq.to_string() };
    let id = MessageId(u128::from(seq));
    Event { conversation: HERE, lane: Lane::Shared, seq: Seq(seq), at_ms: seq, id, author: Author::Visitor, body }
}

fn following() -> Followed {
    let mut followed = Followed::new(HERE, Party::Visitor, true);
    followed.ask_all(0);
    followed
}

fn page(followed: &mut Followed, after: u64, to: u64, head: u64) {
    for seq in after + 1..=to {
        followed.take(event(seq), &mut Vec::new());
    }
    followed.answered(Lane::Shared, Seq(after), Seq(head), 0);
}

fn asks(followed: &mut Followed, now_ms: u64) -> Vec<u64> {
    let mut out = VecDeque::new();
    followed.pump(now_ms, &mut out);
    let after = |output| {
        let Output::Transmit(ClientFrame::Fetch { lane: Lane::Shared, after, .. }) = output else {
            panic!("{output:?}")
        };
        after.0
    };
    out.into_iter().map(after).collect()
}

fn shown(followed: &Followed) -> Vec<u64> {
    followed.timeline.items().map(|item| item.seq.0).collect()
}

#[test]
fn a_long_conversation_comes_page_by_page() {
    let mut followed = following();
    page(&mut followed, 0, 200, 450);
    assert!(followed.timeline.loading());
    assert_eq!(asks(&mut followed, 1), [200]);
    assert_eq!(asks(&mut followed, 2), []);
    page(&mut followed, 200, 400, 450);
    assert_eq!(asks(&mut followed, 3), [400]);
    page(&mut followed, 400, 450, 450);
    assert!(!followed.timeline.loading());
    assert_eq!(asks(&mut followed, 4), []);
    assert_eq!(shown(&followed), (1..=450).collect::<Vec<_>>());
}

#[test]
fn early_events_wait_for_the_gap_and_old_ones_are_dropped() {
    let mut followed = following();
    page(&mut followed, 0, 3, 3);
    for seq in [6, 5, 6, 2, 8] {
        followed.take(event(seq), &mut Vec::new());
    }
    assert_eq!(shown(&followed), [1, 2, 3]);
    assert_eq!(asks(&mut followed, 1), [3]);
    followed.take(event(4), &mut Vec::new());
    assert_eq!(shown(&followed), [1, 2, 3, 4, 5, 6]);
    page(&mut followed, 3, 8, 8);
    assert_eq!(shown(&followed), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(asks(&mut followed, 2), []);
}

#[test]
fn a_page_older_or_other_than_asked_for_does_no_harm() {
    let mut followed = following();
    page(&mut followed, 0, 5, 9);
    assert_eq!(asks(&mut followed, 1), [5]);
    page(&mut followed, 0, 5, 9);
    assert_eq!(asks(&mut followed, 2), []);
    page(&mut followed, 5, 9, 9);
    assert_eq!(shown(&followed), (1..=9).collect::<Vec<_>>());
    assert_eq!(asks(&mut followed, 3), []);
}

#[test]
fn what_is_ahead_is_bounded_and_nothing_is_lost_by_it() {
    let mut followed = following();
    page(&mut followed, 0, 0, 0);
    let most = AHEAD_EVENTS_MAX as u64;
    for seq in (2..most + 200).rev() {
        followed.take(event(seq), &mut Vec::new());
    }
    assert_eq!(followed.shared.early.len(), AHEAD_EVENTS_MAX);
    assert_eq!(asks(&mut followed, 1), [0]);
    page(&mut followed, 0, 1, 1);
    assert_eq!(shown(&followed).len() as u64, most + 1);
    assert_eq!(asks(&mut followed, 2), [most + 1]);
}

#[test]
fn a_wrong_head_does_not_make_a_loop() {
    let mut followed = following();
    page(&mut followed, 0, 0, 7);
    assert_eq!(asks(&mut followed, 1), []);
    followed.raise_heads(Cursor { shared: Seq(7), staff: Seq::ZERO });
    assert_eq!(asks(&mut followed, 2), [0]);
    assert_eq!(asks(&mut followed, 3), []);
    assert_eq!(asks(&mut followed, 2 + ACKNOWLEDGE_WAIT_MS), [0]);
}

#[test]
fn a_refused_question_is_asked_later_or_not_again() {
    let mut followed = following();
    followed.refused(Some(500));
    let mut out = VecDeque::new();
    followed.pump(499, &mut out);
    assert!(out.is_empty());
    followed.pump(500, &mut out);
    assert!(matches!(out.pop_front(), Some(Output::Transmit(ClientFrame::Follow { .. }))));
    followed.refused(None);
    assert!(!followed.timeline.loading());
    assert_eq!(asks(&mut followed, 501), []);
}

fn closed(seq: u64) -> Event {
    Event { body: Body::Closed, author: Author::System, ..event(seq) }
}

#[test]
fn a_proof_is_asked_for_until_the_end_is_there() {
    let mut followed = following();
    page(&mut followed, 0, 1, 1);
    followed.check_end();
    assert_eq!(asks(&mut followed, 10), [1]);
    assert_eq!(asks(&mut followed, 10 + ACKNOWLEDGE_WAIT_MS), [1], "no answer came");
    // An answer to an older question, or of a relay that does not have the end yet.
    page(&mut followed, 1, 2, 2);
    assert!(!followed.take_checked());
    assert_eq!((asks(&mut followed, 0), asks(&mut followed, CHECK_AGAIN_MS)), (vec![], vec![2]));
    followed.lost();
    let mut out = VecDeque::new();
    followed.pump(CHECK_AGAIN_MS, &mut out);
    assert!(matches!(out.pop_front(), Some(Output::Transmit(ClientFrame::Follow { .. }))));
    followed.take(closed(3), &mut Vec::new());
    page(&mut followed, 2, 2, 3);
    assert_eq!((followed.take_checked(), followed.take_checked()), (true, false), "told once");
    // What is known needs no question.
    followed.check_end();
    assert_eq!((asks(&mut followed, 9_000), followed.take_checked()), (vec![], true));
}

#[test]
fn where_there_is_nothing_to_read_nothing_was_recorded() {
    let mut followed = following();
    followed.check_end();
    followed.refused(Some(5));
    assert!(!followed.take_checked());
    followed.refused(None);
    assert!(followed.take_checked());
}
