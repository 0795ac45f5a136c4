//! What goes over a line: one closed enum for each direction, one JSON object for each frame.

use serde::{Deserialize, Serialize};

use crate::event::{Cursor, Event, Lane, PageContext, Party};
use crate::id::{AttachmentId, ConversationId, MessageId, Seq, SiteId, Token, VisitorId};
use crate::newer::tolerant;
use crate::refusal::Refusal;
use crate::summary::{AgentState, AgentSummary, ConversationSummary, VisitorConversation};

/// What a client says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    /// The first frame of every connection.
    Hello {
        /// [`crate::PROTOCOL`] of the client.
        protocol: u16,
        /// Who speaks.
        hello: Hello,
        /// What it had before, to be continued from there; at most [`crate::limit::FOLLOW_CONVERSATIONS_MAX`].
        follow: Vec<Follow>,
    },
    /// A visitor without a token asks for one, when there is a first message to send and not before.
    Register,
    /// Records a message. A visitor's first one in an unknown conversation opens it; the acknowledgement is the event.
    Say {
        /// Where; made by the client for a new conversation.
        conversation: ConversationId,
        /// Made once for each draft; a retry with the same id is recorded once.
        id: MessageId,
        /// What.
        say: Say,
    },
    /// Records a private note (agents).
    Note {
        /// Where.
        conversation: ConversationId,
        /// As in `Say`.
        id: MessageId,
        /// As a message's text.
        text: String,
    },
    /// Somebody is typing; passes and is not recorded.
    Typing {
        /// Where.
        conversation: ConversationId,
    },
    /// The sender has seen the shared messages up to here. Recorded when it moves the cursor.
    Seen {
        /// Where.
        conversation: ConversationId,
        /// The last message seen.
        up_to: Seq,
    },
    /// The visitor leaves the line.
    LeaveQueue {
        /// Where.
        conversation: ConversationId,
    },
    /// An agent takes a conversation that nobody has.
    Take {
        /// Which.
        conversation: ConversationId,
    },
    /// Either side ends the conversation.
    End {
        /// Which.
        conversation: ConversationId,
        /// As in `Say`.
        id: MessageId,
    },
    /// The visitor rates an ended conversation; a later rating replaces the earlier.
    Rate {
        /// Which.
        conversation: ConversationId,
        /// As in `Say`.
        id: MessageId,
        /// 1 to 5.
        score: u8,
        /// May be empty.
        comment: String,
    },
    /// Starts to follow a conversation: answered with `Events` after the cursor, then each event as it happens.
    Follow {
        /// Which, and from where.
        follow: Follow,
    },
    /// Stops to follow.
    Unfollow {
        /// Which.
        conversation: ConversationId,
    },
    /// Asks for recorded events after a number, to fill a gap or turn a page.
    Fetch {
        /// Where.
        conversation: ConversationId,
        /// In which lane.
        lane: Lane,
        /// After this number.
        after: Seq,
    },
    /// An agent's choice: `Online` or `Away` (`Offline` is refused; that is signing out).
    Presence {
        /// The choice.
        state: AgentState,
    },
    /// The visitor went to another page of the site.
    Page {
        /// Where they are now.
        page: PageContext,
    },
    /// An agent asks for ended conversations, newest first.
    ListClosed {
        /// Ended before this time; a very large number for the first page.
        before_ms: u64,
        /// With it, also those that ended at just this time and have a lower id than this one: the last row of the page before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<ConversationId>,
    },
    /// An agent asks for all conversations of one visitor, newest first (at most one page).
    ListOfVisitor {
        /// Whose.
        visitor: VisitorId,
    },
    /// Nothing to say, still here.
    Ping,
}

impl ClientFrame {
    /// What a refusal of this frame is about.
    #[must_use]
    pub const fn subject(&self) -> Subject {
        match self {
            Self::Say { conversation, id, .. }
            | Self::Note { conversation, id, .. }
            | Self::End { conversation, id }
            | Self::Rate { conversation, id, .. } => Subject::Message { conversation: *conversation, id: *id },
            Self::Typing { conversation }
            | Self::Seen { conversation, .. }
            | Self::LeaveQueue { conversation }
            | Self::Take { conversation }
            | Self::Unfollow { conversation }
            | Self::Fetch { conversation, .. } => Subject::Conversation { conversation: *conversation },
            Self::Follow { follow } => Subject::Conversation { conversation: follow.conversation },
            Self::Hello { .. }
            | Self::Register
            | Self::Presence { .. }
            | Self::Page { .. }
            | Self::ListClosed { .. }
            | Self::ListOfVisitor { .. }
            | Self::Ping => Subject::Connection,
        }
    }
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

/// A conversation and how far the client has read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Follow {
    /// Which conversation.
    pub conversation: ConversationId,
    /// The last numbers the client has.
    pub after: Cursor,
}

/// A conversation and the last numbers of its lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Its last numbers; `staff` is 0 towards visitors.
    pub head: Cursor,
}

/// What a message is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Say {
    /// Words.
    Text {
        /// Not blank, at most [`crate::limit::TEXT_CHARS_MAX`] characters, no NUL.
        text: String,
    },
    /// A file that was uploaded to this conversation before.
    File {
        /// Which.
        attachment: AttachmentId,
    },
}

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

/// What a refusal is about. Something that is not known here is judged by the ids it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", tag = "about", rename_all = "snake_case")]
pub enum Subject {
    /// Something that was to be recorded.
    Message {
        /// Where.
        conversation: ConversationId,
        /// Its id.
        id: MessageId,
    },
    /// A request about a conversation.
    Conversation {
        /// Which.
        conversation: ConversationId,
    },
    /// Anything else.
    Connection,
}

tolerant! {
    Subject,
    Newer { about: String, conversation: Option<ConversationId>, id: Option<MessageId> } => {
        drop(about);
        match (conversation, id) {
            (Some(conversation), Some(id)) => Self::Message { conversation, id },
            (Some(conversation), None) => Self::Conversation { conversation },
            (None, _) => Self::Connection,
        }
    }
}
