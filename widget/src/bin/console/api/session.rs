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
}

/// What signing in takes.
#[derive(Serialize)]
struct SignIn<'a> {
    email: &'a str,
    password: &'a str,
}

/// Asks who is signed in.
///
/// # Errors
/// The problem `signed_out` when nobody is.
pub(crate) async fn who() -> Result<Person, Fault> {
    v1::get("/me").await
}

/// Signs in; the browser keeps the cookie.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn sign_in(email: &str, password: &str) -> Result<(), Fault> {
    v1::post(SESSION, &SignIn { email, password }).await
}

/// Signs out. Whether that worked.
pub(crate) async fn sign_out() -> bool {
    v1::delete(SESSION, None).await.is_ok()
}
