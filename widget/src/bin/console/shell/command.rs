//! The command bar (Ctrl K): actions one may do now, pages, settings, colleagues; found by what one types.

use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use widget::key;
use widget::text::Key;
use widget_core::{AgentInput, AgentSession};
use wire::ConversationId;

use crate::desk::Desk;
use crate::desk::rights::{rights, sees, sees_page};
use crate::desk::route::{Page, ROOT};
use crate::desk::screen::{Asking, Ending, Screen, Section, Tab, What};
use crate::inbox;
use crate::settings::find::{self, HITS_MAX, Hit, Sort, fits, order};
use crate::talk::actions::Action;
use crate::ui::dialog::Dialog;
use crate::ui::focus::{after_drawing, focus};
use crate::ui::words::t;

/// What a line of the bar does.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Act {
    /// Shows a list of the inbox.
    List(Tab),
    /// Shows an address.
    Go(String),
    /// Takes the shown conversation.
    Take(ConversationId),
    /// Writes a note in it.
    Note,
    /// Ends it.
    End(ConversationId),
    /// Something of its menu.
    Menu(Action, ConversationId),
    /// Gets visitors, or none.
    Away(bool),
    /// Has the browser save the audit log.
    Export,
    /// Shows the keys.
    Keys,
    /// Signs out.
    SignOut,
}

/// A line of the bar.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    group: Key,
    words: String,
    note: String,
    /// What it is found by besides.
    also: String,
    /// Where it stands among those of its group that fit.
    sort: Sort,
    act: Act,
}

impl Line {
    fn new(group: Key, words: Key, act: Act) -> Self {
        Self { group, words: t(words), note: String::new(), also: String::new(), sort: Sort::Page, act }
    }
}

/// Everything that can be done or shown now, actions first.
fn lines(desk: Desk, found: Vec<Hit>) -> Vec<Line> {
    let (doing, going) = (key!("console_command_do"), key!("console_command_go"));
    let mut lines = Vec::new();
    if let Some(conversation) = desk.shown() {
        let may = rights(desk, desk.row(conversation).as_ref());
        let mut add = |allowed: bool, words, act| {
            if allowed {
                lines.push(Line::new(doing, words, act));
            }
        };
        add(may.take, key!("console_key_take"), Act::Take(conversation));
        add(may.note, key!("console_key_note"), Act::Note);
        add(may.end, key!("console_key_end"), Act::End(conversation));
        for action in Action::ALL {
            add(action.allowed(may), action.words(), Act::Menu(action, conversation));
        }
    }
    // The first one is what Enter does with nothing typed: it changes nothing.
    lines.push(Line::new(doing, key!("console_keys"), Act::Keys));
    let away = desk.read(AgentSession::away);
    lines.push(Line::new(
        doing,
        if away { key!("console_command_here") } else { key!("console_command_away") },
        Act::Away(!away),
    ));
    if sees_page(desk, Page::Audit) {
        let export = Line::new(doing, key!("console_audit_export"), Act::Export);
        lines.push(Line { note: t(key!("console_audit")), ..export });
    }
    lines.push(Line::new(doing, key!("console_sign_out"), Act::SignOut));
    let inbox = t(key!("console_inbox"));
    lines.extend(Tab::ALL.map(|tab| Line {
        group: going,
        words: inbox::tab_name(tab),
        note: inbox.clone(),
        also: String::new(),
        sort: Sort::Page,
        act: Act::List(tab),
    }));
    lines.push(Line::new(going, key!("console_account"), Act::Go([ROOT, "/account"].concat())));
    if sees(desk, Section::Defence) {
        lines.push(Line::new(going, key!("console_defence"), Act::Go([ROOT, "/defence"].concat())));
    }
    if sees(desk, Section::Settings) {
        let hits = find::pages(desk).into_iter().chain(found);
        let line = |Hit { sort, words, note, also, path }| {
            let group = if sort == Sort::Add { doing } else { going };
            Line { group, words, note, also, sort, act: Act::Go(path) }
        };
        lines.extend(hits.map(line));
    }
    lines
}

/// The lines that fit what was typed. That group is first which has a line that begins with it, else what can be done.
fn fitting_lines(all: Vec<Line>, typed: &str) -> Vec<Line> {
    let fitting = all.into_iter().filter(|line| fits(&[&line.words, " ", &line.note, " ", &line.also].concat(), typed));
    let (mut doing, mut going): (Vec<_>, Vec<_>) = fitting.partition(|line| line.group == key!("console_command_do"));
    if !typed.trim().is_empty() {
        let place = |line: &Line| order(line.sort, &line.words, typed);
        doing.sort_by_key(place);
        going.sort_by_key(place);
        let begins = |lines: &[Line]| lines.first().is_some_and(|line| !place(line).0 && !place(line).1);
        if begins(&going) && !begins(&doing) {
            std::mem::swap(&mut doing, &mut going);
        }
    }
    doing.append(&mut going);
    doing.truncate(HITS_MAX);
    doing
}

/// The bar.
#[component]
pub(crate) fn CommandBar(
    /// The session.
    desk: Desk,
    /// What is looked at.
    screen: Screen,
) -> impl IntoView {
    let typed = RwSignal::new(String::new());
    let at = RwSignal::new(0_usize);
    let found = RwSignal::new(Vec::<Hit>::new());
    if untrack(|| sees(desk, Section::Settings)) {
        find::load(desk, found);
    }
    let field = NodeRef::<html::Input>::new();
    field.on_load(|field| {
        // After the window has taken the focus.
        request_animation_frame(move || request_animation_frame(move || drop(field.focus())));
    });
    let shown = Memo::new(move |_| {
        let typed = typed.get();
        fitting_lines(lines(desk, found.get()), &typed)
    });
    let closed = move |()| screen.asking.set(None);
    let navigate = use_navigate();
    let go = move |path: &str| navigate(path, NavigateOptions { scroll: false, ..NavigateOptions::default() });
    let run = StoredValue::new_local(move |line: Line| act(line.act, desk, screen, &go));
    let run = UnsyncCallback::new(move |line| run.with_value(|run| run(line)));
    let press = move |event: KeyboardEvent| {
        let count = shown.read_untracked().len();
        match event.key().as_str() {
            _ if event.is_composing() => {}
            "ArrowDown" if count > 0 => {
                event.prevent_default();
                at.update(|at| *at = (*at + 1) % count);
            }
            "ArrowUp" if count > 0 => {
                event.prevent_default();
                at.update(|at| *at = (*at + count - 1) % count);
            }
            "Enter" => {
                event.prevent_default();
                let line = shown.read_untracked().get(at.get_untracked()).cloned();
                if let Some(line) = line {
                    run.run(line);
                }
            }
            _ => {}
        }
    };
    view! {
        <Dialog title=t(key!("console_command")) name="command-bar" closed>
            <input
                node_ref=field
                type="text"
                class="command__field"
                role="combobox"
                aria-expanded="true"
                aria-controls="commands"
                aria-autocomplete="list"
                aria-activedescendant=move || format!("command-{}", at.get())
                aria-label=t(key!("console_command"))
                placeholder=t(key!("console_command_hint"))
                data-testid="command-find"
                autocomplete="off"
                spellcheck="false"
                prop:value=move || typed.get()
                on:input=move |event| {
                    at.set(0);
                    typed.set(event_target_value(&event));
                }
                on:keydown=press
            />
            <ul id="commands" class="command__lines" role="listbox" aria-label=t(key!("console_command"))>
                <Lines shown at run />
            </ul>
            <Show when=move || shown.read().is_empty()>
                <p class="empty" role="status">{t(key!("console_settings_none_found"))}</p>
            </Show>
        </Dialog>
    }
}

/// Does what a line says.
fn act(act: Act, desk: Desk, screen: Screen, go: &impl Fn(&str)) {
    screen.asking.set(None);
    match act {
        Act::List(tab) => inbox::choose(desk, screen, tab),
        Act::Go(path) => {
            // A form that is begun takes the focus itself.
            let begins = path.ends_with("/+");
            go(&path);
            if !begins {
                after_drawing(|| focus("[data-page]"));
            }
        }
        Act::Take(conversation) => desk.tell(AgentInput::Take { conversation }),
        Act::Note => {
            screen.note.set(true);
            after_drawing(|| focus("[data-testid='composer']"));
        }
        Act::End(conversation) => desk.end(Ending::new(What::One(conversation))),
        Act::Menu(action, conversation) => action.act(desk, screen, conversation),
        Act::Away(away) => desk.tell(AgentInput::Presence { away }),
        Act::Export => spawn_local(async move {
            if crate::api::audit::export().await.is_err() {
                screen.tell(t(key!("console_audit_export_failed")));
            }
        }),
        Act::Keys => screen.asking.set(Some(Asking::Keys)),
        Act::SignOut => desk.sign_out(),
    }
}

/// The lines that fit, each group with its title.
#[component]
fn Lines(
    shown: Memo<Vec<Line>>,
    /// Which one Enter does.
    at: RwSignal<usize>,
    run: UnsyncCallback<Line>,
) -> impl IntoView {
    let row = move |(number, line, is_first): (usize, Line, bool)| {
        let (group, words, note) = (is_first.then(|| t(line.group)), line.words.clone(), line.note.clone());
        view! {
            {group.map(|group| view! { <li class="command__group" role="presentation">{group}</li> })}
            <li
                id=format!("command-{number}")
                role="option"
                class="command__line"
                data-testid="command"
                aria-selected=move || (at.get() == number).to_string()
                on:click=move |_| run.run(line.clone())
            >
                <span>{words}</span>
                <small>{note}</small>
            </li>
        }
    };
    move || {
        let shown = shown.get();
        let firsts: Vec<bool> =
            (0..shown.len()).map(|number| number == 0 || shown[number - 1].group != shown[number].group).collect();
        let numbered = shown.into_iter().enumerate().zip(firsts);
        numbered.map(|((number, line), is_first)| row((number, line, is_first))).collect_view()
    }
}

/// Opens the bar.
pub(super) fn open(screen: Screen) {
    if screen.asking.read_untracked().is_none() {
        screen.asking.set(Some(Asking::Commands));
    }
}
