//! Removes the second factor of a colleague who cannot use it any more, with a reason for the audit log.

use leptos::prelude::*;
use widget::key;

use crate::api::staff::{self, Colleague};
use crate::desk::screen::Screen;
use crate::settings::editing::said;
use crate::ui::dialog::{Answers, Dialog};
use crate::ui::task::spawn_for;
use crate::ui::words::{fill, t};

/// Characters of a reason; the relay takes no more.
const REASON_CHARS_MAX: usize = 200;

/// The button, and the window that it opens.
#[component]
pub(super) fn RemoveFactor(
    /// What is looked at.
    screen: Screen,
    /// The colleague's id.
    id: StoredValue<String>,
    /// The colleague as the relay has them.
    saved: RwSignal<Colleague>,
) -> impl IntoView {
    let asking = RwSignal::new(false);
    let reason = RwSignal::new(String::new());
    let problem = RwSignal::new(None::<String>);
    let closed = move |()| asking.set(false);
    let open = move |_| {
        reason.set(String::new());
        problem.set(None);
        asking.set(true);
    };
    let done = move |()| {
        let why = reason.get_untracked().trim().to_owned();
        if why.is_empty() {
            return problem.set(Some(t(key!("console_problem_required"))));
        }
        spawn_for(problem, async move {
            match staff::remove_second_factor(&id.get_value(), &why).await {
                Ok(()) => {
                    asking.set(false);
                    screen.tell(t(key!("console_team_factor_removed")));
                }
                Err(fault) => problem.set(Some(said(&fault))),
            }
        });
    };
    let title = move || fill(key!("console_team_factor_title"), &[("name", &saved.read().name)]);
    view! {
        <button type="button" class="button" data-testid="staff-factor-remove" on:click=open>
            {t(key!("console_team_factor_remove"))}
        </button>
        <Show when=move || asking.get()>
            <Dialog title=Signal::derive(title) name="staff-factor-ask" closed>
                <p>{t(key!("console_team_factor_note"))}</p>
                <label class="field">
                    <span>{t(key!("console_team_factor_reason"))}</span>
                    <input
                        type="text"
                        dir="auto"
                        maxlength=REASON_CHARS_MAX.to_string()
                        data-testid="staff-factor-reason"
                        aria-invalid=move || problem.read().is_some().to_string()
                        aria-describedby="staff-factor-problem"
                        on:input=move |event| reason.set(event_target_value(&event))
                    />
                    <small id="staff-factor-problem" class="field__problem" role="alert">
                        {problem}
                    </small>
                </label>
                <Answers yes=t(key!("console_remove")) danger=true done closed />
            </Dialog>
        </Show>
    }
}
