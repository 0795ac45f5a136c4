//! Conversations that are held, what retention removed, and which relay does a task.

use wire::{ConversationId, SiteId, VisitorId};

use super::{Failure, Row, SqlError, SqlReader, SqlWriter, count, row};
use crate::store::records::HOLDS_MAX;
use crate::store::{HoldRecord, RemovedCount, RetentionReader, RetentionWriter, StoreError};

impl<W: SqlWriter> RetentionWriter for W {
    fn put_hold(&mut self, hold: &HoldRecord) -> Result<(), StoreError> {
        const ERASED: &str = "SELECT visitor FROM erasure WHERE visitor = $1";
        const FULL: &str =
            "SELECT conversation FROM hold WHERE conversation <> $1 ORDER BY conversation LIMIT 1 OFFSET $2";
        const SQL: &str = "INSERT INTO hold (conversation, visitor, site, reason, who, since_ms) VALUES ($1, $2, $3, $4, $5, $6) \
                           ON CONFLICT (conversation) DO UPDATE SET reason = excluded.reason, who = excluded.who, since_ms = excluded.since_ms";
        let who = serde_json::to_string(&hold.who).map_err(|_| StoreError::Down)?;
        self.request(|sql| {
            if sql.exists(ERASED, &[hold.visitor.0.into()])? {
                return Err(Failure::Refused(StoreError::Conflict));
            }
            if sql.exists(FULL, &[hold.conversation.0.into(), count(HOLDS_MAX - 1)])? {
                return Err(Failure::Refused(StoreError::Busy));
            }
            let values = [
                hold.conversation.0.into(),
                hold.visitor.0.into(),
                hold.site.as_str().into(),
                (&hold.reason).into(),
                (&who).into(),
                hold.since_ms.into(),
            ];
            sql.execute(SQL, &values)?;
            Ok(())
        })
    }

    fn remove_hold(&mut self, conversation: ConversationId) -> Result<(), StoreError> {
        self.request(|sql| match sql.execute("DELETE FROM hold WHERE conversation = $1", &[conversation.0.into()])? {
            0 => Err(Failure::Refused(StoreError::Missing)),
            _ => Ok(()),
        })
    }

    fn count_removed(&mut self, site: &SiteId, removed: RemovedCount) -> Result<(), StoreError> {
        const SQL: &str = "INSERT INTO retention_count (site, texts, names, files) VALUES ($1, $2, $3, $4) \
                           ON CONFLICT (site) DO UPDATE SET texts = retention_count.texts + excluded.texts, \
                           names = retention_count.names + excluded.names, files = retention_count.files + excluded.files";
        let values = [site.as_str().into(), removed.texts.into(), removed.names.into(), removed.files.into()];
        self.request(|sql| {
            if !removed.is_nothing() {
                sql.execute(SQL, &values)?;
            }
            Ok(())
        })
    }

    fn take_removed(&mut self) -> Result<Vec<(SiteId, RemovedCount)>, StoreError> {
        const SQL: &str = "DELETE FROM retention_count RETURNING site, texts, names, files";
        self.request(|sql| {
            let mut taken = sql.all(SQL, &[], |row| {
                Ok((row.site(0)?, RemovedCount { texts: row.number(1)?, names: row.number(2)?, files: row.number(3)? }))
            })?;
            taken.sort_by(|(one, _), (other, _)| one.cmp(other));
            Ok(taken)
        })
    }

    fn lease_task(&mut self, name: &'static str, holder: u128, now_ms: u64, until_ms: u64) -> Result<bool, StoreError> {
        const NEW: &str =
            "INSERT INTO task_lease (name, holder, until_ms) VALUES ($1, $2, 0) ON CONFLICT (name) DO NOTHING";
        const TAKE: &str =
            "UPDATE task_lease SET holder = $1, until_ms = $2 WHERE name = $3 AND (until_ms <= $4 OR holder = $1)";
        self.request(|sql| {
            sql.execute(NEW, &[name.into(), holder.into()])?;
            Ok(sql.execute(TAKE, &[holder.into(), until_ms.into(), name.into(), now_ms.into()])? > 0)
        })
    }
}

impl<R: SqlReader> RetentionReader for R {
    fn hold(&mut self, conversation: ConversationId) -> Result<HoldRecord, StoreError> {
        const SQL: &str = "SELECT conversation, visitor, site, reason, who, since_ms FROM hold WHERE conversation = $1";
        self.find(|sql| sql.one(SQL, &[conversation.0.into()], read))
    }

    fn holds_of(&mut self, visitor: VisitorId) -> Result<Vec<HoldRecord>, StoreError> {
        const SQL: &str = "SELECT conversation, visitor, site, reason, who, since_ms FROM hold WHERE visitor = $1 \
                           ORDER BY conversation";
        self.look_up(|sql| sql.all(SQL, &[visitor.0.into()], read))
    }
}

fn read(row: &dyn Row) -> Result<HoldRecord, SqlError> {
    Ok(HoldRecord {
        conversation: ConversationId(row.id(0)?),
        visitor: VisitorId(row.id(1)?),
        site: row.site(2)?,
        reason: row.text(3)?,
        who: serde_json::from_str(&row.text(4)?).map_err(|_| row::wrong(4))?,
        since_ms: row.number(5)?,
    })
}
