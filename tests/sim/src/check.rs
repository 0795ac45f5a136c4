//! What must hold at every moment: looked at with every frame that leaves the relay, every append, and every change of a page.

use std::collections::BTreeMap;

use relay_core::{Append, AppendError, Appended, Condition, NewBody};
use widget_core::{Content, Item};
use wire::limit::{INBOX_CONVERSATIONS_MAX, PAGE_CONVERSATIONS_MAX, PAGE_EVENTS_MAX};
use wire::{
    Body, ConversationId, ConversationState, Event, Lane, MessageId, Refusal, Seq, ServerFrame, SessionStart, Subject,
    VisitorId,
};

use crate::connection::{ConnectionNumber, Who};
use crate::model::ModelStore;
use crate::world::World;

/// Words that may never stand in a log: somebody tried to write into a conversation of others.
pub(crate) const STOLEN: &str = "stolen";

impl World {
    /// A frame leaves the relay: it is on the disk what it says, and it is for those who get it.
    pub(crate) fn inspect(&mut self, id: ConnectionNumber, frame: &ServerFrame) {
        let Some(connection) = self.connections.get(&id) else { return };
        let who = connection.who;
        match frame {
            // A visitor's message that meets an ended conversation moves on, and keeps its order.
            ServerFrame::Refused { subject: Subject::Message { id, .. }, refusal }
                if !refusal.retry() && (who == Who::Agent || *refusal != Refusal::Ended) =>
            {
                self.refused.insert(*id);
            }
            ServerFrame::Event { event } => self.is_recorded(event),
            ServerFrame::Events { events, head, .. } => {
                assert!(events.len() <= PAGE_EVENTS_MAX, "a page is longer than its bound");
                for event in events {
                    self.is_recorded(event);
                    assert!(event.seq <= *head, "an event after the last one");
                }
            }
            ServerFrame::Welcome { session: SessionStart::Agent { open, .. }, .. } => {
                assert!(open.len() <= INBOX_CONVERSATIONS_MAX, "more open conversations than the bound");
            }
            ServerFrame::Closed { rows, .. } => {
                assert!(rows.len() <= PAGE_CONVERSATIONS_MAX, "a list beyond its bound")
            }
            _ => {}
        }
        match who {
            Who::Unknown => panic!("{frame:?} before hello"),
            Who::Agent => self.is_in_scope(connection.page, frame),
            Who::Visitor(visitor) => self.is_theirs(visitor, frame),
        }
    }

    fn is_recorded(&self, event: &Event) {
        let known = find(self.relay.disk(), event.conversation, event.lane, event.seq);
        assert_eq!(known, Some(event), "sent, and not what is on the disk");
    }

    /// An agent is sent only what is of its sites: conversations, their events, rows and last numbers.
    fn is_in_scope(&self, page: usize, frame: &ServerFrame) {
        let agent = self.agent_of(page).and_then(|id| self.relay.agents.iter().find(|agent| agent.id == id));
        let agent = agent.expect("an agent's page");
        let of_site = |conversation: ConversationId| {
            let site = self.relay.store.conversation(conversation).map(|known| &known.site);
            let within = site.is_some_and(|site| agent.scope.sites.has(site));
            assert!(within, "out of the scope of {}: {frame:?}", agent.name);
        };
        match frame {
            ServerFrame::Event { event } => of_site(event.conversation),
            ServerFrame::Events { conversation, .. }
            | ServerFrame::Typing { conversation, .. }
            | ServerFrame::Erased { conversation, .. } => of_site(*conversation),
            ServerFrame::Inbox { row } => of_site(row.conversation),
            ServerFrame::Closed { rows, .. } | ServerFrame::OfVisitor { rows, .. } | ServerFrame::Open { rows, .. } => {
                rows.iter().for_each(|row| of_site(row.conversation));
            }
            ServerFrame::Welcome { session: SessionStart::Agent { open, .. }, .. } => {
                open.iter().for_each(|row| of_site(row.conversation));
            }
            ServerFrame::Pong { heads } => heads.iter().for_each(|head| of_site(head.conversation)),
            _ => {}
        }
    }

    fn is_theirs(&self, visitor: Option<VisitorId>, frame: &ServerFrame) {
        let own = |conversation: ConversationId| {
            let owner = self.relay.store.owner(conversation);
            assert!(owner.is_some() && owner == visitor, "of a conversation of others: {frame:?}");
        };
        match frame {
            ServerFrame::Event { event } => {
                own(event.conversation);
                assert_eq!(event.lane, Lane::Shared, "a staff event for a visitor");
            }
            ServerFrame::Events { conversation, lane, events, .. } => {
                own(*conversation);
                assert_eq!(*lane, Lane::Shared, "a staff page for a visitor");
                assert!(events.iter().all(|event| event.lane == Lane::Shared), "a staff event for a visitor");
            }
            ServerFrame::Typing { conversation, .. }
            | ServerFrame::Queue { conversation, .. }
            | ServerFrame::Erased { conversation, .. }
            | ServerFrame::Holder { conversation, .. } => own(*conversation),
            ServerFrame::Pong { heads } => {
                for head in heads {
                    own(head.conversation);
                    assert_eq!(head.head.staff, Seq::ZERO, "a visitor is sent the staff lane's last number");
                }
            }
            ServerFrame::Welcome { session: SessionStart::Visitor { conversations, visitor: sent, .. }, .. } => {
                assert_eq!(*sent, visitor);
                conversations.iter().for_each(|row| own(row.conversation));
            }
            ServerFrame::Registered { .. }
            | ServerFrame::Refused { .. }
            | ServerFrame::Answering { .. }
            | ServerFrame::Look { .. } => {}
            ServerFrame::Welcome { .. }
            | ServerFrame::Inbox { .. }
            | ServerFrame::Agent { .. }
            | ServerFrame::Closed { .. }
            | ServerFrame::OfVisitor { .. }
            | ServerFrame::Counts { .. }
            | ServerFrame::Open { .. }
            | ServerFrame::Ending { .. }
            | ServerFrame::Blocks { .. } => panic!("for agents only: {frame:?}"),
        }
    }

    /// Something was recorded, or not: nobody holds more than they may, nothing is recorded twice, nobody else's hand is in it.
    pub(crate) fn check_append(&mut self, append: &Append, result: &Result<Appended, AppendError>) {
        let Ok(done) = result else { return };
        let (conversation, log) = &self.relay.store.logs[&append.conversation];
        let mut ids: Vec<MessageId> = log.iter().map(|event| event.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), log.len(), "recorded twice");
        for event in &done.events {
            assert_eq!(
                find(&self.relay.store, event.conversation, event.lane, event.seq),
                Some(event),
                "a number twice"
            );
            let words = match &event.body {
                Body::Text { text } | Body::Note { text } => text,
                Body::Rated { comment, .. } => comment,
                _ => continue,
            };
            assert!(words != STOLEN, "somebody wrote into the conversation of others");
        }
        if done.repeated {
            return;
        }
        let staff = done.events.iter().find(|event| event.lane == Lane::Staff);
        let head = append.conditions.iter().find_map(|condition| match condition {
            Condition::StaffHead(head) => Some(*head),
            _ => None,
        });
        if let (Some(head), Some(event)) = (head, staff) {
            assert_eq!(event.seq, head.next(), "decided on a staff lane that has moved");
        }
        for new_event in &append.new_events {
            let NewBody::Ready(Body::Assigned { agent }) = new_event.body else { continue };
            // The setting may have been changed since the offer; then the one it was made under counts.
            let set = self.relay.agents.iter().find(|known| known.id == agent).map_or(0, |known| known.capacity);
            let offered = append.conditions.iter().find_map(|condition| match condition {
                Condition::Capacity(_, offered) => Some(*offered),
                _ => None,
            });
            let most = offered.map_or(set, |offered| offered.max(set));
            assert!(self.relay.store.load(agent) <= most, "{agent:?} holds more than its capacity");
            assert_eq!(conversation.state, ConversationState::Assigned { agent });
            self.served.push((conversation.network, conversation.turn, self.now_ms));
        }
        self.relay.store.check_order();
    }

    /// What a page shows of a conversation is the beginning of its log: in order, no gap, nothing twice.
    pub(crate) fn check_page(&mut self, page: usize) {
        let Some(timeline) = self.pages[page].session.as_ref().and_then(|session| session.timeline()) else { return };
        let state = (Some(timeline.conversation()), timeline.revision());
        if self.pages[page].checked == state {
            return;
        }
        let recorded = || timeline.items().filter(|item| item.seq != Seq::ZERO);
        let log = self.relay.store.events(timeline.conversation());
        let agent = self.agent_of(page).is_some();
        is_beginning(recorded().filter(|item| !item.content.is_staff()), log, Lane::Shared);
        is_beginning(recorded().filter(|item| item.content.is_staff()), log, Lane::Staff);
        assert!(agent || recorded().all(|item| !item.content.is_staff()), "a visitor sees what is for agents");
        let mut ids: Vec<MessageId> = timeline.items().map(|item| item.id).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "a connection twice");
        self.pages[page].checked = state;
    }
}

/// The event with this number.
pub(crate) fn find(store: &ModelStore, conversation: ConversationId, lane: Lane, seq: Seq) -> Option<&Event> {
    store.events(conversation).iter().find(|event| event.lane == lane && event.seq == seq)
}

fn is_beginning<'a>(items: impl Iterator<Item = &'a Item>, log: &[Event], lane: Lane) {
    let mut lines = log.iter().filter(|event| event.lane == lane && event.body.is_line());
    for item in items {
        let event = lines.next();
        assert_eq!(event.map(|event| event.id), Some(item.id), "a timeline is not the beginning of its log: {item:?}");
        if let (Some(Body::Text { text: recorded }), Content::Text(shown)) =
            (event.map(|event| &event.body), &item.content)
        {
            assert_eq!(recorded, shown, "other words than were recorded");
        }
    }
}

impl ModelStore {
    /// In each conversation: nobody is served who does not wait or come from somebody else, and nobody leaves the queue while served.
    pub(crate) fn check_order(&self) {
        for (conversation, log) in self.logs.values() {
            let mut waiting = false;
            for event in log {
                match event.body {
                    Body::Queued => waiting = true,
                    Body::Joined => waiting = false,
                    Body::LeftQueue => {
                        assert!(waiting, "left the connection while being served: {:?}", conversation.id);
                        waiting = false;
                    }
                    _ => {}
                }
            }
        }
    }

    /// The turns of those who wait, the first first.
    pub(crate) fn queue(&self) -> Vec<(u64, ConversationId)> {
        let waits =
            |conversation: &relay_core::Conversation| matches!(conversation.state, ConversationState::Waiting { .. });
        let mut connection: Vec<_> =
            self.open().iter().filter(|known| waits(known)).map(|known| (known.turn, known.id)).collect();
        connection.sort_unstable();
        connection
    }

    /// Every text and note, with how often it stands in a log.
    pub(crate) fn texts(&self) -> BTreeMap<&str, usize> {
        let mut texts = BTreeMap::new();
        for event in self.logs.values().flat_map(|(_, log)| log) {
            if let Body::Text { text } | Body::Note { text } = &event.body {
                *texts.entry(text.as_str()).or_insert(0) += 1;
            }
        }
        texts
    }

    /// As it stands now.
    pub(crate) fn snapshot(&self) -> Self {
        Self { logs: self.logs.clone(), turn: self.turn, files: self.files.clone(), sites: self.sites.clone() }
    }

    /// A planted fault: the last number of each shared lane is given once more.
    pub(crate) fn forget_last_numbers(&mut self) {
        for (conversation, _) in self.logs.values_mut() {
            conversation.head.shared.0 = conversation.head.shared.0.saturating_sub(1);
        }
    }
}
