//! Why the store refuses, fails, or cannot be opened.

use relay_core::append::AppendError;
use relay_core::store::QueryError;
use wire::Refusal;

use crate::folder::FolderError;

/// Why a settings request or a look-up failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// What it refers to is not there.
    #[error("no such record")]
    Missing,
    /// Somebody else has that name or id.
    #[error("that name or id is taken")]
    Conflict,
    /// Nobody could give rights any more.
    #[error("there would be no administrator any more; make another one first")]
    LastAdministrator,
    /// The store's queue is full.
    #[error("the store is busy")]
    Busy,
    /// The store cannot read or write (disk full, I/O error …). Already logged.
    #[error("the store does not answer")]
    Down,
}

/// What may not be there: none when it is missing.
///
/// # Errors
/// Every other failure.
pub(crate) fn optional<T>(found: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(StoreError::Missing) => Ok(None),
        Err(error) => Err(error),
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Missing | StoreError::Conflict => Self::NotFound,
            StoreError::LastAdministrator => Self::NotAllowed,
            StoreError::Busy => Self::Busy,
            StoreError::Down => Self::StoreDown,
        }
    }
}

impl From<StoreError> for AppendError {
    /// For failures of the database while appending: refusals are decided before.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Self::Busy,
            StoreError::Missing | StoreError::Conflict | StoreError::LastAdministrator | StoreError::Down => Self::Down,
        }
    }
}

impl From<StoreError> for QueryError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Missing => Self::NotFound,
            StoreError::Busy => Self::Busy,
            StoreError::Conflict | StoreError::LastAdministrator | StoreError::Down => Self::Down,
        }
    }
}

/// Why a store could not be opened or copied.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another relay serves this data folder.
    #[error("another relay is using the data folder {0}; stop it, or give this one a folder of its own with --data")]
    Locked(String),
    /// The data was written by a newer relay.
    #[error(
        "the data folder was written by a newer relay (schema {found}, this one knows {known}); install that version"
    )]
    Newer {
        /// The schema number found.
        found: u32,
        /// The last one known here.
        known: u32,
    },
    /// A file is already where the copy should go.
    #[error("the file {0} exists already; choose another name")]
    Exists(String),
    /// The folder or file cannot be used.
    #[error("cannot use {path}: {source}")]
    Io {
        /// Which one.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// An emptied or a wrong folder.
    #[error(
        "the data folder {0} has no database, or an empty one, beside files or the mark of an older store. Is the right folder mounted? Put the database \
         back (`docs/operations.md`, \"Backup and restore\"), or say that a new store is meant: relay serve --new"
    )]
    Emptied(String),
    /// There is no store where one was expected.
    #[error("there is no {file} in {folder}")]
    Missing {
        /// The database's name.
        file: &'static str,
        /// The folder that was looked into.
        folder: String,
    },
    /// The database file is there and has nothing in it.
    #[error("{0} is empty")]
    Empty(String),
    /// A new store was asked for where there is one.
    #[error("there is a store in {0} already; leave out --new to go on with it")]
    Begun(String),
    /// The folder is not this store's.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The database refused.
    #[error("the database refused: {0}")]
    Database(String),
}
