//! The chat's own build: compiled, cut into rooms, bound to the browser. trunk has no step between cargo and wasm-bindgen.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};

use crate::shell::{cargo, program, run, say};
use crate::web::{cargo_settings, wasm_target};

/// What the cutter calls the script that loads rooms; the rooms and the glue import it by this name.
const LOADER: &str = "__wasm_split.js";

/// The chat, bound but not finished: names are as wasm-bindgen and the cutter gave them.
pub(crate) struct Cut {
    /// What every visitor loads.
    pub(crate) module: Vec<u8>,
    /// What stands between module and browser.
    pub(crate) glue: String,
    /// What fetches the rooms.
    pub(crate) loader: String,
    /// File name and bytes of each room, and of what several rooms share.
    pub(crate) rooms: Vec<(String, Vec<u8>)>,
}

/// Where it is made.
fn folder(root: &Path) -> PathBuf {
    root.join("target/rooms")
}

/// Compiles the chat and cuts its rooms out.
pub(crate) fn chat(root: &Path) -> Result<Cut> {
    let mut command = cargo();
    command.args(["rustc", "--package", "widget", "--bin", "chat", "--profile", "web", "--features", "rooms"]);
    // The cutter reads from the relocations who calls whom.
    command.args(["--target", "wasm32-unknown-unknown", "--", "-Clink-args=--emit-relocs", "-Cstrip=none"]);
    run("Building the chat for the browser", cargo_settings(&mut command, root), "The compiler's words stand above.")?;

    say("Cutting the chat into rooms");
    let (cut, bound) = (folder(root).join("cut"), folder(root).join("bound"));
    fs::remove_dir_all(folder(root)).ok();
    fs::create_dir_all(&bound)?;
    let linked = fs::read(wasm_target(root).join("wasm32-unknown-unknown/web/chat.wasm"))?;
    let main = cut.join("chat.wasm");
    let mut options = wasm_split_cli_support::Options::new(&linked);
    (options.output_dir, options.main_out_path, options.main_module) = (&cut, &main, "./chat.js");
    let split =
        wasm_split_cli_support::transform(options).map_err(|error| anyhow!("cannot cut the chat: {error:#}"))?;

    let mut bind = program("wasm-bindgen");
    // The rooms link to exports of the linker's.
    bind.args(["--target", "web", "--no-typescript", "--keep-lld-exports", "--out-name", "chat", "--out-dir"]);
    run("Binding it to the browser", bind.arg(&bound).arg(&main), "wasm-bindgen's words stand above.")?;
    for entry in fs::read_dir(&bound)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        ensure!(entry.file_type()?.is_file(), "wasm-bindgen wrote a folder `{name}` (inline JavaScript snippets?)");
    }
    let mut rooms = Vec::new();
    for path in split.split_modules {
        let name = path.file_name().context("a room without a name")?.to_string_lossy().into_owned();
        rooms.push((name, fs::read(&path)?));
    }
    rooms.sort();
    Ok(Cut {
        module: fs::read(bound.join("chat_bg.wasm"))?,
        glue: fs::read_to_string(bound.join("chat.js"))?,
        loader: fs::read_to_string(cut.join(LOADER))?,
        rooms,
    })
}
