//! Runs the portable statements of `store/sql` on a PostgreSQL connection.

use std::collections::BTreeMap;
use std::error::Error;

use bytes::BytesMut;
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, Row as PostgresRow, Statement};

use crate::store::sql::{Cause, Row, Sql, SqlError, Value};

/// A connection that runs portable statements, each prepared once.
pub(super) struct Statements<'a> {
    pub(super) client: &'a mut Client,
    pub(super) prepared: &'a mut BTreeMap<&'static str, Statement>,
}

impl Statements<'_> {
    fn prepare(&mut self, sql: &'static str) -> Result<Statement, SqlError> {
        if let Some(known) = self.prepared.get(sql) {
            return Ok(known.clone());
        }
        let statement = self.client.prepare(sql)?;
        self.prepared.insert(sql, statement.clone());
        Ok(statement)
    }
}

impl Sql for Statements<'_> {
    fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, SqlError> {
        let statement = self.prepare(sql)?;
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
        Ok(self.client.execute(&statement, &values)?)
    }

    fn each(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        take: &mut dyn FnMut(&dyn Row) -> Result<(), SqlError>,
    ) -> Result<(), SqlError> {
        let statement = self.prepare(sql)?;
        let mut rows = self.client.query_raw(&statement, values)?;
        while let Some(row) = rows.next()? {
            take(&row)?;
        }
        Ok(())
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Number(number) => number.to_sql(kind, out),
            Self::Text(text) => text.to_sql(kind, out),
            Self::Bytes(bytes) => bytes.to_sql(kind, out),
            Self::Id(id) => id.as_slice().to_sql(kind, out),
        }
    }

    /// The schema has no other types.
    fn accepts(kind: &Type) -> bool {
        [Type::INT8, Type::TEXT, Type::BYTEA].contains(kind)
    }

    to_sql_checked!();
}

impl Row for PostgresRow {
    fn value(&self, column: usize) -> Result<Value<'_>, SqlError> {
        let broken = |text: &str| SqlError { cause: Cause::Row, text: format!("column {column}: {text}") };
        let kind = self.columns().get(column).map(postgres::Column::type_).ok_or_else(|| broken("not there"))?;
        let value = match *kind {
            Type::INT8 => self.try_get::<_, Option<i64>>(column)?.map(Value::Number),
            Type::TEXT => self.try_get::<_, Option<&str>>(column)?.map(Value::Text),
            Type::BYTEA => self.try_get::<_, Option<&[u8]>>(column)?.map(Value::Bytes),
            _ => return Err(broken("a type this relay does not know")),
        };
        Ok(value.unwrap_or(Value::Null))
    }
}
