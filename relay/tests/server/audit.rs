//! The audit log of a real relay: who did what is there, and what was changed in the database is found.

use std::path::Path;
use std::time::Duration;

use relay::audit::{Action, Entry, Who, heads};
use relay::store::sqlite::{DATABASE_FILE, SqliteStore};
use relay::store::{AuditFilter, Store};
use wire::{BlockScope, ClientFrame, Say, ServerFrame};

use crate::blocked::run;
use crate::file::{PNG, put};
use crate::support::{PASSWORD, Relay, add_agent_as, cookie_of, new_conversation, new_message};

/// All entries, the oldest first.
fn entries(folder: &Path) -> Vec<Entry> {
    let mut reader = SqliteStore::attach(folder).expect("a store").reader().expect("a reader");
    let page = reader.audit_page(&AuditFilter::default(), u64::MAX, usize::MAX).expect("read");
    page.iter().rev().map(|stored| serde_json::from_str(&stored.entry).expect("an entry")).collect()
}

/// What was done since an entry, by whom and to what.
fn since(folder: &Path, number: u64) -> Vec<(Action, String, String)> {
    let later = entries(folder).into_iter().filter(|entry| entry.number > number);
    later
        .map(|entry| {
            let who = match &entry.who {
                Who::Agent { name, .. } => name.clone(),
                other => other.key(),
            };
            (entry.action, who, entry.subject.map(|subject| subject.kind).unwrap_or_default())
        })
        .collect()
}

fn last(folder: &Path) -> u64 {
    entries(folder).last().map_or(0, |entry| entry.number)
}

fn row(action: Action, who: &str, kind: &str) -> (Action, String, String) {
    (action, who.to_owned(), kind.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_and_out_and_what_staff_open_is_noted_without_what_people_typed() {
    let relay = Relay::start().await;
    let folder = relay.folder.path();
    let before = last(folder);
    assert_eq!(relay.sign_in("ann@example.com", "wrong password").await.status(), 401);
    assert_eq!(relay.sign_in("stranger@example.com", "wrong password").await.status(), 401);
    let signed_in = relay.sign_in("ann@example.com", PASSWORD).await;
    let cookie = cookie_of(&signed_in);
    let mut visitor = relay.registered().await;
    let conversation = new_conversation();
    let sent = put(&relay, &visitor, conversation, "a.png", PNG.to_vec()).await;
    let file: wire::Attachment = sent.json().await.expect("JSON");
    let say = Say::File { attachment: file.id };
    visitor.connection.send(&ClientFrame::Say { conversation, id: new_message(), say }).await;
    visitor.connection.event(|event| matches!(event.body, wire::Body::File { .. })).await;
    let client = reqwest::Client::new();
    let paths = [
        (format!("/file/{}", file.id), format!("/api/v1/files/{}", file.id)),
        (format!("/transcript/{conversation}"), format!("/api/v1/conversations/{conversation}/transcript")),
    ];
    for (path, of_staff) in &paths {
        let get = client.get(relay.url(of_staff)).header("cookie", &cookie);
        assert_eq!(get.send().await.expect("answered").status(), 200);
        // What visitors get of their own is not noted.
        let get =
            client.get(relay.url(path)).header("authorization", visitor.bearer()).header("x-causeway-site", "demo");
        assert_eq!(get.send().await.expect("answered").status(), 200);
    }
    let out = client.delete(relay.url("/api/v1/session")).header("cookie", &cookie).header("origin", relay.origin());
    assert_eq!(out.send().await.expect("answered").status(), 204);
    assert_eq!(
        since(folder, before),
        [
            row(Action::SignInFailed, "nobody", "agent"),
            row(Action::SignInFailed, "nobody", ""),
            row(Action::SignedIn, "ann", ""),
            row(Action::FileOpened, "ann", "file"),
            row(Action::TranscriptExported, "ann", "conversation"),
            row(Action::SignedOut, "ann", ""),
        ]
    );
    let noted = entries(folder).into_iter().filter(|entry| entry.number > before);
    for entry in noted {
        let text = serde_json::to_string(&entry).expect("JSON");
        assert!(entry.from.is_some() && !text.contains("127.0.0.1"), "a tag, no address: {text}");
        assert!(!text.contains("stranger") && !text.contains("example.com") && !text.contains("wrong"), "{text}");
    }
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_commands_and_supervisors_do_is_noted() {
    let relay =
        Relay::start_filled("", |folder| add_agent_as(folder, "sue", relay_settings::BuiltInRole::Supervisor)).await;
    let folder = relay.folder.path();
    let mut visitor = relay.registered().await;
    let conversation = new_conversation();
    visitor.say(conversation, "hello").await;
    let id = conversation.to_string();
    let before = last(folder);
    for words in [
        &["site", "add", "new", "--origin", "https://new.example.com"][..],
        &["site", "remove", "new"],
        &["agent", "add", "kim@example.com", "--name", "Kim", "--role", "agent"],
        &["agent", "role", "kim@example.com", "supervisor"],
        &["agent", "password", "kim@example.com"],
        &["agent", "disable", "kim@example.com"],
        &["agent", "enable", "kim@example.com"],
        &["transcript", &id],
        &["visitor", "block", &id, "--scope", "network", "--minutes", "5"],
    ] {
        run(&relay, words).await;
    }
    let listed = run(&relay, &["visitor", "blocks"]).await;
    run(&relay, &["visitor", "unblock", listed.split_whitespace().next().expect("its id")]).await;
    let mut sue = relay.agent("sue").await;
    let block =
        ClientFrame::Block { conversation, scope: BlockScope::Visitor, for_ms: 60_000, reason: "robot".to_owned() };
    sue.connection.send(&block).await;
    let blocks = |frame: &ServerFrame| match frame {
        ServerFrame::Blocks { blocks, .. } => Some(blocks.clone()),
        _ => None,
    };
    let made = sue.connection.until(|frame| blocks(frame).filter(|made| !made.is_empty())).await;
    sue.connection.send(&ClientFrame::Unblock { block: made[0].block }).await;
    sue.connection.until(|frame| blocks(frame).filter(Vec::is_empty)).await;
    let by_command = |action, kind| row(action, "command_line", kind);
    assert_eq!(
        since(folder, before),
        [
            by_command(Action::SettingChanged, "site"),
            by_command(Action::SettingChanged, "site"),
            by_command(Action::AgentAdded, "agent"),
            by_command(Action::RightsChanged, "agent"),
            by_command(Action::PasswordChanged, "agent"),
            by_command(Action::AgentDisabled, "agent"),
            by_command(Action::AgentEnabled, "agent"),
            by_command(Action::TranscriptExported, "conversation"),
            by_command(Action::Blocked, "block"),
            by_command(Action::Unblocked, "block"),
            row(Action::SignedIn, "sue", ""),
            row(Action::Blocked, "sue", "block"),
            row(Action::Unblocked, "sue", "block"),
        ]
    );
    let added = &entries(folder)[usize::try_from(before).expect("few")];
    assert_eq!(added.detail["what"], "added");
    assert!(added.detail["fields"].to_string().contains("https://new.example.com"), "{:?}", added.detail);
    relay.running.stop().await.expect("stopped");
}

/// Runs a command on a folder that no relay serves: whether it went well, and what it said.
fn command(folder: &Path, words: &[&str]) -> (bool, String) {
    let output = crate::command::relay(folder).args(words).output().expect("it runs");
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_signed_exported_and_verified_and_a_changed_one_is_found() {
    let relay = Relay::start().await;
    let cookie = relay.cookie("ann").await;
    assert!(cookie.contains("session"));
    // While the relay runs the head is written down within a second or so.
    let number = last(relay.folder.path());
    let mut pause = tokio::time::interval(Duration::from_millis(50));
    let is_written = async {
        let written = || heads::read(relay.folder.path()).expect("heads").last().map(|head| head.head.number);
        while written() != Some(number) {
            pause.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), is_written).await.expect("written down");
    let whole = run(&relay, &["audit", "verify"]).await;
    assert!(whole.contains(&format!("is whole: the entries 1 to {number}")), "{whole}");
    // The stop writes the last head.
    run(&relay, &["site", "add", "late", "--origin", "https://late.example.com"]).await;
    relay.running.stop().await.expect("stopped");
    let folder = relay.folder.path();
    let number = last(folder);
    assert_eq!(heads::read(folder).expect("heads").last().map(|head| head.head.number), Some(number));

    let file = folder.join("log.jsonl").display().to_string();
    let (done, text) = command(folder, &["audit", "export", &file]);
    assert!(done && text.contains(&format!("up to the entry {}", number + 1)), "{text}");
    let key = text.split_whitespace().last().expect("the key stands last").to_owned();
    let before = std::fs::read(&file).expect("read");
    let nowhere = folder.join("nowhere/log.jsonl").display().to_string();
    for at in [&file, &nowhere] {
        let (done, text) = command(folder, &["audit", "export", at]);
        assert!(!done && text.contains("give another name"), "{text}");
    }
    assert_eq!(last(folder), number + 1, "an export that was not made is not noted");
    assert_eq!(std::fs::read(&file).expect("read"), before);
    let elsewhere = tempfile::tempdir().expect("another machine");
    let (done, text) = command(elsewhere.path(), &["audit", "verify", &file, "--key", &key]);
    assert!(done && text.contains("is whole"), "{text}");
    assert!(command(folder, &["audit", "verify", &file]).0);
    let (done, text) = command(elsewhere.path(), &["audit", "verify", &file, "--key", &"0".repeat(64)]);
    assert!(!done && text.contains("another key"), "{text}");
    let exported = std::fs::read_to_string(&file).expect("read");
    std::fs::write(&file, exported.replacen("signed_in", "signed_on", 1)).expect("changed");
    let (done, text) = command(elsewhere.path(), &["audit", "verify", &file, "--key", &key]);
    assert!(!done && text.contains("is not what was written"), "{text}");

    // The export of a relay that was not started since has no head in the file yet: that is no error.
    let (done, text) = command(folder, &["audit", "verify"]);
    assert!(done && text.contains(&format!("after {number} have no signed head yet")), "{text}");
    let database = rusqlite::Connection::open(folder.join(DATABASE_FILE)).expect("opened");
    let change = |sql: &str| assert_eq!(database.execute(sql, []).expect("changed"), 1, "{sql}");
    change("UPDATE audit_entry SET entry = replace(entry, 'demo', 'dem0') WHERE number = 1");
    let (done, text) = command(folder, &["audit", "verify"]);
    assert!(!done && text.contains("the entry 1 is not what was written"), "{text}");
    change("UPDATE audit_entry SET entry = replace(entry, 'dem0', 'demo') WHERE number = 1");
    assert!(command(folder, &["audit", "verify"]).0);
    // The last two are taken out, and the head is set back to match.
    database.execute(&format!("DELETE FROM audit_entry WHERE number >= {number}"), []).expect("removed");
    change(&format!(
        "UPDATE audit_head SET number = {0}, hash = (SELECT hash FROM audit_entry WHERE number = {0})",
        number - 1
    ));
    let (done, text) = command(folder, &["audit", "verify"]);
    assert!(!done && text.contains("the last entries were removed"), "{text}");
}
