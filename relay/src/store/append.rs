//! The rules of an append, once for all databases: a database only looks rows up and writes them.

use relay_core::conversation::Conversation;
use relay_core::store::{Append, AppendError, Appended, Draft, DraftBody};
use wire::{
    AgentId, AttachmentId, Author, Body, ConversationId, ConversationState, Event, Lane, MessageId, SiteId, Tag,
    VisitorId,
};

use super::{AttachmentRecord, StoreError, Uploader};

/// What a database does for an append, inside the running transaction. An error means that the database failed.
pub(super) trait Rows {
    /// The conversation as it stands.
    fn conversation(&mut self, id: ConversationId) -> Result<Option<Conversation>, StoreError>;
    /// The event that a message id was recorded as.
    fn event(&mut self, conversation: ConversationId, id: MessageId) -> Result<Option<Event>, StoreError>;
    /// The site of a visitor.
    fn visitor_site(&mut self, visitor: VisitorId) -> Result<Option<SiteId>, StoreError>;
    /// Open conversations that are assigned to an agent.
    fn load(&mut self, agent: AgentId) -> Result<u32, StoreError>;
    /// An uploaded file.
    fn attachment(&mut self, id: AttachmentId) -> Result<Option<AttachmentRecord>, StoreError>;
    /// The last number in line given to anybody.
    fn last_turn(&mut self) -> Result<u64, StoreError>;
    /// Writes what was decided, all or nothing.
    fn record(&mut self, record: Record) -> Result<(), StoreError>;
}

/// What an append comes to.
pub(super) struct Record {
    /// What lists went by before; none when the conversation is new.
    pub before: Option<Listed>,
    /// The conversation after.
    pub after: Conversation,
    /// The new events, numbered.
    pub events: Vec<Event>,
    /// Attachments that messages name from now on.
    pub named: Vec<AttachmentId>,
    /// The last number in line, when one was given.
    pub turn: Option<u64>,
}

/// What lists of conversations are ordered and counted by: changes seldom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    state: ConversationState,
    agent: Option<AgentId>,
    turn: u64,
    with_language: bool,
    source: (Option<Tag>, Option<Tag>, bool),
    spam: bool,
    answered: bool,
}

impl Listed {
    /// Of a conversation as it stands.
    pub(super) const fn of(conversation: &Conversation) -> Self {
        Self {
            state: conversation.state,
            agent: conversation.agent,
            turn: conversation.turn,
            with_language: !conversation.language.is_empty(),
            source: (conversation.address, conversation.network, conversation.known),
            spam: conversation.spam,
            answered: conversation.answered,
        }
    }
}

/// Carries out one append. Everything is checked before anything is written.
pub(super) fn append(rows: &mut impl Rows, now_ms: u64, append: &Append) -> Result<Appended, AppendError> {
    let before = rows.conversation(append.conversation)?;
    if let Some(conversation) = &before {
        if append.owner.is_some_and(|owner| owner != conversation.visitor) {
            return Err(AppendError::NotFound);
        }
        let events = recorded(rows, append)?;
        if !events.is_empty() {
            let (site, visitor) = (conversation.site.clone(), conversation.visitor);
            return Ok(Appended { site, visitor, events, repeated: true });
        }
    }
    let mut record = match before {
        Some(conversation) => Record::of(conversation),
        None => opened(rows, now_ms, append)?,
    };
    check_ids(rows, append)?;
    check(rows, &record, append)?;
    for draft in &append.drafts {
        add(rows, &mut record, now_ms, draft)?;
    }
    let (site, visitor, events) = (record.after.site.clone(), record.after.visitor, record.events.clone());
    rows.record(record)?;
    Ok(Appended { site, visitor, events, repeated: false })
}

/// The events of a repeated append, empty when its first draft is new.
fn recorded(rows: &mut impl Rows, append: &Append) -> Result<Vec<Event>, AppendError> {
    let mut events = Vec::new();
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
            tracing::error!("an append used one message id for two drafts");
            return Err(AppendError::Down);
        }
    }
    Ok(())
}

/// A new conversation of the owner, on the owner's site only.
fn opened(rows: &mut impl Rows, now_ms: u64, append: &Append) -> Result<Record, AppendError> {
    let (Some(opening), Some(visitor)) = (&append.open, append.owner) else {
        return Err(AppendError::NotFound);
    };
    if rows.visitor_site(visitor)?.as_ref() != Some(&opening.site) {
        return Err(AppendError::NotFound);
    }
    let after = Conversation::new(append.conversation, opening.site.clone(), visitor, now_ms, opening.language.clone());
    Ok(Record { before: None, after, events: Vec::new(), named: Vec::new(), turn: None })
}

impl Record {
    fn of(conversation: Conversation) -> Self {
        let before = Some(Listed::of(&conversation));
        Self { before, after: conversation, events: Vec::with_capacity(1), named: Vec::new(), turn: None }
    }
}

/// The conditions of the whole append.
fn check(rows: &mut impl Rows, record: &Record, append: &Append) -> Result<(), AppendError> {
    if record.after.closed() && !append.drafts.iter().all(|draft| taken_when_ended(&draft.body)) {
        return Err(AppendError::Ended);
    }
    let leaves = append.drafts.iter().any(|draft| draft.body == DraftBody::Ready(Body::LeftQueue));
    let waits = matches!(record.after.state, ConversationState::Waiting { .. });
    if append.staff_head.is_some_and(|head| head != record.after.head_of(Lane::Staff)) || leaves && !waits {
        return Err(AppendError::Moved);
    }
    if let Some((agent, capacity)) = append.capacity
        && rows.load(agent)? >= capacity
    {
        return Err(AppendError::AtCapacity);
    }
    Ok(())
}

/// Whether an ended conversation still takes this.
const fn taken_when_ended(body: &DraftBody) -> bool {
    match body {
        DraftBody::Ready(body) => {
            matches!(body, Body::Rated { .. } | Body::Seen { .. } | Body::Note { .. } | Body::Spam)
        }
        DraftBody::File(_) | DraftBody::Turn(_) => false,
    }
}

/// Completes one draft, numbers it and folds it in.
fn add(rows: &mut impl Rows, record: &mut Record, now_ms: u64, draft: &Draft) -> Result<(), AppendError> {
    let body = match &draft.body {
        DraftBody::Ready(body) => body.clone(),
        DraftBody::File(id) => {
            let file = rows.attachment(*id)?.filter(|file| may_name(record, &draft.author, file));
            record.named.push(*id);
            Body::File { attachment: file.ok_or(AppendError::FileMissing)?.attachment }
        }
        DraftBody::Turn(queueing) => match queueing.keep {
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

/// Whether this author may put this file into this conversation: it was brought there, by the author's side.
fn may_name(record: &Record, author: &Author, file: &AttachmentRecord) -> bool {
    let side = match (author, file.uploader) {
        (Author::Visitor, Uploader::Visitor(visitor)) => visitor == record.after.visitor,
        (Author::Agent { .. }, Uploader::Agent(_)) => true,
        (Author::Visitor | Author::Agent { .. } | Author::System, _) => false,
    };
    side && file.conversation == record.after.id
}
