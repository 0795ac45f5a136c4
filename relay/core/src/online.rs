//! How many agents are online, by where they may answer: a visitor is sent the number of those who may answer them.

use std::collections::BTreeMap;

use relay_settings::Reach;
use wire::SiteId;

/// How many agents are online, by where they may answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OnlineCounts {
    /// Of those who may answer on every site.
    everywhere: u32,
    /// Of those who may answer on this site and not on every one; sites without any are left out.
    by_site: BTreeMap<SiteId, u32>,
}

impl OnlineCounts {
    /// Those who may answer the visitors of a site.
    pub(crate) fn of(&self, site: &SiteId) -> u32 {
        self.everywhere + self.by_site.get(site).copied().unwrap_or(0)
    }

    /// So many who may answer everywhere.
    #[cfg(test)]
    pub(crate) const fn everywhere(agents: u32) -> Self {
        Self { everywhere: agents, by_site: BTreeMap::new() }
    }

    /// One of this reach comes or goes.
    pub(crate) fn count(&mut self, reach: &Reach<SiteId>, comes: bool) {
        let change = |count: &mut u32| *count = if comes { *count + 1 } else { count.saturating_sub(1) };
        match reach {
            Reach::All => change(&mut self.everywhere),
            Reach::Some(sites) => {
                for site in sites {
                    change(self.by_site.entry(site.clone()).or_default());
                }
                self.by_site.retain(|_, count| *count > 0);
            }
        }
    }
}
