//! The main job: a first message, an answer, a queue, and a relay that comes back.

use wire::{
    AgentState, Author, Body, ClientFrame, ConversationState, ConversationSummary, Hello, Lane, PROTOCOL, ServerFrame,
    SessionStart,
};

use crate::support::{Agent, Relay, new_conversation};

#[tokio::test(flavor = "multi_thread")]
async fn a_first_message_is_answered() {
    let relay = Relay::start().await;
    let mut agent = relay.agent("ann").await;
    let mut visitor = relay.registered().await;
    let conversation = new_conversation();
    let first = visitor.say(conversation, "Hello, my withdrawal is stuck").await;
    assert_eq!((first.lane, first.seq.0, first.author.clone()), (Lane::Shared, 1, Author::Visitor));

    // The only agent gets it without asking.
    agent
        .connection
        .until(|frame| match frame {
            ServerFrame::Inbox { row } if row.conversation == conversation => {
                matches!(row.state, wire::ConversationState::Assigned { .. }).then_some(())
            }
            _ => None,
        })
        .await;
    agent.follow(conversation).await;
    let answer = agent.say(conversation, "Hi, I am looking into it").await;
    let received = visitor.connection.event(|event| event.id == answer.id).await;
    assert_eq!(received, answer);
    assert!(matches!(received.author, Author::Agent { ref name, .. } if name == "ann"));
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_keeps_conversation_token_and_place_in_line() {
    let relay = Relay::start().await;
    let mut first = relay.registered().await;
    let mut second = relay.registered().await;
    let (one, two) = (new_conversation(), new_conversation());
    first.say(one, "first in the queue").await;
    let said = second.say(two, "second in the queue").await;
    assert_eq!(place(&mut second).await, 2);

    let relay = relay.restart().await;
    let mut second = relay.visitor(second.token.as_ref()).await;
    let follow = wire::Follow { conversation: two, after: wire::Cursor::default() };
    second.connection.send(&ClientFrame::Follow { follow }).await;
    let mut events = None;
    let mut at = None;
    while events.is_none() || at.is_none() {
        match second.connection.next().await.expect("open") {
            ServerFrame::Events { events: page, lane: Lane::Shared, .. } => events = Some(page),
            ServerFrame::Queue { place, conversation, .. } if conversation == two => at = Some(place),
            _ => {}
        }
    }
    assert_eq!(at, Some(2));
    assert!(events.expect("a page").contains(&said));

    // Served in order once somebody is there; both fit.
    let mut agent = relay.agent("ann").await;
    agent.follow(two).await;
    second.connection.event(|event| event.body == Body::Joined).await;
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_who_is_away_stays_so_over_a_restart() {
    let relay = Relay::start().await;
    let mut agent = relay.agent("ann").await;
    agent.connection.send(&ClientFrame::Presence { state: AgentState::Away }).await;
    let away = |frame: &ServerFrame| match frame {
        ServerFrame::Agent { agent } if agent.state == AgentState::Away => Some(()),
        _ => None,
    };
    agent.connection.until(away).await;
    let mut visitor = relay.registered().await;
    let conversation = new_conversation();
    visitor.say(conversation, "anybody there?").await;

    // A stopping relay would wait for both to say goodbye.
    let Agent { connection, cookie } = agent;
    drop((connection, visitor));
    let relay = relay.restart().await;
    let mut connection = relay.connection(Some(&relay.origin()), Some(&cookie)).await;
    let hello = Hello::Agent { state: Some(AgentState::Away) };
    connection.send(&ClientFrame::Hello { protocol: PROTOCOL, hello, follow: Vec::new() }).await;
    let (me, open) = connection
        .until(|frame| match frame {
            ServerFrame::Welcome { session: SessionStart::Agent { me, open, .. }, .. } => {
                Some((me.state, open.clone()))
            }
            _ => None,
        })
        .await;
    assert_eq!(me, AgentState::Away);
    assert!(matches!(open[..], [ConversationSummary { state: ConversationState::Waiting { .. }, .. }]), "{open:?}");
    // The next event of the conversation is the one that the agent's own message causes.
    connection.send(&ClientFrame::Presence { state: AgentState::Online }).await;
    connection
        .until(|frame| match frame {
            ServerFrame::Agent { agent } => (agent.state == AgentState::Online).then_some(()),
            ServerFrame::Event { event } => panic!("given while away: {event:?}"),
            _ => None,
        })
        .await;
    connection.event(|event| event.conversation == conversation && event.body == Body::Joined).await;
    relay.running.stop().await.expect("stopped");
}

async fn place(visitor: &mut crate::support::Visitor) -> u32 {
    visitor
        .connection
        .until(|frame| match frame {
            ServerFrame::Queue { place, .. } => Some(*place),
            _ => None,
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_message_twice_is_recorded_once() {
    let relay = Relay::start().await;
    let mut visitor = relay.registered().await;
    let conversation = new_conversation();
    let first = visitor.say(conversation, "once").await;
    let say = wire::Say::Text { text: "once".to_owned() };
    visitor.connection.send(&ClientFrame::Say { conversation, id: first.id, say }).await;
    let again = visitor.connection.event(|event| event.id == first.id).await;
    assert_eq!(again, first);
    relay.running.stop().await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn both_sides_see_the_same_order() {
    let relay = Relay::start().await;
    let mut agent = relay.agent("ann").await;
    let mut visitor = relay.registered().await;
    let conversation = new_conversation();
    visitor.say(conversation, "start").await;
    agent.follow(conversation).await;
    visitor.connection.event(|event| event.body == Body::Joined).await;
    for number in 0..25 {
        let text = |who: &str| wire::Say::Text { text: format!("{who} {number}") };
        let id = crate::support::new_message();
        visitor.connection.send(&ClientFrame::Say { conversation, id, say: text("visitor") }).await;
        let id = crate::support::new_message();
        agent.connection.send(&ClientFrame::Say { conversation, id, say: text("agent") }).await;
    }
    let (mine, theirs) = (messages(&mut visitor.connection).await, messages(&mut agent.connection).await);
    assert_eq!(mine, theirs);
    relay.running.stop().await.expect("stopped");
}

/// The fifty messages of both, in the order of their numbers.
async fn messages(connection: &mut crate::support::Connection) -> Vec<wire::Event> {
    let mut seen = std::collections::BTreeMap::new();
    while seen.len() < 50 {
        let events = match connection.next().await.expect("the connection stays open") {
            ServerFrame::Event { event } => vec![event],
            ServerFrame::Events { events, .. } => events,
            _ => Vec::new(),
        };
        for event in events {
            if matches!(&event.body, Body::Text { text } if text != "start") {
                seen.insert(event.seq, event);
            }
        }
    }
    seen.into_values().collect()
}
