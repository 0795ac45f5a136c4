//! The clients: who each connection belongs to, how many frames it may send, what it follows, and what it waits for.
//!
//! Takes: clients that come and go, frames to be admitted, frames to be sent to an [`Audience`](crate::news::Audience).
//! Gives: outputs for the shell, and news when a visitor, an agent or a conversation's followers have no connection left.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use wire::{
    AgentId, BlockSummary, Close, ConversationId, Counts, Incoming, Lane, PageContext, Refusal, Seq, SessionStart,
    SiteId, Subject, VisitorId,
};

use crate::admit::REQUESTS_PER_CONNECTION_MAX;
use crate::block::concerns;
use crate::input::{ConnectionId, RequestId, Source};
use crate::news::News;
use crate::online::OnlineCounts;
use crate::output::Output;
use crate::request::Pending;
use crate::rights::Rights;
use crate::step::Step;

mod agents;
mod answering;
mod erased;
mod follow;
mod look;
mod page;
mod rate;
mod requests;
mod send;
#[cfg(test)]
mod tests;

use erased::ErasedLately;
use page::Page;
use rate::{Bucket, Verdict};
use send::Held;

/// Visitors whose session has just ended that are remembered: a hello of theirs may have been proven shortly before.
const ENDED_LATELY_MAX: usize = 1_024;
/// Typing in one conversation is passed on at most this often for each connection; the rest is dropped.
const TYPING_PASSES_EVERY_MS: u64 = 1_000;

/// One connection.
#[derive(Debug)]
struct Connection {
    side: Side,
    /// How many frames it may still send.
    bucket: Bucket,
    /// What it asked to follow, at most `FOLLOW_CONVERSATIONS_MAX`.
    following: BTreeSet<ConversationId>,
    /// Its requests that wait for the store.
    requests: u32,
    /// When it last typed, for each conversation in which it typed lately.
    typed_at_ms: BTreeMap<ConversationId, u64>,
    /// Logs longer than a page that it is reading: the last number of its latest page of each lane. At most `TURNING_MAX`.
    turning: BTreeMap<(ConversationId, Lane), Seq>,
    /// Frames that wait because `Welcome` must come first, which waits for the store; none once it is sent.
    held: Option<Box<Held>>,
}

/// Who the client is, with what belongs to that side only.
#[derive(Debug)]
enum Side {
    Visitor {
        site: SiteId,
        /// Who; none before they registered.
        visitor: Option<VisitorId>,
        /// Where they are, within bounds.
        page: Page,
        /// Where they come from.
        source: Source,
        /// Whether they asked to be registered and wait.
        registering: bool,
    },
    Agent {
        /// Which one.
        agent: AgentId,
        /// What it may do as long as this connection lasts.
        rights: Rights,
        /// The counts that it was last sent.
        counts: Counts,
    },
}

/// Who the client is, in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// A visitor; none before they registered.
    Visitor(Option<VisitorId>),
    /// An agent.
    Agent(AgentId),
}

/// Every connection.
#[derive(Debug)]
pub(crate) struct Connections {
    /// Boxed: the nodes of a map are half empty when its keys only grow.
    all: BTreeMap<ConnectionId, Box<Connection>>,
    of_visitors: BTreeSet<(VisitorId, ConnectionId)>,
    /// With what each may do, beside its side: many are looked at for one row.
    of_agents: BTreeMap<(AgentId, ConnectionId), Rights>,
    /// Agents' connections that follow a conversation.
    followers: BTreeMap<ConversationId, BTreeSet<ConnectionId>>,
    /// What waits for the store.
    requests: BTreeMap<RequestId, Pending>,
    last_request: u64,
    /// Visitors who have ended their session lately.
    ended_lately: VecDeque<VisitorId>,
    /// Conversations of which something was erased after requests were made that still wait.
    erased_lately: BTreeMap<ConversationId, ErasedLately>,
    /// The largest attachment taken, for `Welcome`.
    attachment_bytes_max: u64,
    /// The number of each site's look.
    looks: BTreeMap<SiteId, u32>,
    answering: OnlineCounts,
    /// Missing events that clients have fetched.
    gaps_repaired: u64,
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

    const fn who(&self) -> Who {
        match &self.side {
            Side::Visitor { visitor, .. } => Who::Visitor(*visitor),
            Side::Agent { agent, .. } => Who::Agent(*agent),
        }
    }
}

impl Connections {
    /// Nobody is connected.
    pub(crate) fn new(attachment_bytes_max: u64) -> Self {
        Self {
            all: BTreeMap::new(),
            of_visitors: BTreeSet::new(),
            of_agents: BTreeMap::new(),
            followers: BTreeMap::new(),
            requests: BTreeMap::new(),
            last_request: 0,
            ended_lately: VecDeque::new(),
            erased_lately: BTreeMap::new(),
            attachment_bytes_max,
            looks: BTreeMap::new(),
            answering: OnlineCounts::default(),
            gaps_repaired: 0,
        }
    }

    /// How many connections visitors have, registered or not.
    pub(crate) fn visitors(&self) -> usize {
        self.all.len() - self.of_agents.len()
    }

    /// How many connections agents have.
    pub(crate) fn agents(&self) -> usize {
        self.of_agents.len()
    }

    /// Missing events that clients have fetched, since the start.
    pub(crate) const fn gaps_repaired(&self) -> u64 {
        self.gaps_repaired
    }

    /// Whether there is such a connection.
    pub(crate) fn has(&self, connection: ConnectionId) -> bool {
        self.all.contains_key(&connection)
    }

    /// Whether a visitor has a connection.
    pub(crate) fn has_visitor(&self, visitor: VisitorId) -> bool {
        self.of_visitor(visitor).next().is_some()
    }

    /// Whether an agent has a connection.
    pub(crate) fn has_agent(&self, agent: AgentId) -> bool {
        self.of_agent(agent).next().is_some()
    }

    /// Who the client is.
    pub(crate) fn who(&self, connection: ConnectionId) -> Option<Who> {
        self.all.get(&connection).map(|known| known.who())
    }

    /// A visitor's client said hello. False when it was closed: the session has just ended, or the connection's number is in use.
    pub(crate) fn connect_visitor(
        &mut self,
        connection: ConnectionId,
        (site, visitor): (SiteId, Option<VisitorId>),
        page: &PageContext,
        source: Source,
        step: &mut Step,
    ) -> bool {
        let side = Side::Visitor { site, visitor, page: Page::new(page), source, registering: false };
        if !self.connect(connection, side, step) {
            return false;
        }
        let Some(visitor) = visitor else { return true };
        if self.ended_lately.contains(&visitor) {
            self.close(connection, Close::TokenInvalid, step);
            return false;
        }
        // `Welcome` waits for the store. What happens meanwhile is held back; what they say meanwhile is handled as usual.
        if let Some(known) = self.all.get_mut(&connection) {
            known.held = Some(Box::default());
        }
        self.of_visitors.insert((visitor, connection));
        true
    }

    fn connect(&mut self, connection: ConnectionId, side: Side, step: &mut Step) -> bool {
        if self.has(connection) {
            debug_assert!(false, "a connection id is never used twice");
            self.close(connection, Close::Malformed, step);
            return false;
        }
        self.all.insert(connection, Box::new(Connection::new(step.now_ms(), side)));
        true
    }

    /// Admits a frame, if its connection may send it now. Frames of unknown connections are ignored: they were sent before our `Close` arrived.
    pub(crate) fn admit(&mut self, connection: ConnectionId, frame: &Incoming, step: &mut Step) -> Option<Who> {
        let known = self.all.get_mut(&connection)?;
        match known.bucket.take(step.now_ms()) {
            Verdict::Pass if known.requests >= REQUESTS_PER_CONNECTION_MAX && !frame.is_ping() => {
                step.refuse(connection, frame.subject(), Refusal::Busy);
                None
            }
            Verdict::Pass => Some(known.who()),
            Verdict::Refuse { retry_after_ms } => {
                step.refuse(connection, frame.subject(), Refusal::RateLimited { retry_after_ms });
                None
            }
            Verdict::Flood => {
                self.close(connection, Close::Flood, step);
                None
            }
        }
    }

    /// A visitor wants to be registered. A second request while the first one is under way does nothing.
    pub(crate) fn register(&mut self, connection: ConnectionId, step: &mut Step) {
        if let Some(Side::Visitor { site, registering, .. }) = self.side_mut(connection)
            && !std::mem::replace(registering, true)
        {
            step.output(Output::Register { connection, site: site.clone() });
        }
    }

    /// The shell has made a visitor for a connection: where they come from, if the connection is still there.
    pub(crate) fn registered(
        &mut self,
        connection: ConnectionId,
        visitor: VisitorId,
        step: &mut Step,
    ) -> Option<Source> {
        match self.side_mut(connection)? {
            Side::Visitor { visitor: known @ None, registering, source, .. } => {
                *known = Some(visitor);
                *registering = false;
                let source = *source;
                self.of_visitors.insert((visitor, connection));
                Some(source)
            }
            Side::Visitor { .. } | Side::Agent { .. } => {
                debug_assert!(false, "only a stranger is registered");
                self.close(connection, Close::Malformed, step);
                None
            }
        }
    }

    /// The shell could not make a visitor.
    pub(crate) fn register_failed(&mut self, connection: ConnectionId, refusal: Refusal, step: &mut Step) {
        if let Some(Side::Visitor { registering, .. }) = self.side_mut(connection) {
            *registering = false;
        }
        step.refuse(connection, Subject::Connection, refusal);
    }

    fn side_mut(&mut self, connection: ConnectionId) -> Option<&mut Side> {
        self.all.get_mut(&connection).map(|known| &mut known.side)
    }

    /// The site that a visitor's connection is on, and the page that it was on last.
    pub(crate) fn page_of(&self, connection: ConnectionId) -> Option<(SiteId, PageContext)> {
        match &self.all.get(&connection)?.side {
            Side::Visitor { site, page, .. } => Some((site.clone(), page.context())),
            Side::Agent { .. } => None,
        }
    }

    /// A visitor went to another page: where they are now, within bounds.
    pub(crate) fn set_page(&mut self, connection: ConnectionId, new: &PageContext) -> Option<PageContext> {
        let Side::Visitor { page, .. } = self.side_mut(connection)? else { return None };
        *page = Page::new(new);
        Some(page.context())
    }

    /// Whether typing may be passed on now.
    pub(crate) fn types(&mut self, connection: ConnectionId, conversation: ConversationId, now_ms: u64) -> bool {
        let Some(known) = self.all.get_mut(&connection) else { return false };
        known.typed_at_ms.retain(|_, at_ms| now_ms.saturating_sub(*at_ms) < TYPING_PASSES_EVERY_MS);
        let passes = !known.typed_at_ms.contains_key(&conversation);
        known.typed_at_ms.entry(conversation).or_insert(now_ms);
        passes
    }

    /// Sends `Welcome`, then what was held back for it.
    pub(crate) fn welcome(&mut self, connection: ConnectionId, session: SessionStart, step: &mut Step) {
        let frame = wire::ServerFrame::Welcome {
            protocol: wire::PROTOCOL,
            now_ms: step.wall_ms(),
            attachment_bytes_max: self.attachment_bytes_max,
            session,
        };
        let held = self.all.get_mut(&connection).and_then(|known| known.held.take());
        self.send_one(connection, frame, step);
        self.tell_look(connection, step);
        for frame in held.into_iter().flat_map(|held| held.into_frames()) {
            self.send_one(connection, frame, step);
        }
    }

    /// A connection is gone. Unknown ones were closed by the core itself.
    pub(crate) fn disconnected(&mut self, connection: ConnectionId, step: &mut Step) {
        let Some(gone) = self.all.remove(&connection) else { return };
        for conversation in &gone.following {
            self.remove_follower(*conversation, connection, step);
        }
        match gone.who() {
            Who::Visitor(None) => {}
            Who::Visitor(Some(visitor)) => {
                self.of_visitors.remove(&(visitor, connection));
                if !self.has_visitor(visitor) {
                    step.tell(News::VisitorWent(visitor));
                }
            }
            Who::Agent(agent) => {
                self.of_agents.remove(&(agent, connection));
                if !self.has_agent(agent) {
                    step.tell(News::AgentWent(agent));
                }
            }
        }
    }

    /// Ends a connection; from here on it does not exist for the core.
    pub(crate) fn close(&mut self, connection: ConnectionId, close: Close, step: &mut Step) {
        step.output(Output::Close { connection, close });
        self.disconnected(connection, step);
    }

    /// A visitor's token is no longer valid. All their connections end, also those whose hello was proven before but arrives later.
    pub(crate) fn session_ended(&mut self, visitor: VisitorId, step: &mut Step) {
        if self.ended_lately.len() >= ENDED_LATELY_MAX {
            self.ended_lately.pop_front();
        }
        self.ended_lately.push_back(visitor);
        let all: Vec<_> = self.of_visitor(visitor).collect();
        for connection in all {
            self.close(connection, Close::TokenInvalid, step);
        }
    }

    /// Somebody is newly blocked: their connections end.
    pub(crate) fn close_blocked(&mut self, block: &BlockSummary, step: &mut Step) {
        let concerned = self.all.iter().filter(|(_, known)| match &known.side {
            Side::Visitor { visitor, source, .. } => concerns(block, *visitor, *source),
            Side::Agent { .. } => false,
        });
        let all: Vec<_> = concerned.map(|(id, _)| *id).collect();
        for connection in all {
            self.close(connection, Close::Blocked, step);
        }
    }

    fn of_visitor(&self, visitor: VisitorId) -> impl Iterator<Item = ConnectionId> {
        let range = (visitor, ConnectionId(0))..=(visitor, ConnectionId(u64::MAX));
        self.of_visitors.range(range).map(|(_, connection)| *connection)
    }

    fn of_agent(&self, agent: AgentId) -> impl Iterator<Item = ConnectionId> {
        let range = (agent, ConnectionId(0))..=(agent, ConnectionId(u64::MAX));
        self.of_agents.range(range).map(|((_, connection), _)| *connection)
    }
}
