//! A tiny relay for tests: numbers, removes duplicates, sends every event to everybody. It has no queue, no rates and no store.

use std::collections::BTreeMap;

use wire::{
    AgentId, AgentState, AgentSummary, Author, Body, ClientFrame, ConversationId, ConversationState,
    ConversationSummary, Cursor, Event, Follow, Head, Hello, Lane, MessageId, Party, Refusal, Role, Say, Seq,
    ServerFrame, SessionStart, Subject, Token, VisitorConversation, VisitorId,
};

/// A client's connection, as the test numbers them.
pub(crate) type Client = usize;

/// A conversation of the model.
pub(crate) struct Log {
    pub(crate) owner: VisitorId,
    pub(crate) shared: Vec<Event>,
    pub(crate) staff: Vec<Event>,
    pub(crate) closed: bool,
}

#[derive(Clone)]
enum Peer {
    Visitor(Option<VisitorId>),
    Agent,
}

#[derive(Default)]
pub(crate) struct Relay {
    pub(crate) logs: BTreeMap<ConversationId, Log>,
    pub(crate) now_ms: u64,
    /// Says that a conversation ended before it looks for what was recorded in it. (A better relay looks first.)
    pub(crate) ended_first: bool,
    /// The next so many messages are refused as busy.
    pub(crate) busy: u32,
    tokens: Vec<(Token, VisitorId)>,
    peers: BTreeMap<Client, (Peer, Vec<ConversationId>)>,
    last_id: u128,
}

pub(crate) fn agent() -> Author {
    Author::Agent { id: AgentId(1), name: "Ana".to_owned() }
}

fn me() -> AgentSummary {
    AgentSummary {
        id: AgentId(1),
        name: "Ana".to_owned(),
        role: Role::Agent,
        state: AgentState::Online,
        capacity: 4,
        load: 0,
        off_hours: false,
    }
}

type Out = Vec<(Client, ServerFrame)>;

impl Relay {
    /// The connection is gone.
    pub(crate) fn cut(&mut self, client: Client) {
        self.peers.remove(&client);
    }

    /// A frame of a client, and what everybody gets for it.
    pub(crate) fn frame(&mut self, client: Client, frame: ClientFrame) -> Out {
        let mut out = Vec::new();
        if let ClientFrame::Hello { hello, follow, .. } = frame {
            self.hello(client, hello, follow, &mut out);
            return out;
        }
        let Some((peer, _)) = self.peers.get(&client).cloned() else { panic!("{frame:?} before hello") };
        match frame {
            ClientFrame::Register => self.register(client, &mut out),
            ClientFrame::Say { conversation, id, say: Say::Text { text } } => {
                self.record(client, &peer, conversation, id, Body::Text { text }, &mut out);
            }
            ClientFrame::Note { conversation, id, text } => {
                self.record(client, &peer, conversation, id, Body::Note { text }, &mut out);
            }
            ClientFrame::End { conversation, id } => {
                self.record(client, &peer, conversation, id, Body::Closed, &mut out);
            }
            ClientFrame::Seen { conversation, up_to } => {
                self.last_id += 1;
                let id = MessageId(self.last_id);
                let log = &self.logs[&conversation];
                assert!(up_to.0 <= log.shared.len() as u64, "seen what is not there");
                self.record(client, &peer, conversation, id, Body::Seen { up_to }, &mut out);
            }
            ClientFrame::Follow { follow } => self.follow(client, follow, &mut out),
            ClientFrame::Fetch { conversation, lane, after } => self.page(client, conversation, lane, after, &mut out),
            ClientFrame::Ping => {
                let heads = self.heads(client, &peer);
                out.push((client, ServerFrame::Pong { heads }));
            }
            ClientFrame::ListOfVisitor { visitor } => {
                out.push((client, ServerFrame::OfVisitor { visitor, rows: Vec::new() }));
            }
            ClientFrame::Unfollow { .. } | ClientFrame::Typing { .. } | ClientFrame::Presence { .. } => {}
            ClientFrame::Hello { .. }
            | ClientFrame::Say { .. }
            | ClientFrame::LeaveQueue { .. }
            | ClientFrame::Take { .. }
            | ClientFrame::Rate { .. }
            | ClientFrame::Page { .. }
            | ClientFrame::ListClosed { .. }
            | ClientFrame::Release { .. }
            | ClientFrame::Record { .. }
            | ClientFrame::Spam { .. }
            | ClientFrame::EndMany { .. }
            | ClientFrame::Block { .. }
            | ClientFrame::Unblock { .. }
            | ClientFrame::ListBlocks
            | ClientFrame::Flood { .. }
            | ClientFrame::ListOpen { .. } => panic!("not in this model"),
        }
        out
    }

    fn hello(&mut self, client: Client, hello: Hello, follow: Vec<Follow>, out: &mut Out) {
        let session = match hello {
            Hello::Visitor { token, .. } => {
                let visitor = token.map(|token| {
                    let of = |known: &&(Token, VisitorId)| known.0 == token;
                    self.tokens.iter().find(of).expect("a token of this relay").1
                });
                self.peers.insert(client, (Peer::Visitor(visitor), Vec::new()));
                let mut conversations = Vec::new();
                for (id, log) in self.logs.iter().rev().filter(|(_, log)| Some(log.owner) == visitor) {
                    conversations.push(VisitorConversation {
                        conversation: *id,
                        opened_at_ms: 0,
                        last_at_ms: 0,
                        last_line: String::new(),
                        closed: log.closed,
                        unread: 0,
                        head: Seq(log.shared.len() as u64),
                    });
                }
                SessionStart::Visitor { visitor, conversations, answering: 1 }
            }
            Hello::Agent { .. } => {
                self.peers.insert(client, (Peer::Agent, Vec::new()));
                let open = self.logs.keys().map(|id| self.row(*id)).filter(|row| !closed(row)).collect();
                SessionStart::Agent {
                    me: me(),
                    agents: vec![me()],
                    open,
                    rights: Vec::new(),
                    scope: wire::StaffScope::default(),
                }
            }
        };
        let (protocol, now_ms) = (wire::PROTOCOL, self.now_ms);
        out.push((client, ServerFrame::Welcome { protocol, now_ms, attachment_bytes_max: 1_000, session }));
        for follow in follow {
            self.follow(client, follow, out);
        }
    }

    fn register(&mut self, client: Client, out: &mut Out) {
        let number = self.tokens.len() as u8 + 1;
        let (visitor, token) = (VisitorId(u128::from(number)), Token::from_bytes(&[number; 32]));
        self.tokens.push((token.clone(), visitor));
        self.peers.insert(client, (Peer::Visitor(Some(visitor)), Vec::new()));
        out.push((client, ServerFrame::Registered { visitor, token }));
    }

    fn record(&mut self, client: Client, peer: &Peer, at: ConversationId, id: MessageId, body: Body, out: &mut Out) {
        let subject = Subject::Message { conversation: at, id };
        let mut refuse = |refusal| out.push((client, ServerFrame::Refused { subject, refusal }));
        let author = match peer {
            Peer::Visitor(Some(_)) => Author::Visitor,
            Peer::Visitor(None) => return refuse(Refusal::NotAllowed),
            Peer::Agent => agent(),
        };
        if self.busy > 0 {
            self.busy -= 1;
            return refuse(Refusal::Busy);
        }
        let Some(log) = self.logs.get(&at) else {
            let Peer::Visitor(Some(owner)) = peer else { return refuse(Refusal::NotFound) };
            self.logs.insert(at, Log { owner: *owner, shared: Vec::new(), staff: Vec::new(), closed: false });
            self.push(at, id, author, body, out);
            for body in [Body::Queued, Body::Assigned { agent: AgentId(1) }, Body::Joined] {
                self.last_id += 1;
                self.push(at, MessageId(self.last_id), agent(), body, out);
            }
            return;
        };
        if let Peer::Visitor(Some(visitor)) = peer
            && *visitor != log.owner
        {
            return refuse(Refusal::NotFound);
        }
        let ended = log.closed && (body.is_message() || body == Body::Closed);
        let first = log.shared.iter().chain(&log.staff).find(|event| event.id == id);
        match first {
            Some(first) if !(ended && self.ended_first) => {
                out.push((client, ServerFrame::Event { event: first.clone() }));
            }
            _ if ended => refuse(Refusal::Ended),
            _ => self.push(at, id, author, body, out),
        }
    }

    fn push(&mut self, at: ConversationId, id: MessageId, author: Author, body: Body, out: &mut Out) {
        let log = self.logs.get_mut(&at).expect("a known conversation");
        let lane = body.lane();
        log.closed |= body == Body::Closed;
        let events = if lane == Lane::Shared { &mut log.shared } else { &mut log.staff };
        let seq = Seq(events.len() as u64 + 1);
        let event = Event { conversation: at, lane, seq, at_ms: self.now_ms, id, author, body };
        events.push(event.clone());
        let owner = log.owner;
        for (client, (peer, following)) in &self.peers {
            let hears = match peer {
                Peer::Visitor(visitor) => *visitor == Some(owner) && lane == Lane::Shared,
                Peer::Agent => following.contains(&at),
            };
            if hears {
                out.push((*client, ServerFrame::Event { event: event.clone() }));
            }
            if matches!(peer, Peer::Agent) {
                out.push((*client, ServerFrame::Inbox { row: self.row(at) }));
            }
        }
    }

    fn follow(&mut self, client: Client, follow: Follow, out: &mut Out) {
        let (peer, following) = self.peers.get_mut(&client).expect("a client that said hello");
        let agent = matches!(peer, Peer::Agent);
        following.push(follow.conversation);
        self.page(client, follow.conversation, Lane::Shared, follow.after.shared, out);
        if agent {
            self.page(client, follow.conversation, Lane::Staff, follow.after.staff, out);
        }
    }

    /// Pages are small here, so that there are many.
    fn page(&self, client: Client, conversation: ConversationId, lane: Lane, after: Seq, out: &mut Out) {
        let (peer, _) = &self.peers[&client];
        let log = self.logs.get(&conversation).filter(|log| match peer {
            Peer::Visitor(visitor) => *visitor == Some(log.owner),
            Peer::Agent => true,
        });
        let Some(log) = log else {
            let subject = Subject::Conversation { conversation };
            return out.push((client, ServerFrame::Refused { subject, refusal: Refusal::NotFound }));
        };
        let all = if lane == Lane::Shared { &log.shared } else { &log.staff };
        let events = all.iter().skip(after.0 as usize).take(2).cloned().collect();
        let head = Seq(all.len() as u64);
        out.push((client, ServerFrame::Events { conversation, lane, after, events, head }));
    }

    fn heads(&self, client: Client, peer: &Peer) -> Vec<Head> {
        let (_, following) = &self.peers[&client];
        let mut heads = Vec::new();
        for (conversation, log) in &self.logs {
            let (told, staff) = match peer {
                Peer::Visitor(visitor) => (*visitor == Some(log.owner) && !log.closed, 0),
                Peer::Agent => (following.contains(conversation), log.staff.len() as u64),
            };
            if told {
                let head = Cursor { shared: Seq(log.shared.len() as u64), staff: Seq(staff) };
                heads.push(Head { conversation: *conversation, head });
            }
        }
        heads
    }

    fn row(&self, conversation: ConversationId) -> ConversationSummary {
        let log = &self.logs[&conversation];
        let state = if log.closed {
            ConversationState::Closed { at_ms: 0 }
        } else {
            ConversationState::Assigned { agent: AgentId(1) }
        };
        ConversationSummary {
            conversation,
            site: "demo".parse().expect("a site id"),
            visitor: log.owner,
            state,
            opened_at_ms: 0,
            last_at_ms: 0,
            last_line: String::new(),
            last_party: Party::Visitor,
            unanswered: false,
            unread: 0,
            language: String::new(),
            score: 0,
            head: Cursor { shared: Seq(log.shared.len() as u64), staff: Seq(log.staff.len() as u64) },
            presence: None,
            spam: false,
            known: false,
            network: None,
        }
    }
}

fn closed(row: &ConversationSummary) -> bool {
    matches!(row.state, ConversationState::Closed { .. })
}
