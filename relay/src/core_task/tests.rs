//! The core task with a store in memory.

use relay_core::input::{Agent, Peer, RelayId, Start};
use relay_settings::{BuiltInRole, Scope};
use wire::{AgentState, ClientFrame, FromAgent, Incoming, Party};

use super::*;
use crate::audit::By;
use crate::bus::LocalBus;
use crate::config;
use crate::store::memory::MemoryStore;
use crate::store::task::StoreTask;

mod two;

/// A start with these agents and nothing else.
fn with(agents: Vec<Agent>) -> Start {
    Start {
        seed: 1,
        attachment_bytes_max: 1,
        agents,
        open: Vec::new(),
        settings: relay_core::Settings::default(),
        blocks: Vec::new(),
        sites: Vec::new(),
        documents: relay_settings::Snapshot::default(),
    }
}

#[tokio::test]
async fn a_reader_that_does_not_keep_up_is_closed_and_the_others_go_on() {
    let store = StoreTask::start(&MemoryStore::new()).expect("a store");
    let (bus, messages) = LocalBus::alone(RelayId(1));
    let (arrivals, queue) = mpsc::channel(64);
    let agent = |id| Agent {
        id: AgentId(id),
        name: "a".to_owned(),
        roles: [BuiltInRole::Agent.document_id()].into(),
        scope: Scope::EVERYWHERE,
        hours: None,
        capacity: 1,
    };
    let start = with(vec![agent(1), agent(2)]);
    let end = CancellationToken::new();
    let unsent = Unsent::default();
    let config = crate::config::Config::parse("").expect("the example");
    let parts = CoreParts {
        store: store.handle(),
        bus: Arc::new(bus),
        messages,
        arrivals: queue,
        unsent: unsent.clone(),
        end: end.clone(),
        quotas: Quotas::new(config.quotas),
        reserve: Reserve::new(config.reserve, Vec::new()),
    };
    let task = tokio::spawn(run(Core::new(now_ms(), start), parts));

    let connect = async |number: u64, room: usize| {
        let (frames, read) = outgoing::queue(unsent.of_nobody(room));
        let (close, closed) = oneshot::channel();
        let connection = ConnectionId(number);
        let peer = Peer::Agent { agent: AgentId(u128::from(number)), state: None };
        let input = Input::Connected { connection, peer, follow: Vec::new() };
        let output = ConnectionOutput { frames, close, session: None };
        arrivals.send(Arrival::Connected { output, input, connection }).await.expect("taken");
        (read, closed)
    };
    // The first has room for nothing beside its welcome and never reads.
    let (_unread, closed) = connect(1, 1).await;
    let (mut read, mut open) = connect(2, 64 * 1024).await;
    for state in [AgentState::Online, AgentState::Away, AgentState::Online] {
        let frame = Incoming::Agent(FromAgent::Presence { state });
        let input = Input::Frame { connection: ConnectionId(2), frame };
        arrivals.send(Arrival::Input(input)).await.expect("taken");
    }
    assert_eq!(closed.await, Ok(Close::Slow));
    assert!(read.recv().await.is_some());
    assert!(open.try_recv().is_err(), "still open");
    end.cancel();
    task.await.expect("ended");
    tokio::task::spawn_blocking(|| store.stop()).await.expect("stopped");
}

/// A visitor and an agent on a relay whose disk fills up: what each is still given.
#[expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one frame and skips all others")]
#[tokio::test]
async fn on_a_disk_that_fills_up_visitors_stop_first_and_agents_never() {
    let store = StoreTask::start(&MemoryStore::new()).expect("a store");
    let site: wire::SiteId = "demo".parse().expect("a site id");
    let record = crate::store::Site { id: site.clone(), name: "Demo".to_owned(), origins: Vec::new() };
    store.handle().write(move |writer| writer.put_site(&record, &By::command_line(1))).await.expect("kept");
    let (bus, messages) = LocalBus::alone(RelayId(1));
    let (arrivals, queue) = mpsc::channel(64);
    let agent = Agent {
        id: AgentId(1),
        name: "a".to_owned(),
        roles: [BuiltInRole::Agent.document_id()].into(),
        scope: Scope::EVERYWHERE,
        hours: None,
        capacity: 9,
    };
    let start = with(vec![agent]);
    let end = CancellationToken::new();
    let config = crate::config::Config::parse("").expect("the example");
    let unsent = Unsent::default();
    let reserve = Reserve::new(config.reserve, vec!["/data".into()]);
    let parts = CoreParts {
        store: store.handle(),
        bus: Arc::new(bus),
        messages,
        arrivals: queue,
        unsent: unsent.clone(),
        end: end.clone(),
        quotas: Quotas::new(config.quotas),
        reserve: Arc::clone(&reserve),
    };
    let task = tokio::spawn(run(Core::new(now_ms(), start), parts));
    let mut readers = Vec::new();
    let page = wire::PageContext { language: "en".to_owned(), ..wire::PageContext::default() };
    let peers = [
        Peer::Agent { agent: AgentId(1), state: Some(AgentState::Online) },
        Peer::Visitor { site: site.clone(), visitor: None, page: page.clone(), source: relay_core::Source::default() },
        Peer::Visitor { site, visitor: None, page, source: relay_core::Source::default() },
    ];
    for (number, peer) in (1..).zip(peers) {
        let (frames, read) = outgoing::queue(unsent.of_nobody(1024 * 1024));
        let (close, closed) = oneshot::channel();
        let connection = ConnectionId(number);
        let input = Input::Connected { connection, peer, follow: Vec::new() };
        let output = ConnectionOutput { frames, close, session: None };
        arrivals.send(Arrival::Connected { output, input, connection }).await.expect("taken");
        readers.push((read, closed));
    }
    let mut ask = async |number: u64, frame: ClientFrame| {
        let connection = ConnectionId(number);
        let said = if let ClientFrame::Say { id, .. } = &frame { Some(*id) } else { None };
        let party = if number == 1 { Party::Staff } else { Party::Visitor };
        let frame = Incoming::of(party, frame).expect("a frame of its side");
        arrivals.send(Arrival::Input(Input::Frame { connection, frame })).await.expect("taken");
        loop {
            let text = readers[usize::try_from(number).expect("small") - 1].0.recv().await.expect("open");
            match serde_json::from_str(text.text().as_str()).expect("a frame") {
                ServerFrame::Refused { refusal, .. } => return Some(refusal),
                ServerFrame::Registered { .. } => return None,
                ServerFrame::Event { event } if Some(event.id) == said => return None,
                _ => {}
            }
        }
    };
    let (first, second) = (wire::ConversationId(1), wire::ConversationId(2));
    let mut last = 0;
    let mut say = |conversation| {
        last += 1;
        let say = wire::Say::Text { text: last.to_string() };
        ClientFrame::Say { conversation, id: wire::MessageId(last), say }
    };
    let free = |bytes: u64| reserve.look(|_| Ok(crate::quota::reserve::Space { free: bytes, total: u64::MAX }));

    let config::Reserve { uploads_bytes, visitors_bytes, texts_bytes } = config.reserve;
    free(uploads_bytes - 1);
    assert_eq!(ask(2, ClientFrame::Register).await, None, "only files stop");
    assert_eq!(ask(2, say(first)).await, None);
    free(visitors_bytes - 1);
    assert_eq!(ask(3, ClientFrame::Register).await, Some(Refusal::DiskFull), "no new visitor");
    assert_eq!(ask(2, say(second)).await, Some(Refusal::DiskFull), "no new conversation");
    assert_eq!(ask(2, say(first)).await, None, "but a text in an old one");
    free(texts_bytes - 1);
    assert_eq!(ask(2, say(first)).await, Some(Refusal::DiskFull));
    free(0);
    assert_eq!(ask(1, say(first)).await, None, "an agent answers to the end");
    free(uploads_bytes * 2);
    assert_eq!(ask(2, say(second)).await, None, "everything comes back");
    end.cancel();
    task.await.expect("ended");
    tokio::task::spawn_blocking(|| store.stop()).await.expect("stopped");
}
