//! The first frame of a connection, and what each side gets to begin with.

use serde::{Deserialize, Serialize};

use super::Follow;
use crate::id::{SiteId, Token, VisitorId};
use crate::log::PageContext;
use crate::staff::{AgentState, AgentSummary, ConversationSummary, StaffScope};
use crate::visitor::VisitorConversation;

/// The first frame of every connection.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FirstFrame {
    /// As [`ClientFrame::Hello`].
    Hello {
        /// [`crate::PROTOCOL`] of the client.
        protocol: u16,
        /// Who speaks.
        hello: Hello,
        /// What it had before.
        follow: Vec<Follow>,
    },
}

/// Who speaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "as", rename_all = "snake_case")]
pub enum Hello {
    /// A visitor of a site.
    Visitor {
        /// Which site.
        site: SiteId,
        /// What makes them known again; none before the first message.
        token: Option<Token>,
        /// Where they are.
        page: PageContext,
    },
    /// An agent; the cookie of the handshake says which.
    Agent {
        /// What the agent chose, when it chose: a relay that has just started does not know. `Online` or `Away`; `Offline` says nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        state: Option<AgentState>,
    },
}

/// What a client needs to begin its session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "as", rename_all = "snake_case")]
pub enum SessionStart {
    /// For a visitor.
    Visitor {
        /// Who they are; none before they registered.
        visitor: Option<VisitorId>,
        /// Their conversations, newest first; at most [`crate::limit::PAGE_CONVERSATIONS_MAX`].
        conversations: Vec<VisitorConversation>,
        /// Agents online now.
        answering: u32,
    },
    /// For an agent.
    Agent {
        /// Itself.
        me: AgentSummary,
        /// Itself, and the colleagues that it may see.
        agents: Vec<AgentSummary>,
        /// Open conversations, at most [`crate::limit::INBOX_CONVERSATIONS_MAX`]: waiting and own ones first.
        open: Vec<ConversationSummary>,
        /// The names of its rights. When they change, the connection is closed as [`crate::Close::RightsChanged`].
        #[serde(default)]
        rights: Vec<String>,
        /// Where these count.
        #[serde(default)]
        scope: StaffScope,
    },
}
