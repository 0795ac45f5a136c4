//! The queue alone: the order of service, shared between networks, and the positions that are sent.

use super::*;
use crate::step::Step;

fn entry(turn: u64, network: u64) -> QueueEntry {
    QueueEntry { turn, network: Some(Tag(network)), known: false }
}

/// A queue of these networks, in the order in which they came; the conversation's id is its turn.
fn queue_of(networks: &[u64]) -> Queue {
    let mut queue = Queue::default();
    for (turn, network) in (1..).zip(networks) {
        join(&mut queue, turn, *network);
    }
    queue
}

fn join(queue: &mut Queue, turn: u64, network: u64) {
    insert(queue, turn, entry(turn, network), false, true);
}

fn insert(queue: &mut Queue, id: u64, entry: QueueEntry, again: bool, here: bool) {
    let visitor = VisitorId(id.into());
    queue.insert(
        ConversationId(id.into()),
        Joining { site: "demo".parse().unwrap(), visitor, entry, here },
        again,
        false,
    );
}

fn order(queue: &Queue) -> Vec<u128> {
    queue.order().map(|id| id.0).collect()
}

/// Serves everybody one after the other.
fn served(mut queue: Queue) -> Vec<u128> {
    let mut served = Vec::new();
    while let Some(id) = queue.order().next() {
        queue.remove(id, true);
        served.push(id.0);
    }
    served
}

#[test]
fn networks_are_served_in_turn_and_positions_say_so_before() {
    for (networks, want) in [
        (&[1, 2, 3][..], &[1, 2, 3][..]),
        (&[1, 1, 1], &[1, 2, 3]),
        (&[1, 1, 1, 2], &[1, 4, 2, 3]),
        (&[1, 1, 2, 2, 3, 1], &[1, 3, 5, 2, 4, 6]),
        // Networks whose first ones all came after the second one of another: still one of each before.
        (&[7, 7, 7, 7, 8, 9], &[1, 5, 6, 2, 3, 4]),
    ] {
        let queue = queue_of(networks);
        assert_eq!(order(&queue), want, "{networks:?}");
        assert_eq!(served(queue), want, "{networks:?}");
    }
}

#[test]
fn eighteen_networks_that_send_without_end_put_a_real_visitor_back_by_eighteen_at_most() {
    let mut queue = Queue::default();
    let mut turn = 0;
    for round in 0..90 {
        for network in 0..18 {
            turn += 1;
            join(&mut queue, turn, network);
        }
        // Some are served meanwhile, so that the networks were last served at different times.
        for _ in 0..round % 5 {
            let next = queue.order().next().unwrap();
            queue.remove(next, true);
        }
    }
    turn += 1;
    join(&mut queue, turn, 99);
    let real = ConversationId(turn.into());
    assert!(queue.order().position(|id| id == real).unwrap() <= 18);
    let mut before = 0;
    loop {
        let next = queue.order().next().unwrap();
        queue.remove(next, true);
        if next == real {
            break;
        }
        before += 1;
        // They go on as fast as they may.
        for network in 0..18 {
            turn += 1;
            join(&mut queue, turn, network);
        }
    }
    assert!(before <= 18, "{before}");
}

#[test]
fn the_second_of_an_office_waits_for_one_of_each_other_network_and_no_more() {
    let mut queue = queue_of(&[1, 1, 2, 3]);
    let mut turn = 4;
    let mut before = Vec::new();
    loop {
        let next = queue.order().next().unwrap();
        queue.remove(next, true);
        if next.0 == 2 {
            break;
        }
        before.push(next.0);
        // New networks come all the time.
        turn += 1;
        join(&mut queue, turn, 100 + turn);
    }
    assert_eq!(before, [1, 3, 4]);
}

#[test]
fn whoever_comes_back_has_the_old_position_but_no_network_gets_more_by_it() {
    let mut queue = queue_of(&[1, 2, 3]);
    queue.remove(ConversationId(1), false);
    assert_eq!(order(&queue), [2, 3]);
    join(&mut queue, 1, 1);
    assert_eq!(order(&queue), [1, 2, 3]);
    // Many of one network that waited elsewhere come back one by one: their network was served meanwhile.
    let mut queue = queue_of(&[1, 1, 1, 2, 3]);
    queue.remove(ConversationId(2), false);
    queue.remove(ConversationId(3), false);
    queue.remove(ConversationId(1), true);
    join(&mut queue, 2, 1);
    assert_eq!(order(&queue), [4, 5, 2]);
    // What an agent gives back has its earlier position.
    queue.remove(ConversationId(4), true);
    insert(&mut queue, 4, entry(4, 2), true, true);
    assert_eq!(order(&queue), [4, 5, 2]);
}

#[test]
fn in_a_flood_three_of_four_are_known_ones_and_each_class_is_fair_in_itself() {
    let mut queue = Queue::default();
    for turn in 1..=12 {
        join(&mut queue, turn, turn);
    }
    for turn in 13..=20 {
        let known = QueueEntry { known: true, ..entry(turn, 100 + turn % 2) };
        insert(&mut queue, turn, known, false, true);
    }
    assert_eq!(order(&queue)[..4], [1, 2, 3, 4]);
    queue.set_flood(true);
    let got = order(&queue);
    assert_eq!(got[..8], [13, 14, 15, 1, 16, 17, 18, 2]);
    assert_eq!(got.len(), 20);
    let mut now = Vec::new();
    for _ in 0..8 {
        let next = queue.order().next().unwrap();
        queue.remove(next, true);
        now.push(next.0);
    }
    assert_eq!(now, got[..8]);
    queue.set_flood(false);
    assert_eq!(order(&queue).len(), 12);
}

#[test]
fn whoever_has_no_tag_is_a_network_of_their_own() {
    let mut queue = Queue::default();
    for turn in 1..=3_u64 {
        let entry = QueueEntry { turn, network: None, known: false };
        insert(&mut queue, turn, entry, false, true);
    }
    join(&mut queue, 4, 1);
    assert_eq!(order(&queue), [1, 2, 3, 4]);
    assert_eq!(served(queue), [1, 2, 3, 4]);
}

/// Numbers without a pattern, the same each time (SplitMix64).
fn dice(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 27)) >> 16
}

#[test]
fn whoever_is_next_is_the_first_of_the_order_who_is_not_taken() {
    let mut state = 7;
    for round in 0..200 {
        let mut queue = Queue::default();
        let mut taken = BTreeSet::new();
        for turn in 1..=60_u64 {
            match dice(&mut state) % 6 {
                0 => {
                    // The next one goes to an agent …
                    if let Some(next) = queue.next() {
                        queue.set_taken(next, true);
                        taken.insert(next);
                    }
                }
                // … any one is taken by hand, or is no longer …
                1 => {
                    let any = ConversationId((dice(&mut state) % turn).into());
                    if queue.waiting.contains_key(&any) && !taken.insert(any) {
                        taken.remove(&any);
                    }
                    queue.set_taken(any, taken.contains(&any));
                }
                // … or one leaves, served or not …
                2 => {
                    let any = ConversationId((dice(&mut state) % turn).into());
                    queue.remove(any, taken.remove(&any));
                }
                // … or goes and comes …
                3 => {
                    queue.set_here(ConversationId((dice(&mut state) % turn).into()), dice(&mut state).is_multiple_of(2))
                }
                // … and others join.
                _ => join(&mut queue, turn, dice(&mut state) % 7),
            }
            assert_eq!(queue.next(), queue.order().find(|id| !taken.contains(id)), "round {round}, turn {turn}");
        }
    }
}

#[test]
fn in_a_flood_those_who_are_taken_count_as_served() {
    for in_a_row in 0..4 {
        let mut queue = Queue::default();
        for turn in 1..=30 {
            insert(&mut queue, turn, QueueEntry { known: turn % 2 == 0, ..entry(turn, turn % 5) }, false, true);
        }
        queue.set_flood(true);
        for _ in 0..in_a_row {
            let next = queue.next().unwrap();
            queue.remove(next, true);
        }
        let got = order(&queue);
        let mut given = Vec::new();
        while let Some(next) = queue.next() {
            queue.set_taken(next, true);
            given.push(next.0);
        }
        assert_eq!(given[..12], got[..12]);
        assert_eq!(given.len(), got.len());
    }
}

#[test]
fn a_short_queue_is_sent_in_the_order_of_all() {
    let mut state = 11;
    for _ in 0..100 {
        let mut queue = Queue::default();
        for turn in 1..=60_u64 {
            let visitor = VisitorId(turn.into());
            let site = if dice(&mut state).is_multiple_of(3) { "small" } else { "demo" }.parse().unwrap();
            let joining = Joining { site, visitor, entry: entry(turn, dice(&mut state) % 9), here: true };
            queue.insert(ConversationId(turn.into()), joining, false, dice(&mut state).is_multiple_of(4));
            if dice(&mut state).is_multiple_of(5) {
                let next = queue.next().unwrap_or(ConversationId(0));
                queue.remove(next, true);
            }
        }
        let small: SiteId = "small".parse().unwrap();
        let of_small = queue.order().filter(|id| queue.waiting[id].site == small).collect::<Vec<_>>();
        assert_eq!(queue.order_of_site(&small), of_small);
    }
}

#[test]
fn who_moves_on_one_site_moves_those_of_the_same_network_on_others() {
    let (mut queue, mut step) = (Queue::default(), Step::new(1_000_000, 7));
    let mut joins = |queue: &mut Queue, turn: u64, network: u64, site: &str| {
        let (id, visitor) = (ConversationId(turn.into()), VisitorId(turn.into()));
        let one = Joining { site: site.parse().unwrap(), visitor, entry: entry(turn, network), here: true };
        queue.insert(id, one, false, false);
        queue.send_changes(&mut step);
    };
    // One of network 7 waits on each site. On the second, another network's comes between them and loses to them when the first has gone.
    joins(&mut queue, 1, 7, "one");
    joins(&mut queue, 2, 7, "two");
    joins(&mut queue, 3, 8, "two");
    let positions = |queue: &Queue| [2, 3].map(|id| queue.last_position(ConversationId(id)));
    assert_eq!(positions(&queue), [Some((2, 2)), Some((1, 2))]);
    queue.remove(ConversationId(1), false);
    queue.send_changes(&mut step);
    assert_eq!(positions(&queue), [Some((1, 2)), Some((2, 2))]);
}
