//! The visitors: what is known of each while they are here or have something open.

use wire::limit::KNOWN_AFTER_MS;
use wire::{ConversationId, ConversationState, VisitorConversation, VisitorId, VisitorPresence};

use super::Conversations;
use super::attend::GONE_AFTER_MS;
use super::page::Recorded;
use crate::append::Queueing;
use crate::conversation::Conversation;
use crate::input::Source;
use crate::step::{Step, Timer};

/// What is known of a visitor.
#[derive(Debug, Default)]
pub(super) struct VisitorLive {
    /// Whether they have a connection.
    pub(super) connected: bool,
    /// Their open conversations, in order.
    pub(super) open: Vec<ConversationId>,
    /// Where they last came from.
    pub(super) source: Source,
    /// Whether they were known before: a token older than a day, and an agent has answered them.
    pub(super) known: bool,
    /// Since when they have no connection, when they have none, by the core's time …
    pub(super) gone_ms: Option<u64>,
    /// … and by the machine's clock.
    pub(super) gone_since_ms: u64,
    /// Whether they are shown to agents as gone.
    pub(super) shown_gone: bool,
    /// When their conversations are checked next.
    pub(super) attend_at_ms: Option<u64>,
    /// Which page of theirs was recorded, if this relay recorded one.
    pub(super) page: Option<Box<Recorded>>,
}

impl VisitorLive {
    pub(super) fn insert_open(&mut self, id: ConversationId) {
        if let Err(at) = self.open.binary_search(&id) {
            self.open.insert(at, id);
        }
    }
}

/// When the relay made a visitor: the time in their id (RFC 9562, section 5.7).
const fn made_at_ms(visitor: VisitorId) -> u64 {
    (visitor.0 >> 80) as u64
}

impl Conversations {
    /// How a visitor's conversation is queued.
    pub(super) fn queueing(&self, visitor: VisitorId, keep: Option<u64>) -> Queueing {
        let (source, known) = self.origin(visitor);
        Queueing { keep, source, known }
    }

    /// Where a visitor comes from, and whether they were known before.
    pub(crate) fn origin(&self, visitor: VisitorId) -> (Source, bool) {
        self.visitors.get(&visitor).map_or_else(Default::default, |known| (known.source, known.known))
    }

    /// The rows of a visitor's welcome. Whether the visitor was known before is taken from the same conversations.
    pub(crate) fn welcome(
        &mut self,
        visitor: VisitorId,
        rows: &[Conversation],
        step: &Step,
    ) -> Vec<VisitorConversation> {
        debug_assert!(rows.iter().all(|row| row.visitor == visitor), "the store lists one visitor's own");
        let old = step.wall_ms().saturating_sub(made_at_ms(visitor)) > KNOWN_AFTER_MS;
        let answered = rows.iter().any(|row| row.visitor == visitor && row.answered);
        if let Some(known) = self.visitors.get_mut(&visitor) {
            known.known |= old && answered;
        }
        rows.iter().filter(|row| row.visitor == visitor).map(Conversation::visitor_view).collect()
    }

    /// What a visitor has open, or is opening; each once.
    pub(crate) fn open_or_opening(&self, visitor: VisitorId) -> impl Iterator<Item = ConversationId> {
        let open = self.visitors.get(&visitor).into_iter().flat_map(|known| known.open.iter().copied());
        let of_visitor = (visitor, ConversationId(0))..=(visitor, ConversationId(u128::MAX));
        // The events of an opening may arrive before its append is answered; until then it is both.
        let opening = self.opening_of.range(of_visitor).map(|(_, id)| *id).filter(|id| self.open(*id).is_none());
        open.chain(opening)
    }

    /// The visitor of a conversation that is open or being opened.
    pub(crate) fn visitor_of_open(&self, id: ConversationId) -> Option<VisitorId> {
        self.open(id).map(|live| live.conversation.visitor).or_else(|| self.opening.get(&id).copied())
    }

    /// What a visitor has open, with its state.
    pub(crate) fn states_of(&self, visitor: VisitorId) -> impl Iterator<Item = (ConversationId, ConversationState)> {
        let open = self.visitors.get(&visitor).into_iter().flat_map(|known| &known.open);
        open.filter_map(|id| self.live.get(id).map(|live| (*id, live.conversation.state)))
    }

    /// Whether a conversation's visitor is there.
    pub(super) fn presence_of(&self, id: ConversationId, now_ms: u64) -> Option<VisitorPresence> {
        let known = self.visitors.get(&self.open(id)?.conversation.visitor)?;
        let gone = known.gone_ms.filter(|at_ms| at_ms.saturating_add(GONE_AFTER_MS) <= now_ms);
        Some(match gone {
            Some(_) => VisitorPresence::Gone { since_ms: known.gone_since_ms },
            None => VisitorPresence::Here,
        })
    }

    /// Forgets a visitor who is neither here nor has anything open.
    pub(super) fn forget_visitor(&mut self, visitor: VisitorId, step: &mut Step) {
        let known = self.visitors.get(&visitor);
        if known.is_some_and(|known| !known.connected && known.open.is_empty())
            && let Some(at_ms) = self.visitors.remove(&visitor).and_then(|known| known.attend_at_ms)
        {
            step.cancel(at_ms, Timer::Attend(visitor));
        }
    }
}
