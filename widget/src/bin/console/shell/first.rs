//! The first page of a new relay: its first administrator is made with the code that the relay printed.

use leptos::html;
use leptos::prelude::*;
use widget::key;
use widget::text::Key;

use crate::api::setup::{self, FirstAdministrator};
use crate::api::v1::Fault;
use crate::ui::icon::{self, icon};
use crate::ui::task::spawn_for;
use crate::ui::words::t;

/// Characters of a password at least; the relay checks it again.
const PASSWORD_CHARS_MIN: usize = 10;

/// The fields, in their order, with what is said when one is not right.
const FIELDS: [Entry; 4] = [
    Entry {
        name: "code",
        test_id: "first-code",
        kind: "text",
        fills: "one-time-code",
        words: key!("console_first_code"),
        wrong: key!("console_first_code_wrong"),
    },
    Entry {
        name: "name",
        test_id: "first-name",
        kind: "text",
        fills: "name",
        words: key!("console_first_name"),
        wrong: key!("console_first_name_wrong"),
    },
    Entry {
        name: "email",
        test_id: "first-email",
        kind: "email",
        fills: "username",
        words: key!("console_email"),
        wrong: key!("console_first_email_wrong"),
    },
    Entry {
        name: "password",
        test_id: "first-password",
        kind: "password",
        fills: "new-password",
        words: key!("console_password"),
        wrong: key!("console_first_password_wrong"),
    },
];

/// One field of the form.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    /// Its name in the API.
    pub(super) name: &'static str,
    /// The id by which tests find it.
    pub(super) test_id: &'static str,
    /// The type of the input.
    pub(super) kind: &'static str,
    /// What password managers put in.
    pub(super) fills: &'static str,
    /// What it is called.
    pub(super) words: Key,
    /// What is said when it is not right.
    pub(super) wrong: Key,
}

impl Entry {
    /// Whether the value may be sent. The relay decides; this saves the way to it.
    pub(super) fn is_right(self, value: &str) -> bool {
        match self.name {
            "email" => value.trim().split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty()),
            "password" => value.chars().count() >= PASSWORD_CHARS_MIN,
            _ => !value.trim().is_empty(),
        }
    }
}

/// The form.
#[component]
pub(crate) fn First(
    /// Called once the first administrator is made and signed in, or when there is an agent already.
    #[prop(into)]
    done: Callback<()>,
) -> impl IntoView {
    let inputs = FIELDS.map(|_| NodeRef::<html::Input>::new());
    let wrong = FIELDS.map(|_| RwSignal::new(false));
    let busy = RwSignal::new(false);
    let error = RwSignal::new(None::<String>);
    Effect::new(move || {
        if let Some(field) = inputs[0].get() {
            field.focus().ok();
        }
    });
    let value = move |n: usize| inputs[n].get_untracked().map(|field| field.value()).unwrap_or_default();
    let focus_wrong = move || {
        if let Some(n) = wrong.iter().position(RwSignal::get_untracked)
            && let Some(field) = inputs[n].get_untracked()
        {
            field.focus().ok();
        }
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        for (n, entry) in FIELDS.iter().enumerate() {
            wrong[n].set(!entry.is_right(&value(n)));
        }
        error.set(None);
        if wrong.iter().any(RwSignal::get_untracked) {
            focus_wrong();
            return;
        }
        busy.set(true);
        let [code, name, email, password] = [0, 1, 2, 3].map(value);
        spawn_for(busy, async move {
            let made = setup::make(&FirstAdministrator { code, email, name, password }).await;
            busy.set(false);
            match made {
                Ok(()) => done.run(()),
                Err(Fault::Unreachable) => error.set(Some(t(key!("console_unreachable")))),
                Err(Fault::Problem(problem)) if problem.name() == "conflict" => done.run(()),
                Err(Fault::Problem(problem)) if problem.problems.is_empty() => {
                    error.set(Some(t(key!("console_first_not_now"))));
                }
                Err(Fault::Problem(problem)) => {
                    for (n, entry) in FIELDS.iter().enumerate() {
                        wrong[n].set(problem.problems.iter().any(|problem| problem.field == entry.name));
                    }
                    focus_wrong();
                }
            }
        });
    };
    let fields =
        FIELDS.iter().enumerate().map(|(n, entry)| view! { <Line entry=*entry field=inputs[n] wrong=wrong[n] /> });
    view! {
        <main class="sign">
            <form class="sign__card" on:submit=submit novalidate data-testid="first">
                <div class="sign__logo">
                    {icon(icon::LOGO)}
                    <span>"Causeway"</span>
                </div>
                <h1>{t(key!("console_first_title"))}</h1>
                <p class="sign__lead">{t(key!("console_first_lead"))}</p>
                <div role="alert">
                    {move || error.get().map(|error| view! { <p class="sign__note">{error}</p> })}
                </div>
                {fields.collect_view()}
                <button type="submit" class="button button--main" data-testid="first-make" disabled=move || busy.get()>
                    {move || t(if busy.get() { key!("console_first_making") } else { key!("console_first_make") })}
                </button>
            </form>
        </main>
    }
}

/// One line of the form, with what is wrong below it.
#[component]
pub(super) fn Line(entry: Entry, field: NodeRef<html::Input>, wrong: RwSignal<bool>) -> impl IntoView {
    let note = ["first-", entry.name, "-note"].concat();
    let described = note.clone();
    let check = move |_| {
        // A value that becomes right is not called wrong any longer; one that is being typed is not called wrong yet.
        let right = field.get_untracked().is_some_and(|field| entry.is_right(&field.value()));
        if right {
            wrong.set(false);
        }
    };
    view! {
        <label class="field" data-testid="field" data-field=entry.name>
            <span>{t(entry.words)}</span>
            <input
                type=entry.kind
                name=entry.name
                autocomplete=entry.fills
                spellcheck="false"
                autocapitalize="none"
                data-testid=entry.test_id
                node_ref=field
                on:input=check
                aria-invalid=move || wrong.get().to_string()
                aria-describedby=described
            />
            <small id=note class="field__problem" aria-live="polite">
                {move || wrong.get().then(|| view! { <span data-testid="field-problem">{t(entry.wrong)}</span> })}
            </small>
        </label>
    }
}
