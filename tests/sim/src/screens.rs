//! What every screen must show in the end: the log, and what a page shows that has just been loaded.

use std::collections::BTreeMap;

use widget_core::{Content, Item, Notice};
use wire::{Body, ConversationId, Lane, Seq};

use crate::page::{Page, PageSession};
use crate::world::World;

/// Longer than a changed row waits until it is sent, and than it travels.
const REST_MS: u64 = 500;

impl World {
    /// Every page shows every conversation it may see as its log has it, to the end.
    pub(crate) fn screens_are_the_log(&mut self) {
        let all: Vec<ConversationId> = self.relay.store.logs.keys().copied().collect();
        for page in self.open_pages() {
            for conversation in &all {
                if !self.may_see(page, *conversation) {
                    continue;
                }
                self.show(page, *conversation);
                self.run_for(700);
                self.screen_is_the_log(page, *conversation);
            }
        }
    }

    fn may_see(&self, page: usize, conversation: ConversationId) -> bool {
        match &self.pages[page].session {
            Some(PageSession::Visitor(session)) => {
                let token = session.token().and_then(|token| self.relay.tokens.get(token.reveal()));
                self.relay.store.owner(conversation).as_ref() == token
            }
            Some(PageSession::Agent(_)) => true,
            None => false,
        }
    }

    fn screen_is_the_log(&self, page: usize, conversation: ConversationId) {
        let timeline = self.pages[page].session.as_ref().and_then(PageSession::timeline).expect("one is shown");
        let log = self.relay.store.events(conversation);
        let agent = self.agent_of(page).is_some();
        let late = !agent && self.late_may_be_missed() && timeline.closed();
        for lane in [Lane::Shared, Lane::Staff] {
            let staff = lane == Lane::Staff;
            let lines = log.iter().filter(|event| event.lane == lane && event.body.is_line()).map(|event| event.id);
            let items = timeline.items().filter(|item| item.seq != Seq::ZERO && item.content.is_staff() == staff);
            let (mut lines, items): (Vec<_>, Vec<_>) = (lines.collect(), items.map(|item| item.id).collect());
            if late && !staff {
                let end = log.iter().filter(|event| event.lane == lane && event.body.is_line());
                let end = end.take_while(|event| event.body != Body::Closed).count() + 1;
                assert!(items.len() >= end, "page {page} does not show how {conversation:?} ended");
                lines.truncate(items.len());
            }
            if staff && !agent {
                assert_eq!(items, [], "a visitor sees what is for agents");
            } else {
                assert_eq!(items, lines, "page {page} does not show the {lane:?} log of {conversation:?}");
            }
        }
    }

    /// A page that was there all along shows what a page shows that has just been loaded: a picture and its changes are the present.
    pub(crate) fn fresh_is_the_same(&mut self) {
        for page in self.open_pages() {
            let fresh = self.pages.len();
            self.pages.push(Page::closed(self.pages[page].browser));
            self.pages[fresh].off_ms = self.pages[page].off_ms;
            self.load(fresh);
            self.run_for(2_000);
            self.come_to_rest();
            match (&self.pages[page].session, &self.pages[fresh].session) {
                (Some(PageSession::Visitor(old)), Some(PageSession::Visitor(new))) => {
                    let rows = |session: &widget_core::VisitorSession| {
                        let rows = session.conversations().iter();
                        rows.map(|row| (row.conversation, row.clone())).collect::<BTreeMap<_, _>>()
                    };
                    let (old_rows, new_rows) = (rows(old), rows(new));
                    let late = self.late_may_be_missed();
                    for (id, row) in old_rows.iter().filter(|(_, row)| !(row.closed && late)) {
                        assert_eq!(Some(row), new_rows.get(id), "page {page}: the list of conversations");
                    }
                    assert_eq!(old_rows.len(), new_rows.len(), "page {page}: the list of conversations");
                    assert_eq!(old.answering(), new.answering(), "page {page}: agents who answer");
                }
                (Some(PageSession::Agent(old)), Some(PageSession::Agent(new))) => {
                    let rows = |session: &widget_core::AgentSession| {
                        let open = session.open();
                        open.iter().map(|row| (row.conversation, (*row).clone())).collect::<BTreeMap<_, _>>()
                    };
                    let agents = |session: &widget_core::AgentSession| {
                        session.agents().map(|agent| (agent.id, agent.clone())).collect::<BTreeMap<_, _>>()
                    };
                    assert_eq!(rows(old), rows(new), "page {page}: the inbox");
                    assert_eq!(agents(old), agents(new), "page {page}: colleagues");
                    assert_eq!(old.me(), new.me());
                    assert_eq!(old.away(), new.away(), "page {page}: away");
                }
                _ => panic!("one kind of page"),
            }
            self.same_timelines(page, fresh);
            self.close_page(fresh);
            self.run_for(500);
        }
    }

    /// Waits until nothing is on its way: a page that is recorded at its own time may be, just now.
    fn come_to_rest(&mut self) {
        for _ in 0..100 {
            let commits = self.stats.commits;
            self.run_for(REST_MS);
            if self.stats.commits == commits {
                return;
            }
        }
        panic!("it does not come to rest");
    }

    /// A rating (or a view) of an ended conversation that a visitor gives in one tab is shown in another one after a reload, when its
    /// event was lost: pongs hold the heads of open conversations only.
    const fn late_may_be_missed(&self) -> bool {
        self.plan.lose + self.plan.lose_on_bus + self.plan.answer_lost > 0
    }

    fn same_timelines(&mut self, page: usize, fresh: usize) {
        let all: Vec<ConversationId> = self.relay.store.logs.keys().copied().collect();
        for conversation in all.into_iter().rev().take(4) {
            let ended = self.relay.store.conversation(conversation).is_none_or(relay_core::Conversation::closed);
            if !self.may_see(page, conversation) || ended && self.late_may_be_missed() {
                continue;
            }
            self.show(page, conversation);
            self.show(fresh, conversation);
            self.run_for(1_500);
            self.come_to_rest();
            let items = |page: usize| {
                let timeline = self.pages[page].session.as_ref().and_then(PageSession::timeline).expect("one is shown");
                let recorded = timeline.items().filter(|item| item.seq != Seq::ZERO);
                let items: Vec<Item> = recorded.cloned().collect();
                (
                    items,
                    timeline.closed(),
                    timeline.waiting(),
                    timeline.rated(),
                    timeline.agent_name().map(str::to_owned),
                )
            };
            let (old, new) = (items(page), items(fresh));
            for (old, new) in old.0.iter().zip(&new.0) {
                assert_eq!(old, new, "page {page}: {conversation:?}");
            }
            assert_eq!(old.0.len(), new.0.len(), "page {page}: {conversation:?}");
            assert_eq!((old.1, old.2, old.3, &old.4), (new.1, new.2, new.3, &new.4), "page {page}: {conversation:?}");
            let ends =
                old.0.iter().filter(|item| matches!(item.content, Content::Notice(Notice::Closed { .. }))).count();
            assert!(ends <= 1, "a conversation ends once");
        }
    }
}
