//! What an uploaded file may be called: one harmless line whose ending tells the truth.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use unicode_segmentation::UnicodeSegmentation;
use wire::limit::FILE_NAME_CHARS_MAX;
use wire::{is_blank, is_line_break, is_unseen};

use crate::sniff::Kind;

/// The sender's name for a file, made harmless: no path, no control or direction characters, of bounded length, and with an ending that
/// fits what the file is. `header` is percent-encoded UTF-8.
#[must_use]
pub fn clean(header: &str, kind: Kind) -> String {
    let decoded = percent_decode_str(header).decode_utf8_lossy();
    let last = decoded.rsplit(['/', '\\']).next().unwrap_or("");
    let plain: String = last.chars().filter(|char| !is_hidden(*char)).collect();
    let plain = plain.trim().trim_end_matches(['.', ' ']);
    let (stem, ending) = match plain.rsplit_once('.') {
        Some((stem, ending)) if kind.endings().contains(&ending.to_ascii_lowercase().as_str()) => {
            (stem, ending.to_owned())
        }
        _ => (plain, kind.endings()[0].to_owned()),
    };
    let room = FILE_NAME_CHARS_MAX - ending.len() - 1;
    let stem = stem.trim_start_matches(['.', ' ']);
    let stem: String = if is_blank(stem) { "file".to_owned() } else { cut(stem, room) };
    format!("{}.{ending}", stem.trim_end())
}

/// The beginning of a name, at most so many characters, without half of what is shown as one.
fn cut(name: &str, chars_max: usize) -> String {
    let mut left = chars_max;
    let whole = name.graphemes(true).take_while(|shown| {
        let chars = shown.chars().count();
        let fits = chars <= left;
        left = left.saturating_sub(chars);
        fits
    });
    whole.collect()
}

/// Characters that are not seen, or that turn the line around.
fn is_hidden(char: char) -> bool {
    let is_blank_between = char.is_whitespace() && !is_line_break(char) && !char.is_control();
    // Joiners belong to words and pictures of some scripts; the last two stand for what is none.
    is_unseen(char) && !is_blank_between && !matches!(char, '\u{200c}' | '\u{200d}')
        || matches!(char, '\u{fffc}' | '\u{fffd}')
}

/// The value of `Content-Disposition` for a name (RFC 6266): plain letters for old clients, the real name beside it.
#[must_use]
pub fn disposition(inline: bool, name: &str) -> String {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_');
    let how = if inline { "inline" } else { "attachment" };
    let plain: String = name
        .chars()
        .map(|char| if char.is_ascii_alphanumeric() || matches!(char, '.' | '-' | '_' | ' ') { char } else { '_' })
        .collect();
    format!("{how}; filename=\"{plain}\"; filename*=UTF-8''{}", utf8_percent_encode(name, KEPT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: &str, kind: Kind, expected: &str) {
        let header = utf8_percent_encode(given, NON_ALPHANUMERIC).to_string();
        assert_eq!(clean(&header, kind), expected, "{given}");
    }

    #[test]
    fn names_become_harmless() {
        check("photo.PNG", Kind::Png, "photo.PNG");
        check("../../x", Kind::Png, "x.png");
        check("..", Kind::Pdf, "file.pdf");
        check("", Kind::Gif, "file.gif");
        check("C:\\Users\\me\\scan.pdf", Kind::Pdf, "scan.pdf");
        check("/etc/passwd", Kind::Text, "passwd.txt");
        check(".htaccess", Kind::Text, "htaccess.txt");
        check("a\u{0}b\r\n\u{202e}gnp.exe", Kind::Png, "abgnp.exe.png");
        check("page.html", Kind::Text, "page.html.txt");
        // Characters that are not seen, tags, and whatever turns a line around.
        for hidden in
            ['\u{ad}', '\u{34f}', '\u{115f}', '\u{180e}', '\u{200b}', '\u{202e}', '\u{2060}', '\u{2066}', '\u{206f}']
        {
            check(&format!("pay{hidden}slip.pdf"), Kind::Pdf, "payslip.pdf");
        }
        for hidden in [
            '\u{2800}',
            '\u{3164}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{fffb}',
            '\u{e0001}',
            '\u{e0041}',
            '\u{e01ef}',
        ] {
            check(&format!("pay{hidden}slip.pdf"), Kind::Pdf, "payslip.pdf");
        }
        // Joiners belong to words and pictures of some scripts.
        check("نامه\u{200c}ها.pdf", Kind::Pdf, "نامه\u{200c}ها.pdf");
        // … and alone they are nothing.
        for nothing in ["\u{200d}", "\u{200c}\u{200d} ", "\u{16fe4}", "\u{1d159}", "\u{fffc}", "\u{3000}\u{a0}"] {
            check(&format!("{nothing}.pdf"), Kind::Pdf, "file.pdf");
        }
        check("отчёт 2024.csv", Kind::Csv, "отчёт 2024.csv");
        check("截图.jpeg", Kind::Jpeg, "截图.jpeg");
        assert_eq!(clean("%ff%fe.png", Kind::Png), "file.png");
    }

    #[test]
    fn long_names_are_shortened_and_keep_their_ending() {
        let name = clean(&format!("{}.jpeg", "a".repeat(4_000)), Kind::Jpeg);
        assert_eq!(name.chars().count(), FILE_NAME_CHARS_MAX);
        assert!(name.ends_with("aaa.jpeg"));
        for shown in ["👩\u{200d}👩\u{200d}👧", "🇩🇪", "e\u{301}\u{323}", "👍🏽", "한", "क्षि"]
        {
            for before in 0..12 {
                let long = format!("{}{}", "a".repeat(before), shown.repeat(300));
                let name = clean(&utf8_percent_encode(&long, NON_ALPHANUMERIC).to_string(), Kind::Pdf);
                let stem = name.strip_suffix(".pdf").expect("the ending");
                let rest = stem.trim_start_matches('a');
                assert_eq!(rest.replace(shown, ""), "", "{name}");
                assert!(rest.chars().count() + before + 4 > FILE_NAME_CHARS_MAX - 12, "{name}");
            }
        }
    }

    #[test]
    fn a_disposition_is_a_header_whatever_the_name() {
        assert_eq!(
            disposition(false, "a\"b;ü.pdf"),
            "attachment; filename=\"a_b__.pdf\"; filename*=UTF-8''a%22b%3B%C3%BC.pdf"
        );
        assert!(disposition(true, "x.png").starts_with("inline; "));
    }
}
