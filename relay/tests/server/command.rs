//! The binary itself: every command, its words and its signals.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use wire::{ClientFrame, Say, ServerFrame};

use crate::filled::recorded;
use crate::support::{Connection, hello, new_conversation, new_message};

pub(crate) fn relay(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_relay"));
    command.arg("--data").arg(folder).stdin(Stdio::null());
    command
}

fn run(command: &mut Command) -> (bool, String) {
    let Output { status, stdout, stderr } = command.output().expect("run");
    (status.success(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
}

#[test]
fn commands_say_what_they_did_and_what_to_do_next() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let (done, text) =
        run(relay(&data).args(["site", "add", "demo", "--origin", "https://Shop.example.com/", "--name", "Shop"]));
    assert!(done && text.contains("data-site=\"demo\"") && text.contains("https://shop.example.com"), "{text}");
    // Added again it has other origins, and the name that it had.
    for (given, name) in [(None, "Shop"), (Some("The shop"), "The shop"), (None, "The shop")] {
        let mut again = relay(&data);
        again.args(["site", "add", "demo", "--origin", "https://new.example.com"]);
        assert!(run(again.args(given.iter().flat_map(|name| ["--name", name]))).0);
        let store = relay::store::attach(&data).expect("a store");
        let site = store.reader().expect("a reader").site(&"demo".parse().expect("an id")).expect("a site");
        assert_eq!((site.name.as_str(), site.origins), (name, vec!["https://new.example.com".to_owned()]));
    }
    let (done, text) = run(relay(&data).args(["site", "add", "demo", "--origin", "https://a/b"]));
    assert!(!done && text.contains("not an origin"), "{text}");

    let add = ["agent", "add", "ann@example.com", "--name", "Ann", "--role", "supervisor", "--capacity", "2"];
    let (done, text) = run(relay(&data).args(add));
    assert!(done && text.contains("Password (shown only now): "), "{text}");
    let (done, text) = run(relay(&data).args(add));
    assert!(!done && text.contains("relay agent password ann@example.com"), "{text}");
    let mut child = relay(&data)
        .args(["agent", "password", "ann@example.com", "--password-stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("run");
    child.stdin.take().expect("a pipe").write_all(b"tangerine dreams\n").expect("written");
    let output = child.wait_with_output().expect("ended");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && !text.contains("tangerine") && text.contains("new password"), "{text}");

    let (done, text) = run(relay(&data).args(["transcript", "00000000-0000-7000-8000-000000000000"]));
    assert!(!done && text.contains("no conversation"), "{text}");
    let (done, text) = run(relay(&data).arg("verify"));
    assert!(done && text.contains("is whole"), "{text}");
    let copy = folder.path().join("copy");
    let (done, text) = run(relay(&data).arg("backup").arg(&copy));
    assert!(done && copy.join("causeway.sqlite3").is_file(), "{text}");
    let (done, text) = run(relay(&data).arg("backup").arg(&copy));
    assert!(!done && text.contains("exists already"), "{text}");
    let (done, text) = run(relay(&data).arg("config"));
    assert!(done && text == relay::config::EXAMPLE);
    let (done, text) = run(relay(&data).args(["serve", "--config", "/nowhere.toml"]));
    assert!(!done && text.contains("relay config > /nowhere.toml"), "{text}");
    let (done, text) = run(relay(&data).args(["serve", "--listen", "0.0.0.0:0"]));
    assert!(!done && text.contains("trusted_proxies"), "{text}");
    let (done, text) = run(relay(&data).arg("serve").env("CAUSEWAY_LISTNE", "x"));
    assert!(!done && text.contains("relay config"), "{text}");
}

#[test]
fn agents_and_sites_are_listed_switched_and_removed_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    let check = |arguments: &[&str], works: bool, words: &[&str]| {
        let (done, text) = run(relay(data).args(arguments));
        assert_eq!(done, works, "{arguments:?}: {text}");
        for word in words {
            assert!(text.contains(word), "{arguments:?} lacks {word:?}: {text}");
        }
    };
    check(&["agent", "list"], true, &["no agent", "relay agent add"]);
    check(&["site", "list"], true, &["no site", "relay site add"]);
    crate::support::add_agent(data, "ann", 4);
    crate::support::add_site(data, "demo", crate::support::SITE_ORIGIN);
    check(&["agent", "list"], true, &["ann@example.com", "agent", "enabled", "takes   4", "ann"]);
    for (action, words) in [
        ("disable", &["is disabled", "relay agent enable Ann@example.com"][..]),
        ("disable", &["disabled already"]),
        ("enable", &["is enabled"]),
        ("enable", &["enabled already"]),
    ] {
        check(&["agent", action, "Ann@example.com"], true, words);
    }
    check(&["agent", "role", "ann@example.com", "supervisor"], true, &["was agent", "is supervisor now"]);
    check(&["agent", "role", "ann@example.com", "supervisor"], true, &["supervisor already"]);
    check(&["agent", "list"], true, &["supervisor"]);
    check(&["agent", "role", "ann@example.com", "king"], false, &["no role king", "administrator"]);
    check(&["agent", "role", "ann@example.com", "agent", "supervisor"], true, &["is agent, supervisor now"]);
    check(&["agent", "scope", "ann@example.com", "--site", "nowhere"], false, &["no site/nowhere"]);
    check(&["agent", "scope", "ann@example.com", "--site", "demo"], true, &["(sites: demo) now"]);
    check(&["agent", "list"], true, &["agent, supervisor", "sites: demo"]);
    check(
        &["site", "remove", "demo"],
        false,
        &["in the scope of 1", "`relay agent scope ann@example.com --site OTHER`"],
    );
    check(&["agent", "scope", "ann@example.com"], true, &["(sites: demo)", "is agent, supervisor now"]);
    let eve = ["agent", "add", "eva@example.com", "--name", "Eva", "--role", "king"];
    check(&eve, false, &["no role king"]);
    check(&[&eve[..6], &["administrator", "--department", "cards"]].concat(), false, &["no department/cards"]);
    check(&[&eve[..6], &["administrator"]].concat(), true, &["Eva"]);
    for last in [
        &["disable", "eva@example.com"][..],
        &["role", "eva@example.com", "agent"],
        &["scope", "eva@example.com", "--site", "demo"],
    ] {
        check(&[&["agent"], last].concat(), false, &["no administrator any more"]);
    }
    for action in [&["disable"][..], &["enable"], &["role"]] {
        let mut arguments = vec!["agent", action[0], "eve@example.com"];
        arguments.extend((action[0] == "role").then_some("agent"));
        check(&arguments, false, &["no agent eve@example.com", "relay agent list"]);
    }

    check(&["site", "remove", "nowhere"], false, &["no site nowhere", "relay site list"]);
    begin_conversation(data);
    check(&["site", "list"], true, &["demo", "1 conversations, 1 of them open", crate::support::SITE_ORIGIN]);
    check(&["site", "remove", "demo"], false, &["1 conversations, 1 of them open", "--keep-conversations"]);
    check(&["site", "remove", "demo", "--keep-conversations"], true, &["is removed", "1 conversations are kept"]);
    check(&["site", "list"], true, &["no site"]);
    let (done, text) = run(relay(data).args(["transcript", &conversation().to_string()]));
    assert!(done && text.contains("hello"), "its conversations are still there: {text}");
    check(&["site", "add", "demo", "--origin", "https://shop.example.com"], true, &[]);
    check(&["site", "list"], true, &["1 conversations"]);
    check(&["site", "add", "empty", "--origin", "https://shop.example.com"], true, &[]);
    check(&["site", "remove", "empty"], true, &["is removed", "no conversations"]);
    check(&["verify"], true, &["is whole"]);
}

#[test]
fn what_is_in_the_way_of_removing_a_site_is_named_with_what_to_do_about_it() {
    use relay::store::{Invited, ServiceKeyRecord, Store, StoreError, Writer, write_once};
    use relay_settings::{Reach, Scope};
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    for site in ["demo", "other"] {
        crate::support::add_site(data, site, crate::support::SITE_ORIGIN);
    }
    crate::support::add_agent(data, "ann", 4);
    begin_conversation(data);
    let id = wire::ServiceKeyId(relay::clock::new_id());
    let key = ServiceKeyRecord {
        id,
        token: relay::identity::key::fresh().1,
        name: "Ledger".to_owned(),
        rights: r#"["settings_read"]"#.to_owned(),
        scope: r#"{"sites":["demo"],"departments":"all"}"#.to_owned(),
        made_by: relay::audit::Who::CommandLine,
        made_at_ms: 1,
        until_ms: None,
        used_at_ms: None,
        revoked_at_ms: None,
    };
    let store = relay::store::sqlite::SqliteStore::attach(data).expect("a store");
    let (sites, departments) = (Reach::Some(["demo".parse().expect("an id")].into()), Reach::All);
    let what = Invited::Colleague {
        email: "kim@example.com".to_owned(),
        name: "Kim".to_owned(),
        roles: ["agent".parse().expect("an id")].into(),
        scope: Scope { sites, departments },
        capacity: 4,
    };
    let (invitation, _) = relay::identity::invitation::fresh(what, key.made_by.clone(), relay::clock::now_ms());
    let change = |change: &dyn Fn(&mut dyn Writer) -> Result<(), StoreError>| {
        write_once(&mut *store.writer().expect("a writer"), |writer| change(writer)).expect("changed");
    };
    change(&|writer| writer.add_service_key(&key));
    change(&|writer| writer.put_invitation(&invitation));
    let scope = |sites: &[&str]| assert!(run(relay(data).args(["agent", "scope", "ann@example.com"]).args(sites)).0);
    let keeping = ["site", "remove", "demo", "--keep-conversations"];
    for (sites, count, command) in [
        (&["--site", "demo", "--site", "other"][..], 3, Some("relay agent scope ann@example.com --site other")),
        (&["--site", "demo"], 3, Some("relay agent scope ann@example.com --site OTHER")),
        (&["--site", "other"], 2, None),
    ] {
        scope(sites);
        for arguments in [&keeping[..3], &keeping] {
            let (done, text) = run(relay(data).args(arguments));
            assert!(!done && text.contains(&format!("in the scope of {count} ")), "{text}");
            let others = "\n  the key Ledger: revoke it in the console\n  the invitation of kim@example.com: take it back in the console\n";
            assert!(text.contains(others), "{text}");
            let advised = command.map(|command| format!("\n  ann@example.com: `{command}`, or "));
            assert_eq!(text.contains("ann@example.com"), advised.is_some(), "{text}");
            assert!(advised.is_none_or(|advised| text.contains(&advised)), "{text}");
            assert!(!text.contains("--keep-conversations"), "it would not help: {text}");
        }
    }
    change(&|writer| writer.revoke_service_key(id, 2));
    change(&|writer| writer.remove_invitation(invitation.id));
    let (done, text) = run(relay(data).args(&keeping[..3]));
    assert!(!done && text.contains("`relay site remove demo --keep-conversations`"), "{text}");
    let (done, text) = run(relay(data).args(keeping));
    assert!(done && text.contains("is removed"), "{text}");
}

#[test]
fn a_site_that_a_document_names_is_not_removed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, file) = (folder.path().join("data"), folder.path().join("settings.json"));
    assert!(run(relay(&data).args(["site", "add", "demo", "--origin", "https://shop.example.com"])).0);
    let of_kind = |documents: &str| format!(r#"{{"causeway_settings":1,"documents":{{"department":{documents}}}}}"#);
    let import = |documents: &str| {
        std::fs::write(&file, of_kind(documents)).expect("written");
        let (done, text) = run(relay(&data).args(["settings", "import", &file.display().to_string()]));
        assert!(done, "{text}");
    };
    import(r#"{"cards":{"name":"Cards","site":"demo"}}"#);
    for arguments in [&["site", "remove", "demo"][..], &["site", "remove", "demo", "--keep-conversations"]] {
        let (done, text) = run(relay(&data).args(arguments));
        assert!(!done && text.contains("the site demo is not removed") && text.contains("department/cards"), "{text}");
    }
    import(r#"{"cards":null}"#);
    assert!(run(relay(&data).args(["site", "remove", "demo"])).0);
}

#[test]
fn commands_for_what_is_there_make_no_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (data, file) = (folder.path().join("dta"), path("file"));
    for arguments in [
        &["settings", "export", &file][..],
        &["settings", "import", "/dev/null", "--dry-run"],
        &["audit", "export", &file],
        &["audit", "verify"],
        &["site", "list"],
        &["site", "remove", "demo"],
        &["agent", "list"],
        &["agent", "disable", "ann@example.com"],
        &["visitor", "blocks"],
        &["retention", "--dry-run"],
        &["transcript", "00000000-0000-7000-8000-000000000000"],
        &["backup", &path("copy")],
        &["verify"],
        &["key", "show-name"],
        &["key", "rotate"],
    ] {
        let (done, text) = run(relay(&data).args(arguments));
        let said = format!("there is no data folder at {}; `relay serve` makes one", data.display());
        assert!(!done && text.contains(&said), "{arguments:?}: {text}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("read").count(), 0, "nothing was made");
    // What brings something into a store makes one.
    assert!(run(relay(&data).args(["site", "add", "demo", "--origin", "https://shop.example.com"])).0);
    assert!(run(relay(&data).args(["site", "list"])).0);
}

const fn conversation() -> wire::ConversationId {
    wire::ConversationId(0x77)
}

/// A visitor of `demo` with one open conversation, as a relay would have recorded it.
fn begin_conversation(data: &Path) {
    use relay::store::{Store, TokenHash, VisitorRecord, write_once};
    use relay_core::append::{Append, NewBody, NewEvent, Opening};
    let store = relay::store::sqlite::SqliteStore::attach(data).expect("a store");
    let mut writer = store.writer().expect("a writer");
    let (visitor, site): (_, wire::SiteId) = (wire::VisitorId(7), "demo".parse().expect("a site id"));
    let record =
        VisitorRecord { id: visitor, site: site.clone(), token: TokenHash([7; 32]), created_at_ms: 1, used_at_ms: 1 };
    write_once(&mut *writer, |writer| writer.add_visitor(&record)).expect("added");
    let body = NewBody::Ready(wire::Body::Text { text: "hello".to_owned() });
    let new_event = NewEvent { id: wire::MessageId(1), author: wire::Author::Visitor, body };
    let opening = Opening { site, visitor, language: "en".to_owned() };
    let append = Append::new(conversation(), vec![new_event]).opening(opening);
    write_once(&mut *writer, |writer| writer.append(2, &append)).expect("recorded");
}

/// A serving relay and its address; the caller waits for its end.
fn serve(folder: &Path) -> (Child, BufReader<ChildStdout>, String) {
    start(&mut relay(folder))
}

/// The same, for a command with settings of its own.
pub(crate) fn start(relay: &mut Command) -> (Child, BufReader<ChildStdout>, String) {
    let mut child = relay
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("run");
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut first = String::new();
    out.read_line(&mut first).expect("a line");
    let address = first.trim().rsplit(' ').next().expect("a word").to_owned();
    assert!(first.contains("listens on 127.0.0.1:"), "{first}");
    (child, out, address)
}

/// Kill it at a bad moment, start it again, and look at what was acknowledged.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_relay_loses_nothing_it_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    crate::support::add_site(folder.path(), "demo", crate::support::SITE_ORIGIN);
    let (mut child, _out, address) = serve(folder.path());
    let mut connection = Connection::connect(&address, Some(&format!("http://{address}")), None).await;
    connection.send(&hello("demo", None)).await;
    connection.send(&ClientFrame::Register).await;
    connection.until(|frame| matches!(frame, ServerFrame::Registered { .. }).then_some(())).await;
    let conversation = new_conversation();
    for number in 0..100 {
        let say = Say::Text { text: format!("message {number}") };
        connection.send(&ClientFrame::Say { conversation, id: new_message(), say }).await;
    }
    let mut acknowledged = Vec::new();
    while acknowledged.len() < 20 {
        acknowledged.push(connection.event(|event| event.body.is_message()).await);
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
    // What was on its way counts as acknowledged as well.
    while let Ok(frame) = connection.next().await {
        if let ServerFrame::Event { event } = frame
            && event.body.is_message()
        {
            acknowledged.push(event);
        }
    }
    let (mut child, _out, _) = serve(folder.path());
    let kept = recorded(folder.path(), conversation);
    for event in &acknowledged {
        assert_eq!(kept.iter().filter(|kept| *kept == event).count(), 1, "{event:?}");
    }
    let numbers: Vec<u64> = kept.iter().map(|event| event.seq.0).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>(), "no gap");
    child.kill().expect("killed");
    child.wait().expect("ended");
}

#[test]
fn a_signal_stops_it_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut child, mut out, _) = serve(folder.path());
    let mut received = String::new();
    while !received.contains("Ctrl-C") {
        received.clear();
        out.read_line(&mut received).expect("a line");
    }
    // Beside the serving relay, commands still work.
    let (done, text) = run(relay(folder.path()).args(["site", "add", "late", "--origin", "https://late.example.com"]));
    assert!(done, "{text}");
    let (killed, text) = run(Command::new("kill").args(["-TERM", &child.id().to_string()]));
    assert!(killed, "{text}");
    let mut rest = String::new();
    out.read_to_string(&mut rest).expect("the rest");
    assert!(rest.contains("Stopped"), "{rest}");
    assert!(child.wait().expect("ended").success());
}
