//! One draft: what it wants recorded, how far it has come, how it looks in a timeline.

use wire::{Attachment, AttachmentId, Author, ClientFrame, ConversationId, Media, MessageId, Refusal, Say, Seq};

use crate::log::{Content, Item, ItemState};
use crate::types::{Kept, KeptDraft};

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

/// How far a draft has come. Times are session times (see `Clock`).
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// To be sent, or uploaded, as soon as possible.
    Ready,
    /// Sent on this connection; no answer yet.
    InFlight { since_ms: u64 },
    /// Refused for a while.
    Later { at_ms: u64 },
    /// The shell uploads it.
    Uploading,
    /// Refused because the conversation has ended. Whether it was recorded before that is being checked.
    Checking,
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
    /// Another tab wrote it, and has the first try to send it.
    pub(crate) from_other_tab: bool,
}

impl Payload {
    /// Whether it is an item of the timeline.
    pub(crate) const fn is_shown(&self) -> bool {
        !matches!(self, Self::End | Self::Rate { .. })
    }

    pub(crate) const fn is_upload(&self) -> bool {
        matches!(self, Self::Upload { .. })
    }
}

impl Draft {
    /// As it is kept over reloads. An upload is kept only when its page is left: the file is lost with the page, and other tabs need to know of it
    /// only then.
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
        Self { conversation, id, at_ms, payload, phase, tries: 1, file: 0, from_other_tab: false }
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

    /// Whether it is not sent by itself any more.
    pub(crate) const fn failed(&self) -> bool {
        matches!(self.phase, Phase::Failed(_))
    }

    pub(crate) fn frame(&self) -> Option<ClientFrame> {
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

/// The kind of a file by its name, until the relay has looked at its content.
fn media_of(name: &str) -> Media {
    let ends = |ending: &str| {
        let at = name.len().wrapping_sub(ending.len());
        name.as_bytes().get(at..).is_some_and(|tail| tail.eq_ignore_ascii_case(ending.as_bytes()))
    };
    if [".png", ".jpg", ".jpeg", ".webp", ".gif"].into_iter().any(ends) {
        Media::Image
    } else if [".mp4", ".webm"].into_iter().any(ends) {
        Media::Video
    } else {
        Media::Document
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_is_guessed_from_the_name() {
        for (name, media) in [
            ("a.PNG", Media::Image),
            ("é.jpeg", Media::Image),
            ("clip.webm", Media::Video),
            ("png", Media::Document),
            ("", Media::Document),
            ("x.pdf", Media::Document),
        ] {
            assert_eq!(media_of(name), media, "{name}");
        }
    }
}
