//! Who asks for a file or a transcript, and whether a conversation is theirs.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use relay_core::conversation::Conversation;
use relay_core::conversation_of;
use relay_core::store::{Query, QueryAnswer, QueryError};
use relay_settings::{Right, Staff, may};
use wire::{ConversationId, Refusal, SiteId, Token};

use crate::app::{App, Reject};
use crate::audit::{Action, By, NewEntry, Subject};
use crate::clock::now_ms;
use crate::limit::share::Standing;
use crate::store::{Reader, StoreError, Uploader, VisitorRecord, optional};

/// A visitor by their token, or somebody of the staff as the API knows them.
#[derive(Clone, Debug)]
pub(super) enum Person {
    /// A visitor.
    Visitor(VisitorRecord),
    /// An agent, or a program with a key.
    Staff(Box<StaffPerson>),
}

/// An agent, or a program with a key.
#[derive(Clone, Debug)]
pub(super) struct StaffPerson {
    /// As whom they bring files and hold slots.
    pub(super) uploader: Uploader,
    /// What they may do, and where.
    pub(super) staff: Staff,
    /// As they stand in the audit log.
    pub(super) by: By,
}

impl Person {
    /// As the uploader of a file.
    pub(super) fn uploader(&self) -> Uploader {
        match self {
            Self::Visitor(visitor) => Uploader::Visitor(visitor.id),
            Self::Staff(person) => person.uploader,
        }
    }

    /// How they stand when slots are few.
    pub(super) fn standing(&self) -> Standing {
        match self {
            Self::Visitor(visitor) if visitor.is_known(now_ms()) => Standing::Known,
            Self::Visitor(_) => Standing::Stranger,
            Self::Staff(_) => Standing::Agent,
        }
    }

    /// Refuses who has a right nowhere, before anything is looked up. Visitors have what is their own.
    ///
    /// # Errors
    /// `NotAllowed`.
    pub(super) fn must_have(&self, right: Right) -> Result<(), Refusal> {
        match self {
            Self::Visitor(_) => Ok(()),
            Self::Staff(person) if !person.staff.disabled && person.staff.rights.has(right) => Ok(()),
            Self::Staff(_) => Err(Refusal::NotAllowed),
        }
    }

    /// Whether they may do this in the conversation: a visitor in their own, staff where the right counts. Otherwise it is answered as if it were not
    /// there.
    pub(super) fn may(&self, right: Right, conversation: &Conversation) -> bool {
        match self {
            Self::Visitor(visitor) => conversation.visitor == visitor.id,
            Self::Staff(person) => may(&person.staff, right, &conversation_of(&conversation.site)),
        }
    }
}

/// Notes in the audit log what staff are about to get, before the answer leaves. What visitors get of their own is not noted.
///
/// # Errors
/// The store's own failures: then it is not given.
pub(super) async fn note(app: &App, person: &Person, action: Action, subject: Subject) -> Result<(), Reject> {
    let Person::Staff(person) = person else { return Ok(()) };
    let entry = NewEntry::new(person.by.clone(), action).on(subject);
    Ok(app.store.write(move |writer| writer.append_audit(&entry).map(drop)).await?)
}

/// A visitor. Staff ask over the API.
impl FromRequestParts<App> for Person {
    type Rejection = Reject;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Reject> {
        let value = parts.headers.get(header::AUTHORIZATION).ok_or(Refusal::TokenInvalid)?;
        let token: Token = bearer(value).and_then(|text| text.parse().ok()).ok_or(Refusal::TokenInvalid)?;
        let site = site(&parts.headers)?;
        Ok(Self::Visitor(app.identity.visitor(&token, site.as_ref()).await?))
    }
}

/// What follows the scheme `Bearer` (RFC 6750), which is written in any case (RFC 9110, section 11.1).
pub(super) fn bearer(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start_matches(' '))
}

/// The site a visitor says they are on.
fn site(headers: &HeaderMap) -> Result<Option<SiteId>, Reject> {
    let Some(value) = headers.get("x-causeway-site") else { return Ok(None) };
    let site = value.to_str().ok().and_then(|text| text.parse().ok());
    Ok(Some(site.ok_or(Refusal::SiteUnknown)?))
}

/// A conversation, when there is one.
pub(super) async fn conversation(app: &App, id: ConversationId) -> Result<Option<Conversation>, Reject> {
    Ok(optional(app.store.read(move |reader| read_conversation(reader, id)).await)?)
}

fn read_conversation(reader: &mut dyn Reader, id: ConversationId) -> Result<Conversation, StoreError> {
    match reader.query(&Query::Conversation { conversation: id }) {
        Ok(QueryAnswer::Conversation(conversation)) => Ok(*conversation),
        Ok(QueryAnswer::Events { .. } | QueryAnswer::Conversations { .. }) => Err(StoreError::Down),
        Err(error) => Err(store_error(error)),
    }
}

/// The same failure as an error of the store.
pub(super) const fn store_error(error: QueryError) -> StoreError {
    match error {
        QueryError::NotFound => StoreError::Missing,
        QueryError::Busy => StoreError::Busy,
        QueryError::Down => StoreError::Down,
    }
}
