//! The whole page: the sign-in form, or the desk of the signed-in agent.

mod again;
mod asked;
mod code;
mod command;
mod first;
mod invited;
pub(crate) mod keys;
mod rail;
mod route;
mod sign;
mod toast;

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use widget::clock::now_ms;
use widget::env::document;
use widget::key;
use widget_core::{AgentSession, Online};
use wire::Close;

use crate::account::Account;
use crate::account::Factors;
use crate::api::session::Person;
use crate::api::v1::Fault;
use crate::api::{session, setup};
use crate::defence::{Defence, FloodBanner};
use crate::desk::Desk;
use crate::desk::route::ROOT;
use crate::desk::screen::{Screen, Section};
use crate::desk::sound::Sound;
use crate::inbox::Inbox;
use crate::settings::Settings;
use crate::shell::again::Again;
use crate::shell::asked::Asked;
use crate::shell::first::First;
use crate::shell::invited::Invited;
use crate::shell::rail::Rail;
use crate::shell::sign::SignIn;
use crate::shell::toast::Toasts;
use crate::talk::{NoTalk, Talk};
use crate::ui::parts::ConnectionBanner;
use crate::ui::when;
use crate::ui::words::{fill, t};
use crate::visitor::VisitorPanel;

/// What the page shows.
#[derive(Clone, PartialEq, Eq)]
enum Phase {
    /// The relay is being asked who is signed in.
    Asking,
    /// A link was opened, by which somebody becomes a colleague or chooses a new password: its token.
    Invited(String),
    /// Nobody can sign in yet: the relay has no agent.
    First,
    /// Nobody is signed in, with a reason if there is one to show.
    Out(Option<String>),
    /// An agent is signed in.
    In(Person),
}

/// The whole page.
#[component]
pub(crate) fn App() -> impl IntoView {
    let phase = RwSignal::new(Phase::Asking);
    let ask = move || {
        spawn_local(async move {
            phase.set(match session::who().await {
                Ok(person) => Phase::In(person),
                Err(Fault::Problem(problem)) if problem.name() == "signed_out" => {
                    if setup::is_open().await {
                        Phase::First
                    } else {
                        Phase::Out(None)
                    }
                }
                Err(Fault::Problem(_) | Fault::Unreachable) => Phase::Out(Some(t(key!("console_unreachable")))),
            });
        });
    };
    match invited::token() {
        Some(token) => phase.set(Phase::Invited(token)),
        None => ask(),
    }
    let stuck = RwSignal::new(0_u32);
    let leave = move |()| {
        spawn_local(async move {
            if session::sign_out().await {
                phase.set(Phase::Out(None));
            } else {
                stuck.update(|times| *times += 1);
            }
        });
    };
    // The sign-in may be valid all the same: when a second factor is missing by now.
    let ended = move |()| {
        spawn_local(async move {
            phase.set(match session::who().await {
                Ok(person) if person.lacks_factor(now_ms()) => Phase::In(person),
                Ok(_) | Err(_) => Phase::Out(Some(t(key!("console_signed_out")))),
            });
        });
    };
    view! {
        <Router>
            {move || match phase.get() {
                Phase::Asking => view! { <Start /> }.into_any(),
                Phase::Invited(token) => view! { <Invited token /> }.into_any(),
                Phase::First => view! { <First done=move |()| ask() /> }.into_any(),
                Phase::Out(note) => view! { <SignIn note done=move |()| ask() /> }.into_any(),
                Phase::In(person) if person.lacks_factor(now_ms()) => {
                    view! { <Enrol leave done=move |()| ask() /> }.into_any()
                }
                Phase::In(person) => view! { <DeskPage person leave ended stuck /> }.into_any(),
            }}
            <Again />
        </Router>
    }
}

/// Shown until it is known who is signed in.
#[component]
fn Start() -> impl IntoView {
    view! {
        <main class="start">
            <h1 class="unseen">{t(key!("console_heading"))}</h1>
            <p role="status">{t(key!("console_loading"))}</p>
        </main>
    }
}

/// Shown when a second factor is missing: nothing else is allowed.
#[component]
fn Enrol(
    /// The agent signs out.
    #[prop(into)]
    leave: Callback<()>,
    /// There is one now.
    #[prop(into)]
    done: Callback<()>,
) -> impl IntoView {
    view! {
        <main class="enrol" data-testid="enrol">
            <div>
                <h1 class="unseen">{t(key!("console_heading"))}</h1>
                <h2>{t(key!("console_factor_must_title"))}</h2>
                <p class="sign__lead">{t(key!("console_factor_must_lead"))}</p>
                <Factors changed=done />
                <button type="button" class="button" data-testid="enrol-leave" on:click=move |_| leave.run(())>
                    {t(key!("console_sign_out"))}
                </button>
            </div>
        </main>
    }
}

/// Says from when a second factor is needed.
#[component]
fn FactorDue(
    /// From when; none when it is there, or not needed.
    due_ms: RwSignal<Option<u64>>,
) -> impl IntoView {
    move || {
        due_ms.get().map(|due_ms| {
            let words = fill(key!("console_factor_due"), &[("date", &when::long(due_ms))]);
            view! {
                <div class="due" role="status" data-testid="factor-due">
                    <span>{words}</span>
                    <a href=[ROOT, "/account"].concat() data-testid="factor-due-open">
                        {t(key!("console_factor_begin"))}
                    </a>
                </div>
            }
        })
    }
}

#[component]
fn DeskPage(
    person: Person,
    /// The agent signs out.
    #[prop(into)]
    leave: Callback<()>,
    /// The relay no longer accepts the sign-in.
    #[prop(into)]
    ended: Callback<()>,
    /// Grows when signing out failed.
    stuck: RwSignal<u32>,
) -> impl IntoView {
    let first = route::first();
    let screen = Screen::new(&person.email, first.clone());
    let sound = Sound::new();
    let desk = Desk::new(screen, sound, &person.email);
    let search = NodeRef::<html::Input>::new();
    route::follow(desk, screen, first);
    keys::watch(desk, screen, search);
    screen.keep_written();
    screen.warn_of_unsaved();
    leave_when_done(desk, screen, leave, stuck);
    allow_sound(sound);
    show_title(desk);
    Effect::new(move || {
        if desk.read(AgentSession::online) == Online::Refused(Close::SignedOut) {
            ended.run(());
        }
    });
    let settings = move || screen.section.get() == Section::Settings;
    let account = move || screen.section.get() == Section::Account;
    let due_ms = RwSignal::new(person.due_at_ms());
    let changed = Callback::new(move |()| {
        spawn_local(async move {
            if let Ok(person) = session::who().await {
                due_ms.set(person.due_at_ms());
            }
        });
    });
    let shown = Memo::new(move |_| desk.shown());
    let online = Memo::new(move |_| desk.read(AgentSession::online));
    let waiting = Memo::new(move |_| desk.read(AgentSession::drafts_going_out));
    let flag = |on: bool, yes: &'static str, no: &'static str| if on { yes } else { no };
    view! {
        <div
            class="desk"
            class:desk--idle=move || shown.get().is_none()
            class:desk--settings=settings
            class:desk--account=account
            data-view=move || flag(shown.get().is_some(), "talk", "list")
            data-panel=move || flag(screen.panel.get(), "open", "closed")
        >
            <header class="unseen">
                <h1>{t(key!("console_heading"))}</h1>
            </header>
            <Rail desk screen sound person />
            <div class="desk__net">
                <ConnectionBanner online waiting />
                <FloodBanner desk />
                <FactorDue due_ms />
            </div>
            <main class="bridge">
                <Routes fallback=|| view! { <NoPage /> }>
                    <Route path=path!("/console") view=move || view! { <Inbox desk screen search /> } />
                    <Route path=path!("/console/inbox") view=move || view! { <Inbox desk screen search /> } />
                    <Route
                        path=path!("/console/inbox/:list/:conversation?")
                        view=move || view! { <Inbox desk screen search /> }
                    />
                    <Route path=path!("/console/defence/:conversation?") view=move || view! { <Defence desk /> } />
                    <Route path=path!("/console/settings/:kind?/:id?") view=move || view! { <Settings desk screen /> } />
                    <Route path=path!("/console/account") view=move || view! { <Account changed /> } />
                </Routes>
                <Show when=move || shown.get().is_none() && !settings() && !account()>
                    <NoTalk screen />
                </Show>
                // Keyed, so that each conversation gets elements of its own and shows nothing of the one before.
                <For each=move || shown.get() key=|conversation| *conversation let(conversation)>
                    <Talk desk screen conversation />
                </For>
            </main>
            <For each=move || shown.get() key=|conversation| *conversation let(conversation)>
                <div class="veil" aria-hidden="true" on:click=move |_| screen.panel.set(false)></div>
                <VisitorPanel desk screen conversation />
            </For>
            <Toasts desk screen />
            <Asked desk screen />
        </div>
    }
}

/// Shown for an address that names no page.
#[component]
fn NoPage() -> impl IntoView {
    view! {
        <section class="inbox" aria-label=t(key!("console_no_page"))>
            <div class="empty" data-testid="no-page">
                <b>{t(key!("console_no_page"))}</b>
                <p>{t(key!("console_no_page_note"))}</p>
                <a class="button" href=ROOT data-testid="no-page-inbox">
                    {t(key!("console_inbox"))}
                </a>
            </div>
        </section>
    }
}

/// Signs out as soon as everything is sent that was to be sent before.
fn leave_when_done(desk: Desk, screen: Screen, leave: Callback<()>, stuck: RwSignal<u32>) {
    let done = Memo::new(move |_| desk.may_leave());
    Effect::new(move || {
        if done.get() {
            leave.run(());
        }
    });
    let before = stuck.get_untracked();
    Effect::new(move || {
        if stuck.get() > before {
            desk.stay();
            screen.tell(t(key!("console_sign_out_failed")));
        }
    });
}

/// Browsers let a page sound only after somebody did something on it.
fn allow_sound(sound: Sound) {
    let pressed = window_event_listener(leptos::ev::pointerdown, move |_| sound.allow());
    let typed = window_event_listener(leptos::ev::keydown, move |_| sound.allow());
    on_cleanup(move || {
        pressed.remove();
        typed.remove();
    });
}

/// Shows the number of unseen messages in the page's title, for agents who work in another tab.
fn show_title(desk: Desk) {
    Effect::new(move || {
        let unread = desk.read(|session| session.unread_total());
        document().set_title(&match unread {
            0 => t(key!("console_title")),
            unread => fill(key!("console_title_unread"), &[("count", &unread.to_string())]),
        });
    });
    on_cleanup(|| document().set_title(&t(key!("console_title"))));
    // Otherwise a page that is restored from the history keeps its old focus.
    if let Some(element) = document().active_element() {
        let _ = element.unchecked_into::<HtmlElement>().blur();
    }
}
