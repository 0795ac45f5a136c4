//! Consumers of the feed: their cursors, leases and rows. The events themselves are stored differently in each database.

use wire::SiteId;

use super::{Changed, Failure, Row, Sql, SqlError, SqlReader, SqlWriter};
use crate::store::{ConsumerRows, CursorReader, EventCount, FeedWriter, Lease, Leased, Position, StoreError};

/// Rows of the feed that are removed together, more than one page of events adds.
const TRIMMED_MAX: u64 = 2_048;

impl<W: SqlWriter + crate::store::Transaction> FeedWriter for W {
    fn lease(
        &mut self,
        consumer: &'static str,
        holder: u128,
        now_ms: u64,
        until_ms: u64,
    ) -> Result<Leased, StoreError> {
        const NEW: &str = "INSERT INTO consumer (name, position, holder, lease, until_ms) VALUES ($1, 0, $2, 0, 0) \
                           ON CONFLICT (name) DO NOTHING";
        const TAKE: &str = "UPDATE consumer SET lease = CASE WHEN holder = $1 AND until_ms > $2 THEN lease ELSE lease + 1 END, \
                            holder = $1, until_ms = $3 WHERE name = $4 AND (until_ms <= $2 OR holder = $1) \
                            RETURNING lease, position";
        const UNTIL: &str = "SELECT until_ms FROM consumer WHERE name = $1";
        self.request(|sql| {
            sql.execute(NEW, &[consumer.into(), holder.into()])?;
            let taken = sql.one(TAKE, &[holder.into(), now_ms.into(), until_ms.into(), consumer.into()], |row| {
                let (number, cursor) = (row.number(0)?, Position(row.number(1)?));
                Ok(Lease { consumer, number, cursor, until_ms })
            })?;
            Ok(match taken {
                Some(lease) => Leased::Yes(lease),
                None => Leased::Until(sql.one(UNTIL, &[consumer.into()], |row| row.number(0))?.unwrap_or(until_ms)),
            })
        })
    }

    fn consume(
        &mut self,
        lease: &Lease,
        to: Position,
        until_ms: u64,
        rows: &mut dyn FnMut(&mut dyn ConsumerRows) -> Result<(), StoreError>,
    ) -> Result<Lease, StoreError> {
        const MOVE: &str =
            "UPDATE consumer SET position = $1, until_ms = $2 WHERE name = $3 AND lease = $4 AND position = $5";
        self.request(|sql| {
            let values =
                [to.0.into(), until_ms.into(), lease.consumer.into(), lease.number.into(), lease.cursor.0.into()];
            if sql.execute(MOVE, &values)? == 0 {
                return Err(Failure::Refused(StoreError::Conflict));
            }
            let mut own = SqlRows { sql, failed: None };
            let written = rows(&mut own);
            if let Some(error) = own.failed {
                return Err(Failure::Database(error));
            }
            written.map_err(Failure::Refused)?;
            trim(sql)?;
            Ok(Lease { cursor: to, until_ms, ..*lease })
        })
    }

    fn release(&mut self, lease: &Lease) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE consumer SET until_ms = 0 WHERE name = $1 AND lease = $2";
        self.request(|sql| {
            sql.execute(SQL, &[lease.consumer.into(), lease.number.into()])?;
            Ok(())
        })
    }

    fn forget_consumer(&mut self, consumer: &str) -> Result<(), StoreError> {
        self.request(|sql| {
            sql.execute("DELETE FROM consumer WHERE name = $1", &[consumer.into()])?;
            Ok(())
        })
    }
}

/// Removes rows of the feed that every consumer is done with.
fn trim(sql: &mut dyn Sql) -> Changed<()> {
    const SQL: &str = "DELETE FROM feed WHERE position < (SELECT min(position) FROM feed) + $1 \
                       AND position <= (SELECT min(position) FROM consumer)";
    sql.execute(SQL, &[TRIMMED_MAX.into()])?;
    Ok(())
}

impl<R: SqlReader> CursorReader for R {
    fn cursor(&mut self, consumer: &str) -> Result<Position, StoreError> {
        const SQL: &str = "SELECT position FROM consumer WHERE name = $1";
        self.find(|sql| sql.one(SQL, &[consumer.into()], |row| Ok(Position(row.number(0)?))))
    }

    fn event_counts(&mut self) -> Result<Vec<EventCount>, StoreError> {
        const SQL: &str = "SELECT site, kind, events FROM event_count ORDER BY site, kind";
        let count = |row: &dyn Row| Ok(EventCount { site: row.site(0)?, kind: row.text(1)?, events: row.number(2)? });
        self.look_up(|sql| sql.all(SQL, &[], count))
    }
}

/// A consumer's own rows, in the transaction that moves its cursor.
struct SqlRows<'a> {
    sql: &'a mut dyn Sql,
    /// What failed; it fails the whole request, also when the consumer ignores it.
    failed: Option<SqlError>,
}

impl ConsumerRows for SqlRows<'_> {
    fn count_events(&mut self, site: &SiteId, kind: &str, events: u64) -> Result<(), StoreError> {
        const SQL: &str = "INSERT INTO event_count (site, kind, events) VALUES ($1, $2, $3) \
                           ON CONFLICT (site, kind) DO UPDATE SET events = event_count.events + excluded.events";
        match self.sql.execute(SQL, &[site.as_str().into(), kind.into(), events.into()]) {
            Ok(_) => Ok(()),
            Err(error) => {
                self.failed = Some(error);
                Err(StoreError::Down)
            }
        }
    }
}
