//! What every machine is given with a call: the time, ids, timers, and the list that it adds its news to.

use std::collections::{BTreeSet, VecDeque};

use wire::{AgentId, Author, ConversationId, MessageId, Refusal, ServerFrame, Subject, VisitorId};

use crate::append::{Append, NewBody, NewEvent};
use crate::clock::Clock;
use crate::ids::Ids;
use crate::input::ConnectionId;
use crate::news::{Audience, News};
use crate::output::Output;
use crate::request::Pending;
use crate::store::Query;

/// The core tries again after this long when the store was busy or down, or disagreed with memory.
pub(crate) const RETRY_MS: u64 = 1_000;

/// The stack of news keeps memory for this many; a broadcast may need more for a moment.
const NEWS_KEPT_MAX: usize = 64;

/// Something to do later. Whether it is still needed is decided when the time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// An agent's last connection has been gone for the grace period.
    Away(AgentId),
    /// What was held back from assignment may be tried again.
    Assign,
    /// A conversation is to be read again.
    Refresh(ConversationId),
    /// The positions in a long queue are sent again.
    Queue,
    /// Changed rows of the consoles' lists are sent.
    Rows,
    /// A visitor's conversations are to be looked at again.
    Attend(VisitorId),
    /// An agent has been gone for so long that its conversations are given back.
    GiveBack(AgentId),
    /// The counts may be sent to consoles.
    Counts,
    /// More conversations of a batch may be ended.
    Endings,
    /// A visitor's page may be recorded again.
    Page(VisitorId),
    /// The presence of agents here is sent to other relays again.
    RenewPresence,
    /// Another relay's presence may have expired.
    ExpirePresence,
    /// The hours of an agent may have begun or ended.
    Hours,
}

/// The time, the ids, the timers and the news of one core.
#[derive(Debug)]
pub(crate) struct Step {
    clock: Clock,
    now_ms: u64,
    ids: Ids,
    timers: BTreeSet<(u64, Timer)>,
    /// A stack: what is passed on next is at the end.
    news: Vec<News>,
    outputs: VecDeque<Output>,
}

impl Step {
    /// Starts at `now_ms`; ids are drawn from the seed.
    pub(crate) const fn new(now_ms: u64, seed: u128) -> Self {
        Self {
            clock: Clock::new(now_ms),
            now_ms,
            ids: Ids::new(seed),
            timers: BTreeSet::new(),
            news: Vec::new(),
            outputs: VecDeque::new(),
        }
    }

    /// Advances to this time of the machine's clock.
    pub(crate) const fn go_on(&mut self, wall_ms: u64) {
        self.now_ms = self.clock.tick(wall_ms);
    }

    /// The core's time, which never goes backwards.
    pub(crate) const fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// The machine's own time, for what is sent to others.
    pub(crate) const fn wall_ms(&self) -> u64 {
        self.clock.wall_ms()
    }

    /// The next id for something that the core itself wants recorded.
    pub(crate) fn id(&mut self) -> MessageId {
        self.ids.message(self.now_ms)
    }

    /// A new event under an id of the core's own.
    pub(crate) fn new_event(&mut self, author: Author, body: NewBody) -> NewEvent {
        NewEvent { id: self.id(), author, body }
    }

    /// Sets a timer, relative to now.
    pub(crate) fn wake_in(&mut self, wait_ms: u64, timer: Timer) {
        self.wake_at(self.now_ms.saturating_add(wait_ms), timer);
    }

    /// Sets a timer.
    pub(crate) fn wake_at(&mut self, at_ms: u64, timer: Timer) {
        self.timers.insert((at_ms, timer));
    }

    /// Removes a timer.
    pub(crate) fn cancel(&mut self, at_ms: u64, timer: Timer) {
        self.timers.remove(&(at_ms, timer));
    }

    /// The next timer that is due.
    pub(crate) fn due(&mut self) -> Option<(u64, Timer)> {
        self.timers.first().filter(|(at_ms, _)| *at_ms <= self.now_ms)?;
        self.timers.pop_first()
    }

    /// When the next timer is due, by the machine's clock.
    pub(crate) fn next_ms(&self) -> Option<u64> {
        self.timers.first().map(|(at_ms, _)| self.clock.outside_ms(*at_ms))
    }

    /// Adds a piece of news for other machines.
    pub(crate) fn tell(&mut self, news: News) {
        self.news.push(news);
    }

    /// A frame for these connections.
    pub(crate) fn send(&mut self, to: Audience, frame: ServerFrame) {
        self.tell(News::Send(to, frame));
    }

    /// Says why a request was not carried out.
    pub(crate) fn refuse(&mut self, connection: ConnectionId, subject: Subject, refusal: Refusal) {
        self.tell(News::refused(connection, subject, refusal));
    }

    /// Asks the store to record.
    pub(crate) fn append(&mut self, pending: Pending, append: Append) {
        self.tell(News::Append(pending, append));
    }

    /// Asks the store to read.
    pub(crate) fn query(&mut self, pending: Pending, query: Query) {
        self.tell(News::Query(pending, query));
    }

    /// Adds an output for the shell. Only `connections` and `core` call this directly, when all earlier news has been passed on.
    pub(crate) fn output(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    /// The next thing to do outside.
    pub(crate) fn next_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The news after the first `left` are passed on next, the earliest first.
    pub(crate) fn begin_at(&mut self, left: usize) {
        self.news[left..].reverse();
    }

    /// The next piece of news, and how many are left.
    pub(crate) fn next_news(&mut self) -> Option<(News, usize)> {
        let Some(news) = self.news.pop() else {
            self.news.shrink_to(NEWS_KEPT_MAX);
            return None;
        };
        Some((news, self.news.len()))
    }

    /// All news and outputs, in order: what a test of one machine checks.
    #[cfg(test)]
    pub(crate) fn take_news(&mut self) -> Vec<News> {
        let outputs = self.outputs.drain(..).map(News::Out);
        outputs.chain(std::mem::take(&mut self.news)).collect()
    }
}
