//! What a desk defends itself with: what is asked for, and what the answers leave.

use widget_core::{AgentInput, ConnectionInput, FOUND_ROWS_MAX, OPEN_ROWS_MAX, Output};
use wire::{
    AgentState, BlockId, BlockScope, ClientFrame, ConversationId, ConversationState, Counts, Idle, Many, MessageId,
    Refusal, RowCursor, ServerFrame, Subject, View,
};

use super::{Console, HERE, answering, mine, row};

/// A row of the queue.
fn queued(id: u128) -> wire::ConversationSummary {
    row(id, ConversationState::Waiting { since_ms: 1 }, 1)
}

fn page(find: &str, rows: std::ops::Range<u128>, next: Option<u128>) -> ServerFrame {
    let next = next.map(|id| RowCursor { at_ms: 1, conversation: ConversationId(id) });
    ServerFrame::Open {
        view: View::Waiting,
        find: find.to_owned(),
        rows: rows.map(queued).collect(),
        next,
        total: 2_000,
    }
}

#[test]
fn each_wish_is_one_frame_and_without_a_connection_it_is_refused_at_once() {
    let conversation = HERE;
    let block = BlockId(7);
    let many = Many::OfNetwork { conversation };
    let scope = BlockScope::Network;
    let reason = || "robots".to_owned();
    let cases = [
        (AgentInput::Release { conversation }, ClientFrame::Release { conversation }),
        (
            AgentInput::Block { conversation, scope, for_ms: 5, reason: reason() },
            ClientFrame::Block { conversation, scope, for_ms: 5, reason: reason() },
        ),
        (AgentInput::Unblock { block }, ClientFrame::Unblock { block }),
        (AgentInput::ListBlocks, ClientFrame::ListBlocks),
        (AgentInput::Flood { on: true }, ClientFrame::Flood { on: true }),
        (AgentInput::EndMany { many: many.clone() }, ClientFrame::EndMany { many }),
    ];
    for (input, frame) in cases {
        let mut desk = answering();
        assert_eq!(desk.does(input.clone()), [Output::Transmit(frame)]);
        desk.does(AgentInput::Connection(ConnectionInput::Down { code: 1006 }));
        assert_eq!(desk.does(input), []);
        assert_eq!(desk.session.last_refusal().map(|(_, refusal)| refusal), Some(&Refusal::Busy));
    }
}

#[test]
fn a_spam_mark_that_is_refused_says_so() {
    let mut desk = answering();
    let out = desk.does(AgentInput::Spam { conversation: HERE });
    let [Output::Transmit(ClientFrame::Spam { conversation: HERE, id })] = out[..] else { panic!("{out:?}") };
    // That of a draft that nobody knows is none of ours.
    let other = Subject::Message { conversation: HERE, id: MessageId(id.0 + 1) };
    desk.hears(ServerFrame::Refused { subject: other, refusal: Refusal::Taken });
    assert_eq!(desk.session.last_refusal(), None);
    let subject = Subject::Message { conversation: HERE, id };
    desk.hears(ServerFrame::Refused { subject, refusal: Refusal::Taken });
    assert_eq!(desk.session.last_refusal().map(|(_, refusal)| refusal), Some(&Refusal::Taken));
}

#[test]
fn what_is_found_comes_page_by_page_into_a_window() {
    let mut desk = answering();
    let ask = |find: &str, after: Option<u128>| {
        let after = after.map(|id| RowCursor { at_ms: 1, conversation: ConversationId(id) });
        Output::Transmit(ClientFrame::ListOpen { view: View::Waiting, find: find.to_owned(), after })
    };
    let find = |find: &str| AgentInput::Find { wanted: Some((View::Waiting, find.to_owned())) };
    assert_eq!(desk.does(find("robot")), [ask("robot", None)]);
    // An answer to what was asked before is not what is looked for now.
    desk.hears(page("rob", 100..150, None));
    assert_eq!(desk.session.found().and_then(|found| found.total), None);
    desk.hears(page("robot", 100..150, Some(149)));
    assert_eq!(desk.session.found().and_then(|found| found.total), Some(2_000));
    assert!(desk.session.row(ConversationId(120)).is_some());
    assert_eq!(desk.does(AgentInput::FindMore), [ask("robot", Some(149))]);
    assert_eq!(desk.does(AgentInput::FindMore), [], "one at a time");
    // Asked again from the beginning after the connection went: nobody said what changed meanwhile. What is there stays until then.
    let out = desk.reconnects(AgentState::Online, vec![row(10, mine(), 0)]);
    assert!(out.contains(&ask("robot", None)), "{out:?}");
    assert!(desk.session.row(ConversationId(120)).is_some());
    desk.hears(page("robot", 140..150, Some(149)));
    assert!(desk.session.row(ConversationId(120)).is_none());
    assert_eq!(desk.does(AgentInput::FindMore), [ask("robot", Some(149))]);
    for from in (150..2_000).step_by(50) {
        desk.hears(page("robot", from..from + 50, Some(from + 49)));
        desk.does(AgentInput::FindMore);
        assert!(desk.session.found().is_some_and(|found| found.rows.len() <= FOUND_ROWS_MAX));
    }
    let ids = |desk: &Console| {
        let found = desk.session.found().expect("it is looked for");
        (found.cut, found.rows.first().map(|row| row.conversation.0), found.rows.last().map(|row| row.conversation.0))
    };
    assert_eq!(ids(&desk), (true, Some(1_500), Some(1_999)));
    // What ends leaves, and is counted.
    desk.row(row(1_999, ConversationState::Closed { at_ms: 9 }, 0));
    assert_eq!(ids(&desk).2, Some(1_998));
    assert_eq!(desk.session.found().and_then(|found| found.total), Some(1_999));
    desk.does(AgentInput::Find { wanted: None });
    assert!(desk.session.found().is_none());
    assert!(desk.session.row(ConversationId(1_600)).is_none());
}

#[test]
fn in_a_flood_the_rows_are_bounded_and_the_counts_are_true() {
    let mut desk = answering();
    let flood = 3 * OPEN_ROWS_MAX as u128;
    for id in 1_000..1_000 + flood {
        desk.row(queued(id));
    }
    assert_eq!(desk.session.open().len(), OPEN_ROWS_MAX);
    // One's own always has room.
    desk.row(row(999_999, mine(), 1));
    assert!(desk.session.mine().iter().any(|row| row.conversation == ConversationId(999_999)));
    let counts = Counts { waiting: 6_000, owned: 2, left: 3, message: 4, stepped_out: 5, flood: true };
    desk.hears(ServerFrame::Counts { counts });
    assert_eq!(desk.session.counts(), Some(counts));
}

#[test]
fn those_whose_visitor_is_gone_stand_apart_the_longest_first() {
    let mut desk = answering();
    for (id, why, since_ms) in
        [(20, Idle::Left, 9), (21, Idle::Message, 3), (22, Idle::Left, 4), (23, Idle::SteppedOut, 0)]
    {
        desk.row(row(id, ConversationState::Idle { why, since_ms }, 1));
    }
    let ids = |why| desk.session.idle(why).iter().map(|row| row.conversation.0).collect::<Vec<_>>();
    assert_eq!((ids(Idle::Left), ids(Idle::Message)), (vec![22, 20], vec![21]));
}

#[test]
fn how_far_many_have_ended_is_told_until_all_have() {
    let mut desk = answering();
    desk.hears(ServerFrame::Ending { ended: 500, left: 1_500 });
    assert_eq!(desk.session.ending_many(), Some((500, 1_500)));
    desk.hears(ServerFrame::Ending { ended: 2_000, left: 0 });
    assert_eq!(desk.session.ending_many(), None);
}
