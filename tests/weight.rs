//! What a visitor downloads before the chat is there: held to a number.

use std::fs;

use serde_json::Value;

/// The whole chat over the wire, compressed with brotli.
const CHAT_BYTES_MAX: u64 = 90 * 1024;
/// The one script on the customer's page, compressed with brotli.
const EMBED_BYTES_MAX: u64 = 4 * 1024;

/// The compressed size of a built file: what the relay sends to every browser of the last ten years.
fn brotli_bytes(name: &str) -> u64 {
    let path = support::web_dir().join(format!("{name}.br"));
    fs::metadata(&path).unwrap_or_else(|_| panic!("{} is missing: run `cargo xtask web`", path.display())).len()
}

#[test]
fn the_chat_and_its_script_tag_stay_light() {
    let path = support::web_dir().join("manifest.json");
    let text =
        fs::read_to_string(&path).unwrap_or_else(|_| panic!("{} is missing: run `cargo xtask web`", path.display()));
    let manifest: Value = serde_json::from_str(&text).expect("the manifest is JSON");
    let names = manifest["chat"].as_array().expect("the manifest lists what the chat loads");
    let mut names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
    // A visitor loads one language: the heaviest is counted.
    let locales = manifest["locale"].as_object().expect("the manifest lists the languages");
    let heaviest = locales.values().filter_map(Value::as_str).max_by_key(|name| brotli_bytes(name));
    names.extend(heaviest);

    println!("{:>8}  file (brotli bytes)", "");
    for name in &names {
        println!("{:>8}  {name}", brotli_bytes(name));
    }
    let chat: u64 = names.iter().map(|name| brotli_bytes(name)).sum();
    let embed = brotli_bytes("embed.js");
    println!("{chat:>8}  the chat, of {CHAT_BYTES_MAX} at most");
    println!("{embed:>8}  embed.js, of {EMBED_BYTES_MAX} at most");

    assert!(names.iter().any(|name| name.ends_with(".wasm")), "the manifest forgot the wasm");
    assert!(names.contains(&"chat.html"), "the manifest forgot the page");
    assert!(chat <= CHAT_BYTES_MAX, "the chat weighs {chat} bytes");
    assert!(embed <= EMBED_BYTES_MAX, "embed.js weighs {embed} bytes");
}
