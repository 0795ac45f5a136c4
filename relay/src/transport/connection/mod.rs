//! One connection, over WebSocket or a stream: its limits, its admission, its hello, and the handling of the client's frames.

pub(crate) mod frame;
mod hello;

use std::ops::Deref;
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use relay_core::input::{ConnectionId, Input, Peer};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::oneshot;
use tokio_util::task::task_tracker::TaskTrackerToken;
use wire::limit::CORE_QUEUE_LONG_INPUTS_MAX;
use wire::{Close, FromAgent, FromVisitor, Incoming, Refusal, Say, ServerFrame, SiteId, Subject};

use self::frame::{Bucket, NoFrame, Received, decode};
pub(crate) use self::hello::{Greeted, greet};
use crate::address::Address;
use crate::app::App;
use crate::clock::now_ms;
use crate::core_task::outgoing::{self, NotTaken};
use crate::core_task::{Arrival, ConnectionOutput};
use crate::limit::admission::{AdmissionPermit, NotAdmitted};
use crate::limit::share::{Share, Standing};
use crate::numbers::{Rate, Slots, TurnedAway};
use crate::origin::Origin;
use crate::quota;
use crate::store::TokenHash;

/// Frames written between two flushes.
pub(crate) const FRAMES_PER_FLUSH: usize = 32;
/// How long the end of a connection may take: last frames, the close code, the client's answer.
pub(crate) const END_WAIT: Duration = Duration::from_secs(1);

/// Texts of up to this many bytes are short.
pub(crate) const SHORT_TEXT_BYTES: usize = 2 * 1024;

/// Bytes of the texts in a frame.
fn text_bytes(frame: &Incoming) -> usize {
    match frame {
        Incoming::Visitor(
            FromVisitor::Say { say: Say::Text { text }, .. } | FromVisitor::Rate { comment: text, .. },
        )
        | Incoming::Agent(FromAgent::Say { say: Say::Text { text }, .. } | FromAgent::Note { text, .. }) => text.len(),
        Incoming::Agent(FromAgent::Record { body, .. }) => {
            let mut bytes = 0;
            body.for_each_text(|text| bytes += text.len());
            bytes
        }
        Incoming::Visitor(_) | Incoming::Agent(_) => 0,
    }
}

/// A connection that has not said hello yet. Ends the count of its connection when dropped.
pub(crate) struct PendingConnection {
    address: Address,
    origin: Option<Origin>,
    session: Option<TokenHash>,
    /// Whether that sign-in was valid when it connected: then the bounds for visitors do not apply.
    is_agent: bool,
    /// Whether it has a slot that is reserved for known visitors, and must still prove that it is one.
    must_be_known: bool,
    /// A visitor's admission.
    permit: Option<AdmissionPermit>,
    _slot: Share,
    _tracked: TaskTrackerToken,
}

impl PendingConnection {
    /// Counts one more connection of this address and, when very many come at once, lets visitors wait for admission; or returns an HTTP answer that
    /// there is no room. A client with a valid sign-in is not counted among the visitors and does not wait.
    pub(crate) async fn admit(app: &App, address: Address, headers: &HeaderMap) -> Result<Self, NoRoom> {
        if app.stopping.is_cancelled() {
            return Err(away(StatusCode::SERVICE_UNAVAILABLE, RETRY_MS, "The relay is restarting."));
        }
        let session = app.identity.names.session(headers).map(|token| crate::identity::hash(&token));
        let is_agent = match session {
            Some(session) => Box::pin(app.identity.session(session)).await.is_ok(),
            None => false,
        };
        if !is_agent && let Err(retry_after_ms) = app.connects.take(address, now_ms()) {
            crate::numbers::turned_away(TurnedAway::Rate);
            crate::numbers::too_often(Rate::Connects);
            return Err(away(StatusCode::TOO_MANY_REQUESTS, retry_after_ms, "Too many connections from this network."));
        }
        let (slot, must_be_known) = slot(app, address, is_agent)?;
        let origin = crate::app::origin(headers);
        let permit = if is_agent { None } else { Some(wait_for_permit(app, address).await?) };
        let tracked = app.sockets.token();
        Ok(Self { address, origin, session, is_agent, must_be_known, permit, _slot: slot, _tracked: tracked })
    }

    /// The permit, which [`AdmissionPermit::during`] holds until the hello is proven.
    pub(crate) const fn take_permit(&mut self) -> Option<AdmissionPermit> {
        self.permit.take()
    }
}

/// When a client that found no room may try again.
const RETRY_MS: u64 = 5_000;

/// There is no room for a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoRoom {
    status: StatusCode,
    /// When the client may try again.
    retry_after_ms: u64,
    words: &'static str,
}

const fn away(status: StatusCode, retry_after_ms: u64, words: &'static str) -> NoRoom {
    NoRoom { status, retry_after_ms, words }
}

impl IntoResponse for NoRoom {
    fn into_response(self) -> Response {
        let retry = self.retry_after_ms.div_ceil(1_000).to_string();
        (self.status, [(header::RETRY_AFTER, retry)], [(header::CACHE_CONTROL, "no-store")], self.words).into_response()
    }
}

/// A slot among all connections; the second value says whether it is one that is reserved for known visitors.
fn slot(app: &App, address: Address, is_agent: bool) -> Result<(Share, bool), NoRoom> {
    let standing = if is_agent { Standing::Agent } else { Standing::Stranger };
    let taken = match app.connections.take(address, standing) {
        Ok(slot) => return Ok((slot, false)),
        // The hello says whether the visitor is known. Until then it may hold a slot that is reserved for known visitors.
        Err(_) if !is_agent => app.connections.take(address, Standing::Known),
        Err(full) => Err(full),
    };
    taken.map(|slot| (slot, true)).map_err(|full| {
        crate::numbers::turned_away(TurnedAway::Full);
        crate::numbers::no_slot(Slots::Connection, full);
        away(StatusCode::SERVICE_UNAVAILABLE, RETRY_MS, "The relay holds as many connections as it may.")
    })
}

async fn wait_for_permit(app: &App, address: Address) -> Result<AdmissionPermit, NoRoom> {
    let entered = tokio::select! {
        () = app.stopping.cancelled() => {
            return Err(away(StatusCode::SERVICE_UNAVAILABLE, RETRY_MS, "The relay is restarting."));
        }
        entered = app.admission.enter(address.network(), false) => entered,
    };
    entered.map_err(|why| {
        crate::numbers::turned_away(match why {
            NotAdmitted::Network => TurnedAway::Rate,
            NotAdmitted::All | NotAdmitted::Late => TurnedAway::Full,
        });
        away(StatusCode::SERVICE_UNAVAILABLE, RETRY_MS, "Too many come at once.")
    })
}

/// The queue of frames for a client, within the bounds of its side.
pub(crate) fn queue(
    app: &App,
    pending: &PendingConnection,
    greeted: &Greeted,
) -> (outgoing::Sender, outgoing::Receiver) {
    outgoing::queue(match greeted.peer {
        Peer::Visitor { .. } => app.unsent.of_visitor(pending.address),
        Peer::Agent { .. } => app.unsent.of_agent(),
    })
}

/// Tells the core of a client that has proven who it is. `frames` is the queue of frames for it. Returns what handles the client's frames, and
/// the receiver by which the core ends the connection. [`leave`] must follow.
pub(crate) fn enter<'a>(
    app: &'a App,
    pending: &'a PendingConnection,
    connection: ConnectionId,
    greeted: Greeted,
    frames: outgoing::Sender,
) -> Result<(Reader<'a>, oneshot::Receiver<Close>), Close> {
    let Greeted { peer, follow, session } = greeted;
    let mut visits = None;
    if let Peer::Visitor { site, .. } = &peer {
        tracing::Span::current().record("site.id", site.as_str());
        visits = Some(site.clone());
    }
    let (close, closed) = oneshot::channel();
    let output = ConnectionOutput {
        frames: frames.clone(),
        close,
        session: session.map(|(session, agent, _)| (session, agent)),
    };
    let input = Input::Connected { connection, peer, follow };
    if app.core.try_send(Arrival::Connected { output, input, connection }).is_err() {
        return Err(Close::Busy);
    }
    tracing::debug!("connected");
    if let Some((_, _, proven)) = session {
        // Only now: who asks the core for all sign-ins from here on gets this one, too.
        app.sign_ins.entered(proven);
    }
    let reader = Reader { app, pending, connection, frames, visits, bucket: Bucket::new(now_ms()) };
    Ok((reader, closed))
}

/// Tells the core that the connection has ended.
pub(crate) async fn leave(app: &App, connection: ConnectionId) {
    // Fails only when the core has ended.
    let _ = Box::pin(app.core.send(Arrival::Input(Input::Disconnected { connection }))).await;
}

/// Handles the frames of one client and passes them to the core.
pub(crate) struct Reader<'a> {
    app: &'a App,
    pending: &'a PendingConnection,
    connection: ConnectionId,
    frames: outgoing::Sender,
    /// The site a visitor is on.
    visits: Option<SiteId>,
    bucket: Bucket,
}

impl Reader<'_> {
    /// Handles what was received. An error ends the connection, with the close code if one is to be sent.
    pub(crate) fn take(&mut self, received: &Received<impl Deref<Target = str>>) -> Result<(), Option<Close>> {
        if !self.bucket.take(now_ms()) {
            return Err(Some(Close::Flood));
        }
        let frame = match received {
            Received::Text(text) => Some(decode(self.visits.is_some(), text)),
            Received::Quiet => None,
            Received::End(close) => return Err(*close),
        };
        if frame == Some(Err(NoFrame::Malformed)) {
            return Err(Some(Close::Malformed));
        }
        // Counted for all connections of an address together, so that many may not send more than one.
        if !self.pending.is_agent
            && let Err(retry_after_ms) = self.app.frames.take(self.pending.address, now_ms())
        {
            crate::numbers::too_often(Rate::Frames);
            let subject = if let Some(Ok(frame)) = &frame { frame.subject() } else { Subject::Connection };
            return self.refuse(subject, Refusal::RateLimited { retry_after_ms }).map_err(Some);
        }
        match frame {
            Some(Ok(frame)) => self.pass(frame).map_err(Some),
            Some(Err(_)) => self.refuse(Subject::Connection, Refusal::UnknownFrame).map_err(Some),
            None => Ok(()),
        }
    }

    /// Passes a frame to the core, unless the shell refuses it.
    fn pass(&self, frame: Incoming) -> Result<(), Close> {
        if frame == Incoming::Visitor(FromVisitor::Register)
            && let Err(retry_after_ms) = self.app.registrations.take(self.pending.address, now_ms())
        {
            crate::numbers::too_often(Rate::Registrations);
            return self.refuse(Subject::Connection, Refusal::RateLimited { retry_after_ms });
        }
        if let (Some(site), Incoming::Visitor(said)) = (&self.visits, &frame)
            && let Some(bytes) = quota::cost_of_frame(said)
            && let Err(over) = self.app.quotas.text(self.pending.address, site, bytes, now_ms())
        {
            crate::numbers::over_quota(over.measure);
            let refusal = Refusal::QuotaExceeded { retry_after_ms: over.retry_after_ms };
            return self.refuse(frame.subject(), refusal);
        }
        let waiting = self.app.core.max_capacity() - self.app.core.capacity();
        if waiting > CORE_QUEUE_LONG_INPUTS_MAX && text_bytes(&frame) > SHORT_TEXT_BYTES {
            return self.refuse(frame.subject(), Refusal::Busy);
        }
        let arrival = Arrival::Input(Input::Frame { connection: self.connection, frame });
        match self.app.core.try_send(arrival) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(Arrival::Input(Input::Frame { frame, .. }))) => {
                self.refuse(frame.subject(), Refusal::Busy)
            }
            Err(TrySendError::Full(_) | TrySendError::Closed(_)) => Err(Close::Restart),
        }
    }

    /// Sends a refusal without the core.
    fn refuse(&self, subject: Subject, refusal: Refusal) -> Result<(), Close> {
        crate::numbers::refused(&refusal, 1);
        let frame = ServerFrame::Refused { subject, refusal };
        let Ok(text) = serde_json::to_string(&frame) else { return Ok(()) };
        match self.frames.try_send(self.app.unsent.frame(text)) {
            Err(NotTaken::Slow) => Err(Close::Slow),
            Ok(()) | Err(NotTaken::Closed) => Ok(()),
        }
    }
}
