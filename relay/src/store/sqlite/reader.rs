//! A connection that reads what has been committed.

use std::path::Path;
use std::sync::Arc;

use relay_core::conversation::Conversation;
use relay_core::store::{Answer, Query, QueryError};
use rusqlite::{Connection, OptionalExtension, Params, Row, params};
use wire::limit::{PAGE_BYTES_MAX, PAGE_CONVERSATIONS_MAX, PAGE_EVENTS_MAX};
use wire::{AgentId, AttachmentId, ConversationId, Event, Lane, Seq, SiteId, VisitorId};

use super::recent::{Recent, Weighed};
use super::row::{self, agent_columns, attachment_columns, conversation_columns, event_columns};
use super::{append, down, open};
use crate::blob::StoredFile;
use crate::store::{
    AgentRecord, AttachmentRecord, DeviceRecord, Kept, OpenError, Reader, SessionRecord, Site, StoreError, TokenHash,
    VisitorRecord, page_of_closed,
};

/// One more row than a page tells whether there are more.
const ROWS_MAX: i64 = PAGE_CONVERSATIONS_MAX as i64 + 1;

/// Reads from a database.
pub(super) struct SqliteReader {
    connection: Connection,
    recent: Arc<Recent>,
}

impl SqliteReader {
    pub(super) fn open(database: &Path, recent: Arc<Recent>) -> Result<Self, OpenError> {
        let connection = open::connect(database)?;
        connection.pragma_update(None, "query_only", true).map_err(|error| OpenError::Database(error.to_string()))?;
        Ok(Self { connection, recent })
    }

    fn one<T>(
        &self,
        sql: &str,
        key: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let found = self.connection.prepare_cached(sql).and_then(|mut sql| sql.query_row(key, read).optional());
        found.map_err(down)?.ok_or(StoreError::Missing)
    }

    pub(super) fn all<T>(
        &self,
        sql: &str,
        key: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let mut sql = self.connection.prepare_cached(sql).map_err(down)?;
        sql.query_map(key, read).and_then(Iterator::collect).map_err(down)
    }

    /// A page of a lane with the conversation of the same moment.
    fn events(&mut self, conversation: ConversationId, lane: Lane, after: Seq) -> Result<Answer, QueryError> {
        // Before the rows: what is moved to its place meanwhile is found twice, not missed.
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
            page = in_place(&moment, conversation, lane, after, before).map_err(down)?;
        }
        if page.last().unwrap_or(after).next() == before {
            page.take_all(waiting);
        }
        Ok(Answer::Events { conversation: Box::new(found), events: page.events })
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
    /// Whether so many bytes still fit.
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

/// Events that are in their place, after a number and before another.
fn in_place(
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

impl Reader for SqliteReader {
    fn query(&mut self, query: &Query) -> Result<Answer, QueryError> {
        const CLOSED: &str = concat!(
            "SELECT ",
            conversation_columns!(),
            " FROM conversation WHERE state = 3 AND (state_at_ms, id) < (?1, ?2) ORDER BY state_at_ms DESC, id DESC LIMIT ?3"
        );
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
                found.map(|found| Answer::Conversation(Box::new(found))).ok_or(QueryError::NotFound)
            }
            Query::Closed { before_ms, before } => {
                // No id is lower than this one: the time alone decides.
                let before = before.unwrap_or(ConversationId(0));
                let key = params![row::column(*before_ms), before.0.to_be_bytes(), ROWS_MAX];
                Ok(page_of_closed(self.rows(CLOSED, key)?))
            }
            Query::OfVisitor { visitor } => {
                let key = params![visitor.0.to_be_bytes(), ROWS_MAX];
                let mut rows = self.rows(OF_VISITOR, key)?;
                let more = rows.len() > PAGE_CONVERSATIONS_MAX;
                rows.truncate(PAGE_CONVERSATIONS_MAX);
                Ok(Answer::Conversations { rows, more })
            }
        }
    }

    fn open_conversations(&mut self) -> Result<Vec<Conversation>, StoreError> {
        // By the index, whatever the planner thinks of the order: the open ones are few, and a start must not read all there ever were.
        const SQL: &str = concat!(
            "SELECT ",
            conversation_columns!(),
            " FROM conversation INDEXED BY conversation_open WHERE state < 3 ORDER BY id"
        );
        self.rows(SQL, [])
    }

    fn settings_version(&mut self) -> Result<u64, StoreError> {
        append::counter(&self.connection, "settings").map_err(down)
    }

    fn sites(&mut self) -> Result<Vec<Site>, StoreError> {
        let moment = self.connection.unchecked_transaction().map_err(down)?;
        let ids = self.all("SELECT id FROM site WHERE removed = 0 ORDER BY id", [], |found| row::site(found, 0))?;
        let sites = ids.iter().map(|id| self.site_now(id)).collect();
        drop(moment);
        sites
    }

    fn site(&mut self, id: &SiteId) -> Result<Site, StoreError> {
        let moment = self.connection.unchecked_transaction().map_err(down)?;
        let site = self.site_now(id);
        drop(moment);
        site
    }

    fn agents(&mut self) -> Result<Vec<AgentRecord>, StoreError> {
        self.all(concat!("SELECT ", agent_columns!(), " FROM agent ORDER BY id"), [], row::agent)
    }

    fn agent(&mut self, id: AgentId) -> Result<AgentRecord, StoreError> {
        const SQL: &str = concat!("SELECT ", agent_columns!(), " FROM agent WHERE id = ?1");
        self.one(SQL, [id.0.to_be_bytes()], row::agent)
    }

    fn conversations_of(&mut self, site: &SiteId) -> Result<(u64, u64), StoreError> {
        const SQL: &str = "SELECT count(*), count(*) FILTER (WHERE state < 3) FROM conversation WHERE site = ?1";
        self.one(SQL, [site.as_str()], |found| Ok((row::number(found, 0)?, row::number(found, 1)?)))
    }

    fn device(&mut self, token: &TokenHash) -> Result<DeviceRecord, StoreError> {
        const SQL: &str = "SELECT token, agent, used_at_ms FROM agent_device WHERE token = ?1";
        self.one(SQL, [token.0], |found| {
            let agent = AgentId(row::id(found, 1)?);
            Ok(DeviceRecord { token: row::token(found, 0)?, agent, used_at_ms: row::number(found, 2)? })
        })
    }

    fn agent_by_email(&mut self, email: &str) -> Result<AgentRecord, StoreError> {
        self.one(concat!("SELECT ", agent_columns!(), " FROM agent WHERE email = ?1"), [email], row::agent)
    }

    fn session(&mut self, token: &TokenHash) -> Result<SessionRecord, StoreError> {
        const SQL: &str = "SELECT token, agent, created_at_ms, used_at_ms FROM agent_session WHERE token = ?1";
        self.one(SQL, [token.0], |found| {
            Ok(SessionRecord {
                token: row::token(found, 0)?,
                agent: AgentId(row::id(found, 1)?),
                created_at_ms: row::number(found, 2)?,
                used_at_ms: row::number(found, 3)?,
            })
        })
    }

    fn visitor_by_token(&mut self, token: &TokenHash) -> Result<VisitorRecord, StoreError> {
        const SQL: &str = "SELECT id, site, token, created_at_ms, used_at_ms FROM visitor WHERE token = ?1";
        self.one(SQL, [token.0], |found| {
            Ok(VisitorRecord {
                id: VisitorId(row::id(found, 0)?),
                site: row::site(found, 1)?,
                token: row::token(found, 2)?,
                created_at_ms: row::number(found, 3)?,
                used_at_ms: row::number(found, 4)?,
            })
        })
    }

    fn attachment(&mut self, id: AttachmentId) -> Result<AttachmentRecord, StoreError> {
        append::attachment(&self.connection, id).map_err(down)?.ok_or(StoreError::Missing)
    }

    fn attachments(&mut self, after: AttachmentId, count_max: usize) -> Result<Vec<AttachmentRecord>, StoreError> {
        const SQL: &str =
            concat!("SELECT ", attachment_columns!(), " FROM attachment WHERE id > ?1 ORDER BY id LIMIT ?2");
        let key = params![after.0.to_be_bytes(), i64::try_from(count_max).unwrap_or(i64::MAX)];
        self.all(SQL, key, row::attachment)
    }

    fn unrecorded(&mut self, files: &[StoredFile]) -> Result<Vec<String>, StoreError> {
        let moment = self.connection.unchecked_transaction().map_err(down)?;
        let mut lost = Vec::new();
        for file in files {
            match self.one("SELECT 1 FROM attachment WHERE key = ?1", [&file.key], |_| Ok(())) {
                Ok(()) => {}
                Err(StoreError::Missing) => lost.push(file),
                Err(error) => return Err(error),
            }
        }
        if !lost.is_empty() {
            // Reads the whole table, but only when a file may have to go.
            const OLDEST: &str = "SELECT min(uploaded_at_ms) FROM attachment";
            let oldest: Option<i64> = self.one(OLDEST, [], |found| found.get(0))?;
            let oldest_ms = oldest.map_or(u64::MAX, |oldest| u64::try_from(oldest).unwrap_or(0));
            lost.retain(|file| file.modified_at_ms >= oldest_ms);
        }
        drop(moment);
        Ok(lost.into_iter().map(|file| file.key.clone()).collect())
    }

    fn orphans(&mut self, before_ms: u64, count_max: usize) -> Result<Vec<AttachmentRecord>, StoreError> {
        const SQL: &str = concat!(
            "SELECT ",
            attachment_columns!(),
            " FROM attachment WHERE named = 0 AND uploaded_at_ms < ?1 ORDER BY uploaded_at_ms LIMIT ?2"
        );
        let key = [row::column(before_ms), i64::try_from(count_max).unwrap_or(i64::MAX)];
        self.all(SQL, key, row::attachment)
    }

    fn kept(&mut self, visitor: Option<VisitorId>, site: &SiteId) -> Result<Kept, StoreError> {
        const SQL: &str = "SELECT count(*), ifnull(sum(bytes), 0), ifnull((SELECT files FROM kept WHERE site = ?2), 0), \
                           ifnull((SELECT bytes FROM kept WHERE site = ?2), 0) FROM attachment WHERE visitor = ?1";
        self.one(SQL, params![visitor.map(|visitor| visitor.0.to_be_bytes()), site.as_str()], |found| {
            let cost = |first| -> rusqlite::Result<u64> {
                Ok(Kept::cost(row::number(found, first)?, row::number(found, first + 1)?))
            };
            Ok(Kept { visitor_bytes: cost(0)?, site_bytes: cost(2)? })
        })
    }
}

impl SqliteReader {
    /// A site, inside the running read transaction.
    fn site_now(&self, id: &SiteId) -> Result<Site, StoreError> {
        const ORIGINS: &str = "SELECT origin FROM site_origin WHERE site = ?1 ORDER BY place";
        let name =
            self.one("SELECT name FROM site WHERE id = ?1 AND removed = 0", [id.as_str()], |found| found.get(0))?;
        let origins = self.all(ORIGINS, [id.as_str()], |found| found.get(0))?;
        Ok(Site { id: id.clone(), name, origins })
    }
}
