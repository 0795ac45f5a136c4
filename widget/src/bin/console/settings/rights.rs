//! The words of rights, the groups in which they are shown, and a box for each.

use leptos::prelude::*;
use relay_settings::{Kind, Right};
use widget::key;
use widget::text::Key;

use crate::desk::Desk;
use crate::desk::rights::{has, has_everywhere};
use crate::ui::words::{fill, t};

/// Every right once, in groups with a title.
pub(super) const GROUPS: [(Key, &[Right]); 5] = [
    (
        key!("console_rights_talk"),
        &[
            Right::ConversationRead,
            Right::ConversationSearch,
            Right::ConversationNote,
            Right::ConversationAnswer,
            Right::ConversationJoin,
            Right::ConversationTransfer,
            Right::ConversationReleaseAny,
            Right::ConversationTakeOver,
            Right::ConversationAssign,
            Right::ConversationEnd,
            Right::ConversationEndAny,
            Right::ConversationEndMany,
            Right::ConversationClassify,
            Right::ConversationPrioritize,
            Right::ConversationMerge,
            Right::TranscriptExport,
            Right::FileOpen,
            Right::FileOpenRestricted,
        ],
    ),
    (
        key!("console_rights_visitor"),
        &[
            Right::Compliance,
            Right::VisitorRead,
            Right::VisitorBlock,
            Right::VisitorErase,
            Right::FloodDeclare,
            Right::RetentionHold,
        ],
    ),
    (
        key!("console_rights_watch"),
        &[Right::BoardRead, Right::BoardSteer, Right::ReportRead, Right::ReportExport, Right::PresenceRead],
    ),
    (
        key!("console_rights_settings"),
        &[
            Right::SettingsRead,
            Right::SettingsSite,
            Right::SettingsRouting,
            Right::SettingsDesk,
            Right::SettingsSafety,
            Right::SettingsHelp,
            Right::SettingsAutomation,
            Right::SettingsIntegration,
            Right::SettingsTransfer,
        ],
    ),
    (
        key!("console_rights_staff"),
        &[Right::StaffRead, Right::StaffEdit, Right::RoleEdit, Right::SessionEdit, Right::KeyEdit, Right::AuditRead],
    ),
];

/// A box for each right.
#[component]
pub(super) fn RightBoxes(
    /// Who gives them: nobody gives what they do not have.
    desk: Desk,
    /// The names of those that are ticked.
    #[prop(into)]
    chosen: Signal<Vec<String>>,
    /// Gets them when one was ticked or unticked, in the order in which the relay writes them: so ticked and unticked again is no change.
    set: Callback<Vec<String>>,
) -> impl IntoView {
    let toggle = move |right: Right| {
        let mut names = chosen.get_untracked();
        match names.iter().position(|name| name == right.as_str()) {
            Some(at) => drop(names.remove(at)),
            None => {
                names.push(right.as_str().to_owned());
                // What cannot be seen cannot be changed.
                if changes_settings(right) && !names.iter().any(|name| name == READ) {
                    names.push(READ.to_owned());
                }
            }
        }
        names.sort_by_key(|name| Right::NAMES.iter().position(|known| known == name));
        set.run(names);
    };
    let one = move |right: Right| {
        let ticked = move || chosen.read().iter().any(|name| name == right.as_str());
        view! {
            <label class="choice">
                <input
                    type="checkbox"
                    data-testid="right"
                    value=right.as_str()
                    prop:checked=ticked
                    // What one lacks can be taken away, and not be given.
                    disabled=move || !ticked() && !gives(desk, right)
                    on:change=move |_| toggle(right)
                />
                {t(words(right))}
            </label>
        }
    };
    let group = |(title, rights): &(Key, &[Right])| {
        view! {
            <section class="rights">
                <h4>{t(*title)}</h4>
                {rights.iter().map(|right| one(*right)).collect_view()}
            </section>
        }
    };
    let unseen = move || {
        let names = chosen.read();
        let changes = names.iter().filter_map(|name| name.parse().ok()).any(changes_settings);
        changes && !names.iter().any(|name| name == READ)
    };
    view! {
        {GROUPS.iter().map(group).collect_view()}
        <Show when=unseen>
            <p class="field__problem" role="status" data-testid="rights-unseen">
                {fill(key!("console_rights_unseen"), &[("right", &t(words(Right::SettingsRead)))])}
            </p>
        </Show>
    }
}

/// Whether somebody can give a right so that it allows something: some concern the whole relay.
fn gives(desk: Desk, right: Right) -> bool {
    let is_of_relay = matches!(right, Right::AuditRead | Right::RoleEdit | Right::FloodDeclare);
    if is_of_relay { has_everywhere(desk, right) } else { has(desk, right) }
}

/// The right without which the pages of settings are not shown.
const READ: &str = Right::SettingsRead.as_str();

/// Whether documents of some kind are changed with it, which takes that they are seen.
fn changes_settings(right: Right) -> bool {
    Kind::ALL.iter().any(|kind| Right::to_change(*kind) == right)
}

/// What a right allows, in a few words.
pub(super) const fn words(right: Right) -> Key {
    match right {
        Right::ConversationRead => key!("console_right_conversation_read"),
        Right::ConversationSearch => key!("console_right_conversation_search"),
        Right::ConversationNote => key!("console_right_conversation_note"),
        Right::ConversationAnswer => key!("console_right_conversation_answer"),
        Right::ConversationJoin => key!("console_right_conversation_join"),
        Right::ConversationTransfer => key!("console_right_conversation_transfer"),
        Right::ConversationReleaseAny => key!("console_right_conversation_release_any"),
        Right::ConversationTakeOver => key!("console_right_conversation_take_over"),
        Right::ConversationAssign => key!("console_right_conversation_assign"),
        Right::ConversationEnd => key!("console_right_conversation_end"),
        Right::ConversationEndAny => key!("console_right_conversation_end_any"),
        Right::ConversationEndMany => key!("console_right_conversation_end_many"),
        Right::ConversationClassify => key!("console_right_conversation_classify"),
        Right::ConversationPrioritize => key!("console_right_conversation_prioritize"),
        Right::ConversationMerge => key!("console_right_conversation_merge"),
        Right::TranscriptExport => key!("console_right_transcript_export"),
        Right::FileOpen => key!("console_right_file_open"),
        Right::FileOpenRestricted => key!("console_right_file_open_restricted"),
        Right::Compliance => key!("console_right_compliance"),
        Right::VisitorRead => key!("console_right_visitor_read"),
        Right::VisitorBlock => key!("console_right_visitor_block"),
        Right::VisitorErase => key!("console_right_visitor_erase"),
        Right::FloodDeclare => key!("console_right_flood_declare"),
        Right::RetentionHold => key!("console_right_retention_hold"),
        Right::BoardRead => key!("console_right_board_read"),
        Right::BoardSteer => key!("console_right_board_steer"),
        Right::ReportRead => key!("console_right_report_read"),
        Right::ReportExport => key!("console_right_report_export"),
        Right::SettingsRead => key!("console_right_settings_read"),
        Right::SettingsSite => key!("console_right_settings_site"),
        Right::SettingsRouting => key!("console_right_settings_routing"),
        Right::SettingsDesk => key!("console_right_settings_desk"),
        Right::SettingsSafety => key!("console_right_settings_safety"),
        Right::SettingsHelp => key!("console_right_settings_help"),
        Right::SettingsAutomation => key!("console_right_settings_automation"),
        Right::SettingsIntegration => key!("console_right_settings_integration"),
        Right::SettingsTransfer => key!("console_right_settings_transfer"),
        Right::PresenceRead => key!("console_right_presence_read"),
        Right::StaffRead => key!("console_right_staff_read"),
        Right::StaffEdit => key!("console_right_staff_edit"),
        Right::RoleEdit => key!("console_right_role_edit"),
        Right::SessionEdit => key!("console_right_session_edit"),
        Right::KeyEdit => key!("console_right_key_edit"),
        Right::AuditRead => key!("console_right_audit_read"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_right_is_in_one_group() {
        let mut shown: Vec<Right> = GROUPS.iter().flat_map(|(_, rights)| rights.iter().copied()).collect();
        shown.sort();
        assert_eq!(shown, Right::ALL);
    }
}
