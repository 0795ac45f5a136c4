//! How long conversations wait for somebody who is gone: by the relay's settings, and by a site's own where it has any.

use std::collections::BTreeMap;

use relay_settings::Snapshot;
use relay_settings::site::{Site, Times};
use wire::SiteId;

use super::Conversations;
use crate::settings::Settings;
use crate::step::Step;

/// Waits in milliseconds, of one site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Waits {
    /// A visitor in the queue is gone for so long: they have left.
    pub(super) left_after_ms: u64,
    /// They have left for so long with words unanswered: a message.
    pub(super) message_after_ms: u64,
    /// The visitor of an agent's conversation is gone for so long: the agent has room again.
    pub(super) owned_left_after_ms: u64,
}

impl Waits {
    /// A site's own times, and the relay's where it has none.
    fn of(relay: &Settings, site: &Times) -> Self {
        let or = |seconds: Option<u32>, ms: u64| seconds.map_or(ms, |seconds| u64::from(seconds) * 1_000);
        Self {
            left_after_ms: or(site.left_after_seconds, relay.left_after_ms),
            message_after_ms: or(site.message_after_seconds, relay.message_after_ms),
            owned_left_after_ms: or(site.owned_left_after_seconds, relay.owned_left_after_ms),
        }
    }
}

/// The waits of all sites.
#[derive(Debug)]
pub(super) struct AllWaits {
    relay: Settings,
    /// Of sites whose times differ from the relay's.
    by_site: BTreeMap<SiteId, Waits>,
}

impl AllWaits {
    /// The relay's, for every site.
    pub(super) const fn new(relay: Settings) -> Self {
        Self { relay, by_site: BTreeMap::new() }
    }

    /// Those of a site.
    pub(super) fn of(&self, site: &SiteId) -> Waits {
        self.by_site.get(site).copied().unwrap_or_else(|| Waits::of(&self.relay, &Times::default()))
    }
}

impl Conversations {
    /// The documents in force now: a site may wait longer or shorter. Whoever is gone is looked at again where something changed.
    pub(crate) fn set_documents(&mut self, documents: &Snapshot, step: &mut Step) {
        let own = documents.all::<Site>().filter(|(_, site)| site.times != Times::default());
        let by_site: BTreeMap<SiteId, Waits> = own
            .filter_map(|(id, site)| Some((id.as_str().parse().ok()?, Waits::of(&self.waits.relay, &site.times))))
            .collect();
        if by_site == self.waits.by_site {
            return;
        }
        self.waits.by_site = by_site;
        let gone: Vec<_> =
            self.visitors.iter().filter(|(_, known)| known.gone_ms.is_some()).map(|(id, _)| *id).collect();
        for visitor in gone {
            self.attend(visitor, step);
        }
    }
}
