//! What a change must pass beside the tests: form, lints, the repository's own rules.

use anyhow::Result;

use crate::shell::{cargo, is_ci, output, run, say, testing_cargo};
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
    if is_ci() {
        let all = ["test", "--workspace", "--all-targets", "--no-run"];
        run(
            "Lints, native, while the tests are built",
            testing_cargo().args(all),
            "Clippy says above what to change.",
        )?;
    } else {
        let all = ["clippy", "--workspace", "--exclude", "widget", "--all-targets"];
        run("Lints, native", cargo().args(all).args(lints), "Clippy says above what to change.")?;
    }
    tools::rust()?;
    // On CI the native lints saw all of it but the few lines for browsers alone, which the chat and the library have: see below.
    if !is_ci() {
        run(
            "Lints, browser",
            cargo().args(["clippy", "--package", "widget", "--target", "wasm32-unknown-unknown"]).args(lints),
            "Clippy says above what to change.",
        )?;
    }
    let rooms = ["clippy", "--package", "widget", "--bin", "chat", "--features", "rooms"];
    run(
        "Lints, browser, cut into rooms",
        cargo().args(rooms).args(["--target", "wasm32-unknown-unknown"]).args(lints),
        "Clippy says above what to change.",
    )?;
    run(
        "The repository's own rules",
        // Of the whole workspace: a package alone would have its dependencies built with other features.
        testing_cargo().args(["test", "--workspace", "--test", "tidy", "--test", "layers", "--test", "controls"]),
        "Each line above names a file and a rule.",
    )?;
    deny()
}

/// Licences, sources, bans and known holes of the dependencies. Installs cargo-deny where it is missing.
pub(crate) fn deny() -> Result<()> {
    tools::cargo_deny()?;
    let rules = ["deny", "check", "bans", "licenses", "sources"];
    run("Dependencies: licences, sources, bans", cargo().args(rules), "deny.toml holds the rules.")?;
    say("Dependencies: known holes");
    if output(cargo().args(["deny", "fetch"])).is_none() {
        // A machine without a way out cannot check them; whoever maintains this must know it, and a check must not fail for it.
        say("NOT CHECKED: known holes of dependencies. The database of advisories cannot be fetched from here.");
        return Ok(());
    }
    let known = ["deny", "check", "--disable-fetch", "advisories"];
    run(
        "Comparing with the database of advisories",
        cargo().args(known),
        "An update mends most; deny.toml lists exceptions.",
    )
}
