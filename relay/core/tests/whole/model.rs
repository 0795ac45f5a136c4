//! The store as a model: the promises of `relay_core::store` in memory, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use relay_core::{Agent, Answer, Append, AppendError, Appended, Conversation, DraftBody, Query, QueryError};
use wire::limit::{PAGE_CONVERSATIONS_MAX, PAGE_EVENTS_MAX};
use wire::*;

#[derive(Default)]
pub(crate) struct ModelStore {
    pub(crate) logs: BTreeMap<ConversationId, (Conversation, Vec<Event>)>,
    pub(crate) turn: u64,
    /// Files that were uploaded, whoever asks.
    pub(crate) files: BTreeSet<AttachmentId>,
    /// A known fault: what was recorded before is recorded again.
    pub(crate) records_twice: bool,
    /// A known fault: conditions on the staff lane are not looked at.
    pub(crate) skips_compare: bool,
}

impl ModelStore {
    pub(crate) fn conversation(&self, id: ConversationId) -> Option<&Conversation> {
        self.logs.get(&id).map(|(conversation, _)| conversation)
    }

    pub(crate) fn owner(&self, id: ConversationId) -> Option<VisitorId> {
        self.conversation(id).map(|conversation| conversation.visitor)
    }

    pub(crate) fn events(&self, id: ConversationId) -> &[Event] {
        self.logs.get(&id).map_or(&[], |(_, events)| events)
    }

    pub(crate) fn open(&self) -> Vec<Conversation> {
        self.logs.values().map(|(conversation, _)| conversation.clone()).filter(|it| !it.closed()).collect()
    }

    /// Open conversations an agent has.
    pub(crate) fn load(&self, agent: AgentId) -> u32 {
        let held = self.open().into_iter().filter(|it| it.state == ConversationState::Assigned { agent });
        u32::try_from(held.count()).expect("a small number")
    }

    /// What must hold after every append, whatever was asked.
    pub(crate) fn check(&self, agents: &[Agent]) {
        for agent in agents {
            assert!(self.load(agent.id) <= agent.capacity, "{:?} is over capacity", agent.id);
        }
        for (_, events) in self.logs.values() {
            let mut waiting = true;
            for event in events {
                if event.body == Body::Queued {
                    waiting = true;
                } else if event.body == Body::Joined {
                    waiting = false;
                }
                assert!(waiting || event.body != Body::LeftQueue, "left the line while being served");
            }
        }
    }

    pub(crate) fn append(&mut self, now_ms: u64, append: &Append) -> Result<Appended, AppendError> {
        assert!(!append.drafts.is_empty());
        let known = self.logs.get(&append.conversation);
        if let Some((conversation, events)) = known {
            if append.owner.is_some_and(|owner| owner != conversation.visitor) {
                return Err(AppendError::NotFound);
            }
            if !self.records_twice && events.iter().any(|event| event.id == append.drafts[0].id) {
                let recorded = events.iter().filter(|event| append.drafts.iter().any(|draft| draft.id == event.id));
                return Ok(Appended {
                    site: conversation.site.clone(),
                    visitor: conversation.visitor,
                    events: recorded.cloned().collect(),
                    repeated: true,
                });
            }
        }
        let mut conversation = match (known, &append.open, append.owner) {
            (Some((conversation, _)), _, _) => conversation.clone(),
            (None, Some(open), Some(owner)) => {
                Conversation::new(append.conversation, open.site.clone(), owner, now_ms, open.language.clone())
            }
            (None, _, _) => return Err(AppendError::NotFound),
        };
        let late = |body: &DraftBody| {
            matches!(body, DraftBody::Ready(Body::Rated { .. } | Body::Seen { .. } | Body::Note { .. } | Body::Spam))
        };
        if conversation.closed() && !append.drafts.iter().all(|draft| late(&draft.body)) {
            return Err(AppendError::Ended);
        }
        let leaves = append.drafts.iter().any(|draft| draft.body == DraftBody::Ready(Body::LeftQueue));
        if leaves && !matches!(conversation.state, ConversationState::Waiting { .. }) {
            return Err(AppendError::Moved);
        }
        if append.staff_head.is_some_and(|head| head != conversation.head.staff) && !self.skips_compare {
            return Err(AppendError::Moved);
        }
        if append.capacity.is_some_and(|(agent, capacity)| self.load(agent) >= capacity) {
            return Err(AppendError::AtCapacity);
        }
        let mut events = Vec::new();
        for draft in &append.drafts {
            let body = match &draft.body {
                DraftBody::Ready(body) => body.clone(),
                DraftBody::File(id) if self.files.contains(id) => Body::File { attachment: file(*id) },
                DraftBody::File(_) => return Err(AppendError::FileMissing),
                DraftBody::Turn(queueing) => queueing.body(queueing.keep.unwrap_or(self.turn + 1)),
            };
            let lane = body.lane();
            let event = Event {
                conversation: append.conversation,
                lane,
                seq: conversation.head.of(lane).next(),
                at_ms: now_ms,
                id: draft.id,
                author: draft.author.clone(),
                body,
            };
            conversation.apply(&event).expect("the next one");
            events.push(event);
        }
        if append.drafts.iter().any(|draft| matches!(draft.body, DraftBody::Turn(queueing) if queueing.keep.is_none()))
        {
            self.turn += 1;
        }
        let (site, visitor) = (conversation.site.clone(), conversation.visitor);
        let (known, log) = self.logs.entry(append.conversation).or_insert_with(|| (conversation.clone(), Vec::new()));
        *known = conversation;
        log.extend(events.iter().cloned());
        Ok(Appended { site, visitor, events, repeated: false })
    }

    pub(crate) fn query(&self, query: &Query) -> Result<Answer, QueryError> {
        let found = |id| self.logs.get(id).ok_or(QueryError::NotFound);
        match query {
            Query::Events { conversation, lane, after } => {
                let (conversation, events) = found(conversation)?;
                let page = events.iter().filter(|event| event.lane == *lane && event.seq > *after);
                let events = page.take(PAGE_EVENTS_MAX).cloned().collect();
                Ok(Answer::Events { conversation: Box::new(conversation.clone()), events })
            }
            Query::Conversation { conversation } => Ok(Answer::Conversation(Box::new(found(conversation)?.0.clone()))),
            Query::Closed { .. } => Ok(self.list(Conversation::closed)),
            Query::OfVisitor { visitor } => Ok(self.list(|conversation| conversation.visitor == *visitor)),
        }
    }

    fn list(&self, wanted: impl Fn(&Conversation) -> bool) -> Answer {
        let all = self.logs.values().map(|(conversation, _)| conversation).filter(|it| wanted(it));
        let mut rows: Vec<_> = all.cloned().collect();
        rows.reverse();
        let more = rows.len() > PAGE_CONVERSATIONS_MAX;
        rows.truncate(PAGE_CONVERSATIONS_MAX);
        Answer::Conversations { rows, more }
    }
}

/// The one file that is ever uploaded, under this name.
pub(crate) fn file(id: AttachmentId) -> Attachment {
    Attachment {
        id,
        name: "receipt.png".to_owned(),
        media_type: "image/png".to_owned(),
        media: Media::Image,
        bytes: 1,
        width: 1,
        height: 1,
    }
}
