//! What agents do in conversations: answer, end, mark as spam, take.

use wire::{AgentId, Author, Body, ConversationId, MessageId, Party, Refusal, SiteId, Subject, VisitorId};

use super::Conversations;
use crate::append::{Append, Condition, NewBody, NewEvent};
use crate::conversation::Conversation;
use crate::input::{ConnectionId, Source};
use crate::planted::{Planted, planted};
use crate::request::{Asker, Offer, Pending, PendingChange};
use crate::step::Step;
use crate::view::Person;

impl Conversations {
    /// Only the agent that has an open conversation may answer in it. When it has ended, the store decides: this may be the retry of something that
    /// was recorded before.
    pub(crate) fn may_answer(&self, agent: AgentId, conversation: ConversationId) -> Result<(), Refusal> {
        match self.open(conversation).map(|live| live.holder()) {
            Some(Some(holder)) if holder == agent => Ok(()),
            Some(Some(_)) => Err(Refusal::Taken),
            Some(None) => Err(Refusal::NotAllowed),
            None => Ok(()),
        }
    }

    /// Who may end conversations may end their own and those that nobody has; with `any` also those of others.
    pub(crate) fn may_end(&self, agent: AgentId, any: bool, conversation: ConversationId) -> Result<(), Refusal> {
        let holder = self.holder(conversation);
        if holder.is_none_or(|holder| holder == agent) || any { Ok(()) } else { Err(Refusal::Taken) }
    }

    /// The same as a condition.
    pub(crate) fn if_may_end(agent: AgentId, any: bool) -> Option<Condition> {
        (!any).then_some(Condition::NotHeldByOthers(agent))
    }

    /// Records one event for an agent. The condition is checked in the store too: another relay may have assigned the conversation to somebody else.
    pub(crate) fn record_for_agent(
        &self,
        connection: ConnectionId,
        conversation: ConversationId,
        (new_event, condition): (NewEvent, Option<Condition>),
        step: &mut Step,
    ) {
        let subject = Subject::Message { conversation, id: new_event.id };
        let append = Append::new(conversation, vec![new_event]).when_all(condition);
        step.append(Pending::Asked { connection, subject, change: PendingChange::None }, append);
    }

    /// Marks a conversation as spam, and ends it unless it has ended.
    pub(crate) fn spam(
        &self,
        connection: ConnectionId,
        author: Author,
        (conversation, id): (ConversationId, MessageId),
        condition: Option<Condition>,
        step: &mut Step,
    ) {
        let subject = Subject::Message { conversation, id };
        let mut new_events = vec![NewEvent { id, author: author.clone(), body: NewBody::Ready(Body::Spam) }];
        if self.open(conversation).is_some() {
            new_events.push(step.new_event(author, NewBody::Ready(Body::Closed)));
        }
        let append = Append::new(conversation, new_events).when_all(condition);
        step.append(Pending::Asked { connection, subject, change: PendingChange::None }, append);
    }

    /// Records that an agent gets a conversation, on condition that it has not changed and the agent has room. `taken_from` is the online colleague
    /// who has it until then.
    pub(crate) fn offer(
        &self,
        conversation: ConversationId,
        (agent, author, capacity): (AgentId, &Author, u32),
        (asker, taken_from): (Option<Asker>, Option<AgentId>),
        step: &mut Step,
    ) {
        let Some(live) = self.live.get(&conversation) else { return };
        let staff_head = live.conversation.head.staff;
        let new_events =
            [Body::Assigned { agent }, Body::Joined].map(|body| step.new_event(author.clone(), NewBody::Ready(body)));
        let append = Append { taken_from, ..Append::new(conversation, new_events.into()) };
        let mut append = append.when(Condition::StaffHead(staff_head));
        if !planted(Planted::IgnoresRoom) {
            append = append.when(Condition::Capacity(agent, capacity));
        }
        step.append(Pending::Offered(Offer { conversation, agent, staff_head, asker }), append);
    }

    /// A conversation's visitor and source, from memory or else from what the store has read.
    pub(crate) fn person(&self, conversation: ConversationId, read: Option<&Conversation>) -> Option<Person> {
        let known = self.live.get(&conversation).map(|live| &live.conversation).or(read)?;
        let source = Source { address: known.address, network: known.network };
        Some(Person { site: known.site.clone(), visitor: known.visitor, source })
    }

    /// The side on which somebody types, if typing may be passed on: only in an open conversation, by its visitor or the agent who has it.
    pub(crate) fn types(
        &self,
        conversation: ConversationId,
        visitor: Option<VisitorId>,
        agent: Option<AgentId>,
    ) -> Option<Party> {
        let live = self.open(conversation)?;
        match agent {
            // Only typing of the agent who may answer is shown.
            Some(agent) => (live.holder() == Some(agent)).then_some(Party::Staff),
            None => (visitor == Some(live.conversation.visitor)).then_some(Party::Visitor),
        }
    }

    /// The site of a conversation in memory.
    pub(crate) fn site_of(&self, conversation: ConversationId) -> Option<&SiteId> {
        self.live.get(&conversation).map(|live| &live.conversation.site)
    }

    /// The visitor of a conversation in memory.
    pub(crate) fn visitor_of(&self, conversation: ConversationId) -> Option<VisitorId> {
        self.live.get(&conversation).map(|live| live.conversation.visitor)
    }
}
