//! Sites: a document each, and a row that visitors and conversations refer to.

use relay_settings::{DocumentKey, Kind};
use wire::SiteId;

use super::documents::{self, Documented};
use super::{Failure, Sql, SqlReader, SqlWriter, Value, row};
use crate::audit::By;
use crate::store::records::site_refused;
use crate::store::{DocumentsError, Site, SiteReader, SiteWriter, StoreError, Transaction, site_key};

impl<W: SqlWriter + Transaction> SiteWriter for W {
    fn put_site(&mut self, site: &Site, by: &By) -> Result<(), StoreError> {
        let put = self.request(|sql| {
            let before = documents::find(sql, &site_key(&site.id))?;
            documents::change(sql, &site.change(before.as_ref(), by))
        });
        put.map(|_| ()).map_err(site_refused)
    }

    fn remove_site(&mut self, site: &SiteId, keep: bool, by: &By) -> Result<(), StoreError> {
        let removed = self.request(|sql| documents::change(sql, &Site::removal(site, keep, by)));
        removed.map(|_| ()).map_err(site_refused)
    }
}

impl<R: SqlReader> SiteReader for R {
    fn sites(&mut self) -> Result<Vec<Site>, StoreError> {
        self.look_up(|sql| Ok(documents::of_kind(sql, Kind::Site)?.iter().filter_map(Site::of).collect()))
    }

    fn site(&mut self, id: &SiteId) -> Result<Site, StoreError> {
        self.find(|sql| Ok(documents::find(sql, &site_key(id))?.as_ref().and_then(Site::of)))
    }
}

/// Makes the row that visitors and conversations of a site refer to.
pub(super) fn exists_now(sql: &mut dyn Sql, key: &DocumentKey) -> Documented<()> {
    const SQL: &str = "INSERT INTO site (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET removed = 0";
    sql.execute(SQL, &[key.id.as_str().into()])?;
    Ok(())
}

/// Removes it, with the visitors that refer to it. While conversations do, it is marked as removed.
pub(super) fn is_removed(sql: &mut dyn Sql, key: &DocumentKey, keep: bool) -> Documented<()> {
    let id: [Value<'_>; 1] = [key.id.as_str().into()];
    if sql.exists("SELECT id FROM conversation WHERE site = $1 LIMIT 1", &id)? {
        if !keep {
            return Err(Failure::Refused(DocumentsError::InUse(key.clone())));
        }
        sql.execute("UPDATE site SET removed = 1 WHERE id = $1", &id)?;
    } else {
        sql.execute("DELETE FROM visitor WHERE site = $1", &id)?;
        if sql.execute("DELETE FROM site WHERE id = $1", &id)? == 0 {
            return Err(Failure::Database(row::broken("a site's document without a site")));
        }
    }
    Ok(())
}
