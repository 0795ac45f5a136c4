//! What the agent at the desk may do, so that nothing is offered that the relay would refuse.

use wire::{AgentState, ConversationState, ConversationSummary, Role};

use crate::desk::Desk;

/// Whether the agent at the desk watches over others.
pub(crate) fn supervises(desk: Desk) -> bool {
    desk.me().is_some_and(|me| me.role >= Role::Supervisor)
}

/// What the agent may do with a conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rights {
    /// Answer: it is the agent's own.
    pub(crate) answer: bool,
    /// Take: nobody has it, or nobody who is there.
    pub(crate) take: bool,
    /// It could be taken, if the agent did not hold as many as it can.
    pub(crate) full: bool,
    /// End.
    pub(crate) end: bool,
    /// Write notes: it is open.
    pub(crate) note: bool,
    /// Give it back.
    pub(crate) release: bool,
    /// Mark it as spam.
    pub(crate) spam: bool,
    /// Keep whoever writes in it out, and end what else comes from there.
    pub(crate) block: bool,
}

/// The same rules as the relay's, so that nothing is offered that would be refused.
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
