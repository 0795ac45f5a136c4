//! Keeps the address and what is looked at the same: *back* works, a reload shows what was shown, and an address can be sent to a colleague.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use relay_settings::Right;
use widget::key;
use widget_core::AgentSession;

use crate::desk::Desk;
use crate::desk::rights::{has, sees};
use crate::desk::route::{Route, Setting};
use crate::desk::screen::{Screen, Section, Tab};
use crate::ui::words::t;

/// What the address names at the start; the agent's own list where it names nothing.
pub(crate) fn first() -> Route {
    let path = use_location().pathname.get_untracked();
    Route::read(&path, Tab::Mine).unwrap_or(Route {
        section: Section::Inbox,
        tab: Tab::Mine,
        conversation: None,
        setting: Setting::default(),
    })
}

/// Follows both, from what the address named at the start. Until the first welcome the address stays as it is: it names what will be shown.
pub(crate) fn follow(desk: Desk, screen: Screen, first: Route) {
    let path = use_location().pathname;
    let navigate = use_navigate();
    let shown = Memo::new(move |_| desk.shown());
    let known = Memo::new(move |_| desk.me().is_some());
    let begun = RwSignal::new(false);
    let looked_at = move || Route {
        section: screen.section.get(),
        tab: screen.tab.get(),
        conversation: shown.get(),
        setting: screen.setting.get(),
    };
    Effect::new(move || {
        if known.get() && !begun.get_untracked() {
            show(desk, screen, first.clone());
            begun.set(true);
        }
    });
    // What one may not see any more is not shown any more.
    Effect::new(move || {
        if begun.get() && !sees(desk, screen.section.get()) {
            screen.tell(t(key!("console_no_page_right")));
            screen.section.set(Section::Inbox);
        }
    });
    // The address changed: a link, back or forward.
    Effect::new(move |before: Option<String>| {
        let path = path.get();
        if before.is_some_and(|before| before != path)
            && let Some(route) = Route::read(&path, screen.tab.get_untracked())
        {
            show(desk, screen, route);
        }
        path
    });
    // What is looked at changed. An address that names no page stays until then, so that it can be mended.
    Effect::new(move |before: Option<Option<Route>>| {
        if !begun.get() {
            return None;
        }
        let (before, route) = (before.flatten(), looked_at());
        let address = path.get_untracked();
        let is_page = Route::read(&address, route.tab).is_some();
        if (is_page || before.as_ref().is_some_and(|before| *before != route))
            && route.path() != address.trim_end_matches('/')
        {
            // The first page needs no entry of its own in the history.
            let options = NavigateOptions { replace: before.is_none(), scroll: false, ..NavigateOptions::default() };
            navigate(&route.path(), options);
        }
        Some(route)
    });
}

/// Shows what an address names, as far as it exists.
fn show(desk: Desk, screen: Screen, route: Route) {
    let section = if !untrack(|| sees(desk, route.section)) {
        screen.tell(t(key!("console_no_page_right")));
        Section::Inbox
    } else {
        route.section
    };
    let lists = section == Section::Defence && untrack(|| has(desk, Right::VisitorBlock));
    if lists && screen.section.get_untracked() != section {
        desk.tell(widget_core::AgentInput::ListBlocks);
    }
    if section == Section::Settings {
        screen.setting.set(route.setting);
    }
    if section == Section::Inbox {
        crate::inbox::choose(desk, screen, route.tab);
    } else {
        screen.section.set(section);
    }
    if route.conversation == desk.peek(AgentSession::shown) {
        return;
    }
    match route.conversation {
        Some(conversation) if desk.peek(|session| session.row(conversation).is_some()) => desk.open(conversation),
        Some(_) => {
            screen.tell(t(key!("console_no_conversation")));
            desk.leave();
        }
        None => desk.leave(),
    }
}
