//! A copy of everything, made while the relay serves, and a relay that goes on from it.

use std::fs;
use std::path::{Path, PathBuf};

use relay::backup::{backup, verify};
use wire::{Attachment, ClientFrame, Say};

use crate::file::{PNG, put};
use crate::support::{Relay, Visitor, new_conversation, new_message};

/// A relay with one message that names a file; and who wrote it.
async fn relay_with_file() -> (Relay, Visitor, Attachment) {
    let relay = Relay::start().await;
    let mut visitor = relay.registered().await;
    let conversation = new_conversation();
    visitor.say(conversation, "see the picture").await;
    let sent = put(&relay, &visitor, conversation, "a.png", PNG.to_vec()).await;
    let file: Attachment = sent.json().await.expect("JSON");
    let id = new_message();
    visitor.connection.send(&ClientFrame::Say { conversation, id, say: Say::File { attachment: file.id } }).await;
    visitor.connection.event(|event| event.id == id).await;
    (relay, visitor, file)
}

/// The only uploaded file of a data folder.
fn only_file(data: &Path) -> PathBuf {
    let mut entries = fs::read_dir(data.join("files")).expect("read").map(|entry| entry.expect("read").path());
    let subfolder = entries.find(|path| path.is_dir()).expect("a subfolder");
    fs::read_dir(subfolder).expect("read").next().expect("a file").expect("read").path()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_goes_on_from_a_copy_made_while_it_served() {
    let (relay, visitor, file) = relay_with_file().await;
    let copies = tempfile::tempdir().expect("a folder");
    let copy = copies.path().join("copy");
    fs::create_dir(copies.path().join("copy.partial")).expect("what a broken copy left");
    let whole = backup(relay.folder.path(), &copy).expect("copied");
    assert_eq!((whole.files, whole.bytes), (1, PNG.len() as u64));
    assert_eq!(fs::read_dir(copies.path()).expect("read").count(), 1, "nothing half is left");
    let names = fs::read_dir(&copy).expect("read").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<_> = names.collect();
    names.sort();
    assert_eq!(names, ["causeway.id", "causeway.sqlite3", "files"]);
    let again = backup(relay.folder.path(), &copy).expect_err("taken");
    assert!(again.to_string().contains("exists already"), "{again}");

    // The disk is lost; the copy takes its place.
    let Relay { running, folder } = relay;
    let Visitor { connection, token, .. } = visitor;
    drop(connection);
    running.stop().await.expect("stopped");
    fs::remove_dir_all(folder.path()).expect("removed");
    fs::rename(&copy, folder.path()).expect("restored");
    let relay = Relay::start_on(folder).await;
    let visitor = relay.visitor(token.as_ref()).await;
    let got = reqwest::Client::new().get(relay.url(&format!("/file/{}", file.id)));
    let got = got.header("authorization", visitor.bearer()).send().await.expect("answered");
    assert_eq!(got.bytes().await.expect("bytes"), PNG);
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_or_broken_is_reported_and_not_copied() {
    let (relay, visitor, _) = relay_with_file().await;
    let Relay { running, folder } = relay;
    drop(visitor);
    running.stop().await.expect("stopped");
    let data = folder.path();
    let copies = tempfile::tempdir().expect("a folder");
    let says = |wanted: &str| {
        let error = format!("{:#}", verify(data).expect_err("not whole"));
        assert!(error.contains(wanted), "{error}");
        let copy = copies.path().join("copy");
        assert!(backup(data, &copy).is_err() && !copy.exists());
    };
    verify(data).expect("whole");
    let file = only_file(data);
    fs::write(&file, &PNG[1..]).expect("cut");
    says("were uploaded");
    fs::remove_file(&file).expect("removed");
    says("the uploaded file");
    fs::write(&file, PNG).expect("back again");
    verify(data).expect("whole");

    let database = data.join("causeway.sqlite3");
    let mut bytes = fs::read(&database).expect("read");
    // The second page on: the first holds what SQLite needs to open it at all.
    bytes[4096..].fill(0xa5);
    fs::write(&database, bytes).expect("spoiled");
    says("database");
    assert!(verify(copies.path()).is_err(), "no database at all");
}
