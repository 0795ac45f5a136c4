//! Whether the relay's key is the one that the store was sealed with. The store keeps a check value of it.

use std::io;
use std::path::PathBuf;

use super::source::KeySource;
use crate::key::{KeyName, KeyTextError, Keys};
use crate::store::{Reader, Secret, StoreError, Writer};

/// The name of the check value in the store.
pub(super) const CHECK: &str = "relay key check";

/// Why the relay's key cannot be used. Each text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The configuration names more than one place.
    #[error(
        "the configuration names several places of the relay's key: set one of file, environment and command in [relay_key]"
    )]
    Several,
    /// The file cannot be read or written.
    #[error("the relay's key in {path} cannot be used: {error}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Others can read it, and that cannot be changed.
    #[error(
        "other users of this machine can read the relay's key in {path}, and that cannot be changed ({error}): set its mode to 0600"
    )]
    Open {
        /// Which file.
        path: PathBuf,
        /// Why it cannot be changed.
        error: io::Error,
    },
    /// The variable is not set.
    #[error(
        "the relay's key should be in the environment variable {0}, which is not set; `relay key make` prints a new key for a new store"
    )]
    Unset(String),
    /// The program did not print it.
    #[error("the relay's key should be printed by `{program}`: {problem}")]
    Command {
        /// Which program.
        program: String,
        /// What went wrong.
        problem: String,
    },
    /// What is there is no key.
    #[error("{place} holds no relay's key: {error}")]
    Text {
        /// Where.
        place: String,
        /// What a key is.
        error: KeyTextError,
    },
    /// The store was sealed with a key that is not there any more.
    #[error(
        "the relay's key is missing: there is no {place}, and secrets in the store are sealed with the key {known}. Put the copy of the key there that \
         was kept apart from the backup. If there is none, `relay key lost` begins with a new key and removes what only the old one opens"
    )]
    Missing {
        /// Where it should be.
        place: String,
        /// The name of the store's key.
        known: KeyName,
    },
    /// It is another key.
    #[error(
        "{place} holds the key {found}, and secrets in the store are sealed with the key {known}: the key or the data is another relay's. Put the right \
         key there. If it is lost, `relay key lost` goes on with {found} and removes what only {known} opens"
    )]
    Other {
        /// Where it is.
        place: String,
        /// The name of the key there.
        found: KeyName,
        /// The name of the store's key.
        known: KeyName,
    },
    /// The key is not in a file, so that only the operator can change it.
    #[error(
        "the relay's key is not in a file: print a new one with `relay key make`, put it before the present one (one on each line) where the present one \
         is, and run `relay key rotate` again"
    )]
    NotAFile,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a store knows of its key.
#[derive(Clone, Copy, Debug)]
pub struct StoreKey {
    /// The key's check value, once a relay was started.
    pub check: Option<Secret>,
    /// Whether anything is sealed.
    pub has_sealed: bool,
}

/// What was found at the start.
#[derive(Debug)]
pub enum Settled {
    /// The key that the store knows.
    Known(Keys),
    /// A new key, made now.
    Made(Keys),
    /// A key that was there before the store knew any.
    New(Keys),
    /// Another key than the store knew, or a new one because there was none; nothing is sealed, so nothing is lost.
    Other(Keys, KeyName),
    /// A rotation was interrupted: some values are still sealed with the former key.
    Rotating(Keys),
}

impl Settled {
    /// The keys.
    #[must_use]
    pub fn keys(self) -> Keys {
        match self {
            Self::Known(keys) | Self::Made(keys) | Self::New(keys) | Self::Other(keys, _) | Self::Rotating(keys) => {
                keys
            }
        }
    }

    /// Says at the start what is worth saying.
    pub fn report(&self, source: &KeySource) {
        match self {
            Self::Known(_) => {}
            Self::Made(keys) => {
                let key = keys.current.name();
                tracing::info!(%key, "a key for this relay was made in {source}. It is in no backup of the data folder: keep a copy of it apart");
            }
            Self::New(keys) => {
                let key = keys.current.name();
                tracing::warn!(%key, "the store did not know the relay's key in {source} before; from now on its secrets are sealed with it");
            }
            Self::Other(keys, former) => {
                let key = keys.current.name();
                tracing::warn!(%key, %former, "the relay's key in {source} is not the former one. Nothing in the store is sealed, so it is taken; what the \
                    former key has signed is checked with the former key");
            }
            Self::Rotating(keys) => {
                let key = keys.current.name();
                tracing::warn!(%key, "the relay's key in {source} is only half replaced: stop the relay and run `relay key rotate`");
            }
        }
    }
}

/// Finds the relay's key for a store, as a relay does at its start: makes it when there is none. What is returned must still be
/// [recorded](record), in the store's one writer.
///
/// # Errors
/// When the key cannot be read, or something is sealed with a key that is not there.
pub fn settle(source: &KeySource, known: StoreKey) -> Result<Settled, KeyError> {
    let loaded = source.load()?;
    let Some(check) = known.check else {
        return match loaded {
            Some(keys) => Ok(Settled::New(keys)),
            None => make(source).map(Settled::Made),
        };
    };
    let name = KeyName::of_check_value(&check);
    match loaded {
        Some(keys) if keys.known_as(&check).is_some() && keys.former.is_some() => Ok(Settled::Rotating(keys)),
        Some(keys) if keys.known_as(&check).is_some() => Ok(Settled::Known(keys)),
        Some(keys) if known.has_sealed => {
            Err(KeyError::Other { place: source.to_string(), found: keys.current.name(), known: name })
        }
        Some(keys) => Ok(Settled::Other(keys, name)),
        None if known.has_sealed => Err(KeyError::Missing { place: source.to_string(), known: name }),
        None => make(source).map(|keys| Settled::Other(keys, name)),
    }
}

/// The file comes first: a key that only the store knows would be lost.
fn make(source: &KeySource) -> Result<Keys, KeyError> {
    let keys = Keys::fresh();
    source.write(&keys)?;
    Ok(keys)
}

/// What a store knows of its key.
///
/// # Errors
/// `Down`.
pub fn known(reader: &mut (impl Reader + ?Sized)) -> Result<StoreKey, StoreError> {
    let has_sealed = !reader.sealed_after("", "", 1)?.is_empty();
    Ok(StoreKey { check: reader.known_secret(CHECK)?, has_sealed })
}

/// Makes the store know the key that was found at the start.
///
/// # Errors
/// `Down`.
pub fn record(writer: &mut (impl Writer + ?Sized), settled: &Settled) -> Result<(), StoreError> {
    match settled {
        Settled::Made(keys) | Settled::New(keys) | Settled::Other(keys, _) => {
            writer.set_secret(CHECK, keys.current.check_value())
        }
        Settled::Known(_) | Settled::Rotating(_) => Ok(()),
    }
}

/// The key for a command beside a relay; none when no relay was started with this store yet.
///
/// # Errors
/// When it cannot be read, or is not the store's.
pub fn open(source: &KeySource, reader: &mut (impl Reader + ?Sized)) -> Result<Option<Keys>, KeyError> {
    let Some(check) = known(reader)?.check else { return Ok(None) };
    let (place, known) = (source.to_string(), KeyName::of_check_value(&check));
    match source.load()? {
        None => Err(KeyError::Missing { place, known }),
        Some(keys) if keys.known_as(&check).is_some() => Ok(Some(keys)),
        Some(keys) => Err(KeyError::Other { place, found: keys.current.name(), known }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::{KEY_FILE, RelayKey};
    use crate::store::memory::MemoryStore;
    use crate::store::{SealedRecord, Store, write_once};

    /// As a relay starts.
    fn start(source: &KeySource, store: &MemoryStore) -> Result<Settled, KeyError> {
        let settled = settle(source, known(&mut *store.reader().expect("a reader"))?)?;
        write_once(&mut *store.writer().expect("a writer"), |writer| record(writer, &settled))?;
        Ok(settled)
    }

    #[test]
    fn a_key_is_made_once_and_missed_when_it_is_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let (store, source) = (MemoryStore::new(), KeySource::File(folder.path().join(KEY_FILE)));
        assert!(
            open(&source, &mut *store.reader().expect("a reader")).expect("read").is_none(),
            "no relay was started"
        );
        let Ok(Settled::Made(made)) = start(&source, &store) else { panic!("it is made") };
        let Ok(Settled::Known(found)) = start(&source, &store) else { panic!("it is known") };
        assert_eq!(found.reveal(), made.reveal());
        let opened = open(&source, &mut *store.reader().expect("a reader")).expect("read").expect("known");
        assert_eq!(opened.reveal(), made.reveal());

        // Something is sealed.
        let record = SealedRecord { owner: "o".to_owned(), item: "i".to_owned(), value: vec![1] };
        write_once(&mut *store.writer().expect("a writer"), |writer| writer.put_sealed(&record)).expect("written");
        std::fs::remove_file(folder.path().join(KEY_FILE)).expect("removed");
        let error = start(&source, &store).expect_err("missing");
        assert!(matches!(&error, KeyError::Missing { known, .. } if *known == made.current.name()), "{error}");
        assert!(!folder.path().join(KEY_FILE).exists(), "nothing is made in its place");
        assert!(error.to_string().contains("relay key lost"), "{error}");

        let other = Keys::fresh();
        source.write(&other).expect("written");
        let error = start(&source, &store).expect_err("another");
        let names = (other.current.name(), made.current.name());
        assert!(matches!(&error, KeyError::Other { found, known, .. } if (*found, *known) == names), "{error}");
    }

    #[test]
    fn while_nothing_is_sealed_another_key_is_taken_and_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let (store, source) = (MemoryStore::new(), KeySource::File(folder.path().join(KEY_FILE)));
        let mut last = start(&source, &store).expect("made").keys().current.name();
        std::fs::remove_file(folder.path().join(KEY_FILE)).expect("removed");
        for other in [None, Some(Keys::fresh())] {
            if let Some(other) = &other {
                source.write(other).expect("written");
            }
            let opened = open(&source, &mut *store.reader().expect("a reader"));
            assert!(opened.is_err(), "a command makes none and takes none");
            let Ok(Settled::Other(keys, former)) = start(&source, &store) else { panic!("it is taken") };
            assert_eq!(former, last);
            last = keys.current.name();
            assert!(matches!(start(&source, &store), Ok(Settled::Known(_))));
        }
    }

    #[test]
    fn a_key_that_was_there_first_is_taken_and_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let (store, source) = (MemoryStore::new(), KeySource::File(folder.path().join(KEY_FILE)));
        source.write(&Keys::fresh()).expect("written");
        assert!(matches!(start(&source, &store), Ok(Settled::New(_))));
        assert!(matches!(start(&source, &store), Ok(Settled::Known(_))));
    }

    #[test]
    fn a_half_replaced_key_is_said_and_serves() {
        let folder = tempfile::tempdir().expect("a folder");
        let (store, source) = (MemoryStore::new(), KeySource::File(folder.path().join(KEY_FILE)));
        let old = start(&source, &store).expect("made").keys();
        let both = Keys { current: RelayKey::fresh(), former: Some(old.current) };
        source.write(&both).expect("written");
        let Ok(Settled::Rotating(keys)) = start(&source, &store) else { panic!("it is half replaced") };
        assert_eq!(keys.reveal(), both.reveal());
    }
}
