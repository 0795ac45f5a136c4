//! What visitors write, and what both sides have seen.

use wire::limit::OPEN_CONVERSATIONS_PER_VISITOR_MAX;
use wire::{
    AgentId, Author, Body, ConversationId, ConversationState, MessageId, PageContext, Party, Refusal, Seq, SiteId,
    Subject, VisitorId,
};

use super::Conversations;
use crate::admit::{about, check_rating};
use crate::append::{Append, AppendError, Condition, Draft, DraftBody, Opening};
use crate::conversation::Conversation;
use crate::input::ConnectionId;
use crate::request::{ATTEMPTS_MAX, Mark, Pending, refusal_of};
use crate::step::Step;
use crate::store::Query;

/// What becomes of a visitor's message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// It is recorded.
    Record,
    /// It opens its conversation, and queues it.
    Open,
    /// It queues its conversation again, with the turn that it had, or a new one.
    Queue {
        /// The turn.
        keep: Option<u64>,
    },
}

/// A visitor's message, within bounds.
#[derive(Clone, Debug)]
pub(crate) struct Words {
    /// Whose.
    pub(crate) visitor: VisitorId,
    /// Where.
    pub(crate) conversation: ConversationId,
    /// Its id.
    pub(crate) id: MessageId,
    /// What it says.
    pub(crate) body: DraftBody,
}

impl Words {
    const fn subject(&self) -> Subject {
        Subject::Message { conversation: self.conversation, id: self.id }
    }

    fn into_draft(self) -> Draft {
        Draft { id: self.id, author: Author::Visitor, body: self.body }
    }
}

impl Conversations {
    /// What becomes of a message: the first one in an unknown conversation opens it, one in an idle conversation queues it again.
    pub(crate) fn way(&self, visitor: VisitorId, conversation: ConversationId) -> Result<Way, Refusal> {
        let Some(live) = self.live.get(&conversation) else {
            if self.opening.contains_key(&conversation) {
                return Ok(Way::Record);
            }
            let full = self.open_or_opening(visitor).count() >= OPEN_CONVERSATIONS_PER_VISITOR_MAX;
            return if full { Err(Refusal::TooManyConversations) } else { Ok(Way::Open) };
        };
        let own = live.conversation.visitor == visitor;
        match live.conversation.state {
            ConversationState::Idle { why, .. } if own && !live.queueing && !live.moving => {
                Ok(Way::Queue { keep: live.conversation.turn_kept(why) })
            }
            ConversationState::Idle { .. }
            | ConversationState::Waiting { .. }
            | ConversationState::Assigned { .. }
            | ConversationState::Closed { .. } => Ok(Way::Record),
        }
    }

    /// A message that queues its conversation again.
    pub(crate) fn queue_again(&mut self, connection: ConnectionId, words: Words, keep: Option<u64>, step: &mut Step) {
        let (visitor, conversation, subject) = (words.visitor, words.conversation, words.subject());
        let queueing = self.queueing(visitor, keep);
        let Some(live) = self.live.get_mut(&conversation) else { return };
        live.queueing = true;
        let staff_head = live.conversation.head.staff;
        let turn = step.draft(Author::System, DraftBody::Turn(queueing));
        let queued = step.draft(Author::System, DraftBody::Ready(Body::Queued));
        let append = Append::new(conversation, vec![words.into_draft(), queued, turn]);
        let append = append.when(Condition::Owner(visitor)).when(Condition::StaffHead(staff_head));
        step.append(Pending::Asked { connection, subject, mark: Mark::Queueing(conversation) }, append);
    }

    /// A message that opens its conversation, from this page. It may be there already, opened at another relay, or have ended long ago: the
    /// store knows, and queues nobody who is queued or served.
    pub(crate) fn open_with(
        &mut self,
        connection: ConnectionId,
        words: Words,
        (site, page): (SiteId, PageContext),
        step: &mut Step,
    ) {
        let (visitor, conversation, subject) = (words.visitor, words.conversation, words.subject());
        let opening = Opening { site, visitor, language: page.own_language().to_owned() };
        self.page_recorded(visitor, &page, step);
        let context = step.draft(Author::Visitor, DraftBody::Ready(Body::Context { page }));
        let queued = step.draft(Author::System, DraftBody::Ready(Body::Queued));
        let turn = step.draft(Author::System, DraftBody::Turn(self.queueing(visitor, None)));
        self.opening.insert(conversation, visitor);
        self.opening_of.insert((visitor, conversation));
        let append = Append::new(conversation, vec![words.into_draft(), queued, turn, context]);
        let append = append.opening(opening).when(Condition::Owner(visitor));
        step.append(Pending::Asked { connection, subject, mark: Mark::Opening(conversation, visitor) }, append);
    }

    /// Records one thing in a conversation that is the visitor's own, as far as is known here; the store makes sure.
    pub(crate) fn record(&mut self, connection: ConnectionId, words: Words, step: &mut Step) {
        let (visitor, conversation, subject) = (words.visitor, words.conversation, words.subject());
        // Somebody else may be trying to open it, although it is theirs and has ended: the store knows.
        let opening = self.is_opening(visitor, conversation);
        let owner = self.live.get(&conversation).map(|live| live.conversation.visitor);
        if owner.is_some_and(|owner| owner != visitor) {
            return step.refuse(connection, subject, Refusal::NotFound);
        }
        let mark = if opening { Mark::AfterOpening } else { Mark::None };
        let append = Append::new(conversation, vec![words.into_draft()]).when(Condition::Owner(visitor));
        step.append(Pending::Asked { connection, subject, mark }, append);
    }

    /// Whether this visitor's opening of a conversation is on its way.
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
        // Ended conversations that nobody follows are not in memory; the store knows whose they are.
        let own = self.open(conversation).is_some_and(|live| live.conversation.visitor == visitor);
        if own || self.is_opening(visitor, conversation) {
            return step.refuse(connection, subject, Refusal::NotAllowed);
        }
        let comment = wire::trim_text(comment).to_owned();
        let body = DraftBody::Ready(Body::Rated { score, comment });
        self.record(connection, Words { visitor, conversation, id, body }, step);
    }

    /// The visitor leaves the queue, unless they are served just now: the staff lane must not have moved.
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
        let draft = step.draft(Author::Visitor, DraftBody::Ready(Body::LeftQueue));
        let append = Append::new(conversation, vec![draft]).when(Condition::Owner(visitor));
        let append = append.when(Condition::StaffHead(staff_head));
        step.append(Pending::Asked { connection, subject, mark: Mark::Leaving(conversation, attempts) }, append);
    }

    /// An append that a client asked for has failed. `visitor` is theirs, when it is a visitor's.
    pub(crate) fn append_failed(
        &mut self,
        (connection, visitor): (ConnectionId, Option<VisitorId>),
        subject: Subject,
        (mark, error): (Mark, AppendError),
        step: &mut Step,
    ) {
        let refusal = match (mark, error, visitor) {
            // The visitor leaves while the staff lane moves: a note, or somebody took them meanwhile. Look again.
            (Mark::Leaving(id, attempts), AppendError::Moved, Some(visitor)) if attempts < ATTEMPTS_MAX => {
                return self.leave_queue(connection, visitor, id, attempts + 1, step);
            }
            // Somebody took the idle conversation just then: the message is to be sent once more, without queueing.
            (Mark::Queueing(_), AppendError::Moved, _) => Refusal::Busy,
            // The append that was to open the conversation failed; its own refusal says why, and this one may be retried.
            (Mark::AfterOpening, AppendError::NotFound, _) => Refusal::Busy,
            (_, error, _) => refusal_of(error),
        };
        step.refuse(connection, subject, refusal);
    }

    /// Either side has seen something; recorded when it moves that side's cursor.
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
            // Who looks over a colleague's shoulder has not seen it on behalf of the visitor.
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
        let draft = step.draft(author, DraftBody::Ready(Body::Seen { up_to }));
        let append = Append::new(known.id, vec![draft]).when_all(owner.map(Condition::Owner));
        step.append(Pending::Asked { connection, subject, mark: Mark::Seen(known.id, party) }, append);
    }
}

/// Who has seen something.
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
