//! The SQLite store: one file in the data folder, write-ahead log, every commit synced before it counts.

mod append;
mod checkpoint;
mod erase;
mod feed;
mod open;
mod reader;
mod recent;
mod row;
mod scrub;
mod statements;
mod writer;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rusqlite::{Connection, ErrorCode};
use wire::limit::RECENT_EVENTS_MAX;

use self::recent::Recent;
use super::sql::{Cause, SqlError};
use super::{OpenError, Reader, Store, StoreError, Writer};
use crate::folder::{self, Look};
use crate::numbers::Fault;
use crate::process::vital::Vitals;

pub use open::SCHEMA_VERSION;

/// The database's name in the data folder.
pub const DATABASE_FILE: &str = "causeway.sqlite3";
/// The lock's name in the data folder.
const LOCK_FILE: &str = "relay.lock";

/// A database in a data folder.
pub struct SqliteStore {
    database: PathBuf,
    /// Pages the database may grow to; see [`SqliteStore::limit_pages`].
    pages_max: Arc<AtomicU32>,
    /// Events that are committed and not yet moved to `event`.
    recent: Arc<Recent>,
    /// Reports the thread that does checkpoints when it ends.
    vitals: Vitals,
    /// Held as long as this relay serves; the system releases it when the process ends, also after a crash.
    _lock: Option<File>,
}

impl SqliteStore {
    /// Opens the data folder for a serving relay: makes it when it is missing, brings an older schema up to date, and locks it.
    ///
    /// # Errors
    /// When another relay has it, its schema is newer, or it cannot be used.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        folder::make(folder).map_err(|source| io_error(folder, source))?;
        let lock = open::lock(folder)?;
        folder::narrow(folder);
        let database = folder.join(DATABASE_FILE);
        let mut connection = open::connect_known(folder, &database)?;
        open::migrate(&mut connection)?;
        Self::with(folder, database, &connection, Some(lock))
    }

    /// Renames what is left of a store in a data folder and begins a new one, at the operator's request.
    ///
    /// # Errors
    /// When another relay has the folder, or there is a database with something in it.
    pub fn begin_anew(folder: &Path) -> Result<(), OpenError> {
        folder::make(folder).map_err(|source| io_error(folder, source))?;
        let _lock = open::lock(folder)?;
        let database = folder.join(DATABASE_FILE);
        if std::fs::metadata(&database).is_ok_and(|found| found.len() > 0) {
            let connection = open::connect(&database)?;
            if open::schema_version(&connection)? > 0 {
                return Err(OpenError::Begun(database.display().to_string()));
            }
        }
        folder::put_aside(&database).map_err(|source| io_error(&database, source))?;
        open::migrate(&mut open::connect(&database)?)
    }

    /// Opens the data folder for a command beside a relay that may be serving. Takes no lock; a missing or older schema is made
    /// only while no relay is serving.
    ///
    /// # Errors
    /// When the schema is newer, a relay with another schema is serving, or the folder cannot be used.
    pub fn attach(folder: &Path) -> Result<Self, OpenError> {
        folder::make(folder).map_err(|source| io_error(folder, source))?;
        let database = folder.join(DATABASE_FILE);
        let mut connection = open::connect_known(folder, &database)?;
        if open::schema_version(&connection)? != SCHEMA_VERSION {
            let _lock = open::lock(folder)?;
            open::migrate(&mut connection)?;
        }
        Self::with(folder, database, &connection, None)
    }

    /// Whether there is a database with something in it in a folder.
    ///
    /// # Errors
    /// `Emptied`, `Missing` or `Empty` when there is none.
    pub fn look_for(folder: &Path) -> Result<(), OpenError> {
        let database = folder.join(DATABASE_FILE);
        if folder::look(folder, &database) == Look::Emptied {
            return Err(OpenError::Emptied(folder.display().to_string()));
        }
        match std::fs::metadata(&database) {
            Ok(found) if !found.is_file() => {
                Err(OpenError::Missing { file: DATABASE_FILE, folder: folder.display().to_string() })
            }
            Ok(found) if found.len() == 0 => Err(OpenError::Empty(database.display().to_string())),
            Ok(_) => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(OpenError::Missing { file: DATABASE_FILE, folder: folder.display().to_string() })
            }
            Err(source) => Err(io_error(&database, source)),
        }
    }

    fn with(folder: &Path, database: PathBuf, connection: &Connection, lock: Option<File>) -> Result<Self, OpenError> {
        let (id, has_files) = open::identity(connection)?;
        folder::settle(folder, &id, has_files)?;
        let recent = Arc::new(Recent::load(connection, RECENT_EVENTS_MAX).map_err(open::refused)?);
        Ok(Self {
            database,
            pages_max: Arc::new(AtomicU32::new(u32::MAX)),
            recent,
            vitals: Vitals::default(),
            _lock: lock,
        })
    }

    /// Bounds the database to this many pages of 4 KiB from the next transaction on; what would exceed it is refused as on a full
    /// disk. A bound below its present size keeps it from growing.
    pub fn limit_pages(&self, pages: u32) {
        self.pages_max.store(pages, Ordering::Relaxed);
    }

    /// Lets this many events wait in `recent` instead of `RECENT_EVENTS_MAX`, from the next transaction on. Fewer cost more for each commit.
    pub fn limit_recent(&self, events: usize) {
        self.recent.limit(events);
    }

    /// Lets the feed's index have this many keys instead of `FEED_EVENTS_MAX`, from the next transaction on.
    pub fn limit_feed(&self, events: i64) {
        self.recent.limit_feed(events);
    }
}

impl Store for SqliteStore {
    fn writer(&self) -> Result<Box<dyn Writer>, OpenError> {
        let (pages_max, recent) = (Arc::clone(&self.pages_max), Arc::clone(&self.recent));
        let checkpoint = self.vitals.part("store-checkpoint");
        let writer = writer::SqliteWriter::open(self.database.clone(), pages_max, recent, checkpoint)?;
        Ok(Box::new(writer))
    }

    fn reader(&self) -> Result<Box<dyn Reader>, OpenError> {
        Ok(Box::new(reader::SqliteReader::open(&self.database, Arc::clone(&self.recent))?))
    }

    fn backup(&self, folder: &Path) -> Result<(), OpenError> {
        open::backup(&self.database, &folder.join(DATABASE_FILE))
    }

    fn check(&self) -> Result<(), OpenError> {
        open::check(&self.database)
    }

    fn vitals(&self) -> Vitals {
        self.vitals.clone()
    }
}

fn io_error(path: &Path, source: std::io::Error) -> OpenError {
    OpenError::Io { path: path.display().to_string(), source }
}

/// The database failed: logged, once, and answered as `Down`.
fn down(error: impl Into<SqlError>) -> StoreError {
    error.into().down()
}

impl From<rusqlite::Error> for SqlError {
    fn from(error: rusqlite::Error) -> Self {
        let cause = match error.sqlite_error_code() {
            Some(ErrorCode::ConstraintViolation) => Cause::Rule,
            // A value that rusqlite could not convert.
            None => Cause::Row,
            Some(code) => Cause::Database(fault(code)),
        };
        Self { cause, text: error.to_string() }
    }
}

/// The kind of a database failure, in one word.
const fn fault(code: ErrorCode) -> Fault {
    #[expect(clippy::wildcard_enum_match_arm, reason = "SQLite knows many more, and all of them are `Other`")]
    match code {
        ErrorCode::DiskFull => Fault::Full,
        ErrorCode::SystemIoFailure | ErrorCode::CannotOpen => Fault::Io,
        ErrorCode::ReadOnly => Fault::ReadOnly,
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Fault::Locked,
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Fault::Corrupt,
        _ => Fault::Other,
    }
}
