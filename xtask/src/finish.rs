//! Turns what was built into target/web: hashed names, references to them, compressed copies, one manifest.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::cut::Cut;
use crate::fold::fold;
use crate::optimizer::Optimizer;
use crate::script::{self, Kind};
use crate::web::{hex, trunk_folder};
use crate::{glue, unlist, wasm};

const HASH_DIGITS: usize = 16;
/// The densest brotli with the largest window that every browser takes.
const BROTLI_QUALITY: u32 = 11;
const BROTLI_WINDOW: u32 = 22;

/// Writes the finished folder beside the old one and puts it in its place.
pub(crate) fn finish(root: &Path, chat: Cut, optimizer: Option<&Optimizer>) -> Result<()> {
    let web = root.join("target/web");
    let fresh = root.join("target/web.new");
    fs::remove_dir_all(&fresh).ok();
    fs::create_dir_all(fresh.join("assets"))?;
    let www = root.join("www");
    let loader = fs::read_to_string(www.join("embed.js")).context("cannot read www/embed.js")?;
    write(&fresh, "embed.js", script::minified(&loader, Kind::Classic)?.as_bytes())?;
    let mut manifest = serde_json::Map::new();
    let (loaded, rooms) = finish_chat(chat, &www, optimizer, &fresh)?;
    manifest.insert("chat".to_owned(), json!(loaded));
    manifest.insert("rooms".to_owned(), json!(rooms));
    manifest.insert("console".to_owned(), json!(finish_console(&trunk_folder(root, "console"), &www, &fresh)?));
    manifest.insert("optimizer".to_owned(), json!(optimizer.map(Optimizer::name)));
    let [chat, console] = finish_locales(&www.join("locale"), &fresh)?;
    manifest.insert("locale".to_owned(), json!(chat));
    manifest.insert("console_locale".to_owned(), json!(console));
    fs::write(fresh.join("manifest.json"), serde_json::to_vec_pretty(&manifest)?)?;
    fs::remove_dir_all(&web).ok();
    fs::rename(&fresh, &web).context("cannot replace target/web")
}

/// Makes of the chat's parts a module, its rooms, one script and one style sheet, and writes them. Gives the paths that every visitor
/// loads, and those of the rooms by their names.
fn finish_chat(
    chat: Cut,
    www: &Path,
    optimizer: Option<&Optimizer>,
    web: &Path,
) -> Result<(Vec<String>, BTreeMap<String, String>)> {
    let chat = fold(chat)?;
    let scratch = tempdir(web)?;
    let smaller = |module: Vec<u8>| match optimizer {
        Some(optimizer) => optimizer.optimized(&scratch, &module),
        None => Ok(module),
    };
    let module = glue::merged(&wasm::strip(&unlist::unlist(&chat.module)?)?, &chat.glue, &[&chat.loader])?;
    let (module, glue) = glue::shortened(&smaller(module)?, &chat.glue)?;
    let module = write_hashed(web, "chat_bg.wasm", &module)?;
    let mut loader = chat.loader;
    let mut rooms = BTreeMap::new();
    for (name, bytes) in chat.rooms {
        let path = write_hashed(web, &name, &smaller(wasm::strip(&bytes)?)?)?;
        loader = loader.replace(&format!("\"./{name}\""), &format!("\"/{path}\""));
        ensure!(loader.contains(&path), "the cutter's loader does not name {name}");
        rooms.insert(name, path);
    }
    fs::remove_dir_all(scratch)?;
    let page = Page { name: "chat", module: &module, glue: &glue, loader: &loader };
    let (loaded, styles) = finish_page(&page, &fs::read_to_string(www.join("chat.html"))?, www, www, web)?;
    rooms.extend(styles.map(|path| (ROOMS_SHEET.to_owned(), path)));
    Ok((loaded, rooms))
}

/// Makes of what trunk wrote a module, one script and one style sheet. Nobody waits for the console's weight.
fn finish_console(dist: &Path, www: &Path, web: &Path) -> Result<Vec<String>> {
    let read = |name: &str| fs::read(dist.join(name)).with_context(|| format!("trunk wrote no {name}"));
    for entry in fs::read_dir(dist)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        ensure!(entry.file_type()?.is_file(), "trunk wrote a folder `{name}` (inline JavaScript snippets?)");
    }
    let html = without_own_lines(&String::from_utf8(read("index.html")?)?);
    let glue = String::from_utf8(read("console.js")?)?;
    let (module, glue) = glue::shortened(&wasm::strip(&read("console_bg.wasm")?)?, &glue)?;
    let module = write_hashed(web, "console_bg.wasm", &module)?;
    Ok(finish_page(&Page { name: "console", module: &module, glue: &glue, loader: "" }, &html, dist, www, web)?.0)
}

/// What a page is made of, beside its HTML.
struct Page<'a> {
    name: &'a str,
    /// The path of the WebAssembly file.
    module: &'a str,
    glue: &'a str,
    /// What fetches rooms; empty where there are none.
    loader: &'a str,
}

/// Joins a page's style sheets and scripts, and writes both and the page. Gives the paths it loads, and that of its rooms' styles.
fn finish_page(
    page: &Page<'_>,
    html: &str,
    sheets: &Path,
    www: &Path,
    web: &Path,
) -> Result<(Vec<String>, Option<String>)> {
    let Page { name, module, glue, loader } = *page;
    let (html, [own, rooms]) = without_sheets(html);
    ensure!(!own.is_empty(), "{name}: the page names no style sheet");
    let css = write_hashed(web, &format!("{name}.css"), joined(sheets, &own)?.as_bytes())?;
    let mut starts =
        [fs::read_to_string(www.join("start.js"))?, fs::read_to_string(www.join(format!("{name}-start.js")))?];
    let mut styles = None;
    if !rooms.is_empty() {
        let path = write_hashed(web, ROOMS_SHEET, joined(sheets, &rooms)?.as_bytes())?;
        let named = format!("/assets/{ROOMS_SHEET}");
        ensure!(starts[1].contains(&named), "{name}: the start script does not load the rooms' styles");
        starts[1] = starts[1].replace(&named, &format!("/{path}"));
        styles = Some(path);
    }
    let start_name = format!("{name}-start.js");
    let start = script::one(glue, loader, &starts.each_ref().map(String::as_str), &format!("/{module}"))?;
    let start = write_hashed(web, &start_name, script::minified(&start, Kind::Module)?.as_bytes())?;

    let named = format!("/assets/{start_name}");
    ensure!(html.contains(&named) && html.contains("</head>"), "{name}: the page has no head, or no script");
    let html = html.replace(&named, &format!("/{start}"));
    let html = html.replacen("</head>", &format!("<link rel=\"stylesheet\" href=\"/{css}\"></head>"), 1);
    let html_name = format!("{name}.html");
    write(web, &html_name, script::lean_html(&html).as_bytes())?;
    Ok((vec![html_name, css, module.to_owned(), start], styles))
}

/// What the start script of a page with rooms calls their styles.
const ROOMS_SHEET: &str = "rooms.css";

/// A folder for files that only a tool reads.
fn tempdir(web: &Path) -> Result<PathBuf> {
    let folder = web.with_extension("scratch");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Texts that the relay itself writes (transcripts) have keys that begin so; no page loads them.
const TRANSCRIPT_KEYS: &str = "relay_";

/// Writes the texts of each language as lists: those of the chat, and for the console those of the chat and its own. Gives the paths by
/// language of both.
///
/// `Key::of` (`widget/src/text.rs`) counts the texts in the same order: by name, the console's own behind the chat's.
fn finish_locales(folder: &Path, web: &Path) -> Result<[BTreeMap<String, String>; 2]> {
    let mut paths = [BTreeMap::new(), BTreeMap::new()];
    let mut names: Option<Vec<String>> = None;
    for entry in fs::read_dir(folder).context("cannot read www/locale")? {
        let folder = entry?.path();
        let Some(language) = folder.file_name().and_then(|name| name.to_str()) else { continue };
        let (chat, console) = (catalogue(&folder.join("chat.json"))?, catalogue(&folder.join("console.json"))?);
        let own: Vec<String> = chat.keys().chain(console.keys()).cloned().collect();
        ensure!(*names.get_or_insert_with(|| own.clone()) == own, "the languages have not the same keys");
        let mut texts: Vec<&String> = chat.values().collect();
        let path = write_hashed(web, &format!("locale-{language}.json"), &serde_json::to_vec(&texts)?)?;
        paths[0].insert(language.to_owned(), path);
        texts.extend(console.iter().filter(|(key, _)| !key.starts_with(TRANSCRIPT_KEYS)).map(|(_, text)| text));
        let path = write_hashed(web, &format!("locale-console-{language}.json"), &serde_json::to_vec(&texts)?)?;
        paths[1].insert(language.to_owned(), path);
    }
    Ok(paths)
}

/// Texts by their names, in the order of names.
fn catalogue(file: &Path) -> Result<BTreeMap<String, String>> {
    let text = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} is no catalogue", file.display()))
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

/// What a link to a style sheet begins with in a page of ours, and in one that trunk wrote; and to one that comes with the first room.
const SHEETS: [(&str, bool); 3] = [
    ("<link rel=\"stylesheet\" href=\"/assets/", false),
    ("<link rel=\"stylesheet\" href=\"", false),
    ("<link data-rooms rel=\"stylesheet\" href=\"", true),
];

/// The page without its links to style sheets, and what those name, in order: the page's, and the rooms'.
fn without_sheets(html: &str) -> (String, [Vec<String>; 2]) {
    let mut kept = String::new();
    let mut names = [Vec::new(), Vec::new()];
    let mut rest = html;
    while let Some(at) = SHEETS.iter().filter_map(|(begins, _)| rest.find(begins)).min() {
        kept.push_str(&rest[..at]);
        rest = &rest[at..];
        let link = SHEETS.iter().find_map(|(begins, rooms)| Some((rest.strip_prefix(begins)?, *rooms)));
        let (after, rooms) = link.unwrap_or((rest, false));
        let (name, after) = after.split_once('"').unwrap_or((after, ""));
        names[usize::from(rooms)].push(name.to_owned());
        rest = after.split_once('>').map_or("", |(_, after)| after);
    }
    (kept + rest, names)
}

/// Style sheets as one.
fn joined(folder: &Path, names: &[String]) -> Result<String> {
    let mut css = String::new();
    for name in names {
        let text = fs::read_to_string(folder.join(name)).with_context(|| format!("there is no {name}"))?;
        css.push_str(&script::lean_css(&text));
    }
    Ok(css)
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
        let html = "<head><link rel=\"stylesheet\" href=\"/assets/b.css\"/>\n<i><link rel=\"stylesheet\" href=\"../a.css\">\
                    <link data-rooms rel=\"stylesheet\" href=\"c.css\"></head>";
        let (kept, names) = without_sheets(html);
        let wanted = [vec!["b.css".to_owned(), "../a.css".to_owned()], vec!["c.css".to_owned()]];
        assert_eq!((kept.as_str(), names), ("<head>\n<i></head>", wanted));
    }
}
