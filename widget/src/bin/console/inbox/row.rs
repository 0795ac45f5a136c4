//! One conversation in a list.

use leptos::prelude::*;
use widget::key;
use widget_core::waits_since_ms;
use wire::{AgentState, ConversationId, ConversationState, ConversationSummary, Idle, Party, VisitorPresence};

use crate::desk::Desk;
use crate::desk::route::{Route, Setting};
use crate::desk::screen::Screen;
use crate::inbox::many::Pick;
use crate::ui::icon::{self, icon};
use crate::ui::person::{count, initials, is_late, name, presence_words, score};
use crate::ui::when;
use crate::ui::words::{fill, t};

/// A link that opens the conversation.
#[component]
pub(crate) fn Row(
    /// The session.
    desk: Desk,
    /// What is looked at.
    screen: Screen,
    /// Which conversation.
    conversation: ConversationId,
    /// Whether it can be chosen among many.
    picks: bool,
) -> impl IntoView {
    let row = Memo::new(move |_| desk.row(conversation));
    let part = move |read: fn(&ConversationSummary) -> String| row.read().as_ref().map(read).unwrap_or_default();
    let unread = move || row.read().as_ref().map_or(0, |row| row.unread);
    let shown = Memo::new(move |_| desk.shown() == Some(conversation));
    let time = Memo::new(move |_| row.read().as_ref().map(|row| time_of(row, desk.now_ms())).unwrap_or_default());
    let late = move || row.read().as_ref().is_some_and(|row| is_late(row, desk.now_ms()));
    let noted = Memo::new(move |_| desk.noted(conversation));
    let holder = Memo::new(move |_| row.read().as_ref().and_then(|row| holder_of(desk, row)));
    let who = Signal::derive(move || part(|row| name(row.visitor)));
    let here = Memo::new(move |_| row.read().as_ref().and_then(|row| row.presence));
    let href = move || {
        let section = screen.section.get();
        let setting = Setting::default();
        Route { section, tab: screen.tab.get(), conversation: Some(conversation), setting }.path()
    };
    view! {
        <Show when=move || picks && screen.picking.get()>
            <Pick screen conversation who />
        </Show>
        <a
            class="entry"
            href=href
            class:entry--unread=move || unread() != 0
            data-testid="conversation-item"
            data-conversation=conversation.to_string()
            aria-current=move || shown.get().then_some("true")
        >
            <span class="avatar" aria-hidden="true">
                {move || part(|row| initials(row.visitor))}
                {move || here.get().map(|here| view! { <span class="dot" class:dot--online=here == VisitorPresence::Here></span> })}
            </span>
            <span class="entry__top">
                <span class="entry__name">{who}</span>
                <span class="unseen">{move || here.get().map(|here| presence_words(here, untrack(|| desk.now_ms())))}</span>
                <Show when=move || unread() != 0>
                    <span class="badge">
                        {move || count(unread())}
                        <span class="unseen">" " {t(key!("console_unread"))}</span>
                    </span>
                </Show>
                <Show when=move || noted.get()>
                    <span class="mark" data-testid="note-mark" title=t(key!("console_noted"))>
                        {icon(icon::NOTE)}
                        <span class="unseen">{t(key!("console_noted"))}</span>
                    </span>
                </Show>
            </span>
            <span class="entry__time" class:entry__time--late=late>{time}</span>
            <span class="entry__line">
                <span class="entry__text" dir="auto">{move || row.read().as_ref().map(|row| last_line(row, own(desk, row)))}</span>
                {move || holder.get().map(|holder| view! { <HolderTag holder /> })}
                <Show when=move || row.read().as_ref().is_some_and(|row| row.spam)>
                    <span class="tag tag--gone">{t(key!("console_spam_mark"))}</span>
                </Show>
                <Show when=move || !part(|row| row.language.clone()).is_empty()>
                    <span class="tag" title=move || part(|row| when::language_name(&row.language))>
                        {move || part(|row| short_language(&row.language))}
                    </span>
                </Show>
            </span>
        </a>
    }
}

/// A colleague who has a conversation, and whether visitors can be answered there now.
#[derive(Clone, PartialEq, Eq)]
struct Holder {
    name: String,
    here: bool,
}

/// The colleague who has it; none when nobody has, or the agent at the desk.
fn holder_of(desk: Desk, row: &ConversationSummary) -> Option<Holder> {
    let ConversationState::Assigned { agent } = row.state else { return None };
    let here = desk.agent_state(agent) == AgentState::Online;
    (!desk.is_me(agent)).then(|| Holder { name: desk.agent_name(agent), here })
}

#[component]
fn HolderTag(holder: Holder) -> impl IntoView {
    let words =
        if holder.here { holder.name.clone() } else { fill(key!("console_holder_gone"), &[("name", &holder.name)]) };
    view! {
        <span class="tag tag--holder" class:tag--gone=!holder.here data-testid="holder">
            <span class="unseen">{t(key!("console_held_by"))} " "</span>
            <bdi>{words}</bdi>
        </span>
    }
}

/// Whether a row fits what is searched for (lower case).
pub(crate) fn matches(row: &ConversationSummary, search: &str) -> bool {
    search.is_empty()
        || name(row.visitor).to_lowercase().contains(search)
        || row.last_line.to_lowercase().contains(search)
}

/// Whether the agent at the desk answers there.
fn own(desk: Desk, row: &ConversationSummary) -> bool {
    matches!(row.state, ConversationState::Assigned { agent } if desk.is_me(agent))
}

fn last_line(row: &ConversationSummary, own: bool) -> String {
    match row.last_party {
        Party::Staff if row.unanswered => fill(key!("console_automated_line"), &[("line", &row.last_line)]),
        Party::Staff => {
            fill(if own { key!("console_you_line") } else { key!("console_team_line") }, &[("line", &row.last_line)])
        }
        Party::Visitor => row.last_line.clone(),
    }
}

/// The main part of a language tag: "zh-CN" is "zh".
fn short_language(tag: &str) -> String {
    tag.split('-').next().unwrap_or_default().to_lowercase()
}

fn time_of(row: &ConversationSummary, now_ms: u64) -> String {
    if let Some(since_ms) = waits_since_ms(row) {
        return fill(key!("console_waits"), &[("time", &when::span(now_ms.saturating_sub(since_ms)))]);
    }
    if let ConversationState::Idle { why: Idle::Left | Idle::Message, since_ms } = row.state {
        return fill(key!("console_gone_for"), &[("time", &when::span(now_ms.saturating_sub(since_ms)))]);
    }
    if let ConversationState::Closed { at_ms } = row.state {
        let ended = when::short(at_ms, now_ms);
        return score(row.score).map_or_else(|| ended.clone(), |score| format!("{score} · {ended}"));
    }
    when::short(row.last_at_ms, now_ms)
}
