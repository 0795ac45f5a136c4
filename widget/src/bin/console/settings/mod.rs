//! The settings: their pages in groups, and the page that is shown.

mod audit;
mod differing;
mod documents;
mod editing;
mod field;
mod form;
mod history;
mod path;
pub(crate) mod rights;
mod words;

use leptos::prelude::*;
use relay_settings::Kind;
use widget::key;
use widget::text::Key;

use self::audit::Audit;
use self::documents::Documents;
use crate::desk::route::{Page, Setting, Which};
use crate::desk::screen::Screen;
use crate::ui::icon::{self, icon};
use crate::ui::words::t;

/// The pages in groups with a title, as they are listed. Kinds that nothing reads yet are left out.
const GROUPS: [(Key, &[Page]); 3] = [
    (key!("console_group_chat"), &[Page::Kind(Kind::Site)]),
    (key!("console_group_work"), &[Page::Kind(Kind::Department), Page::Kind(Kind::Role)]),
    (key!("console_group_trust"), &[Page::Audit]),
];

/// The page.
#[component]
pub(crate) fn Settings(
    /// What is looked at.
    screen: Screen,
) -> impl IntoView {
    let page = Memo::new(move |_| screen.setting.read().page);
    let list = move || screen.setting.read().which == Which::List;
    view! {
        <div
            class="settings"
            class:settings--wide=move || !matches!(page.get(), Page::Kind(_))
            data-view=move || if list() { "list" } else { "form" }
        >
            <nav class="settings__kinds" aria-label=t(key!("console_settings"))>
                <h2>{t(key!("console_settings"))}</h2>
                {GROUPS
                    .iter()
                    .map(|(title, pages)| {
                        view! {
                            <h3>{t(*title)}</h3>
                            {pages.iter().map(|page| view! { <PageLink screen page=*page /> }).collect_view()}
                        }
                    })
                    .collect_view()}
            </nav>
            {move || match page.get() {
                Page::Kind(kind) => view! { <Documents screen kind /> }.into_any(),
                Page::Audit => view! { <Audit /> }.into_any(),
            }}
        </div>
    }
}

/// What a page is called.
fn name(page: Page) -> Option<String> {
    match page {
        Page::Kind(kind) => name_of(kind),
        Page::Audit => Some(t(key!("console_audit"))),
    }
}

/// The icon of a page.
const fn picture(page: Page) -> &'static str {
    match page {
        Page::Kind(Kind::Site) => icon::PALETTE,
        Page::Kind(Kind::Department) => icon::SPLIT,
        Page::Kind(Kind::Role) => icon::BADGE,
        Page::Kind(_) => icon::GEAR,
        Page::Audit => icon::SCROLL,
    }
}

/// What the documents of a kind are called; none for kinds that nothing reads yet.
fn name_of(kind: Kind) -> Option<String> {
    words::words(kind).map(|words| t(words.many))
}

#[component]
fn PageLink(screen: Screen, page: Page) -> impl IntoView {
    let setting = Setting { page, which: Which::List };
    view! {
        <a
            class="settings__kind"
            href=setting.path()
            data-testid="settings-section"
            data-kind=page.name()
            aria-current=move || (screen.setting.read().page == page).then_some("page")
        >
            {icon(picture(page))}
            {name(page)}
        </a>
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_that_something_reads_is_listed_once() {
        let listed = GROUPS.iter().flat_map(|(_, pages)| pages.iter());
        let kinds: Vec<_> =
            listed.filter_map(|page| if let Page::Kind(kind) = page { Some(kind.as_str()) } else { None }).collect();
        let read: BTreeSet<_> = words::kinds().map(Kind::as_str).collect();
        assert_eq!((kinds.len(), kinds.into_iter().collect::<BTreeSet<_>>()), (read.len(), read));
    }
}
