//! The agent's session, step by step: exactly these outputs and no others.

mod defence;
mod erased;
mod kinds;
mod lists;
mod rights;

use widget_core::{
    AgentInput, AgentSession, AgentStart, ConnectionInput, Content, Item, ItemState, Online, Output, Transport,
};
use wire::{
    AgentId, AgentState, AgentSummary, Author, Body, ClientFrame, Close, ConversationId, ConversationState,
    ConversationSummary, Cursor, Event, Follow, Head, Hello, MessageId, PageContext, Party, Refusal, Role, Seq,
    ServerFrame, SessionStart, StaffScope, Subject, ToAgent, VisitorId,
};

const ME: AgentId = AgentId(1);
const OTHER: AgentId = AgentId(2);
const HERE: ConversationId = ConversationId(10);

struct Console {
    session: AgentSession,
    now_ms: u64,
    /// What the relay says of the agent at each welcome.
    rights: Vec<String>,
    scope: StaffScope,
}

fn start(away: bool) -> Console {
    let now_ms = 1_000;
    let session = AgentSession::new(now_ms, AgentStart { seed: 5, drafts: Vec::new(), away });
    Console { session, now_ms, rights: vec!["conversation_read".to_owned()], scope: StaffScope::default() }
}

impl Console {
    fn does(&mut self, input: AgentInput) -> Vec<Output> {
        self.session.handle(self.now_ms, input);
        std::iter::from_fn(|| self.session.next_output()).collect()
    }

    fn hears(&mut self, frame: ServerFrame) -> Vec<Output> {
        let frame = ToAgent::try_from(frame).expect("agents get it");
        self.does(AgentInput::Connection(ConnectionInput::Frame(frame)))
    }

    fn row(&mut self, row: ConversationSummary) -> Vec<Output> {
        self.hears(ServerFrame::Inbox { row })
    }

    fn connects(&mut self, me: AgentState, open: Vec<ConversationSummary>) -> Vec<Output> {
        let mut all = self.does(AgentInput::Connection(ConnectionInput::Up));
        let agents = vec![summary(ME, me), summary(OTHER, AgentState::Online)];
        let (rights, scope) = (self.rights.clone(), self.scope.clone());
        let session = SessionStart::Agent { me: summary(ME, me), agents, open, rights, scope };
        let welcome = ServerFrame::Welcome { protocol: 1, now_ms: 61_000, attachment_bytes_max: 100, session };
        all.extend(self.hears(welcome));
        all
    }

    fn reconnects(&mut self, me: AgentState, open: Vec<ConversationSummary>) -> Vec<Output> {
        self.does(AgentInput::Connection(ConnectionInput::Down { code: 1006 }));
        assert_eq!(self.does(AgentInput::Connection(ConnectionInput::NetworkUp)), [Output::Connect(Transport::Socket)]);
        self.connects(me, open)
    }

    fn items(&self) -> Vec<&Item> {
        self.session.timeline().expect("one is shown").items().collect()
    }
}

fn summary(id: AgentId, state: AgentState) -> AgentSummary {
    let name = if id == ME { "Ana" } else { "Ben" };
    AgentSummary { id, name: name.to_owned(), role: Role::Agent, state, capacity: 4, load: 0, off_hours: false }
}

fn row(conversation: u128, state: ConversationState, unread: u32) -> ConversationSummary {
    ConversationSummary {
        conversation: ConversationId(conversation),
        site: "demo".parse().expect("a site id"),
        visitor: VisitorId(50),
        state,
        opened_at_ms: 1,
        last_at_ms: conversation as u64,
        last_line: String::new(),
        last_party: Party::Visitor,
        unanswered: false,
        unread,
        language: String::new(),
        score: 0,
        head: Cursor { shared: Seq(4), staff: Seq(1) },
        presence: None,
        spam: false,
        known: false,
        network: None,
    }
}

const fn mine() -> ConversationState {
    ConversationState::Assigned { agent: ME }
}

fn event(seq: u64, at_ms: u64, id: u128, author: Author, body: Body) -> Event {
    Event { conversation: HERE, lane: body.lane(), seq: Seq(seq), at_ms, id: MessageId(id), author, body }
}

fn text(seq: u64, author: Author) -> Event {
    event(seq, seq * 10, u128::from(seq), author, Body::Text { text: "hello".to_owned() })
}

fn page(events: Vec<Event>) -> ServerFrame {
    let lane = events[0].lane;
    let head = events.last().expect("a page with events").seq;
    ServerFrame::Events { conversation: HERE, lane, after: Seq(0), events, head }
}

fn about(conversation: ConversationId, refusal: Refusal) -> ServerFrame {
    ServerFrame::Refused { subject: Subject::Conversation { conversation }, refusal }
}

/// Live, with one own conversation shown and loaded.
fn answering() -> Console {
    let mut desk = start(false);
    desk.does(AgentInput::Open);
    desk.connects(AgentState::Online, vec![row(10, mine(), 1)]);
    desk.does(AgentInput::Show { conversation: HERE });
    desk.hears(page(vec![text(1, Author::Visitor)]));
    let page_context = PageContext { title: "Trade".to_owned(), ..PageContext::default() };
    let context = event(1, 10, 91, Author::Visitor, Body::Context { page: page_context });
    desk.hears(page(vec![context, event(2, 11, 92, Author::System, Body::Assigned { agent: ME })]));
    desk
}

#[test]
fn a_conversation_is_shown_with_notes_context_and_earlier_ones() {
    let mut desk = start(false);
    assert_eq!(desk.does(AgentInput::Open), [Output::Connect(Transport::Socket)]);
    let hello = ClientFrame::Hello { protocol: 1, hello: Hello::Agent { state: None }, follow: Vec::new() };
    assert_eq!(desk.connects(AgentState::Online, vec![row(10, mine(), 1)]), [Output::Transmit(hello)]);
    assert_eq!(desk.session.online(), Online::Live);
    assert_eq!(desk.session.relay_now_ms(2_000), 62_000);
    let follow = Follow { conversation: HERE, after: Cursor::default() };
    let out = desk.does(AgentInput::Show { conversation: HERE });
    let list = ClientFrame::ListOfVisitor { visitor: VisitorId(50) };
    assert_eq!(out, [Output::Transmit(list), Output::Transmit(ClientFrame::Follow { follow })]);
    assert!(desk.session.timeline().unwrap().loading());
    let closed = ConversationState::Closed { at_ms: 5 };
    desk.hears(ServerFrame::OfVisitor { visitor: VisitorId(50), rows: vec![row(10, mine(), 1), row(9, closed, 0)] });
    assert_eq!(desk.session.earlier(), [row(9, closed, 0)]);
    assert_eq!(desk.session.row(ConversationId(9)), Some(&row(9, closed, 0)));

    let desk = answering();
    assert!(!desk.session.timeline().unwrap().loading());
    assert_eq!(desk.session.context().map(|page| page.title.as_str()), Some("Trade"));
    assert_eq!(desk.items()[1].content, Content::StaffNotice(Body::Assigned { agent: ME }.into()));
}

#[test]
fn words_and_notes_are_sent_seen_or_refused() {
    let mut desk = answering();
    let out = desk.does(AgentInput::Say { text: "good morning".to_owned() });
    let Output::Transmit(ClientFrame::Say { id, .. }) = out[1] else { panic!("{out:?}") };
    let draft = desk.items()[2];
    assert_eq!(draft.author, Author::Agent { id: ME, name: "Ana".to_owned() });
    assert_eq!(draft.state, ItemState::Sending);
    let body = Body::Text { text: "good morning".to_owned() };
    let ana = || Author::Agent { id: ME, name: "Ana".to_owned() };
    assert_eq!(desk.hears(ServerFrame::Event { event: event(2, 20, id.0, ana(), body) }), [Output::Forget(id)]);
    desk.hears(ServerFrame::Event { event: event(3, 30, 93, Author::Visitor, Body::Seen { up_to: Seq(2) }) });
    assert_eq!(desk.items()[2].state, ItemState::Seen);

    let out = desk.does(AgentInput::Note { text: "a regular".to_owned() });
    let Output::Transmit(ClientFrame::Note { id, .. }) = out[1] else { panic!("{out:?}") };
    let body = Body::Note { text: "a regular".to_owned() };
    assert_eq!(desk.hears(ServerFrame::Event { event: event(3, 40, id.0, ana(), body) }), [Output::Forget(id)]);
    assert_eq!(desk.items()[3].state, ItemState::Recorded);

    let out = desk.does(AgentInput::Say { text: "too late".to_owned() });
    let Output::Transmit(ClientFrame::Say { id, .. }) = out[1] else { panic!("{out:?}") };
    let subject = Subject::Message { conversation: HERE, id };
    assert_eq!(desk.hears(ServerFrame::Refused { subject, refusal: Refusal::Ended }), []);
    assert_eq!(desk.items()[4].state, ItemState::Failed(Refusal::Ended));
}

#[test]
fn the_three_lists_are_sorted_and_follow_the_rows() {
    let mut desk = start(false);
    desk.does(AgentInput::Open);
    let waiting = |since_ms| ConversationState::Waiting { since_ms };
    let theirs = ConversationState::Assigned { agent: OTHER };
    let open = vec![
        row(1, waiting(200), 1),
        row(2, mine(), 2),
        row(3, waiting(100), 1),
        row(4, theirs, 7),
        row(5, mine(), 0),
        row(6, ConversationState::Idle { why: wire::Idle::SteppedOut, since_ms: 0 }, 1),
    ];
    desk.connects(AgentState::Online, open);
    let ids = |rows: Vec<&ConversationSummary>| rows.iter().map(|row| row.conversation.0).collect::<Vec<_>>();
    assert_eq!(ids(desk.session.waiting()), [3, 1]);
    assert_eq!(ids(desk.session.mine()), [5, 2]);
    // Whoever waits comes first, the longest wait on top: in the queue, or with a colleague who has not looked.
    assert_eq!(ids(desk.session.open()), [2, 4, 3, 1, 6, 5]);
    assert_eq!(desk.session.unread_total(), 2);
    desk.row(row(5, ConversationState::Closed { at_ms: 9 }, 0));
    assert_eq!(ids(desk.session.mine()), [2]);
}

#[test]
fn assignments_and_messages_arrive_once_and_not_with_the_first_picture() {
    let mut desk = start(false);
    desk.does(AgentInput::Open);
    let arrived = |assigned| Output::Arrived { conversation: HERE, seq: Seq(4), assigned };
    assert_eq!(desk.connects(AgentState::Online, vec![row(10, mine(), 1)]).len(), 1);
    assert_eq!(desk.row(row(10, mine(), 2)), [arrived(false)]);
    assert_eq!(desk.row(row(10, mine(), 2)), []);
    assert_eq!(desk.row(row(11, ConversationState::Waiting { since_ms: 1 }, 1)), []);
    let got = Output::Arrived { conversation: ConversationId(11), seq: Seq(4), assigned: true };
    assert_eq!(desk.row(row(11, mine(), 1)), [got]);
    // What happened while the connection was down.
    let out = desk.reconnects(AgentState::Online, vec![row(10, mine(), 3), row(11, mine(), 1)]);
    assert_eq!(out[1..], [arrived(false)]);
}

#[test]
fn a_choice_to_be_away_holds_over_reconnects_and_tabs() {
    let presence = |state| Output::Transmit(ClientFrame::Presence { state });
    let hello =
        |state| Output::Transmit(ClientFrame::Hello { protocol: 1, hello: Hello::Agent { state }, follow: Vec::new() });
    let away = Some(AgentState::Away);
    let mut desk = start(true);
    desk.does(AgentInput::Open);
    // An older relay does not listen to the choice in the hello.
    assert_eq!(desk.connects(AgentState::Online, Vec::new()), [hello(away), presence(AgentState::Away)]);
    // The relay's own picture of a moment ago does not undo it.
    desk.hears(ServerFrame::Agent { agent: summary(ME, AgentState::Online) });
    assert!(desk.session.away());
    desk.hears(ServerFrame::Agent { agent: summary(ME, AgentState::Away) });
    assert_eq!(desk.reconnects(AgentState::Away, Vec::new()), [hello(away)]);
    desk.hears(ServerFrame::Agent { agent: summary(ME, AgentState::Away) });
    // Another tab chose.
    desk.hears(ServerFrame::Agent { agent: summary(ME, AgentState::Online) });
    assert!(!desk.session.away());
    assert_eq!(desk.reconnects(AgentState::Online, Vec::new()), [hello(None)]);
    assert_eq!(desk.does(AgentInput::Presence { away: true }), [presence(AgentState::Away)]);
    assert_eq!(desk.session.me().map(|me| me.state), Some(AgentState::Online));
    // Back again while the connection was down: said, although it is what a relay expects of whoever comes.
    desk.does(AgentInput::Connection(ConnectionInput::Down { code: 1006 }));
    assert_eq!(desk.does(AgentInput::Presence { away: false }), []);
    assert_eq!(desk.does(AgentInput::Connection(ConnectionInput::NetworkUp)), [Output::Connect(Transport::Socket)]);
    assert_eq!(desk.connects(AgentState::Online, Vec::new()), [hello(Some(AgentState::Online))]);
}

#[test]
fn only_the_own_conversation_counts_as_seen() {
    let mut desk = answering();
    let seen = Output::Transmit(ClientFrame::Seen { conversation: HERE, up_to: Seq(1) });
    assert_eq!(desk.does(AgentInput::Visible { visible: true }), [seen]);
    let mut desk = answering();
    desk.row(row(10, ConversationState::Assigned { agent: OTHER }, 1));
    assert_eq!(desk.does(AgentInput::Visible { visible: true }), []);
}

#[test]
fn taking_may_come_too_late() {
    let mut desk = answering();
    let there = ConversationId(12);
    let take = Output::Transmit(ClientFrame::Take { conversation: there });
    assert_eq!(desk.does(AgentInput::Take { conversation: there }), [take]);
    assert_eq!(desk.hears(about(there, Refusal::Taken)), []);
    assert_eq!(desk.session.last_refusal(), Some(&(1_000, Refusal::Taken)));
    desk.does(AgentInput::Connection(ConnectionInput::Down { code: 1006 }));
    assert_eq!(desk.does(AgentInput::Take { conversation: there }), []);
    assert_eq!(desk.session.last_refusal(), Some(&(1_000, Refusal::Busy)));
}

#[test]
fn what_is_shown_is_followed_again_after_a_reconnect_or_when_the_relay_forgot() {
    let mut desk = answering();
    let after = Cursor { shared: Seq(1), staff: Seq(2) };
    let follow = Follow { conversation: HERE, after };
    let out = desk.reconnects(AgentState::Online, vec![row(10, mine(), 1)]);
    let hello = ClientFrame::Hello { protocol: 1, hello: Hello::Agent { state: None }, follow: vec![follow] };
    assert_eq!(out[0], Output::Transmit(hello));
    let nothing = |lane, seq| ServerFrame::Events {
        conversation: HERE,
        lane,
        after: Seq(seq),
        events: Vec::new(),
        head: Seq(seq),
    };
    desk.hears(nothing(wire::Lane::Shared, 1));
    desk.hears(nothing(wire::Lane::Staff, 2));
    assert_eq!(desk.hears(ServerFrame::Pong { heads: vec![Head { conversation: HERE, head: after }] }), []);
    let out = desk.hears(ServerFrame::Pong { heads: Vec::new() });
    assert_eq!(out, [Output::Transmit(ClientFrame::Follow { follow })]);
}

#[test]
fn a_signed_out_agent_is_not_connected_again() {
    let mut desk = answering();
    desk.does(AgentInput::Connection(ConnectionInput::Down { code: Close::SignedOut.code() }));
    assert_eq!(desk.session.online(), Online::Refused(Close::SignedOut));
    assert_eq!(desk.does(AgentInput::Connection(ConnectionInput::NetworkUp)), []);
    assert_eq!(desk.session.poll_timeout(), None);
}

#[test]
fn old_timelines_make_room() {
    let mut desk = answering();
    let mut unfollowed = Vec::new();
    for conversation in 100..120 {
        for output in desk.does(AgentInput::Show { conversation: ConversationId(conversation) }) {
            if let Output::Transmit(ClientFrame::Unfollow { conversation }) = output {
                unfollowed.push(conversation.0);
            }
        }
    }
    assert_eq!(unfollowed, [10, 100, 101, 102, 103, 104, 105, 106, 107]);
}
