//! Says what each page weighs over the wire.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::finish::{brotli, gzip};
use crate::web::PAGES;

/// A visitor loads one catalogue; this one stands for all.
const LANGUAGE: &str = "en";
/// What the relay puts into a page for the demo's site.
const FILLED: [(&str, &str); 3] =
    [("{{site}}", "demo"), ("{{site_name}}", "Example Exchange"), ("{{origins}}", "http://localhost:8081")];

/// Prints a table for each page and for the script that the exchange's page carries.
pub(crate) fn print(root: &Path) -> Result<()> {
    let web = root.join("target/web");
    let manifest = fs::read(web.join("manifest.json")).context("target/web is not there: run `cargo xtask web`")?;
    let manifest: Value = serde_json::from_slice(&manifest)?;
    println!("\n{:<44}{:>10}{:>10}{:>10}", "bytes", "raw", "gzip", "brotli");
    let loader = row(&web, "embed.js")?;
    for page in PAGES {
        let loaded = manifest[page].as_array().context("the manifest lists no files")?;
        let locales = &manifest[if page == "chat" { "locale" } else { "console_locale" }];
        let paths = loaded.iter().chain([&locales[LANGUAGE]]).filter_map(Value::as_str);
        let mut sum = if page == "chat" { loader } else { [0; 3] };
        println!();
        for path in paths {
            let sizes = if path.ends_with(".html") { sent(&web, path, locales)? } else { row(&web, path)? };
            for (total, size) in sum.iter_mut().zip(sizes) {
                *total += size;
            }
        }
        let loader = if page == "chat" { " and its loader" } else { "" };
        line(&format!("{page}{loader}, with one language"), sum);
    }
    println!("\nrooms of the chat, each loaded when it is opened");
    for path in manifest["rooms"].as_object().into_iter().flatten().filter_map(|(_, path)| path.as_str()) {
        row(&web, path)?;
    }
    println!();
    Ok(())
}

/// A page as the relay sends it: filled, then compressed.
fn sent(web: &Path, path: &str, locales: &Value) -> Result<[u64; 3]> {
    let mut page = fs::read_to_string(web.join(path))?;
    for (name, value) in FILLED {
        page = page.replace(name, value);
    }
    let locale = locales[LANGUAGE].as_str().unwrap_or_default();
    let page = page.replace("{{lang}}", LANGUAGE).replace("{{locale}}", &format!("/{locale}"));
    let bytes = page.as_bytes();
    let sizes = [bytes.len() as u64, gzip(bytes)?.len() as u64, brotli(bytes)?.len() as u64];
    line(path, sizes);
    Ok(sizes)
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
