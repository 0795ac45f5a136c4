//! Installs the systems that the relay is measured beside, builds the generator, and runs it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::shell::{cargo, output, program, run, say};
use crate::{root, target};

/// What each measurement needs of Debian: the tools first, then the peers.
const TOOLS: [&str; 2] = ["strace", "sqlite3"];
/// Enough for `--quick`.
const QUICK: [&str; 3] = ["postgresql", "nodejs", "npm"];
const PEERS: [&str; 7] =
    ["ejabberd", "erlang-p1-pgsql", "prosody", "lua-dbi-sqlite3", "nginx-light", "libnginx-mod-nchan", "nats-server"];
/// A program that says that its package, or another that does as well, is there already.
const SAID_BY: [(&str, &str); 2] = [("nodejs", "node"), ("npm", "npm")];
/// Debian asks this program whether a service that was just installed may start.
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// Measures; the words go to the generator, which knows the axes.
pub(crate) fn bench(words: &[&str]) -> Result<()> {
    if !words.contains(&"--table") {
        install(words.contains(&"--quick"))?;
    }
    run(
        "Building the relay and the generator as they are shipped",
        cargo().args(["build", "--release", "--package", "relay", "--package", "bench"]),
        "The error is above.",
    )?;
    run(
        "Measuring; nothing else should run on this machine meanwhile",
        program(&target().join("release/bench").to_string_lossy()).args(words),
        "The reason is above; what was measured before it is kept under target/bench/runs.",
    )
}

fn install(quick: bool) -> Result<()> {
    let peers = if quick { &[][..] } else { &PEERS[..] };
    let wanted = TOOLS.iter().chain(&QUICK).chain(peers).copied();
    let missing: Vec<&str> = wanted.filter(|package| !present(package)).collect();
    if !missing.is_empty() {
        debian(&missing)?;
    }
    let node = root().join("target/bench/node");
    fs::create_dir_all(&node)?;
    let (listed, there) = (root().join("tests/bench/peers/package.json"), node.join("package.json"));
    let wanted = fs::read(&listed).context("the list of npm's packages is missing")?;
    if fs::read(&there).ok().as_ref() == Some(&wanted) && node.join("node_modules/socket.io").exists() {
        return Ok(());
    }
    fs::write(there, wanted)?;
    run(
        "Installing socket.io, ws and pg into target/bench/node",
        program("npm").args(["install", "--no-audit", "--no-fund"]).current_dir(&node),
        "Is the registry reachable?",
    )
}

fn present(package: &str) -> bool {
    let said_by = SAID_BY.iter().find(|(name, _)| *name == package);
    said_by.is_some_and(|(_, program_name)| output(program(program_name).arg("--version")).is_some())
        || output(program("dpkg-query").args(["-W", "-f", "${db:Status-Status}", package])).as_deref()
            == Some("installed")
}

fn debian(packages: &[&str]) -> Result<()> {
    let by_hand = format!("On Debian: apt-get install {}", packages.join(" "));
    if output(program("id").arg("-u")).as_deref() != Some("0") {
        bail!("the peers are missing, and only root may install them. {by_hand}");
    }
    run("Looking for Debian's newest packages", program("apt-get").arg("update"), &by_hand)?;
    let own_policy = !Path::new(POLICY).exists();
    if own_policy {
        say("Telling Debian not to start the services it installs");
        fs::write(POLICY, "#!/bin/sh\nexit 101\n")?;
        run("A program must be executable", program("chmod").args(["755", POLICY]), &by_hand)?;
    }
    let installed = run(
        "Installing the systems to be measured",
        program("apt-get")
            .args(["install", "-y", "--no-install-recommends"])
            .args(packages)
            .env("DEBIAN_FRONTEND", "noninteractive"),
        &by_hand,
    );
    if own_policy {
        fs::remove_file(POLICY).ok();
    }
    installed
}
