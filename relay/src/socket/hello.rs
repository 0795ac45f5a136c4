//! The first frame: proves who speaks before anything is held for them.

use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use futures_util::stream::{SplitStream, StreamExt};
use relay_core::input::Peer;
use wire::limit::{FOLLOW_CONVERSATIONS_MAX, HELLO_WAIT_MS};
use wire::{AgentId, ClientFrame, Close, Follow, Hello, PROTOCOL, Refusal, SiteId, Token};

use super::Guest;
use super::frame::{Heard, hear, other_protocol};
use crate::app::App;
use crate::http::Reject;
use crate::origin::Origin;
use crate::store::{StoreError, TokenHash};

/// A client that has proven who it is.
pub(super) struct Greeted {
    pub(super) peer: Peer,
    pub(super) follow: Vec<Follow>,
    /// The sign-in of an agent.
    pub(super) session: Option<(TokenHash, AgentId)>,
}

/// Waits for the hello and checks it.
pub(super) async fn greet(
    app: &App,
    guest: &Guest,
    stream: &mut SplitStream<WebSocket>,
) -> Result<Greeted, Option<Close>> {
    let wait = Duration::from_millis(HELLO_WAIT_MS);
    let frame = tokio::time::timeout(wait, first_frame(stream)).await.map_err(|_| Some(Close::HelloLate))??;
    let ClientFrame::Hello { protocol, hello, mut follow } = frame else {
        return Err(Some(Close::Malformed));
    };
    if protocol != PROTOCOL {
        return Err(Some(Close::Version));
    }
    follow.truncate(FOLLOW_CONVERSATIONS_MAX);
    let origin = guest.origin.as_ref().ok_or(Some(Close::OriginRefused))?;
    match hello {
        Hello::Agent { state } => {
            if !app.own_origins.contains(origin) {
                return Err(Some(Close::OriginRefused));
            }
            let session = guest.session.ok_or(Some(Close::SignedOut))?;
            let signed_in = app.auth.session(session).await.map_err(|reject| Some(close_for(&reject)))?;
            let agent = signed_in.agent.id;
            Ok(Greeted { peer: Peer::Agent { agent, state }, follow, session: Some((session, agent)) })
        }
        Hello::Visitor { site, token, page } => {
            check_site(app, &site, origin).await?;
            let visitor = match token {
                Some(token) => Some(visitor(app, &token, &site).await?),
                None => None,
            };
            Ok(Greeted { peer: Peer::Visitor { site, visitor, page }, follow, session: None })
        }
    }
}

async fn first_frame(stream: &mut SplitStream<WebSocket>) -> Result<ClientFrame, Option<Close>> {
    loop {
        let message = stream.next().await;
        let other = matches!(&message, Some(Ok(Message::Text(text))) if other_protocol(text));
        match hear(message) {
            Heard::Frame(frame) => return Ok(*frame),
            Heard::End(_) | Heard::Unknown if other => return Err(Some(Close::Version)),
            Heard::Unknown => return Err(Some(Close::Malformed)),
            Heard::Quiet => {}
            Heard::End(close) => return Err(close),
        }
    }
}

/// The site exists and this page may speak for it.
async fn check_site(app: &App, site: &SiteId, origin: &Origin) -> Result<(), Option<Close>> {
    let id = site.clone();
    let site = match app.store.read(move |reader| reader.site(&id)).await {
        Ok(site) => site,
        Err(StoreError::Missing) => return Err(Some(Close::SiteUnknown)),
        Err(StoreError::Conflict | StoreError::Busy | StoreError::Down) => return Err(Some(Close::Busy)),
    };
    if app.allows(&site, origin) { Ok(()) } else { Err(Some(Close::OriginRefused)) }
}

async fn visitor(app: &App, token: &Token, site: &SiteId) -> Result<wire::VisitorId, Option<Close>> {
    match app.auth.visitor(token, Some(site)).await {
        Ok(visitor) => Ok(visitor.id),
        Err(reject) => Err(Some(close_for(&reject))),
    }
}

/// A failed proof as a close code; the store's troubles pass, so they say "come back".
const fn close_for(reject: &Reject) -> Close {
    match reject {
        Reject::Refused(Refusal::TokenInvalid) => Close::TokenInvalid,
        Reject::Refused(Refusal::SignedOut) => Close::SignedOut,
        Reject::Refused(_) | Reject::Internal(_) => Close::Busy,
    }
}
