//! The link finder against its corpus: in each line of `links.txt` the addresses stand in ⟦ ⟧, and in ⟦! ⟧ where they must be shown in ASCII.

use widget_core::{Piece, pieces};

/// `\n`, `\r`, `\t`, `\\` and `\u{…}` as in Rust.
fn unescaped(line: &str) -> String {
    let mut out = String::new();
    let mut chars = line.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            out.push(char);
            continue;
        }
        out.push(match chars.next() {
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => {
                let code: String = chars.by_ref().skip(1).take_while(|char| *char != '}').collect();
                u32::from_str_radix(&code, 16).ok().and_then(char::from_u32).expect("a character")
            }
            Some(char) => char,
            None => panic!("{line}: nothing behind the last sign"),
        });
    }
    out
}

#[test]
fn every_case_of_the_corpus_is_found_as_marked() {
    let corpus = include_str!("links.txt");
    let mut wrong = Vec::new();
    for line in corpus.lines() {
        let marked = unescaped(line);
        let text = marked.replace("⟦!", "").replace(['⟦', '⟧'], "");
        let mut found = String::new();
        for piece in pieces(&text) {
            match piece {
                Piece::Words(words) => found.push_str(words),
                Piece::Address { address, plain } => {
                    found.extend([if plain { "⟦" } else { "⟦!" }, address, "⟧"]);
                }
            }
        }
        if found != marked {
            wrong.push(format!("{marked:?}\n  found {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(corpus.lines().count() > 200);
}

#[test]
fn a_text_is_its_pieces_whatever_it_holds() {
    // Every character before, within and behind an address: nothing is lost, nothing panics, and no link leads to another host than it shows.
    for char in (0..=0x10_ffff_u32).filter_map(char::from_u32) {
        let text = format!("{char}https://bank{char}.example{char}/x{char}y{char}");
        let mut whole = String::new();
        for piece in pieces(&text) {
            match piece {
                Piece::Words(words) => whole.push_str(words),
                Piece::Address { address, plain } => {
                    let own = !address.is_ascii();
                    let host = address.split('/').nth(2).unwrap_or_default();
                    let short =
                        host == "bank" && !char.is_alphanumeric() && (char.is_whitespace() || !wire::is_unseen(char));
                    assert!(host.contains(char) || short, "{char:?}: {address}");
                    assert!(own || plain, "{char:?}: {address}");
                    whole.push_str(address);
                }
            }
        }
        assert_eq!(whole, text);
    }
}

#[test]
fn a_capital_passes_for_nothing_that_its_small_letter_may_not() {
    let plain = |letter: &str| match &pieces(&format!("https://{}.example", letter.repeat(3)))[..] {
        [Piece::Address { plain, .. }] => *plain,
        _ => false,
    };
    let wrong: Vec<char> = (0x80..=0x10_ffff_u32)
        .filter_map(char::from_u32)
        .filter(|char| !char.to_lowercase().eq([*char]))
        .filter(|char| plain(&char.to_string()) && !plain(&char.to_lowercase().to_string()))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    // Greek and Cyrillic capitals are read as small letters by every browser, and look like ours.
    let shown = ('\u{370}'..='\u{52f}').filter(|char| char.is_uppercase() && plain(&char.to_string()));
    let shown: String = shown.collect();
    assert!(shown.chars().all(|char| char > '\u{45f}'), "{shown}");
}
