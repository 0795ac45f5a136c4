//! The page that a visitor is on: recorded when it changes, and not too often.

use wire::{Author, Body, PageContext, VisitorId};

use super::Conversations;
use crate::append::{Append, Condition, NewBody};
use crate::request::Pending;
use crate::step::{Step, Timer};

/// A visitor's page is recorded at most this often.
const RECORDED_EVERY_MS: u64 = 30_000;

/// Which page of a visitor was recorded.
#[derive(Debug)]
pub(super) struct Recorded {
    url: String,
    /// When another one may be recorded.
    next_ms: u64,
    /// The page that waits to be recorded.
    waits: Option<Box<PageContext>>,
}

impl Conversations {
    /// Whether this relay has recorded a page of a visitor. When it has not, it takes a visitor who comes back to be on the same page as before:
    /// otherwise everybody's page would be recorded again after a restart.
    pub(crate) fn has_page(&self, visitor: VisitorId) -> bool {
        self.visitors.get(&visitor).is_some_and(|known| known.page.is_some())
    }

    /// Records where the visitor is, when it is another page and they have an open conversation; not too often.
    pub(crate) fn note_page(&mut self, visitor: VisitorId, page: PageContext, step: &mut Step) {
        let Some(known) = self.visitors.get_mut(&visitor).filter(|known| !known.open.is_empty()) else { return };
        if let Some(recorded) = &mut known.page {
            if recorded.url == page.url {
                recorded.waits = None;
                return;
            }
            if step.now_ms() < recorded.next_ms {
                if recorded.waits.replace(Box::new(page)).is_none() {
                    step.wake_at(recorded.next_ms, Timer::Page(visitor));
                }
                return;
            }
        }
        let open = known.open.clone();
        self.page_recorded(visitor, &page, step);
        for conversation in open {
            let body = NewBody::Ready(Body::Context { page: page.clone() });
            let append = Append::new(conversation, vec![step.new_event(Author::Visitor, body)]);
            step.append(Pending::Quiet(conversation), append.when(Condition::Owner(visitor)));
        }
    }

    /// A visitor's page goes into the log.
    pub(super) fn page_recorded(&mut self, visitor: VisitorId, page: &PageContext, step: &Step) {
        let next_ms = step.now_ms().saturating_add(RECORDED_EVERY_MS);
        let recorded = Recorded { url: page.url.clone(), next_ms, waits: None };
        self.visitors.entry(visitor).or_default().page = Some(Box::new(recorded));
    }

    /// A page that waited may be recorded now.
    pub(crate) fn page_due(&mut self, visitor: VisitorId, step: &mut Step) {
        let recorded = self.visitors.get_mut(&visitor).and_then(|known| known.page.as_mut());
        if let Some(page) = recorded.and_then(|recorded| recorded.waits.take()) {
            self.note_page(visitor, *page, step);
        }
    }
}
