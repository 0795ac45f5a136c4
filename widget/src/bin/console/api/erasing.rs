//! Holding conversations, and erasing visitors.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use wire::{ConversationId, VisitorId};

use super::v1::{self, Fault};
use crate::ui::who::Who;

/// Why a conversation is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hold {
    /// The reason.
    pub(crate) reason: String,
    /// Who holds it.
    pub(crate) who: Who,
    /// Since when, in milliseconds since 1970 UTC.
    pub(crate) since_ms: u64,
}

/// What the relay says of a hold; all empty when there is none.
#[derive(Deserialize)]
struct Answer {
    reason: Option<String>,
    who: Option<Who>,
    since_ms: Option<u64>,
}

/// How far the erasure of a visitor has come.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Erasure {
    /// Whether somebody asked for it.
    pub(crate) is_asked: bool,
    /// When it was done, in milliseconds since 1970 UTC.
    pub(crate) done_at_ms: Option<u64>,
}

/// Why a visitor is not erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unerased {
    /// These of their conversations are held.
    Held(Vec<ConversationId>),
    /// Something else.
    Fault(Fault),
}

/// Who holds a conversation and why; none when it is not held.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn hold(conversation: ConversationId) -> Result<Option<Hold>, Fault> {
    let Answer { reason, who, since_ms } = v1::get(&path_of_hold(conversation)).await?;
    Ok(reason.zip(who).zip(since_ms).map(|((reason, who), since_ms)| Hold { reason, who, since_ms }))
}

/// Holds a conversation.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn begin_hold(conversation: ConversationId, reason: &str) -> Result<(), Fault> {
    v1::put_only(&path_of_hold(conversation), &json!({ "reason": reason })).await
}

/// Holds a conversation no more.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn end_hold(conversation: ConversationId) -> Result<(), Fault> {
    v1::delete(&path_of_hold(conversation), None).await
}

/// How far the erasure of a visitor has come.
///
/// # Errors
/// What the relay says, or that it was not reached.
pub(crate) async fn erasure(visitor: VisitorId) -> Result<Erasure, Fault> {
    v1::get(&path_of_erasure(visitor)).await
}

/// Erases a visitor; the relay goes on with it by itself.
///
/// # Errors
/// What of them is held, what the relay says, or that it was not reached.
pub(crate) async fn erase(visitor: VisitorId) -> Result<(), Unerased> {
    match v1::post(&path_of_erasure(visitor), &Map::<String, Value>::new()).await {
        Err(Fault::Problem(problem)) if problem.name() == "conflict" => {
            Err(Unerased::Held(problem.problems.iter().filter_map(|found| found.field.parse().ok()).collect()))
        }
        done => done.map_err(Unerased::Fault),
    }
}

fn path_of_hold(conversation: ConversationId) -> String {
    format!("/conversations/{conversation}/hold")
}

fn path_of_erasure(visitor: VisitorId) -> String {
    format!("/visitors/{visitor}/erase")
}
