//! The connections alone: given who is connected, when something happens, exactly these outputs and news follow.

use wire::limit::{FOLLOW_CONVERSATIONS_MAX, HELD_BYTES_MAX};
use wire::{Author, Body, Event, FromAgent, MessageId, ServerFrame, Tag, Token};

use super::*;
use crate::news::Audience;
use crate::store::Query;

const START_MS: u64 = 1_000_000;
/// Of a stranger, of a visitor on two connections, and of two agents.
const STRANGER: ConnectionId = ConnectionId(1);
const ANN: ConnectionId = ConnectionId(2);
const ANN_TOO: ConnectionId = ConnectionId(3);
const DESK: ConnectionId = ConnectionId(4);
const OTHER_DESK: ConnectionId = ConnectionId(5);

const VISITOR: VisitorId = VisitorId(7);
const AGENT: AgentId = AgentId(1);
const CONVERSATION: ConversationId = ConversationId(9);

fn source() -> Source {
    Source { address: Some(Tag(7)), network: Some(Tag(70)) }
}

/// A stranger, a welcomed visitor on one connection and one who waits for `Welcome` on another, and two agents.
fn given() -> (Connections, Step) {
    let (mut all, mut step) = (Connections::new(1_000), Step::new(START_MS, 7));
    let site: SiteId = "demo".parse().unwrap();
    for (connection, visitor) in [(STRANGER, None), (ANN, Some(VISITOR)), (ANN_TOO, Some(VISITOR))] {
        let page = PageContext::default();
        assert!(all.connect_visitor(connection, (site.clone(), visitor), &page, source(), &mut step));
    }
    for (connection, agent) in [(DESK, AGENT), (OTHER_DESK, AgentId(2))] {
        assert!(all.connect_agent(connection, agent, &mut step));
    }
    let session = SessionStart::Visitor { visitor: Some(VISITOR), conversations: Vec::new(), answering: 0 };
    all.welcome(ANN, session, &mut step);
    step.take_news();
    (all, step)
}

/// When this is done to those who are given, exactly these outputs and news follow.
fn check(when: impl FnOnce(&mut Connections, &mut Step), then: &[News]) {
    let (mut all, mut step) = given();
    when(&mut all, &mut step);
    assert_eq!(step.take_news(), then);
}

fn sent(to: &[ConnectionId], frame: &ServerFrame) -> News {
    News::Out(Output::Send { to: to.to_vec(), frame: frame.clone() })
}

const fn closed(connection: ConnectionId, close: Close) -> News {
    News::Out(Output::Close { connection, close })
}

fn event(lane: Lane, text: &str) -> Event {
    let body = Body::Text { text: text.to_owned() };
    let (conversation, author, id) = (CONVERSATION, Author::Visitor, MessageId(1));
    Event { conversation, lane, seq: Seq(1), at_ms: START_MS, id, author, body }
}

#[test]
fn each_audience_is_who_it_names_and_whoever_waits_for_welcome_gets_it_after_that() {
    let frame = ServerFrame::Answering { agents: 1 };
    for (audience, to) in [
        (Audience::One(STRANGER), &[STRANGER][..]),
        (Audience::One(ConnectionId(99)), &[]),
        (Audience::Visitor(VISITOR), &[ANN]),
        (Audience::Visitors, &[STRANGER, ANN]),
        (Audience::Agents, &[DESK, OTHER_DESK]),
    ] {
        let then = if to.is_empty() { Vec::new() } else { vec![sent(to, &frame)] };
        check(|all, step| all.send(audience, frame.clone(), step), &then);
    }
    let (mut all, mut step) = given();
    all.send(Audience::Visitor(VISITOR), frame.clone(), &mut step);
    step.take_news();
    let session = SessionStart::Visitor { visitor: Some(VISITOR), conversations: Vec::new(), answering: 0 };
    all.welcome(ANN_TOO, session, &mut step);
    let got = step.take_news();
    assert!(matches!(&got[0], News::Out(Output::Send { frame: ServerFrame::Welcome { .. }, .. })));
    assert_eq!(got[1..], [sent(&[ANN_TOO], &frame)]);
}

#[test]
fn events_reach_followers_holders_and_the_visitor_each_in_their_lanes() {
    let [shared, staff] = [event(Lane::Shared, "hello"), event(Lane::Staff, "a note")];
    let frames = [&shared, &staff].map(|event| ServerFrame::Event { event: event.clone() });
    let events = || vec![shared.clone(), staff.clone()];
    check(
        |all, step| all.send_events(VISITOR, &[Some(AGENT), None], events(), step),
        &[sent(&[DESK, ANN], &frames[0]), sent(&[DESK], &frames[1])],
    );
    check(
        |all, step| {
            assert!(all.follow(OTHER_DESK, CONVERSATION));
            assert!(
                all.receives_events(OTHER_DESK, CONVERSATION, None) && !all.receives_events(DESK, CONVERSATION, None)
            );
            assert!(all.receives_events(DESK, CONVERSATION, Some(AGENT)));
            all.send_events(VISITOR, &[Some(AGENT), Some(AGENT)], events(), step);
        },
        &[sent(&[DESK, OTHER_DESK, ANN], &frames[0]), sent(&[DESK, OTHER_DESK], &frames[1])],
    );
}

#[test]
fn the_last_connection_of_somebody_is_reported() {
    check(|all, step| all.disconnected(STRANGER, step), &[]);
    check(|all, step| all.disconnected(ANN, step), &[]);
    check(
        |all, step| {
            all.disconnected(ANN, step);
            all.disconnected(ANN_TOO, step);
            all.disconnected(ANN_TOO, step);
        },
        &[News::VisitorWent(VISITOR)],
    );
    check(
        |all, step| {
            assert!(all.follow(DESK, CONVERSATION) && all.follow(OTHER_DESK, CONVERSATION));
            all.disconnected(DESK, step);
            assert!(all.is_followed(CONVERSATION));
            assert!(all.unfollow(OTHER_DESK, CONVERSATION, step) && !all.is_followed(CONVERSATION));
        },
        &[News::AgentWent(AGENT), News::Unfollowed(CONVERSATION)],
    );
    check(|all, step| all.close_agent(AGENT, step), &[closed(DESK, Close::SignedOut), News::AgentWent(AGENT)]);
}

#[test]
fn whose_session_has_ended_is_closed_and_does_not_come_in_again() {
    let ended = [closed(ANN, Close::TokenInvalid), closed(ANN_TOO, Close::TokenInvalid), News::VisitorWent(VISITOR)];
    check(|all, step| all.session_ended(VISITOR, step), &ended);
    check(
        |all, step| {
            all.session_ended(VISITOR, step);
            step.take_news();
            let site: SiteId = "demo".parse().unwrap();
            let came = (site, Some(VISITOR));
            assert!(!all.connect_visitor(ConnectionId(9), came, &PageContext::default(), source(), step));
        },
        &[closed(ConnectionId(9), Close::TokenInvalid), News::VisitorWent(VISITOR)],
    );
}

#[test]
fn a_stranger_is_registered_once() {
    let (mut all, mut step) = given();
    all.register(STRANGER, &mut step);
    all.register(STRANGER, &mut step);
    let register = Output::Register { connection: STRANGER, site: "demo".parse().unwrap() };
    assert_eq!(step.take_news(), [News::Out(register)]);
    assert_eq!(all.registered(STRANGER, VisitorId(8), &mut step), Some(source()));
    assert_eq!(all.who(STRANGER), Some(Who::Visitor(Some(VisitorId(8)))));
    let frame = ServerFrame::Registered { visitor: VisitorId(8), token: Token::from_bytes(&[1; 32]) };
    all.send(Audience::Visitor(VisitorId(8)), frame.clone(), &mut step);
    assert_eq!(step.take_news(), [sent(&[STRANGER], &frame)]);
}

#[test]
fn too_much_is_refused_then_closed() {
    let (mut all, mut step) = given();
    let say = Incoming::Agent(FromAgent::Typing { conversation: CONVERSATION });
    let ready = (0..1_000).take_while(|_| all.admit(STRANGER, &say, &mut step).is_some()).count();
    assert_eq!(ready, wire::limit::FRAMES_BURST_MAX as usize);
    assert!(matches!(&step.take_news()[..], [News::Send(_, ServerFrame::Refused { .. })]));
    for _ in 0..wire::limit::FRAMES_REFUSED_MAX {
        assert_eq!(all.admit(STRANGER, &say, &mut step), None);
    }
    assert_eq!(step.take_news().first(), Some(&closed(STRANGER, Close::Flood)));
    assert_eq!(all.who(STRANGER), None);
    // Nor may one ask the store for more than it may owe.
    for _ in 0..REQUESTS_PER_CONNECTION_MAX {
        let pending = Pending::ListClosed { connection: DESK, before_ms: 0 };
        all.query(pending, Query::Closed { before_ms: 0, before: None }, &mut step);
    }
    assert_eq!(all.admit(DESK, &say, &mut step), None);
    assert_eq!(all.admit(DESK, &Incoming::Agent(FromAgent::Ping), &mut step), Some(Who::Agent(AGENT)));
    assert!(all.recall(RequestId(1)).is_some());
    assert_eq!(all.admit(DESK, &say, &mut step), Some(Who::Agent(AGENT)));
}

#[test]
fn whoever_is_sent_too_much_before_welcome_is_closed_as_slow() {
    let text = "x".repeat(HELD_BYTES_MAX / 2);
    let frame = ServerFrame::Event { event: event(Lane::Shared, &text) };
    check(
        |all, step| {
            for _ in 0..2 {
                all.send(Audience::One(ANN_TOO), frame.clone(), step);
            }
        },
        &[closed(ANN_TOO, Close::Slow)],
    );
}

#[test]
fn one_follows_so_many_and_types_once_a_second() {
    let (mut all, _) = given();
    for n in 0..FOLLOW_CONVERSATIONS_MAX as u128 {
        assert!(all.follow(DESK, ConversationId(n)));
    }
    assert!(!all.follow(DESK, ConversationId(999)) && all.follow(DESK, ConversationId(0)));
    assert!(all.types(ANN, CONVERSATION, START_MS) && !all.types(ANN, CONVERSATION, START_MS + 999));
    assert!(all.types(ANN, ConversationId(0), START_MS) && all.types(ANN, CONVERSATION, START_MS + 1_000));
}
