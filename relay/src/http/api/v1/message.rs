//! Writing to conversations: messages, notes, the end. It goes through the core's task as what comes on connections does, so that whoever follows the
//! conversation sees it at once; whether it may be recorded is decided in the store's transaction.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use relay_core::append::{Append, AppendError, Appended, Condition, NewBody, NewEvent};
use relay_settings::{Problem, ProblemCode, Right};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;
use utoipa::ToSchema;
use wire::limit::TEXT_CHARS_MAX;
use wire::{Body, ConversationId, Event, MessageId, Refusal, check_text, trim_text};

use super::asker::Asker;
use super::body::{JsonBody, fields};
use super::conversation::{Conversation, found, may};
use super::error::{ApiError, ProblemBody};
use super::idempotency::KEY;
use super::params::PathWords;
use crate::app::App;
use crate::clock::new_id;
use crate::core_task::Arrival;

/// Whom a text is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum MessageKind {
    /// For the visitor.
    #[default]
    Message,
    /// A private note, for agents alone.
    Note,
}

/// What is to be written.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewMessage {
    /// What it says, without the blank lines around it.
    #[schema(min_length = 1, max_length = 10_000)]
    text: String,
    /// `message`: for the visitor, from the agent who has the conversation or from a program. `note`: for agents alone, also after the end.
    #[serde(default)]
    #[schema(inline)]
    kind: MessageKind,
}

/// An event as it was recorded, as `docs/protocol.md` describes it: `seq`, `at_ms`, `author`, `body` and more.
#[derive(Serialize, ToSchema)]
#[serde(transparent)]
pub(super) struct RecordedEvent(#[schema(value_type = Object)] Event);

/// Writes a message or a note. A program writes under the name of its key and is shown as one; an agent writes messages where it has the conversation.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/messages", tag = "conversations", params(("id" = String, Path, format = "uuid")),
    request_body = NewMessage, responses((status = 201, body = RecordedEvent),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn write(
    State(app): State<App>,
    asker: Asker,
    PathWords(id): PathWords<ConversationId>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<RecordedEvent>), ApiError> {
    const ANY: [Right; 2] = [Right::ConversationAnswer, Right::ConversationNote];
    asker.must_have_any(&ANY)?;
    let known = found(&app, &asker, id, &ANY).await?;
    let asked: NewMessage = fields(body, "the body: it has `text`, and perhaps `kind` (`message` or `note`)")?;
    let text = checked(&asked.text).map_err(|problem| ApiError::Invalid(vec![problem]))?;
    let (right, body) = match asked.kind {
        MessageKind::Message => (Right::ConversationAnswer, Body::Text { text }),
        MessageKind::Note => (Right::ConversationNote, Body::Note { text }),
    };
    if !may(&asker, right, &known) {
        return Err(Refusal::NotAllowed.into());
    }
    // A program holds no conversation, so that it needs none.
    let holder = asker.agent().filter(|_| asked.kind == MessageKind::Message).map(Condition::HeldBy);
    let new_event = NewEvent { id: message_id(&asker, "write", id, &headers), author: asker.author(), body: NewBody::Ready(body) };
    let done = append(&app, Append::new(id, vec![new_event]).when_all(holder)).await?;
    let event = done.events.into_iter().next().ok_or(ApiError::Internal("an append without an event"))?;
    Ok((StatusCode::CREATED, Json(RecordedEvent(event))))
}

/// Ends a conversation: of one's own or of nobody, with the right `conversation_end_any` of anybody.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/end", tag = "conversations", params(("id" = String, Path, format = "uuid")),
    responses((status = 200, body = Conversation),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn end(
    State(app): State<App>,
    asker: Asker,
    PathWords(id): PathWords<ConversationId>,
    headers: HeaderMap,
) -> Result<Json<Conversation>, ApiError> {
    asker.must_have(Right::ConversationEnd)?;
    let known = found(&app, &asker, id, &[Right::ConversationEnd]).await?;
    let mine = || asker.agent().map_or(Condition::HeldByNobody, Condition::NotHeldByOthers);
    let condition = (!may(&asker, Right::ConversationEndAny, &known)).then(mine);
    let new_event =
        NewEvent { id: message_id(&asker, "end", id, &headers), author: asker.author(), body: NewBody::Ready(Body::Closed) };
    append(&app, Append::new(id, vec![new_event]).when_all(condition)).await?;
    Ok(Json(found(&app, &asker, id, &[Right::ConversationEnd]).await?.into()))
}

/// The text as it is recorded.
fn checked(text: &str) -> Result<String, Problem> {
    let text = trim_text(text);
    let problem = |code, remedy: String| Problem { field: "text".to_owned(), code, remedy };
    match check_text(text) {
        Ok(()) => Ok(text.to_owned()),
        Err(Refusal::TextEmpty) => Err(problem(ProblemCode::Required, "write something".to_owned())),
        Err(Refusal::TextTooLong { chars_max }) => {
            Err(problem(ProblemCode::TooLong, format!("it has {chars_max} characters at most")))
        }
        Err(_) => Err(problem(ProblemCode::Shape, "leave out the characters that no text has, such as a zero".to_owned())),
    }
}

/// The id of what is recorded. With an `Idempotency-Key` it is the same each time, so that the store itself records it once, however late it is repeated.
fn message_id(asker: &Asker, what: &str, conversation: ConversationId, headers: &HeaderMap) -> MessageId {
    let Some(key) = headers.get(KEY) else { return MessageId(new_id()) };
    let mut all = Sha256::new();
    for part in [asker.by().who.key().as_bytes(), what.as_bytes(), &conversation.0.to_be_bytes(), key.as_bytes()] {
        all.update((part.len() as u64).to_be_bytes());
        all.update(part);
    }
    let mut id = [0; 16];
    id.copy_from_slice(&all.finalize()[..16]);
    MessageId(u128::from_be_bytes(id))
}

/// Records, by the path of all appends.
///
/// # Errors
/// Why it was not recorded, as a problem.
pub(super) async fn append(app: &App, append: Append) -> Result<Appended, ApiError> {
    Ok(try_append(app, append).await.map_err(AppendError::refusal)?)
}

/// The same, for those who try again.
///
/// # Errors
/// Why it was not recorded.
pub(super) async fn try_append(app: &App, append: Append) -> Result<Appended, AppendError> {
    let (reply, answer) = oneshot::channel();
    app.core.send(Arrival::Append(append, reply)).await.map_err(|_| AppendError::Down)?;
    answer.await.unwrap_or(Err(AppendError::Down))
}

const _: () = assert!(TEXT_CHARS_MAX == 10_000, "the document of the API says so");
