//! Finds web addresses in a text, so that they can be opened, and none can pass for another.
//!
//! Only `http` and `https`. What a browser reads as another address than a person does is no link: a name before an `@`, numbers that stand for an
//! address, invisible characters, characters that browsers map to others. Hosts in letters that look like others are shown in ASCII.
//! `widget/core/tests/links.txt` has the cases.

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Words.
    Words(&'a str),
    /// A web address.
    Address {
        /// As it is written, and as it is followed.
        address: &'a str,
        /// Whether it may be shown as it is written. Otherwise it is to be shown as the browser writes it, its host in ASCII (`xn--…`).
        plain: bool,
    },
}

/// Splits a text at its addresses.
#[must_use]
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let bytes = text.as_bytes();
    let mut pieces = Vec::new();
    let (mut words_from, mut at) = (0, 0);
    while at + 3 <= bytes.len() {
        if &bytes[at..at + 3] != b"://" {
            at += 1;
            continue;
        }
        let start = scheme_start(&bytes[words_from..at]).map(|start| words_from + start);
        at += 3;
        let Some(start) = start else { continue };
        let rest = &text[at..];
        let Some((host_bytes, plain)) = authority(rest) else {
            // No part of it may be taken for a link of its own.
            at += token(rest);
            continue;
        };
        at += host_bytes + tail(&rest[host_bytes..]);
        if words_from < start {
            pieces.push(Piece::Words(&text[words_from..start]));
        }
        pieces.push(Piece::Address { address: &text[start..at], plain });
        words_from = at;
    }
    if words_from < text.len() {
        pieces.push(Piece::Words(&text[words_from..]));
    }
    pieces
}

/// Where the scheme begins that these bytes end with, when it is one of ours and not the end of a longer word.
fn scheme_start(before: &[u8]) -> Option<usize> {
    for scheme in [&b"https"[..], b"http"] {
        let Some(start) = before.len().checked_sub(scheme.len()) else { continue };
        if before[start..].eq_ignore_ascii_case(scheme) {
            let inside = start > 0 && before[start - 1].is_ascii_alphanumeric();
            return (!inside).then_some(start);
        }
    }
    None
}

/// The length of host and port, and whether the host may be shown as it is written; none when it is nothing to be followed.
fn authority(text: &str) -> Option<(usize, bool)> {
    // A name before an `@` is what a person would take for the host.
    if text.as_bytes()[..token(text)].contains(&b'@') {
        return None;
    }
    let mut end = 0;
    let mut plain = true;
    if let Some(inside) = text.strip_prefix('[') {
        let close = inside.bytes().position(|byte| !(byte.is_ascii_hexdigit() || byte == b':' || byte == b'.'))?;
        if close < 2 || inside.as_bytes()[close] != b']' {
            return None;
        }
        end = close + 2;
    } else {
        let mut hidden = false;
        for (at, char) in text.char_indices() {
            if is_host(char) {
                if hidden {
                    // Something unseen or unknown stands within the name: what is before it is another host.
                    return None;
                }
                end = at + char.len_utf8();
            } else if is_mapped(char) || char == '%' {
                return None;
            } else if (char.is_ascii() && !char.is_control()) || char.is_whitespace() || ends_sentence(char) {
                break;
            } else {
                hidden = true;
            }
        }
        // Dots and dashes at the end belong to the sentence.
        let host = text[..end].trim_end_matches(['.', '-', '_']);
        end = host.len();
        let mut last = "";
        for label in host.split('.') {
            if label.is_empty() {
                return None;
            }
            plain &= is_plain(label);
            last = label;
        }
        if is_number(last) && !is_quad(host) {
            return None;
        }
    }
    if text[end..].starts_with(':') {
        let digits = text[end + 1..].bytes().take_while(u8::is_ascii_digit).count();
        let behind = text[end + 1 + digits..].bytes().next().unwrap_or(b' ');
        let is_port = text[end + 1..end + 1 + digits].parse::<u16>().is_ok();
        if is_port && !behind.is_ascii_alphanumeric() {
            end += 1 + digits;
        }
    }
    Some((end, plain))
}

/// The bytes up to what ends every authority.
fn token(text: &str) -> usize {
    text.find(|char: char| char.is_whitespace() || matches!(char, '/' | '?' | '#' | '\\' | '<' | '>' | '"'))
        .unwrap_or(text.len())
}

/// How much of what follows the host belongs to the address: closing brackets only where they were opened, and no punctuation at the end.
fn tail(text: &str) -> usize {
    if !text.starts_with(['/', '?', '#']) {
        return 0;
    }
    let (mut end, mut open) = (0, [0_i32; 3]);
    for (at, char) in text.char_indices() {
        if ends_address(char) {
            break;
        }
        let kind = match char {
            '(' | ')' => 0,
            '[' | ']' => 1,
            _ => 2,
        };
        match char {
            '(' | '[' | '{' => open[kind] += 1,
            ')' | ']' | '}' if open[kind] == 0 => break,
            ')' | ']' | '}' => open[kind] -= 1,
            _ => {}
        }
        if open == [0; 3] && !closes_sentence(char) {
            end = at + char.len_utf8();
        }
    }
    end
}

/// Where an address ends: blanks, invisible characters and those that change the direction of text, quotes and brackets of all scripts, and full-width marks.
fn ends_address(char: char) -> bool {
    wire::is_unseen(char)
        || matches!(
            char,
            '<' | '>' | '"' | '\\' | '`' | '|' | '^' | '«' | '»' | '\u{2018}'..='\u{201f}' | '‹' | '›'
                | '\u{2329}' | '\u{232a}' | '\u{275b}'..='\u{275e}' | '\u{3001}' | '\u{3002}' | '\u{3008}'..='\u{3011}'
                | '\u{3014}'..='\u{301f}' | '\u{fe10}'..='\u{fe19}' | '\u{fe30}'..='\u{fe4f}' | '\u{fe50}'..='\u{fe6b}'
                | '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}' | '\u{ff3b}'..='\u{ff40}' | '\u{ff5b}'..='\u{ff65}'
        )
}

/// What a person sees as the end of the host.
fn ends_sentence(char: char) -> bool {
    closes_sentence(char) || (ends_address(char) && !wire::is_unseen(char))
}

/// Punctuation that belongs to the sentence when it stands at the end of an address.
const fn closes_sentence(char: char) -> bool {
    matches!(
        char,
        '.' | ','
            | ';'
            | ':'
            | '!'
            | '?'
            | '\''
            | '\u{2019}'
            | '…'
            | '—'
            | '–'
            | '·'
            | '¡'
            | '¿'
            | '\u{589}'
            | '\u{60c}'
            | '\u{61b}'
            | '\u{61f}'
            | '\u{6d4}'
            | '\u{964}'
            | '\u{965}'
            | '\u{104a}'
            | '\u{104b}'
            | '\u{1362}'
            | '\u{17d4}'
    )
}

/// What a host may be written in: ASCII, and the letters of scripts that browsers take as they are.
const fn is_host(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '-' | '.' | '_') || script(char) != 0
}

/// What browsers read as other characters, or what is drawn over others: full-width and circled letters, ligatures, letterlike signs, look-alikes of
/// `.`, `/`, `?` and `@`, combining marks. Marks that plainly end a sentence are not among them.
const fn is_mapped(char: char) -> bool {
    matches!(
        char,
        '\u{aa}' | '\u{b2}' | '\u{b3}' | '\u{b9}' | '\u{ba}' | '\u{bc}'..='\u{be}'
            | '\u{180}'..='\u{36f}' | '\u{1d00}'..='\u{1fff}' | '\u{2024}'..='\u{2025}' | '\u{2044}'
            | '\u{2070}'..='\u{209f}' | '\u{2100}'..='\u{218f}' | '\u{2215}' | '\u{2216}' | '\u{2236}' | '\u{2460}'..='\u{24ff}' | '\u{29f5}'..='\u{29f9}'
            | '\u{3200}'..='\u{33ff}' | '\u{fb00}'..='\u{fb06}' | '\u{fe52}' | '\u{fe56}' | '\u{fe68}' | '\u{fe6b}' | '\u{ff0e}' | '\u{ff0f}'
            | '\u{ff10}'..='\u{ff19}' | '\u{ff20}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}' | '\u{ff61}' | '\u{ff66}'..='\u{ffdc}' | '\u{1d400}'..='\u{1d7ff}'
            | '\u{1f100}'..='\u{1f1ff}'
    )
}

/// The script of a letter beyond ASCII, as far as hosts need it; 0 for what no host is written in.
const fn script(char: char) -> u8 {
    match char {
        // Western letters. Not the dotted I, the dotless i, the kra and the long s, which look like others.
        '\u{130}' | '\u{131}' | '\u{138}' | '\u{17f}' => 9,
        '\u{df}'..='\u{f6}' | '\u{f8}'..='\u{17e}' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{de}' => 1,
        // Capitals beyond them look like ours more often than not, and browsers read them as small letters: shown in ASCII.
        '\u{386}'..='\u{3ab}' | '\u{3cf}'..='\u{42f}' => 9,
        '\u{3ac}'..='\u{3ce}' => 2,
        '\u{430}'..='\u{481}' | '\u{48a}'..='\u{52f}' => 3,
        '\u{5d0}'..='\u{5ea}' => 4,
        '\u{620}'..='\u{64a}' | '\u{671}'..='\u{6d3}' => 5,
        '\u{e01}'..='\u{e4e}' => 6,
        '\u{ac00}'..='\u{d7a3}' => 7,
        // Not what looks like a slash or a dash: of Chinese and Japanese only what a name may hold.
        '\u{4e36}' | '\u{4e3f}' | '\u{4e00}' | '\u{30ce}' | '\u{30fb}' | '\u{30fc}' | '\u{3005}'..='\u{3007}' => 9,
        '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fe}' | '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{323af}' => 8,
        // Others: taken, and shown in ASCII.
        '\u{531}'..='\u{587}'
        | '\u{900}'..='\u{963}'
        | '\u{980}'..='\u{dff}'
        | '\u{e80}'..='\u{10ff}'
        | '\u{1200}'..='\u{135a}'
        | '\u{13a0}'..='\u{13fd}'
        | '\u{1780}'..='\u{17b3}'
        | '\u{a4d0}'..='\u{a4fd}' => 9,
        _ => 0,
    }
}

/// Whether a label is of one script and cannot pass for another.
fn is_plain(label: &str) -> bool {
    let (mut seen, mut ascii, mut alike) = (0, false, true);
    for char in label.chars() {
        let script = script(char);
        ascii |= char.is_ascii_alphabetic();
        if script == 0 {
            continue;
        }
        if script == 9 || (seen != 0 && seen != script) {
            return false;
        }
        seen = script;
        alike &= looks_western(char);
    }
    match seen {
        0 | 1 => true,
        // A word of nothing but letters that look like ours.
        2 | 3 => !ascii && !alike,
        _ => !ascii,
    }
}

/// The Greek and Cyrillic letters that look like western ones.
fn looks_western(char: char) -> bool {
    "αβγεηικνορτυχωабвгезкмнопрстухчьѕіјһԁԛԝӏѵѡҽъԀҺԚԜӀѴѠҼ".chars().any(|western| western == char)
}

/// Whether a browser would read the last label of a host as a number, so that the host is an address (WHATWG, "ends in a number").
fn is_number(label: &str) -> bool {
    let hex = label.strip_prefix("0x").or_else(|| label.strip_prefix("0X"));
    hex.map_or_else(
        || !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_digit()),
        |hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()),
    )
}

/// An address as people write it: four numbers of at most 255, without leading zeros, which mean something else.
fn is_quad(host: &str) -> bool {
    let mut count = 0;
    host.split('.').all(|part| {
        count += 1;
        count <= 4 && (part == "0" || !part.starts_with('0')) && part.parse::<u64>().is_ok_and(|part| part <= 255)
    }) && count == 4
}
