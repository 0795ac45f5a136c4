//! The rows that an append reads and writes.

use relay_core::append::{Append, AppendError, Appended, Listed, Record, Rows, RowsFailed, Uploaded};
use relay_core::conversation::Conversation;
use rusqlite::{Connection, OptionalExtension, Result, params};
use wire::{AgentId, AttachmentId, Author, ConversationId, Event, Lane, MessageId, SiteId, VisitorId};

use super::recent::{Batch, Recent};
use super::row::{self, conversation_columns, event_columns};
use super::statements::Statements;
use crate::store::sql::{Failure, Sql, SqlError, attachment, site_of};

/// The result of a look-up for an append.
type Found<T> = std::result::Result<T, RowsFailed>;

/// Carries out one append in the running transaction.
pub(super) fn append(
    connection: &Connection,
    recent: &Recent,
    batch: &mut Batch,
    now_ms: u64,
    append: &Append,
) -> std::result::Result<Appended, Failure<AppendError>> {
    let mut rows = SqliteRows { connection, recent, batch, wrote: false, failed: None };
    let result = relay_core::append::decide(&mut rows, now_ms, append);
    match rows.failed {
        // Nothing was written, so nothing must be rolled back.
        Some(error) if !rows.wrote && error.is_of_request() => Err(Failure::Refused(error.down().into())),
        Some(error) => Err(Failure::Database(error)),
        None => result.map_err(Failure::Refused),
    }
}

/// The rows of one request.
struct SqliteRows<'a> {
    connection: &'a Connection,
    recent: &'a Recent,
    batch: &'a mut Batch,
    wrote: bool,
    /// What failed; the append only learns that something did.
    failed: Option<SqlError>,
}

impl SqliteRows<'_> {
    fn note<T>(&mut self, result: std::result::Result<T, impl Into<SqlError>>) -> Found<T> {
        result.map_err(|error| {
            self.failed = Some(error.into());
            RowsFailed
        })
    }
}

impl Rows for SqliteRows<'_> {
    fn conversation(&mut self, id: ConversationId) -> Found<Option<Conversation>> {
        let waiting = self.batch.conversation(id).cloned().or_else(|| {
            let waiting = self.recent.conversation(id);
            // What this transaction has erased stays so.
            waiting.map(|waiting| self.batch.erased_row(id).cloned().unwrap_or(waiting))
        });
        if waiting.is_some() {
            return Ok(waiting);
        }
        self.note(conversation(self.connection, id))
    }

    fn event(&mut self, conversation: ConversationId, id: MessageId) -> Found<Option<Event>> {
        if let Some(waiting) = self.batch.event(conversation, id).or_else(|| self.recent.event(conversation, id)) {
            return Ok(Some(waiting));
        }
        self.note(event(self.connection, conversation, id))
    }

    fn visitor_site(&mut self, visitor: VisitorId) -> Found<Option<SiteId>> {
        self.note(site_of(&mut Statements(self.connection), visitor))
    }

    fn load(&mut self, agent: AgentId) -> Found<u32> {
        self.note(load(self.connection, agent))
    }

    fn uploaded(&mut self, id: AttachmentId) -> Found<Option<Uploaded>> {
        self.note(attachment(&mut Statements(self.connection), id)).map(|file| file.map(Uploaded::from))
    }

    fn last_turn(&mut self) -> Found<u64> {
        self.note((&mut Statements(self.connection) as &mut dyn Sql).counter("turn"))
    }

    fn record(&mut self, record: Record) -> Found<()> {
        let written = self.write(record);
        self.note(written)
    }
}

/// A conversation now.
pub(super) fn conversation(connection: &Connection, id: ConversationId) -> Result<Option<Conversation>> {
    const SQL: &str = concat!("SELECT ", conversation_columns!(), " FROM conversation WHERE id = ?1");
    connection.prepare_cached(SQL)?.query_row([id.0.to_be_bytes()], row::conversation).optional()
}

fn event(connection: &Connection, conversation: ConversationId, id: MessageId) -> Result<Option<Event>> {
    const SQL: &str = concat!("SELECT ", event_columns!(), " FROM event WHERE conversation = ?1 AND id = ?2");
    let key = [conversation.0.to_be_bytes(), id.0.to_be_bytes()];
    connection.prepare_cached(SQL)?.query_row(key, row::event).optional()
}

fn load(connection: &Connection, agent: AgentId) -> Result<u32> {
    const SQL: &str = "SELECT count(*) FROM conversation WHERE state < 3 AND state = 2 AND agent = ?1";
    connection.prepare_cached(SQL)?.query_row([agent.0.to_be_bytes()], |found| found.get(0))
}

impl SqliteRows<'_> {
    fn write(&mut self, record: Record) -> Result<()> {
        let connection = self.connection;
        let was_there = record.before.is_some();
        write_conversation(connection, record.before, &record.after)?;
        self.wrote = true;
        if was_there && record.after.closed() {
            super::erase::forget_note(connection, record.after.id)?;
        }
        let mut bytes = Vec::with_capacity(record.events.len());
        for (index, event) in record.events.iter().enumerate() {
            bytes.push(write_event(connection, self.batch.position(index), event)?);
        }
        for attachment in &record.named {
            const SQL: &str = "UPDATE attachment SET named = 1 WHERE id = ?1";
            connection.prepare_cached(SQL)?.execute([attachment.0.to_be_bytes()])?;
        }
        if let Some(turn) = record.turn {
            const SQL: &str = "UPDATE counter SET value = ?1 WHERE name = 'turn'";
            connection.prepare_cached(SQL)?.execute([row::column(turn)])?;
        }
        self.batch.took(record.after, record.events.into_iter().zip(bytes));
        Ok(())
    }
}

/// Writes an event at the end of `recent`; returns the bytes of its body.
fn write_event(connection: &Connection, position: i64, event: &Event) -> Result<usize> {
    const SQL: &str = concat!(
        "INSERT INTO recent (",
        event_columns!(),
        ", position) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
    );
    let (author, agent, name) = match &event.author {
        Author::Visitor => (0, None, None),
        Author::Agent { id, name } => (1, Some(id.0.to_be_bytes()), Some(name)),
        Author::System => (2, None, None),
        Author::Service { id, name } => (3, Some(id.0.to_be_bytes()), Some(name)),
    };
    let body =
        serde_json::to_string(&event.body).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    connection.prepare_cached(SQL)?.execute(params![
        event.conversation.0.to_be_bytes(),
        event.lane == Lane::Staff,
        row::column(event.seq.0),
        row::column(event.at_ms),
        event.id.0.to_be_bytes(),
        author,
        agent,
        name,
        body,
        position,
    ])?;
    Ok(body.len())
}

/// Writes a new row, or the columns of an old one by which lists are ordered and counted, when they changed. The others are written when the
/// events are moved.
fn write_conversation(connection: &Connection, before: Option<Listed>, now: &Conversation) -> Result<()> {
    let Some(before) = before else { return insert_conversation(connection, now) };
    if before != Listed::of(now) {
        const SQL: &str = "UPDATE conversation SET state = ?2, state_at_ms = ?3, turn = ?4, agent = ?5, language = ?6, \
                           aside = ?7, address = ?8, network = ?9, known = ?10, spam = ?11, answered = ?12 WHERE id = ?1";
        let (state, state_at_ms, aside) = row::state_columns(now.state);
        connection.prepare_cached(SQL)?.execute(params![
            now.id.0.to_be_bytes(),
            state,
            row::column(state_at_ms),
            row::column(now.turn),
            now.agent.map(|agent| agent.0.to_be_bytes()),
            now.language,
            aside,
            now.address.map(row::tag_column),
            now.network.map(row::tag_column),
            now.known,
            now.spam,
            now.answered,
        ])?;
    }
    Ok(())
}

/// Brings the other columns of a row up to date.
pub(super) fn write_fold(connection: &Connection, now: &Conversation) -> Result<()> {
    const SQL: &str = "UPDATE conversation SET last_at_ms = ?2, last_line = ?3, last_party = ?4, unread_by_staff = ?5, \
                       unread_by_visitor = ?6, seen_by_visitor = ?7, seen_by_staff = ?8, score = ?9, head_shared = ?10, \
                       head_staff = ?11 WHERE id = ?1";
    connection.prepare_cached(SQL)?.execute(params![
        now.id.0.to_be_bytes(),
        row::column(now.last_at_ms),
        now.last_line,
        row::last_by(now),
        row::pack(&now.unread_by_staff),
        row::pack(&now.unread_by_visitor),
        row::column(now.seen_by_visitor.0),
        row::column(now.seen_by_staff.0),
        now.score,
        row::column(now.head.shared.0),
        row::column(now.head.staff.0),
    ])?;
    Ok(())
}

fn insert_conversation(connection: &Connection, new: &Conversation) -> Result<()> {
    const SQL: &str = concat!(
        "INSERT INTO conversation (",
        conversation_columns!(),
        ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, \
         ?20, ?21, ?22, ?23, ?24, ?25, 0)"
    );
    let (state, state_at_ms, aside) = row::state_columns(new.state);
    connection.prepare_cached(SQL)?.execute(params![
        new.id.0.to_be_bytes(),
        new.site.as_str(),
        new.visitor.0.to_be_bytes(),
        row::column(new.opened_at_ms),
        new.language,
        state,
        row::column(state_at_ms),
        row::column(new.turn),
        new.agent.map(|agent| agent.0.to_be_bytes()),
        row::column(new.last_at_ms),
        new.last_line,
        row::last_by(new),
        row::pack(&new.unread_by_staff),
        row::pack(&new.unread_by_visitor),
        row::column(new.seen_by_visitor.0),
        row::column(new.seen_by_staff.0),
        new.score,
        row::column(new.head.shared.0),
        row::column(new.head.staff.0),
        aside,
        new.address.map(row::tag_column),
        new.network.map(row::tag_column),
        new.known,
        new.spam,
        new.answered,
    ])?;
    Ok(())
}
