//! Blocks, and the store's keys.

use wire::{AgentId, BlockId, BlockScope, BlockSummary, SiteId, VisitorId};

use super::{Failure, Row, SqlError, SqlReader, SqlWriter, Value, refuse, row};
use crate::store::{BlockReader, BlockWriter, Secret, StoreError};

impl<W: SqlWriter> BlockWriter for W {
    fn put_block(&mut self, block: &BlockSummary) -> Result<(), StoreError> {
        const ENDED: &str = "DELETE FROM block WHERE until_ms <= $1 AND id <> $2";
        const SQL: &str = "INSERT INTO block (id, scope, visitor, tag, reason, agent, since_ms, until_ms, site) \
                           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let scope: u32 = match block.scope {
            BlockScope::Visitor => 0,
            BlockScope::Address => 1,
            BlockScope::Network => 2,
            BlockScope::Other => 3,
        };
        let id = block.block.0;
        self.request(|sql| {
            sql.execute(ENDED, &[block.since_ms.into(), id.into()])?;
            let values = [
                id.into(),
                scope.into(),
                block.visitor.map(|visitor| visitor.0).into(),
                // The column is a signed number.
                block.tag.map_or(Value::Null, |tag| Value::Number(tag.0.cast_signed())),
                (&block.reason).into(),
                block.by.map(|agent| agent.0).into(),
                block.since_ms.into(),
                block.until_ms.into(),
                block.site.as_ref().map(SiteId::as_str).into(),
            ];
            sql.execute(SQL, &values).map_err(refuse(StoreError::Conflict))?;
            sql.settings_changed()
        })
    }

    fn remove_block(&mut self, block: BlockId) -> Result<(), StoreError> {
        self.request(|sql| {
            let removed = sql.execute("DELETE FROM block WHERE id = $1", &[block.0.into()])?;
            if removed == 0 {
                return Err(Failure::Refused(StoreError::Missing));
            }
            sql.settings_changed()
        })
    }

    fn secret(&mut self, name: &'static str, fresh: Secret) -> Result<Secret, StoreError> {
        const ADD: &str = "INSERT INTO secret (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
        self.request(|sql| {
            sql.execute(ADD, &[name.into(), (&fresh).into()])?;
            let found = sql.one("SELECT value FROM secret WHERE name = $1", &[name.into()], |row| row.bytes(0))?;
            Ok(found.ok_or_else(|| row::broken("a key that was just written is not there"))?)
        })
    }
}

impl<R: SqlReader> BlockReader for R {
    fn blocks(&mut self) -> Result<Vec<BlockSummary>, StoreError> {
        const SQL: &str =
            "SELECT id, scope, visitor, tag, reason, agent, since_ms, until_ms, site FROM block ORDER BY id";
        self.look_up(|sql| sql.all(SQL, &[], read))
    }
}

fn read(row: &dyn Row) -> Result<BlockSummary, SqlError> {
    Ok(BlockSummary {
        block: BlockId(row.id(0)?),
        scope: match row.signed(1)? {
            0 => BlockScope::Visitor,
            1 => BlockScope::Address,
            2 => BlockScope::Network,
            // Written by a newer relay.
            _ => BlockScope::Other,
        },
        visitor: row.optional_id(2)?.map(VisitorId),
        tag: row.tag(3)?,
        reason: row.text(4)?,
        by: row.optional_id(5)?.map(AgentId),
        since_ms: row.number(6)?,
        until_ms: row.number(7)?,
        site: row.optional_site(8)?,
    })
}
