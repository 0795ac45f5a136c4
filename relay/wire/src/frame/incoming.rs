//! Frames that the relay receives from a client whose side it knows, and what a refusal of one is about.

use super::{ClientFrame, FromAgent, FromVisitor, Subject};
use crate::log::Party;

/// A frame of a client whose side is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// Of a visitor.
    Visitor(FromVisitor),
    /// Of an agent.
    Agent(FromAgent),
}

impl Incoming {
    /// A client's frame as its side's; none when that side does not have it, as the relay answers `unknown_frame` then.
    #[must_use]
    pub fn of(party: Party, frame: ClientFrame) -> Option<Self> {
        match party {
            Party::Visitor => FromVisitor::try_from(frame).ok().map(Self::Visitor),
            Party::Staff => FromAgent::try_from(frame).ok().map(Self::Agent),
        }
    }

    /// What a refusal of this frame is about.
    #[must_use]
    pub const fn subject(&self) -> Subject {
        match self {
            Self::Visitor(frame) => frame.subject(),
            Self::Agent(frame) => frame.subject(),
        }
    }

    /// Whether it is only a sign of life.
    #[must_use]
    pub const fn is_ping(&self) -> bool {
        matches!(self, Self::Visitor(FromVisitor::Ping) | Self::Agent(FromAgent::Ping))
    }
}

impl FromVisitor {
    /// What a refusal of this frame is about.
    #[must_use]
    pub const fn subject(&self) -> Subject {
        match self {
            Self::Say { conversation, id, .. }
            | Self::End { conversation, id }
            | Self::Rate { conversation, id, .. } => Subject::Message { conversation: *conversation, id: *id },
            Self::Typing { conversation }
            | Self::Seen { conversation, .. }
            | Self::LeaveQueue { conversation }
            | Self::Unfollow { conversation }
            | Self::Fetch { conversation, .. } => Subject::Conversation { conversation: *conversation },
            Self::Follow { follow } => Subject::Conversation { conversation: follow.conversation },
            Self::Register | Self::Page { .. } | Self::Ping => Subject::Connection,
        }
    }
}

impl FromAgent {
    /// What a refusal of this frame is about.
    #[must_use]
    pub const fn subject(&self) -> Subject {
        match self {
            Self::Say { conversation, id, .. }
            | Self::Record { conversation, id, .. }
            | Self::Note { conversation, id, .. }
            | Self::End { conversation, id }
            | Self::Spam { conversation, id } => Subject::Message { conversation: *conversation, id: *id },
            Self::Typing { conversation }
            | Self::Seen { conversation, .. }
            | Self::Take { conversation }
            | Self::Release { conversation }
            | Self::Block { conversation, .. }
            | Self::Unfollow { conversation }
            | Self::Fetch { conversation, .. } => Subject::Conversation { conversation: *conversation },
            Self::Follow { follow } => Subject::Conversation { conversation: follow.conversation },
            Self::Presence { .. }
            | Self::ListClosed { .. }
            | Self::ListOfVisitor { .. }
            | Self::EndMany { .. }
            | Self::Unblock { .. }
            | Self::ListBlocks
            | Self::Flood { .. }
            | Self::ListOpen { .. }
            | Self::Ping => Subject::Connection,
        }
    }
}
