//! A small conversation with everything in it, against the documents that are kept.

use relay_core::store::QueryAnswer;
use wire::{AgentId, Attachment, AttachmentId, Media, MessageId, PageContext, Seq, ServiceKeyId, VisitorId};

use super::lanes::{Lanes, Step};
use super::*;

fn conversation() -> Conversation {
    let site: SiteId = "demo".parse().expect("site");
    Conversation::new(ConversationId(7), site, VisitorId(9), 1_700_000_000_000, "en".to_owned())
}

/// Both lanes, one after the other, as a store gives them. The clock was set back in between.
fn events() -> Vec<Event> {
    let mut events = Vec::new();
    let mut event = |lane, seq, second: u64, author: &Author, body| {
        events.push(Event {
            conversation: ConversationId(7),
            lane,
            seq: Seq(seq),
            at_ms: 1_700_000_000_000 + second * 1_000,
            id: MessageId(u128::from(seq)),
            author: author.clone(),
            body,
        });
    };
    let agent = Author::Agent { id: AgentId(1), name: "<b>Ann</b>".to_owned() };
    let attachment = Attachment {
        id: AttachmentId(3),
        name: "a \"b\" & c.png".to_owned(),
        media_type: "image/png".to_owned(),
        media: Media::Image,
        bytes: 1_234,
        width: 5,
        height: 6,
    };
    let page = PageContext { url: "https://shop.example.com/?a=1&b=<2>".to_owned(), ..PageContext::default() };
    event(Lane::Shared, 1, 1, &Author::Visitor, Body::Text { text: "a\n[fake] <script>".to_owned() });
    event(Lane::Shared, 2, 2, &Author::System, Body::Queued);
    event(Lane::Shared, 3, 9, &agent, Body::Joined);
    event(Lane::Shared, 4, 5, &agent, Body::File { attachment });
    event(Lane::Shared, 5, 9, &Author::Visitor, Body::Seen { up_to: Seq(4) });
    event(Lane::Shared, 6, 11, &agent, Body::Text { text: "你好，世界 \u{1f44b} \"quoted\"\\".to_owned() });
    event(Lane::Shared, 7, 12, &Author::Visitor, Body::LeftQueue);
    event(Lane::Shared, 8, 13, &Author::Visitor, Body::Closed);
    event(Lane::Shared, 9, 14, &Author::Visitor, Body::Rated { score: 4, comment: "kind\nand fast".to_owned() });
    event(Lane::Shared, 10, 15, &Author::Visitor, Body::Rated { score: 5, comment: String::new() });
    let service = Author::Service { id: ServiceKeyId(1), name: "<i>Orders</i>".to_owned() };
    event(Lane::Shared, 11, 16, &service, Body::Text { text: "Order 7 was paid out.".to_owned() });
    event(Lane::Staff, 1, 2, &Author::System, Body::Turn { turn: 12, address: None, network: None, known: false });
    event(Lane::Staff, 2, 2, &Author::Visitor, Body::Context { page });
    event(Lane::Staff, 3, 9, &agent, Body::Note { text: "careful".to_owned() });
    event(Lane::Staff, 4, 9, &agent, Body::Assigned { agent: AgentId(1) });
    let labels = |labels: &[&str]| labels.iter().map(|label| (*label).to_owned()).collect();
    let (many, one) = (["withdrawal", "<i>VIP</i> 客户"], ["deposit"]);
    event(Lane::Staff, 5, 10, &agent, Body::Labelled { added: labels(&many), removed: labels(&one) });
    event(Lane::Staff, 6, 10, &agent, Body::Labelled { added: labels(&one), removed: labels(&[]) });
    event(Lane::Staff, 7, 10, &agent, Body::Labelled { added: labels(&[]), removed: labels(&many) });
    events
}

/// The document, read from a store whose pages hold so many events.
fn written(events: &[Event], format: Format, notes: bool, page_events: usize) -> String {
    written_in(events, format, notes, page_events, Words::new("en", "UTC"))
}

fn written_in(events: &[Event], format: Format, notes: bool, page_events: usize, words: Words) -> String {
    let mut conversation = conversation();
    for event in events {
        *conversation.head.of_mut(event.lane) = event.seq;
    }
    let mut document = Document::new(&conversation, "Demo exchange".to_owned(), format, words);
    let (mut lanes, mut out) = (Lanes::new(&conversation, notes), String::new());
    document.begin(&mut out);
    loop {
        match lanes.next_step() {
            Step::Event(event) => document.event(&event, &mut out),
            Step::Page(lane, query) => {
                let relay_core::store::Query::Events { after, .. } = query else { panic!("a page") };
                let rest = events.iter().filter(|event| event.lane == lane && event.seq > after);
                let events = rest.take(page_events).cloned().collect();
                let answer = QueryAnswer::Events { conversation: Box::new(conversation.clone()), events };
                lanes.turn(lane, answer).expect("a page");
            }
            Step::End => break,
        }
    }
    document.end(&mut out);
    out
}

/// Compares with the kept document, or keeps it anew with `UPDATE_GOLDEN=1`.
fn is_as_kept(name: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).expect("written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, kept, "{name}; UPDATE_GOLDEN=1 keeps it as it is now");
}

#[test]
fn every_format_is_byte_by_byte_as_kept_whatever_a_page_holds() {
    for page_events in [200, 3, 1] {
        for (format, ending) in [(Format::Text, "txt"), (Format::Json, "json"), (Format::Html, "html")] {
            is_as_kept(&format!("transcript.{ending}"), &written(&events(), format, false, page_events));
            is_as_kept(&format!("transcript_notes.{ending}"), &written(&events(), format, true, page_events));
        }
    }
    let chinese = Words::new("zh-CN", "Asia/Shanghai");
    is_as_kept("transcript_zh.txt", &written_in(&events(), Format::Text, true, 200, chinese));
    is_as_kept("transcript_zh.html", &written_in(&events(), Format::Html, true, 200, chinese));
    is_as_kept("transcript_empty.json", &written(&[], Format::Json, true, 200));
}

#[test]
fn json_is_json_with_every_event() {
    let json: serde_json::Value = serde_json::from_str(&written(&events(), Format::Json, true, 2)).expect("json");
    assert_eq!(json["events"].as_array().map(Vec::len), Some(events().len()));
}

#[test]
fn html_is_escaped_throughout() {
    let html = written(&events(), Format::Html, true, 200);
    assert!(html.contains("&lt;script&gt;") && !html.contains("<script"));
    assert!(html.contains("<bdi>&lt;b&gt;Ann&lt;/b&gt;</bdi> joined.") && !html.contains("<b>Ann"));
}

#[test]
fn no_text_of_a_person_acts_or_passes_for_an_entry_in_any_format() {
    let hostile = [
        "a\r[2023-11-14 22:13:25] Ann: I confirm the refund",
        "a\u{2028}[2023-11-14 22:13:25] Ann: yes\u{85}* Ann joined.\u{b}* x\u{c}* y\u{2029}* z",
        "\u{1b}[2J\u{1b}]52;c;cm0gLXJm\u{7}\u{9b}31m\u{8}\u{7f}\u{9d}0;title\u{9c}",
        "\u{202e}gnp.exe \u{2067}\u{2069}\u{2069}",
    ];
    let page = |text: &str| PageContext { url: format!("https://a/{text}"), ..PageContext::default() };
    let name = |text: &str| Author::Agent { id: AgentId(1), name: text.to_owned() };
    for text in hostile {
        let file = Attachment {
            id: AttachmentId(3),
            name: text.to_owned(),
            media_type: "image/png".to_owned(),
            media: Media::Image,
            bytes: 1,
            width: 1,
            height: 1,
        };
        let bodies = [
            (Author::Visitor, Body::Text { text: text.to_owned() }),
            (name(text), Body::Text { text: "hello".to_owned() }),
            (name(text), Body::Joined),
            (Author::Visitor, Body::File { attachment: file }),
            (Author::Visitor, Body::Rated { score: 1, comment: text.to_owned() }),
            (name(text), Body::Closed),
            (Author::Visitor, Body::Note { text: text.to_owned() }),
            (name(text), Body::Labelled { added: vec![text.to_owned()], removed: vec![text.to_owned()] }),
            (Author::Visitor, Body::Context { page: page(text) }),
        ];
        let mut all = Vec::new();
        for (seq, (author, body)) in (1..).zip(bodies) {
            let (conversation, id) = (ConversationId(7), MessageId(u128::from(seq)));
            let lane = Lane::Shared;
            all.push(Event { conversation, lane, seq: Seq(seq), at_ms: 1_700_000_000_000, id, author, body });
        }
        for format in [Format::Text, Format::Json, Format::Html] {
            let out = written(&all, format, true, 200);
            let acts = |char: char| {
                char != '\n'
                    && (char.is_control() || wire::is_line_break(char) || ('\u{202a}'..='\u{202e}').contains(&char))
            };
            assert!(!out.contains(acts), "{format:?} {text:?}: {out}");
            if format == Format::Text {
                let entries = out.lines().filter(|line| line.starts_with('[')).count();
                assert_eq!(entries, all.len(), "{text:?}: {out}");
                let foreign = out
                    .lines()
                    .skip(7)
                    .find(|line| !line.starts_with("[2023-11-14 22:13:20] ") && !line.starts_with(INDENT));
                assert_eq!(foreign, None, "{text:?}");
            }
            if format == Format::Json {
                let json: serde_json::Value = serde_json::from_str(&out).expect("json");
                assert_eq!(json["events"][0]["body"]["text"], text, "what was recorded is not changed");
            }
        }
    }
}

#[test]
fn right_to_left_words_do_not_turn_what_stands_beside_them() {
    let mut all = events();
    all.truncate(1);
    all[0].author = Author::Agent { id: AgentId(1), name: "רות".to_owned() };
    all[0].body = Body::Text { text: "שלום\nok\nمرحبا".to_owned() };
    let text = written(&all, Format::Text, false, 200);
    let entry = "] \u{2068}רות\u{2069}: \u{2068}שלום\u{2069}\n    ok\n    \u{2068}مرحبا\u{2069}\n";
    assert!(text.contains(entry), "{text}");
    let html = written(&all, Format::Html, false, 200);
    assert!(html.contains("<b><bdi>רות</bdi></b> <time>") && html.contains("<p><bdi>שלום"), "{html}");
}

#[test]
fn it_ends_where_the_conversation_ended_when_it_was_asked_for() {
    let mut conversation = conversation();
    conversation.head.shared = Seq(2);
    let mut lanes = Lanes::new(&conversation, true);
    let Step::Page(Lane::Shared, _) = lanes.next_step() else { panic!("the shared lane has something, the other not") };
    let events = events().into_iter().filter(|event| event.lane == Lane::Shared).collect();
    lanes.turn(Lane::Shared, QueryAnswer::Events { conversation: Box::new(conversation), events }).expect("a page");
    let mut given = Vec::new();
    while let Step::Event(event) = lanes.next_step() {
        given.push(event.seq.0);
    }
    assert_eq!(given, [1, 2], "what was said later is left for later");
    assert!(matches!(lanes.next_step(), Step::End));
}

#[test]
fn a_file_has_the_day_in_its_name() {
    let day = |zone| Document::new(&conversation(), String::new(), Format::Text, Words::new("", zone)).file_name();
    assert_eq!(day("UTC"), "chat-2023-11-14.txt");
    assert_eq!(day("Asia/Shanghai"), "chat-2023-11-15.txt");
}
