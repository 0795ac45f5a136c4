//! Keys of the API.

use relay_settings::Scope;
use serde::{Deserialize, Serialize};

use super::v1::{self, Fault};

/// A key without what is secret in it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct ApiKey {
    /// The id.
    pub(crate) id: String,
    /// The name of the program.
    pub(crate) name: String,
    /// What it may do.
    pub(crate) rights: Vec<String>,
    /// Where.
    pub(crate) scope: Scope,
    /// Whether it is valid now.
    pub(crate) is_valid: bool,
    /// Who made it.
    pub(crate) made_by: Option<String>,
    /// Whether whoever made it is switched off or gone; the key stays.
    pub(crate) made_by_is_off: bool,
    /// When, in milliseconds since 1970 UTC.
    pub(crate) made_at_ms: u64,
    /// When it ends by itself.
    pub(crate) until_ms: Option<u64>,
    /// Its last use.
    pub(crate) used_at_ms: Option<u64>,
    /// When it was revoked.
    pub(crate) revoked_at_ms: Option<u64>,
}

/// A key to be made.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct NewKey {
    /// The name of the program.
    pub(crate) name: String,
    /// What it may do.
    pub(crate) rights: Vec<String>,
    /// Where.
    pub(crate) scope: Scope,
    /// When it ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) until_ms: Option<u64>,
}

#[derive(Deserialize)]
struct Page {
    items: Vec<ApiKey>,
}

#[derive(Deserialize)]
struct Made {
    key: String,
}

/// The keys that one may revoke.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn list() -> Result<Vec<ApiKey>, Fault> {
    let page: Page = v1::get("/keys?limit=100").await?;
    Ok(page.items)
}

/// Makes a key, and shows it this once.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn make(key: &NewKey) -> Result<String, Fault> {
    let made: Made = v1::ask("/keys", key).await?;
    Ok(made.key)
}

/// Revokes a key.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn revoke(id: &str) -> Result<(), Fault> {
    v1::delete(&["/keys/", id].concat(), None).await
}
