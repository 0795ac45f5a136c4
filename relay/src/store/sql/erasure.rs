//! Visitors who are erased, or are to be.

use wire::{Tag, VisitorId};

use super::{Failure, Row, SqlError, SqlReader, SqlWriter, Value, count};
use crate::store::records::ERASURES_READ_MAX;
use crate::store::{ErasureReader, ErasureRecord, ErasureWriter, StoreError, TokenHash};

impl<W: SqlWriter> ErasureWriter for W {
    fn begin_erasure(&mut self, erasure: &ErasureRecord, nobodys: &TokenHash) -> Result<(), StoreError> {
        const FORGET: &str = "UPDATE visitor SET token = $1, used_at_ms = 0 WHERE id = $2 AND site = $3";
        const SQL: &str = "INSERT INTO erasure (visitor, site, asked_at_ms, done_at_ms) VALUES ($1, $2, $3, $4) \
                           ON CONFLICT (visitor) DO UPDATE SET asked_at_ms = excluded.asked_at_ms, done_at_ms = excluded.done_at_ms";
        self.request(|sql| {
            let (visitor, site) = (erasure.visitor.0, erasure.site.as_str());
            if sql.exists("SELECT conversation FROM hold WHERE visitor = $1", &[visitor.into()])? {
                return Err(Failure::Refused(StoreError::Conflict));
            }
            if sql.execute(FORGET, &[(&nobodys.0).into(), visitor.into(), site.into()])? == 0 {
                return Err(Failure::Refused(StoreError::Missing));
            }
            let values = [visitor.into(), site.into(), erasure.asked_at_ms.into(), erasure.done_at_ms.into()];
            sql.execute(SQL, &values)?;
            Ok(())
        })
    }

    fn finish_erasure(&mut self, visitor: VisitorId, done_at_ms: u64) -> Result<(), StoreError> {
        self.request(|sql| {
            const SQL: &str = "UPDATE erasure SET done_at_ms = $1 WHERE visitor = $2";
            sql.execute(SQL, &[done_at_ms.into(), visitor.0.into()])?;
            Ok(())
        })
    }

    fn forget_block_reasons(&mut self, visitor: VisitorId, tags: &[Tag]) -> Result<(), StoreError> {
        const OF_VISITOR: &str = "UPDATE block SET reason = '' WHERE visitor = $1 AND reason <> ''";
        const OF_TAG: &str = "UPDATE block SET reason = '' WHERE tag = $1 AND reason <> ''";
        self.request(|sql| {
            let mut changed = sql.execute(OF_VISITOR, &[visitor.0.into()])?;
            for tag in tags {
                changed += sql.execute(OF_TAG, &[Value::Number(tag.0.cast_signed())])?;
            }
            if changed > 0 { sql.settings_changed() } else { Ok(()) }
        })
    }
}

impl<R: SqlReader> ErasureReader for R {
    fn erasure(&mut self, visitor: VisitorId) -> Result<ErasureRecord, StoreError> {
        const SQL: &str = "SELECT visitor, site, asked_at_ms, done_at_ms FROM erasure WHERE visitor = $1";
        self.find(|sql| sql.one(SQL, &[visitor.0.into()], read))
    }

    fn pending_erasures(&mut self) -> Result<Vec<ErasureRecord>, StoreError> {
        const SQL: &str = "SELECT visitor, site, asked_at_ms, done_at_ms FROM erasure WHERE done_at_ms IS NULL \
                           ORDER BY asked_at_ms, visitor LIMIT $1";
        self.look_up(|sql| sql.all(SQL, &[count(ERASURES_READ_MAX)], read))
    }
}

fn read(row: &dyn Row) -> Result<ErasureRecord, SqlError> {
    Ok(ErasureRecord {
        visitor: VisitorId(row.id(0)?),
        site: row.site(1)?,
        asked_at_ms: row.number(2)?,
        done_at_ms: row.optional_number(3)?,
    })
}
