//! Pages that clients ask for are read one after the other for each connection, and only once what was sent before is taken: whoever asks and
//! reads nothing makes the store read one page and the relay hold one.

use std::collections::VecDeque;

use relay_core::input::{ConnectionId, Input, RequestId};
use relay_core::store::{Query, QueryError};
use wire::limit::PAGE_AFTER_BYTES_MAX;

use super::CoreTask;
use crate::clock::now_ms;

/// What one connection wants to read. The core bounds the requests of each.
#[derive(Debug, Default)]
pub(super) struct Pages {
    /// Whether its welcome is out: what is read before that is held back by the core, where nothing is written.
    welcomed: bool,
    /// Whether the store reads one now.
    reading: bool,
    waiting: VecDeque<(RequestId, Query)>,
}

impl CoreTask {
    /// A connection wants a page.
    pub(super) fn want_page(&mut self, connection: ConnectionId, request: RequestId, query: Query) {
        if !self.connections.contains_key(&connection) {
            // Its end is on the way.
            return self.core.handle(now_ms(), Input::Answered { request, result: Err(QueryError::Busy) });
        }
        if !self.unsent.has_room_for_pages() {
            return self.core.handle(now_ms(), Input::Answered { request, result: Err(QueryError::Busy) });
        }
        self.pages.entry(connection).or_default().waiting.push_back((request, query));
        self.turn_page(connection);
    }

    /// Its welcome is out.
    pub(super) fn welcomed(&mut self, connection: ConnectionId) {
        if self.connections.contains_key(&connection) {
            self.pages.entry(connection).or_default().welcomed = true;
            self.turn_page(connection);
        }
    }

    /// A page of it was read and put into its queue.
    pub(super) fn page_sent(&mut self, connection: ConnectionId) {
        if let Some(pages) = self.pages.get_mut(&connection) {
            pages.reading = false;
            self.turn_page(connection);
        }
    }

    /// Has its next page read, if one is wanted and it has taken what came before.
    pub(super) fn turn_page(&mut self, connection: ConnectionId) {
        let (Some(pages), Some(output)) = (self.pages.get_mut(&connection), self.connections.get(&connection)) else {
            return;
        };
        if pages.reading || !pages.welcomed || pages.waiting.is_empty() {
            return;
        }
        let light = self.light.clone();
        let tell = move || {
            // Only a core that has ended does not hear of it.
            let _ = light.send(connection);
        };
        if !output.frames.is_light(PAGE_AFTER_BYTES_MAX, tell) {
            return;
        }
        // Those that the store has no room for are answered at once, and the next ones are tried.
        while let Some((request, query)) = self.pages.get_mut(&connection).and_then(|pages| pages.waiting.pop_front()) {
            if self.read(request, query) {
                if let Some(pages) = self.pages.get_mut(&connection) {
                    pages.reading = true;
                }
                return;
            }
        }
    }

    /// Nobody waits any more.
    pub(super) fn forget_pages(&mut self, connection: ConnectionId) {
        let Some(pages) = self.pages.remove(&connection) else { return };
        for (request, _) in pages.waiting {
            self.core.handle(now_ms(), Input::Answered { request, result: Err(QueryError::Busy) });
        }
    }
}
