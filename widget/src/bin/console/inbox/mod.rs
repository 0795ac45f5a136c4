//! The inbox: head with the presence switch, search, the lists.

pub(crate) mod lists;
pub(crate) mod many;
pub(crate) mod row;

use leptos::html;
use leptos::prelude::*;
use relay_settings::Right;
use widget::key;
use widget_core::{AgentInput, Online};
use wire::ConversationId;
use wire::limit::INBOX_CONVERSATIONS_MAX;

use crate::desk::Desk;
use crate::desk::rights::has;
use crate::desk::screen::{Screen, Tab};
use crate::inbox::lists::{ask_relay, count_of, listed, total, wanted, with_found};
use crate::inbox::many::ManyBar;
use crate::inbox::row::Row;
use crate::ui::focus;
use crate::ui::icon::{self, icon};
use crate::ui::words::{fill, t};

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
    let picks = move || has(desk, Right::ConversationEndMany) && screen.tab.get().view().is_some();
    ask_relay(desk, screen);
    view! {
        <section class="inbox" aria-label=t(key!("console_inbox"))>
            <header class="inbox__head">
                <h2>{t(key!("console_inbox"))}</h2>
                <Presence desk />
            </header>
            <Search desk screen field=search ids />
            <Tabs desk screen />
            <div class="rows" role="tabpanel" id="rows" aria-labelledby=move || tab_id(screen.tab.get())>
                <Show when=move || picks() && !ids.read().is_empty() && !screen.picking.get()>
                    <div class="inbox__tools">
                        <button
                            type="button"
                            class="link"
                            aria-keyshortcuts="Alt+M"
                            data-testid="many"
                            on:click=move |_| screen.picking.set(true)
                        >
                            {t(key!("console_many"))}
                        </button>
                    </div>
                </Show>
                <Show when=move || screen.tab.get() == Tab::Ended && desk.read(|session| session.closed_cut())>
                    <div class="more">
                        <button
                            type="button"
                            class="button"
                            data-testid="closed-newest"
                            on:click=move |_| desk.tell(AgentInput::ListClosed { newest: true })
                        >
                            {t(key!("console_newest"))}
                        </button>
                    </div>
                </Show>
                <ul>
                    <For each=move || ids.get() key=|id| *id let(conversation)>
                        <li class="item">
                            <Row desk screen conversation picks=true />
                        </li>
                    </For>
                </ul>
                <Show when=move || ids.read().is_empty()>
                    <Empty desk screen />
                </Show>
                <More desk screen />
            </div>
            <Show when=move || screen.picking.get()>
                <ManyBar desk screen />
            </Show>
        </section>
    }
}

/// Below a list: what else there is to load.
#[component]
fn More(desk: Desk, screen: Screen) -> impl IntoView {
    let here = Memo::new(move |_| listed(desk, screen).len());
    let found = move || with_found(desk, screen, |found| found.more);
    // Up to so many are all here; the counts only come a moment later.
    let beyond = move || count_of(desk, Tab::Open) > INBOX_CONVERSATIONS_MAX;
    let unlisted = move || screen.tab.get().view().is_some() && beyond() && total(desk, screen) > here.get();
    let closed = move || screen.tab.get() == Tab::Ended && desk.read(|session| session.closed_more());
    let load = move |_| {
        let tab = screen.tab.get_untracked();
        desk.tell(match (tab.view(), untrack(found)) {
            (_, Some(_)) => AgentInput::FindMore,
            (Some(view), None) => AgentInput::Find { wanted: Some((view, wanted(screen))) },
            (None, None) => AgentInput::ListClosed { newest: false },
        });
    };
    let more = move || found().unwrap_or_else(unlisted) || closed();
    view! {
        <Show when=more>
            <div class="more">
                <button type="button" class="button" data-testid="more" on:click=load>
                    {t(key!("console_more"))}
                </button>
                <Show when=unlisted>
                    <small>
                        {move || {
                            let (here, total) = (here.get().to_string(), total(desk, screen).to_string());
                            fill(key!("console_listed_of"), &[("listed", &here), ("total", &total)])
                        }}
                    </small>
                </Show>
            </div>
        </Show>
    }
}

#[component]
fn Presence(desk: Desk) -> impl IntoView {
    let me = Memo::new(move |_| desk.me());
    let online = move || !desk.read(|session| session.away());
    // Without a connection it is not known whether visitors are assigned.
    let live = move || desk.read(|session| session.online() == Online::Live);
    // Nothing is assigned then, whatever was chosen.
    let off_hours = move || me.read().as_ref().is_some_and(|me| me.off_hours);
    let gets = move || online() && !off_hours();
    let label = move || {
        let (load, capacity) = me.read().as_ref().map(|me| (me.load, me.capacity)).unwrap_or_default();
        let state = t(match (live(), online(), off_hours()) {
            (false, ..) => key!("console_unconnected"),
            (true, _, true) => key!("console_off_hours"),
            (true, true, false) => key!("console_online"),
            (true, false, false) => key!("console_away"),
        });
        fill(
            key!("console_presence"),
            &[("state", &state), ("load", &load.to_string()), ("capacity", &capacity.to_string())],
        )
    };
    let toggle = move |_| desk.tell(AgentInput::Presence { away: untrack(online) });
    view! {
        <Show when=move || me.read().is_some()>
            <button
                type="button"
                class="presence"
                role="switch"
                aria-checked=move || online().to_string()
                aria-label=move || fill(key!("console_presence_label"), &[("state", &label())])
                title=move || t(if online() { key!("console_go_away") } else { key!("console_go_online") })
                data-testid="presence"
                data-state=move || if online() { "online" } else { "away" }
                on:click=toggle
            >
                <span
                    class="dot"
                    class:dot--online=move || live() && gets()
                    class:dot--away=move || live() && !gets()
                ></span>
                {label}
            </button>
        </Show>
    }
}

/// The field that searches, and what it covers.
#[component]
fn Search(desk: Desk, screen: Screen, field: NodeRef<html::Input>, ids: Memo<Vec<ConversationId>>) -> impl IntoView {
    let hint = move || {
        if screen.search.read().trim().is_empty() {
            return None;
        }
        let found = with_found(desk, screen, |found| found.total).flatten();
        let count = found.map_or_else(|| ids.read().len(), |total| total as usize).to_string();
        let key = if found.is_some() { key!("console_found_hint") } else { key!("console_search_hint") };
        Some(fill(key, &[("count", &count)]))
    };
    view! {
        <div class="search">
            {icon(icon::SEARCH)}
            <input
                type="search"
                node_ref=field
                placeholder=t(key!("console_search"))
                aria-label=t(key!("console_search_label"))
                aria-keyshortcuts="/"
                data-testid="search"
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
        Tab::Left => "tab-left",
        Tab::Messages => "tab-messages",
        Tab::Ended => "tab-ended",
    }
}

const fn tab_test_id(tab: Tab) -> &'static str {
    match tab {
        Tab::Waiting => "list-waiting",
        Tab::Mine => "list-mine",
        Tab::Open => "list-open",
        Tab::Left => "list-left",
        Tab::Messages => "list-messages",
        Tab::Ended => "list-ended",
    }
}

/// What a list is called.
pub(crate) fn tab_name(tab: Tab) -> String {
    t(match tab {
        Tab::Waiting => key!("console_waiting"),
        Tab::Mine => key!("console_mine"),
        Tab::Open => key!("console_open"),
        Tab::Left => key!("console_left"),
        Tab::Messages => key!("console_messages"),
        Tab::Ended => key!("console_closed"),
    })
}

/// Chooses a list, and asks for its first page where that has to be loaded.
pub(crate) fn choose(desk: Desk, screen: Screen, tab: Tab) {
    screen.choose(tab);
    if tab == Tab::Ended && desk.peek(|session| session.closed_list().is_empty()) {
        desk.tell(AgentInput::ListClosed { newest: false });
    }
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
        choose(desk, screen, Tab::ALL[to]);
        focus::focus(&format!("#{}", tab_id(Tab::ALL[to])));
    };
    view! {
        <div class="tabs" role="tablist" aria-label=t(key!("console_lists")) on:keydown=keys>
            {Tab::ALL.map(|tab| view! { <TabButton desk screen tab /> }).collect_view()}
        </div>
    }
}

#[component]
fn TabButton(desk: Desk, screen: Screen, tab: Tab) -> impl IntoView {
    let chosen = move || screen.tab.get() == tab;
    let count = Memo::new(move |_| count_of(desk, tab));
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
            on:click=move |_| choose(desk, screen, tab)
        >
            {tab_name(tab)}
            <Show when=move || tab != Tab::Ended>
                <span class="tab__count" class:tab__count--hot=move || tab == Tab::Waiting && count.get() != 0>
                    {move || count.get()}
                </span>
            </Show>
        </button>
    }
}

#[component]
fn Empty(desk: Desk, screen: Screen) -> impl IntoView {
    let words = move || {
        if !screen.search.read().trim().is_empty() {
            let all = with_found(desk, screen, |_| ()).is_some();
            let note = if all { key!("console_found_none_note") } else { key!("console_empty_search_note") };
            return (key!("console_empty_search"), note);
        }
        if desk.me().is_none() {
            return (key!("console_loading"), key!("console_loading_note"));
        }
        match screen.tab.get() {
            Tab::Waiting => (key!("console_empty_waiting"), key!("console_empty_waiting_note")),
            Tab::Mine => (key!("console_empty_mine"), key!("console_empty_mine_note")),
            Tab::Open => (key!("console_empty_open"), key!("console_empty_open_note")),
            Tab::Left => (key!("console_empty_left"), key!("console_empty_left_note")),
            Tab::Messages => (key!("console_empty_messages"), key!("console_empty_messages_note")),
            Tab::Ended if desk.read(|session| session.closed_more()) => {
                (key!("console_loading"), key!("console_loading_note"))
            }
            Tab::Ended => (key!("console_empty_closed"), key!("console_empty_closed_note")),
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
