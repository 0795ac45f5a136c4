//! Sites.

use wire::SiteId;

use super::{Failure, Row, SqlError, SqlReader, SqlWriter, Value};
use crate::store::{Site, SiteReader, SiteWriter, StoreError};

impl<W: SqlWriter> SiteWriter for W {
    fn put_site(&mut self, site: &Site) -> Result<(), StoreError> {
        const SITE: &str = "INSERT INTO site (id, name) VALUES ($1, $2) \
                            ON CONFLICT (id) DO UPDATE SET name = excluded.name, removed = 0";
        const ORIGIN: &str = "INSERT INTO site_origin (site, place, origin) VALUES ($1, $2, $3)";
        self.request(|sql| {
            let id = site.id.as_str();
            sql.execute(SITE, &[id.into(), (&site.name).into()])?;
            sql.execute("DELETE FROM site_origin WHERE site = $1", &[id.into()])?;
            for (place, origin) in (0_u32..).zip(&site.origins) {
                sql.execute(ORIGIN, &[id.into(), place.into(), origin.into()])?;
            }
            sql.settings_changed()
        })
    }

    fn remove_site(&mut self, site: &SiteId, keep: bool) -> Result<(), StoreError> {
        self.request(|sql| {
            let id: [Value<'_>; 1] = [site.as_str().into()];
            if !sql.exists("SELECT id FROM site WHERE id = $1 AND removed = 0", &id)? {
                return Err(Failure::Refused(StoreError::Missing));
            }
            if sql.exists("SELECT id FROM conversation WHERE site = $1 LIMIT 1", &id)? {
                if !keep {
                    return Err(Failure::Refused(StoreError::Conflict));
                }
                sql.execute("UPDATE site SET removed = 1 WHERE id = $1", &id)?;
            } else {
                sql.execute("DELETE FROM visitor WHERE site = $1", &id)?;
                sql.execute("DELETE FROM site WHERE id = $1", &id)?;
            }
            sql.settings_changed()
        })
    }
}

impl<R: SqlReader> SiteReader for R {
    fn sites(&mut self) -> Result<Vec<Site>, StoreError> {
        const SQL: &str = "SELECT site.id, site.name, site_origin.origin FROM site \
                           LEFT JOIN site_origin ON site_origin.site = site.id \
                           WHERE site.removed = 0 ORDER BY site.id, site_origin.place";
        self.look_up(|sql| Ok(together(sql.all(SQL, &[], with_origin)?)))
    }

    fn site(&mut self, id: &SiteId) -> Result<Site, StoreError> {
        const SQL: &str = "SELECT site.id, site.name, site_origin.origin FROM site \
                           LEFT JOIN site_origin ON site_origin.site = site.id \
                           WHERE site.removed = 0 AND site.id = $1 ORDER BY site_origin.place";
        self.find(|sql| Ok(together(sql.all(SQL, &[id.as_str().into()], with_origin)?).pop()))
    }
}

/// A site with the first of its origins, or none.
fn with_origin(row: &dyn Row) -> Result<Site, SqlError> {
    Ok(Site { id: row.site(0)?, name: row.text(1)?, origins: row.optional_text(2)?.into_iter().collect() })
}

/// Each site once, with all of its origins; rows of one site follow each other.
fn together(rows: Vec<Site>) -> Vec<Site> {
    let mut sites: Vec<Site> = Vec::new();
    for row in rows {
        match sites.last_mut() {
            Some(site) if site.id == row.id => site.origins.extend(row.origins),
            Some(_) | None => sites.push(row),
        }
    }
    sites
}
