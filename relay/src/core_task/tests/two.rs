//! Two relays in one process, on one store and one bus: what one records or knows, the other receives.
#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one frame and skips all others")]

use std::time::Duration;

use relay_core::input::{Presence, Present};
use relay_core::{PRESENCE_LEASE_MS, Topic};
use wire::{BlockScope, ConversationId, ConversationState, Cursor, Follow, Lane, MessageId, SiteId, VisitorId};

use super::*;
use crate::audit::By;
use crate::bus::LocalHub;
use crate::store::task::StoreHandle;

const IT: ConversationId = ConversationId(7);
const ANN: AgentId = AgentId(1);
const BOB: AgentId = AgentId(2);
/// Nothing here takes nearly as long.
const WAIT: Duration = Duration::from_secs(20);

fn site() -> SiteId {
    "demo".parse().expect("a site id")
}

/// What both relays stand on.
struct Setup {
    store: StoreTask,
    hub: LocalHub,
    end: CancellationToken,
}

/// One relay.
struct Relay {
    bus: Arc<LocalBus>,
    arrivals: mpsc::Sender<Arrival>,
    unsent: Unsent,
    last: u64,
}

/// One client of a relay.
struct Client {
    connection: ConnectionId,
    party: Party,
    arrivals: mpsc::Sender<Arrival>,
    frames: outgoing::Receiver,
    closed: oneshot::Receiver<Close>,
}

impl Setup {
    async fn new() -> Self {
        let store = StoreTask::start(&MemoryStore::new()).expect("a store");
        let record = crate::store::Site { id: site(), name: "Demo".to_owned(), origins: Vec::new() };
        store.handle().write(move |writer| writer.put_site(&record, &By::command_line(1))).await.expect("kept");
        Self { store, hub: LocalHub::default(), end: CancellationToken::new() }
    }

    /// A relay that starts now, with what is in the store.
    async fn relay(&self, number: u128) -> Relay {
        let (bus, messages) = self.hub.join(RelayId(number));
        let (bus, unsent) = (Arc::new(bus), Unsent::default());
        let (arrivals, queue) = mpsc::channel(64);
        let agent = |id, role| Agent {
            id,
            name: format!("Agent {}", id.0),
            roles: [BuiltInRole::document_id(role)].into(),
            scope: Scope::EVERYWHERE,
            hours: None,
            capacity: 4,
        };
        let store: StoreHandle = self.store.handle();
        let agents = vec![agent(ANN, BuiltInRole::Supervisor), agent(BOB, BuiltInRole::Agent)];
        let open = store.read(|reader| reader.open_conversations()).await.expect("read");
        let start = Start { seed: number, open, sites: vec![site()], ..with(agents) };
        let config = crate::config::Config::parse("").expect("the example");
        let parts = CoreParts {
            store,
            bus: Arc::<LocalBus>::clone(&bus),
            messages,
            arrivals: queue,
            unsent: unsent.clone(),
            end: self.end.clone(),
            quotas: Quotas::new(config.quotas),
            reserve: Reserve::new(config.reserve, Vec::new()),
        };
        tokio::spawn(run(Core::new(now_ms(), start), parts));
        Relay { bus, arrivals, unsent, last: 0 }
    }

    async fn end(self) {
        self.end.cancel();
        tokio::task::spawn_blocking(|| self.store.stop()).await.expect("stopped");
    }
}

impl Relay {
    async fn connect(&mut self, peer: Peer) -> Client {
        self.last += 1;
        let connection = ConnectionId(self.last);
        let party = if matches!(peer, Peer::Agent { .. }) { Party::Staff } else { Party::Visitor };
        let (frames, read) = outgoing::queue(self.unsent.of_nobody(1024 * 1024));
        let (close, closed) = oneshot::channel();
        let input = Input::Connected { connection, peer, follow: Vec::new() };
        let output = ConnectionOutput { frames, close, session: None };
        self.arrivals.send(Arrival::Connected { output, input, connection }).await.expect("taken");
        let mut client = Client { connection, party, arrivals: self.arrivals.clone(), frames: read, closed };
        client.until(|frame| matches!(frame, ServerFrame::Welcome { .. })).await;
        client
    }

    async fn agent(&mut self, agent: AgentId, state: AgentState) -> Client {
        self.connect(Peer::Agent { agent, state: Some(state) }).await
    }

    async fn visitor(&mut self) -> (Client, VisitorId) {
        let (page, source) = (wire::PageContext::default(), relay_core::Source::default());
        let mut client = self.connect(Peer::Visitor { site: site(), visitor: None, page, source }).await;
        client.say(ClientFrame::Register).await;
        let registered = client.until(|frame| matches!(frame, ServerFrame::Registered { .. })).await;
        let ServerFrame::Registered { visitor, .. } = registered else { panic!("{registered:?}") };
        (client, visitor)
    }

    async fn gauges(&self) -> Gauges {
        let (reply, gauges) = oneshot::channel();
        self.arrivals.send(Arrival::Gauges(reply)).await.expect("taken");
        gauges.await.expect("call")
    }

    /// Unsubscribes from a topic, or subscribes again, without its core's knowledge.
    fn listens(&self, topic: &Topic, listens: bool) {
        if listens {
            self.bus.subscribe(topic.clone()).expect("there is room");
        } else {
            self.bus.unsubscribe(topic);
        }
    }
}

impl Client {
    async fn say(&mut self, frame: ClientFrame) {
        let frame = Incoming::of(self.party, frame).expect("a frame of its side");
        let input = Input::Frame { connection: self.connection, frame };
        self.arrivals.send(Arrival::Input(input)).await.expect("taken");
    }

    /// Writes a message, and waits until it is recorded.
    async fn write(&mut self, n: u128) {
        let say = wire::Say::Text { text: n.to_string() };
        self.say(ClientFrame::Say { conversation: IT, id: MessageId(n), say }).await;
        self.until_event(n).await;
    }

    async fn until_event(&mut self, n: u128) {
        self.until(|frame| matches!(frame, ServerFrame::Event { event } if event.id == MessageId(n))).await;
    }

    /// The first frame of this kind that comes.
    async fn until(&mut self, wanted: impl Fn(&ServerFrame) -> bool) -> ServerFrame {
        let search = async {
            loop {
                let text = self.frames.recv().await.expect("open");
                let frame = serde_json::from_str(text.text().as_str()).expect("a frame");
                if wanted(&frame) {
                    return frame;
                }
            }
        };
        tokio::time::timeout(WAIT, search).await.expect("it comes in time")
    }

    /// How far the relay knows the conversation, for one who follows it.
    async fn head(&mut self) -> Cursor {
        self.say(ClientFrame::Ping).await;
        match self.until(|frame| matches!(frame, ServerFrame::Pong { .. })).await {
            ServerFrame::Pong { heads } => heads.first().map(|head| head.head).unwrap_or_default(),
            other => panic!("{other:?}"),
        }
    }

    /// The state in which another agent is shown next.
    async fn sees(&mut self, agent: AgentId, state: AgentState) {
        let wanted = |frame: &ServerFrame| matches!(frame, ServerFrame::Agent { agent: shown } if shown.id == agent && shown.state == state);
        self.until(wanted).await;
    }

    async fn sees_row(&mut self, with: impl Fn(&wire::ConversationSummary) -> bool) {
        self.until(|frame| matches!(frame, ServerFrame::Inbox { row } if row.conversation == IT && with(row))).await;
    }
}

#[tokio::test]
async fn a_visitor_and_an_agent_at_two_relays_talk() {
    let setup = Setup::new().await;
    let (mut one, mut two) = (setup.relay(1).await, setup.relay(2).await);
    // Away, so that it is given nobody: it takes.
    let mut ann = two.agent(ANN, AgentState::Away).await;
    let (mut visitor, _) = one.visitor().await;
    visitor.write(1).await;
    ann.sees_row(|row| matches!(row.state, ConversationState::Waiting { .. })).await;
    ann.say(ClientFrame::Take { conversation: IT }).await;
    let holder = visitor.until(|frame| matches!(frame, ServerFrame::Holder { .. })).await;
    assert_eq!(holder, ServerFrame::Holder { conversation: IT, state: AgentState::Away });
    ann.write(2).await;
    visitor.until_event(2).await;
    visitor.write(3).await;
    ann.until_event(3).await;
    visitor.say(ClientFrame::Typing { conversation: IT }).await;
    ann.until(|frame| matches!(frame, ServerFrame::Typing { .. })).await;
    for relay in [&one, &two] {
        assert_eq!(relay.gauges().await.gaps_repaired_by_relay, 0);
    }
    setup.end().await;
}

#[tokio::test]
async fn agents_at_two_relays_see_each_other_and_their_visitors_see_them() {
    let setup = Setup::new().await;
    let (mut one, mut two) = (setup.relay(1).await, setup.relay(2).await);
    let (mut visitor, _) = one.visitor().await;
    let mut ann = one.agent(ANN, AgentState::Away).await;
    let mut bob = two.agent(BOB, AgentState::Online).await;
    ann.sees(BOB, AgentState::Online).await;
    visitor.until(|frame| *frame == ServerFrame::Answering { agents: 1 }).await;
    assert_eq!(one.gauges().await.agents_online, 1);
    visitor.write(1).await;
    // Relay two offers them to its own agent, and relay one knows that this agent is there.
    let holder = visitor.until(|frame| matches!(frame, ServerFrame::Holder { .. })).await;
    assert_eq!(holder, ServerFrame::Holder { conversation: IT, state: AgentState::Online });
    bob.say(ClientFrame::Presence { state: AgentState::Away }).await;
    ann.sees(BOB, AgentState::Away).await;
    bob.say(ClientFrame::Presence { state: AgentState::Online }).await;
    ann.sees(BOB, AgentState::Online).await;
    two.arrivals.send(Arrival::Input(Input::SignedOut { agent: BOB })).await.expect("taken");
    ann.sees(BOB, AgentState::Offline).await;
    visitor.until(|frame| *frame == ServerFrame::Answering { agents: 0 }).await;
    setup.end().await;
}

#[tokio::test]
async fn a_relay_that_falls_silent_has_no_agents_any_more() {
    let setup = Setup::new().await;
    let mut one = setup.relay(1).await;
    let mut ann = one.agent(ANN, AgentState::Away).await;
    let (other, _messages) = setup.hub.join(RelayId(2));
    let tell = |lease_ms| {
        let agents = vec![Present { agent: BOB, state: AgentState::Online, here: true }];
        let presence = Presence { agents, lease_ms };
        other.publish(BusMessage::Presence { relay: other.relay(), presence }).expect("taken");
    };
    tell(PRESENCE_LEASE_MS);
    ann.sees(BOB, AgentState::Online).await;
    // The last word before its death: what it says holds for a moment only.
    tell(1);
    ann.sees(BOB, AgentState::Away).await;
    setup.end().await;
}

#[tokio::test]
async fn a_block_at_one_relay_closes_connections_at_the_other() {
    let setup = Setup::new().await;
    let (mut one, mut two) = (setup.relay(1).await, setup.relay(2).await);
    let mut ann = two.agent(ANN, AgentState::Away).await;
    let (mut visitor, id) = one.visitor().await;
    visitor.write(1).await;
    ann.sees_row(|_| true).await;
    let (scope, reason) = (BlockScope::Visitor, String::new());
    ann.say(ClientFrame::Block { conversation: IT, scope, for_ms: 60_000, reason }).await;
    let blocks = ann.until(|frame| matches!(frame, ServerFrame::Blocks { .. })).await;
    assert!(matches!(blocks, ServerFrame::Blocks { blocks } if blocks[0].visitor == Some(id)));
    let closed = tokio::time::timeout(WAIT, visitor.closed).await.expect("closed in time");
    assert_eq!(closed, Ok(Close::Blocked));
    setup.end().await;
}

/// What the bus loses without knowing it: here it is as if it had forgotten a subscription for a moment.
#[tokio::test]
async fn a_lost_message_of_the_bus_is_found_by_the_next_event_of_its_conversation() {
    let setup = Setup::new().await;
    let (mut one, mut two) = (setup.relay(1).await, setup.relay(2).await);
    let mut ann = two.agent(ANN, AgentState::Away).await;
    let (mut visitor, _) = one.visitor().await;
    let topics = [Topic::Staff(site()), Topic::Conversation(IT)];
    let lost = |two: &Relay, lost: bool| {
        for topic in &topics {
            two.listens(topic, !lost);
        }
    };
    // The opening is lost: the conversation is found with its second message.
    lost(&two, true);
    visitor.write(1).await;
    assert_eq!(two.gauges().await.open_conversations, 0);
    lost(&two, false);
    visitor.write(2).await;
    ann.sees_row(|row| row.head.shared.0 == 3).await;
    assert_eq!(two.gauges().await.gaps_repaired_by_relay, 1);
    // One in the middle is lost: a reader finds a gap, and the relay knows of it.
    ann.say(ClientFrame::Follow { follow: Follow { conversation: IT, after: Cursor::default() } }).await;
    ann.until(|frame| matches!(frame, ServerFrame::Events { lane: Lane::Shared, .. })).await;
    ann.until(|frame| matches!(frame, ServerFrame::Events { lane: Lane::Staff, .. })).await;
    let head = ann.head().await;
    lost(&two, true);
    visitor.write(3).await;
    assert_eq!(ann.head().await, head);
    lost(&two, false);
    visitor.write(4).await;
    ann.until_event(4).await;
    ann.sees_row(|row| row.head.shared.0 == head.shared.0 + 2).await;
    assert_eq!(ann.head().await.shared.0, head.shared.0 + 2);
    assert_eq!(two.gauges().await.gaps_repaired_by_relay, 2);
    setup.end().await;
}
