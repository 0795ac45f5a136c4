//! Who asks, and what they may do.

use std::any::Any;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use relay_settings::reply::Reply;
use relay_settings::{Document, DocumentId, DocumentKey, Kind, Part, Right, RightSet, Staff, Subject, may, may_write};
use serde_json::{Value, json};
use wire::{AgentId, Author, Refusal, Tag};

use super::condition::version_of;
use super::error::ApiError;
use super::rate::OfKey;
use crate::app::{App, Caller, OwnOrigin};
use crate::audit::By;
use crate::clock::now_ms;
use crate::http::person::bearer;
use crate::identity::{SignedIn, by_agent, key};
use crate::store::{ServiceKeyRecord, Uploader};

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

/// Who asks: a signed-in agent, or a program with a key. An agent's request that changes something must come from a page of the relay: browsers send
/// cookies along with requests of other pages, too.
#[derive(Debug)]
pub(super) struct Asker {
    /// Who it is.
    pub(super) who: Asking,
    /// What they may do, and where.
    staff: Staff,
    /// The tag of the address it came from.
    from: Option<Tag>,
}

/// An agent or a program.
#[derive(Debug)]
pub(super) enum Asking {
    /// An agent by its cookie.
    Agent(Box<SignedIn>),
    /// A program by its key.
    Key(Box<ServiceKeyRecord>),
}

/// Who asks for what is of their own account. They may also while they lack the second factor that a role of theirs wants.
#[derive(Debug)]
pub(super) struct OwnAccount(pub(super) Asker);

impl FromRequestParts<App> for OwnAccount {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        Asker::read(parts, app).await.map(Self)
    }
}

impl FromRequestParts<App> for Asker {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let asker = Self::read(parts, app).await?;
        match &asker.who {
            Asking::Agent(signed_in) if signed_in.lacks_factor(&app.settings.snapshot()) => {
                Err(ApiError::SecondFactorMissing)
            }
            Asking::Agent(_) | Asking::Key(_) => Ok(asker),
        }
    }
}

impl Asker {
    async fn read(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Caller(address) = Caller::from_request_parts(parts, app).await?;
        let from = app.tags.source(address).address;
        // A key that is not valid is not replaced by a cookie beside it.
        if let Some(value) = parts.headers.get(header::AUTHORIZATION) {
            let key = app.identity.key(bearer(value).ok_or(Refusal::SignedOut)?).await?;
            let counts = parts.extensions.get::<OfKey>().ok_or(ApiError::Internal("a request that nobody counts"))?;
            counts.take(key.id)?;
            return Ok(Self { staff: key::staff(&key), who: Asking::Key(Box::new(key)), from });
        }
        let signed_in = app.identity.agent(&parts.headers).await?;
        if !parts.method.is_safe() {
            OwnPage::from_request_parts(parts, app).await?;
        }
        let staff = signed_in.agent.staff(&app.settings.snapshot());
        Ok(Self { who: Asking::Agent(Box::new(signed_in)), staff, from })
    }
}

impl Asker {
    /// As they stand in histories and the audit log.
    pub(super) fn by(&self) -> By {
        match &self.who {
            Asking::Agent(signed_in) => by_agent(&signed_in.agent, self.from),
            Asking::Key(record) => key::by_key(record, self.from),
        }
    }

    /// As the author of what they write: an agent under its name, a program under that of its key.
    pub(super) fn author(&self) -> Author {
        match &self.who {
            Asking::Agent(signed_in) => Author::Agent { id: signed_in.agent.id, name: signed_in.agent.name.clone() },
            Asking::Key(record) => Author::Service { id: record.id, name: record.name.clone() },
        }
    }

    /// The agent's id; none for a program.
    pub(super) fn agent(&self) -> Option<AgentId> {
        match &self.who {
            Asking::Agent(signed_in) => Some(signed_in.agent.id),
            Asking::Key(_) => None,
        }
    }

    /// Where slots are counted by person. A key counts as an agent of its own; no two ids are equal.
    pub(super) fn slots(&self) -> Uploader {
        Uploader::Agent(match &self.who {
            Asking::Agent(signed_in) => signed_in.agent.id,
            Asking::Key(record) => AgentId(record.id.0),
        })
    }

    /// Refuses who has none of these rights anywhere. What it is done to is still to be asked.
    ///
    /// # Errors
    /// `NotAllowed`.
    pub(super) fn must_have_any(&self, rights: &[Right]) -> Result<(), ApiError> {
        let has = rights.iter().any(|right| self.must_have(*right).is_ok());
        if has { Ok(()) } else { Err(Refusal::NotAllowed.into()) }
    }

    /// What they may do, and where.
    pub(super) const fn staff(&self) -> &Staff {
        &self.staff
    }

    /// Refuses who has not this right anywhere. What it is done to is still to be asked.
    ///
    /// # Errors
    /// `NotAllowed`.
    pub(super) fn must_have(&self, right: Right) -> Result<(), ApiError> {
        if self.staff.rights.has(right) && !self.staff.disabled { Ok(()) } else { Err(Refusal::NotAllowed.into()) }
    }

    /// The rights of all their roles.
    pub(super) const fn rights(&self) -> RightSet {
        self.staff.rights
    }

    /// The sign-in of an agent, for what is of people alone.
    ///
    /// # Errors
    /// `NotAllowed` for a program.
    pub(super) fn signed_in(&self) -> Result<&SignedIn, ApiError> {
        match &self.who {
            Asking::Agent(signed_in) => Ok(signed_in),
            Asking::Key(_) => Err(Refusal::NotAllowed.into()),
        }
    }

    /// Refuses an agent who did not prove lately who they are. To be asked where rights, keys or exports are touched. A program has but its key.
    ///
    /// # Errors
    /// `SignInAgain`.
    pub(super) fn must_be_confirmed(&self) -> Result<(), ApiError> {
        match &self.who {
            Asking::Agent(signed_in) if !signed_in.is_confirmed(now_ms()) => Err(ApiError::SignInAgain),
            Asking::Agent(_) | Asking::Key(_) => Ok(()),
        }
    }

    /// Whether they may do it.
    pub(super) fn may(&self, right: Right, subject: &Subject<'_>) -> bool {
        may(&self.staff, right, subject)
    }

    /// Refuses what they may not do.
    ///
    /// # Errors
    /// `NotAllowed`.
    pub(super) fn must(&self, right: Right, subject: &Subject<'_>) -> Result<(), ApiError> {
        if self.may(right, subject) { Ok(()) } else { Err(Refusal::NotAllowed.into()) }
    }

    /// Whether they may read a document. A reply of one agent alone is that agent's.
    pub(super) fn may_read(&self, kind: Kind, id: &DocumentId, document: &Document) -> bool {
        let part = part_of(kind, id, document);
        let of_another = agent_of(document).is_some_and(|agent| Some(agent) != self.agent());
        let reads = |right| self.may(right, &part.subject(kind));
        reads(Right::SettingsRead) || (!of_another && reads(Right::to_read(kind)))
    }

    /// A number that stands for what they see of something at a version: for who they are, what they may do and where. So the `ETag` that is made of it
    /// fits no other asker, and not the same one after their rights have changed.
    pub(super) fn version_seen(&self, version: u64) -> u64 {
        let Staff { rights, scope, disabled } = &self.staff;
        version_of(&json!([version, self.by().who.key(), rights, scope, disabled]))
    }

    /// Refuses a change of a document from one body to another; none is a document that is not there.
    ///
    /// # Errors
    /// `NotAllowed`; `SignInAgain` for a role, and for what needs a right of its own.
    pub(super) fn must_change(
        &self,
        key: &DocumentKey,
        before: Option<&Value>,
        after: Option<&Value>,
    ) -> Result<(), ApiError> {
        [before, after].into_iter().flatten().try_for_each(|body| self.must_write(key, body))?;
        self.must_change_fields(key, before.unwrap_or(&Value::Null), after)
    }

    /// Refuses who may not write this body, before or after a change.
    fn must_write(&self, key: &DocumentKey, body: &Value) -> Result<(), ApiError> {
        if !may_write(&self.staff, self.agent(), key, body) {
            return Err(Refusal::NotAllowed.into());
        }
        if key.kind == Kind::Role { self.must_be_confirmed() } else { Ok(()) }
    }

    /// Refuses a change of fields that need a right of their own. A body that is wrong is not asked about: it is refused for that.
    fn must_change_fields(&self, key: &DocumentKey, before: &Value, after: Option<&Value>) -> Result<(), ApiError> {
        let fields = key.kind.schema().fields.iter();
        let mut guarded = fields.filter_map(|field| Some((field.name, Right::to_change_field(key.kind, field.name)?)));
        // Written short and written out is the same: compared is what would be kept.
        let Ok(after) = after.map(|after| key.kind.read(after)).transpose() else { return Ok(()) };
        let after = after.map_or(Value::Null, |after| after.value());
        let part = Part::of_body(key.kind, &key.id, &after);
        // What such a field does concerns all of the site.
        let subject = part.site.as_ref().map_or(Subject::Relay, |site| Subject::Part { site, department: None });
        guarded.try_for_each(|(field, right)| {
            let (was, is) = (&before[field], &after[field]);
            if was == is || (is_unset(was) && is_unset(is)) {
                return Ok(());
            }
            self.must(right, &subject)?;
            self.must_be_confirmed()
        })
    }
}

/// Whether a value says no more than none does.
fn is_unset(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(|parts| parts.values().all(is_unset))
}

/// The one agent whose reply it is.
fn agent_of(document: &Document) -> Option<AgentId> {
    let body: &dyn Any = document.body()?;
    body.downcast_ref::<Reply>()?.agent
}

/// Of a document in force: its whole body is not written out for this, since a list asks it of every document.
fn part_of(kind: Kind, id: &DocumentId, document: &Document) -> Part {
    let named = |field: &str| document.references().find(|(name, _)| *name == field).map(|(_, key)| key.id.as_str());
    Part::of(kind, id, named("site"), named("department"))
}
