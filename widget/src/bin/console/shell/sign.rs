//! The sign-in page.

use leptos::html;
use leptos::prelude::*;
use widget::key;
use widget::text::Key;
use wire::Refusal;

use crate::api::passkey::{self, Unmade};
use crate::api::session::{self, Pending};
use crate::api::v1::Fault;
use crate::shell::code::SecondStep;
use crate::ui::icon::{self, icon};
use crate::ui::refusal;
use crate::ui::task::spawn_for;
use crate::ui::words::t;

/// The page: first the password, then a code where one is asked for.
#[component]
pub(crate) fn SignIn(
    /// Why the form is shown again ("your session has ended"), if there is a reason.
    note: Option<String>,
    /// Called after a sign-in.
    #[prop(into)]
    done: Callback<()>,
) -> impl IntoView {
    let note = RwSignal::new(note);
    let pending = RwSignal::new(None::<Pending>);
    let back = Callback::new(move |why| {
        note.set(why);
        pending.set(None);
    });
    view! {
        <main class="sign">
            <div class="sign__card">
                <div class="sign__logo">
                    {icon(icon::LOGO)}
                    <span>"Causeway"</span>
                </div>
                {move || match pending.get() {
                    None => view! { <FirstStep note=note.get_untracked() done pending /> }.into_any(),
                    Some(pending) => view! { <SecondStep pending done back /> }.into_any(),
                }}
            </div>
        </main>
    }
}

/// The password's form, with a note on top when something is to be said.
#[component]
fn FirstStep(note: Option<String>, done: Callback<()>, pending: RwSignal<Option<Pending>>) -> impl IntoView {
    let email = NodeRef::<html::Input>::new();
    let password = NodeRef::<html::Input>::new();
    let busy = RwSignal::new(false);
    let error = RwSignal::new(None::<String>);
    Effect::new(move || {
        if let Some(field) = email.get() {
            field.focus().ok();
        }
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        let read = |field: NodeRef<html::Input>| field.get_untracked().map(|field| field.value()).unwrap_or_default();
        let (mail, word) = (read(email), read(password));
        if mail.trim().is_empty() || word.is_empty() {
            error.set(Some(t(key!("console_sign_in_missing"))));
            return;
        }
        busy.set(true);
        spawn_for(busy, async move {
            let result = session::sign_in(mail.trim(), &word).await;
            busy.set(false);
            match result {
                Ok(None) => done.run(()),
                Ok(Some(waits)) => pending.set(Some(waits)),
                Err(fault) => {
                    error.set(Some(fault_words(&fault)));
                    if let Some(field) = password.get_untracked() {
                        field.select();
                    }
                }
            }
        });
    };
    view! {
        <form on:submit=submit novalidate>
            <h1>{t(key!("console_sign_in_title"))}</h1>
            <p class="sign__lead">{t(key!("console_sign_in_lead"))}</p>
            {note.map(|note| view! { <p class="sign__note sign__note--calm" role="status">{note}</p> })}
            <div role="alert">{move || error.get().map(|error| view! { <p class="sign__note">{error}</p> })}</div>
            <Field kind="email" fills="username" words=key!("console_email") field=email error />
            <Field kind="password" fills="current-password" words=key!("console_password") field=password error />
            <button type="submit" class="button button--main" data-testid="sign-in" disabled=move || busy.get()>
                {move || t(if busy.get() { key!("console_signing_in") } else { key!("console_sign_in") })}
            </button>
            {passkey::is_offered().then(|| view! { <PasskeyButton busy error done /> })}
        </form>
    }
}

/// Signs in with a passkey alone.
#[component]
fn PasskeyButton(busy: RwSignal<bool>, error: RwSignal<Option<String>>, done: Callback<()>) -> impl IntoView {
    let click = move |_| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        error.set(None);
        spawn_for(busy, async move {
            let outcome = passkey::sign_in(None).await;
            busy.set(false);
            match outcome {
                Ok(()) => done.run(()),
                Err(unmade) => error.set(Some(unmade_words(&unmade))),
            }
        });
    };
    view! {
        <button type="button" class="button sign__other" data-testid="passkey" disabled=move || busy.get() on:click=click>
            {t(key!("console_passkey_sign_in"))}
        </button>
    }
}

/// Why a passkey did not sign in.
pub(crate) fn unmade_words(unmade: &Unmade) -> String {
    match unmade {
        Unmade::Browser(_) => t(key!("console_passkey_stopped")),
        Unmade::Relay(Fault::Problem(problem))
            if matches!(problem.name(), "sign_in_failed" | "invalid" | "conflict") =>
        {
            t(key!("console_passkey_wrong"))
        }
        Unmade::Relay(fault) => fault_words(fault),
    }
}

/// One line of the form; its kind is its name, also for tests.
#[component]
fn Field(
    kind: &'static str,
    /// What password managers put in.
    fills: &'static str,
    words: Key,
    field: NodeRef<html::Input>,
    error: RwSignal<Option<String>>,
) -> impl IntoView {
    view! {
        <label class="field">
            <span>{t(words)}</span>
            <input
                type=kind
                name=kind
                autocomplete=fills
                data-testid=kind
                node_ref=field
                aria-invalid=move || error.read().is_some().to_string()
            />
        </label>
    }
}

/// Why signing in did not work.
pub(crate) fn fault_words(fault: &Fault) -> String {
    let Fault::Problem(problem) = fault else { return t(key!("console_unreachable")) };
    refusal::words(&match problem.name() {
        "sign_in_failed" => Refusal::SignInFailed,
        "rate_limited" => Refusal::RateLimited { retry_after_ms: problem.retry_after_s.unwrap_or(0) * 1_000 },
        "unavailable" => Refusal::Busy,
        "disk_full" => Refusal::DiskFull,
        _ => Refusal::Malformed,
    })
}
