//! Documents over the API: added, read, changed by version, removed, their history; and by a file, out and in.

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::support::{Relay, add_agent_as, hello};

/// An agent's own requests.
pub(crate) struct Asker {
    client: Client,
    cookie: String,
    origin: String,
}

impl Asker {
    pub(crate) async fn of(relay: &Relay, name: &str) -> Self {
        Self { client: Client::new(), cookie: relay.cookie(name).await, origin: relay.origin() }
    }

    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.ask_from(method, path, &self.origin)
    }

    fn ask_from(&self, method: Method, path: &str, origin: &str) -> RequestBuilder {
        let url = format!("{}/api/v1/settings/{path}", self.origin);
        self.client.request(method, url).header("cookie", &self.cookie).header("origin", origin)
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.ask(Method::GET, path).send().await.expect("answered")
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Response {
        self.ask(Method::POST, path).json(body).send().await.expect("answered")
    }

    pub(crate) async fn put(&self, path: &str, condition: (&str, &str), body: &Value) -> Response {
        self.ask(Method::PUT, path).header(condition.0, condition.1).json(body).send().await.expect("answered")
    }

    async fn delete(&self, path: &str, condition: &str) -> Response {
        self.ask(Method::DELETE, path).header("if-match", condition).send().await.expect("answered")
    }
}

pub(crate) async fn relay() -> Relay {
    Relay::start_filled("", |folder| add_agent_as(folder, "eve", relay_settings::BuiltInRole::Administrator)).await
}

fn etag(response: &Response) -> String {
    response.headers()["etag"].to_str().expect("text").to_owned()
}

async fn json(response: Response, status: u16) -> Value {
    assert_eq!(response.status(), status, "{}", response.url());
    response.json().await.expect("JSON")
}

/// The fields that an answer finds wrong.
async fn fields(response: Response, status: u16) -> Vec<String> {
    let problem = json(response, status).await;
    let problems = problem["problems"].as_array().cloned().unwrap_or_default();
    problems.iter().map(|problem| problem["field"].as_str().expect("a field").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_added_read_changed_by_version_and_removed() {
    let relay = relay().await;
    let eve = Asker::of(&relay, "eve").await;
    let made = eve.post("label", &json!({ "id": "fraud", "name": "Fraud", "colour": "#b3261e" })).await;
    assert_eq!(made.headers()["location"], "/api/v1/settings/label/fraud");
    let first = etag(&made);
    let made = json(made, 201).await;
    assert_eq!((&made["id"], &made["name"]), (&json!("fraud"), &json!("Fraud")));
    assert_eq!(
        fields(eve.post("label", &json!({ "id": "fraud", "name": "F", "colour": "#b3261e" })).await, 409).await,
        ["id"]
    );

    let read = eve.get("label/fraud").await;
    assert_eq!(etag(&read), first);
    let mut body = json(read, 200).await;
    assert_eq!(body, made);
    let unchanged = eve.ask(Method::GET, "label/fraud").header("if-none-match", &first).send().await.expect("answered");
    assert_eq!((unchanged.status().as_u16(), etag(&unchanged)), (304, first.clone()));

    // What was read is sent back with a field changed.
    body["name"] = json!("Fraud case");
    let bare = eve.ask(Method::PUT, "label/fraud").json(&body).send().await.expect("answered");
    assert_eq!(json(bare, 428).await["type"], "urn:causeway:problem:if_match_required");
    let changed = eve.put("label/fraud", ("if-match", &first), &body).await;
    assert_eq!(changed.status(), 200);
    let second = etag(&changed);
    assert_ne!(first, second);
    let stale = json(eve.put("label/fraud", ("if-match", &first), &body).await, 412).await;
    assert_eq!(format!("\"{}\"", stale["version"]), second, "the answer names the version that is there");
    assert_eq!(eve.delete("label/fraud", &first).await.status(), 412);
    assert_eq!(eve.put("label/fraud", ("if-none-match", "*"), &body).await.status(), 412);
    assert_eq!(
        fields(
            eve.put("label/fraud", ("if-match", "*"), &json!({ "id": "x", "name": "F", "colour": "#b3261e" })).await,
            422
        )
        .await,
        ["id"]
    );

    assert_eq!(eve.delete("label/fraud", &second).await.status(), 204);
    assert_eq!(eve.get("label/fraud").await.status(), 404);
    assert_eq!(eve.delete("label/fraud", "*").await.status(), 404);
    let again = eve.put("label/fraud", ("if-none-match", "*"), &json!({ "name": "Again", "colour": "#b3261e" })).await;
    assert_eq!(again.status(), 201);
    let history = json(eve.get("label/fraud/history").await, 200).await;
    let names: Vec<_> =
        history["items"].as_array().expect("items").iter().map(|item| item["body"]["name"].clone()).collect();
    assert_eq!(names, [json!("Again"), Value::Null, json!("Fraud case"), json!("Fraud")]);
    assert_eq!(history["items"][0]["by"]["name"], "eve");
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_field_by_field_and_changes_nothing() {
    let relay = relay().await;
    let eve = Asker::of(&relay, "eve").await;
    let wrong = json!({ "name": "", "colour": "red", "more": 1 });
    let mut found = fields(eve.post("label", &wrong).await, 422).await;
    found.sort();
    assert_eq!(found, ["colour", "more", "name"]);
    assert_eq!(
        fields(eve.post("label", &json!({ "id": "A b", "name": "F", "colour": "#b3261e" })).await, 422).await,
        ["id"]
    );
    let topic = json!({ "id": "withdrawals", "name": "Withdrawals", "department": "nowhere" });
    assert_eq!(fields(eve.post("topic", &topic).await, 422).await, ["department"]);
    let department = eve.post("department", &json!({ "id": "money", "name": "Money" })).await;
    assert_eq!(department.status(), 201, "{}", department.text().await.expect("text"));
    let topic = json!({ "id": "withdrawals", "name": "Withdrawals", "department": "money" });
    let topic = eve.post("topic", &topic).await;
    assert_eq!(topic.status(), 201, "{}", topic.text().await.expect("text"));
    // What is used cannot be removed, and the answer says where it is used.
    let used = json(eve.delete("department/money", "*").await, 409).await;
    assert!(used["problems"][0]["remedy"].as_str().expect("a remedy").contains("topic/withdrawals"), "{used}");
    for (request, status) in [
        (eve.ask(Method::POST, "label").body("{}"), 415),
        (eve.ask(Method::POST, "label").header("content-type", "application/json").body("{"), 400),
        (eve.ask(Method::POST, "label").header("content-type", "application/json").body(" ".repeat(600_000)), 413),
        (eve.ask(Method::POST, "label").json(&json!([])), 422),
        (eve.ask(Method::GET, "label?limit=0"), 400),
        (eve.ask(Method::GET, "label?more=1"), 400),
        (eve.ask(Method::GET, "nothing"), 404),
        (eve.ask(Method::GET, "label/A%20b"), 404),
        (eve.ask(Method::PUT, "label/fraud").header("if-match", "7").json(&json!({})), 400),
        (eve.ask_from(Method::POST, "label", "http://other.example.com").json(&json!({})), 403),
    ] {
        let answer = request.send().await.expect("answered");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{status}");
        assert_eq!(answer.status(), status, "{}", answer.url());
    }
    assert_eq!(json(eve.get("label").await, 200).await, json!({ "items": [], "next": null }));
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_paged_and_rights_are_asked() {
    let relay = relay().await;
    let (eve, ann) = (Asker::of(&relay, "eve").await, Asker::of(&relay, "ann").await);
    for n in 0..5 {
        let label = json!({ "id": format!("l{n}"), "name": format!("Label {n}"), "colour": "#b3261e" });
        assert_eq!(eve.post("label", &label).await.status(), 201);
    }
    let (mut after, mut ids) = (String::new(), Vec::new());
    loop {
        let page = json(ann.get(&format!("label?limit=2{after}")).await, 200).await;
        ids.extend(
            page["items"].as_array().expect("items").iter().map(|item| item["id"].as_str().expect("an id").to_owned()),
        );
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(ids, ["l0", "l1", "l2", "l3", "l4"]);
    // An agent reads labels and changes none; sites are not shown to it at all.
    assert_eq!(ann.delete("label/l0", "*").await.status(), 403);
    assert_eq!(ann.post("label", &json!({ "name": "X", "colour": "#b3261e" })).await.status(), 403);
    assert_eq!(ann.get("site/demo").await.status(), 404);
    assert_eq!(ann.delete("site/demo", "*").await.status(), 404);
    assert_eq!(json(ann.get("site").await, 200).await["items"], json!([]));
    assert_eq!(json(eve.get("site").await, 200).await["items"][0]["id"], "demo");
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_is_added_serves_at_once_and_one_that_is_removed_does_not() {
    let relay = relay().await;
    let eve = Asker::of(&relay, "eve").await;
    let site = json!({ "id": "fresh", "name": "Fresh", "origins": ["http://fresh.example.com"] });
    let made = eve.post("site", &site).await;
    assert_eq!(made.status(), 201, "{}", made.text().await.expect("text"));
    let mut visitor = relay.connection(Some("http://fresh.example.com"), None).await;
    visitor.send(&hello("fresh", None)).await;
    assert!(matches!(visitor.next().await, Ok(wire::ServerFrame::Welcome { .. })));
    assert_eq!(eve.delete("site/fresh", "*").await.status(), 204);
    let mut visitor = relay.connection(Some("http://fresh.example.com"), None).await;
    visitor.send(&hello("fresh", None)).await;
    assert!(visitor.next().await.is_err(), "its pages cannot open the chat any more");
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_of_one_agent_is_that_agents_alone() {
    let relay = relay().await;
    let (eve, ann, bob) =
        (Asker::of(&relay, "eve").await, Asker::of(&relay, "ann").await, Asker::of(&relay, "bob").await);
    let me = ann.client.get(relay.url("/api/v1/me")).header("cookie", &ann.cookie).send().await.expect("answered");
    let id = json(me, 200).await["id"].clone();
    let reply = json!({ "id": "mine", "shortcut": "hi", "title": "Hello", "texts": { "en": "Hello!" }, "agent": id });
    assert_eq!(bob.post("reply", &reply).await.status(), 403, "nobody writes for another");
    assert_eq!(ann.post("reply", &reply).await.status(), 201);
    let shared = json!({ "id": "all", "shortcut": "bye", "title": "Goodbye", "texts": { "en": "Goodbye!" } });
    assert_eq!(ann.post("reply", &shared).await.status(), 403);
    assert_eq!(eve.post("reply", &shared).await.status(), 201);
    for (asker, ids) in [(&ann, vec!["all", "mine"]), (&bob, vec!["all"]), (&eve, vec!["all", "mine"])] {
        let page = json(asker.get("reply").await, 200).await;
        let found: Vec<_> = page["items"].as_array().expect("items").iter().map(|item| item["id"].clone()).collect();
        assert_eq!(found, ids);
    }
    assert_eq!(bob.get("reply/mine").await.status(), 404);
    assert_eq!(bob.delete("reply/mine", "*").await.status(), 404);
    assert_eq!(ann.delete("reply/mine", "*").await.status(), 204);
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_the_asker_has_already_is_not_sent_again() {
    let relay = relay().await;
    let (eve, ann) = (Asker::of(&relay, "eve").await, Asker::of(&relay, "ann").await);
    let label = |id: &str| json!({ "id": id, "name": id, "colour": "#b3261e" });
    assert_eq!(eve.post("label", &label("fraud")).await.status(), 201);
    let listed = eve.get("label").await;
    assert_eq!(listed.status(), 200);
    assert_eq!(listed.headers()["cache-control"], "private, no-cache");
    let first = etag(&listed);
    let with = async |asker: &Asker, tag: &str| {
        asker.ask(Method::GET, "label").header("if-none-match", tag).send().await.expect("answered")
    };
    let unchanged = with(&eve, &first).await;
    assert_eq!((unchanged.status().as_u16(), etag(&unchanged)), (304, first.clone()));
    assert_eq!(unchanged.headers()["cache-control"], "private, no-cache");
    assert_eq!(unchanged.text().await.expect("a body"), "");
    // What one asker has is no other's, also where both see the same.
    let listed = with(&ann, &first).await;
    let of_ann = etag(&listed);
    assert_eq!((listed.status().as_u16(), of_ann == first), (200, false));
    assert_eq!(with(&ann, &of_ann).await.status(), 304);

    assert_eq!(eve.post("label", &label("other")).await.status(), 201);
    let changed = with(&eve, &first).await;
    let second = etag(&changed);
    assert_ne!(first, second);
    assert_eq!(json(changed, 200).await["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(with(&eve, &second).await.status(), 304);
    // With other rights the same agent gets another list, although no document was changed.
    let changed = with(&ann, &of_ann).await;
    let before = etag(&changed);
    assert_eq!((changed.status().as_u16(), with(&ann, &before).await.status().as_u16()), (200, 304));
    let mut command = crate::command::relay(relay.folder.path());
    let output = command.args(["agent", "scope", "ann@example.com", "--site", "demo"]).output().expect("run");
    assert!(output.status.success());
    let until = std::time::Instant::now() + crate::support::ANSWER_WITHIN;
    while with(&ann, &before).await.status() == 304 {
        assert!(std::time::Instant::now() < until, "still the list of the rights before");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    relay.running.stop().await.expect("stopped");
}
