//! An agent whose rights have changed: nothing of before stays, and what is shown is asked for again.

use super::*;

fn follow() -> Output {
    let after = Cursor { shared: Seq::ZERO, staff: Seq::ZERO };
    Output::Transmit(ClientFrame::Follow { follow: Follow { conversation: HERE, after } })
}

fn page(lane: wire::Lane, seq: u64) -> ServerFrame {
    let body = Body::Text { text: "hello".to_owned() };
    let author = Author::Visitor;
    let event = Event { conversation: HERE, lane, seq: Seq(seq), at_ms: 1, id: MessageId(5), author, body };
    ServerFrame::Events { conversation: HERE, lane, after: Seq::ZERO, events: vec![event], head: Seq(seq) }
}

/// A console that shows a conversation with one message, and has a list of ended ones.
fn given() -> Console {
    let mut console = start(false);
    console.does(AgentInput::Open);
    console.connects(AgentState::Online, vec![row(10, ConversationState::Waiting { since_ms: 1 }, 1)]);
    assert!(console.does(AgentInput::Show { conversation: HERE }).contains(&follow()));
    console.hears(page(wire::Lane::Shared, 1));
    console.does(AgentInput::ListClosed { newest: true });
    let closed = row(11, ConversationState::Closed { at_ms: 1 }, 0);
    console.hears(ServerFrame::Closed { before_ms: 9_007_199_254_740_991, rows: vec![closed], more: false });
    assert_eq!((console.items().len(), console.session.closed_list().len()), (1, 1));
    console
}

#[test]
fn the_same_rights_keep_everything() {
    let mut console = given();
    console.reconnects(AgentState::Online, Vec::new());
    assert_eq!((console.items().len(), console.session.closed_list().len()), (1, 1));
}

#[test]
fn other_rights_and_another_scope_begin_anew() {
    let other_site = StaffScope { sites: Some(vec!["other".parse().expect("a site id")]), departments: None };
    for (rights, scope) in [(vec!["conversation_read".to_owned()], other_site), (Vec::new(), StaffScope::default())] {
        let mut console = given();
        (console.rights, console.scope) = (rights.clone(), scope.clone());
        let said = console.reconnects(AgentState::Online, Vec::new());
        assert_eq!((console.session.rights(), console.session.scope()), (&rights[..], &scope));
        assert!(console.items().is_empty() && console.session.closed_list().is_empty());
        assert!(console.session.row(HERE).is_none() && console.session.row(ConversationId(11)).is_none());
        assert!(said.contains(&follow()), "what is shown is asked for again: {said:?}");
        // It is not there for this agent any more.
        let subject = Subject::Conversation { conversation: HERE };
        let after = console.hears(ServerFrame::Refused { subject, refusal: Refusal::NotFound });
        assert!(!after.contains(&follow()), "{after:?}");
    }
}
