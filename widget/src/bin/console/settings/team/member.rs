//! One colleague: name, roles, scope, sign-ins, and what else can be done.

use leptos::prelude::*;
use serde_json::{Map, Value};
use widget::key;

use super::roles::Roles;
use crate::api::staff::{self, Colleague, SignedIn};
use crate::api::v1::Fault;
use crate::settings::editing::said;
use crate::settings::once::Once;
use crate::settings::scope::{Names, ScopeEditor};
use crate::ui::dialog::{Answers, Dialog};
use crate::ui::task::spawn_for;
use crate::ui::when;
use crate::ui::words::{fill, t};

/// The form of one colleague.
#[component]
pub(super) fn Member(
    colleague: Colleague,
    names: Names,
    /// Whether they may be changed.
    may: Memo<bool>,
    /// Whether their sign-ins may be ended.
    may_end: Memo<bool>,
    /// Something has changed: the list is loaded again.
    changed: Callback<()>,
    /// They were removed.
    gone: Callback<()>,
) -> impl IntoView {
    let Colleague { id, email, name, roles, scope, capacity, .. } = colleague.clone();
    let saved = RwSignal::new(colleague);
    let name = RwSignal::new(name);
    let capacity = RwSignal::new(capacity.to_string());
    let roles = RwSignal::new(roles);
    let scope = RwSignal::new(scope);
    let problem = RwSignal::new(None::<String>);
    let note = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    // What differs from what the relay has.
    let fields = move || {
        let (saved, mut fields) = (saved.read(), Map::new());
        let mut put = |field: &str, differs: bool, value: Value| {
            if differs {
                fields.insert(field.to_owned(), value);
            }
        };
        put("name", *name.read() != saved.name, name.get().into());
        let count = capacity.read().parse::<u32>();
        put("capacity", count != Ok(saved.capacity), count.map_or_else(|_| capacity.get().into(), Value::from));
        put("roles", *roles.read() != saved.roles, roles.get().into());
        put("scope", *scope.read() != saved.scope, serde_json::to_value(scope.get()).unwrap_or_default());
        fields
    };
    let id = StoredValue::new(id);
    let apply = move |fields: Map<String, Value>| {
        if busy.get_untracked() || fields.is_empty() {
            return;
        }
        busy.set(true);
        note.set(None);
        spawn_for(problem, async move {
            let version = saved.with_untracked(|saved| saved.version);
            let result = staff::change(&id.get_value(), version, &fields).await;
            busy.try_set(false);
            match result {
                Ok(now) => {
                    saved.set(now);
                    problem.set(None);
                    note.set(Some(t(key!("console_saved"))));
                    changed.run(());
                }
                Err(fault) => {
                    // Somebody else was faster: what they made of it is shown in the list.
                    if matches!(&fault, Fault::Problem(problem) if problem.name() == "changed") {
                        changed.run(());
                    }
                    problem.set(Some(said(&fault)));
                }
            }
        });
    };
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        apply(untrack(fields));
    };
    let discard = move |_| {
        let saved = saved.get_untracked();
        name.set(saved.name);
        capacity.set(saved.capacity.to_string());
        roles.set(saved.roles);
        scope.set(saved.scope);
        problem.set(None);
    };
    let has_changes = Memo::new(move |_| !fields().is_empty());
    let off = move || saved.read().disabled;
    let toggle =
        move |_| apply(Map::from_iter([("disabled".to_owned(), Value::Bool(!saved.read_untracked().disabled))]));
    view! {
        <form class="team__form" novalidate on:submit=save data-testid="staff-form">
            <h4>{move || saved.read().name.clone()}</h4>
            <p class="ask__note">{email}</p>
            <fieldset class="team__fields" disabled=move || !may.get()>
            <label class="field">
                <span>{t(key!("console_team_name"))}</span>
                <input
                    type="text"
                    data-testid="staff-name"
                    prop:value=move || name.get()
                    on:input=move |event| name.set(event_target_value(&event))
                />
            </label>
            <label class="field">
                <span>{t(key!("console_team_capacity"))}</span>
                <input
                    type="number"
                    min="1"
                    max="100"
                    data-testid="staff-capacity"
                    prop:value=move || capacity.get()
                    on:input=move |event| capacity.set(event_target_value(&event))
                />
            </label>
            <Roles chosen=roles names />
            <ScopeEditor scope names />
            </fieldset>
            <small class="field__problem" role="alert">{move || problem.get()}</small>
            <div class="team__bar">
                <p role="status" data-testid="staff-note">{move || note.get()}</p>
                <Show when=move || has_changes.get()>
                    <button type="button" class="button" data-testid="staff-discard" on:click=discard>
                        {t(key!("console_discard"))}
                    </button>
                </Show>
                <button
                    type="submit"
                    class="button button--main"
                    data-testid="staff-save"
                    disabled=move || busy.get() || !has_changes.get()
                >
                    {t(key!("console_save"))}
                </button>
            </div>
            <Show when=move || may_end.get()>
                <SignIns id problem />
            </Show>
            <div class="team__more">
                <Show when=move || may_end.get()>
                    <PasswordLink id problem />
                </Show>
                <Show when=move || may.get()>
                    <button type="button" class="button" data-testid="staff-off" on:click=toggle>
                        {move || t(if off() { key!("console_team_on") } else { key!("console_team_off") })}
                    </button>
                    <Remove id saved problem gone />
                </Show>
            </div>
        </form>
    }
}

/// Where they are signed in. Not shown to those who may not end sign-ins.
#[component]
fn SignIns(id: StoredValue<String>, problem: RwSignal<Option<String>>) -> impl IntoView {
    let known = RwSignal::new(None::<Vec<SignedIn>>);
    let load = move || {
        spawn_for(known, async move {
            if let Ok(found) = staff::sign_ins(&id.get_value()).await {
                known.try_set(Some(found));
            }
        });
    };
    load();
    let row = move |signed_in: SignedIn| {
        let SignedIn { id, browser, used_at_ms } = signed_in;
        let end = move |_| {
            let id = id.clone();
            spawn_for(known, async move {
                match staff::end_sign_in(&id).await {
                    Ok(()) => load(),
                    Err(fault) => problem.set(Some(said(&fault))),
                }
            });
        };
        view! {
            <li>
                <span>
                    {browser.unwrap_or_else(|| t(key!("console_browser_unknown")))}
                    <small>{when::long(used_at_ms)}</small>
                </span>
                <button type="button" class="button" data-testid="staff-session-end" on:click=end>
                    {t(key!("console_team_session_end"))}
                </button>
            </li>
        }
    };
    move || {
        known.get().map(|known| {
            let none = known
                .is_empty()
                .then(|| view! { <p class="ask__note">{t(key!("console_team_signed_in_nowhere"))}</p> });
            view! {
                <h5>{t(key!("console_team_signed_in"))}</h5>
                {none}
                <ul class="team__sessions">{known.into_iter().map(row).collect_view()}</ul>
            }
        })
    }
}

/// Makes a link for a new password, and shows it once.
#[component]
fn PasswordLink(id: StoredValue<String>, problem: RwSignal<Option<String>>) -> impl IntoView {
    let link = RwSignal::new(None::<String>);
    let make = move |_| {
        spawn_for(problem, async move {
            match staff::password_link(&id.get_value()).await {
                Ok(made) => link.set(Some(made)),
                Err(fault) => problem.set(Some(said(&fault))),
            }
        });
    };
    view! {
        <button type="button" class="button" data-testid="staff-password-link" on:click=make>
            {t(key!("console_team_password_link"))}
        </button>
        {move || link.get().map(|text| view! { <Once text note=t(key!("console_team_password_note")) /> })}
    }
}

/// Removes the colleague, asked once.
#[component]
fn Remove(
    id: StoredValue<String>,
    saved: RwSignal<Colleague>,
    problem: RwSignal<Option<String>>,
    gone: Callback<()>,
) -> impl IntoView {
    let asking = RwSignal::new(false);
    let closed = move |()| asking.set(false);
    let remove = move |()| {
        asking.set(false);
        let version = saved.with_untracked(|saved| saved.version);
        spawn_for(problem, async move {
            match staff::remove(&id.get_value(), version).await {
                Ok(()) => gone.run(()),
                Err(fault) => problem.set(Some(said(&fault))),
            }
        });
    };
    view! {
        <button type="button" class="button settings__remove" data-testid="staff-remove" on:click=move |_| asking.set(true)>
            {t(key!("console_remove"))}
        </button>
        <Show when=move || asking.get()>
            <Dialog title=fill(key!("console_team_remove"), &[("name", &saved.read().name)]) name="staff-remove-ask" closed>
                <p>{t(key!("console_team_remove_note"))}</p>
                <Answers yes=t(key!("console_remove")) danger=true done=remove closed />
            </Dialog>
        </Show>
    }
}
