//! Who answers in a conversation: it is given to an agent, or back to the queue.

use axum::Json;
use axum::extract::State;
use relay_core::append::{Append, AppendError, Condition, NewBody, NewEvent, Queueing};
use relay_core::conversation::Conversation as Known;
use relay_core::{Source, conversation_of};
use relay_settings::{Problem, ProblemCode, Right, may as staff_may};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;
use wire::{AgentId, Author, Body, ConversationId, ConversationState, MessageId, Refusal};

use super::asker::Asker;
use super::body::{JsonBody, fields};
use super::conversation::{Conversation, found, may};
use super::error::{ApiError, ProblemBody};
use super::message;
use super::params::PathWords;
use crate::app::App;
use crate::clock::new_id;
use crate::store::{AgentRecord, StoreError};

/// How often it is tried again when the conversation has changed meanwhile.
const ATTEMPTS_MAX: usize = 3;
/// Any of these may be enough; which, depends on whose the conversation is and who gets it.
const ANY: [Right; 4] =
    [Right::ConversationAnswer, Right::ConversationTransfer, Right::ConversationAssign, Right::ConversationReleaseAny];

/// Who is to have a conversation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Assignment {
    /// The agent who gets it; `null` for the queue.
    #[serde(deserialize_with = "named")]
    #[schema(value_type = Option<String>, format = "uuid", required = true)]
    agent: Option<AgentId>,
}

/// Reads what may be null and must be there.
fn named<'de, D: Deserializer<'de>>(from: D) -> Result<Option<AgentId>, D::Error> {
    Option::deserialize(from)
}

/// Gives a conversation to an agent, or back to the queue. An agent takes what nobody has (`conversation_answer`), gives its own to a colleague
/// (`conversation_transfer`) or back, and with more rights does so with those of colleagues (`conversation_take_over`, `conversation_release_any`).
/// `conversation_assign` gives any to anybody; a program needs it.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/assign", tag = "conversations", params(("id" = String, Path, format = "uuid")),
    request_body = Assignment, responses((status = 200, body = Conversation),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn assign(
    State(app): State<App>,
    asker: Asker,
    PathWords(id): PathWords<ConversationId>,
    JsonBody(body): JsonBody,
) -> Result<Json<Conversation>, ApiError> {
    asker.must_have_any(&ANY)?;
    let mut known = found(&app, &asker, id, &ANY).await?;
    let asked: Assignment = fields(body, "the body: it has `agent`, an agent's id or `null` for the queue")?;
    for _ in 0..ATTEMPTS_MAX {
        if known.closed() {
            return Err(Refusal::Ended.into());
        }
        let append = match asked.agent {
            Some(agent) => given(&app, &asker, &known, agent).await?,
            None => queued(&asker, &known)?,
        };
        // It may be as it is to be.
        let Some(append) = append else { return Ok(Json(known.into())) };
        let done = message::append(&app, append).await;
        known = found(&app, &asker, id, &ANY).await?;
        match done {
            Ok(_) => return Ok(Json(known.into())),
            Err(AppendError::Moved) => {}
            Err(error) => return Err(error.refusal().into()),
        }
    }
    Err(Refusal::Busy.into())
}

/// Gives it to an agent, on condition that it has not changed and the agent has room; nothing when the agent has it already.
async fn given(app: &App, asker: &Asker, known: &Known, agent: AgentId) -> Result<Option<Append>, ApiError> {
    let (me, holder) = (asker.agent(), known.holder());
    let has = |right| may(asker, right, known);
    let takes = me == Some(agent) && has(Right::ConversationAnswer);
    let gives = me.is_some() && holder == me && has(Right::ConversationTransfer);
    let takes_now = takes && (holder.is_none_or(|holder| holder == agent) || has(Right::ConversationTakeOver));
    if !(has(Right::ConversationAssign) || gives || takes_now) {
        return Err(if takes { Refusal::Taken } else { Refusal::NotAllowed }.into());
    }
    if holder == Some(agent) {
        return Ok(None);
    }
    let record = answering(app, known, agent).await?;
    let joins = Author::Agent { id: agent, name: record.name };
    let new_events = vec![new_event(asker.author(), Body::Assigned { agent }), new_event(joins, Body::Joined)];
    let taken_from = holder.filter(|holder| me != Some(*holder));
    let append = Append { taken_from, ..Append::new(known.id, new_events) };
    let append = append.when(Condition::StaffHead(known.head.staff));
    Ok(Some(append.when(Condition::Capacity(agent, record.capacity))))
}

/// An agent who may answer in a conversation. One who may not is as good as none.
async fn answering(app: &App, known: &Known, agent: AgentId) -> Result<AgentRecord, ApiError> {
    let snapshot = app.settings.snapshot();
    let answers = |record: &AgentRecord| {
        staff_may(&record.staff(&snapshot), Right::ConversationAnswer, &conversation_of(&known.site))
    };
    match app.store.read(move |reader| reader.agent(agent)).await {
        Ok(record) if answers(&record) => Ok(record),
        Ok(_) | Err(StoreError::Missing) => {
            let remedy = "there is no agent with this id who may answer in this conversation".to_owned();
            Err(ApiError::Invalid(vec![Problem { field: "agent".to_owned(), code: ProblemCode::Missing, remedy }]))
        }
        Err(error) => Err(error.into()),
    }
}

/// Gives it back to the queue, on condition that it has not changed; nothing when it is there. Should its visitor not be there, the core sets it aside.
fn queued(asker: &Asker, known: &Known) -> Result<Option<Append>, ApiError> {
    let has = |right| may(asker, right, known);
    let any = has(Right::ConversationReleaseAny) || has(Right::ConversationAssign);
    let own = asker.agent().is_some_and(|me| known.holder() == Some(me)) && has(Right::ConversationAnswer);
    match known.state {
        ConversationState::Waiting { .. } => return Ok(None),
        ConversationState::Assigned { .. } if any || own => {}
        ConversationState::Assigned { .. } if has(Right::ConversationAnswer) => return Err(Refusal::Taken.into()),
        ConversationState::Assigned { .. } => return Err(Refusal::NotAllowed.into()),
        ConversationState::Idle { .. } | ConversationState::Closed { .. } => {
            let remedy = "nobody has it: it returns to the queue when its visitor writes or comes back".to_owned();
            let problem = Problem { field: "agent".to_owned(), code: ProblemCode::Contradiction, remedy };
            return Err(ApiError::Conflict(vec![problem]));
        }
    }
    let source = Source { address: known.address, network: known.network };
    let turn = Queueing { keep: Some(known.turn), source, known: known.known };
    let turn = NewEvent { id: MessageId(new_id()), author: asker.author(), body: NewBody::Turn(turn) };
    let append = Append::new(known.id, vec![new_event(Author::System, Body::Queued), turn]);
    Ok(Some(append.when(Condition::StaffHead(known.head.staff))))
}

fn new_event(author: Author, body: Body) -> NewEvent {
    NewEvent { id: MessageId(new_id()), author, body: NewBody::Ready(body) }
}
