//! What a person does with drafts (write, retry, discard), and what the relay's refusals do to them.

use wire::limit::OUTBOX_MESSAGES_MAX;
use wire::{ConversationId, MessageId, Party, Refusal};

use crate::connection::refused_ms;
use crate::outbox::{Draft, Payload, Phase};
use crate::session::ClientSession;
use crate::types::Output;

impl ClientSession {
    /// Whether there is room for one more draft.
    pub(crate) fn room(&self) -> bool {
        self.outbox.drafts.len() < OUTBOX_MESSAGES_MAX
    }

    /// Shows a refusal that belongs to no item of the timeline.
    pub(crate) fn report(&mut self, refusal: Refusal) {
        self.refusal = Some((self.clock.wall_ms(), refusal));
    }

    /// Writes a text into the outbox, unless it is blank.
    pub(crate) fn write_text(&mut self, conversation: ConversationId, text: &str, note: bool) {
        let text = wire::trim_text(text).to_owned();
        let refusal = wire::check_text(&text).err();
        if refusal != Some(Refusal::TextEmpty) {
            self.write(conversation, if note { Payload::Note(text) } else { Payload::Text(text) }, 0, refusal);
        }
    }

    /// Writes into the outbox; with a refusal as a failed draft.
    pub(crate) fn write(
        &mut self,
        conversation: ConversationId,
        payload: Payload,
        file: u32,
        refusal: Option<Refusal>,
    ) {
        if !self.room() {
            return self.report(Refusal::Busy);
        }
        let id = self.ids.message(self.clock.now_ms());
        let at_ms = self.clock.wall_ms();
        let phase = refusal.map_or(Phase::Ready, Phase::Failed);
        let draft = Draft { conversation, id, at_ms, payload, phase, tries: 0, file, from_other_tab: false };
        if !draft.failed() && !draft.payload.is_upload() {
            self.out.push_back(Output::Keep(draft.kept()));
        }
        self.outbox.drafts.push(draft);
    }

    /// A person wants a failed draft sent again.
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

    /// A person discards a draft. One that was sent cannot be taken back.
    pub(crate) fn discard(&mut self, id: MessageId) {
        let Some(draft) = self.outbox.find(id) else { return };
        let droppable = match draft.phase {
            Phase::Failed(_) | Phase::Uploading | Phase::Later { .. } => true,
            Phase::Ready => draft.tries == 0 || draft.payload.is_upload(),
            Phase::InFlight { .. } | Phase::Checking => false,
        };
        if droppable {
            if draft.phase == Phase::Uploading {
                self.out.push_back(Output::CancelUpload { id });
            }
            self.outbox.remove(id);
            self.out.push_back(Output::Forget(id));
        }
    }

    /// Drops drafts that are no longer of use.
    pub(crate) fn drop_drafts(&mut self, useless: impl Fn(&Draft) -> bool) {
        let out = &mut self.out;
        self.outbox.drafts.retain(|draft| {
            let over = useless(draft);
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
        if draft.conversation != conversation || !matches!(draft.phase, Phase::InFlight { .. }) {
            return;
        }
        if refusal.retry() {
            draft.phase = Phase::Later { at_ms: now_ms.saturating_add(refused_ms(&refusal, draft.tries, random)) };
        } else if !draft.payload.is_shown() {
            self.drop_drafts(|draft| draft.id == id);
            // If it has ended already, that is what was wanted.
            if refusal != Refusal::Ended {
                self.report(refusal);
            }
        } else if refusal == Refusal::Ended && party == Party::Visitor {
            self.check_end(conversation);
        } else {
            draft.phase = Phase::Failed(refusal);
        }
    }

    /// The conversation ended before its drafts were recorded, or so it seems: one that was sent on an earlier connection may have been
    /// recorded. All of them wait until the log is read to its end. Those that are not in it then move to another conversation, in order.
    fn check_end(&mut self, conversation: ConversationId) {
        for draft in &mut self.outbox.drafts {
            let sendable = draft.payload.is_shown() && !draft.payload.is_upload();
            if draft.conversation == conversation && sendable && !draft.failed() {
                draft.phase = Phase::Checking;
            }
        }
        self.follow(conversation, true).check_end();
    }
}
