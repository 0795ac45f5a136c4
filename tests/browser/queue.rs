//! Everybody is busy: the queue, the position in it, and that both survive a restart of the relay.

use support::{RawSocket, World, new_id, wait_until};
use wire::{AgentState, ClientFrame, ConversationId, ConversationState, MessageId, Token};

/// A visitor without a browser who wrote one message.
struct Other {
    socket: RawSocket,
    token: Token,
    conversation: ConversationId,
}

fn other(world: &World, text: &str) -> Other {
    let mut socket = RawSocket::visitor(&world.relay, None);
    let (_, token) = socket.register();
    let conversation = ConversationId(new_id());
    socket.say(conversation, text);
    Other { socket, token, conversation }
}

#[test]
fn a_visitor_waits_sees_the_position_move_keeps_it_over_a_restart_and_is_served() {
    let mut world = World::start();
    let ada = world.agent("ada@example.com", "Ada L.", 1);
    world.relay.agent("ben@example.com", "Ben K.", 1);
    let cookie = world.relay.sign_in("ben@example.com");
    let mut ben = RawSocket::agent(&world.relay, &cookie);
    ben.presence(AgentState::Online);

    let _first = other(&world, "first in the queue");
    let _second = other(&world, "second in the queue");
    for _ in 0..2 {
        ben.row("both agents are busy", |row| matches!(row.state, ConversationState::Assigned { .. }));
    }
    let mut third = other(&world, "third in the queue");
    let visitor = world.visitor();
    visitor.open_chat();
    visitor.say("fourth in the queue");
    visitor.sent("fourth in the queue");
    visitor.wait_position(2);
    ada.click("[data-testid=list-waiting]");
    ada.wait_text("fourth in the queue");
    visitor.top();
    visitor.screenshot("widget-queue");
    assert!(visitor.enter_chat());

    world.relay.kill();
    wait_until("the chat notices", || visitor.shows("[data-testid=connection]").then_some(()));
    world.relay.up();
    let mut ben = RawSocket::agent(&world.relay, &cookie);
    ben.presence(AgentState::Online);
    third.socket = RawSocket::visitor(&world.relay, Some(third.token.clone()));
    wait_until("the chat is connected again", || (!visitor.shows("[data-testid=connection]")).then_some(()));
    visitor.wait_position(2);

    third.socket.send(&ClientFrame::LeaveQueue { conversation: third.conversation });
    visitor.wait_position(1);

    let busy = ben.row("ben's own conversation", |row| matches!(row.state, ConversationState::Assigned { .. }));
    ben.send(&ClientFrame::End { conversation: busy.conversation, id: MessageId(new_id()) });
    wait_until("the visitor is served", || {
        let joined = visitor.messages().iter().any(|one| one.author == "system" && one.text.contains("joined"));
        (joined && !visitor.shows("[data-testid=queue-place]")).then_some(())
    });
}
