//! The core task with a store in memory.

use relay_core::input::{Agent, Peer, Start};
use wire::{AgentState, ClientFrame, Role};

use super::*;
use crate::bus::LocalBus;
use crate::store::memory::MemoryStore;
use crate::store::task::StoreTask;

#[tokio::test]
async fn a_reader_that_does_not_keep_up_is_closed_and_the_others_go_on() {
    let store = StoreTask::start(&MemoryStore::new()).expect("a store");
    let (bus, notices) = LocalBus::new();
    let (arrivals, queue) = mpsc::channel(64);
    let agent = |id| Agent { id: AgentId(id), name: "a".to_owned(), role: Role::Agent, capacity: 1 };
    let start = Start { seed: 1, attachment_bytes_max: 1, agents: vec![agent(1), agent(2)], open: Vec::new() };
    let end = CancellationToken::new();
    let unsent = Unsent::default();
    let hands = Hands {
        store: store.handle(),
        bus: Arc::new(bus),
        notices,
        arrivals: queue,
        unsent: unsent.clone(),
        end: end.clone(),
    };
    let task = tokio::spawn(run(Core::new(now_ms(), start), hands));

    let connect = async |number: u64, room: usize| {
        let (frames, read) = frames::queue(unsent.of_nobody(room));
        let (close, closed) = oneshot::channel();
        let connection = ConnectionId(number);
        let peer = Peer::Agent { agent: AgentId(u128::from(number)), state: None };
        let input = Input::Connected { connection, peer, follow: Vec::new() };
        let line = Line { frames, close, session: None };
        arrivals.send(Arrival::Connected { line, input, connection }).await.expect("taken");
        (read, closed)
    };
    // The first has room for nothing beside its welcome and never reads.
    let (_unread, closed) = connect(1, 1).await;
    let (mut read, mut open) = connect(2, 64 * 1024).await;
    for state in [AgentState::Online, AgentState::Away, AgentState::Online] {
        let frame = ClientFrame::Presence { state };
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
