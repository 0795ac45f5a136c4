//! Presence over several relays.

use AgentState::{Away, Offline, Online};

use super::*;

const ONE: u128 = 100;
const TWO: u128 = 200;
const LEASE_MS: u64 = PRESENCE_LEASE_MS;

/// Given what happened before, when this happens, exactly this is published to other relays: each agent with its state, and whether it is here.
fn check_published(given: &[When], when: &When, then: &[(u128, AgentState, bool)]) {
    let published = news_of(given, when).0.into_iter().flat_map(|news| match news {
        News::Out(Output::Presence(presence)) => presence.agents,
        other => panic!("{other:?}"),
    });
    let published: Vec<_> = published.map(|present| (present.agent.0, present.state, present.here)).collect();
    assert_eq!(published, then);
}

#[test]
fn other_relays_are_sent_who_connects_chooses_and_leaves_and_nothing_twice() {
    check_published(&[], &Are(&[1]), &[]);
    check_published(&[Are(&[1])], &Comes(1, None), &[(1, Online, true)]);
    check_published(&[Are(&[1])], &Comes(1, Some(Away)), &[(1, Away, true)]);
    let here = || vec![Are(&[1]), Comes(1, None)];
    check_published(&here(), &Comes(1, None), &[]);
    check_published(&here(), &Chooses(1, Away), &[(1, Away, true)]);
    // What it holds is in the log, and what it may hold in the store.
    check_published(&here(), &Gets(1, 5), &[]);
    check_published(&here(), &Goes(1), &[]);
    check_published(&and(here(), [Goes(1)]), &Comes(1, None), &[]);
    // After the grace; what it is meanwhile was renewed before.
    check_published(&and(here(), [Goes(1)]), &Waits(AGENT_GRACE_MS), &[(1, Online, true), (1, Away, false)]);
    check_published(&here(), &SignsOut(1), &[(1, Offline, true)]);
    check_published(&and(here(), [SignsOut(1)]), &Goes(1), &[(1, Offline, false)]);
    check_published(&here(), &Are(&[]), &[(1, Offline, false)]);
}

#[test]
fn what_was_sent_is_renewed_well_before_its_lease_runs_out() {
    let here = [Are(&[1, 2, 3]), Comes(1, None), Comes(3, Some(Away))];
    check_published(&here, &Waits(LEASE_MS / 3 - 1), &[]);
    check_published(&here, &Waits(LEASE_MS / 3), &[(1, Online, true), (3, Away, true)]);
    check_published(&[Are(&[1])], &Waits(LEASE_MS), &[]);
}

#[test]
fn whoever_is_at_another_relay_is_shown_as_there_and_gets_nobody_here() {
    let given = || vec![Are(&[1])];
    // Its availability does not change: only its own relay gives it visitors.
    check(&given(), &Receives(ONE, 1, Online, true), &[looks(1, Online, 0), online(1)]);
    check(&given(), &Receives(ONE, 1, Away, true), &[looks(1, Away, 0)]);
    check(&given(), &Receives(ONE, 2, Online, true), &[]);
    check(&given(), &Receives(ONE, 1, Online, false), &[]);
    let there = || and(given(), [Receives(ONE, 1, Online, true)]);
    check(&there(), &Receives(ONE, 1, Online, true), &[]);
    check(&there(), &Receives(ONE, 1, Away, true), &[looks(1, Away, 0), online(0)]);
    check(&there(), &Receives(ONE, 1, Away, false), &[looks(1, Away, 0), online(0)]);
    check(&there(), &Receives(ONE, 1, Offline, false), &[looks(1, Offline, 0), online(0)]);
    // It is not passed on: each relay publishes its own agents.
    check_published(&given(), &Receives(ONE, 1, Online, true), &[]);
}

#[test]
fn of_several_relays_the_one_counts_where_an_agent_is_most_available() {
    let both = || vec![Are(&[1]), Receives(ONE, 1, Online, true), Receives(TWO, 1, Away, true)];
    check(&both(), &Receives(TWO, 1, Away, false), &[]);
    check(&both(), &Receives(ONE, 1, Away, false), &[looks(1, Away, 0), online(0)]);
    // Of another relay's word nothing changes what is here.
    let here = || and(both(), [Comes(1, None)]);
    check(&both(), &Comes(1, None), &[available(1, true, 0)]);
    check(&here(), &Receives(ONE, 1, Away, false), &[]);
    check(&here(), &Goes(1), &[available(1, false, 0)]);
}

#[test]
fn a_relay_that_is_silent_is_forgotten_when_its_lease_runs_out() {
    let there = || vec![Are(&[1]), Receives(ONE, 1, Online, true)];
    check(&there(), &Waits(LEASE_MS - 1), &[]);
    check(&there(), &Waits(LEASE_MS), &[looks(1, Away, 0), online(0)]);
    let renewed = || and(there(), [Waits(20_000), Receives(ONE, 1, Online, true)]);
    check(&renewed(), &Waits(LEASE_MS - 1), &[]);
    check(&renewed(), &Waits(LEASE_MS), &[looks(1, Away, 0), online(0)]);
    check(&and(renewed(), [Waits(LEASE_MS)]), &Receives(ONE, 1, Online, true), &[looks(1, Online, 0), online(1)]);
}

#[test]
fn whoever_is_at_another_relay_keeps_what_it_has() {
    let has = || vec![Are(&[1]), Gets(1, 5), Receives(ONE, 1, Online, true)];
    let renewed = |mut given: Vec<When>| {
        for _ in 0..GONE_AFTER_MS / 10_000 + 1 {
            given.extend([Waits(10_000), Receives(ONE, 1, Online, true)]);
        }
        given
    };
    check(&renewed(has()), &Waits(10_000), &[]);
    let given_back = News::GiveBack(vec![ConversationId(5)]);
    // From the moment in which nobody says any more that it is there.
    let gone = and(renewed(has()), [Waits(LEASE_MS)]);
    assert!(news_of(&gone, &Waits(GONE_AFTER_MS)).1.contains(&given_back));
    assert!(!news_of(&gone, &Waits(GONE_AFTER_MS - 1)).1.contains(&given_back));
}

#[test]
fn what_is_received_is_bounded() {
    let (mut staff, mut step) = (Staff::new(Snapshot::default(), Vec::new(), GONE_AFTER_MS), Step::new(START_MS, 7));
    staff.set(vec![settings(1), settings(2)], &mut step);
    // A lease that would last for ever lasts as long as any other.
    staff.presence_received(RelayId(ONE), Presence { lease_ms: u64::MAX, ..of(1, Online, true) }, &mut step);
    step.go_on(START_MS + LEASE_MS);
    assert!(step.due().is_some());
    staff.expire_presence(&mut step);
    assert_eq!(staff.state_of(AgentId(1)), Away);
    // Agents beyond the bound are not looked at, and nobody is at more relays than the bound.
    let mut agents = vec![Present { agent: AgentId(1), state: Online, here: true }; PRESENCE_AGENTS_MAX];
    agents.push(Present { agent: AgentId(2), state: Online, here: true });
    staff.presence_received(RelayId(ONE), Presence { agents, lease_ms: LEASE_MS }, &mut step);
    assert_eq!((staff.state_of(AgentId(1)), staff.state_of(AgentId(2))), (Online, Offline));
    for relay in 0..1_000 {
        staff.presence_received(RelayId(relay), of(2, Away, true), &mut step);
    }
    staff.presence_received(RelayId(5_000), of(2, Online, true), &mut step);
    assert_eq!(staff.state_of(AgentId(2)), Away);
}
