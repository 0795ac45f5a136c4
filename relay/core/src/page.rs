//! Where visitors are: the page they write from, recorded when it is another one, and not too often.

use wire::{Author, Body, PageContext, VisitorId};

use crate::Core;
use crate::admit::cut_page;
use crate::append::{Append, Condition, Draft, DraftBody};
use crate::connection::Side;
use crate::input::ConnectionId;
use crate::request::Pending;
use crate::timer::Timer;

/// A visitor's page is recorded at most this often.
const CONTEXT_EVERY_MS: u64 = 30_000;

impl Core {
    /// The visitor went to another page.
    pub(crate) fn page_changed(&mut self, connection: ConnectionId, visitor: VisitorId, new: &PageContext) {
        if let Some(Side::Visitor { page, .. }) = self.connections.get_mut(&connection).map(|line| &mut line.side) {
            *page = cut_page(new);
            let page = page.clone();
            self.note_page(visitor, page);
        }
    }

    /// A visitor came back, maybe on another page. When no page of theirs was recorded by this relay, they are taken
    /// to be where they were: a restart is no reason to record everybody's page again.
    pub(crate) fn page_again(&mut self, connection: ConnectionId, visitor: VisitorId) {
        let recorded = self.visitors.get(&visitor).is_some_and(|known| known.context_url.is_some());
        let line = self.connections.get(&connection);
        if let Some(Side::Visitor { page, .. }) = line.map(|line| &line.side).filter(|_| recorded) {
            let page = page.clone();
            self.note_page(visitor, page);
        }
    }

    /// Records where the visitor is, when it is another page and they have an open conversation; not too often.
    fn note_page(&mut self, visitor: VisitorId, page: PageContext) {
        let now_ms = self.now_ms;
        let Some(known) = self.visitors.get_mut(&visitor).filter(|known| !known.open.is_empty()) else { return };
        if known.context_url.as_ref() == Some(&page.url) {
            known.context_waits = None;
            return;
        }
        if now_ms < known.context_next_ms {
            if known.context_waits.replace(page).is_none() {
                self.timers.insert((known.context_next_ms, Timer::Context(visitor)));
            }
            return;
        }
        let open: Vec<_> = known.open.iter().copied().collect();
        self.context_recorded(visitor, &page);
        for conversation in open {
            let id = self.ids.message(now_ms);
            let body = DraftBody::Ready(Body::Context { page: page.clone() });
            let drafts = vec![Draft { id, author: Author::Visitor, body }];
            let append = Append::new(conversation, drafts).when(Condition::Owner(visitor));
            self.append(Pending::Quiet(conversation), append);
        }
    }

    pub(crate) fn context_recorded(&mut self, visitor: VisitorId, page: &PageContext) {
        let known = self.visitors.entry(visitor).or_default();
        known.context_url = Some(page.url.clone());
        known.context_next_ms = self.now_ms.saturating_add(CONTEXT_EVERY_MS);
        known.context_waits = None;
    }

    /// A page that waited may be recorded now.
    pub(crate) fn context_due(&mut self, visitor: VisitorId) {
        let waits = self.visitors.get_mut(&visitor).and_then(|known| known.context_waits.take());
        if let Some(page) = waits {
            self.note_page(visitor, page);
        }
    }
}
