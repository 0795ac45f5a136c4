//! Sealed values, and keys that are replaced.

use super::{Row, SqlError, SqlReader, SqlWriter, Value, count};
use crate::store::{SealedReader, SealedRecord, SealedWriter, Secret, StoreError};

impl<W: SqlWriter> SealedWriter for W {
    fn put_sealed(&mut self, record: &SealedRecord) -> Result<(), StoreError> {
        const SQL: &str = "INSERT INTO sealed (owner, item, value) VALUES ($1, $2, $3) \
                           ON CONFLICT (owner, item) DO UPDATE SET value = excluded.value";
        let values = [(&record.owner).into(), (&record.item).into(), Value::Bytes(&record.value)];
        self.request(|sql| Ok(sql.execute(SQL, &values).map(drop)?))
    }

    fn remove_sealed(&mut self, owner: &str, item: &str) -> Result<(), StoreError> {
        const SQL: &str = "DELETE FROM sealed WHERE owner = $1 AND item = $2";
        self.request(|sql| Ok(sql.execute(SQL, &[owner.into(), item.into()]).map(drop)?))
    }

    fn set_secret(&mut self, name: &'static str, value: Secret) -> Result<(), StoreError> {
        const SQL: &str = "INSERT INTO secret (name, value) VALUES ($1, $2) \
                           ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        self.request(|sql| Ok(sql.execute(SQL, &[name.into(), (&value).into()]).map(drop)?))
    }
}

impl<R: SqlReader> SealedReader for R {
    fn sealed(&mut self, owner: &str, item: &str) -> Result<SealedRecord, StoreError> {
        const SQL: &str = "SELECT owner, item, value FROM sealed WHERE owner = $1 AND item = $2";
        self.find(|sql| sql.one(SQL, &[owner.into(), item.into()], read))
    }

    fn sealed_after(&mut self, owner: &str, item: &str, count_max: usize) -> Result<Vec<SealedRecord>, StoreError> {
        const SQL: &str =
            "SELECT owner, item, value FROM sealed WHERE (owner, item) > ($1, $2) ORDER BY owner, item LIMIT $3";
        self.look_up(|sql| sql.all(SQL, &[owner.into(), item.into(), count(count_max)], read))
    }

    fn known_secret(&mut self, name: &'static str) -> Result<Option<Secret>, StoreError> {
        const SQL: &str = "SELECT value FROM secret WHERE name = $1";
        self.look_up(|sql| sql.one(SQL, &[name.into()], |row| row.bytes(0)))
    }
}

fn read(row: &dyn Row) -> Result<SealedRecord, SqlError> {
    Ok(SealedRecord { owner: row.text(0)?, item: row.text(1)?, value: row.long_bytes(2)? })
}
