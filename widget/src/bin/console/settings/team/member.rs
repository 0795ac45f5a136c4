//! One colleague: name, roles, scope, sign-ins, and what else can be done.

use leptos::prelude::*;
use relay_settings::{Kind, Right, Scope};
use serde_json::{Map, Value};
use widget::key;

use super::factor::RemoveFactor;
use super::roles::Roles;
use super::sign_ins::SignIns;
use crate::api::staff::{self, Colleague};
use crate::api::v1::Fault;
use crate::desk::Desk;
use crate::desk::rights::has;
use crate::desk::route::{Page, Setting, Which};
use crate::desk::screen::{Screen, Unsaved};
use crate::settings::field::reference::Options;
use crate::settings::once::Once;
use crate::settings::problem::said;
use crate::settings::scope::{Names, ScopeEditor};
use crate::ui::dialog::{Answers, Dialog};
use crate::ui::focus::focus;
use crate::ui::save_key::on_save_key;
use crate::ui::task::spawn_for;
use crate::ui::words::{fill, t};

const NAME: &str = "name";
const CAPACITY: &str = "capacity";
const ROLES: &str = "roles";
const SCOPE: &str = "scope";
const HOURS: &str = "hours";

/// The form of one colleague.
#[component]
pub(super) fn Member(
    /// The session.
    desk: Desk,
    /// What is looked at.
    screen: Screen,
    colleague: Colleague,
    names: Names,
    /// Something has changed: the list is loaded again.
    changed: Callback<()>,
    /// They were removed.
    gone: Callback<()>,
) -> impl IntoView {
    let Colleague { id, email, name, roles, scope, hours, capacity, .. } = colleague.clone();
    let saved = RwSignal::new(colleague);
    // Nobody changes whom they could not make what they are.
    let makes = Memo::new(move |_| saved.with(|saved| names.makes(desk, &saved.roles, &saved.scope)));
    let may = Memo::new(move |_| makes.get() && has(desk, Right::StaffEdit));
    let may_end = Memo::new(move |_| makes.get() && has(desk, Right::SessionEdit));
    let locked =
        move || names.loaded.get() && !makes.get() && (has(desk, Right::StaffEdit) || has(desk, Right::SessionEdit));
    let name = RwSignal::new(name);
    let capacity = RwSignal::new(capacity.to_string());
    let roles = RwSignal::new(roles);
    let scope = RwSignal::new(scope);
    let hours = RwSignal::new(hours);
    let problem = RwSignal::new(None::<String>);
    let note = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let form = Typed { name, capacity, roles, scope, hours };
    let address = Setting { page: Page::Team, which: id.parse().map_or(Which::List, Which::One) }.path();
    let address = StoredValue::new(address);
    let kept = screen.unsaved.read_untracked().get(&address.get_value()).cloned();
    if let Some(kept) = kept {
        form.bring_back(&kept.body);
        if kept.version != Some(saved.read_untracked().version) {
            problem.set(Some(t(key!("console_team_changed"))));
        }
    }
    // What differs from what the relay has.
    let fields = move || form.differing(&saved.read());
    // It stays with its colleague, also while others are looked at.
    Effect::new(move || {
        let (fields, version) = (fields(), Some(saved.read().version));
        screen.unsaved.update(|unsaved| {
            if fields.is_empty() {
                unsaved.remove(&address.get_value());
            } else {
                unsaved.insert(address.get_value(), Unsaved { version, id: String::new(), body: fields });
            }
        });
    });
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
                Err(Fault::Problem(refused)) if refused.name() == "changed" => {
                    // Somebody else was faster: what was not changed here is shown as they made it.
                    let mine = untrack(|| form.differing(&saved.read()));
                    if let Ok(theirs) = staff::read(&id.get_value()).await {
                        form.show(&theirs);
                        form.bring_back(&mine);
                        saved.set(theirs);
                    }
                    changed.run(());
                    problem.set(Some(t(key!("console_team_changed"))));
                }
                Err(fault) => problem.set(Some(said(&fault))),
            }
        });
    };
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        apply(untrack(fields));
    };
    let discard = move |_| {
        focus("[data-testid='staff-save']");
        form.show(&saved.read_untracked());
        problem.set(None);
    };
    // With them goes what was not saved of them.
    let gone = Callback::new(move |()| {
        screen.unsaved.update(|unsaved| drop(unsaved.remove(&address.get_value())));
        gone.run(());
    });
    let has_changes = Memo::new(move |_| !fields().is_empty());
    let set_off = Callback::new(move |off: bool| apply(Map::from_iter([("disabled".to_owned(), Value::Bool(off))])));
    on_save_key(move || apply(untrack(fields)));
    let is_me = move || desk.me().is_some_and(|me| id.with_value(|id| *id == me.id.to_string()));
    view! {
        <form class="team__form" novalidate on:submit=save data-testid="staff-form">
            <h4>{move || saved.read().name.clone()}</h4>
            <p class="ask__note">{email}</p>
            <Show when=locked>
                <p class="ask__note" data-testid="form-locked">{t(key!("console_team_locked"))}</p>
            </Show>
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
            <Roles desk chosen=roles names />
            <ScopeEditor desk scope names />
            <Hours hours />
            </fieldset>
            <small class="field__problem" role="alert">{move || problem.get()}</small>
            <div class="team__bar">
                <p role="status" data-testid="staff-note">{move || note.get()}</p>
                <Show when=move || has_changes.get()>
                    <button type="button" class="button" data-testid="staff-discard" on:click=discard>
                        {t(key!("console_discard"))}
                    </button>
                </Show>
                <Show when=move || may.get()>
                <button
                    type="submit"
                    class="button button--main"
                    data-testid="staff-save"
                    // Not `disabled`: the focus would be lost with each save.
                    aria-disabled=move || (busy.get() || !has_changes.get()).to_string()
                >
                    {t(key!("console_save"))}
                </button>
                </Show>
            </div>
            <Show when=move || may_end.get()>
                <SignIns id problem />
            </Show>
            <div class="team__more">
                <Show when=move || may_end.get()>
                    <PasswordLink id problem />
                    // One's own are in one's own account.
                    <Show when=move || saved.read().second_factor && !is_me()>
                        <RemoveFactor screen id saved />
                    </Show>
                </Show>
                <Show when=move || may.get()>
                    // Nobody shuts themselves out.
                    <Show when=move || !is_me()>
                        <Off saved set=set_off />
                        <Remove id saved problem gone />
                    </Show>
                </Show>
            </div>
        </form>
    }
}

/// What is typed of a colleague; copies share it.
#[derive(Clone, Copy)]
struct Typed {
    name: RwSignal<String>,
    capacity: RwSignal<String>,
    roles: RwSignal<Vec<String>>,
    scope: RwSignal<Scope>,
    hours: RwSignal<Option<String>>,
}

impl Typed {
    /// The fields that differ from what the relay has, as a change names them.
    fn differing(self, saved: &Colleague) -> Map<String, Value> {
        let mut fields = Map::new();
        let mut put = |field: &str, differs: bool, value: Value| {
            if differs {
                fields.insert(field.to_owned(), value);
            }
        };
        put(NAME, *self.name.read() != saved.name, self.name.get().into());
        let count = self.capacity.read().parse::<u32>();
        let typed = count.clone().map_or_else(|_| self.capacity.get().into(), Value::from);
        put(CAPACITY, count != Ok(saved.capacity), typed);
        put(ROLES, *self.roles.read() != saved.roles, self.roles.get().into());
        put(HOURS, *self.hours.read() != saved.hours, self.hours.get().into());
        put(SCOPE, *self.scope.read() != saved.scope, serde_json::to_value(self.scope.get()).unwrap_or_default());
        fields
    }

    /// Shows a colleague as the relay has them.
    fn show(self, saved: &Colleague) {
        self.name.set(saved.name.clone());
        self.capacity.set(saved.capacity.to_string());
        self.roles.set(saved.roles.clone());
        self.scope.set(saved.scope.clone());
        self.hours.set(saved.hours.clone());
    }

    /// Shows what was typed before.
    fn bring_back(self, fields: &Map<String, Value>) {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let of = |field: &str| fields.get(field).cloned();
        if let Some(name) = of(NAME) {
            self.name.set(text(&name));
        }
        if let Some(capacity) = of(CAPACITY) {
            self.capacity.set(text(&capacity));
        }
        if let Some(roles) = of(ROLES).and_then(|roles| serde_json::from_value(roles).ok()) {
            self.roles.set(roles);
        }
        if let Some(scope) = of(SCOPE).and_then(|scope| serde_json::from_value(scope).ok()) {
            self.scope.set(scope);
        }
        if let Some(hours) = of(HOURS) {
            self.hours.set(hours.as_str().map(str::to_owned));
        }
    }
}

/// The hours outside which nothing is given to them.
#[component]
fn Hours(hours: RwSignal<Option<String>>) -> impl IntoView {
    let choose = move |event: leptos::ev::Event| {
        hours.set(Some(event_target_value(&event)).filter(|id| !id.is_empty()));
    };
    let chosen = Signal::derive(move || hours.get().unwrap_or_default());
    view! {
        <label class="field">
            <span>{t(key!("console_team_hours"))}</span>
            <select data-testid="staff-hours" on:change=choose>
                <Options kind=Kind::Hours chosen none=key!("console_team_hours_none") />
            </select>
            <small>{t(key!("console_team_hours_note"))}</small>
        </label>
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

/// Switches the colleague off, asked once, and on again.
#[component]
fn Off(saved: RwSignal<Colleague>, set: Callback<bool>) -> impl IntoView {
    let asking = RwSignal::new(false);
    let closed = move |()| asking.set(false);
    let off = move || saved.read().disabled;
    let toggle = move |_| if saved.read_untracked().disabled { set.run(false) } else { asking.set(true) };
    let done = move |()| {
        asking.set(false);
        set.run(true);
    };
    view! {
        <button type="button" class="button" data-testid="staff-off" on:click=toggle>
            {move || t(if off() { key!("console_team_on") } else { key!("console_team_off") })}
        </button>
        <Show when=move || asking.get()>
            <Dialog title=fill(key!("console_team_off_title"), &[("name", &saved.read().name)]) name="staff-off-ask" closed>
                <p>{t(key!("console_team_off_note"))}</p>
                <Answers yes=t(key!("console_team_off")) danger=true done closed />
            </Dialog>
        </Show>
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
