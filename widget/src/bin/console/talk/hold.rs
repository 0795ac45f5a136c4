//! The window about a hold: why a conversation is to be kept whatever its age, who said so, and ending that.

use leptos::prelude::*;
use leptos::task::spawn_local;
use relay_settings::ProblemCode;
use widget::key;
use wire::ConversationId;

use super::erase::fault_words;
use crate::api::erasing::{self, Hold};
use crate::api::v1::Fault;
use crate::desk::screen::Screen;
use crate::ui::dialog::{Answers, Dialog};
use crate::ui::reason::{Reason, given};
use crate::ui::words::t;
use crate::ui::{when, who};

/// Holds a conversation, or ends its hold.
#[component]
pub(crate) fn HoldDialog(
    /// What is looked at.
    screen: Screen,
    /// Which.
    conversation: ConversationId,
) -> impl IntoView {
    // None while it is asked for.
    let standing = RwSignal::new(None::<Result<Option<Hold>, String>>);
    let is_held = move || matches!(&*standing.read(), Some(Ok(Some(_))));
    let close = move |()| screen.asking.set(None);
    spawn_local(async move {
        standing.try_set(Some(erasing::hold(conversation).await.map_err(|fault| fault_words(&fault))));
    });
    let title =
        Signal::derive(move || t(if is_held() { key!("console_hold_held_title") } else { key!("console_hold_title") }));
    view! {
        <Dialog title name="hold-dialog" closed=close>
            {move || match standing.get() {
                None => view! { <p role="status">{t(key!("console_loading"))}</p> }.into_any(),
                Some(Err(words)) => view! { <p role="alert">{words}</p> }.into_any(),
                Some(Ok(None)) => view! { <Begin screen conversation /> }.into_any(),
                Some(Ok(Some(hold))) => view! { <Held screen conversation hold /> }.into_any(),
            }}
        </Dialog>
    }
}

/// It is not held: asks for the reason.
#[component]
fn Begin(screen: Screen, conversation: ConversationId) -> impl IntoView {
    let reason = RwSignal::new(String::new());
    let problem = RwSignal::new(None::<String>);
    let close = move |()| screen.asking.set(None);
    let done = move |()| {
        let Some(reason) = given(reason, problem) else { return };
        spawn_local(async move {
            match erasing::begin_hold(conversation, &reason).await {
                Ok(()) => finish(screen, t(key!("console_hold_begun"))),
                Err(fault) => drop(problem.try_set(Some(refused(&fault)))),
            }
        });
    };
    view! {
        <form class="ask">
            <p>{t(key!("console_hold_note"))}</p>
            <Reason label=key!("console_hold_reason") test="hold-reason" problem_id="hold-problem" reason problem />
            <Answers yes=t(key!("console_hold_yes")) done closed=close />
        </form>
    }
}

/// It is held: says by whom and why.
#[component]
fn Held(screen: Screen, conversation: ConversationId, hold: Hold) -> impl IntoView {
    let problem = RwSignal::new(None::<String>);
    let close = move |()| screen.asking.set(None);
    let done = move |()| {
        spawn_local(async move {
            match erasing::end_hold(conversation).await {
                Ok(()) => finish(screen, t(key!("console_hold_ended"))),
                Err(fault) => drop(problem.try_set(Some(fault_words(&fault)))),
            }
        });
    };
    view! {
        <form class="ask">
            <dl class="facts">
                <dt>{t(key!("console_hold_why"))}</dt>
                <dd data-testid="hold-why">
                    <bdi>{hold.reason}</bdi>
                </dd>
                <dt>{t(key!("console_hold_who"))}</dt>
                <dd>
                    <bdi>{who::words(&hold.who)}</bdi>
                </dd>
                <dt>{t(key!("console_hold_since"))}</dt>
                <dd>{when::exact(hold.since_ms)}</dd>
            </dl>
            <p class="ask__note">{t(key!("console_hold_note"))}</p>
            <p class="field__problem" role="alert">{problem}</p>
            <Answers yes=t(key!("console_hold_end")) done closed=close />
        </form>
    }
}

/// It is done: says so, and closes the window.
fn finish(screen: Screen, words: String) {
    screen.tell(words);
    screen.asking.set(None);
}

/// Why a conversation is not held.
fn refused(fault: &Fault) -> String {
    let Fault::Problem(problem) = fault else { return fault_words(fault) };
    match problem.problems.first().map(|found| found.code) {
        Some(ProblemCode::Contradiction) => t(key!("console_hold_erased")),
        Some(_) if problem.name() == "conflict" => t(key!("console_hold_many")),
        Some(_) | None => fault_words(fault),
    }
}
