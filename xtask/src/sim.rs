//! The simulation: built as fast as a release with every assertion, then run.

use anyhow::Result;

use crate::root;
use crate::shell::{cargo, output, run};

/// Runs the simulation with these words; with `--planted`, a build of its own that has known faults in it.
pub(crate) fn sim(words: &[&str]) -> Result<()> {
    let mut command = cargo();
    command.args(["run", "--quiet", "--profile", "sim", "--package", "sim"]);
    if words.contains(&"--planted") {
        // Beside the other build: cargo keeps packages of other features apart, and shares the rest.
        command.args(["--features", "planted"]);
    }
    command.arg("--").args(words);
    let mut git = std::process::Command::new("git");
    if let Some(commit) = output(git.current_dir(root()).args(["describe", "--always", "--dirty"])) {
        command.env("SIM_COMMIT", commit.trim());
    }
    run("The simulation", &mut command, "The seed above repeats the failure.")
}
