//! What is shown for a few seconds at the bottom: refusals, and the ending that can still be undone.

use leptos::prelude::*;
use widget::clock::{Timer, now_ms};
use widget::key;

use crate::desk::Desk;
use crate::desk::screen::{News, Screen, What};
use crate::ui::icon::{self, icon};
use crate::ui::person::name;
use crate::ui::refusal;
use crate::ui::words::{fill, t};

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
    let progress = Memo::new(move |_| desk.read(|session| session.ending_many()));
    let shown = screen.news;
    let timer = StoredValue::new_local(Timer::new(move || shown.set(None)));
    Effect::new(move || {
        if let Some((at_ms, refusal)) = last.get()
            && now_ms().saturating_sub(at_ms) < SHOWN_MS
        {
            screen.tell(refusal::words(&refusal));
        }
    });
    // Nothing is said about a conversation that is shown already, and no more once it is opened.
    Effect::new(move || {
        if let Some(fresh) = screen.fresh.get() {
            screen.fresh.set(None);
            if desk.peek(|session| session.shown()) != Some(fresh) {
                shown.set(Some(News::Fresh(fresh)));
            }
        }
    });
    Effect::new(move || {
        let opened = desk.shown();
        if shown.with_untracked(|news| matches!(news, Some(News::Fresh(fresh)) if Some(*fresh) == opened)) {
            shown.set(None);
        }
    });
    Effect::new(move || {
        if shown.read().is_some() {
            timer.with_value(|timer| timer.set(SHOWN_MS));
        }
    });
    view! {
        <div class="toasts" role="status" aria-live="polite">
            {move || shown.get().map(|news| view! { <Toast desk screen news /> })}
            <Show when=move || screen.ending.read().is_some()>
                <div class="toast" data-testid="ending">
                    <span>{move || ending_words(screen)}</span>
                    <button
                        type="button"
                        class="toast__undo"
                        data-testid="end-undo"
                        on:click=move |_| screen.ending.set(None)
                    >
                        {t(key!("console_undo"))}
                    </button>
                </div>
            </Show>
            <Show when=move || progress.get().is_some()>
                <div class="toast" data-testid="ending-many">
                    <span>{move || progress.get().map(|(ended, left)| progress_words(ended, left))}</span>
                </div>
            </Show>
        </div>
    }
}

fn ending_words(screen: Screen) -> String {
    match screen.ending.read().as_ref().map(|ending| &ending.what) {
        None | Some(What::One(_)) => t(key!("console_ending")),
        Some(What::Many(_, 0)) => t(key!("console_network_ending")),
        Some(What::Many(_, count)) => fill(key!("console_many_ending"), &[("count", &count.to_string())]),
    }
}

fn progress_words(ended: u32, left: u32) -> String {
    fill(key!("console_many_progress"), &[("ended", &ended.to_string()), ("left", &left.to_string())])
}

#[component]
fn Toast(desk: Desk, screen: Screen, news: News) -> impl IntoView {
    let words = match news {
        News::Text(words) => view! { <span>{words}</span> }.into_any(),
        News::Fresh(fresh) => {
            let who = desk.peek(|session| session.row(fresh).map(|row| name(row.visitor))).unwrap_or_default();
            let open = move |_| {
                screen.news.set(None);
                desk.open(fresh);
            };
            view! {
                <button type="button" class="toast__open" data-testid="toast-open" on:click=open>
                    {fill(key!("console_assigned"), &[("name", &who)])}
                </button>
            }
            .into_any()
        }
    };
    view! {
        <div class="toast">
            {words}
            <button
                type="button"
                aria-label=t(key!("console_dismiss"))
                data-testid="toast-dismiss"
                on:click=move |_| screen.news.set(None)
            >
                {icon(icon::CROSS)}
            </button>
        </div>
    }
}
