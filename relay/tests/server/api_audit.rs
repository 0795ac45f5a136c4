//! The audit log over the API: pages and filters, what a page says of the chain, and the export that verifies.

use serde_json::Value;

use crate::asking::{Asker, json, with_administrator};
use crate::blocked::run;

/// The numbers of a page, and what to ask for the next one.
fn numbers(page: &Value) -> (Vec<u64>, Option<u64>) {
    let items = page["items"].as_array().expect("items");
    (items.iter().map(|item| item["number"].as_u64().expect("a number")).collect(), page["next"].as_u64())
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_are_listed_newest_first_by_pages_and_filters_and_fit_each_other() {
    let relay = with_administrator().await;
    run(&relay, &["site", "add", "new", "--origin", "https://new.example.com"]).await;
    let eve = Asker::of(&relay, "eve").await;
    let page = json(eve.get("audit").await, 200).await;
    let (all, next) = numbers(&page);
    let head = page["chain"]["head"]["number"].as_u64().expect("a number");
    assert_eq!((all.first(), all.last(), next), (Some(&head), Some(&1), None));
    assert_eq!(page["items"][0]["hash"], page["chain"]["head"]["hash"]);
    assert_eq!(page["chain"]["cut"], Value::Null);
    let items = page["items"].as_array().expect("items");
    assert!(items.iter().all(|item| item["fits"] == true), "{page}");
    for pair in items.windows(2) {
        assert_eq!(pair[0]["hash_before"], pair[1]["hash"]);
    }
    assert_eq!(items.last().expect("one")["hash_before"], "0".repeat(64));
    let newest = &items[0]["entry"];
    assert_eq!((&newest["action"], &newest["who"]["name"]), (&"signed_in".into(), &"eve".into()));

    // Page by page the same, with a hash before that is on no page.
    let (mut walked, mut after) = (Vec::new(), String::new());
    loop {
        let page = json(eve.get(&format!("audit?limit=2{after}")).await, 200).await;
        assert!(page["items"].as_array().expect("items").iter().all(|item| item["fits"] == true));
        let (found, next) = numbers(&page);
        walked.extend(found);
        let Some(next) = next else { break };
        after = format!("&after={next}");
    }
    assert_eq!(walked, all);

    let me = newest["who"]["id"].as_str().expect("an id");
    let at = newest["at_ms"].as_u64().expect("a time");
    for (query, expected) in [
        (format!("who=agent/{me}"), 1),
        (format!("who=agent/{me}&action=setting_changed"), 0),
        ("who=command_line&action=setting_changed".to_owned(), head - 1),
        ("subject=site/new".to_owned(), 1),
        ("site=new".to_owned(), 1),
        ("site=nowhere".to_owned(), 0),
        (format!("from_ms={at}"), 1),
        (format!("until_ms={at}"), head - 1),
        (format!("from_ms={at}&until_ms={at}"), 0),
    ] {
        let page = json(eve.get(&format!("audit?{query}")).await, 200).await;
        let (found, next) = numbers(&page);
        assert_eq!((found.len() as u64, next), (expected, None), "{query}: {page}");
    }
    for wrong in ["limit=0", "limit=101", "after=x", "action=flew", "from_ms=-1", "site=A%20B", "kind=a"] {
        json(eve.get(&format!("audit?{wrong}")).await, 400).await;
    }
    // Who may not read it learns nothing of it.
    let ann = Asker::of(&relay, "ann").await;
    for path in ["audit", "audit/export"] {
        let problem = json(ann.get(path).await, 403).await;
        assert_eq!(problem["type"], "urn:causeway:problem:not_allowed");
    }
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_verifies_and_a_changed_entry_does_not_fit() {
    let relay = with_administrator().await;
    let eve = Asker::of(&relay, "eve").await;
    let answer = eve.get("audit/export").await;
    assert_eq!(answer.headers()["content-type"], "application/jsonl");
    assert_eq!(answer.headers()["content-disposition"], "attachment; filename=\"audit.jsonl\"");
    let text = answer.text().await.expect("lines");
    let file = relay.folder.path().join("exported.jsonl");
    std::fs::write(&file, &text).expect("written");
    let page = json(eve.get("audit?limit=1").await, 200).await;
    let last = &page["items"][0];
    assert_eq!((&last["entry"]["action"], &last["entry"]["who"]["name"]), (&"audit_exported".into(), &"eve".into()));
    assert_eq!(text.lines().count() as u64, last["number"].as_u64().expect("a number") + 1, "each entry, and the head");
    let said = run(&relay, &["audit", "verify", &file.display().to_string()]).await;
    assert!(said.contains("is whole: the entries 1 to"), "{said}");

    let database = rusqlite::Connection::open(relay.folder.path().join(relay::store::sqlite::DATABASE_FILE));
    let change = "UPDATE audit_entry SET entry = replace(entry, 'demo', 'dem0') WHERE number = 1";
    assert_eq!(database.expect("opened").execute(change, []).expect("changed"), 1);
    let page = json(eve.get("audit").await, 200).await;
    let unfit: Vec<u64> = page["items"]
        .as_array()
        .expect("items")
        .iter()
        .filter(|item| item["fits"] != true)
        .map(|item| item["number"].as_u64().expect("a number"))
        .collect();
    assert_eq!(unfit, [1]);
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_names_the_head_that_was_signed() {
    let relay = with_administrator().await;
    let eve = Asker::of(&relay, "eve").await;
    let mut pause = tokio::time::interval(std::time::Duration::from_millis(50));
    let signed = async {
        loop {
            let page = json(eve.get("audit?limit=1").await, 200).await;
            if page["chain"]["signed"] == page["chain"]["head"] {
                return page;
            }
            pause.tick().await;
        }
    };
    let page = tokio::time::timeout(crate::support::ANSWER_WITHIN, signed).await.expect("signed within a second or so");
    assert!(page["chain"]["signed"]["number"].as_u64().expect("a number") > 0);
    relay.running.stop().await.expect("stopped");
}
