//! Which right each frame of an agent needs, and of what. This is the only table of it.
//!
//! What is out of an agent's scope is answered exactly as what does not exist. Who lacks a right altogether is refused without a look.

use relay_settings::Right;
use wire::{AgentId, ConversationId, FromAgent, Many, Refusal};

use super::Core;
use crate::conversation::Conversation;
use crate::input::ConnectionId;
use crate::request::{Action, ActionKind, AgentAction, Pending};
use crate::rights::Rights;

/// What a frame needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    /// Nothing.
    Nothing,
    /// One of these rights, in this conversation.
    In(ConversationId, &'static [Right]),
    /// This right, wherever: the answer has only what is in scope.
    Somewhere(Right),
    /// This right, for the whole relay.
    Everywhere(Right),
}

/// What a frame of an agent needs.
const fn need(frame: &FromAgent) -> Need {
    match frame {
        FromAgent::Follow { follow } => Need::In(follow.conversation, &[Right::ConversationRead]),
        FromAgent::Fetch { conversation, .. } => Need::In(*conversation, &[Right::ConversationRead]),
        FromAgent::Say { conversation, .. }
        | FromAgent::Take { conversation }
        | FromAgent::Typing { conversation }
        | FromAgent::Seen { conversation, .. } => Need::In(*conversation, &[Right::ConversationAnswer]),
        FromAgent::Release { conversation } => Need::In(*conversation, RELEASE),
        FromAgent::Record { conversation, .. } | FromAgent::Note { conversation, .. } => {
            Need::In(*conversation, &[Right::ConversationNote])
        }
        FromAgent::End { conversation, .. } | FromAgent::Spam { conversation, .. } => {
            Need::In(*conversation, &[Right::ConversationEnd])
        }
        FromAgent::Block { conversation, .. } => Need::In(*conversation, &[Right::VisitorBlock]),
        FromAgent::EndMany { many: Many::OfNetwork { conversation } } => {
            Need::In(*conversation, &[Right::ConversationEndMany])
        }
        FromAgent::EndMany { many: Many::Listed { .. } | Many::Found { .. } } => {
            Need::Somewhere(Right::ConversationEndMany)
        }
        FromAgent::Unblock { .. } | FromAgent::ListBlocks => Need::Somewhere(Right::VisitorBlock),
        FromAgent::ListOfVisitor { .. } => Need::Somewhere(Right::VisitorRead),
        FromAgent::ListClosed { .. } => Need::Somewhere(Right::ConversationRead),
        FromAgent::ListOpen { find, .. } if find.is_empty() => Need::Somewhere(Right::ConversationRead),
        FromAgent::ListOpen { .. } => Need::Somewhere(Right::ConversationSearch),
        FromAgent::Presence { .. } => Need::Somewhere(Right::ConversationAnswer),
        FromAgent::Flood { .. } => Need::Everywhere(Right::FloodDeclare),
        FromAgent::Unfollow { .. } | FromAgent::Ping => Need::Nothing,
    }
}

/// One's own, or that of a colleague.
const RELEASE: &[Right] = &[Right::ConversationAnswer, Right::ConversationReleaseAny];

/// What a request needs in its conversation, once the store has read that; nothing when a visitor asks.
const fn need_in(pending: &Pending) -> Option<&'static [Right]> {
    match pending {
        Pending::Page(_) => Some(&[Right::ConversationRead]),
        Pending::Seen { .. } => Some(&[Right::ConversationAnswer]),
        Pending::Action(Action { kind: ActionKind::OfAgent(_, action), .. }) => Some(match action {
            AgentAction::Say(..) | AgentAction::Take => &[Right::ConversationAnswer],
            AgentAction::Record(..) => &[Right::ConversationNote],
            AgentAction::End(_) | AgentAction::Spam(_) => &[Right::ConversationEnd],
            AgentAction::Release => RELEASE,
            AgentAction::Block(..) => &[Right::VisitorBlock],
            AgentAction::EndNetwork => &[Right::ConversationEndMany],
        }),
        Pending::Action(Action { kind: ActionKind::LeaveQueue(_), .. })
        | Pending::Asked { .. }
        | Pending::Offered(_)
        | Pending::Quiet(_)
        | Pending::Moved(_)
        | Pending::Ending(..)
        | Pending::Welcome { .. }
        | Pending::ListClosed { .. }
        | Pending::ListOfVisitor { .. }
        | Pending::Refresh(_) => None,
    }
}

impl Core {
    /// The rights with which a frame of an agent is carried out; none when it was refused. A conversation that is not in memory is looked at again when
    /// the store has read it ([`Self::is_hidden`]).
    pub(super) fn admit_agent(&mut self, connection: ConnectionId, frame: &FromAgent) -> Option<Rights> {
        let rights = self.connections.rights_of(connection)?.clone();
        let refusal = match need(frame) {
            Need::Nothing => None,
            Need::In(conversation, any) => match self.conversations.site_of(conversation) {
                _ if !any.iter().any(|right| rights.has(*right)) => Some(Refusal::NotAllowed),
                Some(site) if !any.iter().any(|right| rights.in_site(*right, site)) => Some(Refusal::NotFound),
                Some(_) | None => None,
            },
            Need::Somewhere(right) => (!rights.has(right)).then_some(Refusal::NotAllowed),
            Need::Everywhere(right) => (!rights.in_relay(right)).then_some(Refusal::NotAllowed),
        };
        match refusal {
            None => Some(rights),
            // Typing that may not be passed on is dropped without a word, and so it is for what does not exist.
            Some(_) if matches!(frame, FromAgent::Typing { .. }) => None,
            Some(refusal) => {
                self.step.refuse(connection, frame.subject(), refusal);
                None
            }
        }
    }

    /// An agent gives back what it has and may not answer any more.
    pub(super) fn give_back_out_of_scope(&mut self, agent: AgentId) {
        let Some(rights) = self.staff.rights_of(agent) else { return };
        let may_answer = |id| {
            let site = self.conversations.site_of(id);
            site.is_none_or(|site| rights.in_site(Right::ConversationAnswer, site))
        };
        let lost: Vec<_> = self.staff.held_by(agent).filter(|id| !may_answer(*id)).collect();
        if !lost.is_empty() {
            self.conversations.give_back(lost, &mut self.step);
        }
    }

    /// Whether the conversation that the store has read for a request is out of the asker's scope: then it is answered as if it were not there.
    pub(super) fn is_hidden(&self, pending: &Pending, read: &Conversation) -> bool {
        let rights = pending.connection().and_then(|connection| self.connections.rights_of(connection));
        let (Some(rights), Some(any)) = (rights, need_in(pending)) else { return false };
        !any.iter().any(|right| rights.in_site(*right, &read.site))
    }
}
