//! Where one is signed in, and ending it.

use leptos::prelude::*;
use widget::key;

use crate::api::account::{self, Session};
use crate::ui::task::spawn_for;
use crate::ui::when;
use crate::ui::words::{fill, t};

/// The list.
#[component]
pub(super) fn SessionsCard() -> impl IntoView {
    let sessions = RwSignal::new(None::<Vec<Session>>);
    let failed = RwSignal::new(false);
    let load = move || {
        spawn_for(failed, async move {
            match account::sessions().await {
                Ok(found) => {
                    failed.set(false);
                    sessions.set(Some(found));
                }
                Err(_) => failed.set(true),
            }
        });
    };
    load();
    let end = Callback::new(move |id: String| {
        spawn_for(failed, async move {
            match account::end(&id).await {
                Ok(()) => load(),
                Err(_) => failed.set(true),
            }
        });
    });
    view! {
        <div class="card">
            <h3>{t(key!("console_account_sessions"))}</h3>
            <p class="card__note">{t(key!("console_account_sessions_note"))}</p>
            <div role="alert">
                {move || failed.get().then(|| view! { <p class="card__problem">{t(key!("console_account_failed"))}</p> })}
            </div>
            <ul class="card__rows">
                <For each=move || sessions.get().unwrap_or_default() key=|session| session.id.clone() let(session)>
                    <li data-testid="session">
                        <Row session end />
                    </li>
                </For>
            </ul>
            <Show when=move || sessions.read().is_none() && !failed.get()>
                <p role="status">{t(key!("console_loading"))}</p>
            </Show>
        </div>
    }
}

#[component]
fn Row(session: Session, end: Callback<String>) -> impl IntoView {
    let Session { id, browser, made_at_ms, used_at_ms, current } = session;
    let browser = browser.unwrap_or_else(|| t(key!("console_session_unknown")));
    let times = [("made", when::long(made_at_ms)), ("used", when::long(used_at_ms))];
    let times = fill(key!("console_session_times"), &times.each_ref().map(|(name, value)| (*name, value.as_str())));
    let label = fill(key!("console_session_end_label"), &[("browser", &browser)]);
    view! {
        <div class="card__what">
            <b>{browser}</b>
            <small>{times}</small>
        </div>
        {if current {
            view! { <span class="card__mark">{t(key!("console_session_current"))}</span> }.into_any()
        } else {
            view! {
                <button
                    type="button"
                    class="button"
                    data-testid="session-end"
                    aria-label=label
                    on:click=move |_| end.run(id.clone())
                >
                    {t(key!("console_session_end"))}
                </button>
            }
                .into_any()
        }}
    }
}
