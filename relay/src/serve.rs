//! Starting and stopping: puts store, core, bus and listeners together, and takes them apart in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use anyhow::Context;
use metrics_exporter_prometheus::PrometheusHandle;
use relay_core::Core;
use relay_core::input::{RelayId, Start};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wire::limit::{
    ADMISSION_WAIT_MS, ADMISSIONS_AT_ONCE_MAX, CORE_QUEUE_INPUTS_MAX, FRAMES_PER_ADDRESS_BURST_MAX,
    FRAMES_PER_NETWORK_BURST_MAX, FRAMES_SHARED_WINDOW_MS, STOP_WAIT_MS, UPLOADS_PER_ADDRESS_MAX,
};

use crate::app::{App, Shared, SignIns, Streams};
use crate::blob::{Blobs, FILES_FOLDER};
use crate::bus::LocalBus;
use crate::clock::{now_ms, random_bytes};
use crate::config::Config;
use crate::config::Limits;
use crate::core_task::outgoing::Unsent;
use crate::core_task::{self, CoreParts};
use crate::http::UPLOADS_MAX;
use crate::identity::Identity;
use crate::identity::tags::Tags;
use crate::limit::admission::{Admission, AdmissionBounds};
use crate::limit::rate::Paces;
use crate::limit::share::{Bounds, Shares};
use crate::origin::Origin;
use crate::process::vital::Vitals;
use crate::quota::Quotas;
use crate::quota::reserve::{self, Reserve};
use crate::seal::{self, KeySource, Keys};
use crate::settings::Settings;
use crate::store::task::StoreTask;
use crate::store::{self, Secret, Store};
use crate::transcript::TranscriptSlots;
use crate::transport::http_limits::HttpLimits;
use crate::transport::listen::{Listener, bind, load_tls};
use crate::web::{KeptAssets, Packed, Web};

/// How long connections have to receive the close code when the relay stops.
const CLOSE_CODE_WAIT: Duration = Duration::from_millis(400);
const MINUTE_MS: u64 = 60_000;
/// Uploads under way: a network has four times what an address has.
const UPLOADS: Bounds =
    Bounds { all: UPLOADS_MAX, address: UPLOADS_PER_ADDRESS_MAX, network: 4 * UPLOADS_PER_ADDRESS_MAX };

/// A relay at work.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where its numbers are, when configured.
    pub metrics_address: Option<SocketAddr>,
    /// How browsers reach it.
    pub origin: Origin,
    /// The one-time code by which the console makes the first administrator; none when there is an agent.
    pub setup_code: Option<String>,
    app: App,
    tasks: JoinSet<()>,
    core_end: CancellationToken,
    store: StoreTask,
    vitals: Vitals,
    /// Holds the lock of the data folder until everything has ended.
    folder: Box<dyn Store>,
}

/// Starts a relay. `recorder` is what `metrics::install` gave, when numbers are to be served.
///
/// # Errors
/// With what to do about it: a rule of the configuration, a folder in use, an address in use …
pub async fn start(config: Config, web: Web, recorder: Option<PrometheusHandle>) -> anyhow::Result<Running> {
    config.check_exposure()?;
    let tls = config.tls.as_ref().map(load_tls).transpose()?;
    config.make_data_folder()?;
    let folder = store::open(&config.data, config.limits.recent_events_max)?;
    let listener = bind(config.listen)?;
    let address = listener.local_addr()?;
    let own_origins = config.own_origins(address);
    let origin = own_origins.first().context("a relay has an address of its own")?.clone();

    let store = StoreTask::start(&*folder)?;
    let keys = relay_key(&config, &store).await?;
    let tags = Tags::new(tags_key(&store).await?);
    let blobs = Blobs::open_local(&config.data.join(FILES_FOLDER))
        .with_context(|| format!("cannot use the folder for files in {}", config.data_shown()))?;
    let (arrivals, arrival_queue) = mpsc::channel(CORE_QUEUE_INPUTS_MAX);
    let limits = config.limits;
    let app = App::new(Shared {
        identity: Identity::new(store.handle(), own_origins.first().is_some_and(Origin::is_https)),
        own_origins,
        store: store.handle(),
        blobs,
        core: arrivals,
        web,
        kept_assets: KeptAssets::new(&config.data),
        packed: Packed::default(),
        connections: Arc::new(Shares::new(connections(limits))),
        admission: Admission::new(admission_bounds(limits)),
        connects: connects(limits),
        registrations: registrations(limits),
        frames: Paces::new(FRAMES_PER_ADDRESS_BURST_MAX, FRAMES_PER_NETWORK_BURST_MAX, FRAMES_SHARED_WINDOW_MS),
        tags,
        keys,
        quotas: Quotas::new(config.quotas),
        reserve: Reserve::new(config.reserve, vec![config.data.clone(), config.data.join(FILES_FOLDER)]),
        uploads: Arc::new(Shares::new(UPLOADS)),
        unsent: Unsent::default(),
        transcripts: TranscriptSlots::default(),
        settings: Settings::load(store.handle()).await?,
        signed_head: watch::Sender::new(None),
        sign_ins: SignIns::default(),
        stopping: CancellationToken::new(),
        sockets: TaskTracker::new(),
        streams: Streams::default(),
        connection_next: AtomicU64::new(1),
        config,
    });

    let (mut tasks, vitals) = (JoinSet::new(), Vitals::default());
    let core_end = CancellationToken::new();
    let core = Core::new(now_ms(), start_state(&app).await?);
    let (bus, messages) = LocalBus::alone(RelayId(u128::from_be_bytes(random_bytes())));
    let parts = CoreParts {
        store: store.handle(),
        bus: Arc::new(bus),
        messages,
        arrivals: arrival_queue,
        unsent: app.unsent.clone(),
        end: core_end.clone(),
        quotas: Arc::clone(&app.quotas),
        reserve: Arc::clone(&app.reserve),
    };
    let setup_code = app.store.read(|reader| reader.agents()).await?.is_empty().then(|| app.identity.setup.begin());
    app.reserve.look(reserve::space);
    crate::background::sweep::keep_assets(&app).await;
    crate::background::sweep::find_pending(&app).await?;
    tasks.spawn(vitals.part("core").run(core_task::run(core, parts)));
    in_background(&app, &mut tasks, &vitals);
    tasks.spawn(vitals.part("reserve").run(Arc::clone(&app.reserve).run(app.stopping.clone())));
    crate::consumer::forget(&store.handle(), &crate::consumer::FORMER_CONSUMERS).await;
    let counter = crate::consumer::run(crate::consumer::Counter, store.handle(), app.stopping.clone());
    tasks.spawn(vitals.part("counter").run(counter));
    let http_limits = || {
        let (address, network) = (limits.connections_per_address_max, limits.connections_per_network_max);
        HttpLimits::new(address, network, &app.config.trusted_proxies)
    };
    let public = Listener { listener, tls, router: crate::http::router(app.clone()), http_limits: http_limits() };
    tasks.spawn(vitals.part("listener").run(public.serve(app.stopping.clone(), app.sockets.clone())));
    let mut metrics_address = None;
    if let (Some(at), Some(recorder)) = (app.config.metrics_listen, recorder) {
        let listener = bind(at)?;
        metrics_address = Some(listener.local_addr()?);
        tasks.spawn(vitals.part("metrics").run(crate::numbers::fold(recorder.clone(), app.stopping.clone())));
        let router = crate::http::numbers::router(recorder, app.clone());
        let numbers = Listener { listener, tls: None, router, http_limits: http_limits() };
        tasks.spawn(vitals.part("metrics-listener").run(numbers.serve(app.stopping.clone(), app.sockets.clone())));
    }
    Ok(Running { address, metrics_address, origin, setup_code, app, tasks, core_end, store, vitals, folder })
}

impl Running {
    /// Waits until a part of the relay has ended by itself, which none does unless it is broken, and gives its name.
    pub async fn broken(&self) -> &'static str {
        let (store, database) = (self.store.vitals(), self.folder.vitals());
        tokio::select! {
            part = self.vitals.ended() => part,
            part = store.ended() => part,
            part = database.ended() => part,
        }
    }

    /// Tells whoever is connected to come back, as far as that goes within a moment: the process is about to end without an orderly stop.
    pub async fn abandon(&self) {
        self.app.stopping.cancel();
        self.app.sockets.close();
        let _ = tokio::time::timeout(CLOSE_CODE_WAIT, self.app.sockets.wait()).await;
    }

    /// Stops in order: no new connections, every connection closed with the code that says "come back", everything acknowledged on disk.
    ///
    /// # Errors
    /// When the store's threads could not be joined.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        let wait = Duration::from_millis(STOP_WAIT_MS);
        self.app.stopping.cancel();
        // Two thirds for the clients, the rest for the disk.
        let for_clients = wait * 2 / 3;
        self.app.sockets.close();
        if tokio::time::timeout(for_clients, self.app.sockets.wait()).await.is_err() {
            tracing::warn!("some connections did not end in time and are cut");
        }
        let store = self.store;
        tokio::task::spawn_blocking(move || store.stop()).await.context("the store's threads could not be joined")?;
        crate::background::heads::finish(&self.app, &*self.folder).await;
        self.core_end.cancel();
        let rest = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(wait / 3, rest).await.is_err() {
            self.tasks.shutdown().await;
        }
        Ok(())
    }
}

/// Starts the tasks beside the requests.
fn in_background(app: &App, tasks: &mut JoinSet<()>, vitals: &Vitals) {
    tasks.spawn(vitals.part("watch").run(crate::background::watch::run(app.clone())));
    tasks.spawn(vitals.part("heads").run(crate::background::heads::run(app.clone())));
    tasks.spawn(vitals.part("sweep").run(crate::background::sweep::run(app.clone())));
    tasks.spawn(vitals.part("erase").run(crate::background::erase::run(app.clone())));
    tasks.spawn(vitals.part("retention").run(crate::background::retention::run(app.clone())));
}

/// How many connections there may be.
const fn connections(limits: Limits) -> Bounds {
    Bounds {
        all: limits.connections_max,
        address: limits.connections_per_address_max,
        network: limits.connections_per_network_max,
    }
}

/// How many visitors may be admitted at once, and wait to be: each has a connection, so that no more can wait than there are of those.
fn admission_bounds(limits: Limits) -> AdmissionBounds {
    AdmissionBounds {
        slots: ADMISSIONS_AT_ONCE_MAX,
        waiting: limits.connections_max,
        waiting_of_network: limits.connections_per_network_max.max(2 * limits.connections_per_address_max),
        wait: Duration::from_millis(ADMISSION_WAIT_MS),
    }
}

fn connects(limits: Limits) -> Paces {
    let network = limits.connects_per_network_per_minute_max;
    Paces::new(limits.connects_per_address_per_minute_max, network, MINUTE_MS)
}

fn registrations(limits: Limits) -> Paces {
    let network = limits.registrations_per_network_per_minute_max;
    Paces::new(limits.registrations_per_address_per_minute_max, network, MINUTE_MS)
}

/// The key that stands behind tags, made with the store. By the one writer: the end of another would pass for the end of the store.
async fn tags_key(store: &StoreTask) -> anyhow::Result<Secret> {
    let fresh = random_bytes();
    Ok(store.handle().write(move |writer| writer.secret(crate::identity::tags::SECRET, fresh)).await?)
}

/// The relay's key: found, or made at the first start.
async fn relay_key(config: &Config, store: &StoreTask) -> anyhow::Result<Keys> {
    let source = KeySource::of(config)?;
    let known = store.handle().read(|reader| seal::known(reader)).await?;
    let settle = move || seal::settle(&source, known).inspect(|settled| settled.report(&source));
    let settled = tokio::task::spawn_blocking(settle).await??;
    let recorded = move |writer: &mut dyn store::Writer| seal::record(writer, &settled).map(|()| settled.keys());
    Ok(store.handle().write(recorded).await?)
}

/// What the core starts with.
async fn start_state(app: &App) -> anyhow::Result<Start> {
    Ok(Start {
        seed: u128::from_be_bytes(random_bytes()),
        attachment_bytes_max: app.config.limits.attachment_bytes_max,
        agents: app.identity.agents().await?,
        open: app.store.read(|reader| reader.open_conversations()).await?,
        settings: app.config.conversation.settings(),
        blocks: app.store.read(|reader| reader.blocks()).await?,
        sites: app.sites().await?,
        documents: app.settings.snapshot(),
    })
}
