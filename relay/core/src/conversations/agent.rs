//! What agents do in conversations: answer, end, mark as spam, take.

use wire::{AgentId, Author, Body, ConversationId, MessageId, Party, Refusal, Role, Subject, VisitorId};

use super::Conversations;
use crate::append::{Append, Condition, Draft, DraftBody};
use crate::conversation::Conversation;
use crate::input::{ConnectionId, Source};
use crate::planted::{Planted, planted};
use crate::request::{Asker, Mark, Offer, Pending};
use crate::step::Step;
use crate::view::Person;

impl Conversations {
    /// Only the agent that has an open conversation answers in it. Where it has ended the store decides: it knows whether this is only the
    /// retry of something recorded before.
    pub(crate) fn may_answer(&self, agent: AgentId, conversation: ConversationId) -> Result<(), Refusal> {
        match self.open(conversation).map(|live| live.holder()) {
            Some(Some(holder)) if holder == agent => Ok(()),
            Some(Some(_)) => Err(Refusal::Taken),
            Some(None) => Err(Refusal::NotAllowed),
            None => Ok(()),
        }
    }

    /// Its own and nobody's conversations may be ended by every agent, a colleague's by those who watch over others.
    pub(crate) fn may_end(&self, agent: AgentId, role: Role, conversation: ConversationId) -> Result<(), Refusal> {
        let holder = self.holder(conversation);
        if holder.is_none_or(|holder| holder == agent) || role >= Role::Supervisor {
            Ok(())
        } else {
            Err(Refusal::Taken)
        }
    }

    /// The same as a condition.
    pub(crate) fn if_may_end(agent: AgentId, role: Role) -> Option<Condition> {
        (role < Role::Supervisor).then_some(Condition::NotHeldByOthers(agent))
    }

    /// Records one thing for an agent, if that holds in the store too: another relay may have given the conversation to somebody else.
    pub(crate) fn record_for_agent(
        &self,
        connection: ConnectionId,
        conversation: ConversationId,
        (draft, condition): (Draft, Option<Condition>),
        step: &mut Step,
    ) {
        let subject = Subject::Message { conversation, id: draft.id };
        let append = Append::new(conversation, vec![draft]).when_all(condition);
        step.append(Pending::Asked { connection, subject, mark: Mark::None }, append);
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
        let mut drafts = vec![Draft { id, author: author.clone(), body: DraftBody::Ready(Body::Spam) }];
        if self.open(conversation).is_some() {
            drafts.push(step.draft(author, DraftBody::Ready(Body::Closed)));
        }
        let append = Append::new(conversation, drafts).when_all(condition);
        step.append(Pending::Asked { connection, subject, mark: Mark::None }, append);
    }

    /// A conversation goes to an agent, if it stands as it stood and the agent has room.
    pub(crate) fn offer(
        &self,
        conversation: ConversationId,
        (agent, author, capacity): (AgentId, &Author, u32),
        asker: Option<Asker>,
        step: &mut Step,
    ) {
        let Some(live) = self.live.get(&conversation) else { return };
        let staff_head = live.conversation.head.staff;
        let drafts =
            [Body::Assigned { agent }, Body::Joined].map(|body| step.draft(author.clone(), DraftBody::Ready(body)));
        let mut append = Append::new(conversation, drafts.into()).when(Condition::StaffHead(staff_head));
        if !planted(Planted::IgnoresRoom) {
            append = append.when(Condition::Capacity(agent, capacity));
        }
        step.append(Pending::Offered(Offer { conversation, agent, staff_head, asker }), append);
    }

    /// Whose a conversation is, and where they came from: as memory knows it, or else as the store has read it.
    pub(crate) fn person(&self, conversation: ConversationId, read: Option<&Conversation>) -> Option<Person> {
        let known = self.live.get(&conversation).map(|live| &live.conversation).or(read)?;
        let source = Source { address: known.address, network: known.network };
        Some(Person { visitor: known.visitor, source })
    }

    /// The side that somebody types on, when it may be passed on: an open conversation, by its visitor or the agent who has it.
    pub(crate) fn types(
        &self,
        conversation: ConversationId,
        visitor: Option<VisitorId>,
        agent: Option<AgentId>,
    ) -> Option<Party> {
        let live = self.open(conversation)?;
        match agent {
            // Only who may answer seems to answer.
            Some(agent) => (live.holder() == Some(agent)).then_some(Party::Staff),
            None => (visitor == Some(live.conversation.visitor)).then_some(Party::Visitor),
        }
    }

    /// The visitor of a conversation in memory.
    pub(crate) fn visitor_of(&self, conversation: ConversationId) -> Option<VisitorId> {
        self.live.get(&conversation).map(|live| live.conversation.visitor)
    }
}
