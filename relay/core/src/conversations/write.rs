//! What visitors write, and what both sides have seen.

use wire::limit::OPEN_CONVERSATIONS_PER_VISITOR_MAX;
use wire::{
    AgentId, Author, Body, ConversationId, ConversationState, MessageId, PageContext, Party, Refusal, Seq, SiteId,
    Subject, VisitorId,
};

use super::Conversations;
use crate::admit::{about, check_rating};
use crate::append::{Append, AppendError, Condition, NewBody, NewEvent, Opening};
use crate::conversation::Conversation;
use crate::input::ConnectionId;
use crate::request::{ATTEMPTS_MAX, Pending, PendingChange};
use crate::step::Step;
use crate::store::Query;

/// What a visitor's message does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MessageEffect {
    /// It is recorded.
    Record,
    /// It opens its conversation, and queues it.
    Open,
    /// It queues its conversation again, with its earlier turn or a new one.
    Queue {
        /// The turn.
        keep: Option<u64>,
    },
}

/// What a visitor wants recorded, within bounds.
#[derive(Clone, Debug)]
pub(crate) struct VisitorEvent {
    /// Whose.
    pub(crate) visitor: VisitorId,
    /// Where.
    pub(crate) conversation: ConversationId,
    /// Its id.
    pub(crate) id: MessageId,
    /// What it says.
    pub(crate) body: NewBody,
}

impl VisitorEvent {
    const fn subject(&self) -> Subject {
        Subject::Message { conversation: self.conversation, id: self.id }
    }

    fn into_new_event(self) -> NewEvent {
        NewEvent { id: self.id, author: Author::Visitor, body: self.body }
    }
}

impl Conversations {
    /// What a message does: the first one in an unknown conversation opens it, one in an idle conversation queues it again.
    pub(crate) fn effect(&self, visitor: VisitorId, conversation: ConversationId) -> Result<MessageEffect, Refusal> {
        let Some(live) = self.live.get(&conversation) else {
            if self.opening.contains_key(&conversation) {
                return Ok(MessageEffect::Record);
            }
            let full = self.open_or_opening(visitor).count() >= OPEN_CONVERSATIONS_PER_VISITOR_MAX;
            return if full { Err(Refusal::TooManyConversations) } else { Ok(MessageEffect::Open) };
        };
        let own = live.conversation.visitor == visitor;
        match live.conversation.state {
            ConversationState::Idle { why, .. } if own && !live.queueing && !live.moving => {
                Ok(MessageEffect::Queue { keep: live.conversation.turn_kept(why) })
            }
            ConversationState::Idle { .. }
            | ConversationState::Waiting { .. }
            | ConversationState::Assigned { .. }
            | ConversationState::Closed { .. } => Ok(MessageEffect::Record),
        }
    }

    /// A message that queues its conversation again.
    pub(crate) fn queue_again(
        &mut self,
        connection: ConnectionId,
        event: VisitorEvent,
        keep: Option<u64>,
        step: &mut Step,
    ) {
        let (visitor, conversation, subject) = (event.visitor, event.conversation, event.subject());
        let queueing = self.queueing(visitor, keep);
        let Some(live) = self.live.get_mut(&conversation) else { return };
        live.queueing = true;
        let staff_head = live.conversation.head.staff;
        let turn = step.new_event(Author::System, NewBody::Turn(queueing));
        let queued = step.new_event(Author::System, NewBody::Ready(Body::Queued));
        let append = Append::new(conversation, vec![event.into_new_event(), queued, turn]);
        let append = append.when(Condition::Owner(visitor)).when(Condition::StaffHead(staff_head));
        step.append(Pending::Asked { connection, subject, change: PendingChange::Queueing(conversation) }, append);
    }

    /// A message that opens its conversation, from this page. The conversation may exist already, opened at another relay, or may have ended long
    /// ago. The store finds that out, and does not queue one that is queued or assigned.
    pub(crate) fn open_with(
        &mut self,
        connection: ConnectionId,
        event: VisitorEvent,
        (site, page): (SiteId, PageContext),
        step: &mut Step,
    ) {
        let (visitor, conversation, subject) = (event.visitor, event.conversation, event.subject());
        let opening = Opening { site, visitor, language: page.own_language().to_owned() };
        self.page_recorded(visitor, &page, step);
        let context = step.new_event(Author::Visitor, NewBody::Ready(Body::Context { page }));
        let queued = step.new_event(Author::System, NewBody::Ready(Body::Queued));
        let turn = step.new_event(Author::System, NewBody::Turn(self.queueing(visitor, None)));
        self.opening.insert(conversation, visitor);
        self.opening_of.insert((visitor, conversation));
        let append = Append::new(conversation, vec![event.into_new_event(), queued, turn, context]);
        let append = append.opening(opening).when(Condition::Owner(visitor));
        step.append(
            Pending::Asked { connection, subject, change: PendingChange::Opening(conversation, visitor) },
            append,
        );
    }

    /// Records one event in a conversation of the visitor's own; the store checks the owner again.
    pub(crate) fn record(&mut self, connection: ConnectionId, event: VisitorEvent, step: &mut Step) {
        let (visitor, conversation, subject) = (event.visitor, event.conversation, event.subject());
        // Not in memory: it may be theirs and have ended. The store finds that out.
        let opening = self.is_opening(visitor, conversation);
        let owner = self.live.get(&conversation).map(|live| live.conversation.visitor);
        if owner.is_some_and(|owner| owner != visitor) {
            return step.refuse(connection, subject, Refusal::NotFound);
        }
        let change = if opening { PendingChange::AfterOpening } else { PendingChange::None };
        let append = Append::new(conversation, vec![event.into_new_event()]).when(Condition::Owner(visitor));
        step.append(Pending::Asked { connection, subject, change }, append);
    }

    /// Whether this visitor's opening of a conversation waits for the store.
    fn is_opening(&self, visitor: VisitorId, conversation: ConversationId) -> bool {
        self.opening.get(&conversation) == Some(&visitor)
    }

    /// A visitor rates an ended conversation.
    pub(crate) fn rate(
        &mut self,
        connection: ConnectionId,
        (visitor, conversation, id): (VisitorId, ConversationId, MessageId),
        (score, comment): (u8, &str),
        step: &mut Step,
    ) {
        let subject = Subject::Message { conversation, id };
        if let Err(refusal) = check_rating(score, comment) {
            return step.refuse(connection, subject, refusal);
        }
        // Ended conversations that nobody follows are not in memory; the store checks the owner.
        let own = self.open(conversation).is_some_and(|live| live.conversation.visitor == visitor);
        if own || self.is_opening(visitor, conversation) {
            return step.refuse(connection, subject, Refusal::NotAllowed);
        }
        let comment = wire::trim_text(comment).to_owned();
        let body = NewBody::Ready(Body::Rated { score, comment });
        self.record(connection, VisitorEvent { visitor, conversation, id, body }, step);
    }

    /// The visitor leaves the queue, on condition that the staff lane has not changed: they may just be assigned.
    pub(crate) fn leave_queue(
        &mut self,
        connection: ConnectionId,
        visitor: VisitorId,
        conversation: ConversationId,
        attempts: u8,
        step: &mut Step,
    ) {
        let subject = about(conversation);
        let own = self.live.get_mut(&conversation).filter(|live| live.conversation.visitor == visitor);
        let Some(live) = own else { return step.refuse(connection, subject, Refusal::NotFound) };
        match live.conversation.state {
            ConversationState::Waiting { .. } if live.leaving => return,
            ConversationState::Waiting { .. } => live.leaving = true,
            ConversationState::Idle { .. } => return,
            ConversationState::Assigned { .. } => return step.refuse(connection, subject, Refusal::Taken),
            ConversationState::Closed { .. } => return step.refuse(connection, subject, Refusal::Ended),
        }
        let staff_head = live.conversation.head.staff;
        let new_event = step.new_event(Author::Visitor, NewBody::Ready(Body::LeftQueue));
        let append = Append::new(conversation, vec![new_event]).when(Condition::Owner(visitor));
        let append = append.when(Condition::StaffHead(staff_head));
        step.append(
            Pending::Asked { connection, subject, change: PendingChange::Leaving(conversation, attempts) },
            append,
        );
    }

    /// An append that a client asked for has failed. `visitor` is the client, when it is a visitor.
    pub(crate) fn append_failed(
        &mut self,
        (connection, visitor): (ConnectionId, Option<VisitorId>),
        subject: Subject,
        (change, error): (PendingChange, AppendError),
        step: &mut Step,
    ) {
        let refusal = match (change, error, visitor) {
            // The staff lane has changed: a note, or an agent has taken the conversation meanwhile. Checked again.
            (PendingChange::Leaving(id, attempts), AppendError::Moved, Some(visitor)) if attempts < ATTEMPTS_MAX => {
                return self.leave_queue(connection, visitor, id, attempts + 1, step);
            }
            // An agent has just taken the idle conversation: the client sends the message again, and it is recorded without queueing.
            (PendingChange::Queueing(_), AppendError::Moved, _) => Refusal::Busy,
            // The append that should open the conversation failed. Its own refusal says why; this one may be retried.
            (PendingChange::AfterOpening, AppendError::NotFound, _) => Refusal::Busy,
            (_, error, _) => error.refusal(),
        };
        step.refuse(connection, subject, refusal);
    }

    /// One side has seen messages; recorded when that moves the side's cursor.
    pub(crate) fn seen(
        &mut self,
        connection: ConnectionId,
        reader: Reader,
        (conversation, up_to): (ConversationId, Seq),
        step: &mut Step,
    ) {
        match self.live.get(&conversation).map(|live| Seen::new(&live.conversation)) {
            Some(known) => self.seen_in(connection, reader, known, up_to, step),
            None => step.query(Pending::Seen { connection, conversation, up_to }, Query::Conversation { conversation }),
        }
    }

    /// As [`Self::seen`], in a conversation that the store has read.
    pub(crate) fn seen_in_read(
        &mut self,
        connection: ConnectionId,
        reader: Reader,
        (read, up_to): (&Conversation, Seq),
        step: &mut Step,
    ) {
        self.seen_in(connection, reader, Seen::new(read), up_to, step);
    }

    fn seen_in(&mut self, connection: ConnectionId, reader: Reader, known: Seen, up_to: Seq, step: &mut Step) {
        let subject = about(known.id);
        let (author, owner) = match reader {
            Reader::Visitor(visitor) if visitor == known.visitor => (Author::Visitor, Some(visitor)),
            Reader::Visitor(_) => return step.refuse(connection, subject, Refusal::NotFound),
            // Only the agent who answers counts: a colleague who reads the conversation does not move the staff's cursor.
            Reader::Agent(agent, _) if known.answers.is_some_and(|answers| answers != agent) => return,
            Reader::Agent(_, author) => (author, None),
        };
        let party = if owner.is_some() { Party::Visitor } else { Party::Staff };
        if up_to > known.head {
            return step.refuse(connection, subject, Refusal::Malformed);
        }
        if up_to <= known.seen_by(party) {
            return;
        }
        if let Some(live) = self.live.get_mut(&known.id) {
            let asked = live.seen_asked_mut(party);
            if up_to <= *asked {
                return;
            }
            *asked = up_to;
        }
        let new_event = step.new_event(author, NewBody::Ready(Body::Seen { up_to }));
        let append = Append::new(known.id, vec![new_event]).when_all(owner.map(Condition::Owner));
        step.append(Pending::Asked { connection, subject, change: PendingChange::Seen(known.id, party) }, append);
    }
}

/// Who has seen messages.
#[derive(Clone, Debug)]
pub(crate) enum Reader {
    /// A visitor.
    Visitor(VisitorId),
    /// An agent, and it as an author.
    Agent(AgentId, Author),
}

/// What must be known of a conversation to move its cursors.
#[derive(Clone, Copy, Debug)]
struct Seen {
    id: ConversationId,
    visitor: VisitorId,
    /// The agent who answers in it, or answered last.
    answers: Option<AgentId>,
    head: Seq,
    by_visitor: Seq,
    by_staff: Seq,
}

impl Seen {
    const fn new(known: &Conversation) -> Self {
        let answers = match known.state {
            ConversationState::Assigned { agent } => Some(agent),
            ConversationState::Closed { .. } => known.agent,
            ConversationState::Waiting { .. } | ConversationState::Idle { .. } => None,
        };
        let (by_visitor, by_staff) = (known.seen_by_visitor, known.seen_by_staff);
        Self { id: known.id, visitor: known.visitor, answers, head: known.head.shared, by_visitor, by_staff }
    }

    const fn seen_by(&self, party: Party) -> Seq {
        match party {
            Party::Visitor => self.by_visitor,
            Party::Staff => self.by_staff,
        }
    }
}
