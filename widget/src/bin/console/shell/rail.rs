//! The rail: which list, sound, and the agent's own menu.

use leptos::prelude::*;
use widget::key;
use widget::text::Key;
use widget_core::Online;

use crate::api::session::Person;
use crate::desk::Desk;
use crate::desk::rights::sees;
use crate::desk::route::{ROOT, Route};
use crate::desk::screen::{Asking, Screen, Section, Tab};
use crate::desk::sound::Sound;
use crate::inbox::lists::count_of;
use crate::ui::focus;
use crate::ui::icon::{self, icon};
use crate::ui::words::t;

/// The dark bar at the start of the page.
#[component]
pub(crate) fn Rail(
    /// The session.
    desk: Desk,
    /// What is looked at.
    screen: Screen,
    /// The sound's switch.
    sound: Sound,
    /// Who is signed in.
    person: Person,
) -> impl IntoView {
    let waiting = Memo::new(move |_| count_of(desk, Tab::Waiting));
    let sound_words = move || t(if sound.on() { key!("console_sound_on") } else { key!("console_sound_off") });
    view! {
        <nav class="rail" aria-label=t(key!("console_rail"))>
            <span class="rail__logo" role="img" aria-label="Causeway">
                {icon(icon::LOGO)}
            </span>
            <Choice desk screen section=Section::Inbox picture=icon::INBOX words=key!("console_inbox")>
                <Show when=move || waiting.get() != 0>
                    <span class="rail__count">{move || short_count(waiting.get())}</span>
                    <span class="unseen">{t(key!("console_waiting"))}</span>
                </Show>
            </Choice>
            <Show when=move || sees(desk, Section::Defence)>
                <Choice
                    desk
                    screen
                    section=Section::Defence
                    picture=icon::SHIELD
                    words=key!("console_defence")
                />
            </Show>
            <Show when=move || sees(desk, Section::Settings)>
                <Choice
                    desk
                    screen
                    section=Section::Settings
                    picture=icon::GEAR
                    words=key!("console_settings")
                />
            </Show>
            <button
                type="button"
                class="rail__button"
                data-testid="sound"
                aria-pressed=move || sound.on().to_string()
                aria-label=t(key!("console_sound"))
                title=sound_words
                on:click=move |_| sound.toggle()
            >
                {move || icon(if sound.on() { icon::SOUND_ON } else { icon::SOUND_OFF })}
            </button>
            <button
                type="button"
                class="rail__button"
                aria-label=t(key!("console_keys"))
                aria-keyshortcuts="?"
                title=t(key!("console_keys"))
                data-testid="keys-open"
                on:click=move |_| screen.asking.set(Some(Asking::Keys))
            >
                {icon(icon::KEYBOARD)}
            </button>
            <Me desk person />
        </nav>
    }
}

#[component]
fn Choice(
    desk: Desk,
    screen: Screen,
    section: Section,
    picture: &'static str,
    words: Key,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let href = move || {
        let (tab, conversation, setting) = (screen.tab.get(), desk.shown(), screen.setting.get());
        Route { section, tab, conversation, setting }.path()
    };
    let section_id = match section {
        Section::Inbox => "inbox",
        Section::Defence => "defence",
        Section::Settings => "nav-settings",
        Section::Account => "nav-account",
    };
    view! {
        <a
            class="rail__button"
            href=href
            aria-current=move || (screen.section.get() == section).then_some("page")
            data-testid=section_id
            title=t(words)
        >
            {icon(picture)}
            <span class="unseen">{t(words)}</span>
            {children.map(|children| children())}
        </a>
    }
}

#[component]
fn Me(desk: Desk, person: Person) -> impl IntoView {
    let open = RwSignal::new(false);
    let live_and = move |away: bool| desk.read(|session| session.online() == Online::Live && session.away() == away);
    let (online, away) = (move || live_and(false), move || live_and(true));
    let person = StoredValue::new(person);
    // Closes when the focus goes elsewhere; a click inside keeps it there.
    let left = move |event: leptos::ev::FocusEvent| {
        if !focus::stays_inside(&event) {
            open.set(false);
        }
    };
    let escape = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Escape" && open.get_untracked() {
            event.stop_propagation();
            open.set(false);
        }
    };
    view! {
        <div class="rail__me" on:focusout=left on:keydown=escape>
            <button
                type="button"
                class="rail__avatar"
                data-testid="me"
                title=t(key!("console_me"))
                aria-haspopup="true"
                aria-expanded=move || open.get().to_string()
                on:click=move |_| open.update(|open| *open = !*open)
            >
                {initials(&person.with_value(|person| person.name.clone()))}
                <span class="unseen">{t(key!("console_me"))}</span>
                <span class="dot" class:dot--online=online class:dot--away=away></span>
            </button>
            <Show when=move || open.get()>
                <div class="rail__menu">
                    <p class="name">{person.with_value(|person| person.name.clone())}</p>
                    <p class="mail">{person.with_value(|person| person.email.clone())}</p>
                    <a
                        class="button rail__account"
                        href=[ROOT, "/account"].concat()
                        data-testid="nav-account"
                        on:click=move |_| open.set(false)
                    >
                        {icon(icon::GEAR)}
                        {t(key!("console_account"))}
                    </a>
                    <button
                        type="button"
                        class="button"
                        data-testid="sign-out"
                        disabled=move || desk.leaving()
                        on:click=move |_| desk.sign_out()
                    >
                        {icon(icon::LEAVE)}
                        {move || t(if desk.leaving() { key!("console_signing_out") } else { key!("console_sign_out") })}
                    </button>
                </div>
            </Show>
        </div>
    }
}

/// A count that fits on the rail's button.
fn short_count(count: usize) -> String {
    if count > 99 { String::from("99+") } else { count.to_string() }
}

/// The first characters of the first two words of a name.
fn initials(name: &str) -> String {
    let first: String = name.split_whitespace().take(2).map(widget::text::first_character).collect();
    first.to_uppercase()
}
