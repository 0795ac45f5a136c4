//! Visitors.

use wire::{SiteId, VisitorId};

use super::{Failure, Row, Sql, SqlError, SqlReader, SqlWriter, count, refuse};
use crate::store::{StoreError, TokenHash, VisitorReader, VisitorRecord, VisitorWriter};

impl<W: SqlWriter> VisitorWriter for W {
    fn add_visitor(&mut self, visitor: &VisitorRecord) -> Result<(), StoreError> {
        const SQL: &str =
            "INSERT INTO visitor (id, site, token, created_at_ms, used_at_ms) VALUES ($1, $2, $3, $4, $5)";
        self.request(|sql| {
            let site = visitor.site.as_str();
            if !sql.exists("SELECT id FROM site WHERE id = $1 AND removed = 0", &[site.into()])? {
                return Err(Failure::Refused(StoreError::Missing));
            }
            let (id, token) = (visitor.id.0, &visitor.token.0);
            let values =
                [id.into(), site.into(), token.into(), visitor.created_at_ms.into(), visitor.used_at_ms.into()];
            sql.execute(SQL, &values).map_err(refuse(StoreError::Conflict))?;
            Ok(())
        })
    }

    fn touch_visitor(&mut self, visitor: VisitorId, used_at_ms: u64) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE visitor SET used_at_ms = $1 WHERE id = $2";
        self.request(|sql| {
            sql.execute(SQL, &[used_at_ms.into(), visitor.0.into()])?;
            Ok(())
        })
    }
}

impl<R: SqlReader> VisitorReader for R {
    fn visitor_by_token(&mut self, token: &TokenHash) -> Result<VisitorRecord, StoreError> {
        const SQL: &str = "SELECT id, site, token, created_at_ms, used_at_ms FROM visitor WHERE token = $1";
        self.find(|sql| sql.one(SQL, &[(&token.0).into()], read))
    }

    fn visitor(&mut self, id: VisitorId) -> Result<VisitorRecord, StoreError> {
        const SQL: &str = "SELECT id, site, token, created_at_ms, used_at_ms FROM visitor WHERE id = $1";
        self.find(|sql| sql.one(SQL, &[id.0.into()], read))
    }

    fn visitors_after(&mut self, after: VisitorId, count_max: usize) -> Result<Vec<VisitorRecord>, StoreError> {
        const SQL: &str =
            "SELECT id, site, token, created_at_ms, used_at_ms FROM visitor WHERE id > $1 ORDER BY id LIMIT $2";
        self.look_up(|sql| sql.all(SQL, &[after.0.into(), count(count_max)], read))
    }
}

fn read(row: &dyn Row) -> Result<VisitorRecord, SqlError> {
    Ok(VisitorRecord {
        id: VisitorId(row.id(0)?),
        site: row.site(1)?,
        token: row.token(2)?,
        created_at_ms: row.number(3)?,
        used_at_ms: row.number(4)?,
    })
}

/// The site of a visitor, for an append.
pub(in crate::store) fn site_of(sql: &mut dyn Sql, visitor: VisitorId) -> Result<Option<SiteId>, SqlError> {
    // Who is being erased opens nothing any more.
    const SQL: &str =
        "SELECT site FROM visitor WHERE id = $1 AND NOT EXISTS (SELECT visitor FROM erasure WHERE visitor = $1)";
    sql.one(SQL, &[visitor.0.into()], |row| row.site(0))
}
