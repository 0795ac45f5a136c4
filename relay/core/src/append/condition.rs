//! What must hold for an append. A new rule is a new variant here, with its check; stores do not change.

use wire::{AgentId, AttachmentId, Author, Body, ConversationState, Lane, Seq, VisitorId};

use super::{AppendError, NewBody, NewEvent, Rows, Uploader};
use crate::conversation::Conversation;
use crate::planted::{Planted, planted};

/// Something that must hold in the transaction that records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The conversation is this visitor's: [`AppendError::NotFound`] otherwise.
    Owner(VisitorId),
    /// It has not ended: [`AppendError::Ended`] otherwise. Every new event needs it, unless [`Body::is_taken_after_end`].
    NotEnded,
    /// It is queued: [`AppendError::Moved`] otherwise. Leaving the queue needs it.
    Queued,
    /// The staff lane still ends here (compare-and-set): [`AppendError::Moved`] otherwise.
    StaffHead(Seq),
    /// This agent has it: [`AppendError::Moved`] otherwise.
    HeldBy(AgentId),
    /// This agent has it, or nobody: [`AppendError::Moved`] otherwise.
    NotHeldByOthers(AgentId),
    /// Nobody has it: [`AppendError::Moved`] otherwise.
    HeldByNobody,
    /// This agent has fewer open conversations than this number: [`AppendError::AtCapacity`] otherwise.
    Capacity(AgentId, u32),
    /// This file was uploaded to the conversation by the side of the new event that names it: [`AppendError::FileMissing`] otherwise.
    Uploaded(AttachmentId, By),
}

/// The side that names a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The conversation's visitor.
    Visitor,
    /// Any agent, or a program.
    Agent,
    /// Nobody who could have uploaded anything.
    System,
}

impl Condition {
    /// Whether it says whose the conversation is. It is checked first: others must not learn anything, not even that something was recorded.
    pub(super) const fn is_of_identity(self) -> bool {
        matches!(self, Self::Owner(_))
    }

    /// Checks it against the conversation's state in the transaction.
    pub(super) fn check(self, rows: &mut impl Rows, now: &Conversation) -> Result<(), AppendError> {
        let (holds, error) = match self {
            Self::Owner(visitor) => (now.visitor == visitor, AppendError::NotFound),
            Self::NotEnded => (!now.closed(), AppendError::Ended),
            Self::Queued => (matches!(now.state, ConversationState::Waiting { .. }), AppendError::Moved),
            Self::StaffHead(head) => {
                (head == now.head_of(Lane::Staff) || planted(Planted::SkipsCompare), AppendError::Moved)
            }
            Self::HeldBy(agent) => (now.holder() == Some(agent), AppendError::Moved),
            Self::NotHeldByOthers(agent) => (now.holder().is_none_or(|holder| holder == agent), AppendError::Moved),
            Self::HeldByNobody => (now.holder().is_none(), AppendError::Moved),
            Self::Capacity(agent, conversations_max) => {
                (rows.load(agent)? < conversations_max, AppendError::AtCapacity)
            }
            Self::Uploaded(attachment, by) => {
                let file = rows.uploaded(attachment)?;
                let fits = |uploader| match (by, uploader) {
                    (By::Visitor, Uploader::Visitor(visitor)) => visitor == now.visitor,
                    (By::Agent, Uploader::Agent(_)) => true,
                    (By::Visitor | By::Agent | By::System, _) => false,
                };
                let holds = file.is_some_and(|file| file.conversation == now.id && fits(file.uploader));
                (holds, AppendError::FileMissing)
            }
        };
        if holds { Ok(()) } else { Err(error) }
    }
}

/// The conditions that a new event always has.
pub(super) fn needed_by(new_event: &NewEvent) -> impl Iterator<Item = Condition> {
    let by = match new_event.author {
        Author::Visitor => By::Visitor,
        Author::Agent { .. } | Author::Service { .. } => By::Agent,
        Author::System => By::System,
    };
    let more = match &new_event.body {
        NewBody::File(attachment) => Some(Condition::Uploaded(*attachment, by)),
        NewBody::Ready(Body::LeftQueue) => Some(Condition::Queued),
        NewBody::Ready(_) | NewBody::Turn(_) => None,
    };
    (!is_taken_when_ended(&new_event.body)).then_some(Condition::NotEnded).into_iter().chain(more)
}

/// Whether this may be recorded after the conversation's end.
const fn is_taken_when_ended(body: &NewBody) -> bool {
    match body {
        NewBody::Ready(body) => body.is_taken_after_end(),
        NewBody::File(_) | NewBody::Turn(_) => false,
    }
}
