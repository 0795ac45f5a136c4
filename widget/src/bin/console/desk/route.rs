//! The console's addresses: which page, which list, which conversation. No data of people is in them.

use relay_settings::{DocumentId, Kind};
use wire::ConversationId;

use crate::desk::screen::{Section, Tab};

/// Where every address of the console begins.
pub(crate) const ROOT: &str = "/console";

/// What stands for a new document in addresses; no id looks like it.
const NEW: &str = "+";

/// What of the settings an address names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// Which page.
    pub(crate) page: Page,
    /// Which of what it lists.
    pub(crate) which: Which,
}

/// A page of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// The documents of a kind.
    Kind(Kind),
    /// Colleagues.
    Team,
    /// Keys of the API.
    Keys,
    /// The audit log.
    Audit,
}

impl Page {
    /// A page of each sort.
    pub(crate) const ALL: [Self; 4] = [Self::Kind(Kind::Site), Self::Team, Self::Keys, Self::Audit];

    /// Its name in addresses; no kind has one of these.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Kind(kind) => kind.as_str(),
            Self::Team => "team",
            Self::Keys => "keys",
            Self::Audit => "audit",
        }
    }

    /// The page with a name.
    fn with_name(name: &str) -> Option<Self> {
        match name {
            "team" => Some(Self::Team),
            "keys" => Some(Self::Keys),
            "audit" => Some(Self::Audit),
            kind => kind.parse().ok().map(Self::Kind),
        }
    }
}

/// Which document is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// None: the list only.
    List,
    /// One that is being made.
    New,
    /// This one.
    One(DocumentId),
}

impl Default for Setting {
    fn default() -> Self {
        Self { page: Page::Kind(Kind::Site), which: Which::List }
    }
}

impl Setting {
    /// Reads what follows the page's name; none when it names nothing.
    fn read<'p>(mut parts: impl Iterator<Item = &'p str>) -> Option<Self> {
        let Some(page) = parts.next() else { return Some(Self::default()) };
        let which = match parts.next() {
            None => Which::List,
            Some(NEW) => Which::New,
            Some(id) => Which::One(id.parse().ok()?),
        };
        let setting = Self { page: Page::with_name(page)?, which };
        parts.next().is_none().then_some(setting)
    }

    /// The address's path.
    pub(crate) fn path(&self) -> String {
        let page = [ROOT, "/settings/", self.page.name()].concat();
        match &self.which {
            Which::List => page,
            Which::New => [&page, "/", NEW].concat(),
            Which::One(id) => [&page, "/", id.as_str()].concat(),
        }
    }
}

/// What an address names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// Which page the first column shows.
    pub(crate) section: Section,
    /// Which list of the inbox; elsewhere the one that was shown last.
    pub(crate) tab: Tab,
    /// The conversation beside it.
    pub(crate) conversation: Option<ConversationId>,
    /// What of the settings is shown, while they are.
    pub(crate) setting: Setting,
}

impl Route {
    /// Reads the path of an address; none when there is no such page. `tab` is the list shown last.
    pub(crate) fn read(path: &str, tab: Tab) -> Option<Self> {
        let rest = path.strip_prefix(ROOT)?;
        let mut parts = rest.split('/').filter(|part| !part.is_empty());
        let (section, tab) = match parts.next() {
            None => (Section::Inbox, tab),
            Some("inbox") => match parts.next() {
                None => (Section::Inbox, tab),
                Some(name) => (Section::Inbox, Tab::ALL.into_iter().find(|tab| name_of(*tab) == name)?),
            },
            Some("defence") => (Section::Defence, tab),
            Some("account") => {
                let route = Self { section: Section::Account, tab, conversation: None, setting: Setting::default() };
                return parts.next().is_none().then_some(route);
            }
            Some("settings") => {
                let setting = Setting::read(parts)?;
                return Some(Self { section: Section::Settings, tab, conversation: None, setting });
            }
            Some(_) => return None,
        };
        let conversation = match parts.next() {
            None => None,
            Some(id) => Some(id.parse().ok()?),
        };
        parts.next().is_none().then_some(Self { section, tab, conversation, setting: Setting::default() })
    }

    /// The address's path; [`Route::read`] reads it back.
    pub(crate) fn path(&self) -> String {
        let mut path = match self.section {
            Section::Settings => return self.setting.path(),
            Section::Inbox => [ROOT, "/inbox/", name_of(self.tab)].concat(),
            Section::Defence => [ROOT, "/defence"].concat(),
            Section::Account => return [ROOT, "/account"].concat(),
        };
        if let Some(conversation) = self.conversation {
            path.push('/');
            path.push_str(&conversation.to_string());
        }
        path
    }
}

/// A list's name in addresses.
const fn name_of(tab: Tab) -> &'static str {
    match tab {
        Tab::Waiting => "waiting",
        Tab::Mine => "mine",
        Tab::Open => "open",
        Tab::Left => "left",
        Tab::Messages => "messages",
        Tab::Ended => "ended",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_reads_back() {
        for section in [Section::Inbox, Section::Defence] {
            for tab in Tab::ALL {
                for conversation in [None, Some(ConversationId(0x0190_0000_0000_7000_8000_0000_0000_0001))] {
                    let route = Route { section, tab, conversation, setting: Setting::default() };
                    assert_eq!(Route::read(&route.path(), tab), Some(route));
                }
            }
        }
    }

    #[test]
    fn the_account_has_an_address() {
        let route =
            Route { section: Section::Account, tab: Tab::Mine, conversation: None, setting: Setting::default() };
        assert_eq!(Route::read(&route.path(), Tab::Mine), Some(route));
        assert_eq!(Route::read("/console/account/x", Tab::Mine), None);
    }

    #[test]
    fn every_setting_has_an_address() {
        for page in Kind::ALL.iter().copied().map(Page::Kind).chain([Page::Team, Page::Keys, Page::Audit]) {
            for which in [Which::List, Which::New, Which::One("new".parse().expect("an id"))] {
                let setting = Setting { page, which };
                let read = Route::read(&setting.path(), Tab::Mine).map(|route| (route.section, route.setting));
                assert_eq!(read, Some((Section::Settings, setting)));
            }
        }
        for path in ["/console/settings/x", "/console/settings/site/A", "/console/settings/site/a/b"] {
            assert_eq!(Route::read(path, Tab::Mine), None, "{path}");
        }
    }

    #[test]
    fn short_addresses_lead_somewhere_and_wrong_ones_nowhere() {
        let mine = Route { section: Section::Inbox, tab: Tab::Mine, conversation: None, setting: Setting::default() };
        for path in ["/console", "/console/", "/console/inbox", "/console/inbox/mine/"] {
            assert_eq!(Route::read(path, Tab::Mine), Some(mine.clone()), "{path}");
        }
        for path in [
            "/",
            "/chat",
            "/console/x",
            "/console/inbox/x",
            "/console/inbox/mine/x",
            "/console/defence/x/y",
            "/console/inbox/mine/01900000-0000-7000-8000-000000000001/x",
        ] {
            assert_eq!(Route::read(path, Tab::Mine), None, "{path}");
        }
    }
}
