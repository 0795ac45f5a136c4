//! Runs the portable statements of `store/sql` on a SQLite connection.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, Row as SqliteRow, ToSql, params_from_iter};

use crate::store::sql::{Cause, Row, Sql, SqlError, Value};

/// A connection that runs portable statements. Prepared ones are kept by the connection.
pub(super) struct Statements<'a>(pub(super) &'a Connection);

impl Statements<'_> {
    fn prepare(&self, sql: &'static str) -> Result<CachedStatement<'_>, SqlError> {
        let statement = self.0.prepare_cached(sql)?;
        // SQLite counts `$2` as the second only when it stands second.
        debug_assert!(
            (1..=statement.parameter_count()).all(|at| statement.parameter_name(at) == Some(format!("${at}").as_str())),
            "parameters stand in order: {sql}"
        );
        Ok(statement)
    }
}

impl Sql for Statements<'_> {
    fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, SqlError> {
        Ok(self.prepare(sql)?.execute(params_from_iter(values))? as u64)
    }

    fn each(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        take: &mut dyn FnMut(&dyn Row) -> Result<(), SqlError>,
    ) -> Result<(), SqlError> {
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(params_from_iter(values))?;
        while let Some(row) = rows.next()? {
            take(row)?;
        }
        Ok(())
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Number(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
            Self::Id(id) => ValueRef::Blob(id),
        }))
    }
}

impl Row for SqliteRow<'_> {
    fn value(&self, column: usize) -> Result<Value<'_>, SqlError> {
        let broken = |text: &str| SqlError { cause: Cause::Row, text: format!("column {column}: {text}") };
        match self.get_ref(column)? {
            ValueRef::Null => Ok(Value::Null),
            ValueRef::Integer(number) => Ok(Value::Number(number)),
            ValueRef::Text(bytes) => std::str::from_utf8(bytes).map(Value::Text).map_err(|_| broken("not UTF-8")),
            ValueRef::Blob(bytes) => Ok(Value::Bytes(bytes)),
            ValueRef::Real(_) => Err(broken("a number with a fraction")),
        }
    }
}
