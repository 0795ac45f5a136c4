//! What a client says: one JSON object for each frame.

use super::side::by_side;
use super::{Follow, Hello, Say};
use crate::id::{BlockId, ConversationId, MessageId, Seq, VisitorId};
use crate::log::{Body, Lane, PageContext};
use crate::staff::{AgentState, BlockScope, Many, RowCursor, View};

by_side! {
    /// What a client says, of whichever side; also the first frame, by which the relay knows the side. No relay reads this.
    all ClientFrame;
    /// What a visitor says after the hello.
    visitor FromVisitor;
    /// What an agent says after the hello.
    agent FromAgent;
    neither {
        /// The first frame of every connection.
        Hello = "hello" {
            /// [`crate::PROTOCOL`] of the client.
            protocol: u16,
            /// Who speaks.
            hello: Hello,
            /// What it had before, to be continued from there; at most [`crate::limit::FOLLOW_CONVERSATIONS_MAX`].
            follow: Vec<Follow>,
        };
    }
    both {
        /// Records a message. A visitor's first one in an unknown conversation opens it; the acknowledgement is the event.
        Say = "say" {
            /// Where; made by the client for a new conversation.
            conversation: ConversationId,
            /// Made once for each draft; a retry with the same id is recorded once.
            id: MessageId,
            /// What.
            say: Say,
        };
        /// Somebody is typing; passed on and not recorded.
        Typing = "typing" {
            /// Where.
            conversation: ConversationId,
        };
        /// The sender has seen the shared messages up to here. Recorded when it moves the cursor.
        Seen = "seen" {
            /// Where.
            conversation: ConversationId,
            /// The last message seen.
            up_to: Seq,
        };
        /// Either side ends the conversation.
        End = "end" {
            /// Which.
            conversation: ConversationId,
            /// As in `Say`.
            id: MessageId,
        };
        /// Starts to follow a conversation: answered with `Events` after the cursor, then each event as it happens.
        Follow = "follow" {
            /// Which, and from where.
            follow: Follow,
        };
        /// Stops to follow.
        Unfollow = "unfollow" {
            /// Which.
            conversation: ConversationId,
        };
        /// Asks for recorded events after a number, to fill a gap or turn a page.
        Fetch = "fetch" {
            /// Where.
            conversation: ConversationId,
            /// In which lane.
            lane: Lane,
            /// After this number.
            after: Seq,
        };
        /// A sign of life, when there is nothing else to send.
        Ping = "ping";
    }
    visitor {
        /// A visitor without a token asks for one, when there is a first message to send and not before.
        Register = "register";
        /// The visitor leaves the queue.
        LeaveQueue = "leave_queue" {
            /// Where.
            conversation: ConversationId,
        };
        /// The visitor rates an ended conversation; a later rating replaces the earlier.
        Rate = "rate" {
            /// Which.
            conversation: ConversationId,
            /// As in `Say`.
            id: MessageId,
            /// 1 to 5.
            score: u8,
            /// May be empty.
            comment: String,
        };
        /// The visitor went to another page of the site.
        Page = "page" {
            /// Where they are now.
            page: PageContext,
        };
    }
    agent {
        /// Records something on the staff lane that an agent may record by itself: see [`Body::by_agent`].
        Record = "record" {
            /// Where.
            conversation: ConversationId,
            /// As in `Say`.
            id: MessageId,
            /// What. Its kind says what else must hold.
            body: Body,
        };
        /// The same with a body of the kind `note`.
        Note = "note" {
            /// Where.
            conversation: ConversationId,
            /// As in `Say`.
            id: MessageId,
            /// As a message's text.
            text: String,
        };
        /// An agent takes a conversation that nobody has.
        Take = "take" {
            /// Which.
            conversation: ConversationId,
        };
        /// An agent's choice: `Online` or `Away` (`Offline` is refused; that is signing out).
        Presence = "presence" {
            /// The choice.
            state: AgentState,
        };
        /// An agent asks for ended conversations, newest first.
        ListClosed = "list_closed" {
            /// Ended before this time; a very large number for the first page.
            before_ms: u64,
            /// With it, also those that ended at just this time and have a lower id than this one: the last row of the page before.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            before: Option<ConversationId>,
        };
        /// An agent asks for all conversations of one visitor, newest first (at most one page).
        ListOfVisitor = "list_of_visitor" {
            /// Whose.
            visitor: VisitorId,
        };
        /// The agent that has a conversation (or a supervisor) gives it back: to the queue when its visitor is there, else it is set aside.
        Release = "release" {
            /// Which.
            conversation: ConversationId,
        };
        /// An agent marks a conversation as spam; an open one ends with it.
        Spam = "spam" {
            /// Which.
            conversation: ConversationId,
            /// As in `Say`.
            id: MessageId,
        };
        /// Supervisors end many open conversations. Answered with `Ending` until it is done.
        EndMany = "end_many" {
            /// Which.
            many: Many,
        };
        /// Supervisors keep somebody out. Open conversations of whoever is blocked end. Answered with `Blocks`.
        Block = "block" {
            /// Whose visitor, address or network.
            conversation: ConversationId,
            /// Which of these.
            scope: BlockScope,
            /// For how long, in milliseconds.
            for_ms: u64,
            /// Why; may be empty.
            reason: String,
        };
        /// Supervisors undo a block. Answered with `Blocks`.
        Unblock = "unblock" {
            /// Which.
            block: BlockId,
        };
        /// Supervisors ask who is blocked. Answered with `Blocks`.
        ListBlocks = "list_blocks";
        /// Supervisors declare a flood, or its end.
        Flood = "flood" {
            /// Which of both.
            on: bool,
        };
        /// An agent asks for open conversations, those first that have had their state for longest. Answered with `Open`.
        ListOpen = "list_open" {
            /// Which.
            view: View,
            /// Only those with these words in their last line, or this in the visitor's id; empty for all.
            #[serde(default, skip_serializing_if = "String::is_empty")]
            find: String,
            /// After this row; none for the first page.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            after: Option<RowCursor>,
        };
    }
}
