//! A flood through the trusted proxy: robots of 556 networks, as many as were tried, open conversations and go on. It is declared, whoever is
//! known passes, agents get in, and somebody new is served.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream;
use tokio::task::JoinSet;
use wire::limit::CAPACITY_MAX;
use wire::{ClientFrame, ConversationId, ConversationState, Hello, PROTOCOL, Refusal, Say, ServerFrame, Token};

use crate::attacked::socket;
use crate::filled::known_visitor;
use crate::support::{ANSWER_WITHIN, Connection, Relay, add_agent, hello, new_conversation, new_message};

const NETWORKS: u16 = 556;
/// Agents who together have room for one of each network.
const TEAM: [&str; 6] = ["eve", "fay", "gus", "hal", "ivy", "jim"];
/// Robots that come at the same time.
const AT_ONCE: usize = 16;
/// How often a robot tries again.
const OFTEN: Duration = Duration::from_secs(1);

fn says(conversation: ConversationId) -> ClientFrame {
    let say = Say::Text { text: "is anybody there?".to_owned() };
    ClientFrame::Say { conversation, id: new_message(), say }
}

/// Comes from there, with a token or as somebody new.
async fn comes(relay: &Relay, from: &str, token: Option<&Token>) -> Connection {
    let mut connection = socket(relay, from, None).await.expect("there is room");
    connection.send(&hello("demo", token)).await;
    connection.until(|frame| matches!(frame, ServerFrame::Welcome { .. }).then_some(())).await;
    if token.is_none() {
        connection.send(&ClientFrame::Register).await;
        connection.until(|frame| matches!(frame, ServerFrame::Registered { .. }).then_some(())).await;
    }
    connection
}

/// Opens a conversation as fast as the relay allows; returns the first position that is sent.
async fn opens(connection: &mut Connection, conversation: ConversationId) -> u32 {
    let began = Instant::now();
    loop {
        connection.send(&says(conversation)).await;
        let sent = connection.until(|frame| match frame {
            ServerFrame::Queue { conversation: of, place, .. } if *of == conversation => Some(Ok(*place)),
            ServerFrame::Refused { refusal, .. } => Some(Err(refusal.clone())),
            _ => None,
        });
        match sent.await {
            Ok(place) => return place,
            Err(Refusal::RateLimited { retry_after_ms }) => {
                assert!(began.elapsed() < ANSWER_WITHIN, "kept out");
                let again = std::future::pending::<()>();
                let _ = tokio::time::timeout(Duration::from_millis(retry_after_ms), again).await;
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

/// A robot that has opened one conversation goes on to open others for as long as it may, and takes what it is sent.
async fn goes_on(mut connection: Connection) {
    let mut pause = tokio::time::interval(OFTEN);
    loop {
        tokio::select! {
            _ = pause.tick() => connection.send(&says(new_conversation())).await,
            frame = connection.next_within(Duration::from_secs(60)) => if frame.is_err() { return },
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_flood_of_556_networks_known_visitors_pass_agents_get_in_and_new_ones_are_served() {
    let mut known = None;
    let proxy = "trusted_proxies = [\"127.0.0.1\"]\n";
    let relay = Relay::start_filled(proxy, |folder| {
        known = Some(known_visitor(folder));
        for name in TEAM {
            add_agent(folder, name, CAPACITY_MAX);
        }
    });
    let relay = relay.await;
    let relay = Arc::new(relay);

    let robots: Vec<Connection> = stream::iter(0..NETWORKS)
        .map(|network| {
            let relay = Arc::clone(&relay);
            async move {
                let mut connection =
                    comes(&relay, &format!("198.{}.{}.9", 18 + network / 256, network % 256), None).await;
                connection.send(&says(new_conversation())).await;
                connection
            }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut attack = JoinSet::new();
    for robot in robots {
        attack.spawn(goes_on(robot));
    }

    let cookie = relay.cookie("ann").await;
    let began = Instant::now();
    let mut desk = socket(&relay, "203.0.113.1", Some(&cookie)).await.expect("an agent always gets in");
    let away = Hello::Agent { state: Some(wire::AgentState::Away) };
    desk.send(&ClientFrame::Hello { protocol: PROTOCOL, hello: away, follow: Vec::new() }).await;
    desk.until(|frame| matches!(frame, ServerFrame::Welcome { .. }).then_some(())).await;
    assert!(began.elapsed() <= Duration::from_secs(2), "{:?}", began.elapsed());
    let counts = desk.until(|frame| match frame {
        ServerFrame::Counts { counts } if counts.flood => Some(*counts),
        _ => None,
    });
    let counts = counts.await;
    assert!(counts.waiting >= wire::limit::FLOOD_WAITING, "declared by itself: {counts:?}");

    let (friend, stranger) = (new_conversation(), new_conversation());
    let mut friend_line = comes(&relay, "203.0.113.2", known.as_ref()).await;
    let place = opens(&mut friend_line, friend).await;
    assert_eq!(place, 1, "nobody else is known");
    let began = Instant::now();
    let mut stranger_line = comes(&relay, "203.0.114.3", None).await;
    let place = opens(&mut stranger_line, stranger).await;
    assert!(began.elapsed() < ANSWER_WITHIN / 2, "{:?}", began.elapsed());
    assert!(place <= u32::from(NETWORKS) + 2, "one of each network before, and the known one: {place}");

    // Agents who have room for all get them in their order.
    let mut team = Vec::new();
    for name in TEAM {
        team.push(relay.agent(name).await);
    }
    let mut served = Vec::new();
    while !served.contains(&stranger) {
        let given = desk.until(|frame| match frame {
            ServerFrame::Inbox { row } => {
                matches!(row.state, ConversationState::Assigned { .. }).then_some(row.conversation)
            }
            _ => None,
        });
        let given = given.await;
        if !served.contains(&given) {
            served.push(given);
        }
    }
    assert_eq!(served[0], friend, "who is known is served first");
    assert!(served.len() <= usize::from(NETWORKS) + 2, "{} were served before", served.len() - 1);
    attack.shutdown().await;
}
