//! The routing alone: given agents and a queue, when something happens, exactly these are the news.

use relay_settings::BuiltInRole;
use wire::{Refusal, Seq, ServerFrame, SiteId, Subject, VisitorId};

use super::workload::Workload;
use super::*;
use crate::input::ConnectionId;
use crate::news::{Audience, QueueEntry};
use crate::rights::Rights;
use crate::rights::tests::on_sites;

const START_MS: u64 = 1_000_000;

const fn agent(n: u128) -> AgentId {
    AgentId(n)
}

const fn conversation(n: u128) -> ConversationId {
    ConversationId(n)
}

const fn entry(turn: u64) -> QueueEntry {
    QueueEntry { turn, network: None, known: false }
}

/// Something that happens to the routing.
enum When {
    /// An agent can take this.
    Availability(u128, bool, u32, usize),
    /// A conversation joins the queue, with its number as its turn.
    Joins(u128),
    /// It goes to an agent.
    Goes(u128, u128),
    /// Its visitor is here, or is not.
    Here(u128, bool),
    /// The store has answered the offer of a conversation to an agent.
    Answered(u128, u128, Result<(), AppendError>),
    /// An agent takes a conversation that nobody has.
    Takes(u128, u128),
    /// Time passes, and what was held back may be tried again.
    Waits(u64),
}

use When::{Answered, Availability as Sits, Goes, Here, Joins, Takes, Waits};

fn transition(n: u128, was: Status, is: Status) -> Transition {
    let site: SiteId = "demo".parse().unwrap();
    Transition { conversation: conversation(n), visitor: VisitorId(n), site, here: true, was, is }
}

/// What is known of a conversation that nobody has, whose staff lane ends at 2.
const FREE: AssignmentView = AssignmentView { ended: false, holder: None, holder_online: false, staff_head: Seq(2) };

fn happens(routing: &mut Routing, when: &When, step: &mut Step) {
    match *when {
        Sits(n, open, capacity, held) => {
            routing.set_availability(agent(n), Some(Availability { open, capacity, held, rights: Rights::all() }))
        }
        Joins(n) => routing.transition(transition(n, Status::Absent, Status::Queued(entry(n as u64)))),
        Goes(n, to) => routing.transition(transition(n, Status::Queued(entry(n as u64)), Status::Assigned(agent(to)))),
        Here(n, here) => routing.here(conversation(n), here),
        Answered(n, to, result) => {
            let offer = Offer { conversation: conversation(n), agent: agent(to), staff_head: Seq(2), asker: None };
            routing.answered(offer, result, Some(FREE), step);
        }
        Takes(n, by) => {
            let asker = Asker { connection: ConnectionId(1), attempts: 0, over: false };
            routing.take((conversation(n), Some(FREE)), agent(by), asker, step);
        }
        Waits(ms) => {
            step.go_on(step.now_ms() + ms);
            while let Some((_, timer)) = step.due() {
                if timer == Timer::Assign {
                    routing.try_again();
                }
            }
        }
    }
    routing.settle(step);
}

/// Given what happened before, when this happens, exactly these are the news; positions are ignored.
fn check(given: &[When], when: &When, then: &[News]) {
    let mut routing = Routing::new(&Settings::default());
    let mut step = Step::new(START_MS, 7);
    for happened in given {
        happens(&mut routing, happened, &mut step);
    }
    step.take_news();
    happens(&mut routing, when, &mut step);
    let got = step.take_news().into_iter();
    let got: Vec<_> = got.filter(|news| !matches!(news, News::Send(_, ServerFrame::Queue { .. }))).collect();
    assert_eq!(got, then);
}

fn offered(n: u128, to: u128, capacity: u32) -> News {
    News::Offer { conversation: conversation(n), agent: agent(to), capacity, asker: None }
}

#[test]
fn whoever_waits_goes_to_the_least_loaded_and_of_equals_to_the_one_served_longest_ago() {
    check(&[Sits(1, true, 4, 2), Sits(2, true, 4, 1)], &Joins(1), &[offered(1, 2, 4)]);
    check(&[Sits(1, true, 4, 0), Sits(2, true, 4, 0), Joins(1)], &Joins(2), &[offered(2, 2, 4)]);
    let given = [Sits(1, true, 1, 0), Joins(1), Goes(1, 1), Sits(1, true, 1, 1), Answered(1, 1, Ok(())), Joins(2)];
    check(&given, &Sits(1, true, 1, 0), &[offered(2, 1, 1)]);
}

#[test]
fn nobody_goes_to_whoever_is_away_or_full_or_about_to_be() {
    check(&[Sits(1, false, 4, 0)], &Joins(1), &[]);
    check(&[Sits(1, true, 4, 4)], &Joins(1), &[]);
    check(&[Sits(1, true, 1, 0), Joins(1)], &Joins(2), &[]);
    check(&[Joins(1), Joins(2), Joins(3)], &Sits(1, true, 2, 0), &[offered(1, 1, 2), offered(2, 1, 2)]);
}

#[test]
fn one_that_has_arrived_is_counted_once() {
    // Held already, and the store's answer is still to come: there is room for one more, and for one only.
    let given = [Sits(1, true, 2, 0), Joins(1), Joins(2), Joins(3), Goes(1, 1)];
    check(&given, &Sits(1, true, 2, 1), &[]);
    let given = [Sits(1, true, 3, 0), Joins(1), Goes(1, 1), Sits(1, true, 3, 1), Answered(1, 1, Ok(()))];
    check(&given, &Joins(2), &[offered(2, 1, 3)]);
}

#[test]
fn whoever_is_gone_is_passed_over_and_comes_first_again() {
    check(&[Joins(1), Joins(2), Here(1, false)], &Sits(1, true, 1, 0), &[offered(2, 1, 1)]);
    check(&[Joins(1), Joins(2), Here(1, false), Here(1, true)], &Sits(1, true, 1, 0), &[offered(1, 1, 1)]);
}

#[test]
fn a_refused_offer_is_tried_again_as_the_reason_asks() {
    let given = || vec![Sits(1, true, 1, 0), Joins(1)];
    // The store knows better: read again, and offered later.
    check(&given(), &Answered(1, 1, Err(AppendError::Moved)), &[News::Reread(conversation(1))]);
    check(&given(), &Answered(1, 1, Err(AppendError::Ended)), &[News::Reread(conversation(1))]);
    for error in [AppendError::AtCapacity, AppendError::Busy, AppendError::Down, AppendError::Moved] {
        check(
            &given(),
            &Answered(1, 1, Err(error)),
            &[News::Reread(conversation(1))][..usize::from(error == AppendError::Moved)],
        );
        let mut given = given();
        given.push(Answered(1, 1, Err(error)));
        check(&given, &Waits(RETRY_MS - 1), &[]);
        check(&given, &Waits(RETRY_MS), &[offered(1, 1, 1)]);
    }
}

#[test]
fn an_agent_takes_what_is_free_and_no_more_than_it_may() {
    let refused = |n: u128, refusal| {
        News::refused(ConnectionId(1), Subject::Conversation { conversation: conversation(n) }, refusal)
    };
    let asker = Some(Asker { connection: ConnectionId(1), attempts: 0, over: false });
    let taken = News::Offer { conversation: conversation(2), agent: agent(2), capacity: 1, asker };
    check(&[Sits(2, false, 1, 0), Joins(1), Joins(2)], &Takes(2, 2), &[taken]);
    check(&[Sits(2, false, 1, 1), Joins(1)], &Takes(1, 2), &[refused(1, Refusal::AtCapacity)]);
    check(&[Sits(1, true, 1, 0), Sits(2, false, 1, 0), Joins(1)], &Takes(1, 2), &[refused(1, Refusal::Taken)]);
    check(&[Sits(1, true, 1, 0), Joins(1)], &Takes(1, 1), &[]);
    check(&[], &Takes(1, 9), &[refused(1, Refusal::AtCapacity)]);
}

#[test]
fn positions_are_sent_to_whoever_moved() {
    let mut routing = Routing::new(&Settings::default());
    let mut step = Step::new(START_MS, 7);
    let position = |n: u128, place, waiting| {
        let frame = ServerFrame::Queue { conversation: conversation(n), place, waiting };
        News::Send(Audience::Visitor(VisitorId(n)), frame)
    };
    for (when, then) in [
        (Joins(1), vec![position(1, 1, 1)]),
        (Joins(2), vec![position(1, 1, 2), position(2, 2, 2)]),
        (Here(1, false), vec![position(2, 1, 1)]),
        (Here(1, true), vec![position(1, 1, 2), position(2, 2, 2)]),
        (Goes(1, 1), vec![position(2, 1, 1)]),
    ] {
        happens(&mut routing, &when, &mut step);
        assert_eq!(step.take_news(), then);
    }
}

/// The shortest of some tries, in nanoseconds for one assignment: what other processes take is left out.
#[expect(clippy::disallowed_types, clippy::disallowed_methods, reason = "how long it takes is what is tested")]
fn nanoseconds_for_one(agents: u64, waiting: u64) -> u128 {
    const ASSIGNMENTS: u32 = 50;
    let mut workload = Workload::new(agents, waiting, "demo".parse().unwrap());
    let tries = (0..20).map(|_| {
        let start = std::time::Instant::now();
        for _ in 0..ASSIGNMENTS {
            let given = if waiting == 0 { workload.serve_one() } else { workload.assign_one() };
            assert!(given.is_some());
        }
        start.elapsed().as_nanos() / u128::from(ASSIGNMENTS)
    });
    tries.min().unwrap_or_default()
}

#[test]
fn an_assignment_costs_about_the_same_with_many_agents_many_offers_and_many_who_wait() {
    // A look at each agent, at each offer or at each one who waits would cost some hundred times as much.
    for (few, many) in [((16, 100), (16_000, 100)), ((16, 100), (16, 100_000)), ((16, 0), (16_000, 0))] {
        let [few_ns, many_ns] = [few, many].map(|(agents, waiting)| nanoseconds_for_one(agents, waiting));
        assert!(many_ns < few_ns * 5, "{few_ns} ns with (agents, waiting) {few:?}, {many_ns} ns with {many:?}");
    }
}

#[test]
fn a_visitor_goes_to_whoever_may_answer_on_their_site_and_nobody_waits_for_another_site() {
    let site = |id: &str| -> SiteId { id.parse().unwrap() };
    let sits = |routing: &mut Routing, n: u128, rights: &Rights| {
        let availability = Availability { open: true, capacity: 1, held: 0, rights: rights.clone() };
        routing.set_availability(agent(n), Some(availability));
    };
    let joins = |routing: &mut Routing, n: u128, id: &str| {
        let status = Status::Queued(entry(n as u64));
        routing.transition(Transition { site: site(id), ..transition(n, Status::Absent, status) });
    };
    let [one, two] = ["one", "two"].map(|id| on_sites(BuiltInRole::Agent, &[id]));
    let (mut routing, mut step) = (Routing::new(&Settings::default()), Step::new(START_MS, 7));
    let mut offers = |routing: &mut Routing| {
        routing.settle(&mut step);
        let offers = step.take_news().into_iter().filter_map(|news| {
            if let News::Offer { conversation, agent, .. } = news { Some((conversation.0, agent.0)) } else { None }
        });
        offers.collect::<Vec<_>>()
    };
    // The first of the queue is of a site on which nobody may answer: it waits, and nobody waits for it.
    sits(&mut routing, 1, &two);
    for (n, id) in [(1, "one"), (2, "one"), (3, "two"), (4, "two")] {
        joins(&mut routing, n, id);
    }
    assert_eq!(offers(&mut routing), [(3, 1)]);
    assert_eq!(offers(&mut routing), []);
    // Who may answer there gets the first of that site, and who may answer everywhere the first that is left.
    sits(&mut routing, 2, &one);
    assert_eq!(offers(&mut routing), [(1, 2)]);
    sits(&mut routing, 3, &Rights::all());
    assert_eq!(offers(&mut routing), [(2, 3)]);
    sits(&mut routing, 4, &on_sites(BuiltInRole::Agent, &[]));
    assert_eq!(offers(&mut routing), []);
    sits(&mut routing, 5, &on_sites(BuiltInRole::Supervisor, &["one", "two"]));
    assert_eq!(offers(&mut routing), [(4, 5)]);
}
