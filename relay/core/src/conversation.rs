//! A conversation's state: the fold over its events, the same in the core's memory and in the store's rows.

use std::collections::VecDeque;

use wire::limit::{LAST_LINE_CHARS_MAX, UNREAD_MAX};
use wire::{
    AgentId, Aside, Author, Body, ConversationId, ConversationState, ConversationSummary, Cursor, Event, Idle, Lane,
    Party, Seq, ServerFrame, SiteId, Tag, VisitorConversation, VisitorId,
};

/// What is true of a conversation after all its events so far. [`Conversation::apply`] is the only mutator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Which conversation.
    pub id: ConversationId,
    /// On which site.
    pub site: SiteId,
    /// Whose.
    pub visitor: VisitorId,
    /// The time of its first event.
    pub opened_at_ms: u64,
    /// BCP 47 tag, or empty.
    pub language: String,
    /// Its state.
    pub state: ConversationState,
    /// Its turn in the queue, meaningful while it waits.
    pub turn: u64,
    /// The agent it was last assigned to, also after it ended.
    pub agent: Option<AgentId>,
    /// The time of the last message.
    pub last_at_ms: u64,
    /// The last message's beginning.
    pub last_line: String,
    /// Who wrote it.
    pub last_party: Party,
    /// Whether no agent has written since the visitor did. What programs write is no answer.
    pub unanswered: bool,
    /// Numbers of the visitor's messages that no agent has seen, the latest `UNREAD_MAX`.
    pub unread_by_staff: VecDeque<Seq>,
    /// Numbers of the agents' messages that the visitor has not seen, the latest `UNREAD_MAX`.
    pub unread_by_visitor: VecDeque<Seq>,
    /// The last message the visitor has seen.
    pub seen_by_visitor: Seq,
    /// The last message an agent has seen.
    pub seen_by_staff: Seq,
    /// The visitor's rating, 0 for none.
    pub score: u8,
    /// The last numbers of both lanes.
    pub head: Cursor,
    /// The tag of the address that its visitor last queued from.
    pub address: Option<Tag>,
    /// The tag of that address's network.
    pub network: Option<Tag>,
    /// Whether its visitor was known before when they last queued.
    pub known: bool,
    /// Whether an agent marked it as spam.
    pub spam: bool,
    /// Whether an agent has written in it.
    pub answered: bool,
    /// Whether something of it was ever erased. The store knows it, no event says it: whoever read its events before may have what is gone.
    pub erased: bool,
}

/// An event does not follow the last one of its lane: there is a gap, or it is an old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutOfOrder {
    /// It was applied before.
    Old,
    /// Others before it are missing.
    Gap,
}

impl Conversation {
    /// A conversation before its first event.
    #[must_use]
    pub const fn new(
        id: ConversationId,
        site: SiteId,
        visitor: VisitorId,
        opened_at_ms: u64,
        language: String,
    ) -> Self {
        Self {
            id,
            site,
            visitor,
            opened_at_ms,
            language,
            state: ConversationState::Idle { why: Idle::SteppedOut, since_ms: opened_at_ms },
            turn: 0,
            agent: None,
            last_at_ms: opened_at_ms,
            last_line: String::new(),
            last_party: Party::Visitor,
            unanswered: true,
            unread_by_staff: VecDeque::new(),
            unread_by_visitor: VecDeque::new(),
            seen_by_visitor: Seq::ZERO,
            seen_by_staff: Seq::ZERO,
            score: 0,
            head: Cursor { shared: Seq::ZERO, staff: Seq::ZERO },
            address: None,
            network: None,
            known: false,
            spam: false,
            answered: false,
            erased: false,
        }
    }

    /// Applies the next event of a lane.
    ///
    /// # Errors
    /// When the event is not the next one of its lane; nothing has changed then.
    pub fn apply(&mut self, event: &Event) -> Result<(), OutOfOrder> {
        let head = self.head.of_mut(event.lane);
        if event.seq <= *head {
            return Err(OutOfOrder::Old);
        }
        if event.seq != head.next() {
            return Err(OutOfOrder::Gap);
        }
        *head = event.seq;
        #[expect(clippy::wildcard_enum_match_arm, reason = "most kinds do not change the conversation's state")]
        match &event.body {
            Body::Text { text } => self.apply_message(event, text),
            Body::File { attachment } => self.apply_message(event, &attachment.name),
            Body::Queued => self.state = ConversationState::Waiting { since_ms: event.at_ms },
            Body::Turn { turn, address, network, known } => {
                (self.turn, self.address, self.network, self.known) = (*turn, *address, *network, *known);
            }
            Body::LeftQueue => self.idle(Idle::SteppedOut, event.at_ms),
            Body::SetAside { why: Aside::Left } => self.idle(Idle::Left, event.at_ms),
            Body::SetAside { why: Aside::Message } => self.idle(Idle::Message, event.at_ms),
            Body::Spam => self.spam = true,
            Body::Assigned { agent } => {
                self.state = ConversationState::Assigned { agent: *agent };
                self.agent = Some(*agent);
            }
            Body::Seen { up_to } => self.apply_seen(event, *up_to),
            Body::Closed => self.state = ConversationState::Closed { at_ms: event.at_ms },
            Body::Rated { score, .. } => self.score = *score,
            Body::Context { page } if self.language.is_empty() => {
                page.own_language().clone_into(&mut self.language);
            }
            _ => {}
        }
        Ok(())
    }

    const fn idle(&mut self, why: Idle, since_ms: u64) {
        self.state = ConversationState::Idle { why, since_ms };
    }

    fn apply_message(&mut self, event: &Event, line: &str) {
        self.last_at_ms = event.at_ms;
        self.last_line = first_line(line);
        let Some(party) = event.author.party() else { return };
        self.last_party = party;
        match event.author {
            Author::Visitor => self.unanswered = true,
            Author::Agent { .. } => (self.answered, self.unanswered) = (true, false),
            Author::Service { .. } | Author::System => {}
        }
        let unread = match party {
            Party::Visitor => &mut self.unread_by_staff,
            Party::Staff => &mut self.unread_by_visitor,
        };
        if unread.len() == UNREAD_MAX {
            unread.pop_front();
        }
        unread.push_back(event.seq);
    }

    fn apply_seen(&mut self, event: &Event, up_to: Seq) {
        let (seen, unread) = match event.author.party() {
            Some(Party::Visitor) => (&mut self.seen_by_visitor, &mut self.unread_by_visitor),
            Some(Party::Staff) => (&mut self.seen_by_staff, &mut self.unread_by_staff),
            None => return,
        };
        *seen = up_to.max(*seen);
        let seen = *seen;
        unread.retain(|seq| *seq > seen);
    }

    /// Whether it has ended.
    #[must_use]
    pub const fn closed(&self) -> bool {
        matches!(self.state, ConversationState::Closed { .. })
    }

    /// The agent that has it now.
    #[must_use]
    pub const fn holder(&self) -> Option<AgentId> {
        match self.state {
            ConversationState::Assigned { agent } => Some(agent),
            ConversationState::Waiting { .. } | ConversationState::Idle { .. } | ConversationState::Closed { .. } => {
                None
            }
        }
    }

    /// The turn that it keeps when it is queued again after it was idle for this reason. Who left the queue on purpose gets a new turn.
    #[must_use]
    pub fn turn_kept(&self, why: Idle) -> Option<u64> {
        Some(self.turn).filter(|_| why != Idle::SteppedOut)
    }

    /// Since when it is in the queue, while it is.
    #[must_use]
    pub const fn waiting_since_ms(&self) -> Option<u64> {
        match self.state {
            ConversationState::Waiting { since_ms } => Some(since_ms),
            ConversationState::Idle { .. } | ConversationState::Assigned { .. } | ConversationState::Closed { .. } => {
                None
            }
        }
    }

    /// The last number one side has seen.
    #[must_use]
    pub const fn seen_by(&self, party: Party) -> Seq {
        match party {
            Party::Visitor => self.seen_by_visitor,
            Party::Staff => self.seen_by_staff,
        }
    }

    /// The last number of a lane.
    #[must_use]
    pub const fn head_of(&self, lane: Lane) -> Seq {
        self.head.of(lane)
    }

    /// The agents' view of it.
    #[must_use]
    pub fn summary(&self) -> ConversationSummary {
        ConversationSummary {
            conversation: self.id,
            site: self.site.clone(),
            visitor: self.visitor,
            state: self.state,
            opened_at_ms: self.opened_at_ms,
            last_at_ms: self.last_at_ms,
            last_line: self.last_line.clone(),
            last_party: self.last_party,
            unanswered: self.unanswered && self.last_party == Party::Staff,
            unread: u32::try_from(self.unread_by_staff.len()).unwrap_or(u32::MAX),
            language: self.language.clone(),
            score: self.score,
            head: self.head,
            presence: None,
            spam: self.spam,
            known: self.known,
            network: self.network,
        }
    }

    /// What clients are sent when something of it was erased.
    #[must_use]
    pub fn erased_frame(&self) -> ServerFrame {
        let (last_line, language) = (self.last_line.clone(), self.language.clone());
        ServerFrame::Erased { conversation: self.id, last_line, language }
    }

    /// The visitor's own view of it.
    #[must_use]
    pub fn visitor_view(&self) -> VisitorConversation {
        VisitorConversation {
            conversation: self.id,
            opened_at_ms: self.opened_at_ms,
            last_at_ms: self.last_at_ms,
            last_line: self.last_line.clone(),
            closed: self.closed(),
            unread: u32::try_from(self.unread_by_visitor.len()).unwrap_or(u32::MAX),
            head: self.head.shared,
        }
    }
}

/// As [`wire::first_line`], with a fast path for plain ASCII. The slow one was a third of a message's cost in the core.
fn first_line(text: &str) -> String {
    let text = text.trim_start();
    match text.get(..text.len().min(LAST_LINE_CHARS_MAX)) {
        Some(line) if line.bytes().all(|byte| matches!(byte, b' '..=b'~')) => line.trim_end().to_owned(),
        Some(_) | None => wire::first_line(text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::first_line;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_first_line_is_the_same_by_the_short_way(text in "([ -~]{0,8}|\\PC{0,4}|[\n\t\u{2028}\u{202a}-\u{2069}]{0,2}|[a-z ]{110,125}){0,4}") {
            prop_assert_eq!(first_line(&text), wire::first_line(&text));
        }
    }
}
