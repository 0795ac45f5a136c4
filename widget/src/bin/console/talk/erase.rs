//! The window that erases a visitor: says what goes, what stays and what is not reached, and how far it has come.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use relay_settings::Right;
use widget::key;
use widget::text::Key;
use wire::{ConversationId, VisitorId};

use crate::api::erasing::{self, Erasure, Hold, Unerased};
use crate::api::v1::Fault;
use crate::desk::Desk;
use crate::desk::rights::has;
use crate::desk::screen::{Asking, Screen};
use crate::ui::dialog::Dialog;
use crate::ui::person::name;
use crate::ui::words::{fill, t};
use crate::ui::{focus, when, who};

/// How often it is looked how far an erasure has come.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Held conversations that are named; a visitor has few.
const HELD_SHOWN: usize = 5;
/// What is erased …
const GOES: [Key; 4] = [
    key!("console_erase_goes_texts"),
    key!("console_erase_goes_names"),
    key!("console_erase_goes_files"),
    key!("console_erase_goes_blocks"),
];
/// … and what is not.
const STAYS: [Key; 3] =
    [key!("console_erase_stays_numbers"), key!("console_erase_stays_hashes"), key!("console_erase_stays_log")];

/// How it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Standing {
    /// The relay is being asked.
    Reading,
    /// Nobody asked for it yet.
    Asking,
    /// It is under way.
    Working,
    /// It was done at this time.
    Done(u64),
    /// Nothing was done: this is held.
    Held(Vec<Held>),
    /// Nothing was done, for this reason.
    Failed(String),
}

/// A conversation that is held; with why, if this agent may know.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Held {
    conversation: ConversationId,
    hold: Option<Hold>,
}

/// Erases the visitor of a conversation.
#[component]
pub(crate) fn EraseDialog(
    /// The session.
    desk: Desk,
    /// What is looked at.
    screen: Screen,
    /// Whose.
    conversation: ConversationId,
) -> impl IntoView {
    let standing = RwSignal::new(Standing::Reading);
    let visitor = desk.peek(|session| session.row(conversation).map(|row| row.visitor));
    match visitor {
        Some(visitor) => look(visitor, standing),
        None => standing.set(Standing::Failed(t(key!("console_refused_not_found")))),
    }
    let asks = Memo::new(move |_| standing.get() == Standing::Asking);
    let close = move |()| screen.asking.set(None);
    let erase = move |_| {
        if let Some(visitor) = visitor {
            spawn_local(carry_out(visitor, standing));
        }
    };
    let who = visitor.map(name).unwrap_or_default();
    let title = Signal::derive(move || fill(standing.with(title_key), &[("name", &who)]));
    view! {
        <Dialog title name="erase-dialog" closed=close>
            <div class="erase">
                <p role="status" data-testid="erase-state">{move || standing.with(state_words)}</p>
                <Show when=move || asks.get()>
                    <What words=key!("console_erase_goes") all=&GOES />
                    <What words=key!("console_erase_stays") all=&STAYS />
                    <p>{t(key!("console_erase_backups"))}</p>
                    <p><b>{t(key!("console_erase_undo"))}</b></p>
                </Show>
                {move || match standing.get() {
                    Standing::Held(all) => Some(view! { <Holds desk screen all /> }),
                    Standing::Reading
                    | Standing::Asking
                    | Standing::Working
                    | Standing::Done(_)
                    | Standing::Failed(_) => None,
                }}
            </div>
            <div class="dialog__answers">
                <button type="button" class="button erase__close" data-testid="dialog-no" on:click=move |_| close(())>
                    {move || t(if asks.get() { key!("console_cancel") } else { key!("console_close") })}
                </button>
                <Show when=move || asks.get()>
                    <button type="button" class="button button--danger" data-testid="dialog-yes" on:click=erase>
                        {t(key!("console_erase_yes"))}
                    </button>
                </Show>
            </div>
        </Dialog>
    }
}

#[component]
fn What(
    words: Key,
    /// Each line of the list.
    all: &'static [Key],
) -> impl IntoView {
    view! {
        <section>
            <h3>{t(words)}</h3>
            <ul>{all.iter().map(|words| view! { <li>{t(*words)}</li> }).collect_view()}</ul>
        </section>
    }
}

/// The conversations that are in the way.
#[component]
fn Holds(desk: Desk, screen: Screen, all: Vec<Held>) -> impl IntoView {
    let row = move |Held { conversation, hold }: Held| {
        let began = desk.peek(|session| session.row(conversation).map(|row| when::long(row.opened_at_ms)));
        let which = began.map_or_else(
            || fill(key!("console_erase_held_id"), &[("id", &conversation.to_string())]),
            |time| fill(key!("console_erase_held_of"), &[("time", &time)]),
        );
        let why = hold.map(|hold| {
            let (name, time) = (who::words(&hold.who), when::long(hold.since_ms));
            fill(key!("console_erase_held_why"), &[("reason", &hold.reason), ("name", &name), ("time", &time)])
        });
        let open = move |_| {
            desk.open(conversation);
            screen.asking.set(None);
            if untrack(|| has(desk, Right::RetentionHold)) {
                focus::after_drawing(move || screen.asking.set(Some(Asking::Hold(conversation))));
            }
        };
        view! {
            <li>
                <span>
                    <b>{which}</b>
                    <bdi data-testid="held-why">{why}</bdi>
                </span>
                <button type="button" class="button" data-testid="held-open" on:click=open>
                    {t(key!("console_erase_held_open"))}
                </button>
            </li>
        }
    };
    view! { <ul class="erase__held">{all.into_iter().map(row).collect_view()}</ul> }
}

/// The heading of the window.
const fn title_key(standing: &Standing) -> Key {
    match standing {
        Standing::Reading | Standing::Asking => key!("console_erase_title"),
        Standing::Working => key!("console_erase_title_working"),
        Standing::Done(_) => key!("console_erase_title_done"),
        Standing::Held(_) | Standing::Failed(_) => key!("console_erase_title_not"),
    }
}

/// What is said of it; nothing while it is asked whether to.
fn state_words(standing: &Standing) -> String {
    match standing {
        Standing::Reading => t(key!("console_loading")),
        Standing::Asking => String::new(),
        Standing::Working => t(key!("console_erase_working")),
        Standing::Done(at_ms) => fill(key!("console_erase_done"), &[("time", &when::exact(*at_ms))]),
        Standing::Held(_) => t(key!("console_erase_held")),
        Standing::Failed(words) => words.clone(),
    }
}

/// Has the relay erase them.
async fn carry_out(visitor: VisitorId, standing: RwSignal<Standing>) {
    let now = match erasing::erase(visitor).await {
        Ok(()) => Standing::Working,
        Err(Unerased::Held(all)) => Standing::Held(holds(all).await),
        // The password was not given.
        Err(Unerased::Fault(Fault::Problem(problem))) if problem.name() == "sign_in_again" => Standing::Asking,
        Err(Unerased::Fault(fault)) => Standing::Failed(fault_words(&fault)),
    };
    let works = now == Standing::Working;
    if show(standing, now) && works {
        look(visitor, standing);
    }
    // The button that had the focus may be gone.
    focus::after_drawing(|| focus::focus(".erase__close"));
}

/// Why conversations are held.
async fn holds(all: Vec<ConversationId>) -> Vec<Held> {
    let mut held = Vec::new();
    for conversation in all.into_iter().take(HELD_SHOWN) {
        let hold = erasing::hold(conversation).await.ok().flatten();
        held.push(Held { conversation, hold });
    }
    held
}

/// Looks how far it has come, again and again while it is under way and the window is open.
fn look(visitor: VisitorId, standing: RwSignal<Standing>) {
    spawn_local(async move {
        let works = standing.try_get_untracked() == Some(Standing::Working);
        let now = match erasing::erasure(visitor).await {
            Ok(Erasure { done_at_ms: Some(at_ms), .. }) => Standing::Done(at_ms),
            Ok(Erasure { is_asked: true, .. }) => Standing::Working,
            // It was not answered this time; what was begun goes on all the same.
            Err(_) if works => Standing::Working,
            Ok(_) => Standing::Asking,
            Err(fault) => Standing::Failed(fault_words(&fault)),
        };
        let works = now == Standing::Working;
        if show(standing, now) && works {
            set_timeout(move || look(visitor, standing), LOOK_EVERY);
        }
    });
}

/// Shows how it stands, without saying the same again. False when the window is closed.
fn show(standing: RwSignal<Standing>, now: Standing) -> bool {
    match standing.try_with_untracked(|before| *before == now) {
        Some(true) => true,
        Some(false) => standing.try_set(now).is_none(),
        None => false,
    }
}

/// Why the relay did not do it.
pub(super) fn fault_words(fault: &Fault) -> String {
    t(match fault {
        Fault::Unreachable => key!("console_unreachable"),
        Fault::Problem(problem) => match problem.name() {
            "not_allowed" => key!("console_no_right"),
            "not_found" => key!("console_refused_not_found"),
            _ => key!("console_refused_other"),
        },
    })
}
