//! The timeline's fold, order and states.

use wire::{AgentId, MessageId};

use super::*;

const HERE: ConversationId = ConversationId(1);

fn agent() -> Author {
    Author::Agent { id: AgentId(9), name: "Ana".to_owned() }
}

fn event(seq: u64, at_ms: u64, author: Author, body: Body) -> Event {
    let id = MessageId(u128::from(seq) << 64 | u128::from(at_ms));
    Event { conversation: HERE, lane: body.lane(), seq: Seq(seq), at_ms, id, author, body }
}

fn text(seq: u64, at_ms: u64, author: Author) -> Event {
    event(seq, at_ms, author, Body::Text { text: "hello\nthere".to_owned() })
}

#[test]
fn seen_is_what_the_other_side_saw_and_unread_what_we_did_not() {
    let mut timeline = Timeline::new(HERE, Party::Visitor, false);
    assert!(!timeline.apply(text(1, 10, Author::Visitor)));
    assert!(timeline.apply(text(2, 20, agent())));
    assert!(!timeline.apply(text(3, 30, Author::Visitor)));
    timeline.apply(event(4, 40, agent(), Body::Seen { up_to: Seq(1) }));
    let states: Vec<_> = timeline.items().map(|item| item.state.clone()).collect();
    assert_eq!(states, [ItemState::Seen, ItemState::Recorded, ItemState::Sent]);
    assert_eq!((timeline.unread(), timeline.unreported_seen()), (1, Some(Seq(2))));
    assert_eq!(timeline.agent_name(), Some("Ana"));
    timeline.set_seen_reported(Seq(2));
    assert_eq!((timeline.unread(), timeline.unreported_seen()), (0, None));
    timeline.set_seen_reported(Seq::ZERO);
    timeline.apply(event(5, 50, Author::Visitor, Body::Seen { up_to: Seq(2) }));
    assert_eq!((timeline.unread(), timeline.unreported_seen()), (0, None));
    assert_eq!((timeline.last_message(), timeline.last_line()), (Seq(3), Some((30, "hello there".to_owned()))));
}

#[test]
fn notes_stand_by_time_whichever_lane_came_first() {
    let shared = [text(1, 10, Author::Visitor), text(2, 20, agent()), text(3, 30, Author::Visitor)];
    let staff = [
        event(1, 10, Author::System, Body::Assigned { agent: AgentId(9) }),
        event(2, 25, agent(), Body::Note { text: "careful".to_owned() }),
        event(3, 99, agent(), Body::Note { text: "later".to_owned() }),
    ];
    let mut orders = Vec::new();
    for (first, then) in [(&shared, &staff), (&staff, &shared)] {
        let mut timeline = Timeline::new(HERE, Party::Staff, false);
        for event in first.iter().chain(then) {
            timeline.apply(event.clone());
        }
        orders.push(timeline.items().map(|item| (item.at_ms, item.content.is_staff())).collect::<Vec<_>>());
    }
    assert_eq!(orders[0], [(10, false), (10, true), (20, false), (25, true), (30, false), (99, true)]);
    assert_eq!(orders[0], orders[1]);
}

#[test]
fn typing_goes_away_with_time_or_with_the_message() {
    let mut timeline = Timeline::new(HERE, Party::Visitor, false);
    timeline.set_typing("Ana".to_owned(), 100);
    assert_eq!(timeline.typing(), Some("Ana"));
    assert!(!timeline.expire(100 + TYPING_SHOWN_MS - 1));
    assert!(timeline.expire(100 + TYPING_SHOWN_MS));
    timeline.set_typing(String::new(), 100);
    timeline.apply(text(1, 10, agent()));
    assert_eq!(timeline.typing(), None);
}

#[test]
fn the_fold_knows_where_the_conversation_stands() {
    let mut timeline = Timeline::new(HERE, Party::Visitor, false);
    timeline.apply(event(1, 1, Author::System, Body::Queued));
    assert!(timeline.waiting());
    timeline.apply(event(2, 2, agent(), Body::Joined));
    assert!(!timeline.waiting() && timeline.agent_name() == Some("Ana"));
    timeline.apply(event(3, 3, agent(), Body::Closed));
    timeline.apply(event(4, 4, Author::Visitor, Body::Rated { score: 4, comment: String::new() }));
    assert!(timeline.closed() && timeline.rated() == Some(4));
}
