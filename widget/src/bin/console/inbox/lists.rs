//! Which conversations a list holds, how many there are in all, and what the relay is asked to find.

use leptos::prelude::*;
use widget::clock::Timer;
use widget::key;
use widget_core::{AgentInput, Found};
use wire::limit::FIND_CHARS_MAX;
use wire::{ConversationId, ConversationSummary, Idle};

use crate::desk::Desk;
use crate::desk::screen::{Screen, Tab};
use crate::inbox::row::matches;
use crate::ui::words::fill;

/// The relay is asked once nobody has typed for this long.
const FIND_WAIT_MS: u64 = 300;

/// The conversations of the chosen list that fit the search, in the order shown.
pub(crate) fn listed(desk: Desk, screen: Screen) -> Vec<ConversationId> {
    if let Some(ids) = with_found(desk, screen, |found| found.rows.iter().map(|row| row.conversation).collect()) {
        return ids;
    }
    let search = screen.search.read().trim().to_lowercase();
    let fits = |row: &&ConversationSummary| matches(row, &search);
    desk.lists(|session| {
        let rows = match screen.tab.get() {
            Tab::Waiting => session.waiting(),
            Tab::Mine => session.mine(),
            Tab::Open => session.open(),
            Tab::Left => session.idle(Idle::Left),
            Tab::Messages => session.idle(Idle::Message),
            Tab::Ended => session.closed_list().iter().collect(),
        };
        rows.into_iter().filter(fits).map(|row| row.conversation).collect()
    })
}

/// What the relay found, if it is for the present search and its first page came.
pub(crate) fn with_found<T>(desk: Desk, screen: Screen, read: impl FnOnce(&Found) -> T) -> Option<T> {
    let view = screen.tab.get().view()?;
    let find = wanted(screen);
    desk.read(|session| {
        let found = session.found().filter(|found| found.view == view && found.find == find && found.total.is_some());
        found.map(read)
    })
}

/// What the relay is asked for: it knows the four characters of a visitor's name, not the word before them.
pub(crate) fn wanted(screen: Screen) -> String {
    let search = screen.search.read().trim().to_lowercase();
    let before = fill(key!("console_visitor"), &[("id", "")]).to_lowercase();
    let find = search.strip_prefix(before.trim()).unwrap_or(&search).trim();
    find.chars().take(FIND_CHARS_MAX).collect()
}

/// How many there are in the chosen list, listed here or not.
pub(crate) fn total(desk: Desk, screen: Screen) -> usize {
    if let Some(total) = with_found(desk, screen, |found| found.total).flatten() {
        return total as usize;
    }
    if !screen.search.read().trim().is_empty() {
        return listed(desk, screen).len();
    }
    count_of(desk, screen.tab.get())
}

/// How many conversations a list has: by the relay's count, else by those that are here.
pub(crate) fn count_of(desk: Desk, tab: Tab) -> usize {
    let counts = desk.read(|session| session.counts());
    let here = || {
        desk.lists(|session| match tab {
            Tab::Waiting => session.waiting().len(),
            Tab::Mine => session.mine().len(),
            Tab::Open => session.open().len(),
            Tab::Left => session.idle(Idle::Left).len(),
            Tab::Messages => session.idle(Idle::Message).len(),
            Tab::Ended => 0,
        })
    };
    let Some(counts) = counts else { return here() };
    let told = match tab {
        Tab::Waiting => counts.waiting,
        Tab::Open => counts.waiting + counts.owned + counts.left + counts.message + counts.stepped_out,
        Tab::Left => counts.left,
        Tab::Messages => counts.message,
        Tab::Mine | Tab::Ended => return here(),
    };
    told as usize
}

/// Asks the relay for what is searched for, once nobody types; ends the search when the field is empty.
pub(crate) fn ask_relay(desk: Desk, screen: Screen) {
    let timer = StoredValue::new_local(Timer::new(move || {
        let view = screen.tab.get_untracked().view();
        let find = untrack(|| wanted(screen));
        let wanted = view.filter(|_| !find.is_empty()).map(|view| (view, find));
        desk.tell(AgentInput::Find { wanted });
    }));
    Effect::new(move |before: Option<bool>| {
        let (_, empty) = (screen.tab.get(), wanted(screen).is_empty());
        if !empty || before == Some(false) || desk.peek(|session| session.found().is_some()) {
            timer.with_value(|timer| timer.set(FIND_WAIT_MS));
        }
        empty
    });
}
