//! What a person writes: into the outbox, again, away, and what the relay's refusals do to it.

use wire::limit::OUTBOX_MESSAGES_MAX;
use wire::{ConversationId, MessageId, Party, Refusal};

use crate::connection::refused_ms;
use crate::outbox::{Draft, Payload, Phase};
use crate::session::ClientSession;
use crate::types::Output;

impl ClientSession {
    /// Whether one more draft has room.
    pub(crate) fn room(&self) -> bool {
        self.outbox.drafts.len() < OUTBOX_MESSAGES_MAX
    }

    /// Tells of a refusal that belongs to no line of the timeline.
    pub(crate) fn tell(&mut self, refusal: Refusal) {
        self.refusal = Some((self.clock.wall_ms(), refusal));
    }

    /// Writes words into the outbox; blank ones are nothing.
    pub(crate) fn write_text(&mut self, conversation: ConversationId, text: &str, note: bool) {
        let text = wire::trim_text(text).to_owned();
        let refusal = wire::check_text(&text).err();
        if refusal != Some(Refusal::TextEmpty) {
            self.write(conversation, if note { Payload::Note(text) } else { Payload::Text(text) }, 0, refusal);
        }
    }

    /// Writes into the outbox; with a refusal, as a failed line.
    pub(crate) fn write(
        &mut self,
        conversation: ConversationId,
        payload: Payload,
        file: u32,
        refusal: Option<Refusal>,
    ) {
        if !self.room() {
            return self.tell(Refusal::Busy);
        }
        let id = self.ids.message(self.clock.now_ms());
        let at_ms = self.clock.wall_ms();
        let phase = refusal.map_or(Phase::Ready, Phase::Failed);
        let draft = Draft { conversation, id, at_ms, payload, phase, tries: 0, file, lent: false };
        if !draft.failed() && !draft.payload.is_upload() {
            self.out.push_back(Output::Keep(draft.kept()));
        }
        self.outbox.drafts.push(draft);
    }

    /// A person wants a failed draft to go again.
    pub(crate) fn retry(&mut self, id: MessageId) {
        let Some(at) = self.outbox.drafts.iter().position(|draft| draft.id == id) else { return };
        let draft = &mut self.outbox.drafts[at];
        let Phase::Failed(refusal) = &draft.phase else { return };
        if let Payload::Text(text) | Payload::Note(text) = &draft.payload
            && wire::check_text(text).is_err()
        {
            return;
        }
        if let Payload::Upload { bytes, .. } = &draft.payload
            && (*bytes == 0 || *bytes > self.bytes_max)
        {
            return;
        }
        let missing = *refusal == Refusal::FileMissing;
        draft.phase = Phase::Ready;
        draft.tries = 0;
        if missing {
            self.upload_again(at);
        }
    }

    /// A person drops a draft. One that was sent cannot be taken back.
    pub(crate) fn discard(&mut self, id: MessageId) {
        let Some(draft) = self.outbox.find(id) else { return };
        let droppable = match draft.phase {
            Phase::Failed(_) | Phase::Uploading | Phase::Later { .. } => true,
            Phase::Ready => draft.tries == 0 || draft.payload.is_upload(),
            Phase::Flight { .. } | Phase::Proving => false,
        };
        if droppable {
            if draft.phase == Phase::Uploading {
                self.out.push_back(Output::CancelUpload { id });
            }
            self.outbox.remove(id);
            self.out.push_back(Output::Forget(id));
        }
    }

    /// Drops drafts that have become pointless.
    pub(crate) fn drop_drafts(&mut self, pointless: impl Fn(&Draft) -> bool) {
        let out = &mut self.out;
        self.outbox.drafts.retain(|draft| {
            let over = pointless(draft);
            if over {
                out.push_back(Output::Forget(draft.id));
            }
            !over
        });
    }

    /// The relay refused to record something.
    pub(crate) fn message_refused(&mut self, conversation: ConversationId, id: MessageId, refusal: Refusal) {
        let now_ms = self.clock.now_ms();
        let random = self.ids.random();
        let party = self.party;
        let Some(draft) = self.outbox.find(id) else { return };
        if draft.conversation != conversation || !matches!(draft.phase, Phase::Flight { .. }) {
            return;
        }
        if refusal.retry() {
            draft.phase = Phase::Later { at_ms: now_ms.saturating_add(refused_ms(&refusal, draft.tries, random)) };
        } else if !draft.payload.is_shown() {
            self.drop_drafts(|draft| draft.id == id);
            // It has ended already: that is what was wanted.
            if refusal != Refusal::Ended {
                self.tell(refusal);
            }
        } else if refusal == Refusal::Ended && party == Party::Visitor {
            self.prove(conversation);
        } else {
            draft.phase = Phase::Failed(refusal);
        }
    }

    /// The conversation has ended before its drafts were sent, or so it seems: one that was sent on an earlier connection may have been
    /// recorded. They wait together until the log was read to its end; then those that are not in it go elsewhere, in order.
    fn prove(&mut self, conversation: ConversationId) {
        for draft in &mut self.outbox.drafts {
            let sendable = draft.payload.is_shown() && !draft.payload.is_upload();
            if draft.conversation == conversation && sendable && !draft.failed() {
                draft.phase = Phase::Proving;
            }
        }
        self.follow(conversation, true).prove();
    }
}
