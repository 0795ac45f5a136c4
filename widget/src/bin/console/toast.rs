//! What passes by at the bottom: refusals in words, and the end that can still be taken back.

use leptos::prelude::*;
use widget::clock::{Timer, now_ms};

use crate::desk::Desk;
use crate::icon::{self, icon};
use crate::refusal;
use crate::row::name;
use crate::screen::Screen;
use crate::words::{fill, t};

/// How long a refusal is shown: time to read two lines.
const SHOWN_MS: u64 = 8_000;

/// The live region at the bottom of the page.
#[component]
pub(crate) fn Toasts(
    /// The session.
    desk: Desk,
    /// What is looked at.
    screen: Screen,
) -> impl IntoView {
    let last = Memo::new(move |_| desk.read(|session| session.last_refusal().cloned()));
    let shown = screen.news;
    let timer = StoredValue::new_local(Timer::new(move || shown.set(None)));
    Effect::new(move || {
        if let Some((at_ms, refusal)) = last.get()
            && now_ms().saturating_sub(at_ms) < SHOWN_MS
        {
            shown.set(Some(refusal::words(&refusal)));
        }
    });
    // Whoever looks at it already needs no word.
    Effect::new(move || {
        let fresh = screen.fresh.get().filter(|fresh| desk.peek(|session| session.shown()) != Some(*fresh));
        if let Some(row) = fresh.and_then(|fresh| untrack(|| desk.row(fresh))) {
            shown.set(Some(fill("console_assigned", &[("name", &name(row.visitor))])));
        }
    });
    Effect::new(move || {
        if shown.read().is_some() {
            timer.with_value(|timer| timer.set(SHOWN_MS));
        }
    });
    view! {
        <div class="toasts" role="status" aria-live="polite">
            {move || {
                shown
                    .get()
                    .map(|words| {
                        view! {
                            <div class="toast">
                                <span>{words}</span>
                                <button type="button" aria-label=t("console_dismiss") on:click=move |_| shown.set(None)>
                                    {icon(icon::CROSS)}
                                </button>
                            </div>
                        }
                    })
            }}
            <Show when=move || screen.ending.read().is_some()>
                <div class="toast">
                    <span>{t("console_ending")}</span>
                    <button
                        type="button"
                        class="toast__undo"
                        data-testid="end-undo"
                        on:click=move |_| screen.ending.set(None)
                    >
                        {t("console_undo")}
                    </button>
                </div>
            </Show>
        </div>
    }
}
