//! The core task: owns the core and every connection's sending end; takes inputs one by one and carries out what the core decides.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use relay_core::append::{Append, AppendError, Appended};
use relay_core::input::{ConnectionId, Input, RequestId};
use relay_core::output::Output;
use relay_core::store::{QueryAnswer, QueryError};
use relay_core::{Core, Gauges};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use wire::{AgentId, BlockId, BlockSummary, Body, Close, Refusal, ServerFrame, Token, VisitorId};

use self::outgoing::{NotTaken, Unsent};
use crate::audit::By;
use crate::bus::{Bus, BusMessage, BusReceiver, Received};
use crate::clock::now_ms;
use crate::quota::Quotas;
use crate::quota::reserve::Reserve;
use crate::store::task::{REQUESTS_MAX, StoreHandle};
use crate::store::{StoreError, TokenHash};

mod asking;
pub(crate) mod blocks;
pub mod outgoing;
mod pages;

use self::blocks::BlockAsker;
use self::pages::Pages;

/// Answers, or arrivals, handled in one round of the loop.
const TAKEN_PER_ROUND: usize = 64;

/// What reaches the core task from the rest of the shell.
#[derive(Debug)]
pub enum Arrival {
    /// A client has proven who it is.
    Connected {
        /// Its sending end.
        output: ConnectionOutput,
        /// The input for the core.
        input: Input,
        /// Which connection.
        connection: ConnectionId,
    },
    /// Anything else for the core.
    Input(Input),
    /// An agent's sign-in has ended: its connections close.
    SignedOut {
        /// Which sign-in.
        session: TokenHash,
        /// Whose.
        agent: AgentId,
    },
    /// Somebody wants to know the sign-ins that connections came with, each once.
    Sessions(oneshot::Sender<Vec<(TokenHash, AgentId)>>),
    /// Somebody wants the numbers.
    Gauges(oneshot::Sender<Gauges>),
    /// A request wants something recorded. When it is answered, the core has the events.
    Append(Append, oneshot::Sender<Result<Appended, AppendError>>),
    /// A request blocks somebody. When it is answered, the core knows of it.
    Block(BlockSummary, By, oneshot::Sender<Result<(), StoreError>>),
    /// A request undoes these blocks of one visitor. The same holds for the answer.
    Unblock(Vec<BlockId>, By, oneshot::Sender<Result<(), StoreError>>),
}

/// The sending end of one connection, owned by the core task.
#[derive(Debug)]
pub struct ConnectionOutput {
    /// The queue of its frames; bounded.
    pub frames: outgoing::Sender,
    /// Ends the connection; used once.
    pub close: oneshot::Sender<Close>,
    /// The sign-in it came with, when it is an agent's.
    pub session: Option<(TokenHash, AgentId)>,
}

/// An answer of the store.
enum StoreAnswer {
    /// With the bytes of its texts.
    Append(asking::AppendAsker, usize, Result<Appended, AppendError>),
    Query(RequestId, Result<QueryAnswer, QueryError>),
    Registered(ConnectionId, Result<(VisitorId, Token), StoreError>),
    Blocks(blocks::BlockAsker, blocks::Blocks),
    /// Read again because another relay changed them.
    BlocksRead(blocks::Blocks),
}

/// What the core task needs.
pub struct CoreParts {
    /// Records events and reads.
    pub store: StoreHandle,
    /// Publishes commits, typing and presence.
    pub bus: Arc<dyn Bus>,
    /// What the bus brings.
    pub messages: BusReceiver,
    /// Inputs from the rest of the shell.
    pub arrivals: mpsc::Receiver<Arrival>,
    /// Counts the bytes of unsent frames.
    pub unsent: Unsent,
    /// Set when everything else has ended.
    pub end: CancellationToken,
    /// What visitors may record.
    pub quotas: Arc<Quotas>,
    /// The reserve of free disk space.
    pub reserve: Arc<Reserve>,
}

/// Runs the core until `end`.
pub async fn run(core: Core, parts: CoreParts) {
    let (answers, answer_queue) = mpsc::channel(REQUESTS_MAX);
    let CoreParts { store, bus, messages, arrivals, unsent, end, quotas, reserve } = parts;
    let (page_ready, page_ready_queue) = mpsc::unbounded_channel();
    let (connections, pages) = (BTreeMap::new(), BTreeMap::new());
    let task = CoreTask {
        core,
        connections,
        pages,
        page_ready,
        store,
        bus,
        unsent,
        answers,
        under_way: 0,
        append_bytes: 0,
        quotas,
        reserve,
    };
    task.run(arrivals, messages, (answer_queue, page_ready_queue), end).await;
}

struct CoreTask {
    core: Core,
    connections: BTreeMap<ConnectionId, ConnectionOutput>,
    /// Pages that connections wait for.
    pages: BTreeMap<ConnectionId, Pages>,
    /// Connections whose next page may be read. Each is in it at most once, so it is bounded by their number.
    page_ready: mpsc::UnboundedSender<ConnectionId>,
    store: StoreHandle,
    bus: Arc<dyn Bus>,
    unsent: Unsent,
    answers: mpsc::Sender<StoreAnswer>,
    /// Requests without an answer yet; at most `REQUESTS_MAX`.
    under_way: usize,
    /// Bytes of texts that wait to be recorded; at most `STORE_QUEUE_BYTES_MAX`.
    append_bytes: usize,
    quotas: Arc<Quotas>,
    reserve: Arc<Reserve>,
}

impl CoreTask {
    async fn run(
        mut self,
        mut arrivals: mpsc::Receiver<Arrival>,
        mut messages: BusReceiver,
        (mut answers, mut page_ready): (mpsc::Receiver<StoreAnswer>, mpsc::UnboundedReceiver<ConnectionId>),
        end: CancellationToken,
    ) {
        let mut batch = Vec::with_capacity(TAKEN_PER_ROUND);
        let mut answered = Vec::with_capacity(TAKEN_PER_ROUND);
        self.drain();
        loop {
            // Checked by itself, so that a busy queue cannot keep time from passing.
            if self.core.poll_timeout().is_some_and(|at_ms| at_ms <= now_ms()) {
                self.core.handle_timeout(now_ms());
                self.drain();
            }
            let wait_ms = self.core.poll_timeout().map(|at_ms| at_ms.saturating_sub(now_ms()).max(1));
            // First answers, then what is new: so a flood of frames cannot delay answers.
            tokio::select! {
                biased;
                () = end.cancelled() => return,
                () = tokio::time::sleep(Duration::from_millis(wait_ms.unwrap_or(0))), if wait_ms.is_some() => {}
                _ = answers.recv_many(&mut answered, TAKEN_PER_ROUND) => {
                    // Each commit was published before its answer was sent. The core must get the commit first.
                    while let Some(received) = messages.try_recv() {
                        self.receive(received);
                    }
                    for answer in answered.drain(..) {
                        self.take_back(answer);
                    }
                }
                Some(received) = messages.recv() => self.receive(received),
                Some(connection) = page_ready.recv() => {
                    self.turn_page(connection);
                    self.drain();
                }
                count = arrivals.recv_many(&mut batch, TAKEN_PER_ROUND) => {
                    if count == 0 {
                        return;
                    }
                    for arrival in batch.drain(..) {
                        self.arrive(arrival);
                    }
                }
            }
        }
    }

    fn handle(&mut self, input: Input) {
        self.core.handle(now_ms(), input);
        self.drain();
    }

    fn receive(&mut self, received: Received) {
        self.handle(match received {
            Received::Message(BusMessage::Committed(commit)) => {
                for event in &commit.events {
                    if let Body::File { attachment } = &event.body {
                        self.quotas.settled(attachment.id);
                    }
                }
                Input::Committed(commit)
            }
            Received::Message(BusMessage::Typing(typing)) => Input::Typing(typing),
            Received::Message(BusMessage::Presence { relay, presence }) => Input::Presence { relay, presence },
            Received::Message(BusMessage::SettingsChanged) => return self.read_blocks(),
            Received::Lost => {
                tracing::warn!("the bus had no room for messages of other relays: what is in memory is read again");
                Input::BusMessagesLost
            }
        });
    }

    fn arrive(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Connected { output, input, connection } => {
                if let Input::Connected { peer, follow, .. } = &input {
                    crate::numbers::connected(peer, !follow.is_empty());
                }
                self.connections.insert(connection, output);
                self.handle(input);
            }
            Arrival::Input(input) => {
                if let Input::Disconnected { connection } = &input {
                    let connection = *connection;
                    self.connections.remove(&connection);
                    self.handle(input);
                    return self.forget_pages(connection);
                }
                self.handle(input);
            }
            Arrival::SignedOut { session, agent } => self.sign_out(session, agent),
            Arrival::Sessions(reply) => {
                let open: BTreeSet<_> = self.connections.values().filter_map(|output| output.session).collect();
                // Fails only when nobody waits for it any more.
                let _ = reply.send(open.into_iter().collect());
            }
            Arrival::Gauges(reply) => {
                // Fails only when nobody waits for it any more.
                let _ = reply.send(self.core.gauges());
            }
            Arrival::Append(append, reply) => {
                self.append(asking::AppendAsker::Request(reply), append);
                self.drain();
            }
            Arrival::Block(block, by, reply) => {
                self.block(BlockAsker::Request(reply), by, block);
                self.drain();
            }
            Arrival::Unblock(blocks, by, reply) => {
                self.unblock(BlockAsker::Request(reply), by, blocks);
                self.drain();
            }
        }
    }

    /// Closes the connections of one sign-in. An agent with no other connection left is offline at once.
    fn sign_out(&mut self, session: TokenHash, agent: AgentId) {
        let of_session = |output: &ConnectionOutput| output.session.is_some_and(|(token, _)| token == session);
        let gone: Vec<ConnectionId> =
            self.connections.iter().filter(|(_, output)| of_session(output)).map(|(id, _)| *id).collect();
        for connection in gone {
            self.close(connection, Close::SignedOut);
        }
        if !self.connections.values().any(|output| output.session.is_some_and(|(_, other)| other == agent)) {
            self.handle(Input::SignedOut { agent });
        }
    }

    fn take_back(&mut self, answer: StoreAnswer) {
        self.under_way -= 1;
        if let StoreAnswer::Append(_, bytes, _) = &answer {
            self.append_bytes -= bytes;
        }
        let page_of = match &answer {
            StoreAnswer::Query(request, _) => self.core.page_reader(*request),
            StoreAnswer::Append(..)
            | StoreAnswer::Registered(..)
            | StoreAnswer::Blocks(..)
            | StoreAnswer::BlocksRead(_) => None,
        };
        self.handle(match answer {
            StoreAnswer::Append(asker, _, result) => {
                self.answer_append(asker, result);
                return self.drain();
            }
            StoreAnswer::Blocks(asker, blocks) => return self.blocked(asker, blocks),
            StoreAnswer::BlocksRead(Ok(blocks)) => Input::Blocks(blocks),
            // The watch will find the change.
            StoreAnswer::BlocksRead(Err(_)) => return,
            StoreAnswer::Query(request, result) => Input::Answered { request, result },
            StoreAnswer::Registered(connection, Ok((visitor, token))) => {
                Input::Registered { connection, visitor, token }
            }
            StoreAnswer::Registered(connection, Err(error)) => {
                let refusal = if error == StoreError::Busy { Refusal::Busy } else { Refusal::StoreDown };
                Input::RegisterFailed { connection, refusal }
            }
        });
        if let Some(connection) = page_of {
            self.page_sent(connection);
            self.drain();
        }
    }

    /// Carries out everything the core wants. Answers at once (a full store) are inputs again, so this may go around a few times.
    fn drain(&mut self) {
        while let Some(output) = self.core.next_output() {
            match output {
                Output::Send { to, frame } => self.send(&to, &frame),
                Output::Close { connection, close } => self.close(connection, close),
                Output::Append { request, append } => self.append(asking::AppendAsker::Core(request), append),
                Output::Query { request, query } => self.query(request, query),
                Output::Register { connection, site } => self.register(connection, site),
                Output::Block { connection, by, block } => {
                    let by = By { who: by.into(), from: None, at_ms: block.since_ms };
                    self.block(BlockAsker::Connection(connection), by, block);
                }
                Output::Unblock { connection, by, block } => {
                    let by = By { who: by.into(), from: None, at_ms: now_ms() };
                    self.unblock(BlockAsker::Connection(connection), by, vec![block]);
                }
                Output::Typing(typing) => {
                    // A full bus drops typing signs: they are sent again soon.
                    let _ = self.bus.publish(BusMessage::Typing(typing));
                }
                Output::Presence(presence) => {
                    // Presence that is lost now is renewed soon.
                    let _ = self.bus.publish(BusMessage::Presence { relay: self.bus.relay(), presence });
                }
                Output::Subscribe(topic) => {
                    if let Err(error) = self.bus.subscribe(topic) {
                        tracing::error!(%error, "a topic was not subscribed to; readers find what is missing");
                    }
                }
                Output::Unsubscribe(topic) => self.bus.unsubscribe(&topic),
            }
        }
    }

    fn send(&mut self, to: &[ConnectionId], frame: &ServerFrame) {
        if let ServerFrame::Refused { refusal, .. } = frame {
            crate::numbers::refused(refusal, to.len());
        }
        let text = match serde_json::to_string(frame) {
            Ok(text) => self.unsent.frame(text),
            Err(error) => {
                tracing::error!(%error, "a frame could not be written as JSON");
                return;
            }
        };
        for connection in to {
            let Some(output) = self.connections.get(connection) else { continue };
            if output.frames.try_send(text.clone()) == Err(NotTaken::Slow) {
                tracing::debug!(connection.id = connection.0, "closed: slower than what it was sent");
                self.close(*connection, Close::Slow);
            }
        }
        if matches!(frame, ServerFrame::Welcome { .. }) {
            for connection in to {
                self.welcomed(*connection);
            }
        }
    }

    /// Tells the socket to end; its `Disconnected` follows.
    fn close(&mut self, connection: ConnectionId, close: Close) {
        if let Some(output) = self.connections.remove(&connection) {
            // Fails only for a connection that has ended by itself.
            let _ = output.close.send(close);
        }
        self.forget_pages(connection);
    }
}

#[cfg(test)]
mod tests;
