//! Which conversation is shown, which one a message goes to, and moving drafts to another one.

use wire::{ConversationId, MessageId, Refusal, Token, VisitorConversation};

use super::{Register, VisitorSession};
use crate::ids::successor;
use crate::log::Followed;
use crate::outbox::{Draft, Payload, Phase};
use crate::types::Output;

impl VisitorSession {
    /// The conversation for what is written now: the shown one, or after its end a new one. When none is shown, the one that another tab is about
    /// to open, else a new one.
    pub(super) fn writable(&mut self) -> ConversationId {
        let conversation = match self.session.shown {
            Some(shown) => self.open_after(shown),
            None => match self.about_to_open().filter(|_| !self.fresh) {
                Some(theirs) => theirs,
                None => self.session.ids.conversation(self.session.clock.now_ms()),
            },
        };
        if self.session.shown != Some(conversation) {
            let known = self.row(conversation).is_some();
            self.show(conversation, known);
        }
        conversation
    }

    /// The conversation that another tab is about to open: its first message could not be sent yet.
    fn about_to_open(&self) -> Option<ConversationId> {
        let waits = |draft: &&Draft| draft.from_other_tab && !draft.failed() && draft.payload.is_shown();
        let draft = self.session.outbox.drafts.iter().find(waits)?;
        Some(self.open_after(draft.conversation))
    }

    /// Shows a conversation, and keeps that over reloads.
    pub(super) fn show(&mut self, conversation: ConversationId, known: bool) {
        self.fresh = false;
        let same = self.session.shown == Some(conversation);
        self.session.show(conversation, known);
        if !same {
            self.session.out.push_back(Output::KeepConversation(Some(conversation)));
        }
    }

    /// Shows none, and keeps that over reloads.
    pub(super) fn show_none(&mut self) {
        if self.session.shown.take().is_some() {
            self.session.out.push_back(Output::KeepConversation(None));
        }
    }

    /// A row of the visitor's own list.
    pub(super) fn row(&self, conversation: ConversationId) -> Option<&VisitorConversation> {
        self.rows.iter().find(|row| row.conversation == conversation)
    }

    /// Whether it has ended, or the visitor has asked to end it.
    pub(super) fn ended(&self, conversation: ConversationId) -> bool {
        self.row(conversation).is_some_and(|row| row.closed)
            || self
                .session
                .find_follow(conversation)
                .is_some_and(|followed| followed.ended || followed.timeline.closed())
            || self.holds(conversation, |payload| matches!(payload, Payload::End))
    }

    /// This conversation, or the first of its successors that has not ended.
    fn open_after(&self, mut conversation: ConversationId) -> ConversationId {
        while self.ended(conversation) {
            conversation = successor(conversation);
        }
        conversation
    }

    /// Moves the drafts of ended conversations, once it is certain that they were not recorded there.
    pub(super) fn move_checked(&mut self) {
        while let Some(from) = self.session.follows.iter_mut().find_map(|followed| {
            let proven = followed.take_checked();
            proven.then(|| followed.conversation())
        }) {
            // One step only, even if the successor is known to have ended too: another tab may have sent them there. The relay will say.
            let to = successor(from);
            if self.session.outbox.drafts.iter().any(|draft| draft.conversation == from && !draft.failed()) {
                if self.session.shown == Some(from) {
                    self.show(to, false);
                }
                self.move_drafts(Some(from), to);
            }
        }
    }

    /// The relay does not know the token: begins anew as another visitor, with what was not sent.
    pub(super) fn drop_token(&mut self) {
        self.token = None;
        self.session.out.push_back(Output::ForgetToken);
        self.session.follows.clear();
        self.rows.clear();
        self.queues.clear();
        self.holders.clear();
        self.leaving = None;
        if self.drafts_waiting() == 0 {
            self.session.drop_drafts(|_| true);
            return self.show_none();
        }
        let to = self.session.ids.conversation(self.session.clock.now_ms());
        self.show(to, false);
        self.move_drafts(None, to);
    }

    /// Another tab has registered.
    pub(super) fn adopt(&mut self, token: Token) {
        if self.token.is_some() {
            return;
        }
        self.token = Some(token);
        // The conversations of waiting drafts may be there already.
        for followed in &mut self.session.follows {
            followed.known = true;
        }
        let now_ms = self.session.clock.now_ms();
        self.session.connection.restart(now_ms, &mut self.session.out);
        self.session.lost();
        self.register = Register::No;
    }

    /// A person wants a failed draft sent again. If it cannot be recorded in its conversation, it is moved to the open one.
    pub(super) fn retry(&mut self, id: MessageId) {
        let goes_elsewhere = self.session.outbox.find(id).is_some_and(|draft| {
            matches!(&draft.phase, Phase::Failed(Refusal::NotFound | Refusal::Ended | Refusal::TokenInvalid))
        });
        self.session.retry(id);
        if !goes_elsewhere {
            return;
        }
        let to = self.writable();
        if let Some(at) = self.session.outbox.drafts.iter().position(|draft| draft.id == id) {
            self.move_draft(at, to);
        }
    }

    /// Makes the visitor's list agree with the timelines that are loaded.
    pub(super) fn list(&mut self) {
        for followed in &mut self.session.follows {
            let timeline = &followed.timeline;
            if !followed.known || timeline.loading() || followed.listed == timeline.revision() {
                continue;
            }
            followed.listed = timeline.revision();
            self.session.revision += 1;
            list_one(&mut self.rows, followed);
        }
    }

    fn move_drafts(&mut self, from: Option<ConversationId>, to: ConversationId) {
        let moves = |conversation| from.is_none_or(|from| from == conversation);
        self.session.drop_drafts(|draft| !draft.payload.is_shown() && moves(draft.conversation));
        for at in 0..self.session.outbox.drafts.len() {
            let draft = &self.session.outbox.drafts[at];
            // What failed in a conversation that can still be shown stays there.
            if moves(draft.conversation) && !(from.is_some() && draft.failed()) {
                self.move_draft(at, to);
            }
        }
    }

    fn move_draft(&mut self, at: usize, to: ConversationId) {
        // A file belongs to the conversation it was uploaded to.
        self.session.upload_again(at);
        let draft = &mut self.session.outbox.drafts[at];
        draft.conversation = to;
        if !draft.failed() {
            draft.phase = Phase::Ready;
            draft.tries = 0;
            if !draft.payload.is_upload() {
                self.session.out.push_back(Output::Keep(draft.kept()));
            }
        }
    }
}

fn list_one(rows: &mut Vec<VisitorConversation>, followed: &Followed) {
    let timeline = &followed.timeline;
    let conversation = timeline.conversation();
    let Some((last_at_ms, last_line)) = timeline.last_line() else { return };
    let old = rows.iter().position(|row| row.conversation == conversation);
    let (mut at, opened_at_ms, newer) = match old {
        // The relay's list is ahead of what was fetched.
        Some(at) if rows[at].head > followed.shared.last => return,
        Some(at) => (at, rows[at].opened_at_ms, last_at_ms > rows[at].last_at_ms),
        None => (0, timeline.first_at_ms(), true),
    };
    if old.is_some() {
        rows.remove(at);
    }
    if newer {
        at = 0;
    }
    let row = VisitorConversation {
        conversation,
        opened_at_ms,
        last_at_ms,
        last_line,
        closed: timeline.closed(),
        unread: timeline.unread(),
        head: followed.shared.last,
    };
    rows.insert(at, row);
}
