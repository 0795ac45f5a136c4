//! What a visitor downloads before the chat is there, and what each room adds: held to numbers, as a relay sends it. Bodies of answers are
//! counted; their heads differ by the version of HTTP.

use serde_json::Value;
use support::Relay;

/// Everything that comes over the wire until one can write, compressed with brotli: the script on the customer's page, the chat's page,
/// the chat, one language.
const ALL_BYTES_MAX: usize = 80 * 1024;
/// The one script on the customer's page.
const EMBED_BYTES_MAX: usize = 5 * 1024;
/// A room, which is loaded when it is opened, with what it shares with other rooms.
const ROOM_BYTES_MAX: usize = 16 * 1024;
/// What each room may weigh by itself: a little more than it does, so that nothing slips in that belongs elsewhere.
const EACH_ROOM_BYTES_MAX: [(&str, usize); 8] = [
    ("split_earlier.wasm", 2_200),
    ("split_files.wasm", 6_400),
    ("split_look.wasm", 2_800),
    ("split_menu.wasm", 2_700),
    ("split_rating.wasm", 1_400),
    ("split_stream.wasm", 2_700),
    // What several of them share (the cutter numbers it), and the styles of all.
    ("chunk_", 1_300),
    ("rooms.css", 1_300),
];

/// The bytes that a browser of the last ten years is sent for an address.
fn sent_bytes(relay: &Relay, path: &str) -> usize {
    let answer = relay.request("GET", path, &[("accept-encoding", "gzip, deflate, br")], &[]).expect("answered");
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    assert_eq!(answer.headers.get("content-encoding").map(String::as_str), Some("br"), "{path} is not compressed");
    answer.body.len()
}

fn manifest() -> Value {
    let text = std::fs::read_to_string(support::web_dir().join("manifest.json")).expect("`cargo xtask web` has run");
    serde_json::from_str(&text).expect("the manifest is JSON")
}

/// Why a build may be too heavy that is not heavier than others.
fn hint(manifest: &Value) -> String {
    match manifest["optimizer"].as_str() {
        Some(name) if name.starts_with("npm") => String::new(),
        Some(name) => {
            format!(" (it was made smaller by `{name}`: npm's binaryen, which xtask prefers, could not be had)")
        }
        None => " (wasm-opt could not be had when it was built: see what `cargo xtask web` says)".to_owned(),
    }
}

#[test]
fn the_chat_and_its_script_tag_stay_light() {
    let relay = Relay::start("https://exchange.example");
    let manifest = manifest();
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
    assert!(all <= ALL_BYTES_MAX, "the chat weighs {all} bytes{}", hint(&manifest));
    assert!(embed <= EMBED_BYTES_MAX, "embed.js weighs {embed} bytes");
}

#[test]
fn each_room_stays_light() {
    let relay = Relay::start("https://exchange.example");
    let manifest = manifest();
    let rooms = manifest["rooms"].as_object().expect("the manifest lists the rooms");
    let files: Vec<(&String, usize)> = rooms
        .iter()
        .map(|(name, path)| (name, sent_bytes(&relay, &format!("/{}", path.as_str().expect("a path")))))
        .collect();
    for (start, bytes_max) in EACH_ROOM_BYTES_MAX {
        let bytes: usize = files.iter().filter(|(name, _)| name.starts_with(start)).map(|(_, bytes)| bytes).sum();
        println!("{bytes:>8}  {start}, of {bytes_max} at most");
        assert!(bytes > 0, "there is no `{start}` among {files:?}");
        assert!(bytes <= bytes_max, "{start} weighs {bytes} bytes, of {bytes_max} at most{}", hint(&manifest));
    }
    for (name, _) in &files {
        assert!(
            EACH_ROOM_BYTES_MAX.iter().any(|(start, _)| name.starts_with(start)),
            "`{name}` has no bound of its own"
        );
    }
    // What several rooms share, and their style sheet, may be loaded with each of them.
    let shared: usize = files.iter().filter(|(name, _)| !name.starts_with("split_")).map(|(_, bytes)| bytes).sum();
    for (name, bytes) in files.iter().filter(|(name, _)| name.starts_with("split_")) {
        let with_shared = bytes + shared;
        assert!(
            with_shared <= ROOM_BYTES_MAX,
            "{name} weighs {with_shared} bytes with what it shares{}",
            hint(&manifest)
        );
    }
}
