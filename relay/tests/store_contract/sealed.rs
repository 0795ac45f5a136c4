//! The contract of sealed values, and of keys that are replaced.

use relay::store::{SealedRecord, StoreError, write_once};

use crate::records::Records;

fn record(owner: &str, item: &str, value: &[u8]) -> SealedRecord {
    SealedRecord { owner: owner.to_owned(), item: item.to_owned(), value: value.to_owned() }
}

pub(crate) fn sealed_values_are_put_replaced_listed_and_removed(mut world: Records) {
    let all = [
        record("second_factor", "ann", &[0, 1, 255]),
        record("second_factor", "bob", &[]),
        record("webhook", "ann", &[7; 4_096]),
    ];
    for put in all.iter().rev() {
        write_once(&mut *world.writer, |writer| writer.put_sealed(put)).unwrap();
    }
    assert_eq!(world.reader.sealed("second_factor", "ann"), Ok(all[0].clone()));
    assert_eq!(world.reader.sealed("second_factor", "eve"), Err(StoreError::Missing));
    let (mut seen, mut after) = (Vec::new(), (String::new(), String::new()));
    loop {
        let page = world.reader.sealed_after(&after.0, &after.1, 2).unwrap();
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 2);
        after = (last.owner.clone(), last.item.clone());
        seen.extend(page);
    }
    assert_eq!(seen, all, "by owner, then by item");
    let changed = record("second_factor", "bob", b"other");
    write_once(&mut *world.writer, |writer| writer.put_sealed(&changed)).unwrap();
    assert_eq!(world.reader.sealed("second_factor", "bob"), Ok(changed));
    for _ in 0..2 {
        write_once(&mut *world.writer, |writer| writer.remove_sealed("second_factor", "bob")).unwrap();
    }
    assert_eq!(world.reader.sealed("second_factor", "bob"), Err(StoreError::Missing));
    assert_eq!(world.reader.sealed("webhook", "ann"), Ok(all[2].clone()), "others stay");
}

pub(crate) fn a_key_is_replaced_and_found_without_being_made(mut world: Records) {
    assert_eq!(world.reader.known_secret("key"), Ok(None));
    assert_eq!(write_once(&mut *world.writer, |writer| writer.secret("key", [1; 32])), Ok([1; 32]));
    assert_eq!(world.reader.known_secret("key"), Ok(Some([1; 32])));
    for (name, value) in [("key", [2; 32]), ("other", [3; 32])] {
        write_once(&mut *world.writer, |writer| writer.set_secret(name, value)).unwrap();
        assert_eq!(world.reader.known_secret(name), Ok(Some(value)));
    }
    assert_eq!(write_once(&mut *world.writer, |writer| writer.secret("key", [9; 32])), Ok([2; 32]));
}
