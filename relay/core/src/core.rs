//! The four machines together: each input goes to the machine that it concerns, and that machine's news goes to the others.
//!
//! A machine's fields are private: what one needs of another is passed as an argument, what it reports is [`News`].

use wire::{AgentState, Close};

use crate::connections::Connections;
use crate::conversations::Conversations;
use crate::input::{ConnectionId, Input, RequestId, Start};
use crate::news::News;
use crate::output::Output;
use crate::planted::{Planted, planted};
use crate::routing::Routing;
use crate::staff::Staff;
use crate::step::{Step, Timer};
use crate::subscriptions::Subscriptions;
use crate::view::AssignmentView;

mod actions;
mod answers;
mod clients;
mod frames;
mod rights;
mod topics;

/// Plain counts for the metrics page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Connections of visitors, registered or not.
    pub visitors: usize,
    /// Connections of agents.
    pub agents: usize,
    /// Agents that take visitors now.
    pub agents_online: usize,
    /// Conversations in the queue, over all sites.
    pub waiting: usize,
    /// Since when the one that has waited longest is in the queue, while there is one.
    pub waiting_since_ms: Option<u64>,
    /// Conversations that have not ended.
    pub open_conversations: usize,
    /// `Fetch`es answered with events that the client had missed, since the start; turning to the next page of a long log does not count.
    pub gaps_repaired_by_clients: u64,
    /// Conversations that the core itself read again because events of it were missing, since the start.
    pub gaps_repaired_by_relay: u64,
}

/// The whole live state of one relay. Call [`Core::next_output`] until it gives none after each call that changes it.
#[derive(Debug)]
pub struct Core {
    step: Step,
    connections: Connections,
    conversations: Conversations,
    routing: Routing,
    staff: Staff,
    subscriptions: Subscriptions,
}

impl Core {
    /// A core that knows every agent and every open conversation; nobody is connected yet.
    #[must_use]
    pub fn new(now_ms: u64, start: Start) -> Self {
        let mut step = Step::new(now_ms, start.seed);
        let mut conversations = Conversations::new(start.settings);
        conversations.set_documents(&start.documents, &mut step);
        let mut core = Self {
            step,
            connections: Connections::new(start.attachment_bytes_max),
            conversations,
            routing: Routing::new(&start.settings),
            staff: Staff::new(start.documents, start.blocks, start.settings.agent_gone_after_ms),
            subscriptions: Subscriptions::new(start.sites),
        };
        core.subscriptions.started(&mut core.step);
        core.staff.set(start.agents, &mut core.step);
        core.pass_on();
        for mut conversation in start.open {
            if planted(Planted::ForgetsTurns) {
                conversation.turn = 0;
            }
            core.conversations.adopt(conversation, false, &mut core.step);
            core.pass_on();
        }
        core.staff.started(&mut core.step);
        core.settle();
        core
    }

    /// Takes in what happened outside.
    pub fn handle(&mut self, now_ms: u64, input: Input) {
        self.step.go_on(now_ms);
        match input {
            Input::Connected { connection, peer, follow } => self.connected(connection, peer, &follow),
            Input::Frame { connection, frame } => self.frame(connection, frame),
            Input::Disconnected { connection } => self.connections.disconnected(connection, &mut self.step),
            Input::Committed(commit) => {
                let id = commit.events.first().map(|event| event.conversation);
                let followed = id.is_some_and(|id| self.connections.is_followed(id));
                self.conversations.committed(commit, followed, &mut self.step);
            }
            Input::Typing(typing) => self.typing_received(typing),
            Input::Presence { relay, presence } => self.staff.presence_received(relay, presence, &mut self.step),
            Input::BusMessagesLost => self.conversations.read_all_again(&mut self.step),
            Input::Appended { request, result } => self.appended(request, result),
            Input::Answered { request, result } => self.answered(request, result),
            Input::Registered { connection, visitor, token } => self.registered(connection, visitor, token),
            Input::RegisterFailed { connection, refusal } => {
                self.connections.register_failed(connection, refusal, &mut self.step);
            }
            Input::Agents(agents) => self.staff.set(agents, &mut self.step),
            Input::Settings(documents) => {
                self.conversations.set_documents(&documents, &mut self.step);
                self.staff.set_documents(documents, &mut self.step);
            }
            Input::Looks(looks) => self.connections.set_looks(looks, &mut self.step),
            Input::Sites(sites) => self.subscriptions.set_sites(sites, &mut self.step),
            Input::SignedOut { agent } => self.staff.signed_out(agent, &mut self.step),
            Input::SessionEnded { visitor } => self.connections.session_ended(visitor, &mut self.step),
            Input::Erasing { visitor } => {
                self.connections.session_ended(visitor, &mut self.step);
                self.pass_on();
                self.conversations.end_all_of(visitor, &mut self.step);
            }
            Input::Erased(read) => {
                self.connections.erased(&read, &mut self.step);
                self.conversations.erased(*read);
            }
            Input::Blocks(blocks) => self.staff.set_blocks(blocks, &mut self.step),
            Input::BlockAnswered { connection, result } => self.tell_blocks(connection, result),
        }
        self.pass_on();
        self.settle();
    }

    /// The next thing to do outside, in order.
    pub fn next_output(&mut self) -> Option<Output> {
        self.step.next_output()
    }

    /// When [`Core::handle_timeout`] wants to be called, by the clock of `now_ms`, if ever.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<u64> {
        self.step.next_ms()
    }

    /// Does what time alone makes due.
    pub fn handle_timeout(&mut self, now_ms: u64) {
        self.step.go_on(now_ms);
        while let Some((at_ms, timer)) = self.step.due() {
            let step = &mut self.step;
            match timer {
                Timer::Away(agent) => self.staff.grace_over(agent, at_ms, step),
                Timer::GiveBack(agent) => {
                    self.staff.give_back(agent, step);
                    self.pass_on();
                    self.give_back_out_of_scope(agent);
                }
                Timer::Assign => self.routing.try_again(),
                Timer::Refresh(conversation) => self.conversations.refresh(conversation, step),
                Timer::Rows => self.conversations.rows_due(step),
                Timer::Attend(visitor) => self.conversations.attend_due(visitor, at_ms, step),
                Timer::Endings => self.conversations.end_again(step),
                Timer::Page(visitor) => self.conversations.page_due(visitor, step),
                Timer::RenewPresence => self.staff.renew_presence(step),
                Timer::ExpirePresence => self.staff.expire_presence(step),
                Timer::Hours => self.staff.look_at_hours(step),
                // `settle` sends what is due.
                Timer::Queue | Timer::Counts => {}
            }
            self.pass_on();
        }
        self.settle();
    }

    /// Does what follows from the changes of this step: first offers, then frames about what has changed. Each machine remembers what changed,
    /// so nothing here goes through everything.
    fn settle(&mut self) {
        self.routing.settle(&mut self.step);
        self.pass_on();
        self.staff.tell(&mut self.step);
        self.pass_on();
        self.conversations.counts_due(self.routing.flood(), &mut self.step);
        self.pass_on();
    }

    /// Passes on the machines' news, in order. What follows from one piece comes before the next piece.
    fn pass_on(&mut self) {
        self.step.begin_at(0);
        while let Some((news, left)) = self.step.next_news() {
            self.pass_on_one(news);
            self.step.begin_at(left);
        }
    }

    fn pass_on_one(&mut self, news: News) {
        let step = &mut self.step;
        match news {
            News::Out(output) => step.output(output),
            News::Send(audience, frame) => self.connections.send(audience, frame, step),
            News::Answering(counts) => self.connections.set_answering(counts, step),
            News::Row(row) => self.connections.send_row(row, step),
            News::Counts => {
                let flood = self.routing.flood();
                self.connections.send_counts(|sites| self.conversations.counts(sites, flood), step);
            }
            News::Events { site, visitor, agents, events } => {
                self.connections.send_events((visitor, &site), &agents, events, step);
            }
            News::Close(connection, close) => self.connections.close(connection, close, step),
            News::CloseAgent(agent) => self.connections.close_agent(agent, Close::SignedOut, step),
            News::RightsChanged(agent) => {
                self.connections.close_agent(agent, Close::RightsChanged, step);
                self.give_back_out_of_scope(agent);
            }
            News::Append(pending, append) => self.connections.append(pending, append, step),
            News::Query(pending, query) => self.connections.query(pending, query, step),
            News::VisitorWent(visitor) => {
                self.conversations.disconnected(visitor, step);
                self.subscribe_for_visitor(visitor);
            }
            News::AgentWent(agent) => {
                self.staff.disconnected(agent, step);
                self.subscribe_for_agent(agent);
            }
            News::Unfollowed(id) => {
                self.conversations.evict(id, self.connections.is_followed(id), step);
                self.subscribe(id);
            }
            News::Availability(agent, availability) => self.routing.set_availability(agent, availability),
            News::GiveBack(conversations) => self.conversations.give_back(conversations, step),
            News::Blocked(block) => {
                self.connections.close_blocked(&block, step);
                self.conversations.end_blocked(&block, step);
            }
            News::Transition(transition) => {
                self.staff.transition(&transition, step);
                let id = transition.conversation;
                self.routing.transition(transition);
                self.subscribe(id);
            }
            News::Here(conversation, here) => self.routing.here(conversation, here),
            News::Offer { conversation, agent, capacity, asker } => {
                let author = self.staff.author(agent);
                let holder = self.conversations.holder(conversation);
                let taken_from = holder.filter(|holder| self.staff.state_of(*holder) == AgentState::Online);
                self.conversations.offer(conversation, (agent, &author, capacity), (asker, taken_from), step);
            }
            News::Reread(conversation) => self.conversations.refresh(conversation, step),
        }
    }

    /// What must be known of a conversation before it is assigned.
    fn assignment_view(&self, conversation: wire::ConversationId) -> Option<AssignmentView> {
        let view = self.conversations.assignment_view(conversation)?;
        let online = |agent| self.staff.state_of(agent) == AgentState::Online;
        Some(AssignmentView { holder_online: view.holder.is_some_and(online), ..view })
    }

    /// The connection that waits for a page or a list, when that is what a request reads. The shell asks the store for it only when
    /// nearly all earlier frames have been sent.
    #[must_use]
    pub fn page_reader(&self, request: RequestId) -> Option<ConnectionId> {
        self.connections.reader(request)
    }

    /// Plain counts for the metrics page.
    #[must_use]
    pub fn gauges(&self) -> Gauges {
        Gauges {
            visitors: self.connections.visitors(),
            agents: self.connections.agents(),
            agents_online: self.staff.online() as usize,
            waiting: self.routing.waiting(),
            waiting_since_ms: self.conversations.waiting_since_ms(),
            open_conversations: self.conversations.open_count(),
            gaps_repaired_by_clients: self.connections.gaps_repaired(),
            gaps_repaired_by_relay: self.conversations.gaps_repaired(),
        }
    }
}
