//! Keeping a visitor out, and undoing it. Addresses and networks are blocked from the console, where it shows who else comes from there.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use relay_core::store::Query;
use relay_settings::{Problem, ProblemCode, Right};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use utoipa::ToSchema;
use wire::limit::{BLOCK_MS_MAX, BLOCK_REASON_CHARS_MAX, BLOCKS_MAX};
use wire::{BlockId, BlockScope, BlockSummary, SiteId, VisitorId};

use super::asker::Asker;
use super::body::{JsonBody, fields};
use super::conversation::{may, rows, sites};
use super::error::{ApiError, ProblemBody};
use super::params::PathWords;
use crate::app::App;
use crate::clock::new_id;
use crate::core_task::Arrival;
use crate::store::StoreError;

/// For how long a visitor is kept out, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewBlock {
    /// For so many milliseconds from now, 366 days at most.
    #[schema(minimum = 1, maximum = 31_622_400_000_i64)]
    for_ms: u64,
    /// Why, for colleagues.
    #[serde(default)]
    #[schema(max_length = 200)]
    reason: String,
}

/// A visitor who is kept out.
#[derive(Serialize, ToSchema)]
pub(super) struct Block {
    /// The block's id.
    #[schema(format = "uuid")]
    id: String,
    /// Who is kept out.
    #[schema(format = "uuid")]
    visitor: String,
    /// Since when: Unix time in milliseconds.
    since_ms: u64,
    /// Until when.
    until_ms: u64,
    /// Why, for colleagues.
    reason: String,
}

/// Blocks a visitor: their connections close, what they have open ends, and until then they are kept out.
#[utoipa::path(post, path = "/api/v1/visitors/{id}/block", tag = "conversations", params(("id" = String, Path, format = "uuid")),
    request_body = NewBlock, responses((status = 201, body = Block),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn block(
    State(app): State<App>,
    asker: Asker,
    PathWords(id): PathWords<VisitorId>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Block>), ApiError> {
    let site = site_of(&app, &asker, id).await?;
    let asked: NewBlock = fields(body, "the body: it has `for_ms`, and perhaps `reason`")?;
    let reason = checked(&asked)?;
    if app.store.read(|reader| reader.blocks()).await?.len() >= BLOCKS_MAX {
        let remedy = format!("there are {BLOCKS_MAX} blocks, and no more may be; undo some");
        return Err(ApiError::Conflict(vec![Problem { field: String::new(), code: ProblemCode::TooLong, remedy }]));
    }
    let by = asker.by();
    let block = BlockSummary {
        block: BlockId(new_id()),
        scope: BlockScope::Visitor,
        visitor: Some(id),
        tag: None,
        site: Some(site),
        reason,
        by: asker.agent(),
        since_ms: by.at_ms,
        until_ms: by.at_ms.saturating_add(asked.for_ms),
    };
    let answer = Block {
        id: block.block.to_string(),
        visitor: id.to_string(),
        since_ms: block.since_ms,
        until_ms: block.until_ms,
        reason: block.reason.clone(),
    };
    done(&app, |reply| Arrival::Block(block, by, reply)).await?;
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Undoes every block of a visitor; nothing happens when there is none. Blocks of their address or network stay.
#[utoipa::path(delete, path = "/api/v1/visitors/{id}/block", tag = "conversations", params(("id" = String, Path, format = "uuid")),
    responses((status = 204, description = "They are not blocked."),
        (status = "4XX", body = ProblemBody, content_type = "application/problem+json"),
        (status = "5XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn unblock(
    State(app): State<App>,
    asker: Asker,
    PathWords(id): PathWords<VisitorId>,
) -> Result<StatusCode, ApiError> {
    site_of(&app, &asker, id).await?;
    let all = app.store.read(|reader| reader.blocks()).await?;
    let of_visitor: Vec<_> = all.iter().filter(|block| block.visitor == Some(id)).map(|block| block.block).collect();
    if !of_visitor.is_empty() {
        match done(&app, |reply| Arrival::Unblock(of_visitor, asker.by(), reply)).await {
            // Somebody else was faster.
            Ok(()) | Err(StoreError::Missing) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The site of a visitor whom the asker may block: one who has written where the asker may.
async fn site_of(app: &App, asker: &Asker, visitor: VisitorId) -> Result<SiteId, ApiError> {
    asker.must_have(Right::VisitorBlock)?;
    let (all, _) = rows(app, Query::OfVisitor { visitor, sites: sites(asker, None) }).await?;
    let known = all.into_iter().find(|known| may(asker, Right::VisitorBlock, known));
    Ok(known.ok_or(ApiError::NotFound)?.site)
}

/// The reason as it is kept, if all is within bounds.
fn checked(asked: &NewBlock) -> Result<String, ApiError> {
    let mut problems = Vec::new();
    if !(1..=BLOCK_MS_MAX).contains(&asked.for_ms) {
        let remedy = format!("a block lasts 1 to {BLOCK_MS_MAX} milliseconds");
        problems.push(Problem { field: "for_ms".to_owned(), code: ProblemCode::OutOfRange, remedy });
    }
    let reason = asked.reason.trim().to_owned();
    if reason.chars().count() > BLOCK_REASON_CHARS_MAX {
        let remedy = format!("it has {BLOCK_REASON_CHARS_MAX} characters at most");
        problems.push(Problem { field: "reason".to_owned(), code: ProblemCode::TooLong, remedy });
    }
    if reason.contains('\0') {
        let remedy = "leave out the zero character".to_owned();
        problems.push(Problem { field: "reason".to_owned(), code: ProblemCode::Shape, remedy });
    }
    if problems.is_empty() { Ok(reason) } else { Err(ApiError::Invalid(problems)) }
}

/// Has the core's task change the blocks.
async fn done(
    app: &App,
    arrival: impl FnOnce(oneshot::Sender<Result<(), StoreError>>) -> Arrival,
) -> Result<(), StoreError> {
    let (reply, answer) = oneshot::channel();
    app.core.send(arrival(reply)).await.map_err(|_| StoreError::Down)?;
    answer.await.unwrap_or(Err(StoreError::Down))
}
