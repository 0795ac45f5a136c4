//! `relay settings`: all documents out into a file and in again, also beside a relay that serves them.

use std::path::Path;
use std::process::Output;

use relay_settings::{BuiltInRole, RightSet};
use serde_json::{Value, json};

use crate::command::relay;
use crate::support::{Relay, add_agent_as, hello, new_conversation};

/// Runs a command: whether it worked, and what it said.
fn run(folder: &Path, words: &[&str]) -> (bool, String) {
    let Output { status, stdout, stderr } = relay(folder).args(words).output().expect("run");
    (status.success(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
}

#[test]
fn what_was_exported_is_imported_once_and_equal() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let file = path("settings.json").display().to_string();
    assert!(run(&path("one"), &["site", "add", "demo", "--origin", "https://www.example.com", "--name", "Demo"]).0);
    let part = json!({ "causeway_settings": 1, "documents": {
        "department": { "money": { "name": "Money", "hours": "days" } },
        "hours": { "days": { "name": "Days", "zone": "Europe/Berlin", "weekly": [{ "day": "monday", "from": "09:00", "to": "17:00" }] } },
    } });
    std::fs::write(path("part.json"), part.to_string()).expect("written");
    let part = path("part.json").display().to_string();
    let (done, text) = run(&path("one"), &["settings", "import", &part, "--dry-run"]);
    assert!(
        done && text.contains("add      department/money") && text.contains("2 documents would be changed"),
        "{text}"
    );
    let (done, text) = run(&path("one"), &["settings", "import", &part]);
    assert!(done && text.contains("2 documents are changed"), "a dry run changes nothing: {text}");

    assert!(run(&path("one"), &["settings", "export", &file]).0);
    let exported = std::fs::read_to_string(&file).expect("written");
    let read: Value = serde_json::from_str(&exported).expect("JSON");
    assert_eq!(read["documents"]["site"]["demo"]["origins"], json!(["https://www.example.com"]));
    std::fs::create_dir(path("two")).expect("made");
    for folder in ["one", "two", "two"] {
        let before = run(&path(folder), &["settings", "export", &path("before").display().to_string()]);
        assert!(before.0, "{}", before.1);
        let (done, text) = run(&path(folder), &["settings", "import", &file]);
        let same = std::fs::read_to_string(path("before")).expect("written") == exported;
        assert!(
            done && text.contains(if same { "0 documents had to be changed" } else { "3 documents are changed" }),
            "{text}"
        );
    }
    assert!(run(&path("two"), &["settings", "export", &path("again").display().to_string()]).0);
    assert_eq!(std::fs::read_to_string(path("again")).expect("written"), exported);
}

#[test]
fn what_an_import_changes_of_a_document_is_said_field_by_field() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, path) = (folder.path().join("data"), folder.path().join("file.json").display().to_string());
    let write = |departments: &Value| {
        let days = json!({ "name": "Days", "zone": "Europe/Berlin", "weekly": [{ "day": "monday", "from": "09:00", "to": "17:00" }] });
        let documents = json!({ "department": departments, "hours": { "days": days } });
        let file = json!({ "causeway_settings": 1, "documents": documents });
        std::fs::write(&path, file.to_string()).expect("written");
    };
    let import = ["settings", "import", &path, "--dry-run"];
    write(&json!({ "money": { "name": "Money", "hours": "days" } }));
    let (done, text) = run(&data, &import[..3]);
    // Of what is new all of it is in the file.
    assert!(
        done && text.ends_with("add      department/money\nadd      hours/days\n2 documents are changed.\n"),
        "{text}"
    );

    // A field that is left out is not kept. What is as it was is not named, also not when it is written shorter than it is kept.
    write(&json!({ "money": { "name": "Cash" } }));
    let lines =
        "change   department/money\n    hours: \"days\" -> nothing\n    name: \"Money\" -> \"Cash\"\n1 document";
    for (arguments, end) in [(&import[..], "would be changed (dry run)"), (&import[..3], "is changed")] {
        assert_eq!(run(&data, arguments), (true, format!("{lines} {end}.\n")));
    }
    // Beyond a hundred fields only their number is said.
    let closed = |holidays: &[Value]| {
        let hours = json!({ "h": { "name": "H", "zone": "Europe/Berlin", "holidays": holidays } });
        let file = json!({ "causeway_settings": 1, "documents": { "hours": hours } });
        std::fs::write(&path, file.to_string()).expect("written");
        run(&data, &import[..3])
    };
    let day = |number: u8| json!({ "date": format!("2027-{:02}-{:02}", 1 + number / 27, 1 + number % 27) });
    let often: Vec<_> = (0..54).map(day).collect();
    assert!(closed(&[]).0);
    let (done, text) = closed(&often);
    assert!(done && text.ends_with("\n    … and 8 more\n1 document is changed.\n"), "{text}");
    write(&json!({ "money": { "name": "" } }));
    let (done, text) = run(&data, &import);
    assert!(!done && text.contains("nothing was imported: 1 problem, listed above"), "{text}");
}

#[test]
fn a_file_that_is_not_right_changes_nothing_and_every_problem_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let file = folder.path().join("file.json");
    for (text, said) in [
        (
            json!({ "causeway_settings": 1, "documents": {
            "label": { "good": { "name": "Good", "colour": "#b3261e" }, "bad": { "name": "", "colour": "red" } },
            "topic": { "t": { "name": "T", "department": "nowhere" } },
        } })
            .to_string(),
            vec!["label/bad name", "label/bad colour", "topic/t department", "3 problems"],
        ),
        (
            json!({ "causeway_settings": 1, "documents": {
            "label": { "Not an id": { "name": "A" } },
            "site": { "pale": { "name": "Pale", "colours": { "light": "#777777" } }, "blank": { "name": "" } },
            "topic": { "t": { "name": "T", "department": "nowhere" } },
            "unknown": {},
        } })
            .to_string(),
            vec![
                "documents.label.Not an id",
                "documents.unknown",
                "site/pale colours.text_on_light",
                "site/blank name",
                "topic/t department",
                "5 problems",
            ],
        ),
        ("{".to_owned(), vec!["not JSON"]),
        (json!({ "causeway_settings": 1, "documents": { "nothing": {} } }).to_string(), vec!["documents.nothing"]),
    ] {
        std::fs::write(&file, text).expect("written");
        let (done, text) = run(&data, &["settings", "import", &file.display().to_string()]);
        assert!(!done && said.iter().all(|word| text.contains(word)), "{text}");
    }
    assert!(run(&data, &["settings", "export", &file.display().to_string()]).0);
    let left: Value = serde_json::from_str(&std::fs::read_to_string(&file).expect("written")).expect("JSON");
    assert_eq!(left["documents"], json!({}));
    let (done, text) = run(&data, &["settings", "import", "/nowhere.json"]);
    assert!(!done && text.contains("/nowhere.json"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_serves_takes_an_import_at_once() {
    let relay = Relay::start().await;
    let file = relay.folder.path().join("file.json");
    let site = json!({ "causeway_settings": 1, "documents": { "site": { "late": { "name": "Late", "origins": ["http://late.example.com"] } } } });
    std::fs::write(&file, site.to_string()).expect("written");
    let (done, text) = run(relay.folder.path(), &["settings", "import", &file.display().to_string()]);
    assert!(done, "{text}");
    let mut visitor = relay.connection(Some("http://late.example.com"), None).await;
    visitor.send(&hello("late", None)).await;
    assert!(matches!(visitor.next().await, Ok(wire::ServerFrame::Welcome { .. })));
    relay.running.stop().await.expect("stopped");
}

/// A file that removes a document.
fn without(kind: &str, id: &str) -> Value {
    json!({ "causeway_settings": 1, "documents": { kind: { id: null } } })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_refuses_what_the_import_refuses() {
    let relay = Relay::start_filled("", |folder| {
        add_agent_as(folder, "eve", BuiltInRole::Administrator);
        let file = folder.join("roles.json");
        let roles = json!({ "all": { "name": "All", "rights": RightSet::ALL }, "one": { "name": "One", "rights": ["audit_read"] } });
        let text = json!({ "causeway_settings": 1, "documents": { "role": roles } }).to_string();
        std::fs::write(&file, text).expect("written");
        assert!(run(folder, &["settings", "import", &file.display().to_string()]).0);
        assert!(run(folder, &["agent", "role", "eve@example.com", "all"]).0);
        assert!(run(folder, &["agent", "role", "bob@example.com", "one"]).0);
    })
    .await;
    let (mut visitor, conversation) = (relay.registered().await, new_conversation());
    visitor.say(conversation, "hello").await;
    let folder = relay.folder.path();
    let (file, exported) = (folder.join("file.json"), folder.join("exported.json"));
    let export = || {
        assert!(run(folder, &["settings", "export", &exported.display().to_string()]).0);
        std::fs::read_to_string(&exported).expect("read")
    };
    let before = export();
    let lesser = json!({ "causeway_settings": 1, "documents": { "role": { "all": { "name": "All", "rights": ["audit_read"] } } } });
    let path = file.display().to_string();
    for (text, said) in [
        (without("role", "one"), "role/one is used 1 times, among others by bob@example.com"),
        (lesser, "there would be no administrator"),
        (without("site", "demo"), "site/demo has conversations; --keep-conversations removes it and keeps them"),
    ] {
        std::fs::write(&file, text.to_string()).expect("written");
        let tried = run(folder, &["settings", "import", &path, "--dry-run"]);
        assert!(!tried.0 && tried.1.contains("nothing was imported") && tried.1.contains(said), "{}", tried.1);
        assert_eq!(run(folder, &["settings", "import", &path]), tried);
        assert_eq!(export(), before);
    }
    // With the word for it the site goes; its conversation stays.
    let import = ["settings", "import", &path, "--keep-conversations", "--dry-run"];
    let (done, text) = run(folder, &import);
    assert!(done && text.contains("remove   site/demo") && text.contains("1 document would be changed"), "{text}");
    assert_eq!(export(), before);
    let (done, text) = run(folder, &import[..4]);
    assert!(done && text.contains("remove   site/demo") && text.contains("1 document is changed"), "{text}");
    assert!(!export().contains("\"demo\""));
    assert!(run(folder, &["transcript", &conversation.to_string()]).1.contains("hello"));
    relay.running.stop().await.expect("stopped");
}
