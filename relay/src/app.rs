//! What every request handler and connection shares.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use relay_core::input::{ConnectionId, Input};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wire::Refusal;

use crate::address::{Address, visitor_address};
use crate::admission::Admission;
use crate::auth::Auth;
use crate::blob::Blobs;
use crate::config::Config;
use crate::frames::Unsent;
use crate::http::{Packed, Reject, Transcripts, Web};
use crate::limiter::Paces;
use crate::origin::Origin;
use crate::quota::Quotas;
use crate::reserve::Reserve;
use crate::run::Arrival;
use crate::share::Shares;
use crate::store::task::StoreHandle;
use crate::store::{Site, StoreError};
use crate::stream::Streams;
use crate::tags::Tags;
use crate::watch::Watch;

/// The shared state; clones are cheap.
#[derive(Clone)]
pub struct App(Arc<Shared>);

/// Everything a handler may need. Made once by `serve`.
pub struct Shared {
    /// As loaded.
    pub config: Config,
    /// The origins under which browsers reach this relay, the one to print first.
    pub own_origins: Vec<Origin>,
    /// What survives.
    pub store: StoreHandle,
    /// Uploaded files.
    pub blobs: Blobs,
    /// The way to the core.
    pub core: mpsc::Sender<Arrival>,
    /// Knows people.
    pub auth: Auth,
    /// The built chat and console.
    pub web: Web,
    /// The pages as they are sent.
    pub packed: Packed,
    /// Connections held now.
    pub connections: Arc<Shares>,
    /// Where visitors wait when very many come at once.
    pub admission: Admission,
    /// Connections opened lately.
    pub connects: Paces,
    /// Visitors registered lately.
    pub registrations: Paces,
    /// Frames of visitors lately, of all their connections together.
    pub frames: Paces,
    /// What stands for addresses.
    pub tags: Tags,
    /// What people may bring.
    pub quotas: Arc<Quotas>,
    /// What the disk still takes.
    pub reserve: Arc<Reserve>,
    /// Uploads under way.
    pub uploads: Arc<Shares>,
    /// What waits to be sent.
    pub unsent: Unsent,
    /// Transcripts being written.
    pub transcripts: Transcripts,
    /// Knows which sign-ins stand.
    pub watch: Watch,
    /// Set when the relay stops.
    pub stopping: CancellationToken,
    /// Waits for every connection's end.
    pub sockets: TaskTracker,
    /// Connections that frames are posted to.
    pub streams: Streams,
    /// The next connection's number.
    pub connection_next: AtomicU64,
}

impl App {
    /// Shares it.
    #[must_use]
    pub fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    /// A number for a new connection.
    #[must_use]
    pub fn next_connection(&self) -> ConnectionId {
        ConnectionId(self.connection_next.fetch_add(1, Ordering::Relaxed))
    }

    /// Whether pages of this origin may speak for the site: the chat itself, or the site's own pages.
    #[must_use]
    pub fn allows(&self, site: &Site, origin: &Origin) -> bool {
        self.own_origins.contains(origin) || site.origins.iter().any(|allowed| allowed == origin.as_str())
    }

    /// Whether browsers reach this relay over TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.own_origins.first().is_some_and(Origin::is_https)
    }

    /// Tells the core who the agents are now, and who is kept out.
    ///
    /// # Errors
    /// The store's own failures.
    pub async fn announce_agents(&self) -> Result<(), StoreError> {
        let agents = self.auth.agents().await?;
        // Only a core that has ended does not take it.
        let _ = self.core.send(Arrival::Input(Input::Agents(agents))).await;
        let blocks = self.store.read(|reader| reader.blocks()).await?;
        let _ = self.core.send(Arrival::Input(Input::Blocks(blocks))).await;
        Ok(())
    }
}

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// Extracts the address that limits count for.
#[derive(Clone, Copy, Debug)]
pub struct Caller(pub Address);

impl FromRequestParts<App> for Caller {
    type Rejection = Reject;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Reject> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let ConnectInfo(peer) = peer.ok_or(Reject::Internal("a request without a peer address"))?;
        let config = &app.config;
        let address = visitor_address(peer.ip(), &parts.headers, &config.trusted_proxies, config.forwarded_header);
        Ok(Self(address))
    }
}

/// Extracts the page's origin out of a request that changes something; there must be one.
#[derive(Clone, Debug)]
pub struct PageOrigin(pub Origin);

impl FromRequestParts<App> for PageOrigin {
    type Rejection = Reject;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, Reject> {
        origin(&parts.headers).map(Self).ok_or_else(|| Refusal::OriginRefused.into())
    }
}

/// Extracts the proof that a request comes from a page of the relay itself.
#[derive(Clone, Copy, Debug)]
pub struct OwnOrigin;

impl FromRequestParts<App> for OwnOrigin {
    type Rejection = Reject;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Reject> {
        match origin(&parts.headers) {
            Some(origin) if app.own_origins.contains(&origin) => Ok(Self),
            Some(_) | None => Err(Refusal::OriginRefused.into()),
        }
    }
}

/// The `Origin` header, when it holds one.
#[must_use]
pub fn origin(headers: &HeaderMap) -> Option<Origin> {
    headers.get(header::ORIGIN)?.to_str().ok()?.parse().ok()
}
