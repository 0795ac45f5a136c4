//! The `relay` binary: see `relay --help`.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use relay::process::output::Output;

/// How long the last output may take: whoever stopped reading them must not keep the process.
const LAST_OUTPUT_WAIT: Duration = Duration::from_secs(1);

/// Gives back what is free, soon and from every thread; the system's own allocator keeps what a crowd once needed.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = relay::cli::Cli::parse();
    let Err(error) = cli.run(&mut std::io::stdout()) else { return ExitCode::SUCCESS };
    if let Ok(out) = Output::to(std::io::stderr()) {
        // It may name what was typed, and what people are called.
        out.write(relay_edge::plain::harmless(&format!("relay: {error:#}\n")).as_bytes());
        out.flush(LAST_OUTPUT_WAIT);
    }
    ExitCode::FAILURE
}
