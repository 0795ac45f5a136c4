//! Measures the relay over real sockets on loopback: messages a second into the durable store, and how long one takes to an agent.
//! `cargo build --release -p relay && RELAY_BIN=target/release/relay cargo bench -p tests`
#![expect(clippy::wildcard_enum_match_arm, reason = "a measurement picks the frames it waits for")]

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use support::{Line, Relay, new_id};
use wire::{AgentState, ClientFrame, ConversationId, Cursor, Follow, MessageId, Say, ServerFrame};

/// Visitors who write at once: below the registrations that one address may make in a minute.
const VISITORS: usize = 24;
/// Messages of one connection: below the burst that it may send.
const EACH: usize = 100;
/// Connections of each visitor, one after the other.
const ROUNDS: usize = 4;
/// Messages whose way is timed, spaced so that no rate stands in their way.
const TIMED: usize = 300;

fn main() {
    let relay = Relay::start("http://localhost:9");
    relay.agent("ada@example.com", "Ada L.", 100);
    latency(&relay);
    throughput(&relay);
}

fn text(conversation: ConversationId) -> (MessageId, ClientFrame) {
    let id = MessageId(new_id());
    let say = Say::Text { text: "My withdrawal has been pending for two hours.".to_owned() };
    (id, ClientFrame::Say { conversation, id, say })
}

fn latency(relay: &Relay) {
    let mut agent = Line::agent(relay, &relay.sign_in("ada@example.com"));
    agent.presence(AgentState::Online);
    let mut visitor = Line::visitor(relay, None);
    visitor.register();
    let conversation = ConversationId(new_id());
    visitor.say(conversation, "Hello");
    agent.row("the conversation", |row| row.conversation == conversation);
    agent.send(&ClientFrame::Follow { follow: Follow { conversation, after: Cursor::default() } });

    let mut took: Vec<Duration> = (0..TIMED)
        .map(|_| {
            thread::sleep(Duration::from_millis(60));
            let (id, frame) = text(conversation);
            let start = Instant::now();
            visitor.send(&frame);
            agent.until("the visitor's message", |frame| match frame {
                ServerFrame::Event { event } if event.id == id => Some(start.elapsed()),
                _ => None,
            })
        })
        .collect();
    took.sort();
    let at = |part: usize| took[TIMED * part / 100].as_secs_f64() * 1000.0;
    println!("visitor to agent, one way: median {:.2} ms, 99th of 100 {:.2} ms, of {TIMED}", at(50), at(99));
}

fn throughput(relay: &Relay) {
    let barrier = Barrier::new(VISITORS + 1);
    let total = VISITORS * EACH;
    let mut rates = Vec::new();
    thread::scope(|scope| {
        for _ in 0..VISITORS {
            scope.spawn(|| {
                let (_, token) = Line::visitor(relay, None).register();
                let conversation = ConversationId(new_id());
                for _ in 0..ROUNDS {
                    let mut line = Line::visitor(relay, Some(token.clone()));
                    barrier.wait();
                    burst(&mut line, conversation);
                    barrier.wait();
                }
            });
        }
        for _ in 0..ROUNDS {
            barrier.wait();
            let start = Instant::now();
            barrier.wait();
            #[expect(clippy::cast_precision_loss, reason = "a few thousand messages")]
            rates.push(total as f64 / start.elapsed().as_secs_f64());
        }
    });
    let best = rates.iter().copied().fold(0.0, f64::max);
    let worst = rates.iter().copied().fold(f64::INFINITY, f64::min);
    println!(
        "acknowledged by {VISITORS} visitors at once: {worst:.0} to {best:.0} messages a second, {ROUNDS} rounds of {total}"
    );
}

/// Sends everything at once and waits for every acknowledgement.
fn burst(line: &mut Line, conversation: ConversationId) {
    for _ in 0..EACH {
        line.send(&text(conversation).1);
    }
    let mut acknowledged = 0;
    line.until("all own events", |frame| {
        match frame {
            ServerFrame::Event { event } if event.body.is_message() => acknowledged += 1,
            ServerFrame::Refused { refusal, .. } => panic!("refused: {refusal:?}"),
            _ => {}
        }
        (acknowledged == EACH).then_some(())
    });
}
