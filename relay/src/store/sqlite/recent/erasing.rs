//! What is erased of conversations whose events wait: in the running transaction, and in memory once it is committed.

use std::collections::HashMap;

use relay_core::conversation::Conversation;
use wire::{Body, ConversationId, Event, Lane, Seq};

use super::{Batch, Recent, Tails};

/// What a step has erased of a conversation with waiting events.
#[derive(Debug)]
pub(in crate::store::sqlite) struct Erased {
    /// The conversation's row, if that was the last step.
    pub(in crate::store::sqlite) row: Option<Conversation>,
    /// What is left of waiting events, each with the bytes of its body.
    pub(in crate::store::sqlite) bodies: Vec<(Lane, Seq, Body, usize)>,
}

impl Recent {
    /// A conversation with its waiting events and their positions, when some wait.
    pub(in crate::store::sqlite) fn waiting(&self, id: ConversationId) -> Option<(Conversation, Vec<(i64, Event)>)> {
        let tails = self.tails();
        let tail = tails.all.get(&id)?;
        let events = tail.events.iter().map(|waiting| (waiting.position, waiting.event.clone())).collect();
        Some((tail.conversation.clone(), events))
    }
}

impl Batch {
    /// Whether the transaction has recorded or erased events of a conversation.
    pub(in crate::store::sqlite) fn has_touched(&self, id: ConversationId) -> bool {
        self.tails.contains_key(&id) || self.erased.contains_key(&id)
    }

    /// Notes what was erased of a conversation with waiting events.
    pub(in crate::store::sqlite) fn erased(&mut self, id: ConversationId, erased: Erased) {
        self.erased.insert(id, erased);
    }

    /// A conversation's row after this transaction has erased it.
    pub(in crate::store::sqlite) fn erased_row(&self, id: ConversationId) -> Option<&Conversation> {
        self.erased.get(&id)?.row.as_ref()
    }
}

impl Tails {
    /// Events of a conversation were erased.
    pub(super) fn erase(&mut self, id: ConversationId, erased: Erased) {
        let Some(tail) = self.all.get_mut(&id) else { return };
        if let Some(row) = erased.row {
            tail.conversation = row;
        }
        let mut bodies: HashMap<_, _> =
            erased.bodies.into_iter().map(|(lane, seq, body, bytes)| ((lane, seq), (body, bytes))).collect();
        for waiting in &mut tail.events {
            if let Some((body, bytes)) = bodies.remove(&(waiting.event.lane, waiting.event.seq)) {
                self.bytes = self.bytes - waiting.bytes + bytes;
                (waiting.event.body, waiting.bytes) = (body, bytes);
            }
        }
    }
}
