//! Who asks: a signed-in agent.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use wire::Refusal;

use super::error::ApiError;
use crate::app::{App, OwnOrigin};
use crate::store::AgentRecord;

/// The proof that a request comes from a page of the relay itself; otherwise a problem.
#[derive(Clone, Copy, Debug)]
pub(super) struct OwnPage;

impl FromRequestParts<App> for OwnPage {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        OwnOrigin::from_request_parts(parts, app).await?;
        Ok(Self)
    }
}

/// Who asks. A request that changes something must come from a page of the relay: browsers send cookies along with requests of other pages, too.
#[derive(Debug)]
pub(super) struct Asker {
    /// The agent.
    pub(super) agent: AgentRecord,
}

impl FromRequestParts<App> for Asker {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        if parts.headers.contains_key(header::AUTHORIZATION) {
            return Err(Refusal::SignedOut.into());
        }
        let signed_in = app.identity.agent(&parts.headers).await?;
        if !parts.method.is_safe() {
            OwnPage::from_request_parts(parts, app).await?;
        }
        Ok(Self { agent: signed_in.agent })
    }
}
