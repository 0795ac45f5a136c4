//! One's own account: where one is signed in, second factor, password.

use serde::{Deserialize, Serialize};

use super::v1::{self, Fault};

/// A sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Session {
    /// Its id.
    pub(crate) id: String,
    /// Browser and system, as far as they are known.
    pub(crate) browser: Option<String>,
    /// When it was made.
    pub(crate) made_at_ms: u64,
    /// When it was last used.
    pub(crate) used_at_ms: u64,
    /// Whether it is this one.
    pub(crate) current: bool,
}

#[derive(Deserialize)]
struct Sessions {
    items: Vec<Session>,
}

/// One's second factor.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Factor {
    /// Since when an app's code is asked for.
    pub(crate) code_since_ms: Option<u64>,
    /// Passkeys.
    pub(crate) passkeys: usize,
    /// Recovery codes that are left.
    pub(crate) recovery_codes: usize,
}

/// A secret whose first code is still to come.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Begun {
    /// To be typed into an app.
    pub(crate) secret: String,
    /// The side of the QR code.
    pub(crate) qr_side: usize,
    /// Its dark parts.
    pub(crate) qr_path: String,
}

#[derive(Deserialize)]
struct RecoveryCodes {
    recovery_codes: Vec<String>,
}

#[derive(Serialize)]
struct Code<'a> {
    code: &'a str,
}

#[derive(Serialize)]
struct NewPassword<'a> {
    password: &'a str,
    new: &'a str,
}

/// Where one is signed in.
///
/// # Errors
/// What the relay says, or that it was not reached. The same for all others.
pub(crate) async fn sessions() -> Result<Vec<Session>, Fault> {
    v1::get("/sessions").await.map(|sessions: Sessions| sessions.items)
}

/// Ends a sign-in.
pub(crate) async fn end(id: &str) -> Result<(), Fault> {
    v1::delete(&format!("/sessions/{id}"), None).await
}

/// One's second factor.
pub(crate) async fn factor() -> Result<Factor, Fault> {
    v1::get("/me/second-factor").await
}

/// Makes a secret for an app.
pub(crate) async fn begin() -> Result<Begun, Fault> {
    v1::ask("/me/second-factor", &()).await
}

/// Takes the first code of the secret; gives the recovery codes.
pub(crate) async fn finish(code: &str) -> Result<Vec<String>, Fault> {
    v1::put("/me/second-factor", None, &Code { code }).await.map(|codes: RecoveryCodes| codes.recovery_codes)
}

/// Removes the second factor.
pub(crate) async fn remove() -> Result<(), Fault> {
    v1::delete("/me/second-factor", None).await
}

/// Makes new recovery codes.
pub(crate) async fn renew() -> Result<Vec<String>, Fault> {
    v1::ask("/me/recovery-codes", &()).await.map(|codes: RecoveryCodes| codes.recovery_codes)
}

/// Changes the password.
pub(crate) async fn change_password(password: &str, new: &str) -> Result<(), Fault> {
    v1::put_only("/me/password", &NewPassword { password, new }).await
}
