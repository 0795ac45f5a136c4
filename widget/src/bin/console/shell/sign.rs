//! The sign-in page.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use widget::key;
use widget::text::Key;
use wire::Refusal;

use crate::api::{self, Trouble};
use crate::ui::icon::{self, icon};
use crate::ui::refusal;
use crate::ui::words::t;

/// The form, with a note on top when something is to be said.
#[component]
pub(crate) fn SignIn(
    /// Why the form is shown again ("your session has ended"), if there is a reason.
    note: Option<String>,
    /// Called after a sign-in.
    #[prop(into)]
    done: Callback<()>,
) -> impl IntoView {
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
        spawn_local(async move {
            let result = api::sign_in(mail.trim(), &word).await;
            busy.set(false);
            match result {
                Ok(()) => done.run(()),
                Err(trouble) => {
                    error.set(Some(trouble_words(&trouble)));
                    if let Some(field) = password.get_untracked() {
                        field.select();
                    }
                }
            }
        });
    };
    view! {
        <main class="sign">
            <form class="sign__card" on:submit=submit novalidate>
                <div class="sign__logo">
                    {icon(icon::LOGO)}
                    <span>"Causeway"</span>
                </div>
                <h1>{t(key!("console_sign_in_title"))}</h1>
                <p class="sign__lead">{t(key!("console_sign_in_lead"))}</p>
                {note.map(|note| view! { <p class="sign__note sign__note--calm" role="status">{note}</p> })}
                <div role="alert">
                    {move || error.get().map(|error| view! { <p class="sign__note">{error}</p> })}
                </div>
                <Field kind="email" fills="username" words=key!("console_email") field=email error />
                <Field kind="password" fills="current-password" words=key!("console_password") field=password error />
                <button type="submit" class="button button--main" data-testid="sign-in" disabled=move || busy.get()>
                    {move || t(if busy.get() { key!("console_signing_in") } else { key!("console_sign_in") })}
                </button>
            </form>
        </main>
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

fn trouble_words(trouble: &Trouble) -> String {
    match trouble {
        Trouble::SignedOut => refusal::words(&Refusal::SignInFailed),
        Trouble::Refused(refusal) => refusal::words(refusal),
        Trouble::Unreachable => t(key!("console_unreachable")),
    }
}
