//! Frames of the relay that both sides get.

use wire::limit::FOLLOW_CONVERSATIONS_MAX;
use wire::{Body, ConversationId, Event, Head, Lane, Party, Refusal, Seq};

use crate::connection::refused_ms;
use crate::log::Taken;
use crate::outbox::Payload;
use crate::planted::{Planted, planted};
use crate::session::ClientSession;
use crate::types::Output;

impl ClientSession {
    /// A page of what was recorded before.
    pub(crate) fn events(
        &mut self,
        (conversation, lane): (ConversationId, Lane),
        after: Seq,
        events: Vec<Event>,
        head: Seq,
    ) {
        for event in events {
            if event.conversation == conversation && event.lane == lane {
                self.event(event);
            }
        }
        let now_ms = self.clock.now_ms();
        if let Some(followed) = self.follow_mut(conversation) {
            followed.answered(lane, after, head, now_ms);
        }
    }

    /// Somebody else is typing.
    pub(crate) fn typing(&mut self, conversation: ConversationId, name: String) {
        let now_ms = self.clock.now_ms();
        if let Some(followed) = self.follow_mut(conversation) {
            followed.timeline.set_typing(name, now_ms);
        }
    }

    /// Something was recorded. An own draft is dropped once its event is in the timeline. While the event waits for a gap to be filled, the
    /// draft is still shown.
    pub(crate) fn event(&mut self, event: Event) {
        let conversation = event.conversation;
        if event.body == Body::Closed {
            self.drop_drafts(|draft| draft.conversation == conversation && matches!(draft.payload, Payload::End));
        }
        let mut taken = Vec::new();
        if self.party == Party::Visitor {
            // All of a visitor's conversations are theirs to see: this one was opened in another tab.
            self.follow(conversation, true).take(event, &mut taken);
        } else if let Some(followed) = self.follow_mut(conversation) {
            followed.take(event, &mut taken);
        } else {
            taken.push(Taken::of(&event));
        }
        for one in taken {
            if one.party == Some(self.party) && self.outbox.remove(one.id).is_some() {
                self.out.push_back(Output::Forget(one.id));
            }
            if one.arrived && self.party == Party::Visitor {
                self.out.push_back(Output::Arrived { conversation, seq: one.seq, assigned: false });
            }
        }
    }

    pub(crate) fn pong(&mut self, heads: &[Head]) {
        if planted(Planted::IgnoresHeads) {
            return;
        }
        if self.party == Party::Visitor {
            for head in heads.iter().take(FOLLOW_CONVERSATIONS_MAX) {
                self.follow(head.conversation, true).raise_heads(head.head);
            }
            for followed in &mut self.follows {
                let open = !followed.timeline.closed() && followed.shared.last > Seq::ZERO;
                if open && heads.iter().all(|head| head.conversation != followed.conversation()) {
                    // A pong lists open conversations only, so this one has ended, and the event did not come. Fetch it.
                    let next = followed.shared.last.next();
                    followed.shared.raise_head(next);
                }
            }
            return;
        }
        for followed in &mut self.follows {
            match heads.iter().find(|head| head.conversation == followed.conversation()) {
                Some(head) => followed.raise_heads(head.head),
                // The relay does not know, or no longer, that this is followed.
                None => followed.forgotten(),
            }
        }
    }

    /// The relay refused a request about a conversation.
    pub(crate) fn conversation_refused(&mut self, conversation: ConversationId, refusal: &Refusal) {
        let random = self.ids.random();
        let wait_ms = refusal.retry().then(|| refused_ms(refusal, 1, random));
        if wait_ms.is_none() && !matches!(refusal, Refusal::NotFound | Refusal::NotAllowed) {
            // The refused request was not one for events.
            return;
        }
        let again_ms = wait_ms.map(|wait_ms| self.clock.now_ms().saturating_add(wait_ms));
        if let Some(followed) = self.follow_mut(conversation) {
            followed.refused(again_ms);
        }
        if let Some(again_ms) = again_ms {
            // The refused request may have been the report of what was seen.
            self.see_again(conversation, again_ms);
        }
    }
}
