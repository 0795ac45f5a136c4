//! One input, exactly these outputs, nothing left over.

use relay_core::{
    Append, Condition, Core, Input, NewBody, NewEvent, Opening, Output, Peer, Presence, Present, Query, RequestId,
    Start, Topic,
};
use wire::*;

use crate::support::*;

fn of_visitor(frame: ClientFrame) -> Incoming {
    Incoming::of(Party::Visitor, frame).expect("a visitor's frame")
}

/// Gives one input and wants exactly these outputs; ids that the core drew itself are made 0 before comparing.
fn check(core: &mut Core, now_ms: u64, input: Input, want: &[Output]) {
    core.handle(now_ms, input);
    let mut got = Vec::new();
    while let Some(mut output) = core.next_output() {
        if let Output::Append { append, .. } = &mut output {
            for new_event in &mut append.new_events {
                if new_event.id.0 > 0xffff_ffff {
                    new_event.id = MessageId(0);
                }
            }
        }
        got.push(output);
    }
    assert_eq!(got, want);
}

fn ready(id: MessageId, author: Author, body: Body) -> NewEvent {
    NewEvent { id, author, body: NewBody::Ready(body) }
}

fn send(to: &[u64], frame: ServerFrame) -> Output {
    Output::Send { to: to.iter().copied().map(ConnectionId).collect(), frame }
}

fn events(new_events: &[(Lane, u64, u128, Author, Body)]) -> Vec<Event> {
    let event = |(lane, seq, id, author, body): &(Lane, u64, u128, Author, Body)| Event {
        conversation: conversation(1),
        lane: *lane,
        seq: Seq(*seq),
        at_ms: START_MS,
        id: MessageId(*id),
        author: author.clone(),
        body: body.clone(),
    };
    new_events.iter().map(event).collect()
}

/// A row whose visitor is there.
fn row(known: &relay_core::Conversation) -> ConversationSummary {
    ConversationSummary { presence: Some(VisitorPresence::Here), ..known.summary() }
}

fn text(text: &str) -> Body {
    Body::Text { text: text.to_owned() }
}

fn welcome(session: SessionStart) -> ServerFrame {
    ServerFrame::Welcome { protocol: 1, now_ms: START_MS, attachment_bytes_max: 1_000, session }
}

fn record(append: &[Event]) -> relay_core::Appended {
    relay_core::Appended { site: site(), visitor: visitor(1), events: append.to_vec(), repeated: false }
}

/// A core with one agent, absent, and one visitor on connection 1 whose first message is recorded; and its events.
fn after_a_first_message() -> (Core, Vec<Event>) {
    let start = Start {
        seed: 1,
        attachment_bytes_max: 1_000,
        agents: vec![settings(1, 4)],
        open: Vec::new(),
        settings: relay_core::Settings::default(),
        blocks: Vec::new(),
        sites: vec![site()],
        documents: relay_settings::Snapshot::default(),
    };
    let mut core = Core::new(START_MS, start);
    let mut step = |input, want: &[Output]| check(&mut core, START_MS, input, want);

    let on = Output::Subscribe;
    // A known visitor: Welcome waits for their list.
    let peer = Peer::Visitor {
        site: site(),
        visitor: Some(visitor(1)),
        page: page("https://example.com/?q=1"),
        source: relay_core::Source::default(),
    };
    let query = Query::OfVisitor { visitor: visitor(1), sites: relay_settings::Reach::All };
    step(
        Input::Connected { connection: ConnectionId(1), peer, follow: Vec::new() },
        &[on(Topic::Presence), on(Topic::Settings), Output::Query { request: RequestId(1), query }],
    );
    let session = SessionStart::Visitor { visitor: Some(visitor(1)), conversations: Vec::new(), answering: 0 };
    let rows = relay_core::QueryAnswer::Conversations { rows: Vec::new(), more: false };
    step(Input::Answered { request: RequestId(1), result: Ok(rows) }, &[send(&[1], welcome(session))]);

    // The first message: opened, queued, with the page, in one append; subscribed before that.
    let new_events = vec![
        ready(message(1), Author::Visitor, text("hello")),
        ready(MessageId(0), Author::System, Body::Queued),
        NewEvent { id: MessageId(0), author: Author::System, body: NewBody::Turn(relay_core::Queueing::default()) },
        ready(MessageId(0), Author::Visitor, Body::Context { page: page("https://example.com/") }),
    ];
    let opening = Opening { site: site(), visitor: visitor(1), language: "en".to_owned() };
    let append = Append::new(conversation(1), new_events).opening(opening).when(Condition::Owner(visitor(1)));
    let said = Input::Frame { connection: ConnectionId(1), frame: of_visitor(say(1, 1, "hello")) };
    let opened = on(Topic::Conversation(conversation(1)));
    step(said, &[opened, Output::Append { request: RequestId(2), append }]);

    // Committed: the visitor gets the shared lane, nobody else is here; then the position.
    let recorded = events(&[
        (Lane::Shared, 1, message(1).0, Author::Visitor, text("hello")),
        (Lane::Shared, 2, 11, Author::System, Body::Queued),
        (Lane::Staff, 1, 12, Author::System, Body::Turn { turn: 9, address: None, network: None, known: false }),
        (Lane::Staff, 2, 13, Author::Visitor, Body::Context { page: page("https://example.com/") }),
    ]);
    let commit = relay_core::Commit { site: site(), visitor: visitor(1), events: recorded.clone() };
    step(
        Input::Committed(commit),
        &[
            send(&[1], ServerFrame::Event { event: recorded[0].clone() }),
            send(&[1], ServerFrame::Event { event: recorded[1].clone() }),
            send(&[1], ServerFrame::Queue { conversation: conversation(1), place: 1, waiting: 1 }),
        ],
    );
    step(Input::Appended { request: RequestId(2), result: Ok(record(&recorded)) }, &[]);
    (core, recorded)
}

#[test]
fn a_retry_is_answered_to_the_asker_without_the_staff_lane() {
    let (mut core, recorded) = after_a_first_message();
    let mut step = |input, want: &[Output]| check(&mut core, START_MS, input, want);
    let new_events = vec![ready(message(1), Author::Visitor, text("hello"))];
    let append = Append::new(conversation(1), new_events).when(Condition::Owner(visitor(1)));
    let said = Input::Frame { connection: ConnectionId(1), frame: of_visitor(say(1, 1, "hello")) };
    step(said, &[Output::Append { request: RequestId(3), append }]);
    let repeated = relay_core::Appended { repeated: true, ..record(&recorded) };
    step(
        Input::Appended { request: RequestId(3), result: Ok(repeated) },
        &[
            send(&[1], ServerFrame::Event { event: recorded[0].clone() }),
            send(&[1], ServerFrame::Event { event: recorded[1].clone() }),
        ],
    );
}

#[test]
fn an_agent_comes_is_offered_who_waits_and_serves_them() {
    let (mut core, recorded) = after_a_first_message();
    let mut step = |input, want: &[Output]| check(&mut core, START_MS, input, want);
    // The site is subscribed; welcome, offer under conditions, frames for everybody, presence for other relays.
    let me = settings(1, 4).summary(AgentState::Online, 0, false);
    let mut known = relay_core::Conversation::new(conversation(1), site(), visitor(1), START_MS, String::new());
    for event in &recorded {
        known.apply(event).unwrap();
    }
    let rights = relay_settings::BuiltInRole::Agent.rights().iter().map(|right| right.as_str().to_owned()).collect();
    let (agents, open) = (vec![me.clone()], vec![row(&known)]);
    let session = SessionStart::Agent { me: me.clone(), agents, open, rights, scope: StaffScope::default() };
    let ada = Author::Agent { id: agent(1), name: "Agent 1".to_owned() };
    let new_events = vec![
        ready(MessageId(0), ada.clone(), Body::Assigned { agent: agent(1) }),
        ready(MessageId(0), ada.clone(), Body::Joined),
    ];
    let present = Present { agent: agent(1), state: AgentState::Online, here: true };
    let offer = Append::new(conversation(1), new_events);
    let offer = offer.when(Condition::StaffHead(Seq(2))).when(Condition::Capacity(agent(1), 4));
    step(
        Input::Connected {
            connection: ConnectionId(2),
            peer: Peer::Agent { agent: agent(1), state: None },
            follow: Vec::new(),
        },
        &[
            Output::Subscribe(Topic::Staff(site())),
            send(&[2], welcome(session)),
            send(&[2], ServerFrame::Counts { counts: Counts { waiting: 1, ..Counts::default() } }),
            Output::Append { request: RequestId(3), append: offer },
            send(&[2], ServerFrame::Agent { agent: me.clone() }),
            send(&[1], ServerFrame::Answering { agents: 1 }),
            Output::Presence(Presence { agents: vec![present], lease_ms: relay_core::PRESENCE_LEASE_MS }),
        ],
    );

    // Served: the staff lane to the agent only, the shared lane to both, the row, the agent's load.
    let served = events(&[
        (Lane::Staff, 3, 14, ada.clone(), Body::Assigned { agent: agent(1) }),
        (Lane::Shared, 3, 15, ada, Body::Joined),
    ]);
    for event in &served {
        known.apply(event).unwrap();
    }
    let commit = relay_core::Commit { site: site(), visitor: visitor(1), events: served.clone() };
    step(
        Input::Committed(commit),
        &[
            send(&[2], ServerFrame::Event { event: served[0].clone() }),
            send(&[2, 1], ServerFrame::Event { event: served[1].clone() }),
            send(&[1], ServerFrame::Holder { conversation: conversation(1), state: AgentState::Online }),
            send(&[2], ServerFrame::Inbox { row: row(&known) }),
            send(&[2], ServerFrame::Agent { agent: AgentSummary { load: 1, ..me } }),
        ],
    );
    // Then consoles are sent the counts again.
    assert_eq!(core.poll_timeout(), Some(START_MS + 1_000));
    let gauges =
        relay_core::Gauges { visitors: 1, agents: 1, agents_online: 1, open_conversations: 1, ..Default::default() };
    assert_eq!(core.gauges(), gauges);
}
