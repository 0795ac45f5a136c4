//! Text in another encoding than UTF-8: refused, but recognised, so that its owner can be given the reason.

use crate::sniff::looks_like_code;

/// Whether a refused file is plain text in another encoding than UTF-8, so that its owner can be given that reason.
#[must_use]
pub fn is_other_text(head: &[u8]) -> bool {
    const MARKS: [&[u8]; 3] = [b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff"];
    if MARKS.iter().any(|mark| head.starts_with(mark)) {
        return true;
    }
    if head.is_empty() || looks_like_code(head) || infer::get(head).is_some() {
        return false;
    }
    is_wide(head) || is_narrow(head)
}

/// A code page of one or several bytes a character: no control characters but those of plain text, and where ISO 2022 changes its sets.
fn is_narrow(head: &[u8]) -> bool {
    let mut rest = head.iter().peekable();
    while let Some(byte) = rest.next() {
        let switches = *byte == 0x1b && matches!(rest.peek(), None | Some(b'$' | b'(' | b')' | b'-' | b'.'));
        if byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c) && !switches {
            return false;
        }
    }
    true
}

/// UTF-16 without a mark: most characters of a text with line ends and spaces have an empty half, and always the same one.
fn is_wide(head: &[u8]) -> bool {
    let pairs = head.len() / 2;
    let empty = |half: usize| head.chunks_exact(2).filter(|pair| pair[half] == 0).count();
    let shown =
        |half: usize| head.chunks_exact(2).all(|pair| pair[1 - half] != 0 || pair[half] != 0) && empty(1 - half) == 0;
    pairs > 1 && (0..2).any(|half| empty(half) * 4 > pairs && shown(half))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sniff::sniff;

    #[test]
    fn text_in_another_encoding_is_known_as_such() {
        let texts: [(&str, &[u8]); 13] = [
            ("windows-1252", b"caf\xe9, 5 \x80\r\n"),
            ("windows-1251", b"\xcf\xf0\xe8\xe2\xe5\xf2\r\n1;2;3"),
            ("koi8-r", b"\xf0\xd2\xc9\xd7\xc5\xd4\n"),
            ("windows-1256", b"\xe3\xd1\xcd\xc8\xc7\n"),
            ("gbk", b"\xca\xb1\xbc\xe4,\xbc\xdb\xb8\xf1\n1,2\n"),
            ("gb18030", b"\x81\x30\x81\x30 \xc4\xe3"),
            ("big5", b"\xa7\x41\xa6\x6e\n"),
            ("shift_jis", b"\x8e\x9e\x8a\xd4\x81\x41\x89\xbf\x8a\x69\n"),
            ("euc-kr", b"\xbe\xc8\xb3\xe7\n"),
            ("iso-2022-jp", b"\x1b$B;~4V\x1b(B\n"),
            ("utf-16le", b"\xff\xfet\0e\0x\0t\0"),
            ("utf-16be", b"\xfe\xff\0t\0e\0x\0t"),
            ("utf-16le without a mark", b"t\0e\0x\0t\0\n\0"),
        ];
        for (encoding, text) in texts {
            assert_eq!(sniff(text, "table.csv"), None, "{encoding}");
            assert!(is_other_text(text), "{encoding}");
        }
        for other in [
            &b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff"[..],
            b"text with a \0 in it",
            b"<html>caf\xe9",
            b"",
            b"\x1b]52;c;x\x07",
        ] {
            assert!(!is_other_text(other), "{other:?}");
        }
    }
}
