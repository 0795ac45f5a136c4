//! Opening a database: connection settings, folder lock, schema, backup.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use super::{DATABASE_FILE, LOCK_FILE, io_error};
use crate::folder::{self, Look, private};
use crate::store::OpenError;

/// Every schema change so far, in order; a database remembers how many it has had (`user_version`).
const MIGRATIONS: [&str; 19] = [
    include_str!("../../../migrations/sqlite/0001_init.sql"),
    include_str!("../../../migrations/sqlite/0002_recent.sql"),
    include_str!("../../../migrations/sqlite/0003_access.sql"),
    include_str!("../../../migrations/sqlite/0004_kept.sql"),
    include_str!("../../../migrations/sqlite/0005_fair.sql"),
    include_str!("../../../migrations/sqlite/0006_feed.sql"),
    include_str!("../../../migrations/sqlite/0007_documents.sql"),
    include_str!("../../../migrations/sqlite/0008_sealed.sql"),
    include_str!("../../../migrations/sqlite/0009_audit.sql"),
    include_str!("../../../migrations/sqlite/0010_service_key.sql"),
    include_str!("../../../migrations/sqlite/0011_staff.sql"),
    include_str!("../../../migrations/sqlite/0012_session.sql"),
    include_str!("../../../migrations/sqlite/0013_second_factor.sql"),
    include_str!("../../../migrations/sqlite/0014_invitation.sql"),
    include_str!("../../../migrations/sqlite/0015_scope.sql"),
    include_str!("../../../migrations/sqlite/0016_idempotency.sql"),
    include_str!("../../../migrations/sqlite/0017_open.sql"),
    include_str!("../../../migrations/sqlite/0018_retention.sql"),
    include_str!("../../../migrations/sqlite/0019_passkey.sql"),
];

/// The schema this relay reads and writes.
pub const SCHEMA_VERSION: u32 = MIGRATIONS.len() as u32;

/// Waits this long for another process's write (a command line, a backup) before a request fails.
pub(super) const BUSY_WAIT: Duration = Duration::from_secs(5);
/// Prepared statements kept by a connection: more than there are.
const STATEMENTS_KEPT: usize = 64;

/// `synchronous=FULL`: a commit returns when the log is on the disk. A thread does the checkpoints of the relay's writer
/// (`checkpoint.rs`); connections of commands do them every 4,000 pages (16 MiB). The log file is truncated after it has grown.
/// `secure_delete`: what is removed is overwritten, so that it cannot be read out of the file.
const SETTINGS: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA secure_delete = ON;
    PRAGMA foreign_keys = ON;
    PRAGMA wal_autocheckpoint = 4000;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -32768;
";

/// The same, unless the database is missing or empty while an older one has left something: then a wrong folder is mounted, or it was lost.
pub(super) fn connect_known(folder: &Path, database: &Path) -> Result<Connection, OpenError> {
    let emptied = || OpenError::Emptied(folder.display().to_string());
    if folder::look(folder, database) == Look::Emptied {
        return Err(emptied());
    }
    let connection = connect(database)?;
    if schema_version(&connection)? == 0 && folder::look_beside(folder, database) == Look::Emptied {
        return Err(emptied());
    }
    Ok(connection)
}

/// The store's own id, and whether it has recorded any files.
pub(super) fn identity(connection: &Connection) -> Result<(String, bool), OpenError> {
    const SQL: &str = "SELECT lower(hex(id)), EXISTS (SELECT 1 FROM attachment) FROM store";
    connection.query_row(SQL, [], |row| Ok((row.get(0)?, row.get(1)?))).map_err(refused)
}

/// A connection with our settings; makes the file when it is missing, for this user alone: its log is made like it.
pub(super) fn connect(database: &Path) -> Result<Connection, OpenError> {
    if !database.exists() {
        // If something is wrong with it, opening it fails.
        let _ = private(File::options().create_new(true)).open(database);
    }
    let connection = Connection::open(database).map_err(refused)?;
    connection.busy_timeout(BUSY_WAIT).map_err(refused)?;
    connection.execute_batch(SETTINGS).map_err(refused)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    Ok(connection)
}

/// Locks the folder for one relay; fails when another has it.
pub(super) fn lock(folder: &Path) -> Result<File, OpenError> {
    let path = folder.join(LOCK_FILE);
    let options = private(File::options().create(true).truncate(false)).open(&path);
    let file = options.map_err(|source| io_error(&path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked(folder.display().to_string())),
        Err(TryLockError::Error(source)) => Err(io_error(&path, source)),
    }
}

/// How many of the migrations a database has had.
pub(super) fn schema_version(connection: &Connection) -> Result<u32, OpenError> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(refused)
}

/// Applies the migrations that are missing, all or none. When none is missing it writes nothing: a relay must be able to start on a full
/// disk.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    if schema_version(connection)? == SCHEMA_VERSION {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(refused)?;
    let found = schema_version(&transaction)?;
    if found > SCHEMA_VERSION {
        return Err(OpenError::Newer { found, known: SCHEMA_VERSION });
    }
    for migration in MIGRATIONS.iter().skip(found as usize) {
        transaction.execute_batch(migration).map_err(refused)?;
    }
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION).map_err(refused)?;
    transaction.commit().map_err(refused)
}

/// SQLite's own check of everything: pages, indexes, constraints, references.
pub(super) fn check(database: &Path) -> Result<(), OpenError> {
    let connection = connect(database)?;
    let found: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(refused)?;
    if found != "ok" {
        return Err(OpenError::Database(found));
    }
    let lost =
        connection.prepare("PRAGMA foreign_key_check").and_then(|mut check| check.exists([])).map_err(refused)?;
    if lost { Err(OpenError::Database("a row refers to one that is not there".to_owned())) } else { Ok(()) }
}

/// Writes a consistent copy beside the target, syncs it, and only then gives it its name, so that no partial copy is taken for a complete one.
pub(super) fn backup(database: &Path, to: &Path) -> Result<(), OpenError> {
    if to.exists() {
        return Err(OpenError::Exists(to.display().to_string()));
    }
    let mut partial = to.as_os_str().to_owned();
    partial.push(".partial");
    let partial = Path::new(&partial);
    if partial.exists() {
        std::fs::remove_file(partial).map_err(|source| io_error(partial, source))?;
    }
    let Some(name) = partial.to_str() else {
        return Err(io_error(to, std::io::Error::other("the name must be UTF-8")));
    };
    let connection = connect(database)?;
    // An empty file counts as none.
    private(File::options().create_new(true)).open(partial).map_err(|source| io_error(partial, source))?;
    connection.execute("VACUUM INTO ?1", [name]).map_err(refused)?;
    File::open(partial)
        .and_then(|copy| copy.sync_all())
        .and_then(|()| std::fs::rename(partial, to))
        .and_then(|()| sync_folder_of(to))
        .map_err(|source| io_error(to, source))
}

/// Makes a new name in a folder durable.
fn sync_folder_of(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()
}

#[expect(clippy::needless_pass_by_value, reason = "used by map_err, which hands over the value")]
pub(super) fn refused(error: rusqlite::Error) -> OpenError {
    OpenError::Database(format!("{error} ({DATABASE_FILE})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_connection_syncs_its_commits_and_holds_references() {
        let folder = tempfile::tempdir().unwrap();
        let connection = connect(&folder.path().join(DATABASE_FILE)).unwrap();
        let setting = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
        let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        const FULL: i64 = 2;
        assert_eq!((mode.as_str(), setting("synchronous"), setting("foreign_keys")), ("wal", FULL, 1));
    }
}
