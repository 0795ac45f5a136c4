//! Requests over HTTP: signing in and out, and the relay's API. Conversations go over the connection.

pub(crate) mod documents;
pub(crate) mod setup;
pub(crate) mod v1;

use gloo_net::http::{Request, RequestBuilder, Response};
use serde::{Deserialize, Serialize};
use wire::Refusal;

/// The path by which to sign in, ask who is signed in, and sign out.
const SESSION: &str = "/session";

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Person {
    /// Name shown to visitors.
    pub(crate) name: String,
    /// Address they sign in with.
    pub(crate) email: String,
}

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Nobody is signed in.
    SignedOut,
    /// The relay refuses.
    Refused(Refusal),
    /// The relay cannot be reached, or gave no reason.
    Unreachable,
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
/// `SignedOut` when nobody is.
pub(crate) async fn who() -> Result<Person, Trouble> {
    let answer = answer(Request::get(SESSION)).await?;
    match answer.status() {
        200 => answer.json().await.map_err(|_| Trouble::Unreachable),
        401 => Err(Trouble::SignedOut),
        _ => Err(trouble(answer).await),
    }
}

/// Signs in; the browser keeps the cookie.
///
/// # Errors
/// What the relay refuses, or that it was not reached.
pub(crate) async fn sign_in(email: &str, password: &str) -> Result<(), Trouble> {
    let request = Request::post(SESSION).json(&SignIn { email, password }).map_err(|_| Trouble::Unreachable)?;
    let answer = request.send().await.map_err(|_| Trouble::Unreachable)?;
    if answer.status() == 204 { Ok(()) } else { Err(trouble(answer).await) }
}

/// Signs out. Whether that worked.
pub(crate) async fn sign_out() -> bool {
    answer(Request::delete(SESSION)).await.is_ok_and(|answer| matches!(answer.status(), 204 | 401))
}

async fn answer(request: RequestBuilder) -> Result<Response, Trouble> {
    request.send().await.map_err(|_| Trouble::Unreachable)
}

/// Reads the relay's reason. Without one the relay was not reached, or something between answered.
async fn trouble(answer: Response) -> Trouble {
    answer.json().await.map_or(Trouble::Unreachable, Trouble::Refused)
}
