//! Durable messages a second: appends through the store's task into SQLite, each acknowledged after its synced commit.
//!
//! `cargo bench -p relay --bench append [-- FOLDER]`; the database lies in FOLDER (default: the temporary folder), so choose a real disk.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use relay::audit::By;
use relay::store::sqlite::SqliteStore;
use relay::store::task::StoreTask;
use relay::store::{Site, Store, TokenHash, VisitorRecord, write_once};
use relay_core::append::{Append, Condition, NewBody, NewEvent, Opening};
use wire::{Author, Body, ConversationId, MessageId, VisitorId, uuid_v7};

const CONVERSATIONS: u64 = 1_000;
const BODY_BYTES: usize = 200;
const RUN: Duration = Duration::from_secs(4);
const VISITOR: VisitorId = VisitorId(1);

/// Numbers that look random, the same in every run (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn id(&mut self, unix_ms: u64) -> u128 {
        uuid_v7(unix_ms, u128::from(self.next()) << 64 | u128::from(self.next()))
    }
}

fn main() -> anyhow::Result<()> {
    let base = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let base = base.map_or_else(std::env::temp_dir, Into::into);
    println!("{CONVERSATIONS} conversations, bodies of {BODY_BYTES} bytes, synchronous=FULL, in {}", base.display());
    println!("{:>10} {:>12} {:>10} {:>10} {:>10}", "in flight", "messages/s", "p50 ms", "p99 ms", "max ms");
    for in_flight in [1, 8, 64, 256, 1_024] {
        let folder = tempfile::tempdir_in(&base)?;
        let store = SqliteStore::open(folder.path())?;
        prepare(&store)?;
        let task = StoreTask::start(&store)?;
        let mut latencies = run(&task, in_flight)?;
        task.stop();
        latencies.sort_unstable();
        let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize].as_secs_f64() * 1_000.0;
        let rate = latencies.len() as f64 / RUN.as_secs_f64();
        println!("{in_flight:>10} {rate:>12.0} {:>10.2} {:>10.2} {:>10.2}", at(0.5), at(0.99), at(1.0));
    }
    Ok(())
}

fn prepare(store: &dyn Store) -> anyhow::Result<()> {
    let mut writer = store.writer()?;
    let site = Site { id: "demo".parse()?, name: "Demo".to_owned(), origins: Vec::new() };
    let token = TokenHash([1; 32]);
    let visitor = VisitorRecord { id: VISITOR, site: site.id.clone(), token, created_at_ms: 1, used_at_ms: 1 };
    write_once(&mut *writer, |writer| writer.put_site(&site, &By::command_line(1)))?;
    write_once(&mut *writer, |writer| writer.add_visitor(&visitor))?;
    Ok(())
}

/// Keeps `in_flight` appends under way for the time of a run; the wait of each is from asking to the acknowledgement.
fn run(task: &StoreTask, in_flight: usize) -> anyhow::Result<Vec<Duration>> {
    let handle = task.handle();
    let mut random = Random(42);
    let conversations: Vec<_> =
        (0..CONVERSATIONS).map(|at| ConversationId(random.id(1_700_000_000_000 + at))).collect();
    let (sender, answers) = mpsc::channel();
    let mut ask = |at_ms: u64| {
        let conversation = conversations[(random.next() % CONVERSATIONS) as usize];
        let append = message(conversation, MessageId(random.id(1_700_001_000_000 + at_ms)));
        let (sender, asked) = (sender.clone(), Instant::now());
        handle.append(append, move |result| {
            // The run may have ended meanwhile.
            let _ = sender.send(result.map(|_| asked.elapsed()));
        });
    };
    let started = Instant::now();
    let mut latencies = Vec::new();
    (0..in_flight).for_each(|_| ask(0));
    while started.elapsed() < RUN {
        let waited = answers.recv()?.map_err(|error| anyhow::anyhow!("an append was refused: {error:?}"))?;
        latencies.push(waited);
        ask(u64::try_from(started.elapsed().as_millis())?);
    }
    Ok(latencies)
}

fn message(conversation: ConversationId, id: MessageId) -> Append {
    let body = NewBody::Ready(Body::Text { text: "x".repeat(BODY_BYTES) });
    let site = "demo".parse().expect("it is a plain word");
    let opening = Opening { site, visitor: VISITOR, language: "en".to_owned() };
    let new_events = vec![NewEvent { id, author: Author::Visitor, body }];
    Append::new(conversation, new_events).opening(opening).when(Condition::Owner(VISITOR))
}
