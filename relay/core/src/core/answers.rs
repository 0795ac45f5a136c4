//! Answers of the store: what each means to whoever asked.

use wire::{Close, Lane, ServerFrame, Subject};

use super::Core;
use crate::admit::about;
use crate::append::{AppendError, Appended};
use crate::connections::Who;
use crate::conversation::Conversation;
use crate::conversations::Conversations;
use crate::input::{ConnectionId, RequestId};
use crate::news::Audience;
use crate::planted::{Planted, planted};
use crate::request::{Page, Pending, PendingChange, refusal_of_query};
use crate::store::{QueryAnswer, QueryError};

impl Core {
    /// The store has recorded, or not.
    pub(super) fn appended(&mut self, request: RequestId, result: Result<Appended, AppendError>) {
        let Some(pending) = self.connections.recall(request) else { return };
        match (&result, pending.appends_to()) {
            // Its events came through the bus before, unless the bus has lost them.
            (Ok(appended), _) => {
                let id = appended.events.first().map(|event| event.conversation);
                let followed = id.is_some_and(|id| self.connections.is_followed(id));
                self.conversations.catch_up(appended, followed, &mut self.step);
            }
            (Err(error), Some(conversation)) => {
                self.conversations.reread_after_failure(conversation, *error, &mut self.step)
            }
            (Err(_), None) => {}
        }
        self.pass_on();
        let step = &mut self.step;
        match pending {
            Pending::Quiet(_) => {}
            Pending::Moved(conversation) => self.conversations.moved(conversation, result.is_ok(), step),
            Pending::Ending(action, conversation) => self.conversations.ended(action, conversation, result.err(), step),
            Pending::Offered(offer) => {
                let now = self.assignment_view(offer.conversation);
                self.routing.answered(offer, result.map(|_| ()), now, &mut self.step);
            }
            Pending::Asked { connection, subject, change } => {
                self.conversations.change_done(change, step);
                self.pass_on();
                if let PendingChange::Opening(conversation, _) = change {
                    // When it was not opened, nobody follows it.
                    self.subscribe(conversation);
                }
                match (result, self.connections.who(connection)) {
                    (_, None) => {}
                    (Ok(appended), Some(who)) => self.acknowledge(connection, who, appended),
                    (Err(error), Some(who)) => {
                        let visitor = if let Who::Visitor(visitor) = who { visitor } else { None };
                        let asker = (connection, visitor);
                        self.conversations.append_failed(asker, subject, (change, error), &mut self.step);
                    }
                }
            }
            Pending::Welcome { .. }
            | Pending::Page(_)
            | Pending::Seen { .. }
            | Pending::ListClosed { .. }
            | Pending::ListOfVisitor { .. }
            | Pending::Action(_)
            | Pending::Refresh(_) => self.connections.wrong_answer(&pending, step),
        }
    }

    /// Sends to its author what the fan-out does not: events that were recorded before, or of a conversation that they do not follow.
    fn acknowledge(&mut self, connection: ConnectionId, who: Who, appended: Appended) {
        let Some(id) = appended.events.first().map(|event| event.conversation) else { return };
        let (agent, received) = match who {
            Who::Visitor(visitor) if visitor == Some(appended.visitor) => (false, true),
            Who::Visitor(_) => {
                debug_assert!(false, "the store checks the owner");
                return self.connections.close(connection, Close::Malformed, &mut self.step);
            }
            Who::Agent(_) => (true, self.connections.receives_events(connection, id, self.conversations.holder(id))),
        };
        if received && (!appended.repeated || planted(Planted::SilentOnRetry)) {
            return;
        }
        for event in appended.events {
            if agent || event.lane == Lane::Shared {
                self.step.send(Audience::One(connection), ServerFrame::Event { event });
            }
        }
    }

    /// The store has read, or not.
    pub(super) fn answered(&mut self, request: RequestId, result: Result<QueryAnswer, QueryError>) {
        let Some(pending) = self.connections.recall(request) else { return };
        let alive = pending.connection().is_none_or(|id| self.connections.has(id));
        let mut answer = match result {
            Ok(answer) => answer,
            Err(error) if alive => return self.query_failed(&pending, error),
            Err(_) => return,
        };
        if let Some(again) = self.connections.without_erased((request, &pending), &mut answer) {
            return self.step.query(pending, again);
        }
        match (pending, answer) {
            (Pending::Refresh(id), QueryAnswer::Conversation(read)) => {
                let followed = self.connections.is_followed(id);
                self.conversations.refreshed(id, *read, followed, &mut self.step);
            }
            (_, _) if !alive => {}
            (pending, QueryAnswer::Conversation(read) | QueryAnswer::Events { conversation: read, .. })
                if self.is_hidden(&pending, &read) =>
            {
                self.query_failed(&pending, QueryError::NotFound)
            }
            (Pending::Welcome { connection, visitor }, QueryAnswer::Conversations { rows, .. }) => {
                self.welcome_visitor(connection, visitor, &rows);
            }
            (Pending::Page(page), QueryAnswer::Events { conversation: read, events }) => {
                self.page_answered(page, *read, events);
            }
            (Pending::Seen { connection, up_to, .. }, QueryAnswer::Conversation(read)) => {
                if let Some(reader) = self.reader(connection) {
                    self.conversations.seen_in_read(connection, reader, (&read, up_to), &mut self.step);
                }
            }
            (Pending::Action(action), QueryAnswer::Conversation(read)) => self.action_answered(action, &read),
            (Pending::ListClosed { connection, before_ms }, QueryAnswer::Conversations { rows, more }) => {
                let rows = rows.iter().map(Conversation::summary).collect();
                self.step.send(Audience::One(connection), ServerFrame::Closed { before_ms, rows, more });
            }
            (Pending::ListOfVisitor { connection, visitor }, QueryAnswer::Conversations { rows, .. }) => {
                let rows = rows.iter().map(Conversation::summary).collect();
                self.step.send(Audience::One(connection), ServerFrame::OfVisitor { visitor, rows });
            }
            (pending, _) => self.connections.wrong_answer(&pending, &mut self.step),
        }
    }

    fn page_answered(&mut self, page: Page, read: Conversation, events: Vec<wire::Event>) {
        let Page { connection, conversation, lane, after, .. } = page;
        let Some(who) = self.connections.who(connection) else { return };
        let visitor = if let Who::Visitor(visitor) = who { Some(visitor) } else { None };
        if !Conversations::admit_page(&page, visitor, &read, &events, &mut self.step) {
            return;
        }
        let head = read.head_of(lane);
        Conversations::tell_erased(&page, &read, &mut self.step);
        let followed = self.connections.is_followed(conversation);
        self.conversations.adopt(read, followed, &mut self.step);
        if let Some(last) = events.last() {
            self.connections.count_page(&page, last.seq, head);
        }
        let frame = ServerFrame::Events { conversation, lane, after, events, head };
        self.step.send(Audience::One(connection), frame);
    }

    fn query_failed(&mut self, pending: &Pending, error: QueryError) {
        let refusal = refusal_of_query(error);
        let step = &mut self.step;
        match pending {
            // A client cannot begin without its welcome: it connects again, with its own backoff.
            Pending::Welcome { connection, .. } => self.connections.close(*connection, Close::Busy, step),
            Pending::Page(page) => {
                let agent = matches!(self.connections.who(page.connection), Some(Who::Agent(_)));
                // The client does not follow the conversation then. When the other lane's page was refused just before, one refusal is enough.
                if page.follow && agent && !self.connections.unfollow(page.connection, page.conversation, step) {
                    return;
                }
                step.refuse(page.connection, about(page.conversation), refusal);
            }
            Pending::Action(action) => step.refuse(action.connection, action.subject(), refusal),
            Pending::Seen { connection, conversation, .. } => {
                step.refuse(*connection, about(*conversation), refusal);
            }
            Pending::ListClosed { connection, .. } | Pending::ListOfVisitor { connection, .. } => {
                step.refuse(*connection, Subject::Connection, refusal);
            }
            Pending::Refresh(conversation) => self.conversations.refresh_failed(*conversation, error, step),
            Pending::Asked { .. }
            | Pending::Offered(_)
            | Pending::Quiet(_)
            | Pending::Moved(_)
            | Pending::Ending(..) => self.connections.wrong_answer(pending, step),
        }
    }
}
