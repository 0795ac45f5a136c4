//! The relay of the matrix: an agent for each role and scope, signed in, and a conversation of its own for each cell.

use std::collections::BTreeSet;
use std::path::Path;

use relay::audit::By;
use relay::store::sqlite::SqliteStore;
use relay::store::{
    AgentRecord, DocumentChange, DocumentWrite, DocumentsChange, Expected, ServiceKeyRecord, SessionRecord, Store,
    TokenHash, VisitorRecord, Writer,
};
use relay_core::Source;
use relay_core::append::{Append, Condition, NewBody, NewEvent, Opening, Queueing};
use relay_settings::{BuiltInRole, DocumentId, DocumentKey, Kind, Reach, Scope};
use serde_json::json;
use wire::{
    AgentId, Author, BlockId, BlockScope, BlockSummary, Body, ConversationId, MessageId, ServiceKeyId, SiteId, Tag,
    Token, VisitorId,
};

use super::table::{FRAMES, ROLES, SCOPES};

pub(super) const SITES: [&str; 2] = ["demo", "other"];
/// When all of it was recorded; what is first in lists was recorded before.
const THEN_MS: u64 = 1_700_000_000_000;
/// When the conversation ended that is looked for among the ended ones.
pub(super) const CLOSED_MS: u64 = THEN_MS - 1_000;

/// The colleague who has what is a colleague's.
pub(super) const HOLDER: AgentId = AgentId(9_999);

pub(super) fn holder_token() -> Token {
    Token::from_bytes(&[0xff; 32])
}

/// One of the agents.
#[derive(Clone, Copy)]
pub(super) struct Who {
    pub(super) role: usize,
    pub(super) scope: usize,
}

pub(super) fn everybody() -> impl Iterator<Item = Who> {
    (0..ROLES.len()).flat_map(|role| (0..SCOPES.len()).map(move |scope| Who { role, scope }))
}

impl Who {
    fn number(self) -> u128 {
        (self.role * SCOPES.len() + self.scope + 1) as u128
    }

    pub(super) fn agent(self) -> AgentId {
        AgentId(self.number())
    }

    pub(super) fn token(self) -> Token {
        Token::from_bytes(&[u8::try_from(self.number()).expect("few"); 32])
    }

    /// Its key of the API, which has the same rights and scope.
    pub(super) fn key(self) -> String {
        format!("causeway_{}", self.key_token().reveal())
    }

    fn key_token(self) -> Token {
        Token::from_bytes(&[u8::try_from(128 + self.number()).expect("few"); 32])
    }

    /// The number of what belongs to one cell alone.
    pub(super) fn cell(self, row: usize, site: usize) -> u128 {
        (self.number() * 1_000 + row as u128) * 10 + site as u128 + 1
    }
}

/// The numbers of what is looked for in the lists of a site: it is open, or has ended.
pub(super) const fn looked_for(site: usize, ended: bool) -> u128 {
    10 + site as u128 * 2 + ended as u128
}

pub(super) const fn visitor_of(number: u128) -> VisitorId {
    VisitorId(number)
}

fn site(at: usize) -> SiteId {
    SITES[at].parse().expect("a site id")
}

fn named<T: std::str::FromStr + Ord>(names: Option<&[&str]>) -> Reach<T> {
    let parse = |name: &&str| name.parse().ok().expect("an id");
    names.map_or(Reach::All, |names| Reach::Some(names.iter().map(parse).collect::<BTreeSet<T>>()))
}

pub(super) fn fill(folder: &Path) {
    let mut writer = SqliteStore::attach(folder).expect("a store").writer().expect("a writer");
    writer.begin().expect("begun");
    documents(&mut *writer);
    for who in everybody() {
        agent(&mut *writer, who);
    }
    let holder = agent_record("holder", [id("administrator")].into(), Scope::EVERYWHERE, HOLDER);
    writer.put_agent(&holder).expect("added");
    sign_in(&mut *writer, HOLDER, &holder_token(), HOLDER.0);
    super::targets::fill(&mut *writer, folder);
    for at in 0..SITES.len() {
        conversation(&mut *writer, looked_for(at, false), at, None, THEN_MS - 2_000);
        conversation(&mut *writer, looked_for(at, true), at, None, CLOSED_MS);
        let closed = NewEvent { id: MessageId(9), author: Author::System, body: NewBody::Ready(Body::Closed) };
        let append = Append::new(ConversationId(looked_for(at, true)), vec![closed]);
        writer.append(CLOSED_MS, &append).expect("recorded");
        block(&mut *writer, looked_for(at, false), at);
        for who in everybody() {
            for (row, (name, .., columns)) in FRAMES.iter().enumerate() {
                let number = who.cell(row, at);
                let holder = match *name {
                    // Whoever may not answer would give it back.
                    "say" | "seen" | "typing" | "release" if columns.split_whitespace().nth(who.role) != Some("+") => {
                        None
                    }
                    "say" | "seen" | "typing" | "release" => Some(who.agent()),
                    name if name.ends_with("a colleague's") => Some(HOLDER),
                    _ => None,
                };
                conversation(&mut *writer, number, at, holder, THEN_MS);
                if *name == "unblock" {
                    block(&mut *writer, number, at);
                }
            }
        }
    }
    writer.commit().expect("committed");
}

pub(super) fn id(text: &str) -> DocumentId {
    text.parse().expect("an id")
}

fn documents(writer: &mut dyn Writer) {
    let put = |body: serde_json::Value| DocumentChange {
        expected: Expected::Absent,
        write: DocumentWrite::Put { site: None, body: body.to_string() },
    };
    let key = |kind, name: &str| DocumentKey { kind, id: id(name) };
    let own = ROLES.iter().filter(|(_, rights)| !rights.is_empty());
    let roles = own.map(|(name, rights)| (key(Kind::Role, name), put(json!({ "name": name, "rights": rights }))));
    let department = (key(Kind::Department, "cards"), put(json!({ "name": "Cards" })));
    let changes = roles.chain([department]).collect();
    let change = DocumentsChange { checked_at: None, changes, by: By::command_line(1) };
    writer.change_documents(&change).expect("changed");
}

pub(super) fn agent_record(name: &str, roles: BTreeSet<DocumentId>, scope: Scope, id: AgentId) -> AgentRecord {
    AgentRecord {
        id,
        email: format!("{name}@matrix.example.com"),
        name: name.to_owned(),
        roles,
        scope,
        hours: None,
        capacity: 100,
        password_hash: String::new(),
        disabled: false,
    }
}

fn agent(writer: &mut dyn Writer, who: Who) {
    let (sites, departments, _) = SCOPES[who.scope];
    let scope = Scope { sites: named(sites), departments: named(departments) };
    let name = format!("{}-{}", ROLES[who.role].0, who.scope);
    let (role, own) = ROLES[who.role];
    let rights = match BuiltInRole::with_id(role) {
        Some(built_in) => serde_json::to_string(&built_in.rights()),
        None => serde_json::to_string(own),
    };
    let key = ServiceKeyRecord {
        id: ServiceKeyId(who.number()),
        token: relay::identity::hash(&who.key_token()),
        name: format!("key of {name}"),
        rights: rights.expect("JSON"),
        scope: serde_json::to_string(&scope).expect("JSON"),
        made_by: relay::audit::Who::CommandLine,
        made_at_ms: THEN_MS,
        until_ms: None,
        used_at_ms: None,
        revoked_at_ms: None,
    };
    writer.add_service_key(&key).expect("added");
    writer.put_agent(&agent_record(&name, [id(role)].into(), scope, who.agent())).expect("added");
    sign_in(writer, who.agent(), &who.token(), who.number());
}

pub(super) fn sign_in(writer: &mut dyn Writer, agent: AgentId, token: &Token, id: u128) {
    let now = relay::clock::now_ms();
    let session = SessionRecord {
        token: relay::identity::hash(token),
        id,
        agent,
        created_at_ms: now,
        used_at_ms: now,
        confirmed_at_ms: now,
        browser: String::new(),
        from: None,
    };
    writer.add_session(&session).expect("signed in");
}

/// A conversation of a visitor of its own, who is not here; somebody has it, or it waits.
fn conversation(writer: &mut dyn Writer, number: u128, at: usize, holder: Option<AgentId>, now_ms: u64) {
    let (visitor, conversation) = (visitor_of(number), ConversationId(number));
    let mut token = [0; 32];
    token[16..].copy_from_slice(&number.to_be_bytes());
    let record =
        VisitorRecord { id: visitor, site: site(at), token: TokenHash(token), created_at_ms: 1, used_at_ms: 1 };
    writer.add_visitor(&record).expect("added");
    let event = |id, author, body| NewEvent { id: MessageId(id), author, body };
    let tag = Some(Tag(u64::try_from(number).expect("few")));
    let turn = Queueing { keep: None, source: Source { address: tag, network: tag }, known: false };
    let mut new_events = vec![
        event(1, Author::Visitor, NewBody::Ready(Body::Text { text: "hello".to_owned() })),
        event(2, Author::System, NewBody::Ready(Body::Queued)),
        event(3, Author::System, NewBody::Turn(turn)),
    ];
    if let Some(agent) = holder {
        let author = Author::Agent { id: agent, name: "holder".to_owned() };
        new_events.push(event(4, author.clone(), NewBody::Ready(Body::Assigned { agent })));
        new_events.push(event(5, author, NewBody::Ready(Body::Joined)));
    }
    let opening = Opening { site: site(at), visitor, language: "en".to_owned() };
    let append = Append::new(conversation, new_events).opening(opening).when(Condition::Owner(visitor));
    writer.append(now_ms, &append).expect("recorded");
}

fn block(writer: &mut dyn Writer, number: u128, at: usize) {
    let now = relay::clock::now_ms();
    let block = BlockSummary {
        block: BlockId(number),
        scope: BlockScope::Visitor,
        visitor: Some(VisitorId(number + 500_000_000)),
        tag: None,
        site: Some(site(at)),
        reason: String::new(),
        by: None,
        since_ms: now,
        until_ms: now + 3_600_000,
    };
    writer.put_block(&block).expect("blocked");
}
