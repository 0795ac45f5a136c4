//! Where a colleague is signed in, and the way to end it.

use leptos::prelude::*;
use widget::key;

use crate::api::staff::{self, SignedIn};
use crate::settings::problem::said;
use crate::ui::task::spawn_for;
use crate::ui::when;
use crate::ui::words::t;

/// Where they are signed in. Not shown to those who may not end sign-ins.
#[component]
pub(super) fn SignIns(id: StoredValue<String>, problem: RwSignal<Option<String>>) -> impl IntoView {
    let known = RwSignal::new(None::<Vec<SignedIn>>);
    let load = move || {
        spawn_for(known, async move {
            if let Ok(found) = staff::sign_ins(&id.get_value()).await {
                known.try_set(Some(found));
            }
        });
    };
    load();
    let row = move |signed_in: SignedIn| {
        let SignedIn { id, browser, used_at_ms } = signed_in;
        let end = move |_| {
            let id = id.clone();
            spawn_for(known, async move {
                match staff::end_sign_in(&id).await {
                    Ok(()) => load(),
                    Err(fault) => problem.set(Some(said(&fault))),
                }
            });
        };
        view! {
            <li>
                <span>
                    {browser.unwrap_or_else(|| t(key!("console_browser_unknown")))}
                    <small>{when::long(used_at_ms)}</small>
                </span>
                <button type="button" class="button" data-testid="staff-session-end" on:click=end>
                    {t(key!("console_team_session_end"))}
                </button>
            </li>
        }
    };
    move || {
        known.get().map(|known| {
            let none = known
                .is_empty()
                .then(|| view! { <p class="ask__note">{t(key!("console_team_signed_in_nowhere"))}</p> });
            view! {
                <h5>{t(key!("console_team_signed_in"))}</h5>
                {none}
                <ul class="team__sessions">{known.into_iter().map(row).collect_view()}</ul>
            }
        })
    }
}
