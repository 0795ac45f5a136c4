//! The page of somebody with a link: an invited colleague chooses name and password, a colleague who has forgotten theirs a new password.

use leptos::html;
use leptos::prelude::*;
use widget::env::window;
use widget::key;
use widget::text::Key;

use crate::api::invited::{self, Acceptance, ForWhom};
use crate::api::v1::Fault;
use crate::shell::first::{Entry, Line};
use crate::ui::icon::{self, icon};
use crate::ui::task::spawn_for;
use crate::ui::words::{fill, t};

/// The path of the page.
const PATH: &str = "/console/invitation";

/// The name, as visitors will see it.
const NAME: Entry = Entry {
    name: "name",
    test_id: "invited-name",
    kind: "text",
    fills: "name",
    words: key!("console_first_name"),
    wrong: key!("console_first_name_wrong"),
};
/// The password.
const PASSWORD: Entry = Entry {
    name: "password",
    test_id: "invited-password",
    kind: "password",
    fills: "new-password",
    words: key!("console_password"),
    wrong: key!("console_first_password_wrong"),
};

/// The token of the link that was opened; none on any other page.
pub(super) fn token() -> Option<String> {
    let location = window().location();
    let here = location.pathname().ok().filter(|path| path == PATH);
    let fragment = here.and_then(|_| location.hash().ok()).unwrap_or_default();
    fragment.strip_prefix('#').map(str::to_owned)
}

/// The page.
#[component]
pub(crate) fn Invited(
    /// What stands after the `#` of the link.
    token: String,
) -> impl IntoView {
    let whom = RwSignal::new(None::<Result<ForWhom, Key>>);
    let asked = token.clone();
    spawn_for(whom, async move {
        whom.set(Some(invited::look(&asked).await.map_err(|fault| match fault {
            Fault::Unreachable => key!("console_unreachable"),
            Fault::Problem(_) => key!("console_invited_gone_note"),
        })));
    });
    move || {
        let token = token.clone();
        match whom.get() {
            None => view! { <main class="start"><p role="status">{t(key!("console_loading"))}</p></main> }.into_any(),
            Some(Err(why)) => view! { <Gone why /> }.into_any(),
            Some(Ok(whom)) => view! { <Choose token whom /> }.into_any(),
        }
    }
}

/// Shown for a link that does not work.
#[component]
fn Gone(
    /// What is said below it.
    why: Key,
) -> impl IntoView {
    view! {
        <main class="sign">
            <div class="sign__card" data-testid="invited-gone">
                <h1>{t(key!("console_invited_gone"))}</h1>
                <p class="sign__lead">{t(why)}</p>
                <a class="button button--main" href="/console" rel="external" data-testid="invited-sign-in">
                    {t(key!("console_sign_in"))}
                </a>
            </div>
        </main>
    }
}

/// The form.
#[component]
fn Choose(
    /// What stands after the `#` of the link.
    token: String,
    /// For whom it is.
    whom: ForWhom,
) -> impl IntoView {
    let is_new = whom.kind == "colleague";
    let (name, password) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let (name_wrong, password_wrong) = (RwSignal::new(false), RwSignal::new(false));
    let busy = RwSignal::new(false);
    let error = RwSignal::new(None::<String>);
    let proposed = whom.name.clone();
    Effect::new(move || {
        if let Some(field) = name.get() {
            field.set_value(&proposed);
        }
        if let Some(field) = if is_new { name.get() } else { password.get() } {
            field.focus().ok();
        }
    });
    let value = |field: NodeRef<html::Input>| field.get_untracked().map(|field| field.value()).unwrap_or_default();
    let focus_wrong = move || {
        let fields = [(name, name_wrong), (password, password_wrong)];
        let first = fields.into_iter().find(|(_, wrong)| wrong.get_untracked());
        if let Some(field) = first.and_then(|(field, _)| field.get_untracked()) {
            field.focus().ok();
        }
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        let chosen = Acceptance { token: token.clone(), name: is_new.then(|| value(name)), password: value(password) };
        name_wrong.set(chosen.name.as_ref().is_some_and(|name| !NAME.is_right(name)));
        password_wrong.set(!PASSWORD.is_right(&chosen.password));
        error.set(None);
        if name_wrong.get_untracked() || password_wrong.get_untracked() {
            focus_wrong();
            return;
        }
        busy.set(true);
        spawn_for(busy, async move {
            let accepted = invited::accept(&chosen).await;
            busy.set(false);
            match accepted {
                // Loaded anew without the token: the address of a used link leads nowhere.
                Ok(()) => drop(window().location().replace("/console")),
                Err(Fault::Unreachable) => error.set(Some(t(key!("console_unreachable")))),
                Err(Fault::Problem(problem)) if problem.name() == "invalid" => {
                    name_wrong.set(problem.problems.iter().any(|problem| problem.field == NAME.name));
                    password_wrong.set(problem.problems.iter().any(|problem| problem.field == PASSWORD.name));
                    focus_wrong();
                }
                Err(Fault::Problem(_)) => error.set(Some(t(key!("console_invited_not_now")))),
            }
        });
    };
    let (title, lead, button) = if is_new {
        (key!("console_invited_title"), key!("console_invited_lead"), key!("console_invited_accept"))
    } else {
        (key!("console_password_new"), key!("console_password_new_lead"), key!("console_password_new_set"))
    };
    view! {
        <main class="sign">
            <form class="sign__card" on:submit=submit novalidate data-testid="invited" data-kind=whom.kind.clone()>
                <div class="sign__logo">
                    {icon(icon::LOGO)}
                    <span>"Causeway"</span>
                </div>
                <h1>{t(title)}</h1>
                <p class="sign__lead">{fill(lead, &[("email", &whom.email)])}</p>
                <div role="alert">
                    {move || error.get().map(|error| view! { <p class="sign__note">{error}</p> })}
                </div>
                {is_new.then(|| view! { <Line entry=NAME field=name wrong=name_wrong /> })}
                <Line entry=PASSWORD field=password wrong=password_wrong />
                <button type="submit" class="button button--main" data-testid="invited-accept" disabled=move || busy.get()>
                    {move || t(if busy.get() { key!("console_first_making") } else { button })}
                </button>
            </form>
        </main>
    }
}
