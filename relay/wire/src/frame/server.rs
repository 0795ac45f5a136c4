//! What the relay says: one JSON object for each frame.

use super::side::by_side;
use super::{Head, SessionStart, Subject};
use crate::id::{ConversationId, Seq, Token, VisitorId};
use crate::log::{Event, Lane, Party};
use crate::refusal::Refusal;
use crate::staff::{AgentState, AgentSummary, BlockSummary, ConversationSummary, Counts, RowCursor, View};

by_side! {
    /// What the relay says, to whichever side.
    all ServerFrame;
    /// The frames for a visitor's client.
    visitor ToVisitor;
    /// The frames for an agent's client.
    agent ToAgent;
    neither {}
    both {
        /// The answer to `Hello`.
        Welcome = "welcome" {
            /// [`crate::PROTOCOL`] of the relay.
            protocol: u16,
            /// The relay's clock, in milliseconds since 1970 UTC.
            now_ms: u64,
            /// The largest attachment taken.
            attachment_bytes_max: u64,
            /// What this side needs to begin.
            session: SessionStart,
        };
        /// Something was recorded.
        Event = "event" {
            /// The record; to its maker it is the acknowledgement.
            event: Event,
        };
        /// A page of what was recorded before.
        Events = "events" {
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
        };
        /// A request was not carried out.
        Refused = "refused" {
            /// Which request.
            subject: Subject,
            /// Why.
            refusal: Refusal,
        };
        /// Somebody on the other side (or a colleague) is typing; shown for [`crate::limit::TYPING_SHOWN_MS`].
        Typing = "typing" {
            /// Where.
            conversation: ConversationId,
            /// Which side.
            party: Party,
            /// Who; empty for the visitor.
            name: String,
        };
        /// The answer to `Ping`: the last numbers of every conversation this connection follows, so that a lost last event is noticed.
        Pong = "pong" {
            /// The numbers.
            heads: Vec<Head>,
        };
        /// Something that an ended conversation held was erased: the client drops every event of it, and what it shows of it, and asks for all of it
        /// again. Sent when it happens, and to who comes back with events that may be from before.
        Erased = "erased" {
            /// Which conversation.
            conversation: ConversationId,
            /// What its row says of the last message from now on; mostly nothing.
            last_line: String,
            /// The language of its visitor that its row says from now on (agents); may be empty.
            language: String,
        };
    }
    visitor {
        /// The answer to `Register`.
        Registered = "registered" {
            /// Who they are from now on.
            visitor: VisitorId,
            /// To be kept by the client, shown in every later `Hello`.
            token: Token,
        };
        /// The visitor's position in the queue.
        Queue = "queue" {
            /// Of which conversation.
            conversation: ConversationId,
            /// 1 is next.
            place: u32,
            /// How many wait.
            waiting: u32,
        };
        /// How many agents answer visitors now.
        Answering = "answering" {
            /// Online agents.
            agents: u32,
        };
        /// What the site's chat shows: colours, texts, notices, hours. Sent after `Welcome`, and when it has changed; when the page has another
        /// one, it asks for it over HTTP.
        Look = "look" {
            /// The look's number: another one when anything in it is another.
            look: u32,
        };
        /// The state of the agent that has the visitor's conversation (visitors).
        Holder = "holder" {
            /// Which conversation.
            conversation: ConversationId,
            /// The state of the agent that has it.
            state: AgentState,
        };
    }
    agent {
        /// How many conversations have each state; sent when that changes, at most once a second (agents).
        Counts = "counts" {
            /// The numbers.
            counts: Counts,
        };
        /// The answer to `ListOpen`.
        Open = "open" {
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
        };
        /// The answer to `EndMany`: sent as it goes on, and once more when all is done.
        Ending = "ending" {
            /// How many have ended.
            ended: u32,
            /// How many are still to end; 0 when all is done.
            left: u32,
        };
        /// The answer to `Block`, `Unblock` and `ListBlocks`: every block there is.
        Blocks = "blocks" {
            /// The newest first; at most [`crate::limit::BLOCKS_MAX`].
            blocks: Vec<BlockSummary>,
        };
        /// A row of the inbox is new or changed; a closed one leaves the list.
        Inbox = "inbox" {
            /// The row.
            row: ConversationSummary,
        };
        /// An agent changed.
        Agent = "agent" {
            /// As it is now.
            agent: AgentSummary,
        };
        /// The answer to `ListClosed`.
        Closed = "closed" {
            /// The request.
            before_ms: u64,
            /// Newest first; at most [`crate::limit::PAGE_CONVERSATIONS_MAX`].
            rows: Vec<ConversationSummary>,
            /// Whether there are older ones.
            more: bool,
        };
        /// The answer to `ListOfVisitor`.
        OfVisitor = "of_visitor" {
            /// Whose.
            visitor: VisitorId,
            /// Newest first.
            rows: Vec<ConversationSummary>,
        };
    }
}
