//! The contract of erasing: what events say goes, what they are stays, and what is past its time is found.

use relay::audit::Who;
use relay::store::{
    Due, ERASE_EVENTS_MAX, EraseStep, ErasedStep, ErasureRecord, HoldRecord, RemovedCount, Store, StoreError,
    TokenHash, Uploader, VisitorRecord, write_once,
};
use relay_core::append::{NewBody, NewEvent};
use relay_core::store::Query;
use wire::{
    AttachmentId, Author, Body, ConversationId, Event, Lane, MessageId, PageContext, Part, Parts, Seq, VisitorId,
};

use crate::fixture::{
    ANNA, BORIS, FIRST, KIM, SECOND, World, agent, file, from_visitor, into, new_event, site, system, text, world,
};
use crate::records::Records;

fn step(conversation: ConversationId, parts: Parts) -> EraseStep {
    EraseStep { conversation, parts, after: None }
}

fn erase(world: &mut World, step: &EraseStep) -> Result<ErasedStep, StoreError> {
    write_once(&mut *world.writer, |writer| writer.erase(step))
}

fn both_lanes(world: &mut World, conversation: ConversationId) -> Vec<Event> {
    [Lane::Shared, Lane::Staff].into_iter().flat_map(|lane| world.page(conversation, lane, 0)).collect()
}

/// One of every kind with words in it, ended.
fn talk(world: &mut World, conversation: ConversationId) {
    let record = file(conversation.0, conversation, Uploader::Visitor(ANNA));
    write_once(&mut *world.writer, |writer| writer.add_attachment(&record)).unwrap();
    let page = PageContext { url: "https://secret.example/a".to_owned(), ..PageContext::default() };
    let named = NewBody::File(AttachmentId(conversation.0));
    world.record(&from_visitor(
        ANNA,
        conversation,
        vec![
            system(1, Body::Context { page }),
            text(2, "secret words"),
            NewEvent { id: MessageId(3), author: Author::Visitor, body: named },
        ],
    ));
    let labels = Body::Labelled { added: vec!["secret label".to_owned()], removed: Vec::new() };
    world.record(&into(
        conversation,
        vec![
            new_event(4, agent(KIM), Body::Note { text: "secret note".to_owned() }),
            new_event(5, agent(KIM), labels),
            new_event(6, agent(KIM), Body::Text { text: "secret answer".to_owned() }),
            new_event(7, agent(KIM), Body::Closed),
        ],
    ));
    world.record(&into(
        conversation,
        vec![new_event(8, Author::Visitor, Body::Rated { score: 4, comment: "secret praise".to_owned() })],
    ));
}

pub(crate) fn words_go_and_everything_else_stays(store: &dyn Store) {
    let mut world = world(store);
    talk(&mut world, FIRST);
    talk(&mut world, SECOND);
    let (before, row) = (both_lanes(&mut world, FIRST), world.conversation(FIRST));
    let done = erase(&mut world, &step(FIRST, Parts::ALL)).unwrap();
    assert_eq!(done.removed, RemovedCount { texts: 5, names: 1, files: 1 });
    assert_eq!((done.site, done.next), (site("demo"), None));
    let after = both_lanes(&mut world, FIRST);
    assert_eq!(after.len(), before.len());
    for (before, after) in before.iter().zip(&after) {
        let wanted = before.body.without(Parts::ALL).map_or_else(|| before.body.clone(), |(_, left)| left);
        assert_eq!(*after, Event { body: wanted, ..before.clone() });
    }
    assert!(!serde_json::to_string(&after).unwrap().contains("secret"));
    assert!(!serde_json::to_string(&after).unwrap().contains("chart.png"));
    let mut wanted = row;
    assert!(!wanted.erased);
    wanted.last_line.clear();
    wanted.language.clear();
    wanted.erased = true;
    assert_eq!(world.conversation(FIRST), wanted);
    let rows = world.rows(&Query::OfVisitor { visitor: ANNA, sites: relay_settings::Reach::All }).0;
    assert_eq!(rows.iter().filter(|row| row.last_line.is_empty()).count(), 1, "the other one keeps its words");
    assert_eq!(world.conversation(SECOND).last_line, "secret answer");
    let again = erase(&mut world, &step(FIRST, Parts::ALL)).unwrap();
    assert_eq!(again.removed, RemovedCount::default(), "done twice it changes nothing");
    assert_eq!(both_lanes(&mut world, FIRST), after);
    // What was recorded before is still recognised.
    let said = world.append(&into(FIRST, vec![new_event(4, agent(KIM), Body::Note { text: "again".to_owned() })]));
    assert!(said.unwrap().repeated);
}

pub(crate) fn one_part_goes_and_the_others_stay(store: &dyn Store) {
    for (part, removed, left) in [
        (Part::Texts, RemovedCount { texts: 5, ..RemovedCount::default() }, ["secret.example", "chart.png"]),
        (Part::Names, RemovedCount { names: 1, ..RemovedCount::default() }, ["secret words", "chart.png"]),
        (Part::Files, RemovedCount { files: 1, ..RemovedCount::default() }, ["secret words", "secret.example"]),
    ] {
        let conversation = ConversationId(0x1000 + part as u128);
        let mut world = if part == Part::Texts { world(store) } else { reopened(store) };
        talk(&mut world, conversation);
        assert_eq!(erase(&mut world, &step(conversation, Parts::only(part))).unwrap().removed, removed);
        let said = serde_json::to_string(&both_lanes(&mut world, conversation)).unwrap();
        assert!(left.iter().all(|words| said.contains(words)), "{part:?}: {said}");
        assert_eq!(world.conversation(conversation).last_line.is_empty(), part != Part::Names);
    }
}

/// The same store, whose sites and visitors are there already.
fn reopened(store: &dyn Store) -> World {
    World { writer: store.writer().unwrap(), reader: store.reader().unwrap(), now_ms: 5_000 }
}

pub(crate) fn only_what_has_ended_and_is_not_held_is_erased(store: &dyn Store) {
    let mut world = world(store);
    world.record(&from_visitor(ANNA, FIRST, vec![text(1, "open")]));
    assert_eq!(erase(&mut world, &step(FIRST, Parts::ALL)), Err(StoreError::Conflict));
    assert_eq!(erase(&mut world, &step(SECOND, Parts::ALL)), Err(StoreError::Missing));
    world.record(&into(FIRST, vec![system(2, Body::Closed)]));
    let hold = hold(FIRST, ANNA);
    write_once(&mut *world.writer, |writer| writer.put_hold(&hold)).unwrap();
    assert_eq!(erase(&mut world, &step(FIRST, Parts::ALL)), Err(StoreError::Conflict));
    write_once(&mut *world.writer, |writer| writer.remove_hold(FIRST)).unwrap();
    // What a transaction has written it does not erase.
    world.writer.begin().unwrap();
    world
        .writer
        .append(9, &into(FIRST, vec![new_event(3, agent(KIM), Body::Note { text: "late".to_owned() })]))
        .unwrap();
    let same = world.writer.erase(&step(FIRST, Parts::ALL));
    world.writer.commit().unwrap();
    if same == Err(StoreError::Busy) {
        assert!(erase(&mut world, &step(FIRST, Parts::ALL)).is_ok());
    }
    assert!(!serde_json::to_string(&both_lanes(&mut world, FIRST)).unwrap().contains("late"));
    // What is written after it in the same transaction does not bring the old words back.
    world.writer.begin().unwrap();
    world.writer.erase(&step(FIRST, Parts::ALL)).unwrap();
    world
        .writer
        .append(9, &into(FIRST, vec![new_event(4, agent(KIM), Body::Note { text: "new".to_owned() })]))
        .unwrap();
    world.writer.commit().unwrap();
    assert_eq!(world.conversation(FIRST).last_line, "");
    assert!(world.conversation(FIRST).erased, "that something was erased stays known");
}

pub(crate) fn long_conversations_are_erased_in_steps(store: &dyn Store) {
    let mut world = world(store);
    let count = 2 * ERASE_EVENTS_MAX as u128 + 20;
    for id in (1..=count).step_by(10) {
        let said = (id..id + 10).map(|id| text(id, "secret")).collect();
        world.record(&from_visitor(ANNA, FIRST, said));
    }
    let notes = (0..30).map(|at| new_event(90_000 + at, agent(KIM), Body::Note { text: "secret".to_owned() }));
    world.record(&into(FIRST, notes.collect()));
    world.record(&into(FIRST, vec![system(99_999, Body::Closed)]));
    let (mut steps, mut texts, mut next) = (0, 0, step(FIRST, Parts::ALL));
    loop {
        let done = erase(&mut world, &next).unwrap();
        steps += 1;
        texts += done.removed.texts;
        assert!(done.removed.texts <= ERASE_EVENTS_MAX as u64);
        let Some(after) = done.next else { break };
        next.after = Some(after);
    }
    assert_eq!(u128::from(texts), count.div_ceil(10) * 10 + 30);
    assert_eq!(steps, 3);
    for lane in [Lane::Shared, Lane::Staff] {
        let mut after = 0;
        loop {
            let page = world.page(FIRST, lane, after);
            let Some(last) = page.last() else { break };
            after = last.seq.0;
            assert!(!serde_json::to_string(&page).unwrap().contains("secret"));
        }
        assert_eq!(Seq(after), world.conversation(FIRST).head_of(lane));
    }
}

pub(crate) fn what_is_past_its_time_is_found_once_in_the_order_of_its_end(store: &dyn Store) {
    let mut world = world(store);
    let end = |world: &mut World, id: u128| {
        world.record(&from_visitor(ANNA, ConversationId(id), vec![text(1, "words"), system(2, Body::Closed)]));
        world.now_ms
    };
    let ends: Vec<_> = [30, 20, 10].map(|id| (end(&mut world, id), ConversationId(id))).into();
    world.record(&from_visitor(ANNA, ConversationId(40), vec![text(1, "open")]));
    let due = |part, ended_before_ms| Due { site: site("demo"), part, ended_before_ms };
    let all = due(Part::Texts, u64::MAX);
    let start = (0, ConversationId(0));
    assert_eq!(world.reader.erasable(&all, start, 10), Ok(ends.clone()));
    assert_eq!(world.reader.erasable(&all, start, 2), Ok(ends[..2].to_vec()));
    assert_eq!(world.reader.erasable(&all, ends[0], 10), Ok(ends[1..].to_vec()));
    assert_eq!(world.reader.erasable(&due(Part::Texts, ends[2].0), start, 10), Ok(ends[..2].to_vec()));
    assert_eq!(world.reader.erasable(&Due { site: site("other"), ..all.clone() }, start, 10), Ok(Vec::new()));
    let held = hold(ends[1].1, ANNA);
    write_once(&mut *world.writer, |writer| writer.put_hold(&held)).unwrap();
    let gone = ends[0].1;
    write_once(&mut *world.writer, |writer| writer.note_erased(gone, Parts::only(Part::Texts))).unwrap();
    assert_eq!(world.reader.erasable(&all, start, 10), Ok(ends[2..].to_vec()));
    assert_eq!(world.reader.erasable(&due(Part::Files, u64::MAX), start, 10), Ok(vec![ends[0], ends[2]]));
    // Something is written in it afterwards: it is found again.
    world.record(&into(gone, vec![new_event(5, agent(KIM), Body::Note { text: "late".to_owned() })]));
    assert_eq!(world.reader.erasable(&all, start, 10), Ok(vec![ends[0], ends[2]]));
}

pub(crate) fn everything_of_a_visitor_is_found(store: &dyn Store) {
    let mut world = world(store);
    for id in [3, 1, 2] {
        world.record(&from_visitor(ANNA, ConversationId(id), vec![text(1, "words")]));
    }
    world.record(&from_visitor(BORIS, ConversationId(4), vec![text(1, "words")]));
    for (id, conversation, by) in
        [(1, 1, Uploader::Visitor(ANNA)), (2, 1, Uploader::Agent(KIM)), (3, 9, Uploader::Visitor(ANNA))]
    {
        let record = file(id, ConversationId(conversation), by);
        write_once(&mut *world.writer, |writer| writer.add_attachment(&record)).unwrap();
    }
    let ids = |found: Vec<relay_core::conversation::Conversation>| found.iter().map(|row| row.id.0).collect::<Vec<_>>();
    assert_eq!(world.reader.all_of_visitor(ANNA, ConversationId(0), 10).map(ids), Ok(vec![1, 2, 3]));
    assert_eq!(world.reader.all_of_visitor(ANNA, ConversationId(1), 1).map(ids), Ok(vec![2]));
    let files = |found: Vec<relay::store::AttachmentRecord>| {
        let mut ids: Vec<_> = found.iter().map(|record| record.attachment.id.0).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(world.reader.attachments_in(ConversationId(1), 10).map(files), Ok(vec![1, 2]));
    assert_eq!(world.reader.attachments_by(ANNA, 10).map(files), Ok(vec![1, 3]));
    // Who is to be erased opens nothing any more.
    begin(&mut *world.writer, ANNA).unwrap();
    let opening = world.append(&from_visitor(ANNA, ConversationId(7), vec![text(1, "words")]));
    assert_eq!(opening, Err(relay_core::append::AppendError::NotFound));
}

fn hold(conversation: ConversationId, visitor: VisitorId) -> HoldRecord {
    let reason = "a court asks for it".to_owned();
    HoldRecord { conversation, visitor, site: site("demo"), reason, who: Who::CommandLine, since_ms: 7 }
}

fn begin<W: relay::store::RecordWriter + ?Sized>(writer: &mut W, visitor: VisitorId) -> Result<(), StoreError> {
    let erasure = ErasureRecord { visitor, site: site("demo"), asked_at_ms: 40, done_at_ms: None };
    write_once(writer, |writer| writer.begin_erasure(&erasure, &TokenHash([9; 32])))
}

pub(crate) fn a_visitor_who_is_to_be_erased_is_known_no_more(mut world: Records) {
    assert_eq!(begin(&mut *world.writer, VisitorId(77)), Err(StoreError::Missing));
    assert_eq!(world.reader.erasure(ANNA), Err(StoreError::Missing));
    let kept = file(1, FIRST, Uploader::Visitor(ANNA));
    write_once(&mut *world.writer, |writer| writer.add_attachment(&kept)).unwrap();
    begin(&mut *world.writer, ANNA).unwrap();
    assert_eq!(world.reader.visitor_by_token(&TokenHash([1; 32])), Err(StoreError::Missing));
    let known =
        VisitorRecord { id: ANNA, site: site("demo"), token: TokenHash([9; 32]), created_at_ms: 5, used_at_ms: 0 };
    assert_eq!(world.reader.visitor(ANNA), Ok(known));
    let late = file(2, FIRST, Uploader::Visitor(ANNA));
    let added = write_once(&mut *world.writer, |writer| writer.add_attachment(&late));
    assert_eq!(added, Err(StoreError::Missing), "what was on its way");
    let pending = ErasureRecord { visitor: ANNA, site: site("demo"), asked_at_ms: 40, done_at_ms: None };
    assert_eq!(world.reader.pending_erasures(), Ok(vec![pending.clone()]));
    write_once(&mut *world.writer, |writer| writer.finish_erasure(ANNA, 50)).unwrap();
    assert_eq!(world.reader.pending_erasures(), Ok(Vec::new()));
    assert_eq!(world.reader.erasure(ANNA), Ok(ErasureRecord { done_at_ms: Some(50), ..pending }));
    begin(&mut *world.writer, ANNA).unwrap();
    assert_eq!(world.reader.pending_erasures().unwrap().len(), 1, "asked for again");
    write_once(&mut *world.writer, |writer| writer.erase_attachment(AttachmentId(1))).unwrap();
    write_once(&mut *world.writer, |writer| writer.erase_attachment(AttachmentId(1))).unwrap();
    assert_eq!(world.reader.attachment(AttachmentId(1)), Err(StoreError::Missing));
    let kept = world.reader.kept(Some(ANNA), &site("demo"));
    assert_eq!(kept, Ok(relay::store::Kept::default()));
}

pub(crate) fn what_is_held_keeps_its_visitor(mut world: Records) {
    let held = hold(FIRST, ANNA);
    write_once(&mut *world.writer, |writer| writer.put_hold(&held)).unwrap();
    assert_eq!(begin(&mut *world.writer, ANNA), Err(StoreError::Conflict));
    assert!(world.reader.visitor_by_token(&TokenHash([1; 32])).is_ok(), "nothing has changed");
    let other = HoldRecord { reason: "another".to_owned(), since_ms: 9, ..held.clone() };
    write_once(&mut *world.writer, |writer| writer.put_hold(&other)).unwrap();
    assert_eq!(world.reader.hold(FIRST), Ok(other.clone()));
    let second = hold(SECOND, ANNA);
    write_once(&mut *world.writer, |writer| writer.put_hold(&second)).unwrap();
    assert_eq!(world.reader.holds_of(ANNA), Ok(vec![other, second]));
    for conversation in [FIRST, SECOND] {
        write_once(&mut *world.writer, |writer| writer.remove_hold(conversation)).unwrap();
        let again = write_once(&mut *world.writer, |writer| writer.remove_hold(conversation));
        assert_eq!(again, Err(StoreError::Missing));
    }
    assert_eq!(world.reader.hold(FIRST), Err(StoreError::Missing));
    begin(&mut *world.writer, ANNA).unwrap();
    let late = write_once(&mut *world.writer, |writer| writer.put_hold(&held));
    assert_eq!(late, Err(StoreError::Conflict));
}

pub(crate) fn what_was_removed_is_counted_until_it_is_taken(mut world: Records) {
    let writer = &mut *world.writer;
    let some = RemovedCount { texts: 3, names: 0, files: 1 };
    for (id, count) in [("other", some), ("demo", some), ("other", some), ("demo", RemovedCount::default())] {
        write_once(writer, |writer| writer.count_removed(&site(id), count)).unwrap();
    }
    let twice = RemovedCount { texts: 6, names: 0, files: 2 };
    let taken = write_once(writer, |writer| writer.take_removed());
    assert_eq!(taken, Ok(vec![(site("demo"), some), (site("other"), twice)]));
    assert_eq!(write_once(writer, |writer| writer.take_removed()), Ok(Vec::new()));
}

pub(crate) fn a_task_is_one_holders_until_it_runs_out(mut world: Records) {
    let writer = &mut *world.writer;
    for (holder, now_ms, until_ms, given) in [
        (1, 10, 20, true),
        (2, 15, 25, false),
        (1, 15, 30, true),
        (2, 29, 40, false),
        (2, 30, 40, true),
        (1, 31, 41, false),
        (2, 31, 0, true),
        (1, 31, 41, true),
    ] {
        let asked = write_once(writer, |writer| writer.lease_task("sweep", holder, now_ms, until_ms));
        assert_eq!(asked, Ok(given), "{holder} at {now_ms}");
    }
    assert_eq!(write_once(writer, |writer| writer.lease_task("other", 2, 31, 41)), Ok(true));
}
