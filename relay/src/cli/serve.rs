//! `relay serve`: until the process gets a signal to stop, or a part of it has ended by itself.

use std::time::Duration;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::Config;
use crate::process::output::Output;
use crate::process::vital::EXIT_CODE;
use crate::web::Web;

/// How long the last output may take.
const LAST_OUTPUT_WAIT: Duration = Duration::from_millis(500);

/// Serves. Nothing that is printed decides anything: a closed, full or blocked output loses words, and no more.
pub(super) fn serve(config: Config, new: bool) -> anyhow::Result<()> {
    let out = Output::to(std::io::stdout()).context("cannot use standard output")?;
    let log = crate::process::trace::start(&config.log)?;
    let recorder = config.metrics_listen.map(|_| crate::numbers::install()).transpose()?;
    let open_files_max = crate::process::open_files::raise();
    if crate::process::open_files::is_low(open_files_max) {
        tracing::info!(
            open_files_max,
            "fewer connections than the relay would take: raise the limit of open files (ulimit -n)"
        );
    }
    if new {
        config.make_data_folder()?;
        crate::store::begin_anew(&config.data)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
        let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
        let data = config.data_shown();
        let running = Box::pin(crate::serve::start(config, Web::Built, recorder)).await?;
        out.write(greeting(&running, &data).as_bytes());
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            part = running.broken() => {
                // Whoever watches over the process starts it again; nothing acknowledged is lost.
                tracing::error!(part, exit_code = EXIT_CODE, "a part of the relay has ended by itself, so that all of it ends: start it again");
                running.abandon().await;
                log.flush(LAST_OUTPUT_WAIT);
                // Not by returning: that would wait for threads that may stand still for ever.
                std::process::exit(EXIT_CODE.into());
            }
        }
        tracing::info!("stopping");
        running.stop().await?;
        out.write(b"Stopped; everything acknowledged is on disk.\n");
        anyhow::Ok(())
    });
    out.flush(LAST_OUTPUT_WAIT);
    log.flush(LAST_OUTPUT_WAIT);
    ended
}

fn greeting(running: &crate::serve::Running, data: &str) -> String {
    let (origin, version) = (&running.origin, env!("CARGO_PKG_VERSION"));
    let metrics = running.metrics_address.map(|address| format!("  metrics  http://{address}/metrics\n"));
    let setup = running.setup_code.as_ref().map(|code| {
        format!("  code     {code}\nNobody can sign in yet: open the console and make the first administrator with this code.\n")
    });
    format!(
        "Causeway relay {version} listens on {}\n  console  {origin}/console\n  data     {data}\n{}{}Ctrl-C stops it.\n",
        running.address,
        metrics.unwrap_or_default(),
        setup.unwrap_or_default()
    )
}
