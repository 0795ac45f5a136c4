//! A small log is changed in every way that somebody without the key could change it, and each is found.

use wire::AgentId;

use super::*;
use crate::key::{PublicKey, RelayKey, Signer, SigningPurpose};

fn signer() -> Signer {
    RelayKey::fresh().signer(SigningPurpose::AuditHead)
}

/// So many entries, one after the other, after a head.
fn entries(after: Head, count: u64) -> Vec<StoredEntry> {
    let mut last = after;
    let mut all = Vec::new();
    for number in after.number + 1..=after.number + count {
        let by =
            By {
                who: Who::Agent { id: AgentId(7), name: "Kim \"金\"".to_owned() }, from: None, at_ms: 1_000 + number
            };
        let entry = NewEntry::new(by, Action::SettingChanged).on(Subject::new("topic", &number)).with("n", number);
        let text = entry.written(number);
        last = Head { number, hash: last.hash.after(&text), at_ms: 1_000 + number };
        all.push(StoredEntry { number, entry: text, hash: last.hash });
    }
    all
}

fn head(entries: &[StoredEntry]) -> Head {
    entries.last().map_or(Head::START, |last| Head { number: last.number, hash: last.hash, at_ms: 1_000 + last.number })
}

fn export(cut: Option<&SignedHead>, entries: &[StoredEntry], head: &SignedHead) -> String {
    let lines = entries.iter().map(|entry| entry_line(&entry.entry, entry.hash));
    cut.map(cut_line).into_iter().chain(lines).chain([head_line(head)]).collect()
}

fn verified(text: &[u8], key: PublicKey) -> Result<Checked, ExportError> {
    verify_export(text, Some(&[key])).map(|(checked, _)| checked)
}

fn broken(text: &str, key: PublicKey) -> Broken {
    match verified(text.as_bytes(), key) {
        Err(ExportError::Broken(broken)) => broken,
        other => panic!("{other:?}"),
    }
}

/// Hashes that fit each other again, as somebody would make them who changes the database.
fn recomputed(mut entries: Vec<StoredEntry>) -> Vec<StoredEntry> {
    let mut hash = ChainHash::START;
    for entry in &mut entries {
        hash = hash.after(&entry.entry);
        entry.hash = hash;
    }
    entries
}

#[test]
fn no_byte_of_an_exported_log_can_be_changed_or_removed() {
    let signer = signer();
    let first = entries(Head::START, 2);
    let cut = head(&first).signed(&signer);
    let rest = entries(head(&first), 3);
    let whole = export(Some(&cut), &rest, &head(&rest).signed(&signer));
    let found = verified(whole.as_bytes(), signer.public()).expect("whole");
    assert_eq!(found, Checked { first: 3, last: 5, signed_up_to: Some(5) });
    for at in 0..whole.len() {
        for change in [1_u8, 32, 128] {
            let mut changed = whole.clone().into_bytes();
            changed[at] ^= change;
            assert!(verified(&changed, signer.public()).is_err(), "byte {at}: {}", String::from_utf8_lossy(&changed));
        }
        assert!(verified(&whole.as_bytes()[..at], signer.public()).is_err(), "{at} bytes of it");
        let without: Vec<u8> = whole.bytes().enumerate().filter(|(n, _)| *n != at).map(|(_, byte)| byte).collect();
        assert!(verified(&without, signer.public()).is_err(), "without byte {at}");
    }
    assert!(matches!(verified(format!("{whole}\n").as_bytes(), signer.public()), Err(ExportError::Line { line: 6 })));
}

#[test]
fn what_is_taken_out_exchanged_or_written_anew_is_named() {
    let signer = signer();
    let all = entries(Head::START, 5);
    let signed = head(&all).signed(&signer);
    let with = |entries: Vec<StoredEntry>| broken(&export(None, &entries, &signed), signer.public());
    let without = |number: u64| all.iter().filter(|entry| entry.number != number).cloned().collect::<Vec<_>>();
    assert_eq!(with(without(5)), Broken::Shortened { last: 4, signed: 5 });
    assert_eq!(with(without(1)), Broken::Missing { expected: 1 });
    assert_eq!(with(without(3)), Broken::Missing { expected: 3 });
    let mut exchanged = all.clone();
    exchanged.swap(1, 2);
    assert_eq!(with(exchanged), Broken::Missing { expected: 2 });
    let mut changed = all.clone();
    changed[2].entry = changed[2].entry.replace("Kim", "Lee");
    assert_eq!(with(changed.clone()), Broken::Changed { number: 3 });
    assert_eq!(with(recomputed(changed)), Broken::Rewritten { number: 5 });
    let longer = entries(Head::START, 6);
    assert_eq!(with(longer), Broken::Added { number: 6 });
    // Numbered and chained anew after one was taken out.
    let mut renumbered = without(3);
    for (entry, number) in renumbered.iter_mut().zip(1..) {
        entry.entry = entry.entry.replacen(&format!("\"number\":{}", entry.number), &format!("\"number\":{number}"), 1);
        entry.number = number;
    }
    assert_eq!(with(recomputed(renumbered)), Broken::Shortened { last: 4, signed: 5 });
}

#[test]
fn a_log_that_another_key_signed_is_not_the_relays() {
    let (signer, other) = (signer(), signer());
    let all = entries(Head::START, 2);
    let theirs = export(None, &all, &head(&all).signed(&other));
    assert!(matches!(verified(theirs.as_bytes(), signer.public()), Err(ExportError::OtherKey)));
    let (_, signed) = verify_export(theirs.as_bytes(), None).expect("whole in itself");
    assert_eq!(signed.key, other.public(), "whose key it is must be known from elsewhere");
    let cut = head(&all).signed(&other);
    let rest = entries(head(&all), 1);
    let mixed = export(Some(&cut), &rest, &head(&rest).signed(&signer));
    assert_eq!(broken(&mixed, signer.public()), Broken::OtherKey { number: 2 });
}

#[test]
fn heads_that_were_written_down_show_what_a_database_hides() {
    let (signer, former) = (signer(), signer());
    let all = entries(Head::START, 5);
    let heads = [head(&all[..2]).signed(&former), head(&all[..4]).signed(&signer)];
    let walk = |entries: &[StoredEntry], heads: &[SignedHead], cut: Option<&SignedHead>| {
        let mut walk = Verification::begin(cut, heads, &[signer.public()])?;
        entries.iter().try_for_each(|entry| walk.entry(&entry.entry, entry.hash))?;
        walk.end()
    };
    // Killed between a commit and its head: the last entries have none, and that is no error.
    assert_eq!(walk(&all, &heads, None), Ok(Checked { first: 1, last: 5, signed_up_to: Some(4) }));
    assert_eq!(walk(&all, &[], None), Ok(Checked { first: 1, last: 5, signed_up_to: None }));
    assert_eq!(
        walk(&all, &heads[..1], None).map(|found| found.signed_up_to),
        Ok(None),
        "a key that is not known proves nothing"
    );
    assert_eq!(walk(&all[..3], &heads, None), Err(Broken::Shortened { last: 3, signed: 4 }));
    assert_eq!(walk(&[], &heads, None), Err(Broken::Shortened { last: 0, signed: 4 }));
    let mut changed = all.clone();
    changed[0].entry = changed[0].entry.replace("Kim", "Lee");
    assert_eq!(walk(&recomputed(changed), &heads, None), Err(Broken::Rewritten { number: 2 }));
    let mut forged = heads;
    forged[1].head.at_ms += 1;
    assert_eq!(walk(&all, &forged, None), Err(Broken::Signature { number: 4 }));
    // The front was cut off at 3: the head of 2 says nothing any more.
    let cut = head(&all[..3]).signed(&signer);
    assert_eq!(walk(&all[3..], &heads, Some(&cut)), Ok(Checked { first: 4, last: 5, signed_up_to: Some(4) }));
    assert_eq!(walk(&all[4..], &heads, Some(&cut)), Err(Broken::Missing { expected: 4 }));
}

#[test]
fn names_of_actions_are_read_back_and_differ() {
    for action in Action::ALL {
        assert_eq!(action.as_str().parse(), Ok(*action));
        assert_eq!(serde_json::to_string(action).expect("a text"), format!("\"{action}\""));
    }
    assert_eq!("none".parse::<Action>(), Err(ActionError));
}

#[test]
fn an_entry_reads_back_from_its_bytes() {
    let written = entries(Head::START, 1).remove(0);
    let expected = concat!(
        r#"{"number":1,"at_ms":1001,"who":{"type":"agent","id":"00000000-0000-0000-0000-000000000007","name":"Kim \"金\""},"#,
        r#""action":"setting_changed","subject":{"kind":"topic","id":"1"},"detail":{"n":1}}"#
    );
    let entry: Entry = serde_json::from_str(&written.entry).expect("its own JSON");
    assert_eq!(serde_json::to_string(&entry).expect("JSON"), written.entry);
    assert_eq!(written.entry, expected);
}

#[test]
fn the_console_has_words_for_every_action() {
    for language in ["en", "zh-CN"] {
        let path = format!("{}/../www/locale/{language}/console.json", env!("CARGO_MANIFEST_DIR"));
        let texts: std::collections::BTreeMap<String, String> =
            serde_json::from_str(&std::fs::read_to_string(path).expect("the catalogue is there")).expect("texts");
        for action in Action::ALL {
            assert!(texts.contains_key(&format!("console_action_{action}")), "{language}: {action}");
        }
    }
}
