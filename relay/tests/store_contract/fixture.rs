//! People, new events and shortcuts that the cases share.

use relay::audit::By;
use relay::store::{
    AttachmentRecord, Reader, RecordWriter, Site, Store, TokenHash, Uploader, VisitorRecord, Writer, write_once,
};
use relay_core::append::{Append, AppendError, Appended, Condition, NewBody, NewEvent, Opening};
use relay_core::conversation::Conversation;
use relay_core::store::{Query, QueryAnswer};
use wire::{
    AgentId, Attachment, AttachmentId, Author, Body, ConversationId, Event, Lane, Media, MessageId, Seq, ServiceKeyId,
    SiteId, VisitorId,
};

pub(crate) const ANNA: VisitorId = VisitorId(0xa);
pub(crate) const BORIS: VisitorId = VisitorId(0xb);
pub(crate) const KIM: AgentId = AgentId(0x1);
pub(crate) const LEE: AgentId = AgentId(0x2);
pub(crate) const FIRST: ConversationId = ConversationId(0x100);
pub(crate) const SECOND: ConversationId = ConversationId(0x200);

/// A store with two sites and two visitors of the first.
pub(crate) struct World {
    pub(crate) writer: Box<dyn Writer>,
    pub(crate) reader: Box<dyn Reader>,
    /// The time of the next write.
    pub(crate) now_ms: u64,
}

pub(crate) fn site(id: &str) -> SiteId {
    id.parse().unwrap()
}

pub(crate) fn world(store: &dyn Store) -> World {
    let mut writer = store.writer().unwrap();
    prepare(&mut *writer);
    World { writer, reader: store.reader().unwrap(), now_ms: 1_000 }
}

/// Two sites, and two visitors of the first.
pub(crate) fn prepare(writer: &mut dyn RecordWriter) {
    for id in ["demo", "other"] {
        let site = Site { id: site(id), name: id.to_uppercase(), origins: vec!["https://example.com".to_owned()] };
        write_once(writer, |writer| writer.put_site(&site, &By::command_line(1))).unwrap();
    }
    for (id, token) in [(ANNA, 1), (BORIS, 2)] {
        let visitor =
            VisitorRecord { id, site: site("demo"), token: TokenHash([token; 32]), created_at_ms: 5, used_at_ms: 5 };
        write_once(writer, |writer| writer.add_visitor(&visitor)).unwrap();
    }
}

impl World {
    /// Commits one append, a millisecond after the one before.
    pub(crate) fn append(&mut self, append: &Append) -> Result<Appended, AppendError> {
        self.now_ms += 1;
        let now_ms = self.now_ms;
        write_once(&mut *self.writer, |writer| writer.append(now_ms, append))
    }

    /// Commits one append that must go through, and gives its events.
    pub(crate) fn record(&mut self, append: &Append) -> Vec<Event> {
        let appended = self.append(append).unwrap();
        assert!(!appended.repeated);
        appended.events
    }

    pub(crate) fn conversation(&mut self, conversation: ConversationId) -> Conversation {
        let answer = self.reader.query(&Query::Conversation { conversation }).unwrap();
        let QueryAnswer::Conversation(found) = answer else { panic!("{answer:?}") };
        *found
    }

    pub(crate) fn page(&mut self, conversation: ConversationId, lane: Lane, after: u64) -> Vec<Event> {
        let answer = self.reader.query(&Query::Events { conversation, lane, after: Seq(after) }).unwrap();
        let QueryAnswer::Events { events, .. } = answer else { panic!("{answer:?}") };
        events
    }

    pub(crate) fn rows(&mut self, query: &Query) -> (Vec<Conversation>, bool) {
        let answer = self.reader.query(query).unwrap();
        let QueryAnswer::Conversations { rows, more } = answer else { panic!("{answer:?}") };
        (rows, more)
    }
}

/// A visitor's text, with its id made of a number.
pub(crate) fn text(id: u128, text: &str) -> NewEvent {
    new_event(id, Author::Visitor, Body::Text { text: text.to_owned() })
}

pub(crate) fn new_event(id: u128, author: Author, body: Body) -> NewEvent {
    NewEvent { id: MessageId(id), author, body: NewBody::Ready(body) }
}

pub(crate) fn system(id: u128, body: Body) -> NewEvent {
    new_event(id, Author::System, body)
}

pub(crate) fn agent(id: AgentId) -> Author {
    Author::Agent { id, name: "Kim".to_owned() }
}

pub(crate) fn service() -> Author {
    Author::Service { id: ServiceKeyId(5), name: "Orders".to_owned() }
}

/// What a visitor sends: opens the conversation when it is new.
pub(crate) fn from_visitor(visitor: VisitorId, conversation: ConversationId, new_events: Vec<NewEvent>) -> Append {
    let opening = Opening { site: site("demo"), visitor, language: "en".to_owned() };
    Append::new(conversation, new_events).opening(opening).when(Condition::Owner(visitor))
}

/// What the staff or the relay adds to an existing conversation.
pub(crate) fn into(conversation: ConversationId, new_events: Vec<NewEvent>) -> Append {
    Append::new(conversation, new_events)
}

pub(crate) fn file(id: u128, conversation: ConversationId, uploader: Uploader) -> AttachmentRecord {
    AttachmentRecord {
        attachment: Attachment {
            id: AttachmentId(id),
            name: "chart.png".to_owned(),
            media_type: "image/png".to_owned(),
            media: Media::Image,
            bytes: 1_234,
            width: 640,
            height: 480,
        },
        conversation,
        uploader,
        key: format!("{id:032x}"),
        uploaded_at_ms: 900,
    }
}
