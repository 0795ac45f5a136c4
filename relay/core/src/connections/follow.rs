//! Which connections follow which conversations, and how far each has read a long log.

use wire::limit::FOLLOW_CONVERSATIONS_MAX;
use wire::{AgentId, ConversationId, Seq};

use super::Connections;
use crate::input::ConnectionId;
use crate::news::News;
use crate::request::Page;
use crate::step::Step;

/// Long logs of one connection in which pages are distinguished from gaps: both lanes of all that it may follow.
const TURNING_MAX: usize = 2 * FOLLOW_CONVERSATIONS_MAX;

impl Connections {
    /// An agent's connection follows a conversation from now on. False when it follows too many.
    pub(crate) fn follow(&mut self, connection: ConnectionId, conversation: ConversationId) -> bool {
        let Some(known) = self.all.get_mut(&connection) else { return false };
        if known.following.len() >= FOLLOW_CONVERSATIONS_MAX && !known.following.contains(&conversation) {
            return false;
        }
        known.following.insert(conversation);
        self.followers.entry(conversation).or_default().insert(connection);
        true
    }

    /// A connection stops following a conversation. False when it did not.
    pub(crate) fn unfollow(&mut self, connection: ConnectionId, conversation: ConversationId, step: &mut Step) -> bool {
        let followed = self.all.get_mut(&connection).is_some_and(|known| known.following.remove(&conversation));
        if followed {
            self.remove_follower(conversation, connection, step);
        }
        followed
    }

    pub(super) fn remove_follower(&mut self, conversation: ConversationId, connection: ConnectionId, step: &mut Step) {
        let Some(all) = self.followers.get_mut(&conversation) else { return };
        all.remove(&connection);
        if all.is_empty() {
            self.followers.remove(&conversation);
            step.tell(News::Unfollowed(conversation));
        }
    }

    /// Whether anybody follows a conversation.
    pub(crate) fn is_followed(&self, conversation: ConversationId) -> bool {
        self.followers.contains_key(&conversation)
    }

    /// What a connection follows.
    pub(crate) fn following(&self, connection: ConnectionId) -> impl Iterator<Item = ConversationId> {
        self.all.get(&connection).into_iter().flat_map(|known| known.following.iter().copied())
    }

    /// Whether the events of a conversation reach this agent's connection, when `holder` has it.
    pub(crate) fn receives_events(
        &self,
        connection: ConnectionId,
        conversation: ConversationId,
        holder: Option<AgentId>,
    ) -> bool {
        let follows = self.followers.get(&conversation).is_some_and(|all| all.contains(&connection));
        follows || holder.is_some_and(|agent| self.of_agents.contains_key(&(agent, connection)))
    }

    /// Counts a page with events up to `last` for a connection. A `Fetch` after a number that the client has repairs a gap, unless it only asks
    /// for the next page of a long log.
    pub(crate) fn count_page(&mut self, page: &Page, last: Seq, head: Seq) {
        let Some(known) = self.all.get_mut(&page.connection) else { return };
        let log = (page.conversation, page.lane);
        let turned = known.turning.remove(&log) == Some(page.after);
        if last < head && known.turning.len() < TURNING_MAX {
            known.turning.insert(log, last);
        }
        if !page.follow && page.after > Seq::ZERO && !turned {
            self.gaps_repaired += 1;
        }
    }
}
