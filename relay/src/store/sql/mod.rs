//! Records in SQL, written once for every database: only what SQLite and PostgreSQL both understand (`$1`, `RETURNING`, `ON CONFLICT`).
//!
//! A database implements [`Sql`] for its connection, and [`SqlWriter`] or [`SqlReader`] for its writer or reader. Everything else about records
//! is here. Ids, tokens and keys are bytes, everything that counts is a signed number of 64 bits, a truth value is 0 or 1.

mod agent;
mod audit;
mod block;
mod documents;
mod erasure;
mod feed;
mod idempotency;
mod invitation;
mod passkey;
mod retention;
mod row;
mod sealed;
mod second_factor;
mod service_key;
mod session;
mod site;
mod upload;
mod visitor;

use super::{RecordReader, StoreError};
use crate::numbers::Fault;

pub(super) use row::Row;
pub(super) use upload::attachment;
pub(super) use visitor::site_of;

/// A value for a column, or of one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Number(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
    /// Sixteen bytes; read back as `Bytes`.
    Id([u8; 16]),
}

impl From<u64> for Value<'_> {
    /// Times and counts are far below 2^63.
    fn from(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<u128> for Value<'_> {
    fn from(id: u128) -> Self {
        Self::Id(id.to_be_bytes())
    }
}

impl From<bool> for Value<'_> {
    fn from(truth: bool) -> Self {
        Self::Number(truth.into())
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a, T: Into<Self>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A bound on rows, for a `LIMIT`.
pub(super) fn count(rows: usize) -> Value<'static> {
    Value::Number(i64::try_from(rows).unwrap_or(i64::MAX))
}

/// Why a statement failed.
#[derive(Debug)]
pub(super) struct SqlError {
    pub(super) cause: Cause,
    pub(super) text: String,
}

/// What a failure means for the other requests in the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// A constraint of the schema (unique, reference, check) refused it.
    Rule,
    /// A row has a value that no relay of this version writes.
    Row,
    /// The database: the whole transaction is lost.
    Database(Fault),
}

impl SqlError {
    /// Whether it concerns this request alone and not the transaction.
    pub(super) const fn is_of_request(&self) -> bool {
        matches!(self.cause, Cause::Rule | Cause::Row)
    }

    /// Logged here, once, and answered as `Down`.
    pub(super) fn down(self) -> StoreError {
        tracing::error!(error = %self.text, "the database failed");
        crate::numbers::store_failed(match self.cause {
            Cause::Database(fault) => fault,
            Cause::Rule | Cause::Row => Fault::Other,
        });
        StoreError::Down
    }
}

/// Why a request did not go through.
pub(super) enum Failure<E> {
    /// It was refused: the other requests go on.
    Refused(E),
    /// The database failed.
    Database(SqlError),
}

impl<E> From<SqlError> for Failure<E> {
    fn from(error: SqlError) -> Self {
        Self::Database(error)
    }
}

impl From<StoreError> for Failure<StoreError> {
    fn from(refusal: StoreError) -> Self {
        Self::Refused(refusal)
    }
}

/// The result of a request for a record.
pub(super) type Changed<T> = Result<T, Failure<StoreError>>;

/// Turns a violated constraint into a refusal.
pub(super) fn refuse<E>(refusal: E) -> impl FnOnce(SqlError) -> Failure<E> {
    |error| if error.cause == Cause::Rule { Failure::Refused(refusal) } else { Failure::Database(error) }
}

/// A connection that runs statements. Parameters are `$1`, `$2` …, and first stand in the text in this order.
pub(super) trait Sql {
    /// Runs a statement that gives no rows. How many rows it changed.
    fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, SqlError>;

    /// Runs a statement and hands over each row that it gives.
    fn each(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        take: &mut dyn FnMut(&dyn Row) -> Result<(), SqlError>,
    ) -> Result<(), SqlError>;
}

impl dyn Sql + '_ {
    /// All rows.
    pub(super) fn all<T>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        read: impl Fn(&dyn Row) -> Result<T, SqlError>,
    ) -> Result<Vec<T>, SqlError> {
        let mut rows = Vec::new();
        self.each(sql, values, &mut |row| {
            rows.push(read(row)?);
            Ok(())
        })?;
        Ok(rows)
    }

    /// The row, when there is one.
    pub(super) fn one<T>(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        read: impl Fn(&dyn Row) -> Result<T, SqlError>,
    ) -> Result<Option<T>, SqlError> {
        Ok(self.all(sql, values, read)?.pop())
    }

    /// Whether there is a row.
    pub(super) fn exists(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<bool, SqlError> {
        Ok(self.one(sql, values, |_| Ok(()))?.is_some())
    }

    /// Raises a number by one.
    pub(super) fn counter(&mut self, name: &str) -> Result<u64, SqlError> {
        let found = self.one("SELECT value FROM counter WHERE name = $1", &[name.into()], |row| row.number(0))?;
        found.ok_or_else(|| row::broken("no such counter"))
    }

    /// Raises the settings version.
    pub(super) fn settings_changed(&mut self) -> Changed<()> {
        self.execute("UPDATE counter SET value = value + 1 WHERE name = 'settings'", &[])?;
        Ok(())
    }
}

/// A writer whose connection speaks SQL.
pub(super) trait SqlWriter {
    /// Runs one request so that its refusal rolls back all that it wrote and nothing else.
    fn request<T, E: From<StoreError>>(
        &mut self,
        request: impl FnOnce(&mut dyn Sql) -> Result<T, Failure<E>>,
    ) -> Result<T, E>;
}

/// A reader whose connection speaks SQL.
pub(super) trait SqlReader {
    /// Runs one look-up in one snapshot.
    fn look_up<T>(&mut self, look_up: impl FnOnce(&mut dyn Sql) -> Result<T, SqlError>) -> Result<T, StoreError>;

    /// The same for what may be missing.
    fn find<T>(&mut self, look_up: impl FnOnce(&mut dyn Sql) -> Result<Option<T>, SqlError>) -> Result<T, StoreError> {
        self.look_up(look_up)?.ok_or(StoreError::Missing)
    }
}

impl<R: SqlReader> RecordReader for R {
    fn settings_version(&mut self) -> Result<u64, StoreError> {
        self.look_up(|sql| sql.counter("settings"))
    }
}
