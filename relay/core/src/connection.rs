//! Lines to clients: who is at the other end, what they are sent, how they come and go.

use std::collections::{BTreeMap, BTreeSet};

use wire::limit::HELD_BYTES_MAX;
use wire::{
    AgentId, Close, ConversationId, Follow, Lane, PageContext, Refusal, Seq, ServerFrame, SiteId, Subject, VisitorId,
};

use crate::Core;
use crate::admit::{about, cut_page};
use crate::input::{ConnectionId, Peer, Source};
use crate::output::Output;
use crate::rate::Bucket;
use crate::request::Pending;
use crate::store::Query;
use crate::weight;

/// Visitors whose session has ended that are remembered. A proof of theirs can only be as old as a hello takes.
const ENDED_LATELY_MAX: usize = 1_024;

/// One line to a client.
#[derive(Debug)]
pub(crate) struct Connection {
    /// Who is at the other end.
    pub(crate) side: Side,
    /// How fast it may still speak.
    pub(crate) bucket: Bucket,
    /// What it asked to follow, at most `FOLLOW_CONVERSATIONS_MAX`.
    pub(crate) following: BTreeSet<ConversationId>,
    /// Its requests that wait for the store.
    pub(crate) requests: u32,
    /// When it last said that somebody types, for each conversation it did so in lately.
    pub(crate) typed_at_ms: BTreeMap<ConversationId, u64>,
    /// Logs longer than a page that it is reading: where its last page of a lane ended. At most `TURNING_MAX`.
    pub(crate) turning: BTreeMap<(ConversationId, Lane), Seq>,
    /// Frames that wait because `Welcome` must come first, which waits for the store; none once it is out.
    pub(crate) held: Option<Held>,
}

/// Frames that wait for a connection's `Welcome`.
#[derive(Debug, Default)]
pub(crate) struct Held {
    frames: Vec<ServerFrame>,
    /// Their weight, at most `HELD_BYTES_MAX`.
    bytes: usize,
}

/// Who is at the other end, with what belongs to that side only.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly every connection is a visitor's")]
pub(crate) enum Side {
    /// A visitor.
    Visitor {
        /// On which site.
        site: SiteId,
        /// Who; none before they registered.
        visitor: Option<VisitorId>,
        /// Where they are, within bounds.
        page: PageContext,
        /// Where they come from.
        source: Source,
        /// Whether they asked to be registered and wait.
        registering: bool,
    },
    /// An agent.
    Agent(AgentId),
}

/// Who is at the other end, in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// A visitor; none before they registered.
    Visitor(Option<VisitorId>),
    /// An agent.
    Agent(AgentId),
}

impl Connection {
    fn new(now_ms: u64, side: Side) -> Self {
        Self {
            side,
            bucket: Bucket::new(now_ms),
            following: BTreeSet::new(),
            requests: 0,
            typed_at_ms: BTreeMap::new(),
            turning: BTreeMap::new(),
            held: None,
        }
    }

    /// Who is at the other end.
    pub(crate) const fn who(&self) -> Who {
        match &self.side {
            Side::Visitor { visitor, .. } => Who::Visitor(*visitor),
            Side::Agent(agent) => Who::Agent(*agent),
        }
    }
}

impl Core {
    /// A client said hello. A registered visitor's `Welcome` waits for the store; what happens meanwhile is held back
    /// (bounded), and what they say meanwhile is handled as usual.
    pub(crate) fn connected(&mut self, connection: ConnectionId, peer: Peer, follow: &[Follow]) {
        if self.connections.contains_key(&connection) {
            debug_assert!(false, "a connection id is never used twice");
            return self.close(connection, Close::Malformed);
        }
        match peer {
            Peer::Visitor { site, visitor, page, source } => {
                let side = Side::Visitor { site, visitor, page: cut_page(&page), source, registering: false };
                self.connections.insert(connection, Connection::new(self.now_ms, side));
                if self.is_blocked(visitor, source) {
                    return self.close(connection, Close::Blocked);
                }
                if visitor.is_some_and(|visitor| self.ended_lately.contains(&visitor)) {
                    return self.close(connection, Close::TokenInvalid);
                }
                match visitor {
                    None => self.welcome_stranger(connection, follow),
                    Some(visitor) => self.visitor_connected(connection, (visitor, source), follow),
                }
            }
            Peer::Agent { agent, state } => {
                self.connections.insert(connection, Connection::new(self.now_ms, Side::Agent(agent)));
                if !self.agents.contains_key(&agent) {
                    return self.close(connection, Close::SignedOut);
                }
                self.agent_connected(connection, agent, state);
                self.follow_all(connection, follow);
            }
        }
    }

    fn welcome_stranger(&mut self, connection: ConnectionId, follow: &[Follow]) {
        let session = wire::Session::Visitor { visitor: None, conversations: Vec::new(), answering: self.answering() };
        self.welcome(connection, session);
        for follow in follow {
            self.refuse(connection, about(follow.conversation), Refusal::NotFound);
        }
    }

    fn visitor_connected(
        &mut self,
        connection: ConnectionId,
        (visitor, source): (VisitorId, Source),
        follow: &[Follow],
    ) {
        if let Some(line) = self.connections.get_mut(&connection) {
            line.held = Some(Held::default());
        }
        // Before the query, so that nothing committed between it and its answer is missed.
        let known = self.visitors.entry(visitor).or_default();
        known.connections.insert(connection);
        known.source = source;
        self.query(Pending::Welcome { connection, visitor }, Query::OfVisitor { visitor });
        self.follow_all(connection, follow);
        self.page_again(connection, visitor);
        self.visitor_came(visitor);
    }

    /// Sends `Welcome`, then what was held back for it.
    pub(crate) fn welcome(&mut self, connection: ConnectionId, session: wire::Session) {
        let frame = ServerFrame::Welcome {
            protocol: wire::PROTOCOL,
            now_ms: self.clock.wall_ms(),
            attachment_bytes_max: self.attachment_bytes_max,
            session,
        };
        let held = self.connections.get_mut(&connection).and_then(|line| line.held.take());
        self.send_one(connection, frame);
        for frame in held.into_iter().flat_map(|held| held.frames) {
            self.send_one(connection, frame);
        }
    }

    /// The line is gone; unknown ones were closed by the core itself.
    pub(crate) fn disconnected(&mut self, connection: ConnectionId) {
        let Some(line) = self.connections.remove(&connection) else { return };
        for conversation in &line.following {
            self.remove_follower(*conversation, connection);
        }
        match line.who() {
            Who::Visitor(None) => {}
            Who::Visitor(Some(visitor)) => {
                if let Some(known) = self.visitors.get_mut(&visitor) {
                    known.connections.remove(&connection);
                }
                self.visitor_went(visitor);
                self.forget_visitor(visitor);
            }
            Who::Agent(agent) => self.agent_disconnected(connection, agent),
        }
    }

    /// Closes all connections of a visitor whose token is worth nothing any more, and those whose proof is older than that but which come now.
    pub(crate) fn session_ended(&mut self, visitor: VisitorId) {
        if self.ended_lately.len() >= ENDED_LATELY_MAX {
            self.ended_lately.pop_front();
        }
        self.ended_lately.push_back(visitor);
        let open = self.visitors.get(&visitor).map(|known| known.connections.clone());
        for connection in open.into_iter().flatten() {
            self.close(connection, Close::TokenInvalid);
        }
    }

    /// Ends a connection; from here on it does not exist for the core.
    pub(crate) fn close(&mut self, connection: ConnectionId, close: Close) {
        self.outputs.push_back(Output::Close { connection, close });
        self.disconnected(connection);
    }

    /// One frame to one connection.
    pub(crate) fn send_one(&mut self, connection: ConnectionId, frame: ServerFrame) {
        self.send(&[connection], frame);
    }

    /// One frame to many connections. Those that still wait for their `Welcome` get it after that.
    pub(crate) fn send(&mut self, to: &[ConnectionId], frame: ServerFrame) {
        let mut ready = Vec::with_capacity(to.len());
        let mut slow = Vec::new();
        for connection in to {
            match self.connections.get_mut(connection).map(|line| &mut line.held) {
                None => {}
                Some(None) => ready.push(*connection),
                Some(Some(held)) => {
                    held.bytes += weight::of_frame(&frame);
                    if held.bytes <= HELD_BYTES_MAX {
                        held.frames.push(frame.clone());
                    } else {
                        slow.push(*connection);
                    }
                }
            }
        }
        if !ready.is_empty() {
            self.outputs.push_back(Output::Send { to: ready, frame });
        }
        for connection in slow {
            self.close(connection, Close::Slow);
        }
    }

    /// Says why a request was not carried out.
    pub(crate) fn refuse(&mut self, connection: ConnectionId, subject: Subject, refusal: Refusal) {
        self.send_one(connection, ServerFrame::Refused { subject, refusal });
    }
}
