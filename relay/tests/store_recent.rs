//! The SQLite store moves events from `recent` to `event` some time after their commit. Whatever is asked, and however often it is closed,
//! fails or moves events meanwhile, it answers as the store in memory does, which keeps everything in one table.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use relay::audit::By;
use relay::store::memory::MemoryStore;
use relay::store::sqlite::SqliteStore;
use relay::store::{
    ConsumerRows, FeedEvent, Leased, Position, Reader, Site, Store, TokenHash, VisitorRecord, Writer, write_once,
};
use relay_core::append::{Append, AppendError, Appended, Condition, NewBody, NewEvent, Opening};
use relay_core::store::{Query, QueryAnswer};
use wire::{AgentId, Author, Body, ConversationId, Lane, MessageId, Seq, SiteId, VisitorId};

const VISITORS: u64 = 3;
const CONVERSATIONS: u64 = 6;
const TRANSACTIONS: u64 = 200;

/// Numbers that look random, the same in every run (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

fn site() -> SiteId {
    "demo".parse().unwrap()
}

fn prepare(writer: &mut dyn Writer) {
    let demo = Site { id: site(), name: "Demo".to_owned(), origins: Vec::new() };
    write_once(writer, |writer| writer.put_site(&demo, &By::command_line(1))).unwrap();
    for number in 0..VISITORS {
        let token = TokenHash([u8::try_from(number).unwrap(); 32]);
        let id = VisitorId(u128::from(number));
        let visitor = VisitorRecord { id, site: site(), token, created_at_ms: 1, used_at_ms: 1 };
        write_once(writer, |writer| writer.add_visitor(&visitor)).unwrap();
    }
}

/// Something anybody might record; now and then a retry of what was recorded before, or what is refused.
fn drawn(dice: &mut Dice, next_id: &mut u128, sent: &[Append]) -> Append {
    if dice.below(8) == 0 && !sent.is_empty() {
        let index = usize::try_from(dice.below(sent.len() as u64)).unwrap();
        return sent[index].clone();
    }
    let number = dice.below(CONVERSATIONS);
    let visitor = VisitorId(u128::from(number % VISITORS));
    let agent = AgentId(u128::from(dice.below(2)));
    let kim = Author::Agent { id: agent, name: "Kim".to_owned() };
    let text = "withdrawal ".repeat(usize::try_from(dice.below(40)).unwrap());
    let (author, body) = match dice.below(20) {
        0 => (Author::System, Body::Queued),
        1 => (Author::System, Body::Assigned { agent }),
        2 => (kim, Body::Note { text }),
        3..6 => (kim, Body::Text { text }),
        6 => (Author::Visitor, Body::Seen { up_to: Seq(dice.below(50)) }),
        7 => (kim, Body::Seen { up_to: Seq(dice.below(50)) }),
        8 if dice.below(4) == 0 => (Author::System, Body::Closed),
        9 => (Author::Visitor, Body::Rated { score: 5, comment: String::new() }),
        _ => (Author::Visitor, Body::Text { text }),
    };
    let mut new_events = Vec::new();
    for body in
        [Some(NewBody::Ready(body)), (dice.below(9) == 0).then_some(NewBody::Turn(relay_core::Queueing::default()))]
            .into_iter()
            .flatten()
    {
        *next_id += 1;
        let author =
            if body == NewBody::Turn(relay_core::Queueing::default()) { Author::System } else { author.clone() };
        new_events.push(NewEvent { id: MessageId(*next_id), author, body });
    }
    // A new conversation takes the place of one that ended now and then.
    let conversation = ConversationId(u128::from(number) + 100 * u128::from(dice.below(3)));
    let language = if dice.below(2) == 0 { "en".to_owned() } else { String::new() };
    let append = owned(visitor, conversation, language, new_events);
    if dice.below(12) == 0 { append.when(Condition::Capacity(agent, 2)) } else { append }
}

/// What a visitor records in a conversation of theirs, which is opened when it is not there.
fn owned(visitor: VisitorId, conversation: ConversationId, language: String, new_events: Vec<NewEvent>) -> Append {
    let opening = Opening { site: site(), visitor, language };
    Append::new(conversation, new_events).opening(opening).when(Condition::Owner(visitor))
}

fn answers(reader: &mut dyn Reader) -> Vec<String> {
    let mut all = Vec::new();
    let mut ask = |query: &Query| {
        let answer = reader.query(query);
        all.push(format!("{query:?}: {answer:?}"));
        match answer {
            Ok(QueryAnswer::Events { events, conversation }) => {
                (events.last().map(|event| event.seq), Some(conversation.head))
            }
            _ => (None, None),
        }
    };
    for number in 0..CONVERSATIONS {
        for conversation in [number, number + 100, number + 200].map(|id| ConversationId(u128::from(id))) {
            ask(&Query::Conversation { conversation });
            for lane in [Lane::Shared, Lane::Staff] {
                for after in [0, 1, 7, 30, 90, 100_000] {
                    ask(&Query::Events { conversation, lane, after: Seq(after) });
                }
                // Page by page to the end.
                let mut after = Seq::ZERO;
                while let (Some(last), Some(_)) = ask(&Query::Events { conversation, lane, after }) {
                    after = last;
                }
            }
        }
    }
    for visitor in 0..VISITORS {
        ask(&Query::OfVisitor { visitor: VisitorId(u128::from(visitor)), sites: relay_settings::Reach::All });
    }
    ask(&Query::Closed { before_ms: u64::MAX, before: None, sites: relay_settings::Reach::All });
    all.push(format!("{:?}", reader.open_conversations()));
    all.extend(feed(reader).iter().map(|event| format!("{event:?}")));
    all
}

/// The whole feed, page by page.
fn feed(reader: &mut dyn Reader) -> Vec<FeedEvent> {
    let mut events: Vec<FeedEvent> = Vec::new();
    loop {
        let after = events.last().map_or(Position::START, |last| last.position);
        let page = reader.feed(after, 37).unwrap();
        if page.is_empty() {
            assert_eq!(reader.feed_end(), Ok(after), "positions have no gap, so the feed ends at its end");
            return events;
        }
        let positions = page.iter().map(|event| event.position.0);
        assert!(positions.eq(after.0 + 1..=after.0 + page.len() as u64), "without a gap after {after:?}");
        events.extend(page);
    }
}

/// A consumer goes on for one page, in both stores alike; how far it is.
fn consume(writer: &mut dyn Writer, reader: &mut dyn Reader) -> (Vec<FeedEvent>, Position) {
    let leased = write_once(writer, |writer| writer.lease("consumer", 1, 1, 2)).unwrap();
    let Leased::Yes(lease) = leased else { panic!("{leased:?}") };
    // A page may end early where one of the store's tables does.
    let mut page: Vec<FeedEvent> = Vec::new();
    while page.len() < 23 {
        let after = page.last().map_or(lease.cursor, |last| last.position);
        let more = reader.feed(after, 23 - page.len()).unwrap();
        if more.is_empty() {
            break;
        }
        page.extend(more);
    }
    let to = page.last().map_or(lease.cursor, |last| last.position);
    let mut rows =
        |rows: &mut dyn ConsumerRows| page.iter().try_for_each(|event| rows.count_events(&event.site, &event.kind, 1));
    let moved = write_once(writer, |writer| writer.consume(&lease, to, 2, &mut rows)).unwrap();
    (page, moved.cursor)
}

fn open(folder: &Path, recent_max: usize) -> SqliteStore {
    let store = SqliteStore::open(folder).unwrap();
    store.limit_recent(recent_max);
    store
}

fn rows(folder: &Path, table: &str) -> u64 {
    let connection = rusqlite::Connection::open(folder.join("causeway.sqlite3")).unwrap();
    let sql = format!("SELECT count(*) FROM {table}");
    connection.query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap().unsigned_abs()
}

/// One transaction on both; what failed on the disk is not in memory either.
fn commit(writer: &mut dyn Writer, appends: &[Append], now_ms: u64) -> Vec<Result<Appended, AppendError>> {
    writer.begin().unwrap();
    let results = appends.iter().map(|append| writer.append(now_ms, append)).collect();
    writer.commit().unwrap();
    results
}

fn compare(seed: u64, recent_max: usize) {
    let mut dice = Dice(seed);
    let folder = tempfile::tempdir().unwrap();
    let memory = MemoryStore::new();
    let (mut model, mut model_reader) = (memory.writer().unwrap(), memory.reader().unwrap());
    let mut store = open(folder.path(), recent_max);
    let (mut writer, mut reader) = (store.writer().unwrap(), store.reader().unwrap());
    prepare(&mut *model);
    prepare(&mut *writer);
    let (mut next_id, mut sent) = (0, Vec::new());
    let consumer_from = dice.below(TRANSACTIONS);
    for round in 0..TRANSACTIONS {
        let appends: Vec<Append> = (0..=dice.below(6)).map(|_| drawn(&mut dice, &mut next_id, &sent)).collect();
        sent.extend(appends.clone());
        let now_ms = 1_000 + round;
        match dice.below(12) {
            // A power cut or a full disk in the middle: nothing of it is there.
            0 => {
                writer.begin().unwrap();
                for append in &appends {
                    let _ = writer.append(now_ms, append);
                }
                drop((writer, reader));
                drop(store);
                store = open(folder.path(), recent_max);
                (writer, reader) = (store.writer().unwrap(), store.reader().unwrap());
            }
            1 => {
                // Long enough not to fit.
                store.limit_pages(1);
                writer.begin().unwrap();
                let mut failed = false;
                for number in 0..100_u128 {
                    let text = "x".repeat(9_000);
                    let id = MessageId(1 << 100 | number);
                    let body = NewBody::Ready(Body::Text { text });
                    let mut append = appends[0].clone();
                    append.new_events = vec![NewEvent { id, author: Author::Visitor, body }];
                    append.conditions.retain(|condition| matches!(condition, Condition::Owner(_)));
                    failed |= writer.append(now_ms, &append) == Err(AppendError::Down);
                }
                // What was refused by a rule wrote nothing, and may all have been.
                assert_eq!(writer.commit().is_err(), failed, "seed {seed}, round {round}");
                store.limit_pages(u32::MAX);
                if !failed {
                    continue;
                }
            }
            2 => {
                drop((writer, reader));
                drop(store);
                store = open(folder.path(), recent_max);
                (writer, reader) = (store.writer().unwrap(), store.reader().unwrap());
            }
            _ => {}
        }
        let expected = commit(&mut *model, &appends, now_ms);
        assert_eq!(commit(&mut *writer, &appends, now_ms), expected, "seed {seed}, round {round}");
        if dice.below(3) == 0 && round > consumer_from {
            let expected = consume(&mut *model, &mut *model_reader);
            assert_eq!(consume(&mut *writer, &mut *reader), expected, "seed {seed}, round {round}");
        }
        if dice.below(10) == 0 {
            assert_eq!(answers(&mut *reader), answers(&mut *model_reader), "seed {seed}, round {round}");
        }
    }
    drop((writer, reader));
    drop(store);
    let store = SqliteStore::open(folder.path()).unwrap();
    let mut reader = store.reader().unwrap();
    assert_eq!(answers(&mut *reader), answers(&mut *model_reader), "seed {seed}, at the end");
    assert_eq!(reader.event_counts(), model_reader.event_counts(), "seed {seed}, at the end");
    drop(reader);
    store.check().unwrap();
    let (all, in_place) = (rows(folder.path(), "every_event"), rows(folder.path(), "event"));
    assert!(recent_max > 1_000 || in_place > 0, "events move to their place");
    // One conversation's slice may wait beyond the bound, until the next commit.
    assert!(all - in_place <= recent_max as u64 + 16, "{} of {all} wait, the bound is {recent_max}", all - in_place);
}

#[test]
fn what_waits_and_what_is_in_its_place_are_one_log() {
    for seed in 0..2 {
        for recent_max in [0, 5, 60, 100_000] {
            compare(seed, recent_max);
        }
    }
}

/// Texts of all visitors in turn, each in one conversation.
fn texts(ids: std::ops::Range<u128>) -> Vec<Append> {
    let say = |id: u128| {
        let number = id % u128::from(VISITORS);
        let body = NewBody::Ready(Body::Text { text: "hello".to_owned() });
        let new_events = vec![NewEvent { id: MessageId(id), author: Author::Visitor, body }];
        owned(VisitorId(number), ConversationId(number), String::new(), new_events)
    };
    ids.map(say).collect()
}

#[test]
fn rows_that_were_moved_are_removed() {
    for (transactions, each, waiting_max) in [(500, 10, 1_000), (6, 6_000, 16_000)] {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path(), 100);
        let mut writer = store.writer().unwrap();
        prepare(&mut *writer);
        for round in 0..transactions {
            let appends = texts(round * each..(round + 1) * each);
            assert!(commit(&mut *writer, &appends, 1).iter().all(Result::is_ok));
        }
        assert_eq!(u128::from(rows(folder.path(), "every_event")), transactions * each);
        let waiting = rows(folder.path(), "recent");
        assert!((100..waiting_max).contains(&waiting), "{waiting} rows wait or wait to be removed");
    }
}
