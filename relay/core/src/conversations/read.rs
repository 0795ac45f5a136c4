//! What clients read: pages of the log, and the last numbers of what they follow.

use wire::{Close, ConversationId, Cursor, Event, Head, Lane, Refusal, Seq, ServerFrame, VisitorId};

use super::Conversations;
use crate::admit::about;
use crate::conversation::Conversation;
use crate::news::{Audience, News};
use crate::planted::{Planted, planted};
use crate::request::{Page, Pending};
use crate::step::Step;
use crate::store::Query;

/// Who reads: an agent, or a visitor who may not have registered.
pub(crate) type VisitorReads = Option<Option<VisitorId>>;

impl Conversations {
    /// A client wants the events of one lane after a number. `visitor` is who asks, unless it is an agent.
    pub(crate) fn page(&self, page: Page, visitor: VisitorReads, step: &mut Step) {
        let Page { connection, conversation, lane, after, follow } = page;
        let live = self.live.get(&conversation);
        if let Some(visitor) = visitor {
            if lane == Lane::Staff {
                return step.refuse(connection, about(conversation), Refusal::NotAllowed);
            }
            let owner = live.map(|live| live.conversation.visitor);
            if owner.is_some_and(|owner| visitor != Some(owner)) && !planted(Planted::SkipsOwner) {
                return step.refuse(connection, about(conversation), Refusal::NotFound);
            }
        }
        match live.map(|live| live.conversation.head_of(lane)) {
            // Nothing newer in memory: after a restart most clients need no read. Who asks a second time is answered by the store, which
            // may have events that the bus has lost.
            Some(head) if follow && after >= head => {
                if let Some(live) = live {
                    Self::tell_erased(&page, &live.conversation, step);
                }
                let frame = ServerFrame::Events { conversation, lane, after, events: Vec::new(), head };
                step.send(Audience::One(connection), frame);
            }
            _ => {
                let late = planted(Planted::ResumesOffByOne) && after > Seq::ZERO;
                let after = if late { after.next() } else { after };
                step.query(Pending::Page(page), Query::Events { conversation, lane, after });
            }
        }
    }

    /// Who comes back with events of a conversation of which something was erased may have what is gone.
    pub(crate) fn tell_erased(page: &Page, known: &Conversation, step: &mut Step) {
        if page.follow && page.after > Seq::ZERO && known.erased {
            step.send(Audience::One(page.connection), known.erased_frame());
        }
    }

    /// Whether a page that the store has read may be sent to whoever asked; otherwise they are refused, or closed.
    pub(crate) fn admit_page(
        page: &Page,
        visitor: VisitorReads,
        read: &Conversation,
        events: &[Event],
        step: &mut Step,
    ) -> bool {
        debug_assert!(read.id == page.conversation, "the store reads what it was asked for");
        if let Some(visitor) = visitor {
            if visitor != Some(read.visitor) && !planted(Planted::SkipsOwner) {
                step.refuse(page.connection, about(read.id), Refusal::NotFound);
                return false;
            }
            if page.lane != Lane::Shared {
                debug_assert!(false, "a visitor asks for the shared lane only");
                step.tell(News::Close(page.connection, Close::Malformed));
                return false;
            }
        }
        if events.iter().any(|event| event.lane != page.lane || event.conversation != read.id) {
            debug_assert!(false, "a page is of one lane of one conversation");
            step.tell(News::Close(page.connection, Close::Busy));
            return false;
        }
        true
    }

    /// The last numbers of everything that a visitor has open, without the staff lane's.
    pub(crate) fn heads_of(&self, visitor: VisitorId) -> Vec<Head> {
        let open = self.visitors.get(&visitor).into_iter().flat_map(|known| &known.open).copied();
        let mut heads = self.heads(open);
        for head in &mut heads {
            head.head = Cursor { staff: Seq::ZERO, ..head.head };
        }
        heads
    }

    /// The last numbers of these conversations, as far as they are in memory.
    pub(crate) fn heads(&self, conversations: impl Iterator<Item = ConversationId>) -> Vec<Head> {
        let head = |id| self.live.get(&id).map(|live| Head { conversation: id, head: live.conversation.head });
        conversations.filter_map(head).collect()
    }
}
