//! Something of an ended conversation was erased: everybody it concerns is sent that, and nobody what the store read before.

use relay_core::{ConnectionId, Input, Output, Peer};
use wire::*;

use crate::support::*;

const SECRET: &str = "secret";

/// An ended conversation of one text, its visitor, another visitor, and a desk.
fn given() -> (World, ConnectionId, ConnectionId, ConnectionId) {
    let mut world = World::new(vec![settings(1, 4)]);
    let (ann, ben, desk) = (world.visitor(1), world.visitor(2), world.agent(1));
    world.frame(ann, say(1, 1, SECRET));
    world.frame(ann, ClientFrame::End { conversation: conversation(1), id: message(2) });
    world.ignore();
    (world, ann, ben, desk)
}

/// The store erases it, and says so. Gives what clients are to be sent.
fn erase(world: &mut World) -> ServerFrame {
    let (known, events) = world.store.logs.get_mut(&conversation(1)).expect("recorded");
    known.last_line.clear();
    known.erased = true;
    for event in events {
        if let Some((_, left)) = event.body.without(Parts::ALL) {
            event.body = left;
        }
    }
    let known = known.clone();
    let frame = known.erased_frame();
    world.input(Input::Erased(Box::new(known)));
    frame
}

/// The oldest request of the core, with what the store reads for it now.
fn read_now(world: &mut World) -> Input {
    let request = world.requests.pop_front();
    let Some(Output::Query { request, query }) = request else { panic!("{request:?}") };
    Input::Answered { request, result: world.store.query(&query) }
}

fn follow(shared: u64) -> Follow {
    Follow { conversation: conversation(1), after: Cursor { shared: Seq(shared), staff: Seq::ZERO } }
}

fn says_it(frames: &[ServerFrame]) -> bool {
    format!("{frames:?}").contains(SECRET)
}

#[test]
fn its_visitor_and_whoever_may_read_it_are_sent_that_it_was_erased() {
    let (mut world, ann, ben, desk) = given();
    let frame = erase(&mut world);
    assert_eq!((world.got(ann), world.got(desk)), (vec![frame.clone()], vec![frame]));
    assert_eq!(world.got(ben), []);
}

#[test]
fn pages_and_lists_that_were_read_before_say_nothing_of_it_afterwards() {
    for ask in [
        ClientFrame::Follow { follow: follow(0) },
        ClientFrame::Fetch { conversation: conversation(1), lane: Lane::Shared, after: Seq::ZERO },
        ClientFrame::ListClosed { before_ms: u64::MAX, before: None },
        ClientFrame::ListOfVisitor { visitor: visitor(1) },
    ] {
        let (mut world, _, _, desk) = given();
        world.store_waits = true;
        world.frame(desk, ask.clone());
        let late = read_now(&mut world);
        assert!(format!("{late:?}").contains(SECRET), "the test asks for it: {ask:?}");
        let frame = erase(&mut world);
        world.input(late);
        world.store_waits = false;
        world.settle();
        let got = world.got(desk);
        assert_eq!(got[0], frame);
        assert!(got.len() > 1 && !says_it(&got), "{ask:?}: {got:?}");
    }
}

#[test]
fn memory_keeps_no_word_of_it() {
    let (mut world, ann, _, desk) = given();
    // In memory while it is followed.
    world.frame(desk, ClientFrame::Follow { follow: follow(0) });
    erase(&mut world);
    world.ignore();
    world.frame(
        ann,
        ClientFrame::Rate { conversation: conversation(1), id: message(3), score: 5, comment: String::new() },
    );
    world.advance(1_000);
    let got = world.got(desk);
    assert!(got.iter().any(|frame| matches!(frame, ServerFrame::Inbox { .. })) && !says_it(&got), "{got:?}");
}

#[test]
fn who_comes_back_with_events_from_before_is_sent_that_too() {
    for in_memory in [false, true] {
        let (mut world, _, _, desk) = given();
        if in_memory {
            world.frame(desk, ClientFrame::Follow { follow: follow(0) });
        }
        let head = world.store.conversation(conversation(1)).expect("recorded").head.shared;
        let frame = erase(&mut world);
        let back = |world: &mut World, shared| {
            let desk = world.connect(Peer::Agent { agent: agent(1), state: None }, vec![follow(shared)]);
            let got = world.got(desk);
            assert!(got.iter().any(|frame| matches!(frame, ServerFrame::Events { .. })));
            got.iter().filter(|got| **got == frame).count()
        };
        assert_eq!(back(&mut world, head.0), 1, "it has all events");
        assert_eq!(back(&mut world, 1), 1, "it has some");
        assert_eq!(back(&mut world, 0), 0, "it has none");
        let ann = world.visitor_at(1, "https://example.com/", vec![follow(head.0)]);
        assert_eq!(world.got(ann).iter().filter(|got| **got == frame).count(), 1);
    }
}
