//! The numbers: clients use a relay in a process of its own, and the numbers must show what they did.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::process::Child;

use wire::limit::{CORE_QUEUE_INPUTS_MAX, STORE_QUEUE_APPENDS_MAX};
use wire::{
    Body, ClientFrame, Close, ConversationId, Cursor, Follow, Hello, Lane, PROTOCOL, Refusal, Say, Seq, ServerFrame,
};

use crate::support::{
    ANSWER_WITHIN, Connection, PASSWORD, SITE_ORIGIN, add_agent, add_site, cookie_of, hello, new_conversation,
    new_message, sign_in,
};

/// Ends its relay also when the test fails.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended by itself needs nothing more.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// One look at the numbers.
struct Page {
    text: String,
    values: BTreeMap<String, f64>,
}

impl Page {
    async fn read(url: &str) -> Self {
        let text = reqwest::get(url).await.expect("answered").text().await.expect("text");
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let values = lines.map(|line| {
            let (name, value) = line.rsplit_once(' ').expect("a name and a value");
            (name.to_owned(), value.parse().expect("a number"))
        });
        Self { values: values.collect(), text }
    }

    /// Looks until a number has a value.
    async fn until(url: &str, name: &str, wanted: f64) -> Self {
        let look = async {
            loop {
                let page = Self::read(url).await;
                if page.get(name) == wanted {
                    return page;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(ANSWER_WITHIN, look).await.unwrap_or_else(|_| panic!("{name} never was {wanted}"))
    }

    fn get(&self, name: &str) -> f64 {
        *self.values.get(name).unwrap_or_else(|| panic!("{name} is missing in\n{}", self.text))
    }

    /// All values of a name that are not 0, with their labels.
    fn of(&self, name: &str) -> Vec<(&str, f64)> {
        let named = self.values.iter().filter_map(|(full, value)| {
            let labels = full.strip_prefix(name)?.strip_prefix('{')?.strip_suffix('}')?;
            Some((labels, *value))
        });
        named.filter(|(_, value)| *value != 0.0).collect()
    }
}

fn say(conversation: ConversationId, text: &str) -> ClientFrame {
    ClientFrame::Say { conversation, id: new_message(), say: Say::Text { text: text.to_owned() } }
}

/// Reads frames until the relay has answered a `Follow` or `Fetch`.
async fn events(connection: &mut Connection) -> usize {
    connection
        .until(|frame| match frame {
            ServerFrame::Events { events, .. } => Some(events.len()),
            _ => None,
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_can_be_read_from_the_numbers() {
    let folder = tempfile::tempdir().expect("a folder");
    add_site(folder.path(), "demo", SITE_ORIGIN);
    add_agent(folder.path(), "ann", 4);
    let mut relay = crate::command::relay(folder.path());
    let (child, out, address) = crate::command::start(relay.env("CAUSEWAY_METRICS_LISTEN", "127.0.0.1:0"));
    let _process = Process(child);
    let mut words = out.lines().map_while(Result::ok);
    let line = words.find(|line| line.contains("metrics")).expect("the address of the numbers");
    let url = line.split_whitespace().last().expect("an address").to_owned();
    let origin = format!("http://{address}");

    // What can be counted is there before it happens.
    check_zeros(&Page::read(&url).await);

    // A visitor waits, and asks for something that is refused.
    let mut visitor = Connection::connect(&address, Some(&origin), None).await;
    visitor.send(&hello("demo", None)).await;
    visitor.send(&ClientFrame::Register).await;
    let token = visitor
        .until(|frame| match frame {
            ServerFrame::Registered { token, .. } => Some(token.clone()),
            _ => None,
        })
        .await;
    let conversation = new_conversation();
    visitor.send(&say(conversation, "withdrawal is stuck")).await;
    visitor.event(|event| event.body == Body::Queued).await;
    visitor.send(&say(conversation, " ")).await;
    assert_eq!(visitor.refusal().await, Refusal::TextEmpty);
    let waiting = Page::until(&url, "relay_conversations_waiting", 1.0).await;
    assert!(waiting.get("relay_conversations_longest_wait_seconds") < 3_600.0, "since the message, not since 1970");

    // Somebody speaks another language, an agent mistypes, then comes, and is given the conversation.
    let mut stranger = Connection::connect(&address, Some(&origin), None).await;
    stranger.raw("nonsense".into()).await;
    stranger.closes(Close::Malformed).await;
    assert_eq!(sign_in(&origin, "ann@example.com", "wrong").await.status(), 401);
    let cookie = cookie_of(&sign_in(&origin, "ann@example.com", PASSWORD).await);
    let mut agent = Connection::connect(&address, Some(&origin), Some(&cookie)).await;
    agent
        .send(&ClientFrame::Hello { protocol: PROTOCOL, hello: Hello::Agent { state: None }, follow: Vec::new() })
        .await;
    visitor.event(|event| event.body == Body::Joined).await;

    // The visitor is cut off, comes back, and misses something.
    drop(visitor);
    let mut visitor = Connection::connect(&address, Some(&origin), None).await;
    let ClientFrame::Hello { protocol, hello, .. } = hello("demo", Some(&token)) else { unreachable!("a hello") };
    let follow = vec![Follow { conversation, after: Cursor { shared: Seq(3), staff: Seq::ZERO } }];
    visitor.send(&ClientFrame::Hello { protocol, hello, follow }).await;
    assert_eq!(events(&mut visitor).await, 0, "nothing was missed");
    visitor.send(&ClientFrame::Fetch { conversation, lane: Lane::Shared, after: Seq(2) }).await;
    assert_eq!(events(&mut visitor).await, 1);

    drop(stranger);
    Page::until(&url, "relay_closes_total{code=\"client\"}", 1.0).await;
    let page = Page::until(&url, "relay_connections{kind=\"other\"}", 0.0).await;
    let one = |labels| vec![(labels, 1.0)];
    let agent_and_visitor = |count| vec![("kind=\"agent\"", 1.0), ("kind=\"visitor\"", count)];
    assert_eq!(page.of("relay_connections"), agent_and_visitor(1.0));
    assert_eq!(page.of("relay_connections_total"), agent_and_visitor(2.0));
    assert_eq!(page.of("relay_connections_refused_total"), []);
    assert_eq!(page.of("relay_resumes_total"), one("kind=\"visitor\""));
    assert_eq!(page.of("relay_gaps_repaired_total"), one("by=\"client\""));
    assert_eq!(page.of("relay_closes_total"), vec![("code=\"client\"", 1.0), ("code=\"malformed\"", 1.0)]);
    assert_eq!(page.of("relay_refusals_total"), vec![("code=\"sign_in_failed\"", 1.0), ("code=\"text_empty\"", 1.0)]);
    assert_eq!(page.of("relay_store_errors_total"), []);
    for (name, value) in [
        ("relay_core_up", 1.0),
        ("relay_agents_online", 1.0),
        ("relay_conversations_open", 1.0),
        ("relay_conversations_waiting", 0.0),
        ("relay_conversations_longest_wait_seconds", 0.0),
        ("relay_sign_ins_failed_total", 1.0),
        ("relay_file_errors_total", 0.0),
        ("relay_http_errors_total", 0.0),
        ("relay_backlog_requests_max{queue=\"core\"}", CORE_QUEUE_INPUTS_MAX as f64),
        ("relay_backlog_requests_max{queue=\"store_writes\"}", STORE_QUEUE_APPENDS_MAX as f64),
        // The message and the offer.
        ("relay_append_seconds_count", 2.0),
        ("relay_append_seconds_bucket{le=\"+Inf\"}", 2.0),
    ] {
        assert_eq!(page.get(name), value, "{name}");
    }
    check_histograms(&page);
    check_words(&page, &[token.reveal(), &conversation.to_string(), "ann", "demo", "withdrawal", "127.0.0.1"]);
}

/// Every code has its counter.
fn check_zeros(fresh: &Page) {
    for code in Close::ALL.map(Close::name).into_iter().chain(["client"]) {
        assert_eq!(fresh.get(&format!("relay_closes_total{{code=\"{code}\"}}")), 0.0);
    }
    for code in Refusal::CODES {
        assert_eq!(fresh.get(&format!("relay_refusals_total{{code=\"{code}\"}}")), 0.0);
    }
}

/// Buckets from a tenth of a millisecond to five seconds, and up to the largest batch.
fn check_histograms(page: &Page) {
    for name in ["relay_append_seconds", "relay_store_commit_seconds"] {
        let (first, last) = (page.get(&format!("{name}_bucket{{le=\"0.0001\"}}")), page.get(&format!("{name}_count")));
        assert!(first <= page.get(&format!("{name}_bucket{{le=\"5\"}}")) && last >= 2.0, "{name}");
    }
    let commits = page.get("relay_store_commit_seconds_count");
    assert_eq!(page.get("relay_store_batch_requests_count"), commits);
    assert_eq!(page.get("relay_store_batch_requests_bucket{le=\"512\"}"), commits);
    assert!(page.get("relay_store_batch_requests_sum") >= commits, "no empty transaction");
}

/// Every number says what it is, stands in the operators' page and the other way round, and tells nothing about anybody.
fn check_words(page: &Page, secrets: &[&str]) {
    let typed = page.text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    let helped = page.text.lines().filter_map(|line| line.strip_prefix("# HELP ")?.split(' ').next());
    let typed: Vec<&str> = typed.collect();
    assert_eq!(helped.collect::<Vec<_>>(), typed);
    let explained = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operations.md"))
        .expect("the operators' page");
    let rows = explained.lines().filter_map(|line| line.strip_prefix("| `relay_")?.split(['`', '{']).next());
    let mut rows: Vec<String> = rows.map(|name| format!("relay_{name}")).collect();
    rows.sort_unstable();
    let mut names = typed;
    names.sort_unstable();
    assert_eq!(rows, names, "docs/operations.md explains other numbers than the relay shows");
    for secret in secrets {
        assert!(!page.values.keys().any(|name| name.contains(secret)), "{secret} is among the numbers");
    }
}
