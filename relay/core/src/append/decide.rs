//! Decides one append: refused, recorded before, or recorded now.

use wire::{Body, ConversationState, Event};

use super::condition::{Condition, needed_by};
use super::{Append, AppendError, Appended, Draft, DraftBody, Listed, Record, Rows};
use crate::conversation::Conversation;
use crate::planted::{Planted, planted};

/// Carries out one append. Everything is checked before anything is written.
///
/// # Errors
/// The first condition that does not hold; [`AppendError::Down`] when the store failed, or when two drafts have one id.
pub fn decide(rows: &mut impl Rows, now_ms: u64, append: &Append) -> Result<Appended, AppendError> {
    debug_assert!(!append.drafts.is_empty(), "an append records something");
    let mut record = match rows.conversation(append.conversation)? {
        Some(conversation) => Record::of(conversation),
        None => opened(rows, now_ms, append)?,
    };
    let asked = |of_identity| append.conditions.iter().copied().filter(move |one| one.is_of_identity() == of_identity);
    check(rows, &record.after, asked(true))?;
    if record.before.is_some() {
        let events = recorded(rows, append)?;
        if !events.is_empty() {
            let (site, visitor) = (record.after.site, record.after.visitor);
            return Ok(Appended { site, visitor, events, repeated: true });
        }
    }
    check_ids(rows, append)?;
    check(rows, &record.after, append.drafts.iter().flat_map(needed_by))?;
    check(rows, &record.after, asked(false))?;
    let stands = Stands::of(&record, append);
    for draft in append.drafts.iter().filter(|draft| !(stands == Stands::Queued && queues(&draft.body))) {
        add(rows, &mut record, now_ms, draft, stands)?;
    }
    let (site, visitor, events) = (record.after.site.clone(), record.after.visitor, record.events.clone());
    rows.record(record)?;
    Ok(Appended { site, visitor, events, repeated: false })
}

/// How a conversation stands that an append takes for a new one. Another relay may have opened it, or an answer was lost: then the first
/// message is a message like any other, and takes nobody's turn or agent away.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stands {
    /// The append opens it, or knows that it is there.
    AsAsked,
    /// It is queued, or somebody answers in it: nothing is queued.
    Queued,
    /// Nobody has it: it is queued again with this turn, or a new one.
    Idle(Option<u64>),
}

impl Stands {
    fn of(record: &Record, append: &Append) -> Self {
        if record.before.is_none() || append.open.is_none() {
            return Self::AsAsked;
        }
        match record.after.state {
            ConversationState::Waiting { .. } | ConversationState::Assigned { .. } => Self::Queued,
            ConversationState::Idle { why, .. } => Self::Idle(record.after.turn_kept(why)),
            ConversationState::Closed { .. } => Self::AsAsked,
        }
    }
}

/// Whether it queues the conversation.
const fn queues(body: &DraftBody) -> bool {
    matches!(body, DraftBody::Turn(_) | DraftBody::Ready(Body::Queued))
}

fn check(
    rows: &mut impl Rows,
    now: &Conversation,
    conditions: impl Iterator<Item = Condition>,
) -> Result<(), AppendError> {
    for condition in conditions {
        condition.check(rows, now)?;
    }
    Ok(())
}

/// The events of a repeated append, empty when its first draft is new.
fn recorded(rows: &mut impl Rows, append: &Append) -> Result<Vec<Event>, AppendError> {
    let mut events = Vec::new();
    if planted(Planted::RecordsTwice) {
        return Ok(events);
    }
    for (index, draft) in append.drafts.iter().enumerate() {
        match rows.event(append.conversation, draft.id)? {
            Some(event) => events.push(event),
            None if index == 0 => return Ok(events),
            None => {}
        }
    }
    Ok(events)
}

/// What is recorded together has ids of its own; the first one is known to be new.
fn check_ids(rows: &mut impl Rows, append: &Append) -> Result<(), AppendError> {
    for (index, draft) in append.drafts.iter().enumerate().skip(1) {
        let twice = append.drafts[..index].iter().any(|earlier| earlier.id == draft.id);
        if twice || rows.event(append.conversation, draft.id)?.is_some() {
            return Err(AppendError::Down);
        }
    }
    Ok(())
}

/// A new conversation, on its visitor's site only.
fn opened(rows: &mut impl Rows, now_ms: u64, append: &Append) -> Result<Record, AppendError> {
    let Some(opening) = &append.open else { return Err(AppendError::NotFound) };
    if rows.visitor_site(opening.visitor)?.as_ref() != Some(&opening.site) {
        return Err(AppendError::NotFound);
    }
    let (site, language) = (opening.site.clone(), opening.language.clone());
    let after = Conversation::new(append.conversation, site, opening.visitor, now_ms, language);
    Ok(Record { before: None, after, events: Vec::new(), named: Vec::new(), turn: None })
}

impl Record {
    fn of(conversation: Conversation) -> Self {
        let before = Some(Listed::of(&conversation));
        Self { before, after: conversation, events: Vec::with_capacity(1), named: Vec::new(), turn: None }
    }
}

/// Completes one draft, numbers it and folds it in.
fn add(
    rows: &mut impl Rows,
    record: &mut Record,
    now_ms: u64,
    draft: &Draft,
    stands: Stands,
) -> Result<(), AppendError> {
    let kept = if let Stands::Idle(kept) = stands { kept } else { None };
    let body = match &draft.body {
        DraftBody::Ready(body) => body.clone(),
        DraftBody::File(id) => {
            let file = rows.uploaded(*id)?.ok_or(AppendError::FileMissing)?;
            record.named.push(*id);
            Body::File { attachment: file.attachment }
        }
        DraftBody::Turn(queueing) => match queueing.keep.or(kept) {
            Some(turn) => queueing.body(turn),
            None => {
                let last = match record.turn {
                    Some(turn) => turn,
                    None => rows.last_turn()?,
                };
                record.turn = Some(last + 1);
                queueing.body(last + 1)
            }
        },
    };
    let lane = body.lane();
    let event = Event {
        conversation: record.after.id,
        lane,
        seq: record.after.head_of(lane).next(),
        at_ms: now_ms,
        id: draft.id,
        author: draft.author.clone(),
        body,
    };
    record.after.apply(&event).expect("it was numbered from the head it is applied to");
    record.events.push(event);
    Ok(())
}
