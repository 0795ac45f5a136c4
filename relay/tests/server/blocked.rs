//! Whoever is blocked, by the command line or by a supervisor's console, is out within a second, and in again when that is undone.

use std::time::Duration;

use wire::{AttachmentId, BlockScope, Body, ClientFrame, Close, ConversationId, Refusal, ServerFrame};

use crate::attacked::socket;
use crate::file::PNG;
use crate::support::{Relay, Visitor, hello, new_conversation};

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
    let mut connection = relay.connection(Some(&relay.origin()), None).await;
    connection.send(&hello("demo", token)).await;
    connection.closes(Close::Blocked).await;
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
    visitor.connection.closes_within(Close::Blocked, AT_ONCE).await;
    is_out(&relay, visitor.token.as_ref()).await;
    // Somebody else is not.
    relay.visitor(None).await;
    let listed = run(&relay, &["visitor", "blocks"]).await;
    assert!(listed.contains("visitor") && listed.contains("robot") && listed.contains("5 minutes left"), "{listed}");
    let block = listed.split_whitespace().next().expect("its id stands first");
    let undone = run(&relay, &["visitor", "unblock", block]).await;
    assert!(undone.contains("undone"), "{undone}");
    let mut pause = tokio::time::interval(Duration::from_millis(50));
    let is_in = async {
        loop {
            pause.tick().await;
            let mut connection = relay.connection(Some(&relay.origin()), None).await;
            connection.send(&hello("demo", visitor.token.as_ref())).await;
            match connection.next().await {
                Ok(ServerFrame::Welcome { .. }) => return,
                other => assert_eq!(other, Err(Close::Blocked.code())),
            }
        }
    };
    tokio::time::timeout(AT_ONCE, is_in).await.expect("in again");
    assert_eq!(run(&relay, &["visitor", "blocks"]).await, "Nobody is blocked.\n");
}

/// A visitor whom the proxy brings from there, with a conversation.
async fn comes(relay: &Relay, from: &str) -> (Visitor, ConversationId) {
    let mut connection = socket(relay, from, None).await.expect("there is room");
    connection.send(&hello("demo", None)).await;
    let mut visitor = Visitor { connection, token: None, id: None };
    visitor.register().await;
    let conversation = new_conversation();
    visitor.say(conversation, "hello").await;
    (visitor, conversation)
}

/// Brings a file from there into a conversation that is still to come; what it is refused with.
async fn uploads(relay: &Relay, visitor: &Visitor, from: &str) -> Option<Refusal> {
    let id = AttachmentId(relay::clock::new_id());
    let put = reqwest::Client::new()
        .put(relay.url(&format!("/upload/{}/{id}", new_conversation())))
        .header("origin", relay.origin())
        .header("authorization", visitor.bearer())
        .header("x-causeway-site", "demo")
        .header("x-forwarded-for", from)
        .header("x-file-name", "picture.png");
    let answer = put.body(PNG).send().await.expect("answered");
    if answer.status() == 201 {
        return None;
    }
    assert_eq!(answer.status(), 403);
    Some(answer.json().await.expect("a refusal"))
}

#[tokio::test]
async fn whoever_is_blocked_uploads_nothing_until_it_is_undone() {
    let (here, near, far) = ("203.0.113.1", "203.0.113.2", "198.51.100.1");
    // Whether the same visitor is refused from here, near by and far away; and another one from here, and near by.
    for (scope, same, other) in [
        (BlockScope::Visitor, [true, true, true], [false, false]),
        (BlockScope::Address, [true, false, false], [true, false]),
        (BlockScope::Network, [true, true, false], [true, true]),
    ] {
        let relay = Relay::start_with("trusted_proxies = [\"127.0.0.1\"]\n").await;
        run(&relay, &["agent", "role", "ann@example.com", "supervisor"]).await;
        let mut desk = relay.away("ann").await;
        let (visitor, conversation) = comes(&relay, here).await;
        let (bystander, _) = comes(&relay, far).await;
        assert_eq!(uploads(&relay, &visitor, here).await, None);
        desk.connection
            .send(&ClientFrame::Block { conversation, scope, for_ms: 600_000, reason: "robots".to_owned() })
            .await;
        let block = desk.connection.until(|frame| match frame {
            ServerFrame::Blocks { blocks } => blocks.first().map(|block| block.block),
            _ => None,
        });
        let block = block.await;
        let refused = |yes: bool| yes.then_some(Refusal::Blocked);
        for (from, yes) in [here, near, far].into_iter().zip(same) {
            assert_eq!(uploads(&relay, &visitor, from).await, refused(yes), "{scope:?} {from}");
        }
        for (from, yes) in [here, near].into_iter().zip(other) {
            assert_eq!(uploads(&relay, &bystander, from).await, refused(yes), "{scope:?} another {from}");
        }
        assert_eq!(uploads(&relay, &bystander, far).await, None);
        desk.connection.send(&ClientFrame::Unblock { block }).await;
        let undone = desk
            .connection
            .until(|frame| matches!(frame, ServerFrame::Blocks { blocks } if blocks.is_empty()).then_some(()));
        undone.await;
        assert_eq!(uploads(&relay, &visitor, here).await, None, "{scope:?}");
    }
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
    desk.connection.send(&ClientFrame::Block { conversation, scope, for_ms: 600_000, reason }).await;
    let blocks = desk
        .connection
        .until(|frame| match frame {
            ServerFrame::Blocks { blocks } => Some(blocks.clone()),
            _ => None,
        })
        .await;
    assert!(blocks.len() == 1 && blocks[0].tag.is_some() && blocks[0].visitor.is_none(), "{blocks:?}");
    visitor.connection.closes(Close::Blocked).await;
    desk.connection.event(|event| event.conversation == conversation && event.body == Body::Closed).await;
    is_out(&relay, None).await;
    let relay = relay.restart().await;
    is_out(&relay, None).await;
}
