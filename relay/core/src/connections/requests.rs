//! Requests that wait for the store, and the connections that they are for.

use wire::Close;

use super::Connections;
use crate::append::Append;
use crate::input::{ConnectionId, RequestId};
use crate::output::Output;
use crate::request::Pending;
use crate::step::Step;
use crate::store::Query;

impl Connections {
    /// Asks the store to record.
    pub(crate) fn append(&mut self, pending: Pending, append: Append, step: &mut Step) {
        debug_assert!(!append.new_events.is_empty(), "an append records something");
        let request = self.remember(pending);
        step.output(Output::Append { request, append });
    }

    /// Asks the store to read.
    pub(crate) fn query(&mut self, pending: Pending, query: Query, step: &mut Step) {
        let request = self.remember(pending);
        step.output(Output::Query { request, query });
    }

    fn remember(&mut self, pending: Pending) -> RequestId {
        if let Some(known) = pending.connection().and_then(|id| self.all.get_mut(&id)) {
            known.requests += 1;
        }
        self.last_request += 1;
        let request = RequestId(self.last_request);
        self.requests.insert(request, pending);
        request
    }

    /// Takes the request that was answered.
    pub(crate) fn recall(&mut self, request: RequestId) -> Option<Pending> {
        let pending = self.requests.remove(&request);
        debug_assert!(pending.is_some(), "every answer belongs to one request");
        let pending = pending?;
        if let Some(known) = pending.connection().and_then(|id| self.all.get_mut(&id)) {
            known.requests = known.requests.saturating_sub(1);
        }
        Some(pending)
    }

    /// The connection that waits for a page or a list, when that is what a request reads.
    pub(crate) fn reader(&self, request: RequestId) -> Option<ConnectionId> {
        self.requests.get(&request).and_then(Pending::reader)
    }

    /// The shell's answer does not fit the request: the client that waited cannot be served.
    pub(crate) fn wrong_answer(&mut self, pending: &Pending, step: &mut Step) {
        debug_assert!(false, "the answer does not fit the request");
        if let Some(connection) = pending.connection() {
            self.close(connection, Close::Busy, step);
        }
    }
}
