//! The golden files of `wire`, which the client's own JSON is held to.

use serde_json::Value;

/// Each value of a golden file, with its name.
#[expect(clippy::disallowed_methods, reason = "a test reads files")]
pub(crate) fn golden(name: &str) -> Vec<(String, Value)> {
    let path = format!("{}/../../relay/wire/tests/golden/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("wire keeps its golden files there");
    let Value::Object(all) = serde_json::from_str(&text).expect("golden files are JSON") else {
        panic!("{name} holds one object")
    };
    assert!(!all.is_empty());
    all.into_iter().collect()
}
