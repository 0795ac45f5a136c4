//! What a change must pass beside the tests: form, lints, the repository's own rules.

use anyhow::Result;

use crate::shell::{cargo, output, run, say};
use crate::tools;

/// The list that CI goes through first.
pub(crate) fn check() -> Result<()> {
    run("Form", cargo().args(["fmt", "--all", "--", "--check"]), "`cargo fmt --all` mends it.")?;
    // A workspace of its own; the build of `cargo xtask fuzz` checks the rest.
    let fuzz = ["fmt", "--manifest-path", "fuzz/Cargo.toml"];
    run(
        "Form of the fuzz targets",
        cargo().args(fuzz).args(["--", "--check"]),
        "`cargo fmt --manifest-path fuzz/Cargo.toml` mends it.",
    )?;
    let lints = ["--", "--deny", "warnings"];
    run(
        "Lints, native",
        cargo().args(["clippy", "--workspace", "--exclude", "widget", "--all-targets"]).args(lints),
        "Clippy says above what to change.",
    )?;
    tools::rust()?;
    run(
        "Lints, browser",
        cargo().args(["clippy", "--package", "widget", "--target", "wasm32-unknown-unknown"]).args(lints),
        "Clippy says above what to change.",
    )?;
    run(
        "The repository's own rules",
        cargo().args(["test", "--package", "tests", "--test", "tidy", "--test", "layers"]),
        "Each line above names a file and a rule.",
    )?;
    if output(cargo().args(["deny", "--version"])).is_some() {
        return deny();
    }
    say("cargo-deny is not installed: `cargo xtask deny` would look at the dependencies' licences and sources");
    Ok(())
}

/// Licences, sources and known holes of the dependencies. Installs cargo-deny where it is missing.
pub(crate) fn deny() -> Result<()> {
    if output(cargo().args(["deny", "--version"])).is_none() {
        run("Installing cargo-deny: once, several minutes", cargo().args(["install", "cargo-deny", "--locked"]), "")?;
    }
    // The database of advisories is a download that machines without a way out cannot make.
    run("Dependencies", cargo().args(["deny", "check", "bans", "licenses", "sources"]), "deny.toml holds the rules.")
}
