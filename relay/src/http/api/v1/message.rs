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
use wire::{AttachmentId, Body, ConversationId, Event, MessageId, Refusal, check_text, trim_text};

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
    /// What it says, without the blank lines around it. A message has a text or a file, a note has a text.
    #[schema(min_length = 1, max_length = 10_000)]
    text: Option<String>,
    /// The file that it is, by the id under which it was brought into this conversation.
    #[schema(value_type = Option<String>, format = "uuid")]
    file: Option<AttachmentId>,
    /// `message`: for the visitor, from the agent who has the conversation or from a program. `note`: for agents alone, also after the end.
    #[serde(default)]
    #[schema(inline)]
    kind: MessageKind,
}

/// An event as it was recorded, as `docs/protocol.md` describes it: `seq`, `at_ms`, `author`, `body` and more.
#[derive(Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub(super) struct RecordedEvent(Event);

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
    let asked: NewMessage =
        fields(body, "the body: it has `text` or `file`, and perhaps `kind` (`message` or `note`)")?;
    let body = checked(&asked).map_err(|problem| ApiError::Invalid(vec![problem]))?;
    let right = match asked.kind {
        MessageKind::Message => Right::ConversationAnswer,
        MessageKind::Note => Right::ConversationNote,
    };
    if !may(&asker, right, &known) {
        return Err(Refusal::NotAllowed.into());
    }
    // A program holds no conversation, so that it needs none.
    let holder = asker.agent().filter(|_| asked.kind == MessageKind::Message).map(Condition::HeldBy);
    let new_event = NewEvent { id: message_id(&asker, "write", id, &headers), author: asker.author(), body };
    let done = append(&app, Append::new(id, vec![new_event]).when_all(holder)).await;
    if let Err(AppendError::FileMissing) = done {
        let remedy = "no file was brought into this conversation under this id".to_owned();
        let problem = Problem { field: "file".to_owned(), code: ProblemCode::Missing, remedy };
        return Err(ApiError::Invalid(vec![problem]));
    }
    let event = done
        .map_err(AppendError::refusal)?
        .events
        .into_iter()
        .next()
        .ok_or(ApiError::Internal("an append without an event"))?;
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
    let new_event = NewEvent {
        id: message_id(&asker, "end", id, &headers),
        author: asker.author(),
        body: NewBody::Ready(Body::Closed),
    };
    append(&app, Append::new(id, vec![new_event]).when_all(condition)).await.map_err(AppendError::refusal)?;
    Ok(Json(found(&app, &asker, id, &[Right::ConversationEnd]).await?.into()))
}

/// What is recorded, if it is within bounds.
fn checked(asked: &NewMessage) -> Result<NewBody, Problem> {
    let problem = |field: &str, code, remedy: String| Problem { field: field.to_owned(), code, remedy };
    let text = match (&asked.text, asked.file, asked.kind) {
        (None, Some(file), MessageKind::Message) => return Ok(NewBody::File(file)),
        (_, Some(_), _) => {
            let remedy = "a message has a text or a file, a note has a text".to_owned();
            return Err(problem("file", ProblemCode::Contradiction, remedy));
        }
        (text, None, _) => trim_text(text.as_deref().unwrap_or_default()),
    };
    match check_text(text) {
        Ok(()) => {
            let text = text.to_owned();
            let note = asked.kind == MessageKind::Note;
            Ok(NewBody::Ready(if note { Body::Note { text } } else { Body::Text { text } }))
        }
        Err(Refusal::TextEmpty) => Err(problem("text", ProblemCode::Required, "write something".to_owned())),
        Err(Refusal::TextTooLong { chars_max }) => {
            Err(problem("text", ProblemCode::TooLong, format!("it has {chars_max} characters at most")))
        }
        Err(_) => Err(problem("text", ProblemCode::Shape, "leave out the zero character".to_owned())),
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
/// Why it was not recorded.
pub(super) async fn append(app: &App, append: Append) -> Result<Appended, AppendError> {
    let (reply, answer) = oneshot::channel();
    app.core.send(Arrival::Append(append, reply)).await.map_err(|_| AppendError::Down)?;
    answer.await.unwrap_or(Err(AppendError::Down))
}

const _: () = assert!(TEXT_CHARS_MAX == 10_000, "the document of the API says so");
