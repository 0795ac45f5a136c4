//! The settings: their pages in groups, and the page that is shown.

mod audit;
mod differing;
mod documents;
mod editing;
mod field;
pub(crate) mod find;
mod form;
mod gone;
mod history;
mod keys;
mod once;
mod path;
mod preview;
mod problem;
mod rights;
mod scope;
mod team;
mod words;

use leptos::html;
use leptos::prelude::*;
use relay_settings::Kind;
use widget::key;
use widget::text::Key;

use self::audit::Audit;
use self::documents::{Documents, Unsaved};
use self::find::Find;
use self::keys::Keys;
use self::team::Team;
use crate::desk::Desk;
use crate::desk::rights::sees_page;
use crate::desk::route::{Page, Setting, Which};
use crate::desk::screen::Screen;
use crate::ui::icon::{self, icon};
use crate::ui::width;
use crate::ui::words::t;

/// The pages in groups with a title, as they are listed. Kinds that nothing reads yet are left out.
const GROUPS: [(Key, &[Page]); 3] = [
    (key!("console_group_chat"), &[Page::Kind(Kind::Site), Page::Kind(Kind::Texts), Page::Kind(Kind::Notice)]),
    (
        key!("console_group_work"),
        &[Page::Kind(Kind::Department), Page::Kind(Kind::Hours), Page::Team, Page::Kind(Kind::Role)],
    ),
    (key!("console_group_trust"), &[Page::Keys, Page::Audit]),
];

/// The page.
#[component]
pub(crate) fn Settings(
    /// The session.
    desk: Desk,
    /// What is looked at.
    screen: Screen,
) -> impl IntoView {
    // Who may not see the first page begins with the first one that they may see.
    let page = Memo::new(move |_| {
        let asked = screen.setting.read().page;
        let mut pages = GROUPS.iter().flat_map(|(_, pages)| pages.iter().copied());
        if sees_page(desk, asked) { asked } else { pages.find(|page| sees_page(desk, *page)).unwrap_or(asked) }
    });
    let typed = RwSignal::new(String::new());
    let list = move || screen.setting.read().which == Which::List;
    view! {
        <div
            class="settings"
            data-page="settings"
            tabindex="-1"
            class:settings--wide=move || !matches!(page.get(), Page::Kind(_))
            data-view=move || if list() { "list" } else { "form" }
        >
            <nav class="settings__kinds" aria-label=t(key!("console_settings"))>
                <h2>{t(key!("console_settings"))}</h2>
                <Find desk typed />
                {move || typed.read().trim().is_empty().then(|| GROUPS
                    .iter()
                    .filter(|(_, pages)| pages.iter().any(|page| sees_page(desk, *page)))
                    .map(|(title, pages)| {
                        view! {
                            <h3>{t(*title)}</h3>
                            {pages
                                .iter()
                                .filter(|page| sees_page(desk, **page))
                                .map(|of| view! { <PageLink of=*of screen page /> })
                                .collect_view()}
                        }
                    })
                    .collect_view())}
            </nav>
            {move || match page.get() {
                Page::Kind(kind) => view! { <Documents desk screen kind /> }.into_any(),
                Page::Team => view! { <Team desk screen /> }.into_any(),
                Page::Keys => view! { <Keys desk screen /> }.into_any(),
                Page::Audit => view! { <Audit /> }.into_any(),
            }}
        </div>
    }
}

/// What a page is called.
fn name(page: Page) -> Option<String> {
    match page {
        Page::Kind(kind) => name_of(kind),
        Page::Team => Some(t(key!("console_team"))),
        Page::Keys => Some(t(key!("console_keys_page"))),
        Page::Audit => Some(t(key!("console_audit"))),
    }
}

/// The icon of a page.
const fn picture(page: Page) -> &'static str {
    match page {
        Page::Kind(Kind::Site) => icon::PALETTE,
        Page::Kind(Kind::Department) => icon::SPLIT,
        Page::Kind(Kind::Hours) => icon::CLOCK,
        Page::Kind(Kind::Notice) => icon::MEGAPHONE,
        Page::Kind(Kind::Texts) => icon::LANGUAGES,
        Page::Kind(Kind::Role) => icon::BADGE,
        Page::Kind(_) => icon::GEAR,
        Page::Team => icon::USERS,
        Page::Keys => icon::KEY,
        Page::Audit => icon::SCROLL,
    }
}

/// What the documents of a kind are called; none for kinds that nothing reads yet.
fn name_of(kind: Kind) -> Option<String> {
    words::words(kind).map(|words| t(words.many))
}

#[component]
fn PageLink(of: Page, screen: Screen, page: Memo<Page>) -> impl IntoView {
    let setting = Setting { page: of, which: Which::List };
    let below = StoredValue::new([&setting.path(), "/"].concat());
    let link = NodeRef::<html::A>::new();
    // In narrow windows the pages are one strip, which is moved to where one is.
    Effect::new(move || {
        if page.get() == of
            && width::is_below(860.0)
            && let Some(link) = link.get()
        {
            link.scroll_into_view();
        }
    });
    // While another page is looked at: on its own, the rows say which.
    let waits = move || {
        page.get() != of && below.with_value(|below| screen.unsaved.read().keys().any(|path| path.starts_with(below)))
    };
    view! {
        <a
            node_ref=link
            class="settings__kind"
            href=setting.path()
            data-testid="settings-section"
            data-kind=of.name()
            aria-current=move || (page.get() == of).then_some("page")
        >
            {icon(picture(of))}
            {name(of)}
            <Show when=waits>
                <Unsaved />
            </Show>
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
