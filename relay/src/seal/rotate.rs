//! Another key: everything is sealed anew with it, and only then the old one goes.

use super::settle::{self, CHECK, KeyError};
use super::source::KeySource;
use crate::audit::{Action, By, NewEntry, SignedHead, Subject};
use crate::clock::now_ms;
use crate::key::{Keys, OpenError, Place, RelayKey, Sealed, SigningPurpose};
use crate::store::{SealedRecord, Store, StoreError, write_once};

/// Values sealed anew in one transaction.
const VALUES_AT_ONCE: usize = 200;

/// What a rotation did.
#[derive(Clone, Debug)]
pub struct Rotated {
    /// The key from now on.
    pub keys: Keys,
    /// Values that were sealed anew.
    pub sealed: u64,
    /// Values that could not be opened and were removed; only after the key was lost.
    pub removed: u64,
}

/// Why a rotation did not finish. What was done stays, and the next one goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// The key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The store failed.
    #[error("the store failed; the former key is kept, run the command again: {0}")]
    Store(#[from] StoreError),
    /// The store could not be opened.
    #[error(transparent)]
    Open(#[from] crate::store::OpenError),
    /// A value that no key here opens.
    #[error(
        "the sealed value {owner}/{item} cannot be opened: {error}. Nothing was lost by this command, and both keys are kept"
    )]
    Value {
        /// Of what.
        owner: String,
        /// Of which.
        item: String,
        /// Why.
        error: OpenError,
    },
    /// Nothing to replace.
    #[error("no relay was started with this data folder yet, so that it has no key to replace")]
    None,
}

/// Replaces the relay's key, or goes on with a rotation that was interrupted. The store must be the one that no relay is serving: a serving one would
/// go on to seal with the old key.
///
/// The order makes it safe to be killed anywhere: both keys are in the file before the first value is sealed with the new one, and the old one leaves
/// the file after the last.
///
/// # Errors
/// When the key is not the store's, or a value cannot be opened.
pub fn rotate(source: &KeySource, store: &dyn Store) -> Result<Rotated, RotateError> {
    let mut keys = settle::open(source, &mut *store.reader()?)?.ok_or(RotateError::None)?;
    if keys.former.is_none() {
        keys = Keys { current: RelayKey::fresh(), former: Some(keys.current) };
        source.write(&keys)?;
    }
    let (sealed, removed) = seal_anew(&keys, store, Unopened::Kept)?;
    finish(source, store, keys, sealed, removed)
}

/// Begins with another key because the store's is lost: with the one at the source, or a new one when there is none. What cannot be opened is removed.
///
/// # Errors
/// When a key at the source cannot be read, or the store fails.
pub fn begin_anew(source: &KeySource, store: &dyn Store) -> Result<Rotated, RotateError> {
    let keys = match source.load()? {
        Some(keys) => keys,
        None => {
            let keys = Keys::fresh();
            source.write(&keys)?;
            keys
        }
    };
    let (sealed, removed) = seal_anew(&keys, store, Unopened::Removed)?;
    finish(source, store, keys, sealed, removed)
}

/// What becomes of a value that no key opens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unopened {
    Kept,
    Removed,
}

/// Seals everything with the current key that is not yet: whatever is sealed lies in the store's one table of sealed values.
fn seal_anew(keys: &Keys, store: &dyn Store, unopened: Unopened) -> Result<(u64, u64), RotateError> {
    let (mut reader, mut writer) = (store.reader()?, store.writer()?);
    let (mut sealed, mut removed) = (0, 0);
    let mut last = (String::new(), String::new());
    loop {
        let page = reader.sealed_after(&last.0, &last.1, VALUES_AT_ONCE)?;
        let Some(end) = page.last() else { return Ok((sealed, removed)) };
        last = (end.owner.clone(), end.item.clone());
        write_once(&mut *writer, |writer| {
            for record in page {
                match anew(keys, &record) {
                    Ok(None) => {}
                    Ok(Some(record)) => {
                        writer.put_sealed(&record)?;
                        sealed += 1;
                    }
                    Err(_) if unopened == Unopened::Removed => {
                        writer.remove_sealed(&record.owner, &record.item)?;
                        removed += 1;
                    }
                    Err(error) => {
                        return Err(RotateError::Value { owner: record.owner, item: record.item, error });
                    }
                }
            }
            Ok(())
        })?;
    }
}

/// A record sealed anew; none when it has the current key already.
fn anew(keys: &Keys, record: &SealedRecord) -> Result<Option<SealedRecord>, OpenError> {
    let place = Place { owner: &record.owner, item: &record.item };
    let sealed = Sealed::from_bytes(record.value.clone());
    let value = keys.open(place, &sealed)?;
    if sealed.key_name()? == keys.current.name() {
        return Ok(None);
    }
    let value = keys.seal(place, &value).as_bytes().to_vec();
    Ok(Some(SealedRecord { value, ..record.clone() }))
}

/// The store knows the new key and says so in its audit log, and the file holds no other.
fn finish(
    source: &KeySource,
    store: &dyn Store,
    keys: Keys,
    sealed: u64,
    removed: u64,
) -> Result<Rotated, RotateError> {
    let mut reader = store.reader()?;
    let (check, known) = (keys.current.check_value(), settle::known(&mut *reader)?.check);
    let cut = reader.audit_cut()?.and_then(|cut| signed_anew(cut, &keys));
    write_once(&mut *store.writer()?, |writer| {
        if let Some(cut) = &cut {
            writer.cut_audit(cut)?;
        }
        if known != Some(check) {
            let by = By::command_line(now_ms());
            let entry = NewEntry::new(by, Action::RelayKeyReplaced)
                .on(Subject::new("relay_key", &keys.current.name()))
                .with("sealed_values", sealed)
                .with("removed_values", removed);
            writer.append_audit(&entry)?;
        }
        writer.set_secret(CHECK, check)
    })?;
    let keys = Keys { former: None, ..keys };
    match source.write(&keys) {
        // Where it is not in a file the operator removes the former one.
        Ok(()) | Err(KeyError::NotAFile) => Ok(Rotated { keys, sealed, removed }),
        Err(error) => Err(error.into()),
    }
}

/// The head of what was cut off the audit log in front, signed with the new key, since the former one is about to go. None when the former key has
/// not signed it: then it would prove what it did not before.
fn signed_anew(cut: SignedHead, keys: &Keys) -> Option<SignedHead> {
    let former = keys.former.as_ref()?.signer(SigningPurpose::AuditHead).public();
    let is_ours = cut.key == former && cut.is_genuine();
    is_ours.then(|| cut.head.signed(&keys.current.signer(SigningPurpose::AuditHead)))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::seal::KEY_FILE;
    use crate::store::memory::MemoryStore;

    /// A store with a key and 450 sealed values, more than two transactions seal anew.
    fn sealed_store(folder: &Path) -> (MemoryStore, KeySource, Keys) {
        let (store, source) = (MemoryStore::new(), KeySource::File(folder.join(KEY_FILE)));
        let settled = settle::settle(&source, settle::StoreKey { check: None, has_sealed: false }).expect("a key");
        let mut writer = store.writer().expect("a writer");
        write_once(&mut *writer, |writer| settle::record(writer, &settled)).expect("recorded");
        let keys = settled.keys();
        write_once(&mut *writer, |writer| {
            items().try_for_each(|item| {
                let place = Place { owner: "second_factor", item: &item };
                let value = keys.seal(place, item.as_bytes()).as_bytes().to_vec();
                writer.put_sealed(&SealedRecord { owner: place.owner.to_owned(), item: item.clone(), value })
            })
        })
        .expect("sealed");
        (store, source, keys)
    }

    fn items() -> impl Iterator<Item = String> {
        (0..450).map(|number| format!("agent-{number:03}"))
    }

    /// Every value opens; with which keys.
    fn sealed_with(store: &MemoryStore, keys: &Keys) -> std::collections::BTreeSet<crate::seal::KeyName> {
        let mut reader = store.reader().expect("a reader");
        let names = items().map(|item| {
            let record = reader.sealed("second_factor", &item).expect("it is there");
            let sealed = Sealed::from_bytes(record.value);
            let opened = keys.open(Place { owner: "second_factor", item: &item }, &sealed);
            assert_eq!(opened.as_deref(), Ok(item.as_bytes()), "{item}");
            sealed.key_name().expect("a name")
        });
        names.collect()
    }

    #[test]
    fn everything_is_sealed_anew_and_the_old_key_goes() {
        let folder = tempfile::tempdir().expect("a folder");
        let (store, source, old) = sealed_store(folder.path());
        let rotated = rotate(&source, &store).expect("rotated");
        assert_eq!((rotated.sealed, rotated.removed), (450, 0));
        let loaded = source.load().expect("read").expect("there");
        assert!(loaded.former.is_none() && loaded.current.name() != old.current.name());
        assert_eq!(sealed_with(&store, &loaded), [loaded.current.name()].into());
        let reader = &mut *store.reader().expect("a reader");
        assert!(settle::open(&source, reader).expect("known").is_some());
        source.write(&old).expect("written");
        assert!(matches!(settle::open(&source, reader), Err(KeyError::Other { .. })), "the old key is refused");
    }

    #[test]
    fn a_rotation_that_was_killed_goes_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let (store, source, old) = sealed_store(folder.path());
        let both = Keys { current: RelayKey::fresh(), former: Some(old.current.clone()) };
        // Killed after the keys were written, and after some values were sealed anew.
        source.write(&both).expect("written");
        let mut reader = store.reader().expect("a reader");
        let some = reader.sealed_after("", "", 137).expect("read");
        write_once(&mut *store.writer().expect("a writer"), |writer| {
            some.iter().try_for_each(|record| {
                let anew = anew(&both, record).expect("it opens").expect("it had the old key");
                writer.put_sealed(&anew)
            })
        })
        .expect("written");
        assert_eq!(sealed_with(&store, &both).len(), 2, "both keys are in use, and every value opens");
        let rotated = rotate(&source, &store).expect("it goes on");
        assert_eq!(rotated.sealed, 450 - 137);
        assert_eq!(rotated.keys.current.name(), both.current.name(), "no third key");
        assert_eq!(sealed_with(&store, &rotated.keys), [both.current.name()].into());

        // Killed after the last value, before the old key left the file.
        source.write(&both).expect("written");
        let rotated = rotate(&source, &store).expect("it finishes");
        assert_eq!((rotated.sealed, source.load().expect("read").expect("there").former.is_none()), (0, true));
    }

    #[test]
    fn the_audit_log_says_it_and_its_cut_front_is_signed_anew() {
        use crate::audit::Verification;

        let folder = tempfile::tempdir().expect("a folder");
        let (store, source, old) = sealed_store(folder.path());
        let mut writer = store.writer().expect("a writer");
        let head = write_once(&mut *writer, |writer| {
            let entry = NewEntry::new(By::command_line(1), Action::AgentAdded);
            writer.append_audit(&entry).and_then(|_| writer.append_audit(&entry))
        });
        let cut = head.expect("two entries").signed(&old.current.signer(SigningPurpose::AuditHead));
        write_once(&mut *writer, |writer| writer.cut_audit(&cut)).expect("cut");
        for count in 1..=2 {
            let rotated = rotate(&source, &store).expect("rotated");
            let mut reader = store.reader().expect("a reader");
            let cut = reader.audit_cut().expect("read").expect("there");
            let public = rotated.keys.current.signer(SigningPurpose::AuditHead).public();
            let mut walk = Verification::begin(Some(&cut), &[], &[public]).expect("the new key has signed it");
            let entries = reader.audit_entries(2).expect("read");
            entries.iter().try_for_each(|entry| walk.entry(&entry.entry, entry.hash)).expect("whole");
            assert_eq!(walk.end().expect("whole").last, 2 + count);
            let last = &entries.last().expect("an entry").entry;
            assert!(last.contains("relay_key_replaced") && last.contains(&rotated.keys.current.name().to_string()));
        }
        // What another key has signed is not made ours.
        let other = RelayKey::fresh().signer(SigningPurpose::AuditHead);
        let theirs = cut.head.signed(&other);
        write_once(&mut *writer, |writer| writer.cut_audit(&theirs)).expect("the same cut");
        rotate(&source, &store).expect("rotated");
        assert_eq!(store.reader().expect("a reader").audit_cut(), Ok(Some(theirs)));
    }

    #[test]
    fn a_value_that_does_not_open_keeps_both_keys() {
        let folder = tempfile::tempdir().expect("a folder");
        let (store, source, old) = sealed_store(folder.path());
        let mut record = store.reader().expect("a reader").sealed("second_factor", "agent-300").expect("there");
        record.value[30] ^= 1;
        write_once(&mut *store.writer().expect("a writer"), |writer| writer.put_sealed(&record)).expect("written");
        let error = rotate(&source, &store).expect_err("it does not open");
        assert!(matches!(&error, RotateError::Value { item, .. } if item == "agent-300"), "{error}");
        let both = source.load().expect("read").expect("there");
        assert_eq!(both.former.map(|key| key.name()), Some(old.current.name()));
    }

    #[test]
    fn a_lost_key_takes_with_it_only_what_it_sealed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (store, source, _) = sealed_store(folder.path());
        std::fs::remove_file(folder.path().join(KEY_FILE)).expect("removed");
        assert!(matches!(rotate(&source, &store), Err(RotateError::Key(KeyError::Missing { .. }))));
        let begun = begin_anew(&source, &store).expect("begun");
        assert_eq!((begun.sealed, begun.removed), (0, 450));
        let mut reader = store.reader().expect("a reader");
        assert_eq!(reader.sealed_after("", "", 1), Ok(Vec::new()));
        assert!(settle::open(&source, &mut *reader).expect("known").is_some());
    }
}
