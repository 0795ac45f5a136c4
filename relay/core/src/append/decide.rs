//! Decides one append: it is refused, was recorded before, or is recorded now.

use wire::{Body, ConversationState, Event};

use super::condition::{Condition, needed_by};
use super::{Append, AppendError, Appended, Listed, NewBody, NewEvent, Record, Rows};
use crate::conversation::Conversation;
use crate::planted::{Planted, planted};

/// Carries out one append. Everything is checked before anything is written.
///
/// # Errors
/// The first condition that does not hold; [`AppendError::Down`] when the store failed, or when two new events have one id.
pub fn decide(rows: &mut impl Rows, now_ms: u64, append: &Append) -> Result<Appended, AppendError> {
    debug_assert!(!append.new_events.is_empty(), "an append records something");
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
    check(rows, &record.after, append.new_events.iter().flat_map(needed_by))?;
    check(rows, &record.after, asked(false))?;
    let queue_change = QueueChange::of(&record, append);
    for new_event in
        append.new_events.iter().filter(|new_event| !(queue_change == QueueChange::Nothing && queues(&new_event.body)))
    {
        add(rows, &mut record, now_ms, new_event, queue_change)?;
    }
    let (site, visitor, events) = (record.after.site.clone(), record.after.visitor, record.events.clone());
    rows.record(record)?;
    Ok(Appended { site, visitor, events, repeated: false })
}

/// What an append does to the queue. An append that opens a conversation may find that it exists: another relay has opened it, or an answer
/// was lost. Then the first message is a message like any other, and the conversation keeps its turn or its agent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum QueueChange {
    /// What the append says: it opens the conversation, or was made for one that exists.
    AsRequested,
    /// None: the conversation is queued or assigned already.
    Nothing,
    /// It is with nobody: it is queued again, with this turn or a new one.
    Again(Option<u64>),
}

impl QueueChange {
    fn of(record: &Record, append: &Append) -> Self {
        if record.before.is_none() || append.open.is_none() {
            return Self::AsRequested;
        }
        match record.after.state {
            ConversationState::Waiting { .. } | ConversationState::Assigned { .. } => Self::Nothing,
            ConversationState::Idle { why, .. } => Self::Again(record.after.turn_kept(why)),
            ConversationState::Closed { .. } => Self::AsRequested,
        }
    }
}

/// Whether this event queues the conversation.
const fn queues(body: &NewBody) -> bool {
    matches!(body, NewBody::Turn(_) | NewBody::Ready(Body::Queued))
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

/// The events that this append recorded before; empty when it is the first time.
fn recorded(rows: &mut impl Rows, append: &Append) -> Result<Vec<Event>, AppendError> {
    let mut events = Vec::new();
    if planted(Planted::RecordsTwice) {
        return Ok(events);
    }
    for (index, new_event) in append.new_events.iter().enumerate() {
        match rows.event(append.conversation, new_event.id)? {
            Some(event) => events.push(event),
            None if index == 0 => return Ok(events),
            None => {}
        }
    }
    Ok(events)
}

/// All ids of one append must differ and be new. That the first one is new is known already.
fn check_ids(rows: &mut impl Rows, append: &Append) -> Result<(), AppendError> {
    for (index, new_event) in append.new_events.iter().enumerate().skip(1) {
        let twice = append.new_events[..index].iter().any(|earlier| earlier.id == new_event.id);
        if twice || rows.event(append.conversation, new_event.id)?.is_some() {
            return Err(AppendError::Down);
        }
    }
    Ok(())
}

/// A new conversation; its site must be its visitor's.
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

/// Completes one new event, numbers it and applies it.
fn add(
    rows: &mut impl Rows,
    record: &mut Record,
    now_ms: u64,
    new_event: &NewEvent,
    queue_change: QueueChange,
) -> Result<(), AppendError> {
    let kept = if let QueueChange::Again(kept) = queue_change { kept } else { None };
    let body = match &new_event.body {
        NewBody::Ready(body) => body.clone(),
        NewBody::File(id) => {
            let file = rows.uploaded(*id)?.ok_or(AppendError::FileMissing)?;
            record.named.push(*id);
            Body::File { attachment: file.attachment }
        }
        NewBody::Turn(queueing) => match queueing.keep.or(kept) {
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
        id: new_event.id,
        author: new_event.author.clone(),
        body,
    };
    record.after.apply(&event).expect("it was numbered from the head it is applied to");
    record.events.push(event);
    Ok(())
}
