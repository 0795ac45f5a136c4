//! The wire format is kept: every serialized type against its golden JSON file, in both directions.
//!
//! `UPDATE_GOLDEN=1 cargo test -p wire` rewrites the files. Changing one is a decision: within a protocol version only
//! additions are allowed.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use wire::*;

#[path = "golden_sample/mod.rs"]
mod sample;

use sample::*;

/// Compares named values with one golden file, reading and writing.
fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(file: &str, values: Vec<(&'static str, T)>) {
    let count = values.len();
    let named: BTreeMap<&str, T> = values.into_iter().collect();
    assert_eq!(named.len(), count, "{file}: a name stands twice");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file);
    let written = serde_json::to_string_pretty(&named).expect("every type is JSON") + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &written).expect("the folder can be written");
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(golden == written, "{file} differs from what is written now:\n{written}");
    let read: BTreeMap<String, T> = serde_json::from_str(&golden).expect("what was written reads back");
    for (name, value) in &named {
        assert_eq!(read.get(*name), Some(value), "{file}: {name} reads back differently");
    }
}

/// The variant's name. Exhaustive on purpose: a new variant must be named here, and then be given a value below.
fn client_frame_name(frame: &ClientFrame) -> &'static str {
    match frame {
        ClientFrame::Hello { hello: Hello::Visitor { token: Some(_), .. }, .. } => "hello_visitor",
        ClientFrame::Hello { hello: Hello::Visitor { token: None, .. }, .. } => "hello_visitor_first_time",
        ClientFrame::Hello { hello: Hello::Agent { state: None }, .. } => "hello_agent",
        ClientFrame::Hello { hello: Hello::Agent { state: Some(_) }, .. } => "hello_agent_with_state",
        ClientFrame::Register => "register",
        ClientFrame::Say { say: Say::Text { .. }, .. } => "say_text",
        ClientFrame::Say { say: Say::File { .. }, .. } => "say_file",
        ClientFrame::Record { .. } => "record",
        ClientFrame::Note { .. } => "note",
        ClientFrame::Typing { .. } => "typing",
        ClientFrame::Seen { .. } => "seen",
        ClientFrame::LeaveQueue { .. } => "leave_queue",
        ClientFrame::Take { .. } => "take",
        ClientFrame::End { .. } => "end",
        ClientFrame::Rate { .. } => "rate",
        ClientFrame::Follow { .. } => "follow",
        ClientFrame::Unfollow { .. } => "unfollow",
        ClientFrame::Fetch { .. } => "fetch",
        ClientFrame::Presence { .. } => "presence",
        ClientFrame::Page { .. } => "page",
        ClientFrame::ListClosed { before: None, .. } => "list_closed",
        ClientFrame::ListClosed { before: Some(_), .. } => "list_closed_after_a_row",
        ClientFrame::ListOfVisitor { .. } => "list_of_visitor",
        ClientFrame::Release { .. } => "release",
        ClientFrame::Spam { .. } => "spam",
        ClientFrame::EndMany { many: Many::Listed { .. } } => "end_many_listed",
        ClientFrame::EndMany { many: Many::OfNetwork { .. } } => "end_many_of_network",
        ClientFrame::EndMany { many: Many::Found { .. } } => "end_many_found",
        ClientFrame::Block { .. } => "block",
        ClientFrame::Unblock { .. } => "unblock",
        ClientFrame::ListBlocks => "list_blocks",
        ClientFrame::Flood { .. } => "flood",
        ClientFrame::ListOpen { after: None, .. } => "list_open",
        ClientFrame::ListOpen { after: Some(_), .. } => "list_open_after_a_row",
        ClientFrame::Ping => "ping",
    }
}

#[test]
fn client_frames() {
    let (conversation, id) = (CONVERSATION, MESSAGE);
    let hello = |hello, follow| ClientFrame::Hello { protocol: PROTOCOL, hello, follow };
    let frames = [
        hello(Hello::Visitor { site: site(), token: Some(token()), page: page() }, vec![follow()]),
        hello(Hello::Visitor { site: site(), token: None, page: PageContext::default() }, Vec::new()),
        hello(Hello::Agent { state: None }, vec![follow()]),
        hello(Hello::Agent { state: Some(AgentState::Away) }, Vec::new()),
        ClientFrame::Register,
        ClientFrame::Say { conversation, id, say: Say::Text { text: "Where is my deposit?".to_owned() } },
        ClientFrame::Say { conversation, id, say: Say::File { attachment: ATTACHMENT } },
        ClientFrame::Record { conversation, id, body: Body::Note { text: "Asked the wallet team.".to_owned() } },
        ClientFrame::Note { conversation, id, text: "Asked the wallet team.".to_owned() },
        ClientFrame::Typing { conversation },
        ClientFrame::Seen { conversation, up_to: Seq(7) },
        ClientFrame::LeaveQueue { conversation },
        ClientFrame::Take { conversation },
        ClientFrame::End { conversation, id },
        ClientFrame::Rate { conversation, id, score: 5, comment: "Quick.".to_owned() },
        ClientFrame::Follow { follow: follow() },
        ClientFrame::Unfollow { conversation },
        ClientFrame::Fetch { conversation, lane: Lane::Staff, after: Seq(3) },
        ClientFrame::Presence { state: AgentState::Away },
        ClientFrame::Page { page: page() },
        ClientFrame::ListClosed { before_ms: 1_700_000_000_000, before: None },
        ClientFrame::ListClosed { before_ms: 1_700_000_000_000, before: Some(CONVERSATION) },
        ClientFrame::ListOfVisitor { visitor: VISITOR },
        ClientFrame::Release { conversation },
        ClientFrame::Spam { conversation, id },
        ClientFrame::EndMany { many: Many::Listed { conversations: vec![conversation] } },
        ClientFrame::EndMany { many: Many::OfNetwork { conversation } },
        ClientFrame::EndMany { many: Many::Found { view: View::Waiting, find: "airdrop".to_owned() } },
        ClientFrame::Block { conversation, scope: BlockScope::Network, for_ms: 600_000, reason: "Robots.".to_owned() },
        ClientFrame::Unblock { block: BLOCK },
        ClientFrame::ListBlocks,
        ClientFrame::Flood { on: true },
        ClientFrame::ListOpen { view: View::Waiting, find: String::new(), after: None },
        ClientFrame::ListOpen { view: View::Open, find: "deposit".to_owned(), after: Some(row_cursor()) },
        ClientFrame::Ping,
    ];
    check("client_frame.json", frames.into_iter().map(|frame| (client_frame_name(&frame), frame)).collect());
}

/// As [`client_frame_name`].
fn server_frame_name(frame: &ServerFrame) -> &'static str {
    match frame {
        ServerFrame::Welcome { session: SessionStart::Visitor { visitor: Some(_), .. }, .. } => "welcome_visitor",
        ServerFrame::Welcome { session: SessionStart::Visitor { visitor: None, .. }, .. } => {
            "welcome_visitor_first_time"
        }
        ServerFrame::Welcome { session: SessionStart::Agent { .. }, .. } => "welcome_agent",
        ServerFrame::Registered { .. } => "registered",
        ServerFrame::Event { .. } => "event",
        ServerFrame::Events { .. } => "events",
        ServerFrame::Refused { subject: Subject::Message { .. }, .. } => "refused_message",
        ServerFrame::Refused { subject: Subject::Conversation { .. }, .. } => "refused_conversation",
        ServerFrame::Refused { subject: Subject::Connection, .. } => "refused_connection",
        ServerFrame::Typing { .. } => "typing",
        ServerFrame::Queue { .. } => "queue",
        ServerFrame::Answering { .. } => "answering",
        ServerFrame::Look { .. } => "look",
        ServerFrame::Inbox { .. } => "inbox",
        ServerFrame::Agent { .. } => "agent",
        ServerFrame::Closed { .. } => "closed",
        ServerFrame::OfVisitor { .. } => "of_visitor",
        ServerFrame::Holder { .. } => "holder",
        ServerFrame::Counts { .. } => "counts",
        ServerFrame::Open { next: Some(_), .. } => "open",
        ServerFrame::Open { next: None, .. } => "open_last_page",
        ServerFrame::Ending { .. } => "ending",
        ServerFrame::Blocks { .. } => "blocks",
        ServerFrame::Pong { .. } => "pong",
        ServerFrame::Erased { .. } => "erased",
    }
}

#[test]
fn server_frames() {
    let conversation = CONVERSATION;
    let welcome = |session| ServerFrame::Welcome {
        protocol: PROTOCOL,
        now_ms: 1_700_000_000_000,
        attachment_bytes_max: 20_971_520,
        session,
    };
    let visitor = |visitor, conversations| SessionStart::Visitor { visitor, conversations, answering: 2 };
    let agent = SessionStart::Agent {
        me: agent_summary(),
        agents: vec![agent_summary()],
        open: vec![conversation_summary()],
        rights: vec!["conversation_read".to_owned(), "conversation_answer".to_owned()],
        scope: StaffScope { sites: Some(vec![site()]), departments: None },
    };
    let frames = [
        welcome(visitor(Some(VISITOR), vec![visitor_conversation()])),
        welcome(visitor(None, Vec::new())),
        welcome(agent),
        ServerFrame::Registered { visitor: VISITOR, token: token() },
        ServerFrame::Event { event: event() },
        ServerFrame::Events { conversation, lane: Lane::Shared, after: Seq(6), events: vec![event()], head: Seq(9) },
        ServerFrame::Refused { subject: Subject::Message { conversation, id: MESSAGE }, refusal: Refusal::Ended },
        ServerFrame::Refused { subject: Subject::Conversation { conversation }, refusal: Refusal::NotFound },
        ServerFrame::Refused { subject: Subject::Connection, refusal: Refusal::RateLimited { retry_after_ms: 50 } },
        ServerFrame::Typing { conversation, party: Party::Staff, name: "Ada".to_owned() },
        ServerFrame::Queue { conversation, place: 2, waiting: 5 },
        ServerFrame::Answering { agents: 2 },
        ServerFrame::Look { look: 7 },
        ServerFrame::Inbox { row: conversation_summary() },
        ServerFrame::Agent { agent: agent_summary() },
        ServerFrame::Closed { before_ms: 1_700_000_000_000, rows: vec![conversation_summary()], more: true },
        ServerFrame::OfVisitor { visitor: VISITOR, rows: vec![conversation_summary()] },
        ServerFrame::Holder { conversation, state: AgentState::Away },
        ServerFrame::Counts {
            counts: Counts { waiting: 12, owned: 3, left: 1, message: 2, stepped_out: 0, flood: true },
        },
        ServerFrame::Open {
            view: View::Message,
            find: "deposit".to_owned(),
            rows: vec![conversation_that_waits_as_a_message()],
            next: Some(row_cursor()),
            total: 51,
        },
        ServerFrame::Open { view: View::Waiting, find: String::new(), rows: Vec::new(), next: None, total: 0 },
        ServerFrame::Ending { ended: 200, left: 300 },
        ServerFrame::Blocks { blocks: vec![block()] },
        ServerFrame::Pong { heads: vec![Head { conversation, head: Cursor { shared: Seq(7), staff: Seq(0) } }] },
        ServerFrame::Erased { conversation, last_line: String::new(), language: "en".to_owned() },
    ];
    check("server_frame.json", frames.into_iter().map(|frame| (server_frame_name(&frame), frame)).collect());
}

/// As [`client_frame_name`].
const fn body_name(body: &Body) -> &'static str {
    match body {
        Body::Text { .. } => "text",
        Body::File { .. } => "file",
        Body::Queued => "queued",
        Body::LeftQueue => "left_queue",
        Body::Joined => "joined",
        Body::Seen { .. } => "seen",
        Body::Closed => "closed",
        Body::Rated { .. } => "rated",
        Body::Note { .. } => "note",
        Body::Labelled { added, .. } if added.is_empty() => "labels_removed",
        Body::Labelled { .. } => "labelled",
        Body::Turn { network: None, .. } => "turn",
        Body::Turn { network: Some(_), .. } => "turn_of_a_network",
        Body::SetAside { why: Aside::Left } => "set_aside_left",
        Body::SetAside { why: Aside::Message } => "set_aside_message",
        Body::Spam => "spam",
        Body::Assigned { .. } => "assigned",
        Body::Context { .. } => "context",
        Body::Erased => "erased",
        Body::StaffErased => "staff_erased",
        Body::Unknown => "unknown",
    }
}

#[test]
fn bodies_as_the_store_keeps_them() {
    let bodies = [
        Body::Text { text: "Line\nbreak, \u{1f44b} and 好".to_owned() },
        Body::File { attachment: attachment() },
        Body::Queued,
        Body::LeftQueue,
        Body::Joined,
        Body::Seen { up_to: Seq(7) },
        Body::Closed,
        Body::Rated { score: 4, comment: String::new() },
        Body::Note { text: "Known account.".to_owned() },
        Body::Labelled {
            added: vec!["withdrawal".to_owned(), "VIP 客户".to_owned()],
            removed: vec!["deposit".to_owned()],
        },
        Body::Labelled { added: Vec::new(), removed: vec!["VIP 客户".to_owned()] },
        Body::Turn { turn: 41, address: None, network: None, known: false },
        Body::Turn { turn: 42, address: Some(Tag(0xfedc_ba98_7654_3210)), network: Some(TAG), known: true },
        Body::SetAside { why: Aside::Left },
        Body::SetAside { why: Aside::Message },
        Body::Spam,
        Body::Assigned { agent: AGENT },
        Body::Context { page: page() },
        Body::Erased,
        Body::StaffErased,
    ];
    check("body.json", bodies.into_iter().map(|body| (body_name(&body), body)).collect());
}

#[test]
fn refusals() {
    let refusals = [
        Refusal::TextEmpty,
        Refusal::TextTooLong { chars_max: 10_000 },
        Refusal::TextInvalid,
        Refusal::NotFound,
        Refusal::Ended,
        Refusal::RateLimited { retry_after_ms: 50 },
        Refusal::Busy,
        Refusal::Taken,
        Refusal::AtCapacity,
        Refusal::NotAllowed,
        Refusal::UnknownFrame,
        Refusal::TooManyConversations,
        Refusal::RatingInvalid,
        Refusal::StoreDown,
        Refusal::FileEmpty,
        Refusal::FileTooLarge { bytes_max: 20_971_520 },
        Refusal::FileKind,
        Refusal::FileMissing,
        Refusal::UploadBroken,
        Refusal::SignInFailed,
        Refusal::SignedOut,
        Refusal::TokenInvalid,
        Refusal::SiteUnknown,
        Refusal::OriginRefused,
        Refusal::Malformed,
        Refusal::QuotaExceeded { retry_after_ms: 3_600_000 },
        Refusal::DiskFull,
        Refusal::PictureTooLarge { pixels_max: 50_000_000 },
        Refusal::FileEncoding,
        Refusal::Blocked,
    ];
    assert_eq!(refusals.each_ref().map(Refusal::code), Refusal::CODES);
    check("refusal.json", refusals.into_iter().map(|refusal| (refusal.code(), refusal)).collect());
}

#[test]
fn small_choices() {
    check("lane.json", vec![("shared", Lane::Shared), ("staff", Lane::Staff)]);
    let scopes = [BlockScope::Visitor, BlockScope::Address, BlockScope::Network, BlockScope::Other];
    check("block_scope.json", ["visitor", "address", "network", "other"].into_iter().zip(scopes).collect());
    let views = [View::Open, View::Waiting, View::Owned, View::Left, View::Message];
    check("view.json", ["open", "waiting", "owned", "left", "message"].into_iter().zip(views).collect());
    let gone = VisitorPresence::Gone { since_ms: 1_700_000_000_000 };
    check("visitor_presence.json", vec![("here", VisitorPresence::Here), ("gone", gone)]);
    check("party.json", vec![("visitor", Party::Visitor), ("staff", Party::Staff)]);
    check("media.json", vec![("image", Media::Image), ("video", Media::Video), ("document", Media::Document)]);
    let roles = [Role::Agent, Role::Supervisor, Role::Administrator];
    check("role.json", ["agent", "supervisor", "administrator"].into_iter().zip(roles).collect());
    let states = [AgentState::Online, AgentState::Away, AgentState::Offline];
    check("agent_state.json", ["online", "away", "offline"].into_iter().zip(states).collect());
    let author = Author::Agent { id: AGENT, name: "Ada".to_owned() };
    let service = Author::Service { id: KEY, name: "Order status".to_owned() };
    let all = [("visitor", Author::Visitor), ("agent", author), ("service", service), ("system", Author::System)];
    check("author.json", all.into());
    check(
        "conversation_state.json",
        vec![
            ("waiting", ConversationState::Waiting { since_ms: 1_700_000_000_000 }),
            ("assigned", ConversationState::Assigned { agent: AGENT }),
            ("idle", ConversationState::Idle { why: Idle::SteppedOut, since_ms: 0 }),
            ("idle_left", ConversationState::Idle { why: Idle::Left, since_ms: 1_700_000_000_000 }),
            ("idle_message", ConversationState::Idle { why: Idle::Message, since_ms: 1_700_000_000_000 }),
            ("closed", ConversationState::Closed { at_ms: 1_700_000_000_000 }),
        ],
    );
}

#[test]
fn structs_that_stand_alone_over_http_or_in_storage() {
    check("attachment.json", vec![("image", attachment())]);
    check("event.json", vec![("text", event())]);
    check("page_context.json", vec![("full", page()), ("empty", PageContext::default())]);
    check("cursor.json", vec![("cursor", Cursor { shared: Seq(7), staff: Seq(3) })]);
    check("follow.json", vec![("follow", follow())]);
    check("head.json", vec![("head", Head { conversation: CONVERSATION, head: Cursor::default() })]);
    check("agent_summary.json", vec![("agent", agent_summary())]);
    check(
        "conversation_summary.json",
        vec![("conversation", conversation_summary()), ("set_aside", conversation_that_waits_as_a_message())],
    );
    check("block_summary.json", vec![("network", block())]);
    check("counts.json", vec![("none", Counts::default())]);
    check("row_cursor.json", vec![("cursor", row_cursor())]);
    check("tag.json", vec![("tag", TAG)]);
    check("visitor_conversation.json", vec![("conversation", visitor_conversation())]);
    check(
        "say.json",
        vec![("text", Say::Text { text: "Hi".to_owned() }), ("file", Say::File { attachment: ATTACHMENT })],
    );
    check("site_id.json", vec![("site", site())]);
    check("token.json", vec![("token", token())]);
    check("visitor_id.json", vec![("visitor", VISITOR)]);
    check("seq.json", vec![("seq", Seq(7))]);
}

#[test]
fn what_is_not_of_this_language_is_refused_when_read() {
    for bad in [
        r#"{"type":"shout"}"#,
        r#"{"conversation":"01900000-0000-7000-8000-000000000001"}"#,
        r#"{"type":"typing","conversation":"01900000-0000-7000-8000-00000000000"}"#,
        r#"{"type":"typing","conversation":"01900000-0000-7000-8000-00000000000G"}"#,
        r#"{"type":"seen","conversation":"01900000-0000-7000-8000-000000000001","up_to":-1}"#,
        r#"{"type":"say","conversation":"01900000-0000-7000-8000-000000000001","id":"01900000-0000-7000-8000-000000000002",
            "say":{"kind":"text","text":"\ud800"}}"#,
        "",
    ] {
        assert!(serde_json::from_str::<ClientFrame>(bad).is_err(), "{bad}");
    }
}
