//! Says what each page weighs over the wire.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::web::PAGES;

/// A visitor loads one catalogue; this one stands for all.
const LANGUAGE: &str = "en";

/// Prints a table for each page and for the script that the exchange's page carries.
pub(crate) fn print(root: &Path) -> Result<()> {
    let web = root.join("target/web");
    let manifest = fs::read(web.join("manifest.json")).context("target/web is not there: run `cargo xtask web`")?;
    let manifest: Value = serde_json::from_slice(&manifest)?;
    println!("\n{:<44}{:>10}{:>10}{:>10}", "bytes", "raw", "gzip", "brotli");
    row(&web, "embed.js")?;
    for page in PAGES {
        let loaded = manifest[page].as_array().context("the manifest lists no files")?;
        let paths = loaded
            .iter()
            .chain([&manifest[if page == "chat" { "locale" } else { "console_locale" }][LANGUAGE]])
            .filter_map(Value::as_str);
        let mut sum = [0; 3];
        println!();
        for path in paths {
            let sizes = row(&web, path)?;
            for (total, size) in sum.iter_mut().zip(sizes) {
                *total += size;
            }
        }
        line(&format!("{page}, with one language"), sum);
    }
    println!();
    Ok(())
}

fn row(web: &Path, path: &str) -> Result<[u64; 3]> {
    let size = |ending| fs::metadata(web.join(format!("{path}{ending}"))).map(|file| file.len());
    let sizes = [size("")?, size(".gz")?, size(".br")?];
    line(path, sizes);
    Ok(sizes)
}

fn line(name: &str, [raw, gzip, brotli]: [u64; 3]) {
    println!("{name:<44}{raw:>10}{gzip:>10}{brotli:>10}");
}
