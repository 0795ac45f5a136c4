//! The numbers for Prometheus: every one is named here. A leaf: it knows no other part of the relay. `docs/operations.md` explains them,
//! `relay/src/http/numbers.rs` serves them.

mod measure;
mod refused;

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use relay_core::input::Peer;
use tokio_util::sync::CancellationToken;
use wire::{Close, Refusal};

pub use measure::Measure;
pub use refused::{Full, Rate, Slots, no_slot, password_refused, too_often};

/// How often what was measured is folded into buckets, also when nobody asks for it: until then it takes memory.
const FOLD_EVERY: Duration = Duration::from_secs(5);

/// From a fast disk's sync to far beyond what anybody waits for.
const SECONDS: [f64; 15] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];
/// Up to [`wire::limit::STORE_BATCH_APPENDS_MAX`].
const REQUESTS: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

const GAUGES: [(&str, &str); 15] = [
    ("relay_core_up", "1 while the core answers in time; at 0 the core's own numbers are old."),
    (
        "relay_connections",
        "Connections held now: of visitors, of agents, and those before their hello or at their end.",
    ),
    ("relay_streams", "Connections without WebSocket, which some network on the way blocks."),
    ("relay_agents_online", "Agents that take visitors now."),
    ("relay_conversations_waiting", "Conversations in the queue."),
    ("relay_conversations_longest_wait_seconds", "How long the one that has waited longest is in the queue."),
    ("relay_conversations_open", "Conversations that have not ended."),
    ("relay_backlog_requests", "Requests that wait inside: for the core, for the store's writer, for its readers."),
    ("relay_unsent_bytes", "Bytes of frames that wait to be taken, each frame counted once."),
    ("relay_backlog_requests_max", "At this many, the next one is answered `busy`."),
    ("relay_disk_free_bytes", "Free bytes of the fullest file system that the data lies in."),
    ("relay_disk_step", "What the reserve stops: 0 nothing, 1 files, 2 new visitors too, 3 visitors' texts too."),
    ("relay_events", "Events recorded since the store began, by kind, as far as the counter has read the feed."),
    ("relay_feed_behind_events", "Committed events that a consumer of the feed has not read yet."),
    ("relay_uploads_pending_bytes", "Visitors' files that are under way or that no message names yet."),
];

const COUNTERS: [(&str, &str); 18] = [
    ("relay_connections_total", "Hellos accepted."),
    ("relay_connections_refused_total", "Connections refused before their hello."),
    ("relay_slots_refused_total", "What there was no slot for, by kind and by whose bound was met."),
    ("relay_rates_refused_total", "What came too often from one address or network."),
    ("relay_passwords_refused_total", "Passwords not looked at because too many waited."),
    ("relay_resumes_total", "Hellos of clients that were here before and go on from where they were."),
    (
        "relay_closes_total",
        "Connections that ended, by close code; `client` when the other side ended it or the network did.",
    ),
    ("relay_slow_total", "Slow readers, by the bound that they were over."),
    ("relay_refusals_total", "Requests not carried out, on connections and over HTTP, by refusal."),
    ("relay_gaps_repaired_total", "Missing events that a client fetched, or that the relay itself read again."),
    ("relay_bus_messages_lost_total", "Messages of the bus for which this relay's queue had no room, by kind."),
    ("relay_output_dropped_total", "Log lines and other output that could not be written, or not fast enough."),
    ("relay_over_quota_total", "Requests of visitors refused because a quota in bytes is used up, by quota."),
    ("relay_sign_ins_failed_total", "Sign-ins of agents that did not succeed."),
    ("relay_store_errors_total", "Failures of the database."),
    ("relay_file_errors_total", "Failures of the folder for uploaded files."),
    (
        "relay_erased_total",
        "What was erased, by part (texts, names, files) and why: retention, or a visitor who was to be erased.",
    ),
    ("relay_http_errors_total", "Requests answered with 500: a fault of the relay, with a line in its log."),
];

const HISTOGRAMS: [(&str, &str); 3] = [
    ("relay_append_seconds", "From the core's request to record until its answer: what a message waits to be sent."),
    ("relay_store_commit_seconds", "One transaction, from its start until it is on disk."),
    ("relay_store_batch_requests", "Requests committed in one transaction."),
];

/// Why a connection was refused before its hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnedAway {
    /// Its address has opened too many lately.
    Rate,
    /// The relay, or its address, holds as many connections as it may.
    Full,
    /// Too many connections that speak HTTP.
    Http,
}

impl TurnedAway {
    const ALL: [Self; 3] = [Self::Rate, Self::Full, Self::Http];

    const fn label(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Full => "full",
            Self::Http => "http",
        }
    }
}

/// Which bound a slow reader was over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slow {
    /// What may wait for one connection.
    Connection,
    /// What may wait for all visitors of an address.
    Address,
    /// What may wait for all visitors of a network.
    Network,
    /// What may wait in the relay.
    Relay,
    /// How long nothing, or too little, may be taken.
    TransferTimeout,
}

impl Slow {
    const ALL: [Self; 5] = [Self::Connection, Self::Address, Self::Network, Self::Relay, Self::TransferTimeout];

    const fn label(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Address => "address",
            Self::Network => "network",
            Self::Relay => "relay",
            Self::TransferTimeout => "transfer_timeout",
        }
    }
}

/// What kind of message there was no room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// Committed events: read again from the store.
    Commit,
    /// Typing and presence: said again soon.
    Repeated,
}

impl Lost {
    const ALL: [Self; 2] = [Self::Commit, Self::Repeated];

    const fn label(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Repeated => "repeated",
        }
    }
}

/// What ails the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No room on the disk.
    Full,
    /// The disk failed, or the file cannot be opened.
    Io,
    /// The file cannot be written.
    ReadOnly,
    /// Another process held it for too long.
    Locked,
    /// Its content makes no sense.
    Corrupt,
    /// Anything else.
    Other,
}

impl Fault {
    const ALL: [Self; 6] = [Self::Full, Self::Io, Self::ReadOnly, Self::Locked, Self::Corrupt, Self::Other];

    const fn label(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Io => "io",
            Self::ReadOnly => "read_only",
            Self::Locked => "locked",
            Self::Corrupt => "corrupt",
            Self::Other => "other",
        }
    }
}

/// Makes this process count. Done once, by the binary; without it counting costs nothing.
///
/// # Errors
/// When the process counts already.
pub fn install() -> anyhow::Result<PrometheusHandle> {
    let full = |name: &str| Matcher::Full(name.to_owned());
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(full("relay_append_seconds"), &SECONDS)?
        .set_buckets_for_metric(full("relay_store_commit_seconds"), &SECONDS)?
        .set_buckets_for_metric(full("relay_store_batch_requests"), &REQUESTS)?
        .install_recorder()?;
    describe();
    Ok(recorder)
}

/// Says what each number means, and shows all that can be counted from the first page on: a counter that appears only with its first
/// event hides that event from every rate.
fn describe() {
    for (name, help) in GAUGES {
        describe_gauge!(name, help);
    }
    for (name, help) in COUNTERS {
        describe_counter!(name, help);
    }
    for (name, help) in HISTOGRAMS {
        describe_histogram!(name, help);
        let _ = histogram!(name);
    }
    for kind in ["visitor", "agent"] {
        counter!("relay_connections_total", "kind" => kind).absolute(0);
        counter!("relay_resumes_total", "kind" => kind).absolute(0);
    }
    for away in TurnedAway::ALL {
        counter!("relay_connections_refused_total", "reason" => away.label()).absolute(0);
    }
    refused::describe();
    for close in Close::ALL.map(Some).into_iter().chain([None]) {
        counter!("relay_closes_total", "code" => close_label(close)).absolute(0);
    }
    for slow in Slow::ALL {
        counter!("relay_slow_total", "reason" => slow.label()).absolute(0);
    }
    for lost in Lost::ALL {
        counter!("relay_bus_messages_lost_total", "kind" => lost.label()).absolute(0);
    }
    for code in Refusal::CODES {
        counter!("relay_refusals_total", "code" => code).absolute(0);
    }
    for measure in Measure::ALL {
        counter!("relay_over_quota_total", "quota" => measure.label()).absolute(0);
    }
    for why in ["retention", "erase"] {
        erased(why, 0, 0, 0);
    }
    for fault in Fault::ALL {
        counter!("relay_store_errors_total", "kind" => fault.label()).absolute(0);
    }
    for name in [
        "relay_output_dropped_total",
        "relay_sign_ins_failed_total",
        "relay_file_errors_total",
        "relay_http_errors_total",
    ] {
        counter!(name).absolute(0);
    }
}

fn close_label(close: Option<Close>) -> &'static str {
    close.map_or("client", Close::name)
}

/// A client said hello and was accepted; `resumes` when it goes on from somewhere.
pub fn connected(peer: &Peer, resumes: bool) {
    let kind = match peer {
        Peer::Visitor { .. } => "visitor",
        Peer::Agent { .. } => "agent",
    };
    counter!("relay_connections_total", "kind" => kind).increment(1);
    if resumes {
        counter!("relay_resumes_total", "kind" => kind).increment(1);
    }
}

/// A connection was turned away before its hello.
pub fn turned_away(away: TurnedAway) {
    counter!("relay_connections_refused_total", "reason" => away.label()).increment(1);
}

/// A connection has ended; none when the relay did not end it.
pub fn closed(close: Option<Close>) {
    counter!("relay_closes_total", "code" => close_label(close)).increment(1);
}

/// A reader was too slow.
pub fn slow(slow: Slow) {
    counter!("relay_slow_total", "reason" => slow.label()).increment(1);
}

/// Requests of clients were refused.
pub fn refused(refusal: &Refusal, clients: usize) {
    counter!("relay_refusals_total", "code" => refusal.code()).increment(clients as u64);
}

/// A sign-in did not succeed.
pub fn sign_in_failed() {
    counter!("relay_sign_ins_failed_total").increment(1);
}

/// A transaction of so many requests ended after this long.
pub fn committed(requests: usize, took: Duration) {
    histogram!("relay_store_commit_seconds").record(took.as_secs_f64());
    histogram!("relay_store_batch_requests").record(u32::try_from(requests).unwrap_or(u32::MAX));
}

/// The store answered a request to record after this long.
pub fn appended(took: Duration) {
    histogram!("relay_append_seconds").record(took.as_secs_f64());
}

/// The database failed.
pub fn store_failed(fault: Fault) {
    counter!("relay_store_errors_total", "kind" => fault.label()).increment(1);
}

/// Something was erased: events with texts, with names, with files.
pub fn erased(why: &'static str, texts: u64, names: u64, files: u64) {
    for (part, count) in [("texts", texts), ("names", names), ("files", files)] {
        counter!("relay_erased_total", "why" => why, "part" => part).increment(count);
    }
}

/// Somebody was over a quota.
pub fn over_quota(measure: Measure) {
    counter!("relay_over_quota_total", "quota" => measure.label()).increment(1);
}

/// The queue of this relay's core had no room for a message.
pub fn bus_message_lost(lost: Lost) {
    counter!("relay_bus_messages_lost_total", "kind" => lost.label()).increment(1);
}

/// Something printed or logged was lost.
pub fn output_dropped() {
    counter!("relay_output_dropped_total").increment(1);
}

/// What is free on the disk, and the step of the reserve.
pub fn disk(free_bytes: u64, step: u8) {
    gauge!("relay_disk_free_bytes").set(bytes(free_bytes));
    gauge!("relay_disk_step").set(f64::from(step));
}

/// The folder for uploaded files failed.
pub fn files_failed() {
    counter!("relay_file_errors_total").increment(1);
}

/// A request was answered with 500.
pub fn http_failed() {
    counter!("relay_http_errors_total").increment(1);
}

/// Keeps what was measured from growing while nobody asks for it.
pub async fn fold(recorder: PrometheusHandle, stopping: CancellationToken) {
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            () = tokio::time::sleep(FOLD_EVERY) => recorder.run_upkeep(),
        }
    }
}

/// A number is a float there: what it loses is far below a block of the disk.
#[expect(clippy::cast_precision_loss, reason = "exact to a few bytes is enough")]
pub(crate) const fn bytes(count: u64) -> f64 {
    count as f64
}
