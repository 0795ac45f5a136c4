//! What the relay says: one closed enum, one JSON object for each frame.

use serde::{Deserialize, Serialize};

use crate::block::BlockSummary;
use crate::event::{Event, Lane, Party};
use crate::frame::{Head, Subject};
use crate::id::{ConversationId, Seq, Token, VisitorId};
use crate::refusal::Refusal;
use crate::summary::{AgentState, AgentSummary, ConversationSummary, Counts, RowCursor, View, VisitorConversation};

/// What the relay says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The answer to `Hello`.
    Welcome {
        /// [`crate::PROTOCOL`] of the relay.
        protocol: u16,
        /// The relay's clock, in milliseconds since 1970 UTC.
        now_ms: u64,
        /// The largest attachment taken.
        attachment_bytes_max: u64,
        /// What this side needs to begin.
        session: Session,
    },
    /// The answer to `Register`.
    Registered {
        /// Who they are from now on.
        visitor: VisitorId,
        /// To be kept by the client, shown in every later `Hello`.
        token: Token,
    },
    /// Something was recorded.
    Event {
        /// The record; to its maker it is the acknowledgement.
        event: Event,
    },
    /// A page of what was recorded before.
    Events {
        /// Where.
        conversation: ConversationId,
        /// In which lane.
        lane: Lane,
        /// The number asked for; the first event has the next one.
        after: Seq,
        /// In order, without a gap; at most [`crate::limit::PAGE_EVENTS_MAX`].
        events: Vec<Event>,
        /// The last number of the lane; beyond the last event here, there is more to fetch.
        head: Seq,
    },
    /// A request was not carried out.
    Refused {
        /// Which request.
        subject: Subject,
        /// Why.
        refusal: Refusal,
    },
    /// Somebody on the other side (or a colleague) is typing; shown for [`crate::limit::TYPING_SHOWN_MS`].
    Typing {
        /// Where.
        conversation: ConversationId,
        /// Which side.
        party: Party,
        /// Who; empty for the visitor.
        name: String,
    },
    /// The visitor's place in line.
    Queue {
        /// Of which conversation.
        conversation: ConversationId,
        /// 1 is next.
        place: u32,
        /// How many stand in line.
        waiting: u32,
    },
    /// How many agents answer visitors now.
    Answering {
        /// Online agents.
        agents: u32,
    },
    /// Whether the agent that has the visitor's conversation is there (visitors).
    Holder {
        /// Which conversation.
        conversation: ConversationId,
        /// The state of the agent that has it.
        state: AgentState,
    },
    /// How many conversations stand where; told when it changes, at most once a second (agents).
    Counts {
        /// The numbers.
        counts: Counts,
    },
    /// The answer to `ListOpen`.
    Open {
        /// The request.
        view: View,
        /// The request.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        find: String,
        /// In order; at most [`crate::limit::PAGE_CONVERSATIONS_MAX`].
        rows: Vec<ConversationSummary>,
        /// Where the next page begins; none on the last one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<RowCursor>,
        /// How many there are in all.
        total: u32,
    },
    /// The answer to `EndMany`: told as it goes on, and once more when all is done.
    Ending {
        /// How many have ended.
        ended: u32,
        /// How many are still to end; 0 when all is done.
        left: u32,
    },
    /// The answer to `Block`, `Unblock` and `ListBlocks`: every block there is.
    Blocks {
        /// The newest first; at most [`crate::limit::BLOCKS_MAX`].
        blocks: Vec<BlockSummary>,
    },
    /// A row of the inbox is new or changed; a closed one leaves the list.
    Inbox {
        /// The row.
        row: ConversationSummary,
    },
    /// An agent changed.
    Agent {
        /// As it is now.
        agent: AgentSummary,
    },
    /// The answer to `ListClosed`.
    Closed {
        /// The request.
        before_ms: u64,
        /// Newest first; at most [`crate::limit::PAGE_CONVERSATIONS_MAX`].
        rows: Vec<ConversationSummary>,
        /// Whether there are older ones.
        more: bool,
    },
    /// The answer to `ListOfVisitor`.
    OfVisitor {
        /// Whose.
        visitor: VisitorId,
        /// Newest first.
        rows: Vec<ConversationSummary>,
    },
    /// The answer to `Ping`: the last numbers of every conversation this connection follows, so that a lost last event is noticed.
    Pong {
        /// The numbers.
        heads: Vec<Head>,
    },
}

/// What a side needs to begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "as", rename_all = "snake_case")]
pub enum Session {
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
        /// Everybody, itself too.
        agents: Vec<AgentSummary>,
        /// Open conversations, at most [`crate::limit::INBOX_CONVERSATIONS_MAX`]: waiting and own ones first.
        open: Vec<ConversationSummary>,
    },
}
