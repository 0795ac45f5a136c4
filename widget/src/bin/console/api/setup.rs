//! The first administrator, while the relay has no agent.

use serde::{Deserialize, Serialize};

use super::v1::{self, Fault};

#[derive(Deserialize)]
struct SetupState {
    open: bool,
}

/// Who is to be the first administrator.
#[derive(Serialize)]
pub(crate) struct FirstAdministrator {
    /// The one-time code that the relay printed.
    pub(crate) code: String,
    /// Address to sign in with.
    pub(crate) email: String,
    /// Name shown to visitors.
    pub(crate) name: String,
    /// Password, as typed.
    pub(crate) password: String,
}

/// Whether the relay has no agent yet. When it cannot be asked, it counts as one that has.
pub(crate) async fn is_open() -> bool {
    v1::get("/setup").await.is_ok_and(|state: SetupState| state.open)
}

/// Makes the first administrator and signs them in.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn make(first: &FirstAdministrator) -> Result<(), Fault> {
    v1::post("/setup", first).await
}
