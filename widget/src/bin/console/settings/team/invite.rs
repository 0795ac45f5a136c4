//! The form that invites somebody. The link is shown once, to be handed over by whoever invites.

use leptos::prelude::*;
use relay_settings::BuiltInRole;
use widget::key;

use super::roles::Roles;
use crate::api::staff::{self, Invite};
use crate::desk::Desk;
use crate::settings::once::Once;
use crate::settings::problem::said;
use crate::settings::scope::{Names, ScopeEditor};
use crate::ui::focus::{after_drawing, focus};
use crate::ui::task::spawn_for;
use crate::ui::words::t;

/// The form.
#[component]
pub(super) fn InviteForm(
    /// Who invites.
    desk: Desk,
    names: Names,
    /// Somebody was invited.
    done: Callback<()>,
) -> impl IntoView {
    let email = RwSignal::new(String::new());
    let roles = RwSignal::new(vec![BuiltInRole::Agent.id().to_owned()]);
    let scope = RwSignal::new(untrack(|| desk.staff(|staff| staff.scope.clone())));
    let problem = RwSignal::new(None::<String>);
    let link = RwSignal::new(None::<(String, String)>);
    let busy = RwSignal::new(false);
    after_drawing(|| focus("[data-testid='invite-email']"));
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        let email = email.get_untracked().trim().to_owned();
        if email.is_empty() || roles.read_untracked().is_empty() {
            return problem.set(Some(t(key!("console_invite_needs"))));
        }
        let invite = Invite { email, roles: roles.get_untracked(), scope: scope.get_untracked() };
        busy.set(true);
        spawn_for(problem, async move {
            let made = staff::invite(&invite).await;
            busy.try_set(false);
            match made {
                Ok(made) => {
                    problem.set(None);
                    link.set(Some((made, invite.email)));
                    done.run(());
                }
                Err(fault) => problem.set(Some(said(&fault))),
            }
        });
    };
    view! {
        <form class="team__form" novalidate on:submit=send>
            <h4>{t(key!("console_invite"))}</h4>
            <p class="ask__note">{t(key!("console_invite_note"))}</p>
            <label class="field">
                <span>{t(key!("console_email"))}</span>
                <input
                    type="email"
                    data-testid="invite-email"
                    autocomplete="off"
                    prop:value=move || email.get()
                    on:input=move |event| email.set(event_target_value(&event))
                />
            </label>
            <Roles desk chosen=roles names />
            <ScopeEditor desk scope names />
            <small class="field__problem" role="alert">{move || problem.get()}</small>
            <button type="submit" class="button button--main" data-testid="invite-send" disabled=move || busy.get()>
                {t(key!("console_invite_send"))}
            </button>
            {move || link.get().map(|(text, email)| {
                let note = crate::ui::words::fill(key!("console_invite_link"), &[("email", &email)]);
                view! { <Once text note /> }
            })}
        </form>
    }
}
