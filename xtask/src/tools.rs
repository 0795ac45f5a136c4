//! What the builds and tests need beside Rust: looked for, and installed where missing.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use sha2::{Digest, Sha256};

use crate::root;
use crate::shell::{cargo, output, own_tools, program, run, say};
use crate::web::hex;

/// The newest trunk that our Rust builds.
const TRUNK_VERSION: &str = "0.21.14";
/// What looks at licences, sources and known holes of dependencies.
const CARGO_DENY_VERSION: &str = "0.20.2";
/// What drives Firefox.
const GECKODRIVER_VERSION: &str = "0.37.1";
/// The version of axe-core, and what its script's SHA-256 is.
const AXE_VERSION: &str = "4.14.1";
const AXE_SHA256: &str = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c";
/// A tool that runs for a second a build needs no optimising: its own build is three times as fast without.
const UNOPTIMISED: [(&str, &str); 4] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
];

/// Everything that the browser build needs.
pub(crate) fn web() -> Result<()> {
    rust()?;
    let version = locked_version("wasm-bindgen")?;
    // Its own lock file may name versions that a registry mirror does not have yet, hence no --locked.
    install("wasm-bindgen-cli", "wasm-bindgen", &version, &[])?;
    install("trunk", "trunk", TRUNK_VERSION, &["--locked"])
}

/// cargo-fuzz, which builds the fuzz targets. Any version will do.
pub(crate) fn cargo_fuzz() -> Result<()> {
    if output(program("cargo-fuzz").args(["fuzz", "--version"])).is_some() {
        return Ok(());
    }
    let mut install = cargo();
    install.args(["install", "cargo-fuzz", "--locked"]).envs(UNOPTIMISED);
    let build = root().join("target/tools-build");
    install.env("CARGO_TARGET_DIR", &build);
    run("Installing cargo-fuzz: once, about a minute", &mut install, "Is the registry reachable?")?;
    // A missing folder is as good as a removed one.
    fs::remove_dir_all(build).ok();
    Ok(())
}

/// cargo-deny, which looks at the dependencies.
pub(crate) fn cargo_deny() -> Result<()> {
    install("cargo-deny", "cargo-deny", CARGO_DENY_VERSION, &["--locked"])
}

/// Chromium, Firefox, their drivers, and what looks at pages for people who cannot see them, for the browser tests.
pub(crate) fn browser() -> Result<()> {
    chromium()?;
    firefox()?;
    axe()
}

/// A PostgreSQL server, which the contract of records runs against. Debian puts its programs beside the PATH, where the tests look too.
pub(crate) fn postgres() -> Result<()> {
    let beside = || fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let is_there = || found("postgres") || beside().any(|version| version.path().join("bin/postgres").is_file());
    if is_there() {
        return Ok(());
    }
    let by_hand =
        "Install PostgreSQL so that `initdb` and `postgres` are on the PATH, on Debian: apt-get install postgresql";
    as_root(&["postgresql"], "the contract of records runs against a real PostgreSQL", by_hand)?;
    if is_there() { Ok(()) } else { bail!("PostgreSQL was installed and its programs are not there. {by_hand}") }
}

/// Whether a program of this name says its version.
pub(crate) fn found(name: &str) -> bool {
    output(program(name).arg("--version")).is_some()
}

/// Debian's Firefox with long support, or the user's own; its driver is built by cargo.
fn firefox() -> Result<()> {
    if !found("firefox-esr") && !found("firefox") {
        let by_hand = "Install Firefox so that it is on the PATH, on Debian: apt-get install firefox-esr";
        as_root(&["firefox-esr"], "the browser tests need `firefox-esr` or `firefox`", by_hand)?;
    }
    install("geckodriver", "geckodriver", GECKODRIVER_VERSION, &["--locked"])
}

/// axe-core, a script that names what assistive technology cannot use. npm fetches it; nothing of it is part of the product.
fn axe() -> Result<()> {
    let folder = own_tools().join("axe");
    let script = folder.join("package/axe.min.js");
    let whole = || fs::read(&script).is_ok_and(|bytes| hex(&Sha256::digest(bytes)) == AXE_SHA256);
    if whole() {
        return Ok(());
    }
    fs::create_dir_all(&folder)?;
    if !found("npm") {
        as_root(&["npm"], "axe-core comes from npm's registry", "On Debian: apt-get install npm")?;
    }
    let mut pack = program("npm");
    pack.args(["pack", &format!("axe-core@{AXE_VERSION}")]).current_dir(&folder);
    run("Fetching axe-core", &mut pack, "Is the registry reachable?")?;
    let mut unpack = program("tar");
    unpack.args(["xzf", &format!("axe-core-{AXE_VERSION}.tgz"), "package/axe.min.js"]).current_dir(&folder);
    run("Unpacking it", &mut unpack, "What npm wrote is not whole.")?;
    if !whole() {
        bail!("{} is not the file that was looked through: remove it, or change AXE_SHA256", script.display());
    }
    Ok(())
}

fn chromium() -> Result<()> {
    if found("chromium") && found("chromedriver") {
        return Ok(());
    }
    let by_hand = "Install Chromium and chromedriver so that both are on the PATH, \
                   on Debian: apt-get install chromium chromium-driver";
    as_root(&["chromium", "chromium-driver"], "the browser tests need `chromium` and `chromedriver`", by_hand)
}

/// Installs Debian packages, which only root may do.
pub(crate) fn as_root(packages: &[&str], why: &str, by_hand: &str) -> Result<()> {
    if output(Command::new("id").arg("-u")).as_deref() != Some("0") {
        bail!("{why}, and only root may install it. {by_hand}");
    }
    run("Looking for Debian's newest packages", program("apt-get").arg("update"), by_hand)?;
    run(
        &format!("Installing {}: {why}", packages.join(", ")),
        program("apt-get")
            .args(["install", "-y", "--no-install-recommends"])
            .args(packages)
            .env("DEBIAN_FRONTEND", "noninteractive"),
        by_hand,
    )
}

/// The parts of the toolchain for WebAssembly: std for the target, and std's source, which is rebuilt smaller.
pub(crate) fn rust() -> Result<()> {
    let sysroot = output(program("rustc").args(["--print", "sysroot"])).context("rustc does not answer")?;
    let lib = std::path::Path::new(&sysroot).join("lib/rustlib");
    if !lib.join("wasm32-unknown-unknown/lib").exists() {
        run(
            "Adding Rust's std for WebAssembly",
            program("rustup").args(["target", "add", "wasm32-unknown-unknown"]),
            "Rust from rustup (https://rustup.rs) is needed.",
        )?;
    }
    if !lib.join("src/rust/library/std/Cargo.toml").exists() {
        run(
            "Adding the source of Rust's std: rebuilt for size it saves a sixth of the chat",
            program("rustup").args(["component", "add", "rust-src"]),
            "Rust from rustup (https://rustup.rs) is needed.",
        )?;
    }
    Ok(())
}

/// Installs a tool unless that version is on the PATH. Where the user has another version, theirs stays untouched.
fn install(package: &str, binary: &str, version: &str, options: &[&str]) -> Result<()> {
    let present = output(program(binary).arg("--version"));
    if present.as_deref().and_then(|line| line.split_whitespace().nth(1)) == Some(version) {
        return Ok(());
    }
    let build = root().join("target/tools-build");
    let mut command = cargo();
    command.args(["install", package, "--version", version]).args(options);
    command.envs(UNOPTIMISED).env("CARGO_TARGET_DIR", &build);
    match present {
        Some(other) => {
            say(&format!("There is `{other}` already; {version} goes into target/tools beside it"));
            command.arg("--root").arg(own_tools());
        }
        None => say(&format!("Installing {package} {version} with cargo: once, a few minutes")),
    }
    run("Building it without optimisation, which is faster", &mut command, "Is the registry reachable?")?;
    // A missing folder is as good as a removed one.
    fs::remove_dir_all(build).ok();
    Ok(())
}

/// The version of a package that Cargo.lock holds.
fn locked_version(package: &str) -> Result<String> {
    let lock = root().join("Cargo.lock");
    if !lock.exists() {
        run(
            "Choosing the versions of all dependencies",
            cargo().arg("generate-lockfile"),
            "Is the registry reachable?",
        )?;
    }
    let text = fs::read_to_string(&lock).context("cannot read Cargo.lock")?;
    let mut lines = text.lines().skip_while(|line| *line != format!("name = \"{package}\""));
    let version = lines.nth(1).and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
    version.map(str::to_owned).with_context(|| format!("Cargo.lock does not hold {package}"))
}
