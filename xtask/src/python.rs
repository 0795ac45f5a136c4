//! Python with what our examples and tests use: a virtual environment under target/, made where it is missing.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::shell::{output, program, run};
use crate::target;
use crate::tools::as_root;

/// What `examples/client.py` imports beside the standard library, and what tries the API by its document.
const PACKAGES: [&str; 2] = ["websockets==17.4", "schemathesis==4.32.5"];

/// An interpreter that finds [`PACKAGES`].
///
/// # Errors
/// When Python or the package index is out of reach, with what to do about it.
pub fn python() -> Result<PathBuf> {
    let folder = target().join("python");
    let (interpreter, stamp) = (folder.join("bin/python"), folder.join("packages"));
    fs::create_dir_all(&folder).context("cannot write into target/")?;
    // Two tests at once would write into one folder.
    let lock = File::create(target().join("python.lock")).context("cannot write into target/")?;
    lock.lock()?;
    let wanted = PACKAGES.join("\n");
    if interpreter.exists() && fs::read_to_string(&stamp).is_ok_and(|last| last == wanted) {
        return Ok(interpreter);
    }
    let by_hand = "Install Python 3 with venv, on Debian: apt-get install python3 python3-venv";
    if output(program("python3").args(["-c", "import ensurepip, venv"])).is_none() {
        as_root(&["python3", "python3-venv"], "the tests of examples and API need Python", by_hand)?;
    }
    run("A place for Python packages", program("python3").args(["-m", "venv", "--clear"]).arg(&folder), by_hand)?;
    let mut install = Command::new(&interpreter);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(PACKAGES);
    run("Installing what example and tests of the API use", &mut install, "Is the package index reachable?")?;
    fs::write(&stamp, wanted)?;
    Ok(interpreter)
}
