//! What it costs to write and read the frames that matter: a message, its event, and a console's first picture.
//!
//! `cargo bench -p wire`

use divan::{Bencher, black_box};
use wire::{
    AgentId, AgentState, AgentSummary, Author, Body, ClientFrame, ConversationId, ConversationState,
    ConversationSummary, Cursor, Event, Lane, MessageId, PROTOCOL, Party, Role, Say, Seq, ServerFrame, SessionStart,
    VisitorId,
};

const TEXT_BYTES: usize = 200;
const TIME_MS: u64 = 1_700_000_000_000;

fn main() {
    divan::main();
}

fn text() -> String {
    "My withdrawal has been \"pending\" for two hours, please look into it. ".chars().cycle().take(TEXT_BYTES).collect()
}

fn say() -> ClientFrame {
    ClientFrame::Say { conversation: ConversationId(1), id: MessageId(2), say: Say::Text { text: text() } }
}

fn event() -> ServerFrame {
    let event = Event {
        conversation: ConversationId(1),
        lane: Lane::Shared,
        seq: Seq(7),
        at_ms: TIME_MS,
        id: MessageId(2),
        author: Author::Visitor,
        body: Body::Text { text: text() },
    };
    ServerFrame::Event { event }
}

fn welcome(open: usize) -> ServerFrame {
    let me = AgentSummary {
        id: AgentId(3),
        name: "Ada L.".to_owned(),
        role: Role::Agent,
        state: AgentState::Online,
        capacity: 4,
        load: 4,
        off_hours: false,
    };
    let row = ConversationSummary {
        conversation: ConversationId(1),
        site: "demo".parse().expect("a plain word is a site id"),
        visitor: VisitorId(4),
        state: ConversationState::Assigned { agent: me.id },
        opened_at_ms: TIME_MS,
        language: "en".to_owned(),
        last_at_ms: TIME_MS,
        last_line: text().chars().take(120).collect(),
        last_party: Party::Visitor,
        unanswered: false,
        unread: 2,
        score: 0,
        head: Cursor { shared: Seq(7), staff: Seq(3) },
        presence: None,
        spam: false,
        known: false,
        network: None,
    };
    let session = SessionStart::Agent {
        me: me.clone(),
        agents: vec![me; 20],
        open: vec![row; open],
        rights: Vec::new(),
        scope: wire::StaffScope::default(),
    };
    ServerFrame::Welcome { protocol: PROTOCOL, now_ms: TIME_MS, attachment_bytes_max: 20 * 1024 * 1024, session }
}

fn written<T: serde::Serialize>(frame: &T) -> String {
    serde_json::to_string(frame).expect("frames are JSON")
}

#[divan::bench]
fn write_say(bencher: Bencher) {
    let frame = say();
    bencher.bench(|| written(black_box(&frame)));
}

#[divan::bench]
fn read_say(bencher: Bencher) {
    let text = written(&say());
    bencher.bench(|| serde_json::from_str::<ClientFrame>(black_box(&text)));
}

#[divan::bench]
fn write_event(bencher: Bencher) {
    let frame = event();
    bencher.bench(|| written(black_box(&frame)));
}

#[divan::bench]
fn read_event(bencher: Bencher) {
    let text = written(&event());
    bencher.bench(|| serde_json::from_str::<ServerFrame>(black_box(&text)));
}

#[divan::bench(args = [10, 1_000])]
fn write_welcome(bencher: Bencher, open: usize) {
    let frame = welcome(open);
    bencher.bench(|| written(black_box(&frame)));
}

#[divan::bench(args = [10, 1_000])]
fn read_welcome(bencher: Bencher, open: usize) {
    let text = written(&welcome(open));
    bencher.bench(|| serde_json::from_str::<ServerFrame>(black_box(&text)));
}
