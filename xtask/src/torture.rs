//! The long tortures of the real binary: what `cargo test` does for a few minutes, done for hours.

use std::process::Command;

use anyhow::Result;

use crate::shell::{cargo, output, program, run, say};
use crate::{target, tools, web};

/// What the tortures use beside Rust, and the Debian packages it comes in.
const NEEDS: [(&str, &str, &str); 3] =
    [("strace", "-V", "strace"), ("ip", "-V", "iproute2"), ("prlimit", "-V", "util-linux")];

/// Runs the long form of every torture, or of those whose names contain one of the words.
pub(crate) fn torture(names: &[&str]) -> Result<()> {
    prepare()?;
    web::ensure_built(&crate::root())?;
    // As it is deployed: a storm of thousands is not for an unoptimised build.
    run(
        "Building the relay as it is deployed",
        cargo().args(["build", "--release", "--package", "relay", "--bin", "relay"]),
        "The compiler's words stand above.",
    )?;
    run(
        "Tortures, long form: hours. Each says its seed; TORTURE_SEED draws the same again",
        cargo()
            .args(["test", "--release", "--package", "tests", "--test", "torture", "--"])
            .args(["--nocapture", "--test-threads", "1"])
            .args(names)
            .env("TORTURE_FORM", "long")
            .env("RELAY_BIN", target().join("release/relay")),
        "The seed above repeats its draws.",
    )
}

/// Installs what is missing, where that may be done: a torture that lacks something says so and is left out.
pub(crate) fn prepare() -> Result<()> {
    let missing: Vec<&str> = NEEDS
        .into_iter()
        .filter(|(name, version, _)| output(program(name).arg(version)).is_none())
        .map(|(_, _, package)| package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let by_hand = format!("On Debian: apt-get install {}", missing.join(" "));
    if output(Command::new("id").arg("-u")).as_deref() != Some("0") {
        say(&format!("{} is missing, so some tortures are left out. {by_hand}", missing.join(", ")));
        return Ok(());
    }
    tools::as_root(&missing, "the tortures of the relay trace it and shape its network", &by_hand)
}
