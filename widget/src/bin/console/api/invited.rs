//! Links by which somebody becomes a colleague, or chooses a new password.

use serde::{Deserialize, Serialize};

use super::v1::{self, Fault};

/// For whom a link is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct ForWhom {
    /// `colleague` or `password`.
    pub(crate) kind: String,
    /// Address to sign in with.
    pub(crate) email: String,
    /// The name that is proposed.
    pub(crate) name: String,
}

#[derive(Serialize)]
struct Link<'a> {
    token: &'a str,
}

/// What was chosen.
#[derive(Serialize)]
pub(crate) struct Acceptance {
    /// The link's token.
    pub(crate) token: String,
    /// Name shown to visitors; none with a link for a password.
    pub(crate) name: Option<String>,
    /// Password, as typed.
    pub(crate) password: String,
}

/// Asks for whom a link is.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn look(token: &str) -> Result<ForWhom, Fault> {
    v1::ask("/invitations/look", &Link { token }).await
}

/// Accepts it.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn accept(chosen: &Acceptance) -> Result<(), Fault> {
    v1::post("/invitations/accept", chosen).await
}
