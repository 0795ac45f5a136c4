//! What one message costs the core, from the visitor's frame to everybody's event, while many conversations are open.
//!
//! `cargo bench -p relay-core`

use divan::Bencher;
use relay_core::Core;
use relay_core::append::{Append, Appended, NewBody};
use relay_core::conversation::Conversation;
use relay_core::input::{Agent, Commit, ConnectionId, Input, Peer, Start};
use relay_core::output::Output;
use relay_core::store::QueryAnswer;
use relay_settings::{BuiltInRole, Scope, Snapshot};
use wire::{
    AgentId, Author, Body, ConversationId, Cursor, Event, FromVisitor, Incoming, MessageId, PageContext, Say, Seq,
    SiteId, VisitorId,
};

const TEXT_BYTES: usize = 200;
const CAPACITY: usize = 100;
const START_MS: u64 = 1_700_000_000_000;
/// Far enough apart that no rate refuses a message.
const STEP_MS: u64 = 1_000;
const VISITOR_CONNECTION: ConnectionId = ConnectionId(1);
const AGENT_CONNECTION: ConnectionId = ConnectionId(2);

fn main() {
    divan::main();
}

/// A core, one visitor and one agent who are connected, and a store that says yes.
struct World {
    core: Core,
    now_ms: u64,
    messages: u128,
    head: Cursor,
    /// Frames sent, so that nothing of the work is in vain.
    sent: usize,
}

fn site() -> SiteId {
    "demo".parse().expect("a plain word is a site id")
}

fn event(seq: u64, body: Body) -> Event {
    let (lane, id) = (body.lane(), MessageId(u128::from(seq)));
    let conversation = ConversationId(0);
    Event { conversation, lane, seq: Seq(seq), at_ms: START_MS, id, author: Author::Visitor, body }
}

/// A conversation that its agent has.
fn conversation(number: usize) -> Conversation {
    let (number, agent) = (number as u128, AgentId((number / CAPACITY) as u128));
    let mut one = Conversation::new(ConversationId(number), site(), VisitorId(number), START_MS, "en".to_owned());
    for event in [
        event(1, Body::Text { text: "Hello".to_owned() }),
        event(2, Body::Queued),
        event(1, Body::Turn { turn: 1, address: None, network: None, known: false }),
        event(2, Body::Assigned { agent }),
        event(3, Body::Joined),
    ] {
        one.apply(&event).expect("each lane is in order");
    }
    one
}

impl World {
    fn new(open: usize) -> Self {
        let agents = (0..open.div_ceil(CAPACITY)).map(|number| Agent {
            id: AgentId(number as u128),
            name: format!("Agent {number}"),
            roles: [BuiltInRole::Agent.document_id()].into(),
            scope: Scope::EVERYWHERE,
            hours: None,
            capacity: 100,
        });
        let start = Start {
            seed: 7,
            attachment_bytes_max: 1,
            agents: agents.collect(),
            open: (0..open).map(conversation).collect(),
            settings: relay_core::Settings::default(),
            blocks: Vec::new(),
            sites: vec![site()],
            documents: Snapshot::default(),
        };
        let head = Cursor { shared: Seq(3), staff: Seq(2) };
        let mut world = Self { core: Core::new(START_MS, start), now_ms: START_MS, messages: 0, head, sent: 0 };
        let visitor = Peer::Visitor {
            site: site(),
            visitor: Some(VisitorId(0)),
            page: PageContext::default(),
            source: relay_core::Source::default(),
        };
        let agent = Peer::Agent { agent: AgentId(0), state: None };
        for (connection, peer) in [(VISITOR_CONNECTION, visitor), (AGENT_CONNECTION, agent)] {
            world.handle(Input::Connected { connection, peer, follow: Vec::new() });
        }
        world
    }

    fn handle(&mut self, input: Input) {
        self.core.handle(self.now_ms, input);
        while let Some(output) = self.core.next_output() {
            match output {
                Output::Append { request, append } => {
                    let events = self.recorded(append);
                    let (site, visitor) = (site(), VisitorId(0));
                    let commit = Commit { site: site.clone(), visitor, events: events.clone() };
                    self.core.handle(self.now_ms, Input::Committed(commit));
                    let appended = Appended { site, visitor, events, repeated: false };
                    self.core.handle(self.now_ms, Input::Appended { request, result: Ok(appended) });
                }
                Output::Query { request, .. } => {
                    let answer = QueryAnswer::Conversations { rows: Vec::new(), more: false };
                    self.core.handle(self.now_ms, Input::Answered { request, result: Ok(answer) });
                }
                Output::Send { to, .. } => self.sent += to.len(),
                Output::Close { .. }
                | Output::Register { .. }
                | Output::Block { .. }
                | Output::Unblock { .. }
                | Output::Typing(_)
                | Output::Presence(_)
                | Output::Subscribe(_)
                | Output::Unsubscribe(_) => {}
            }
        }
    }

    fn recorded(&mut self, append: Append) -> Vec<Event> {
        let mut events = Vec::new();
        for new_event in append.new_events {
            let NewBody::Ready(body) = new_event.body else { continue };
            let lane = body.lane();
            let head = self.head.of_mut(lane);
            *head = head.next();
            let (conversation, at_ms) = (append.conversation, self.now_ms);
            events.push(Event {
                conversation,
                lane,
                seq: *head,
                at_ms,
                id: new_event.id,
                author: new_event.author,
                body,
            });
        }
        events
    }

    fn message(&mut self) {
        self.now_ms += STEP_MS;
        self.messages += 1;
        let (conversation, id) = (ConversationId(0), MessageId(self.messages << 64));
        let say = Say::Text { text: "x".repeat(TEXT_BYTES) };
        self.handle(Input::Frame {
            connection: VISITOR_CONNECTION,
            frame: Incoming::Visitor(FromVisitor::Say { conversation, id, say }),
        });
    }
}

#[divan::bench(args = [10, 1_000, 10_000])]
fn one_message(bencher: Bencher, open: usize) {
    let mut world = World::new(open);
    let before = world.sent;
    world.message();
    // The visitor's and the agent's event in one frame for both. The row of the agent's list waits for others.
    assert_eq!(world.sent - before, 2, "the message reaches both sides");
    bencher.bench_local(|| world.message());
}
