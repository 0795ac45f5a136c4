//! Who may do what, tried: every frame of an agent, with built-in and own roles, in and out of scope, on two sites. What is to be expected stands in
//! `table.rs`, which knows nothing of the product.

mod kinds;
mod routes;
mod routes_table;
mod table;
mod targets;
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use wire::{
    AgentState, BlockId, BlockScope, Body, ClientFrame, ConversationId, Cursor, Follow, FromAgent, Hello, Lane, Many,
    MessageId, Refusal, Say, Seq, ServerFrame, Subject, Token, View,
};

use self::table::{FRAMES, Outcome, ROLES, Row, SCOPES, expected};
use self::world::{CLOSED_MS, SITES, Who, everybody, holder_token, looked_for, visitor_of};
use crate::support::{Connection, Relay};

/// Agents that try at the same time.
const AT_ONCE: usize = 4;

/// What was found, by row, role, scope and site.
type Found = BTreeMap<(usize, usize, usize, usize), Outcome>;

/// The frame of a row, about one conversation.
fn frame(row: &str, number: u128, site: usize) -> ClientFrame {
    let (conversation, id) = (ConversationId(number), MessageId(number + 500_000_000));
    let block = |scope| ClientFrame::Block { conversation, scope, for_ms: 60_000, reason: String::new() };
    let list = |find| ClientFrame::ListOpen { view: View::Open, find, after: None };
    match row.trim_end_matches(", a colleague's") {
        "follow" => ClientFrame::Follow { follow: Follow { conversation, after: Cursor::default() } },
        "fetch shared" => ClientFrame::Fetch { conversation, lane: Lane::Shared, after: Seq::ZERO },
        "fetch staff" => ClientFrame::Fetch { conversation, lane: Lane::Staff, after: Seq::ZERO },
        "say" => ClientFrame::Say { conversation, id, say: Say::Text { text: "hello".to_owned() } },
        "seen" => ClientFrame::Seen { conversation, up_to: Seq(1) },
        "take" => ClientFrame::Take { conversation },
        "release" => ClientFrame::Release { conversation },
        "note" => ClientFrame::Note { conversation, id, text: "note".to_owned() },
        "record" => {
            let body = Body::Labelled { added: vec!["vip".to_owned()], removed: Vec::new() };
            ClientFrame::Record { conversation, id, body }
        }
        "end" => ClientFrame::End { conversation, id },
        "spam" => ClientFrame::Spam { conversation, id },
        "end many, listed" => ClientFrame::EndMany { many: Many::Listed { conversations: vec![conversation] } },
        "end many, of a network" => ClientFrame::EndMany { many: Many::OfNetwork { conversation } },
        "block a visitor" => block(BlockScope::Visitor),
        "block an address" => block(BlockScope::Address),
        "unblock" => ClientFrame::Unblock { block: BlockId(number) },
        "list blocks" => ClientFrame::ListBlocks,
        "list open" => list(String::new()),
        "list open, found" => list(visitor_of(looked_for(site, false)).to_string()),
        "list closed" => ClientFrame::ListClosed { before_ms: CLOSED_MS + 1, before: None },
        "list of visitor" => ClientFrame::ListOfVisitor { visitor: visitor_of(looked_for(site, false)) },
        "flood" => ClientFrame::Flood { on: false },
        "presence" => ClientFrame::Presence { state: AgentState::Away },
        "typing" => ClientFrame::Typing { conversation },
        "unfollow" => ClientFrame::Unfollow { conversation },
        other => panic!("there is no frame {other}"),
    }
}

/// The rows of a frame. A frame without one does not compile.
const fn rows_of(frame: &FromAgent) -> &'static [&'static str] {
    match frame {
        FromAgent::Follow { .. } => &["follow"],
        FromAgent::Fetch { .. } => &["fetch shared", "fetch staff"],
        FromAgent::Say { .. } => &["say"],
        FromAgent::Seen { .. } => &["seen"],
        FromAgent::Take { .. } => &["take", "take, a colleague's"],
        FromAgent::Release { .. } => &["release", "release, a colleague's"],
        FromAgent::Note { .. } => &["note"],
        FromAgent::Record { .. } => &["record"],
        FromAgent::End { .. } => &["end", "end, a colleague's"],
        FromAgent::Spam { .. } => &["spam", "spam, a colleague's"],
        FromAgent::EndMany { .. } => &["end many, listed", "end many, of a network"],
        FromAgent::Block { .. } => &["block a visitor", "block an address"],
        FromAgent::Unblock { .. } => &["unblock"],
        FromAgent::ListBlocks => &["list blocks"],
        FromAgent::ListOpen { .. } => &["list open", "list open, found"],
        FromAgent::ListClosed { .. } => &["list closed"],
        FromAgent::ListOfVisitor { .. } => &["list of visitor"],
        FromAgent::Flood { .. } => &["flood"],
        FromAgent::Presence { .. } => &["presence"],
        FromAgent::Typing { .. } => &["typing"],
        FromAgent::Unfollow { .. } => &["unfollow"],
        // A sign of life is for everybody.
        FromAgent::Ping => &[],
    }
}

/// What an answer says of a request; none when it is about something else.
fn outcome(row: &str, number: u128, site: usize, who: Who, answer: &ServerFrame) -> Option<Outcome> {
    let conversation = ConversationId(number);
    let found = |found: bool| Some(if found { Outcome::Done } else { Outcome::Without });
    match answer {
        ServerFrame::Refused { subject, refusal } => {
            let about = match subject {
                Subject::Conversation { conversation } | Subject::Message { conversation, .. } => *conversation,
                Subject::Connection => conversation,
            };
            match refusal {
                _ if about != conversation => None,
                Refusal::NotFound => Some(Outcome::Gone),
                Refusal::NotAllowed => Some(Outcome::NotAllowed),
                Refusal::Taken => Some(Outcome::Taken),
                other => panic!("{row}: {other:?}"),
            }
        }
        ServerFrame::Event { event } if event.conversation == conversation => {
            match (row.trim_end_matches(", a colleague's"), &event.body) {
                ("take", Body::Assigned { agent }) => (*agent == who.agent()).then_some(Outcome::Done),
                ("release", Body::SetAside { .. } | Body::Queued) | ("seen", Body::Seen { .. }) => Some(Outcome::Done),
                _ => (event.id == MessageId(number + 500_000_000)).then_some(Outcome::Done),
            }
        }
        ServerFrame::Events { conversation: of, .. } if *of == conversation => Some(Outcome::Done),
        ServerFrame::Ending { ended, left: 0 } => found(*ended == 1),
        ServerFrame::Blocks { blocks } if row == "list blocks" => {
            found(blocks.iter().any(|block| block.block == BlockId(looked_for(site, false))))
        }
        ServerFrame::Blocks { .. } => Some(Outcome::Done),
        ServerFrame::Closed { rows, .. } => {
            found(rows.iter().any(|row| row.conversation == ConversationId(looked_for(site, true))))
        }
        ServerFrame::Open { rows, .. } | ServerFrame::OfVisitor { rows, .. } => {
            found(rows.iter().any(|row| row.conversation == ConversationId(looked_for(site, false))))
        }
        _ => None,
    }
}

/// Whether a frame has no answer of its own: whether it was refused is known when a ping after it is answered.
fn is_quiet(row: &str) -> bool {
    matches!(row, "flood" | "presence" | "typing" | "unfollow")
}

async fn console(relay: &Relay, token: &Token, state: AgentState) -> Connection {
    let cookie = format!("causeway_session={}", token.reveal());
    let mut console = relay.connection(Some(&relay.origin()), Some(&cookie)).await;
    let hello = Hello::Agent { state: Some(state) };
    console.send(&ClientFrame::Hello { protocol: wire::PROTOCOL, hello, follow: Vec::new() }).await;
    console.until(|frame| matches!(frame, ServerFrame::Welcome { .. }).then_some(())).await;
    console
}

/// Everything that one agent tries, one after the other.
async fn tries(relay: &Relay, who: Who) -> Vec<((usize, usize), Outcome)> {
    let mut console = console(relay, &who.token(), AgentState::Away).await;
    let mut found = Vec::new();
    for site in 0..SITES.len() {
        for (at, (row, ..)) in FRAMES.iter().enumerate() {
            let number = who.cell(at, site);
            console.send(&frame(row, number, site)).await;
            let got = if is_quiet(row) {
                console.send(&ClientFrame::Ping).await;
                let mut got = Outcome::Done;
                let answered = console.until(|answer| {
                    got = outcome(row, number, site, who, answer).unwrap_or(got);
                    matches!(answer, ServerFrame::Pong { .. }).then_some(())
                });
                answered.await;
                got
            } else {
                console.until(|answer| outcome(row, number, site, who, answer)).await
            };
            found.push(((at, site), got));
        }
    }
    found
}

/// Where what was found is not what a table says.
fn differences(frames: &[Row], found: &Found) -> Vec<String> {
    let wrong = found.iter().filter_map(|((row, role, scope, site), got)| {
        let want = expected(&frames[*row], *role, *scope, *site);
        let cell = || format!("{}, {}, {:?}, {}", frames[*row].0, ROLES[*role].0, SCOPES[*scope], SITES[*site]);
        (want != *got).then(|| format!("{}: {got:?}, and the table says {want:?}", cell()))
    });
    wrong.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_frame_is_for_those_whom_the_table_names() {
    let relay = Arc::new(Relay::start_filled("", world::fill).await);
    let mut holder = console(&relay, &holder_token(), AgentState::Online).await;
    // It is connected, and reads on, until the test ends.
    let holder = tokio::spawn(async move { while holder.next_within(Duration::from_secs(60)).await.is_ok() {} });
    // A few at a time: every console that is connected is sent what becomes of every conversation in its scope.
    let mut all = stream::iter(everybody().map(|who| {
        let relay = Arc::clone(&relay);
        async move { tokio::spawn(async move { (who, tries(&relay, who).await) }).await }
    }))
    .buffer_unordered(AT_ONCE);
    let mut found = Found::new();
    while let Some(done) = all.next().await {
        let (who, tried) = done.expect("tried");
        found.extend(tried.into_iter().map(|((row, site), got)| ((row, who.role, who.scope, site), got)));
    }
    assert!(!holder.is_finished(), "the colleague is still there");
    holder.abort();
    assert!(found.len() >= 1_500, "{} cells", found.len());
    let wrong = differences(FRAMES, &found);
    assert!(wrong.is_empty(), "{} of {} cells:\n{}", wrong.len(), found.len(), wrong.join("\n"));
    // A table with any one cell the other way round is found wrong.
    for (at, (name, outside, in_part, columns)) in FRAMES.iter().enumerate() {
        for (role, (role_name, _)) in ROLES.iter().enumerate() {
            let flip = |(place, cell)| match (place == role, cell) {
                (true, "+") => "-",
                (true, _) => "+",
                (false, cell) => cell,
            };
            let flipped: Vec<_> = columns.split_whitespace().enumerate().map(flip).collect();
            let mut frames = FRAMES.to_vec();
            frames[at] = (name, *outside, *in_part, flipped.join(" ").leak());
            assert!(!differences(&frames, &found).is_empty(), "{name}, {role_name}");
        }
    }
}

#[test]
fn every_frame_has_a_row_and_every_row_a_frame() {
    for (name, ..) in FRAMES {
        let frame = wire::Incoming::of(wire::Party::Staff, frame(name, 1, 0));
        let Some(wire::Incoming::Agent(frame)) = frame else { panic!("{name} is no agent's frame") };
        assert!(rows_of(&frame).contains(name), "{name}");
    }
    // One of each kind.
    let golden = include_str!("../../../wire/tests/golden/client_frame.json");
    let all: BTreeMap<String, ClientFrame> = serde_json::from_str(golden).expect("the golden frames");
    let of_agents = all.into_values().filter_map(|frame| match wire::Incoming::of(wire::Party::Staff, frame) {
        Some(wire::Incoming::Agent(frame)) => Some(frame),
        _ => None,
    });
    let rows: Vec<_> = of_agents.flat_map(|frame| rows_of(&frame)).collect();
    assert!(rows.len() >= FRAMES.len(), "{rows:?}");
    for row in rows {
        assert!(FRAMES.iter().any(|(name, ..)| name == row), "{row} has no row");
    }
}
