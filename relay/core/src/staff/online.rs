//! Whether an agent is online, and for the visitors of which sites.

use relay_settings::{Reach, Right};
use wire::{AgentState, SiteId};

use super::AgentLive;

impl AgentLive {
    /// The sites whose visitors it can answer now; none while it is not online.
    pub(super) fn online_reach(&self) -> Option<Reach<SiteId>> {
        (self.shown() == AgentState::Online).then(|| self.rights.sites(Right::ConversationAnswer))
    }

    /// Whether it may answer anybody: otherwise it is never online.
    pub(super) fn answers(&self) -> bool {
        match self.rights.sites(Right::ConversationAnswer) {
            Reach::All => true,
            Reach::Some(sites) => !sites.is_empty(),
        }
    }
}
