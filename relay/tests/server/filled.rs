//! What lies in a folder: visitors with a past and conversations that wait, written before a relay starts on it; and what it has recorded.

use std::path::Path;

use relay::clock::{new_id, now_ms, random_bytes};
use relay::identity::hash;
use relay::store::sqlite::SqliteStore;
use relay::store::{Store, VisitorRecord, Writer};
use relay::transcript::lanes::{Lanes, Step, conversation as conversation_row};
use relay_core::append::{Append, NewBody, NewEvent, Opening};
use relay_core::{Queueing, Source};
use wire::{AgentId, Author, Body, ConversationId, Event, Tag, Token, VisitorId, uuid_v7};

use crate::support::{new_conversation, new_message};

/// Conversations written in one transaction.
const AT_ONCE: u32 = 500;

fn new_event(author: Author, body: Body) -> NewEvent {
    NewEvent { id: new_message(), author, body: NewBody::Ready(body) }
}

/// Registers a visitor at this time; gives their token.
fn registered(writer: &mut dyn Writer, at_ms: u64) -> (VisitorId, Token) {
    let token = Token::from_bytes(&random_bytes());
    let id = VisitorId(uuid_v7(at_ms, u128::from_be_bytes(random_bytes())));
    let site = "demo".parse().expect("a site id");
    let record = VisitorRecord { id, site, token: hash(&token), created_at_ms: at_ms, used_at_ms: now_ms() };
    writer.add_visitor(&record).expect("added");
    (id, token)
}

fn append(
    writer: &mut dyn Writer,
    at_ms: u64,
    owner: VisitorId,
    conversation: ConversationId,
    new_events: Vec<NewEvent>,
) {
    let site = "demo".parse().expect("a site id");
    let opening = Opening { site, visitor: owner, language: "en".to_owned() };
    let append = Append::new(conversation, new_events).opening(opening);
    writer.append(at_ms, &append).expect("recorded");
}

/// A visitor who came two days ago and was answered by an agent.
pub(crate) fn known_visitor(folder: &Path) -> Token {
    let mut writer = SqliteStore::attach(folder).expect("a store").writer().expect("a writer");
    let at_ms = now_ms() - 48 * 3_600_000;
    writer.begin().expect("begun");
    let (visitor, token) = registered(&mut *writer, at_ms);
    let ann = Author::Agent { id: AgentId(new_id()), name: "ann".to_owned() };
    let talk = [
        new_event(Author::Visitor, Body::Text { text: "hello".to_owned() }),
        new_event(ann, Body::Text { text: "good day".to_owned() }),
        new_event(Author::Visitor, Body::Closed),
    ];
    append(&mut *writer, at_ms, visitor, new_conversation(), talk.into());
    writer.commit().expect("committed");
    token
}

/// So many conversations that wait, each of a visitor of their own, from so many networks in turn.
pub(crate) fn waiting(folder: &Path, count: u32, networks: u32) {
    let mut writer = SqliteStore::attach(folder).expect("a store").writer().expect("a writer");
    for first in (0..count).step_by(AT_ONCE as usize) {
        writer.begin().expect("begun");
        for number in first..count.min(first + AT_ONCE) {
            let (visitor, _) = registered(&mut *writer, now_ms());
            let network = Some(Tag(u64::from(number % networks)));
            let queueing = Queueing { keep: None, source: Source { address: None, network }, known: false };
            let new_events = vec![
                new_event(Author::Visitor, Body::Text { text: format!("number {number} waits") }),
                new_event(Author::System, Body::Queued),
                NewEvent { id: new_message(), author: Author::System, body: NewBody::Turn(queueing) },
            ];
            append(&mut *writer, now_ms(), visitor, new_conversation(), new_events);
        }
        writer.commit().expect("committed");
    }
}

/// All that both sides see of a conversation, read beside the relay that serves the folder, or after it.
pub(crate) fn recorded(folder: &Path, conversation: ConversationId) -> Vec<Event> {
    let store = SqliteStore::attach(folder).expect("a store");
    let mut reader = store.reader().expect("a reader");
    let mut lanes = Lanes::new(&conversation_row(&mut *reader, conversation).expect("read"), false);
    let mut events = Vec::new();
    loop {
        match lanes.next_step() {
            Step::Event(event) => events.push(event),
            Step::Page(lane, query) => {
                let page = reader.query(&query).expect("read");
                lanes.turn(lane, page).expect("a page");
            }
            Step::End => return events,
        }
    }
}
