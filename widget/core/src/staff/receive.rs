//! Frames of the relay to an agent.

use wire::{AgentState, AgentSummary, Author, ConversationId, Refusal, SessionStart, Subject, ToAgent};

use super::AgentSession;

impl AgentSession {
    pub(super) fn receive(&mut self, frame: ToAgent) {
        match frame {
            ToAgent::Welcome { now_ms, attachment_bytes_max, session, .. } => {
                if let SessionStart::Agent { me, agents, open, rights, scope } = session {
                    self.take_rights(rights, scope);
                    self.session.welcome(now_ms, attachment_bytes_max);
                    // An agent who connects is online, unless away was chosen, here or in another tab.
                    self.away |= me.state == AgentState::Away && !self.choosing;
                    // The hello had the choice. It is sent again if an older relay ignored it, or if it was made since.
                    self.choosing = (self.away || self.choosing) && me.state != self.choice();
                    self.set_me(me);
                    self.agents = agents;
                    self.take_rows(open);
                    if self.choosing {
                        self.say_choice();
                    }
                }
            }
            ToAgent::Inbox { row } => self.take_row(row),
            ToAgent::Agent { agent } => self.take_agent(agent),
            ToAgent::Closed { before_ms, rows, more } => self.take_closed(before_ms, rows, more),
            ToAgent::OfVisitor { visitor, rows } => self.take_earlier(visitor, rows),
            ToAgent::Refused { subject, refusal } => self.refused(subject, refusal),
            ToAgent::Counts { counts } => self.take_counts(counts),
            ToAgent::Open { view, find, rows, next, total } => self.take_found((view, &find), rows, (next, total)),
            ToAgent::Ending { ended, left } => self.take_ending(ended, left),
            ToAgent::Blocks { blocks } => self.take_blocks(blocks),
            ToAgent::Event { event } => self.session.event(event),
            ToAgent::Events { conversation, lane, after, events, head } => {
                self.session.events((conversation, lane), after, events, head);
            }
            ToAgent::Typing { conversation, name, .. } => self.session.typing(conversation, name),
            ToAgent::Pong { heads } => self.session.pong(&heads),
            ToAgent::Erased { conversation, last_line, language } => {
                self.take_erased(conversation, &last_line, &language);
            }
        }
    }

    fn set_me(&mut self, me: AgentSummary) {
        self.session.author = Author::Agent { id: me.id, name: me.name.clone() };
        self.me = Some(me);
    }

    fn take_agent(&mut self, agent: AgentSummary) {
        if self.me.as_ref().is_some_and(|me| me.id == agent.id) {
            // The state was chosen in another tab, unless a choice of this tab is still on its way.
            let away = agent.state == AgentState::Away;
            if self.choosing {
                self.choosing = away != self.away;
            } else if agent.state != AgentState::Offline {
                self.away = away;
            }
            self.set_me(agent.clone());
        }
        match self.agents.iter_mut().find(|old| old.id == agent.id) {
            Some(old) => *old = agent,
            None => self.agents.push(agent),
        }
    }

    fn refused(&mut self, subject: Subject, refusal: Refusal) {
        match subject {
            Subject::Message { id, .. } if self.spam_refused(id) => self.session.report(refusal),
            Subject::Message { conversation, id } => self.session.message_refused(conversation, id, refusal),
            Subject::Conversation { conversation } => self.conversation_refused(conversation, refusal),
            Subject::Connection => {
                // A list that was asked for may have been refused. The person may ask again.
                self.ended.refused();
                self.forget_found();
                if self.choosing {
                    // The choice may have been refused. What the relay says counts, and the person may choose again.
                    self.choosing = false;
                    self.away = self.me.as_ref().is_some_and(|me| me.state == AgentState::Away);
                }
                self.session.report(refusal);
            }
        }
    }

    fn conversation_refused(&mut self, conversation: ConversationId, refusal: Refusal) {
        let taking = self.taking == Some(conversation);
        if taking {
            self.taking = None;
        } else {
            self.session.conversation_refused(conversation, &refusal);
        }
        if taking || !refusal.retry() {
            self.session.report(refusal);
        }
    }
}
