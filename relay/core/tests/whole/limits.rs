//! Bounds, presence and odd moments: what happens at the edges of the main story.

use relay_core::{Input, Peer};
use wire::limit::{
    AGENT_GRACE_MS, FOLLOW_CONVERSATIONS_MAX, FRAMES_BURST_MAX, FRAMES_REFUSED_MAX, OPEN_CONVERSATIONS_PER_VISITOR_MAX,
    TEXT_CHARS_MAX,
};
use wire::*;

use crate::support::*;

#[test]
fn a_stranger_registers_once_and_then_speaks() {
    let mut world = World::new(Vec::new());
    let ann = world.stranger();
    assert_eq!(world.news(ann), ["welcome"]);
    world.frame(ann, say(1, 1, "hello"));
    assert_eq!(world.got(ann), [refused(about_message(1, 1), Refusal::NotAllowed)]);
    world.frame(ann, ClientFrame::Page { page: page("https://example.com/other") });
    world.frame(ann, ClientFrame::Ping);
    assert_eq!(world.news(ann), ["pong 0"]);
    world.frame(ann, ClientFrame::Register);
    world.frame(ann, ClientFrame::Register);
    assert_eq!(world.registrations, [ann]);
    world.input(Input::RegisterFailed { connection: ann, refusal: Refusal::StoreDown });
    assert_eq!(world.got(ann), [refused(Subject::Connection, Refusal::StoreDown)]);
    world.frame(ann, ClientFrame::Register);
    assert_eq!(world.registrations, [ann, ann]);
    world.peers.insert(ann, Some(visitor(7)));
    let token = Token::from_bytes(&[7; 32]);
    world.input(Input::Registered { connection: ann, visitor: visitor(7), token: token.clone() });
    assert_eq!(world.got(ann), [ServerFrame::Registered { visitor: visitor(7), token }]);
    world.frame(ann, say(1, 1, "hello"));
    assert_eq!(world.news(ann), ["1 text hello", "2 queued", "position 1 of 1"]);
    // The page is the latest one they were on.
    let recorded = world
        .store
        .events(conversation(1))
        .iter()
        .any(|event| matches!(&event.body, Body::Context { page } if page.url == "https://example.com/other"));
    assert!(recorded);
}

#[test]
fn texts_ratings_and_conversations_have_bounds() {
    let mut world = World::new(Vec::new());
    let ann = world.visitor(1);
    world.ignore();
    let long = "a".repeat(TEXT_CHARS_MAX + 1);
    for (text, refusal) in [
        (" \n", Refusal::TextEmpty),
        ("\u{200b}\n\u{3164}\u{e0020}", Refusal::TextEmpty),
        (long.as_str(), Refusal::TextTooLong { chars_max: 10_000 }),
        ("a\0", Refusal::TextInvalid),
    ] {
        world.frame(ann, say(1, 1, text));
        assert_eq!(world.got(ann), [refused(about_message(1, 1), refusal)]);
    }
    let file = Say::File { attachment: AttachmentId(1) };
    world.frame(ann, ClientFrame::Say { conversation: conversation(1), id: message(1), say: file.clone() });
    assert_eq!(world.got(ann), [refused(about_message(1, 1), Refusal::FileMissing)]);
    world.store.files.insert(AttachmentId(1), None);
    world.frame(ann, ClientFrame::Say { conversation: conversation(1), id: message(1), say: file });
    assert_eq!(world.news(ann), ["1 file", "2 queued", "position 1 of 1"]);
    let rate = ClientFrame::Rate { conversation: conversation(1), id: message(2), score: 5, comment: String::new() };
    world.frame(ann, rate);
    assert_eq!(world.got(ann), [refused(about_message(1, 2), Refusal::NotAllowed)]);
    let rate = ClientFrame::Rate { conversation: conversation(1), id: message(2), score: 6, comment: String::new() };
    world.frame(ann, rate);
    assert_eq!(world.got(ann), [refused(about_message(1, 2), Refusal::RatingInvalid)]);
    world.frame(ann, ClientFrame::Seen { conversation: conversation(1), up_to: Seq(99) });
    assert_eq!(world.got(ann), [refused(about(1), Refusal::Malformed)]);
    // The limit counts those whose opening is on its way.
    world.store_waits = true;
    let most = OPEN_CONVERSATIONS_PER_VISITOR_MAX as u128;
    for n in 2..=most + 1 {
        world.frame(ann, say(n, n, "hello"));
    }
    assert_eq!(world.got(ann), [refused(about_message(most + 1, most + 1), Refusal::TooManyConversations)]);
}

#[test]
fn what_is_recorded_has_no_blank_lines_around_it_and_keeps_its_id() {
    let mut world = World::new(Vec::new());
    let ann = world.visitor(1);
    world.ignore();
    let longest = ["\n", &"a".repeat(TEXT_CHARS_MAX), "\r\n\n"].concat();
    let texts = ["\n\u{200b}\n  two\n\nlines \n\u{feff}\n", "⚠\u{fe0f}", &longest];
    for (n, text) in (1..).zip(texts) {
        world.frame(ann, say(1, n, text));
    }
    let recorded =
        world.store.events(conversation(1)).iter().filter_map(|event| {
            if let Body::Text { text } = &event.body { Some((event.id, text.clone())) } else { None }
        });
    let wanted = ["  two\n\nlines", "⚠\u{fe0f}", longest.trim()].map(str::to_owned);
    assert_eq!(recorded.collect::<Vec<_>>(), [1, 2, 3].map(message).into_iter().zip(wanted).collect::<Vec<_>>());
}

#[test]
fn a_flood_is_refused_then_closed_and_nobody_else_notices() {
    let mut world = World::new(Vec::new());
    let (flood, other) = (world.visitor(1), world.visitor(2));
    world.ignore();
    for _ in 0..FRAMES_BURST_MAX {
        world.frame(flood, ClientFrame::Ping);
    }
    assert_eq!(world.got(flood).len(), FRAMES_BURST_MAX as usize);
    world.frame(flood, say(1, 1, "hello"));
    let refusal = Refusal::RateLimited { retry_after_ms: 50 };
    assert_eq!(world.got(flood), [refused(about_message(1, 1), refusal)]);
    for _ in 0..FRAMES_REFUSED_MAX {
        world.frame(flood, ClientFrame::Ping);
    }
    assert_eq!(world.closed.get(&flood), Some(&Close::Flood));
    // Frames that crossed the close are ignored.
    world.ignore();
    world.frame(flood, ClientFrame::Ping);
    world.frame(other, ClientFrame::Ping);
    assert_eq!(world.news(other), ["pong 0"]);
    assert_eq!(world.core.gauges().visitors, 1);
}

#[test]
fn an_agent_is_online_with_a_console_away_after_the_grace_and_offline_when_signed_out() {
    let mut world = World::new(vec![settings(1, 4), settings(2, 4)]);
    let ann = world.visitor(1);
    let watch = world.agent(2);
    world.ignore();
    let states = |world: &mut World| -> Vec<AgentState> {
        let state = |frame| if let ServerFrame::Agent { agent } = frame { Some(agent.state) } else { None };
        world.got(watch).into_iter().filter_map(state).collect()
    };
    let answering = |agents| ServerFrame::Answering { agents };
    let (first, second) = (world.agent(1), world.agent(1));
    assert_eq!(states(&mut world), [AgentState::Online]);
    assert_eq!(world.got(ann), [answering(2)]);
    // One console is enough, and a reload is no absence.
    world.disconnect(first);
    world.advance(AGENT_GRACE_MS * 2);
    world.disconnect(second);
    world.advance(AGENT_GRACE_MS - 1);
    let third = world.agent(1);
    world.advance(AGENT_GRACE_MS * 2);
    assert_eq!(states(&mut world), []);
    world.disconnect(third);
    world.advance(AGENT_GRACE_MS);
    assert_eq!(states(&mut world), [AgentState::Away]);
    assert_eq!(world.got(ann), [answering(1)]);
    // Back without having chosen to be away: online. A choice outlives a reload.
    let fourth = world.agent(1);
    world.frame(fourth, ClientFrame::Presence { state: AgentState::Away });
    world.disconnect(fourth);
    let fifth = world.agent(1);
    assert_eq!(states(&mut world), [AgentState::Online, AgentState::Away]);
    world.frame(fifth, ClientFrame::Presence { state: AgentState::Offline });
    assert!(world.got(fifth).contains(&refused(Subject::Connection, Refusal::NotAllowed)));
    world.input(Input::SignedOut { agent: agent(1) });
    assert_eq!(world.closed.get(&fifth), Some(&Close::SignedOut));
    assert_eq!(states(&mut world), [AgentState::Offline]);
    // Removed altogether: nobody is left to sign in.
    world.input(Input::Agents(vec![settings(2, 4)]));
    let sixth = world.agent(1);
    assert_eq!(world.closed.get(&sixth), Some(&Close::SignedOut));
}

#[test]
fn nobody_is_given_to_who_is_away_and_a_colleague_may_take_over_from_them() {
    let mut world = World::new(vec![settings(1, 4), settings(2, 4)]);
    let (console, ann) = (world.agent(1), world.visitor(1));
    world.frame(ann, say(1, 1, "hello"));
    assert_eq!(world.state(1), ConversationState::Assigned { agent: agent(1) });
    world.frame(console, ClientFrame::Presence { state: AgentState::Away });
    world.frame(ann, say(2, 2, "another matter"));
    assert!(matches!(world.state(2), ConversationState::Waiting { .. }));
    // Who is away still answers what they have, and takes by themselves.
    world.frame(console, say(1, 3, "one moment"));
    world.frame(console, ClientFrame::Take { conversation: conversation(2) });
    assert_eq!(world.state(2), ConversationState::Assigned { agent: agent(1) });
    let colleague = world.agent(2);
    world.ignore();
    world.frame(colleague, ClientFrame::Take { conversation: conversation(1) });
    assert_eq!(world.state(1), ConversationState::Assigned { agent: agent(2) });
    assert_eq!(world.news(console), ["4 assigned a002", "5 joined"]);
    assert_eq!(world.news(ann), ["5 joined"]);
    world.frame(console, say(1, 4, "I was not done"));
    assert_eq!(world.news(console), ["refused Taken"]);
    world.frame(console, ClientFrame::Take { conversation: conversation(9) });
    assert_eq!(world.news(console), ["refused NotFound"]);
}

#[test]
fn welcome_comes_first_whatever_happens_meanwhile_and_nothing_is_missed() {
    let mut world = World::new(vec![settings(1, 4)]);
    let phone = world.visitor(1);
    world.frame(phone, say(1, 1, "hello"));
    world.store_waits = true;
    let follow = Follow { conversation: conversation(1), after: Cursor { shared: Seq(1), staff: Seq::ZERO } };
    let laptop = world.visitor_at(1, "https://example.com/", vec![follow]);
    world.agent(1);
    world.frame(phone, say(1, 2, "anybody?"));
    assert_eq!(world.news(laptop), Vec::<String>::new());
    // The store commits first, and reads only then: the page and the event both come.
    world.requests.rotate_left(2);
    world.store_waits = false;
    world.settle();
    let news = world.news(laptop);
    assert_eq!(news[0], "welcome");
    for want in ["3 joined", "4 text anybody?", "Shared after 1: 3 of 4"] {
        assert!(news.iter().any(|got| got == want), "{want} is missing in {news:?}");
    }
}

#[test]
fn typing_passes_at_most_once_a_second_for_each_conversation() {
    let mut world = World::new(vec![settings(1, 4)]);
    let (console, ann) = (world.agent(1), world.visitor(1));
    world.frame(ann, say(1, 1, "hello"));
    world.ignore();
    for _ in 0..3 {
        world.frame(ann, ClientFrame::Typing { conversation: conversation(1) });
        world.advance(600);
    }
    assert_eq!(world.news(console), ["typing ", "typing "]);
    // Nobody is sent their own typing, and nothing is sent for what does not exist.
    world.frame(ann, ClientFrame::Typing { conversation: conversation(9) });
    world.frame(console, ClientFrame::Typing { conversation: conversation(1) });
    assert_eq!(world.news(console), Vec::<String>::new());
    assert_eq!(world.news(ann), ["typing Agent 1"]);
}

#[test]
fn the_page_is_recorded_when_it_changes_and_not_too_often() {
    let mut world = World::new(vec![settings(1, 4)]);
    let (console, ann) = (world.agent(1), world.visitor(1));
    world.frame(ann, say(1, 1, "hello"));
    world.ignore();
    for path in ["a", "b", "b?key=secret"] {
        world.frame(ann, ClientFrame::Page { page: page(&format!("https://example.com/{path}")) });
    }
    assert_eq!(world.news(console), Vec::<String>::new());
    world.advance(30_000);
    assert_eq!(world.news(console), ["4 context https://example.com/b"]);
    world.advance(60_000);
    // Back on the same page: nothing new. On another one: recorded.
    world.disconnect(ann);
    let ann = world.visitor_at(1, "https://example.com/b#x", Vec::new());
    assert_eq!(world.news(console), Vec::<String>::new());
    world.disconnect(ann);
    world.visitor_at(1, "https://example.com/c", Vec::new());
    assert_eq!(world.news(console), ["5 context https://example.com/c"]);
}

#[test]
fn what_an_agent_follows_is_bounded_and_ended_conversations_stay_only_while_followed() {
    let mut world = World::new(vec![settings(1, 4)]);
    let (console, ann) = (world.agent(1), world.visitor(1));
    world.frame(ann, say(1, 1, "hello"));
    world.frame(ann, ClientFrame::End { conversation: conversation(1), id: message(2) });
    world.ignore();
    let follow = |n| ClientFrame::Follow { follow: Follow { conversation: conversation(n), after: Cursor::default() } };
    world.frame(console, follow(1));
    assert_eq!(world.news(console), ["Shared after 0: 4 of 4", "Staff after 0: 3 of 3"]);
    world.frame(console, ClientFrame::Ping);
    assert_eq!(world.news(console), ["pong 1"]);
    let (c, id) = (conversation(1), message(3));
    world.frame(ann, ClientFrame::Rate { conversation: c, id, score: 4, comment: String::new() });
    assert_eq!(world.news(console), ["5 rated 4"]);
    world.frame(console, ClientFrame::Unfollow { conversation: c });
    world.frame(console, ClientFrame::Ping);
    assert_eq!(world.news(console), ["pong 0"]);
    // Unknown ones are refused once, not once for each lane, and then not followed.
    world.frame(console, follow(2));
    assert_eq!(world.got(console), [refused(about(2), Refusal::NotFound)]);
    world.advance(2_000);
    world.ignore();
    world.store_waits = true;
    let many = FOLLOW_CONVERSATIONS_MAX as u128;
    for n in 10..=10 + many {
        world.advance(100);
        world.frame(console, follow(n));
    }
    assert_eq!(world.got(console), [refused(about(10 + many), Refusal::NotAllowed)]);
}

#[test]
fn requests_that_wait_for_the_store_are_bounded() {
    let mut world = World::new(vec![settings(1, 4)]);
    let console = world.agent(1);
    world.ignore();
    world.store_waits = true;
    for _ in 0..200 {
        world.advance(100);
        world.frame(console, ClientFrame::ListClosed { before_ms: 1, before: None });
    }
    assert_eq!(world.requests.len(), 160);
    assert_eq!(world.got(console), vec![refused(Subject::Connection, Refusal::Busy); 40]);
    world.store_waits = false;
    world.settle();
    assert_eq!(world.got(console).len(), 160);
    world.frame(console, ClientFrame::ListOfVisitor { visitor: visitor(1) });
    assert_eq!(world.got(console), [ServerFrame::OfVisitor { visitor: visitor(1), rows: Vec::new() }]);
}

#[test]
fn a_lost_commit_is_noticed_and_read_again() {
    let mut world = World::new(vec![settings(1, 4)]);
    let (console, ann) = (world.agent(1), world.visitor(1));
    world.frame(ann, say(1, 1, "hello"));
    // Another relay records two messages; only the second one arrives here.
    let new_event = |n| relay_core::NewEvent {
        id: message(n),
        author: Author::Visitor,
        body: relay_core::NewBody::Ready(Body::Text { text: "elsewhere".to_owned() }),
    };
    let append = |n| relay_core::Append::new(conversation(1), vec![new_event(n)]);
    world.store.append(world.now_ms, &append(2)).unwrap();
    let second = world.store.append(world.now_ms, &append(3)).unwrap();
    world.ignore();
    let commit = relay_core::Commit { site: second.site, visitor: second.visitor, events: second.events };
    world.input(Input::Committed(commit));
    assert_eq!(world.news(ann), ["5 text elsewhere"]);
    world.frame(ann, ClientFrame::Ping);
    world.frame(console, ClientFrame::Seen { conversation: conversation(1), up_to: Seq(5) });
    let heads = vec![Head { conversation: conversation(1), head: Cursor { shared: Seq(5), staff: Seq::ZERO } }];
    assert_eq!(world.got(ann)[0], ServerFrame::Pong { heads });
    assert_eq!(world.core.gauges().gaps_repaired_by_relay, 1);
}

#[test]
fn positions_in_a_long_queue_are_sent_at_most_once_a_second() {
    let mut world = World::new(Vec::new());
    let connections: Vec<_> = (1..=60).map(|n| world.visitor(n)).collect();
    world.ignore();
    for (n, connection) in (1..).zip(&connections) {
        world.frame(*connection, say(n, n, "hello"));
    }
    let positions = |world: &mut World| {
        world.news(connections[0]).into_iter().filter(|news| news.starts_with("position")).collect::<Vec<_>>()
    };
    let got = positions(&mut world);
    assert_eq!(got.last().map(String::as_str), Some("position 1 of 50"));
    world.advance(1_000);
    assert_eq!(positions(&mut world), ["position 1 of 60"]);
    // Who connects meanwhile is sent a position at once.
    let again = world.visitor(60);
    assert_eq!(world.news(again), ["welcome", "position 60 of 60"]);
    let peer = Peer::Visitor {
        site: "other".parse().unwrap(),
        visitor: Some(visitor(61)),
        page: page("x"),
        source: relay_core::Source::default(),
    };
    world.peers.insert(ConnectionId(900), Some(visitor(61)));
    world.input(Input::Connected { connection: ConnectionId(900), peer, follow: Vec::new() });
    world.frame(ConnectionId(900), say(61, 61, "hello"));
    // Each site has its own connection.
    assert_eq!(world.news(ConnectionId(900)), ["welcome", "1 text hello", "2 queued", "position 1 of 1"]);
}
