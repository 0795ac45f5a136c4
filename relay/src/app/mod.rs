//! What every request handler and connection shares.

mod extract;
mod reject;
mod sign_ins;
mod streams;

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use relay_core::input::{ConnectionId, Input};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wire::SiteId;

use crate::audit::SignedHead;
use crate::blob::Blobs;
use crate::clock::now_ms;
use crate::config::Config;
use crate::core_task::Arrival;
use crate::core_task::outgoing::Unsent;
use crate::identity::Identity;
use crate::identity::tags::Tags;
use crate::limit::admission::Admission;
use crate::limit::rate::Paces;
use crate::limit::share::Shares;
use crate::origin::Origin;
use crate::quota::Quotas;
use crate::quota::reserve::Reserve;
use crate::seal::Keys;
use crate::settings::Settings;
use crate::store::task::StoreHandle;
use crate::store::{Site, StoreError};
use crate::transcript::TranscriptSlots;
use crate::web::{KeptAssets, Packed, Web};

pub use extract::{Caller, OwnOrigin, PageOrigin, origin};
pub use reject::Reject;
pub(crate) use reject::status;
pub use sign_ins::SignIns;
pub use streams::{OpenStream, Post, Streams};

/// The shared state; clones are cheap.
#[derive(Clone)]
pub struct App(Arc<Shared>);

/// Everything a handler may need. Made once by `serve`.
pub struct Shared {
    /// As loaded.
    pub config: Config,
    /// The origins under which browsers reach this relay, the one to print first.
    pub own_origins: Vec<Origin>,
    /// The store.
    pub store: StoreHandle,
    /// Uploaded files.
    pub blobs: Blobs,
    /// The queue of inputs for the core.
    pub core: mpsc::Sender<Arrival>,
    /// Proves who visitors and agents are.
    pub identity: Identity,
    /// The built chat and console.
    pub web: Web,
    /// The assets of earlier builds.
    pub kept_assets: KeptAssets,
    /// The pages as they are sent.
    pub packed: Packed,
    /// Connections held now.
    pub connections: Arc<Shares>,
    /// Admission of visitors when very many come at once.
    pub admission: Admission,
    /// Rates of new connections.
    pub connects: Paces,
    /// Rates of new visitors.
    pub registrations: Paces,
    /// Rates of frames, over all connections of visitors of an address or network.
    pub frames: Paces,
    /// Makes tags of addresses.
    pub tags: Tags,
    /// Seal and open secrets, sign heads.
    pub keys: Keys,
    /// Quotas in bytes.
    pub quotas: Arc<Quotas>,
    /// The documents in force.
    pub settings: Settings,
    /// The reserve of free disk space.
    pub reserve: Arc<Reserve>,
    /// Uploads under way.
    pub uploads: Arc<Shares>,
    /// Bytes of unsent frames.
    pub unsent: Unsent,
    /// Transcripts being written.
    pub transcripts: TranscriptSlots,
    /// The head of the audit log that was written down last; none before the first.
    pub signed_head: watch::Sender<Option<SignedHead>>,
    /// Sign-ins that a check may have missed.
    pub sign_ins: SignIns,
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

    /// Gives the core the agents that the store has now.
    ///
    /// # Errors
    /// The store's own failures.
    pub async fn announce_agents(&self) -> Result<(), StoreError> {
        let agents = self.identity.agents().await?;
        // Fails only when the core has ended.
        let _ = self.core.send(Arrival::Input(Input::Agents(agents))).await;
        Ok(())
    }

    /// Gives the core the documents in force, and the agents, sites and blocks that the store has now.
    ///
    /// # Errors
    /// The store's own failures.
    pub async fn announce_settings(&self) -> Result<(), StoreError> {
        // Before the agents: a role that was made just now gives its rights at once. Fails only when the core has ended.
        let _ = self.core.send(Arrival::Input(Input::Settings(self.settings.snapshot()))).await;
        self.announce_agents().await?;
        let sites = self.sites().await?;
        let _ = self.core.send(Arrival::Input(Input::Sites(sites))).await;
        let blocks = self.store.read(|reader| reader.blocks()).await?;
        let _ = self.core.send(Arrival::Input(Input::Blocks(blocks))).await;
        Ok(())
    }

    /// Makes the looks of all sites anew, and gives the core their numbers. Returns when one changes by time alone, Unix time in milliseconds.
    pub async fn announce_looks(&self) -> Option<u64> {
        let app = self.clone();
        // With thousands of documents it takes a while. Fails only when the relay stops.
        let looks = tokio::task::spawn_blocking(move || app.settings.make_looks(now_ms())).await.ok()?;
        // Fails only when the core has ended.
        let _ = self.core.send(Arrival::Input(Input::Looks(looks.numbers()))).await;
        looks.until_ms
    }

    /// Every site, as the store has them.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn sites(&self) -> Result<Vec<SiteId>, StoreError> {
        let sites = self.store.read(|reader| reader.sites()).await?;
        Ok(sites.into_iter().map(|site| site.id).collect())
    }
}

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
