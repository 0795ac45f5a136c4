//! What is written below a conversation: replies and notes, or why nothing can be written.

use leptos::prelude::*;
use web_sys::File;
use widget::key;
use widget::part::Field;
use widget_core::AgentInput;
use wire::{ConversationState, ConversationSummary};

use crate::desk::Desk;
use crate::desk::rights::{Rights, rights};
use crate::desk::screen::{Screen, Tab};
use crate::talk::hindrance;
use crate::ui::parts::Composer;
use crate::ui::person::name;
use crate::ui::words::{fill, t};

/// The foot of the conversation.
#[component]
pub(crate) fn Write(
    /// The session.
    desk: Desk,
    /// What is looked at.
    screen: Screen,
    /// The conversation's row.
    row: Memo<Option<ConversationSummary>>,
) -> impl IntoView {
    let may = Memo::new(move |_| rights(desk, row.read().as_ref()));
    let over = move || row.read().as_ref().is_some_and(|row| matches!(row.state, ConversationState::Closed { .. }));
    // After an agent has taken a conversation, the list of the agent's own ones is shown, and the composer writes answers.
    Effect::new(move |before: Option<bool>| {
        let answers = may.get().answer;
        if answers && before == Some(false) {
            screen.choose(Tab::Mine);
            screen.note.set(false);
        }
        answers
    });
    view! {
        <Show when=over>
            <p class="talk__over">{t(key!("console_over"))}</p>
        </Show>
        <Show when=move || may.get().note>
            <Writing desk screen row may />
        </Show>
    }
}

#[component]
fn Writing(desk: Desk, screen: Screen, row: Memo<Option<ConversationSummary>>, may: Memo<Rights>) -> impl IntoView {
    // An agent who may not answer can only write notes.
    let note = Memo::new(move |_| screen.note.get() || !may.get().answer);
    let field = Field::new();
    let who = move || row.read().as_ref().map(|row| name(row.visitor)).unwrap_or_default();
    let placeholder = Signal::derive(move || {
        if note.get() { t(key!("console_write_note")) } else { fill(key!("console_write_to"), &[("name", &who())]) }
    });
    let send = UnsyncCallback::new(move |text: String| {
        let room = desk.peek(|session| session.room());
        if room {
            desk.tell(if note.get_untracked() { AgentInput::Note { text } } else { AgentInput::Say { text } });
            // What is written next is probably for the visitor again.
            screen.note.set(false);
        }
        room
    });
    let attach = UnsyncCallback::new(move |file: File| attach(desk, screen, note, file));
    let typing = UnsyncCallback::new(move |()| {
        // The visitor must not see that a note is written.
        if !note.get_untracked() {
            desk.tell(AgentInput::Typing);
        }
    });
    let focus = move || field.focus();
    // The field has the focus when a conversation opens. Not on a phone: the keyboard would cover the conversation.
    Effect::new(move || {
        if !by_touch() {
            request_animation_frame(focus);
        }
    });
    let hindrance = Memo::new(move |_| hindrance(desk, row.read().as_ref()));
    let hint = move || hindrance.get().unwrap_or_else(|| t(key!("console_note_hint")));
    let choose = move |chosen: bool| {
        screen.note.set(chosen);
        focus();
    };
    view! {
        <div class="desk-composer" class:desk-composer--note=note data-mode=move || if note.get() { "note" } else { "reply" }>
            <div class="modes">
                <button
                    type="button"
                    class="mode"
                    data-testid="reply"
                    aria-pressed=move || (!note.get()).to_string()
                    disabled=move || !may.get().answer
                    title=hindrance
                    on:click=move |_| choose(false)
                >
                    {t(key!("console_reply"))}
                </button>
                <button
                    type="button"
                    class="mode"
                    data-testid="note"
                    aria-pressed=move || note.get().to_string()
                    aria-keyshortcuts="Alt+N"
                    on:click=move |_| choose(!screen.note.get_untracked())
                >
                    {t(key!("console_note"))}
                </button>
                <Show when=move || note.get()>
                    <span class="modes__hint" id="talk-hint" data-testid="talk-hint">
                        {hint}
                    </span>
                </Show>
            </div>
            <Composer text=screen.text placeholder on_send=send on_file=attach on_typing=typing field />
        </div>
    }
}

/// Sends a file. Files are always for the visitor, so none is taken while a note is written.
pub(crate) fn attach(desk: Desk, screen: Screen, note: Memo<bool>, file: File) {
    if note.get_untracked() {
        screen.tell(t(key!("console_note_no_file")));
    } else {
        desk.with_runner(|runner| runner.attach(file));
    }
}

/// Whether the page is used by touch.
fn by_touch() -> bool {
    let coarse = widget::env::window().match_media("(pointer: coarse)").ok().flatten();
    coarse.is_some_and(|coarse| coarse.matches())
}
