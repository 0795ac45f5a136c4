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

/// Time between drafts: a little more than a connection must keep on average ([`wire::limit::FRAMES_PER_SECOND_MAX`]).
const PACE_MS: u64 = 66;
/// So many drafts may be sent at once before that. Well below [`wire::limit::FRAMES_BURST_MAX`]: typing, seen and fetches need room too.
const BURST: u64 = 60;
/// A draft of another tab is sent from here when that tab has not done so for this long. Whether that tab is still there need not be known:
/// the relay records a draft once, however often it is sent.
const TAKE_OVER_MS: u64 = 5_000;

/// The drafts, at most [`wire::limit::OUTBOX_MESSAGES_MAX`] (`ClientSession::room` checks that).
#[derive(Debug)]
pub(crate) struct Outbox {
    pub(crate) drafts: Vec<Draft>,
    /// Whether drafts may be moved to another conversation (the visitor's).
    moves: bool,
    /// When the frames sent so far would have been sent at an even pace.
    paced_ms: u64,
}

impl Outbox {
    /// Restored drafts are put in the order in which they were written: that of their ids.
    pub(crate) fn new(kept: Vec<KeptDraft>, moves: bool) -> Self {
        let mut outbox = Self { drafts: Vec::new(), moves, paced_ms: 0 };
        for kept in kept {
            outbox.put(Draft::restored(kept));
        }
        outbox
    }

    /// Inserts a draft in the order in which drafts were written. One that is there already stays as it is.
    fn put(&mut self, draft: Draft) {
        let at = self.drafts.iter().rposition(|other| other.id <= draft.id).map_or(0, |before| before + 1);
        if at == 0 || self.drafts[at - 1].id != draft.id {
            self.drafts.insert(at, draft);
        }
    }

    /// Another tab of the same person has kept this draft. Any tab may send it; the tab that wrote it has the first try.
    pub(crate) fn add_from_other_tab(&mut self, kept: KeptDraft, now_ms: u64) {
        // That tab was closed during an upload, kept it as not sent, and came back: what it keeps now takes its place.
        self.drafts.retain(|draft| draft.id != kept.id || draft.file > 0 || !draft.payload.is_upload());
        if self.drafts.len() < OUTBOX_MESSAGES_MAX {
            self.put(Draft { from_other_tab: true, ..Draft::restored(kept) });
            self.wait_for_other_tabs(now_ms);
        }
    }

    /// Waits with drafts of other tabs, so that those can send them.
    pub(crate) fn wait_for_other_tabs(&mut self, now_ms: u64) {
        for draft in &mut self.drafts {
            if draft.from_other_tab && draft.phase == Phase::Ready {
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

    /// The connection is gone: what was sent without an answer is sent again. A new connection has a new allowance.
    pub(crate) fn lost(&mut self) {
        self.paced_ms = 0;
        for draft in &mut self.drafts {
            if matches!(draft.phase, Phase::InFlight { .. }) {
                draft.phase = Phase::Ready;
                if planted(Planted::RetriesWithNewId) {
                    draft.id = MessageId(draft.id.0 + 1);
                }
            }
        }
    }

    /// Sends what may be sent.
    pub(crate) fn pump(&mut self, now_ms: u64, out: &mut VecDeque<Output>) {
        let mut in_flight = self.drafts.iter().filter(|draft| matches!(draft.phase, Phase::InFlight { .. })).count();
        for at in 0..self.drafts.len() {
            let again = match self.drafts[at].phase {
                Phase::Ready => false,
                Phase::Later { at_ms } if at_ms <= now_ms => false,
                Phase::InFlight { since_ms } if since_ms.saturating_add(ACKNOWLEDGE_WAIT_MS) <= now_ms => true,
                Phase::InFlight { .. }
                | Phase::Later { .. }
                | Phase::Uploading
                | Phase::Checking
                | Phase::Failed(_) => {
                    continue;
                }
            };
            if !again && (in_flight >= OUTBOX_IN_FLIGHT_MAX || self.blocked(at)) {
                continue;
            }
            let Some(frame) = self.drafts[at].frame() else { continue };
            if self.free_at_ms() > now_ms {
                break;
            }
            self.paced_ms = self.paced_ms.max(now_ms).saturating_add(PACE_MS);
            let draft = &mut self.drafts[at];
            draft.phase = Phase::InFlight { since_ms: now_ms };
            draft.tries = draft.tries.saturating_add(1);
            in_flight += usize::from(!again);
            out.push_back(Output::Transmit(frame));
        }
    }

    /// When the next draft is to be sent, of those that wait for nothing but time.
    pub(crate) fn timeout(&self, earliest: &mut Earliest) {
        for draft in &self.drafts {
            match draft.phase {
                Phase::InFlight { since_ms } => earliest.add(since_ms.saturating_add(ACKNOWLEDGE_WAIT_MS)),
                Phase::Later { at_ms } => earliest.add(at_ms),
                Phase::Ready | Phase::Uploading | Phase::Checking | Phase::Failed(_) => {}
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

    /// Whether an earlier draft must be sent first: any of the same conversation that is not recorded yet. The relay may refuse it for a while,
    /// or its file may still be uploading; this draft would be recorded before it.
    /// For a visitor also an earlier message in another conversation: if that has ended, the message will be moved to this one.
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
