//! Sites: the brands or regions that visitors write from.

use wire::SiteId;

use crate::store::StoreError;

/// A brand or region that visitors write from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its id in the snippet.
    pub id: SiteId,
    /// Its name in the chat's header.
    pub name: String,
    /// Web origins whose pages may show the chat, in the owner's order.
    pub origins: Vec<String>,
}

/// Writes sites.
pub trait SiteWriter {
    /// Adds a site, or replaces its name and origins; one that was removed exists again. Raises the settings version.
    ///
    /// # Errors
    /// `Down`.
    fn put_site(&mut self, site: &Site) -> Result<(), StoreError>;

    /// Removes a site: no page may show its chat any more. A site with conversations is removed only with `keep`; they are kept with their
    /// visitors. Raises the settings version.
    ///
    /// # Errors
    /// `Missing` when there is no such site, `Conflict` when it has conversations and `keep` is not set.
    fn remove_site(&mut self, site: &SiteId, keep: bool) -> Result<(), StoreError>;
}

/// Reads sites.
pub trait SiteReader {
    /// All sites, by id.
    ///
    /// # Errors
    /// `Down`.
    fn sites(&mut self) -> Result<Vec<Site>, StoreError>;

    /// One site.
    ///
    /// # Errors
    /// `Missing` or `Down`.
    fn site(&mut self, id: &SiteId) -> Result<Site, StoreError>;
}
