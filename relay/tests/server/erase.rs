//! Erasing a visitor: afterwards no byte of theirs is in the data folder, whatever happened in between.

use std::path::Path;

use relay::audit::By;
use relay::erasing::visitor;
use relay::store::sqlite::SqliteStore;
use relay::store::{EraseStep, Store, write_once};
use relay_settings::BuiltInRole;
use serde_json::json;
use wire::{
    Body, ClientFrame, Close, ConversationId, Hello, Lane, PROTOCOL, PageContext, Parts, Say, ServerFrame, VisitorId,
};

use crate::asking::{Asker, json, with_administrator};
use crate::file::put;
use crate::support::{ANSWER_WITHIN, Connection, Relay, Visitor, add_agent_as, new_conversation, new_message};

/// What stands in everything that the visitor leaves. Nothing else in a data folder looks like it.
const MARK: &str = "Zebra7Quartz";
/// What another visitor writes.
const OTHERS: &str = "Walnut3Harbour";

/// Files of a folder in which some bytes are. Another process looks: one that closes a file gives up its own locks of it, and the relay in this process
/// has the database locked.
pub(crate) fn files_with(folder: &Path, bytes: &str) -> Vec<String> {
    let output = std::process::Command::new("grep").args(["-rlaiF", bytes]).arg(folder).output().expect("grep");
    let said = String::from_utf8_lossy(&output.stderr);
    // A file may go while it is looked for.
    assert!(said.lines().all(|line| line.contains("No such file")), "{said}");
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

/// A visitor whose page and browser have the mark.
async fn marked(relay: &Relay, mark: &str) -> Visitor {
    let page = PageContext {
        url: format!("http://shop.example.com/{mark}-page"),
        title: format!("{mark} title"),
        language: "en".to_owned(),
        time_zone: format!("{mark}/zone"),
        browser: format!("{mark} browser"),
        languages: format!("en,{mark}"),
    };
    let hello = Hello::Visitor { site: "demo".parse().expect("a site"), token: None, page };
    let mut connection = relay.connection(Some(&relay.origin()), None).await;
    connection.send(&ClientFrame::Hello { protocol: PROTOCOL, hello, follow: Vec::new() }).await;
    connection.until(|frame| matches!(frame, ServerFrame::Welcome { .. }).then_some(())).await;
    let mut visitor = Visitor { connection, token: None, id: None };
    visitor.register().await;
    visitor
}

/// Leaves the mark everywhere: texts, a file and its name, a file that no message names, a note, labels, an answer, a rating, a block. Gives the ended
/// conversation and the open one.
async fn leave_marks(relay: &Relay, visitor: &mut Visitor, mark: &str, texts: u32) -> (ConversationId, ConversationId) {
    let (ended, open) = (new_conversation(), new_conversation());
    let mut sue = relay.agent("sue").await;
    for number in 0..texts {
        visitor.say(ended, &format!("{mark} text {number}")).await;
    }
    let sent = put(relay, visitor, ended, &format!("{mark}.txt"), format!("{mark} content").into_bytes()).await;
    let file: wire::Attachment = sent.json().await.expect("JSON");
    let say = Say::File { attachment: file.id };
    visitor.connection.send(&ClientFrame::Say { conversation: ended, id: new_message(), say }).await;
    visitor.connection.event(|event| matches!(event.body, Body::File { .. })).await;
    let sent = put(relay, visitor, new_conversation(), &format!("{mark}-unnamed.txt"), mark.into()).await;
    assert!(sent.status().is_success());

    sue.follow(ended).await;
    // It may have been given to her already.
    sue.connection.send(&ClientFrame::Take { conversation: ended }).await;
    sue.say(ended, &format!("{mark} answer")).await;
    let labels = Body::Labelled { added: vec![format!("{mark} label")], removed: Vec::new() };
    for body in [Body::Note { text: format!("{mark} note") }, labels] {
        let id = new_message();
        sue.connection.send(&ClientFrame::Record { conversation: ended, id, body }).await;
        sue.connection.event(|event| event.id == id).await;
    }
    sue.connection.send(&ClientFrame::End { conversation: ended, id: new_message() }).await;
    visitor.connection.event(|event| event.body == Body::Closed).await;
    let comment = format!("{mark} comment");
    let rate = ClientFrame::Rate { conversation: ended, id: new_message(), score: 5, comment };
    visitor.connection.send(&rate).await;
    visitor.connection.event(|event| matches!(event.body, Body::Rated { .. })).await;
    visitor.say(open, &format!("{mark} last words")).await;
    (ended, open)
}

async fn with_supervisor() -> Relay {
    let relay = with_administrator().await;
    add_agent_as(relay.folder.path(), "sue", BuiltInRole::Supervisor);
    relay
}

/// Waits until a visitor is erased.
async fn erased(relay: &Relay, visitor: VisitorId) {
    let mut reader = SqliteStore::attach(relay.folder.path()).expect("a store").reader().expect("a reader");
    let look = async {
        while reader.erasure(visitor).expect("asked for").done_at_ms.is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(4 * ANSWER_WITHIN, look).await.expect("erased in time");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_byte_of_an_erased_visitor_is_in_the_data_folder_while_the_relay_runs_on() {
    let relay = with_supervisor().await;
    let folder = relay.folder.path();
    let eve = Asker::of(&relay, "eve").await;
    let mut visitor = marked(&relay, MARK).await;
    let (id, token) = (visitor.id.expect("registered"), visitor.token.clone());
    let (ended, open) = leave_marks(&relay, &mut visitor, MARK, 40).await;
    let mut other = marked(&relay, OTHERS).await;
    let kept = leave_marks(&relay, &mut other, OTHERS, 40).await;
    let mut sue = relay.agent("sue").await;
    let (scope, for_ms) = (wire::BlockScope::Visitor, 60_000);
    sue.connection
        .send(&ClientFrame::Block { conversation: ended, scope, for_ms, reason: format!("{MARK} reason") })
        .await;
    visitor.connection.closes(Close::Blocked).await;
    assert!(
        files_with(folder, MARK).len() >= 3,
        "the database or its log, and two files: {:?}",
        files_with(folder, MARK)
    );

    let asked = json(eve.post(&format!("visitors/{id}/erase"), &json!({})).await, 202).await;
    assert_eq!((&asked["is_asked"], &asked["is_done"]), (&json!(true), &json!(false)));
    erased(&relay, id).await;
    assert_eq!(files_with(folder, MARK), Vec::<String>::new());
    assert!(files_with(folder, OTHERS).len() >= 3, "what others wrote stays");

    // Numbers and times remain, the conversations have ended, and the token is nobody's.
    for conversation in [ended, open] {
        let known = json(eve.get(&format!("conversations/{conversation}")).await, 200).await;
        assert_eq!(
            (&known["state"], &known["last_line"], &known["language"]),
            (&json!("ended"), &json!(""), &json!(""))
        );
    }
    let events = json(eve.get(&format!("conversations/{ended}/events")).await, 200).await;
    let kinds: Vec<_> =
        events["items"].as_array().expect("items").iter().map(|event| event["body"]["kind"].clone()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == json!("erased")).count(), 42, "{kinds:?}");
    assert!(kinds.contains(&json!("rated")) && kinds.contains(&json!("closed")));
    let staff = json(eve.get(&format!("conversations/{ended}/events?lane=staff")).await, 200).await;
    assert_eq!(staff.to_string().matches("staff_erased").count(), 2);
    let transcript = crate::blocked::run(&relay, &["transcript", &ended.to_string(), "--notes"]).await;
    assert!(transcript.contains("was erased") && !transcript.contains(MARK), "{transcript}");
    let mut back = relay.connection(Some(&relay.origin()), None).await;
    back.send(&crate::support::hello("demo", token.as_ref())).await;
    back.closes(Close::TokenInvalid).await;
    other.say(kept.1, "still here").await;
    let whole = crate::blocked::run(&relay, &["verify"]).await;
    assert!(whole.contains("is whole"), "{whole}");
    let audit = json(eve.get("audit?action=erased").await, 200).await;
    assert!(audit.to_string().contains(&id.to_string()) && !audit.to_string().contains(MARK));
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_was_stopped_in_the_middle_goes_on() {
    let relay = with_supervisor().await;
    let mut visitor = marked(&relay, MARK).await;
    let id = visitor.id.expect("registered");
    let (ended, _) = leave_marks(&relay, &mut visitor, MARK, 40).await;
    let folder = relay.folder;
    relay.running.stop().await.expect("stopped");
    {
        // As a relay that was killed has left it: the wish is recorded, a part of one conversation is gone, files and everything else are there.
        let store = SqliteStore::open(folder.path()).expect("a store");
        let (mut writer, site) = (store.writer().expect("a writer"), "demo".parse().expect("a site"));
        write_once(&mut *writer, |writer| visitor::begin(writer, id, &site, &By::command_line(7))).expect("begun");
        let step = EraseStep { conversation: ended, parts: Parts { texts: true, ..Parts::default() }, after: None };
        write_once(&mut *writer, |writer| writer.erase(&step)).expect("a step");
    }
    assert!(files_with(folder.path(), MARK).len() >= 3);
    let relay = Relay::start_on(folder).await;
    erased(&relay, id).await;
    assert_eq!(files_with(relay.folder.path(), MARK), Vec::<String>::new());
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_erases_the_relay_erases_the_rest_when_it_is_back() {
    let relay = with_supervisor().await;
    let mut visitor = marked(&relay, MARK).await;
    let id = visitor.id.expect("registered");
    for _ in 0..3 {
        leave_marks(&relay, &mut visitor, MARK, 10).await;
    }
    let folder = relay.folder;
    relay.running.stop().await.expect("stopped");
    let (mut child, _out, address) = crate::command::start(&mut crate::command::relay(folder.path()));
    let said = crate::command::relay(folder.path()).args(["erase", "visitor", &id.to_string()]).spawn().expect("run");
    let store = SqliteStore::attach(folder.path()).expect("a store");
    let mut reader = store.reader().expect("a reader");
    let until = std::time::Instant::now() + 2 * ANSWER_WITHIN;
    // In the middle: it is asked for, and not done.
    while reader.pending_erasures().expect("read").is_empty() {
        assert!(std::time::Instant::now() < until, "asked in time at {address}");
        std::thread::yield_now();
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
    drop((reader, store));
    let mut said = said;
    said.kill().expect("it waits for the relay");
    said.wait().expect("ended");
    let relay = Relay::start_on(folder).await;
    erased(&relay, id).await;
    assert_eq!(files_with(relay.folder.path(), MARK), Vec::<String>::new());
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_erases_beside_a_relay_and_without_one() {
    let relay = with_supervisor().await;
    let mut first = marked(&relay, MARK).await;
    leave_marks(&relay, &mut first, MARK, 3).await;
    let mut second = marked(&relay, OTHERS).await;
    let (_, open) = leave_marks(&relay, &mut second, OTHERS, 3).await;
    let ids = [first.id, second.id].map(|id| id.expect("registered").to_string());
    let would = crate::blocked::run(&relay, &["erase", "visitor", &ids[0], "--dry-run"]).await;
    assert!(would.contains("Would end and empty 2 conversations") && would.contains("1  files"), "{would}");
    assert!(!files_with(relay.folder.path(), MARK).is_empty(), "a dry run removes nothing");
    let said = crate::blocked::run(&relay, &["erase", "visitor", &ids[0]]).await;
    assert!(said.contains("has erased the visitor") && said.contains("Backups"), "{said}");
    assert_eq!(files_with(relay.folder.path(), MARK), Vec::<String>::new());
    let folder = relay.folder;
    relay.running.stop().await.expect("stopped");
    let command = |words: &[&str]| {
        let output = crate::command::relay(folder.path()).args(words).output().expect("run");
        (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let (done, said) = command(&["erase", "visitor", &ids[1]]);
    assert!(done && said.contains("Erased the visitor"), "{said}");
    assert_eq!(files_with(folder.path(), OTHERS), Vec::<String>::new());
    let mut reader = SqliteStore::attach(folder.path()).expect("a store").reader().expect("a reader");
    let known = reader.query(&relay_core::store::Query::Conversation { conversation: open }).expect("read");
    let relay_core::store::QueryAnswer::Conversation(known) = known else { panic!("{known:?}") };
    assert!(known.closed(), "what was open has ended");
    assert!(known.head_of(Lane::Shared).0 >= 3);
    let (done, said) = command(&["erase", "visitor", "00000000-0000-7000-8000-000000000000"]);
    assert!(!done && said.contains("there is no visitor"), "{said}");
}

/// What a connection is sent of conversations of which something was erased, until it was said of each of these.
async fn sent_erased(connection: &mut Connection, of: &[ConversationId]) {
    let mut left = of.to_vec();
    while !left.is_empty() {
        let said = connection.until(|frame| match frame {
            ServerFrame::Erased { conversation, last_line, language } => {
                Some((*conversation, last_line.clone(), language.clone()))
            }
            _ => None,
        });
        let (conversation, last_line, language) = said.await;
        assert_eq!((&*last_line, &*language), ("", ""));
        left.retain(|other| *other != conversation);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn open_pages_are_sent_that_it_is_gone_and_so_is_who_comes_back_with_it() {
    let relay = with_supervisor().await;
    let eve = Asker::of(&relay, "eve").await;
    let mut visitor = marked(&relay, MARK).await;
    let id = visitor.id.expect("registered");
    let (ended, open) = leave_marks(&relay, &mut visitor, MARK, 3).await;
    let (mut sue, mut bob) = (relay.agent("sue").await, relay.agent("bob").await);
    sue.follow(ended).await;
    json(eve.post(&format!("visitors/{id}/erase"), &json!({})).await, 202).await;
    visitor.connection.closes(Close::TokenInvalid).await;
    // Who follows it and who may only list it.
    for desk in [&mut sue, &mut bob] {
        sent_erased(&mut desk.connection, &[ended, open]).await;
    }
    let cookie = relay.cookie("sue").await;
    let mut back = relay.connection(Some(&relay.origin()), Some(&cookie)).await;
    let after = wire::Cursor { shared: wire::Seq(2), staff: wire::Seq::ZERO };
    let follow = vec![wire::Follow { conversation: ended, after }];
    back.send(&ClientFrame::Hello { protocol: PROTOCOL, hello: Hello::Agent { state: None }, follow }).await;
    sent_erased(&mut back, &[ended]).await;
    let again = wire::Follow { conversation: ended, after: wire::Cursor::default() };
    back.send(&ClientFrame::Follow { follow: again }).await;
    let events = back.until(|frame| match frame {
        ServerFrame::Events { lane: Lane::Shared, after: wire::Seq::ZERO, events, .. } => Some(events.clone()),
        _ => None,
    });
    let events = events.await;
    assert!(events.len() > 3 && !format!("{events:?}").contains(MARK), "{events:?}");
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_is_not_erased_and_who_may_not_learns_nothing() {
    let relay = with_supervisor().await;
    let eve = Asker::of(&relay, "eve").await;
    let mut visitor = marked(&relay, MARK).await;
    let id = visitor.id.expect("registered");
    let (ended, _) = leave_marks(&relay, &mut visitor, MARK, 2).await;
    let (hold, erase) = (format!("conversations/{ended}/hold"), format!("visitors/{id}/erase"));
    assert_eq!(json(eve.get(&hold).await, 200).await["is_held"], json!(false));
    let refused = json(eve.put(&hold, &json!({ "reason": " " })).await, 422).await;
    assert_eq!(refused["problems"][0]["field"], json!("reason"));
    let held = json(eve.put(&hold, &json!({ "reason": "a court asks for it" })).await, 200).await;
    assert_eq!((&held["is_held"], &held["reason"]), (&json!(true), &json!("a court asks for it")));
    let refused = json(eve.post(&erase, &json!({})).await, 409).await;
    assert_eq!(refused["problems"][0]["field"], json!(ended.to_string()));
    visitor.say(new_conversation(), "nothing has happened").await;
    assert_eq!(eve.delete(&hold).await.status(), 204);
    assert_eq!(json(eve.get(&hold).await, 200).await["is_held"], json!(false));
    json(eve.post(&erase, &json!({})).await, 202).await;
    let late = json(eve.put(&hold, &json!({ "reason": "too late" })).await, 409).await;
    assert!(late.to_string().contains("being erased"), "{late}");
    erased(&relay, id).await;
    let scope = json!({ "sites": ["other"], "departments": "all" });
    let body = json!({ "name": "a", "rights": ["visitor_erase", "retention_hold"], "scope": scope });
    let made = json(eve.post("keys", &body).await, 201).await;
    let program = Asker::with_key(&relay, made["key"].as_str().expect("a key"));
    for path in [erase.as_str(), "visitors/00000000-0000-7000-8000-000000000000/erase"] {
        assert_eq!(program.post(path, &json!({})).await.status(), 404);
    }
    assert_eq!(program.get(&hold).await.status(), 404);
    relay.running.stop().await.expect("stopped");
}
