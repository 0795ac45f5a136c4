//! The second step of signing in: a passkey, the code of an app, or a recovery code.

use leptos::html;
use leptos::prelude::*;
use widget::key;

use crate::api::passkey::{self, Unmade};
use crate::api::session::{self, Pending};
use crate::api::v1::Fault;
use crate::shell::sign::{fault_words, unmade_words};
use crate::ui::task::spawn_for;
use crate::ui::words::t;

/// The form's content.
#[component]
pub(crate) fn SecondStep(
    /// The sign-in that waits.
    pending: Pending,
    /// Called after the sign-in.
    done: Callback<()>,
    /// Back to the password, with a reason if there is one.
    back: Callback<Option<String>>,
) -> impl IntoView {
    let code = NodeRef::<html::Input>::new();
    let error = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    Effect::new(move || {
        if let Some(field) = code.get() {
            field.focus().ok();
        }
    });
    let Pending { pending, code: by_code, passkey } = pending;
    let pending = StoredValue::new(pending);
    let lead = if by_code { key!("console_code_lead") } else { key!("console_code_lead_recovery") };
    let over = Callback::new(move |()| back.run(Some(t(key!("console_code_over")))));
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let typed = code.get_untracked().map(|field| field.value()).unwrap_or_default();
        if typed.trim().is_empty() || busy.get_untracked() {
            return;
        }
        busy.set(true);
        spawn_for(busy, async move {
            let outcome = session::second_factor(&pending.get_value(), typed.trim()).await;
            busy.set(false);
            match outcome {
                Ok(()) => done.run(()),
                Err(Fault::Problem(problem)) if problem.name() == "sign_in_failed" => {
                    over.run(());
                }
                Err(Fault::Problem(problem)) if !problem.problems.is_empty() => {
                    error.set(Some(t(key!("console_code_wrong"))));
                    if let Some(field) = code.get_untracked() {
                        field.select();
                    }
                }
                Err(fault) => error.set(Some(fault_words(&fault))),
            }
        });
    };
    view! {
        <form on:submit=submit novalidate>
            <h1>{t(key!("console_code_title"))}</h1>
            <p class="sign__lead">{t(lead)}</p>
            <div role="alert">{move || error.get().map(|error| view! { <p class="sign__note">{error}</p> })}</div>
            <label class="field">
                <span>{t(key!("console_code"))}</span>
                <input
                    type="text"
                    name="code"
                    autocomplete="one-time-code"
                    spellcheck="false"
                    autocapitalize="none"
                    data-testid="totp-code"
                    node_ref=code
                    aria-invalid=move || error.read().is_some().to_string()
                />
            </label>
            <button type="submit" class="button button--main" data-testid="code-send" disabled=move || busy.get()>
                {move || t(if busy.get() { key!("console_signing_in") } else { key!("console_sign_in") })}
            </button>
            {(passkey && passkey::is_offered()).then(|| view! { <WithPasskey pending busy error done over /> })}
            <button type="button" class="button sign__back" data-testid="code-back" on:click=move |_| back.run(None)>
                {t(key!("console_code_back"))}
            </button>
        </form>
    }
}

/// The way with a passkey.
#[component]
fn WithPasskey(
    pending: StoredValue<String>,
    busy: RwSignal<bool>,
    error: RwSignal<Option<String>>,
    done: Callback<()>,
    /// The sign-in does not wait any more.
    over: Callback<()>,
) -> impl IntoView {
    let click = move |_| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        error.set(None);
        spawn_for(busy, async move {
            let outcome = passkey::sign_in(Some(&pending.get_value())).await;
            busy.set(false);
            match outcome {
                Ok(()) => done.run(()),
                Err(Unmade::Relay(Fault::Problem(problem))) if problem.name() == "sign_in_failed" => over.run(()),
                Err(unmade) => error.set(Some(unmade_words(&unmade))),
            }
        });
    };
    view! {
        <button
            type="button"
            class="button sign__other"
            data-testid="passkey-second"
            disabled=move || busy.get()
            on:click=click
        >
            {t(key!("console_passkey_use"))}
        </button>
    }
}
