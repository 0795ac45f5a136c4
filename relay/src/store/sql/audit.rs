//! The audit log's entries.

use super::{Cause, Failure, Row, Sql, SqlError, SqlReader, SqlWriter, count, row};
use crate::audit::{ChainHash, Head, NewEntry, SignedHead, StoredEntry, Subject};
use crate::key::{PublicKey, Signature};
use crate::numbers::Fault;
use crate::store::{AUDIT_PAGE_ENTRIES_MAX, AuditFilter, AuditReader, AuditWriter, StoreError};

/// The entries of a page: those that fit the filter, of which the first condition has an index of its own.
macro_rules! page {
    ($first:literal) => {
        concat!(
            "SELECT number, entry, hash FROM audit_entry WHERE number < $1 AND at_ms >= $2 AND at_ms < $3 \
             AND (who = $4 OR $4 IS NULL) AND (action = $5 OR $5 IS NULL) AND (subject = $6 OR $6 IS NULL) \
             AND (site = $7 OR $7 IS NULL)",
            $first,
            " ORDER BY number DESC LIMIT $8"
        )
    };
}

impl<W: SqlWriter> AuditWriter for W {
    fn append_audit(&mut self, entry: &NewEntry) -> Result<Head, StoreError> {
        self.request(|sql| append(sql, entry).map_err(|error| Failure::Database(of_transaction(error))))
    }

    fn cut_audit(&mut self, cut: &SignedHead) -> Result<(), StoreError> {
        const THERE: &str = "SELECT number FROM audit_entry WHERE number = $1 AND hash = $2 \
                             UNION ALL SELECT number FROM audit_cut WHERE number = $1 AND hash = $2";
        const CUT: &str = "INSERT INTO audit_cut (id, number, hash, at_ms, public_key, signature) \
                           VALUES (1, $1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE SET number = excluded.number, \
                           hash = excluded.hash, at_ms = excluded.at_ms, public_key = excluded.public_key, signature = excluded.signature";
        let Head { number, hash, at_ms } = cut.head;
        self.request(|sql| {
            if !sql.exists(THERE, &[number.into(), (&hash.0).into()])? {
                return Err(Failure::Refused(StoreError::Conflict));
            }
            let (key, signature) = ((&cut.key.0).into(), (&cut.signature.0).into());
            sql.execute(CUT, &[number.into(), (&hash.0).into(), at_ms.into(), key, signature])?;
            sql.execute("DELETE FROM audit_entry WHERE number <= $1", &[number.into()])?;
            Ok(())
        })
    }
}

impl<R: SqlReader> AuditReader for R {
    fn audit_page(
        &mut self,
        filter: &AuditFilter,
        before: u64,
        count_max: usize,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        let AuditFilter { from_ms, until_ms, who, action, subject, site } = filter;
        let values = [
            before.into(),
            from_ms.unwrap_or(0).into(),
            until_ms.unwrap_or(u64::MAX).into(),
            who.as_ref().into(),
            action.map(crate::audit::Action::as_str).into(),
            subject.as_ref().into(),
            site.as_ref().map(wire::SiteId::as_str).into(),
            count(count_max.min(AUDIT_PAGE_ENTRIES_MAX)),
        ];
        let sql = match (subject, who, action) {
            (Some(_), _, _) => page!(" AND subject = $6"),
            (None, Some(_), _) => page!(" AND who = $4"),
            (None, None, Some(_)) => page!(" AND action = $5"),
            (None, None, None) => page!(""),
        };
        self.look_up(|connection| connection.all(sql, &values, read))
    }

    fn audit_entries(&mut self, after: u64) -> Result<Vec<StoredEntry>, StoreError> {
        const SQL: &str = "SELECT number, entry, hash FROM audit_entry WHERE number > $1 ORDER BY number LIMIT $2";
        self.look_up(|sql| sql.all(SQL, &[after.into(), count(AUDIT_PAGE_ENTRIES_MAX)], read))
    }

    fn audit_hash(&mut self, number: u64) -> Result<Option<ChainHash>, StoreError> {
        const SQL: &str = "SELECT hash FROM audit_entry WHERE number = $1 \
                           UNION ALL SELECT hash FROM audit_cut WHERE number = $1";
        if number == 0 {
            return Ok(Some(ChainHash::START));
        }
        self.look_up(|sql| sql.one(SQL, &[number.into()], |row| Ok(ChainHash(row.bytes(0)?))))
    }

    fn audit_head(&mut self) -> Result<Head, StoreError> {
        let head = self.look_up(|sql| sql.one("SELECT number, hash, at_ms FROM audit_head", &[], head))?;
        head.ok_or(StoreError::Down)
    }

    fn audit_cut(&mut self) -> Result<Option<SignedHead>, StoreError> {
        const SQL: &str = "SELECT number, hash, at_ms, public_key, signature FROM audit_cut";
        self.look_up(|sql| {
            sql.one(SQL, &[], |row| {
                let (key, signature) = (PublicKey(row.bytes(3)?), Signature(row.bytes(4)?));
                Ok(SignedHead { head: head(row)?, key, signature })
            })
        })
    }
}

/// The head is raised first: in PostgreSQL this makes those who append wait for each other.
pub(super) fn append(sql: &mut dyn Sql, entry: &NewEntry) -> Result<Head, SqlError> {
    const NEXT: &str = "UPDATE audit_head SET number = number + 1 RETURNING number, hash, at_ms";
    const ADD: &str = "INSERT INTO audit_entry (number, at_ms, who, action, subject, site, entry, hash) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    const HEAD: &str = "UPDATE audit_head SET hash = $1, at_ms = $2";
    let before = sql.one(NEXT, &[], head)?.ok_or_else(|| row::broken("the audit log has no head"))?;
    let text = entry.written(before.number);
    let after = Head { number: before.number, hash: before.hash.after(&text), at_ms: entry.by.at_ms };
    let (who, subject) = (entry.by.who.key(), entry.subject.as_ref().map(Subject::key));
    let site = entry.subject.as_ref().and_then(|subject| subject.site.as_ref());
    let values = [
        after.number.into(),
        after.at_ms.into(),
        (&who).into(),
        entry.action.as_str().into(),
        subject.as_ref().into(),
        site.map(wire::SiteId::as_str).into(),
        (&text).into(),
        (&after.hash.0).into(),
    ];
    sql.execute(ADD, &values)?;
    sql.execute(HEAD, &[(&after.hash.0).into(), after.at_ms.into()])?;
    Ok(after)
}

/// A failure that fails the whole transaction, whatever it was.
pub(super) fn of_transaction(error: SqlError) -> SqlError {
    if error.is_of_request() { SqlError { cause: Cause::Database(Fault::Corrupt), ..error } } else { error }
}

fn head(row: &dyn Row) -> Result<Head, SqlError> {
    Ok(Head { number: row.number(0)?, hash: ChainHash(row.bytes(1)?), at_ms: row.number(2)? })
}

fn read(row: &dyn Row) -> Result<StoredEntry, SqlError> {
    Ok(StoredEntry { number: row.number(0)?, entry: row.text(1)?, hash: ChainHash(row.bytes(2)?) })
}
