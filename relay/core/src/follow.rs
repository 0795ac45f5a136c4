//! Who reads along, and from where: following, pages of the log, heads.

use wire::limit::FOLLOW_CONVERSATIONS_MAX;
use wire::{Close, ConversationId, Cursor, Event, Follow, Head, Lane, Refusal, Seq, ServerFrame};

use crate::Core;
use crate::admit::about;
use crate::connection::Who;
use crate::conversation::Conversation;
use crate::input::ConnectionId;
use crate::planted::{Planted, planted};
use crate::request::Pending;
use crate::store::Query;

/// Long logs of one connection whose pages are told from gaps: both lanes of all it may follow.
const TURNING_MAX: usize = 2 * FOLLOW_CONVERSATIONS_MAX;

impl Core {
    /// A client wants to read along. Agents are registered before the store is read, so that nothing falls in between;
    /// a visitor hears the shared lane of all their conversations anyway.
    pub(crate) fn follow(&mut self, connection: ConnectionId, follow: Follow) {
        let Follow { conversation, after } = follow;
        let Some(line) = self.connections.get_mut(&connection) else { return };
        match line.who() {
            Who::Visitor(_) => self.page(connection, conversation, (Lane::Shared, after.shared), true),
            Who::Agent(_) => {
                let full = line.following.len() >= FOLLOW_CONVERSATIONS_MAX;
                if full && !line.following.contains(&conversation) {
                    return self.refuse(connection, about(conversation), Refusal::NotAllowed);
                }
                line.following.insert(conversation);
                self.followers.entry(conversation).or_default().insert(connection);
                self.page(connection, conversation, (Lane::Shared, after.shared), true);
                self.page(connection, conversation, (Lane::Staff, after.staff), true);
            }
        }
    }

    /// A client reads along no more.
    pub(crate) fn unfollow(&mut self, connection: ConnectionId, conversation: ConversationId) {
        let Some(line) = self.connections.get_mut(&connection) else { return };
        if line.following.remove(&conversation) {
            self.remove_follower(conversation, connection);
        }
    }

    /// Takes a line out of a conversation's followers.
    pub(crate) fn remove_follower(&mut self, conversation: ConversationId, connection: ConnectionId) {
        let Some(lines) = self.followers.get_mut(&conversation) else { return };
        lines.remove(&connection);
        if lines.is_empty() {
            self.followers.remove(&conversation);
            self.evict(conversation);
        }
    }

    /// What a client had when it came: followed from there.
    pub(crate) fn follow_all(&mut self, connection: ConnectionId, follow: &[Follow]) {
        let (within, beyond) = follow.split_at(follow.len().min(FOLLOW_CONVERSATIONS_MAX));
        for follow in within {
            self.follow(connection, *follow);
        }
        for follow in beyond {
            self.refuse(connection, about(follow.conversation), Refusal::NotAllowed);
        }
    }

    /// A client wants what one lane holds after a number.
    pub(crate) fn page(
        &mut self,
        connection: ConnectionId,
        conversation: ConversationId,
        (lane, after): (Lane, Seq),
        follow: bool,
    ) {
        let Some(line) = self.connections.get(&connection) else { return };
        if let Who::Visitor(visitor) = line.who() {
            if lane == Lane::Staff {
                return self.refuse(connection, about(conversation), Refusal::NotAllowed);
            }
            let owner = self.conversations.get(&conversation).map(|live| live.conversation.visitor);
            if owner.is_some_and(|owner| visitor != Some(owner)) && !planted(Planted::SkipsOwner) {
                return self.refuse(connection, about(conversation), Refusal::NotFound);
            }
        }
        let head = self.conversations.get(&conversation).map(|live| live.conversation.head_of(lane));
        match head {
            // Nothing newer: after a restart most of those who come back need no read. Whoever asks once more is answered by the store: it
            // may know of events that were never announced.
            Some(head) if follow && after >= head => {
                self.send_one(connection, ServerFrame::Events { conversation, lane, after, events: Vec::new(), head });
            }
            _ => {
                let pending = Pending::Page { connection, conversation, lane, after, follow };
                let late = planted(Planted::ResumesOffByOne) && after > Seq::ZERO;
                let after = if late { after.next() } else { after };
                self.query(pending, Query::Events { conversation, lane, after });
            }
        }
    }

    /// The store has read a page.
    pub(crate) fn page_answered(
        &mut self,
        connection: ConnectionId,
        read: Conversation,
        (lane, after): (Lane, Seq),
        follow: bool,
        events: Vec<Event>,
    ) {
        let Some(line) = self.connections.get(&connection) else { return };
        let conversation = read.id;
        if let Who::Visitor(visitor) = line.who() {
            if visitor != Some(read.visitor) && !planted(Planted::SkipsOwner) {
                return self.refuse(connection, about(conversation), Refusal::NotFound);
            }
            if lane != Lane::Shared {
                debug_assert!(false, "a visitor asks for the shared lane only");
                return self.close(connection, Close::Malformed);
            }
        }
        if events.iter().any(|event| event.lane != lane || event.conversation != conversation) {
            debug_assert!(false, "a page is of one lane of one conversation");
            return self.close(connection, Close::Busy);
        }
        let head = read.head_of(lane);
        self.adopt(read);
        if let Some(last) = events.last() {
            self.count_page(connection, (conversation, lane), after, last.seq, head, follow);
        }
        self.send_one(connection, ServerFrame::Events { conversation, lane, after, events, head });
    }

    /// A `Fetch` after a number that the client has, answered with events, repairs a gap; unless it only turns the page of a long log.
    fn count_page(
        &mut self,
        connection: ConnectionId,
        log: (ConversationId, Lane),
        after: Seq,
        last: Seq,
        head: Seq,
        follow: bool,
    ) {
        let Some(line) = self.connections.get_mut(&connection) else { return };
        let turned = line.turning.remove(&log) == Some(after);
        if last < head && line.turning.len() < TURNING_MAX {
            line.turning.insert(log, last);
        }
        if !follow && after > Seq::ZERO && !turned {
            self.gaps_repaired_by_clients += 1;
        }
    }

    /// The store could not read a page: whoever wanted to follow does not.
    pub(crate) fn page_refused(
        &mut self,
        connection: ConnectionId,
        conversation: ConversationId,
        follow: bool,
        refusal: Refusal,
    ) {
        if follow && self.is_agent(connection) {
            let followed = self.connections.get(&connection).is_some_and(|line| line.following.contains(&conversation));
            if !followed {
                // The page of the other lane was refused just before: once is enough.
                return;
            }
            self.unfollow(connection, conversation);
        }
        self.refuse(connection, about(conversation), refusal);
    }

    /// Still here: the answer tells how far everything is that this line follows.
    pub(crate) fn ping(&mut self, connection: ConnectionId) {
        let Some(line) = self.connections.get(&connection) else { return };
        let known = |id: &ConversationId| self.conversations.get(id).map(|live| (*id, live.conversation.head));
        let heads = match line.who() {
            Who::Visitor(None) => Vec::new(),
            Who::Visitor(Some(visitor)) => {
                let open = self.visitors.get(&visitor).into_iter().flat_map(|own| &own.open).filter_map(known);
                // How much the agents wrote to each other is not the visitor's affair.
                open.map(|(conversation, head)| Head { conversation, head: Cursor { staff: Seq::ZERO, ..head } })
                    .collect()
            }
            Who::Agent(_) => line
                .following
                .iter()
                .filter_map(known)
                .map(|(conversation, head)| Head { conversation, head })
                .collect(),
        };
        self.send_one(connection, ServerFrame::Pong { heads });
    }
}
