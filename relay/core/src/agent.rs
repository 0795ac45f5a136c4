//! What an agent may do.

use wire::{AgentId, Author, Body, ClientFrame, ConversationId, MessageId, Refusal, Role, Subject};

use crate::Core;
use crate::admit::admit_text;
use crate::append::{Append, Draft, DraftBody};
use crate::commit::Live;
use crate::connection::Who;
use crate::input::ConnectionId;
use crate::request::{Mark, Pending};
use crate::store::Query;
use crate::visitor::said;

impl Core {
    /// A frame of an agent.
    pub(crate) fn frame_of_agent(&mut self, connection: ConnectionId, agent: AgentId, frame: ClientFrame) {
        let about_what = frame.subject();
        match frame {
            ClientFrame::Say { conversation, id, say } => {
                match self.may_answer(agent, conversation).and_then(|()| said(say)) {
                    Ok(body) => {
                        let draft = Draft { id, author: self.author(agent), body };
                        self.agent_records(connection, about_what, conversation, draft);
                    }
                    Err(refusal) => self.refuse(connection, about_what, refusal),
                }
            }
            ClientFrame::Note { conversation, id, text } => match admit_text(&text) {
                Ok(text) => {
                    let body = DraftBody::Ready(Body::Note { text });
                    let draft = Draft { id, author: self.author(agent), body };
                    self.agent_records(connection, about_what, conversation, draft);
                }
                Err(refusal) => self.refuse(connection, about_what, refusal),
            },
            ClientFrame::End { conversation, id } => match self.may_end(agent, conversation) {
                Ok(()) => {
                    let draft = Draft { id, author: self.author(agent), body: DraftBody::Ready(Body::Closed) };
                    self.agent_records(connection, about_what, conversation, draft);
                }
                Err(refusal) => self.refuse(connection, about_what, refusal),
            },
            ClientFrame::Typing { conversation } => self.typing_said(connection, conversation),
            ClientFrame::Seen { conversation, up_to } => self.seen(connection, conversation, up_to),
            ClientFrame::Take { conversation } => self.take(connection, agent, conversation, 0),
            ClientFrame::Follow { follow } => self.follow(connection, follow),
            ClientFrame::Unfollow { conversation } => self.unfollow(connection, conversation),
            ClientFrame::Fetch { conversation, lane, after } => {
                self.page(connection, conversation, (lane, after), false)
            }
            ClientFrame::Presence { state } => self.choose_presence(connection, agent, state),
            ClientFrame::ListClosed { before_ms, before } => {
                self.query(Pending::ListClosed { connection, before_ms }, Query::Closed { before_ms, before });
            }
            ClientFrame::ListOfVisitor { visitor } => {
                self.query(Pending::ListOfVisitor { connection, visitor }, Query::OfVisitor { visitor });
            }
            ClientFrame::Release { conversation } => self.release_asked(connection, agent, conversation),
            ClientFrame::Spam { conversation, id } => self.spam(connection, agent, (conversation, id)),
            ClientFrame::EndMany { many } => self.end_many(connection, agent, many),
            ClientFrame::Block { conversation, scope, for_ms, reason } => {
                self.block_asked((connection, agent), conversation, scope, for_ms, &reason);
            }
            ClientFrame::Unblock { block } => self.unblock_asked(connection, agent, block),
            ClientFrame::ListBlocks => self.tell_blocks(connection, Ok(())),
            ClientFrame::Flood { on } => self.flood_asked(connection, agent, on),
            ClientFrame::ListOpen { view, find, after } => self.list_open(connection, view, find, after),
            ClientFrame::Hello { .. }
            | ClientFrame::Register
            | ClientFrame::LeaveQueue { .. }
            | ClientFrame::Rate { .. }
            | ClientFrame::Page { .. }
            | ClientFrame::Ping => self.refuse(connection, about_what, Refusal::NotAllowed),
        }
    }

    /// Only the agent that has an open conversation answers in it. Whatever is not open is left to the store, which
    /// knows whether it ended, and whether this is only the retry of something recorded before.
    fn may_answer(&self, agent: AgentId, conversation: ConversationId) -> Result<(), Refusal> {
        match self.conversations.get(&conversation) {
            Some(live) if !live.conversation.closed() => match live.holder() {
                Some(holder) if holder == agent => Ok(()),
                Some(_) => Err(Refusal::Taken),
                None => Err(Refusal::NotAllowed),
            },
            Some(_) | None => Ok(()),
        }
    }

    /// Its own and nobody's conversations may be ended by every agent, a colleague's by those who watch over others.
    fn may_end(&self, agent: AgentId, conversation: ConversationId) -> Result<(), Refusal> {
        let holder = self.conversations.get(&conversation).and_then(Live::holder);
        let role = self.role_of(agent);
        if holder.is_none_or(|holder| holder == agent) || role >= Role::Supervisor {
            Ok(())
        } else {
            Err(Refusal::Taken)
        }
    }

    /// Marks a conversation as spam, and ends it unless it has ended.
    fn spam(&mut self, connection: ConnectionId, agent: AgentId, (conversation, id): (ConversationId, MessageId)) {
        let subject = Subject::Message { conversation, id };
        if let Err(refusal) = self.may_end(agent, conversation) {
            return self.refuse(connection, subject, refusal);
        }
        let author = self.author(agent);
        let mut drafts = vec![Draft { id, author: author.clone(), body: DraftBody::Ready(Body::Spam) }];
        if self.conversations.get(&conversation).is_some_and(|live| !live.conversation.closed()) {
            drafts.push(Draft { author, ..self.system_draft(DraftBody::Ready(Body::Closed)) });
        }
        let append = Append::new(conversation, drafts);
        self.append(Pending::Asked { connection, subject, mark: Mark::None }, append);
    }

    fn agent_records(
        &mut self,
        connection: ConnectionId,
        subject: Subject,
        conversation: ConversationId,
        draft: Draft,
    ) {
        let drafts = vec![draft];
        let append = Append::new(conversation, drafts);
        self.append(Pending::Asked { connection, subject, mark: Mark::None }, append);
    }

    /// An agent as the author of an event, under the name it bears now.
    pub(crate) fn author(&self, agent: AgentId) -> Author {
        let name = self.agents.get(&agent).map(|known| known.settings.name.clone()).unwrap_or_default();
        Author::Agent { id: agent, name }
    }

    /// Whether a line is an agent's.
    pub(crate) fn is_agent(&self, connection: ConnectionId) -> bool {
        matches!(self.connections.get(&connection).map(|line| line.who()), Some(Who::Agent(_)))
    }
}
