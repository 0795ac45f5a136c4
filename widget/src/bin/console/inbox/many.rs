//! Ending many at once: choosing rows, or all that fit, and one question that says how many.

use leptos::prelude::*;
use widget::key;
use wire::limit::END_MANY_MAX;
use wire::{ConversationId, Many};

use crate::desk::Desk;
use crate::desk::screen::{Asking, Ending, Screen, What};
use crate::inbox::lists;
use crate::ui::dialog::{Answers, Dialog};
use crate::ui::words::{fill, t};

/// The box before a row while rows are chosen.
#[component]
pub(crate) fn Pick(
    /// What is looked at.
    screen: Screen,
    /// Whose row.
    conversation: ConversationId,
    /// How its visitor is called.
    #[prop(into)]
    who: Signal<String>,
) -> impl IntoView {
    let picked = move || screen.all.get() || screen.picked.with(|picked| picked.contains(&conversation));
    view! {
        <label class="pick">
            <input
                type="checkbox"
                data-testid="pick"
                aria-label=move || fill(key!("console_pick"), &[("name", &who.get())])
                prop:checked=picked
                on:change=move |event| screen.pick(conversation, event_target_checked(&event))
            />
        </label>
    }
}

/// The bar below the list while rows are chosen.
#[component]
pub(crate) fn ManyBar(
    /// The session.
    desk: Desk,
    /// What is looked at.
    screen: Screen,
) -> impl IntoView {
    let total = Memo::new(move |_| lists::total(desk, screen));
    let count = Memo::new(move |_| if screen.all.get() { total.get() } else { screen.picked.read().len() });
    let too_many = move || !screen.all.get() && count.get() > END_MANY_MAX;
    let words = move || {
        if too_many() {
            return fill(key!("console_many_bound"), &[("count", &END_MANY_MAX.to_string())]);
        }
        fill(key!("console_many_picked"), &[("count", &count.get().to_string())])
    };
    let ask = move |_| {
        let many = if screen.all.get_untracked() {
            let Some(view) = screen.tab.get_untracked().view() else { return };
            Many::Found { view, find: lists::wanted(screen) }
        } else {
            Many::Listed { conversations: screen.picked.get_untracked().into_iter().collect() }
        };
        screen.asking.set(Some(Asking::EndMany(many, count.get_untracked())));
    };
    view! {
        <div class="many" role="group" aria-label=t(key!("console_many"))>
            <label class="many__all">
                <input
                    type="checkbox"
                    data-testid="pick-all"
                    prop:checked=move || screen.all.get()
                    on:change=move |event| screen.all.set(event_target_checked(&event))
                />
                {move || fill(key!("console_many_all"), &[("count", &total.get().to_string())])}
            </label>
            <span class="many__count" role="status" data-testid="picked">{words}</span>
            <button
                type="button"
                class="button button--danger"
                data-testid="end-many"
                disabled=move || count.get() == 0 || too_many()
                on:click=ask
            >
                {t(key!("console_many_end"))}
            </button>
            <button type="button" class="button" data-testid="many-cancel" on:click=move |_| screen.stop_picking()>
                {t(key!("console_cancel"))}
            </button>
        </div>
    }
}

/// The question.
#[component]
pub(crate) fn EndDialog(
    /// The session.
    desk: Desk,
    /// What is looked at.
    screen: Screen,
    /// Which.
    many: Many,
    /// How many these are.
    count: usize,
) -> impl IntoView {
    let close = move |()| screen.asking.set(None);
    let many = StoredValue::new(many);
    let done = move |()| {
        desk.end(Ending::new(What::Many(many.get_value(), count)));
        screen.stop_picking();
        screen.asking.set(None);
    };
    let number = count.to_string();
    let of_network = many.with_value(|many| matches!(many, Many::OfNetwork { .. }));
    let title = if of_network {
        t(key!("console_network_title"))
    } else {
        fill(key!("console_many_title"), &[("count", &number)])
    };
    view! {
        <Dialog title=title name="many-dialog" closed=close>
            <form class="ask">
                <p class="ask__note">{t(if of_network { key!("console_network_note") } else { key!("console_many_note") })}</p>
                <Answers yes=t(key!("console_many_yes")) danger=true done closed=close />
            </form>
        </Dialog>
    }
}
