//! What people do: visitors and agents at their pages, and one visitor who tries what is not theirs.

use relay_core::{Input, Source};
use relay_settings::{Reach, Scope};
use widget_core::{AgentInput, ConnectionInput, Online, VisitorInput};
use wire::{Body, ClientFrame, ConversationId, Cursor, Follow, Lane, MessageId, PageContext, Say, Seq, Tag};

use crate::connection::{ConnectionNumber, Who};
use crate::page::PageSession;
use crate::plan::Trouble;
use crate::world::{Happening, World};

/// Something a person wrote, and what became of it as far as the page knows.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) text: String,
    /// Who wrote it: order is promised for each writer.
    pub(crate) page: usize,
    /// Taken back by its writer.
    pub(crate) discarded: bool,
}

impl World {
    /// Where a page's visitor comes from: browsers stand in two networks in turn, and of every third one nothing is known.
    pub(crate) fn source_of(&self, page: usize) -> Source {
        let browser = self.pages[page].browser as u64;
        match browser % 3 {
            0 => Source::default(),
            network => Source { address: Some(Tag(browser)), network: Some(Tag(network)) },
        }
    }

    /// A person at a page does something.
    pub(crate) fn act(&mut self, page: usize) {
        let wait_ms = self.rng.between(1, self.plan.act_every_ms * 2);
        self.plan_in(wait_ms, Happening::Act(page));
        if self.healthy {
            return;
        }
        match &self.pages[page].session {
            None => {}
            Some(PageSession::Visitor(_)) => self.act_of_visitor(page),
            Some(PageSession::Agent(_)) => self.act_of_agent(page),
        }
    }

    /// Words that nobody said before; none when the page takes no more.
    fn words(&mut self, page: usize) -> Option<String> {
        if !self.pages[page].session.as_ref().is_some_and(PageSession::room) {
            return None;
        }
        let text = format!("{page} {}", self.said.len());
        self.said.push(Said { text: text.clone(), page, discarded: false });
        Some(text)
    }

    fn act_of_visitor(&mut self, page: usize) {
        match self.rng.below(100) {
            0..40 => {
                if let Some(text) = self.words(page) {
                    self.visitor(page, VisitorInput::Say { text });
                }
            }
            40..50 => self.visitor(page, VisitorInput::Typing),
            50..62 => {
                let visible = self.rng.chance(700);
                self.visitor(page, VisitorInput::Visible { visible });
            }
            62..66 => self.visitor(page, VisitorInput::LeaveQueue),
            66..70 => self.visitor(page, VisitorInput::EndConversation),
            70..75 => {
                let score = self.rng.between(1, 5) as u8;
                self.visitor(page, VisitorInput::Rate { score, comment: String::new() });
            }
            75..77 => self.visitor(page, VisitorInput::NewConversation),
            77..82 => {
                let Some(PageSession::Visitor(session)) = &self.pages[page].session else { return };
                let rows = session.conversations();
                if rows.is_empty() {
                    return;
                }
                let conversation = rows[self.rng.index(rows.len())].conversation;
                self.visitor(page, VisitorInput::Show { conversation });
            }
            82..86 => {
                let url = format!("https://example.com/{}", self.rng.below(4));
                self.visitor(page, VisitorInput::Page(PageContext { url, ..PageContext::default() }));
            }
            86..90 => self.attach(page),
            90..94 => self.retry_or_discard(page),
            _ => self.pry(page),
        }
    }

    fn act_of_agent(&mut self, page: usize) {
        let Some(PageSession::Agent(session)) = &self.pages[page].session else { return };
        let open: Vec<ConversationId> = session.open().iter().map(|row| row.conversation).collect();
        let shown = session.shown();
        let mine: Vec<ConversationId> = session.mine().iter().map(|row| row.conversation).collect();
        match self.rng.below(100) {
            0..25 if !mine.is_empty() => {
                let conversation = mine[self.rng.index(mine.len())];
                self.agent(page, AgentInput::Show { conversation });
            }
            25..30 if !open.is_empty() => {
                let conversation = open[self.rng.index(open.len())];
                self.agent(page, AgentInput::Show { conversation });
            }
            30..58 if shown.is_some() => {
                if let Some(text) = self.words(page) {
                    self.agent(page, AgentInput::Say { text });
                }
            }
            58..64 if shown.is_some() => {
                if let Some(text) = self.words(page) {
                    self.agent(page, AgentInput::Note { text });
                }
            }
            64..70 => self.agent(page, AgentInput::Typing),
            70..76 => {
                let visible = self.rng.chance(700);
                self.agent(page, AgentInput::Visible { visible });
            }
            76..80 if !open.is_empty() => {
                let conversation = open[self.rng.index(open.len())];
                self.agent(page, AgentInput::Take { conversation });
            }
            80..87 if !mine.is_empty() => {
                let conversation = mine[self.rng.index(mine.len())];
                self.agent(page, AgentInput::End { conversation });
            }
            87..91 => {
                let away = self.rng.chance(400);
                self.choose(page, away);
            }
            91..93 => self.agent(page, AgentInput::ListClosed { newest: false }),
            93..95 => self.attach(page),
            95..100 => self.retry_or_discard(page),
            _ => {}
        }
    }

    /// An agent goes away or comes back.
    pub(crate) fn choose(&mut self, page: usize, away: bool) {
        self.agent(page, AgentInput::Presence { away });
    }

    fn retry_or_discard(&mut self, page: usize) {
        let Some(timeline) = self.pages[page].session.as_ref().and_then(PageSession::timeline) else { return };
        let drafts: Vec<_> = timeline.items().filter(|item| item.seq == Seq::ZERO).cloned().collect();
        if drafts.is_empty() {
            return;
        }
        let item = &drafts[self.rng.index(drafts.len())];
        let id = item.id;
        let retry = self.rng.chance(700);
        match (self.agent_of(page).is_some(), retry) {
            (true, true) => self.agent(page, AgentInput::Retry { id }),
            (false, true) => self.visitor(page, VisitorInput::Retry { id }),
            (true, false) => self.agent(page, AgentInput::Discard { id }),
            (false, false) => self.visitor(page, VisitorInput::Discard { id }),
        }
        let still = self.pages[page].session.as_ref().and_then(PageSession::timeline);
        let gone = still.is_some_and(|timeline| timeline.items().all(|item| item.id != id));
        if let widget_core::Content::Text(text) | widget_core::Content::Note(text) = &item.content
            && let Some(said) = self.said.iter_mut().find(|said| said.text == *text)
        {
            said.discarded |= gone && !retry;
        }
    }

    /// A visitor's page was changed by somebody who tries what is not theirs: frames about the conversations of others.
    fn pry(&mut self, page: usize) {
        let Some(id) = self.pages[page].connection else { return };
        let Some(Who::Visitor(visitor)) = self.connections.get(&id).map(|connection| connection.who) else { return };
        let of_others = |entry: &(&ConversationId, &(relay_core::Conversation, Vec<wire::Event>))| {
            Some(entry.1.0.visitor) != visitor
        };
        let others: Vec<ConversationId> = self.relay.store.logs.iter().filter(of_others).map(|(id, _)| *id).collect();
        if others.is_empty() {
            return;
        }
        let conversation = others[self.rng.index(others.len())];
        let (message, up_to) = (MessageId(self.rng.wide()), Seq(self.rng.below(5)));
        let after = Cursor { shared: Seq(self.rng.below(3)), staff: Seq(self.rng.below(3)) };
        let text = crate::check::STOLEN.to_owned();
        let lane = if self.rng.chance(500) { Lane::Staff } else { Lane::Shared };
        let frame = match self.rng.below(12) {
            0 | 1 => ClientFrame::Follow { follow: Follow { conversation, after } },
            2 | 3 => ClientFrame::Fetch { conversation, lane, after: after.shared },
            4 => ClientFrame::Say { conversation, id: message, say: Say::Text { text } },
            5 => ClientFrame::Note { conversation, id: message, text },
            6 => ClientFrame::End { conversation, id: message },
            7 => ClientFrame::Rate { conversation, id: message, score: 1, comment: text },
            8 => ClientFrame::Seen { conversation, up_to },
            9 => ClientFrame::LeaveQueue { conversation },
            10 => ClientFrame::Record { conversation, id: message, body: Body::Note { text } },
            _ => ClientFrame::Take { conversation },
        };
        self.go_up(id, &frame);
    }

    /// A trouble befalls the whole.
    pub(crate) fn trouble(&mut self) {
        if self.healthy {
            return;
        }
        let wait_ms = self.rng.between(1, self.plan.trouble_every_ms * 2);
        self.plan_in(wait_ms, Happening::Trouble);
        let Some(trouble) = self.plan.trouble(&mut self.rng) else { return };
        self.note(&format!("{trouble:?}"));
        let long_ms = self.now_ms + self.rng.between(500, 40_000);
        let page = self.rng.index(self.pages.len());
        match trouble {
            Trouble::Crash => self.crash(),
            Trouble::CrashSoon => self.relay.crash_in = Some(self.rng.below(60)),
            Trouble::StoreDown => self.relay.store_down_until_ms = self.now_ms + self.rng.between(100, 10_000),
            Trouble::StoreSlow => self.relay.store_slow_until_ms = long_ms,
            Trouble::RelayClock => self.relay.off_ms += self.jump_ms(),
            Trouble::BrowserClock => self.pages[page].off_ms += self.jump_ms(),
            Trouble::Reload if self.pages[page].session.is_some() => self.load(page),
            Trouble::Tab => self.toggle_tab(page),
            Trouble::Capacity => self.change_agent(),
            Trouble::Flood => self.flood(page),
            Trouble::SlowReader => self.slow_reader(),
            Trouble::Offline => self.line_input(page, ConnectionInput::NetworkDown),
            Trouble::Cut | Trouble::SilentDown | Trouble::SilentUp | Trouble::BlackHole => {
                let ids: Vec<ConnectionNumber> = self.connections.keys().copied().collect();
                if !ids.is_empty() {
                    let id = ids[self.rng.index(ids.len())];
                    self.trouble_on_connection(trouble, id, long_ms);
                }
            }
            Trouble::Reload => {}
        }
        if trouble == Trouble::Offline {
            let wait_ms = self.rng.between(100, 20_000);
            self.plan_in(wait_ms, Happening::NetworkUp(page));
        }
    }

    fn trouble_on_connection(&mut self, trouble: Trouble, id: ConnectionNumber, until_ms: u64) {
        if trouble == Trouble::Cut {
            return self.cut(id);
        }
        let Some(connection) = self.connections.get_mut(&id) else { return };
        if trouble != Trouble::SilentUp {
            connection.down_silent_until_ms = until_ms;
        }
        if trouble != Trouble::SilentDown {
            connection.up_silent_until_ms = until_ms;
        }
    }

    fn slow_reader(&mut self) {
        let until_ms = self.now_ms + self.rng.between(1_000, 25_000);
        for connection in self.connections.values_mut().filter(|connection| connection.who == Who::Agent) {
            connection.down_silent_until_ms = until_ms;
        }
        for page in 0..self.pages.len() {
            self.flood(page);
        }
    }

    /// How far a clock jumps: mostly a little, sometimes years.
    fn jump_ms(&mut self) -> i64 {
        let far = if self.rng.chance(200) { 100_000_000_000 } else { 100_000 };
        let by_ms = self.rng.below(far).cast_signed();
        if self.rng.chance(500) { by_ms } else { -by_ms }
    }

    /// Opens a visitor's second tab, or closes it.
    fn toggle_tab(&mut self, page: usize) {
        let browser = self.pages[page].browser;
        if self.pages[page].session.is_none() {
            // Two tabs that both register are two visitors: the second one opens when there is a token.
            if self.browsers[browser].storage.token.is_some() || self.agent_of(page).is_some() {
                self.load(page);
            }
            return;
        }
        let others = (0..self.pages.len()).filter(|other| *other != page && self.pages[*other].browser == browser);
        if others.into_iter().any(|other| self.pages[other].session.is_some()) {
            self.close_page(page);
        }
    }

    /// An agent may hold another number of conversations, maybe of other sites.
    fn change_agent(&mut self) {
        let at = self.rng.index(self.relay.agents.len());
        self.relay.agents[at].capacity = self.rng.between(1, 4) as u32;
        // The first one stays everywhere, so that nobody waits for ever.
        if at > 0 {
            let sites = match self.rng.index(3) {
                2 => Reach::All,
                one => Reach::Some([crate::world::sites()[one].clone()].into()),
            };
            self.relay.agents[at].scope = Scope { sites, departments: Reach::All };
        }
        let agents = self.relay.agents.clone();
        self.tell(Input::Agents(agents));
    }

    fn flood(&mut self, page: usize) {
        for _ in 0..self.rng.between(20, 250) {
            let Some(PageSession::Visitor(_)) = &self.pages[page].session else { return };
            let Some(text) = self.words(page) else { return };
            self.visitor(page, VisitorInput::Say { text });
        }
    }

    /// Whether a page has a connection that works.
    pub(crate) fn live(&self, page: usize) -> bool {
        let online = match &self.pages[page].session {
            Some(PageSession::Visitor(session)) => session.online(),
            Some(PageSession::Agent(session)) => session.online(),
            None => return false,
        };
        online == Online::Live
    }
}
