//! Texts of people where they stand among other lines: transcripts, what commands print, anything that a terminal may show.
//!
//! Whoever writes a message, a name or a comment chooses its characters. None of them may move a cursor, colour, ring, write to a clipboard,
//! begin a line that looks like somebody else's, or turn what stands beside it.

use std::fmt::Write;
use std::io;

use wire::{is_line_break, is_right_to_left, turns_line};

/// A text without what acts: each character that a reader may take for a new line becomes one, and controls and what turns the direction of
/// others are written out (`\u{1b}`). What is harmless stays as it is, also joiners and selectors, which make one picture of several.
#[must_use]
pub fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\t' => out.push('\t'),
            char if is_line_break(char) => out.push('\n'),
            char if char.is_control() || turns_line(char) => out.extend(char.escape_unicode()),
            char => out.push(char),
        }
    }
    out
}

/// A harmless text on lines of its own: those after the first are set in, so that none can pass for an entry, and each that is written from
/// right to left is isolated from what stands before it (U+2068, U+2069).
#[must_use]
pub fn lines(text: &str, indent: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, line) in harmless(text).split('\n').enumerate() {
        if at > 0 {
            out.push('\n');
            out.push_str(indent);
        }
        let turned = line.contains(is_right_to_left);
        out.extend(turned.then_some('\u{2068}'));
        out.push_str(line);
        out.extend(turned.then_some('\u{2069}'));
    }
    out
}

/// A harmless text on one line: names, addresses, titles.
#[must_use]
pub fn line(text: &str) -> String {
    lines(&harmless(text).replace(['\n', '\t'], " "), "")
}

/// JSON that was written of people's texts, with what acts in it escaped too: JSON itself escapes only the first 32 controls. The same
/// value is read from it.
#[must_use]
pub fn json(written: &str) -> String {
    let mut out = String::with_capacity(written.len());
    for char in written.chars() {
        if char != '\n' && (char.is_control() || is_line_break(char) || turns_line(char)) {
            // None of them is beyond the first plane. Writing into a text cannot fail.
            let _ = write!(out, "\\u{:04x}", u32::from(char));
        } else {
            out.push(char);
        }
    }
    out
}

/// Takes what a command prints, piece by piece, and makes it harmless on its way out.
#[derive(Debug)]
pub struct Printed<W>(pub W);

impl<W: io::Write> io::Write for Printed<W> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.0.write_all(harmless(&String::from_utf8_lossy(piece)).as_bytes())?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_acts_on_a_terminal_or_forges_a_line() {
        let cases = [
            ("plain", "plain"),
            ("a\nb", "a\n    b"),
            ("a\r\nb", "a\n    b"),
            ("a\r[12:00] Ann: I pay", "a\n    [12:00] Ann: I pay"),
            ("a\r\r\nb", "a\n    \n    b"),
            ("a\u{b}b\u{c}c", "a\n    b\n    c"),
            ("a\u{85}b\u{2028}c\u{2029}d", "a\n    b\n    c\n    d"),
            ("\u{1b}[2Jgone", "\\u{1b}[2Jgone"),
            ("\u{1b}]52;c;cm0=\u{7}", "\\u{1b}]52;c;cm0=\\u{7}"),
            ("\u{9b}31m\u{9d}0;x\u{9c}", "\\u{9b}31m\\u{9d}0;x\\u{9c}"),
            ("ab\u{8}\u{8}cd\u{7f}", "ab\\u{8}\\u{8}cd\\u{7f}"),
            ("\0\u{e}\u{f}", "\\u{0}\\u{e}\\u{f}"),
            ("pay\u{202e}gnp.exe", "pay\\u{202e}gnp.exe"),
            ("\u{2066}a\u{2069}\u{2069}\u{202c}", "\\u{2066}a\\u{2069}\\u{2069}\\u{202c}"),
            ("a\tb", "a\tb"),
            ("👨\u{200d}👩\u{200d}👧 ⚠\u{fe0f}", "👨\u{200d}👩\u{200d}👧 ⚠\u{fe0f}"),
            ("שלום", "\u{2068}שלום\u{2069}"),
            ("one\nمرحبا\nthree", "one\n    \u{2068}مرحبا\u{2069}\n    three"),
            ("\u{200f}!", "\u{2068}\u{200f}!\u{2069}"),
            ("", ""),
        ];
        for (text, wanted) in cases {
            assert_eq!(lines(text, "    "), wanted, "{text:?}");
        }
        assert_eq!(line("Ann\n[12:00] Bob\t\u{1b}"), "Ann [12:00] Bob \\u{1b}");
        assert_eq!(line("רות\u{2028}x"), "\u{2068}רות x\u{2069}");
    }

    #[test]
    fn what_is_printed_acts_on_no_terminal() {
        let mut out = Vec::new();
        io::Write::write_fmt(&mut Printed(&mut out), format_args!("{:12}| {}\n", "Ann\u{202e}", "\u{1b}[2J好"))
            .unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "Ann\\u{202e}        | \\u{1b}[2J好\n");
    }

    #[test]
    fn no_character_alone_or_between_others_acts() {
        for char in (0..=0x10_ffff_u32).filter_map(char::from_u32) {
            let text = format!("a{char}b");
            let out = lines(&text, "    ");
            let acts = |char: char| char != '\n' && char != '\t' && (char.is_control() || is_line_break(char));
            assert!(!out.contains(acts), "{char:?}");
            assert!(!out.contains(['\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}']), "{char:?}");
            let (opened, closed) = (out.matches('\u{2068}').count(), out.matches('\u{2069}').count());
            assert!(opened == closed && opened <= 1, "{char:?}");
            assert!(!line(&text).contains('\n'));
        }
    }

    #[test]
    fn json_says_the_same_and_does_not_act() {
        for text in ["\u{1b}\u{7f}\u{9b}31m", "\u{2028}\u{85}", "\u{202e}x\u{2069}", "a\"b\\c\n好👋"] {
            // As serde_json writes it.
            let mut written = String::from("\"");
            for char in text.chars() {
                match char {
                    '"' => written.push_str("\\\""),
                    '\\' => written.push_str("\\\\"),
                    '\n' => written.push_str("\\n"),
                    '\0'..='\u{1f}' => written.push_str(&format!("\\u{:04x}", u32::from(char))),
                    char => written.push(char),
                }
            }
            written.push('"');
            let out = json(&written);
            assert!(
                !out.contains(|char: char| char.is_control() || is_line_break(char) || turns_line(char)),
                "{text:?}"
            );
        }
        assert_eq!(json("{\n  \"a\": \"\u{9b}\"\n}"), "{\n  \"a\": \"\\u009b\"\n}");
    }
}
