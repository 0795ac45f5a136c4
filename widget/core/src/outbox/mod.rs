//! The outbox: what this side wrote and the relay has not recorded, in the order written.

mod draft;
mod shown;

use std::collections::VecDeque;

use wire::limit::{ACKNOWLEDGE_WAIT_MS, OUTBOX_IN_FLIGHT_MAX, OUTBOX_MESSAGES_MAX};
use wire::{ConversationId, MessageId};

pub(crate) use draft::{Draft, Payload, Phase};

use crate::clock::Earliest;
use crate::planted::{Planted, planted};
use crate::types::{KeptDraft, Output};

/// Drafts are sent a little slower than a connection may send lastingly ([`wire::limit::FRAMES_PER_SECOND_MAX`]) …
const PACE_MS: u64 = 66;
/// A draft of another tab is sent from here when that tab has not done it for so long. Whether it lives is not asked: the relay records a
/// draft once, however often it is sent.
const TAKE_OVER_MS: u64 = 5_000;
/// … after this many at once, well below [`wire::limit::FRAMES_BURST_MAX`]: typing, seen and fetches need room too.
const BURST: u64 = 60;

/// The drafts, at most [`wire::limit::OUTBOX_MESSAGES_MAX`] (which `ClientSession::room` holds).
#[derive(Debug)]
pub(crate) struct Outbox {
    pub(crate) drafts: Vec<Draft>,
    /// Whether drafts may be moved to another conversation (the visitor's).
    moves: bool,
    /// When the frames sent so far would have gone out at an even pace.
    paced_ms: u64,
}

impl Outbox {
    /// Restored drafts stand in the order in which they were written: that of their ids.
    pub(crate) fn new(kept: Vec<KeptDraft>, moves: bool) -> Self {
        let mut outbox = Self { drafts: Vec::new(), moves, paced_ms: 0 };
        for kept in kept {
            outbox.put(Draft::restored(kept));
        }
        outbox
    }

    /// Puts a draft where it was written among the others; one that is there already stays.
    fn put(&mut self, draft: Draft) {
        let at = self.drafts.iter().rposition(|other| other.id <= draft.id).map_or(0, |before| before + 1);
        if at == 0 || self.drafts[at - 1].id != draft.id {
            self.drafts.insert(at, draft);
        }
    }

    /// Another tab of the same person has kept this draft. What is in the outbox is everybody's to send; the tab that wrote it goes first.
    pub(crate) fn borrow(&mut self, kept: KeptDraft, now_ms: u64) {
        // A file that was not sent when that tab went may have been after all: it came back.
        self.drafts.retain(|draft| draft.id != kept.id || draft.file > 0 || !draft.payload.is_upload());
        if self.drafts.len() < OUTBOX_MESSAGES_MAX {
            self.put(Draft { lent: true, ..Draft::restored(kept) });
            self.lend(now_ms);
        }
    }

    /// Gives the tabs that wrote what is here the time to send it themselves.
    pub(crate) fn lend(&mut self, now_ms: u64) {
        for draft in &mut self.drafts {
            if draft.lent && draft.phase == Phase::Ready {
                draft.phase = Phase::Later { at_ms: now_ms.saturating_add(TAKE_OVER_MS) };
            }
        }
    }

    pub(crate) fn find(&mut self, id: MessageId) -> Option<&mut Draft> {
        self.drafts.iter_mut().find(|draft| draft.id == id)
    }

    pub(crate) fn remove(&mut self, id: MessageId) -> Option<Draft> {
        let at = self.drafts.iter().position(|draft| draft.id == id)?;
        Some(self.drafts.remove(at))
    }

    /// Whether anything here is for this conversation.
    pub(crate) fn holds(&self, conversation: ConversationId) -> bool {
        self.drafts.iter().any(|draft| draft.conversation == conversation)
    }

    /// The connection is gone, and what was on it with it. A new connection has a new allowance.
    pub(crate) fn lost(&mut self) {
        self.paced_ms = 0;
        for draft in &mut self.drafts {
            if matches!(draft.phase, Phase::Flight { .. }) {
                draft.phase = Phase::Ready;
                if planted(Planted::RetriesWithNewId) {
                    draft.id = MessageId(draft.id.0 + 1);
                }
            }
        }
    }

    /// Sends what may go.
    pub(crate) fn pump(&mut self, now_ms: u64, out: &mut VecDeque<Output>) {
        let mut flight = self.drafts.iter().filter(|draft| matches!(draft.phase, Phase::Flight { .. })).count();
        for at in 0..self.drafts.len() {
            let again = match self.drafts[at].phase {
                Phase::Ready => false,
                Phase::Later { at_ms } if at_ms <= now_ms => false,
                Phase::Flight { since_ms } if since_ms.saturating_add(ACKNOWLEDGE_WAIT_MS) <= now_ms => true,
                Phase::Flight { .. } | Phase::Later { .. } | Phase::Uploading | Phase::Proving | Phase::Failed(_) => {
                    continue;
                }
            };
            if !again && (flight >= OUTBOX_IN_FLIGHT_MAX || self.blocked(at)) {
                continue;
            }
            let Some(frame) = self.drafts[at].frame() else { continue };
            if self.free_at_ms() > now_ms {
                break;
            }
            self.paced_ms = self.paced_ms.max(now_ms).saturating_add(PACE_MS);
            let draft = &mut self.drafts[at];
            draft.phase = Phase::Flight { since_ms: now_ms };
            draft.tries = draft.tries.saturating_add(1);
            flight += usize::from(!again);
            out.push_back(Output::Transmit(frame));
        }
    }

    /// When something is to be sent that nothing but time holds back.
    pub(crate) fn timeout(&self, earliest: &mut Earliest) {
        for draft in &self.drafts {
            match draft.phase {
                Phase::Flight { since_ms } => earliest.add(since_ms.saturating_add(ACKNOWLEDGE_WAIT_MS)),
                Phase::Later { at_ms } => earliest.add(at_ms),
                Phase::Ready | Phase::Uploading | Phase::Proving | Phase::Failed(_) => {}
            }
        }
        if !self.drafts.is_empty() {
            earliest.add(self.free_at_ms());
        }
    }

    /// When the pace allows one more frame.
    const fn free_at_ms(&self) -> u64 {
        self.paced_ms.saturating_sub(PACE_MS * BURST)
    }

    /// Whether an earlier draft must go first: one of the same conversation that is not recorded yet, whatever it is. The relay may yet
    /// refuse it for now, or its file is still going up: what followed it would be recorded first.
    /// A visitor's earlier message in another conversation too: if that has ended, it will be moved to this one.
    fn blocked(&self, at: usize) -> bool {
        if planted(Planted::SendsOutOfOrder) {
            return false;
        }
        let draft = &self.drafts[at];
        self.drafts[..at].iter().any(|earlier| {
            let same = earlier.conversation == draft.conversation;
            !earlier.failed() && (same || self.moves && earlier.payload.is_shown())
        })
    }
}

#[cfg(test)]
mod tests;
