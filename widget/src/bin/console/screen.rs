//! What the person at the console has chosen to look at: the view's own state, nothing that the relay knows.

use std::collections::BTreeMap;

use leptos::prelude::*;
use wire::ConversationId;

/// A wait longer than this is shown in red.
pub(crate) const WAIT_TARGET_MS: u64 = 5 * 60_000;
/// How long an end can be taken back before it is sent.
pub(crate) const END_UNDO_MS: u64 = 4_000;
/// Half-written texts that are remembered while switching; the oldest conversations go first.
const UNSENT_MAX: usize = 200;

/// What the first column lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    /// Open conversations.
    Inbox,
    /// Ended ones.
    Closed,
}

/// A list of the inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    /// Nobody has them yet.
    Waiting,
    /// The agent's own.
    Mine,
    /// Everything open.
    Open,
}

impl Tab {
    /// In the order shown.
    pub(crate) const ALL: [Self; 3] = [Self::Waiting, Self::Mine, Self::Open];
}

/// The state of the whole page; copies share it.
#[derive(Clone, Copy)]
pub(crate) struct Screen {
    /// What the first column lists.
    pub(crate) section: RwSignal<Section>,
    /// Which list of the inbox.
    pub(crate) tab: RwSignal<Tab>,
    /// What rows are searched for.
    pub(crate) search: RwSignal<String>,
    /// Whether the composer writes notes.
    pub(crate) note: RwSignal<bool>,
    /// Whether the visitor's panel is open where it is a drawer.
    pub(crate) panel: RwSignal<bool>,
    /// What stands in the composer.
    pub(crate) text: RwSignal<String>,
    /// An end that can still be taken back: which conversation, and when it is sent (the browser's clock).
    pub(crate) ending: RwSignal<Option<(ConversationId, u64)>>,
    /// The conversation that this agent got last.
    pub(crate) fresh: RwSignal<Option<ConversationId>>,
    /// Something to tell the person in passing.
    pub(crate) news: RwSignal<Option<String>>,
    unsent: StoredValue<BTreeMap<ConversationId, (String, bool)>>,
}

impl Screen {
    /// As it looks after signing in.
    pub(crate) fn new() -> Self {
        Self {
            section: RwSignal::new(Section::Inbox),
            tab: RwSignal::new(Tab::Mine),
            search: RwSignal::new(String::new()),
            note: RwSignal::new(false),
            panel: RwSignal::new(false),
            text: RwSignal::new(String::new()),
            ending: RwSignal::new(None),
            fresh: RwSignal::new(None),
            news: RwSignal::new(None),
            unsent: StoredValue::new(BTreeMap::new()),
        }
    }

    /// Puts away what was being written in one conversation and brings back what was being written in another.
    pub(crate) fn switch(&self, from: Option<ConversationId>, to: Option<ConversationId>) {
        if from == to {
            return;
        }
        let (text, note) = (self.text.get_untracked(), self.note.get_untracked());
        self.unsent.update_value(|unsent| {
            if let Some(from) = from {
                unsent.remove(&from);
                if !text.trim().is_empty() {
                    unsent.insert(from, (text, note));
                }
            }
            // Ids begin with their time: the first is the oldest.
            while unsent.len() > UNSENT_MAX {
                unsent.pop_first();
            }
        });
        let kept = to.and_then(|to| self.unsent.with_value(|unsent| unsent.get(&to).cloned()));
        let (text, note) = kept.unwrap_or_default();
        self.text.set(text);
        self.note.set(note);
    }
}
