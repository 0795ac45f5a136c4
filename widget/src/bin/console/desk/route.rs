//! The console's addresses: which page, which list, which conversation. No data of people is in them.

use wire::ConversationId;

use crate::desk::screen::{Section, Tab};

/// Where every address of the console begins.
pub(crate) const ROOT: &str = "/console";

/// What an address names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// Which page the first column shows.
    pub(crate) section: Section,
    /// Which list of the inbox; elsewhere the one that was shown last.
    pub(crate) tab: Tab,
    /// The conversation beside it.
    pub(crate) conversation: Option<ConversationId>,
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
            Some(_) => return None,
        };
        let conversation = match parts.next() {
            None => None,
            Some(id) => Some(id.parse().ok()?),
        };
        parts.next().is_none().then_some(Self { section, tab, conversation })
    }

    /// The address's path; [`Route::read`] reads it back.
    pub(crate) fn path(self) -> String {
        let mut path = match self.section {
            Section::Inbox => [ROOT, "/inbox/", name_of(self.tab)].concat(),
            Section::Defence => [ROOT, "/defence"].concat(),
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
                    let route = Route { section, tab, conversation };
                    assert_eq!(Route::read(&route.path(), tab), Some(route));
                }
            }
        }
    }

    #[test]
    fn short_addresses_lead_somewhere_and_wrong_ones_nowhere() {
        let mine = Route { section: Section::Inbox, tab: Tab::Mine, conversation: None };
        for path in ["/console", "/console/", "/console/inbox", "/console/inbox/mine/"] {
            assert_eq!(Route::read(path, Tab::Mine), Some(mine), "{path}");
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
