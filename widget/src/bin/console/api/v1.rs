//! Calls of the relay's API: what goes wrong comes as a problem (RFC 9457) with its fields.

use gloo_net::http::{Request, Response};
use relay_settings::ProblemCode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

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
    let answer = Request::get(&[ROOT, path].concat()).send().await.map_err(|_| Fault::Unreachable)?;
    let answer = accepted(answer).await?;
    answer.json().await.map_err(|_| Fault::Unreachable)
}

/// Sends something new.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn post(path: &str, body: &impl Serialize) -> Result<(), Fault> {
    let request = Request::post(&[ROOT, path].concat()).json(body).map_err(|_| Fault::Unreachable)?;
    let answer = request.send().await.map_err(|_| Fault::Unreachable)?;
    accepted(answer).await.map(drop)
}

/// Sends something and reads the answer.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn ask<T: DeserializeOwned>(path: &str, body: &impl Serialize) -> Result<T, Fault> {
    let request = Request::post(&[ROOT, path].concat()).json(body).map_err(|_| Fault::Unreachable)?;
    let answer = request.send().await.map_err(|_| Fault::Unreachable)?;
    accepted(answer).await?.json().await.map_err(|_| Fault::Unreachable)
}

/// Writes something under a condition, and reads what came of it.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn put<T: DeserializeOwned>(
    path: &str,
    condition: (&str, &str),
    body: &impl Serialize,
) -> Result<T, Fault> {
    let request = Request::put(&[ROOT, path].concat());
    let request = request.header(condition.0, condition.1).json(body).map_err(|_| Fault::Unreachable)?;
    let answer = request.send().await.map_err(|_| Fault::Unreachable)?;
    accepted(answer).await?.json().await.map_err(|_| Fault::Unreachable)
}

/// Removes something, if it has this version.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn delete(path: &str, version: Option<u64>) -> Result<(), Fault> {
    let mut request = Request::delete(&[ROOT, path].concat());
    if let Some(version) = version {
        request = request.header("if-match", &format!("\"{version}\""));
    }
    accepted(request.send().await.map_err(|_| Fault::Unreachable)?).await.map(drop)
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
