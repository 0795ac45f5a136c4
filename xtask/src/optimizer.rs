//! wasm-opt, which the chat's budget needs: npm's `binaryen` of one version, else whatever is on the PATH, else Debian's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail, ensure};
use sha2::{Digest, Sha256};

use crate::shell::{output, own_tools, program, run, say};
use crate::tools::{as_root, found};
use crate::web::hex;

/// The version of npm's `binaryen`, and what the SHA-256 of its wasm-opt is.
const VERSION: &str = "132.0.0";
const SHA256: &str = "608c021fa3f2c68cdc26f06a1454341089a0e689abb71cbe5a23ef7300e7f3e3";
/// What rustc lets a module use, and then: for size, until nothing more is gained. Nothing of ours lies below address 1024.
const OPTIONS: [&str; 11] = [
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--low-memory-unused",
    "--flatten",
    "--rereloop",
    "-Oz",
    "-Oz",
    "--converge",
    "--dealign",
];

/// A wasm-opt that answers.
pub(crate) enum Optimizer {
    /// npm's: a script that Node runs.
    Npm(PathBuf),
    /// The one on the PATH, and what it calls itself.
    Installed(String),
}

impl Optimizer {
    /// What it is called in messages, in the manifest and in the stamp of a build.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Npm(_) => format!("npm binaryen {VERSION}"),
            Self::Installed(name) => name.clone(),
        }
    }

    /// The module made smaller. `folder` takes the files that wasm-opt reads and writes.
    pub(crate) fn optimized(&self, folder: &Path, module: &[u8]) -> Result<Vec<u8>> {
        let (before, after) = (folder.join("before.opt"), folder.join("after.opt"));
        fs::write(&before, module)?;
        let mut command = self.command();
        command.args(OPTIONS).arg(&before).arg("-o").arg(&after);
        let done = command.output()?;
        ensure!(done.status.success(), "{} failed: {}", self.name(), String::from_utf8_lossy(&done.stderr));
        Ok(fs::read(after)?)
    }

    fn command(&self) -> Command {
        match self {
            Self::Npm(script) => {
                let mut command = program("node");
                command.arg(script);
                command
            }
            Self::Installed(_) => program("wasm-opt"),
        }
    }
}

/// The wasm-opt to use, after trying to install one. The browser build goes on without, but the chat is too heavy then.
pub(crate) fn find() -> Option<Optimizer> {
    let why_not = match npm() {
        Ok(optimizer) => return Some(optimizer),
        Err(error) => error,
    };
    if let Some(optimizer) = installed() {
        say(&format!(
            "{} stands in for npm's binaryen {VERSION}, which makes the chat lightest: {why_not:#}",
            optimizer.name()
        ));
        return Some(optimizer);
    }
    let by_hand = "On Debian: apt-get install npm, or apt-get install binaryen";
    if let Err(error) = as_root(&["binaryen"], "wasm-opt makes the chat light enough", by_hand) {
        say(&format!("There is no wasm-opt, neither npm's ({why_not:#}) nor Debian's ({error:#})"));
        say("The build goes on without: the chat works, but is heavier than its budget, and tests/weight.rs fails");
    }
    installed()
}

fn installed() -> Option<Optimizer> {
    output(program("wasm-opt").arg("--version")).map(Optimizer::Installed)
}

/// npm's, fetched once into target/tools.
fn npm() -> Result<Optimizer> {
    let folder = own_tools().join("binaryen");
    let script = folder.join("package/bin/wasm-opt");
    let whole = || fs::read(&script).is_ok_and(|bytes| hex(&Sha256::digest(bytes)) == SHA256);
    if !whole() {
        if !found("npm") {
            as_root(&["npm"], "wasm-opt comes from npm's registry", "On Debian: apt-get install npm")?;
        }
        fs::create_dir_all(&folder)?;
        let mut pack = program("npm");
        pack.args(["pack", "--silent", &format!("binaryen@{VERSION}")]).current_dir(&folder);
        run("Fetching wasm-opt, which makes the chat lighter", &mut pack, "Is the registry reachable?")?;
        let archive = format!("binaryen-{VERSION}.tgz");
        let mut unpack = program("tar");
        unpack.args(["xzf", &archive, "package/bin/wasm-opt", "package/bin/package.json"]).current_dir(&folder);
        run("Unpacking it", &mut unpack, "What npm wrote is not whole.")?;
        fs::remove_file(folder.join(archive)).ok();
    }
    if !whole() {
        bail!("{} is not the file that was tried: remove it, or change SHA256", script.display());
    }
    let optimizer = Optimizer::Npm(script);
    ensure!(output(optimizer.command().arg("--version")).is_some(), "Node does not run npm's wasm-opt");
    Ok(optimizer)
}
