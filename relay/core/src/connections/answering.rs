//! How many agents answer now, for the visitors of each site.

use std::collections::BTreeMap;

use wire::{ServerFrame, SiteId};

use super::Connections;
use crate::input::ConnectionId;
use crate::online::OnlineCounts;
use crate::step::Step;

impl Connections {
    /// How many may answer a visitor with this connection; nobody answers one that is not there.
    pub(crate) fn answering(&self, connection: ConnectionId) -> u32 {
        self.visitors_site(connection).map_or(0, |site| self.answering.of(site))
    }

    /// So many are online now. The visitors of each site for which that is another number are sent it.
    pub(crate) fn set_answering(&mut self, counts: OnlineCounts, step: &mut Step) {
        let before = std::mem::replace(&mut self.answering, counts);
        let mut frames: BTreeMap<u32, Vec<ConnectionId>> = BTreeMap::new();
        for (connection, known) in &self.all {
            if let Some(site) = known.side.visitors_site() {
                let agents = self.answering.of(site);
                if before.of(site) != agents {
                    frames.entry(agents).or_default().push(*connection);
                }
            }
        }
        for (agents, to) in frames {
            self.send_to(to, ServerFrame::Answering { agents }, step);
        }
    }

    fn visitors_site(&self, connection: ConnectionId) -> Option<&SiteId> {
        self.all.get(&connection)?.side.visitors_site()
    }
}
