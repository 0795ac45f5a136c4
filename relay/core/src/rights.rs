//! What an agent may do, and where. The core asks [`may`] here and nowhere else.

use std::collections::BTreeSet;
use std::sync::Arc;

use relay_settings::{DocumentId, Reach, Right, RightSet, Scope, Snapshot, Staff, Subject, may, staff_with};
use wire::{SiteId, StaffScope};

use crate::input::Agent;

/// The department of every conversation: so far none has one. What has none is only for those who have all departments.
const DEPARTMENT: Option<&DocumentId> = None;

/// A conversation of a site, as [`may`] is asked about it.
#[must_use]
pub const fn conversation_of(site: &SiteId) -> Subject<'_> {
    Subject::Conversation { site, department: DEPARTMENT }
}

/// What an agent may do, and where; cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rights(Arc<Staff>);

impl Rights {
    /// Those of an agent's roles as the documents are.
    pub(crate) fn of(agent: &Agent, snapshot: &Snapshot) -> Self {
        Self(Arc::new(staff_with(snapshot, &agent.roles, agent.scope.clone())))
    }

    /// All rights everywhere: what a workload gives its agents.
    pub(crate) fn all() -> Self {
        Self(Arc::new(Staff::new([RightSet::ALL], Scope::EVERYWHERE)))
    }

    /// Whether it may do this in conversations of a site.
    pub(crate) fn in_site(&self, right: Right, site: &SiteId) -> bool {
        may(&self.0, right, &conversation_of(site))
    }

    /// The sites in whose conversations it may do this; none by name when in no conversation.
    pub(crate) fn sites(&self, right: Right) -> Reach<SiteId> {
        if self.has(right) && self.0.scope.departments.has_or_all(DEPARTMENT) {
            self.0.scope.sites.clone()
        } else {
            Reach::Some(BTreeSet::new())
        }
    }

    /// Whether it may do this at all, wherever that is.
    pub(crate) fn has(&self, right: Right) -> bool {
        !self.0.disabled && self.0.rights.has(right)
    }

    /// Whether it may do what concerns the whole relay.
    pub(crate) fn in_relay(&self, right: Right) -> bool {
        may(&self.0, right, &Subject::Relay)
    }

    /// Whether it sees a colleague.
    pub(crate) fn sees(&self, colleague: &Self) -> bool {
        may(&self.0, Right::PresenceRead, &Subject::Colleague(&colleague.0))
    }

    /// The names of its rights, as its console gets them.
    pub(crate) fn names(&self) -> Vec<String> {
        self.0.rights.iter().map(|right| right.as_str().to_owned()).collect()
    }

    /// Its scope, as its console gets it.
    pub(crate) fn scope(&self) -> StaffScope {
        StaffScope {
            sites: by_name(&self.0.scope.sites, SiteId::clone),
            departments: by_name(&self.0.scope.departments, DocumentId::to_string),
        }
    }
}

/// What is reached by name; none for all.
fn by_name<T, U>(reach: &Reach<T>, name: impl Fn(&T) -> U) -> Option<Vec<U>> {
    match reach {
        Reach::All => None,
        Reach::Some(named) => Some(named.iter().map(name).collect()),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use relay_settings::BuiltInRole;

    use super::*;

    fn site(id: &str) -> SiteId {
        id.parse().expect("a site id")
    }

    /// A built-in role, everywhere.
    pub(crate) fn everywhere(role: BuiltInRole) -> Rights {
        Rights(Arc::new(Staff::new([role.rights()], Scope::EVERYWHERE)))
    }

    /// A built-in role on these sites.
    pub(crate) fn on_sites(role: BuiltInRole, sites: &[&str]) -> Rights {
        let sites = Reach::Some(sites.iter().map(|id| site(id)).collect());
        Rights(Arc::new(Staff::new([role.rights()], Scope { sites, departments: Reach::All })))
    }

    #[test]
    fn sites_and_single_questions_agree() {
        let (one, some) = (site("one"), Reach::Some([site("one"), site("two")].into()));
        let cards = || Reach::Some(["cards".parse::<DocumentId>().expect("an id")].into());
        let read = RightSet::of(&[Right::ConversationRead]);
        for (rights, sites, departments, disabled, expected) in [
            (read, Reach::All, Reach::All, false, Reach::All),
            (read, some.clone(), Reach::All, false, some.clone()),
            (read, some.clone(), cards(), false, Reach::Some([].into())),
            (RightSet::NONE, some.clone(), Reach::All, false, Reach::Some([].into())),
            (read, some, Reach::All, true, Reach::Some([].into())),
        ] {
            let rights = Rights(Arc::new(Staff { rights, scope: Scope { sites, departments }, disabled }));
            assert_eq!(rights.sites(Right::ConversationRead), expected, "{rights:?}");
            let may = rights.in_site(Right::ConversationRead, &one);
            assert_eq!(may, expected.has(&one), "{rights:?}");
            assert!(!rights.in_site(Right::ConversationRead, &site("three")) || expected == Reach::All);
        }
    }
}
