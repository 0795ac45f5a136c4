//! A participant that always comes back: keeps its drafts until they are acknowledged, resumes where it was, repairs gaps, and tells
//! the judge all it sees. It shares no code with the widget, so that it cannot share its errors.

mod receive;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use wire::{
    AgentId, Body, ClientFrame, ConversationId, ConversationState, ConversationSummary, Event, Lane, MessageId, Say,
    Seq, Token,
};

use crate::judge::{Judge, LaneOf};
use crate::raw_socket::{RawSocket, new_id};
use crate::relay::Relay;

/// One look at the connection.
const READ_WAIT: Duration = Duration::from_millis(10);
/// Drafts on their way at once.
const IN_FLIGHT_MAX: usize = 8;

/// Where and as whom a client connects.
#[derive(Clone, Debug)]
pub struct Door {
    /// The relay's port, or that of a proxy before it.
    pub port: u16,
    /// The page's origin.
    pub origin: String,
    /// A connection that says nothing for so long, not even to a ping, is dead.
    pub silence_max: Duration,
    /// Drafts on their way at once.
    pub in_flight_max: usize,
}

impl Door {
    /// Straight to the relay.
    #[must_use]
    pub fn of(relay: &Relay) -> Self {
        Self {
            port: relay.port(),
            origin: relay.origin(),
            silence_max: Duration::from_secs(6),
            in_flight_max: IN_FLIGHT_MAX,
        }
    }
}

#[derive(Debug)]
enum Side {
    Visitor { token: Option<Token> },
    Agent { cookie: String, id: Option<AgentId> },
}

#[derive(Debug)]
struct Draft {
    id: MessageId,
    conversation: ConversationId,
    frame: ClientFrame,
    sent: Option<Instant>,
}

/// One participant.
pub struct Client {
    name: String,
    side: Side,
    door: Door,
    judge: Arc<Judge>,
    socket: Option<RawSocket>,
    /// The connection may carry drafts: welcomed, and a visitor has a token.
    ready: bool,
    dial_after: Instant,
    send_after: Instant,
    last_frame_at: Instant,
    pinged: Instant,
    /// Pings on this connection that were not answered yet.
    pings: u32,
    outbox: VecDeque<Draft>,
    written: u64,
    lanes: BTreeMap<LaneOf, Vec<Event>>,
    /// Pages on their way: after which number, and since when.
    asked: BTreeMap<LaneOf, (Seq, Instant)>,
    rows: BTreeMap<ConversationId, ConversationSummary>,
    followed: BTreeSet<ConversationId>,
    closes: Vec<u16>,
    unreached: u64,
}

impl Client {
    /// A visitor of `demo` who has not been here before.
    #[must_use]
    pub fn visitor(name: &str, door: Door, judge: &Arc<Judge>) -> Self {
        Self::new(name, Side::Visitor { token: None }, door, judge)
    }

    /// An agent's console.
    #[must_use]
    pub fn agent(name: &str, cookie: &str, door: Door, judge: &Arc<Judge>) -> Self {
        Self::new(name, Side::Agent { cookie: cookie.to_owned(), id: None }, door, judge)
    }

    /// Another tab of the same visitor, or another console of the same agent.
    #[must_use]
    pub fn second_tab(&self, name: &str) -> Self {
        let side = match &self.side {
            Side::Visitor { token } => Side::Visitor { token: token.clone() },
            Side::Agent { cookie, .. } => Side::Agent { cookie: cookie.clone(), id: None },
        };
        Self::new(name, side, self.door.clone(), &self.judge)
    }

    fn new(name: &str, side: Side, door: Door, judge: &Arc<Judge>) -> Self {
        let now = Instant::now();
        Self {
            name: name.to_owned(),
            side,
            door,
            judge: Arc::clone(judge),
            socket: None,
            ready: false,
            dial_after: now,
            send_after: now,
            last_frame_at: now,
            pinged: now,
            pings: 0,
            outbox: VecDeque::new(),
            written: 0,
            lanes: BTreeMap::new(),
            asked: BTreeMap::new(),
            rows: BTreeMap::new(),
            followed: BTreeSet::new(),
            closes: Vec::new(),
            unreached: 0,
        }
    }

    /// Writes a text; it is sent until its fate is known.
    pub fn say(&mut self, conversation: ConversationId, text: &str) -> MessageId {
        let id = MessageId(new_id());
        let text = format!("{} {}: {text}", self.name, self.written);
        self.draft(conversation, id, ClientFrame::Say { conversation, id, say: Say::Text { text } })
    }

    /// Writes a note.
    pub fn note(&mut self, conversation: ConversationId, text: &str) -> MessageId {
        let id = MessageId(new_id());
        self.draft(conversation, id, ClientFrame::Note { conversation, id, text: text.to_owned() })
    }

    /// Ends a conversation.
    pub fn end(&mut self, conversation: ConversationId) -> MessageId {
        let id = MessageId(new_id());
        self.draft(conversation, id, ClientFrame::End { conversation, id })
    }

    fn draft(&mut self, conversation: ConversationId, id: MessageId, frame: ClientFrame) -> MessageId {
        self.judge.wrote(&self.name, self.written, conversation, id);
        self.written += 1;
        self.outbox.push_back(Draft { id, conversation, frame, sent: None });
        id
    }

    /// Sends what is not kept, if there is a connection now.
    pub fn mention(&mut self, frame: &ClientFrame) {
        if self.ready {
            self.put(frame);
        }
    }

    /// Drafts whose fate is not known.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.outbox.len()
    }

    /// Whether the connection is open and welcomed.
    #[must_use]
    pub fn ready(&self) -> bool {
        self.ready
    }

    /// What closed its connections so far, 1006 for those that broke.
    #[must_use]
    pub fn closes(&self) -> &[u16] {
        &self.closes
    }

    /// Attempts to connect that came to nothing.
    #[must_use]
    pub fn unreached(&self) -> u64 {
        self.unreached
    }

    /// What it has of one lane, in order.
    #[must_use]
    pub fn lane(&self, conversation: ConversationId, lane: Lane) -> &[Event] {
        self.lanes.get(&(conversation, lane)).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether it has seen the end of a conversation.
    #[must_use]
    pub fn ended(&self, conversation: ConversationId) -> bool {
        self.lane(conversation, Lane::Shared).iter().any(|event| event.body == Body::Closed)
    }

    /// The conversations that an agent holds, by the rows it was shown.
    #[must_use]
    pub fn held(&self) -> Vec<ConversationId> {
        let Side::Agent { id: Some(me), .. } = self.side else { return Vec::new() };
        let mine = |row: &&ConversationSummary| row.state == ConversationState::Assigned { agent: me };
        self.rows.values().filter(mine).map(|row| row.conversation).filter(|id| !self.ended(*id)).collect()
    }

    /// Every conversation it has anything of.
    #[must_use]
    pub fn known(&self) -> BTreeSet<ConversationId> {
        self.lanes.keys().map(|(conversation, _)| *conversation).collect()
    }

    /// The connection breaks as when a tab is closed: without a word.
    pub fn disconnect(&mut self) {
        self.lost(1006);
    }

    /// Connects if need be, sends what waits, reads for a moment.
    #[track_caller]
    pub fn step(&mut self) {
        if self.socket.is_none() && !self.dial() {
            std::thread::sleep(READ_WAIT);
            return;
        }
        self.send_waiting();
        let Some(socket) = &mut self.socket else { return };
        match socket.receive() {
            Ok(Some(frame)) => {
                self.last_frame_at = Instant::now();
                self.take(frame);
            }
            Ok(None) => self.quiet(),
            Err(code) => self.lost(code),
        }
    }

    /// Steps until `done` or the end of the bound; whether it was done.
    #[track_caller]
    pub fn until(&mut self, bound: Duration, mut done: impl FnMut(&Self) -> bool) -> bool {
        let end = Instant::now() + bound;
        while !done(self) {
            if Instant::now() > end {
                return false;
            }
            self.step();
        }
        true
    }

    /// Steps until the fate of every draft is known.
    ///
    /// # Panics
    /// When that is not so within the bound.
    #[track_caller]
    pub fn deliver(&mut self, bound: Duration) {
        let sent = self.until(bound, |client| client.ready && client.outbox.is_empty());
        let stuck: Vec<_> = self.outbox.iter().map(|draft| (draft.id, draft.sent.is_some())).collect();
        assert!(sent, "{}: {} drafts have no fate (connected: {}): {stuck:?}", self.name, stuck.len(), self.ready);
    }

    /// Fetches whatever it lacks of every conversation it knows, as far as the log goes.
    ///
    /// # Panics
    /// When that does not come within the bound.
    #[track_caller]
    pub fn catch_up(&mut self, bound: Duration, log: &crate::judge::Log) {
        // What has been lying on the connection says nothing about now: first everything up to an answer of now is read.
        assert!(self.until(bound, Self::ready), "{}: no connection", self.name);
        self.ping();
        assert!(self.until(bound, |client| client.ready && client.pings == 0), "{}: pings find no answer", self.name);
        let lanes: Vec<LaneOf> = self.lanes_to_have();
        for lane in lanes {
            let wanted = log.get(&lane).map_or(0, Vec::len);
            let complete = |client: &Self| client.lanes.get(&lane).map_or(0, Vec::len) >= wanted;
            let end = Instant::now() + bound;
            while !complete(self) {
                assert!(Instant::now() < end, "{}: the rest of {lane:?} does not come", self.name);
                self.ask(lane);
                self.step();
            }
        }
    }

    /// Everything it saw is the log's beginning, middle and end, as far as it took part.
    ///
    /// # Panics
    /// When a lane of a settled client is not the relay's.
    #[track_caller]
    pub fn check(&self, log: &crate::judge::Log) {
        for lane in self.lanes_to_have() {
            let Some(stored) = log.get(&lane) else { continue };
            let have = self.lanes.get(&lane).map(Vec::as_slice).unwrap_or_default();
            assert!(
                stored.starts_with(have) && have.len() == stored.len(),
                "{}: has {} of the {} events of {lane:?}",
                self.name,
                have.len(),
                stored.len()
            );
        }
    }

    /// The conversations of drafts whose fate is not known.
    #[must_use]
    pub fn writing_in(&self) -> BTreeSet<ConversationId> {
        self.outbox.iter().map(|draft| draft.conversation).collect()
    }
}
