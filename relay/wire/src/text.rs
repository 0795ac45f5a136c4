//! What a message's text may be, and how much of it a list shows: the same for clients and relay.

use crate::Refusal;
use crate::limit::{LAST_LINE_CHARS_MAX, TEXT_CHARS_MAX};

/// Whether a text can be a message or note. The client asks before it sends, so that the answer is there at once; the relay asks again.
///
/// # Errors
/// The refusal that says why not.
pub fn check_text(text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::TextEmpty);
    }
    // Characters are never more than bytes: the long count is for long texts only.
    if text.len() > TEXT_CHARS_MAX && text.chars().count() > TEXT_CHARS_MAX {
        return Err(Refusal::TextTooLong { chars_max: TEXT_CHARS_MAX as u32 });
    }
    if text.as_bytes().contains(&0) {
        return Err(Refusal::TextInvalid);
    }
    Ok(())
}

/// The beginning of a text on one line, as lists show it: at most [`LAST_LINE_CHARS_MAX`] characters.
#[must_use]
pub fn first_line(text: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_bounded_in_characters_not_bytes() {
        assert_eq!(check_text("a"), Ok(()));
        assert_eq!(check_text(" \n\t"), Err(Refusal::TextEmpty));
        assert_eq!(check_text("a\0b"), Err(Refusal::TextInvalid));
        assert_eq!(check_text(&"好".repeat(TEXT_CHARS_MAX)), Ok(()));
        assert_eq!(check_text(&"a".repeat(TEXT_CHARS_MAX + 1)), Err(Refusal::TextTooLong { chars_max: 10_000 }));
    }
}
