//! Clients that connect, and what they are sent first.

use relay_settings::{Reach, Right};
use wire::limit::FOLLOW_CONVERSATIONS_MAX;
use wire::{
    AgentId, AgentState, Close, ConversationState, Follow, FromAgent, Party, Refusal, ServerFrame, SessionStart, Token,
    VisitorId,
};

use super::Core;
use crate::admit::about;
use crate::input::{ConnectionId, Peer, Typing};
use crate::news::{Audience, News};
use crate::output::Output;
use crate::request::Pending;
use crate::rights::Rights;
use crate::store::Query;

impl Core {
    /// A client said hello.
    pub(super) fn connected(&mut self, connection: ConnectionId, peer: Peer, follow: &[Follow]) {
        let step = &mut self.step;
        match peer {
            Peer::Visitor { visitor, source, .. } if self.staff.is_blocked(visitor, source, step) => {
                step.tell(News::Out(Output::Close { connection, close: Close::Blocked }));
            }
            Peer::Visitor { site, visitor, page, source } => {
                if !self.connections.connect_visitor(connection, (site, visitor), &page, source, step) {
                    return;
                }
                let Some(visitor) = visitor else { return self.welcome_stranger(connection, follow) };
                // Connected and subscribed before the query, so that nothing committed between it and its answer is missed.
                self.subscribe_for_visitor(visitor);
                self.step
                    .query(Pending::Welcome { connection, visitor }, Query::OfVisitor { visitor, sites: Reach::All });
                self.follow_all(connection, follow);
                if self.conversations.has_page(visitor)
                    && let Some((_, page)) = self.connections.page_of(connection)
                {
                    self.conversations.note_page(visitor, page, &mut self.step);
                }
                self.conversations.connected(visitor, source, &mut self.step);
            }
            Peer::Agent { agent, state } => {
                let Some(rights) = self.staff.rights_of(agent).cloned() else {
                    return step.tell(News::Out(Output::Close { connection, close: Close::SignedOut }));
                };
                if self.connections.connect_agent(connection, (agent, rights.clone()), step) {
                    self.subscribe_for_agent(agent);
                    self.staff.connected(agent, state, &mut self.step);
                    self.welcome_agent(connection, agent, &rights);
                    self.follow_all(connection, follow);
                    self.give_back_out_of_scope(agent);
                }
            }
        }
    }

    fn welcome_stranger(&mut self, connection: ConnectionId, follow: &[Follow]) {
        let answering = self.connections.answering(connection);
        let session = SessionStart::Visitor { visitor: None, conversations: Vec::new(), answering };
        self.connections.welcome(connection, session, &mut self.step);
        for follow in follow {
            self.step.refuse(connection, about(follow.conversation), Refusal::NotFound);
        }
    }

    fn welcome_agent(&mut self, connection: ConnectionId, agent: AgentId, rights: &Rights) {
        let Some(me) = self.staff.summary(agent) else { return };
        let first = self.routing.order().chain(self.staff.held_by(agent)).chain(self.routing.absent());
        let open = self.conversations.first_rows((agent, rights), first, self.step.now_ms());
        let agents = self.staff.summaries(agent, rights);
        let session = SessionStart::Agent { me, agents, open, rights: rights.names(), scope: rights.scope() };
        self.connections.welcome(connection, session, &mut self.step);
        let counts = self.conversations.counts(&rights.sites(Right::ConversationRead), self.routing.flood());
        self.connections.welcome_counts(connection, counts, &mut self.step);
    }

    /// The store has listed a visitor's conversations. They are welcomed, and sent their positions in the queue and the state of the agents who
    /// have their conversations.
    pub(super) fn welcome_visitor(
        &mut self,
        connection: ConnectionId,
        visitor: VisitorId,
        rows: &[crate::Conversation],
    ) {
        // Conversations that another relay opened are in memory from now on.
        for row in rows.iter().filter(|row| row.visitor == visitor && !row.closed()) {
            if !self.conversations.knows(row.id) {
                let followed = self.connections.is_followed(row.id);
                self.conversations.adopt(row.clone(), followed, &mut self.step);
                self.pass_on();
                self.subscribe(row.id);
            }
        }
        let conversations = self.conversations.welcome(visitor, rows, &self.step);
        let answering = self.connections.answering(connection);
        let session = SessionStart::Visitor { visitor: Some(visitor), conversations, answering };
        self.connections.welcome(connection, session, &mut self.step);
        for (conversation, state) in self.conversations.states_of(visitor) {
            let frame = match state {
                ConversationState::Waiting { .. } => {
                    let sent = self.routing.last_position(conversation);
                    sent.map(|(position, waiting)| ServerFrame::Queue { conversation, place: position, waiting })
                }
                ConversationState::Assigned { agent } => {
                    Some(ServerFrame::Holder { conversation, state: self.staff.state_of(agent) })
                }
                ConversationState::Idle { .. } | ConversationState::Closed { .. } => None,
            };
            if let Some(frame) = frame {
                self.step.send(Audience::One(connection), frame);
            }
        }
    }

    /// The shell has made a visitor for a connection.
    pub(super) fn registered(&mut self, connection: ConnectionId, visitor: VisitorId, token: Token) {
        if let Some(source) = self.connections.registered(connection, visitor, &mut self.step) {
            self.conversations.connected(visitor, source, &mut self.step);
            self.step.send(Audience::One(connection), ServerFrame::Registered { visitor, token });
        }
    }

    /// Follows what the client followed before.
    fn follow_all(&mut self, connection: ConnectionId, follow: &[Follow]) {
        let (within, beyond) = follow.split_at(follow.len().min(FOLLOW_CONVERSATIONS_MAX));
        for follow in within {
            let is_visitor = self.connections.rights_of(connection).is_none();
            if is_visitor || self.admit_agent(connection, &FromAgent::Follow { follow: *follow }).is_some() {
                self.follow(connection, *follow);
            }
        }
        for follow in beyond {
            self.step.refuse(connection, about(follow.conversation), Refusal::NotAllowed);
        }
    }

    /// The shell has changed the blocks for an agent, or has failed to.
    pub(super) fn tell_blocks(&mut self, connection: ConnectionId, result: Result<(), Refusal>) {
        if let Some(rights) = self.connections.rights_of(connection) {
            self.staff.tell_blocks(connection, rights, result, &mut self.step);
        }
    }

    /// Somebody types, says the bus.
    pub(super) fn typing_received(&mut self, typing: Typing) {
        let Typing { conversation, party, agent, name } = typing;
        let Some(site) = self.conversations.site_of(conversation).cloned() else { return };
        let visitor = self.conversations.visitor_of(conversation).filter(|_| party == Party::Staff);
        let holder = self.conversations.holder(conversation);
        let audience = Audience::Conversation { conversation, site, agent: holder, except: agent, visitor };
        self.step.send(audience, ServerFrame::Typing { conversation, party, name });
    }

    /// Whether an agent gets visitors.
    pub(super) fn choose(&mut self, connection: ConnectionId, agent: AgentId, state: AgentState) {
        self.staff.choose(connection, agent, state, &mut self.step);
    }
}
