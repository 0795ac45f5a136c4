//! A disk that is full, read-only or broken: a typed refusal, no acknowledgement, and work again as soon as the disk works again.

use std::path::Path;

use support::{Door, RawSocket, Relay, Setup, check_integrity, new_id, wait_until};
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
    let (_, token) = RawSocket::visitor(&relay, None).register();
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
            assert_eq!(upload(&relay, &token, conversation, file), 507, "without room an upload is refused");
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
    // The relay looks at the disk now and then; agents' words pass before that.
    let again = AttachmentId(new_id());
    wait_until("with room again an upload goes through", || {
        (upload(&relay, &token, conversation, again) == 201).then_some(())
    });
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

/// What the relay says about its health; it must be able to work.
fn health(relay: &Relay) -> String {
    let answer = relay.request("GET", "/health", &[], b"").expect("the relay answers");
    assert_eq!(answer.status, 200);
    answer.text()
}

/// Waits until the store's trouble is told to somebody.
fn refuses(stage: &Stage) {
    // Visitors are told that the disk is full, agents that the store cannot write.
    let told = || {
        let refusals = stage.judge.refusals();
        ["StoreDown", "DiskFull"].iter().filter_map(|name| refusals.get(*name)).sum::<u64>()
    };
    let before = told();
    wait_until("somebody is told that nothing can be recorded", || (told() > before).then_some(()));
}

/// Small, so that it is full within seconds; its steps are at 12.8, 6.4 and 3.2 MB.
const SMALL_MEGABYTES: u32 = 128;

#[test]
fn a_stranger_who_fills_the_disk_stops_nobody_else() {
    let turn = turn("disk stranger");
    let Some(disk) = Disk::mount(SMALL_MEGABYTES) else {
        return skip("disk stranger", "no permission to mount a file system");
    };
    // No quota stands in the way: the reserve alone must do.
    let names = ["upload_bytes_per_visitor_a_day", "upload_bytes_per_address_a_day", "upload_bytes_per_network_a_day"];
    let more = ["pending_bytes_per_visitor_max", "pending_bytes_per_network_max", "kept_bytes_per_visitor_max"];
    let quotas: String = names.iter().chain(&more).map(|name| format!("{name} = 1000000000\n")).collect();
    let (data, config) = (Some(disk.path().join("data")), format!("[quotas]\n{quotas}"));
    let relay = Relay::start_with(Setup { data, config, ..Setup::default() });
    relay.agent("ann@example.com", "Ann", 4);
    let mut known = RawSocket::visitor(&relay, None);
    let (_, token) = known.register();
    let conversation = ConversationId(new_id());
    known.say(conversation, "Before");

    // Eight at once, as fast as the machine can.
    let fill = || {
        std::thread::scope(|scope| {
            for _ in 0..8 {
                let (relay, token) = (&relay, &token);
                scope.spawn(move || {
                    let bound = |_: &u32| upload(relay, token, ConversationId(new_id()), AttachmentId(new_id())) == 201;
                    assert!(
                        (0..1_000).take_while(bound).count() < 1_000,
                        "uploads are refused before the disk is full"
                    );
                });
            }
        });
    };
    fill();
    // The last ones were refused because they would have passed the first step; now it is passed.
    disk.leave(10_000_000);
    wait_until("files stop", || health(&relay).contains("no files are taken").then_some(()));
    known.say(conversation, "After the first step");
    let (_, new) = RawSocket::visitor(&relay, None).register();
    RawSocket::visitor(&relay, Some(new)).say(ConversationId(new_id()), "A new visitor begins");

    // Whatever else fills the disk now, the second and third step hold back.
    disk.leave(5_000_000);
    wait_until("new visitors stop", || health(&relay).contains("new visitors").then_some(()));
    known.say(conversation, "After the second step");
    disk.leave(2_000_000);
    wait_until("texts stop", || health(&relay).contains("nothing of visitors").then_some(()));
    let cookie = relay.sign_in("ann@example.com");
    let mut agent = RawSocket::agent(&relay, &cookie);
    assert!(agent.read(conversation).len() >= 3, "what is recorded is read");
    agent.send(&wire::ClientFrame::Take { conversation });
    agent.say(conversation, "An agent answers");
    disk.clear();
    // The stranger's files stay, so that the first step may stand.
    wait_until("texts go on", || (!health(&relay).contains("visitors")).then_some(()));
    known.say(conversation, "And on");
    turn.tell("uploads stopped first; texts, new visitors, sign-in and answers went on");
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
                stage.last(turn.form.bad_network / 2);
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
    let (_, token) = RawSocket::visitor(&relay, None).register();
    assert!(relay.stop(), "the relay did not end cleanly");
    disk.set_read_only(true);
    let said = relay.fails_to_start();
    assert!(!said.contains("panicked"), "{said}");
    assert!(said.contains(&*disk.path().to_string_lossy()), "it does not say which folder: {said}");
    disk.set_read_only(false);
    relay.up();
    let mut visitor = RawSocket::visitor(&relay, Some(token));
    visitor.say(ConversationId(new_id()), "Still here");
    turn.tell("refused to start, then started");
}
