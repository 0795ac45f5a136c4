//! The staff alone: given agents and what they did, when something happens, exactly these are the news.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks at what it is about")]

use relay_settings::{BuiltInRole, DocumentId, Reach, Scope};
use wire::limit::AGENT_GRACE_MS;
use wire::{BlockId, BlockScope, SiteId, Tag};

use super::*;
use crate::input::{Presence, Present, RelayId, Source};
use crate::output::Output;
use crate::rights::tests::{everywhere, on_sites};
use crate::view::Person;

mod presence;

const START_MS: u64 = 1_000_000;
const GONE_AFTER_MS: u64 = 60_000;
const DESK: ConnectionId = ConnectionId(1);

/// Something that happens to the staff.
enum When {
    /// The agents are these from now on, each for two conversations.
    Are(&'static [u128]),
    /// A console comes, its agent having chosen.
    Comes(u128, Option<AgentState>),
    /// The last console of an agent goes.
    Goes(u128),
    Chooses(u128, AgentState),
    SignsOut(u128),
    /// An agent gets a conversation, or loses it.
    Gets(u128, u128),
    Loses(u128, u128),
    /// A relay says how an agent looks there, and whether it has a console there.
    Receives(u128, u128, AgentState, bool),
    /// Time passes.
    Waits(u64),
}

use When::{Are, Chooses, Comes, Gets, Goes, Loses, Receives, SignsOut, Waits};

fn settings(n: u128) -> Agent {
    let roles = [BuiltInRole::Agent.document_id()].into();
    Agent { id: AgentId(n), name: format!("Agent {n}"), roles, scope: Scope::EVERYWHERE, hours: None, capacity: 2 }
}

fn transition(n: u128, was: Status, is: Status) -> Transition {
    let site: SiteId = "demo".parse().unwrap();
    Transition { conversation: ConversationId(n), visitor: VisitorId(n), site, here: true, was, is }
}

fn happens(staff: &mut Staff, when: &When, step: &mut Step) {
    match *when {
        Are(agents) => staff.set(agents.iter().copied().map(settings).collect(), step),
        Comes(n, chosen) => staff.connected(AgentId(n), chosen, step),
        Goes(n) => staff.disconnected(AgentId(n), step),
        Chooses(n, state) => staff.choose(DESK, AgentId(n), state, step),
        SignsOut(n) => staff.signed_out(AgentId(n), step),
        Gets(n, it) => staff.transition(&transition(it, Status::Absent, Status::Assigned(AgentId(n))), step),
        Loses(n, it) => staff.transition(&transition(it, Status::Assigned(AgentId(n)), Status::Absent), step),
        Receives(relay, n, state, here) => staff.presence_received(RelayId(relay), of(n, state, here), step),
        Waits(ms) => {
            step.go_on(step.now_ms() + ms);
            while let Some((at_ms, timer)) = step.due() {
                match timer {
                    Timer::Away(agent) => staff.grace_over(agent, at_ms, step),
                    Timer::GiveBack(agent) => staff.give_back(agent, step),
                    Timer::RenewPresence => staff.renew_presence(step),
                    Timer::ExpirePresence => staff.expire_presence(step),
                    other => panic!("the staff sets no {other:?}"),
                }
            }
        }
    }
    staff.tell(step);
}

/// One thing after the other.
fn and<const MORE: usize>(mut first: Vec<When>, more: [When; MORE]) -> Vec<When> {
    first.extend(more);
    first
}

fn of(n: u128, state: AgentState, here: bool) -> Presence {
    Presence { agents: vec![Present { agent: AgentId(n), state, here }], lease_ms: PRESENCE_LEASE_MS }
}

/// Given what happened before, when this happens, the news: for other relays, and for everybody else.
fn news_of(given: &[When], when: &When) -> (Vec<News>, Vec<News>) {
    let (mut staff, mut step) = (Staff::new(Snapshot::default(), Vec::new(), GONE_AFTER_MS), Step::new(START_MS, 7));
    for happened in given {
        happens(&mut staff, happened, &mut step);
    }
    step.take_news();
    happens(&mut staff, when, &mut step);
    step.take_news().into_iter().partition(|news| matches!(news, News::Out(Output::Presence(_))))
}

/// Given what happened before, when this happens, exactly these are the news here.
fn check(given: &[When], when: &When, then: &[News]) {
    assert_eq!(news_of(given, when).1, then);
}

fn available(n: u128, open: bool, held: usize) -> News {
    News::Availability(
        AgentId(n),
        Some(Availability { open, capacity: 2, held, rights: everywhere(BuiltInRole::Agent) }),
    )
}

fn looks(n: u128, state: AgentState, load: u32) -> News {
    News::Send(
        Audience::Colleagues(AgentId(n), everywhere(BuiltInRole::Agent)),
        ServerFrame::Agent { agent: settings(n).summary(state, load, false) },
    )
}

fn holder(it: u128, state: AgentState) -> News {
    News::Send(Audience::Visitor(VisitorId(it)), ServerFrame::Holder { conversation: ConversationId(it), state })
}

const fn online(agents: u32) -> News {
    News::Answering(OnlineCounts::everywhere(agents))
}

#[test]
fn whoever_comes_is_online_unless_it_chose_to_be_away() {
    let here = [available(1, true, 0), looks(1, AgentState::Online, 0), online(1)];
    check(&[Are(&[1])], &Comes(1, None), &here);
    check(&[Are(&[1])], &Comes(1, Some(AgentState::Away)), &[looks(1, AgentState::Away, 0)]);
    // The choice outlives the connection.
    let given = [Are(&[1]), Comes(1, Some(AgentState::Away)), Goes(1), Waits(AGENT_GRACE_MS)];
    check(&given, &Comes(1, None), &[]);
    check(&[Are(&[1])], &Comes(2, None), &[]);
}

#[test]
fn whoever_goes_gets_nobody_at_once_and_is_away_after_the_grace() {
    let given = || vec![Are(&[1]), Comes(1, None)];
    check(&given(), &Goes(1), &[available(1, false, 0)]);
    let gone = || and(given(), [Goes(1)]);
    check(&gone(), &Waits(AGENT_GRACE_MS - 1), &[]);
    check(&gone(), &Waits(AGENT_GRACE_MS), &[looks(1, AgentState::Away, 0), online(0)]);
    check(&gone(), &Comes(1, None), &[available(1, true, 0)]);
}

#[test]
fn a_choice_is_sent_even_when_it_changes_nothing_and_offline_is_none() {
    let given = || vec![Are(&[1]), Comes(1, None)];
    check(&given(), &Chooses(1, AgentState::Online), &[looks(1, AgentState::Online, 0)]);
    let away = [available(1, false, 0), looks(1, AgentState::Away, 0), online(0)];
    check(&given(), &Chooses(1, AgentState::Away), &away);
    let refused = News::refused(DESK, Subject::Connection, Refusal::NotAllowed);
    check(&given(), &Chooses(1, AgentState::Offline), &[refused]);
}

#[test]
fn what_an_agent_holds_is_sent_to_colleagues_and_to_its_visitors() {
    let given = || vec![Are(&[1]), Comes(1, None), Gets(1, 5)];
    let got = [available(1, true, 2), holder(6, AgentState::Online), looks(1, AgentState::Online, 2)];
    check(&given(), &Gets(1, 6), &got);
    check(&given(), &Loses(1, 5), &[available(1, true, 0), looks(1, AgentState::Online, 0)]);
    let away = [available(1, false, 1), holder(5, AgentState::Away), looks(1, AgentState::Away, 1), online(0)];
    check(&given(), &Chooses(1, AgentState::Away), &away);
}

#[test]
fn what_an_agent_holds_is_given_back_when_it_is_away_for_long() {
    let gone = || vec![Are(&[1]), Comes(1, None), Gets(1, 5), Goes(1), Waits(AGENT_GRACE_MS)];
    check(&gone(), &Waits(GONE_AFTER_MS - 1), &[]);
    check(&gone(), &Waits(GONE_AFTER_MS), &[News::GiveBack(vec![ConversationId(5)])]);
    let back = || and(gone(), [Comes(1, None)]);
    check(&back(), &Waits(GONE_AFTER_MS), &[]);
    // What comes to whoever is not there is given back too.
    check(&[Are(&[1]), Gets(1, 5)], &Waits(GONE_AFTER_MS), &[News::GiveBack(vec![ConversationId(5)])]);
}

#[test]
fn whoever_signs_out_or_is_removed_is_offline_at_once() {
    let given = || vec![Are(&[1, 2]), Comes(1, None), Gets(1, 5)];
    let offline = || {
        let seen = [holder(5, AgentState::Offline), looks(1, AgentState::Offline, 1)];
        [vec![available(1, false, 1), News::CloseAgent(AgentId(1))], seen.into()].concat()
    };
    check(&given(), &SignsOut(1), &[offline(), vec![online(0)]].concat());
    check(&given(), &SignsOut(3), &[]);
    // Its conversations are given back, and when it comes again it has none.
    let removed = vec![News::Availability(AgentId(1), None), News::GiveBack(vec![ConversationId(5)]), online(0)];
    check(&given(), &Are(&[2]), &[offline(), removed].concat());
    let again = and(given(), [Are(&[2]), Loses(1, 5)]);
    check(&again, &Are(&[1, 2]), &[available(1, false, 0), looks(1, AgentState::Offline, 0)]);
}

fn block(n: u128, scope: BlockScope, visitor: Option<u128>, tag: Option<u64>, until_ms: u64) -> BlockSummary {
    BlockSummary {
        block: BlockId(n),
        scope,
        visitor: visitor.map(VisitorId),
        tag: tag.map(Tag),
        site: None,
        reason: String::new(),
        by: None,
        since_ms: START_MS,
        until_ms,
    }
}

#[test]
fn whoever_is_blocked_is_found_by_each_of_their_marks_until_it_is_over() {
    let later = START_MS + 10;
    let blocks = vec![
        block(1, BlockScope::Visitor, Some(1), None, later),
        block(2, BlockScope::Address, None, Some(7), later),
        block(3, BlockScope::Address, None, Some(7), later + 10),
        block(4, BlockScope::Network, None, Some(9), later),
    ];
    let staff = Staff::new(Snapshot::default(), blocks, GONE_AFTER_MS);
    let mut step = Step::new(START_MS, 7);
    let source = |address: u64, network: u64| Source { address: Some(Tag(address)), network: Some(Tag(network)) };
    for (visitor, source, early, late) in [
        (Some(1), Source::default(), true, false),
        (Some(2), Source::default(), false, false),
        (None, Source::default(), false, false),
        (None, source(7, 1), true, true),
        (Some(2), source(1, 9), true, false),
        // A tag of the other kind is none.
        (None, source(9, 7), false, false),
    ] {
        step.go_on(START_MS);
        assert_eq!(staff.is_blocked(visitor.map(VisitorId), source, &step), early, "{visitor:?} {source:?}");
        step.go_on(later);
        assert_eq!(staff.is_blocked(visitor.map(VisitorId), source, &step), late, "{visitor:?} {source:?}");
    }
}

#[test]
fn only_new_blocks_that_last_are_reported_and_what_holds_for_all_sites_needs_all_sites() {
    let (mut staff, mut step) = (Staff::new(Snapshot::default(), Vec::new(), GONE_AFTER_MS), Step::new(START_MS, 7));
    let [one, two] = [1, 2].map(|n| block(n, BlockScope::Visitor, Some(n), None, START_MS + 10));
    staff.set_blocks(vec![one.clone(), block(3, BlockScope::Visitor, Some(3), None, START_MS)], &mut step);
    assert_eq!(step.take_news(), [News::Blocked(one.clone())]);
    staff.set_blocks(vec![one, two.clone()], &mut step);
    assert_eq!(step.take_news(), [News::Blocked(two)]);

    let demo: SiteId = "demo".parse().unwrap();
    let source = Source { address: Some(Tag(7)), network: None };
    let person = || Some(Person { site: demo.clone(), visitor: VisitorId(8), source });
    let (all, one) = (everywhere(BuiltInRole::Supervisor), on_sites(BuiltInRole::Supervisor, &["demo"]));
    let subject = Subject::Conversation { conversation: ConversationId(5) };
    for (rights, scope, for_ms, person, then) in [
        // What holds for all sites is not for those of one.
        (&one, BlockScope::Address, 10, person(), Err(Refusal::NotAllowed)),
        (&one, BlockScope::Network, 10, person(), Err(Refusal::NotAllowed)),
        (&one, BlockScope::Visitor, 10, person(), Ok((Some(VisitorId(8)), None, Some(&demo)))),
        (&all, BlockScope::Visitor, 0, person(), Err(Refusal::Malformed)),
        (&all, BlockScope::Visitor, 10, None, Err(Refusal::NotFound)),
        (&all, BlockScope::Network, 10, person(), Err(Refusal::NotFound)),
        (&all, BlockScope::Visitor, 10, person(), Ok((Some(VisitorId(8)), None, Some(&demo)))),
        (&all, BlockScope::Address, 10, person(), Ok((None, Some(Tag(7)), None))),
    ] {
        let request = BlockRequest { conversation: ConversationId(5), scope, for_ms, reason: " spam " };
        staff.block((DESK, AgentId(2), rights), request, person, &mut step);
        let got = step.take_news();
        match (&got[..], then) {
            ([News::Out(Output::Block { connection: DESK, block, .. })], Ok(whom)) => {
                assert_eq!((block.visitor, block.tag, block.site.as_ref()), whom);
                assert_eq!((block.reason.as_str(), block.until_ms), ("spam", START_MS + 10));
            }
            (got, Err(refusal)) => assert_eq!(got, [News::refused(DESK, subject, refusal)]),
            (got, Ok(_)) => panic!("{got:?}"),
        }
    }
}

#[test]
fn blocks_are_listed_and_undone_by_those_of_their_site() {
    let of_site = |n, site: Option<&str>| BlockSummary {
        site: site.map(|site| site.parse().unwrap()),
        ..block(n, BlockScope::Visitor, Some(n), None, START_MS + 10)
    };
    let blocks = vec![of_site(1, Some("demo")), of_site(2, Some("other")), of_site(3, None)];
    let staff = Staff::new(Snapshot::default(), blocks, GONE_AFTER_MS);
    let mut step = Step::new(START_MS, 7);
    for (rights, seen) in [
        (everywhere(BuiltInRole::Supervisor), &[3, 2, 1][..]),
        (on_sites(BuiltInRole::Administrator, &["demo"]), &[1]),
        (on_sites(BuiltInRole::Administrator, &[]), &[]),
    ] {
        staff.tell_blocks(DESK, &rights, Ok(()), &mut step);
        match &step.take_news()[..] {
            [News::Send(Audience::One(DESK), ServerFrame::Blocks { blocks })] => {
                assert_eq!(blocks.iter().map(|block| block.block.0).collect::<Vec<_>>(), seen);
            }
            other => panic!("{other:?}"),
        }
        // One that is not known here may be known to the store; who sees some only is answered as if there were none.
        for n in 1..=4 {
            staff.unblock((DESK, AgentId(1), &rights), BlockId(n), &mut step);
            let asked = matches!(&step.take_news()[..], [News::Out(Output::Unblock { .. })]);
            assert_eq!(asked, seen.contains(&n) || seen.len() == 3, "{n} {rights:?}");
        }
    }
}

#[test]
fn other_rights_begin_the_connections_anew_and_who_may_not_answer_is_never_online() {
    let reader: DocumentId = "reader".parse().unwrap();
    let role = |rights: &str| {
        let key = relay_settings::DocumentKey { kind: relay_settings::Kind::Role, id: reader.clone() };
        let body = serde_json::json!({ "name": "Reader", "rights": [rights] });
        Snapshot::build(2, [(key, 2, body)])
    };
    let one = || Agent { roles: [reader.clone()].into(), ..settings(1) };
    let (mut staff, mut step) =
        (Staff::new(role("conversation_answer"), Vec::new(), GONE_AFTER_MS), Step::new(START_MS, 7));
    staff.set(vec![one()], &mut step);
    staff.connected(AgentId(1), None, &mut step);
    assert_eq!(staff.state_of(AgentId(1)), AgentState::Online);
    staff.tell(&mut step);
    step.take_news();
    // The same rights again change nothing.
    staff.set(vec![one()], &mut step);
    staff.set_documents(role("conversation_answer"), &mut step);
    staff.tell(&mut step);
    assert_eq!(step.take_news(), []);
    staff.set_documents(role("conversation_read"), &mut step);
    assert!(step.take_news().contains(&News::RightsChanged(AgentId(1))));
    assert_eq!((staff.state_of(AgentId(1)), staff.online()), (AgentState::Away, 0));
    staff.connected(AgentId(1), Some(AgentState::Online), &mut step);
    assert_eq!(staff.state_of(AgentId(1)), AgentState::Away);
    step.take_news();
    let elsewhere = Scope { sites: Reach::Some(["other".parse().unwrap()].into()), departments: Reach::All };
    staff.set(vec![Agent { scope: elsewhere, ..one() }], &mut step);
    assert!(step.take_news().contains(&News::RightsChanged(AgentId(1))));
}

#[test]
fn outside_its_hours_an_agent_gets_nobody_and_is_not_counted() {
    /// 2026-11-23T08:59:59Z, a Monday.
    const MONDAY_MS: u64 = 1_795_424_399_000;
    const HOUR_MS: u64 = 3_600_000;
    let office: DocumentId = "office".parse().unwrap();
    let documents = |to: &str| {
        let key = relay_settings::DocumentKey { kind: relay_settings::Kind::Hours, id: office.clone() };
        let weekly = serde_json::json!([{ "day": "monday", "from": "09:00", "to": to }]);
        Snapshot::build(2, [(key, 2, serde_json::json!({ "name": "Office", "zone": "UTC", "weekly": weekly }))])
    };
    let (mut staff, mut step) = (Staff::new(documents("17:00"), Vec::new(), GONE_AFTER_MS), Step::new(MONDAY_MS, 7));
    let bound = Agent { hours: Some(office.clone()), ..settings(1) };
    let unknown = Agent { hours: Some("gone".parse().unwrap()), ..settings(3) };
    staff.set(vec![bound, settings(2), unknown], &mut step);
    for n in [1, 2, 3] {
        staff.connected(AgentId(n), Some(AgentState::Online), &mut step);
    }
    let open = |staff: &Staff| [1, 2, 3].map(|n| staff.availability(AgentId(n)).unwrap().open);
    let off = |staff: &Staff| staff.summary(AgentId(1)).unwrap().off_hours;
    assert_eq!((open(&staff), staff.online(), off(&staff)), ([false, true, true], 2, true));
    assert_eq!(staff.state_of(AgentId(1)), AgentState::Away);
    // It begins a second later, and ends by itself.
    let waits = |staff: &mut Staff, step: &mut Step, until_ms: u64| {
        while step.now_ms() < until_ms {
            step.go_on(step.next_ms().unwrap_or(until_ms).min(until_ms));
            while let Some((_, timer)) = step.due() {
                assert_eq!(timer, Timer::Hours);
                staff.look_at_hours(step);
            }
        }
    };
    waits(&mut staff, &mut step, MONDAY_MS + 1_000);
    assert_eq!((open(&staff), staff.online(), off(&staff)), ([true; 3], 3, false));
    waits(&mut staff, &mut step, MONDAY_MS + 9 * HOUR_MS);
    assert_eq!((open(&staff), staff.online()), ([false, true, true], 2));
    // Other hours count at once, and choosing to be online does not help.
    staff.choose(DESK, AgentId(1), AgentState::Online, &mut step);
    assert_eq!(staff.online(), 2);
    staff.set_documents(documents("20:00"), &mut step);
    assert_eq!((open(&staff), staff.online()), ([true; 3], 3));
    staff.set(vec![settings(1), settings(2), settings(3)], &mut step);
    assert_eq!(step.next_ms().filter(|at_ms| *at_ms > MONDAY_MS + 10 * HOUR_MS), None, "no timer is left");
}
