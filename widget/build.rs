//! Writes the names of all texts in order, so that a key is found in a few steps while the crates are compiled: reading the catalogues anew for each of a
//! thousand keys took four minutes of every build.

use std::error::Error;
use std::fmt::Write;
use std::path::Path;

use serde_json::{Map, Value};

/// The beginning of the names that only the relay uses: no page loads these texts.
const OF_TRANSCRIPTS: &str = "relay_";

fn main() -> Result<(), Box<dyn Error>> {
    let mut code = String::new();
    for (list, file) in [("CHAT", "chat.json"), ("CONSOLE", "console.json")] {
        let path = Path::new("../www/locale/en").join(file);
        println!("cargo::rerun-if-changed={}", path.display());
        // A map of JSON is in the order of names.
        let texts: Map<String, Value> = serde_json::from_slice(&std::fs::read(path)?)?;
        let names: Vec<&String> = texts.keys().filter(|name| !name.starts_with(OF_TRANSCRIPTS)).collect();
        writeln!(code, "const {list}: &[&str] = &{names:?};")?;
    }
    std::fs::write(Path::new(&std::env::var("OUT_DIR")?).join("names.rs"), code)?;
    Ok(())
}
