//! The second factor: set up with a QR code, recovery codes, removed.

use leptos::html;
use leptos::prelude::*;
use widget::key;

use crate::api::account::{self, Begun, Factor};
use crate::api::v1::Fault;
use crate::ui::copy::Copy;
use crate::ui::dialog::{Answers, Dialog};
use crate::ui::task::spawn_for;
use crate::ui::when;
use crate::ui::words::{fill, t};

/// What the card shows.
#[derive(Clone, PartialEq, Eq)]
enum Step {
    /// What there is; none until the relay has answered.
    Shown(Option<Factor>),
    /// A secret whose first code is still to come.
    Begun(Begun),
    /// Codes that are shown once.
    Codes(Vec<String>),
}

/// The card.
#[component]
pub(super) fn FactorCard(
    /// Called when there is a second factor, or none any more.
    changed: Callback<()>,
    /// Grows with each change of passkeys, too.
    times: RwSignal<u32>,
) -> impl IntoView {
    let step = RwSignal::new(Step::Shown(None));
    let failed = RwSignal::new(false);
    let load = move || {
        spawn_for(failed, async move {
            match account::factor().await {
                Ok(factor) => step.set(Step::Shown(Some(factor))),
                Err(_) => failed.set(true),
            }
        });
    };
    Effect::new(move || {
        times.track();
        // What is shown once stays until it was kept.
        if matches!(&*step.read_untracked(), Step::Shown(_)) {
            load();
        }
    });
    let begin = Callback::new(move |()| {
        spawn_for(failed, async move {
            match account::begin().await {
                Ok(begun) => step.set(Step::Begun(begun)),
                Err(_) => failed.set(true),
            }
        });
    });
    let renew = Callback::new(move |()| {
        spawn_for(failed, async move {
            match account::renew().await {
                Ok(codes) => step.set(Step::Codes(codes)),
                Err(_) => failed.set(true),
            }
        });
    });
    let remove = Callback::new(move |()| {
        spawn_for(failed, async move {
            match account::remove().await {
                Ok(()) => changed.run(()),
                Err(_) => failed.set(true),
            }
        });
    });
    let kept = Callback::new(move |()| {
        step.set(Step::Shown(None));
        changed.run(());
    });
    view! {
        <div class="card" data-testid="factor">
            <h3>{t(key!("console_factor"))}</h3>
            <div role="alert">
                {move || failed.get().then(|| view! { <p class="card__problem">{t(key!("console_account_failed"))}</p> })}
            </div>
            {move || match step.get() {
                Step::Shown(None) => view! { <p role="status">{t(key!("console_loading"))}</p> }.into_any(),
                Step::Shown(Some(factor)) => view! { <Present factor begin renew remove /> }.into_any(),
                Step::Begun(begun) => view! { <FirstCode begun step failed /> }.into_any(),
                Step::Codes(codes) => view! { <Codes codes kept /> }.into_any(),
            }}
        </div>
    }
}

/// Whether there is one, and what can be done.
#[component]
fn Present(factor: Factor, begin: Callback<()>, renew: Callback<()>, remove: Callback<()>) -> impl IntoView {
    let asked = RwSignal::new(false);
    let left = fill(key!("console_factor_codes_left"), &[("count", &factor.recovery_codes.to_string())]);
    let Some(since_ms) = factor.code_since_ms else {
        let has_passkey = factor.passkeys > 0;
        let off = if has_passkey { key!("console_factor_off_passkey") } else { key!("console_factor_off") };
        return view! {
            <p class="card__note">{t(off)}</p>
            {has_passkey.then(|| view! { <CodesLeft left renew /> })}
            <button
                type="button"
                class="button button--main"
                data-testid="factor-begin"
                on:click=move |_| begin.run(())
            >
                {t(key!("console_factor_begin"))}
            </button>
        }
        .into_any();
    };
    let words = fill(key!("console_factor_on"), &[("date", &when::day(since_ms))]);
    let close = move |()| asked.set(false);
    let yes = move |()| {
        asked.set(false);
        remove.run(());
    };
    view! {
        <p class="card__note" data-testid="factor-on">{words}</p>
        <CodesLeft left renew />
        <div class="card__buttons">
            <button
                type="button"
                class="button button--danger"
                data-testid="factor-remove"
                on:click=move |_| asked.set(true)
            >
                {t(key!("console_remove"))}
            </button>
        </div>
        <Show when=move || asked.get()>
            <Dialog title=t(key!("console_factor_remove_title")) name="factor-remove-ask" closed=close>
                <p>{t(key!("console_factor_remove_note"))}</p>
                <Answers yes=t(key!("console_remove")) danger=true done=yes closed=close />
            </Dialog>
        </Show>
    }
    .into_any()
}

/// How many recovery codes are left, and the way to new ones.
#[component]
fn CodesLeft(left: String, renew: Callback<()>) -> impl IntoView {
    view! {
        <p class="card__note" data-testid="codes-left">
            {left} " "
            <button type="button" class="button" data-testid="factor-renew" on:click=move |_| renew.run(())>
                {t(key!("console_factor_codes_new"))}
            </button>
        </p>
    }
}

/// The secret as a QR code and as text, and the field for its first code.
#[component]
fn FirstCode(begun: Begun, step: RwSignal<Step>, failed: RwSignal<bool>) -> impl IntoView {
    let code = NodeRef::<html::Input>::new();
    let (wrong, busy) = (RwSignal::new(false), RwSignal::new(false));
    Effect::new(move || {
        if let Some(field) = code.get() {
            field.focus().ok();
        }
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let typed = code.get_untracked().map(|field| field.value()).unwrap_or_default();
        if typed.trim().is_empty() || busy.get_untracked() {
            return;
        }
        busy.set(true);
        spawn_for(busy, async move {
            let finished = account::finish(typed.trim()).await;
            busy.set(false);
            match finished {
                Ok(codes) => step.set(Step::Codes(codes)),
                Err(Fault::Problem(problem)) if !problem.problems.is_empty() => {
                    wrong.set(true);
                    if let Some(field) = code.get_untracked() {
                        field.select();
                    }
                }
                Err(_) => failed.set(true),
            }
        });
    };
    let side = begun.qr_side;
    view! {
        <form on:submit=submit novalidate>
            <p class="card__note">{t(key!("console_factor_scan"))}</p>
            <svg
                class="card__qr"
                viewBox=format!("0 0 {side} {side}")
                role="img"
                aria-label=t(key!("console_factor_qr"))
                shape-rendering="crispEdges"
            >
                <path d=begun.qr_path></path>
            </svg>
            <p class="card__secret">
                <span>{t(key!("console_factor_key"))}</span>
                <code data-testid="factor-key">{begun.secret}</code>
            </p>
            <label class="field">
                <span>{t(key!("console_code"))}</span>
                <input
                    type="text"
                    name="code"
                    inputmode="numeric"
                    autocomplete="one-time-code"
                    data-testid="totp-code"
                    node_ref=code
                    aria-invalid=move || wrong.get().to_string()
                    aria-describedby="factor-problem"
                />
                <small id="factor-problem" class="field__problem" aria-live="polite">
                    {move || wrong.get().then(|| t(key!("console_code_wrong")))}
                </small>
            </label>
            <button type="submit" class="button button--main" data-testid="factor-confirm" disabled=move || busy.get()>
                {t(key!("console_factor_confirm"))}
            </button>
        </form>
    }
}

/// Recovery codes, shown once.
#[component]
pub(super) fn Codes(codes: Vec<String>, kept: Callback<()>) -> impl IntoView {
    let text = codes.join("\n");
    view! {
        <h4>{t(key!("console_factor_codes"))}</h4>
        <p class="card__note">{t(key!("console_factor_codes_note"))}</p>
        <ul class="card__codes" data-testid="recovery-codes">
            {codes.into_iter().map(|code| view! { <li><code>{code}</code></li> }).collect_view()}
        </ul>
        <div class="card__buttons">
            <Copy text test="codes-copy" />
            <button type="button" class="button button--main" data-testid="codes-kept" on:click=move |_| kept.run(())>
                {t(key!("console_factor_codes_done"))}
            </button>
        </div>
    }
}
