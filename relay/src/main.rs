//! The `relay` binary: see `relay --help`.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match relay::cli::Cli::parse().run(&mut std::io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("relay: {error:#}");
            ExitCode::FAILURE
        }
    }
}
