//! What each field is called, the help below it, and the words of its choices.

use relay_settings::Kind;
use widget::key;
use widget::text::Key;

use super::super::path;

/// What a field is called, and the help below it.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a test fails for a kind with a field that something reads and no words"
)]
pub(in crate::settings) fn label(kind: Kind, path: &str) -> Option<(Key, Option<Key>)> {
    let path = path::general(path);
    match kind {
        Kind::Site => site(&path),
        Kind::Department => department(&path),
        Kind::Hours => hours(&path),
        Kind::Notice => notice(&path),
        Kind::Texts => texts(&path),
        Kind::Role => match path.as_str() {
            "name" => with(key!("console_role_name"), key!("console_role_name_note")),
            "rights" => with(key!("console_role_rights"), key!("console_role_rights_note")),
            "second_factor" => with(key!("console_site_second_factor"), key!("console_role_second_factor_note")),
            "second_factor.grace_days" => bare(key!("console_role_second_factor_days")),
            _ => None,
        },
        _ => None,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "as it stands in the tables below")]
const fn with(name: Key, note: Key) -> Option<(Key, Option<Key>)> {
    Some((name, Some(note)))
}

#[expect(clippy::unnecessary_wraps, reason = "as it stands in the tables below")]
const fn bare(name: Key) -> Option<(Key, Option<Key>)> {
    Some((name, None))
}

fn site(path: &str) -> Option<(Key, Option<Key>)> {
    match path {
        "name" => with(key!("console_site_name"), key!("console_site_name_note")),
        "origins" => with(key!("console_site_origins"), key!("console_site_origins_note")),
        "logo" => with(key!("console_site_logo"), key!("console_site_logo_note")),
        "colours" => with(key!("console_site_colours"), key!("console_site_colours_note")),
        "colours.light" => bare(key!("console_site_colour_light")),
        "colours.text_on_light" => bare(key!("console_site_colour_text_on_light")),
        "colours.dark" => bare(key!("console_site_colour_dark")),
        "colours.text_on_dark" => bare(key!("console_site_colour_text_on_dark")),
        "greeting" => with(key!("console_site_greeting"), key!("console_site_greeting_note")),
        "offline" => with(key!("console_site_offline"), key!("console_site_offline_note")),
        "password_notice" => with(key!("console_site_password_notice"), key!("console_site_password_notice_note")),
        "times" => with(key!("console_site_times"), key!("console_site_times_note")),
        "times.left_after_seconds" => with(key!("console_site_times_left"), key!("console_site_times_left_note")),
        "times.message_after_seconds" => {
            with(key!("console_site_times_message"), key!("console_site_times_message_note"))
        }
        "times.owned_left_after_seconds" => {
            with(key!("console_site_times_owned"), key!("console_site_times_owned_note"))
        }
        "retention" => with(key!("console_site_retention"), key!("console_site_retention_note")),
        "retention.texts_days" => bare(key!("console_site_retention_texts")),
        "retention.names_days" => bare(key!("console_site_retention_names")),
        "retention.files_days" => bare(key!("console_site_retention_files")),
        "second_factor" => with(key!("console_site_second_factor"), key!("console_site_second_factor_note")),
        "second_factor.agent_grace_days" => bare(key!("console_site_second_factor_agent")),
        "second_factor.supervisor_grace_days" => bare(key!("console_site_second_factor_supervisor")),
        "second_factor.administrator_grace_days" => bare(key!("console_site_second_factor_administrator")),
        "attachments" => with(key!("console_site_attachments"), key!("console_site_attachments_note")),
        _ => None,
    }
}

fn department(path: &str) -> Option<(Key, Option<Key>)> {
    match path {
        "name" => with(key!("console_department_name"), key!("console_department_name_note")),
        "site" => with(key!("console_department_site"), key!("console_department_site_note")),
        "hours" => with(key!("console_department_hours"), key!("console_department_hours_note")),
        _ => None,
    }
}

fn hours(path: &str) -> Option<(Key, Option<Key>)> {
    match path {
        "name" => with(key!("console_hours_name"), key!("console_hours_name_note")),
        "site" => with(key!("console_field_site"), key!("console_field_site_note")),
        "zone" => with(key!("console_hours_zone"), key!("console_hours_zone_note")),
        "weekly" => with(key!("console_hours_weekly"), key!("console_hours_weekly_note")),
        "holidays" => with(key!("console_hours_holidays"), key!("console_hours_holidays_note")),
        "holidays.yearly" => bare(key!("console_hours_yearly")),
        "exceptions" => with(key!("console_hours_exceptions"), key!("console_hours_exceptions_note")),
        "exceptions.times" => bare(key!("console_hours_times")),
        "exceptions.times.from" => bare(key!("console_hours_from")),
        "exceptions.times.to" => bare(key!("console_hours_to")),
        "holidays.date" | "exceptions.date" => bare(key!("console_hours_date")),
        "holidays.name" | "exceptions.name" => bare(key!("console_hours_why")),
        _ => None,
    }
}

fn notice(path: &str) -> Option<(Key, Option<Key>)> {
    match path {
        "kind" => with(key!("console_notice_kind"), key!("console_notice_kind_note")),
        "texts" => with(key!("console_notice_texts"), key!("console_notice_texts_note")),
        "site" => with(key!("console_field_site"), key!("console_field_site_note")),
        "pinned" => with(key!("console_notice_pinned"), key!("console_notice_pinned_note")),
        "dismissible" => with(key!("console_notice_dismissible"), key!("console_notice_dismissible_note")),
        "from_ms" => with(key!("console_notice_from"), key!("console_notice_from_note")),
        "until_ms" => with(key!("console_notice_until"), key!("console_notice_until_note")),
        _ => None,
    }
}

fn texts(path: &str) -> Option<(Key, Option<Key>)> {
    match path {
        "site" => with(key!("console_texts_site"), key!("console_texts_site_note")),
        "language" => with(key!("console_texts_language"), key!("console_texts_language_note")),
        "texts" => with(key!("console_texts_texts"), key!("console_texts_texts_note")),
        _ => None,
    }
}

/// The words of one choice of a field.
pub(in crate::settings) fn choice(kind: Kind, path: &str, value: &str) -> Option<Key> {
    match (kind, path, value) {
        (Kind::Notice, "kind", "security") => Some(key!("console_notice_kind_security")),
        (Kind::Notice, "kind", "maintenance") => Some(key!("console_notice_kind_maintenance")),
        (Kind::Notice, "kind", "news") => Some(key!("console_notice_kind_news")),
        _ => None,
    }
}
