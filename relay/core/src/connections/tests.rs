//! The connections alone: given who is connected, when something happens, exactly these outputs and news follow.

use relay_settings::{BuiltInRole, Reach};
use wire::limit::{FOLLOW_CONVERSATIONS_MAX, HELD_BYTES_MAX};
use wire::{Author, Body, Event, FromAgent, MessageId, ServerFrame, Tag, Token};

use super::*;
use crate::news::Audience;
use crate::rights::tests::{everywhere, on_sites};
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

fn site() -> SiteId {
    "demo".parse().unwrap()
}

fn source() -> Source {
    Source { address: Some(Tag(7)), network: Some(Tag(70)) }
}

/// A stranger, a welcomed visitor on one connection and one who waits for `Welcome` on another, and two agents.
fn given() -> (Connections, Step) {
    let (mut all, mut step) = (Connections::new(1_000), Step::new(START_MS, 7));
    let site = site();
    for (connection, visitor) in [(STRANGER, None), (ANN, Some(VISITOR)), (ANN_TOO, Some(VISITOR))] {
        let page = PageContext::default();
        assert!(all.connect_visitor(connection, (site.clone(), visitor), &page, source(), &mut step));
    }
    for (connection, agent) in [(DESK, AGENT), (OTHER_DESK, AgentId(2))] {
        assert!(all.connect_agent(connection, (agent, everywhere(BuiltInRole::Agent)), &mut step));
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
        (Audience::Colleagues(AGENT, everywhere(BuiltInRole::Agent)), &[DESK, OTHER_DESK]),
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
fn visitors_are_sent_their_sites_look_when_they_are_welcomed_and_when_it_changes() {
    const ELSEWHERE: ConnectionId = ConnectionId(6);
    let looks = |here, there| [(site(), here), ("other".parse().unwrap(), there)].into();
    let look = |to: &[ConnectionId], look| sent(to, &ServerFrame::Look { look });
    let (mut all, mut step) = given();
    let (there, page) = ("other".parse().unwrap(), PageContext::default());
    assert!(all.connect_visitor(ELSEWHERE, (there, None), &page, source(), &mut step));
    all.set_looks(looks(1, 2), &mut step);
    assert_eq!(step.take_news(), [look(&[STRANGER, ANN], 1), look(&[ELSEWHERE], 2)]);
    all.set_looks(looks(1, 3), &mut step);
    assert_eq!(step.take_news(), [look(&[ELSEWHERE], 3)]);
    all.set_looks(looks(1, 3), &mut step);
    all.set_looks([(site(), 1)].into(), &mut step);
    assert_eq!(step.take_news(), []);
    let session = SessionStart::Visitor { visitor: Some(VISITOR), conversations: Vec::new(), answering: 0 };
    all.welcome(ANN_TOO, session, &mut step);
    // First the one that was held back: it is the same.
    assert_eq!(step.take_news()[1..], [look(&[ANN_TOO], 1), look(&[ANN_TOO], 1)]);
}

#[test]
fn events_reach_followers_holders_and_the_visitor_each_in_their_lanes() {
    let [shared, staff] = [event(Lane::Shared, "hello"), event(Lane::Staff, "a note")];
    let frames = [&shared, &staff].map(|event| ServerFrame::Event { event: event.clone() });
    let events = || vec![shared.clone(), staff.clone()];
    check(
        |all, step| all.send_events((VISITOR, &site()), &[Some(AGENT), None], events(), step),
        &[sent(&[DESK, ANN], &frames[0]), sent(&[DESK], &frames[1])],
    );
    check(
        |all, step| {
            assert!(all.follow(OTHER_DESK, CONVERSATION));
            assert!(
                all.receives_events(OTHER_DESK, CONVERSATION, None) && !all.receives_events(DESK, CONVERSATION, None)
            );
            assert!(all.receives_events(DESK, CONVERSATION, Some(AGENT)));
            all.send_events((VISITOR, &site()), &[Some(AGENT), Some(AGENT)], events(), step);
        },
        &[sent(&[DESK, OTHER_DESK, ANN], &frames[0]), sent(&[DESK, OTHER_DESK], &frames[1])],
    );
}

#[test]
fn visitors_are_sent_how_many_may_answer_them_when_that_is_another_number() {
    const ELSEWHERE: ConnectionId = ConnectionId(6);
    let counts = |here: bool, there: bool| {
        let mut counts = OnlineCounts::default();
        for (id, comes) in [("demo", here), ("other", there)] {
            if comes {
                counts.count(&Reach::Some([id.parse().unwrap()].into()), true);
            }
        }
        counts
    };
    let answering = |to: &[ConnectionId], agents| sent(to, &ServerFrame::Answering { agents });
    let (mut all, mut step) = given();
    let (there, page) = ("other".parse().unwrap(), PageContext::default());
    assert!(all.connect_visitor(ELSEWHERE, (there, None), &page, source(), &mut step));
    all.welcome(ELSEWHERE, SessionStart::Visitor { visitor: None, conversations: Vec::new(), answering: 0 }, &mut step);
    step.take_news();
    for (counts, then) in [
        (counts(false, true), vec![answering(&[ELSEWHERE], 1)]),
        (counts(false, true), Vec::new()),
        (counts(true, true), vec![answering(&[STRANGER, ANN], 1)]),
        (OnlineCounts::everywhere(1), Vec::new()),
        (OnlineCounts::everywhere(2), vec![answering(&[STRANGER, ANN, ELSEWHERE], 2)]),
        (counts(true, false), vec![answering(&[ELSEWHERE], 0), answering(&[STRANGER, ANN], 1)]),
    ] {
        all.set_answering(counts, &mut step);
        assert_eq!(step.take_news(), then);
    }
    assert_eq!([ANN, ELSEWHERE, DESK].map(|connection| all.answering(connection)), [1, 0, 0]);
}

#[test]
fn what_is_out_of_an_agents_scope_is_not_sent_to_it() {
    const ELSEWHERE: ConnectionId = ConnectionId(6);
    let outside = (AgentId(3), on_sites(BuiltInRole::Administrator, &["other"]));
    let mut row = crate::Conversation::new(CONVERSATION, site(), VISITOR, START_MS, String::new()).summary();
    let [here, there] = ["demo", "other"].map(|id| on_sites(BuiltInRole::Agent, &[id]));
    let (shared, agent) = (event(Lane::Shared, "hello"), ServerFrame::Answering { agents: 1 });
    let frame = |row: &wire::ConversationSummary| ServerFrame::Inbox { row: row.clone() };
    let (mut all, mut step) = given();
    assert!(all.connect_agent(ELSEWHERE, outside.clone(), &mut step));
    step.take_news();
    let mut check = |when: &dyn Fn(&mut Connections, &mut Step), to: &[ConnectionId], frame: &ServerFrame| {
        when(&mut all, &mut step);
        assert_eq!(step.take_news(), if to.is_empty() { Vec::new() } else { vec![sent(to, frame)] });
    };
    check(&|all, step| all.send_row(row.clone(), step), &[DESK, OTHER_DESK], &frame(&row));
    row.site = "other".parse().unwrap();
    check(&|all, step| all.send_row(row.clone(), step), &[DESK, OTHER_DESK, ELSEWHERE], &frame(&row));
    // Whoever holds or follows it gets no event either.
    let event = ServerFrame::Event { event: shared.clone() };
    check(
        &|all, step| {
            all.follow(ELSEWHERE, CONVERSATION);
            all.send_events((VisitorId(0), &site()), &[Some(outside.0)], vec![shared.clone()], step);
        },
        &[],
        &event,
    );
    let other = "other".parse().unwrap();
    check(
        &|all, step| all.send_events((VisitorId(0), &other), &[None], vec![shared.clone()], step),
        &[ELSEWHERE],
        &event,
    );
    for (rights, to) in [(here, &[DESK, OTHER_DESK][..]), (there, &[DESK, OTHER_DESK, ELSEWHERE])] {
        check(&|all, step| all.send(Audience::Colleagues(AGENT, rights.clone()), agent.clone(), step), to, &agent);
    }
    // Counts are sent to those whose sites' counts have changed.
    let counts = |waiting| wire::Counts { waiting, ..wire::Counts::default() };
    let of = |sites: &Reach<SiteId>| counts(if *sites == Reach::All { 2 } else { 0 });
    let frame = ServerFrame::Counts { counts: counts(2) };
    check(&|all, step| all.send_counts(of, step), &[DESK, OTHER_DESK], &frame);
    check(&|all, step| all.send_counts(of, step), &[], &frame);
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
    check(
        |all, step| all.close_agent(AGENT, Close::SignedOut, step),
        &[closed(DESK, Close::SignedOut), News::AgentWent(AGENT)],
    );
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
        all.query(pending, Query::Closed { before_ms: 0, before: None, sites: relay_settings::Reach::All }, &mut step);
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
