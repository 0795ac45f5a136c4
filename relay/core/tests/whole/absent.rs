//! Nobody is queued or owned for ever without being there.

use wire::limit::{AGENT_GONE_AFTER_MS, AGENT_GRACE_MS, LEFT_AFTER_MS, MESSAGE_AFTER_MS, OWNED_LEFT_AFTER_MS};
use wire::*;

use crate::support::*;

fn why(world: &World, c: u128) -> Option<Idle> {
    if let ConversationState::Idle { why, .. } = world.state(c) { Some(why) } else { None }
}

fn waits(world: &World, c: u128) -> bool {
    matches!(world.state(c), ConversationState::Waiting { .. })
}

fn supervisor(n: u128) -> relay_core::Agent {
    relay_core::Agent { roles: of_supervisor(), ..settings(n, 4) }
}

#[test]
fn whoever_leaves_the_queue_returns_to_the_old_position_and_becomes_a_message_meanwhile() {
    let mut world = World::new(vec![settings(1, 4)]);
    let (ann, ben) = (world.visitor(1), world.visitor(2));
    world.frame(ann, say(1, 1, "first"));
    world.frame(ben, say(2, 2, "second"));
    world.disconnect(ann);
    world.advance(LEFT_AFTER_MS - 1);
    assert!(waits(&world, 1));
    world.advance(1);
    assert_eq!(why(&world, 1), Some(Idle::Left));
    world.advance(MESSAGE_AFTER_MS);
    assert_eq!(why(&world, 1), Some(Idle::Message));
    // Time alone ends nothing.
    world.advance(30 * 24 * 3_600_000);
    assert_eq!(why(&world, 1), Some(Idle::Message));
    world.ignore();
    let ann = world.visitor(1);
    assert!(waits(&world, 1));
    assert!(world.news(ann).contains(&"position 1 of 2".to_owned()));
    // Whoever comes back in time has not left.
    world.disconnect(ann);
    world.advance(LEFT_AFTER_MS - 1);
    world.visitor(1);
    world.advance(LEFT_AFTER_MS);
    assert!(waits(&world, 1));
}

#[test]
fn after_a_restart_absence_counts_from_the_start() {
    let mut world = World::new(vec![settings(1, 4)]);
    let ann = world.visitor(1);
    world.frame(ann, say(1, 1, "hello"));
    world.advance(LEFT_AFTER_MS * 2);
    world.restart();
    world.advance(LEFT_AFTER_MS - 1);
    assert!(waits(&world, 1));
    world.advance(1);
    assert_eq!(why(&world, 1), Some(Idle::Left));
}

#[test]
fn what_an_agent_has_is_given_back_when_either_side_is_gone() {
    // Signed out, removed, gone; and the visitor here or not.
    for (how, here) in [("out", true), ("removed", true), ("gone", true), ("out", false), ("gone", false)] {
        let mut world = World::new(vec![settings(1, 4)]);
        let (console, ann) = (world.agent(1), world.visitor(1));
        world.frame(ann, say(1, 1, "hello"));
        assert_eq!(world.state(1), ConversationState::Assigned { agent: agent(1) });
        if !here {
            world.disconnect(ann);
        }
        match how {
            "out" => world.input(relay_core::Input::SignedOut { agent: agent(1) }),
            "removed" => world.input(relay_core::Input::Agents(Vec::new())),
            _ => world.disconnect(console),
        }
        if how == "gone" {
            world.advance(AGENT_GRACE_MS + AGENT_GONE_AFTER_MS - 1);
            assert_eq!(world.state(1), ConversationState::Assigned { agent: agent(1) }, "{how} {here}");
        }
        world.advance(AGENT_GONE_AFTER_MS);
        if here {
            assert!(waits(&world, 1), "{how}");
        } else {
            assert_eq!(why(&world, 1), Some(Idle::Message), "{how}");
        }
    }
    // The visitor alone is gone: the agent has room again.
    let mut world = World::new(vec![settings(1, 4)]);
    let (_desk, ann) = (world.agent(1), world.visitor(1));
    world.frame(ann, say(1, 1, "hello"));
    world.disconnect(ann);
    world.advance(OWNED_LEFT_AFTER_MS);
    assert_eq!(why(&world, 1), Some(Idle::Message));
}

#[test]
fn a_message_is_taken_answered_and_then_left() {
    let mut world = World::new(vec![settings(1, 4)]);
    let ann = world.visitor(1);
    world.frame(ann, say(1, 1, "hello"));
    world.disconnect(ann);
    world.advance(LEFT_AFTER_MS + MESSAGE_AFTER_MS);
    let console = world.agent(1);
    assert_eq!(why(&world, 1), Some(Idle::Message), "it is offered to nobody");
    world.frame(console, ClientFrame::Take { conversation: conversation(1) });
    world.frame(console, say(1, 2, "an answer"));
    world.advance(OWNED_LEFT_AFTER_MS - 1);
    assert_eq!(world.state(1), ConversationState::Assigned { agent: agent(1) });
    world.advance(1);
    assert_eq!(why(&world, 1), Some(Idle::Left));
    world.advance(MESSAGE_AFTER_MS * 9);
    assert_eq!(why(&world, 1), Some(Idle::Left), "nothing waits for an answer");
}

/// Something is recorded in the first conversation past this core, as by another relay or over the API, which then tells it.
fn records(world: &mut World, author: Author, body: Body) {
    let (id, body) = (MessageId(world.now_ms.into()), relay_core::NewBody::Ready(body));
    let append = relay_core::Append::new(conversation(1), vec![relay_core::NewEvent { id, author, body }]);
    let done = world.store.append(world.now_ms, &append).expect("recorded");
    let relay_core::Appended { site, visitor, events, .. } = done;
    world.input(relay_core::Input::Committed(relay_core::Commit { site, visitor, events }));
}

#[test]
fn what_a_program_writes_is_no_answer_to_who_has_gone() {
    for (by_program, set_aside) in [(true, Idle::Message), (false, Idle::Left)] {
        let mut world = World::new(vec![settings(1, 4)]);
        let (_console, ann) = (world.agent(1), world.visitor(1));
        world.frame(ann, say(1, 1, "hello"));
        let author = if by_program {
            Author::Service { id: ServiceKeyId(1), name: "Orders".to_owned() }
        } else {
            Author::Agent { id: agent(1), name: "Agent 1".to_owned() }
        };
        records(&mut world, author, Body::Text { text: "Order 7 was paid out.".to_owned() });
        assert!(world.got[&ann].iter().any(|frame| {
            matches!(frame, ServerFrame::Event { event } if matches!(&event.body, Body::Text { text } if text.starts_with("Order")))
        }));
        world.disconnect(ann);
        world.advance(OWNED_LEFT_AFTER_MS);
        assert_eq!(why(&world, 1), Some(set_aside), "{by_program}");
    }
}

#[test]
fn a_failing_store_delays_a_move_and_does_not_forget_it() {
    let mut world = World::new(vec![settings(1, 4)]);
    let ann = world.visitor(1);
    world.frame(ann, say(1, 1, "hello"));
    world.disconnect(ann);
    world.append_fails.extend([relay_core::AppendError::Busy, relay_core::AppendError::Down]);
    world.advance(LEFT_AFTER_MS);
    assert!(waits(&world, 1));
    world.advance(10_000);
    assert_eq!(why(&world, 1), Some(Idle::Left));
    world.append_fails.extend([relay_core::AppendError::Busy]);
    world.visitor(1);
    assert_eq!(why(&world, 1), Some(Idle::Left));
    world.advance(10_000);
    assert!(waits(&world, 1));
}

#[test]
fn who_holds_it_gives_it_back_and_a_colleague_may_not() {
    let mut world = World::new(vec![settings(1, 4), settings(2, 4), supervisor(3)]);
    let (console, ann) = (world.agent(1), world.visitor(1));
    world.frame(ann, say(1, 1, "hello"));
    let release = ClientFrame::Release { conversation: conversation(1) };
    let other = world.agent_who_chose(2, Some(AgentState::Away));
    world.ignore();
    world.frame(other, release.clone());
    assert!(world.news(other).contains(&"refused Taken".to_owned()));
    world.frame(console, ClientFrame::Presence { state: AgentState::Away });
    world.frame(console, release.clone());
    assert!(waits(&world, 1));
    world.frame(console, release);
    assert!(world.news(console).contains(&"refused NotAllowed".to_owned()));
}

#[test]
fn an_agent_is_given_those_who_are_here_and_the_others_when_they_come_back() {
    let mut world = World::new(vec![settings(1, 4)]);
    for n in 1..=5 {
        let robot = world.visitor(n);
        world.frame(robot, say(n, 1, "hello"));
        world.disconnect(robot);
    }
    world.advance(10_000);
    let mut here: Vec<_> = (6..=8).map(|n| world.visitor(n)).collect();
    for (n, connection) in (6..=8).zip(&here) {
        world.frame(*connection, say(n, 1, "I am here"));
        assert_eq!(
            world.news(*connection).last().map(String::as_str),
            Some(&*format!("position {} of {}", n - 5, n - 5)),
            "{n}"
        );
    }
    let console = world.agent(1);
    let online = ClientFrame::Presence { state: AgentState::Online };
    world.frame(console, online);
    assert_eq!((1..=8).filter(|c| waits(&world, *c)).collect::<Vec<_>>(), [1, 2, 3, 4, 5], "gone ones are passed over");
    // One comes back to the room that is left; the next one has to wait, with the turn it had.
    here.push(world.visitor(3));
    assert!(!waits(&world, 3), "it is served");
    let second = world.visitor(2);
    assert_eq!(world.news(second).last().map(String::as_str), Some("position 1 of 1"));
    world.frame(console, ClientFrame::End { conversation: conversation(6), id: message(60) });
    assert!(!waits(&world, 2) && waits(&world, 1));
}

#[test]
fn whoever_was_given_to_an_agent_and_is_gone_without_an_answer_goes_soon() {
    let mut world = World::new(vec![settings(1, 2)]);
    let console = world.agent(1);
    world.frame(console, ClientFrame::Presence { state: AgentState::Online });
    for n in 1..=2 {
        let connection = world.visitor(n);
        world.frame(connection, say(n, 1, "hello"));
        if n == 1 {
            let own = Say::Text { text: "Here I am".to_owned() };
            world.frame(console, ClientFrame::Say { conversation: conversation(1), id: message(50), say: own });
        }
        world.disconnect(connection);
    }
    world.advance(wire::limit::LEFT_AFTER_MS - 1_000);
    assert_eq!(world.store.load(agent(1)), 2);
    world.advance(1_000);
    assert_eq!((why(&world, 1), why(&world, 2)), (None, Some(Idle::Message)), "the answered one is kept for longer");
    assert_eq!(world.store.load(agent(1)), 1);
    world.advance(wire::limit::OWNED_LEFT_AFTER_MS);
    assert_eq!(why(&world, 1), Some(Idle::Left));
}
