//! The entry point of every command; the commands themselves are the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    xtask::command(&arguments)
}
