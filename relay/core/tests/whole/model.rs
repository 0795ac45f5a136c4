//! The store as a model: the promises of `relay_core::store` in memory, and nothing else.

use std::collections::BTreeMap;

use relay_core::append::{Record, Rows, RowsFailed, Uploaded, Uploader, decide};
use relay_core::{Agent, Append, AppendError, Appended, Conversation, Query, QueryAnswer, QueryError};
use wire::limit::{PAGE_CONVERSATIONS_MAX, PAGE_EVENTS_MAX};
use wire::*;

#[derive(Default)]
pub(crate) struct ModelStore {
    pub(crate) logs: BTreeMap<ConversationId, (Conversation, Vec<Event>)>,
    pub(crate) turn: u64,
    /// Files that were uploaded, to where and by whom; by whoever asks, wherever it is, when that is not said.
    pub(crate) files: BTreeMap<AttachmentId, Option<(ConversationId, Uploader)>>,
    /// The sites of visitors; whoever is not here is on the site that is asked for.
    pub(crate) sites: BTreeMap<VisitorId, SiteId>,
}

/// The store during one append.
struct View<'a> {
    store: &'a mut ModelStore,
    append: &'a Append,
}

impl Rows for View<'_> {
    fn conversation(&mut self, id: ConversationId) -> Result<Option<Conversation>, RowsFailed> {
        Ok(self.store.conversation(id).cloned())
    }

    fn event(&mut self, conversation: ConversationId, id: MessageId) -> Result<Option<Event>, RowsFailed> {
        Ok(self.store.events(conversation).iter().find(|event| event.id == id).cloned())
    }

    fn visitor_site(&mut self, visitor: VisitorId) -> Result<Option<SiteId>, RowsFailed> {
        let asked = || self.append.open.as_ref().map(|opening| opening.site.clone());
        Ok(self.store.sites.get(&visitor).cloned().or_else(asked))
    }

    fn load(&mut self, agent: AgentId) -> Result<u32, RowsFailed> {
        Ok(self.store.load(agent))
    }

    fn uploaded(&mut self, id: AttachmentId) -> Result<Option<Uploaded>, RowsFailed> {
        let Some(known) = self.store.files.get(&id) else { return Ok(None) };
        let (conversation, uploader) = known.unwrap_or_else(|| {
            let author = self.append.new_events.first().map(|new_event| &new_event.author);
            let uploader = match author {
                Some(Author::Agent { id, .. }) => Uploader::Agent(*id),
                _ => Uploader::Visitor(self.append.owner().unwrap_or(VisitorId(0))),
            };
            (self.append.conversation, uploader)
        });
        Ok(Some(Uploaded { attachment: file(id), conversation, uploader }))
    }

    fn last_turn(&mut self) -> Result<u64, RowsFailed> {
        Ok(self.store.turn)
    }

    fn record(&mut self, record: Record) -> Result<(), RowsFailed> {
        self.store.turn = record.turn.unwrap_or(self.store.turn);
        let new = || (record.after.clone(), Vec::new());
        let (known, log) = self.store.logs.entry(record.after.id).or_insert_with(new);
        log.extend(record.events);
        *known = record.after;
        Ok(())
    }
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
                assert!(waiting || event.body != Body::LeftQueue, "left the queue while being served");
            }
        }
    }

    pub(crate) fn append(&mut self, now_ms: u64, append: &Append) -> Result<Appended, AppendError> {
        decide(&mut View { store: self, append }, now_ms, append)
    }

    pub(crate) fn query(&self, query: &Query) -> Result<QueryAnswer, QueryError> {
        let found = |id| self.logs.get(id).ok_or(QueryError::NotFound);
        match query {
            Query::Events { conversation, lane, after } => {
                let (conversation, events) = found(conversation)?;
                let page = events.iter().filter(|event| event.lane == *lane && event.seq > *after);
                let events = page.take(PAGE_EVENTS_MAX).cloned().collect();
                Ok(QueryAnswer::Events { conversation: Box::new(conversation.clone()), events })
            }
            Query::Conversation { conversation } => {
                Ok(QueryAnswer::Conversation(Box::new(found(conversation)?.0.clone())))
            }
            Query::Closed { sites, .. } => Ok(self.list(|row| row.closed() && sites.has(&row.site))),
            Query::OfVisitor { visitor, sites } => Ok(self.list(|row| row.visitor == *visitor && sites.has(&row.site))),
        }
    }

    fn list(&self, wanted: impl Fn(&Conversation) -> bool) -> QueryAnswer {
        let all = self.logs.values().map(|(conversation, _)| conversation).filter(|it| wanted(it));
        let mut rows: Vec<_> = all.cloned().collect();
        rows.reverse();
        let more = rows.len() > PAGE_CONVERSATIONS_MAX;
        rows.truncate(PAGE_CONVERSATIONS_MAX);
        QueryAnswer::Conversations { rows, more }
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
