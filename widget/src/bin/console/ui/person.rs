//! Visitors and their rows in words.

use widget::key;
use widget_core::waits_since_ms;
use wire::limit::UNREAD_MAX;
use wire::{ConversationSummary, VisitorId, VisitorPresence};

use crate::ui::when;
use crate::ui::words::{fill, t};

/// A wait longer than this is shown in red.
const WAIT_TARGET_MS: u64 = 5 * 60_000;

/// Whether the visitor is there, in words.
pub(crate) fn presence_words(presence: VisitorPresence, now_ms: u64) -> String {
    match presence {
        VisitorPresence::Here => t(key!("console_visitor_here")),
        VisitorPresence::Gone { since_ms } => {
            fill(key!("console_visitor_gone"), &[("time", &when::short(since_ms, now_ms))])
        }
    }
}

/// The four characters of a visitor's name.
pub(crate) fn short_of(visitor: VisitorId) -> String {
    visitor.short()
}

/// "Visitor 71c4".
pub(crate) fn name(visitor: VisitorId) -> String {
    fill(key!("console_visitor"), &[("id", &visitor.short())])
}

/// The characters in the circle before the name.
pub(crate) fn initials(visitor: VisitorId) -> String {
    visitor.short().chars().take(2).collect::<String>().to_uppercase()
}

/// A count with its bound: "99+".
pub(crate) fn count(unread: u32) -> String {
    if unread as usize >= UNREAD_MAX { format!("{}+", UNREAD_MAX - 1) } else { unread.to_string() }
}

/// "4 of 5", or nothing.
pub(crate) fn score(score: u8) -> Option<String> {
    (score > 0).then(|| fill(key!("console_score"), &[("score", &score.to_string())]))
}

/// Whether a wait is over the target.
pub(crate) fn is_late(row: &ConversationSummary, now_ms: u64) -> bool {
    waits_since_ms(row).is_some_and(|since_ms| now_ms.saturating_sub(since_ms) > WAIT_TARGET_MS)
}
