//! What the signed-in agent may do, so that nothing is offered that the relay would refuse.

use relay_settings::{DocumentKey, Kind, Reach, Right, RightNames, RightSet, Scope, Staff, grants, may_add, may_write};
use serde_json::Value;
use wire::{AgentState, ConversationState, ConversationSummary, StaffScope};

use crate::desk::Desk;
use crate::desk::route::Page;
use crate::desk::screen::Section;

/// The signed-in agent as far as rights are concerned, from what the relay says at the welcome. What only a newer relay knows gives nothing.
pub(super) fn staff(rights: &[String], scope: &StaffScope) -> Staff {
    let known: RightSet = rights.iter().collect::<RightNames>().known;
    let sites = scope.sites.as_ref().map_or(Reach::All, |sites| Reach::Some(sites.iter().cloned().collect()));
    let departments = scope.departments.as_ref().map_or(Reach::All, |departments| {
        Reach::Some(departments.iter().filter_map(|department| department.parse().ok()).collect())
    });
    Staff::new([known], Scope { sites, departments })
}

/// Whether the signed-in agent has a right, wherever that counts.
pub(crate) fn has(desk: Desk, right: Right) -> bool {
    desk.staff(|staff| staff.rights.has(right))
}

/// Whether the signed-in agent has a right that concerns the whole relay.
pub(crate) fn has_everywhere(desk: Desk, right: Right) -> bool {
    desk.staff(|staff| staff.rights.has(right) && staff.scope.is_everywhere())
}

/// Whether the signed-in agent may add a document of a kind.
pub(crate) fn adds(desk: Desk, kind: Kind) -> bool {
    desk.staff(|staff| may_add(staff, kind))
}

/// Whether the signed-in agent may have a document be like this.
pub(crate) fn writes(desk: Desk, key: &DocumentKey, body: &Value) -> bool {
    let me = desk.me().map(|me| me.id);
    desk.staff(|staff| may_write(staff, me, key, body))
}

/// Whether the signed-in agent may make somebody what they are, and so change them.
pub(crate) fn makes(desk: Desk, other: &Staff) -> bool {
    desk.staff(|staff| grants(staff, other).is_ok())
}

/// Whether there is something on a page for the signed-in agent.
pub(crate) fn sees(desk: Desk, section: Section) -> bool {
    match section {
        Section::Inbox | Section::Account => true,
        Section::Defence => has(desk, Right::VisitorBlock) || has_everywhere(desk, Right::FloodDeclare),
        Section::Settings => Page::ALL.into_iter().any(|page| sees_page(desk, page)),
    }
}

/// Whether the signed-in agent may look at a page of the settings.
pub(crate) fn sees_page(desk: Desk, page: Page) -> bool {
    match page {
        Page::Kind(_) => has(desk, Right::SettingsRead),
        Page::Team => has(desk, Right::StaffRead),
        Page::Keys => has(desk, Right::KeyEdit),
        Page::Audit => has_everywhere(desk, Right::AuditRead),
    }
}

/// What the agent may do with a conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rights {
    /// Answer: it is the agent's own.
    pub(crate) answer: bool,
    /// Take it: nobody has it, or an agent who is not there; with the right for it, also from one who is.
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
    /// Keep it from being removed, and end that.
    pub(crate) hold: bool,
    /// Erase its visitor.
    pub(crate) erase: bool,
}

/// By the same rules as the relay's.
pub(crate) fn rights(desk: Desk, row: Option<&ConversationSummary>) -> Rights {
    let (Some(me), Some(row)) = (desk.me(), row) else { return Rights::default() };
    let has = |right| has(desk, right);
    let full = me.load >= me.capacity;
    let (answers, note, block) =
        (has(Right::ConversationAnswer), has(Right::ConversationNote), has(Right::VisitorBlock));
    let end = has(Right::ConversationEnd);
    let always =
        Rights { block, hold: has(Right::RetentionHold), erase: has(Right::VisitorErase), ..Rights::default() };
    match row.state {
        ConversationState::Waiting { .. } | ConversationState::Idle { .. } => {
            let (take, full) = (answers && !full, answers && full);
            Rights { take, full, end, note, spam: end, ..always }
        }
        ConversationState::Assigned { agent } => {
            let own = agent == me.id;
            let alone = desk.agent_state(agent) != AgentState::Online || has(Right::ConversationTakeOver);
            let free = answers && !own && alone;
            let end = end && (own || has(Right::ConversationEndAny));
            Rights {
                answer: own && answers,
                take: free && !full,
                full: free && full,
                end,
                note,
                release: own || has(Right::ConversationReleaseAny),
                spam: end,
                ..always
            }
        }
        ConversationState::Closed { .. } => Rights { spam: end && !row.spam, ..always },
    }
}
