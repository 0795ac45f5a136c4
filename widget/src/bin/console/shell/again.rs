//! The question for the password, or a passkey, before something that touches rights, keys or exports.

use leptos::html;
use leptos::prelude::*;
use widget::key;

use crate::api::v1::Fault;
use crate::api::{account, again, passkey, session};
use crate::shell::sign::{fault_words, unmade_words};
use crate::ui::dialog::{Answers, Dialog};
use crate::ui::task::spawn_for;
use crate::ui::words::t;

/// Shows the question while a request waits for it.
#[component]
pub(crate) fn Again() -> impl IntoView {
    let asked = again::is_asked();
    move || asked.get().then(|| view! { <Question /> })
}

#[component]
fn Question() -> impl IntoView {
    let password = NodeRef::<html::Input>::new();
    let error = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let confirm = move |()| {
        let word = password.get_untracked().map(|field| field.value()).unwrap_or_default();
        if word.is_empty() || busy.get_untracked() {
            return;
        }
        busy.set(true);
        spawn_for(busy, async move {
            let confirmed = session::confirm(&word).await;
            busy.set(false);
            match confirmed {
                Ok(()) => again::answer(true),
                Err(fault) => {
                    let is_wrong = matches!(&fault, Fault::Problem(problem) if !problem.problems.is_empty());
                    error.set(Some(if is_wrong { t(key!("console_password_wrong")) } else { fault_words(&fault) }));
                    if let Some(field) = password.get_untracked() {
                        field.select();
                    }
                }
            }
        });
    };
    let has_passkey = RwSignal::new(false);
    if passkey::is_offered() {
        spawn_for(has_passkey, async move {
            has_passkey.set(account::factor().await.is_ok_and(|factor| factor.passkeys > 0));
        });
    }
    let use_passkey = move |_| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        error.set(None);
        spawn_for(busy, async move {
            let confirmed = passkey::confirm().await;
            busy.set(false);
            match confirmed {
                Ok(()) => again::answer(true),
                Err(unmade) => error.set(Some(unmade_words(&unmade))),
            }
        });
    };
    // Whatever closes it, nobody waits for ever.
    on_cleanup(|| again::answer(false));
    let closed = move |()| again::answer(false);
    view! {
        <Dialog title=t(key!("console_again_title")) name="again" closed>
            <form
                on:submit=move |event| {
                    event.prevent_default();
                    confirm(());
                }
            >
                <p>{t(key!("console_again_lead"))}</p>
                <label class="field">
                    <span>{t(key!("console_password"))}</span>
                    <input
                        type="password"
                        name="password"
                        autocomplete="current-password"
                        data-testid="again-password"
                        node_ref=password
                        aria-invalid=move || error.read().is_some().to_string()
                        aria-describedby="again-problem"
                    />
                    <small id="again-problem" class="field__problem" role="alert">
                        {error}
                    </small>
                </label>
                <Show when=move || has_passkey.get()>
                    <button
                        type="button"
                        class="button"
                        data-testid="again-passkey"
                        disabled=move || busy.get()
                        on:click=use_passkey
                    >
                        {t(key!("console_passkey_use"))}
                    </button>
                </Show>
                <Answers yes=t(key!("console_again_yes")) done=confirm closed />
            </form>
        </Dialog>
    }
}
