//! Whole stories through the core and a model store: given these people, when this happens, exactly this is seen.

use relay_core::{Append, AppendError, ConnectionId, Input, NewBody, NewEvent, QueryError};
use wire::*;

use crate::support::*;

fn nothing() -> Vec<String> {
    Vec::new()
}

#[test]
fn a_first_message_waits_is_served_answered_seen_closed_and_rated() {
    let mut world = World::new(vec![settings(1, 1)]);
    let ann = world.visitor(1);
    assert_eq!(world.news(ann), ["welcome"]);
    world.frame(ann, say(1, 1, "hello"));
    assert_eq!(world.news(ann), ["1 text hello", "2 queued", "position 1 of 1"]);

    let console = world.agent(1);
    assert_eq!(world.news(ann), ["3 joined"]);
    assert_eq!(world.news(console), ["welcome", "3 assigned a001", "3 joined"]);
    assert_eq!(world.state(1), ConversationState::Assigned { agent: agent(1) });

    world.frame(console, say(1, 2, "good day"));
    world.frame(ann, ClientFrame::Typing { conversation: conversation(1) });
    world.frame(ann, ClientFrame::Seen { conversation: conversation(1), up_to: Seq(4) });
    world.frame(ann, ClientFrame::Seen { conversation: conversation(1), up_to: Seq(4) });
    assert_eq!(world.news(ann), ["4 text good day", "5 seen 4"]);
    assert_eq!(world.news(console), ["4 text good day", "typing ", "5 seen 4"]);

    world.frame(console, ClientFrame::Typing { conversation: conversation(1) });
    world.frame(console, ClientFrame::End { conversation: conversation(1), id: message(3) });
    assert_eq!(world.news(ann), ["typing Agent 1", "6 closed"]);
    let rows: Vec<_> = world.got(console);
    assert!(rows.iter().any(|frame| matches!(
        frame,
        ServerFrame::Inbox { row } if matches!(row.state, ConversationState::Closed { .. })
    )));
    assert_eq!(world.core.gauges().open_conversations, 0);

    let (conversation, id) = (conversation(1), message(4));
    world.frame(ann, ClientFrame::Rate { conversation, id, score: 5, comment: String::new() });
    assert_eq!(world.news(ann), ["7 rated 5"]);
    world.frame(ann, say(1, 5, "one more thing"));
    assert_eq!(world.got(ann), [refused(about_message(1, 5), Refusal::Ended)]);
}

#[test]
fn a_message_is_one_send_to_everybody_it_concerns_then_one_inbox_row() {
    let mut world = World::new(vec![settings(1, 4), settings(2, 4)]);
    let (console, colleague) = (world.agent(1), world.agent(2));
    let (phone, laptop) = (world.visitor(1), world.visitor(1));
    world.frame(phone, say(1, 1, "hello"));
    world.advance(1_000);
    world.ignore();
    world.frame(phone, say(1, 2, "again"));
    assert_eq!(world.news(phone), ["4 text again"]);
    assert_eq!(world.news(laptop), ["4 text again"]);
    world.advance(100);
    let at_console = world.got(console);
    assert!(matches!(at_console[..], [ServerFrame::Event { .. }, ServerFrame::Inbox { .. }]));
    assert!(matches!(world.got(colleague)[..], [ServerFrame::Inbox { .. }]));
    // The colleague reads along from here, without a gap.
    let follow = Follow { conversation: conversation(1), after: Cursor::default() };
    world.frame(colleague, ClientFrame::Follow { follow });
    assert_eq!(world.news(colleague), ["Shared after 0: 4 of 4", "Staff after 0: 3 of 3"]);
    world.frame(phone, say(1, 3, "more"));
    assert_eq!(world.news(colleague), ["5 text more"]);
    world.frame(colleague, ClientFrame::Ping);
    assert_eq!(world.news(colleague), ["pong 1"]);
    world.frame(colleague, ClientFrame::Unfollow { conversation: conversation(1) });
    world.frame(phone, say(1, 4, "and more"));
    assert_eq!(world.news(colleague), nothing());
    // A colleague may not answer, write as if, or see on the agent's behalf.
    world.frame(colleague, say(1, 5, "let me"));
    assert_eq!(world.news(colleague), ["refused Taken"]);
    world.frame(colleague, ClientFrame::Seen { conversation: conversation(1), up_to: Seq(6) });
    world.frame(colleague, ClientFrame::Typing { conversation: conversation(1) });
    world.frame(colleague, ClientFrame::End { conversation: conversation(1), id: message(6) });
    assert_eq!(world.news(colleague), ["refused Taken"]);
    assert_eq!(world.store.conversation(conversation(1)).unwrap().seen_by_staff, Seq::ZERO);
}

#[test]
fn capacity_holds_the_queue_moves_and_the_next_is_served_when_one_ends() {
    let mut world = World::new(vec![settings(1, 1), settings(2, 1)]);
    let console = world.agent(1);
    world.agent(2);
    let connections: Vec<_> = (1..=4).map(|n| world.visitor(n)).collect();
    for (n, connection) in (1..).zip(&connections) {
        world.frame(*connection, say(n, n, "hello"));
    }
    assert_eq!(world.core.gauges().waiting, 2);
    assert_eq!(world.state(1), ConversationState::Assigned { agent: agent(1) });
    assert_eq!(world.state(2), ConversationState::Assigned { agent: agent(2) });
    world.ignore();
    world.frame(console, ClientFrame::End { conversation: conversation(1), id: message(10) });
    assert_eq!(world.news(connections[2]), ["3 joined"]);
    assert_eq!(world.news(connections[3]), ["position 1 of 1"]);
    assert_eq!(world.state(3), ConversationState::Assigned { agent: agent(1) });
    // A full agent cannot take more by itself, and cannot take what a present colleague has.
    world.frame(console, ClientFrame::Take { conversation: conversation(4) });
    world.frame(console, ClientFrame::Take { conversation: conversation(2) });
    let got = world.got(console);
    assert!(got.contains(&refused(about(4), Refusal::AtCapacity)));
    assert!(got.contains(&refused(about(2), Refusal::Taken)));
}

#[test]
fn an_offer_on_its_way_counts_for_the_agent_and_for_the_conversation() {
    let mut world = World::new(vec![settings(1, 1), settings(2, 2)]);
    let (ann, bob) = (world.visitor(1), world.visitor(2));
    world.frame(ann, say(1, 1, "hello"));
    world.frame(bob, say(2, 2, "hello"));
    world.store_waits = true;
    let console = world.agent(1);
    world.frame(console, ClientFrame::Presence { state: AgentState::Online });
    assert_eq!(world.requests.len(), 1, "room for one, one offer");
    let colleague = world.agent(2);
    assert_eq!(world.requests.len(), 2, "the first is not offered twice");
    world.ignore();
    world.frame(colleague, ClientFrame::Take { conversation: conversation(1) });
    world.frame(console, ClientFrame::Take { conversation: conversation(1) });
    assert_eq!((world.news(colleague), world.news(console)), (vec!["refused Taken".to_owned()], nothing()));
    world.store_waits = false;
    world.settle();
    assert_eq!(world.state(1), ConversationState::Assigned { agent: agent(1) });
    assert_eq!(world.state(2), ConversationState::Assigned { agent: agent(2) });
}

#[test]
fn the_least_loaded_is_served_first_and_of_equals_the_one_whose_turn_is_longest_ago() {
    let mut world = World::new(vec![settings(1, 4), settings(2, 4), settings(3, 4)]);
    for n in 1..=3 {
        world.agent(n);
    }
    let mut served = Vec::new();
    for n in 1..=4 {
        let connection = world.visitor(n);
        world.frame(connection, say(n, n, "hello"));
        let ConversationState::Assigned { agent } = world.state(n) else { panic!("{n} waits") };
        served.push(agent);
    }
    assert_eq!(served, [agent(1), agent(2), agent(3), agent(1)]);
}

#[test]
fn a_place_survives_a_restart() {
    let mut world = World::new(vec![settings(1, 1)]);
    let connections: Vec<_> = (1..=3).map(|n| world.visitor(n)).collect();
    for (n, connection) in (1..).zip(&connections) {
        world.frame(*connection, say(n, n, "hello"));
    }
    world.restart();
    let third = world.visitor(3);
    assert_eq!(world.news(third), ["welcome", "position 3 of 3"]);
    world.agent(1);
    assert_eq!(world.state(1), ConversationState::Assigned { agent: agent(1) });
    assert_eq!(world.news(third), ["position 2 of 2"]);
}

#[test]
fn leaving_the_queue_and_coming_back_takes_a_new_turn_at_the_end() {
    let mut world = World::new(vec![settings(1, 4)]);
    let (ann, bob) = (world.visitor(1), world.visitor(2));
    world.frame(ann, say(1, 1, "hello"));
    world.frame(bob, say(2, 2, "hello"));
    world.ignore();
    world.frame(ann, ClientFrame::LeaveQueue { conversation: conversation(1) });
    assert_eq!(world.news(ann), ["3 left"]);
    assert_eq!(world.news(bob), ["position 1 of 1"]);
    world.frame(ann, ClientFrame::LeaveQueue { conversation: conversation(1) });
    assert_eq!(world.news(ann), nothing());
    // Two at once: only the first queues.
    world.store_waits = true;
    world.frame(ann, say(1, 3, "still there"));
    world.frame(ann, say(1, 4, "please"));
    world.store_waits = false;
    world.settle();
    assert_eq!(world.news(ann), ["4 text still there", "5 queued", "position 2 of 2", "6 text please"]);
}

#[test]
fn leaving_the_queue_while_being_served_does_not_send_the_agent_away() {
    let mut world = World::new(vec![settings(1, 4)]);
    let ann = world.visitor(1);
    world.frame(ann, say(1, 1, "hello"));
    world.ignore();
    world.store_waits = true;
    world.agent(1);
    world.frame(ann, ClientFrame::LeaveQueue { conversation: conversation(1) });
    world.store_waits = false;
    world.settle();
    assert_eq!(world.news(ann), ["3 joined", "refused Taken"]);
    assert_eq!(world.state(1), ConversationState::Assigned { agent: agent(1) });
}

#[test]
fn a_note_reaches_agents_and_never_the_visitor_and_moves_nobody_out_of_the_queue() {
    let mut world = World::new(vec![settings(1, 1), settings(2, 1)]);
    let console = world.agent(1);
    let ann = world.visitor(1);
    world.frame(ann, say(1, 1, "hello"));
    world.ignore();
    let note = ClientFrame::Note { conversation: conversation(1), id: message(2), text: "careful".to_owned() };
    world.frame(console, note.clone());
    assert_eq!(world.news(console), ["4 note careful"]);
    // Sent once more, it is recorded once and acknowledged once more.
    world.frame(console, note);
    assert_eq!(world.news(console), ["4 note careful"]);
    assert_eq!(world.news(ann), nothing());
    let fetch = ClientFrame::Fetch { conversation: conversation(1), lane: Lane::Staff, after: Seq::ZERO };
    world.frame(ann, fetch);
    assert_eq!(world.got(ann), [refused(about(1), Refusal::NotAllowed)]);
    // Whoever does not follow gets the acknowledgement all the same.
    world.frame(console, ClientFrame::End { conversation: conversation(1), id: message(3) });
    world.ignore();
    let late = ClientFrame::Note { conversation: conversation(1), id: message(4), text: "done".to_owned() };
    world.frame(console, late);
    assert_eq!(world.news(console), ["5 note done"]);
    // `record` does the same, for what agents may record by themselves and nothing else.
    let record = |m, body| ClientFrame::Record { conversation: conversation(1), id: message(m), body };
    world.frame(console, record(5, Body::Note { text: "\n truly done \n".to_owned() }));
    assert_eq!(world.news(console), ["6 note  truly done"]);
    world.frame(console, record(6, Body::Note { text: " ".to_owned() }));
    assert_eq!(world.got(console), [refused(about_message(1, 6), Refusal::TextEmpty)]);
    let others =
        [Body::Text { text: "as Ann".to_owned() }, Body::Joined, Body::Assigned { agent: agent(1) }, Body::Unknown];
    for body in others {
        world.frame(console, record(7, body));
        assert_eq!(world.got(console), [refused(about_message(1, 7), Refusal::NotAllowed)]);
    }
    assert_eq!(world.news(ann), nothing());
}

#[test]
fn a_visitor_cannot_touch_what_is_not_theirs() {
    let mut world = World::new(vec![settings(1, 4)]);
    let (ann, eve) = (world.visitor(1), world.visitor(2));
    world.frame(ann, say(1, 1, "secret"));
    for ended in [false, true] {
        world.ignore();
        let (conversation, id) = (conversation(1), message(9));
        let follow = Follow { conversation, after: Cursor::default() };
        let frames = [
            (say(1, 9, "me too"), about_message(1, 9)),
            (ClientFrame::End { conversation, id }, about_message(1, 9)),
            (ClientFrame::Rate { conversation, id, score: 1, comment: String::new() }, about_message(1, 9)),
            (ClientFrame::Seen { conversation, up_to: Seq(1) }, about(1)),
            (ClientFrame::LeaveQueue { conversation }, about(1)),
            (ClientFrame::Follow { follow }, about(1)),
            (ClientFrame::Fetch { conversation, lane: Lane::Shared, after: Seq::ZERO }, about(1)),
        ];
        for (frame, subject) in frames {
            world.frame(eve, frame);
            assert_eq!(world.got(eve), [refused(subject, Refusal::NotFound)]);
        }
        world.frame(eve, ClientFrame::Typing { conversation });
        world.frame(eve, say(1, 1, "a retry of hers"));
        assert_eq!(world.got(eve), [refused(about_message(1, 1), Refusal::NotFound)]);
        let evil = world.visitor_at(2, "https://example.com/", vec![follow]);
        assert_eq!(world.news(evil), ["welcome", "refused NotFound"].map(str::to_owned));
        world.disconnect(evil);
        for frame in [
            ClientFrame::Take { conversation },
            ClientFrame::Note { conversation, id, text: "x".to_owned() },
            ClientFrame::Presence { state: AgentState::Online },
            ClientFrame::ListClosed { before_ms: u64::MAX, before: None },
            ClientFrame::ListOfVisitor { visitor: visitor(1) },
        ] {
            world.frame(eve, frame);
            assert_eq!(world.news(eve), ["refused UnknownFrame"]);
        }
        world.frame(eve, ClientFrame::Register);
        assert_eq!(world.news(eve), ["refused NotAllowed"]);
        if !ended {
            assert_eq!(world.news(ann), nothing());
            world.frame(ann, ClientFrame::End { conversation, id: message(2) });
        }
    }
}

#[test]
fn a_retry_is_recorded_once_and_answered_to_the_asker_only() {
    let mut world = World::new(vec![settings(1, 4)]);
    let (phone, laptop) = (world.visitor(1), world.visitor(1));
    let console = world.agent(1);
    world.frame(phone, say(1, 1, "hello"));
    world.ignore();
    world.frame(phone, say(1, 1, "hello"));
    assert_eq!(world.news(phone), ["1 text hello"]);
    assert_eq!((world.got(laptop), world.got(console)), (Vec::new(), Vec::new()));
    world.frame(phone, ClientFrame::End { conversation: conversation(1), id: message(2) });
    world.ignore();
    // Also when it ended in between: the message was recorded, so it is not refused.
    world.frame(phone, say(1, 1, "hello"));
    world.frame(phone, ClientFrame::End { conversation: conversation(1), id: message(2) });
    assert_eq!(world.news(phone), ["1 text hello", "4 closed"]);
    assert_eq!(world.store.events(conversation(1)).len(), 7);
}

#[test]
fn what_the_store_cannot_do_is_said_and_tried_again() {
    let mut world = World::new(vec![settings(1, 4)]);
    let ann = world.visitor(1);
    world.ignore();
    for (error, refusal) in [
        (AppendError::Busy, Refusal::Busy),
        (AppendError::Down, Refusal::StoreDown),
        (AppendError::Ended, Refusal::Ended),
    ] {
        world.append_fails.push_back(error);
        world.frame(ann, say(1, 1, "hello"));
        assert_eq!(world.got(ann), [refused(about_message(1, 1), refusal)]);
    }
    // Two at once while the first fails: the second says "again", and does not open the conversation unqueued.
    world.store_waits = true;
    world.append_fails.push_back(AppendError::Down);
    world.frame(ann, say(1, 1, "hello"));
    world.frame(ann, say(1, 2, "there"));
    world.store_waits = false;
    world.settle();
    assert_eq!(world.news(ann), ["refused StoreDown", "refused Busy"]);
    world.frame(ann, say(1, 1, "hello"));
    assert_eq!(world.news(ann), ["1 text hello", "2 queued", "position 1 of 1"]);
    // The offer fails: it is made again after a while.
    for error in [AppendError::Down, AppendError::Busy, AppendError::AtCapacity, AppendError::Moved] {
        world.append_fails.push_back(error);
        if error == AppendError::Down {
            world.agent(1);
        } else {
            world.advance(1_000);
        }
        assert!(matches!(world.state(1), ConversationState::Waiting { .. }), "{error:?}");
    }
    world.advance(1_000);
    assert_eq!(world.state(1), ConversationState::Assigned { agent: agent(1) });
    // Without its first picture a client cannot begin.
    world.query_fails.push_back(QueryError::Busy);
    let bob = world.visitor(2);
    assert_eq!(world.closed.get(&bob), Some(&Close::Busy));
    world.input(Input::Disconnected { connection: bob });
}

/// A world in which a visitor's conversation has ended, and nobody but the store knows.
fn ended_unheard() -> (World, ConnectionId) {
    let mut world = World::new(vec![settings(1, 4)]);
    let ann = world.visitor(1);
    world.frame(ann, say(1, 1, "hello"));
    let end = NewEvent { id: message(9), author: Author::Visitor, body: NewBody::Ready(Body::Closed) };
    let append = Append::new(conversation(1), vec![end]);
    world.store.append(world.now_ms, &append).expect("recorded");
    world.ignore();
    (world, ann)
}

#[test]
fn an_end_that_the_bus_lost_is_found_when_the_store_reports_it() {
    let (mut world, ann) = ended_unheard();
    assert_eq!(world.core.gauges().waiting, 1);
    world.frame(ann, say(1, 2, "still there?"));
    assert_eq!(world.got(ann), [refused(about_message(1, 2), Refusal::Ended)]);
    assert_eq!(world.core.gauges().waiting, 0);
}

#[test]
fn what_the_bus_lost_is_sent_to_whoever_asks() {
    let (mut world, ann) = ended_unheard();
    let after = Cursor { shared: Seq(2), staff: Seq::ZERO };
    world.frame(ann, ClientFrame::Follow { follow: Follow { conversation: conversation(1), after } });
    assert_eq!(world.news(ann), ["Shared after 2: 0 of 2"], "memory answers whoever comes");
    world.frame(ann, ClientFrame::Fetch { conversation: conversation(1), lane: Lane::Shared, after: Seq(2) });
    assert_eq!(world.news(ann), ["Shared after 2: 1 of 3"]);
    assert_eq!(world.core.gauges().waiting, 0);
}

#[test]
fn an_agent_who_chose_to_be_away_is_given_nobody_by_a_relay_that_has_just_started() {
    let mut world = World::new(vec![settings(1, 4)]);
    let console = world.agent(1);
    world.frame(console, ClientFrame::Presence { state: AgentState::Away });
    let ann = world.visitor(1);
    world.frame(ann, say(1, 1, "hello"));
    world.restart();
    let state = |world: &World| world.core.gauges().agents_online;
    let console = world.agent_who_chose(1, Some(AgentState::Away));
    assert_eq!((world.news(console), state(&world)), (vec!["welcome".to_owned()], 0));
    // Another tab knows of no choice, and offline is none: both come as the agent is.
    for nothing in [None, Some(AgentState::Offline)] {
        let other = world.agent_who_chose(1, nothing);
        assert_eq!((world.news(other), state(&world)), (vec!["welcome".to_owned()], 0));
    }
    // A tab that chose otherwise while it was cut off.
    world.agent_who_chose(1, Some(AgentState::Online));
    assert_eq!((world.state(1), state(&world)), (ConversationState::Assigned { agent: agent(1) }, 1));
}
