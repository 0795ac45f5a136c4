//! Whoever is blocked, by the command line or by a supervisor's console, is out within a second, and in again when that is undone.

use std::time::Duration;

use wire::{BlockScope, Body, ClientFrame, Close, ConversationId, ServerFrame};

use crate::support::{Relay, hello, new_conversation};

/// A block is noticed by the watch of the settings, which looks twice a second.
const AT_ONCE: Duration = Duration::from_secs(2);

pub(crate) async fn run(relay: &Relay, words: &[&str]) -> String {
    let mut command = crate::command::relay(relay.folder.path());
    command.args(words);
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("joined").expect("it runs");
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{words:?}: {text}");
    text
}

async fn is_out(relay: &Relay, token: Option<&wire::Token>) {
    let mut line = relay.line(Some(&relay.origin()), None).await;
    line.send(&hello("demo", token)).await;
    line.closes(Close::Blocked).await;
}

#[tokio::test]
async fn the_command_keeps_a_visitor_out_beside_a_running_relay_and_lets_them_in_again() {
    let relay = Relay::start().await;
    let mut visitor = relay.registered().await;
    let conversation = new_conversation();
    visitor.say(conversation, "hello").await;
    let id = conversation.to_string();
    let said = run(&relay, &["visitor", "block", &id, "--minutes", "5", "--reason", "robot"]).await;
    assert!(said.contains("relay visitor unblock"), "{said}");
    visitor.line.closes_within(Close::Blocked, AT_ONCE).await;
    is_out(&relay, visitor.token.as_ref()).await;
    // Somebody else is not.
    relay.visitor(None).await;
    let listed = run(&relay, &["visitor", "blocks"]).await;
    assert!(listed.contains("visitor") && listed.contains("robot") && listed.contains("5 minutes left"), "{listed}");
    let block = listed.split_whitespace().next().expect("its id stands first");
    let undone = run(&relay, &["visitor", "unblock", block]).await;
    assert!(undone.contains("undone"), "{undone}");
    let mut tries = 0;
    loop {
        let mut line = relay.line(Some(&relay.origin()), None).await;
        line.send(&hello("demo", visitor.token.as_ref())).await;
        match line.next().await {
            Ok(ServerFrame::Welcome { .. }) => break,
            other => assert!(tries < 100 && other == Err(Close::Blocked.code()), "{other:?}"),
        }
        tries += 1;
        tokio::time::timeout(Duration::from_millis(50), std::future::pending::<()>()).await.expect_err("it pends");
    }
    assert_eq!(run(&relay, &["visitor", "blocks"]).await, "Nobody is blocked.\n");
}

#[tokio::test]
async fn a_supervisor_blocks_an_address_and_it_survives_a_restart() {
    let relay = Relay::start().await;
    run(&relay, &["agent", "role", "ann@example.com", "supervisor"]).await;
    let mut desk = relay.agent("ann").await;
    let mut visitor = relay.registered().await;
    let conversation: ConversationId = new_conversation();
    visitor.say(conversation, "hello").await;
    let (scope, reason) = (BlockScope::Address, "robots".to_owned());
    desk.line.send(&ClientFrame::Block { conversation, scope, for_ms: 600_000, reason }).await;
    let blocks = desk
        .line
        .until(|frame| match frame {
            ServerFrame::Blocks { blocks } => Some(blocks.clone()),
            _ => None,
        })
        .await;
    assert!(blocks.len() == 1 && blocks[0].tag.is_some() && blocks[0].visitor.is_none(), "{blocks:?}");
    visitor.line.closes(Close::Blocked).await;
    desk.line.event(|event| event.conversation == conversation && event.body == Body::Closed).await;
    is_out(&relay, None).await;
    let relay = relay.restart().await;
    is_out(&relay, None).await;
}
