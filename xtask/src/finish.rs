//! Turns what trunk wrote into target/web: hashed names, references to them, compressed copies, one manifest.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::wasm;
use crate::web::{PAGES, hex, trunk_folder};

const HASH_DIGITS: usize = 16;
/// The densest brotli with the largest window that every browser takes.
const BROTLI_QUALITY: u32 = 11;
const BROTLI_WINDOW: u32 = 22;

/// Writes the finished folder beside the old one and puts it in its place.
pub(crate) fn finish(root: &Path) -> Result<()> {
    let web = root.join("target/web");
    let fresh = root.join("target/web.new");
    fs::remove_dir_all(&fresh).ok();
    fs::create_dir_all(fresh.join("assets"))?;
    write(&fresh, "embed.js", &fs::read(root.join("www/embed.js")).context("cannot read www/embed.js")?)?;
    let mut manifest = serde_json::Map::new();
    for page in PAGES {
        let loaded = finish_page(&trunk_folder(root, page), page, &fresh)?;
        manifest.insert(page.to_owned(), json!(loaded));
    }
    let [chat, console] = finish_locales(&root.join("www/locale"), &fresh)?;
    manifest.insert("locale".to_owned(), json!(chat));
    manifest.insert("console_locale".to_owned(), json!(console));
    fs::write(fresh.join("manifest.json"), serde_json::to_vec_pretty(&manifest)?)?;
    fs::remove_dir_all(&web).ok();
    fs::rename(&fresh, &web).context("cannot replace target/web")
}

/// Hashes the assets of one page, leaves before what names them, and writes all of it. Gives the paths it loads.
fn finish_page(dist: &Path, page: &str, web: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dist)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        ensure!(entry.file_type()?.is_file(), "{page}: trunk wrote a folder `{name}` (inline JavaScript snippets?)");
        files.push((rank(&name), name));
    }
    files.sort();
    let mut hashed: BTreeMap<String, String> = BTreeMap::new();
    let mut loaded = vec![format!("{page}.html")];
    for (_, name) in files {
        let bytes = fs::read(dist.join(&name))?;
        if name == "index.html" {
            let text = String::from_utf8(bytes).context("the page is not UTF-8")?;
            write(web, &format!("{page}.html"), without_own_lines(&rewritten(&text, &hashed)).as_bytes())?;
            continue;
        }
        if name.ends_with(".wasm") {
            // With the glue that serves it, below.
            continue;
        }
        let glue_of = dist.join(format!("{}_bg.wasm", name.trim_end_matches(".js")));
        let bytes = match name.rsplit('.').next() {
            Some("js") if glue_of.exists() => {
                let module = wasm::strip(&fs::read(&glue_of)?).with_context(|| glue_of.display().to_string())?;
                let (module, glue) = wasm::shorten(&module, &lean(&String::from_utf8(bytes)?))?;
                let module_name = format!("{}_bg.wasm", name.trim_end_matches(".js"));
                let path = write_hashed(web, &module_name, &module)?;
                loaded.push(path.clone());
                hashed.insert(module_name, path);
                rewritten(&glue, &hashed).into_bytes()
            }
            Some("js" | "css") => rewritten(&lean(&String::from_utf8(bytes)?), &hashed).into_bytes(),
            _ => bytes,
        };
        let path = write_hashed(web, &name, &bytes)?;
        loaded.push(path.clone());
        hashed.insert(name, path);
    }
    Ok(loaded)
}

/// Texts that only the console shows have keys that begin so.
const CONSOLE_KEYS: &str = "console_";

/// Writes each catalogue without its white space: the chat's part for visitors, the whole for the console. Gives the paths by
/// language of both.
fn finish_locales(folder: &Path, web: &Path) -> Result<[BTreeMap<String, String>; 2]> {
    let mut paths = [BTreeMap::new(), BTreeMap::new()];
    for entry in fs::read_dir(folder).context("cannot read www/locale")? {
        let file = entry?.path();
        let Some(language) = file.file_stem().and_then(|stem| stem.to_str()) else { continue };
        let mut texts: BTreeMap<String, String> =
            serde_json::from_slice(&fs::read(&file)?).with_context(|| format!("{} is no catalogue", file.display()))?;
        let [chat, console] = &mut paths;
        let whole = write_hashed(web, &format!("locale-console-{language}.json"), &serde_json::to_vec(&texts)?)?;
        console.insert(language.to_owned(), whole);
        texts.retain(|key, _| !key.starts_with(CONSOLE_KEYS));
        let visitors = write_hashed(web, &format!("locale-{language}.json"), &serde_json::to_vec(&texts)?)?;
        chat.insert(language.to_owned(), visitors);
    }
    Ok(paths)
}

/// The text without indentation and without lines that are comments only. No template literal of ours or of wasm-bindgen's
/// goes over lines.
fn lean(text: &str) -> String {
    let mut lean = String::with_capacity(text.len());
    let mut in_comment = false;
    for line in text.lines().map(str::trim) {
        in_comment |= line.starts_with("/*");
        if in_comment {
            in_comment = !line.ends_with("*/");
        } else if !line.is_empty() && !line.starts_with("//") {
            lean.push_str(line);
            lean.push('\n');
        }
    }
    lean
}

/// What names others comes after what it names: plain files, the glue (which names its WebAssembly), our start module, the page.
fn rank(name: &str) -> u8 {
    match name.rsplit('.').next() {
        Some("html") => 4,
        Some("js") if name.contains("-start") => 3,
        Some("js") => 2,
        Some("css") => 1,
        _ => 0,
    }
}

/// The text with every quoted reference to a known file turned to its hashed place.
fn rewritten(text: &str, hashed: &BTreeMap<String, String>) -> String {
    let mut text = text.to_owned();
    for (name, path) in hashed {
        for quote in ['"', '\''] {
            for before in ["", "./", "/", "/assets/"] {
                text = text.replace(&format!("{quote}{before}{name}{quote}"), &format!("{quote}/{path}{quote}"));
            }
        }
    }
    text
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
    let mut brotli = brotli::CompressorWriter::new(Vec::new(), bytes.len().max(1), BROTLI_QUALITY, BROTLI_WINDOW);
    brotli.write_all(bytes)?;
    fs::write(place(".br"), brotli.into_inner())?;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(bytes)?;
    fs::write(place(".gz"), gzip.finish()?)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{lean, rank, rewritten, without_own_lines};
    use std::collections::BTreeMap;

    #[test]
    fn references_are_rewritten_and_lookalikes_are_not() {
        let hashed = BTreeMap::from([("chat.js".to_owned(), "assets/chat.00.js".to_owned())]);
        let given = r#"import "./chat.js"; import '/assets/chat.js'; let other = "my-chat.js";"#;
        let wanted = r#"import "/assets/chat.00.js"; import '/assets/chat.00.js'; let other = "my-chat.js";"#;
        assert_eq!(rewritten(given, &hashed), wanted);
    }

    #[test]
    fn comments_and_indentation_go() {
        let given = "/** a\n * b\n */\nlet x = 1; // c\n    // d\n\n  y(\"/* e */\");\n/* f */\nz();\n";
        assert_eq!(lean(given), "let x = 1; // c\ny(\"/* e */\");\nz();\n");
    }

    #[test]
    fn the_link_for_trunk_goes() {
        let html = "<head>\n  <link data-trunk rel=\"rust\" data-bin=\"chat\">\n  <link rel=\"stylesheet\" href=\"/chat.css\"/></head>";
        assert_eq!(without_own_lines(html), "<head>\n<link rel=\"stylesheet\" href=\"/chat.css\"/></head>");
    }

    #[test]
    fn what_names_comes_after_what_is_named() {
        let mut names = ["index.html", "chat-start.js", "chat.css", "chat.js", "chat_bg.wasm"];
        names.sort_by_key(|name| rank(name));
        assert_eq!(names, ["chat_bg.wasm", "chat.css", "chat.js", "chat-start.js", "index.html"]);
    }
}
