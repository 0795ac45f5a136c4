//! Documents and their history.

use std::convert::Infallible;

use relay_settings::{DocumentKey, Kind};
use wire::SiteId;

use super::{
    Failure, Row, Sql, SqlError, SqlReader, SqlWriter, agent, audit, count, invitation, row, service_key, site,
};

use crate::store::documents::{self, DOCUMENT_VERSIONS_MAX, REMOVED_DOCUMENTS_MAX};
use crate::store::{
    DocumentChange, DocumentReader, DocumentVersion, DocumentWrite, DocumentWriter, DocumentsChange, DocumentsError,
    StoreError, StoredDocument, Transaction, staff,
};

/// The result of a request for documents.
pub(super) type Documented<T> = Result<T, Failure<DocumentsError>>;

impl<W: SqlWriter + Transaction> DocumentWriter for W {
    fn change_documents(&mut self, change: &DocumentsChange) -> Result<u64, DocumentsError> {
        self.request(|sql| self::change(sql, change))
    }

    fn try_documents(&mut self, change: &DocumentsChange) -> Result<(), DocumentsError> {
        // Refused in any case, so that nothing of it stays.
        let tried = self.request(|sql| match self::change(sql, change) {
            Ok(_) => Err::<Infallible, _>(Failure::Refused(Tried(Ok(())))),
            Err(Failure::Refused(error)) => Err(Failure::Refused(Tried(Err(error)))),
            Err(Failure::Database(error)) => Err(Failure::Database(error)),
        });
        match tried {
            Err(Tried(result)) => result,
            Ok(never) => match never {},
        }
    }
}

/// What a change that was tried would have come to.
struct Tried(Result<(), DocumentsError>);

impl From<StoreError> for Tried {
    fn from(error: StoreError) -> Self {
        Self(Err(error.into()))
    }
}

impl<R: SqlReader> DocumentReader for R {
    fn documents_version(&mut self) -> Result<u64, StoreError> {
        self.look_up(|sql| sql.counter("documents"))
    }

    fn documents(&mut self) -> Result<(u64, Vec<StoredDocument>), StoreError> {
        const SQL: &str = "SELECT kind, id, site, version, body FROM document ORDER BY kind, id";
        self.look_up(|sql| {
            let version = sql.counter("documents")?;
            let mut documents: Vec<_> = sql.all(SQL, &[], read)?.into_iter().flatten().collect();
            // The order of kinds is their own, not that of their names.
            documents.sort_by(|one: &StoredDocument, other| one.key.cmp(&other.key));
            Ok((version, documents))
        })
    }

    fn document(&mut self, key: &DocumentKey) -> Result<StoredDocument, StoreError> {
        self.find(|sql| find(sql, key))
    }

    fn document_history(
        &mut self,
        key: &DocumentKey,
        before: u64,
        count_max: usize,
    ) -> Result<Vec<DocumentVersion>, StoreError> {
        const SQL: &str = "SELECT version, who, at_ms, site, body FROM document_history \
                           WHERE kind = $1 AND id = $2 AND version < $3 ORDER BY version DESC LIMIT $4";
        let count_max = count(count_max.min(DOCUMENT_VERSIONS_MAX));
        self.look_up(|sql| {
            sql.all(SQL, &[key.kind.as_str().into(), key.id.as_str().into(), before.into(), count_max], |row| {
                Ok(DocumentVersion {
                    version: row.number(0)?,
                    who: serde_json::from_str(&row.text(1)?).map_err(|_| row::wrong(1))?,
                    at_ms: row.number(2)?,
                    site: row.optional_site(3)?,
                    body: row.optional_text(4)?,
                })
            })
        })
    }
}

/// Carries out a change. The counter is raised first: in PostgreSQL this makes changes wait for each other.
pub(super) fn change(sql: &mut dyn Sql, change: &DocumentsChange) -> Documented<u64> {
    const RAISE: &str = "UPDATE counter SET value = value + 1 WHERE name = $1 RETURNING value";
    let version = sql.one(RAISE, &["documents".into()], |row| row.number::<u64>(0))?;
    let version = version.ok_or_else(|| row::broken("no counter of documents"))?;
    if change.checked_at.is_some_and(|checked_at| checked_at != version - 1) {
        return Err(Failure::Refused(DocumentsError::Moved { version: version - 1 }));
    }
    // Before agents, keys and invitations are looked at: it makes changes of them wait.
    sql.execute("UPDATE counter SET value = value + 1 WHERE name = 'settings'", &[])?;
    let concerns_agents = staff::concerns_agents(change);
    let roles_before = if concerns_agents { of_kind(sql, Kind::Role)? } else { Vec::new() };
    for (key, one) in &change.changes {
        write(sql, version, key, one, change)?;
    }
    if concerns_agents {
        let (agents, keys, invitations) = (agent::all(sql)?, service_key::all(sql)?, invitation::all(sql)?);
        let (everybody, roles) = (staff::Users { agents, keys, invitations }, of_kind(sql, Kind::Role)?);
        staff::check_documents(&everybody, (roles_before, roles), change).map_err(Failure::Refused)?;
    }
    Ok(version)
}

/// Changes one document.
fn write(
    sql: &mut dyn Sql,
    version: u64,
    key: &DocumentKey,
    one: &DocumentChange,
    change: &DocumentsChange,
) -> Documented<()> {
    const PUT: &str = "INSERT INTO document (kind, id, site, version, body) VALUES ($1, $2, $3, $4, $5) \
                       ON CONFLICT (kind, id) DO UPDATE SET site = excluded.site, version = excluded.version, body = excluded.body";
    const REMOVE: &str = "DELETE FROM document WHERE kind = $1 AND id = $2";
    const NOTE: &str = "INSERT INTO document_history (kind, id, version, at_ms, who, site, body) \
                        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let before = find(sql, key)?;
    let found = before.as_ref().map(|document| document.version);
    if !one.expected.holds(found) {
        return Err(Failure::Refused(DocumentsError::Conflict { key: key.clone(), version: found }));
    }
    let (kind, id) = (key.kind.as_str(), key.id.as_str());
    let (site, body) = match &one.write {
        DocumentWrite::Put { site, body } => {
            if key.kind == Kind::Site {
                site::exists_now(sql, key)?;
            }
            let site = site.as_ref().map(SiteId::as_str);
            sql.execute(PUT, &[kind.into(), id.into(), site.into(), version.into(), body.into()])?;
            (site, Some(body.as_str()))
        }
        DocumentWrite::Remove { keep } => {
            let Some(before) = &before else { return Err(Failure::Refused(DocumentsError::Missing(key.clone()))) };
            if key.kind == Kind::Site {
                site::is_removed(sql, key, *keep)?;
            }
            sql.execute(REMOVE, &[kind.into(), id.into()])?;
            (before.site.as_ref().map(SiteId::as_str), None)
        }
    };
    let who = serde_json::to_string(&change.by.who).map_err(|error| row::broken(&error.to_string()))?;
    let note =
        [kind.into(), id.into(), version.into(), change.by.at_ms.into(), (&who).into(), site.into(), body.into()];
    sql.execute(NOTE, &note)?;
    let entry = documents::entry(key, version, before.as_ref(), &one.write, &change.by);
    audit::append(sql, &entry).map_err(audit::of_transaction)?;
    forget(sql, key, body.is_none())
}

/// Removes what a history has beyond its bounds.
fn forget(sql: &mut dyn Sql, key: &DocumentKey, removed: bool) -> Documented<()> {
    const OLD: &str = "DELETE FROM document_history WHERE kind = $1 AND id = $2 AND version <= (\
                       SELECT version FROM document_history WHERE kind = $1 AND id = $2 ORDER BY version DESC LIMIT 1 OFFSET $3)";
    // The index of removals is all that the inner query reads.
    const REMOVED: &str = "DELETE FROM document_history WHERE (kind, id) IN (\
                           SELECT kind, id FROM document_history AS gone WHERE body IS NULL AND NOT EXISTS (\
                           SELECT 1 FROM document WHERE document.kind = gone.kind AND document.id = gone.id) \
                           GROUP BY kind, id ORDER BY max(version) DESC LIMIT 1000 OFFSET $1)";
    sql.execute(OLD, &[key.kind.as_str().into(), key.id.as_str().into(), count(DOCUMENT_VERSIONS_MAX)])?;
    if removed {
        sql.execute(REMOVED, &[count(REMOVED_DOCUMENTS_MAX)])?;
    }
    Ok(())
}

/// One document.
pub(super) fn find(sql: &mut dyn Sql, key: &DocumentKey) -> Result<Option<StoredDocument>, SqlError> {
    const SQL: &str = "SELECT kind, id, site, version, body FROM document WHERE kind = $1 AND id = $2";
    Ok(sql.one(SQL, &[key.kind.as_str().into(), key.id.as_str().into()], read)?.flatten())
}

/// All documents of a kind, by id.
pub(super) fn of_kind(sql: &mut dyn Sql, kind: Kind) -> Result<Vec<StoredDocument>, SqlError> {
    const SQL: &str = "SELECT kind, id, site, version, body FROM document WHERE kind = $1 ORDER BY id";
    Ok(sql.all(SQL, &[kind.as_str().into()], read)?.into_iter().flatten().collect())
}

/// A document; none when its kind is unknown here.
fn read(row: &dyn Row) -> Result<Option<StoredDocument>, SqlError> {
    let Ok(kind) = row.text(0)?.parse::<Kind>() else { return Ok(None) };
    let id = row.text(1)?.parse().map_err(|_| row::wrong(1))?;
    let key = DocumentKey { kind, id };
    Ok(Some(StoredDocument { key, site: row.optional_site(2)?, version: row.number(3)?, body: row.text(4)? }))
}
