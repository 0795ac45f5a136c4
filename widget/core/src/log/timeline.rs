//! A conversation as it is shown: the fold over its events, with the own drafts behind them.

use wire::limit::{TYPING_SHOWN_MS, UNREAD_MAX};
use wire::{Author, Body, ConversationId, Event, Lane, PageContext, Party, Seq};

use crate::log::item::{Content, Item, ItemState, name_of};
use crate::planted::{Planted, planted};

/// A followed conversation: both lanes merged, own drafts last, in the order written. The shared lane is in the order of its numbers; items of
/// the staff lane are put between by time.
///
/// It is loaded from its first event on, page by page, and keeps what it loaded: it is as large as the conversation. A session keeps a bounded
/// number of timelines (`wire::limit::FOLLOW_CONVERSATIONS_MAX`).
#[derive(Debug)]
pub struct Timeline {
    conversation: ConversationId,
    own: Party,
    recorded: Vec<Item>,
    /// By what time each recorded item is sorted among those of the other lane: the latest time of its own lane so far. The relay's clock may
    /// have been set back, and the order must not depend on which lane was loaded first.
    sort_times_ms: Vec<u64>,
    /// The latest time of the shared and of the staff lane.
    latest_ms: [u64; 2],
    /// Written by the outbox.
    pub(crate) drafts: Vec<Item>,
    /// The relay's clock minus the browser's. Drafts are timed by the browser's clock.
    pub(crate) relay_ahead_ms: i64,
    last_message: Seq,
    /// The other side's last message.
    last_other: Seq,
    /// Up to which number this side has seen, as recorded …
    seen_own: Seq,
    /// … and as reported to the relay on this connection.
    seen_reported: Seq,
    /// Up to which number the other side has seen.
    seen_other: Seq,
    pub(crate) loading: bool,
    closed: bool,
    waiting: bool,
    rated: Option<u8>,
    agent_name: Option<String>,
    typing: Option<(String, u64)>,
    context: Option<PageContext>,
    revision: u64,
}

impl Timeline {
    /// The items, in the order to be shown. A draft that failed waits for a person, and stays where it was written; the others are on their way
    /// and come last.
    pub fn items(&self) -> impl DoubleEndedIterator<Item = &Item> {
        let mut items: Vec<&Item> = self.recorded.iter().collect();
        let mut failed = 0;
        for draft in &self.drafts {
            if !matches!(draft.state, ItemState::Failed(_)) {
                items.push(draft);
                continue;
            }
            let at_ms = draft.at_ms.saturating_add_signed(self.relay_ahead_ms);
            let before = self.sort_times_ms.iter().rposition(|sort_ms| *sort_ms <= at_ms).map_or(0, |at| at + 1);
            items.insert(before + failed, draft);
            failed += 1;
        }
        items.into_iter()
    }

    /// Which conversation.
    #[must_use]
    pub const fn conversation(&self) -> ConversationId {
        self.conversation
    }

    /// The number of the last message of either side; 0 for none.
    #[must_use]
    pub const fn last_message(&self) -> Seq {
        self.last_message
    }

    /// The messages of the other side that this side has not seen, at most [`UNREAD_MAX`].
    #[must_use]
    pub fn unread(&self) -> u32 {
        let seen = self.seen_own.max(self.seen_reported);
        let mut count = 0;
        for item in self.recorded.iter().rev() {
            if item.content.is_staff() {
                continue;
            }
            if item.seq <= seen || count as usize == UNREAD_MAX {
                break;
            }
            let other = item.author.party().is_some_and(|party| party != self.own);
            count += u32::from(other && item.content.is_message());
        }
        count
    }

    /// Whether the recorded items are still being fetched for the first time.
    #[must_use]
    pub const fn loading(&self) -> bool {
        self.loading
    }

    /// Whether the conversation has ended.
    #[must_use]
    pub const fn closed(&self) -> bool {
        self.closed
    }

    /// Whether the visitor waits in the queue.
    #[must_use]
    pub const fn waiting(&self) -> bool {
        self.waiting
    }

    /// The visitor's rating.
    #[must_use]
    pub const fn rated(&self) -> Option<u8> {
        self.rated
    }

    /// The name of the agent who joined last.
    #[must_use]
    pub fn agent_name(&self) -> Option<&str> {
        self.agent_name.as_deref()
    }

    /// Who is typing now; the name is empty for the visitor. It ends by a timeout.
    #[must_use]
    pub fn typing(&self) -> Option<&str> {
        self.typing.as_ref().map(|(name, _)| name.as_str())
    }

    /// Where the visitor writes from (agents only).
    #[must_use]
    pub const fn context(&self) -> Option<&PageContext> {
        self.context.as_ref()
    }

    /// Grows with each visible change.
    #[must_use]
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    pub(crate) const fn new(conversation: ConversationId, own: Party, loading: bool) -> Self {
        Self {
            conversation,
            own,
            recorded: Vec::new(),
            sort_times_ms: Vec::new(),
            latest_ms: [0; 2],
            drafts: Vec::new(),
            relay_ahead_ms: 0,
            last_message: Seq::ZERO,
            last_other: Seq::ZERO,
            seen_own: Seq::ZERO,
            seen_reported: Seq::ZERO,
            seen_other: Seq::ZERO,
            loading,
            closed: false,
            waiting: false,
            rated: None,
            agent_name: None,
            typing: None,
            context: None,
            revision: 0,
        }
    }

    /// Shows nothing, and waits for the first events again.
    pub(crate) fn begin_anew(&mut self) {
        *self = Self { revision: self.revision + 1, ..Self::new(self.conversation, self.own, true) };
    }

    /// Takes the next event of a lane. Whether it is a message of the other side.
    pub(crate) fn apply(&mut self, event: Event) -> bool {
        self.revision += 1;
        let party = event.author.party();
        let own = party == Some(self.own);
        let mut state = ItemState::Recorded;
        let message = event.body.is_message();
        if message {
            self.last_message = event.seq;
            if own {
                state = if event.seq <= self.seen_other { ItemState::Seen } else { ItemState::Sent };
            } else {
                self.last_other = event.seq;
                self.typing = None;
            }
            if self.agent_name.is_none() {
                self.set_agent(&event.author);
            }
        }
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "most kinds are items of the timeline and change nothing else about it"
        )]
        match &event.body {
            Body::Queued => self.waiting = true,
            Body::LeftQueue => self.waiting = false,
            Body::Joined => {
                self.waiting = false;
                self.set_agent(&event.author);
            }
            Body::Closed => {
                self.waiting = false;
                self.closed = true;
                self.typing = None;
            }
            Body::Rated { score, .. } => self.rated = Some(*score),
            Body::Seen { up_to } if own => self.seen_own = self.seen_own.max(*up_to),
            Body::Seen { up_to } if party.is_some() => self.other_saw(*up_to),
            Body::Context { page } => self.context = Some(page.clone()),
            _ => {}
        }
        let (id, seq, at_ms) = (event.id, event.seq, event.at_ms);
        let latest_ms = &mut self.latest_ms[usize::from(event.lane == Lane::Staff)];
        *latest_ms = at_ms.max(*latest_ms);
        let sort_ms = *latest_ms;
        if let Some(content) = Content::of(event.body, &event.author) {
            self.insert(sort_ms, Item { id, seq, at_ms, author: event.author, content, state });
        }
        message && !own
    }

    /// Somebody typed.
    pub(crate) fn set_typing(&mut self, name: String, now_ms: u64) {
        self.typing = Some((name, now_ms.saturating_add(TYPING_SHOWN_MS)));
        self.revision += 1;
    }

    /// When the sign of typing ends.
    pub(crate) fn typing_until_ms(&self) -> Option<u64> {
        self.typing.as_ref().map(|(_, until_ms)| *until_ms)
    }

    /// Ends an old sign of typing. Whether there was one.
    pub(crate) fn expire(&mut self, now_ms: u64) -> bool {
        let expired =
            !planted(Planted::TypesForEver) && self.typing_until_ms().is_some_and(|until_ms| until_ms <= now_ms);
        if expired {
            self.typing = None;
            self.revision += 1;
        }
        expired
    }

    /// The number to be reported as seen, if the relay does not know it yet.
    pub(crate) fn unreported_seen(&self) -> Option<Seq> {
        (self.last_other > self.seen_own.max(self.seen_reported)).then_some(self.last_other)
    }

    /// What was reported to the relay on this connection; 0 when it must be reported again.
    pub(crate) const fn set_seen_reported(&mut self, seq: Seq) {
        self.seen_reported = seq;
        self.revision += 1;
    }

    /// The time and the beginning of the last message.
    pub(crate) fn last_line(&self) -> Option<(u64, String)> {
        let item = self.recorded.iter().rev().find(|item| item.content.is_message())?;
        let line = match &item.content {
            Content::Text(text) => wire::first_line(text),
            Content::File(attachment) => wire::first_line(&attachment.name),
            Content::Uploading { .. } | Content::Note(_) | Content::Notice(_) | Content::StaffNotice(_) => {
                String::new()
            }
        };
        Some((item.at_ms, line))
    }

    /// The time of the first item.
    pub(crate) fn first_at_ms(&self) -> u64 {
        self.recorded.first().map_or(0, |item| item.at_ms)
    }

    /// Marks a change made from outside.
    pub(crate) const fn touch(&mut self) {
        self.revision += 1;
    }

    fn set_agent(&mut self, author: &Author) {
        let name = name_of(author);
        if !name.is_empty() {
            self.agent_name = Some(name.to_owned());
        }
    }

    fn other_saw(&mut self, up_to: Seq) {
        self.seen_other = self.seen_other.max(up_to);
        for item in self.recorded.iter_mut().rev() {
            if item.state == ItemState::Seen {
                break;
            }
            if item.state == ItemState::Sent && item.seq <= up_to {
                item.state = ItemState::Seen;
            }
        }
    }

    /// Inserts an item. Each lane keeps its own order; of the same time, staff items come after shared ones, whichever was loaded first.
    fn insert(&mut self, sort_ms: u64, item: Item) {
        let staff = item.content.is_staff();
        let mut at = self.recorded.len();
        while at > 0 {
            let before_ms = self.sort_times_ms[at - 1];
            let later = if staff { before_ms > sort_ms } else { before_ms >= sort_ms };
            if self.recorded[at - 1].content.is_staff() == staff || !later {
                break;
            }
            at -= 1;
        }
        self.recorded.insert(at, item);
        self.sort_times_ms.insert(at, sort_ms);
    }
}

#[cfg(test)]
mod tests;
