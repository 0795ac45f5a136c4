//! The relay's key: made at the first start, missed when it is gone, replaced also when that is interrupted.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use relay::config::{Config, Flags};
use relay::seal::{self, KeySource, Keys, Place, Sealed};
use relay::store::{SealedRecord, write_once};

use crate::command::{relay, start};

const OWNER: &str = "second_factor";
/// So many that a rotation takes several transactions.
const VALUES: usize = 2_500;

fn run(command: &mut Command) -> (bool, String) {
    let output = command.output().expect("run");
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

fn key(data: &Path, what: &str) -> (bool, String) {
    run(relay(data).args(["key", what]))
}

/// Starts a relay and stops it.
fn serve_once(command: &mut Command) {
    let (mut child, _out, _) = start(command);
    stop(&mut child);
}

fn stop(child: &mut std::process::Child) {
    assert!(Command::new("kill").arg(child.id().to_string()).status().expect("run").success());
    assert!(child.wait().expect("ended").success());
}

/// A relay that does not start says why.
fn refused(command: &mut Command) -> String {
    let (started, text) = run(command.args(["serve", "--listen", "127.0.0.1:0"]));
    assert!(!started, "{text}");
    text
}

fn keys(data: &Path) -> Keys {
    fs::read_to_string(data.join("relay.key")).expect("read").parse().expect("keys")
}

fn items() -> impl Iterator<Item = String> {
    (0..VALUES).map(|number| format!("{number:05}"))
}

fn seal_all(data: &Path) {
    let config = Config::load(&Flags { data: Some(data.to_owned()), ..Flags::default() }).expect("a configuration");
    let store = relay::store::attach(data).expect("a store");
    let source = KeySource::of(&config).expect("a source");
    let keys = seal::open(&source, &mut *store.reader().expect("a reader")).expect("read").expect("known");
    write_once(&mut *store.writer().expect("a writer"), |writer| {
        items().try_for_each(|item| {
            let value = keys.seal(Place { owner: OWNER, item: &item }, item.as_bytes()).as_bytes().to_vec();
            writer.put_sealed(&SealedRecord { owner: OWNER.to_owned(), item, value })
        })
    })
    .expect("sealed");
}

/// How many values are sealed with the first key; all of them open.
fn sealed_with_first(data: &Path) -> usize {
    let (keys, store) = (keys(data), relay::store::attach(data).expect("a store"));
    let mut reader = store.reader().expect("a reader");
    let with_first = items().filter(|item| {
        let sealed = Sealed::from_bytes(reader.sealed(OWNER, item).expect("there").value);
        let opened = keys.open(Place { owner: OWNER, item }, &sealed);
        assert_eq!(opened.as_deref(), Ok(item.as_bytes()), "{item}");
        sealed.key_name() == Ok(keys.current.name())
    });
    with_first.count()
}

#[test]
fn a_key_is_made_kept_apart_and_missed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, copy) = (folder.path().join("data"), folder.path().join("copy"));
    let (done, text) = key(&data, "show-name");
    assert!(!done && text.contains("there is no data folder"), "{text}");
    fs::create_dir(&data).expect("made");
    let (done, text) = key(&data, "show-name");
    assert!(!done && text.contains("no relay was started"), "{text}");
    serve_once(&mut relay(&data));
    let path = data.join("relay.key");
    assert_eq!(fs::metadata(&path).expect("made").permissions().mode() & 0o777, 0o600);
    let name = keys(&data).current.name().to_string();
    let (done, text) = key(&data, "show-name");
    assert!(done && text.contains(&name) && text.contains("relay.key"), "{text}");
    let secret = fs::read_to_string(&path).expect("read");
    assert!(!text.contains(secret.trim()), "{text}");
    seal_all(&data);

    let (done, text) = run(relay(&data).arg("backup").arg(&copy));
    assert!(done && text.contains(&name) && text.contains("in no backup"), "{text}");
    assert!(!copy.join("relay.key").exists());
    let (done, text) = run(relay(&copy).arg("verify"));
    assert!(done && text.contains("is whole") && text.contains("key is missing"), "{text}");
    let text = refused(&mut relay(&copy));
    assert!(text.contains(&name) && text.contains("relay key lost"), "{text}");
    let (done, text) = key(&copy, "rotate");
    assert!(!done && text.contains("key is missing"), "{text}");
    fs::copy(&path, copy.join("relay.key")).expect("put back");
    serve_once(&mut relay(&copy));
    let (done, text) = run(relay(&copy).arg("verify"));
    assert!(done && text.contains(&name), "{text}");

    // Another relay's key.
    fs::write(copy.join("relay.key"), Keys::fresh().reveal()).expect("written");
    let text = refused(&mut relay(&copy));
    assert!(text.contains("another relay's") && text.contains(&name), "{text}");
    let (done, text) = key(&copy, "lost");
    assert!(done && text.contains(&format!("{VALUES} sealed values could not be opened")), "{text}");
    serve_once(&mut relay(&copy));
}

#[test]
fn a_key_comes_from_the_environment_or_a_program() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let (done, line) = key(&data, "make");
    assert!(done && line.parse::<Keys>().is_ok(), "{line}");
    let from_environment = || {
        let mut command = relay(&data);
        command.env("CAUSEWAY_RELAY_KEY__ENVIRONMENT", "KEY_OF_THIS_TEST").env("KEY_OF_THIS_TEST", &line);
        command
    };
    serve_once(&mut from_environment());
    assert!(!data.join("relay.key").exists());
    seal_all_with(&data, &line);
    let text = refused(from_environment().env_remove("KEY_OF_THIS_TEST"));
    assert!(text.contains("KEY_OF_THIS_TEST") && text.contains("not set"), "{text}");
    let text = refused(&mut relay(&data));
    assert!(text.contains("key is missing"), "{text}");

    let (done, text) = run(from_environment().args(["key", "rotate"]));
    assert!(!done && text.contains("relay key make"), "{text}");
    let both = format!("{}{line}", Keys::fresh().reveal());
    let (done, text) = run(from_environment().env("KEY_OF_THIS_TEST", &both).args(["key", "rotate"]));
    assert!(done && text.contains("1 values were sealed anew") && text.contains("take its line out"), "{text}");
    let text = refused(&mut from_environment());
    assert!(text.contains("another relay's"), "the former key alone: {text}");

    let config = folder.path().join("relay.toml");
    let text = format!("[relay_key]\ncommand = [\"head\", \"-n\", \"1\", \"{}\"]\n", folder.path().join("k").display());
    fs::write(&config, text).expect("written");
    fs::write(folder.path().join("k"), &both).expect("written");
    serve_once(relay(&data).arg("--config").arg(&config));
}

fn seal_all_with(data: &Path, line: &str) {
    let keys: Keys = line.parse().expect("a key");
    let value = keys.seal(Place { owner: OWNER, item: "ann" }, b"a secret").as_bytes().to_vec();
    let record = SealedRecord { owner: OWNER.to_owned(), item: "ann".to_owned(), value };
    let store = relay::store::attach(data).expect("a store");
    write_once(&mut *store.writer().expect("a writer"), |writer| writer.put_sealed(&record)).expect("sealed");
}

#[test]
fn a_rotation_killed_anywhere_loses_nothing_and_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    let (mut child, _out, _) = start(&mut relay(data));
    let (done, text) = key(data, "rotate");
    assert!(!done && text.contains("while no relay uses the data folder"), "{text}");
    stop(&mut child);
    seal_all(data);
    let before = keys(data).current.name();

    let mut interrupted = 0;
    for kill_at in [0, 1, 300, 1_500] {
        let former = keys(data).current.name();
        let mut child =
            relay(data).args(["key", "rotate"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("run");
        let until = Instant::now() + Duration::from_secs(20);
        let far_enough = || {
            let keys = keys(data);
            keys.current.name() != former && (kill_at == 0 || sealed_with_first(data) >= kill_at)
        };
        while !far_enough() && child.try_wait().expect("asked").is_none() {
            assert!(Instant::now() < until, "it does nothing");
        }
        child.kill().expect("killed");
        child.wait().expect("ended");
        sealed_with_first(data);
        if keys(data).former.is_some() {
            interrupted += 1;
            let (done, text) = key(data, "show-name");
            assert!(done && text.contains("only half replaced"), "{text}");
        }
        let (done, text) = key(data, "rotate");
        assert!(done && text.contains("sealed anew"), "{text}");
        assert!(keys(data).former.is_none());
        assert_eq!(sealed_with_first(data), VALUES);
    }
    assert!(interrupted > 0, "no rotation was slow enough to be interrupted");
    assert_ne!(keys(data).current.name(), before);
    // The audit log says it, and the next start signs its head with the new key.
    for _ in 0..2 {
        let (done, text) = run(relay(data).args(["audit", "verify"]));
        assert!(done && text.contains("is whole"), "{text}");
        serve_once(&mut relay(data));
    }
    let export = data.join("export");
    let (done, text) = run(relay(data).args(["audit", "export"]).arg(&export));
    assert!(done, "{text}");
    let exported = fs::read_to_string(&export).expect("read");
    assert!(exported.matches("relay_key_replaced").count() >= 4, "{exported}");
    assert!(exported.contains(&keys(data).current.name().to_string()));
    let (done, text) = run(relay(data).args(["audit", "verify"]).arg(&export));
    assert!(done && text.contains("is whole"), "{text}");
}
