//! Keys of the API: listed, made, revoked.

use leptos::prelude::*;
use leptos::task::spawn_local;
use relay_settings::Right;
use widget::clock::now_ms;
use widget::key;

use super::once::Once;
use super::problem::said;
use super::rights::RightBoxes;
use super::scope::{Names, ScopeEditor};
use crate::api::keys::{self, ApiKey, NewKey};
use crate::desk::Desk;
use crate::desk::route::{Page, Setting, Which};
use crate::desk::screen::Screen;
use crate::ui::dialog::{Answers, Dialog};
use crate::ui::focus::{after_drawing, focus};
use crate::ui::task::spawn_for;
use crate::ui::when;
use crate::ui::words::{fill, t};

const DAY_MS: u64 = 86_400_000;

/// The page.
#[component]
pub(super) fn Keys(
    /// The session.
    desk: Desk,
    /// What is looked at.
    screen: Screen,
) -> impl IntoView {
    let listed = RwSignal::new(None::<Result<Vec<ApiKey>, ()>>);
    let making = Memo::new(move |_| screen.setting.read().which == Which::New);
    let toggled = move || {
        let which = if making.get() { Which::List } else { Which::New };
        Setting { page: Page::Keys, which }.path()
    };
    let load = move || {
        spawn_local(async move {
            let found = keys::list().await.map_err(drop);
            listed.try_set(Some(found));
        });
    };
    load();
    let names = Names::load();
    // A key that was just made is shown in place of the form: it is shown this once, and a second press makes no second key.
    let made = RwSignal::new(None::<String>);
    let reload = Callback::new(move |()| load());
    let done = Callback::new(move |text: String| {
        made.set(Some(text));
        screen.setting.update(|setting| setting.which = Which::List);
        load();
        after_drawing(|| focus(".keys-page [data-testid='once']"));
    });
    view! {
        <section class="keys-page">
            <header class="settings__head">
                <h3>{t(key!("console_keys_page"))}</h3>
                <a
                    class="button button--main"
                    href=toggled
                    data-testid="key-new"
                    aria-expanded=move || making.get().to_string()
                >
                    {t(key!("console_key_new"))}
                </a>
            </header>
            <div class="team__list">
                {move || made.get().map(|text| view! {
                    <div class="keys-page__made">
                        <Once text note=t(key!("console_key_once")) />
                        <button type="button" class="button" data-testid="key-kept" on:click=move |_| made.set(None)>
                            {t(key!("console_key_kept"))}
                        </button>
                    </div>
                })}
                <Show when=move || making.get()>
                    <NewKeyForm desk names done />
                </Show>
                {move || match listed.get() {
                    None => view! { <p class="empty" role="status">{t(key!("console_loading"))}</p> }.into_any(),
                    Some(Err(())) => view! {
                        <div class="empty" role="alert">
                            <b>{t(key!("console_settings_failed"))}</b>
                            <button type="button" class="button" data-testid="keys-retry" on:click=move |_| load()>
                                {t(key!("console_settings_retry"))}
                            </button>
                        </div>
                    }
                    .into_any(),
                    Some(Ok(all)) if all.is_empty() => {
                        view! { <p class="empty">{t(key!("console_keys_none"))}</p> }.into_any()
                    }
                    Some(Ok(all)) => view! {
                        <ul class="team__people">
                            {all.into_iter().map(|key| view! { <Row key_record=key names reload /> }).collect_view()}
                        </ul>
                    }
                    .into_any(),
                }}
            </div>
        </section>
    }
}

#[component]
fn NewKeyForm(
    /// Who makes it.
    desk: Desk,
    names: Names,
    /// A key was made.
    done: Callback<String>,
) -> impl IntoView {
    let name = RwSignal::new(String::new());
    let rights = RwSignal::new(Vec::<String>::new());
    let scope = RwSignal::new(untrack(|| desk.staff(|staff| staff.scope.clone())));
    let days = RwSignal::new(365_u64);
    let problem = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let make = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        let name = name.get_untracked().trim().to_owned();
        if name.is_empty() || rights.read_untracked().is_empty() {
            return problem.set(Some(t(key!("console_key_needs"))));
        }
        let days = days.get_untracked();
        let until_ms = (days > 0).then(|| now_ms() + days * DAY_MS);
        let key = NewKey { name, rights: rights.get_untracked(), scope: scope.get_untracked(), until_ms };
        busy.set(true);
        spawn_for(problem, async move {
            let made = keys::make(&key).await;
            busy.set(false);
            match made {
                Ok(text) => done.run(text),
                Err(fault) => problem.set(Some(said(&fault))),
            }
        });
    };
    after_drawing(|| focus("[data-testid='key-name']"));
    let end = |count: u64, words: widget::text::Key| view! { <option value=count.to_string() selected=count == 365>{t(words)}</option> };
    view! {
        <form class="keys-page__form" novalidate on:submit=make>
            <label class="field">
                <span>{t(key!("console_key_name"))}</span>
                <input
                    type="text"
                    data-testid="key-name"
                    prop:value=move || name.get()
                    on:input=move |event| name.set(event_target_value(&event))
                />
                <small>{t(key!("console_key_name_note"))}</small>
            </label>
            <label class="field">
                <span>{t(key!("console_key_valid_for"))}</span>
                <select data-testid="key-end" on:change=move |event| days.set(event_target_value(&event).parse().unwrap_or(365))>
                    {end(30, key!("console_key_end_month"))}
                    {end(365, key!("console_key_end_year"))}
                    {end(0, key!("console_key_end_never"))}
                </select>
            </label>
            <fieldset class="field">
                <legend>{t(key!("console_role_rights"))}</legend>
                <RightBoxes desk chosen=rights set=Callback::new(move |names| rights.set(names)) />
            </fieldset>
            <ScopeEditor desk scope names />
            <small class="field__problem" role="alert">{move || problem.get()}</small>
            <button type="submit" class="button button--main" data-testid="key-make">{t(key!("console_key_make"))}</button>
        </form>
    }
}

/// One key.
#[component]
fn Row(key_record: ApiKey, names: Names, reload: Callback<()>) -> impl IntoView {
    let ApiKey {
        id,
        name,
        rights,
        scope,
        is_valid,
        made_by,
        made_by_is_off,
        made_at_ms,
        until_ms,
        used_at_ms,
        revoked_at_ms,
    } = key_record;
    let asking = RwSignal::new(false);
    let closed = move |()| asking.set(false);
    let revoke = {
        let id = id.clone();
        move |()| {
            let id = id.clone();
            asking.set(false);
            spawn_for(asking, async move {
                // Revoked meanwhile: the list shows it.
                drop(keys::revoke(&id).await);
                reload.run(());
            });
        }
    };
    let revoke = StoredValue::new(revoke);
    let state = match (revoked_at_ms, is_valid, until_ms) {
        (Some(at_ms), _, _) => fill(key!("console_key_revoked"), &[("time", &when::long(at_ms))]),
        (None, false, _) => t(key!("console_key_ended")),
        (None, true, Some(until_ms)) => fill(key!("console_key_until"), &[("time", &when::date(until_ms))]),
        (None, true, None) => t(key!("console_key_endless")),
    };
    let used = used_at_ms.map_or_else(
        || t(key!("console_key_unused")),
        |at_ms| fill(key!("console_key_used"), &[("time", &when::long(at_ms))]),
    );
    let made = fill(
        key!("console_key_made"),
        &[("name", &made_by.unwrap_or_else(|| t(key!("console_who_command_line")))), ("time", &when::long(made_at_ms))],
    );
    let rights =
        rights.iter().filter_map(|name| name.parse::<Right>().ok()).map(|right| t(super::rights::words(right)));
    let rights = rights.collect::<Vec<_>>().join(", ");
    let title = fill(key!("console_key_revoke_title"), &[("name", &name)]);
    let named = name.clone();
    view! {
        <li class="team__row" data-testid="key-row" data-name=named class:team__row--off=!is_valid>
            <span>
                <b>{name}</b>
                <small>{made}</small>
                {(is_valid && made_by_is_off).then(|| view! {
                    <small class="field__problem" data-testid="key-maker-off">{t(key!("console_key_maker_off"))}</small>
                })}
            </span>
            <span>
                {rights}
                <small>{move || names.scope(&scope)}</small>
            </span>
            <span>
                {state}
                <small>{used}</small>
            </span>
            <Show when=move || is_valid fallback=|| view! { <span></span> }>
                <button type="button" class="button settings__remove" data-testid="key-revoke" on:click=move |_| asking.set(true)>
                    {t(key!("console_key_revoke"))}
                </button>
            </Show>
            <Show when=move || asking.get()>
                <Dialog title=title.clone() name="key-revoke-ask" closed>
                    <p>{t(key!("console_key_revoke_note"))}</p>
                    <Answers yes=t(key!("console_key_revoke")) danger=true done=move |()| revoke.with_value(|revoke| revoke(())) closed />
                </Dialog>
            </Show>
        </li>
    }
}
