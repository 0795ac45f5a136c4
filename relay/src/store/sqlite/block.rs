//! Requests about who is kept out, and the store's keys.

use rusqlite::{Connection, Row, params};
use wire::{AgentId, BlockId, BlockScope, BlockSummary, VisitorId};

use super::people::{Changed, settings_changed};
use super::reader::SqliteReader;
use super::row;
use super::writer::{Failure, SqliteWriter, refuse};
use crate::store::{BlockReader, BlockWriter, Secret, StoreError};

impl BlockWriter for SqliteWriter {
    fn put_block(&mut self, block: &BlockSummary) -> Result<(), StoreError> {
        self.isolated(|connection| put(connection, block))
    }

    fn remove_block(&mut self, block: BlockId) -> Result<(), StoreError> {
        self.isolated(|connection| {
            let removed =
                connection.prepare_cached("DELETE FROM block WHERE id = ?1")?.execute([block.0.to_be_bytes()])?;
            if removed == 0 {
                return Err(Failure::Refused(StoreError::Missing));
            }
            settings_changed(connection)
        })
    }

    fn secret(&mut self, name: &'static str, fresh: Secret) -> Result<Secret, StoreError> {
        self.isolated(|connection| {
            const ADD: &str = "INSERT INTO secret (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING";
            connection.prepare_cached(ADD)?.execute(params![name, fresh])?;
            let mut found = connection.prepare_cached("SELECT value FROM secret WHERE name = ?1")?;
            Ok(found.query_row([name], |row| row.get(0))?)
        })
    }
}

impl BlockReader for SqliteReader {
    fn blocks(&mut self) -> Result<Vec<BlockSummary>, StoreError> {
        const SQL: &str = "SELECT id, scope, visitor, tag, reason, agent, since_ms, until_ms FROM block ORDER BY id";
        self.all(SQL, [], read)
    }
}

fn put(connection: &Connection, block: &BlockSummary) -> Changed<()> {
    const SQL: &str = "INSERT INTO block (id, scope, visitor, tag, reason, agent, since_ms, until_ms) \
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let scope = match block.scope {
        BlockScope::Visitor => 0,
        BlockScope::Address => 1,
        BlockScope::Network => 2,
    };
    connection
        .prepare_cached("DELETE FROM block WHERE until_ms <= ?1 AND id <> ?2")?
        .execute(params![row::column(block.since_ms), block.block.0.to_be_bytes()])?;
    connection
        .prepare_cached(SQL)?
        .execute(params![
            block.block.0.to_be_bytes(),
            scope,
            block.visitor.map(|visitor| visitor.0.to_be_bytes()),
            block.tag.map(row::tag_column),
            block.reason,
            block.by.map(|agent| agent.0.to_be_bytes()),
            row::column(block.since_ms),
            row::column(block.until_ms),
        ])
        .map_err(refuse(StoreError::Conflict))?;
    settings_changed(connection)
}

fn read(found: &Row<'_>) -> rusqlite::Result<BlockSummary> {
    Ok(BlockSummary {
        block: BlockId(row::id(found, 0)?),
        scope: match found.get::<_, u8>(1)? {
            0 => BlockScope::Visitor,
            1 => BlockScope::Address,
            _ => BlockScope::Network,
        },
        visitor: row::optional_id(found, 2)?.map(VisitorId),
        tag: row::tag(found, 3)?,
        reason: found.get(4)?,
        by: row::optional_id(found, 5)?.map(AgentId),
        since_ms: row::number(found, 6)?,
        until_ms: row::number(found, 7)?,
    })
}
