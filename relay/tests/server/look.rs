//! What a site's chat shows of the documents: in the page, on request, and sent to open chats as soon as it changes.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use wire::{Refusal, ServerFrame};

use crate::documents::{Asker, relay};
use crate::file::{PNG, put};
use crate::support::{Connection, Relay, new_conversation};

/// A change is in every open chat within this.
const SENT_WITHIN: Duration = Duration::from_secs(2);

async fn sent(connection: &mut Connection) -> u32 {
    connection
        .until(|frame| match frame {
            ServerFrame::Look { look } => Some(*look),
            _ => None,
        })
        .await
}

async fn look(relay: &Relay, language: &str) -> Value {
    let answer = reqwest::get(relay.url(&format!("/look?site=demo&lang={language}"))).await.expect("answered");
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    answer.json().await.expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn open_chats_are_sent_a_change_and_ask_for_it() {
    let relay = relay().await;
    let eve = Asker::of(&relay, "eve").await;
    let mut visitor = relay.registered().await;
    let mut site: Value = eve.get("site/demo").await.json().await.expect("JSON");
    site["greeting"] = json!({ "en": "Welcome", "zh-CN": "您好" });
    site["colours"] =
        json!({ "light": "#1d4ed8", "text_on_light": "#ffffff", "dark": "#93c5fd", "text_on_dark": "#0b1220" });
    site["attachments"] = json!(false);
    let changed_at = Instant::now();
    assert_eq!(eve.put("site/demo", ("if-match", "*"), &site).await.status(), 200);
    let shown = loop {
        // The one of the start may come first.
        let number = sent(&mut visitor.connection).await;
        let shown = look(&relay, "en").await;
        if shown["colours"]["mine"] == "#1d4ed8" && shown["number"] == number {
            break shown;
        }
    };
    assert!(changed_at.elapsed() < SENT_WITHIN, "{:?}", changed_at.elapsed());
    assert_eq!((&shown["attachments"], &shown["texts"][0][1]), (&json!(false), &json!("Welcome")));
    assert_eq!(look(&relay, "zh-CN").await["texts"][0][1], json!("您好"));
    assert_eq!(look(&relay, "zh-CN").await["number"], shown["number"]);

    // A chat that comes later is sent the same; one that sends a file all the same is refused.
    let mut later = relay.visitor(None).await;
    assert_eq!(json!(sent(&mut later.connection).await), shown["number"]);
    let refused = put(&relay, &visitor, new_conversation(), "a.png", PNG.to_vec()).await;
    assert_eq!(refused.status(), 403);
    assert_eq!(refused.json::<Refusal>().await.expect("a refusal"), Refusal::NotAllowed);

    // What begins by time alone is sent at its time.
    let from_ms = relay::clock::now_ms() + 600;
    let notice =
        json!({ "kind": "security", "texts": { "en": "Beware of false support." }, "from_ms": from_ms, "id": "n" });
    assert_eq!(eve.post("notice", &notice).await.status(), 201);
    let number = sent(&mut visitor.connection).await;
    assert!(relay::clock::now_ms() >= from_ms);
    let shown = look(&relay, "en").await;
    assert_eq!((&shown["number"], &shown["notices"][0]["text"]), (&json!(number), &json!("Beware of false support.")));
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_is_not_there_has_no_look() {
    let relay = relay().await;
    for (query, status) in
        [("site=nowhere&lang=en", 404), ("site=..%2F&lang=en", 400), ("lang=en", 400), ("site=demo", 400)]
    {
        let answer = reqwest::get(relay.url(&format!("/look?{query}"))).await.expect("answered");
        assert_eq!(answer.status(), status, "{query}");
    }
    // A language that is none of ours: the first one.
    assert_eq!(look(&relay, "xx").await, look(&relay, "en").await);
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logo_is_written_anew_and_anybody_may_have_it() {
    let relay = relay().await;
    let eve = Asker::of(&relay, "eve").await;
    let mut site: Value = eve.get("site/demo").await.json().await.expect("JSON");
    let logo = async |query: &str| reqwest::get(relay.url(&format!("/logo?{query}"))).await.expect("answered");
    for (query, status) in [("site=demo", 404), ("site=nowhere", 404), ("site=..%2F", 400), ("v=1", 400)] {
        assert_eq!(logo(query).await.status(), status, "{query}");
    }
    // What is behind the end of a PNG is no part of the picture.
    let dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    let sent = [&BASE64_STANDARD.decode(dot).expect("base64"), &b"<script>alert(1)</script>"[..]].concat();
    site["logo"] = format!("data:image/png;base64,{}", BASE64_STANDARD.encode(&sent)).into();
    assert_eq!(eve.put("site/demo", ("if-match", "*"), &site).await.status(), 200);
    let stored: Value = eve.get("site/demo").await.json().await.expect("JSON");
    let kept = stored["logo"].as_str().and_then(|url| url.strip_prefix("data:image/png;base64,")).expect("an image");
    let kept = BASE64_STANDARD.decode(kept).expect("base64");
    assert!(kept.starts_with(b"\x89PNG") && !kept.ends_with(b"</script>"));

    let path = look(&relay, "en").await["logo"].as_str().expect("an address").to_owned();
    let served = logo(path.strip_prefix("/logo?").expect("its own")).await;
    let headers = served.headers();
    let header = |name: &str| headers[name].to_str().expect("text").to_owned();
    assert_eq!(
        (served.status().as_u16(), header("content-type"), header("x-content-type-options")),
        (200, "image/png".to_owned(), "nosniff".to_owned())
    );
    assert!(header("cache-control").contains("immutable"));
    assert_eq!(served.bytes().await.expect("a body"), kept);
    let other = logo("site=demo&v=0000000000000000").await;
    assert_eq!(
        (other.status().as_u16(), &other.headers()["cache-control"]),
        (200, &"no-store".parse().expect("a value"))
    );

    for (wrong, code) in [
        ("data:image/svg+xml;base64,AAAA".to_owned(), "shape"),
        (format!("data:image/png;base64,{}", BASE64_STANDARD.encode(b"GIF89a")), "shape"),
        (format!("data:image/png;base64,{}", "A".repeat(70_000)), "shape"),
    ] {
        site["logo"] = wrong.into();
        let refused = eve.put("site/demo", ("if-match", "*"), &site).await;
        assert_eq!(refused.status(), 422);
        let problem: Value = refused.json().await.expect("JSON");
        assert_eq!((&problem["problems"][0]["field"], &problem["problems"][0]["code"]), (&json!("logo"), &json!(code)));
    }
    relay.running.stop().await.expect("stopped");
}
