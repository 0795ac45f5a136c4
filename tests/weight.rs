//! What a visitor downloads before the chat is there: held to a number, as a relay sends it.

use serde_json::Value;
use support::Relay;

/// Everything that comes over the wire, compressed with brotli: the script on the customer's page, the chat's page, the chat.
const ALL_BYTES_MAX: usize = 96 * 1024;
/// The one script on the customer's page.
const EMBED_BYTES_MAX: usize = 5 * 1024;

/// The bytes that a browser of the last ten years is sent for an address.
fn sent_bytes(relay: &Relay, path: &str) -> usize {
    let answer = relay.request("GET", path, &[("accept-encoding", "gzip, deflate, br")], &[]).expect("answered");
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    assert_eq!(answer.headers.get("content-encoding").map(String::as_str), Some("br"), "{path} is not compressed");
    answer.body.len()
}

#[test]
fn the_chat_and_its_script_tag_stay_light() {
    let relay = Relay::start("https://exchange.example");
    let text = std::fs::read_to_string(support::web_dir().join("manifest.json")).expect("`cargo xtask web` has run");
    let manifest: Value = serde_json::from_str(&text).expect("the manifest is JSON");
    let names = manifest["chat"].as_array().expect("the manifest lists what the chat loads");
    let names = names.iter().filter_map(Value::as_str);
    // Filled for a site, so not a file that is sent as it lies there.
    let mut paths: Vec<String> =
        names.map(|name| if name == "chat.html" { "/chat?site=demo".to_owned() } else { format!("/{name}") }).collect();
    // A visitor loads one language: the heaviest is counted.
    let locales = manifest["locale"].as_object().expect("the manifest lists the languages");
    let locales = locales.values().filter_map(Value::as_str).map(|name| format!("/{name}"));
    paths.extend(locales.max_by_key(|path| sent_bytes(&relay, path)));

    println!("{:>8}  file (brotli bytes)", "");
    let embed = sent_bytes(&relay, "/embed.js");
    println!("{embed:>8}  /embed.js, of {EMBED_BYTES_MAX} at most");
    let mut all = embed;
    for path in &paths {
        let bytes = sent_bytes(&relay, path);
        println!("{bytes:>8}  {path}");
        all += bytes;
    }
    println!("{all:>8}  in all, of {ALL_BYTES_MAX} at most");

    assert!(paths.iter().any(|path| path.ends_with(".wasm")), "the manifest forgot the module");
    assert!(paths.iter().any(|path| path.starts_with("/chat?")), "the manifest forgot the page");
    assert!(all <= ALL_BYTES_MAX, "the chat weighs {all} bytes");
    assert!(embed <= EMBED_BYTES_MAX, "embed.js weighs {embed} bytes");
}
