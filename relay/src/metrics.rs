//! The numbers for Prometheus, on a listener of their own.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use relay_core::Gauges;
use tokio::sync::{mpsc, oneshot};

use crate::run::Arrival;

/// Where the numbers gather and how the core is asked for its own.
#[derive(Clone)]
pub struct Numbers {
    recorder: PrometheusHandle,
    core: mpsc::Sender<Arrival>,
}

/// Makes this process count. Done once, by the binary; without it counting costs nothing.
///
/// # Errors
/// When the process counts already.
pub fn install() -> anyhow::Result<PrometheusHandle> {
    Ok(PrometheusBuilder::new().install_recorder()?)
}

/// The routes of the metrics listener.
pub fn router(recorder: PrometheusHandle, core: mpsc::Sender<Arrival>) -> Router {
    Router::new().route("/metrics", get(show)).with_state(Numbers { recorder, core })
}

/// `GET /metrics`.
async fn show(State(numbers): State<Numbers>) -> Response {
    let (reply, gauges) = oneshot::channel();
    let asked = numbers.core.send(Arrival::Gauges(reply)).await;
    let (true, Ok(gauges)) = (asked.is_ok(), gauges.await) else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let mut text = numbers.recorder.render();
    text.push_str(&write(&gauges));
    numbers.recorder.run_upkeep();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

fn write(gauges: &Gauges) -> String {
    [
        ("relay_connections", "Lines to clients of both kinds.", gauges.connections),
        ("relay_visitors", "Lines to visitors.", gauges.visitors),
        ("relay_agents_online", "Agents that take visitors now.", gauges.agents_online),
        ("relay_conversations_waiting", "Conversations in line.", gauges.waiting),
        ("relay_conversations_open", "Conversations that have not ended.", gauges.open_conversations),
    ]
    .iter()
    .map(|(name, help, value)| format!("# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n"))
    .collect()
}
