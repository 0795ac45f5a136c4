//! What a site's chat shows: visitors are sent its number, and again when it has changed. What it is they ask for over HTTP.

use std::collections::BTreeMap;

use wire::{ServerFrame, SiteId};

use super::{Connections, Side};
use crate::input::ConnectionId;
use crate::step::Step;

impl Connections {
    /// Tells a visitor who was just welcomed.
    pub(super) fn tell_look(&mut self, connection: ConnectionId, step: &mut Step) {
        let site = self.all.get(&connection).and_then(|known| known.side.visitors_site());
        if let Some(look) = site.and_then(|site| self.looks.get(site)).copied() {
            self.send_one(connection, ServerFrame::Look { look }, step);
        }
    }

    /// The looks have these numbers now. The visitors of each site whose look has changed are sent it.
    pub(crate) fn set_looks(&mut self, looks: BTreeMap<SiteId, u32>, step: &mut Step) {
        let before = std::mem::replace(&mut self.looks, looks);
        let mut frames: BTreeMap<&SiteId, (u32, Vec<ConnectionId>)> = BTreeMap::new();
        for (site, look) in &self.looks {
            if before.get(site) != Some(look) {
                frames.insert(site, (*look, Vec::new()));
            }
        }
        if frames.is_empty() {
            return;
        }
        for (connection, known) in &self.all {
            if let Some((_, to)) = known.side.visitors_site().and_then(|site| frames.get_mut(site)) {
                to.push(*connection);
            }
        }
        let frames: Vec<_> = frames.into_values().filter(|(_, to)| !to.is_empty()).collect();
        for (look, to) in frames {
            self.send_to(to, ServerFrame::Look { look }, step);
        }
    }
}

impl Side {
    pub(super) const fn visitors_site(&self) -> Option<&SiteId> {
        match self {
            Self::Visitor { site, .. } => Some(site),
            Self::Agent { .. } => None,
        }
    }
}
