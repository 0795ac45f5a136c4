//! Erasing a visitor, and holding conversations: what is held is neither removed by retention nor erased.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use relay_core::conversation::Conversation;
use relay_core::conversation_of;
use relay_settings::{Problem, ProblemCode, Right};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::{ConversationId, VisitorId, check_text, trim_text};

use super::asker::Asker;
use super::body::{JsonBody, fields};
use super::conversation::found;
use super::error::{ApiError, ProblemBody};
use super::params::PathWords;
use crate::app::App;
use crate::audit::{Action, NewEntry, Subject, Who};
use crate::erasing::visitor;
use crate::store::{ErasureRecord, HOLD_REASON_CHARS_MAX, HOLDS_MAX, HoldRecord, StoreError, VisitorRecord, optional};

/// How far the erasure of a visitor has come.
#[derive(Serialize, ToSchema)]
pub(super) struct Erasure {
    /// The visitor's id.
    #[schema(format = "uuid")]
    visitor: String,
    /// Whether somebody asked for it.
    is_asked: bool,
    /// Whether all of it is done. Copies that were made before (backups, exports) are not reached.
    is_done: bool,
    /// When it was asked for: Unix time in milliseconds.
    asked_at_ms: Option<u64>,
    /// When it was done.
    done_at_ms: Option<u64>,
}

impl Erasure {
    fn of(visitor: VisitorId, record: Option<&ErasureRecord>) -> Self {
        let done_at_ms = record.and_then(|record| record.done_at_ms);
        Self {
            visitor: visitor.to_string(),
            is_asked: record.is_some(),
            is_done: done_at_ms.is_some(),
            asked_at_ms: record.map(|record| record.asked_at_ms),
            done_at_ms,
        }
    }
}

/// Erases a visitor: what they have open ends, and texts, names, pages and files are removed for good, in the background. Ids, times and scores remain.
/// Needs a sign-in of the last ten minutes.
#[utoipa::path(post, path = "/api/v1/visitors/{id}/erase", tag = "conversations", params(("id" = String, Path, format = "uuid")),
    responses((status = 202, body = Erasure, description = "It is begun."),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn erase(
    State(app): State<App>,
    asker: Asker,
    PathWords(id): PathWords<VisitorId>,
) -> Result<(StatusCode, Json<Erasure>), ApiError> {
    let site = known(&app, &asker, id).await?.site;
    asker.must_be_confirmed()?;
    let by = asker.by();
    match app.store.write(move |writer| visitor::begin(writer, id, &site, &by)).await {
        Ok(record) => Ok((StatusCode::ACCEPTED, Json(Erasure::of(id, Some(&record))))),
        Err(StoreError::Conflict) => {
            let holds = app.store.read(move |reader| reader.holds_of(id)).await?;
            let said = |hold: HoldRecord| Problem {
                field: hold.conversation.to_string(),
                code: ProblemCode::InUse,
                remedy: format!("This conversation is held since {}: end that first.", hold.since_ms),
            };
            Err(ApiError::Conflict(holds.into_iter().map(said).collect()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Reads how far the erasure of a visitor has come.
#[utoipa::path(get, path = "/api/v1/visitors/{id}/erase", tag = "conversations", params(("id" = String, Path, format = "uuid")),
    responses((status = 200, body = Erasure),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn erasure(
    State(app): State<App>,
    asker: Asker,
    PathWords(id): PathWords<VisitorId>,
) -> Result<Json<Erasure>, ApiError> {
    known(&app, &asker, id).await?;
    let record = optional(app.store.read(move |reader| reader.erasure(id)).await)?;
    Ok(Json(Erasure::of(id, record.as_ref())))
}

/// A visitor whom the asker may erase. All their conversations are, so those of all departments must be in the asker's scope.
async fn known(app: &App, asker: &Asker, id: VisitorId) -> Result<VisitorRecord, ApiError> {
    asker.must_have(Right::VisitorErase)?;
    let record = app.store.read(move |reader| reader.visitor(id)).await?;
    let subject = relay_settings::Subject::Visitor { site: &record.site };
    let may =
        asker.may(Right::VisitorErase, &subject) && asker.may(Right::VisitorErase, &conversation_of(&record.site));
    if may { Ok(record) } else { Err(ApiError::NotFound) }
}

/// Why a conversation is held.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HoldReason {
    /// For colleagues.
    #[schema(min_length = 1, max_length = 200)]
    reason: String,
}

/// Whether a conversation is held.
#[derive(Serialize, ToSchema)]
pub(super) struct Hold {
    /// The conversation's id.
    #[schema(format = "uuid")]
    conversation: String,
    /// Whether it is held: nothing of it is removed, and its visitor is not erased.
    is_held: bool,
    /// Why.
    reason: Option<String>,
    /// Who holds it.
    #[schema(value_type = Option<Object>)]
    who: Option<Who>,
    /// Since when: Unix time in milliseconds.
    since_ms: Option<u64>,
}

impl Hold {
    fn of(conversation: ConversationId, record: Option<HoldRecord>) -> Self {
        let (reason, who, since_ms) = match record {
            Some(HoldRecord { reason, who, since_ms, .. }) => (Some(reason), Some(who), Some(since_ms)),
            None => (None, None, None),
        };
        Self { conversation: conversation.to_string(), is_held: who.is_some(), reason, who, since_ms }
    }
}

/// Reads whether a conversation is held.
#[utoipa::path(get, path = "/api/v1/conversations/{id}/hold", tag = "conversations", params(("id" = String, Path, format = "uuid")),
    responses((status = 200, body = Hold),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn hold(
    State(app): State<App>,
    asker: Asker,
    PathWords(id): PathWords<ConversationId>,
) -> Result<Json<Hold>, ApiError> {
    holdable(&app, &asker, id).await?;
    let record = optional(app.store.read(move |reader| reader.hold(id)).await)?;
    Ok(Json(Hold::of(id, record)))
}

/// Holds a conversation: retention removes nothing of it, and its visitor is not erased. Held already, it has another reason afterwards.
#[utoipa::path(put, path = "/api/v1/conversations/{id}/hold", tag = "conversations", request_body = HoldReason,
    params(("id" = String, Path, format = "uuid")),
    responses((status = 200, body = Hold),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn put_hold(
    State(app): State<App>,
    asker: Asker,
    PathWords(id): PathWords<ConversationId>,
    JsonBody(body): JsonBody<4096>,
) -> Result<Json<Hold>, ApiError> {
    let known = holdable(&app, &asker, id).await?;
    let HoldReason { reason } = fields(body, "the body: it has `reason`")?;
    let reason = trim_text(&reason).to_owned();
    if check_text(&reason).is_err() || reason.chars().count() > HOLD_REASON_CHARS_MAX {
        let remedy = format!("Say in 1 to {HOLD_REASON_CHARS_MAX} characters why.");
        return Err(ApiError::Invalid(vec![Problem {
            field: "reason".to_owned(),
            code: ProblemCode::TooLong,
            remedy,
        }]));
    }
    let by = asker.by();
    let record = HoldRecord {
        conversation: id,
        visitor: known.visitor,
        site: known.site.clone(),
        reason,
        who: by.who.clone(),
        since_ms: by.at_ms,
    };
    let (kept, entry) = (record.clone(), NewEntry::new(by, Action::Held).on(subject(&known)));
    let held = app.store.write(move |writer| {
        writer.put_hold(&kept)?;
        writer.append_audit(&entry).map(drop)
    });
    let refused = |code, remedy: String| ApiError::Conflict(vec![Problem { field: String::new(), code, remedy }]);
    match held.await {
        Ok(()) => Ok(Json(Hold::of(id, Some(record)))),
        Err(StoreError::Conflict) => {
            Err(refused(ProblemCode::Contradiction, "Its visitor is erased, or is being erased.".to_owned()))
        }
        Err(StoreError::Busy) => {
            Err(refused(ProblemCode::TooLong, format!("{HOLDS_MAX} are held, and no more may be: end some first.")))
        }
        Err(error) => Err(error.into()),
    }
}

/// Holds a conversation no more. One that is not held stays so.
#[utoipa::path(delete, path = "/api/v1/conversations/{id}/hold", tag = "conversations", params(("id" = String, Path, format = "uuid")),
    responses((status = 204, description = "It is not held."),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn end_hold(
    State(app): State<App>,
    asker: Asker,
    PathWords(id): PathWords<ConversationId>,
) -> Result<StatusCode, ApiError> {
    let known = holdable(&app, &asker, id).await?;
    let entry = NewEntry::new(asker.by(), Action::HoldEnded).on(subject(&known));
    let ended = app.store.write(move |writer| {
        writer.remove_hold(id)?;
        writer.append_audit(&entry).map(drop)
    });
    optional(ended.await)?;
    Ok(StatusCode::NO_CONTENT)
}

/// A conversation that the asker may hold.
async fn holdable(app: &App, asker: &Asker, id: ConversationId) -> Result<Conversation, ApiError> {
    asker.must_have(Right::RetentionHold)?;
    found(app, asker, id, &[Right::RetentionHold]).await
}

fn subject(known: &Conversation) -> Subject {
    Subject::new("conversation", &known.id).of(known.site.clone())
}
