//! Pages that clients ask for: for each connection one is read after the other, and only when nearly all earlier frames have been sent. So a
//! client that asks for pages and reads nothing makes the relay hold one page.

use std::collections::VecDeque;

use relay_core::input::{ConnectionId, Input, RequestId};
use relay_core::store::{Query, QueryError};
use wire::limit::PAGE_AFTER_BYTES_MAX;

use super::CoreTask;
use crate::clock::now_ms;

/// What one connection wants to read. The core bounds the requests of each.
#[derive(Debug, Default)]
pub(super) struct Pages {
    /// Whether its welcome is sent. The core holds back pages that are read before it.
    welcomed: bool,
    /// Whether the store reads one now.
    reading: bool,
    waiting: VecDeque<(RequestId, Query)>,
}

impl CoreTask {
    /// A connection wants a page.
    pub(super) fn want_page(&mut self, connection: ConnectionId, request: RequestId, query: Query) {
        if !self.connections.contains_key(&connection) {
            // It has just ended.
            return self.core.handle(now_ms(), Input::Answered { request, result: Err(QueryError::Busy) });
        }
        if !self.unsent.has_room_for_pages() {
            return self.core.handle(now_ms(), Input::Answered { request, result: Err(QueryError::Busy) });
        }
        self.pages.entry(connection).or_default().waiting.push_back((request, query));
        self.turn_page(connection);
    }

    /// Its welcome is sent.
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

    /// Has its next page read, if one is wanted and nearly all earlier frames have been sent.
    pub(super) fn turn_page(&mut self, connection: ConnectionId) {
        let (Some(pages), Some(output)) = (self.pages.get_mut(&connection), self.connections.get(&connection)) else {
            return;
        };
        if pages.reading || !pages.welcomed || pages.waiting.is_empty() {
            return;
        }
        let page_ready = self.page_ready.clone();
        let tell = move || {
            // Fails only when the core has ended.
            let _ = page_ready.send(connection);
        };
        if !output.frames.is_below(PAGE_AFTER_BYTES_MAX, tell) {
            return;
        }
        // When the store's queue is full, this one is answered at once, and the next one is tried.
        while let Some((request, query)) = self.pages.get_mut(&connection).and_then(|pages| pages.waiting.pop_front()) {
            if self.read(request, query) {
                if let Some(pages) = self.pages.get_mut(&connection) {
                    pages.reading = true;
                }
                return;
            }
        }
    }

    /// The connection is gone: answers what it waited for.
    pub(super) fn forget_pages(&mut self, connection: ConnectionId) {
        let Some(pages) = self.pages.remove(&connection) else { return };
        for (request, _) in pages.waiting {
            self.core.handle(now_ms(), Input::Answered { request, result: Err(QueryError::Busy) });
        }
    }
}
