//! Signing in and out, and who is signed in.

use serde::{Deserialize, Serialize};

use super::v1::{self, Fault};

/// Where to sign in and out.
const SESSION: &str = "/session";

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Person {
    /// Name shown to visitors.
    pub(crate) name: String,
    /// Address they sign in with.
    pub(crate) email: String,
    /// Whether a second factor is asked for at the sign-in.
    pub(crate) second_factor: bool,
    /// From when one is needed.
    pub(crate) second_factor_due_at_ms: Option<u64>,
}

impl Person {
    /// Whether nothing but making a second factor is allowed.
    pub(crate) fn lacks_factor(&self, now_ms: u64) -> bool {
        self.due_at_ms().is_some_and(|due_ms| now_ms >= due_ms)
    }

    /// From when a second factor is needed that is not there yet.
    pub(crate) fn due_at_ms(&self) -> Option<u64> {
        self.second_factor_due_at_ms.filter(|_| !self.second_factor)
    }
}

/// What signing in takes.
#[derive(Serialize)]
struct SignIn<'a> {
    email: &'a str,
    password: &'a str,
}

/// A sign-in whose password was right, and which waits for its second factor.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Pending {
    /// What names it.
    pub(crate) pending: String,
    /// Whether an app's code does. A recovery code always does.
    pub(crate) code: bool,
    /// Whether the account has passkeys.
    pub(crate) passkey: bool,
}

#[derive(Serialize)]
struct SecondFactor<'a> {
    pending: &'a str,
    code: &'a str,
}

#[derive(Serialize)]
struct Confirmation<'a> {
    password: &'a str,
}

/// Asks who is signed in.
///
/// # Errors
/// The problem `signed_out` when nobody is.
pub(crate) async fn who() -> Result<Person, Fault> {
    v1::get("/me").await
}

/// Signs in; the browser keeps the cookie. When a second factor is asked for, what does.
///
/// # Errors
/// What the relay says, or that it was not reached. The same for the others.
pub(crate) async fn sign_in(email: &str, password: &str) -> Result<Option<Pending>, Fault> {
    v1::post_for_some(SESSION, &SignIn { email, password }).await
}

/// Sends the second factor of a sign-in.
pub(crate) async fn second_factor(pending: &str, code: &str) -> Result<(), Fault> {
    v1::post("/session/second-factor", &SecondFactor { pending, code }).await
}

/// Proves once more who is signed in.
pub(crate) async fn confirm(password: &str) -> Result<(), Fault> {
    v1::post("/session/confirm", &Confirmation { password }).await
}

/// Signs out. Whether that worked.
pub(crate) async fn sign_out() -> bool {
    v1::delete(SESSION, None).await.is_ok()
}
