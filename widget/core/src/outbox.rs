//! The outbox: what this side wrote and the relay has not recorded, in the order written.

use std::collections::VecDeque;

use wire::limit::{ACKNOWLEDGE_WAIT_MS, OUTBOX_IN_FLIGHT_MAX, OUTBOX_MESSAGES_MAX};
use wire::{Attachment, AttachmentId, Author, ClientFrame, ConversationId, MessageId, Refusal, Say, Seq};

use crate::clock::Earliest;
use crate::item::{Content, Item, ItemState};
use crate::planted::{Planted, planted};
use crate::types::{Kept, KeptDraft, Output};
use crate::upload::media_of;

/// Drafts are sent a little slower than a connection may send lastingly ([`wire::limit::FRAMES_PER_SECOND_MAX`]) …
const PACE_MS: u64 = 66;
/// A draft of another tab is sent from here when that tab has not done it for so long. Whether it lives is not asked: the relay records a
/// draft once, however often it is sent.
const TAKE_OVER_MS: u64 = 5_000;
/// … after this many at once, well below [`wire::limit::FRAMES_BURST_MAX`]: typing, seen and fetches need room too.
const BURST: u64 = 60;

/// What a draft wants recorded.
#[derive(Debug)]
pub(crate) enum Payload {
    Text(String),
    Note(String),
    /// An uploaded file.
    File(Attachment),
    /// A file that is not uploaded yet.
    Upload {
        name: String,
        bytes: u64,
        sent: u64,
        attachment: AttachmentId,
    },
    End,
    Rate {
        score: u8,
        comment: String,
    },
}

/// How far a draft has come. Times are inside times.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// To be sent (or uploaded) as soon as it can be.
    Ready,
    /// Sent on this connection; no answer yet.
    Flight { since_ms: u64 },
    /// Refused for a while.
    Later { at_ms: u64 },
    /// The shell uploads it.
    Uploading,
    /// Refused because the conversation ended; whether it was recorded before that is being looked up.
    Proving,
    /// Refused for good.
    Failed(Refusal),
}

/// Something this side wants recorded.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) conversation: ConversationId,
    pub(crate) id: MessageId,
    pub(crate) at_ms: u64,
    pub(crate) payload: Payload,
    pub(crate) phase: Phase,
    /// How often it was sent or uploaded.
    pub(crate) tries: u32,
    /// The shell's number of the file; 0 for none.
    pub(crate) file: u32,
    /// Another tab wrote it: that one sends it, while it lives.
    pub(crate) lent: bool,
}

impl Payload {
    /// Whether it is a line of the timeline.
    pub(crate) const fn is_shown(&self) -> bool {
        !matches!(self, Self::End | Self::Rate { .. })
    }

    pub(crate) const fn is_upload(&self) -> bool {
        matches!(self, Self::Upload { .. })
    }
}

impl Draft {
    /// As it is kept over reloads. An upload only at the end of its page: the file does not outlive that, and other tabs are not
    /// told of what goes well.
    pub(crate) fn kept(&self) -> KeptDraft {
        let what = match &self.payload {
            Payload::Text(text) => Kept::Text(text.clone()),
            Payload::Note(text) => Kept::Note(text.clone()),
            Payload::File(file) => Kept::File(file.clone()),
            Payload::Upload { name, bytes, .. } => Kept::Upload { name: name.clone(), bytes: *bytes },
            Payload::End => Kept::End,
            Payload::Rate { score, comment } => Kept::Rate { score: *score, comment: comment.clone() },
        };
        KeptDraft { conversation: self.conversation, id: self.id, at_ms: self.at_ms, what }
    }

    pub(crate) fn restored(kept: KeptDraft) -> Self {
        // It may have been sent by the page before.
        let mut phase = Phase::Ready;
        let payload = match kept.what {
            Kept::Text(text) => Payload::Text(text),
            Kept::Note(text) => Payload::Note(text),
            Kept::File(file) => Payload::File(file),
            Kept::Upload { name, bytes } => {
                phase = Phase::Failed(Refusal::FileMissing);
                Payload::Upload { name, bytes, sent: 0, attachment: AttachmentId(0) }
            }
            Kept::End => Payload::End,
            Kept::Rate { score, comment } => Payload::Rate { score, comment },
        };
        let (conversation, id, at_ms) = (kept.conversation, kept.id, kept.at_ms);
        Self { conversation, id, at_ms, payload, phase, tries: 1, file: 0, lent: false }
    }

    /// As it is shown.
    pub(crate) fn item(&self, author: &Author, live: bool) -> Item {
        let content = match &self.payload {
            Payload::Text(text) => Content::Text(text.clone()),
            Payload::Note(text) => Content::Note(text.clone()),
            Payload::File(file) => Content::File(file.clone()),
            Payload::Upload { name, bytes, .. } => {
                Content::Uploading { name: name.clone(), media: media_of(name), bytes: *bytes }
            }
            Payload::End | Payload::Rate { .. } => Content::Text(String::new()),
        };
        Item {
            id: self.id,
            seq: Seq::ZERO,
            at_ms: self.at_ms,
            author: author.clone(),
            content,
            state: self.state(live),
        }
    }

    pub(crate) fn state(&self, live: bool) -> ItemState {
        match (&self.phase, &self.payload) {
            (Phase::Failed(refusal), _) => ItemState::Failed(refusal.clone()),
            (Phase::Uploading, Payload::Upload { bytes, sent, .. }) => {
                ItemState::Uploading { sent: *sent, total: *bytes }
            }
            _ if !live => ItemState::Waiting,
            (_, Payload::Upload { bytes, .. }) => ItemState::Uploading { sent: 0, total: *bytes },
            _ => ItemState::Sending,
        }
    }

    /// Whether it will not go out by itself any more.
    pub(crate) const fn failed(&self) -> bool {
        matches!(self.phase, Phase::Failed(_))
    }

    fn frame(&self) -> Option<ClientFrame> {
        let (conversation, id) = (self.conversation, self.id);
        Some(match &self.payload {
            Payload::Text(text) => ClientFrame::Say { conversation, id, say: Say::Text { text: text.clone() } },
            Payload::File(file) => ClientFrame::Say { conversation, id, say: Say::File { attachment: file.id } },
            Payload::Note(text) => ClientFrame::Note { conversation, id, text: text.clone() },
            Payload::End => ClientFrame::End { conversation, id },
            Payload::Rate { score, comment } => {
                ClientFrame::Rate { conversation, id, score: *score, comment: comment.clone() }
            }
            Payload::Upload { .. } => return None,
        })
    }
}

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
