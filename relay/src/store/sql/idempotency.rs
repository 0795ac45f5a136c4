//! Requests with an `Idempotency-Key`.

use super::{Failure, Sql, SqlError, SqlReader, SqlWriter, Value, refuse};
use crate::store::records::{ANSWER_OWNER, IdempotencyReader, IdempotencyWriter, to_forget};
use crate::store::{RememberedRequest, SealedRecord, StoreError};

impl<W: SqlWriter> IdempotencyWriter for W {
    fn begin_request(&mut self, request: &RememberedRequest) -> Result<(), StoreError> {
        const ALL: &str = "SELECT item, answer_bytes FROM idempotency WHERE asker = $1 ORDER BY begun_at_ms, item";
        const SQL: &str =
            "INSERT INTO idempotency (item, asker, body, begun_at_ms, answer_bytes) VALUES ($1, $2, $3, $4, $5)";
        self.request(|sql| {
            let all = sql.all(ALL, &[(&request.asker).into()], |row| Ok((row.text(0)?, row.optional_number(1)?)))?;
            if all.iter().any(|(item, _)| *item == request.item) {
                return Err(Failure::Refused(StoreError::Conflict));
            }
            for item in to_forget(&all).map_err(Failure::Refused)? {
                forget(sql, &item)?;
            }
            let values = [
                (&request.item).into(),
                (&request.asker).into(),
                (&request.body.0).into(),
                request.begun_at_ms.into(),
                request.answer_bytes.into(),
            ];
            sql.execute(SQL, &values).map_err(refuse(StoreError::Conflict))?;
            Ok(())
        })
    }

    fn answer_request(&mut self, answer: &SealedRecord) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE idempotency SET answer_bytes = $1 WHERE item = $2";
        const SEALED: &str = "INSERT INTO sealed (owner, item, value) VALUES ($1, $2, $3) \
                              ON CONFLICT (owner, item) DO UPDATE SET value = excluded.value";
        self.request(|sql| {
            let bytes = u64::try_from(answer.value.len()).unwrap_or(u64::MAX);
            if sql.execute(SQL, &[bytes.into(), (&answer.item).into()])? == 0 {
                return Err(Failure::Refused(StoreError::Missing));
            }
            sql.execute(SEALED, &[ANSWER_OWNER.into(), (&answer.item).into(), Value::Bytes(&answer.value)])?;
            Ok(())
        })
    }

    fn forget_request(&mut self, item: &str) -> Result<(), StoreError> {
        self.request(|sql| Ok(forget(sql, item)?))
    }

    fn forget_requests_before(&mut self, begun_at_ms: u64) -> Result<(), StoreError> {
        const SEALED: &str = "DELETE FROM sealed WHERE owner = $1 \
                              AND item IN (SELECT item FROM idempotency WHERE begun_at_ms < $2)";
        self.request(|sql| {
            sql.execute(SEALED, &[ANSWER_OWNER.into(), begun_at_ms.into()])?;
            sql.execute("DELETE FROM idempotency WHERE begun_at_ms < $1", &[begun_at_ms.into()])?;
            Ok(())
        })
    }
}

impl<R: SqlReader> IdempotencyReader for R {
    fn remembered_request(&mut self, item: &str) -> Result<RememberedRequest, StoreError> {
        const SQL: &str = "SELECT item, asker, body, begun_at_ms, answer_bytes FROM idempotency WHERE item = $1";
        self.find(|sql| {
            sql.one(SQL, &[item.into()], |row| {
                Ok(RememberedRequest {
                    item: row.text(0)?,
                    asker: row.text(1)?,
                    body: row.token(2)?,
                    begun_at_ms: row.number(3)?,
                    answer_bytes: row.optional_number(4)?,
                })
            })
        })
    }
}

/// Forgets a request with its answer.
fn forget(sql: &mut dyn Sql, item: &str) -> Result<(), SqlError> {
    sql.execute("DELETE FROM sealed WHERE owner = $1 AND item = $2", &[ANSWER_OWNER.into(), item.into()])?;
    sql.execute("DELETE FROM idempotency WHERE item = $1", &[item.into()])?;
    Ok(())
}
