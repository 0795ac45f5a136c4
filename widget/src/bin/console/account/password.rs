//! Changing one's own password.

use leptos::html;
use leptos::prelude::*;
use widget::key;
use widget::text::Key;

use crate::api::account;
use crate::api::v1::Fault;
use crate::ui::task::spawn_for;
use crate::ui::words::t;

/// The form.
#[component]
pub(super) fn PasswordCard() -> impl IntoView {
    let (present, new) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let (present_wrong, new_wrong) = (RwSignal::new(false), RwSignal::new(false));
    let (busy, note) = (RwSignal::new(false), RwSignal::new(None::<(bool, String)>));
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let read = |field: NodeRef<html::Input>| field.get_untracked().map(|field| field.value()).unwrap_or_default();
        let (password, chosen) = (read(present), read(new));
        if busy.get_untracked() || password.is_empty() || chosen.is_empty() {
            return;
        }
        busy.set(true);
        note.set(None);
        spawn_for(busy, async move {
            let changed = account::change_password(&password, &chosen).await;
            busy.set(false);
            let is_wrong = |name: &str| match &changed {
                Err(Fault::Problem(problem)) => problem.problems.iter().any(|problem| problem.field == name),
                Err(Fault::Unreachable) | Ok(()) => false,
            };
            present_wrong.set(is_wrong("password"));
            new_wrong.set(is_wrong("new"));
            if changed.is_ok() {
                for field in [present, new] {
                    if let Some(field) = field.get_untracked() {
                        field.set_value("");
                    }
                }
                note.set(Some((true, t(key!("console_password_changed")))));
            } else if !is_wrong("password") && !is_wrong("new") {
                note.set(Some((false, t(key!("console_account_failed")))));
            }
        });
    };
    view! {
        <form class="card" on:submit=submit novalidate>
            <h3>{t(key!("console_password_change"))}</h3>
            <Line
                field_id="password-now"
                fills="current-password"
                words=key!("console_password_now")
                wrong=present_wrong
                problem=key!("console_password_wrong")
                field=present
            />
            <Line
                field_id="password-new"
                fills="new-password"
                words=key!("console_password_new")
                wrong=new_wrong
                problem=key!("console_first_password_wrong")
                field=new
            />
            <div role="status">
                {move || {
                    note.get()
                        .map(|(done, words)| {
                            view! {
                                <p data-testid="password-note" class=if done { "card__note" } else { "card__problem" }>
                                    {words}
                                </p>
                            }
                        })
                }}
            </div>
            <button type="submit" class="button button--main" data-testid="password-change" disabled=move || busy.get()>
                {t(key!("console_password_change"))}
            </button>
        </form>
    }
}

#[component]
fn Line(
    field_id: &'static str,
    fills: &'static str,
    words: Key,
    wrong: RwSignal<bool>,
    problem: Key,
    field: NodeRef<html::Input>,
) -> impl IntoView {
    let note = [field_id, "-problem"].concat();
    let described = note.clone();
    view! {
        <label class="field">
            <span>{t(words)}</span>
            <input
                type="password"
                name=field_id
                autocomplete=fills
                data-testid=field_id
                node_ref=field
                aria-invalid=move || wrong.get().to_string()
                aria-describedby=described
            />
            <small id=note class="field__problem" aria-live="polite">
                {move || wrong.get().then(|| t(problem))}
            </small>
        </label>
    }
}
