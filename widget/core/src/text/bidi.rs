//! Texts of people within texts of ours. One is written from the right, the other from the left: neither may change the order of the other.

/// *First strong isolate* and its end (Unicode, UAX 9): the text between them has a direction of its own.
const ISOLATE: char = '\u{2068}';
const END: char = '\u{2069}';

/// A value made fit to stand within a sentence of ours, also where there can be no element around it (a title, a label). It stays as it is if it
/// has no letters that are written from the right, and no marks of direction.
#[must_use]
pub fn isolated(value: &str) -> String {
    if !value.chars().any(|letter| wire::is_right_to_left(letter) || directs(letter)) {
        return value.to_owned();
    }
    let mut out = String::from(ISOLATE);
    // Marks in the value itself could end the isolation early.
    out.extend(value.chars().filter(|letter| !directs(*letter)));
    out.push(END);
    out
}

/// A sentence with each `{name}` replaced by its value. A `{name}` in a value stays as it is.
#[must_use]
pub fn filled(sentence: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let mut rest = sentence;
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let known = values.iter().find_map(|(name, value)| {
            let behind = from[1..].strip_prefix(name)?.strip_prefix('}')?;
            Some((value, behind))
        });
        match known {
            Some((value, behind)) => {
                out.push_str(&isolated(value));
                rest = behind;
            }
            None => {
                out.push('{');
                rest = &from[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// Embeddings, overrides, isolates and their ends, and the marks of direction.
const fn directs(letter: char) -> bool {
    wire::turns_line(letter) || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{61c}')
}

#[cfg(test)]
mod tests {
    use super::{filled, isolated};

    #[test]
    fn what_is_written_from_the_right_is_laid_out_by_itself() {
        for (value, expected) in [
            ("", ""),
            ("Ada L.", "Ada L."),
            ("王小明 (2)", "王小明 (2)"),
            ("3 of 4", "3 of 4"),
            ("דנה", "\u{2068}דנה\u{2069}"),
            ("Dana דנה 7", "\u{2068}Dana דנה 7\u{2069}"),
            ("عمر", "\u{2068}عمر\u{2069}"),
            ("ܐܒܓ", "\u{2068}ܐܒܓ\u{2069}"),
            ("ﻋﻤﺮ", "\u{2068}ﻋﻤﺮ\u{2069}"),
            ("𞤀𞤣𞤤", "\u{2068}𞤀𞤣𞤤\u{2069}"),
            ("\u{202e}gnp.exe", "\u{2068}gnp.exe\u{2069}"),
            ("a\u{2069}\u{202e}b", "\u{2068}ab\u{2069}"),
            ("\u{2066}\u{2067}\u{2068}open", "\u{2068}open\u{2069}"),
        ] {
            assert_eq!(isolated(value), expected, "{value:?}");
        }
    }

    #[test]
    fn a_sentence_is_filled_once() {
        for (sentence, values, expected) in [
            ("gone since {time}", &[("time", "9:41 PM")][..], "gone since 9:41 PM"),
            ("by {name}, {time}", &[("name", "דנה"), ("time", "14:00")], "by \u{2068}דנה\u{2069}, 14:00"),
            ("by {name}, {time}", &[("name", "{time}"), ("time", "14:00")], "by {time}, 14:00"),
            ("{a} {b {c}", &[("c", "3"), ("a", "1")], "1 {b 3"),
            ("nothing", &[("a", "1")], "nothing"),
            ("{a}{a}", &[("a", "é")], "éé"),
            ("在 {page}", &[("page", "سعر")], "在 \u{2068}سعر\u{2069}"),
        ] {
            assert_eq!(filled(sentence, values), expected, "{sentence:?}");
        }
    }
}
