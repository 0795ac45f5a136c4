//! Uploads: which may begin, and what becomes of them.

use wire::{ConversationId, Refusal};

use crate::connection::refused_ms;
use crate::outbox::{Draft, Payload, Phase};
use crate::session::ClientSession;
use crate::types::{Output, UploadInput};

/// Uploads at the same time. The relay's bound counts those of one address, and others there want to send files too.
const UPLOADS_MAX: usize = 3;
/// How often an upload is tried before a person must decide.
const UPLOAD_TRIES_MAX: u32 = 5;

impl ClientSession {
    /// A file was chosen for this conversation.
    pub(crate) fn attach(&mut self, conversation: ConversationId, name: String, bytes: u64, file: u32) {
        let refusal = if bytes == 0 {
            Some(Refusal::FileEmpty)
        } else if bytes > self.bytes_max {
            Some(Refusal::FileTooLarge { bytes_max: self.bytes_max })
        } else {
            None
        };
        let attachment = self.ids.attachment(self.clock.now_ms());
        let payload = Payload::Upload { name, bytes, sent: 0, attachment };
        self.write(conversation, payload, file, refusal);
    }

    /// The shell reports on an upload.
    pub(crate) fn upload(&mut self, input: UploadInput) {
        let now_ms = self.clock.now_ms();
        let random = self.ids.random();
        let (UploadInput::Progress { id, .. } | UploadInput::Done { id, .. } | UploadInput::Failed { id, .. }) = &input;
        let Some(draft) = self.outbox.find(*id) else { return };
        let Payload::Upload { bytes, sent, .. } = &mut draft.payload else { return };
        if draft.phase != Phase::Uploading {
            return;
        }
        match input {
            UploadInput::Progress { sent: so_far, .. } => *sent = so_far.min(*bytes),
            UploadInput::Done { attachment, .. } => {
                draft.payload = Payload::File(attachment);
                draft.phase = Phase::Ready;
                draft.tries = 0;
                self.out.push_back(Output::Keep(draft.kept()));
            }
            UploadInput::Failed { refusal, .. } if refusal.retry() && draft.tries < UPLOAD_TRIES_MAX => {
                *sent = 0;
                draft.phase = Phase::Later { at_ms: now_ms.saturating_add(refused_ms(&refusal, draft.tries, random)) };
            }
            UploadInput::Failed { refusal, .. } => draft.phase = Phase::Failed(refusal),
        }
    }

    /// The page is left, perhaps for good, and with it the files of uploads under way. They are kept as not sent, so that the person can be told.
    pub(crate) fn leave(&mut self) {
        for draft in &self.outbox.drafts {
            if draft.file > 0 && draft.payload.is_upload() && !draft.failed() {
                self.out.push_back(Output::Keep(draft.kept()));
            }
        }
    }

    /// Begins uploads that may begin.
    pub(crate) fn pump_uploads(&mut self) {
        let now_ms = self.clock.now_ms();
        let mut running = self.outbox.drafts.iter().filter(|draft| draft.phase == Phase::Uploading).count();
        for draft in &mut self.outbox.drafts {
            let due = match draft.phase {
                Phase::Ready => true,
                Phase::Later { at_ms } => at_ms <= now_ms,
                Phase::InFlight { .. } | Phase::Uploading | Phase::Checking | Phase::Failed(_) => false,
            };
            let Payload::Upload { attachment, .. } = &draft.payload else { continue };
            if !due || running >= UPLOADS_MAX {
                continue;
            }
            let (id, conversation, attachment, file) = (draft.id, draft.conversation, *attachment, draft.file);
            running += 1;
            draft.phase = Phase::Uploading;
            draft.tries = draft.tries.saturating_add(1);
            self.out.push_back(Output::Upload { id, conversation, attachment, file });
        }
    }

    /// Uploads the file of a draft again under a new id: the draft moved to another conversation, or the relay does not have the file.
    pub(crate) fn upload_again(&mut self, at: usize) {
        let attachment = self.ids.attachment(self.clock.now_ms());
        let draft: &mut Draft = &mut self.outbox.drafts[at];
        if draft.phase == Phase::Uploading {
            self.out.push_back(Output::CancelUpload { id: draft.id });
        }
        let (name, bytes) = match &mut draft.payload {
            Payload::File(file) => (std::mem::take(&mut file.name), file.bytes),
            Payload::Upload { name, bytes, .. } => (std::mem::take(name), *bytes),
            Payload::Text(_) | Payload::Note(_) | Payload::End | Payload::Rate { .. } => return,
        };
        draft.payload = Payload::Upload { name, bytes, sent: 0, attachment };
    }
}
