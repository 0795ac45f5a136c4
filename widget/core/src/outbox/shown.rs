//! The drafts of a conversation as the last lines of its timeline.

use wire::Author;

use crate::log::{Content, Timeline};
use crate::outbox::Outbox;

impl Outbox {
    /// Makes a timeline's drafts those of the outbox. Whether anything changed.
    pub(crate) fn show_in(&self, timeline: &mut Timeline, author: &Author, live: bool, relay_ahead_ms: i64) -> bool {
        let before = timeline.revision();
        timeline.relay_ahead_ms = relay_ahead_ms;
        let mut at = 0;
        for draft in &self.drafts {
            if draft.conversation != timeline.conversation() || !draft.payload.is_shown() {
                continue;
            }
            // Those before it in the timeline that are no more in the outbox were recorded or discarded.
            let found = timeline.drafts[at..].iter().position(|item| item.id == draft.id);
            match found {
                Some(0) => {}
                Some(gone) => {
                    timeline.drafts.drain(at..at + gone);
                    timeline.touch();
                }
                None => {
                    timeline.drafts.insert(at, draft.item(author, live));
                    timeline.touch();
                }
            }
            let item = &mut timeline.drafts[at];
            let uploading = matches!(item.content, Content::Uploading { .. });
            if uploading != draft.payload.is_upload() {
                *item = draft.item(author, live);
                timeline.touch();
            } else {
                let state = draft.state(live);
                if item.state != state {
                    item.state = state;
                    timeline.touch();
                }
            }
            at += 1;
        }
        if timeline.drafts.len() > at {
            timeline.drafts.truncate(at);
            timeline.touch();
        }
        timeline.revision() != before
    }
}
