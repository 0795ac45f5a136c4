//! The window that blocks somebody: whom, for how long, and why.

use leptos::prelude::*;
use widget::key;
use widget::text::Key;
use widget_core::AgentInput;
use wire::limit::BLOCK_REASON_CHARS_MAX;
use wire::{BlockScope, ConversationId};

use crate::desk::Desk;
use crate::desk::screen::Screen;
use crate::ui::dialog::{Answers, Dialog};
use crate::ui::person::name;
use crate::ui::words::{fill, t};

const HOUR_MS: u64 = 3_600_000;
/// For how long: an hour, a day, thirty days. Addresses change their owners, so there is no "for ever".
const TIMES: [(u64, &str, Key); 3] = [
    (HOUR_MS, "console_block_hour", key!("console_block_hour")),
    (24 * HOUR_MS, "console_block_day", key!("console_block_day")),
    (30 * 24 * HOUR_MS, "console_block_month", key!("console_block_month")),
];
/// Whom, the narrowest first.
const SCOPES: [(BlockScope, &str, Key, Key); 3] = [
    (BlockScope::Visitor, "console_block_visitor", key!("console_block_visitor"), key!("console_block_visitor_note")),
    (BlockScope::Address, "console_block_address", key!("console_block_address"), key!("console_block_address_note")),
    (BlockScope::Network, "console_block_network", key!("console_block_network"), key!("console_block_network_note")),
];

/// Blocks the visitor of a conversation.
#[component]
pub(crate) fn BlockDialog(
    /// The session.
    desk: Desk,
    /// What is looked at.
    screen: Screen,
    /// Whose.
    conversation: ConversationId,
) -> impl IntoView {
    let scope = RwSignal::new(BlockScope::Visitor);
    // Addresses and networks are blocked on all sites.
    let wide = untrack(|| desk.staff(|staff| staff.scope.is_everywhere()));
    let for_ms = RwSignal::new(TIMES[1].0);
    let reason = RwSignal::new(String::new());
    let close = move |()| screen.asking.set(None);
    let done = move |()| {
        let reason = reason.get_untracked().trim().to_owned();
        let (scope, for_ms) = (scope.get_untracked(), for_ms.get_untracked());
        desk.tell(AgentInput::Block { conversation, scope, for_ms, reason });
        screen.asking.set(None);
    };
    let who = desk.peek(|session| session.row(conversation).map(|row| name(row.visitor))).unwrap_or_default();
    let title = fill(key!("console_block_title"), &[("name", &who)]);
    view! {
        <Dialog title=title name="block-dialog" closed=close>
            <form class="ask">
                <fieldset>
                    <legend>{t(key!("console_block_whom"))}</legend>
                    {SCOPES
                        .into_iter()
                        .filter(|(value, ..)| wide || *value == BlockScope::Visitor)
                        .map(|(value, test, words, note)| {
                            let chosen = move || scope.get() == value;
                            view! { <Choice group="scope" test words note=Some(note) chosen choose=move |()| scope.set(value) /> }
                        })
                        .collect_view()}
                </fieldset>
                <fieldset>
                    <legend>{t(key!("console_block_time"))}</legend>
                    {TIMES
                        .map(|(value, test, words)| {
                            let chosen = move || for_ms.get() == value;
                            view! { <Choice group="time" test words note=None chosen choose=move |()| for_ms.set(value) /> }
                        })
                        .collect_view()}
                </fieldset>
                <label class="field">
                    <span>{t(key!("console_block_reason"))}</span>
                    <input
                        type="text"
                        dir="auto"
                        maxlength=BLOCK_REASON_CHARS_MAX.to_string()
                        data-testid="block-reason"
                        on:input=move |event| reason.set(event_target_value(&event))
                    />
                </label>
                <p class="ask__note">{t(key!("console_block_note"))}</p>
                <Answers yes=t(key!("console_block")) danger=true done closed=close />
            </form>
        </Dialog>
    }
}

#[component]
fn Choice(
    group: &'static str,
    /// The id by which tests find it.
    test: &'static str,
    words: Key,
    note: Option<Key>,
    #[prop(into)] chosen: Signal<bool>,
    #[prop(into)] choose: Callback<()>,
) -> impl IntoView {
    view! {
        <label class="choice">
            <input
                type="radio"
                name=group
                data-testid=test
                prop:checked=chosen
                on:change=move |_| choose.run(())
            />
            <span>
                {t(words)}
                {note.map(|note| view! { <small>{t(note)}</small> })}
            </span>
        </label>
    }
}
