//! The store's task as a model: what the core asks of it is done together, in one transaction, and comes back in order.

use relay_core::{
    Append, AppendError, Appended, Commit, ConnectionId, Input, Query, QueryAnswer, QueryError, RequestId,
};
use wire::{Refusal, SiteId, Token, VisitorId};

use crate::planted::Planted;
use crate::world::{Happening, World};

/// What the store has to do.
#[derive(Debug)]
pub(crate) enum Job {
    Append(RequestId, Append),
    Query(RequestId, Query),
    Register(ConnectionId, SiteId),
}

/// What comes back from the store, in this order.
#[derive(Debug)]
pub(crate) enum Back {
    BusMessage(Commit),
    /// There was no room for some notices.
    Missed,
    Append(RequestId, Result<Appended, AppendError>),
    Query(RequestId, Result<QueryAnswer, QueryError>),
    Register(ConnectionId, Option<(VisitorId, Token)>),
}

impl World {
    pub(crate) fn ask_store(&mut self, job: Job) {
        self.relay.jobs.push_back(job);
        if !std::mem::replace(&mut self.relay.committing, true) {
            self.plan_commit();
        }
    }

    fn plan_commit(&mut self) {
        let slow = self.now_ms < self.relay.store_slow_until_ms;
        let wait_ms = if slow { self.rng.between(500, 4_000) } else { self.rng.between(0, self.plan.commit_ms) };
        self.plan_in(wait_ms, Happening::Commit);
    }

    /// One transaction of the store: everything that queued up meanwhile, or nothing.
    pub(crate) fn commit(&mut self) {
        if !self.relay.committing || self.dies() {
            return;
        }
        let jobs = std::mem::take(&mut self.relay.jobs);
        let down =
            self.now_ms < self.relay.store_down_until_ms || !self.healthy && self.rng.chance(self.plan.store_error);
        let answer_lost = !down && !self.healthy && self.rng.chance(self.plan.answer_lost);
        if self.planted(Planted::AnswersBeforeCommit) {
            self.relay.durable = Some(self.relay.store.snapshot());
            self.plan_in(20, Happening::Durable);
        }
        for job in jobs {
            self.do_job(job, down, answer_lost);
        }
        // Committed, and nobody has received it yet.
        if self.dies() {
            return;
        }
        self.relay.committing = false;
        self.plan_in(0, Happening::Back);
    }

    /// A planted fault's disk has caught up.
    pub(crate) fn durable(&mut self) {
        self.relay.durable = None;
    }

    fn do_job(&mut self, job: Job, down: bool, answer_lost: bool) {
        let now_ms = self.relay_clock_ms();
        match job {
            Job::Append(request, _) if down => {
                self.relay.back.push_back(Back::Append(request, Err(AppendError::Down)));
            }
            Job::Query(request, _) if down => {
                self.relay.back.push_back(Back::Query(request, Err(QueryError::Down)));
            }
            Job::Register(connection, _) if down => self.relay.back.push_back(Back::Register(connection, None)),
            Job::Append(request, append) => {
                let mut result = self.relay.store.append(now_ms, &append);
                self.check_append(&append, &result);
                if answer_lost {
                    result = result.and(Err(AppendError::Down));
                }
                if let Ok(done) = &result
                    && !done.repeated
                {
                    self.stats.commits += 1;
                    if self.healthy || !self.rng.chance(self.plan.lose_on_bus) {
                        let (site, visitor) = (done.site.clone(), done.visitor);
                        let commit = Commit { site, visitor, events: done.events.clone() };
                        self.relay.back.push_back(Back::BusMessage(commit));
                    } else if self.stats.commits.is_multiple_of(2) {
                        // The bus may know that it had no room, or not.
                        self.relay.back.push_back(Back::Missed);
                    }
                }
                self.relay.back.push_back(Back::Append(request, result));
            }
            Job::Query(request, query) => {
                let result = self.relay.store.query(&query);
                self.relay.back.push_back(Back::Query(request, result));
            }
            Job::Register(connection, site) => {
                let mut bytes = [0; 32];
                for chunk in bytes.chunks_mut(8) {
                    chunk.copy_from_slice(&self.rng.next().to_le_bytes());
                }
                let (visitor, token) = (VisitorId(self.rng.wide()), Token::from_bytes(&bytes));
                self.relay.tokens.insert(token.reveal().to_owned(), visitor);
                self.relay.store.sites.insert(visitor, site);
                let answer = (!answer_lost).then_some((visitor, token));
                self.relay.back.push_back(Back::Register(connection, answer));
            }
        }
    }

    /// The core's task takes back what the store has done, one by one.
    pub(crate) fn take_back(&mut self) {
        while let Some(back) = self.relay.back.pop_front() {
            self.tell(match back {
                Back::BusMessage(commit) => Input::Committed(commit),
                Back::Missed => Input::BusMessagesLost,
                Back::Append(request, result) => Input::Appended { request, result },
                Back::Query(request, result) => Input::Answered { request, result },
                Back::Register(connection, Some((visitor, token))) => Input::Registered { connection, visitor, token },
                Back::Register(connection, None) => Input::RegisterFailed { connection, refusal: Refusal::StoreDown },
            });
        }
        if !self.relay.committing && !self.relay.jobs.is_empty() {
            self.relay.committing = true;
            self.plan_commit();
        }
    }
}
