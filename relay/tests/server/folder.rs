//! The data folder: whose eyes it is for, and that a wrong or emptied one is not taken for a new one.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::relay;
use crate::file::put;
use crate::support::{Relay, SITE_ORIGIN, add_site, new_conversation};

const DATABASE: &str = "causeway.sqlite3";

fn run(command: &mut Command) -> (bool, String) {
    let output = command.output().expect("run");
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

/// Everything in a folder whose mode is not for its owner alone.
fn open(folder: &Path, found: &mut Vec<PathBuf>) {
    let mode = fs::metadata(folder).expect("there").permissions().mode() & 0o777;
    if mode != if folder.is_dir() { 0o700 } else { 0o600 } {
        found.push(folder.to_owned());
    }
    if folder.is_dir() {
        fs::read_dir(folder).expect("read").for_each(|entry| open(&entry.expect("an entry").path(), found));
    }
}

fn check_modes(folder: &Path) {
    let mut found = Vec::new();
    open(folder, &mut found);
    assert!(found.is_empty(), "others may read {found:?}");
}

/// A shell's command with the widest umask there is.
fn widely(words: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "umask 0; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_relay")]).args(words);
    command
}

/// A relay on this folder with the widest umask, that takes one file and stops.
async fn serves(data: &Path) {
    let mut command = widely(&["--data", data.to_str().expect("text")]);
    let (mut child, _out, address) = crate::command::start(&mut command);
    let origin = format!("http://{address}");
    let mut connection = crate::support::Connection::connect(&address, Some(&origin), None).await;
    connection.send(&crate::support::hello("demo", None)).await;
    connection.send(&wire::ClientFrame::Register).await;
    let token = connection
        .until(|frame| match frame {
            wire::ServerFrame::Registered { token, .. } => Some(token.clone()),
            _ => None,
        })
        .await;
    let path = format!("{origin}/upload/{}/{}", new_conversation(), wire::AttachmentId(relay::clock::new_id()));
    let sent = reqwest::Client::new()
        .put(path)
        .header("origin", &origin)
        .header("authorization", format!("Bearer {}", token.reveal()))
        .header("x-causeway-site", "demo")
        .body(crate::file::PNG);
    assert_eq!(sent.send().await.expect("answered").status(), 201);
    check_modes(data);
    assert!(Command::new("kill").arg(child.id().to_string()).status().expect("run").success());
    assert!(child.wait().expect("ended").success());
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_for_one_user_whatever_made_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let text = data.to_str().expect("text");
    let add = ["--data", text, "site", "add", "demo", "--origin", SITE_ORIGIN];
    assert!(run(&mut widely(&add)).0);
    check_modes(&data);
    serves(&data).await;

    // What somebody made wide is narrowed at the next start, and the log says so.
    let subfolder = fs::read_dir(data.join("files")).expect("read").flatten().find(|entry| entry.path().is_dir());
    let subfolder = subfolder.expect("a subfolder").path();
    let file = fs::read_dir(&subfolder).expect("read").next().expect("a file").expect("an entry").path();
    let wide = [
        (&data, 0o755),
        (&data.join("files"), 0o777),
        (&subfolder, 0o755),
        (&file, 0o644),
        (&data.join(DATABASE), 0o666),
    ];
    for (path, mode) in wide {
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("set");
    }
    serves(&data).await;
    check_modes(&data);

    let copy = folder.path().join("copy");
    let (done, text) = run(&mut widely(&["--data", text, "backup", copy.to_str().expect("text")]));
    assert!(done, "{text}");
    check_modes(&copy);
}

/// A folder that holds a store with an uploaded file.
async fn with_a_file() -> tempfile::TempDir {
    let relay = Relay::start().await;
    let visitor = relay.registered().await;
    assert_eq!(put(&relay, &visitor, new_conversation(), "a.png", crate::file::PNG.to_vec()).await.status(), 201);
    let Relay { running, folder } = relay;
    running.stop().await.expect("stopped");
    folder
}

/// Every command must refuse, with these words.
fn refuses(data: &Path, words: &str) {
    let site = ["site", "add", "new", "--origin", "https://a.example.com"];
    for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["verify"], &site] {
        let (done, text) = run(relay(data).args(command));
        assert!(!done && text.contains(words) && !text.contains("panicked"), "{command:?}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_folder_is_not_taken_for_a_new_one() {
    type Loss = fn(&Path);
    let losses: [(&str, Loss); 6] = [
        ("cut to nothing", |data| fs::write(data.join(DATABASE), "").expect("cut")),
        ("removed", |data| fs::remove_file(data.join(DATABASE)).expect("removed")),
        ("cut, without its marks", |data| {
            fs::write(data.join(DATABASE), "").expect("cut");
            fs::remove_file(data.join("causeway.id")).expect("removed");
            fs::remove_file(data.join("files/causeway.id")).expect("removed");
        }),
        ("only the mark is left", |data| {
            fs::remove_file(data.join(DATABASE)).expect("removed");
            fs::remove_dir_all(data.join("files")).expect("removed");
        }),
        ("an empty database of SQLite", |data| {
            fs::remove_file(data.join(DATABASE)).expect("removed");
            let made = rusqlite::Connection::open(data.join(DATABASE)).expect("made");
            made.execute_batch("PRAGMA journal_mode = WAL; VACUUM;").expect("written");
        }),
        ("a folder of files beside nothing", |data| {
            fs::remove_dir_all(data.join("assets")).expect("removed");
            for entry in fs::read_dir(data).expect("read").flatten().filter(|entry| entry.file_name() != "files") {
                fs::remove_file(entry.path()).expect("removed");
            }
        }),
    ];
    for (what, lose) in losses {
        let folder = with_a_file().await;
        for name in ["causeway.sqlite3-wal", "causeway.sqlite3-shm"] {
            let _ = fs::remove_file(folder.path().join(name));
        }
        lose(folder.path());
        println!("{what}");
        refuses(folder.path(), "relay serve --new");
        // Said on purpose, it begins anew; the next start is a usual one, and the word is out of place then.
        let mut command = relay(folder.path());
        command.arg("serve").args(["--listen", "127.0.0.1:0", "--new"]);
        let mut child = command.stdout(std::process::Stdio::piped()).spawn().expect("run");
        let mut first = String::new();
        let out = child.stdout.take().expect("a pipe");
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut first).expect("a line");
        assert!(first.contains("listens on"), "{what}: {first}");
        assert!(Command::new("kill").arg(child.id().to_string()).status().expect("run").success());
        assert!(child.wait().expect("ended").success());
        let (done, text) = run(relay(folder.path()).args(["serve", "--listen", "127.0.0.1:0", "--new"]));
        assert!(!done && text.contains("leave out --new"), "{what}: {text}");
        assert!(run(relay(folder.path()).arg("verify")).0, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_folder_is_noticed() {
    let (one, other) = (with_a_file().await, with_a_file().await);
    let files = one.path().join("files");
    fs::rename(&files, one.path().join("mine")).expect("moved");
    // Another store's files in the place of its own.
    fs::rename(other.path().join("files"), &files).expect("moved");
    refuses(one.path(), "belongs to the store");
    // Nothing in their place: not mounted.
    fs::remove_dir_all(&files).expect("removed");
    refuses(one.path(), "is it mounted");
    fs::rename(one.path().join("mine"), &files).expect("moved");
    assert!(run(relay(one.path()).arg("verify")).0, "the right one");
    // Another store's database.
    fs::copy(other.path().join(DATABASE), one.path().join(DATABASE)).expect("copied");
    refuses(one.path(), "belongs to the store");
}

#[test]
fn a_new_folder_and_one_whose_first_start_was_cut_short_are_begun_without_a_word() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(DATABASE), "").expect("made");
    let (done, text) = run(relay(folder.path()).arg("verify"));
    assert!(!done && text.contains("is empty"), "{text}");
    add_site(folder.path(), "demo", SITE_ORIGIN);
    assert!(run(relay(folder.path()).arg("verify")).0);
}
