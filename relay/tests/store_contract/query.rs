//! What is read back.

use relay::store::{Store, TokenHash, VisitorRecord, write_once};
use relay_core::append::{Append, Condition, Opening};
use relay_core::conversation::Conversation;
use relay_core::store::{Query, QueryAnswer, QueryError};
use relay_settings::Reach;
use wire::limit::{PAGE_BYTES_MAX, PAGE_CONVERSATIONS_MAX, PAGE_EVENTS_MAX};
use wire::{Author, Body, ConversationId, ConversationState, Lane, Seq, VisitorId};

use crate::fixture::{
    ANNA, BORIS, FIRST, KIM, SECOND, agent, from_visitor, into, new_event, site, system, text, world,
};

pub(crate) fn pages_follow_without_gap(store: &dyn Store) {
    let mut world = world(store);
    let count = PAGE_EVENTS_MAX as u128 + 7;
    let new_events = (1..=count).map(|id| text(id, "hello")).collect();
    let all = world.record(&from_visitor(ANNA, FIRST, new_events));
    // A neighbour's events must not slip in.
    world.record(&from_visitor(BORIS, ConversationId(FIRST.0 + 1), vec![text(1, "neighbour")]));
    let first = world.page(FIRST, Lane::Shared, 0);
    assert_eq!(first.len(), PAGE_EVENTS_MAX);
    let second = world.page(FIRST, Lane::Shared, PAGE_EVENTS_MAX as u64);
    assert_eq!([first, second].concat(), all);
    assert!(world.page(FIRST, Lane::Shared, count as u64).is_empty());
    assert!(world.page(FIRST, Lane::Shared, u64::from(u32::MAX)).is_empty());
    assert!(world.page(FIRST, Lane::Staff, 0).is_empty());
}

pub(crate) fn a_page_of_long_texts_ends_early_but_never_empty(store: &dyn Store) {
    let mut world = world(store);
    let third = "x".repeat(PAGE_BYTES_MAX / 3);
    let too_long = "x".repeat(PAGE_BYTES_MAX + 1);
    let new_events = vec![text(1, &third), text(2, &third), text(3, &third), text(4, &too_long), text(5, "short")];
    world.record(&from_visitor(ANNA, FIRST, new_events));
    let seqs = |page: Vec<wire::Event>| page.iter().map(|event| event.seq.0).collect::<Vec<_>>();
    assert_eq!(seqs(world.page(FIRST, Lane::Shared, 0)), [1, 2]);
    assert_eq!(seqs(world.page(FIRST, Lane::Shared, 2)), [3]);
    assert_eq!(seqs(world.page(FIRST, Lane::Shared, 3)), [4]);
    assert_eq!(seqs(world.page(FIRST, Lane::Shared, 4)), [5]);
}

pub(crate) fn what_is_not_there_is_not_found(store: &dyn Store) {
    let mut world = world(store);
    let events = Query::Events { conversation: FIRST, lane: Lane::Shared, after: Seq::ZERO };
    assert_eq!(world.reader.query(&events), Err(QueryError::NotFound));
    assert_eq!(world.reader.query(&Query::Conversation { conversation: FIRST }), Err(QueryError::NotFound));
    let nothing = QueryAnswer::Conversations { rows: Vec::new(), more: false };
    assert_eq!(
        world.reader.query(&Query::Closed { before_ms: u64::MAX, before: None, sites: Reach::All }),
        Ok(nothing.clone())
    );
    assert_eq!(world.reader.query(&Query::OfVisitor { visitor: VisitorId(0xdead), sites: Reach::All }), Ok(nothing));
}

fn ids(rows: &[Conversation]) -> Vec<u128> {
    rows.iter().map(|row| row.id.0).collect()
}

fn closed_at(row: &Conversation) -> u64 {
    let ConversationState::Closed { at_ms } = row.state else { panic!("{row:?}") };
    at_ms
}

pub(crate) fn closed_conversations_come_newest_first_and_page_by_time(store: &dyn Store) {
    let mut world = world(store);
    let count = PAGE_CONVERSATIONS_MAX as u128 + 3;
    for id in 1..=count {
        let new_events = vec![text(1, "hello"), system(2, Body::Closed)];
        world.record(&from_visitor(ANNA, ConversationId(id), new_events));
    }
    world.record(&from_visitor(ANNA, ConversationId(count + 1), vec![text(1, "still open")]));
    let (first, more) = world.rows(&Query::Closed { before_ms: u64::MAX, before: None, sites: Reach::All });
    assert!(more);
    assert_eq!(ids(&first), (4..=count).rev().collect::<Vec<_>>());
    let before_ms = closed_at(first.last().unwrap());
    let (second, more) = world.rows(&Query::Closed { before_ms, before: None, sites: Reach::All });
    assert!(!more);
    assert_eq!(ids(&second), [3, 2, 1]);
}

pub(crate) fn closed_conversations_of_some_sites_page_as_if_there_were_no_others(store: &dyn Store) {
    const PAGE: u128 = PAGE_CONVERSATIONS_MAX as u128;
    let mut world = world(store);
    let carl = VisitorId(77);
    let record =
        VisitorRecord { id: carl, site: site("other"), token: TokenHash([77; 32]), created_at_ms: 5, used_at_ms: 5 };
    write_once(&mut *world.writer, |writer| writer.add_visitor(&record)).unwrap();
    // Of three in a row two are of one site; the last of all is of the other.
    for id in 1..=3 * PAGE {
        let new_events = vec![text(1, "hello"), system(2, Body::Closed)];
        let mut append = from_visitor(ANNA, ConversationId(id), new_events.clone());
        if id % 3 == 0 {
            append = Append::new(ConversationId(id), new_events).when(Condition::Owner(carl));
            append = append.opening(Opening { site: site("other"), visitor: carl, language: "en".to_owned() });
        }
        world.record(&append);
    }
    let of = |sites: &[&str]| Reach::Some(sites.iter().map(|id| site(id)).collect());
    for (sites, wanted) in [
        (of(&["demo"]), [0, 1, 1].as_slice()),
        (of(&["other"]), &[1, 0, 0]),
        (of(&["demo", "other"]), &[1, 1, 1]),
        (of(&["nowhere", "other"]), &[1, 0, 0]),
        (of(&["nowhere"]), &[0, 0, 0]),
        (of(&[]), &[0, 0, 0]),
        (Reach::All, &[1, 1, 1]),
    ] {
        let wanted: Vec<_> = (1..=3 * PAGE).rev().filter(|id| wanted[(id % 3) as usize] == 1).collect();
        let (mut found, mut before_ms, mut more) = (Vec::new(), u64::MAX, true);
        while more {
            let rows;
            (rows, more) = world.rows(&Query::Closed { before_ms, before: None, sites: sites.clone() });
            assert_eq!(rows.len(), wanted.len().saturating_sub(found.len()).min(PAGE_CONVERSATIONS_MAX), "{sites:?}");
            before_ms = rows.last().map_or(0, closed_at);
            found.extend(ids(&rows));
        }
        assert_eq!(found, wanted, "{sites:?}");
        for (visitor, its) in [(ANNA, "demo"), (carl, "other")] {
            let (rows, _) = world.rows(&Query::OfVisitor { visitor, sites: sites.clone() });
            assert_eq!(rows.is_empty(), !sites.has(&site(its)), "{visitor} {sites:?}");
        }
    }
}

pub(crate) fn rows_of_one_moment_are_not_torn_apart(store: &dyn Store) {
    let mut world = world(store);
    let count = PAGE_CONVERSATIONS_MAX as u128 + 2;
    world.writer.begin().unwrap();
    for id in 1..=count {
        // The four oldest end at one moment, which a page would cut through.
        let now_ms = 5_000 + u64::try_from(id.max(4)).unwrap();
        let new_events = vec![text(1, "hello"), system(2, Body::Closed)];
        world.writer.append(now_ms, &from_visitor(ANNA, ConversationId(id), new_events)).unwrap();
    }
    world.writer.commit().unwrap();
    let (first, more) = world.rows(&Query::Closed { before_ms: u64::MAX, before: None, sites: Reach::All });
    assert!(more);
    let (second, more) =
        world.rows(&Query::Closed { before_ms: closed_at(first.last().unwrap()), before: None, sites: Reach::All });
    assert!(!more);
    let mut all = ids(&[first, second].concat());
    all.sort_unstable();
    assert_eq!(all, (1..=count).collect::<Vec<_>>());
}

pub(crate) fn more_endings_of_one_moment_than_a_page_holds_are_all_found(store: &dyn Store) {
    let mut world = world(store);
    let count = PAGE_CONVERSATIONS_MAX as u128 * 2 + 5;
    world.writer.begin().unwrap();
    for id in 1..=count {
        let new_events = vec![text(1, "hello"), system(2, Body::Closed)];
        world.writer.append(5_000, &from_visitor(ANNA, ConversationId(id), new_events)).unwrap();
    }
    world.writer.commit().unwrap();
    let mut all = Vec::new();
    let (mut before_ms, mut before) = (u64::MAX, None);
    for wanted in [true, true, false] {
        let (rows, more) = world.rows(&Query::Closed { before_ms, before, sites: Reach::All });
        assert_eq!(more, wanted);
        (before_ms, before) = (closed_at(rows.last().unwrap()), rows.last().map(|row| row.id));
        all.extend(ids(&rows));
    }
    assert_eq!(all, (1..=count).rev().collect::<Vec<_>>());
}

pub(crate) fn a_visitors_conversations_come_newest_first(store: &dyn Store) {
    let mut world = world(store);
    world.record(&from_visitor(ANNA, SECOND, vec![text(1, "older"), system(2, Body::Closed)]));
    world.record(&from_visitor(ANNA, FIRST, vec![text(1, "newer")]));
    world.record(&from_visitor(BORIS, ConversationId(7), vec![text(1, "somebody else")]));
    let (rows, more) = world.rows(&Query::OfVisitor { visitor: ANNA, sites: Reach::All });
    assert!(!more);
    assert_eq!(ids(&rows), [FIRST.0, SECOND.0]);
}

pub(crate) fn open_conversations_are_the_fold_of_their_events(store: &dyn Store) {
    let mut world = world(store);
    let mut fold: Option<Conversation> = None;
    let long = "word ".repeat(100);
    let appends = [
        from_visitor(ANNA, FIRST, vec![text(1, "hello"), system(2, Body::Queued)]),
        from_visitor(ANNA, FIRST, vec![text(3, "anybody?"), new_event(4, Author::Visitor, Body::LeftQueue)]),
        into(FIRST, vec![system(5, Body::Assigned { agent: KIM }), new_event(6, agent(KIM), Body::Joined)]),
        into(FIRST, vec![new_event(7, agent(KIM), Body::Text { text: long })]),
        into(FIRST, vec![new_event(8, agent(KIM), Body::Seen { up_to: Seq(1) })]),
        from_visitor(ANNA, FIRST, vec![new_event(9, Author::Visitor, Body::Seen { up_to: Seq(6) })]),
        from_visitor(ANNA, FIRST, (10..150).map(|id| text(id, "flood")).collect()),
    ];
    for append in appends {
        let events = world.record(&append);
        let fold = fold.get_or_insert_with(|| {
            let site = "demo".parse().unwrap();
            Conversation::new(FIRST, site, ANNA, events[0].at_ms, "en".to_owned())
        });
        for event in &events {
            fold.apply(event).unwrap();
        }
        assert_eq!(world.reader.open_conversations().unwrap(), std::slice::from_ref(fold));
    }
    world.record(&into(FIRST, vec![system(200, Body::Closed)]));
    assert!(world.reader.open_conversations().unwrap().is_empty());
}

pub(crate) fn open_conversations_are_read_page_by_page(store: &dyn Store) {
    let mut world = world(store);
    for id in 1..=5 {
        world.record(&from_visitor(ANNA, ConversationId(id), vec![text(1, "hello"), system(2, Body::Queued)]));
    }
    world.record(&into(ConversationId(3), vec![system(200, Body::Closed)]));
    let mut page = |after: u128, count_max| -> Vec<u128> {
        let rows = world.reader.open_conversations_after(ConversationId(after), count_max).unwrap();
        rows.iter().map(|row| row.id.0).collect()
    };
    assert_eq!([page(0, 2), page(2, 2), page(5, 2)], [vec![1, 2], vec![4, 5], vec![]]);
    assert_eq!(page(1, 10), [2, 4, 5]);
    let all = world.reader.open_conversations().unwrap();
    assert_eq!(world.reader.open_conversations_after(ConversationId(0), 10), Ok(all));
}
