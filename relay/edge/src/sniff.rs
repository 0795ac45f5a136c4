//! What a file is, by what it holds. Its name and the browser's word count for nothing.

use wire::Media;

/// The kinds of files that are taken. Nothing that a browser would run: no HTML, no SVG, no XML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A picture.
    Png,
    /// A photograph.
    Jpeg,
    /// A picture.
    Webp,
    /// A picture, maybe moving.
    Gif,
    /// A document.
    Pdf,
    /// A film.
    Mp4,
    /// A film.
    Webm,
    /// Plain text, UTF-8.
    Text,
    /// A table, distinguished from other text by its name.
    Csv,
}

impl Kind {
    /// The media type to be served with.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
            Self::Gif => "image/gif",
            Self::Pdf => "application/pdf",
            Self::Mp4 => "video/mp4",
            Self::Webm => "video/webm",
            Self::Text => "text/plain",
            Self::Csv => "text/csv",
        }
    }

    /// Name endings that tell the truth about it; the first is the usual one.
    #[must_use]
    pub const fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Png => &["png"],
            Self::Jpeg => &["jpg", "jpeg", "jfif"],
            Self::Webp => &["webp"],
            Self::Gif => &["gif"],
            Self::Pdf => &["pdf"],
            Self::Mp4 => &["mp4"],
            Self::Webm => &["webm"],
            Self::Text => &["txt", "log", "text"],
            Self::Csv => &["csv"],
        }
    }

    /// How it may be shown.
    #[must_use]
    pub const fn media(self) -> Media {
        match self {
            Self::Png | Self::Jpeg | Self::Webp | Self::Gif => Media::Image,
            Self::Mp4 | Self::Webm => Media::Video,
            Self::Pdf | Self::Text | Self::Csv => Media::Document,
        }
    }

    /// Whether every byte has to be looked at.
    #[must_use]
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Csv)
    }
}

/// The kind of a file that begins with `head`; `name` only tells a table from other text. Nothing when it is of no kind that is taken.
#[must_use]
pub fn sniff(head: &[u8], name: &str) -> Option<Kind> {
    if looks_like_code(head) {
        return None;
    }
    // A PDF's mark may be found anywhere in the first 1,024 bytes, behind a program or a page: that is not one of ours.
    let found = infer::get(head).filter(|found| found.mime_type() != "application/pdf" || head.starts_with(b"%PDF"));
    if let Some(found) = found {
        return match found.mime_type() {
            "image/png" => Some(Kind::Png),
            "image/jpeg" => Some(Kind::Jpeg),
            "image/webp" => Some(Kind::Webp),
            "image/gif" => Some(Kind::Gif),
            "application/pdf" => Some(Kind::Pdf),
            "video/mp4" => Some(Kind::Mp4),
            "video/webm" => Some(Kind::Webm),
            _ => None,
        };
    }
    let mut check = TextCheck::default();
    // The head may end within a character; the rest is checked as it comes.
    if !check.take(head) {
        return None;
    }
    let table =
        name.len() >= 4 && name.is_char_boundary(name.len() - 4) && name[name.len() - 4..].eq_ignore_ascii_case(".csv");
    Some(if table { Kind::Csv } else { Kind::Text })
}

/// Pixels across and down of a picture that begins with `head`, as it is shown; 0 where its head does not say.
#[must_use]
pub fn size(head: &[u8], kind: Kind) -> (u32, u32) {
    let (width, height) = stored_size(head, kind);
    if kind == Kind::Jpeg && lies_on_its_side(head).unwrap_or(false) { (height, width) } else { (width, height) }
}

/// Whether a JPEG says in its Exif part (APP1, TIFF tag 0x0112) that it is shown turned by a quarter, as phones do. Nothing when it says nothing.
fn lies_on_its_side(head: &[u8]) -> Option<bool> {
    let mut at = 2;
    // Each part says its length, so that this ends with the head. The picture itself begins with 0xda.
    let exif = loop {
        let part = head.get(at..at + 4)?;
        if part[0] != 0xff || part[1] == 0xda {
            return None;
        }
        let length = usize::from(u16::from_be_bytes([part[2], part[3]]));
        let content = head.get(at + 4..(at + 2 + length).min(head.len()))?;
        if part[1] == 0xe1 && content.starts_with(b"Exif\0\0") {
            break &content[6..];
        }
        at += 2 + length.max(2);
    };
    let little = exif.starts_with(b"II");
    let short = |at: usize| -> Option<u16> {
        let bytes = exif.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let long = |at: usize| -> Option<usize> {
        let (first, second) = (usize::from(short(at)?), usize::from(short(at.checked_add(2)?)?));
        Some(if little { second << 16 | first } else { first << 16 | second })
    };
    let table = long(4)?;
    let entries = usize::from(short(table)?);
    (0..entries).map(|entry| table + 2 + entry * 12).find_map(|at| {
        let orientation = (short(at)? == 0x112).then(|| short(at + 8)).flatten()?;
        Some((5..=8).contains(&orientation))
    })
}

fn stored_size(head: &[u8], kind: Kind) -> (u32, u32) {
    let found = imagesize::blob_size(head).ok().filter(|_| kind.media() == Media::Image);
    let number = |pixels: Option<usize>| pixels.and_then(|pixels| u32::try_from(pixels).ok()).unwrap_or(0);
    (number(found.map(|size| size.width)), number(found.map(|size| size.height)))
}

/// Text that a browser or a shell might take for more than text.
pub(crate) fn looks_like_code(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let start = head.trim_ascii_start();
    start.starts_with(b"<") || start.starts_with(b"#!") || start.starts_with(b"%!")
}

/// Checks that a stream is plain text: UTF-8 without control characters beyond line ends, tabs and form feeds.
#[derive(Debug, Default)]
pub struct TextCheck {
    /// The beginning of a character whose end has not come yet; at most three bytes.
    begun: Vec<u8>,
}

impl TextCheck {
    /// Whether it is still text with this piece.
    pub fn take(&mut self, piece: &[u8]) -> bool {
        let joined;
        let bytes = if self.begun.is_empty() {
            piece
        } else {
            joined = [std::mem::take(&mut self.begun), piece.to_vec()].concat();
            &joined
        };
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.as_bytes(),
            Err(error) if error.error_len().is_none() => {
                let (whole, begun) = bytes.split_at(error.valid_up_to());
                self.begun = begun.to_vec();
                whole
            }
            Err(_) => return false,
        };
        !text.iter().any(|byte| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c))
    }

    /// Whether it ended on a whole character.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.begun.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_found_by_content() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        assert_eq!(sniff(png, "x.html"), Some(Kind::Png));
        assert_eq!(sniff(b"\xff\xd8\xff\xe0\0\x10JFIF", ""), Some(Kind::Jpeg));
        assert_eq!(sniff(b"GIF89a\x01\0\x01\0", ""), Some(Kind::Gif));
        assert_eq!(sniff(b"RIFF\x24\0\0\0WEBPVP8 ", ""), Some(Kind::Webp));
        assert_eq!(sniff(b"%PDF-1.7\n", ""), Some(Kind::Pdf));
        assert_eq!(sniff(b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41", ""), Some(Kind::Mp4));
        assert_eq!(sniff(b"time,price\n1,2\n", "trades.CSV"), Some(Kind::Csv));
        assert_eq!(sniff("Привет\n".as_bytes(), "é"), Some(Kind::Text));
        assert_eq!(sniff(b"A file begins with %PDF-1.7\n", ""), Some(Kind::Text));
    }

    #[test]
    fn what_could_run_is_no_kind() {
        for bad in [
            &b"<!DOCTYPE html><script>alert(1)</script>"[..],
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
            b"\xef\xbb\xbf  \n<html>",
            b"<?xml version='1.0'?>",
            b"<script>",
            b" <script>alert(1)</script>\0\0%PDF-1.7\n",
            b"\0\x01anything%PDF-1.7\n",
            b"#!/bin/sh\nrm",
            b"%!PS-Adobe",
            b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff",
            b"PK\x03\x04\x14\0\0\0\x08\0",
            b"\x7fELF\x02\x01\x01",
            b"text with a \0 in it",
            b"\xff\xfet\0e\0x\0t\0",
            b"caf\xe9 latin-1",
        ] {
            assert_eq!(sniff(bad, "picture.png"), None, "{}", String::from_utf8_lossy(bad));
        }
    }

    /// The head of a JPEG of 40 × 30 pixels with an Exif part that holds this orientation, in either order of bytes.
    fn photo(orientation: u16, little: bool, before: &[u8]) -> Vec<u8> {
        let short = |value: u16| if little { value.to_le_bytes() } else { value.to_be_bytes() };
        let long = |value: u32| if little { value.to_le_bytes() } else { value.to_be_bytes() };
        let mut exif = [b"Exif\0\0", if little { b"II" } else { b"MM" } as &[u8]].concat();
        exif.extend([&short(42)[..], &long(8), &short(2)].concat());
        exif.extend([&short(0x10f)[..], &short(2), &long(1), &long(0)].concat());
        exif.extend([&short(0x112)[..], &short(3), &long(1), &short(orientation), &short(0)].concat());
        let length = u16::try_from(exif.len() + 2).expect("short").to_be_bytes();
        let mut head = [&b"\xff\xd8"[..], before, b"\xff\xe1", &length, &exif].concat();
        head.extend(b"\xff\xc0\0\x11\x08\0\x1e\0\x28\x03\x01\x22\0\x02\x11\x01\x03\x11\x01\xff\xda\0\x0c");
        head
    }

    #[test]
    fn a_photo_has_the_size_that_it_is_shown_with() {
        let jfif: &[u8] = b"\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0";
        for (little, before) in [(true, &b""[..]), (false, b""), (false, jfif), (true, jfif)] {
            for orientation in 0..=9 {
                let wanted = if (5..=8).contains(&orientation) { (30, 40) } else { (40, 30) };
                let head = photo(orientation, little, before);
                assert_eq!(size(&head, Kind::Jpeg), wanted, "{orientation} {little}");
                // However it is cut off, it is read without harm.
                for end in 0..head.len() {
                    let _ = size(&head[..end], Kind::Jpeg);
                }
            }
        }
        let mut broken = photo(6, false, b"");
        broken[18..22].fill(0xff);
        assert_eq!(size(&broken, Kind::Jpeg), (40, 30), "a table beyond the end says nothing");
        assert_eq!(size(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x05\0\0\0\x07", Kind::Png), (5, 7));
    }

    #[test]
    fn text_is_checked_across_pieces() {
        let text = "aé€😀z".as_bytes();
        for cut in 0..text.len() {
            let mut check = TextCheck::default();
            assert!(check.take(&text[..cut]) && check.take(&text[cut..]) && check.is_whole(), "{cut}");
        }
        let mut check = TextCheck::default();
        assert!(check.take(b"ok\xe2\x82"));
        assert!(!check.is_whole(), "cut in half");
        assert!(!check.take(b"x"));
    }
}
