//! Finds web addresses in a text, so that they can be followed.

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Words.
    Words(&'a str),
    /// A web address, to be shown as it is written.
    Address(&'a str),
}

/// Splits a text at its `http://` and `https://` addresses; nothing else ever becomes a link.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut words_from, mut search_from) = (0, 0);
    while let Some(found) = text[search_from..].find("http") {
        let start = search_from + found;
        let length = address_bytes(&text[start..]);
        search_from = start + length.max(4);
        if length > 0 {
            if words_from < start {
                pieces.push(Piece::Words(&text[words_from..start]));
            }
            pieces.push(Piece::Address(&text[start..start + length]));
            words_from = search_from;
        }
    }
    if words_from < text.len() {
        pieces.push(Piece::Words(&text[words_from..]));
    }
    pieces
}

/// How long the address is that the text begins with; 0 for none.
fn address_bytes(text: &str) -> usize {
    let Some(host) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else { return 0 };
    let scheme_bytes = text.len() - host.len();
    let end = host.find(|char: char| {
        char.is_whitespace() || char.is_control() || "<>\"，。；：！？、（）「」《》".contains(char)
    });
    let host = &host[..end.unwrap_or(host.len())];
    // Punctuation at the end belongs to the sentence.
    let host = host.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', ')', ']', '}']);
    // Any letter beyond ASCII may begin a host; the tables that know which are letters weigh more than they are worth.
    if host.starts_with(|char: char| char.is_ascii_alphanumeric() || !char.is_ascii() || char == '[') {
        scheme_bytes + host.len()
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::{Piece, Piece::*, pieces};

    fn check(text: &str, wanted: &[Piece<'_>]) {
        assert_eq!(pieces(text), wanted);
    }

    #[test]
    fn addresses_are_found_between_words() {
        check("see https://example.com/a?b=1#c.", &[Words("see "), Address("https://example.com/a?b=1#c"), Words(".")]);
        check("http://example.com", &[Address("http://example.com")]);
        check("(http://example.com/x), then", &[Words("("), Address("http://example.com/x"), Words("), then")]);
        check(
            "见 https://example.com/提现。谢谢",
            &[Words("见 "), Address("https://example.com/提现"), Words("。谢谢")],
        );
    }

    #[test]
    fn nothing_else_becomes_a_link() {
        for text in [
            "",
            "http",
            "http://",
            "https:// x",
            "javascript:alert(1)",
            "data:text/html,x",
            "httphttp:/",
            "www.example.com",
        ] {
            let wanted = if text.is_empty() { vec![] } else { vec![Words(text)] };
            assert_eq!(pieces(text), wanted, "{text}");
        }
        check("a http://http://b", &[Words("a "), Address("http://http://b")]);
    }
}
