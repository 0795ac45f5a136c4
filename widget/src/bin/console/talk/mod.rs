//! The conversation: its head, the timeline, and what is written below it.

pub(crate) mod actions;
pub(crate) mod erase;
pub(crate) mod hold;
mod notice;
mod write;

use std::rc::Rc;
use std::time::Duration;
use widget::key;
use widget::part::StaffWords;
use widget::text::Key;

use leptos::prelude::*;
use widget::runner::Runner;

use widget_core::{AgentInput, AgentSession, Item, ItemState};
use wire::{AgentId, AgentState, ConversationId, ConversationState, ConversationSummary, Idle, VisitorPresence};

use self::write::Write;
use crate::desk::Desk;
use crate::desk::rights::rights;
use crate::desk::screen::{Asking, Ending, Screen, What};
use crate::talk::actions::Actions;
use crate::ui::focus;
use crate::ui::help::KeyList;
use crate::ui::icon::{self, icon};
use crate::ui::parts::{DropZone, TimelineView, Typing};
use crate::ui::person::{is_late, name, presence_words, score};
use crate::ui::when;
use crate::ui::words::{fill, t};

/// The panel can take the focus only when it is visible, a moment after it was opened.
const DRAWER_WAIT: Duration = Duration::from_millis(60);

/// How many keyboard shortcuts are listed while no conversation is shown; a window lists all.
const KEYS_SHOWN: usize = 8;

/// The column of the shown conversation.
#[component]
pub(crate) fn Talk(
    /// The session.
    desk: Desk,
    /// What is looked at.
    screen: Screen,
    /// Which conversation.
    conversation: ConversationId,
) -> impl IntoView {
    let row = Memo::new(move |_| desk.row(conversation));
    let note = Memo::new(move |_| screen.note.get());
    let open = Signal::derive(move || rights(desk, row.read().as_ref()).answer);
    let attach = UnsyncCallback::new(move |file| write::attach(desk, screen, note, file));
    view! {
        <section class="talk" aria-label=t(key!("console_talk"))>
            <Head desk screen conversation row />
            <DropZone class="talk__body" open on_file=attach>
                <Lines desk row />
                <div class="talk__foot">
                    <Write desk screen row />
                </div>
            </DropZone>
        </section>
    }
}

/// The same column while no conversation is shown.
#[component]
pub(crate) fn NoTalk(
    /// What is looked at.
    screen: Screen,
) -> impl IntoView {
    view! {
        <section class="talk" aria-label=t(key!("console_talk"))>
            <div class="talk__nothing">
                <div class="empty">
                    {icon(icon::TALK)}
                    <b>{t(key!("console_choose"))}</b>
                    <p>{t(key!("console_choose_note"))}</p>
                    <KeyList count=KEYS_SHOWN />
                    <button
                        type="button"
                        class="button"
                        data-testid="keys"
                        on:click=move |_| screen.asking.set(Some(Asking::Keys))
                    >
                        {t(key!("console_keys_all"))}
                    </button>
                </div>
            </div>
        </section>
    }
}

/// Why the agent cannot answer, and what can be done about it; none when it can.
pub(crate) fn hindrance(desk: Desk, row: Option<&ConversationSummary>) -> Option<String> {
    let may = rights(desk, row);
    if may.answer {
        return None;
    }
    if may.full {
        let (load, capacity) = desk.me().map(|me| (me.load, me.capacity)).unwrap_or_default();
        return Some(fill(
            key!("console_take_full"),
            &[("load", &load.to_string()), ("capacity", &capacity.to_string())],
        ));
    }
    if may.take {
        return Some(t(key!("console_reply_take")));
    }
    let ConversationState::Assigned { agent } = row?.state else { return None };
    Some(fill(key!("console_reply_other"), &[("name", &desk.agent_name(agent))]))
}

#[component]
fn Lines(desk: Desk, row: Memo<Option<ConversationSummary>>) -> impl IntoView {
    let files = desk.with_runner(Runner::downloads);
    let retry = UnsyncCallback::new(move |id| desk.tell(AgentInput::Retry { id }));
    let discard = UnsyncCallback::new(move |id| desk.tell(AgentInput::Discard { id }));
    let visitor_name = Signal::derive(move || row.read().as_ref().map(|row| name(row.visitor)).unwrap_or_default());
    let staff_notice: StaffWords = Rc::new(move |item| notice::words(desk, item));
    let who = Memo::new(move |_| desk.read(|session| session.timeline()?.typing().map(str::to_owned)));
    let loading = move || desk.read(|session| session.timeline().is_none_or(|timeline| timeline.loading()));
    view! {
        <TimelineView rows=desk.timeline files retry discard visitor_name staff_notice>
            <Show when=move || loading() && desk.timeline.is_empty()>
                <p class="talk__loading" role="status">{t(key!("console_loading"))}</p>
            </Show>
            <Typing who />
        </TimelineView>
    }
}

#[component]
fn Head(
    desk: Desk,
    screen: Screen,
    conversation: ConversationId,
    row: Memo<Option<ConversationSummary>>,
) -> impl IntoView {
    let may = Memo::new(move |_| rights(desk, row.read().as_ref()));
    let ending = move || screen.ending.read().as_ref().is_some_and(|ending| ending.is_of(conversation));
    let late = move || row.read().as_ref().is_some_and(|row| is_late(row, desk.now_ms()));
    let standing = Memo::new(move |_| row.read().as_ref().map(|row| state_spoken(desk, row)));
    view! {
        <header class="talk__head">
            <button
                type="button"
                class="button button--icon talk__back"
                data-testid="back"
                aria-label=t(key!("console_back"))
                on:click=move |_| desk.leave()
            >
                {icon(icon::BACK)}
            </button>
            <div class="talk__who">
                <h2>{move || row.read().as_ref().map(|row| name(row.visitor))}</h2>
                <p class="talk__state" class:talk__state--late=late>
                    {move || state_words(desk, row)}
                </p>
                <p class="unseen" role="status" data-testid="standing">{standing}</p>
            </div>
            <Show when=move || may.get().take || may.get().full>
                <button
                    type="button"
                    class="button button--main"
                    data-testid="take"
                    disabled=move || may.get().full
                    aria-describedby="talk-hint"
                    title=move || hindrance(desk, row.read().as_ref())
                    on:click=move |_| desk.tell(AgentInput::Take { conversation })
                >
                    {t(key!("console_take"))}
                </button>
            </Show>
            <Show when=move || may.get().end>
                <button
                    type="button"
                    class="button"
                    data-testid="end-conversation"
                    disabled=ending
                    on:click=move |_| desk.end(Ending::new(What::One(conversation)))
                >
                    {move || t(if ending() { key!("console_ending_short") } else { key!("console_end") })}
                </button>
            </Show>
            <Actions desk screen conversation />
            <button
                type="button"
                class="button button--icon talk__panel"
                data-testid="panel"
                aria-label=t(key!("console_panel"))
                aria-controls="visitor-panel"
                aria-expanded=move || screen.panel.get().to_string()
                on:click=move |_| {
                    screen.panel.update(|open| *open = !*open);
                    // See `DRAWER_WAIT`.
                    set_timeout(|| focus::focus(".visitor__close"), DRAWER_WAIT);
                }
            >
                {icon(icon::PERSON)}
            </button>
        </header>
    }
}

/// "Waiting 4:10 · …", as the small text under the name.
fn state_words(desk: Desk, row: Memo<Option<ConversationSummary>>) -> String {
    let row = row.read();
    let Some(row) = row.as_ref() else { return String::new() };
    let opened = || fill(key!("console_opened"), &[("time", &when::short(row.opened_at_ms, desk.now_ms()))]);
    let mut parts = match row.state {
        ConversationState::Waiting { since_ms } => {
            let waited = when::span(desk.now_ms().saturating_sub(since_ms));
            vec![fill(key!("console_waiting_since"), &[("time", &waited)]), opened()]
        }
        ConversationState::Idle { why, .. } => vec![t(idle_words(why)), opened()],
        ConversationState::Assigned { agent } => vec![holder_words(desk, agent), opened()],
        ConversationState::Closed { at_ms } => vec![fill(key!("console_ended_at"), &[("time", &when::long(at_ms))])],
    };
    parts.extend(row.presence.map(|presence| whereabouts(desk, presence)));
    parts.extend(score(row.score).map(|score| fill(key!("console_rated"), &[("score", &score)])));
    if !matches!(row.state, ConversationState::Closed { .. }) && desk.read(visitor_has_read_all) {
        parts.push(t(key!("console_read_all")));
    }
    parts.join(" · ")
}

/// Why it is neither assigned nor in the queue.
const fn idle_words(why: Idle) -> Key {
    match why {
        Idle::SteppedOut => key!("console_idle"),
        Idle::Left => key!("console_idle_left"),
        Idle::Message => key!("console_idle_message"),
    }
}

/// Whether the visitor is there, and on which page.
fn whereabouts(desk: Desk, presence: VisitorPresence) -> String {
    let page = desk.read(|session| session.context().map(|page| page.title.trim().to_owned()));
    match (presence, page.filter(|page| !page.is_empty())) {
        (VisitorPresence::Here, Some(page)) => fill(key!("console_visitor_here_on"), &[("page", &page)]),
        (presence, _) => presence_words(presence, desk.now_ms()),
    }
}

/// "With Ben", and whether Ben is there.
fn holder_words(desk: Desk, holder: AgentId) -> String {
    if desk.is_me(holder) {
        return t(key!("console_with_you"));
    }
    let key = match desk.agent_state(holder) {
        AgentState::Online => key!("console_with"),
        AgentState::Away => key!("console_with_away"),
        AgentState::Offline => key!("console_with_gone"),
    };
    fill(key, &[("name", &desk.agent_name(holder))])
}

/// Its state in words, without times. Screen readers read it out when it changes.
fn state_spoken(desk: Desk, row: &ConversationSummary) -> String {
    match row.state {
        ConversationState::Waiting { .. } => t(key!("console_notice_queued")),
        ConversationState::Idle { why, .. } => t(idle_words(why)),
        ConversationState::Assigned { agent } => holder_words(desk, agent),
        ConversationState::Closed { .. } => t(key!("console_over")),
    }
}

/// Whether the last message is the team's and the visitor has seen it.
fn visitor_has_read_all(session: &AgentSession) -> bool {
    let last = session.timeline().and_then(|timeline| timeline.items().rfind(|item| is_message(item)));
    last.is_some_and(|item| item.state == ItemState::Seen)
}

fn is_message(item: &Item) -> bool {
    use widget_core::Content;
    match item.content {
        Content::Text(_) | Content::File(_) | Content::Uploading { .. } => true,
        Content::Note(_) | Content::Notice(_) | Content::StaffNotice(_) => false,
    }
}
