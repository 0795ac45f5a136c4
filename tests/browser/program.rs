//! What a program writes: under its name, marked as automated, on both pages.

use serde_json::{Value, json};
use support::{World, wait_until};

/// Writes into the one open conversation, as a program with a key.
fn writes(world: &World, body: &Value) {
    let cookie = world.relay.sign_in("eve@example.com");
    let origin = world.relay.origin();
    let by_eve = [("cookie", &*cookie), ("origin", &*origin), ("content-type", "application/json")];
    let rights = ["conversation_read", "conversation_answer", "conversation_note"];
    let key = json!({ "name": "Orders", "rights": rights, "scope": { "sites": "all", "departments": "all" } });
    let made = world.relay.request("POST", "/api/v1/keys", &by_eve, key.to_string().as_bytes()).expect("answered");
    let made: Value = serde_json::from_str(&made.text()).expect("JSON");
    let bearer = format!("Bearer {}", made["key"].as_str().expect("a key"));
    let by_key = [("authorization", &*bearer), ("content-type", "application/json")];
    let open = world.relay.request("GET", "/api/v1/conversations", &by_key, &[]).expect("answered");
    let open: Value = serde_json::from_str(&open.text()).expect("JSON");
    let path = format!("/api/v1/conversations/{}/messages", open["items"][0]["id"].as_str().expect("one is open"));
    let answer = world.relay.request("POST", &path, &by_key, body.to_string().as_bytes()).expect("answered");
    assert_eq!(answer.status, 201, "{}", answer.text());
}

#[test]
fn what_a_program_writes_is_marked_as_automated_and_leaves_the_visitor_waiting() {
    let world = World::start();
    world.relay.member("administrator", "eve@example.com", "Eve", 4);
    let ada = world.agent("ada@example.com", "Ada L.", 4);
    let visitor = world.visitor();
    visitor.open_chat();
    visitor.say("Where is my deposit?");
    visitor.sent("Where is my deposit?");
    ada.open_mine("Where is my deposit?");
    writes(&world, &json!({ "text": "Your deposit was credited." }));
    for browser in [&*visitor, &*ada] {
        browser.sees("agent", "deposit was credited");
        // Who wrote it stands below the last message of a group.
        wait_until("the mark", || {
            browser.shown_text(".timeline").filter(|text| text.contains("Orders") && text.contains("automated"))
        });
    }
    // The chat still names the person who answers, and the list says who wrote last.
    let header = visitor.shown_text("header");
    assert!(header.as_ref().is_some_and(|header| header.contains("Ada L.")), "{header:?}");
    wait_until("the row", || {
        ada.shown_text("[data-testid=conversation-item]").filter(|row| row.contains("Automated: Your deposit"))
    });
    writes(&world, &json!({ "text": "asked the ledger", "kind": "note" }));
    ada.wait_text("asked the ledger");
    ada.say("Is it there?");
    visitor.sees("agent", "Is it there?");
    let page = visitor.script("return document.documentElement.outerHTML;", &[]);
    assert!(!page.as_str().expect("a text").contains("ledger"), "a note reached the visitor");
    wait_until("the row", || {
        ada.shown_text("[data-testid=conversation-item]").filter(|row| row.contains("You: Is it"))
    });
}
