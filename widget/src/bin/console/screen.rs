//! What the person at the console has chosen to look at: the view's own state, nothing that the relay knows.

use leptos::prelude::*;
use wire::ConversationId;

use crate::written::Written;

/// A wait longer than this is shown in red.
pub(crate) const WAIT_TARGET_MS: u64 = 5 * 60_000;
/// How long an end can be taken back before it is sent.
pub(crate) const END_UNDO_MS: u64 = 4_000;

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
    pub(crate) news: RwSignal<Option<News>>,
    written: Written,
    /// Whose text stands in the composer.
    writing_in: StoredValue<Option<ConversationId>>,
}

/// Something that passes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// Words.
    Words(String),
    /// This agent got a conversation.
    Fresh(ConversationId),
}

impl Screen {
    /// As it looks after signing in.
    pub(crate) fn new(email: &str) -> Self {
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
            written: Written::new(email),
            writing_in: StoredValue::new(None),
        }
    }

    /// Puts away what was being written in one conversation and brings back what was being written in another.
    pub(crate) fn switch(&self, from: Option<ConversationId>, to: Option<ConversationId>) {
        if from == to {
            return;
        }
        self.put_away();
        self.writing_in.set_value(to);
        self.bring_back();
    }

    /// Keeps what stands in the composer with every change, and takes what another tab kept while nobody writes in this one.
    pub(crate) fn keep_written(&self) {
        let screen = *self;
        Effect::new(move || {
            screen.text.track();
            screen.note.track();
            screen.put_away();
        });
        Written::elsewhere(move || {
            if !widget::env::document().has_focus().unwrap_or(false) {
                screen.bring_back();
            }
        });
    }

    /// Tells the person something in passing.
    pub(crate) fn tell(&self, words: String) {
        self.news.set(Some(News::Words(words)));
    }

    fn put_away(&self) {
        if let Some(conversation) = self.writing_in.get_value() {
            self.text.with_untracked(|text| self.written.keep(conversation, text, self.note.get_untracked()));
        }
    }

    fn bring_back(&self) {
        let (text, note) = self.writing_in.get_value().map(|to| self.written.get(to)).unwrap_or_default();
        if self.text.with_untracked(|now| *now != text) {
            self.text.set(text);
        }
        if self.note.get_untracked() != note {
            self.note.set(note);
        }
    }
}
