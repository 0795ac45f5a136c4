//! The core's requests to the store, within bounds; the answers come back as inputs.

use std::sync::Arc;

use relay_core::append::{Append, AppendError, Appended};
use relay_core::input::{ConnectionId, Input, RequestId};
use relay_core::store::QueryError;
use tokio::sync::{mpsc, oneshot};
use wire::limit::STORE_QUEUE_BYTES_MAX;
use wire::{Refusal, SiteId, Token, VisitorId};

use super::{CoreTask, REQUESTS_MAX, StoreAnswer};
use crate::bus::{Bus, BusMessage};
use crate::clock::{new_id, now_ms, random_bytes};
use crate::quota::may_record;
use crate::quota::reserve::Step;
use crate::store::VisitorRecord;

/// Who wants something recorded.
pub(super) enum AppendAsker {
    /// The core.
    Core(RequestId),
    /// A request over HTTP.
    Request(oneshot::Sender<Result<Appended, AppendError>>),
}

impl CoreTask {
    /// Counts one more request; false when there are too many.
    pub(super) const fn begin_request(&mut self) -> bool {
        if self.under_way >= REQUESTS_MAX {
            return false;
        }
        self.under_way += 1;
        true
    }

    /// Records, within bounds; whoever asked is answered.
    pub(super) fn append(&mut self, asker: AppendAsker, append: Append) {
        if let Err(error) = may_record(&self.quotas, &self.reserve, &append) {
            return self.answer_append(asker, Err(error));
        }
        let bytes = append.text_bytes();
        if self.append_bytes + bytes > STORE_QUEUE_BYTES_MAX || !self.begin_request() {
            return self.answer_append(asker, Err(AppendError::Busy));
        }
        self.append_bytes += bytes;
        let (bus, answers) = (Arc::clone(&self.bus), self.answers.clone());
        self.store.append(append, move |result| {
            if let Ok(done) = &result
                && !done.repeated
            {
                publish(&*bus, done);
            }
            reply(&answers, StoreAnswer::Append(asker, bytes, result));
        });
    }

    /// Answers whoever wanted something recorded. What the core then wants is still to be carried out.
    pub(super) fn answer_append(&mut self, asker: AppendAsker, result: Result<Appended, AppendError>) {
        match asker {
            AppendAsker::Core(request) => self.core.handle(now_ms(), Input::Appended { request, result }),
            AppendAsker::Request(reply) => {
                // Fails only when nobody waits for it any more.
                let _ = reply.send(result);
            }
        }
    }

    pub(super) fn query(&mut self, request: RequestId, query: relay_core::store::Query) {
        match self.core.page_reader(request) {
            Some(connection) => self.want_page(connection, request, query),
            None => {
                self.read(request, query);
            }
        }
    }

    /// Has the store read; false when its queue is full, which is answered at once.
    pub(super) fn read(&mut self, request: RequestId, query: relay_core::store::Query) -> bool {
        if !self.begin_request() {
            self.core.handle(now_ms(), Input::Answered { request, result: Err(QueryError::Busy) });
            return false;
        }
        let answers = self.answers.clone();
        self.store.query(query, move |result| reply(&answers, StoreAnswer::Query(request, result)));
        true
    }

    pub(super) fn register(&mut self, connection: ConnectionId, site: SiteId) {
        if self.reserve.step() >= Step::Visitors {
            self.core.handle(now_ms(), Input::RegisterFailed { connection, refusal: Refusal::DiskFull });
            return;
        }
        if !self.begin_request() {
            self.core.handle(now_ms(), Input::RegisterFailed { connection, refusal: Refusal::Busy });
            return;
        }
        let (visitor, token) = (VisitorId(new_id()), Token::from_bytes(&random_bytes()));
        let now_ms = now_ms();
        let record = VisitorRecord {
            id: visitor,
            site,
            token: crate::identity::hash(&token),
            created_at_ms: now_ms,
            used_at_ms: now_ms,
        };
        let answers = self.answers.clone();
        self.store.write_then(
            move |writer| writer.add_visitor(&record),
            move |result| {
                reply(&answers, StoreAnswer::Registered(connection, result.map(|()| (visitor, token))));
            },
        );
    }
}

/// Publishes committed events.
fn publish(bus: &dyn Bus, done: &Appended) {
    let commit =
        relay_core::input::Commit { site: done.site.clone(), visitor: done.visitor, events: done.events.clone() };
    if let Err(error) = bus.publish(BusMessage::Committed(commit)) {
        tracing::error!(%error, "committed events were not published; readers find the gap");
    }
}

/// Hands an answer back. The queue has room for an answer to every request under way. Sending fails only when the core has ended.
pub(super) fn reply(answers: &mpsc::Sender<StoreAnswer>, answer: StoreAnswer) {
    if let Err(mpsc::error::TrySendError::Full(_)) = answers.try_send(answer) {
        tracing::error!("more answers than requests");
    }
}
