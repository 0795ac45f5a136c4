//! Checks of what a person typed, the same as the relay's, so that the answer is there at once.

use wire::Refusal;
use wire::limit::{LAST_LINE_CHARS_MAX, TEXT_CHARS_MAX};

/// Whether the relay would take this text as a message or note.
///
/// # Errors
/// The refusal the relay would give.
pub fn check_text(text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::TextEmpty);
    }
    if text.len() > TEXT_CHARS_MAX && text.chars().count() > TEXT_CHARS_MAX {
        return Err(Refusal::TextTooLong { chars_max: TEXT_CHARS_MAX as u32 });
    }
    if text.as_bytes().contains(&0) {
        return Err(Refusal::TextInvalid);
    }
    Ok(())
}

/// The beginning of a text on one line, as lists show it.
pub(crate) fn first_line(text: &str) -> String {
    let mut line = String::new();
    for (count, char) in text.trim_start().chars().enumerate() {
        if count == LAST_LINE_CHARS_MAX {
            break;
        }
        line.push(if char.is_control() { ' ' } else { char });
    }
    line.truncate(line.trim_end().len());
    line
}
