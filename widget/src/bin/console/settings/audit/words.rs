//! The words of the audit log.

use widget::key;
use widget::text::Key;

/// Every action that this page knows, with its words.
pub(super) const ACTIONS: [(&str, Key); 32] = [
    ("signed_in", key!("console_action_signed_in")),
    ("sign_in_failed", key!("console_action_sign_in_failed")),
    ("confirmed", key!("console_action_confirmed")),
    ("signed_out", key!("console_action_signed_out")),
    ("session_revoked", key!("console_action_session_revoked")),
    ("password_changed", key!("console_action_password_changed")),
    ("second_factor_changed", key!("console_action_second_factor_changed")),
    ("invited", key!("console_action_invited")),
    ("agent_added", key!("console_action_agent_added")),
    ("agent_changed", key!("console_action_agent_changed")),
    ("agent_removed", key!("console_action_agent_removed")),
    ("invitation_removed", key!("console_action_invitation_removed")),
    ("password_link_made", key!("console_action_password_link_made")),
    ("agent_disabled", key!("console_action_agent_disabled")),
    ("agent_enabled", key!("console_action_agent_enabled")),
    ("rights_changed", key!("console_action_rights_changed")),
    ("key_made", key!("console_action_key_made")),
    ("key_revoked", key!("console_action_key_revoked")),
    ("setting_changed", key!("console_action_setting_changed")),
    ("transcript_exported", key!("console_action_transcript_exported")),
    ("file_opened", key!("console_action_file_opened")),
    ("searched", key!("console_action_searched")),
    ("erased", key!("console_action_erased")),
    ("retention_ran", key!("console_action_retention_ran")),
    ("held", key!("console_action_held")),
    ("hold_ended", key!("console_action_hold_ended")),
    ("blocked", key!("console_action_blocked")),
    ("unblocked", key!("console_action_unblocked")),
    ("taken_over", key!("console_action_taken_over")),
    ("relay_key_replaced", key!("console_action_relay_key_replaced")),
    ("audit_cut", key!("console_action_audit_cut")),
    ("audit_exported", key!("console_action_audit_exported")),
];

/// The words of an action; none for one of a newer relay.
pub(super) fn action(name: &str) -> Option<Key> {
    ACTIONS.iter().find(|(known, _)| *known == name).map(|(_, words)| *words)
}

/// Whether somebody was refused or lost something: shown in red.
pub(super) fn is_grave(action: &str) -> bool {
    matches!(action, "sign_in_failed" | "erased" | "audit_cut" | "relay_key_replaced")
}
