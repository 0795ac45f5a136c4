//! What agents have against floods and spam: counts, marking as spam, blocks, ending many, declaring a flood.

use wire::{BlockSummary, ClientFrame, ConversationId, Counts, MessageId, Refusal};

use super::AgentSession;

/// What the relay sent about all this.
#[derive(Debug, Default)]
pub(super) struct Defence {
    pub(super) counts: Option<Counts>,
    pub(super) blocks: Option<Vec<BlockSummary>>,
    /// While many are ended: how many have, and how many are still to end.
    pub(super) ending: Option<(u32, u32)>,
    /// The last spam mark sent. It is no draft, so its refusal is told apart by this id.
    spam: Option<MessageId>,
}

impl AgentSession {
    /// How many conversations there are in each list, also those not loaded here; none before the relay said.
    #[must_use]
    pub const fn counts(&self) -> Option<Counts> {
        self.defence.counts
    }

    /// Whoever is blocked, the newest first; none before it was asked for.
    #[must_use]
    pub fn blocks(&self) -> Option<&[BlockSummary]> {
        self.defence.blocks.as_deref()
    }

    /// While many are being ended: how many have, and how many are still to end.
    #[must_use]
    pub const fn ending_many(&self) -> Option<(u32, u32)> {
        self.defence.ending
    }

    /// Asks for something that is not kept for later: without a connection it is refused as busy.
    pub(super) fn ask_now(&mut self, frame: ClientFrame) {
        if self.session.connection.live() {
            self.session.transmit(frame);
        } else {
            self.session.report(Refusal::Busy);
        }
    }

    /// Marks a conversation as spam, which ends it.
    pub(super) fn spam(&mut self, conversation: ConversationId) {
        let id = self.session.ids.message(self.session.clock.now_ms());
        self.defence.spam = Some(id);
        self.ask_now(ClientFrame::Spam { conversation, id });
    }

    /// Whether a refusal is that of the spam mark.
    pub(super) fn spam_refused(&mut self, id: MessageId) -> bool {
        self.defence.spam.take_if(|spam| *spam == id).is_some()
    }

    pub(super) fn take_counts(&mut self, counts: Counts) {
        self.defence.counts = Some(counts);
    }

    pub(super) fn take_ending(&mut self, ended: u32, left: u32) {
        self.defence.ending = (left > 0).then_some((ended, left));
    }

    pub(super) fn take_blocks(&mut self, blocks: Vec<BlockSummary>) {
        self.defence.blocks = Some(blocks);
    }
}
