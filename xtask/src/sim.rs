//! The simulation: built as fast as a release with every assertion, then run.

use anyhow::Result;

use crate::shell::{cargo, output, run};
use crate::{root, target};

/// Runs the simulation with these words; with `--planted`, a build of its own that has known faults in it.
pub(crate) fn sim(words: &[&str]) -> Result<()> {
    let mut command = cargo();
    command.args(["run", "--quiet", "--profile", "sim", "--package", "sim"]);
    if words.contains(&"--planted") {
        // A folder of its own: neither build makes the other anew, and no fault gets into what is used.
        command.args(["--features", "planted", "--target-dir"]).arg(target().join("planted"));
    }
    command.arg("--").args(words);
    let mut git = std::process::Command::new("git");
    if let Some(commit) = output(git.current_dir(root()).args(["describe", "--always", "--dirty"])) {
        command.env("SIM_COMMIT", commit.trim());
    }
    run("The simulation", &mut command, "The seed above repeats the failure.")
}
