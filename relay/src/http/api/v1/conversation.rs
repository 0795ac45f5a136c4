//! Conversations, read: lists by state and site, one conversation with the events of both lanes.
//!
//! What is not in the asker's scope is answered as if it were not there.

use axum::Json;
use axum::extract::State;
use relay_core::conversation::Conversation as Known;
use relay_core::conversation_of;
use relay_core::store::{Query, QueryAnswer};
use relay_settings::{Reach, Right};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wire::limit::PAGE_CONVERSATIONS_MAX;
use wire::{ConversationId, ConversationState, Event, Lane, SiteId};

use super::asker::Asker;
use super::error::{ApiError, ProblemBody};
use super::params::{PathWords, QueryWords, number, text};
use crate::app::App;
use crate::http::person::store_error;
use crate::store::StoreError;

/// Open conversations that are read at once for a page, …
const LOOKED_AT_ONCE: usize = PAGE_CONVERSATIONS_MAX + 1;
/// … and in all, when many of them are out of scope.
const LOOKED_AT_MAX: usize = 40 * LOOKED_AT_ONCE;

/// A conversation.
#[derive(Serialize, ToSchema)]
pub(super) struct Conversation {
    /// Its id.
    #[schema(format = "uuid")]
    id: String,
    /// The id of its site.
    site: String,
    /// The id of its visitor.
    #[schema(format = "uuid")]
    visitor: String,
    /// `idle`: nobody waits in it. `waiting`: in the queue. `assigned`: an agent has it. `ended`.
    state: &'static str,
    /// The agent it was last assigned to.
    agent: Option<String>,
    /// The time of its first event: Unix time in milliseconds.
    opened_at_ms: u64,
    /// The time of its last message.
    last_at_ms: u64,
    /// When it ended.
    ended_at_ms: Option<u64>,
    /// The visitor's language, a BCP 47 tag, or empty.
    language: String,
    /// The beginning of its last message.
    last_line: String,
    /// The visitor's rating.
    score: Option<u8>,
    /// Whether it was marked as spam.
    is_spam: bool,
    /// The number of the last event that both sides see.
    shared_head: u64,
    /// The number of the last event that agents alone see.
    staff_head: u64,
}

impl From<Known> for Conversation {
    fn from(known: Known) -> Self {
        let (state, ended_at_ms) = match known.state {
            ConversationState::Idle { .. } => ("idle", None),
            ConversationState::Waiting { .. } => ("waiting", None),
            ConversationState::Assigned { .. } => ("assigned", None),
            ConversationState::Closed { at_ms } => ("ended", Some(at_ms)),
        };
        Self {
            id: known.id.to_string(),
            site: known.site.to_string(),
            visitor: known.visitor.to_string(),
            state,
            agent: known.agent.map(|agent| agent.to_string()),
            opened_at_ms: known.opened_at_ms,
            last_at_ms: known.last_at_ms,
            ended_at_ms,
            language: known.language,
            last_line: known.last_line,
            score: Some(known.score).filter(|score| *score > 0),
            is_spam: known.spam,
            shared_head: known.head.shared.0,
            staff_head: known.head.staff.0,
        }
    }
}

/// Conversations of one state.
#[derive(Serialize, ToSchema)]
pub(super) struct ConversationPage {
    /// Open ones by id, so the oldest first; ended ones by the time of their end, the newest first.
    items: Vec<Conversation>,
    /// What to ask as `after` for the next page; none when this is the last.
    next: Option<String>,
}

/// Which conversations.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Which {
    /// Those that have not ended.
    #[default]
    Open,
    /// Those that have.
    Ended,
}

/// Which part of a list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ConversationsQuery {
    /// Open ones, or those that have ended.
    #[serde(default)]
    #[param(inline)]
    state: Which,
    /// Only those of this site.
    #[param(value_type = Option<String>, min_length = 1, max_length = 40, pattern = "^[a-z0-9-]+$")]
    site: Option<SiteId>,
    /// The `next` of the page before; nothing for the first page.
    #[serde(default, deserialize_with = "text::<60, _>")]
    #[param(max_length = 60)]
    after: Option<String>,
}

/// Lists the conversations in the asker's scope, 50 on a page.
#[utoipa::path(get, path = "/api/v1/conversations", tag = "conversations", params(ConversationsQuery),
    responses((status = 200, body = ConversationPage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(app): State<App>,
    asker: Asker,
    QueryWords(query): QueryWords<ConversationsQuery>,
) -> Result<Json<ConversationPage>, ApiError> {
    asker.must_have(Right::ConversationRead)?;
    let readable = |known: &Known| {
        query.site.as_ref().is_none_or(|site| *site == known.site) && may(&asker, Right::ConversationRead, known)
    };
    let malformed = || ApiError::Malformed("the parameter `after`: it is the `next` of a page of the same list");
    let (items, next) = match query.state {
        Which::Open => {
            let after: Option<ConversationId> =
                query.after.as_deref().map(|after| after.parse().map_err(|_| malformed())).transpose()?;
            let (items, next) = open_page(&app, after.unwrap_or(ConversationId(0)), readable).await?;
            (items, next.map(|next| next.to_string()))
        }
        Which::Ended => {
            let (before_ms, before) = match query.after.as_deref() {
                None => (u64::MAX, None),
                Some(after) => {
                    let (ms, id) = after.split_once('.').ok_or_else(malformed)?;
                    (ms.parse().map_err(|_| malformed())?, Some(id.parse().map_err(|_| malformed())?))
                }
            };
            let sites = sites(&asker, query.site.as_ref());
            let (mut rows, more) = rows(&app, Query::Closed { before_ms, before, sites }).await?;
            let next = rows.last().filter(|_| more).and_then(|last| match last.state {
                ConversationState::Closed { at_ms } => Some(format!("{at_ms}.{}", last.id)),
                ConversationState::Idle { .. }
                | ConversationState::Waiting { .. }
                | ConversationState::Assigned { .. } => None,
            });
            rows.retain(readable);
            (rows, next)
        }
    };
    Ok(Json(ConversationPage { items: items.into_iter().map(Conversation::from).collect(), next }))
}

/// A page of the open conversations that are `readable`, by id. It looks through so many of the others at most, and is shorter if these are between.
async fn open_page(
    app: &App,
    mut after: ConversationId,
    readable: impl Fn(&Known) -> bool,
) -> Result<(Vec<Known>, Option<ConversationId>), ApiError> {
    let mut items = Vec::new();
    for _ in 0..LOOKED_AT_MAX / LOOKED_AT_ONCE {
        let seen = app.store.read(move |reader| reader.open_conversations_after(after, LOOKED_AT_ONCE)).await?;
        let is_last = seen.len() < LOOKED_AT_ONCE;
        for known in seen {
            after = known.id;
            if !readable(&known) {
                continue;
            }
            if items.len() == PAGE_CONVERSATIONS_MAX {
                let next = items.last().map(|last: &Known| last.id);
                return Ok((items, next));
            }
            items.push(known);
        }
        if is_last {
            return Ok((items, None));
        }
    }
    Ok((items, Some(after)))
}

/// Reads a conversation.
#[utoipa::path(get, path = "/api/v1/conversations/{id}", tag = "conversations", params(("id" = String, Path, format = "uuid")),
    responses((status = 200, body = Conversation),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn read(
    State(app): State<App>,
    asker: Asker,
    PathWords(id): PathWords<ConversationId>,
) -> Result<Json<Conversation>, ApiError> {
    asker.must_have(Right::ConversationRead)?;
    Ok(Json(found(&app, &asker, id, &[Right::ConversationRead]).await?.into()))
}

/// A conversation in which the asker has one of these rights; there is none otherwise.
pub(super) async fn found(app: &App, asker: &Asker, id: ConversationId, any: &[Right]) -> Result<Known, ApiError> {
    let asked = Query::Conversation { conversation: id };
    match app.store.read(move |reader| reader.query(&asked).map_err(store_error)).await? {
        QueryAnswer::Conversation(known) if any.iter().any(|right| may(asker, *right, &known)) => Ok(*known),
        QueryAnswer::Conversation(_) => Err(ApiError::NotFound),
        QueryAnswer::Events { .. } | QueryAnswer::Conversations { .. } => Err(StoreError::Down.into()),
    }
}

/// Events of one lane, in their order.
#[derive(Serialize, ToSchema)]
pub(super) struct EventPage {
    /// The events, as `docs/protocol.md` describes them: `seq`, `at_ms`, `author`, `body` and more.
    #[schema(value_type = Vec<Object>)]
    items: Vec<Event>,
    /// What to ask as `after` for the next page; none when this is the last.
    next: Option<u64>,
}

/// Which events.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct EventsQuery {
    /// `shared`: what both sides see. `staff`: what agents alone see, as notes.
    #[serde(default = "shared")]
    #[param(value_type = Option<String>, inline, pattern = "^(shared|staff)$")]
    lane: Lane,
    /// The `next` of the page before; nothing for the first page.
    #[serde(default, deserialize_with = "number")]
    #[param(minimum = 0)]
    after: Option<u64>,
}

const fn shared() -> Lane {
    Lane::Shared
}

/// Reads the events of a conversation, one lane at a time, 200 on a page at most.
#[utoipa::path(get, path = "/api/v1/conversations/{id}/events", tag = "conversations", params(("id" = String, Path, format = "uuid"), EventsQuery),
    responses((status = 200, body = EventPage),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn events(
    State(app): State<App>,
    asker: Asker,
    PathWords(id): PathWords<ConversationId>,
    QueryWords(query): QueryWords<EventsQuery>,
) -> Result<Json<EventPage>, ApiError> {
    asker.must_have(Right::ConversationRead)?;
    let (lane, after) = (query.lane, wire::Seq(query.after.unwrap_or(0)));
    let asked = Query::Events { conversation: id, lane, after };
    match app.store.read(move |reader| reader.query(&asked).map_err(store_error)).await? {
        QueryAnswer::Events { conversation, events } if may(&asker, Right::ConversationRead, &conversation) => {
            let head = if lane == Lane::Shared { conversation.head.shared } else { conversation.head.staff };
            let next = events.last().map(|last| last.seq).filter(|seq| *seq < head).map(|seq| seq.0);
            Ok(Json(EventPage { items: events, next }))
        }
        QueryAnswer::Events { .. } => Err(ApiError::NotFound),
        QueryAnswer::Conversation(_) | QueryAnswer::Conversations { .. } => Err(StoreError::Down.into()),
    }
}

/// Whether the asker may do this in a conversation.
pub(super) fn may(asker: &Asker, right: Right, known: &Known) -> bool {
    asker.may(right, &conversation_of(&known.site))
}

/// The sites of the asker's scope, or the one that is asked for.
pub(super) fn sites(asker: &Asker, only: Option<&SiteId>) -> Reach<SiteId> {
    only.map_or_else(|| asker.staff().scope.sites.clone(), |site| Reach::Some([site.clone()].into()))
}

/// Conversations that the store lists, and whether there are more.
pub(super) async fn rows(app: &App, query: Query) -> Result<(Vec<Known>, bool), ApiError> {
    match app.store.read(move |reader| reader.query(&query).map_err(store_error)).await? {
        QueryAnswer::Conversations { rows, more } => Ok((rows, more)),
        QueryAnswer::Events { .. } | QueryAnswer::Conversation(_) => Err(StoreError::Down.into()),
    }
}
