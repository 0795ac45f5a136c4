//! The panel about the visitor: what their browser says, earlier conversations, the transcript.

mod browser;

use leptos::prelude::*;
use widget::key;
use widget::text::Key;
use wire::{ConversationId, ConversationState, ConversationSummary, PageContext};

use crate::desk::Desk;
use crate::desk::screen::Screen;
use crate::ui::focus;
use crate::ui::icon::{self, icon};
use crate::ui::person::{initials, name, score};
use crate::ui::when;
use crate::ui::words::{fill, language, t};

/// The last column; in a narrow window it is opened and closed.
#[component]
pub(crate) fn VisitorPanel(
    /// The session.
    desk: Desk,
    /// What is looked at.
    screen: Screen,
    /// Whose panel.
    conversation: ConversationId,
) -> impl IntoView {
    let row = Memo::new(move |_| desk.row(conversation));
    let page = Memo::new(move |_| desk.read(|session| session.context().cloned()));
    let who = Memo::new(move |_| row.read().as_ref().map(|row| row.visitor));
    let site = move || row.read().as_ref().map(|row| row.site.to_string());
    view! {
        <aside class="visitor" aria-label=t(key!("console_panel")) data-testid="visitor-panel" id="visitor-panel">
            <div class="visitor__who">
                <span class="avatar avatar--big" aria-hidden="true">{move || who.get().map(initials)}</span>
                <div>
                    <b>{move || who.get().map(name)}</b>
                    <p>{move || site().map(|site| fill(key!("console_on_site"), &[("site", &site)]))}</p>
                </div>
                <button
                    type="button"
                    class="button button--icon visitor__close"
                    data-testid="panel-close"
                    aria-label=t(key!("console_panel_close"))
                    on:click=move |_| {
                        screen.panel.set(false);
                        focus::focus(".talk__panel");
                    }
                >
                    {icon(icon::CROSS)}
                </button>
            </div>
            <Facts desk row page />
            <Earlier desk conversation />
            <Transcript conversation />
        </aside>
    }
}

#[component]
fn Facts(desk: Desk, row: Memo<Option<ConversationSummary>>, page: Memo<Option<PageContext>>) -> impl IntoView {
    let of_page =
        move |read: fn(&PageContext) -> Option<String>| Memo::new(move |_| page.read().as_ref().and_then(read));
    let started = Memo::new(move |_| row.read().as_ref().map(|row| when::long(row.opened_at_ms)));
    // The clock changes every second, the text every minute.
    let time = Memo::new(move |_| page.read().as_ref().and_then(|page| local_time(&page.time_zone, desk.now_ms())));
    let nothing = of_page(|_| None);
    view! {
        <dl class="facts">
            <Fact words=key!("console_fact_page") value=of_page(page_title) small=of_page(page_address) />
            <Fact words=key!("console_fact_browser") value=of_page(browser_words) small=nothing />
            <Fact words=key!("console_fact_language") value=of_page(language_words) small=of_page(chat_language) />
            <Fact words=key!("console_fact_time") value=time small=of_page(zone_words) />
            <Fact words=key!("console_fact_started") value=started small=nothing />
        </dl>
    }
}

#[component]
fn Fact(words: Key, value: Memo<Option<String>>, small: Memo<Option<String>>) -> impl IntoView {
    view! {
        <Show when=move || value.read().is_some()>
            <dt>{t(words)}</dt>
            <dd>
                <bdi>{move || value.get()}</bdi>
                {move || small.get().map(|small| view! { <small dir="ltr">{small}</small> })}
            </dd>
        </Show>
    }
}

#[component]
fn Earlier(desk: Desk, conversation: ConversationId) -> impl IntoView {
    let rows = Memo::new(move |_| desk.read(|session| session.earlier().to_vec()));
    let others = move || rows.get().into_iter().filter(move |row| row.conversation != conversation).collect::<Vec<_>>();
    view! {
        <section>
            <h3>{t(key!("console_earlier"))}</h3>
            <Show
                when=move || !others().is_empty()
                fallback=|| view! { <p class="visitor__quiet">{t(key!("console_earlier_none"))}</p> }
            >
                <ul class="earlier">
                    <For each=others key=|row| (row.conversation, row.last_at_ms, row.last_line.clone(), row.score) let(row)>
                        <li>
                            <button type="button" data-testid="earlier-row" on:click=move |_| desk.open(row.conversation)>
                                <b dir="auto">{row.last_line.clone()}</b>
                                <span>{earlier_words(&row)}</span>
                            </button>
                        </li>
                    </For>
                </ul>
            </Show>
        </section>
    }
}

#[component]
fn Transcript(conversation: ConversationId) -> impl IntoView {
    let notes = RwSignal::new(false);
    // In the reader's language and hours; without them it would be in the visitor's.
    let encoded = |value: &str| String::from(js_sys::encode_uri_component(value));
    let reader = ["&language=", &encoded(&language()), "&zone=", &encoded(&widget::env::time_zone())].concat();
    let reader = StoredValue::new(reader);
    let link = move |format: &str| {
        let notes = if notes.get() { "&notes=true" } else { "" };
        format!("/api/v1/conversations/{conversation}/transcript?format={format}{notes}{}", reader.get_value())
    };
    let formats = [
        ("html", "console_transcript_html", key!("console_transcript_html")),
        ("text", "console_transcript_text", key!("console_transcript_text")),
    ];
    view! {
        <section>
            <h3>{t(key!("console_transcript"))}</h3>
            <div class="transcript">
                <label>
                    <input
                        type="checkbox"
                        data-testid="transcript-notes"
                        prop:checked=move || notes.get()
                        on:change=move |event| notes.set(event_target_checked(&event))
                    />
                    {t(key!("console_transcript_notes"))}
                </label>
                {formats
                    .map(|(format, test, words)| {
                        view! {
                            <a class="button" data-testid=test download="" href=move || link(format)>
                                {icon(icon::DOWNLOAD)}
                                {t(words)}
                            </a>
                        }
                    })
                    .collect_view()}
            </div>
        </section>
    }
}

fn earlier_words(row: &ConversationSummary) -> String {
    let day = when::day(row.last_at_ms);
    match row.state {
        ConversationState::Closed { .. } => {
            let ended = fill(key!("console_ended_on"), &[("day", &day)]);
            score(row.score).map_or_else(|| ended.clone(), |score| format!("{ended} · {score}"))
        }
        ConversationState::Waiting { .. } | ConversationState::Assigned { .. } | ConversationState::Idle { .. } => {
            fill(key!("console_open_since"), &[("day", &day)])
        }
    }
}

/// How many of the browser's languages are shown.
const LANGUAGES_SHOWN: usize = 4;

fn some(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn page_title(page: &PageContext) -> Option<String> {
    some(&page.title).or_else(|| some(&page.url))
}

/// The page's address, without the scheme. Never a link: the visitor's browser may have claimed anything.
fn page_address(page: &PageContext) -> Option<String> {
    some(&page.title)?;
    let url = some(&page.url)?;
    Some(url.split_once("://").map_or(url.as_str(), |(_, rest)| rest).to_owned())
}

fn browser_words(page: &PageContext) -> Option<String> {
    let seen = browser::read(&page.browser);
    match (seen.name, seen.system) {
        (Some(name), Some(system)) => Some(fill(key!("console_browser_on"), &[("browser", &name), ("system", system)])),
        (name, system) => name.or(system.map(str::to_owned)),
    }
}

fn language_words(page: &PageContext) -> Option<String> {
    let tags = some(&page.languages).or_else(|| some(&page.language))?;
    let names: Vec<_> = tags.split(',').take(LANGUAGES_SHOWN).map(|tag| when::language_name(tag.trim())).collect();
    Some(names.join(", "))
}

/// The language of the chat; shown beside the visitor's own languages, where those are known.
fn chat_language(page: &PageContext) -> Option<String> {
    some(&page.languages)?;
    some(&page.language)
        .map(|tag| fill(key!("console_fact_chat_language"), &[("language", &when::language_name(&tag))]))
}

fn local_time(zone: &str, now_ms: u64) -> Option<String> {
    some(&when::clock_in(&some(zone)?, now_ms))
}

/// "Asia/Shanghai" as "Asia, Shanghai".
fn zone_words(page: &PageContext) -> Option<String> {
    some(&page.time_zone).map(|zone| zone.replace('/', ", ").replace('_', " "))
}
