//! A connection that reads what has been committed.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use relay_core::conversation::Conversation;
use relay_core::store::{Query, QueryAnswer, QueryError};
use relay_settings::Reach;
use rusqlite::{Connection, Params, Row, params};
use wire::limit::{PAGE_BYTES_MAX, PAGE_CONVERSATIONS_MAX, PAGE_EVENTS_MAX};
use wire::{ConversationId, Event, Lane, Parts, Seq, SiteId, VisitorId};

use super::feed::{self, Reading};
use super::recent::{Recent, Weighed};
use super::row::{self, conversation_columns, event_columns};
use super::statements::Statements;
use super::{append, down, open};
use crate::store::log::{closed_at_ms, page_of_closed};
use crate::store::sql::{Sql, SqlError, SqlReader};
use crate::store::{Due, FeedEvent, FeedReader, LogReader, OpenError, Position, StoreError};

/// One more row than a page tells whether there are more.
const ROWS_MAX: i64 = PAGE_CONVERSATIONS_MAX as i64 + 1;

/// How long the writer may be kept waiting for those who read, while the log is emptied.
const SETTLE_WAIT: Duration = Duration::from_millis(20);

/// Reads from a database.
pub(super) struct SqliteReader {
    connection: Connection,
    recent: Arc<Recent>,
    reading: Reading,
}

impl SqliteReader {
    pub(super) fn open(database: &Path, recent: Arc<Recent>) -> Result<Self, OpenError> {
        let connection = open::connect(database)?;
        connection.pragma_update(None, "query_only", true).map_err(|error| OpenError::Database(error.to_string()))?;
        Ok(Self { connection, recent, reading: Reading::default() })
    }

    fn all<T>(
        &self,
        sql: &str,
        key: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let mut sql = self.connection.prepare_cached(sql).map_err(down)?;
        sql.query_map(key, read).and_then(Iterator::collect).map_err(down)
    }

    /// A page of a lane, and the conversation in the same snapshot.
    fn events(&mut self, conversation: ConversationId, lane: Lane, after: Seq) -> Result<QueryAnswer, QueryError> {
        // Before the rows are read: an event that is moved meanwhile is then found twice, not missed.
        let waiting = self.recent.lane(conversation, lane, after, PAGE_EVENTS_MAX);
        let moment = self.connection.transaction().map_err(down)?;
        let (found, waiting) = match waiting {
            Some(known) => known,
            None => match append::conversation(&moment, conversation).map_err(down)? {
                Some(found) => (found, Vec::new()),
                None => return Err(QueryError::NotFound),
            },
        };
        let before = waiting.first().map_or(found.head_of(lane).next(), |(event, _)| event.seq);
        let mut page = Page::default();
        if before > after.next() {
            page = moved(&moment, conversation, lane, after, before).map_err(down)?;
        }
        if page.last().unwrap_or(after).next() == before {
            page.take_all(waiting);
        }
        Ok(QueryAnswer::Events { conversation: Box::new(found), events: page.events })
    }

    /// One row more than a page of ended conversations, newest first. Of some sites the newest of each are read and put in order.
    fn closed(
        &self,
        before_ms: u64,
        before: ConversationId,
        sites: &Reach<SiteId>,
    ) -> Result<Vec<Conversation>, StoreError> {
        const ALL: &str = concat!(
            "SELECT ",
            conversation_columns!(),
            " FROM conversation WHERE state = 3 AND (state_at_ms, id) < (?1, ?2) ORDER BY state_at_ms DESC, id DESC LIMIT ?3"
        );
        const OF_SITE: &str = concat!(
            "SELECT ",
            conversation_columns!(),
            " FROM conversation INDEXED BY conversation_closed_site WHERE state = 3 AND (state_at_ms, id) < (?1, ?2) AND site = ?4 \
             ORDER BY state_at_ms DESC, id DESC LIMIT ?3"
        );
        let (before_ms, before) = (row::column(before_ms), before.0.to_be_bytes());
        let Reach::Some(sites) = sites else { return self.rows(ALL, params![before_ms, before, ROWS_MAX]) };
        let mut rows = Vec::new();
        for site in sites {
            rows.extend(self.rows(OF_SITE, params![before_ms, before, ROWS_MAX, site.as_str()])?);
            rows.sort_by_key(|row| std::cmp::Reverse((closed_at_ms(row), row.id)));
            rows.truncate(PAGE_CONVERSATIONS_MAX + 1);
        }
        Ok(rows)
    }

    /// Rows of conversations, brought up to date.
    fn rows(&self, sql: &str, key: impl Params) -> Result<Vec<Conversation>, StoreError> {
        let mut rows = self.all(sql, key, row::conversation)?;
        rows.iter_mut().for_each(|row| self.recent.refresh(row));
        Ok(rows)
    }
}

/// Events of one page, within its bounds; the first one always fits.
#[derive(Default)]
struct Page {
    events: Vec<Event>,
    bytes: usize,
    full: bool,
}

impl Page {
    /// Whether this many bytes still fit.
    fn fits(&mut self, bytes: usize) -> bool {
        self.bytes += bytes;
        self.full |= self.events.len() >= PAGE_EVENTS_MAX || self.bytes > PAGE_BYTES_MAX && !self.events.is_empty();
        !self.full
    }

    fn take_all(&mut self, waiting: Vec<Weighed>) {
        for (event, bytes) in waiting {
            if self.full || !self.fits(bytes) {
                return;
            }
            self.events.push(event);
        }
    }

    fn last(&self) -> Option<Seq> {
        self.events.last().map(|event| event.seq)
    }
}

/// Events that are in `event`, after a number and before another.
fn moved(
    connection: &Connection,
    conversation: ConversationId,
    lane: Lane,
    after: Seq,
    before: Seq,
) -> rusqlite::Result<Page> {
    const SQL: &str = concat!(
        "SELECT ",
        event_columns!(),
        " FROM event WHERE conversation = ?1 AND lane = ?2 AND seq > ?3 AND seq < ?4 ORDER BY seq"
    );
    let mut sql = connection.prepare_cached(SQL)?;
    let (after, before) = (row::column(after.0), row::column(before.0));
    let mut rows = sql.query(params![conversation.0.to_be_bytes(), lane == Lane::Staff, after, before])?;
    let mut page = Page::default();
    while let Some(found) = rows.next()? {
        if !page.fits(found.get_ref(8)?.as_str()?.len()) {
            break;
        }
        page.events.push(row::event(found)?);
    }
    Ok(page)
}

impl LogReader for SqliteReader {
    fn query(&mut self, query: &Query) -> Result<QueryAnswer, QueryError> {
        const OF_VISITOR: &str = concat!(
            "SELECT ",
            conversation_columns!(),
            " FROM conversation WHERE visitor = ?1 ORDER BY opened_at_ms DESC, id DESC LIMIT ?2"
        );
        match query {
            Query::Events { conversation, lane, after } => self.events(*conversation, *lane, *after),
            Query::Conversation { conversation } => {
                let found = match self.recent.conversation(*conversation) {
                    Some(found) => Some(found),
                    None => append::conversation(&self.connection, *conversation).map_err(down)?,
                };
                found.map(|found| QueryAnswer::Conversation(Box::new(found))).ok_or(QueryError::NotFound)
            }
            // No id is lower than 0: the time alone decides.
            Query::Closed { before_ms, before, sites } => {
                Ok(page_of_closed(self.closed(*before_ms, before.unwrap_or(ConversationId(0)), sites)?))
            }
            Query::OfVisitor { visitor, sites } => {
                let key = params![visitor.0.to_be_bytes(), ROWS_MAX];
                let mut rows = self.rows(OF_VISITOR, key)?;
                // All of them are of one site, so this leaves out all or none.
                rows.retain(|row| sites.has(&row.site));
                let more = rows.len() > PAGE_CONVERSATIONS_MAX;
                rows.truncate(PAGE_CONVERSATIONS_MAX);
                Ok(QueryAnswer::Conversations { rows, more })
            }
        }
    }

    fn open_conversations(&mut self) -> Result<Vec<Conversation>, StoreError> {
        // Forces the index: few conversations are open, and a start must not read all that ever were.
        const SQL: &str = concat!(
            "SELECT ",
            conversation_columns!(),
            " FROM conversation INDEXED BY conversation_open WHERE state < 3 ORDER BY id"
        );
        self.rows(SQL, [])
    }

    fn open_conversations_after(
        &mut self,
        after: ConversationId,
        count_max: usize,
    ) -> Result<Vec<Conversation>, StoreError> {
        const SQL: &str = concat!(
            "SELECT ",
            conversation_columns!(),
            " FROM conversation INDEXED BY conversation_open_id WHERE state < 3 AND id > ?1 ORDER BY id LIMIT ?2"
        );
        self.rows(SQL, params![after.0.to_be_bytes(), row::column(count_max as u64)])
    }

    fn conversations_of(&mut self, site: &SiteId) -> Result<(u64, u64), StoreError> {
        const SQL: &str = "SELECT count(*), count(*) FILTER (WHERE state < 3) FROM conversation WHERE site = ?1";
        let counts = |found: &Row<'_>| Ok((row::number(found, 0)?, row::number(found, 1)?));
        self.connection.prepare_cached(SQL).and_then(|mut sql| sql.query_row([site.as_str()], counts)).map_err(down)
    }

    fn all_of_visitor(
        &mut self,
        visitor: VisitorId,
        after: ConversationId,
        count_max: usize,
    ) -> Result<Vec<Conversation>, StoreError> {
        const SQL: &str = concat!(
            "SELECT ",
            conversation_columns!(),
            " FROM conversation WHERE visitor = ?1 AND id > ?2 ORDER BY id LIMIT ?3"
        );
        self.rows(SQL, params![visitor.0.to_be_bytes(), after.0.to_be_bytes(), limit(count_max)])
    }

    fn erasable(
        &mut self,
        due: &Due,
        (ended_at_ms, after): (u64, ConversationId),
        count_max: usize,
    ) -> Result<Vec<(u64, ConversationId)>, StoreError> {
        const SQL: &str = "SELECT state_at_ms, id FROM conversation INDEXED BY conversation_closed_site WHERE state = 3 AND site = ?1 \
                           AND state_at_ms < ?2 AND state_at_ms >= ?3 AND (state_at_ms, id) > (?3, ?4) AND erased & ?5 = 0 \
                           AND NOT EXISTS (SELECT 1 FROM hold WHERE hold.conversation = conversation.id) \
                           ORDER BY state_at_ms, id LIMIT ?6";
        let key = params![
            due.site.as_str(),
            row::column(due.ended_before_ms),
            row::column(ended_at_ms),
            after.0.to_be_bytes(),
            Parts::only(due.part).bits(),
            limit(count_max),
        ];
        self.all(SQL, key, |found| Ok((row::number(found, 0)?, ConversationId(row::id(found, 1)?))))
    }

    fn settle(&mut self) -> Result<bool, StoreError> {
        const MOST: &str = "PRAGMA wal_checkpoint(PASSIVE)";
        const ALL: &str = "PRAGMA wal_checkpoint(TRUNCATE)";
        let run = |sql| self.connection.query_row(sql, [], |row| Ok(row.get::<_, i64>(0)? == 0));
        // The first one makes nobody wait. Then little is left, for which the second one keeps the writer waiting.
        run(MOST).map_err(down)?;
        self.connection.busy_timeout(SETTLE_WAIT).map_err(down)?;
        let settled = run(ALL);
        self.connection.busy_timeout(open::BUSY_WAIT).map_err(down)?;
        settled.map_err(down)
    }
}

/// A bound on rows.
fn limit(count_max: usize) -> i64 {
    i64::try_from(count_max).unwrap_or(i64::MAX)
}

impl SqlReader for SqliteReader {
    fn look_up<T>(&mut self, look_up: impl FnOnce(&mut dyn Sql) -> Result<T, SqlError>) -> Result<T, StoreError> {
        let moment = self.connection.transaction().map_err(down)?;
        look_up(&mut Statements(&moment)).map_err(SqlError::down)
    }
}

impl FeedReader for SqliteReader {
    fn feed(&mut self, after: Position, count_max: usize) -> Result<Vec<FeedEvent>, StoreError> {
        let moment = self.connection.transaction().map_err(down)?;
        feed::page(&moment, &mut self.reading, after, count_max).map_err(down)
    }

    fn feed_end(&mut self) -> Result<Position, StoreError> {
        Ok(Position(feed::end(&self.connection).map_err(down)?.unsigned_abs()))
    }
}
