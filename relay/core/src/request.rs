//! What waits for the store: who asked, and what the answer means to them.

use wire::limit::KNOWN_AFTER_MS;
use wire::{Close, ConversationId, Lane, Party, Refusal, Seq, ServerFrame, Session, Subject, VisitorId};

use crate::Core;
use crate::admit::about;
use crate::append::{Append, AppendError};
use crate::assign::Offer;
use crate::conversation::Conversation;
use crate::input::{ConnectionId, RequestId};
use crate::output::Output;
use crate::store::{Answer, Query, QueryError};

/// How often a request is tried again when the staff lane moved under it.
pub(crate) const ATTEMPTS_MAX: u8 = 3;

/// One request that waits.
#[derive(Debug)]
pub(crate) enum Pending {
    /// A client wants something recorded.
    Asked {
        /// Who asked.
        connection: ConnectionId,
        /// What a refusal would be about.
        subject: Subject,
        /// What is on its way with it.
        mark: Mark,
    },
    /// A conversation was offered to an agent.
    Offered(Offer),
    /// The core records something for itself in this conversation; nobody waits.
    Quiet(ConversationId),
    /// A conversation goes to the queue or aside by itself.
    Moved(ConversationId),
    /// One of many ends; with the number of the wish.
    Ending(u64, ConversationId),
    /// A visitor waits for `Welcome`.
    Welcome {
        /// Who.
        connection: ConnectionId,
        /// Who they are.
        visitor: VisitorId,
    },
    /// A client wants a page of a lane.
    Page {
        /// Who.
        connection: ConnectionId,
        /// Where.
        conversation: ConversationId,
        /// In which lane.
        lane: Lane,
        /// After this number.
        after: Seq,
        /// Whether it also wants what comes later, and does not get it when the page is refused.
        follow: bool,
    },
    /// A client has seen something in a conversation that is not in memory.
    Seen {
        /// Who.
        connection: ConnectionId,
        /// Where.
        conversation: ConversationId,
        /// The last message seen.
        up_to: Seq,
    },
    /// An agent wants ended conversations.
    ListClosed {
        /// Who.
        connection: ConnectionId,
        /// Ended before this.
        before_ms: u64,
    },
    /// An agent wants a visitor's conversations.
    ListOfVisitor {
        /// Who.
        connection: ConnectionId,
        /// Whose.
        visitor: VisitorId,
    },
    /// The core reads a conversation again that it lost track of.
    Refresh(ConversationId),
}

/// What a pending append is about to change, so that it is not asked for twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Nothing of that kind.
    None,
    /// It opens a conversation.
    Opening(ConversationId, VisitorId),
    /// It comes right after one that opens the conversation, and needs that to succeed.
    AfterOpening,
    /// It puts the conversation in line; how often this was tried before.
    Queueing(ConversationId),
    /// The visitor leaves the line.
    Leaving(ConversationId, u8),
    /// An agent gives the conversation back.
    Moving(ConversationId),
    /// It moves one side's cursor.
    Seen(ConversationId, Party),
}

impl Pending {
    /// The conversation that an append was to change.
    pub(crate) const fn appends_to(&self) -> Option<ConversationId> {
        match self {
            Self::Asked {
                subject: Subject::Message { conversation, .. } | Subject::Conversation { conversation },
                ..
            }
            | Self::Quiet(conversation)
            | Self::Moved(conversation)
            | Self::Ending(_, conversation) => Some(*conversation),
            Self::Offered(offer) => Some(offer.conversation),
            Self::Asked { subject: Subject::Connection, .. }
            | Self::Welcome { .. }
            | Self::Page { .. }
            | Self::Seen { .. }
            | Self::ListClosed { .. }
            | Self::ListOfVisitor { .. }
            | Self::Refresh(_) => None,
        }
    }

    /// The connection that waits for the answer.
    const fn connection(&self) -> Option<ConnectionId> {
        match self {
            Self::Asked { connection, .. }
            | Self::Welcome { connection, .. }
            | Self::Page { connection, .. }
            | Self::Seen { connection, .. }
            | Self::ListClosed { connection, .. }
            | Self::ListOfVisitor { connection, .. } => Some(*connection),
            Self::Offered(offer) => match offer.asker {
                Some((connection, _)) => Some(connection),
                None => None,
            },
            Self::Quiet(_) | Self::Refresh(_) | Self::Moved(_) | Self::Ending(..) => None,
        }
    }
}

/// When the relay made a visitor: the time in their id (RFC 9562, section 5.7).
const fn made_at_ms(visitor: VisitorId) -> u64 {
    (visitor.0 >> 80) as u64
}

/// What a client is told about a failed append.
pub(crate) const fn refusal_of(error: AppendError) -> Refusal {
    match error {
        AppendError::NotFound => Refusal::NotFound,
        AppendError::Ended => Refusal::Ended,
        AppendError::Moved => Refusal::Taken,
        AppendError::AtCapacity => Refusal::AtCapacity,
        AppendError::FileMissing => Refusal::FileMissing,
        AppendError::Busy => Refusal::Busy,
        AppendError::Down => Refusal::StoreDown,
        AppendError::DiskFull => Refusal::DiskFull,
        AppendError::OverQuota { retry_after_ms } => Refusal::QuotaExceeded { retry_after_ms },
    }
}

const fn refusal_of_query(error: QueryError) -> Refusal {
    match error {
        QueryError::NotFound => Refusal::NotFound,
        QueryError::Busy => Refusal::Busy,
        QueryError::Down => Refusal::StoreDown,
    }
}

impl Core {
    /// Asks the store to record.
    pub(crate) fn append(&mut self, pending: Pending, append: Append) {
        debug_assert!(!append.drafts.is_empty(), "an append records something");
        let request = self.remember(pending);
        self.outputs.push_back(Output::Append { request, append });
    }

    /// Asks the store to read.
    pub(crate) fn query(&mut self, pending: Pending, query: Query) {
        let request = self.remember(pending);
        self.outputs.push_back(Output::Query { request, query });
    }

    fn remember(&mut self, pending: Pending) -> RequestId {
        if let Some(line) = pending.connection().and_then(|id| self.connections.get_mut(&id)) {
            line.requests += 1;
        }
        self.last_request += 1;
        let request = RequestId(self.last_request);
        self.requests.insert(request, pending);
        request
    }

    /// The connection that waits for a page or a list, when that is what a request reads. The shell asks the store for it only once the
    /// connection has taken what it was sent before.
    #[must_use]
    pub fn page_reader(&self, request: RequestId) -> Option<ConnectionId> {
        match self.requests.get(&request)? {
            Pending::Page { connection, .. }
            | Pending::ListClosed { connection, .. }
            | Pending::ListOfVisitor { connection, .. } => Some(*connection),
            Pending::Asked { .. }
            | Pending::Offered(_)
            | Pending::Quiet(_)
            | Pending::Moved(_)
            | Pending::Ending(..)
            | Pending::Welcome { .. }
            | Pending::Seen { .. }
            | Pending::Refresh(_) => None,
        }
    }

    pub(crate) fn recall(&mut self, request: RequestId) -> Option<Pending> {
        let pending = self.requests.remove(&request);
        debug_assert!(pending.is_some(), "every answer belongs to one request");
        let pending = pending?;
        if let Some(line) = pending.connection().and_then(|id| self.connections.get_mut(&id)) {
            line.requests = line.requests.saturating_sub(1);
        }
        Some(pending)
    }

    /// The store has read, or not.
    pub(crate) fn answered(&mut self, request: RequestId, result: Result<Answer, QueryError>) {
        let Some(pending) = self.recall(request) else { return };
        let alive = pending.connection().is_none_or(|id| self.connections.contains_key(&id));
        let answer = match result {
            Ok(answer) => answer,
            Err(error) if alive => return self.query_failed(&pending, error),
            Err(_) => return,
        };
        match (pending, answer) {
            (Pending::Refresh(conversation), Answer::Conversation(read)) => self.refreshed(conversation, *read),
            (_, _) if !alive => {}
            (Pending::Welcome { connection, visitor }, Answer::Conversations { rows, .. }) => {
                self.welcome_visitor(connection, visitor, &rows);
            }
            (
                Pending::Page { connection, conversation, lane, after, follow },
                Answer::Events { conversation: read, events },
            ) => {
                debug_assert!(read.id == conversation, "the store reads what it was asked for");
                self.page_answered(connection, *read, (lane, after), follow, events);
            }
            (Pending::Seen { connection, up_to, .. }, Answer::Conversation(read)) => {
                self.seen_in(connection, &read, up_to);
            }
            (Pending::ListClosed { connection, before_ms }, Answer::Conversations { rows, more }) => {
                let rows = rows.iter().map(Conversation::summary).collect();
                self.send_one(connection, ServerFrame::Closed { before_ms, rows, more });
            }
            (Pending::ListOfVisitor { connection, visitor }, Answer::Conversations { rows, .. }) => {
                let rows = rows.iter().map(Conversation::summary).collect();
                self.send_one(connection, ServerFrame::OfVisitor { visitor, rows });
            }
            (pending, _) => self.wrong_answer(&pending),
        }
    }

    fn query_failed(&mut self, pending: &Pending, error: QueryError) {
        let refusal = refusal_of_query(error);
        match pending {
            // Without its first picture a client cannot begin: it comes back, with its own backoff.
            Pending::Welcome { connection, .. } => self.close(*connection, Close::Busy),
            Pending::Page { connection, conversation, follow, .. } => {
                self.page_refused(*connection, *conversation, *follow, refusal);
            }
            Pending::Seen { connection, conversation, .. } => self.refuse(*connection, about(*conversation), refusal),
            Pending::ListClosed { connection, .. } | Pending::ListOfVisitor { connection, .. } => {
                self.refuse(*connection, Subject::Connection, refusal);
            }
            Pending::Refresh(conversation) => self.refresh_failed(*conversation, error),
            Pending::Asked { .. }
            | Pending::Offered(_)
            | Pending::Quiet(_)
            | Pending::Moved(_)
            | Pending::Ending(..) => self.wrong_answer(pending),
        }
    }

    fn welcome_visitor(&mut self, connection: ConnectionId, visitor: VisitorId, rows: &[Conversation]) {
        debug_assert!(rows.iter().all(|row| row.visitor == visitor), "the store lists one visitor's own");
        let own = rows.iter().filter(|row| row.visitor == visitor);
        let conversations = own.map(Conversation::visitor_view).collect();
        let old = self.clock.wall_ms().saturating_sub(made_at_ms(visitor)) > KNOWN_AFTER_MS;
        let answered = rows.iter().any(|row| row.visitor == visitor && row.answered);
        if let Some(known) = self.visitors.get_mut(&visitor) {
            known.known |= old && answered;
        }
        let session = Session::Visitor { visitor: Some(visitor), conversations, answering: self.answering() };
        self.welcome(connection, session);
        self.tell_places(connection, visitor);
    }

    /// The shell answered something else than was asked: whoever waited cannot be served.
    pub(crate) fn wrong_answer(&mut self, pending: &Pending) {
        debug_assert!(false, "the answer does not fit the request");
        if let Some(connection) = pending.connection() {
            self.close(connection, Close::Busy);
        }
    }
}
