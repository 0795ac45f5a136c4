//! Who asks, and what they may do.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use relay_settings::{
    BuiltInRole, Document, DocumentId, DocumentKey, Kind, Right, RightNames, Scope, Staff, Subject, may,
};
use serde_json::Value;
use wire::{Refusal, SiteId, Tag};

use super::error::ApiError;
use crate::app::{App, Caller, OwnOrigin};
use crate::audit::{By, Who};
use crate::clock::now_ms;
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

/// Who asks: a signed-in agent. A request that changes something must come from a page of the relay: browsers send cookies along with requests of
/// other pages, too.
#[derive(Debug)]
pub(super) struct Asker {
    /// The agent.
    pub(super) agent: AgentRecord,
    /// What the agent may do, and where.
    staff: Staff,
    /// The tag of the address it came from.
    from: Option<Tag>,
}

impl FromRequestParts<App> for Asker {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        if parts.headers.contains_key(header::AUTHORIZATION) {
            return Err(Refusal::SignedOut.into());
        }
        let agent = app.identity.agent(&parts.headers).await?.agent;
        if !parts.method.is_safe() {
            OwnPage::from_request_parts(parts, app).await?;
        }
        let staff = Staff::new([BuiltInRole::from(agent.role).rights()], Scope::EVERYWHERE);
        let Caller(address) = Caller::from_request_parts(parts, app).await?;
        Ok(Self { agent, staff, from: app.tags.source(address).address })
    }
}

impl Asker {
    /// As they stand in histories and the audit log.
    pub(super) fn by(&self) -> By {
        let who = Who::Agent { id: self.agent.id, name: self.agent.name.clone() };
        By { who, from: self.from, at_ms: now_ms() }
    }

    /// Whether they may do it.
    pub(super) fn may(&self, right: Right, subject: &Subject<'_>) -> bool {
        may(&self.staff, right, subject)
    }

    /// Whether they may read a document. A reply of one agent alone is that agent's.
    pub(super) fn may_read(&self, kind: Kind, id: &DocumentId, document: &Document) -> bool {
        let body = document.value();
        let part = Part::of(kind, id, &body);
        let of_another = part.agent.is_some_and(|agent| agent != self.agent.id.to_string());
        let reads = |right| self.may(right, &part.subject(kind));
        reads(Right::SettingsRead) || (!of_another && reads(Right::to_read(kind)))
    }

    /// Refuses a change of a document with this body, before or after it.
    ///
    /// # Errors
    /// `NotAllowed`.
    pub(super) fn must_change(&self, key: &DocumentKey, body: &Value) -> Result<(), ApiError> {
        let part = Part::of(key.kind, &key.id, body);
        let own = part.agent.is_some_and(|agent| agent == self.agent.id.to_string());
        let subject = part.subject(key.kind);
        let is_allowed = self.may(Right::to_change(key.kind), &subject)
            || (key.kind == Kind::Reply && own && self.may(Right::to_read(key.kind), &subject));
        // Nobody makes a role of rights that they do not have.
        let names = body["rights"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let rights = names.collect::<RightNames>().known;
        let is_covered =
            key.kind != Kind::Role || (self.staff.rights.covers(rights) && self.staff.scope.is_everywhere());
        if is_allowed && is_covered { Ok(()) } else { Err(Refusal::NotAllowed.into()) }
    }
}

/// Which part of the house a document belongs to.
struct Part<'v> {
    site: Option<SiteId>,
    department: Option<DocumentId>,
    agent: Option<&'v str>,
}

impl<'v> Part<'v> {
    /// Of a body that need not be right: what cannot be read counts as none, so as all.
    fn of(kind: Kind, id: &DocumentId, body: &'v Value) -> Self {
        let site = if kind == Kind::Site { Some(id.as_str()) } else { body["site"].as_str() };
        let department = if kind == Kind::Department { Some(id.as_str()) } else { body["department"].as_str() };
        Self {
            site: site.and_then(|site| site.parse().ok()),
            department: department.and_then(|department| department.parse().ok()),
            agent: body["agent"].as_str().filter(|_| kind == Kind::Reply),
        }
    }

    fn subject(&self, kind: Kind) -> Subject<'_> {
        Subject::Document { kind, site: self.site.as_ref(), department: self.department.as_ref() }
    }
}
