//! Turns what trunk wrote into target/web: hashed names, references to them, compressed copies, one manifest.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::shell::{program, run, say};
use crate::web::{PAGES, hex, trunk_folder};
use crate::{script, wasm};

const HASH_DIGITS: usize = 16;
/// The densest brotli with the largest window that every browser takes.
const BROTLI_QUALITY: u32 = 11;
const BROTLI_WINDOW: u32 = 22;

/// What rustc lets a module use, and then: for size, until nothing more is gained. Nothing of ours lies below address 1024.
const OPTIMIZER: [&str; 13] = [
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--low-memory-unused",
    "--flatten",
    "--rereloop",
    "-Oz",
    "--flatten",
    "--rereloop",
    "-Oz",
    "-Oz",
    "--converge",
];

/// Writes the finished folder beside the old one and puts it in its place.
pub(crate) fn finish(root: &Path, optimizer: bool) -> Result<()> {
    let web = root.join("target/web");
    let fresh = root.join("target/web.new");
    fs::remove_dir_all(&fresh).ok();
    fs::create_dir_all(fresh.join("assets"))?;
    let loader = fs::read_to_string(root.join("www/embed.js")).context("cannot read www/embed.js")?;
    write(&fresh, "embed.js", script::lean(&loader).as_bytes())?;
    let mut manifest = serde_json::Map::new();
    for page in PAGES {
        let loaded = finish_page(&trunk_folder(root, page), page, optimizer, &fresh)?;
        manifest.insert(page.to_owned(), json!(loaded));
    }
    let [chat, console] = finish_locales(&root.join("www/locale"), &fresh)?;
    manifest.insert("locale".to_owned(), json!(chat));
    manifest.insert("console_locale".to_owned(), json!(console));
    fs::write(fresh.join("manifest.json"), serde_json::to_vec_pretty(&manifest)?)?;
    fs::remove_dir_all(&web).ok();
    fs::rename(&fresh, &web).context("cannot replace target/web")
}

/// Makes of one page's parts one style sheet, one module and one script, and writes them. Gives the paths it loads.
fn finish_page(dist: &Path, page: &str, optimizer: bool, web: &Path) -> Result<Vec<String>> {
    let read = |name: &str| fs::read(dist.join(name)).with_context(|| format!("{page}: trunk wrote no {name}"));
    let text = |name: &str| Ok::<_, anyhow::Error>(String::from_utf8(read(name)?)?);
    for entry in fs::read_dir(dist)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        ensure!(entry.file_type()?.is_file(), "{page}: trunk wrote a folder `{name}` (inline JavaScript snippets?)");
    }
    let html = without_own_lines(&text("index.html")?);
    let (html, sheets) = without_sheets(&html);
    ensure!(!sheets.is_empty(), "{page}: the page names no style sheet");
    let mut css = String::new();
    for sheet in sheets {
        css.push_str(&script::lean_css(&text(&sheet)?));
    }
    let css = write_hashed(web, &format!("{page}.css"), css.as_bytes())?;

    let module_name = format!("{page}_bg.wasm");
    let module = wasm::strip(&read(&module_name)?).context(module_name.clone())?;
    let (module, glue) = wasm::shorten(&module, &text(&format!("{page}.js"))?)?;
    // Nobody waits for the console's weight.
    let module = if optimizer && page == "chat" { optimized(dist, module)? } else { module };
    let module = write_hashed(web, &module_name, &module)?;
    let start_name = format!("{page}-start.js");
    let start = script::one(&glue, &text(&start_name)?, &format!("/{module}"))?;
    let start = write_hashed(web, &start_name, script::lean(&start).as_bytes())?;

    let named = format!("/assets/{start_name}");
    ensure!(html.contains(&named) && html.contains("</head>"), "{page}: the page has no head, or no script");
    let html = html.replace(&named, &format!("/{start}"));
    let html = html.replacen("</head>", &format!("<link rel=\"stylesheet\" href=\"/{css}\"></head>"), 1);
    let html_name = format!("{page}.html");
    write(web, &html_name, script::lean_html(&html).as_bytes())?;
    Ok(vec![html_name, css, module, start])
}

/// Texts that only the console shows have keys that begin so.
const CONSOLE_KEYS: &str = "console_";

/// Texts that the relay itself writes (transcripts) begin like this; no page loads them.
const RELAY_KEYS: &str = "relay_";

/// Writes each catalogue without its white space: the chat's part for visitors, the whole for the console. Gives the paths by
/// language of both.
fn finish_locales(folder: &Path, web: &Path) -> Result<[BTreeMap<String, String>; 2]> {
    let mut paths = [BTreeMap::new(), BTreeMap::new()];
    for entry in fs::read_dir(folder).context("cannot read www/locale")? {
        let file = entry?.path();
        let Some(language) = file.file_stem().and_then(|stem| stem.to_str()) else { continue };
        let mut texts: BTreeMap<String, String> =
            serde_json::from_slice(&fs::read(&file)?).with_context(|| format!("{} is no catalogue", file.display()))?;
        texts.retain(|key, _| !key.starts_with(RELAY_KEYS));
        let [chat, console] = &mut paths;
        let whole = write_hashed(web, &format!("locale-console-{language}.json"), &serde_json::to_vec(&texts)?)?;
        console.insert(language.to_owned(), whole);
        texts.retain(|key, _| !key.starts_with(CONSOLE_KEYS));
        let visitors = write_hashed(web, &format!("locale-{language}.json"), &serde_json::to_vec(&texts)?)?;
        chat.insert(language.to_owned(), visitors);
    }
    Ok(paths)
}

/// trunk leaves the link that told it what to build.
fn without_own_lines(html: &str) -> String {
    let mut kept = String::new();
    let mut rest = html;
    while let Some(start) = rest.find("<link data-trunk") {
        kept.push_str(rest[..start].trim_end_matches(' '));
        rest = rest[start..].split_once('>').map_or("", |(_, after)| after.trim_start());
    }
    kept + rest
}

/// The module as wasm-opt leaves it; as it was where that fails.
fn optimized(dist: &Path, module: Vec<u8>) -> Result<Vec<u8>> {
    let (before, after) = (dist.join("before.opt"), dist.join("after.opt"));
    fs::write(&before, &module)?;
    let mut command = program("wasm-opt");
    command.args(OPTIMIZER).arg(&before).arg("-o").arg(&after);
    if let Err(error) = run("Making the module smaller", &mut command, "The build goes on without it.") {
        say(&format!("{error:#}"));
        return Ok(module);
    }
    Ok(fs::read(after)?)
}

/// The page without its links to style sheets, and the names of those, in order.
fn without_sheets(html: &str) -> (String, Vec<String>) {
    let mut kept = String::new();
    let mut names = Vec::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once("<link rel=\"stylesheet\" href=\"/assets/") {
        kept.push_str(before);
        let (name, after) = after.split_once('"').unwrap_or((after, ""));
        names.push(name.to_owned());
        rest = after.split_once('>').map_or("", |(_, after)| after);
    }
    (kept + rest, names)
}

fn write_hashed(web: &Path, name: &str, bytes: &[u8]) -> Result<String> {
    let hash = &hex(&Sha256::digest(bytes))[..HASH_DIGITS];
    let (stem, extension) = name.rsplit_once('.').with_context(|| format!("`{name}` has no extension"))?;
    let path = format!("assets/{stem}.{hash}.{extension}");
    write(web, &path, bytes)?;
    Ok(path)
}

/// Writes a file and, beside it, what goes over the wire.
fn write(web: &Path, path: &str, bytes: &[u8]) -> Result<()> {
    let place = |ending: &str| web.join(format!("{path}{ending}"));
    fs::write(place(""), bytes)?;
    fs::write(place(".br"), brotli(bytes)?)?;
    fs::write(place(".gz"), gzip(bytes)?)?;
    Ok(())
}

/// The bytes as dense as every browser takes them.
pub(crate) fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut brotli = brotli::CompressorWriter::new(Vec::new(), bytes.len().max(1), BROTLI_QUALITY, BROTLI_WINDOW);
    brotli.write_all(bytes)?;
    Ok(brotli.into_inner())
}

/// The bytes for what does not take brotli.
pub(crate) fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(bytes)?;
    Ok(gzip.finish()?)
}

#[cfg(test)]
mod tests {
    use super::{without_own_lines, without_sheets};

    #[test]
    fn the_link_for_trunk_goes() {
        let html = "<head>\n  <link data-trunk rel=\"rust\" data-bin=\"chat\">\n  <link rel=\"stylesheet\" href=\"/chat.css\"/></head>";
        assert_eq!(without_own_lines(html), "<head>\n<link rel=\"stylesheet\" href=\"/chat.css\"/></head>");
    }

    #[test]
    fn sheets_are_found_in_their_order() {
        let html = "<head><link rel=\"stylesheet\" href=\"/assets/b.css\"/>\n<i><link rel=\"stylesheet\" href=\"/assets/a.css\"/></head>";
        let (kept, names) = without_sheets(html);
        assert_eq!((kept.as_str(), names), ("<head>\n<i></head>", vec!["b.css".to_owned(), "a.css".to_owned()]));
    }
}
