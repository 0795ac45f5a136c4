//! The first frame: proves who speaks before anything is held for them.

use relay_core::input::Peer;
use wire::limit::FOLLOW_CONVERSATIONS_MAX;
use wire::{AgentId, Close, FirstFrame, Follow, Hello, PROTOCOL, Refusal, SiteId, Token};

use super::PendingConnection;
use crate::app::App;
use crate::clock::now_ms;
use crate::origin::Origin;
use crate::store::{StoreError, TokenHash, VisitorRecord};

/// A client that has proven who it is.
pub(crate) struct Greeted {
    pub(super) peer: Peer,
    pub(super) follow: Vec<Follow>,
    /// The sign-in of an agent, and the version of the settings at which it was valid.
    pub(super) session: Option<(TokenHash, AgentId, u64)>,
}

/// Checks the first frame.
pub(crate) async fn greet(app: &App, pending: &PendingConnection, frame: FirstFrame) -> Result<Greeted, Close> {
    let FirstFrame::Hello { protocol, hello, mut follow } = frame;
    if protocol != PROTOCOL {
        return Err(Close::Version);
    }
    follow.truncate(FOLLOW_CONVERSATIONS_MAX);
    let origin = pending.origin.as_ref().ok_or(Close::OriginRefused)?;
    match hello {
        Hello::Agent { state } => {
            if !app.own_origins.contains(origin) {
                return Err(Close::OriginRefused);
            }
            let session = pending.session.ok_or(Close::SignedOut)?;
            let signed_in = app.identity.session(session).await.map_err(|refusal| close_for(&refusal))?;
            if signed_in.lacks_factor(&app.settings.snapshot()) {
                return Err(Close::SignedOut);
            }
            let agent = signed_in.agent.id;
            Ok(Greeted {
                peer: Peer::Agent { agent, state },
                follow,
                session: Some((session, agent, signed_in.version)),
            })
        }
        Hello::Visitor { site, token, page } => {
            check_site(app, &site, origin).await?;
            let visitor = match token {
                Some(token) => Some(visitor(app, &token, &site).await?),
                None => None,
            };
            if pending.must_be_known && !visitor.as_ref().is_some_and(|visitor| visitor.is_known(now_ms())) {
                return Err(Close::Busy);
            }
            let visitor = visitor.map(|visitor| visitor.id);
            Ok(Greeted {
                peer: Peer::Visitor { site, visitor, page, source: app.tags.source(pending.address) },
                follow,
                session: None,
            })
        }
    }
}

/// The site exists and this page may speak for it.
async fn check_site(app: &App, site: &SiteId, origin: &Origin) -> Result<(), Close> {
    let id = site.clone();
    let site = match app.store.read(move |reader| reader.site(&id)).await {
        Ok(site) => site,
        Err(StoreError::Missing) => return Err(Close::SiteUnknown),
        Err(StoreError::Conflict | StoreError::LastAdministrator | StoreError::Busy | StoreError::Down) => {
            return Err(Close::Busy);
        }
    };
    if app.allows(&site, origin) { Ok(()) } else { Err(Close::OriginRefused) }
}

async fn visitor(app: &App, token: &Token, site: &SiteId) -> Result<VisitorRecord, Close> {
    match app.identity.visitor(token, Some(site)).await {
        Ok(visitor) => Ok(visitor),
        Err(refusal) => Err(close_for(&refusal)),
    }
}

/// The close code of a failed proof. Failures of the store pass, so their codes say "come back".
fn close_for(refusal: &Refusal) -> Close {
    if *refusal == Refusal::TokenInvalid {
        Close::TokenInvalid
    } else if *refusal == Refusal::SignedOut {
        Close::SignedOut
    } else {
        Close::Busy
    }
}
