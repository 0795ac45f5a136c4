//! Colleagues, invitations and sign-ins of colleagues, by the API.

use relay_settings::Scope;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::v1::{self, Fault};

/// Colleagues on one page of the list.
const PAGE: usize = 200;
/// Pages that are read: more than a relay has colleagues.
const PAGES_MAX: usize = 20;

/// A colleague.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Colleague {
    /// The id.
    pub(crate) id: String,
    /// The address to sign in with.
    pub(crate) email: String,
    /// The name that visitors see.
    pub(crate) name: String,
    /// Ids of roles.
    pub(crate) roles: Vec<String>,
    /// Where these count.
    pub(crate) scope: Scope,
    /// The id of the hours outside which nothing is given to them.
    pub(crate) hours: Option<String>,
    /// How many conversations they may hold at once.
    pub(crate) capacity: u32,
    /// Whether they are switched off.
    pub(crate) disabled: bool,
    /// Whether they sign in with a second factor or a passkey.
    pub(crate) second_factor: bool,
    /// When they last used a sign-in that has not ended, in milliseconds since 1970 UTC.
    pub(crate) used_at_ms: Option<u64>,
    /// What a change names.
    pub(crate) version: u64,
}

/// An invitation, or a link for a new password.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Invitation {
    /// The id.
    pub(crate) id: String,
    /// `colleague` or `password`.
    pub(crate) kind: String,
    /// For whom.
    pub(crate) email: String,
    /// Ids of roles.
    pub(crate) roles: Vec<String>,
    /// Where these count.
    pub(crate) scope: Scope,
    /// Who made it.
    pub(crate) made_by: Option<String>,
    /// When it ends, in milliseconds since 1970 UTC.
    pub(crate) until_ms: u64,
}

/// A sign-in of a colleague.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct SignedIn {
    /// The id.
    pub(crate) id: String,
    /// Browser and system.
    pub(crate) browser: Option<String>,
    /// When it was last used, in milliseconds since 1970 UTC.
    pub(crate) used_at_ms: u64,
}

/// Whom to invite.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Invite {
    /// The address.
    pub(crate) email: String,
    /// Ids of roles.
    pub(crate) roles: Vec<String>,
    /// Where these count.
    pub(crate) scope: Scope,
}

#[derive(Deserialize)]
struct Page<T> {
    items: Vec<T>,
    #[serde(default)]
    next: Option<String>,
}

#[derive(Deserialize)]
struct Made {
    link: String,
}

/// All colleagues whom one may see.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn list() -> Result<Vec<Colleague>, Fault> {
    let (mut all, mut after) = (Vec::new(), String::new());
    for _ in 0..PAGES_MAX {
        let page: Page<Colleague> = v1::get(&format!("/staff?limit={PAGE}{after}")).await?;
        all.extend(page.items);
        let Some(next) = page.next else { break };
        after = format!("&after={next}");
    }
    Ok(all)
}

/// One colleague.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn read(id: &str) -> Result<Colleague, Fault> {
    v1::get(&["/staff/", id].concat()).await
}

/// Removes the second factors of a colleague: code, passkeys and recovery codes.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn remove_second_factor(id: &str, reason: &str) -> Result<(), Fault> {
    let body = Map::from_iter([("reason".to_owned(), Value::from(reason))]);
    v1::post(&["/staff/", id, "/second-factor/remove"].concat(), &body).await
}

/// Changes what is named of a colleague who has this version.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn change(id: &str, version: u64, fields: &Map<String, Value>) -> Result<Colleague, Fault> {
    v1::patch(&["/staff/", id].concat(), version, fields).await
}

/// Removes a colleague who has this version.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn remove(id: &str, version: u64) -> Result<(), Fault> {
    v1::delete(&["/staff/", id].concat(), Some(version)).await
}

/// Makes a link by which a colleague chooses a new password.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn password_link(id: &str) -> Result<String, Fault> {
    let made: Made = v1::ask(&["/staff/", id, "/password_link"].concat(), &Map::new()).await?;
    Ok(made.link)
}

/// The invitations that are open.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn invitations() -> Result<Vec<Invitation>, Fault> {
    let page: Page<Invitation> = v1::get("/invitations").await?;
    Ok(page.items)
}

/// Invites somebody: the link makes them a colleague.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn invite(invite: &Invite) -> Result<String, Fault> {
    let made: Made = v1::ask("/invitations", invite).await?;
    Ok(made.link)
}

/// Takes an invitation back.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn take_back(id: &str) -> Result<(), Fault> {
    v1::delete(&["/invitations/", id].concat(), None).await
}

/// Where a colleague is signed in.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn sign_ins(id: &str) -> Result<Vec<SignedIn>, Fault> {
    let page: Page<SignedIn> = v1::get(&["/sessions?agent=", id].concat()).await?;
    Ok(page.items)
}

/// Ends a sign-in.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn end_sign_in(id: &str) -> Result<(), Fault> {
    v1::delete(&["/sessions/", id].concat(), None).await
}
