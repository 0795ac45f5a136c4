//! What the signed-in agent may do, so that nothing is offered that the relay would refuse.

use wire::{AgentState, ConversationState, ConversationSummary, Role};

use crate::desk::Desk;

/// Whether the signed-in agent is a supervisor.
pub(crate) fn supervises(desk: Desk) -> bool {
    desk.me().is_some_and(|me| me.role >= Role::Supervisor)
}

/// What the agent may do with a conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rights {
    /// Answer: it is the agent's own.
    pub(crate) answer: bool,
    /// Take it: nobody has it, or an agent who is not there.
    pub(crate) take: bool,
    /// It could be taken, but the agent holds as many as it can.
    pub(crate) full: bool,
    /// End.
    pub(crate) end: bool,
    /// Write notes: it is open.
    pub(crate) note: bool,
    /// Give it back.
    pub(crate) release: bool,
    /// Mark it as spam.
    pub(crate) spam: bool,
    /// Block its visitor, and end all conversations from the same network.
    pub(crate) block: bool,
}

/// By the same rules as the relay's.
pub(crate) fn rights(desk: Desk, row: Option<&ConversationSummary>) -> Rights {
    let (Some(me), Some(row)) = (desk.me(), row) else { return Rights::default() };
    let full = me.load >= me.capacity;
    let block = me.role >= Role::Supervisor;
    match row.state {
        ConversationState::Waiting { .. } | ConversationState::Idle { .. } => {
            Rights { take: !full, full, end: true, note: true, spam: true, block, ..Rights::default() }
        }
        ConversationState::Assigned { agent } => {
            let own = agent == me.id;
            let alone = !own && desk.agent_state(agent) != AgentState::Online;
            let over = own || block;
            Rights {
                answer: own,
                take: alone && !full,
                full: alone && full,
                end: over,
                note: true,
                release: over,
                spam: over,
                block,
            }
        }
        ConversationState::Closed { .. } => Rights { spam: !row.spam, block, ..Rights::default() },
    }
}
