//! A disk that is full, read-only or broken: a typed refusal, no acknowledgement, and work again as soon as the disk works again.

use std::path::Path;

use support::{Door, Line, Relay, Setup, check_integrity, new_id, wait_until};
use wire::{AttachmentId, ConversationId, Refusal, Token};

use crate::crowd::{Crowd, Size, Stage};
use crate::fault::{Disk, Tracer};
use crate::form::{skip, turn};

/// A few more agents than elsewhere, and long texts, so that the log of the database fills up quickly.
const CROWD: Size = Size { visitors: 6, agents: 2, capacity: 2, pause_ms: (40, 140), chars_max: 3_000 };
/// More than database, its log and what a checkpoint needs.
const MEGABYTES: u32 = 48;

#[test]
fn on_a_full_disk_it_refuses_and_goes_on_when_there_is_room() {
    let turn = turn("disk full");
    let Some(disk) = Disk::mount(MEGABYTES) else {
        return skip("disk full", "no permission to mount a file system");
    };
    let data = Some(disk.path().join("data"));
    let mut relay = Relay::start_with(Setup { data, ..Setup::moving() });
    let mut crowd = Crowd::new(&relay, CROWD, &turn.dice, &Door::of(&relay));
    let (_, token) = Line::visitor(&relay, None).register();
    let (conversation, file) = (ConversationId(new_id()), AttachmentId(new_id()));
    assert_eq!(upload(&relay, &token, conversation, file), 201, "with room an upload goes through");
    let files = count_files(&disk.path().join("data/files"));
    crowd.act(|stage| {
        for round in 0..turn.form.fills {
            stage.all_ready();
            stage.more(20);
            disk.fill();
            refuses(stage);
            let file = AttachmentId(new_id());
            assert_eq!(upload(&relay, &token, conversation, file), 503, "without room an upload is refused");
            if round % 2 == 1 {
                // Neither a crash nor a restart may need room.
                relay.kill();
                relay.up();
                stage.all_ready();
                refuses(stage);
            }
            disk.clear();
            stage.more(20);
        }
    });
    wait_until("nothing is left of the refused uploads", || {
        (count_files(&disk.path().join("data/files")) == files).then_some(())
    });
    let again = AttachmentId(new_id());
    assert_eq!(upload(&relay, &token, conversation, again), 201, "with room again an upload goes through");
    let (_, verdict) = crowd.judge(&relay);
    relay.kill();
    check_integrity(relay.data());
    turn.tell(format_args!("{} times full: {verdict:?}, {:?}", turn.form.fills, crowd.judge.refusals()));
}

/// Uploads a file of 300,000 bytes and gives the status; a refusal must be one that passes.
fn upload(relay: &Relay, token: &Token, conversation: ConversationId, file: AttachmentId) -> u16 {
    let bearer = format!("Bearer {}", token.reveal());
    let headers = [
        ("origin", &*relay.origin()),
        ("authorization", &bearer),
        ("x-causeway-site", "demo"),
        ("x-file-name", "statement.csv"),
    ];
    let path = format!("/upload/{conversation}/{file}");
    let answer = relay.request("PUT", &path, &headers, &b"a,b,c\n".repeat(50_000)).expect("the relay answers");
    if answer.status != 201 {
        let refusal: Refusal = serde_json::from_slice(&answer.body).expect("a refusal is JSON");
        assert!(refusal.retry(), "{refusal:?}");
    }
    answer.status
}

fn count_files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.map(|path| if path.is_dir() { count_files(&path) } else { 1 }).sum()
}

/// Waits until the store's trouble is told to somebody.
fn refuses(stage: &Stage) {
    let told = || stage.judge.refusals().get("StoreDown").copied().unwrap_or(0);
    let before = told();
    wait_until("somebody is told that nothing can be recorded", || (told() > before).then_some(()));
}

#[test]
fn when_the_disk_answers_with_errors_it_refuses_and_goes_on_afterwards() {
    let turn = turn("disk errors");
    if !Tracer::works() {
        return skip("disk errors", "no strace, or no permission to trace");
    }
    let mut relay = Relay::start_with(Setup::moving());
    let mut crowd = Crowd::new(&relay, CROWD, &turn.dice, &Door::of(&relay));
    let faults = [
        ("fsync,fdatasync", "EIO"),
        ("pwrite64", "EIO"),
        ("pwrite64,ftruncate", "EROFS"),
        ("pwrite64,ftruncate", "ENOSPC"),
        ("pread64", "EIO"),
    ];
    for (calls, error) in faults {
        for killed in [false, true] {
            crowd.act(|stage| {
                stage.all_ready();
                stage.more(10);
                let tracer = Tracer::fail(relay.id(), calls, error);
                stage.last(turn.form.weather / 2);
                if killed {
                    // What was written and not synced, or synced with an error, is what the next life finds.
                    relay.kill();
                    drop(tracer);
                    relay.up();
                }
            });
            let (_, verdict) = crowd.judge(&relay);
            turn.tell(format_args!("{calls}: {error}, killed: {killed}: {verdict:?}"));
        }
    }
    let told = crowd.judge.refusals();
    assert!(told.contains_key("StoreDown"), "no fault was told to anybody: {told:?}");
    relay.kill();
    check_integrity(relay.data());
    turn.tell(format_args!("{told:?}"));
}

#[test]
fn on_a_read_only_disk_it_says_so_instead_of_starting() {
    let turn = turn("disk read-only");
    let Some(disk) = Disk::mount(MEGABYTES) else {
        return skip("disk read-only", "no permission to mount a file system");
    };
    let data = Some(disk.path().join("data"));
    let mut relay = Relay::start_with(Setup { data, ..Setup::default() });
    let (_, token) = Line::visitor(&relay, None).register();
    assert!(relay.stop(), "the relay did not end cleanly");
    disk.set_read_only(true);
    let said = relay.fails_to_start();
    assert!(!said.contains("panicked"), "{said}");
    assert!(said.contains(&*disk.path().to_string_lossy()), "it does not say which folder: {said}");
    disk.set_read_only(false);
    relay.up();
    let mut visitor = Line::visitor(&relay, Some(token));
    visitor.say(ConversationId(new_id()), "Still here");
    turn.tell("refused to start, then started");
}
