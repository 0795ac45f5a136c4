//! What can be looked for in the settings: pages, fields, documents, colleagues. All of it has an address.

use leptos::prelude::*;
use leptos::task::spawn_local;
use relay_settings::{Field, Kind, Right};
use widget::key;

use super::words::Editor;
use super::{GROUPS, name, words};
use crate::api::{documents, staff};
use crate::desk::Desk;
use crate::desk::rights::{adds, has, sees_page};
use crate::desk::route::{Page, Setting, Which};
use crate::ui::words::t;

/// Hits that are shown at once.
pub(crate) const HITS_MAX: usize = 12;

/// What a hit is. Of hits that begin with what was typed, and of the others, the first sorts come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sort {
    /// A page.
    Page,
    /// A document or a colleague.
    Document,
    /// Something to be made anew.
    Add,
    /// A field of a form.
    Field,
}

/// Something that fits what was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    /// What it is.
    pub(crate) sort: Sort,
    /// What it is called.
    pub(crate) words: String,
    /// Where it belongs.
    pub(crate) note: String,
    /// What it is found by besides: the id of a document, what its button says.
    pub(crate) also: String,
    /// Its address.
    pub(crate) path: String,
}

/// Whether every word of what was typed stands in a text. Nothing typed fits all.
pub(crate) fn fits(text: &str, typed: &str) -> bool {
    let text = text.to_lowercase();
    typed.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

/// The order of something that fits: fields last, what begins with what was typed first, then by its sort.
pub(crate) fn order(sort: Sort, words: &str, typed: &str) -> (bool, bool, Sort) {
    let typed = typed.trim().to_lowercase();
    (sort == Sort::Field, !words.to_lowercase().starts_with(&typed), sort)
}

/// The words of fields and of the fields inside them.
fn labels(kind: Kind, before: &str, fields: &mut dyn Iterator<Item = &'static Field>, into: &mut Vec<String>) {
    for field in fields {
        let path = if before.is_empty() { field.name.to_owned() } else { [before, ".", field.name].concat() };
        into.extend(words::label(kind, &path).map(|(label, _)| t(label)));
        if let Some(Editor::Group(inner) | Editor::Groups(inner)) = words::editor(kind, &field.shape) {
            labels(kind, &path, &mut inner.iter(), into);
        }
    }
}

/// Pages and their fields, without asking the relay.
pub(crate) fn pages(desk: Desk) -> Vec<Hit> {
    let mut hits = Vec::new();
    let all = GROUPS.iter().flat_map(|(_, pages)| pages.iter().copied());
    for page in all.filter(|page| sees_page(desk, *page)) {
        let path = Setting { page, which: Which::List }.path();
        let title = name(page).unwrap_or_default();
        let setting = |which| Setting { page, which }.path();
        hits.push(Hit {
            sort: Sort::Page,
            words: title.clone(),
            note: t(key!("console_settings")),
            also: String::new(),
            path: path.clone(),
        });
        let added = match page {
            Page::Kind(kind) => adds(desk, kind).then(|| words::words(kind)).flatten().map(|words| words.new),
            Page::Team => has(desk, Right::StaffEdit).then_some(key!("console_invite")),
            Page::Keys => Some(key!("console_key_new")),
            Page::Audit => None,
        };
        let add = |words| {
            let also = t(key!("console_settings_add"));
            Hit { sort: Sort::Add, words: t(words), note: title.clone(), also, path: setting(Which::New) }
        };
        hits.extend(added.map(add));
        if let Page::Kind(kind) = page {
            let mut found = Vec::new();
            labels(kind, "", &mut words::fields(kind), &mut found);
            let field =
                |words| Hit { sort: Sort::Field, words, note: title.clone(), also: String::new(), path: path.clone() };
            hits.extend(found.into_iter().map(field));
        }
    }
    hits
}

/// Documents and colleagues, asked of the relay once; what it does not give is left out.
pub(crate) fn load(desk: Desk, into: RwSignal<Vec<Hit>>) {
    let kinds: Vec<Kind> = GROUPS
        .iter()
        .flat_map(|(_, pages)| pages.iter())
        .filter(|page| untrack(|| sees_page(desk, **page)))
        .filter_map(|page| if let Page::Kind(kind) = page { Some(*kind) } else { None })
        .collect();
    spawn_local(async move {
        let mut hits = Vec::new();
        for kind in kinds {
            let note = name(Page::Kind(kind)).unwrap_or_default();
            for document in documents::list(kind).await.unwrap_or_default() {
                let (words, also) = (document.name(), document.id.to_string());
                let path = Setting { page: Page::Kind(kind), which: Which::One(document.id) }.path();
                hits.push(Hit { sort: Sort::Document, words, note: note.clone(), also, path });
            }
        }
        let staff = if untrack(|| sees_page(desk, Page::Team)) { staff::list().await } else { Ok(Vec::new()) };
        for colleague in staff.unwrap_or_default() {
            let Ok(id) = colleague.id.parse() else { continue };
            let path = Setting { page: Page::Team, which: Which::One(id) }.path();
            hits.push(Hit {
                sort: Sort::Document,
                words: colleague.name,
                note: colleague.email,
                also: String::new(),
                path,
            });
        }
        into.try_set(hits);
    });
}

/// The field above the list of pages; while something is typed, hits take the place of the list.
#[component]
pub(super) fn Find(desk: Desk, typed: RwSignal<String>) -> impl IntoView {
    let loaded = RwSignal::new(Vec::<Hit>::new());
    let begin = move |_| {
        if loaded.read_untracked().is_empty() {
            load(desk, loaded);
        }
    };
    let hits = move || {
        let typed = typed.get();
        if typed.trim().is_empty() {
            return None;
        }
        let all = pages(desk).into_iter().chain(loaded.get());
        let mut found: Vec<_> =
            all.filter(|hit| fits(&[&hit.words, " ", &hit.note, " ", &hit.also].concat(), &typed)).collect();
        found.sort_by_key(|hit| order(hit.sort, &hit.words, &typed));
        found.truncate(HITS_MAX);
        Some(found)
    };
    view! {
        <label class="settings__find">
            <span class="unseen">{t(key!("console_settings_find"))}</span>
            <input
                type="search"
                data-testid="settings-find"
                placeholder=t(key!("console_settings_find"))
                prop:value=move || typed.get()
                on:focus=begin
                on:input=move |event| typed.set(event_target_value(&event))
            />
        </label>
        {move || hits().map(|hits| {
            let none = hits.is_empty().then(|| view! { <p class="empty">{t(key!("console_settings_none_found"))}</p> });
            let row = |hit: Hit| {
                view! {
                    <a class="settings__hit" href=hit.path data-testid="settings-hit" on:click=move |_| typed.set(String::new())>
                        <b>{hit.words}</b>
                        <small>{hit.note}</small>
                    </a>
                }
            };
            view! {
                {none}
                {hits.into_iter().map(row).collect_view()}
            }
        })}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_with_what_was_typed_comes_first_and_pages_before_fields() {
        let mut hits = [
            (Sort::Field, "Opening hours"),
            (Sort::Field, "Hours"),
            (Sort::Add, "New hours"),
            (Sort::Document, "Hours of Asia"),
            (Sort::Page, "Opening hours"),
            (Sort::Page, "Hours"),
        ];
        hits.sort_by_key(|(sort, words)| order(*sort, words, " hou"));
        let expected = [
            (Sort::Page, "Hours"),
            (Sort::Document, "Hours of Asia"),
            (Sort::Page, "Opening hours"),
            (Sort::Add, "New hours"),
            (Sort::Field, "Hours"),
            (Sort::Field, "Opening hours"),
        ];
        assert_eq!(hits, expected);
    }

    #[test]
    fn every_typed_word_must_stand_in_the_text() {
        for (text, typed, expected) in [
            ("Departments Deposits", "dep", true),
            ("Departments Deposits", "pos DEP", true),
            ("Departments", "dep x", false),
            ("部门 存款", "存", true),
            ("anything", "  ", true),
        ] {
            assert_eq!(fits(text, typed), expected, "{text} {typed}");
        }
    }
}
