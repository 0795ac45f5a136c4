//! Two relays, failures and ends anywhere: each event is taken in order and counts once.

use std::sync::{Arc, Mutex};

use relay_core::append::{Append, Condition, NewBody, NewEvent, Opening};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use wire::{Author, Body, ConversationId, MessageId, VisitorId};

use super::*;
use crate::audit::By;
use crate::store::memory::MemoryStore;
use crate::store::task::StoreTask;
use crate::store::{Site, Store, TokenHash, VisitorRecord, write_once};

const ANNA: VisitorId = VisitorId(1);
const COUNTED_WITHIN: Duration = Duration::from_secs(30);

/// What a recorder was given, by position.
type Taken = Arc<Mutex<Vec<u64>>>;

/// Notes what it is given. It may refuse its second page once.
struct Recorder {
    taken: Taken,
    pages: u64,
    refuses: bool,
}

impl Recorder {
    fn of(taken: &Taken, refuses: bool) -> Self {
        Self { taken: Arc::clone(taken), pages: 0, refuses }
    }
}

impl Consumer for Recorder {
    const NAME: &'static str = "recorder";
    const PAUSE: Duration = Duration::ZERO;

    async fn take(&mut self, page: Vec<FeedEvent>) -> Option<Rows> {
        self.pages += 1;
        if self.refuses && self.pages == 2 {
            return None;
        }
        let counts: Vec<_> = page.iter().map(|event| event.position.0).collect();
        self.taken.lock().unwrap().extend(counts.iter().copied());
        let site = page[0].site.clone();
        Some(Box::new(move |rows| counts.iter().try_for_each(|_| rows.count_events(&site, "text", 1))))
    }
}

fn store() -> (MemoryStore, StoreTask) {
    let store = MemoryStore::new();
    let mut writer = store.writer().unwrap();
    let demo = Site { id: "demo".parse().unwrap(), name: "Demo".to_owned(), origins: Vec::new() };
    let visitor =
        VisitorRecord { id: ANNA, site: demo.id.clone(), token: TokenHash([1; 32]), created_at_ms: 1, used_at_ms: 1 };
    write_once(&mut *writer, |writer| writer.put_site(&demo, &By::command_line(1))).unwrap();
    write_once(&mut *writer, |writer| writer.add_visitor(&visitor)).unwrap();
    let task = StoreTask::start(&store).unwrap();
    (store, task)
}

/// Records one event.
async fn say(task: &StoreTask, id: u128) {
    let body = NewBody::Ready(Body::Text { text: "hello".to_owned() });
    let opening = Opening { site: "demo".parse().unwrap(), visitor: ANNA, language: String::new() };
    let new_events = vec![NewEvent { id: MessageId(id), author: Author::Visitor, body }];
    let append = Append::new(ConversationId(id % 3), new_events).opening(opening).when(Condition::Owner(ANNA));
    let (reply, answer) = oneshot::channel();
    task.handle().append(append, move |result| reply.send(result.is_ok()).unwrap());
    assert!(answer.await.unwrap());
}

fn start(taken: &Taken, refuses: bool, task: &StoreTask) -> (JoinHandle<()>, CancellationToken) {
    let stopping = CancellationToken::new();
    let consumer = run(Recorder::of(taken, refuses), task.handle(), stopping.clone());
    (tokio::spawn(consumer), stopping)
}

/// Waits until so many events are counted, and checks that no more are.
async fn counted(task: &StoreTask, events: u64) {
    let reached = async {
        loop {
            let counts = task.handle().read_feed(|reader| reader.event_counts()).await.unwrap();
            let count: u64 = counts.iter().map(|count| count.events).sum();
            assert!(count <= events, "{count} counted of {events}");
            if count == events {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(COUNTED_WITHIN, reached).await.unwrap();
}

#[tokio::test]
async fn a_commit_wakes_it_and_everything_is_taken_once_in_order() {
    let (_store, task) = store();
    let taken = Taken::default();
    for id in 1..=700 {
        say(&task, id).await;
    }
    let (consumer, stopping) = start(&taken, true, &task);
    counted(&task, 700).await;
    for id in 701..=720 {
        say(&task, id).await;
        counted(&task, id.try_into().unwrap()).await;
    }
    stopping.cancel();
    consumer.await.unwrap();
    assert_eq!(*taken.lock().unwrap(), (1..=720).collect::<Vec<_>>());
}

#[tokio::test]
async fn of_two_relays_one_runs_it_and_the_other_goes_on_when_that_stops() {
    let (_store, task) = store();
    let (first, second) = (Taken::default(), Taken::default());
    let (first_run, first_stop) = start(&first, false, &task);
    say(&task, 1).await;
    counted(&task, 1).await;
    let (second_run, second_stop) = start(&second, false, &task);
    for id in 2..=50 {
        say(&task, id).await;
        counted(&task, id.try_into().unwrap()).await;
    }
    assert!(second.lock().unwrap().is_empty(), "the first one has the lease");
    first_stop.cancel();
    first_run.await.unwrap();
    say(&task, 51).await;
    counted(&task, 51).await;
    second_stop.cancel();
    second_run.await.unwrap();
    let mut all = first.lock().unwrap().clone();
    all.extend(second.lock().unwrap().iter());
    assert_eq!(all, (1..=51).collect::<Vec<_>>());
}

#[tokio::test]
async fn ended_anywhere_it_counts_each_event_once() {
    let (store, task) = store();
    let taken = Taken::default();
    for round in 0..40_u128 {
        for id in 1..=25 {
            say(&task, round * 100 + id).await;
        }
        let (consumer, _stopping) = start(&taken, false, &task);
        // Now and then in the middle of a page, now and then after it.
        for _ in 0..round {
            tokio::task::yield_now().await;
        }
        consumer.abort();
        let _ = consumer.await;
        // As if its lease had run out. This is written after whatever it had under way.
        task.handle().write(|writer| writer.lease("recorder", 1, u64::MAX / 4, 0)).await.unwrap();
        let mut reader = store.reader().unwrap();
        let cursor = reader.cursor("recorder").unwrap();
        let counts: u64 = reader.event_counts().unwrap().iter().map(|count| count.events).sum();
        assert_eq!(counts, cursor.0, "round {round}");
    }
    let (consumer, stopping) = start(&taken, false, &task);
    counted(&task, 40 * 25).await;
    stopping.cancel();
    consumer.await.unwrap();
}

#[tokio::test]
async fn the_cursor_of_a_consumer_that_is_gone_is_removed_and_others_stay() {
    let (store, task) = store();
    say(&task, 1).await;
    for name in ["gone", "here"] {
        task.handle().write(move |writer| writer.lease(name, 1, 0, 10)).await.unwrap();
        let Leased::Yes(lease) = task.handle().write(move |writer| writer.lease(name, 1, 20, 30)).await.unwrap() else {
            panic!("the lease had run out")
        };
        task.handle().write(move |writer| writer.consume(&lease, Position(1), 40, &mut |_| Ok(()))).await.unwrap();
    }
    forget(&task.handle(), &["gone", "never there"]).await;
    let mut reader = store.reader().unwrap();
    assert_eq!(["gone", "here"].map(|name| reader.cursor(name)), [Err(StoreError::Missing), Ok(Position(1))]);
    assert!(FORMER_CONSUMERS.iter().all(|former| !CONSUMERS.contains(former)));
}
