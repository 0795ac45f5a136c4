//! The inbox: head with the presence switch, search, the three lists.

use leptos::html;
use leptos::prelude::*;
use widget_core::{AgentInput, Online};
use wire::ConversationId;

use crate::desk::Desk;
use crate::icon::{self, icon};
use crate::row::{Row, matches};
use crate::screen::{Screen, Tab};
use crate::words::{fill, t};

/// The first column while the inbox is chosen.
#[component]
pub(crate) fn Inbox(
    /// The session.
    desk: Desk,
    /// What is looked at.
    screen: Screen,
    /// The search field, for the keyboard.
    search: NodeRef<html::Input>,
) -> impl IntoView {
    let ids = Memo::new(move |_| listed(desk, screen));
    view! {
        <section class="inbox" aria-label=t("console_inbox")>
            <header class="inbox__head">
                <h1>{t("console_inbox")}</h1>
                <Presence desk />
            </header>
            <Search screen field=search found=Signal::derive(move || ids.read().len()) />
            <Tabs desk screen />
            <div class="rows" role="tabpanel" id="rows" aria-labelledby=move || tab_id(screen.tab.get())>
                <ul>
                    <For each=move || ids.get() key=|id| *id let(conversation)>
                        <li>
                            <Row desk conversation />
                        </li>
                    </For>
                </ul>
                <Show when=move || ids.read().is_empty()>
                    <Empty desk screen />
                </Show>
            </div>
        </section>
    }
}

/// The conversations of the chosen list that fit the search, in the order shown.
pub(crate) fn listed(desk: Desk, screen: Screen) -> Vec<ConversationId> {
    let search = screen.search.read().trim().to_lowercase();
    desk.lists(|session| {
        let rows = match screen.tab.get() {
            Tab::Waiting => session.waiting(),
            Tab::Mine => session.mine(),
            Tab::Open => session.open(),
        };
        rows.iter().filter(|row| matches(row, &search)).map(|row| row.conversation).collect()
    })
}

#[component]
fn Presence(desk: Desk) -> impl IntoView {
    let me = Memo::new(move |_| desk.me());
    let online = move || !desk.read(|session| session.away());
    // Without a line nobody can say whether visitors come.
    let live = move || desk.read(|session| session.online() == Online::Live);
    let label = move || {
        let (load, capacity) = me.read().as_ref().map(|me| (me.load, me.capacity)).unwrap_or_default();
        let state = t(match (live(), online()) {
            (false, _) => "console_unconnected",
            (true, true) => "console_online",
            (true, false) => "console_away",
        });
        fill("console_presence", &[("state", &state), ("load", &load.to_string()), ("capacity", &capacity.to_string())])
    };
    let toggle = move |_| desk.tell(AgentInput::Presence { away: untrack(online) });
    view! {
        <Show when=move || me.read().is_some()>
            <button
                type="button"
                class="presence"
                role="switch"
                aria-checked=move || online().to_string()
                aria-label=move || fill("console_presence_label", &[("state", &label())])
                title=move || t(if online() { "console_go_away" } else { "console_go_online" })
                data-testid="presence"
                data-state=move || if online() { "online" } else { "away" }
                on:click=toggle
            >
                <span class="dot" class:dot--online=move || online() && live() class:dot--away=move || !online() && live()></span>
                {label}
            </button>
        </Show>
    }
}

/// The field that filters the rows that are here.
#[component]
pub(crate) fn Search(
    /// What is looked at.
    screen: Screen,
    /// The field, for the keyboard.
    field: NodeRef<html::Input>,
    /// How many rows fit.
    found: Signal<usize>,
) -> impl IntoView {
    let hint = move || {
        let found = found.get().to_string();
        (!screen.search.read().trim().is_empty()).then(|| fill("console_search_hint", &[("count", &found)]))
    };
    view! {
        <div class="search">
            {icon(icon::SEARCH)}
            <input
                type="search"
                node_ref=field
                placeholder=t("console_search")
                aria-label=t("console_search_label")
                aria-keyshortcuts="/"
                prop:value=move || screen.search.get()
                on:input=move |event| screen.search.set(event_target_value(&event))
            />
            <kbd aria-hidden="true">"/"</kbd>
        </div>
        <p class="search__hint" role="status" data-testid="search-hint">{hint}</p>
    }
}

const fn tab_id(tab: Tab) -> &'static str {
    match tab {
        Tab::Waiting => "tab-waiting",
        Tab::Mine => "tab-mine",
        Tab::Open => "tab-open",
    }
}

const fn tab_test_id(tab: Tab) -> &'static str {
    match tab {
        Tab::Waiting => "list-waiting",
        Tab::Mine => "list-mine",
        Tab::Open => "list-open",
    }
}

fn tab_name(tab: Tab) -> String {
    t(match tab {
        Tab::Waiting => "console_waiting",
        Tab::Mine => "console_mine",
        Tab::Open => "console_open",
    })
}

#[component]
fn Tabs(desk: Desk, screen: Screen) -> impl IntoView {
    // Arrow keys move between the tabs, as everywhere else in the system.
    let keys = move |event: leptos::ev::KeyboardEvent| {
        let at = Tab::ALL.iter().position(|tab| *tab == screen.tab.get_untracked()).unwrap_or_default();
        let to = match event.key().as_str() {
            "ArrowRight" => (at + 1) % Tab::ALL.len(),
            "ArrowLeft" => (at + Tab::ALL.len() - 1) % Tab::ALL.len(),
            _ => return,
        };
        event.prevent_default();
        screen.tab.set(Tab::ALL[to]);
        crate::keys::focus(&format!("#{}", tab_id(Tab::ALL[to])));
    };
    view! {
        <div class="tabs" role="tablist" aria-label=t("console_lists") on:keydown=keys>
            {Tab::ALL.map(|tab| view! { <TabButton desk screen tab /> }).collect_view()}
        </div>
    }
}

#[component]
fn TabButton(desk: Desk, screen: Screen, tab: Tab) -> impl IntoView {
    let chosen = move || screen.tab.get() == tab;
    let count = Memo::new(move |_| {
        desk.lists(|session| match tab {
            Tab::Waiting => session.waiting().len(),
            Tab::Mine => session.mine().len(),
            Tab::Open => session.open().len(),
        })
    });
    view! {
        <button
            type="button"
            class="tab"
            role="tab"
            id=tab_id(tab)
            aria-controls="rows"
            aria-selected=move || chosen().to_string()
            tabindex=move || if chosen() { "0" } else { "-1" }
            data-testid=tab_test_id(tab)
            on:click=move |_| screen.tab.set(tab)
        >
            {tab_name(tab)}
            <span class="tab__count" class:tab__count--hot=move || tab == Tab::Waiting && count.get() != 0>
                {move || count.get()}
            </span>
        </button>
    }
}

#[component]
fn Empty(desk: Desk, screen: Screen) -> impl IntoView {
    let words = move || {
        if !screen.search.read().trim().is_empty() {
            return ("console_empty_search", "console_empty_search_note");
        }
        if desk.me().is_none() {
            return ("console_loading", "console_loading_note");
        }
        match screen.tab.get() {
            Tab::Waiting => ("console_empty_waiting", "console_empty_waiting_note"),
            Tab::Mine => ("console_empty_mine", "console_empty_mine_note"),
            Tab::Open => ("console_empty_open", "console_empty_open_note"),
        }
    };
    view! {
        <div class="empty">
            {icon(icon::INBOX)}
            <b>{move || t(words().0)}</b>
            <p>{move || t(words().1)}</p>
        </div>
    }
}
