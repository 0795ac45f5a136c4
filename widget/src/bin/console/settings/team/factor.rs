//! Removes the second factor of a colleague who cannot use it any more, with a reason for the audit log.

use leptos::prelude::*;
use widget::key;

use crate::api::staff::{self, Colleague};
use crate::desk::screen::Screen;
use crate::settings::problem::said;
use crate::ui::dialog::{Answers, Dialog};
use crate::ui::reason::{Reason, given};
use crate::ui::task::spawn_for;
use crate::ui::words::{fill, t};

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
        let Some(why) = given(reason, problem) else { return };
        spawn_for(problem, async move {
            match staff::remove_second_factor(&id.get_value(), &why).await {
                Ok(()) => {
                    asking.set(false);
                    screen.tell(t(key!("console_team_factor_removed")));
                    // With it the button goes.
                    saved.update(|saved| saved.second_factor = false);
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
                <form class="ask">
                    <p>{t(key!("console_team_factor_note"))}</p>
                    <Reason
                        label=key!("console_team_factor_reason")
                        test="staff-factor-reason"
                        problem_id="staff-factor-problem"
                        reason
                        problem
                    />
                    <Answers yes=t(key!("console_remove")) danger=true done closed />
                </form>
            </Dialog>
        </Show>
    }
}
