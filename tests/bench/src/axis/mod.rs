//! What is measured: one module for each row of the comparison, and what they share.

pub(crate) mod attack;
pub(crate) mod cold;
pub(crate) mod durable;
pub(crate) mod fanout;
pub(crate) mod floor;
pub(crate) mod growth;
pub(crate) mod idle;
pub(crate) mod order;

use std::future::Future;
use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::Result;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Value, json};
use tokio::task::LocalSet;

use crate::board::Tally;
use crate::load::Crew;
use crate::peer::{Chat, Crowd, Server};
use crate::process::cpu_s;
use crate::record::Record;
use crate::socket::Connection;

/// A run whose generator was this busy measured the generator.
const BUSY_MAX: f64 = 0.9;
/// Lines that are opened at the same time.
const AT_ONCE: usize = 16;

/// How long and how often is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    /// Times that everything is measured; tables show the median and the range.
    pub(crate) runs: usize,
    /// Visitors who write in turn.
    pub(crate) visitors: usize,
    /// Messages under way at once in the closed loop: each system is measured with the one that suits it best.
    pub(crate) windows: &'static [usize],
    /// Load before it counts.
    pub(crate) warm_up: Duration,
    /// Load that counts.
    pub(crate) run: Duration,
    /// Sizes of the idle axis, the fan-out and the growth are those of a first look.
    pub(crate) brief: bool,
    /// This size in place of all those.
    pub(crate) size: Option<usize>,
}

impl Setting {
    /// The sizes to be measured, of an axis that has these.
    pub(crate) fn sizes(&self, long: &[usize], brief: &[usize]) -> Vec<usize> {
        self.size.map_or_else(|| if self.brief { brief.to_vec() } else { long.to_vec() }, |size| vec![size])
    }
}

/// Runs a measurement on this thread, which has the generator's core to itself.
pub(crate) fn on_this_thread<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = LocalSet::new();
    runtime.block_on(local.run_until(work))
}

/// Connects everybody, and lets every visitor reach its agent.
pub(crate) async fn crew(chat: &dyn Chat, crowd: Crowd) -> Result<Crew> {
    let mut crew = Crew::new();
    connect(0..crowd.agents, |number| chat.agent(number), |connection| crew.reads(connection)).await?;
    connect(0..crowd.visitors, |number| chat.visitor(number), |connection| crew.writes(connection)).await?;
    crew.greet().await?;
    Ok(crew)
}

/// Opens these connections, some at the same time, and hands over each as soon as it is open.
pub(crate) async fn connect<'a>(
    numbers: Range<usize>,
    open: impl Fn(usize) -> LocalBoxFuture<'a, Result<Connection>>,
    mut take: impl FnMut(Connection),
) -> Result<()> {
    let mut connections = stream::iter(numbers).map(open).buffered(AT_ONCE);
    while let Some(connection) = connections.try_next().await? {
        take(connection);
    }
    Ok(())
}

/// How busy both cores were.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    start: Instant,
    server_cpu_s: f64,
    generator_cpu_s: f64,
}

impl Effort {
    /// From now.
    pub(crate) fn start(server: &Server) -> Self {
        Self { start: Instant::now(), server_cpu_s: server.cpu_s(), generator_cpu_s: cpu_s(std::process::id()) }
    }

    /// Until now: processor seconds of the server, and the shares of one core that server and generator used.
    pub(crate) fn end(&self, server: &Server) -> (f64, f64, f64) {
        let seconds = self.start.elapsed().as_secs_f64();
        let server_cpu_s = server.cpu_s() - self.server_cpu_s;
        let generator_cpu_s = cpu_s(std::process::id()) - self.generator_cpu_s;
        (server_cpu_s, server_cpu_s / seconds, generator_cpu_s / seconds)
    }
}

/// Keeps what a phase counted, and says it.
pub(crate) fn keep(
    record: &Record,
    (axis, peer, phase, run): (&str, &str, &str, usize),
    tally: &Tally,
    broken: bool,
    (server_cpu_s, server_busy, generator_busy): (f64, f64, f64),
) -> Result<Value> {
    let name = format!("{axis}-{peer}-{phase}-{run}");
    #[expect(clippy::cast_precision_loss, reason = "a count of messages")]
    let (per_second, cpu_us) =
        (tally.acknowledged as f64 / tally.seconds, server_cpu_s * 1e6 / tally.acknowledged.max(1) as f64);
    let measurement = json!({
        "axis": axis, "peer": peer, "phase": phase, "run": run,
        "seconds": tally.seconds, "sent": tally.sent, "acknowledged": tally.acknowledged,
        "delivered": tally.delivered, "doubled": tally.doubled, "per_second": per_second,
        "server_cpu_us_per_message": cpu_us, "server_busy": server_busy, "generator_busy": generator_busy,
        "discarded": generator_busy >= BUSY_MAX, "broken": broken, "refused": tally.refused,
        "ack_us": record.histogram(&format!("{name}-ack"), &tally.ack)?,
        "delivery_us": record.histogram(&format!("{name}-delivery"), &tally.delivery)?,
    });
    record.add(&measurement)?;
    let ms = |histogram: &hdrhistogram::Histogram<u64>, at: f64| {
        Duration::from_micros(histogram.value_at_quantile(at)).as_secs_f64() * 1e3
    };
    println!(
        "{axis} {peer} {phase} #{run}: {per_second:.0}/s, ack p50 {:.2} p99 {:.2} ms, delivery p50 {:.2} p99 {:.2} ms, \
         server {:.0} % ({cpu_us:.0} us a message), generator {:.0} %{}{}{}",
        ms(&tally.ack, 0.5),
        ms(&tally.ack, 0.99),
        ms(&tally.delivery, 0.5),
        ms(&tally.delivery, 0.99),
        server_busy * 100.0,
        generator_busy * 100.0,
        if generator_busy >= BUSY_MAX { ", DISCARDED: the generator was too busy" } else { "" },
        if broken { ", BROKEN: the server has closed connections" } else { "" },
        if tally.refused.is_empty() { String::new() } else { format!(", refused {:?}", tally.refused) },
    );
    Ok(measurement)
}
