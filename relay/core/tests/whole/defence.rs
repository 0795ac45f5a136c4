//! What agents need under attack: true numbers, lists that reach everything, blocks, spam, many ends, ended sessions.

use wire::*;

use crate::support::*;

fn waits(world: &World, c: u128) -> bool {
    matches!(world.state(c), ConversationState::Waiting { .. })
}

fn supervisor(n: u128) -> relay_core::Agent {
    relay_core::Agent { roles: of_supervisor(), ..settings(n, 4) }
}

fn counts(world: &mut World, console: relay_core::ConnectionId) -> Counts {
    world.advance(2_000);
    let got = world
        .got(console)
        .into_iter()
        .rev()
        .find_map(|frame| if let ServerFrame::Counts { counts } = frame { Some(counts) } else { None });
    got.expect("the counts were sent")
}

#[test]
fn the_numbers_are_true_and_lists_reach_everything() {
    let mut world = World::new(vec![supervisor(1)]);
    let console = world.agent_who_chose(1, Some(AgentState::Away));
    for n in 1..=120 {
        let connection = world.visitor_from(n, n as u64);
        let words = if n % 10 == 0 { "my Deposit" } else { "hello" };
        world.frame(connection, say(n, n, words));
        world.advance(10);
    }
    assert_eq!(counts(&mut world, console), Counts { waiting: 120, ..Counts::default() });
    for (find, want) in [("", 120), ("deposit", 12), ("nothing like this", 0)] {
        let (mut after, mut seen) = (None, Vec::new());
        loop {
            world.frame(console, ClientFrame::ListOpen { view: View::Waiting, find: find.to_owned(), after });
            let got = world.got(console);
            let [ServerFrame::Open { rows, next, total, .. }] = &got[..] else { panic!("{got:?}") };
            assert_eq!(*total as usize, want);
            seen.extend(rows.iter().map(|row| row.conversation));
            after = *next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), want);
        assert!(find == "deposit" || seen.is_sorted(), "who has waited longest comes first");
    }
    let listed = ClientFrame::EndMany { many: Many::Found { view: View::Waiting, find: "deposit".to_owned() } };
    world.frame(console, listed);
    let got = world.got(console);
    assert!(got.contains(&ServerFrame::Ending { ended: 12, left: 0 }), "{got:?}");
    assert_eq!(counts(&mut world, console).waiting, 108);
}

#[test]
fn ending_a_network_ends_all_of_it_or_all_of_a_visitor_without_one() {
    // Who opened from where (no network: an older log), and what ends with the first visitor's first conversation.
    let tag = |network: Option<u64>| relay_core::Source { address: None, network: network.map(Tag) };
    for (from, other, want) in
        [(None, None, 3), (None, Some(7), 3), (Some(7), Some(7), 4), (Some(7), Some(8), 3), (Some(7), None, 3)]
    {
        let mut world = World::new(vec![supervisor(1)]);
        let console = world.agent_who_chose(1, Some(AgentState::Away));
        let (ann, ben) = (world.visitor_of(1, tag(from)), world.visitor_of(2, tag(other)));
        for n in 1..=3 {
            world.frame(ann, say(n, n, "hello"));
        }
        world.frame(ben, say(4, 4, "hello"));
        assert_eq!(counts(&mut world, console).waiting, 4);
        world.frame(console, ClientFrame::EndMany { many: Many::OfNetwork { conversation: conversation(1) } });
        let got = ServerFrame::Ending { ended: want, left: 0 };
        assert!(world.got(console).contains(&got), "{from:?} {other:?}");
        assert_eq!(counts(&mut world, console).waiting, 4 - want, "{from:?} {other:?}");
        assert_eq!(waits(&world, 4), want == 3, "{from:?} {other:?}");
    }
}

#[test]
fn requests_of_one_supervisor_are_kept_apart() {
    let mut world = World::new(vec![supervisor(1)]);
    let console = world.agent_who_chose(1, Some(AgentState::Away));
    for n in 1..=40 {
        let connection = world.visitor_from(n, n as u64);
        world.frame(connection, say(n, n, "hello"));
    }
    world.ignore();
    world.store_waits = true;
    // More than are ended at once, so that both are under way together when the first are answered.
    for listed in [1..=30, 31..=40] {
        let conversations = listed.map(conversation).collect();
        world.frame(console, ClientFrame::EndMany { many: Many::Listed { conversations } });
    }
    // The store answers two of the second first: of the first only twenty-eight have ended after thirty answers.
    world.requests.rotate_right(2);
    for _ in 0..30 {
        assert!(world.answer_one());
    }
    let done = |ended| ServerFrame::Ending { ended, left: 0 };
    assert!(!world.got(console).contains(&done(30)));
    world.store_waits = false;
    world.settle();
    let got = world.got(console);
    assert!(got.contains(&done(30)) && got.contains(&done(10)), "{got:?}");
}

#[test]
fn what_is_for_supervisors_is_refused_to_agents() {
    let mut world = World::new(vec![settings(1, 4)]);
    let (console, ann) = (world.agent(1), world.visitor(1));
    world.frame(ann, say(1, 1, "hello"));
    let c = conversation(1);
    let block = BlockScope::Visitor;
    for frame in [
        ClientFrame::EndMany { many: Many::Listed { conversations: vec![c] } },
        ClientFrame::Block { conversation: c, scope: block, for_ms: 1_000, reason: String::new() },
        ClientFrame::Unblock { block: BlockId(1) },
        ClientFrame::ListBlocks,
        ClientFrame::Flood { on: true },
    ] {
        world.ignore();
        world.frame(console, frame.clone());
        assert_eq!(world.news(console), ["refused NotAllowed"], "{frame:?}");
        world.frame(ann, frame.clone());
        assert_eq!(world.news(ann), ["refused UnknownFrame"], "{frame:?}");
    }
    assert_eq!(world.state(1), ConversationState::Assigned { agent: agent(1) });
}

#[test]
fn whoever_is_blocked_is_out_at_once_until_the_block_ends_or_is_undone() {
    for scope in [BlockScope::Visitor, BlockScope::Address, BlockScope::Network] {
        let mut world = World::new(vec![supervisor(1)]);
        let console = world.agent_who_chose(1, Some(AgentState::Away));
        let (ann, near, far) = (world.visitor_from(1, 7), world.visitor_from(2, 7), world.visitor_from(3, 8));
        for (n, connection) in [(1, ann), (2, near), (3, far)] {
            world.frame(connection, say(n, n, "hello"));
        }
        world.ignore();
        let block =
            |for_ms| ClientFrame::Block { conversation: conversation(1), scope, for_ms, reason: " why ".to_owned() };
        world.frame(console, block(60_000));
        let both = scope == BlockScope::Network;
        let closed = |world: &World, connection| world.closed.get(&connection).copied();
        assert_eq!(closed(&world, ann), Some(Close::Blocked), "{scope:?}");
        assert_eq!(closed(&world, near), both.then_some(Close::Blocked));
        assert_eq!(closed(&world, far), None);
        assert!(matches!(world.state(1), ConversationState::Closed { .. }));
        assert_eq!(waits(&world, 2), !both);
        assert!(waits(&world, 3));
        let got = world.got(console);
        let Some(ServerFrame::Blocks { blocks }) = got.iter().find(|frame| matches!(frame, ServerFrame::Blocks { .. }))
        else {
            panic!("{got:?}")
        };
        let [got] = &blocks[..] else { panic!("{blocks:?}") };
        assert_eq!((got.scope, got.reason.as_str(), got.by), (scope, "why", Some(agent(1))));
        let again = world.visitor_from(1, 7);
        assert_eq!(closed(&world, again), Some(Close::Blocked));
        world.restart();
        let again = world.visitor_from(1, 7);
        assert_eq!(closed(&world, again), Some(Close::Blocked), "it survives a restart");
        let console = world.agent_who_chose(1, Some(AgentState::Away));
        world.frame(console, ClientFrame::Unblock { block: got.block });
        let again = world.visitor_from(1, 7);
        assert_eq!(closed(&world, again), None, "undone");
        world.frame(again, say(9, 9, "hello"));
        world.frame(
            console,
            ClientFrame::Block { conversation: conversation(9), scope, for_ms: 60_000, reason: String::new() },
        );
        world.advance(60_001);
        let again = world.visitor_from(1, 7);
        assert_eq!(closed(&world, again), None, "it has ended by time");
    }
}

#[test]
fn a_session_that_has_ended_leaves_no_connection_and_lets_none_in() {
    let mut world = World::new(vec![settings(1, 4)]);
    let (one, two, other) = (world.visitor(1), world.visitor(1), world.visitor(2));
    world.frame(one, say(1, 1, "hello"));
    world.input(relay_core::Input::SessionEnded { visitor: visitor(1) });
    // Whose token was looked up before it ended, but who comes after.
    let late = world.visitor(1);
    for (connection, why) in [(one, true), (two, true), (late, true), (other, false)] {
        assert_eq!(world.closed.get(&connection).copied(), why.then_some(Close::TokenInvalid));
    }
    assert!(waits(&world, 1), "what was said stays");
    // Somebody who is not here, and very many: nothing breaks.
    for n in 1_000..3_000 {
        world.input(relay_core::Input::SessionEnded { visitor: visitor(n) });
    }
    let other = world.visitor(2);
    assert!(!world.closed.contains_key(&other));
}

#[test]
fn spam_is_marked_for_agents_and_ends() {
    let mut world = World::new(vec![settings(1, 4)]);
    let (console, ann) = (world.agent(1), world.visitor(1));
    world.frame(ann, say(1, 1, "buy"));
    world.ignore();
    world.frame(console, ClientFrame::Spam { conversation: conversation(1), id: message(2) });
    assert_eq!(world.news(ann), ["4 closed"]);
    assert!(world.news(console).contains(&"4 spam".to_owned()));
    assert!(world.store.conversation(conversation(1)).unwrap().spam);
}

#[test]
fn opening_and_ending_is_slowed_by_where_it_comes_from_and_not_by_connection() {
    let mut world = World::new(vec![settings(1, 4)]);
    let mut refused = 0;
    for n in 1..=60 {
        // One visitor after the other, each on a connection of their own, all of one address.
        let source = relay_core::Source { address: Some(Tag(5)), network: Some(Tag(6)) };
        let connection = world.visitor_of(n, source);
        world.frame(connection, say(n, n, "hello"));
        let news = world.news(connection);
        if let Some(words) = news.iter().find(|words| words.starts_with("refused")) {
            assert!(words.contains("RateLimited"), "{words}");
            refused += 1;
        }
        world.frame(connection, ClientFrame::End { conversation: conversation(n), id: message(1_000 + n) });
        world.disconnect(connection);
    }
    assert_eq!(refused, 30, "thirty at once, then as many a minute");
    let elsewhere = world.visitor_from(99, 99);
    world.frame(elsewhere, say(99, 99, "hello"));
    assert!(waits(&world, 99));
}

#[test]
fn labels_reach_agents_and_never_the_visitor_and_have_bounds() {
    let mut world = World::new(vec![settings(1, 1)]);
    let (console, ann) = (world.agent(1), world.visitor(1));
    world.frame(ann, say(1, 1, "hello"));
    world.ignore();
    let labelled = |m, added: &str, removed: &str| {
        let [added, removed] = [added, removed].map(|label| vec![label.to_owned()]);
        ClientFrame::Record { conversation: conversation(1), id: message(m), body: Body::Labelled { added, removed } }
    };
    world.frame(console, labelled(2, " vip ", "new"));
    assert_eq!(world.news(console), [r#"4 labelled +["vip"] -["new"]"#]);
    world.frame(console, labelled(3, "vip", "vip"));
    assert_eq!(world.got(console), [refused(about_message(1, 3), Refusal::Malformed)]);
    assert_eq!(world.news(ann), Vec::<String>::new());
}
