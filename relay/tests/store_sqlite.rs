//! What only a database on a disk can show: durability, locks, versions, backup, a full disk, and the threads around it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use relay::audit::By;
use relay::store::sqlite::{SCHEMA_VERSION, SqliteStore};
use relay::store::task::StoreTask;
use relay::store::{OpenError, Site, Store, StoreError, TokenHash, VisitorRecord, write_once};
use relay_core::append::{Append, AppendError, Appended, Condition, NewBody, NewEvent, Opening};
use relay_core::store::Query;
use wire::{Author, Body, ConversationId, MessageId, VisitorId};

const ANNA: VisitorId = VisitorId(1);
/// No test waits longer for an answer than this.
const ANSWER_WAIT: Duration = Duration::from_secs(30);

fn prepare(store: &dyn Store) {
    let mut writer = store.writer().unwrap();
    let site = Site { id: "demo".parse().unwrap(), name: "Demo".to_owned(), origins: Vec::new() };
    let visitor =
        VisitorRecord { id: ANNA, site: site.id.clone(), token: TokenHash([1; 32]), created_at_ms: 1, used_at_ms: 1 };
    write_once(&mut *writer, |writer| writer.put_site(&site, &By::command_line(1))).unwrap();
    write_once(&mut *writer, |writer| writer.add_visitor(&visitor)).unwrap();
}

fn say(conversation: u128, id: u128, text: &str) -> Append {
    let body = NewBody::Ready(Body::Text { text: text.to_owned() });
    let opening = Opening { site: "demo".parse().unwrap(), visitor: ANNA, language: String::new() };
    let new_events = vec![NewEvent { id: MessageId(id), author: Author::Visitor, body }];
    Append::new(ConversationId(conversation), new_events).opening(opening).when(Condition::Owner(ANNA))
}

/// Sends appends through the task and collects the answers in their order.
fn send(task: &StoreTask, appends: impl IntoIterator<Item = Append>) -> Vec<Result<Appended, AppendError>> {
    let (sender, answers) = mpsc::channel();
    let mut count = 0;
    for append in appends {
        let sender = sender.clone();
        task.handle().append(append, move |result| sender.send(result).unwrap());
        count += 1;
    }
    (0..count).map(|_| answers.recv_timeout(ANSWER_WAIT).unwrap()).collect()
}

/// The last shared number of a conversation, 0 when it is not there.
fn head(store: &dyn Store, conversation: u128) -> u64 {
    let query = Query::Conversation { conversation: ConversationId(conversation) };
    match store.reader().unwrap().query(&query) {
        Ok(relay_core::store::QueryAnswer::Conversation(found)) => found.head.shared.0,
        _ => 0,
    }
}

#[test]
fn what_was_acknowledged_is_there_without_a_clean_close() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).unwrap();
    prepare(&store);
    let mut writer = store.writer().unwrap();
    for id in 1..=20 {
        write_once(&mut *writer, |writer| writer.append(1, &say(1, id, "kept"))).unwrap();
    }
    // Uncommitted when the process dies.
    writer.begin().unwrap();
    writer.append(1, &say(1, 21, "not acknowledged")).unwrap();
    // What the disk holds at this instant, as after a kill: the database and its log, no closing, no checkpoint.
    let after = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        let shared_memory = entry.file_name().to_string_lossy().ends_with("-shm");
        if !shared_memory && entry.path().is_file() {
            std::fs::copy(entry.path(), after.path().join(entry.file_name())).unwrap();
        }
    }
    let reopened = SqliteStore::open(after.path()).unwrap();
    assert_eq!(head(&reopened, 1), 20);
    let again = write_once(&mut *reopened.writer().unwrap(), |writer| writer.append(2, &say(1, 20, "kept"))).unwrap();
    assert!(again.repeated);
}

#[test]
fn a_second_relay_is_refused_and_a_command_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let first = SqliteStore::open(folder.path()).unwrap();
    assert!(matches!(SqliteStore::open(folder.path()), Err(OpenError::Locked(_))));
    let command = SqliteStore::attach(folder.path()).unwrap();
    prepare(&command);
    assert_eq!(first.reader().unwrap().sites().unwrap().len(), 1);
    drop(first);
    SqliteStore::open(folder.path()).unwrap();
}

#[test]
fn a_command_makes_a_fresh_folder_ready() {
    let folder = tempfile::tempdir().unwrap();
    prepare(&SqliteStore::attach(&folder.path().join("data")).unwrap());
    let store = SqliteStore::open(&folder.path().join("data")).unwrap();
    assert_eq!(store.reader().unwrap().sites().unwrap().len(), 1);
}

fn database(folder: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(folder.join("causeway.sqlite3")).unwrap()
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    drop(SqliteStore::open(folder.path()).unwrap());
    database(folder.path()).pragma_update(None, "user_version", SCHEMA_VERSION + 1).unwrap();
    for refused in [SqliteStore::open(folder.path()), SqliteStore::attach(folder.path())] {
        let Err(OpenError::Newer { found, known }) = refused else { panic!("a newer schema was taken") };
        assert_eq!((found, known), (SCHEMA_VERSION + 1, SCHEMA_VERSION));
    }
}

#[test]
fn a_copy_made_while_writing_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).unwrap();
    prepare(&store);
    let task = StoreTask::start(&store).unwrap();
    let copies = tempfile::tempdir().unwrap();
    let copy = copies.path().join("copy");
    std::fs::create_dir(&copy).unwrap();
    let mut stored = 0;
    let mut send_some = || {
        for answer in send(&task, (1..=50).map(|id| say(1, stored + id, "while it is copied"))) {
            answer.unwrap();
        }
        stored += 50;
        stored
    };
    while send_some() < 100 {}
    std::thread::scope(|scope| {
        let backup = scope.spawn(|| SqliteStore::attach(folder.path()).unwrap().backup(&copy));
        while send_some() < 300 || !backup.is_finished() {}
        backup.join().unwrap().unwrap();
    });
    task.stop();
    assert!(matches!(store.backup(&copy), Err(OpenError::Exists(_))));
    let connection = database(&copy);
    let check: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    let events: u64 =
        connection.query_row("SELECT count(*) FROM every_event", [], |row| row.get(0).map(i64::unsigned_abs)).unwrap();
    assert!(events >= 100);
    let restored = SqliteStore::open(&copy).unwrap();
    assert_eq!(head(&restored, 1), events);
    assert_eq!(restored.reader().unwrap().sites().unwrap().len(), 1);
}

#[test]
fn a_full_disk_refuses_the_whole_batch_and_room_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).unwrap();
    prepare(&store);
    let task = StoreTask::start(&store).unwrap();
    assert!(send(&task, [say(1, 1, "before")])[0].is_ok());
    store.limit_pages(1);
    let long = "x".repeat(8_000);
    let answers = send(&task, (2..=100).map(|id| say(1, id, &long)));
    assert_eq!(answers.last(), Some(&Err(AppendError::Down)));
    let kept = answers.iter().filter(|answer| answer.is_ok()).count() as u64;
    assert_eq!(head(&store, 1), 1 + kept, "what was refused is not there, what was acknowledged is");
    store.limit_pages(u32::MAX);
    let answers = send(&task, (2..=100).map(|id| say(1, id, &long)));
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(head(&store, 1), 100);
    task.stop();
}

#[test]
fn opening_what_is_up_to_date_writes_nothing_so_that_a_full_disk_does_not_keep_a_relay_down() {
    let folder = tempfile::tempdir().unwrap();
    drop(SqliteStore::open(folder.path()).unwrap());
    // Held open, so that the log stays and shows what a second opening would write into it.
    let other = database(folder.path());
    let _: i64 = other.query_row("SELECT count(*) FROM event", [], |row| row.get(0)).unwrap();
    let log = || {
        std::fs::read_dir(folder.path()).unwrap().flatten().find(|file| file.path().ends_with("causeway.sqlite3-wal"))
    };
    let bytes = || log().map_or(0, |file| file.metadata().unwrap().len());
    let before = bytes();
    drop(SqliteStore::open(folder.path()).unwrap());
    assert_eq!(bytes(), before);
}

#[test]
fn a_batch_is_answered_in_order_and_each_on_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).unwrap();
    prepare(&store);
    let task = StoreTask::start(&store).unwrap();
    let stranger = |id| say(1, id, "not mine").when(Condition::Owner(VisitorId(2)));
    let appends = (1..=1_000).map(|id| if id % 3 == 0 { stranger(id) } else { say(1, id, "hello") });
    let mut last = 0;
    for (id, answer) in (1..=1_000_u128).zip(send(&task, appends)) {
        if id % 3 == 0 {
            assert_eq!(answer, Err(AppendError::NotFound));
        } else {
            let event = &answer.unwrap().events[0];
            assert_eq!((event.id, event.seq.0), (MessageId(id), last + 1));
            last += 1;
        }
    }
    task.stop();
    assert_eq!(head(&store, 1), last);
}

#[test]
fn stopping_finishes_what_was_asked_and_refuses_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).unwrap();
    prepare(&store);
    let task = StoreTask::start(&store).unwrap();
    let handle = task.handle();
    let (sender, answers) = mpsc::channel();
    for id in 1..=500 {
        let sender = sender.clone();
        handle.append(say(1, id, "on the way"), move |result| sender.send(result.is_ok()).unwrap());
    }
    task.stop();
    assert_eq!(answers.try_iter().filter(|stored| *stored).count(), 500);
    handle.append(say(1, 501, "too late"), move |result| sender.send(result == Err(AppendError::Down)).unwrap());
    assert_eq!(answers.recv_timeout(ANSWER_WAIT), Ok(true));
}

#[tokio::test]
async fn changes_and_look_ups_go_through_the_task() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).unwrap();
    prepare(&store);
    let task = StoreTask::start(&store).unwrap();
    let handle = task.handle();
    handle.check().await.unwrap();
    handle.write(|writer| writer.touch_visitor(ANNA, 77)).await.unwrap();
    let found = handle.read(|reader| reader.visitor_by_token(&TokenHash([1; 32]))).await.unwrap();
    assert_eq!(found.used_at_ms, 77);
    let missing = handle.read(|reader| reader.visitor_by_token(&TokenHash([9; 32]))).await;
    assert_eq!(missing, Err(StoreError::Missing));
    tokio::task::spawn_blocking(move || task.stop()).await.unwrap();
    assert_eq!(handle.check().await, Err(StoreError::Down));
}

#[test]
fn the_log_is_carried_over_beside_the_writer_and_does_not_grow_without_end() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).unwrap();
    prepare(&store);
    let bytes = |name: &str| std::fs::metadata(folder.path().join(name)).map_or(0, |file| file.len());
    let mut writer = store.writer().unwrap();
    let text = "x".repeat(10_000);
    let mut longest = 0;
    // More than 130 MB of log in all: the writer never rests, so it begins anew only because it is made to.
    for batch in 0..100_u128 {
        writer.begin().unwrap();
        for number in 0..100 {
            writer.append(1, &say(batch % 7 + 1, batch * 1_000 + number, &text)).unwrap();
        }
        writer.commit().unwrap();
        longest = longest.max(bytes("causeway.sqlite3-wal"));
    }
    assert!(longest < 80 << 20, "the log was {longest} bytes long");
    assert!(bytes("causeway.sqlite3") > 20 << 20, "some is in the database before the writer ends");
    drop(writer);
    drop(store);
    let again = SqliteStore::open(folder.path()).unwrap();
    let all: u64 = (1..8).map(|conversation| head(&again, conversation)).sum();
    assert_eq!(all, 10_000);
    again.check().unwrap();
}

/// Whether the files of a folder hold some bytes.
fn holds(folder: &Path, words: &str) -> bool {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    files
        .map(|path| std::fs::read(path).unwrap())
        .any(|content| content.windows(words.len()).any(|window| window == words.as_bytes()))
}

#[test]
fn what_older_relays_left_in_the_file_is_overwritten() {
    const MARK: &str = "Zebra7Quartz";
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).unwrap();
    store.limit_recent(0);
    prepare(&store);
    let mut writer = store.writer().unwrap();
    for id in 1..=40 {
        for conversation in 1..=50 {
            // Some are longer than a page.
            let text = format!("{MARK} {}", "words ".repeat((id * conversation) as usize % 900));
            write_once(&mut *writer, |writer| writer.append(1, &say(conversation, id, &text))).unwrap();
        }
    }
    drop((writer, store));
    // As a relay that did not overwrite has removed it: rows are gone, and what they said is still there.
    let connection = rusqlite::Connection::open(folder.path().join("causeway.sqlite3")).unwrap();
    connection
        .execute_batch(
            "PRAGMA secure_delete = OFF; DELETE FROM recent WHERE position < (SELECT max(position) FROM recent);
             UPDATE recent SET body = '{\"kind\":\"erased\"}'; UPDATE conversation SET last_line = '';
             UPDATE event SET body = '{\"kind\":\"erased\"}'; PRAGMA wal_checkpoint(TRUNCATE);",
        )
        .unwrap();
    let free: i64 = connection.query_row("PRAGMA freelist_count", [], |row| row.get(0)).unwrap();
    drop(connection);
    assert!(free > 100 && holds(folder.path(), MARK), "{free}");
    let store = SqliteStore::open(folder.path()).unwrap();
    let mut writer = store.writer().unwrap();
    let (mut next, mut steps) = (Some(0), 0);
    while let Some(from) = next {
        next = write_once(&mut *writer, |writer| writer.scrub(from)).unwrap();
        steps += 1;
    }
    assert!(steps > 1, "a few pages at a time");
    assert_eq!(store.reader().unwrap().settle(), Ok(true));
    assert!(!holds(folder.path(), MARK));
    store.check().unwrap();
    assert_eq!(head(&store, 50), 40);
    write_once(&mut *writer, |writer| writer.append(2, &say(7, 99, "on it goes"))).unwrap();
    assert_eq!(head(&store, 7), 41);
}
