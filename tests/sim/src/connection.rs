//! The network: connections between pages and the relay. On each one frames keep their order; between connections they do not.

use std::collections::VecDeque;

use relay_core::{ConnectionId, Input};
use wire::{ClientFrame, Close, ServerFrame, VisitorId};

use crate::plan::SEND_QUEUE_FRAMES_MAX;
use crate::planted::Planted;
use crate::world::{Happening, World};

/// Frames that fit into the buffers between the two ends.
const PIPE_FRAMES_MAX: usize = 24;

/// The number of a connection, also at the relay.
pub(crate) type ConnectionNumber = u64;

/// Who the page belongs to, as the relay has proven it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Unknown,
    Visitor(Option<VisitorId>),
    Agent,
}

/// What arrives at the page.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there are few at a time")]
pub(crate) enum News {
    Up,
    Frame(ServerFrame),
    Closed(u16),
}

#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) page: usize,
    pub(crate) who: Who,
    /// Whether the page, and the relay, take it for open.
    pub(crate) page_end: bool,
    pub(crate) relay_end: bool,
    /// Nothing arrives any more, whatever page and relay believe.
    pub(crate) dead: bool,
    up: VecDeque<(u64, ClientFrame)>,
    /// The relay's bounded queue …
    queue: VecDeque<ServerFrame>,
    /// … and what has been sent to the page and has not arrived.
    pipe: VecDeque<(u64, News)>,
    up_last_ms: u64,
    down_last_ms: u64,
    /// Nothing arrives there before.
    pub(crate) up_silent_until_ms: u64,
    pub(crate) down_silent_until_ms: u64,
}

impl World {
    /// A page opens a connection.
    pub(crate) fn open_connection(&mut self, page: usize) {
        self.last_connection += 1;
        let id = self.last_connection;
        let relay_end = self.relay.core.is_some();
        let mut connection = Connection {
            page,
            who: Who::Unknown,
            page_end: true,
            relay_end,
            dead: false,
            up: VecDeque::new(),
            queue: VecDeque::new(),
            pipe: VecDeque::new(),
            up_last_ms: 0,
            down_last_ms: 0,
            up_silent_until_ms: 0,
            down_silent_until_ms: 0,
        };
        let at_ms = self.arrival_ms();
        connection.down_last_ms = at_ms;
        connection.pipe.push_back((at_ms, if relay_end { News::Up } else { News::Closed(1006) }));
        self.connections.insert(id, connection);
        self.pages[page].connection = Some(id);
        self.plan_at(at_ms, Happening::Down(id));
    }

    fn arrival_ms(&mut self) -> u64 {
        let most = if self.healthy { 20 } else { self.plan.delay_ms };
        let delay_ms = self.rng.between(1, most);
        let slow = !self.healthy && self.rng.chance(20);
        self.now_ms + if slow { delay_ms * 10 } else { delay_ms }
    }

    /// A page sends a frame.
    pub(crate) fn go_up(&mut self, id: ConnectionNumber, frame: &ClientFrame) {
        // A connection does not lose or double what passes; a fallback over separate requests could, for what is asked again.
        let repeatable =
            matches!(frame, ClientFrame::Say { .. } | ClientFrame::Note { .. } | ClientFrame::Fetch { .. });
        let hurt = !self.healthy && repeatable;
        if hurt && self.rng.chance(self.plan.lose) {
            return;
        }
        let copies = 1 + u32::from(hurt && self.rng.chance(self.plan.double));
        for _ in 0..copies {
            let at_ms = self.arrival_ms();
            let Some(connection) = self.connections.get_mut(&id) else { return };
            connection.up_last_ms = connection.up_last_ms.max(at_ms);
            connection.up.push_back((connection.up_last_ms, frame.clone()));
            let at_ms = connection.up_last_ms;
            self.plan_at(at_ms, Happening::Up(id));
        }
    }

    /// What is due at the relay's end.
    pub(crate) fn arrive_up(&mut self, id: ConnectionNumber) {
        loop {
            let Some(connection) = self.connections.get_mut(&id) else { return };
            if connection.dead || !connection.relay_end {
                return;
            }
            let Some((at_ms, _)) = connection.up.front() else { return };
            let at_ms = (*at_ms).max(connection.up_silent_until_ms);
            if at_ms > self.now_ms {
                return self.plan_at(at_ms, Happening::Up(id));
            }
            let Some((_, frame)) = connection.up.pop_front() else { return };
            self.relay_receives(id, frame);
        }
    }

    /// The relay puts a frame into the queue of a connection.
    pub(crate) fn push(&mut self, id: ConnectionNumber, frame: ServerFrame) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        if !connection.relay_end {
            return;
        }
        if let (ServerFrame::Registered { visitor, .. }, Who::Visitor(None)) = (&frame, connection.who) {
            connection.who = Who::Visitor(Some(*visitor));
        }
        let most = if self.healthy { SEND_QUEUE_FRAMES_MAX } else { self.plan.queue_frames_max };
        let full = connection.queue.len() >= most;
        self.inspect(id, &frame);
        if full {
            if !self.planted(Planted::DropsWhenFull) {
                self.stats.slow_closed += 1;
                self.close_connection(id, Close::Slow);
            }
            return;
        }
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.queue.push_back(frame);
        }
        self.flow_down(id);
    }

    fn flow_down(&mut self, id: ConnectionNumber) {
        let most = if self.healthy { PIPE_FRAMES_MAX } else { self.plan.queue_frames_max.min(PIPE_FRAMES_MAX) };
        loop {
            let Some(connection) = self.connections.get_mut(&id) else { return };
            if connection.pipe.len() >= most {
                return;
            }
            let Some(frame) = connection.queue.pop_front() else { return };
            let hurt = !self.healthy && matches!(frame, ServerFrame::Event { .. });
            if hurt && self.rng.chance(self.plan.lose) {
                continue;
            }
            if hurt && self.rng.chance(self.plan.double) {
                self.put_into_pipe(id, News::Frame(frame.clone()));
            }
            self.put_into_pipe(id, News::Frame(frame));
        }
    }

    fn put_into_pipe(&mut self, id: ConnectionNumber, news: News) {
        let at_ms = self.arrival_ms();
        let Some(connection) = self.connections.get_mut(&id) else { return };
        connection.down_last_ms = connection.down_last_ms.max(at_ms);
        connection.pipe.push_back((connection.down_last_ms, news));
        let at_ms = connection.down_last_ms;
        self.plan_at(at_ms, Happening::Down(id));
    }

    /// What is due at the page's end.
    pub(crate) fn arrive_down(&mut self, id: ConnectionNumber) {
        loop {
            let Some(connection) = self.connections.get_mut(&id) else { return };
            if connection.dead || !connection.page_end {
                return;
            }
            let Some((at_ms, _)) = connection.pipe.front() else { return };
            let at_ms = (*at_ms).max(connection.down_silent_until_ms);
            if at_ms > self.now_ms {
                return self.plan_at(at_ms, Happening::Down(id));
            }
            let Some((_, news)) = connection.pipe.pop_front() else { return };
            if connection.relay_end {
                self.flow_down(id);
            }
            self.page_receives(id, news);
        }
    }

    /// The relay ends a connection: what was said before still goes out, unless the reader is too slow for it.
    pub(crate) fn close_connection(&mut self, id: ConnectionNumber, close: Close) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        if !std::mem::replace(&mut connection.relay_end, false) {
            return;
        }
        let last = std::mem::take(&mut connection.queue);
        if close != Close::Slow {
            for frame in last {
                self.put_into_pipe(id, News::Frame(frame));
            }
        }
        self.put_into_pipe(id, News::Closed(close.code()));
        self.plan_in(1, Happening::Gone(id));
    }

    /// The relay's process is gone, and with it its ends of all connections. What is in the pipes may still arrive.
    pub(crate) fn break_all(&mut self) {
        let ids: Vec<ConnectionNumber> =
            self.connections.iter().filter(|(_, connection)| connection.relay_end).map(|(id, _)| *id).collect();
        for id in ids {
            let arrives = self.rng.chance(500);
            let Some(connection) = self.connections.get_mut(&id) else { continue };
            connection.relay_end = false;
            connection.queue.clear();
            connection.up.clear();
            if !arrives {
                connection.pipe.clear();
            }
            self.put_into_pipe(id, News::Closed(1006));
        }
    }

    /// The page drops its end. The relay learns of it soon, or late.
    pub(crate) fn drop_connection(&mut self, page: usize) {
        let Some(id) = self.pages[page].connection.take() else { return };
        let late = !self.healthy && self.rng.chance(150);
        let wait_ms = if late { self.rng.between(1_000, 60_000) } else { self.rng.between(0, 300) };
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.page_end = false;
            connection.pipe.clear();
        }
        self.plan_in(wait_ms, Happening::RelayLoses(id));
    }

    /// The relay learns that a connection is gone.
    pub(crate) fn relay_loses(&mut self, id: ConnectionNumber) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        if std::mem::replace(&mut connection.relay_end, false) {
            connection.queue.clear();
            connection.up.clear();
            self.gone(id);
        }
        self.bury(id);
    }

    /// The core learns that a connection is gone.
    pub(crate) fn gone(&mut self, id: ConnectionNumber) {
        if self.connections.get(&id).is_some_and(|connection| connection.who != Who::Unknown) {
            self.tell(Input::Disconnected { connection: ConnectionId(id) });
        }
        self.bury(id);
    }

    fn bury(&mut self, id: ConnectionNumber) {
        if self.connections.get(&id).is_some_and(|connection| !connection.page_end && !connection.relay_end) {
            self.connections.remove(&id);
        }
    }

    /// A connection breaks. Each end learns of it at its own time, or never.
    pub(crate) fn cut(&mut self, id: ConnectionNumber) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        connection.dead = true;
        for happening in [Happening::PageLoses(id), Happening::RelayLoses(id)] {
            let wait_ms = match self.rng.below(10) {
                0 => self.rng.between(20_000, 150_000),
                1..=3 => self.rng.between(500, 5_000),
                _ => self.rng.between(0, 100),
            };
            self.plan_in(wait_ms, happening);
        }
    }

    /// The page learns that its connection is gone.
    pub(crate) fn page_loses(&mut self, id: ConnectionNumber) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        if std::mem::replace(&mut connection.page_end, false) {
            self.page_receives(id, News::Closed(1006));
        }
        self.bury(id);
    }

    /// The network is well again: what waited goes on, broken connections become known.
    pub(crate) fn heal_connections(&mut self) {
        let ids: Vec<ConnectionNumber> = self.connections.keys().copied().collect();
        for id in ids {
            let Some(connection) = self.connections.get_mut(&id) else { continue };
            (connection.up_silent_until_ms, connection.down_silent_until_ms) = (0, 0);
            let (dead, page_end) = (connection.dead, connection.page_end);
            if dead {
                self.plan_in(10, Happening::PageLoses(id));
            }
            if dead || !page_end {
                self.plan_in(20, Happening::RelayLoses(id));
            }
            self.plan_in(1, Happening::Up(id));
            self.plan_in(1, Happening::Down(id));
        }
    }
}
