//! What a snapshot of the greatest size costs: loading it, changing it, giving it to somebody.
//!
//! `cargo bench -p relay-settings`

#[path = "../tests/full/mod.rs"]
mod full;

use divan::Bencher;
use relay_settings::{Change, DocumentKey, Snapshot};

fn main() {
    divan::main();
}

/// From the texts that a store gives to the checked snapshot. A second at most is asked for.
#[divan::bench(sample_count = 10)]
fn load(bencher: Bencher) {
    let documents = full::documents();
    bencher.bench_local(|| Snapshot::build(1, full::read(&documents)));
}

/// One document of ten thousand is put, and everything checked with it.
#[divan::bench(sample_count = 50)]
fn change(bencher: Bencher) {
    let (snapshot, key, body) = loaded();
    bencher.bench_local(|| snapshot.with([Change::put(key.clone(), body.clone())]).expect("as before"));
}

/// Another relay put one of ten thousand, and this one reads all of the store again: it reads only that body.
#[divan::bench(sample_count = 50)]
fn read_again(bencher: Bencher) {
    let (snapshot, key, body) = loaded();
    let stored: Vec<(DocumentKey, u64)> =
        snapshot.documents().map(|(known, _)| (known.clone(), if *known == key { 2 } else { 1 })).collect();
    bencher.bench_local(|| {
        snapshot.read_again(2, stored.iter().map(|(key, version)| (key.clone(), *version, ())), |()| body.clone())
    });
}

/// What the core's task pays for a new one that shares what did not change: a clone, and the former one goes.
#[divan::bench(sample_count = 50)]
fn replace(bencher: Bencher) {
    let (snapshot, key, body) = loaded();
    let next = snapshot.with([Change::put(key, body)]).expect("as before");
    let mut held = snapshot;
    bencher.bench_local(|| held = next.clone());
    assert_eq!(held.version(), next.version());
}

/// Freeing one that shares nothing with another, as when the relay stops.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn free(bencher: Bencher) {
    let documents = full::documents();
    bencher.with_inputs(|| Snapshot::build(1, full::read(&documents))).bench_local_values(drop);
}

fn loaded() -> (Snapshot, DocumentKey, serde_json::Value) {
    let documents = full::documents();
    let snapshot = Snapshot::build(1, full::read(&documents));
    let (key, body) = documents.last().expect("ten thousand").clone();
    (snapshot, key, serde_json::from_str(&body).expect("JSON"))
}
