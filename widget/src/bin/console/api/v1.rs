//! Calls of the relay's API: what goes wrong comes as a problem (RFC 9457) with its fields.

use gloo_net::http::{Request, Response};
use relay_settings::ProblemCode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::again;

/// What all paths of the API begin with.
const ROOT: &str = "/api/v1";

/// Why a call was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The relay says why.
    Problem(Problem),
    /// The relay cannot be reached, or something between answered.
    Unreachable,
}

impl Fault {
    /// Whether the relay answered with a problem of this name.
    pub(crate) fn is(&self, name: &str) -> bool {
        matches!(self, Self::Problem(problem) if problem.name() == name)
    }
}

/// What the relay says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Problem {
    /// The kind of problem: `urn:causeway:problem:` and a name.
    #[serde(rename = "type")]
    kind: String,
    /// What is wrong, field by field.
    #[serde(default)]
    pub(crate) problems: Vec<FieldProblem>,
    /// When to try again, in seconds, if that is known.
    #[serde(skip)]
    pub(crate) retry_after_s: Option<u64>,
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct FieldProblem {
    /// The field as a path.
    pub(crate) field: String,
    /// Which kind of problem.
    pub(crate) code: ProblemCode,
    /// What to do, in English, with the bounds in it.
    #[serde(default)]
    pub(crate) remedy: String,
}

impl Problem {
    /// The name of its kind.
    pub(crate) fn name(&self) -> &str {
        self.kind.rsplit(':').next().unwrap_or_default()
    }
}

/// Reads something.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn get<T: DeserializeOwned>(path: &str) -> Result<T, Fault> {
    read(send(|| Request::get(&[ROOT, path].concat()).build()).await?).await
}

/// Reads the bytes of something that is no JSON.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(super) async fn bytes(path: &str) -> Result<Vec<u8>, Fault> {
    let answer = send(|| Request::get(&[ROOT, path].concat()).build()).await?;
    answer.binary().await.map_err(|_| Fault::Unreachable)
}

/// Sends something new.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn post(path: &str, body: &impl Serialize) -> Result<(), Fault> {
    send(|| Request::post(&[ROOT, path].concat()).json(body)).await.map(drop)
}

/// Sends something new, and reads what came of it, if anything is answered.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn post_for_some<T: DeserializeOwned>(path: &str, body: &impl Serialize) -> Result<Option<T>, Fault> {
    let answer = send(|| Request::post(&[ROOT, path].concat()).json(body)).await?;
    if answer.status() == 204 { Ok(None) } else { read(answer).await.map(Some) }
}

/// Sends something and reads the answer.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn ask<T: DeserializeOwned>(path: &str, body: &impl Serialize) -> Result<T, Fault> {
    read(send(|| Request::post(&[ROOT, path].concat()).json(body)).await?).await
}

/// Changes fields of something that has this version, and reads what came of it.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn patch<T: DeserializeOwned>(path: &str, version: u64, body: &impl Serialize) -> Result<T, Fault> {
    let request = || Request::patch(&[ROOT, path].concat()).header("if-match", &format!("\"{version}\""));
    read(send(|| request().json(body)).await?).await
}

/// Writes something, under a condition if there is one, and reads what came of it.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn put<T: DeserializeOwned>(
    path: &str,
    condition: Option<(&str, &str)>,
    body: &impl Serialize,
) -> Result<T, Fault> {
    let request = || {
        let request = Request::put(&[ROOT, path].concat());
        match condition {
            Some((name, value)) => request.header(name, value).json(body),
            None => request.json(body),
        }
    };
    read(send(request).await?).await
}

/// Writes something of which nothing is answered.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn put_only(path: &str, body: &impl Serialize) -> Result<(), Fault> {
    send(|| Request::put(&[ROOT, path].concat()).json(body)).await.map(drop)
}

/// Removes something, if it has this version.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn delete(path: &str, version: Option<u64>) -> Result<(), Fault> {
    let request = || {
        let request = Request::delete(&[ROOT, path].concat());
        match version {
            Some(version) => request.header("if-match", &format!("\"{version}\"")).build(),
            None => request.build(),
        }
    };
    send(request).await.map(drop)
}

/// Sends a request; once more, as long as the relay wants a late sign-in and the agent gives the password.
async fn send(request: impl Fn() -> Result<Request, gloo_net::Error>) -> Result<Response, Fault> {
    loop {
        let request = request().map_err(|_| Fault::Unreachable)?;
        match accepted(request.send().await.map_err(|_| Fault::Unreachable)?).await {
            Err(Fault::Problem(problem)) if problem.name() == "sign_in_again" => {
                if !again::ask().await {
                    return Err(Fault::Problem(problem));
                }
            }
            answer => return answer,
        }
    }
}

async fn read<T: DeserializeOwned>(answer: Response) -> Result<T, Fault> {
    answer.json().await.map_err(|_| Fault::Unreachable)
}

/// The answer, unless it is a problem.
async fn accepted(answer: Response) -> Result<Response, Fault> {
    if answer.ok() {
        return Ok(answer);
    }
    let retry_after_s = answer.headers().get("retry-after").and_then(|seconds| seconds.parse().ok());
    let problem = answer.json().await.map(|problem| Problem { retry_after_s, ..problem });
    Err(problem.map_or(Fault::Unreachable, Fault::Problem))
}
