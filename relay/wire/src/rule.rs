//! The rules of texts, the same for clients and relay: what a message may be, and how much of it a list shows.

use crate::Refusal;
use crate::limit::{LAST_LINE_CHARS_MAX, TEXT_CHARS_MAX};

/// Whether a text can be a message or note. The client asks before it sends, so that the answer is there at once; the relay asks again.
///
/// # Errors
/// The refusal that says why not.
pub fn check_text(text: &str) -> Result<(), Refusal> {
    if is_blank(text) {
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

/// Whether there is nothing to see in a text.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|char| char != '\0' && is_unseen(char))
}

/// Whether a character alone shows nothing: white space, controls, what Unicode lets every font ignore (`Default_Ignorable_Code_Point`:
/// soft hyphen, joiners, direction marks, fillers, variation selectors, tags), and the few that are drawn empty. Beside
/// others some of them matter: joiners and selectors make one picture of several, so they are never taken out of a text.
#[must_use]
pub fn is_unseen(char: char) -> bool {
    char.is_whitespace()
        || char.is_control()
        || matches!(
            char,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{16fe4}'
                | '\u{1bca0}'..='\u{1bca3}' | '\u{1d159}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Whether a character begins a new line where it is shown, whatever wrote it.
#[must_use]
pub const fn is_line_break(char: char) -> bool {
    matches!(char, '\n' | '\u{b}' | '\u{c}' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// A text without the blank lines around it, and without white space at its end. Clients send it so, and the relay records it so. Unseen
/// characters in a line with something in it stay: they may belong to it (the end of a flag, a direction).
#[must_use]
pub fn trim_text(text: &str) -> &str {
    let seen = |char: char| !is_unseen(char);
    let Some(first) = text.find(seen) else { return "" };
    let begin = text[..first].rfind(is_line_break).map_or(0, |at| text.ceil_char_boundary(at + 1));
    let last = text.rfind(seen).unwrap_or(first);
    let end = text[last..].find(is_line_break).map_or(text.len(), |at| last + at);
    text[begin..end].trim_end()
}

/// The beginning of a text on one line, as lists show it: at most [`LAST_LINE_CHARS_MAX`] characters.
#[must_use]
pub fn first_line(text: &str) -> String {
    let mut line = String::new();
    let mut room = LAST_LINE_CHARS_MAX;
    for char in text.trim_start().chars() {
        if turns_line(char) {
            // Half of a pair would turn the direction of what follows the line.
            continue;
        }
        if room == 0 {
            break;
        }
        room -= 1;
        line.push(if char.is_control() || is_line_break(char) { ' ' } else { char });
    }
    line.truncate(line.trim_end().len());
    line
}

/// Whether a character turns the direction of what follows it, until another one ends that (embeddings, overrides, isolates).
#[must_use]
pub const fn turns_line(char: char) -> bool {
    matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character is written from right to left, by its block: Hebrew, Arabic and their neighbours.
#[must_use]
pub const fn is_right_to_left(char: char) -> bool {
    matches!(
        char,
        '\u{590}'..='\u{8ff}' | '\u{200f}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}'
    )
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

    #[test]
    fn what_shows_nothing_is_empty_and_what_shows_something_is_not() {
        let unseen = [
            "",
            " ",
            "\u{a0}",
            "\u{3000}",
            "\u{ad}",
            "\u{34f}",
            "\u{61c}",
            "\u{115f}",
            "\u{1160}",
            "\u{17b4}",
            "\u{180e}",
            "\u{200b}",
            "\u{200c}",
            "\u{200d}",
            "\u{200e}\u{200f}",
            "\u{2028}",
            "\u{202e}\u{202c}",
            "\u{2060}",
            "\u{2063}",
            "\u{2066}\u{2069}",
            "\u{206f}",
            "\u{2800}",
            "\u{3164}",
            "\u{fe0f}",
            "\u{feff}",
            "\u{ffa0}",
            "\u{fffb}",
            "\u{1d173}",
            "\u{e0001}",
            "\u{e0041}\u{e007f}",
            "\u{e0100}",
            "\u{1b}",
            "\u{8}\u{7f}",
            "\u{85}",
            " \u{200b}\r\n\u{feff} ",
        ];
        for text in unseen {
            assert_eq!(check_text(text), Err(Refusal::TextEmpty), "{text:?}");
            assert_eq!(trim_text(text), "", "{text:?}");
        }
        for text in ["a", "\u{200b}a", "。", "👨\u{200d}👩", "⚠\u{fe0f}", "\u{301}", "\u{fffd}", "\u{e000}", "-", "ㅤㄱ"]
        {
            assert_eq!(check_text(text), Ok(()), "{text:?}");
        }
        // Not a blank, but what cannot be stored: it says so.
        assert_eq!(check_text("\0"), Err(Refusal::TextInvalid));
    }

    #[test]
    fn blank_lines_around_a_text_go_and_nothing_else() {
        let cases = [
            ("a", "a"),
            ("\n\na\n\n", "a"),
            ("  a", "  a"),
            ("\n  a  \n", "  a"),
            ("\r\n \t\r\na\r\n\r\nb\r\n", "a\r\n\r\nb"),
            ("\u{200b}\n\u{2800}\na\n\u{feff}\n", "a"),
            ("\u{2028}a\u{2029}\u{85}", "a"),
            ("\u{b}a\u{c}", "a"),
            ("\u{200f}שלום\u{200f}", "\u{200f}שלום\u{200f}"),
            ("⚠\u{fe0f}\n", "⚠\u{fe0f}"),
            ("🏴\u{e0067}\u{e0062}\u{e007f}", "🏴\u{e0067}\u{e0062}\u{e007f}"),
            ("a\u{3000}\u{a0}", "a"),
            ("a\n\u{200d}\nb", "a\n\u{200d}\nb"),
        ];
        for (text, wanted) in cases {
            assert_eq!(trim_text(text), wanted, "{text:?}");
            assert_eq!(trim_text(wanted), wanted, "once is enough");
        }
    }

    #[test]
    fn a_list_shows_one_line_that_cannot_turn_what_stands_behind_it() {
        for (text, wanted) in [
            ("\n a\nb\r\nc", "a b  c"),
            ("a\u{2028}b\u{85}c\u{b}d", "a b c d"),
            ("\u{1b}]52;c;x\u{7}a\u{9b}", " ]52;c;x a"),
            ("pay\u{202e}gnp.exe\u{202c}", "paygnp.exe"),
            ("\u{2067}a", "a"),
        ] {
            assert_eq!(first_line(text), wanted, "{text:?}");
        }
        assert_eq!(first_line(&"好".repeat(LAST_LINE_CHARS_MAX + 1)).chars().count(), LAST_LINE_CHARS_MAX);
    }
}
