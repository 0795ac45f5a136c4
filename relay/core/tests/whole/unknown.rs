//! What is not in memory is asked of the store, never assumed: a conversation that another relay has recorded is treated by its state in the
//! store.

use wire::*;

use crate::support::*;

/// A core that started before another relay recorded a queued conversation, 1, one that agent 1 has, 2, and one that has ended, 3. Agents 1
/// and 2 and supervisor 3 are connected to it; nobody has room but whoever takes by hand.
fn unaware() -> (World, [ConnectionId; 3]) {
    let agents =
        || vec![settings(1, 2), settings(2, 2), relay_core::Agent { roles: of_supervisor(), ..settings(3, 2) }];
    let mut other = World::new(agents());
    for n in [2, 3, 1] {
        let connection = other.visitor(n);
        other.frame(connection, say(n, n, "hello"));
        if n == 2 {
            let console = other.agent(1);
            other.frame(console, ClientFrame::Presence { state: AgentState::Away });
        }
        if n == 3 {
            other.frame(connection, ClientFrame::End { conversation: conversation(3), id: message(30) });
        }
    }
    assert!(matches!(other.state(1), ConversationState::Waiting { .. }));
    assert_eq!(other.state(2), ConversationState::Assigned { agent: agent(1) });
    assert!(matches!(other.state(3), ConversationState::Closed { .. }));
    let mut world = World::new(agents());
    let consoles = [1, 2, 3].map(|n| world.agent_who_chose(n, Some(AgentState::Away)));
    world.store = other.store;
    // Later, so that both do not draw the same ids.
    world.advance(1_000);
    world.ignore();
    (world, consoles)
}

fn answer(c: u128, m: u128) -> ClientFrame {
    say(c, m, "an answer")
}

fn end(c: u128, m: u128) -> ClientFrame {
    ClientFrame::End { conversation: conversation(c), id: message(m) }
}

fn spam(c: u128, m: u128) -> ClientFrame {
    ClientFrame::Spam { conversation: conversation(c), id: message(m) }
}

const fn take(c: u128) -> ClientFrame {
    ClientFrame::Take { conversation: conversation(c) }
}

const fn release(c: u128) -> ClientFrame {
    ClientFrame::Release { conversation: conversation(c) }
}

#[test]
fn what_a_colleague_has_is_not_answered_ended_or_given_back() {
    for (frame, refusal) in [
        (answer(2, 50), Refusal::Taken),
        (end(2, 50), Refusal::Taken),
        (spam(2, 50), Refusal::Taken),
        (release(2), Refusal::Taken),
        (answer(1, 50), Refusal::NotAllowed),
        (release(1), Refusal::NotAllowed),
        (answer(3, 50), Refusal::Ended),
        (take(3), Refusal::Ended),
        (release(3), Refusal::Ended),
        (answer(9, 50), Refusal::NotFound),
        (end(9, 50), Refusal::NotFound),
        (take(9), Refusal::NotFound),
    ] {
        let (mut world, [_, console, _]) = unaware();
        let subject = Incoming::of(Party::Staff, frame.clone()).expect("an agent's frame").subject();
        let logs = world.store.logs.clone();
        world.frame(console, frame);
        let got = world.got(console);
        let refusals: Vec<_> = got.iter().filter(|frame| matches!(frame, ServerFrame::Refused { .. })).collect();
        assert_eq!(refusals, [&refused(subject, refusal)]);
        assert_eq!(world.store.logs, logs);
    }
}

#[test]
fn whoever_may_does_it_as_if_memory_had_known() {
    let assigned = |n| ConversationState::Assigned { agent: agent(n) };
    // The holder answers, ends and gives back; a supervisor ends what others have.
    let (mut world, [console, _, supervisor]) = unaware();
    world.frame(console, answer(2, 50));
    assert!(world.store.events(conversation(2)).iter().any(|event| event.id == message(50)));
    world.frame(supervisor, spam(2, 51));
    assert!(matches!(world.state(2), ConversationState::Closed { .. }), "spam ends what is open");
    world.frame(supervisor, spam(3, 52));
    assert!(world.store.conversation(conversation(3)).is_some_and(|row| row.spam));
    let (mut world, [console, colleague, _]) = unaware();
    world.frame(console, release(2));
    assert_ne!(world.state(2), assigned(1));
    // Whoever waits may be taken, and also whoever has an agent who is not online.
    world.frame(colleague, take(1));
    assert_eq!(world.state(1), assigned(2));
    let (mut world, [_, colleague, _]) = unaware();
    world.frame(colleague, take(2));
    assert_eq!(world.state(2), assigned(2));
    let (mut world, _) = unaware();
    let ann = world.visitor(1);
    world.frame(ann, ClientFrame::LeaveQueue { conversation: conversation(1) });
    assert!(matches!(world.state(1), ConversationState::Idle { why: Idle::SteppedOut, .. }));
}

#[test]
fn a_visitors_message_takes_nobodys_turn_or_agent_away() {
    for (c, sent) in [(1, 1), (2, 2)] {
        let (mut world, _) = unaware();
        let state = world.state(c);
        // Before the store has answered what the visitor has.
        world.store_waits = true;
        let tab = world.visitor(sent);
        world.frame(tab, say(c, 60, "one thing more"));
        world.store_waits = false;
        while world.answer_one() {}
        assert_eq!(world.state(c), state, "unchanged");
        let events = world.store.events(conversation(c));
        assert_eq!(events.iter().filter(|event| event.id == message(60)).count(), 1);
        assert_eq!(events.iter().filter(|event| matches!(event.body, Body::Queued)).count(), 1);
    }
}

#[test]
fn a_visitor_who_connects_is_sent_the_state_of_their_conversations() {
    let (mut world, _) = unaware();
    let (ann, bob) = (world.visitor(1), world.visitor(2));
    let frames = |world: &mut World, who| world.got(who);
    let got = frames(&mut world, ann);
    assert!(got.iter().any(|frame| matches!(frame, ServerFrame::Queue { .. })), "{got:?}");
    let got = frames(&mut world, bob);
    assert!(got.iter().any(|frame| matches!(frame, ServerFrame::Holder { .. })), "{got:?}");
}

#[test]
fn a_supervisor_ends_what_memory_does_not_know() {
    let (mut world, [_, _, supervisor]) = unaware();
    let conversations = vec![conversation(1), conversation(2), conversation(3), conversation(9)];
    world.frame(supervisor, ClientFrame::EndMany { many: Many::Listed { conversations } });
    for c in [1, 2, 3] {
        assert!(matches!(world.state(c), ConversationState::Closed { .. }), "{c}");
    }
    let got = world.got(supervisor);
    assert!(got.contains(&ServerFrame::Ending { ended: 3, left: 0 }), "{got:?}");
}

#[test]
fn a_network_is_ended_by_a_conversation_that_memory_does_not_know() {
    let (mut world, [_, agent, supervisor]) = unaware();
    let many = |c| ClientFrame::EndMany { many: Many::OfNetwork { conversation: conversation(c) } };
    world.frame(agent, many(1));
    assert!(world.got(agent).contains(&refused(Subject::Connection, Refusal::NotAllowed)));
    world.frame(supervisor, many(9));
    assert!(world.got(supervisor).contains(&refused(Subject::Connection, Refusal::NotFound)));
    world.frame(supervisor, many(1));
    assert!(matches!(world.state(1), ConversationState::Closed { .. }));
    assert!(world.got(supervisor).contains(&ServerFrame::Ending { ended: 1, left: 0 }));
}

#[test]
fn the_visitor_of_an_ended_conversation_can_be_blocked() {
    let (mut world, [_, _, supervisor]) = unaware();
    let wish = |c| ClientFrame::Block {
        conversation: conversation(c),
        scope: BlockScope::Visitor,
        for_ms: 60_000,
        reason: String::new(),
    };
    world.frame(supervisor, wish(3));
    assert_eq!(world.blocks.values().map(|block| block.visitor).collect::<Vec<_>>(), [Some(visitor(3))]);
    world.ignore();
    world.frame(supervisor, wish(9));
    assert_eq!(world.got(supervisor), [refused(about(9), Refusal::NotFound)]);
}

#[test]
fn a_store_that_cannot_say_it_is_a_refusal_to_be_tried_again() {
    let (mut world, [_, console, _]) = unaware();
    for (error, refusal) in
        [(relay_core::QueryError::Busy, Refusal::Busy), (relay_core::QueryError::Down, Refusal::StoreDown)]
    {
        world.query_fails.push_back(error);
        world.frame(console, answer(2, 50));
        assert_eq!(world.got(console), [refused(about_message(2, 50), refusal)]);
    }
}

#[test]
fn who_tries_to_open_an_ended_conversation_of_somebody_else_is_in_nobodys_way() {
    let mut world = World::new(vec![settings(1, 4)]);
    let (ann, thief) = (world.visitor(1), world.visitor(2));
    world.frame(ann, say(1, 1, "hello"));
    world.frame(ann, ClientFrame::End { conversation: conversation(1), id: message(2) });
    world.store_waits = true;
    world.ignore();
    world.frame(thief, say(1, 3, "mine"));
    world.frame(ann, say(1, 4, "one thing more"));
    let rate = ClientFrame::Rate { conversation: conversation(1), id: message(5), score: 5, comment: String::new() };
    world.frame(ann, rate);
    while world.answer_one() {}
    assert_eq!(world.got(thief), [refused(about_message(1, 3), Refusal::NotFound)]);
    let got = world.got(ann);
    assert_eq!(got[0], refused(about_message(1, 4), Refusal::Ended));
    assert!(matches!(&got[1], ServerFrame::Event { event } if event.id == message(5)), "{got:?}");
}

#[test]
fn a_block_that_another_relay_made_is_undone_and_one_that_nobody_made_is_not_found() {
    let (mut world, [agent_1, _, supervisor]) = unaware();
    let block = BlockId(77);
    let unblock = ClientFrame::Unblock { block };
    world.frame(supervisor, unblock.clone());
    assert_eq!(world.news(supervisor), ["refused NotFound"], "nobody made it");
    // The other relay's; its events have not arrived here yet.
    let (scope, visitor) = (BlockScope::Visitor, Some(visitor(1)));
    let (reason, by, since_ms, until_ms) = (String::new(), None, world.now_ms, u64::MAX);
    world
        .blocks
        .insert(block, BlockSummary { block, scope, visitor, tag: None, site: None, reason, by, since_ms, until_ms });
    world.frame(agent_1, unblock.clone());
    assert_eq!(world.news(agent_1), ["refused NotAllowed"]);
    assert!(world.blocks.contains_key(&block));
    world.ignore();
    world.frame(supervisor, unblock);
    assert!(world.got(supervisor).contains(&ServerFrame::Blocks { blocks: Vec::new() }));
    assert!(world.blocks.is_empty());
}
