//! Passkeys: listed, added, removed.

use leptos::html;
use leptos::prelude::*;
use widget::env::window;
use widget::key;

use super::factor::Codes;
use crate::api::passkey::{self, Passkey, Passkeys, Unmade};
use crate::api::v1::Fault;
use crate::ui::dialog::{Answers, Dialog};
use crate::ui::task::spawn_for;
use crate::ui::when;
use crate::ui::words::{fill, t};

/// Characters of a name; the relay checks it again.
const NAME_CHARS_MAX: &str = "80";

/// The card.
#[component]
pub(super) fn PasskeysCard(
    /// Called when there is one more, or one less.
    changed: Callback<()>,
    /// Grows with each such change.
    times: RwSignal<u32>,
) -> impl IntoView {
    let found = RwSignal::new(None::<Passkeys>);
    let codes = RwSignal::new(None::<Vec<String>>);
    let problem = RwSignal::new(None::<String>);
    Effect::new(move || {
        times.track();
        spawn_for(problem, async move {
            match passkey::list().await {
                Ok(passkeys) => found.set(Some(passkeys)),
                Err(_) => problem.set(Some(t(key!("console_account_failed")))),
            }
        });
    });
    let remove = Callback::new(move |id: String| {
        problem.set(None);
        spawn_for(problem, async move {
            match passkey::remove(&id).await {
                Ok(()) => changed.run(()),
                Err(_) => problem.set(Some(t(key!("console_account_failed")))),
            }
        });
    });
    let made = Callback::new(move |shown: Vec<String>| {
        if shown.is_empty() {
            changed.run(());
        } else {
            codes.set(Some(shown));
        }
    });
    let kept = Callback::new(move |()| {
        codes.set(None);
        changed.run(());
    });
    view! {
        <div class="card" data-testid="passkeys">
            <h3>{t(key!("console_passkeys"))}</h3>
            <p class="card__note">{t(key!("console_passkeys_note"))}</p>
            <div role="alert">
                {move || problem.get().map(|words| view! { <p class="card__problem" data-testid="passkey-problem">{words}</p> })}
            </div>
            {move || match codes.get() {
                Some(codes) => view! { <Codes codes kept /> }.into_any(),
                None => match found.get() {
                    Some(passkeys) => view! { <Present passkeys remove made problem /> }.into_any(),
                    None => view! { <p role="status">{t(key!("console_loading"))}</p> }.into_any(),
                },
            }}
        </div>
    }
}

/// What there is, and the way to another one.
#[component]
fn Present(
    passkeys: Passkeys,
    remove: Callback<String>,
    made: Callback<Vec<String>>,
    problem: RwSignal<Option<String>>,
) -> impl IntoView {
    let Passkeys { items, origins } = passkeys;
    let here = window().location().origin().unwrap_or_default();
    let rows = items.into_iter().map(|passkey| {
        view! {
            <li data-testid="passkey-row">
                <Row passkey remove />
            </li>
        }
    });
    let another = if !passkey::is_known() {
        view! { <p class="card__note">{t(key!("console_passkeys_unknown"))}</p> }.into_any()
    } else if origins.contains(&here) {
        view! { <Add made problem /> }.into_any()
    } else if let Some(origin) = origins.into_iter().next() {
        let href = [&origin, "/console/account"].concat();
        view! {
            <p class="card__note">
                {t(key!("console_passkeys_elsewhere"))} " "
                <a href=href rel="external" data-testid="passkey-elsewhere">{origin}</a>
            </p>
        }
        .into_any()
    } else {
        view! { <p class="card__note" data-testid="passkey-address">{t(key!("console_passkeys_address"))}</p> }
            .into_any()
    };
    view! {
        <ul class="card__rows">{rows.collect_view()}</ul>
        {another}
    }
}

#[component]
fn Row(passkey: Passkey, remove: Callback<String>) -> impl IntoView {
    let asked = RwSignal::new(false);
    let Passkey { id, name, host, alone, made_at_ms, used_at_ms } = passkey;
    let made = when::day(made_at_ms);
    let times = match used_at_ms {
        Some(used_at_ms) => fill(key!("console_passkey_times"), &[("made", &made), ("used", &when::long(used_at_ms))]),
        None => fill(key!("console_passkey_unused"), &[("made", &made)]),
    };
    let does = t(if alone { key!("console_passkey_alone") } else { key!("console_passkey_second") });
    let label = fill(key!("console_passkey_remove_label"), &[("name", &name)]);
    let title = fill(key!("console_passkey_remove_title"), &[("name", &name)]);
    let close = move |()| asked.set(false);
    let yes = Callback::new(move |()| {
        asked.set(false);
        remove.run(id.clone());
    });
    view! {
        <div class="card__what">
            <b>{name}</b>
            <small>{[&does, " · ", &host].concat()}</small>
            <br />
            <small>{times}</small>
        </div>
        <button
            type="button"
            class="button button--danger"
            data-testid="passkey-remove"
            aria-label=label
            on:click=move |_| asked.set(true)
        >
            {t(key!("console_remove"))}
        </button>
        <Show when=move || asked.get()>
            <Dialog title=title.clone() name="passkey-remove-ask" closed=close>
                <p>{t(key!("console_passkey_remove_note"))}</p>
                <Answers yes=t(key!("console_remove")) danger=true done=yes closed=close />
            </Dialog>
        </Show>
    }
}

/// The form for another one.
#[component]
fn Add(made: Callback<Vec<String>>, problem: RwSignal<Option<String>>) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    let (busy, missing) = (RwSignal::new(false), RwSignal::new(false));
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        let name = field.get_untracked().map(|field| field.value()).unwrap_or_default();
        missing.set(name.trim().is_empty());
        if missing.get_untracked() {
            if let Some(field) = field.get_untracked() {
                field.focus().ok();
            }
            return;
        }
        busy.set(true);
        problem.set(None);
        spawn_for(busy, async move {
            let outcome = passkey::make(name.trim()).await;
            busy.set(false);
            match outcome {
                Ok(codes) => made.run(codes),
                Err(unmade) => problem.set(Some(unmade_words(&unmade))),
            }
        });
    };
    view! {
        <form on:submit=submit novalidate>
            <label class="field">
                <span>{t(key!("console_passkey_name"))}</span>
                <input
                    type="text"
                    name="passkey-name"
                    maxlength=NAME_CHARS_MAX
                    autocomplete="off"
                    data-testid="passkey-name"
                    node_ref=field
                    aria-invalid=move || missing.get().to_string()
                    aria-describedby="passkey-name-problem"
                />
                <small id="passkey-name-problem" class="field__problem" aria-live="polite">
                    {move || missing.get().then(|| t(key!("console_passkey_name_missing")))}
                </small>
            </label>
            <button type="submit" class="button button--main" data-testid="passkey-add" disabled=move || busy.get()>
                {t(key!("console_passkey_add"))}
            </button>
        </form>
    }
}

/// Why no passkey was added.
fn unmade_words(unmade: &Unmade) -> String {
    let is_out_of_range = |fault: &Fault| match fault {
        Fault::Problem(problem) => {
            problem.problems.iter().any(|one| one.code == relay_settings::ProblemCode::OutOfRange)
        }
        Fault::Unreachable => false,
    };
    t(match unmade {
        Unmade::Browser(name) if name == "InvalidStateError" => key!("console_passkey_known"),
        Unmade::Browser(_) => key!("console_passkey_stopped"),
        Unmade::Relay(fault) if is_out_of_range(fault) => key!("console_passkey_full"),
        Unmade::Relay(_) => key!("console_account_failed"),
    })
}
