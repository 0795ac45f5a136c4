//! What the clients of a world follow: the bus is asked for exactly that.

use std::collections::{BTreeMap, BTreeSet};

use relay_core::{ConnectionId, Output, Peer, Topic};
use wire::*;

use crate::model::ModelStore;

/// Who is at the end of each connection: a visitor, or none for an agent.
type Peers = BTreeMap<ConnectionId, Option<VisitorId>>;

/// One agent's connection.
#[derive(Debug)]
struct Console {
    agent: AgentId,
    /// What it asked to follow. False when something about that conversation was refused since: it may be just this.
    asked: BTreeMap<ConversationId, bool>,
}

/// Who follows what, and what the core has subscribed to.
#[derive(Debug, Default)]
pub(crate) struct Followed {
    pub(crate) topics: BTreeSet<Topic>,
    consoles: BTreeMap<ConnectionId, Console>,
}

impl Followed {
    /// The core asks something of the bus: never twice the same.
    pub(crate) fn output(&mut self, output: &Output) {
        match output {
            Output::Subscribe(topic) => assert!(self.topics.insert(topic.clone()), "{topic:?} is subscribed already"),
            Output::Unsubscribe(topic) => assert!(self.topics.remove(topic), "{topic:?} was not subscribed"),
            Output::Append { .. }
            | Output::Query { .. }
            | Output::Send { .. }
            | Output::Close { .. }
            | Output::Register { .. }
            | Output::Block { .. }
            | Output::Unblock { .. }
            | Output::Typing(_)
            | Output::Presence(_) => {}
        }
    }

    pub(crate) fn connected(&mut self, connection: ConnectionId, peer: &Peer, follow: &[Follow]) {
        if let Peer::Agent { agent, .. } = peer {
            let asked = follow.iter().map(|follow| (follow.conversation, true)).collect();
            self.consoles.insert(connection, Console { agent: *agent, asked });
        }
    }

    pub(crate) fn said(&mut self, connection: ConnectionId, frame: &ClientFrame) {
        let Some(console) = self.consoles.get_mut(&connection) else { return };
        if let ClientFrame::Follow { follow } = frame {
            console.asked.insert(follow.conversation, true);
        }
        // It may be refused because too many frames were sent.
        if let ClientFrame::Unfollow { conversation } = frame
            && let Some(sure) = console.asked.get_mut(conversation)
        {
            *sure = false;
        }
    }

    pub(crate) fn sent(&mut self, connection: ConnectionId, frame: &ServerFrame) {
        if let ServerFrame::Refused { subject: Subject::Conversation { conversation }, .. } = frame
            && let Some(sure) =
                self.consoles.get_mut(&connection).and_then(|console| console.asked.get_mut(conversation))
        {
            *sure = false;
        }
    }

    pub(crate) fn gone(&mut self, connection: ConnectionId) {
        self.consoles.remove(&connection);
    }

    /// At any time when the core is at rest: no topic stays that can have nobody who follows it.
    pub(crate) fn check_always(&self, peers: &Peers, sites: &[SiteId]) {
        for topic in &self.topics {
            let followed = match topic {
                Topic::Presence | Topic::Settings => true,
                Topic::Staff(_) => !self.consoles.is_empty(),
                // Also one that a visitor tries to open, and which is somebody else's and has ended: until the store says so.
                Topic::Conversation(_) => !peers.is_empty(),
            };
            assert!(followed, "subscribed, and followed by nobody: {topic:?}");
        }
        for topic in self.always(sites) {
            assert!(self.topics.contains(&topic), "followed, and not subscribed: {topic:?}");
        }
    }

    /// What is subscribed whatever the conversations are.
    fn always(&self, sites: &[SiteId]) -> BTreeSet<Topic> {
        let staff = sites.iter().filter(|_| !self.consoles.is_empty()).cloned().map(Topic::Staff);
        staff.chain([Topic::Presence, Topic::Settings]).collect()
    }

    /// When nothing is under way: exactly what clients follow is subscribed.
    pub(crate) fn check(&self, store: &ModelStore, peers: &Peers, sites: &[SiteId]) {
        let mut surely = self.always(sites);
        for open in store.open() {
            let visitor = peers.values().any(|peer| *peer == Some(open.visitor));
            let holder = self
                .consoles
                .values()
                .any(|console| open.state == ConversationState::Assigned { agent: console.agent });
            if visitor || holder {
                surely.insert(Topic::Conversation(open.id));
            }
        }
        let asked = || self.consoles.values().flat_map(|console| &console.asked);
        let mut perhaps = surely.clone();
        perhaps.extend(asked().map(|(id, _)| Topic::Conversation(*id)));
        surely.extend(asked().filter(|(_, sure)| **sure).map(|(id, _)| Topic::Conversation(*id)));
        let missing: Vec<_> = surely.difference(&self.topics).collect();
        assert!(missing.is_empty(), "followed, and not subscribed: {missing:?}");
        let kept: Vec<_> = self.topics.difference(&perhaps).collect();
        assert!(kept.is_empty(), "subscribed, and followed by nobody: {kept:?}");
    }
}
