//! A snapshot of the greatest size loads in time, and takes a change in time.

mod full;

use std::time::Duration;

use relay_settings::{Change, DOCUMENTS_BYTES_MAX, DOCUMENTS_MAX, ProblemCode, Snapshot};
use serde_json::{Map, Value, json};

/// Ten times what a release may take: this is a debug build, on a machine with other work.
const LOAD_MAX: Duration = Duration::from_secs(10);

#[test]
#[expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "the time is what is tested")]
fn a_full_snapshot_loads_and_changes() {
    let documents = full::documents();
    let started = std::time::Instant::now();
    let snapshot = Snapshot::build(1, full::read(&documents));
    let loaded = started.elapsed();
    assert_eq!(snapshot.problems().map(|(key, problems)| format!("{key}: {problems:?}")).next(), None);
    assert_eq!(snapshot.len(), DOCUMENTS_MAX);
    let spare = DOCUMENTS_BYTES_MAX.checked_sub(snapshot.bytes()).expect("not more than there may be");
    // To the byte it is not: all replies have the same share.
    assert!(spare < DOCUMENTS_BYTES_MAX / 100, "{spare} bytes short of full");
    let (key, body) = &documents[DOCUMENTS_MAX - 1];
    let started = std::time::Instant::now();
    let next = snapshot.with([Change::put(key.clone(), serde_json::from_str(body).expect("JSON"))]).expect("as before");
    let changed = started.elapsed();
    assert_eq!((next.version(), next.len()), (2, DOCUMENTS_MAX));
    assert!(loaded < LOAD_MAX && changed < LOAD_MAX, "loaded in {loaded:?}, changed in {changed:?}");
    // What is beyond the bound already may shrink and not grow.
    let text = "x".repeat(10_000);
    let long = |at: usize| {
        let texts: Map<String, Value> =
            (0..20).map(|at| (format!("a{}", char::from(b'a' + at)), json!(text))).collect();
        json!({ "shortcut": format!("long-{at}"), "title": "Long", "texts": texts })
    };
    let stored = documents.iter().rev().enumerate().map(|(at, (key, _))| (key.clone(), if at < 4 { 2 } else { 1 }, at));
    let over = snapshot.read_again(2, stored, long);
    assert!(over.bytes() > DOCUMENTS_BYTES_MAX && over.problems().next().is_none());
    let put = |body: Value| over.with([Change::put(key.clone(), body)]);
    let short = json!({ "shortcut": "long-0", "title": "Short", "texts": { "en": "Short" } });
    assert!(put(short).is_ok_and(|next| next.bytes() > DOCUMENTS_BYTES_MAX), "it shrinks, and may");
    let mut longer = long(0);
    longer["title"] = json!("Longer");
    let refused = put(longer).expect_err("it grows");
    assert_eq!((refused.len(), refused[0].1[0].code), (1, ProblemCode::TooLong));
}
