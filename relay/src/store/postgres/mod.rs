//! PostgreSQL, for records and the consumers' cursors. The log follows.

mod statements;

use std::collections::BTreeMap;

use postgres::error::SqlState;
use postgres::{Client, Config, Error, NoTls, Statement};

use self::statements::Statements;
use super::sql::{Cause, Failure, Sql, SqlError, SqlReader, SqlWriter};
use super::{CursorReader, FeedWriter, OpenError, RecordReader, RecordWriter, StoreError, Transaction};
use crate::numbers::Fault;

/// Every schema change so far, in order; the table `schema` remembers how many a database has had.
const MIGRATIONS: [&str; 13] = [
    include_str!("../../../migrations/postgres/0001_records.sql"),
    include_str!("../../../migrations/postgres/0002_documents.sql"),
    include_str!("../../../migrations/postgres/0003_sealed.sql"),
    include_str!("../../../migrations/postgres/0004_audit.sql"),
    include_str!("../../../migrations/postgres/0005_service_key.sql"),
    include_str!("../../../migrations/postgres/0006_staff.sql"),
    include_str!("../../../migrations/postgres/0007_session.sql"),
    include_str!("../../../migrations/postgres/0008_second_factor.sql"),
    include_str!("../../../migrations/postgres/0009_invitation.sql"),
    include_str!("../../../migrations/postgres/0010_scope.sql"),
    include_str!("../../../migrations/postgres/0011_idempotency.sql"),
    include_str!("../../../migrations/postgres/0012_retention.sql"),
    include_str!("../../../migrations/postgres/0013_passkey.sql"),
];
/// The schema this relay reads and writes.
const SCHEMA_VERSION: u32 = MIGRATIONS.len() as u32;
/// The lock that is held while the schema is made, so that of several relays that start at once only one makes it. Any number would do.
const SCHEMA_LOCK: &str = "SELECT pg_advisory_xact_lock(4711)";

/// Records in a PostgreSQL database.
pub struct PostgresRecords {
    config: Config,
}

impl PostgresRecords {
    /// Opens a database, given as `host=… user=… dbname=…` or `postgresql://…`, and brings its schema up to date.
    ///
    /// # Errors
    /// When it cannot be reached, or its schema is newer.
    pub fn open(address: &str) -> Result<Self, OpenError> {
        let config: Config = address.parse().map_err(refused)?;
        migrate(&mut config.connect(NoTls).map_err(refused)?)?;
        Ok(Self { config })
    }

    /// One that writes. Many may be in use.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub fn writer(&self) -> Result<impl RecordWriter + FeedWriter + use<>, OpenError> {
        Ok(PostgresWriter { link: Link::open(&self.config)?, begun: false })
    }

    /// One that reads what has been committed.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub fn reader(&self) -> Result<impl RecordReader + CursorReader + Send + use<>, OpenError> {
        Ok(PostgresReader { link: Link::open(&self.config)? })
    }
}

fn migrate(client: &mut Client) -> Result<(), OpenError> {
    let mut transaction = client.transaction().map_err(refused)?;
    transaction.batch_execute(SCHEMA_LOCK).map_err(refused)?;
    transaction.batch_execute("CREATE TABLE IF NOT EXISTS schema (version BIGINT NOT NULL)").map_err(refused)?;
    let row = transaction.query_one("SELECT coalesce(max(version), 0) FROM schema", &[]).map_err(refused)?;
    let found = u32::try_from(row.get::<_, i64>(0)).unwrap_or(u32::MAX);
    if found > SCHEMA_VERSION {
        return Err(OpenError::Newer { found, known: SCHEMA_VERSION });
    }
    for (version, migration) in (1_i64..).zip(MIGRATIONS).skip(found as usize) {
        transaction.batch_execute(migration).map_err(refused)?;
        transaction.execute("INSERT INTO schema (version) VALUES ($1)", &[&version]).map_err(refused)?;
    }
    transaction.commit().map_err(refused)
}

/// A connection that is made anew after a failure, with the statements it has prepared.
struct Link {
    config: Config,
    /// None after a failure.
    client: Option<(Client, BTreeMap<&'static str, Statement>)>,
}

impl Link {
    fn open(config: &Config) -> Result<Self, OpenError> {
        let client = config.connect(NoTls).map_err(refused)?;
        Ok(Self { config: config.clone(), client: Some((client, BTreeMap::new())) })
    }

    /// The connection, made anew where there is none.
    fn ready(&mut self) -> Result<Statements<'_>, SqlError> {
        let (client, prepared) = match &mut self.client {
            Some(ready) => ready,
            empty => empty.insert((self.config.connect(NoTls)?, BTreeMap::new())),
        };
        Ok(Statements { client, prepared })
    }

    /// Runs a command; the connection is dropped when that fails.
    fn command(&mut self, sql: &str) -> Result<(), SqlError> {
        let done = self.ready().and_then(|statements| Ok(statements.client.batch_execute(sql)?));
        done.inspect_err(|_| self.client = None)
    }
}

struct PostgresWriter {
    link: Link,
    /// Whether a transaction is running and whole.
    begun: bool,
}

impl Transaction for PostgresWriter {
    fn begin(&mut self) -> Result<(), StoreError> {
        self.begun = false;
        self.link.command("BEGIN").map_err(SqlError::down)?;
        self.begun = true;
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        if !std::mem::take(&mut self.begun) {
            return Err(StoreError::Down);
        }
        self.link.command("COMMIT").map_err(SqlError::down)
    }
}

impl SqlWriter for PostgresWriter {
    fn request<T, E: From<StoreError>>(
        &mut self,
        request: impl FnOnce(&mut dyn Sql) -> Result<T, Failure<E>>,
    ) -> Result<T, E> {
        if !self.begun {
            return Err(StoreError::Down.into());
        }
        let lost = match self.isolated(request) {
            Ok(value) => return Ok(value),
            Err(Failure::Refused(refusal)) => return Err(refusal),
            Err(Failure::Database(error)) if error.is_of_request() => return Err(error.down().into()),
            Err(Failure::Database(error)) => error,
        };
        // Dropping the connection rolls the transaction back.
        (self.begun, self.link.client) = (false, None);
        Err(lost.down().into())
    }
}

impl PostgresWriter {
    /// Within a savepoint. A request that fails by itself leaves nothing behind; after any other failure the transaction is lost.
    fn isolated<T, E>(&mut self, request: impl FnOnce(&mut dyn Sql) -> Result<T, Failure<E>>) -> Result<T, Failure<E>> {
        self.link.command("SAVEPOINT request")?;
        let result = request(&mut self.link.ready()?);
        let lost = matches!(&result, Err(Failure::Database(error)) if !error.is_of_request());
        if !lost {
            let undo = if result.is_err() { "ROLLBACK TO request; RELEASE request" } else { "RELEASE request" };
            self.link.command(undo).map_err(|error| SqlError { cause: Cause::Database(Fault::Other), ..error })?;
        }
        result
    }
}

struct PostgresReader {
    link: Link,
}

impl SqlReader for PostgresReader {
    fn look_up<T>(&mut self, look_up: impl FnOnce(&mut dyn Sql) -> Result<T, SqlError>) -> Result<T, StoreError> {
        let found = self
            .link
            .command("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .and_then(|()| look_up(&mut self.link.ready()?));
        let ended = if found.is_ok() { self.link.command("COMMIT") } else { Ok(()) };
        let found = ended.and(found);
        if found.is_err() {
            // Whatever failed, the next look-up uses a new connection.
            self.link.client = None;
        }
        found.map_err(SqlError::down)
    }
}

impl From<Error> for SqlError {
    fn from(error: Error) -> Self {
        let cause = match error.code() {
            // Integrity constraints.
            Some(code) if code.code().starts_with("23") => Cause::Rule,
            // Values that a column cannot hold.
            Some(code) if code.code().starts_with("22") => Cause::Row,
            Some(code) if *code == SqlState::DISK_FULL => Cause::Database(Fault::Full),
            Some(code) if *code == SqlState::IO_ERROR => Cause::Database(Fault::Io),
            Some(code) if *code == SqlState::DATA_CORRUPTED || *code == SqlState::INDEX_CORRUPTED => {
                Cause::Database(Fault::Corrupt)
            }
            Some(code) if *code == SqlState::READ_ONLY_SQL_TRANSACTION => Cause::Database(Fault::ReadOnly),
            Some(_) | None => Cause::Database(Fault::Other),
        };
        // The text in it is the server's: the statement and its rule, no value.
        let text = error.as_db_error().map_or_else(|| error.to_string(), |server| server.message().to_owned());
        Self { cause, text }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "used by map_err, which hands over the value")]
fn refused(error: Error) -> OpenError {
    OpenError::Database(format!("{error} (PostgreSQL)"))
}
