//! The page of numbers for Prometheus, on a listener of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics::{counter, gauge};
use metrics_exporter_prometheus::PrometheusHandle;
use relay_core::Gauges;
use tokio::sync::oneshot;
use tower_http::compression::CompressionLayer;

use super::router::compression;
use crate::app::App;
use crate::clock::now_ms;
use crate::consumer::CONSUMERS;
use crate::core_task::Arrival;
use crate::numbers::bytes;
use crate::store::{Position, Reader, StoreError};

/// How long a page waits for the core; a busy core must not make the other numbers unavailable.
const CORE_WAIT: Duration = Duration::from_secs(2);

/// The recorder of all numbers, and the parts that are asked when the page is read.
#[derive(Clone)]
struct Numbers {
    recorder: PrometheusHandle,
    app: App,
}

/// The routes of the metrics listener.
pub fn router(recorder: PrometheusHandle, app: App) -> Router {
    let compressed = compression(CompressionLayer::new().no_br());
    Router::new().route("/metrics", get(show)).layer(compressed).with_state(Numbers { recorder, app })
}

/// `GET /metrics`.
async fn show(State(numbers): State<Numbers>) -> Response {
    let Numbers { recorder, app } = numbers;
    let (reply, gauges) = oneshot::channel();
    let asked = async {
        app.core.send(Arrival::Gauges(reply)).await.ok()?;
        gauges.await.ok()
    };
    let answered = tokio::time::timeout(CORE_WAIT, asked).await.ok().flatten();
    gauge!("relay_core_up").set(if answered.is_some() { 1.0 } else { 0.0 });
    if let Some(gauges) = &answered {
        set_gauges(gauges, app.connections.taken());
    }
    gauge!("relay_uploads_pending_bytes").set(bytes(app.quotas.pending_bytes()));
    gauge!("relay_streams").set(number(app.streams.count()));
    gauge!("relay_unsent_bytes").set(number(app.unsent.bytes()));
    let core = (app.core.max_capacity() - app.core.capacity(), app.core.max_capacity());
    let (writes, reads) = app.store.backlog();
    for (queue, (waiting, max)) in [("core", core), ("store_writes", writes), ("store_reads", reads)] {
        gauge!("relay_backlog_requests", "queue" => queue).set(number(waiting));
        gauge!("relay_backlog_requests_max", "queue" => queue).set(number(max));
    }
    if let Ok(Ok(feed)) = tokio::time::timeout(CORE_WAIT, app.store.read_feed(|reader| Feed::read(reader))).await {
        feed.set_gauges();
    }
    let text = recorder.render();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

/// What the consumers of the feed have done.
struct Feed {
    events: BTreeMap<String, u64>,
    behind: Vec<(&'static str, u64)>,
}

impl Feed {
    fn read(reader: &mut dyn Reader) -> Result<Self, StoreError> {
        let mut events = BTreeMap::new();
        for count in reader.event_counts()? {
            *events.entry(count.kind).or_default() += count.events;
        }
        let end = reader.feed_end()?;
        let behind = CONSUMERS.map(|consumer| {
            // One that has never run has read nothing.
            let cursor = reader.cursor(consumer).or_else(|error| match error {
                StoreError::Missing => Ok(Position::START),
                StoreError::Conflict | StoreError::LastAdministrator | StoreError::Busy | StoreError::Down => {
                    Err(error)
                }
            })?;
            Ok((consumer, end.0.saturating_sub(cursor.0)))
        });
        Ok(Self { events, behind: behind.into_iter().collect::<Result<_, StoreError>>()? })
    }

    fn set_gauges(self) {
        for (kind, events) in self.events {
            gauge!("relay_events", "kind" => kind).set(bytes(events));
        }
        for (consumer, behind) in self.behind {
            gauge!("relay_feed_behind_events", "consumer" => consumer).set(bytes(behind));
        }
    }
}

/// Puts the core's own numbers beside the others; `connections` are all connections, those that the core does not know too.
fn set_gauges(gauges: &Gauges, connections: usize) {
    let Gauges { visitors, agents, agents_online, waiting, waiting_since_ms, open_conversations, .. } = *gauges;
    let other = connections.saturating_sub(visitors + agents);
    for (kind, count) in [("visitor", visitors), ("agent", agents), ("other", other)] {
        gauge!("relay_connections", "kind" => kind).set(number(count));
    }
    gauge!("relay_agents_online").set(number(agents_online));
    gauge!("relay_conversations_waiting").set(number(waiting));
    gauge!("relay_conversations_open").set(number(open_conversations));
    let longest_ms = waiting_since_ms.map_or(0, |since_ms| now_ms().saturating_sub(since_ms));
    gauge!("relay_conversations_longest_wait_seconds").set(Duration::from_millis(longest_ms).as_secs_f64());
    counter!("relay_gaps_repaired_total", "by" => "client").absolute(gauges.gaps_repaired_by_clients);
    counter!("relay_gaps_repaired_total", "by" => "relay").absolute(gauges.gaps_repaired_by_relay);
}

/// Counts here are far below 2^32.
fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
