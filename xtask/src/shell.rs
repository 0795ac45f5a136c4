//! Running other programs: shown before they start, and their failure told in words.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::root;

/// A command in the checkout whose PATH has the places where our tools are installed.
pub(crate) fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root()).env("PATH", path());
    command
}

/// The cargo that runs us, so that a toolchain chosen on the command line stays chosen.
pub(crate) fn cargo() -> Command {
    program(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
}

/// Whether this is a machine that builds everything anew and throws it away.
pub(crate) fn is_ci() -> bool {
    std::env::var_os("CI").is_some()
}

/// cargo for what is tested natively. On CI clippy compiles it, too: everything is read once instead of twice, and a lint fails the build.
pub(crate) fn testing_cargo() -> Command {
    let mut command = cargo();
    if is_ci() {
        // As `cargo clippy -- --deny warnings` does it: clippy's driver is the compiler, of our own packages only.
        command.env("RUSTC_WORKSPACE_WRAPPER", "clippy-driver").env("CLIPPY_ARGS", "-Dwarnings__CLIPPY_HACKERY__");
    }
    command
}

/// Says what is done and why, runs it with its own output, and fails with `hint` when it fails.
pub(crate) fn run(why: &str, command: &mut Command, hint: &str) -> Result<()> {
    say(why);
    let line = shown(command);
    println!("    $ {line}");
    let status = command.status().with_context(|| format!("cannot start `{line}`. {hint}"))?;
    if !status.success() {
        bail!("`{line}` failed ({status}). {hint}");
    }
    Ok(())
}

/// What a command prints, or nothing where it is missing or fails.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// One line of progress.
pub(crate) fn say(what: &str) {
    println!("==> {what}");
}

/// Tools of other versions than the user's own stand in target/tools.
pub(crate) fn own_tools() -> PathBuf {
    root().join("target/tools")
}

fn path() -> OsString {
    let mut places = vec![own_tools().join("bin")];
    let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo"));
    places.extend(cargo_home.or(home).map(|folder| folder.join("bin")));
    places.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    std::env::join_paths(places).unwrap_or_default()
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
