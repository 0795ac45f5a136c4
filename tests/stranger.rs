//! A visitor who knows every id of somebody else's conversation, and still gets nothing of it.
#![expect(clippy::wildcard_enum_match_arm, reason = "a test picks the frames and events it waits for")]

use support::{Answer, RawSocket, Relay, new_id};
use wire::{
    AgentState, AttachmentId, Body, ClientFrame, ConversationId, Cursor, Event, Follow, Hello, Lane, MessageId,
    PageContext, Refusal, Say, Seq, ServerFrame, Token,
};

/// The smallest PNG: one transparent pixel.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc`\0\x01\0\0\x05\0\x01\
    \r\n-\xb4\0\0\0\0IEND\xaeB`\x82";
const SECRET: &str = "the words of the first visitor";

/// A visitor with a conversation, a file in it, and the token that opens both.
struct Owner {
    line: RawSocket,
    token: Token,
    conversation: ConversationId,
    attachment: AttachmentId,
}

fn upload(relay: &Relay, token: &Token, conversation: ConversationId, attachment: AttachmentId) -> Answer {
    let bearer = format!("Bearer {}", token.reveal());
    let headers = [
        ("origin", &*relay.origin()),
        ("authorization", &bearer),
        ("x-causeway-site", "demo"),
        ("x-file-name", "proof.png"),
        ("content-type", "image/png"),
    ];
    relay.request("PUT", &format!("/upload/{conversation}/{attachment}"), &headers, PNG).expect("the relay answers")
}

fn owner(relay: &Relay) -> Owner {
    let mut line = RawSocket::visitor(relay, None);
    let (_, token) = line.register();
    let (conversation, attachment) = (ConversationId(new_id()), AttachmentId(new_id()));
    line.say(conversation, SECRET);
    let answer = upload(relay, &token, conversation, attachment);
    assert_eq!(answer.status, 201, "{}", answer.text());
    let id = MessageId(new_id());
    line.send(&ClientFrame::Say { conversation, id, say: Say::File { attachment } });
    line.until("the file's event", |frame| match frame {
        ServerFrame::Event { event } if event.id == id => Some(()),
        _ => None,
    });
    Owner { line, token, conversation, attachment }
}

/// Every frame that names somebody else's conversation.
fn attempts(conversation: ConversationId, attachment: AttachmentId) -> Vec<ClientFrame> {
    let id = || MessageId(new_id());
    let after = Cursor::default();
    let fetch = |lane| ClientFrame::Fetch { conversation, lane, after: Seq::ZERO };
    vec![
        ClientFrame::Follow { follow: Follow { conversation, after } },
        fetch(Lane::Shared),
        fetch(Lane::Staff),
        ClientFrame::Say { conversation, id: id(), say: Say::Text { text: "intruder".into() } },
        ClientFrame::Say { conversation, id: id(), say: Say::File { attachment } },
        ClientFrame::Note { conversation, id: id(), text: "intruder".into() },
        ClientFrame::Record { conversation, id: id(), body: Body::Note { text: "intruder".into() } },
        ClientFrame::Typing { conversation },
        ClientFrame::Seen { conversation, up_to: Seq(1) },
        ClientFrame::LeaveQueue { conversation },
        ClientFrame::Take { conversation },
        ClientFrame::Rate { conversation, id: id(), score: 1, comment: "intruder".into() },
        ClientFrame::ListClosed { before_ms: u64::MAX >> 12, before: None },
        ClientFrame::Presence { state: AgentState::Online },
        ClientFrame::End { conversation, id: id() },
    ]
}

/// Whether a frame tells anything but "no" about a conversation.
fn tells(frame: &ServerFrame, conversation: ConversationId) -> bool {
    let text = serde_json::to_string(frame).expect("frames are JSON");
    let about = text.contains(&conversation.to_string()) || text.contains(SECRET);
    about && !matches!(frame, ServerFrame::Refused { refusal: Refusal::NotFound | Refusal::NotAllowed, .. })
}

/// Sends a ping and reads everything up to its answer.
fn receive_until_pong(line: &mut RawSocket, conversation: ConversationId) -> usize {
    let mut refused = 0;
    line.send(&ClientFrame::Ping);
    line.until("the answer to the ping", |frame| {
        assert!(!tells(frame, conversation), "the relay told a stranger: {frame:?}");
        refused += usize::from(matches!(frame, ServerFrame::Refused { .. }));
        matches!(frame, ServerFrame::Pong { .. }).then_some(())
    });
    refused
}

#[test]
fn a_stranger_gets_nothing_over_the_socket() {
    let relay = Relay::start("http://localhost:9");
    let mut owner = owner(&relay);
    let conversation = owner.conversation;

    // With a token of its own, and as somebody who never registered.
    for registers in [true, false] {
        let mut stranger = RawSocket::visitor(&relay, None);
        if registers {
            stranger.register();
            stranger.say(ConversationId(new_id()), "my own business");
        }
        let tries = attempts(conversation, owner.attachment);
        for attempt in &tries {
            stranger.send(attempt);
            receive_until_pong(&mut stranger, conversation);
        }
        // Nothing follows later either, when the owner goes on.
        owner.line.say(conversation, SECRET);
        receive_until_pong(&mut stranger, conversation);
    }

    // A first frame that asks to continue a stranger's conversation.
    let mut stranger = RawSocket::open(&relay, &[("origin", &relay.origin())]).expect("the own page may connect");
    let hello = Hello::Visitor { site: "demo".parse().expect("a site id"), token: None, page: PageContext::default() };
    let follow = vec![Follow { conversation, after: Cursor::default() }];
    stranger.send(&ClientFrame::Hello { protocol: wire::PROTOCOL, hello, follow });
    stranger.send(&ClientFrame::Ping);
    stranger.until("the answer to the ping", |frame| {
        assert!(!tells(frame, conversation), "the relay told a stranger: {frame:?}");
        matches!(frame, ServerFrame::Pong { .. }).then_some(())
    });

    let events = owner.line.read(conversation);
    let texts = |event: &Event| matches!(&event.body, Body::Text { text } if text == SECRET);
    assert_eq!(events.iter().filter(|event| texts(event)).count(), 3, "the owner's own words are there");
    let foreign = events.iter().find(|event| matches!(event.body, Body::Closed | Body::Rated { .. } | Body::LeftQueue));
    assert!(foreign.is_none(), "a stranger's act was recorded: {foreign:?}");
    let intruder = serde_json::to_string(&events).expect("events are JSON").contains("intruder");
    assert!(!intruder, "a stranger's words were recorded");
}

#[test]
fn a_stranger_gets_nothing_over_http() {
    let relay = Relay::start("http://localhost:9");
    let owner = owner(&relay);
    let (conversation, attachment) = (owner.conversation, owner.attachment);
    let stranger = {
        let mut line = RawSocket::visitor(&relay, None);
        line.register().1
    };
    let forged: Token = "ab".repeat(32).parse().expect("a well-formed token");

    let file = format!("/file/{attachment}");
    let transcripts = ["text", "json", "html"].map(|format| format!("/transcript/{conversation}?format={format}"));
    let get = |path: &str, token: Option<&Token>| {
        let bearer = token.map(|token| format!("Bearer {}", token.reveal()));
        let mut headers = vec![("x-causeway-site", "demo")];
        headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        relay.request("GET", path, &headers, b"").expect("the relay answers")
    };
    for path in transcripts.iter().chain([&file]) {
        assert_eq!(get(path, Some(&owner.token)).status, 200, "the owner may read {path}");
        for token in [Some(&stranger), Some(&forged), None] {
            let answer = get(path, token);
            assert!(matches!(answer.status, 401 | 404), "{path} answered a stranger with {}", answer.status);
            let text = answer.text();
            assert!(!text.contains(SECRET) && !text.contains("proof.png"), "{path} told a stranger: {text}");
        }
    }
    let answer = get(&file, Some(&owner.token));
    assert_eq!(answer.body, PNG);
    assert_eq!(answer.headers.get("x-content-type-options").map(String::as_str), Some("nosniff"));
    assert!(answer.headers.get("content-security-policy").is_some_and(|policy| policy.contains("sandbox")));

    // Nor may a stranger put a file there, or a script of another origin anything at all.
    let answer = upload(&relay, &stranger, conversation, AttachmentId(new_id()));
    assert!(matches!(answer.status, 401 | 403 | 404), "an upload of a stranger: {}", answer.status);
    let bearer = format!("Bearer {}", owner.token.reveal());
    let headers = [("origin", "https://evil.example.com"), ("authorization", &*bearer), ("x-causeway-site", "demo")];
    let path = format!("/upload/{conversation}/{}", AttachmentId(new_id()));
    let answer = relay.request("PUT", &path, &headers, PNG).expect("the relay answers");
    assert!(matches!(answer.status, 401 | 403), "an upload from a foreign origin: {}", answer.status);
}

#[test]
fn a_foreign_page_gets_no_connection() {
    let relay = Relay::start("http://localhost:9");
    relay.agent("ada@example.com", "Ada L.", 4);
    let cookie = relay.sign_in("ada@example.com");
    // No origin at all, a foreign page, and a foreign page whose visitor happens to be a signed-in agent.
    let foreign = ("origin", "https://evil.example.com");
    for headers in [vec![], vec![foreign], vec![foreign, ("cookie", &*cookie)], vec![("cookie", &*cookie)]] {
        let Ok(mut line) = RawSocket::open(&relay, &headers) else { continue };
        line.send(&ClientFrame::Hello {
            protocol: wire::PROTOCOL,
            hello: Hello::Agent { state: None },
            follow: Vec::new(),
        });
        let code = line.close_code();
        assert!(!wire::Close::come_back(code), "closed for good, not {code}");
    }
}
