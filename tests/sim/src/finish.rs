//! The end of a run: the faults stop, everything heals, and what must hold is looked at once more, line by line of the delivery contract.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use relay_core::Input;
use relay_settings::Scope;
use widget_core::{AgentInput, ConnectionInput, Content, Item, ItemState, Online, VisitorInput};
use wire::limit::AGENT_GRACE_MS;
use wire::{AgentId, AgentState, Body, ConversationId, Refusal, Seq, Tag};

use crate::page::{Page, PageSession, Person};
use crate::world::World;

/// After the last fault everything is well again within this long …
const CONVERGE_MS: u64 = 30_000;
/// … and this much longer for each message that waited then: a client sends at an even pace.
const PER_DRAFT_MS: u64 = 150;
/// Rounds in which agents end what they have, until nobody waits.
const ROUNDS_MAX: usize = 200;

impl World {
    /// The whole run.
    pub(crate) fn run(&mut self) {
        self.run_for(self.plan.run_ms);
        self.stats.said = self.said.len() as u64;
        self.heal();
        let waiting: usize = self.browsers.iter().map(|browser| browser.storage.drafts.len()).sum();
        self.run_for(CONVERGE_MS + PER_DRAFT_MS * waiting as u64);
        self.note("healed: what must hold?");
        self.all_are_there();
        self.topics_are_exact();
        self.nobody_is_forgotten();
        self.presence_is_true();
        self.log_is_whole();
        self.screens_are_the_log();
        self.fresh_is_the_same();
        self.who_leaves_is_away();
        self.line_is_served_in_order();
        self.nobody_is_kept_who_is_gone();
        self.nobody_follows_anything();
    }

    fn heal(&mut self) {
        self.note("faults stop");
        self.healthy = true;
        self.relay.crash_in = None;
        (self.relay.store_down_until_ms, self.relay.store_slow_until_ms) = (0, 0);
        self.start_relay();
        for agent in &mut self.relay.agents {
            agent.scope = Scope::EVERYWHERE;
        }
        self.tell(Input::Agents(self.relay.agents.clone()));
        self.heal_connections();
        for page in 0..self.pages.len() {
            // What a closed tab had not sent is kept by its browser: it goes out when a page is loaded the next time.
            let first = page % 2 == 0;
            let closed = |tab: &Page| tab.session.is_none();
            let kept = !self.browsers[self.pages[page].browser].storage.drafts.is_empty();
            if first {
                match (closed(&self.pages[page]), closed(&self.pages[page + 1])) {
                    (true, true) => self.load(page),
                    (false, true) if kept => self.load(page),
                    (true, false) if kept => self.load(page + 1),
                    _ => {}
                }
            }
            let offline = match &self.pages[page].session {
                Some(PageSession::Visitor(session)) => session.online() == Online::Offline,
                Some(PageSession::Agent(session)) => session.online() == Online::Offline,
                None => false,
            };
            if offline {
                self.line_input(page, ConnectionInput::NetworkUp);
            }
        }
    }

    pub(crate) fn open_pages(&self) -> Vec<usize> {
        (0..self.pages.len()).filter(|page| self.pages[*page].session.is_some()).collect()
    }

    /// Every page has a connection that works, and nothing waits in its outbox but what failed with a reason.
    fn all_are_there(&mut self) {
        for page in self.open_pages() {
            assert!(self.live(page), "page {page} has no connection");
            let Some(session) = &self.pages[page].session else { continue };
            let typing = session.timeline().and_then(|timeline| timeline.typing());
            assert_eq!(typing, None, "a typing sign stays");
        }
        let core = self.relay.core.as_ref().expect("the relay is up");
        let gauges = core.gauges();
        assert_eq!(gauges.waiting, self.relay.store.queue().len(), "the core's queue is not the store's");
        assert_eq!(gauges.open_conversations, self.relay.store.open().len(), "open conversations");
        assert_eq!(gauges.visitors + gauges.agents, self.open_pages().len(), "connections");
    }

    /// Who waits, waits only because nobody has room; and every position shown is one that the rounds of the networks allow.
    fn nobody_is_forgotten(&mut self) {
        let queue = self.relay.store.queue();
        if !queue.is_empty() {
            for agent in self.relay.agents.clone() {
                let load = self.relay.store.load(agent.id);
                let here = self.state_of(agent.id) == AgentState::Online;
                assert!(!here || load >= agent.capacity, "somebody waits, and {} has room", agent.name);
            }
        }
        let mut shown_at = BTreeMap::new();
        for page in self.open_pages() {
            let Some(PageSession::Visitor(session)) = &self.pages[page].session else { continue };
            let Some(shown) = session.timeline().map(|timeline| timeline.conversation()) else { continue };
            match (session.queue(), self.positions(shown)) {
                (None, None) => {}
                (Some((position, length)), Some((positions, want))) => {
                    let site = self.relay.store.conversation(shown).map(|known| known.site.clone());
                    let right = length == want && positions.contains(&position);
                    assert!(right, "page {page} shows {position} of {length}, but has one of {positions:?} of {want}");
                    let other = shown_at.insert((site, position), shown);
                    assert!(other.is_none_or(|other| other == shown), "two have the same position");
                }
                (shown, has) => panic!("page {page} shows {shown:?}, but has {has:?}"),
            }
        }
    }

    /// The positions that a conversation in the queue may have among those of its site, and how many these are. Networks are served in turn: before it
    /// are all of earlier rounds, and of its own round as many as the order of the networks says, which only the core remembers.
    fn positions(&self, shown: ConversationId) -> Option<(RangeInclusive<u32>, u32)> {
        let conversation = |id: ConversationId| self.relay.store.conversation(id).expect("it is in the queue");
        let mut rounds: BTreeMap<Option<Tag>, u32> = BTreeMap::new();
        let mut queue = Vec::new();
        for (_, id) in self.relay.store.queue() {
            let known = conversation(id);
            let round = match known.network {
                // Whoever has none is alone.
                None => 0,
                network => {
                    let count = rounds.entry(network).or_default();
                    *count += 1;
                    *count - 1
                }
            };
            queue.push((round, id, &known.site));
        }
        let (own, _, site) = *queue.iter().find(|(_, id, _)| *id == shown)?;
        let of_site = || queue.iter().filter(|(.., other)| *other == site);
        let count = |wanted: &dyn Fn(u32) -> bool| of_site().filter(|(round, ..)| wanted(*round)).count() as u32;
        let (before, same) = (count(&|round| round < own), count(&|round| round == own));
        Some((before + 1..=before + same, count(&|_| true)))
    }

    /// What an agent's own pages say of it.
    fn state_of(&self, agent: AgentId) -> AgentState {
        let own = |page: &&Page| matches!(self.browsers[page.browser].person, Person::Agent(id) if id == agent);
        let mut away = self.pages.iter().filter(own).filter_map(|page| match &page.session {
            Some(PageSession::Agent(session)) => Some(session.away()),
            _ => None,
        });
        match away.next() {
            Some(true) => AgentState::Away,
            Some(false) => AgentState::Online,
            None => AgentState::Offline,
        }
    }

    /// Every console shows every agent as it is.
    fn presence_is_true(&mut self) {
        for page in self.open_pages() {
            let Some(PageSession::Agent(session)) = &self.pages[page].session else { continue };
            for agent in session.agents() {
                assert_eq!(
                    agent.state,
                    self.state_of(agent.id),
                    "page {page} shows {} as {:?}",
                    agent.name,
                    agent.state
                );
                assert_eq!(agent.load, self.relay.store.load(agent.id), "load of {}", agent.name);
            }
        }
    }

    /// An agent whose last page is closed is away after the grace period, for everybody who looks.
    fn who_leaves_is_away(&mut self) {
        let consoles: Vec<usize> =
            self.open_pages().into_iter().filter(|page| self.agent_of(*page).is_some()).collect();
        let Some(gone) = consoles.last().and_then(|page| self.agent_of(*page)) else { return };
        for page in &consoles {
            if self.agent_of(*page) == Some(gone) {
                self.close_page(*page);
            }
        }
        self.run_for(AGENT_GRACE_MS + 2_000);
        for page in &consoles {
            let Some(PageSession::Agent(session)) = &self.pages[*page].session else { continue };
            let seen = session.agents().find(|agent| agent.id == gone).map(|agent| agent.state);
            assert_eq!(seen, Some(AgentState::Away), "page {page} still sees who has gone");
        }
        self.load(consoles[consoles.len() - 1]);
        self.run_for(1_000);
    }

    /// Everything written stands in a log once, or is still here, failed with a reason; and in the order written.
    fn log_is_whole(&mut self) {
        let mut failed = BTreeMap::new();
        for page in self.open_pages() {
            for item in self.own_drafts(page) {
                let (Content::Text(text) | Content::Note(text)) = &item.content else { continue };
                let ItemState::Failed(reason) = &item.state else {
                    panic!("page {page} still has {text:?} as {:?}", item.state)
                };
                let agent = self.agent_of(page).is_some();
                // The first agent is everywhere for the whole run. Others may lose the site that they write on.
                let may_lose_scope = self.agent_of(page).is_some_and(|agent| agent != self.relay.agents[0].id);
                let fair = match reason {
                    Refusal::TooManyConversations => !agent,
                    Refusal::Ended | Refusal::Taken | Refusal::NotAllowed => agent,
                    Refusal::NotFound => may_lose_scope,
                    _ => false,
                };
                assert!(fair, "{text:?} of page {page} failed for {reason:?}");
                failed.insert(text.clone(), reason.clone());
            }
        }
        let texts = self.relay.store.texts();
        for said in &self.said {
            let count = texts.get(said.text.as_str()).copied().unwrap_or(0);
            let here = usize::from(failed.contains_key(&said.text));
            assert!(count <= 1, "{:?} is recorded {count} times", said.text);
            assert!(count + here == 1 || said.discarded && here == 0, "{said:?}: recorded {count}, failed {here}");
        }
        for browser in &self.browsers {
            for draft in browser.storage.drafts.values() {
                let widget_core::Kept::Text(text) = &draft.what else { continue };
                assert!(failed.contains_key(text), "{text:?} is kept, and neither failed nor waits");
            }
        }
        self.order_is_kept();
    }

    /// When the last client has gone, the relay learns of presence and settings only.
    fn nobody_follows_anything(&mut self) {
        for page in self.open_pages() {
            self.close_page(page);
        }
        self.run_for(1_000);
        let others: Vec<_> = self.relay.peers.keys().copied().collect();
        for connection in others {
            self.tell(relay_core::Input::Disconnected { connection });
        }
        self.topics_are_exact();
    }

    /// The drafts of a page, wherever they are.
    fn own_drafts(&mut self, page: usize) -> Vec<Item> {
        let kept = &self.browsers[self.pages[page].browser].storage.drafts;
        let mut conversations: Vec<ConversationId> = kept.values().map(|draft| draft.conversation).collect();
        conversations.sort_unstable();
        conversations.dedup();
        let mut drafts = Vec::new();
        for conversation in conversations {
            self.show(page, conversation);
            self.run_for(700);
            let timeline = self.pages[page].session.as_ref().and_then(PageSession::timeline);
            drafts.extend(
                timeline
                    .into_iter()
                    .flat_map(|timeline| timeline.items().filter(|item| item.seq == Seq::ZERO).cloned()),
            );
        }
        drafts
    }

    pub(crate) fn show(&mut self, page: usize, conversation: ConversationId) {
        if self.agent_of(page).is_some() {
            self.agent(page, AgentInput::Show { conversation });
        } else {
            self.visitor(page, VisitorInput::Show { conversation });
        }
    }

    /// In each conversation, what one page wrote stands in the order written.
    fn order_is_kept(&self) {
        let number = |text: &str| text.split_once(' ').and_then(|(_, number)| number.parse::<usize>().ok());
        for (_, log) in self.relay.store.logs.values() {
            let mut last: BTreeMap<usize, usize> = BTreeMap::new();
            for event in log {
                let (Body::Text { text } | Body::Note { text }) = &event.body else { continue };
                if self.refused.contains(&event.id) {
                    continue;
                }
                let Some(number) = number(text) else { continue };
                let Some(said) = self.said.iter().find(|said| said.text == *text) else { continue };
                // Taken back in one tab, and sent by another that had it from the shared storage.
                if said.discarded {
                    continue;
                }
                let last = last.entry(said.page).or_insert(0);
                assert!(number >= *last, "{text:?} stands after {last} of the same page");
                *last = number;
            }
        }
    }

    /// Agents end what they have until nobody waits: whoever waits is served, of each network the first first, and so of all who have none.
    fn line_is_served_in_order(&mut self) {
        self.note("the queue is served");
        for page in self.open_pages() {
            self.choose(page, false);
        }
        self.served.clear();
        for _ in 0..ROUNDS_MAX {
            if self.relay.store.queue().is_empty() {
                break;
            }
            for page in self.open_pages() {
                let Some(PageSession::Agent(session)) = &self.pages[page].session else { continue };
                let mine: Vec<ConversationId> = session.mine().iter().map(|row| row.conversation).collect();
                for conversation in mine {
                    self.agent(page, AgentInput::End { conversation });
                }
            }
            self.run_for(1_500);
        }
        assert_eq!(self.relay.store.queue(), [], "somebody waits for ever");
        let mut last = BTreeMap::new();
        for (network, then, then_ms) in &self.served {
            if let Some((first, first_ms)) = last.insert(network, (then, then_ms)) {
                // Of two who are offered at once, one may have to be offered again, because something was noted about them just then.
                assert!(first < then || then_ms - first_ms < 1_000, "not the first first: {:?}", self.served);
            }
        }
    }
}
