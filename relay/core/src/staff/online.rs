//! Whether an agent is online, and for the visitors of which sites.

use relay_settings::{Reach, Right};
use wire::AgentState;

use super::AgentLive;
use crate::rights::Rights;

impl AgentLive {
    /// What it may do while it is online; none while it is not.
    pub(super) fn online_rights(&self) -> Option<Rights> {
        (self.shown() == AgentState::Online).then(|| self.rights.clone())
    }

    /// Whether it may answer anybody: otherwise it is never online.
    pub(super) fn answers(&self) -> bool {
        match self.rights.sites(Right::ConversationAnswer) {
            Reach::All => true,
            Reach::Some(sites) => !sites.is_empty(),
        }
    }
}
