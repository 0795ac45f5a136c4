//! What the agent has chosen to look at: the state of the view, which the relay does not know.

use std::collections::{BTreeMap, BTreeSet};

use leptos::prelude::*;
use serde_json::{Map, Value};
use widget::clock::now_ms;
use wire::{ConversationId, Many, View};

use crate::desk::route::{Route, Setting};
use crate::desk::written::Written;

/// How long the ending of a conversation can be undone before it is sent …
const END_UNDO_MS: u64 = 4_000;
/// … and that of many.
const MANY_UNDO_MS: u64 = 10_000;

/// What the first column lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    /// Conversations.
    Inbox,
    /// Blocks (supervisors).
    Defence,
    /// What is set up (supervisors); it takes the place of the conversation, too.
    Settings,
    /// One's own account; it takes that place, too.
    Account,
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
    /// Those whose visitor is gone.
    Left,
    /// Those to be answered without the visitor being there.
    Messages,
    /// Those that have ended.
    Ended,
}

impl Tab {
    /// In the order shown.
    pub(crate) const ALL: [Self; 6] = [Self::Waiting, Self::Mine, Self::Open, Self::Left, Self::Messages, Self::Ended];

    /// Its name at the relay; none for lists that the session has whole, and for ended conversations.
    pub(crate) const fn view(self) -> Option<View> {
        match self {
            Self::Waiting => Some(View::Waiting),
            Self::Open => Some(View::Open),
            Self::Left => Some(View::Left),
            Self::Messages => Some(View::Message),
            Self::Mine | Self::Ended => None,
        }
    }
}

/// What is being ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A conversation.
    One(ConversationId),
    /// Many conversations, and how many (0: not known).
    Many(Many, usize),
}

/// An ending that can still be undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    /// What is to be ended.
    pub(crate) what: What,
    /// When it is sent, by the browser's clock.
    pub(crate) at_ms: u64,
}

impl Ending {
    /// An ending whose time to be undone begins now.
    pub(crate) fn new(what: What) -> Self {
        let undo_ms = if matches!(what, What::One(_)) { END_UNDO_MS } else { MANY_UNDO_MS };
        Self { what, at_ms: now_ms() + undo_ms }
    }

    /// Whether it is of this conversation.
    pub(crate) fn is_of(&self, conversation: ConversationId) -> bool {
        self.what == What::One(conversation)
    }
}

/// Which window is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asking {
    /// Asks whom to block.
    Block(ConversationId),
    /// Asks whether to end so many (0: not known).
    EndMany(Many, usize),
    /// Asks why to hold a conversation, or says why it is held.
    Hold(ConversationId),
    /// Asks whether to erase the visitor of a conversation.
    Erase(ConversationId),
    /// Lists the keyboard shortcuts.
    Keys,
    /// The command bar.
    Commands,
}

/// A document that was changed and not saved.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Unsaved {
    /// The version that was changed; none for a new one.
    pub(crate) version: Option<u64>,
    /// The id of a new one, as typed.
    pub(crate) id: String,
    /// Its fields.
    pub(crate) body: Map<String, Value>,
}

/// The state of the whole page; copies share it.
#[derive(Clone, Copy)]
pub(crate) struct Screen {
    /// What the first column lists.
    pub(crate) section: RwSignal<Section>,
    /// Which list of the inbox.
    pub(crate) tab: RwSignal<Tab>,
    /// What of the settings is shown.
    pub(crate) setting: RwSignal<Setting>,
    /// What was changed in settings and not saved, by the address of the document.
    pub(crate) unsaved: RwSignal<BTreeMap<String, Unsaved>>,
    /// What rows are searched for.
    pub(crate) search: RwSignal<String>,
    /// Whether the composer writes notes.
    pub(crate) note: RwSignal<bool>,
    /// Whether the visitor's panel is open, in windows too narrow to show it always.
    pub(crate) panel: RwSignal<bool>,
    /// The text in the composer.
    pub(crate) text: widget::signal::Signal<String>,
    /// An ending that can still be undone.
    pub(crate) ending: RwSignal<Option<Ending>>,
    /// The window that is open.
    pub(crate) asking: RwSignal<Option<Asking>>,
    /// Whether rows are being chosen …
    pub(crate) picking: RwSignal<bool>,
    /// … these …
    pub(crate) picked: RwSignal<BTreeSet<ConversationId>>,
    /// … or all that fit, listed or not.
    pub(crate) all: RwSignal<bool>,
    /// The conversation that this agent got last.
    pub(crate) fresh: RwSignal<Option<ConversationId>>,
    /// What is shown for a few seconds at the bottom.
    pub(crate) news: RwSignal<Option<News>>,
    written: Written,
    /// Which conversation the text in the composer belongs to.
    writing_in: StoredValue<Option<ConversationId>>,
}

/// What can be shown for a few seconds at the bottom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// A text.
    Text(String),
    /// This agent got a conversation.
    Fresh(ConversationId),
}

impl Screen {
    /// As it looks after signing in at an address.
    pub(crate) fn new(email: &str, route: Route) -> Self {
        Self {
            section: RwSignal::new(route.section),
            tab: RwSignal::new(route.tab),
            setting: RwSignal::new(route.setting),
            unsaved: RwSignal::new(BTreeMap::new()),
            search: RwSignal::new(String::new()),
            note: RwSignal::new(false),
            panel: RwSignal::new(false),
            text: widget::signal::Signal::new(String::new()),
            ending: RwSignal::new(None),
            asking: RwSignal::new(None),
            picking: RwSignal::new(false),
            picked: RwSignal::new(BTreeSet::new()),
            all: RwSignal::new(false),
            fresh: RwSignal::new(None),
            news: RwSignal::new(None),
            written: Written::new(email),
            writing_in: StoredValue::new(None),
        }
    }

    /// Keeps the half-written text of one conversation, and shows that of another in the composer.
    pub(crate) fn switch(&self, from: Option<ConversationId>, to: Option<ConversationId>) {
        if from == to {
            return;
        }
        self.put_away();
        self.writing_in.set_value(to);
        self.bring_back();
    }

    /// Keeps the text in the composer with every change. Takes what another tab kept, if nobody is writing in this one.
    pub(crate) fn keep_written(&self) {
        let screen = *self;
        Effect::new(move || {
            screen.text.with(|_| ());
            screen.note.track();
            screen.put_away();
        });
        Written::elsewhere(move || {
            if !widget::env::document().has_focus().unwrap_or(false) {
                screen.bring_back();
            }
        });
    }

    /// Has the browser ask before the page is left while settings were changed and not saved, whatever is shown.
    pub(crate) fn warn_of_unsaved(&self) {
        let unsaved = self.unsaved;
        let listener = window_event_listener(leptos::ev::beforeunload, move |event| {
            if !unsaved.read_untracked().is_empty() {
                event.prevent_default();
            }
        });
        on_cleanup(move || listener.remove());
    }

    /// Keeps no half-written text of a conversation of which something was erased.
    pub(crate) fn forget(&self, conversation: ConversationId) {
        self.written.keep(conversation, "", false);
        if self.writing_in.get_value() == Some(conversation) {
            self.text.set(String::new());
        }
    }

    /// Shows a list. Rows chosen in another list are no longer chosen.
    pub(crate) fn choose(&self, tab: Tab) {
        self.section.set(Section::Inbox);
        if self.tab.get_untracked() != tab {
            self.stop_picking();
            self.tab.set(tab);
        }
    }

    /// Chooses a row, or not any more. Out of all, the others stay chosen no more: what is not listed cannot be left out.
    pub(crate) fn pick(&self, conversation: ConversationId, pick: bool) {
        self.all.set(false);
        self.picked.update(|picked| {
            if pick {
                picked.insert(conversation);
            } else {
                picked.remove(&conversation);
            }
        });
    }

    /// No rows are chosen any more.
    pub(crate) fn stop_picking(&self) {
        self.picking.set(false);
        self.picked.set(BTreeSet::new());
        self.all.set(false);
    }

    /// Shows a text for a few seconds at the bottom.
    pub(crate) fn tell(&self, words: String) {
        self.news.set(Some(News::Text(words)));
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
