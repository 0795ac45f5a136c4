//! The words of the audit log.

use widget::key;
use widget::text::Key;

use crate::settings::words as of_kinds;

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

/// One of each kind of what is no document.
const KINDS: [(&str, Key); 8] = [
    ("agent", key!("console_audit_kind_agent")),
    ("block", key!("console_audit_kind_block")),
    ("conversation", key!("console_audit_kind_conversation")),
    ("file", key!("console_audit_kind_file")),
    ("invitation", key!("console_audit_kind_invitation")),
    ("key", key!("console_audit_kind_key")),
    ("relay_key", key!("console_audit_kind_relay_key")),
    ("visitor", key!("console_audit_kind_visitor")),
];

/// What the details of an entry are called.
const DETAILS: [(&str, Key); 33] = [
    ("account", key!("console_audit_detail_account")),
    ("agent", key!("console_audit_kind_agent")),
    ("browser", key!("console_audit_detail_browser")),
    ("capacity", key!("console_team_capacity")),
    ("change", key!("console_audit_detail_change")),
    ("counter_went_back", key!("console_audit_detail_counter_went_back")),
    ("email", key!("console_email")),
    ("failed_before_and_not_listed", key!("console_audit_detail_failed_before")),
    ("files", key!("console_audit_detail_files")),
    ("first", key!("console_audit_detail_first")),
    ("hours", key!("console_team_hours")),
    ("invitation", key!("console_audit_kind_invitation")),
    ("kind", key!("console_audit_detail_kind")),
    ("known_browser", key!("console_audit_detail_known_browser")),
    ("left_out", key!("console_audit_detail_left_out")),
    // What is longer than an entry may be is cut, with a number under this name.
    ("…", key!("console_audit_detail_left_out")),
    ("name", key!("console_audit_detail_name")),
    ("names", key!("console_audit_detail_names")),
    ("passkey", key!("console_audit_detail_passkey")),
    ("reason", key!("console_audit_detail_reason")),
    ("removed_values", key!("console_audit_detail_removed_values")),
    ("rights", key!("console_audit_detail_rights")),
    ("roles", key!("console_team_roles")),
    ("scope", key!("console_audit_detail_scope")),
    ("sealed_values", key!("console_audit_detail_sealed_values")),
    ("second_factor", key!("console_site_second_factor")),
    ("tag", key!("console_audit_detail_tag")),
    ("texts", key!("console_kind_texts")),
    ("until_ms", key!("console_audit_detail_until")),
    ("up_to", key!("console_audit_detail_up_to")),
    ("version", key!("console_audit_detail_version")),
    ("visitor", key!("console_audit_kind_visitor")),
    ("what", key!("console_audit_detail_change")),
];

/// Words that the relay writes as a detail: its name, the word, and what it is called.
const VALUES: [(&str, &str, Key); 20] = [
    ("account", "unknown", key!("console_audit_value_unknown")),
    ("what", "added", key!("console_audit_value_added")),
    ("what", "changed", key!("console_audit_value_changed")),
    ("what", "removed", key!("console_audit_value_removed")),
    ("change", "added", key!("console_audit_value_added")),
    ("change", "removed", key!("console_audit_value_removed")),
    ("change", "passkey_added", key!("console_audit_value_passkey_added")),
    ("change", "passkey_removed", key!("console_audit_value_passkey_removed")),
    ("change", "recovery_codes_renewed", key!("console_audit_value_codes_renewed")),
    ("kind", "colleague", key!("console_audit_value_colleague")),
    ("kind", "password", key!("console_audit_value_password")),
    ("second_factor", "none", key!("console_audit_value_none")),
    ("second_factor", "code", key!("console_audit_value_code")),
    ("second_factor", "recovery_code", key!("console_audit_value_recovery_code")),
    ("second_factor", "passkey", key!("console_audit_value_passkey")),
    ("second_factor", "passkey_alone", key!("console_audit_value_passkey_alone")),
    ("scope", "visitor", key!("console_block_visitor")),
    ("scope", "address", key!("console_block_address")),
    ("scope", "network", key!("console_block_network")),
    ("scope", "other", key!("console_audit_value_other")),
];

/// One of a kind that something is done to; none for one that no page of the settings is about.
pub(super) fn kind(name: &str) -> Option<Key> {
    let thing = KINDS.iter().find(|(known, _)| *known == name).map(|(_, words)| *words);
    thing.or_else(|| Some(of_kinds::words(name.parse().ok()?)?.one))
}

/// What a detail is called; none for one that this page does not know.
pub(super) fn detail(name: &str) -> Option<Key> {
    DETAILS.iter().find(|(known, _)| *known == name).map(|(_, words)| *words)
}

/// What a word in a detail is called.
pub(super) fn value(name: &str, value: &str) -> Option<Key> {
    VALUES.iter().find(|(of, known, _)| (*of, *known) == (name, value)).map(|(_, _, words)| *words)
}

/// Whether somebody was refused or lost something: shown in red.
pub(super) fn is_grave(action: &str) -> bool {
    matches!(action, "sign_in_failed" | "erased" | "audit_cut" | "relay_key_replaced")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_document_that_something_reads_has_a_word() {
        for of in of_kinds::kinds() {
            assert!(kind(of.as_str()).is_some(), "{of}");
        }
        assert_eq!(kind("of_a_newer_relay"), None);
    }

    #[test]
    fn words_are_of_details_that_are_called_something() {
        for (name, word, words) in VALUES {
            assert!(detail(name).is_some(), "{name}");
            assert_eq!(value(name, word), Some(words), "{name} {word}");
        }
        assert_eq!((detail("of_a_newer_relay"), value("what", "blessed")), (None, None));
    }
}
