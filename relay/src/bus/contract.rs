//! The contract of every bus: a table of cases, called for each kind. A new kind of bus adds a few lines at the end.

use relay_core::input::{Commit, Presence, RelayId, Typing};
use relay_core::{PRESENCE_LEASE_MS, Topic};
use wire::{Author, Body, ConversationId, Event, Lane, MessageId, Party, Seq, SiteId, VisitorId};

use super::{Bus, BusError, BusMessage, BusReceiver, LocalHub, Received};
use crate::store::task::REQUESTS_MAX;

/// More than any bus keeps for one relay.
const FLOOD: u64 = 100_000;

/// One relay on a bus.
struct Member {
    bus: Box<dyn Bus>,
    messages: BusReceiver,
}

/// Lets a relay join the bus under test.
type Join = dyn FnMut(RelayId) -> Member;

impl Member {
    fn subscribe(&self, topics: &[Topic]) {
        for topic in topics {
            self.bus.subscribe(topic.clone()).expect("there is room");
        }
    }

    /// All that has arrived. A bus that takes its time waits here for what is on its way, with a bound.
    fn received(&mut self) -> Vec<Received> {
        std::iter::from_fn(|| self.messages.try_recv()).collect()
    }

    fn receives(&mut self, messages: &[BusMessage]) {
        assert_eq!(self.received(), messages.iter().cloned().map(Received::Message).collect::<Vec<_>>());
    }
}

fn site(id: &str) -> SiteId {
    id.parse().expect("a site id")
}

/// The commit of one message of a conversation.
fn commit(conversation: u128, on: &str, seq: u64) -> BusMessage {
    let event = Event {
        conversation: ConversationId(conversation),
        lane: Lane::Shared,
        seq: Seq(seq),
        at_ms: 1,
        id: MessageId(seq.into()),
        author: Author::Visitor,
        body: Body::Text { text: seq.to_string() },
    };
    BusMessage::Committed(Commit { site: site(on), visitor: VisitorId(7), events: vec![event] })
}

fn typing(conversation: u128) -> BusMessage {
    let (conversation, party) = (ConversationId(conversation), Party::Visitor);
    BusMessage::Typing(Typing { conversation, party, agent: None, name: String::new() })
}

fn presence(relay: u128) -> BusMessage {
    let presence = Presence { agents: Vec::new(), lease_ms: PRESENCE_LEASE_MS };
    BusMessage::Presence { relay: RelayId(relay), presence }
}

fn it(conversation: u128) -> Topic {
    Topic::Conversation(ConversationId(conversation))
}

fn staff(on: &str) -> Topic {
    Topic::Staff(site(on))
}

/// Two relays, of which the second listens to these topics.
fn two(join: &mut Join, topics: &[Topic]) -> (Member, Member) {
    let (one, two) = (join(RelayId(1)), join(RelayId(2)));
    two.subscribe(topics);
    (one, two)
}

fn each_message_reaches_who_is_subscribed_to_one_of_its_topics(join: &mut Join) {
    let all = [it(1), staff("a"), Topic::Presence, Topic::Settings];
    let of_1_on_a = commit(1, "a", 1);
    for (message, topics) in [
        (of_1_on_a, vec![it(1), staff("a")]),
        (typing(1), vec![it(1)]),
        (presence(1), vec![Topic::Presence]),
        (BusMessage::SettingsChanged, vec![Topic::Settings]),
        (commit(2, "b", 1), Vec::new()),
        (typing(2), Vec::new()),
    ] {
        for topic in &all {
            let (one, mut two) = two(join, std::slice::from_ref(topic));
            assert_eq!(one.bus.publish(message.clone()), Ok(()));
            let wanted: &[BusMessage] = if topics.contains(topic) { std::slice::from_ref(&message) } else { &[] };
            two.receives(wanted);
        }
    }
}

fn whoever_is_subscribed_to_both_topics_of_a_message_receives_it_once(join: &mut Join) {
    let (one, mut two) = two(join, &[it(1), staff("a")]);
    assert_eq!(one.bus.publish(commit(1, "a", 1)), Ok(()));
    two.receives(&[commit(1, "a", 1)]);
}

fn whoever_subscribes_twice_receives_once_and_leaves_at_once(join: &mut Join) {
    let (one, mut two) = two(join, &[it(1), it(1)]);
    assert_eq!(one.bus.publish(typing(1)), Ok(()));
    two.receives(&[typing(1)]);
    two.bus.unsubscribe(&it(1));
    assert_eq!(one.bus.publish(typing(1)), Ok(()));
    two.receives(&[]);
    two.subscribe(&[it(1)]);
    assert_eq!(one.bus.publish(typing(1)), Ok(()));
    two.receives(&[typing(1)]);
}

fn to_leave_what_was_never_subscribed_changes_nothing(join: &mut Join) {
    let (one, mut two) = two(join, &[it(1)]);
    for topic in [it(2), staff("a"), Topic::Presence, Topic::Settings] {
        two.bus.unsubscribe(&topic);
    }
    assert_eq!(one.bus.publish(typing(1)), Ok(()));
    two.receives(&[typing(1)]);
}

fn the_order_of_one_publisher_is_kept(join: &mut Join) {
    let (one, mut two) = two(join, &[it(1), it(2), staff("a")]);
    let sent: Vec<_> = (1..=500).map(|seq| commit(u128::from(seq % 3), "a", seq)).collect();
    for message in &sent {
        assert_eq!(one.bus.publish(message.clone()), Ok(()));
    }
    two.receives(&sent);
}

fn a_publisher_receives_its_own_commits_and_typing_at_once_and_nothing_else_of_itself(join: &mut Join) {
    let mut one = join(RelayId(1));
    let sent = [commit(1, "a", 1), typing(1), presence(1), BusMessage::SettingsChanged];
    for subscribed in [false, true] {
        for message in &sent {
            assert_eq!(one.bus.publish(message.clone()), Ok(()));
        }
        one.receives(&sent[..2]);
        if !subscribed {
            one.subscribe(&[it(1), staff("a"), Topic::Presence, Topic::Settings]);
        }
    }
}

fn every_member_receives_and_each_only_what_it_follows(join: &mut Join) {
    let mut members: Vec<Member> = (0..5).map(|number| join(RelayId(number))).collect();
    for (number, member) in (0..).zip(&members) {
        member.subscribe(&[it(number), Topic::Presence]);
    }
    for number in 0..5 {
        assert_eq!(members[0].bus.publish(typing(number)), Ok(()));
    }
    assert_eq!(members[0].bus.publish(presence(0)), Ok(()));
    members[0].receives(&[typing(0), typing(1), typing(2), typing(3), typing(4)]);
    for (number, member) in (0..).zip(&mut members).skip(1) {
        member.receives(&[typing(number), presence(0)]);
    }
}

fn a_slow_member_learns_that_it_missed_commits_and_harms_nobody(join: &mut Join) {
    let (mut one, mut slow) = two(join, &[staff("a")]);
    let mut quick = join(RelayId(3));
    quick.subscribe(&[staff("a")]);
    for seq in 1..=FLOOD {
        assert_eq!(one.bus.publish(commit(1, "a", seq)), Ok(()), "a publisher gets errors of its own queue only");
        one.receives(&[commit(1, "a", seq)]);
        quick.receives(&[commit(1, "a", seq)]);
    }
    let received = slow.received();
    let count = received.iter().filter(|received| matches!(received, Received::Message(_))).count();
    assert!(count >= REQUESTS_MAX, "there is room for every commit that one relay has under way");
    assert!((count as u64) < FLOOD, "what waits is bounded");
    assert_eq!(received.iter().filter(|received| **received == Received::Lost).count(), 1);
    // What it received is in order, from the first, and afterwards it goes on.
    let first = received.iter().filter(|received| **received != Received::Lost).take(REQUESTS_MAX);
    assert!(first.zip(1..).all(|(received, seq)| *received == Received::Message(commit(1, "a", seq))));
    assert_eq!(one.bus.publish(commit(1, "a", FLOOD + 1)), Ok(()));
    slow.receives(&[commit(1, "a", FLOOD + 1)]);
}

fn what_is_said_again_anyway_leaves_room_for_commits_and_is_not_missed(join: &mut Join) {
    let (mut one, mut two) = two(join, &[it(1), staff("a")]);
    let taken = (0..FLOOD).take_while(|_| one.bus.publish(typing(1)).is_ok()).count();
    assert!((taken as u64) < FLOOD, "signs of typing are bounded");
    assert_eq!(one.bus.publish(typing(1)), Err(BusError::Full));
    for seq in 1..=REQUESTS_MAX as u64 {
        assert_eq!(one.bus.publish(commit(1, "a", seq)), Ok(()));
    }
    for received in [one.received(), two.received()] {
        assert!(!received.contains(&Received::Lost));
        let commits =
            received.iter().filter(|received| matches!(received, Received::Message(BusMessage::Committed(_)))).count();
        assert_eq!(commits, REQUESTS_MAX);
    }
}

fn whoever_has_left_is_not_waited_for(join: &mut Join) {
    let (mut one, two) = two(join, &[it(1)]);
    drop(two.messages);
    assert_eq!(two.bus.publish(typing(2)), Err(BusError::Ended));
    assert_eq!(one.bus.publish(typing(1)), Ok(()));
    drop(two.bus);
    assert_eq!(one.bus.publish(typing(1)), Ok(()));
    one.receives(&[typing(1), typing(1)]);
}

/// One test for each case, each on a fresh bus that `$join` lets relays join.
macro_rules! contract {
    ($kind:ident, $fresh:expr, [$($case:ident),* $(,)?]) => {
        mod $kind {
            $(
                #[test]
                fn $case() {
                    let mut join = $fresh;
                    super::$case(&mut join);
                }
            )*
        }
    };
}

/// Every case, for a kind of bus.
macro_rules! every_case {
    ($kind:ident, $fresh:expr) => {
        contract!(
            $kind,
            $fresh,
            [
                each_message_reaches_who_is_subscribed_to_one_of_its_topics,
                whoever_is_subscribed_to_both_topics_of_a_message_receives_it_once,
                whoever_subscribes_twice_receives_once_and_leaves_at_once,
                to_leave_what_was_never_subscribed_changes_nothing,
                the_order_of_one_publisher_is_kept,
                a_publisher_receives_its_own_commits_and_typing_at_once_and_nothing_else_of_itself,
                every_member_receives_and_each_only_what_it_follows,
                a_slow_member_learns_that_it_missed_commits_and_harms_nobody,
                what_is_said_again_anyway_leaves_room_for_commits_and_is_not_missed,
                whoever_has_left_is_not_waited_for,
            ]
        );
    };
}

fn local() -> impl FnMut(RelayId) -> Member {
    let hub = LocalHub::default();
    move |relay| {
        let (bus, messages) = hub.join(relay);
        Member { bus: Box::new(bus), messages }
    }
}

every_case!(local, super::local());
