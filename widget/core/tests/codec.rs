//! The hand-written JSON of the clients against the golden files and against serde: one form, two writers.

mod golden;

use golden::golden;
use proptest::prelude::*;
use serde_json::Value;
use widget_core::{
    Kept, KeptDraft, read_attachment, read_draft, read_frame_of_visitor, read_refusal, write_draft,
    write_frame_of_visitor,
};
use wire::{
    ClientFrame, ConversationId, FromVisitor, Hello, MessageId, Refusal, Say, Seq, ServerFrame, SessionStart, ToVisitor,
};

#[test]
fn every_frame_of_a_visitor_is_written_as_the_golden_file_has_it() {
    let mut written = 0;
    for (name, value) in golden("client_frame") {
        let frame: ClientFrame = serde_json::from_value(value.clone()).unwrap();
        let is_hello = matches!(&frame, ClientFrame::Hello { hello: Hello::Visitor { .. }, .. });
        if is_hello || FromVisitor::try_from(frame.clone()).is_ok() {
            let text: Value = serde_json::from_str(&write_frame_of_visitor(&frame)).unwrap();
            assert_eq!(text, value, "{name}");
            written += 1;
        }
    }
    assert!(written > FromVisitor::TYPES.len(), "{written}");
}

#[test]
fn every_frame_for_a_visitor_reads_as_serde_reads_it() {
    for (name, value) in golden("server_frame") {
        let want: ServerFrame = serde_json::from_value(value.clone()).unwrap();
        // The chat knows no agent's welcome.
        let is_agents = matches!(&want, ServerFrame::Welcome { session: SessionStart::Agent { .. }, .. });
        let want = ToVisitor::try_from(want).ok().filter(|_| !is_agents);
        let text = serde_json::to_string_pretty(&value).unwrap();
        assert_eq!(read_frame_of_visitor(&text), want, "{name}");
    }
}

#[test]
fn every_body_refusal_and_attachment_reads_as_serde_reads_it() {
    let frame = |key: &str, value: &Value| {
        let mut event = golden("server_frame").into_iter().find(|(name, _)| name == "event").unwrap().1;
        event["event"][key] = value.clone();
        event
    };
    for (key, file) in [("body", "body"), ("author", "author"), ("lane", "lane")] {
        for (name, value) in golden(file) {
            let text = frame(key, &value);
            let mut want: ToVisitor = serde_json::from_value(text.clone()).unwrap();
            // What agents alone are told the chat only counts.
            if let ToVisitor::Event { event } = &mut want
                && event.body.lane() == wire::Lane::Staff
            {
                event.body = wire::Body::Unknown;
            }
            assert_eq!(read_frame_of_visitor(&text.to_string()), Some(want), "{file} {name}");
        }
    }
    for (name, value) in golden("refusal") {
        let want: Refusal = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(read_refusal(&value.to_string()), Some(want), "{name}");
    }
    for (name, value) in golden("attachment") {
        assert_eq!(read_attachment(&value.to_string()), Some(serde_json::from_value(value).unwrap()), "{name}");
    }
}

#[test]
fn what_is_no_frame_is_none() {
    for text in [
        "",
        "null",
        "{}",
        "[]",
        "{\"type\":\"queue\"}",
        "{\"type\":\"answering\",\"agents\":-1}",
        "{\"type\":\"answering\",\"agents\":1.5}",
        "{\"type\":\"answering\",\"agents\":4294967296}",
        "{\"type\":\"answering\",\"agents\":1} x",
        "{\"type\":\"answering\",\"agents\":1",
        "{\"type\":\"answering\",,\"agents\":1}",
        "{\"type\":\"answer\\ud800\"}",
        "{\"type\":\"nobody_knows\"}",
    ] {
        assert_eq!(read_frame_of_visitor(text), None, "{text}");
    }
    let deep = "[".repeat(100_000);
    assert_eq!(read_frame_of_visitor(&deep), None);
}

proptest! {
    #[test]
    fn any_text_survives_both_ways(text in any::<String>(), note in any::<bool>(), at_ms in any::<u64>()) {
        let say = Say::Text { text: text.clone() };
        let (conversation, id) = (ConversationId(7), MessageId(u128::MAX));
        let frame = ClientFrame::Say { conversation, id, say: say.clone() };
        prop_assert_eq!(serde_json::from_str::<ClientFrame>(&write_frame_of_visitor(&frame)).unwrap(), frame);
        for what in [
            if note { Kept::Note(text.clone()) } else { Kept::Text(text.clone()) },
            Kept::Upload { name: text.clone(), bytes: at_ms },
            Kept::Rate { score: 5, comment: text },
            Kept::End,
        ] {
            let draft = KeptDraft { conversation, id, at_ms, what };
            prop_assert_eq!(read_draft(&write_draft(&draft)), Some(draft));
        }
    }

    #[test]
    fn any_text_of_the_relay_reads_as_serde_reads_it(name in any::<String>(), seq in any::<u64>()) {
        let refused = ToVisitor::Typing { conversation: ConversationId(1), party: wire::Party::Staff, name };
        prop_assert_eq!(read_frame_of_visitor(&serde_json::to_string(&refused).unwrap()), Some(refused));
        let page = ToVisitor::Events {
            conversation: ConversationId(1), lane: wire::Lane::Shared, after: Seq(seq), events: Vec::new(), head: Seq(seq),
        };
        prop_assert_eq!(read_frame_of_visitor(&serde_json::to_string(&page).unwrap()), Some(page));
    }

    #[test]
    fn nothing_panics(text in any::<String>(), cut in 0usize..400) {
        let _ = read_frame_of_visitor(&text);
        let frame = "{\"type\":\"typing\",\"conversation\":\"01900000-0000-7000-8000-000000000001\",\"party\":\"staff\",\"name\":\"\\ud83d\\ude00é\\n\"}";
        let mut end = cut.min(frame.len());
        while !frame.is_char_boundary(end) { end -= 1; }
        let _ = read_frame_of_visitor(&frame[..end]);
        let _ = read_draft(&text);
    }
}

/// What has no name under its tag: a number, a list that stands for the whole object, and what serde itself refuses.
fn without_a_name(tag: &str) -> Vec<String> {
    let numbers = (0..40).map(|number| format!("{{\"{tag}\":{number}}}"));
    let lists = (0..40).map(|number| format!("[{number}]")).chain(["[]".to_owned(), "[\"busy\"]".to_owned()]);
    let others = ["null", "true", "{}", "[0]", "0.5", "-1"].map(|value| format!("{{\"{tag}\":{value}}}"));
    numbers.chain(lists).chain(others).chain(["{}".to_owned(), "null".to_owned(), "0".to_owned()]).collect()
}

#[test]
fn what_has_no_named_kind_is_not_read() {
    for refusal in without_a_name("reason") {
        assert_eq!(read_refusal(&refusal), None, "{refusal}");
        let frame = format!("{{\"type\":\"refused\",\"subject\":{{\"about\":\"connection\"}},\"refusal\":{refusal}}}");
        assert_eq!(read_frame_of_visitor(&frame), None, "{frame}");
    }
    for subject in without_a_name("about") {
        let frame = format!("{{\"type\":\"refused\",\"subject\":{subject},\"refusal\":{{\"reason\":\"busy\"}}}}");
        assert_eq!(read_frame_of_visitor(&frame), None, "{frame}");
    }
    for frame in without_a_name("type") {
        assert_eq!(read_frame_of_visitor(&frame), None, "{frame}");
    }
    let event = golden("server_frame").into_iter().find(|(name, _)| name == "event").unwrap().1;
    for (field, tag) in [("author", "by"), ("body", "kind")] {
        for part in without_a_name(tag) {
            let mut frame = event.clone();
            frame["event"][field] = serde_json::from_str(&part).unwrap();
            assert_eq!(read_frame_of_visitor(&frame.to_string()), None, "{frame}");
        }
    }
}

#[test]
fn a_file_draft_survives_both_ways() {
    let attachment = read_attachment(&golden("attachment")[0].1.to_string()).unwrap();
    let draft = KeptDraft { conversation: ConversationId(1), id: MessageId(2), at_ms: 3, what: Kept::File(attachment) };
    assert_eq!(read_draft(&write_draft(&draft)), Some(draft));
}

#[test]
fn drafts_of_an_older_page_are_read() {
    let head = "{\"conversation\":\"01900000-0000-7000-8000-000000000001\",\"id\":\"01900000-0000-7000-8000-000000000002\",\"at_ms\":3,";
    let attachment = golden("attachment")[0].1.clone();
    let id = &attachment["id"];
    for (tail, what) in [
        (
            "\"say\":{\"kind\":\"text\",\"text\":\"a\"},\"attachment\":null,\"note\":false}".to_owned(),
            Kept::Text("a".to_owned()),
        ),
        (
            "\"say\":{\"kind\":\"text\",\"text\":\"a\"},\"attachment\":null,\"note\":true}".to_owned(),
            Kept::Note("a".to_owned()),
        ),
        (
            format!("\"say\":{{\"kind\":\"file\",\"attachment\":{id}}},\"attachment\":{attachment},\"note\":false}}"),
            Kept::File(read_attachment(&attachment.to_string()).unwrap()),
        ),
    ] {
        assert_eq!(read_draft(&format!("{head}{tail}")).map(|draft| draft.what), Some(what));
    }
}
