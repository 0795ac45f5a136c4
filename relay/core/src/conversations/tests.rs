//! The conversations alone: given their logs so far, when something happens, exactly these are the news.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks at what it is about")]

use relay_settings::Reach;
use wire::{Author, Body, Close, Event, Idle, MessageId, PageContext, Refusal, ServerFrame, SiteId, Tag};

use super::*;
use crate::admit::about;
use crate::append::{Append, Condition, NewBody};
use crate::input::{ConnectionId, Source};
use crate::news::Audience;

mod ending;
mod times;

const START_MS: u64 = 1_000_000;
const VISITOR: VisitorId = VisitorId(7);
const AGENT: AgentId = AgentId(1);
const COLLEAGUE: AgentId = AgentId(2);
const IT: ConversationId = ConversationId(9);
const CONNECTION: ConnectionId = ConnectionId(1);

fn site() -> SiteId {
    "demo".parse().unwrap()
}

/// Something that happens to one conversation.
#[derive(Clone)]
enum When {
    /// These bodies are recorded, in order.
    Recorded(Vec<Body>),
    /// Its visitor has a connection, or none any more.
    Comes,
    Goes,
    /// Time passes.
    Waits(u64),
    /// Its agent is gone for good.
    GivenBack,
}

use When::{Comes, GivenBack, Goes, Recorded, Waits};

/// The conversations, and how far the log of the one under test is.
struct World {
    all: Conversations,
    step: Step,
    head: wire::Cursor,
}

fn text(text: &str) -> Body {
    Body::Text { text: text.to_owned() }
}

const fn turn(turn: u64) -> Body {
    Body::Turn { turn, address: None, network: Some(Tag(5)), known: false }
}

const fn entry(turn: u64) -> Status {
    Status::Queued(QueueEntry { turn, network: Some(Tag(5)), known: false })
}

fn opened() -> Vec<Body> {
    vec![text("hello"), Body::Queued, turn(3)]
}

fn assigned() -> Vec<Body> {
    vec![Body::Assigned { agent: AGENT }, Body::Joined]
}

impl World {
    fn new() -> Self {
        let (all, step) = (Conversations::new(Settings::default()), Step::new(START_MS, 7));
        Self { all, step, head: wire::Cursor::default() }
    }

    fn after(given: &[When]) -> Self {
        let mut world = Self::new();
        for when in given {
            world.happens(when);
        }
        world.step.take_news();
        world
    }

    fn events(&mut self, bodies: &[Body]) -> Vec<Event> {
        let event = |body: &Body| {
            let lane = body.lane();
            let head = self.head.of_mut(lane);
            *head = head.next();
            let author = if matches!(body, Body::Joined | Body::Assigned { .. }) {
                Author::Agent { id: AGENT, name: "Ann".to_owned() }
            } else {
                Author::Visitor
            };
            let id = MessageId(u128::from(head.0));
            Event { conversation: IT, lane, seq: *head, at_ms: self.step.now_ms(), id, author, body: body.clone() }
        };
        bodies.iter().map(event).collect()
    }

    fn commit(&mut self, events: Vec<Event>) {
        self.all.committed(Commit { site: site(), visitor: VISITOR, events }, false, &mut self.step);
    }

    fn happens(&mut self, when: &When) {
        match when {
            Recorded(bodies) => {
                let events = self.events(bodies);
                self.commit(events);
            }
            Comes => self.all.connected(VISITOR, Source::default(), &mut self.step),
            Goes => self.all.disconnected(VISITOR, &mut self.step),
            GivenBack => self.all.give_back(vec![IT], &mut self.step),
            Waits(ms) => {
                self.step.go_on(self.step.now_ms() + ms);
                while let Some((at_ms, timer)) = self.step.due() {
                    match timer {
                        Timer::Attend(visitor) => self.all.attend_due(visitor, at_ms, &mut self.step),
                        Timer::Rows => self.all.rows_due(&mut self.step),
                        Timer::Refresh(id) => self.all.refresh(id, &mut self.step),
                        other => panic!("no {other:?} here"),
                    }
                }
            }
        }
    }
}

/// News in short: rows without their content, appends without ids.
fn brief(news: &News) -> String {
    let body = |body: &NewBody| match body {
        NewBody::Ready(body) => format!("{body:?}"),
        NewBody::Turn(queueing) => format!("turn kept {:?}", queueing.keep),
        NewBody::File(_) => "file".to_owned(),
    };
    match news {
        News::Events { agents, events, .. } => format!("{} events for {:?}", events.len(), agents),
        News::Transition(Transition { here, was, is, .. }) => format!("from {was:?} to {is:?}, here {here}"),
        News::Row(row) => format!("row {:?}", row.presence),
        News::Append(_, append) => {
            let new_events: Vec<_> = append.new_events.iter().map(|new_event| body(&new_event.body)).collect();
            format!("append {} when {:?}", new_events.join(", "), append.conditions)
        }
        other => format!("{other:?}"),
    }
}

/// Given what happened before, when this happens, exactly these are the news.
fn check(given: &[When], when: &When, then: &[String]) {
    let mut world = World::after(given);
    world.happens(when);
    let got: Vec<_> = world.step.take_news().iter().map(brief).collect();
    assert_eq!(got, then);
}

fn moves(was: Status, is: Status, here: bool) -> String {
    format!("from {was:?} to {is:?}, here {here}")
}

const HERE: &str = "row Some(Here)";

#[test]
fn each_commit_is_sent_to_those_it_concerns_and_what_it_moves_to_all() {
    let none: [Option<AgentId>; 2] = [None, None];
    let first = [format!("3 events for {none:?}"), moves(Status::Absent, entry(3), true), HERE.to_owned()];
    check(&[Comes], &Recorded(opened()), &first);
    let given = [Comes, Recorded(opened())];
    // A row whose status has not changed is sent a little later.
    check(&given, &Recorded(vec![text("again")]), &[format!("1 events for {none:?}")]);
    let taken = [format!("2 events for {:?}", [None, Some(AGENT)]), moves(entry(3), Status::Assigned(AGENT), true)];
    check(&given, &Recorded(assigned()), &[taken.to_vec(), vec![HERE.to_owned()]].concat());
    let given = [Comes, Recorded(opened()), Recorded(assigned())];
    let over = [
        format!("1 events for {:?}", [Some(AGENT), None]),
        moves(Status::Assigned(AGENT), Status::Absent, true),
        "row None".to_owned(),
    ];
    check(&given, &Recorded(vec![Body::Closed]), &over);
    let given = [Comes, Recorded(opened()), Recorded(vec![text("again")])];
    check(&given, &Waits(100), &[HERE.to_owned()]);
}

#[test]
fn a_gap_is_read_again_and_old_news_are_none() {
    let query = |id| format!("{:?}", News::Query(Pending::Refresh(id), Query::Conversation { conversation: id }));
    let none: [Option<AgentId>; 2] = [None, None];
    let mut world = World::after(&[Comes, Recorded(opened())]);
    let old = world.events(&[text("two")]);
    world.events(&[text("three")]);
    let last = world.events(&[text("four")]);
    world.commit(last.clone());
    let got: Vec<_> = world.step.take_news().iter().map(brief).collect();
    assert_eq!(got, [format!("1 events for {none:?}"), query(IT)]);
    // While it is read, it is not asked for again; then it is, once.
    world.commit(last);
    assert_eq!(world.step.take_news().len(), 1);
    let read = world.all.live[&IT].conversation.clone();
    world.all.refreshed(IT, read.clone(), false, &mut world.step);
    assert_eq!(world.step.take_news().iter().map(brief).collect::<Vec<_>>(), [query(IT)]);
    world.all.refreshed(IT, read, false, &mut world.step);
    assert_eq!((world.step.take_news(), world.all.gaps_repaired()), (Vec::new(), 2));
    world.commit(old.clone());
    world.step.take_news();
    world.commit(old);
    let got: Vec<_> = world.step.take_news().iter().map(brief).collect();
    assert_eq!(got, [format!("1 events for {none:?}")]);
}

fn aside(why: &str, staff_head: u64) -> String {
    format!("append SetAside {{ why: {why} }} when {:?}", [Condition::StaffHead(Seq(staff_head))])
}

#[test]
fn conversations_follow_their_visitor() {
    let set = Settings::default();
    let queued = || vec![Comes, Recorded(opened()), Waits(100)];
    let gone = || [queued(), vec![Goes]].concat();
    let shown_gone = [format!("{:?}", News::Here(IT, false))];
    check(&gone(), &Waits(10_000), &shown_gone);
    check(&[gone(), vec![Waits(10_000), Waits(100)]].concat(), &Waits(set.left_after_ms - 10_101), &[]);
    check(&[gone(), vec![Waits(10_000), Waits(100)]].concat(), &Waits(set.left_after_ms - 10_100), &[aside("Left", 1)]);
    // Whoever comes back within a reload was never gone.
    check(&[gone(), vec![Waits(9_999)]].concat(), &Comes, &[]);
    check(&[gone(), vec![Waits(10_000), Waits(100)]].concat(), &Comes, &[format!("{:?}", News::Here(IT, true))]);
    // What was set aside returns with its old turn.
    let left =
        [gone(), vec![Waits(10_000), Waits(100), Recorded(vec![Body::SetAside { why: wire::Aside::Left }])]].concat();
    let back = format!("append Queued, turn kept Some(3) when {:?}", [Condition::StaffHead(Seq(2))]);
    check(&left, &Comes, &[format!("{:?}", News::Here(IT, true)), back.clone()]);
    // What an agent gives back is queued while its visitor is here, and set aside when not.
    let held = || [queued(), vec![Recorded(assigned())]].concat();
    check(&held(), &GivenBack, &[back]);
    check(&[held(), vec![Goes]].concat(), &GivenBack, &[aside("Message", 2)]);
    check(&[held(), vec![GivenBack]].concat(), &GivenBack, &[]);
}

#[test]
fn a_message_opens_is_recorded_or_queues_again() {
    let idle = |why| vec![Comes, Recorded(opened()), Recorded(vec![why])];
    for (given, visitor, effect) in [
        (vec![Comes], VISITOR, MessageEffect::Open),
        (vec![Comes, Recorded(opened())], VISITOR, MessageEffect::Record),
        (idle(Body::SetAside { why: wire::Aside::Left }), VISITOR, MessageEffect::Queue { keep: Some(3) }),
        (idle(Body::LeftQueue), VISITOR, MessageEffect::Queue { keep: None }),
        // Whose it is not is for the store to say.
        (idle(Body::LeftQueue), VisitorId(8), MessageEffect::Record),
    ] {
        assert_eq!(World::after(&given).all.effect(visitor, IT), Ok(effect));
    }
    let mut world = World::after(&[Comes]);
    for n in 0..3 {
        let event = VisitorEvent {
            visitor: VISITOR,
            conversation: ConversationId(n),
            id: MessageId(n),
            body: NewBody::Ready(text("hello")),
        };
        assert_eq!(world.all.effect(VISITOR, ConversationId(n)), Ok(MessageEffect::Open));
        world.all.open_with(CONNECTION, event, (site(), PageContext::default()), &mut world.step);
        assert_eq!(world.all.effect(VISITOR, ConversationId(n)), Ok(MessageEffect::Record));
    }
    assert_eq!(world.all.effect(VISITOR, IT), Err(Refusal::TooManyConversations));
    world.all.change_done(PendingChange::Opening(ConversationId(0), VISITOR), &mut world.step);
    assert_eq!(world.all.effect(VISITOR, IT), Ok(MessageEffect::Open));
}

#[test]
fn a_conversation_whose_events_come_before_its_append_is_answered_counts_once() {
    let mut world = World::after(&[Comes]);
    let open = |world: &mut World, conversation: ConversationId| {
        let (id, body) = (MessageId(conversation.0), NewBody::Ready(text("hello")));
        let event = VisitorEvent { visitor: VISITOR, conversation, id, body };
        world.all.open_with(CONNECTION, event, (site(), PageContext::default()), &mut world.step);
    };
    open(&mut world, IT);
    world.happens(&Recorded(opened()));
    open(&mut world, ConversationId(1));
    assert_eq!(world.all.effect(VISITOR, ConversationId(2)), Ok(MessageEffect::Open));
    open(&mut world, ConversationId(2));
    assert_eq!(world.all.effect(VISITOR, ConversationId(3)), Err(Refusal::TooManyConversations));
}

#[test]
fn who_may_answer_and_who_may_end() {
    let queued = vec![Comes, Recorded(opened())];
    let held = [queued.clone(), vec![Recorded(assigned())]].concat();
    let over = [held.clone(), vec![Recorded(vec![Body::Closed])]].concat();
    for (given, agent, answer, end) in [
        (&queued, AGENT, Err(Refusal::NotAllowed), Ok(())),
        (&held, AGENT, Ok(()), Ok(())),
        (&held, COLLEAGUE, Err(Refusal::Taken), Err(Refusal::Taken)),
        (&over, COLLEAGUE, Ok(()), Ok(())),
    ] {
        let world = World::after(given);
        assert_eq!(world.all.may_answer(agent, IT), answer);
        assert_eq!(world.all.may_end(agent, false, IT), end);
        assert_eq!(world.all.may_end(agent, true, IT), Ok(()));
    }
}

#[test]
fn a_cursor_moves_forward_once_and_only_for_its_side() {
    let held = [Comes, Recorded(opened()), Recorded(assigned())];
    let author = |id| Reader::Agent(id, Author::Agent { id, name: String::new() });
    let refused = |refusal| vec![brief(&News::refused(CONNECTION, about(IT), refusal))];
    let seen =
        |up_to: u64, condition: &[Condition]| vec![format!("append Seen {{ up_to: Seq({up_to}) }} when {condition:?}")];
    for (reader, up_to, then) in [
        (Reader::Visitor(VISITOR), 2, seen(2, &[Condition::Owner(VISITOR)])),
        (Reader::Visitor(VisitorId(8)), 2, refused(Refusal::NotFound)),
        (Reader::Visitor(VISITOR), 4, refused(Refusal::Malformed)),
        (author(AGENT), 1, seen(1, &[])),
        (author(COLLEAGUE), 1, vec![]),
    ] {
        let mut world = World::after(&held);
        world.all.seen(CONNECTION, reader.clone(), (IT, Seq(up_to)), &mut world.step);
        assert_eq!(world.step.take_news().iter().map(brief).collect::<Vec<_>>(), then);
        // It is on its way: not asked for again.
        world.all.seen(CONNECTION, reader, (IT, Seq(up_to)), &mut world.step);
        let again = world.step.take_news();
        assert!(again.iter().all(|news| !matches!(news, News::Append(..))), "{again:?}");
    }
}

#[test]
fn a_page_goes_to_its_visitor_and_to_agents_only() {
    let world = World::after(&[Comes, Recorded(opened())]);
    let page = |lane, follow, after| crate::request::Page {
        connection: CONNECTION,
        conversation: IT,
        lane,
        after: Seq(after),
        follow,
    };
    let refused = |refusal| Some(News::refused(CONNECTION, about(IT), refusal));
    for (lane, visitor, then) in [
        (Lane::Shared, Some(Some(VISITOR)), None),
        (Lane::Shared, Some(Some(VisitorId(8))), refused(Refusal::NotFound)),
        (Lane::Shared, Some(None), refused(Refusal::NotFound)),
        (Lane::Staff, Some(Some(VISITOR)), refused(Refusal::NotAllowed)),
        (Lane::Staff, None, None),
    ] {
        let mut step = Step::new(START_MS, 7);
        world.all.page(page(lane, false, 0), visitor, &mut step);
        let asked = page(lane, false, 0);
        let query = Query::Events { conversation: IT, lane, after: Seq(0) };
        assert_eq!(step.take_news(), [then.unwrap_or(News::Query(Pending::Page(asked), query))]);
    }
    // Nothing newer needs no read, for whoever follows.
    let mut step = Step::new(START_MS, 7);
    world.all.page(page(Lane::Shared, true, 2), None, &mut step);
    let (lane, after, head) = (Lane::Shared, Seq(2), Seq(2));
    let frame = ServerFrame::Events { conversation: IT, lane, after, events: Vec::new(), head };
    assert_eq!(step.take_news(), [News::Send(Audience::One(CONNECTION), frame)]);
    // A page that the store has read is looked at once more.
    let read = world.all.live[&IT].conversation.clone();
    let asked = page(Lane::Shared, false, 0);
    assert!(Conversations::admit_page(&asked, Some(Some(VISITOR)), &read, &[], &mut step));
    assert!(!Conversations::admit_page(&asked, Some(Some(VisitorId(8))), &read, &[], &mut step));
    let got = step.take_news();
    assert!(!got.contains(&News::Close(CONNECTION, Close::Malformed)));
    assert_eq!(got, [News::refused(CONNECTION, about(IT), Refusal::NotFound)]);
}

#[test]
fn numbers_are_kept_as_conversations_move() {
    let mut world = World::after(&[Comes, Recorded(opened())]);
    assert_eq!((world.all.open_count(), world.all.waiting_since_ms()), (1, Some(START_MS)));
    world.happens(&Recorded(assigned()));
    assert_eq!((world.all.counts(&Reach::All, false).owned, world.all.waiting_since_ms()), (1, None));
    world.happens(&Recorded(vec![Body::SetAside { why: wire::Aside::Message }]));
    let counts = world.all.counts(&Reach::Some([site()].into()), true);
    assert_eq!((counts.owned, counts.message, counts.flood), (0, 1, true));
    let elsewhere = world.all.counts(&Reach::Some(["other".parse().unwrap()].into()), true);
    assert_eq!(elsewhere, wire::Counts { flood: true, ..wire::Counts::default() });
    assert!(matches!(world.all.live[&IT].status, Status::Idle(Idle::Message)));
    world.happens(&Recorded(vec![Body::Closed]));
    assert_eq!((world.all.open_count(), world.all.live.len()), (0, 0));
}
