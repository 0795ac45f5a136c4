//! What it costs to give the next visitor to an agent, by how many agents there are and how many wait.
//!
//! `cargo bench -p relay-core --bench assign`

use divan::Bencher;
use relay_core::workload::Workload;

fn main() {
    divan::main();
}

/// An agent has room and is offered whoever is next, an older offer is recorded, and another visitor joins the queue. A quarter of the
/// agents have an offer that waits for the store.
#[divan::bench(args = [(10, 100), (10, 1_000), (10, 10_000), (100, 100), (100, 1_000), (100, 10_000), (1_000, 100), (1_000, 1_000), (1_000, 10_000)])]
fn one_assignment(bencher: Bencher, (agents, waiting): (u64, u64)) {
    let mut workload = Workload::new(agents, waiting, "demo".parse().expect("a site id"));
    bencher.bench_local(|| workload.assign_one().expect("somebody waits, and an agent has room"));
    assert_eq!(workload.waiting() as u64, waiting, "whoever is given leaves, and another joins");
}

/// All agents have room and nobody waits: a visitor joins, is given to one of them, and leaves.
#[divan::bench(args = [10, 100, 1_000, 10_000])]
fn one_visitor(bencher: Bencher, agents: u64) {
    let mut workload = Workload::new(agents, 0, "demo".parse().expect("a site id"));
    bencher.bench_local(|| workload.serve_one().expect("everybody has room"));
}
