//! What a visitor may do.

use std::collections::BTreeSet;

use wire::limit::OPEN_CONVERSATIONS_PER_VISITOR_MAX;
use wire::{
    Author, Body, ClientFrame, ConversationId, ConversationState, Idle, MessageId, PageContext, Party, Refusal, Say,
    Seq, ServerFrame, Subject, Token, VisitorId,
};

use crate::Core;
use crate::admit::{about, admit_text, check_rating, cut_page};
use crate::append::{Append, Condition, Draft, DraftBody, Opening, Queueing};
use crate::connection::{Side, Who};
use crate::conversation::Conversation;
use crate::input::{ConnectionId, Source};
use crate::output::Output;
use crate::request::{Mark, Pending};
use crate::store::Query;
use crate::timer::Timer;

/// What is known of a visitor while they are here or have an open conversation.
#[derive(Debug, Default)]
pub(crate) struct VisitorLive {
    /// Their lines.
    pub(crate) connections: BTreeSet<ConnectionId>,
    /// Their open conversations.
    pub(crate) open: BTreeSet<ConversationId>,
    /// Where they last came from.
    pub(crate) source: Source,
    /// Whether they were known before: a token older than a day, and an agent has answered them.
    pub(crate) known: bool,
    /// Since when they have no connection, when they have none, by inside time …
    pub(crate) gone_ms: Option<u64>,
    /// … and by the machine's clock.
    pub(crate) gone_since_ms: u64,
    /// Whether agents were told that they are gone.
    pub(crate) told_gone: bool,
    /// When their conversations are looked at again.
    pub(crate) attend_at_ms: Option<u64>,
    /// The address last recorded, if this relay recorded one.
    pub(crate) context_url: Option<String>,
    /// Not before this is another one recorded.
    pub(crate) context_next_ms: u64,
    /// Where they are, when that waits to be recorded.
    pub(crate) context_waits: Option<PageContext>,
}

impl Core {
    /// A frame of a visitor who did not register yet.
    pub(crate) fn frame_of_stranger(&mut self, connection: ConnectionId, frame: ClientFrame) {
        let Some(line) = self.connections.get_mut(&connection) else { return };
        match (&mut line.side, frame) {
            (Side::Visitor { site, registering, .. }, ClientFrame::Register) => {
                // A second wish while the first is under way is the same wish.
                if !std::mem::replace(registering, true) {
                    let site = site.clone();
                    self.outputs.push_back(Output::Register { connection, site });
                }
            }
            (Side::Visitor { page, .. }, ClientFrame::Page { page: new }) => *page = cut_page(&new),
            (_, frame) => self.refuse(connection, frame.subject(), Refusal::NotAllowed),
        }
    }

    /// The shell has made a visitor for a line.
    pub(crate) fn registered(&mut self, connection: ConnectionId, visitor: VisitorId, token: Token) {
        let Some(line) = self.connections.get_mut(&connection) else { return };
        let from = match &mut line.side {
            Side::Visitor { visitor: known @ None, registering, source, .. } => {
                *known = Some(visitor);
                *registering = false;
                *source
            }
            Side::Visitor { .. } | Side::Agent(_) => {
                debug_assert!(false, "only a stranger is registered");
                return self.close(connection, wire::Close::Malformed);
            }
        };
        let known = self.visitors.entry(visitor).or_default();
        known.connections.insert(connection);
        known.source = from;
        self.visitor_came(visitor);
        self.send_one(connection, ServerFrame::Registered { visitor, token });
    }

    /// The shell could not make a visitor.
    pub(crate) fn register_failed(&mut self, connection: ConnectionId, refusal: Refusal) {
        let Some(line) = self.connections.get_mut(&connection) else { return };
        if let Side::Visitor { registering, .. } = &mut line.side {
            *registering = false;
        }
        self.refuse(connection, Subject::Connection, refusal);
    }

    /// A frame of a registered visitor.
    pub(crate) fn frame_of_visitor(&mut self, connection: ConnectionId, visitor: VisitorId, frame: ClientFrame) {
        let about_what = frame.subject();
        match frame {
            ClientFrame::Say { conversation, id, say } => {
                self.visitor_says(connection, visitor, (conversation, id), say)
            }
            ClientFrame::Typing { conversation } => self.typing_said(connection, conversation),
            ClientFrame::Seen { conversation, up_to } => self.seen(connection, conversation, up_to),
            ClientFrame::LeaveQueue { conversation } => self.leave_queue(connection, conversation, 0),
            ClientFrame::End { conversation, id } => {
                let draft = Draft { id, author: Author::Visitor, body: DraftBody::Ready(Body::Closed) };
                self.visitor_records(connection, visitor, conversation, draft);
            }
            ClientFrame::Rate { conversation, id, score, comment } => {
                self.rate(connection, visitor, (conversation, id), score, &comment);
            }
            ClientFrame::Follow { follow } => self.follow(connection, follow),
            ClientFrame::Unfollow { conversation } => self.unfollow(connection, conversation),
            ClientFrame::Fetch { conversation, lane, after } => {
                self.page(connection, conversation, (lane, after), false)
            }
            ClientFrame::Page { page } => self.page_changed(connection, visitor, &page),
            ClientFrame::Hello { .. }
            | ClientFrame::Register
            | ClientFrame::Note { .. }
            | ClientFrame::Take { .. }
            | ClientFrame::Presence { .. }
            | ClientFrame::ListClosed { .. }
            | ClientFrame::ListOfVisitor { .. }
            | ClientFrame::Release { .. }
            | ClientFrame::Spam { .. }
            | ClientFrame::EndMany { .. }
            | ClientFrame::Block { .. }
            | ClientFrame::Unblock { .. }
            | ClientFrame::ListBlocks
            | ClientFrame::Flood { .. }
            | ClientFrame::ListOpen { .. }
            | ClientFrame::Ping => self.refuse(connection, about_what, Refusal::NotAllowed),
        }
    }

    /// A message. The first one in an unknown conversation opens it and puts the visitor in line, one in an idle
    /// conversation puts them in line again.
    fn visitor_says(
        &mut self,
        connection: ConnectionId,
        visitor: VisitorId,
        (conversation, id): (ConversationId, MessageId),
        say: Say,
    ) {
        let subject = Subject::Message { conversation, id };
        let body = match said(say) {
            Ok(body) => body,
            Err(refusal) => return self.refuse(connection, subject, refusal),
        };
        let draft = Draft { id, author: Author::Visitor, body };
        let Some(live) = self.conversations.get_mut(&conversation) else {
            if self.opening.contains_key(&conversation) {
                return self.visitor_records(connection, visitor, conversation, draft);
            }
            return self.open(connection, visitor, conversation, draft);
        };
        let idle = matches!(live.conversation.state, ConversationState::Idle { .. });
        if live.conversation.visitor != visitor || !idle || live.queueing || live.moving {
            return self.visitor_records(connection, visitor, conversation, draft);
        }
        // Whoever left the queue on purpose takes a new number, as fast as one may.
        let stepped_out = matches!(live.conversation.state, ConversationState::Idle { why: Idle::SteppedOut, .. });
        let keep = Some(live.conversation.turn).filter(|_| !stepped_out);
        if stepped_out && let Err(refusal) = self.may_open(visitor) {
            return self.refuse(connection, subject, refusal);
        }
        let queueing = self.queueing(visitor, keep);
        let Some(live) = self.conversations.get_mut(&conversation) else { return };
        live.queueing = true;
        let staff_head = live.conversation.head.staff;
        let turn = self.system_draft(DraftBody::Turn(queueing));
        let drafts = vec![draft, self.system_draft(DraftBody::Ready(Body::Queued)), turn];
        let append = Append::new(conversation, drafts).when(Condition::Owner(visitor));
        let append = append.when(Condition::StaffHead(staff_head));
        self.append(Pending::Asked { connection, subject, mark: Mark::Queueing(conversation) }, append);
    }

    /// With what a visitor's conversation is queued.
    pub(crate) fn queueing(&self, visitor: VisitorId, keep: Option<u64>) -> Queueing {
        let known = self.visitors.get(&visitor).is_some_and(|known| known.known);
        Queueing { keep, source: self.source_of(visitor), known }
    }

    /// Opens a conversation with its first message. It may have ended long ago: then the store says so.
    fn open(&mut self, connection: ConnectionId, visitor: VisitorId, conversation: ConversationId, draft: Draft) {
        let subject = Subject::Message { conversation, id: draft.id };
        let open = self.visitors.get(&visitor).map_or(0, |known| known.open.len());
        let opening = self.opening.values().filter(|owner| **owner == visitor).count();
        if open + opening >= OPEN_CONVERSATIONS_PER_VISITOR_MAX {
            return self.refuse(connection, subject, Refusal::TooManyConversations);
        }
        if let Err(refusal) = self.may_open(visitor) {
            return self.refuse(connection, subject, refusal);
        }
        let Some(Side::Visitor { site, page, .. }) = self.connections.get(&connection).map(|line| &line.side) else {
            return;
        };
        let (site, page) = (site.clone(), page.clone());
        let opening = Opening { site, visitor, language: page.own_language().to_owned() };
        self.context_recorded(visitor, &page);
        let context = Draft {
            id: self.ids.message(self.now_ms),
            author: Author::Visitor,
            body: DraftBody::Ready(Body::Context { page }),
        };
        let queued = self.system_draft(DraftBody::Ready(Body::Queued));
        let queueing = self.queueing(visitor, None);
        let turn = self.system_draft(DraftBody::Turn(queueing));
        self.opening.insert(conversation, visitor);
        let append = Append::new(conversation, vec![draft, queued, turn, context]);
        let append = append.opening(opening).when(Condition::Owner(visitor));
        self.append(Pending::Asked { connection, subject, mark: Mark::Opening(conversation, visitor) }, append);
    }

    /// Records one thing in a conversation that is the visitor's own, as far as is known here; the store makes sure.
    fn visitor_records(
        &mut self,
        connection: ConnectionId,
        visitor: VisitorId,
        conversation: ConversationId,
        draft: Draft,
    ) {
        let subject = Subject::Message { conversation, id: draft.id };
        let opening = self.opening.get(&conversation);
        let owner = self.conversations.get(&conversation).map(|live| live.conversation.visitor).or(opening.copied());
        if owner.is_some_and(|owner| owner != visitor) {
            return self.refuse(connection, subject, Refusal::NotFound);
        }
        let mark = if opening.is_some() { Mark::AfterOpening } else { Mark::None };
        let append = Append::new(conversation, vec![draft]).when(Condition::Owner(visitor));
        self.append(Pending::Asked { connection, subject, mark }, append);
    }

    fn rate(
        &mut self,
        connection: ConnectionId,
        visitor: VisitorId,
        (conversation, id): (ConversationId, MessageId),
        score: u8,
        comment: &str,
    ) {
        let subject = Subject::Message { conversation, id };
        if let Err(refusal) = check_rating(score, comment) {
            return self.refuse(connection, subject, refusal);
        }
        // Ended conversations that nobody follows are not in memory; the store knows whose they are.
        let open = self.conversations.get(&conversation).filter(|live| !live.conversation.closed());
        let own = open.map(|live| live.conversation.visitor == visitor);
        if own == Some(true) || self.opening.contains_key(&conversation) {
            return self.refuse(connection, subject, Refusal::NotAllowed);
        }
        let comment = wire::trim_text(comment).to_owned();
        let draft = Draft { id, author: Author::Visitor, body: DraftBody::Ready(Body::Rated { score, comment }) };
        self.visitor_records(connection, visitor, conversation, draft);
    }

    /// The visitor leaves the line, unless they are served just now: the staff lane must not have moved.
    pub(crate) fn leave_queue(&mut self, connection: ConnectionId, conversation: ConversationId, attempts: u8) {
        let Some(Who::Visitor(Some(visitor))) = self.connections.get(&connection).map(|line| line.who()) else {
            return;
        };
        let subject = about(conversation);
        let own = self.conversations.get_mut(&conversation).filter(|live| live.conversation.visitor == visitor);
        let Some(live) = own else { return self.refuse(connection, subject, Refusal::NotFound) };
        match live.conversation.state {
            ConversationState::Waiting { .. } if live.leaving => return,
            ConversationState::Waiting { .. } => live.leaving = true,
            ConversationState::Idle { .. } => return,
            ConversationState::Assigned { .. } => return self.refuse(connection, subject, Refusal::Taken),
            ConversationState::Closed { .. } => return self.refuse(connection, subject, Refusal::Ended),
        }
        let staff_head = live.conversation.head.staff;
        let id = self.ids.message(self.now_ms);
        let draft = Draft { id, author: Author::Visitor, body: DraftBody::Ready(Body::LeftQueue) };
        let append = Append::new(conversation, vec![draft]).when(Condition::Owner(visitor));
        let append = append.when(Condition::StaffHead(staff_head));
        self.append(Pending::Asked { connection, subject, mark: Mark::Leaving(conversation, attempts) }, append);
    }

    /// Either side has seen something; recorded when it moves that side's cursor.
    pub(crate) fn seen(&mut self, connection: ConnectionId, conversation: ConversationId, up_to: Seq) {
        match self.conversations.get(&conversation) {
            Some(live) => {
                let known = live.conversation.clone();
                self.seen_in(connection, &known, up_to);
            }
            None => {
                let pending = Pending::Seen { connection, conversation, up_to };
                self.query(pending, Query::Conversation { conversation });
            }
        }
    }

    /// As [`Core::seen`], with the conversation at hand.
    pub(crate) fn seen_in(&mut self, connection: ConnectionId, known: &Conversation, up_to: Seq) {
        let Some(line) = self.connections.get(&connection) else { return };
        let subject = about(known.id);
        let (party, author, owner) = match line.who() {
            Who::Visitor(Some(visitor)) if visitor == known.visitor => (Party::Visitor, Author::Visitor, Some(visitor)),
            Who::Visitor(_) => return self.refuse(connection, subject, Refusal::NotFound),
            Who::Agent(agent) => {
                let answers = match known.state {
                    ConversationState::Assigned { agent: holder } => Some(holder),
                    ConversationState::Closed { .. } => known.agent,
                    ConversationState::Waiting { .. } | ConversationState::Idle { .. } => None,
                };
                // Who looks over a colleague's shoulder has not seen it on behalf of the visitor.
                if answers.is_some_and(|answers| answers != agent) {
                    return;
                }
                (Party::Staff, self.author(agent), None)
            }
        };
        if up_to > known.head.shared {
            return self.refuse(connection, subject, Refusal::Malformed);
        }
        if up_to <= known.seen_by(party) {
            return;
        }
        if let Some(live) = self.conversations.get_mut(&known.id) {
            let asked = live.seen_asked_mut(party);
            if up_to <= *asked {
                return;
            }
            *asked = up_to;
        }
        let id = self.ids.message(self.now_ms);
        let draft = Draft { id, author, body: DraftBody::Ready(Body::Seen { up_to }) };
        let mut append = Append::new(known.id, vec![draft]);
        append.conditions.extend(owner.map(Condition::Owner));
        self.append(Pending::Asked { connection, subject, mark: Mark::Seen(known.id, party) }, append);
    }

    pub(crate) fn system_draft(&mut self, body: DraftBody) -> Draft {
        Draft { id: self.ids.message(self.now_ms), author: Author::System, body }
    }

    /// All lines of a conversation's visitor, while it is open.
    pub(crate) fn visitor_connections(&self, conversation: ConversationId) -> Vec<ConnectionId> {
        let live = self.conversations.get(&conversation);
        let known = live.and_then(|live| self.visitors.get(&live.conversation.visitor));
        known.into_iter().flat_map(|known| known.connections.iter().copied()).collect()
    }

    /// Forgets a visitor who is neither here nor has anything open.
    pub(crate) fn forget_visitor(&mut self, visitor: VisitorId) {
        let known = self.visitors.get(&visitor);
        if known.is_some_and(|known| known.connections.is_empty() && known.open.is_empty())
            && let Some(at_ms) = self.visitors.remove(&visitor).and_then(|known| known.attend_at_ms)
        {
            self.timers.remove(&(at_ms, Timer::Attend(visitor)));
        }
    }
}

/// A message as a draft's body.
pub(crate) fn said(say: Say) -> Result<DraftBody, Refusal> {
    match say {
        Say::Text { text } => admit_text(&text).map(|text| DraftBody::Ready(Body::Text { text })),
        Say::File { attachment } => Ok(DraftBody::File(attachment)),
    }
}
