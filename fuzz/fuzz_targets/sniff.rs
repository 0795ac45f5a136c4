//! An upload's name and first bytes. Uploads are plain bodies, so the name's header stands where multipart would.
//!
//! The input is the header, a zero byte, and the file's beginning.
#![no_main]

use libfuzzer_sys::fuzz_target;
use relay_edge::name::{clean, disposition};
use relay_edge::sniff::{Kind, TextCheck, size, sniff};
use wire::Media;
use wire::limit::FILE_NAME_CHARS_MAX;

const KINDS: [Kind; 9] =
    [Kind::Png, Kind::Jpeg, Kind::Webp, Kind::Gif, Kind::Pdf, Kind::Mp4, Kind::Webm, Kind::Text, Kind::Csv];

/// A name is one harmless line, whatever the header said.
fn check_name(header: &str, kind: Kind) {
    let name = clean(header, kind);
    assert!(name.chars().count() <= FILE_NAME_CHARS_MAX, "{name:?}");
    assert!(!name.starts_with('.') && !name.contains(['/', '\\']) && !name.contains(char::is_control), "{name:?}");
    let (stem, ending) = name.rsplit_once('.').expect("a name has an ending");
    assert!(!stem.is_empty() && kind.endings().contains(&ending.to_ascii_lowercase().as_str()), "{name:?}");
    for inline in [true, false] {
        let value = disposition(inline, &name);
        http::HeaderValue::from_str(&value).expect("a header value");
        assert_eq!(value.matches('"').count(), 2, "{value}");
    }
}

/// Text is text however it is cut into pieces.
fn check_text(head: &[u8]) {
    let mut whole = TextCheck::default();
    let is_text = whole.take(head) && whole.is_whole();
    assert!(!is_text || std::str::from_utf8(head).is_ok());
    for cut in [1, head.len() / 3, head.len() / 2, head.len().saturating_sub(1)] {
        let (first, second) = head.split_at(cut.min(head.len()));
        let mut pieces = TextCheck::default();
        assert_eq!(pieces.take(first) && pieces.take(second) && pieces.is_whole(), is_text);
    }
}

fuzz_target!(|bytes: &[u8]| {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(0);
    let (header, head) = (&bytes[..end], bytes.get(end + 1..).unwrap_or_default());
    let header = http::HeaderValue::from_bytes(header).ok();
    let called = header.as_ref().and_then(|value| value.to_str().ok()).unwrap_or("");
    for kind in KINDS {
        check_name(called, kind);
        let (width, height) = size(head, kind);
        assert!(kind.media() == Media::Image || (width, height) == (0, 0));
    }
    check_text(head);
    if let Some(kind) = sniff(head, called) {
        let start = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
        assert!(!start.starts_with(b"<"), "what a browser might run is no kind: {kind:?}");
        assert!(kind != Kind::Pdf || head.starts_with(b"%PDF"), "something stands before the PDF");
    }
});
