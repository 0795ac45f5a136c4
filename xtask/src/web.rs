//! The browser build: our own for the chat, trunk for the console, then the finished folder target/web. Unchanged inputs are not
//! built again.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::optimizer::{self, Optimizer};
use crate::shell::{output, program, run, say};
use crate::{cut, finish, root, tools, weigh};

/// Each becomes one page of its own and one WebAssembly file.
pub(crate) const PAGES: [&str; 2] = ["chat", "console"];
/// What the browser half is made of.
const INPUTS: [&str; 7] = ["Cargo.toml", "Cargo.lock", "Trunk.toml", "relay/wire", "widget", "www", "xtask/src"];
/// Only nightly knows the first four, hence `RUSTC_BOOTSTRAP`. No places, no `Debug` texts, no unwinding: a sixth of the weight.
///
/// Fewer functions are copied into their callers: 650 bytes. Without tables of references wasm-bindgen keeps JavaScript's objects
/// in an array of the glue: 750 bytes less in all, and older tools read the module.
///
/// Leptos' views without the types of all they hold (`erase_components`): a sixth of the console's weight.
const RUSTFLAGS: &str = "-Zlocation-detail=none -Zfmt-debug=none --cfg erase_components \
                         -Zunstable-options -Cpanic=immediate-abort \
                         -Cllvm-args=-inline-threshold=10 -Ctarget-feature=-reference-types,-multivalue";

/// Builds what changed and prints what each page weighs.
pub(crate) fn build() -> Result<()> {
    let root = root();
    ensure_built(&root)?;
    weigh::print(&root)
}

/// Builds target/web unless it is there and nothing it is made of changed since.
pub(crate) fn ensure_built(root: &Path) -> Result<()> {
    tools::web()?;
    let optimizer = optimizer::find();
    let target = root.join("target");
    fs::create_dir_all(&target)?;
    // Two builds at once would write into one folder.
    let lock = File::create(target.join("web.lock")).context("cannot write into target/")?;
    if lock.try_lock().is_err() {
        say("Another build of the browser half is at work: waiting for it");
        lock.lock()?;
    }
    let stamp = target.join("web.stamp");
    let inputs = digest(root, optimizer.as_ref())?;
    if target.join("web/manifest.json").exists() && fs::read_to_string(&stamp).is_ok_and(|last| last == inputs) {
        say("The browser half is built already");
        return Ok(());
    }
    // A build that breaks off must not leave the stamp of the one before.
    fs::remove_file(&stamp).ok();
    let chat = cut::chat(root)?;
    trunk(root, "console")?;
    say("Naming, compressing and listing the files");
    finish::finish(root, chat, optimizer.as_ref())?;
    // As it was at the start: what was changed meanwhile may not be in the build.
    fs::write(&stamp, inputs)?;
    Ok(())
}

/// Where trunk leaves one page.
pub(crate) fn trunk_folder(root: &Path, page: &str) -> PathBuf {
    root.join("target/trunk").join(page)
}

fn trunk(root: &Path, page: &str) -> Result<()> {
    let html = format!("www/{page}.html");
    ensure!(root.join(&html).exists(), "{html} is missing");
    let mut command = program("trunk");
    command.args(["build", "--skip-version-check", "--dist"]).arg(trunk_folder(root, page)).arg(&html);
    cargo_settings(&mut command, root)
        // The compiler's words are enough; trunk's own stack would bury them.
        .env("RUST_BACKTRACE", "0")
        // trunk takes any value of it but "true" and "false" for a mistake.
        .env_remove("NO_COLOR");
    run(&format!("Building the {page} for the browser"), &mut command, "The compiler's or trunk's words stand above.")
}

/// Where cargo builds for the browser: other flags, so another folder.
pub(crate) fn wasm_target(root: &Path) -> PathBuf {
    root.join("target/wasm")
}

/// What cargo has to know to build small, whoever calls it.
pub(crate) fn cargo_settings<'a>(command: &'a mut Command, root: &Path) -> &'a mut Command {
    command
        .env("CARGO_TARGET_DIR", wasm_target(root))
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort")
        .env("CARGO_UNSTABLE_BUILD_STD_FEATURES", "optimize_for_size")
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", RUSTFLAGS)
}

/// One number for everything that the build reads: the files' names and contents, and the compiler.
fn digest(root: &Path, optimizer: Option<&Optimizer>) -> Result<String> {
    let mut files = Vec::new();
    for input in INPUTS {
        list(&root.join(input), &mut files)?;
    }
    files.sort();
    let mut hasher = Sha256::new();
    hasher.update(output(program("rustc").arg("--version")).unwrap_or_default());
    hasher.update(optimizer.map(Optimizer::name).unwrap_or_default());
    for file in files {
        let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        hasher.update(file.strip_prefix(root).unwrap_or(&file).to_string_lossy().as_bytes());
        hasher.update(bytes.len().to_le_bytes());
        hasher.update(bytes);
    }
    Ok(hex(&hasher.finalize()))
}

/// The bytes as small hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Every file under a path; the demo pages are not part of the product.
fn list(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if path.ends_with("www/demo") {
        return Ok(());
    }
    if !path.is_dir() {
        if path.exists() {
            files.push(path.to_owned());
        }
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        list(&entry?.path(), files)?;
    }
    Ok(())
}
