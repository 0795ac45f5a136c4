//! The connection that writes: transactions, isolation of one request from the next, and recovery after a failure.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use relay_core::append::{Append, AppendError, Appended};
use rusqlite::Connection;
use wire::{ConversationId, Parts};

use super::checkpoint::Checkpointer;
use super::recent::{Batch, Recent};
use super::statements::Statements;
use super::{down, open};
use crate::process::vital::Part;
use crate::store::sql::{Failure, Sql, SqlError, SqlWriter};
use crate::store::{EraseStep, ErasedStep, LogWriter, OpenError, StoreError, Transaction};

/// The one writer of a database.
pub(super) struct SqliteWriter {
    database: PathBuf,
    pages_max: Arc<AtomicU32>,
    /// None after a failure: the next transaction opens a new connection.
    connection: Option<Connection>,
    checkpointer: Checkpointer,
    recent: Arc<Recent>,
    /// What the running transaction has recorded.
    batch: Batch,
    /// No row of `recent` has a lower position.
    removed: i64,
    /// The bound that `connection` has.
    pages_set: u32,
}

impl SqliteWriter {
    pub(super) fn open(
        database: PathBuf,
        pages_max: Arc<AtomicU32>,
        recent: Arc<Recent>,
        checkpoint: Part,
    ) -> Result<Self, OpenError> {
        let checkpointer = Checkpointer::start(&database, checkpoint)?;
        let (connection, removed) = connect(&database, &checkpointer)?;
        let batch = recent.begin();
        let connection = Some(connection);
        Ok(Self { database, pages_max, connection, checkpointer, recent, batch, removed, pages_set: u32::MAX })
    }

    fn try_begin(&mut self) -> Result<(), StoreError> {
        if self.connection.is_none() {
            let (connection, removed) = connect(&self.database, &self.checkpointer).map_err(|error| {
                tracing::error!(%error, "the database cannot be opened again");
                crate::numbers::store_failed(crate::numbers::Fault::Io);
                StoreError::Down
            })?;
            // Only the database knows whether the last transaction was committed.
            self.recent.reload(&connection).map_err(down)?;
            self.removed = removed;
            self.connection = Some(connection);
            self.pages_set = u32::MAX;
        }
        let connection = self.connection.as_ref().ok_or(StoreError::Down)?;
        let pages = self.pages_max.load(Ordering::Relaxed);
        if pages != self.pages_set {
            connection.pragma_update(None, "max_page_count", pages).map_err(down)?;
            self.pages_set = pages;
        }
        execute(connection, "BEGIN IMMEDIATE").map_err(down)?;
        self.batch = self.recent.begin();
        Ok(())
    }

    /// Runs one request so that its refusal rolls back all that it wrote and nothing else. A failure of the database fails the
    /// whole transaction: SQLite may have rolled it back already, and later requests must not be committed without it.
    fn isolated<T, E: From<StoreError>>(
        &mut self,
        request: impl FnOnce(&Connection) -> Result<T, Failure<E>>,
    ) -> Result<T, E> {
        let Some(connection) = self.connection.as_ref().filter(|connection| !connection.is_autocommit()) else {
            return Err(StoreError::Down.into());
        };
        let result = execute(connection, "SAVEPOINT request").map_err(Failure::from).and_then(|()| request(connection));
        let undone = if result.is_err() { execute(connection, "ROLLBACK TO request") } else { Ok(()) };
        let ended = undone.and_then(|()| execute(connection, "RELEASE request"));
        let lost = match (result, ended) {
            (Ok(value), Ok(())) => return Ok(value),
            (Err(Failure::Refused(refusal)), Ok(())) => return Err(refusal),
            (Err(Failure::Database(error)), Ok(())) if error.is_of_request() => return Err(error.down().into()),
            (Err(Failure::Database(error)), _) => error,
            (_, Err(error)) => SqlError::from(error),
        };
        self.connection = None;
        Err(lost.down().into())
    }
}

impl SqlWriter for SqliteWriter {
    fn request<T, E: From<StoreError>>(
        &mut self,
        request: impl FnOnce(&mut dyn Sql) -> Result<T, Failure<E>>,
    ) -> Result<T, E> {
        self.isolated(|connection| request(&mut Statements(connection)))
    }
}

impl<E> From<rusqlite::Error> for Failure<E> {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.into())
    }
}

/// A connection, and the lowest position in `recent`.
fn connect(database: &Path, checkpointer: &Checkpointer) -> Result<(Connection, i64), OpenError> {
    let mut connection = open::connect(database)?;
    checkpointer.watch(&mut connection).map_err(open::refused)?;
    const LOWEST: &str = "SELECT ifnull(min(position), 0) FROM recent";
    let removed = connection.query_row(LOWEST, [], |row| row.get(0)).map_err(open::refused)?;
    Ok((connection, removed))
}

/// Runs a statement without parameters or rows, prepared once.
fn execute(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(|_| ())
}

impl Transaction for SqliteWriter {
    fn begin(&mut self) -> Result<(), StoreError> {
        self.try_begin().inspect_err(|_| self.connection = None)
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        let connection = self.connection.take().ok_or(StoreError::Down)?;
        // Dropping the connection after a failure rolls back.
        if !self.batch.is_empty() {
            self.recent.tidy(&connection, &mut self.batch, &mut self.removed).map_err(down)?;
        }
        execute(&connection, "COMMIT").map_err(down)?;
        self.connection = Some(connection);
        let batch = std::mem::take(&mut self.batch);
        if !batch.is_empty() {
            self.recent.publish(batch);
        }
        Ok(())
    }
}

impl LogWriter for SqliteWriter {
    fn append(&mut self, now_ms: u64, append: &Append) -> Result<Appended, AppendError> {
        let Some(connection) = self.connection.as_ref().filter(|connection| !connection.is_autocommit()) else {
            return Err(AppendError::Down);
        };
        // No savepoint: everything is checked before anything is written.
        match super::append::append(connection, &self.recent, &mut self.batch, now_ms, append) {
            Ok(done) => Ok(done),
            Err(Failure::Refused(refusal)) => Err(refusal),
            Err(Failure::Database(error)) => {
                self.connection = None;
                Err(error.down().into())
            }
        }
    }

    fn erase(&mut self, step: &EraseStep) -> Result<ErasedStep, StoreError> {
        let Some(connection) = self.connection.as_ref().filter(|connection| !connection.is_autocommit()) else {
            return Err(StoreError::Down);
        };
        match super::erase::step(connection, &self.recent, &mut self.batch, step) {
            Ok(done) => Ok(done),
            Err(Failure::Refused(refusal)) => Err(refusal),
            Err(Failure::Database(error)) => {
                self.connection = None;
                Err(error.down())
            }
        }
    }

    fn note_erased(&mut self, conversation: ConversationId, parts: Parts) -> Result<(), StoreError> {
        self.isolated(|connection| Ok(super::erase::note(connection, conversation, parts)?))
    }

    fn scrub(&mut self, from: u64) -> Result<Option<u64>, StoreError> {
        self.isolated(|connection| Ok(super::scrub::step(connection, from)?))
    }
}
