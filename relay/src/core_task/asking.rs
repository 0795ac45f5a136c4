//! What the core asks of the store, within bounds; the answers come back as inputs.

use std::sync::Arc;

use relay_core::append::{AppendError, Appended};
use relay_core::input::{ConnectionId, Input, RequestId};
use relay_core::store::QueryError;
use tokio::sync::mpsc;
use wire::limit::STORE_QUEUE_BYTES_MAX;
use wire::{Refusal, SiteId, Token, VisitorId};

use super::{Answered, CoreTask, REQUESTS_MAX};
use crate::bus::{Bus, Notice};
use crate::clock::{new_id, now_ms, random_bytes};
use crate::quota::may_record;
use crate::quota::reserve::Step;
use crate::store::VisitorRecord;

impl CoreTask {
    /// Takes a place for one request, or says that there is none.
    pub(super) const fn begin_request(&mut self) -> bool {
        if self.under_way >= REQUESTS_MAX {
            return false;
        }
        self.under_way += 1;
        true
    }

    pub(super) fn append(&mut self, request: RequestId, append: relay_core::append::Append) {
        if let Err(error) = may_record(&self.quotas, &self.reserve, &append) {
            self.core.handle(now_ms(), Input::Appended { request, result: Err(error) });
            return;
        }
        let bytes = append.text_bytes();
        if self.append_bytes + bytes > STORE_QUEUE_BYTES_MAX || !self.begin_request() {
            self.core.handle(now_ms(), Input::Appended { request, result: Err(AppendError::Busy) });
            return;
        }
        self.append_bytes += bytes;
        let (bus, answers) = (Arc::clone(&self.bus), self.answers.clone());
        self.store.append(append, move |result| {
            if let Ok(done) = &result
                && !done.repeated
            {
                publish(&*bus, done);
            }
            reply(&answers, Answered::Append(request, bytes, result));
        });
    }

    pub(super) fn query(&mut self, request: RequestId, query: relay_core::store::Query) {
        match self.core.page_reader(request) {
            Some(connection) => self.want_page(connection, request, query),
            None => {
                self.read(request, query);
            }
        }
    }

    /// Has the store read; false when it has too much to do, which is answered at once.
    pub(super) fn read(&mut self, request: RequestId, query: relay_core::store::Query) -> bool {
        if !self.begin_request() {
            self.core.handle(now_ms(), Input::Answered { request, result: Err(QueryError::Busy) });
            return false;
        }
        let answers = self.answers.clone();
        self.store.query(query, move |result| reply(&answers, Answered::Query(request, result)));
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
                reply(&answers, Answered::Registered(connection, result.map(|()| (visitor, token))));
            },
        );
    }
}

/// Announces committed events.
fn publish(bus: &dyn Bus, done: &Appended) {
    let commit =
        relay_core::input::Commit { site: done.site.clone(), visitor: done.visitor, events: done.events.clone() };
    if let Err(error) = bus.publish(Notice::Committed(commit)) {
        tracing::error!(%error, "committed events were not announced; readers find the gap");
    }
}

/// Hands an answer back. There is a place for every request under way; only a core that has ended does not take it.
pub(super) fn reply(answers: &mpsc::Sender<Answered>, answer: Answered) {
    if let Err(mpsc::error::TrySendError::Full(_)) = answers.try_send(answer) {
        tracing::error!("more answers than requests");
    }
}
