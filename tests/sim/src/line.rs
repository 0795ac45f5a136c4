//! The network: lines between pages and the relay. On each, frames keep their order; between lines nothing does.

use std::collections::VecDeque;

use relay_core::{ConnectionId, Input};
use wire::{ClientFrame, Close, ServerFrame, VisitorId};

use crate::plan::SEND_QUEUE_FRAMES_MAX;
use crate::planted::Planted;
use crate::world::{Happening, World};

/// Frames that fit into the buffers between the two ends.
const PIPE_FRAMES_MAX: usize = 24;

/// A line; its number is that of the relay's connection.
pub(crate) type LineId = u64;

/// Who is at the page's end, as the relay has proven it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Unknown,
    Visitor(Option<VisitorId>),
    Agent,
}

/// What comes out at the page's end.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there are few at a time")]
pub(crate) enum News {
    Up,
    Frame(ServerFrame),
    Closed(u16),
}

#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) page: usize,
    pub(crate) who: Who,
    /// Whether the page, and the relay, take it for open.
    pub(crate) page_end: bool,
    pub(crate) relay_end: bool,
    /// Nothing passes any more, whatever the ends believe.
    pub(crate) dead: bool,
    up: VecDeque<(u64, ClientFrame)>,
    /// The relay's bounded queue …
    queue: VecDeque<ServerFrame>,
    /// … and what is on its way down.
    pipe: VecDeque<(u64, News)>,
    up_last_ms: u64,
    down_last_ms: u64,
    /// Nothing arrives there before.
    pub(crate) up_silent_until_ms: u64,
    pub(crate) down_silent_until_ms: u64,
}

impl World {
    /// A page opens a line.
    pub(crate) fn open_line(&mut self, page: usize) {
        self.last_line += 1;
        let id = self.last_line;
        let relay_end = self.relay.core.is_some();
        let mut line = Line {
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
        line.down_last_ms = at_ms;
        line.pipe.push_back((at_ms, if relay_end { News::Up } else { News::Closed(1006) }));
        self.lines.insert(id, line);
        self.pages[page].line = Some(id);
        self.plan_at(at_ms, Happening::Down(id));
    }

    fn arrival_ms(&mut self) -> u64 {
        let most = if self.healthy { 20 } else { self.plan.delay_ms };
        let delay_ms = self.rng.between(1, most);
        let slow = !self.healthy && self.rng.chance(20);
        self.now_ms + if slow { delay_ms * 10 } else { delay_ms }
    }

    /// A page says something.
    pub(crate) fn go_up(&mut self, id: LineId, frame: &ClientFrame) {
        // A line does not lose or double what passes; a fallback over separate requests could, for what is asked again.
        let repeatable =
            matches!(frame, ClientFrame::Say { .. } | ClientFrame::Note { .. } | ClientFrame::Fetch { .. });
        let hurt = !self.healthy && repeatable;
        if hurt && self.rng.chance(self.plan.lose) {
            return;
        }
        let copies = 1 + u32::from(hurt && self.rng.chance(self.plan.double));
        for _ in 0..copies {
            let at_ms = self.arrival_ms();
            let Some(line) = self.lines.get_mut(&id) else { return };
            line.up_last_ms = line.up_last_ms.max(at_ms);
            line.up.push_back((line.up_last_ms, frame.clone()));
            let at_ms = line.up_last_ms;
            self.plan_at(at_ms, Happening::Up(id));
        }
    }

    /// What is due at the relay's end.
    pub(crate) fn arrive_up(&mut self, id: LineId) {
        loop {
            let Some(line) = self.lines.get_mut(&id) else { return };
            if line.dead || !line.relay_end {
                return;
            }
            let Some((at_ms, _)) = line.up.front() else { return };
            let at_ms = (*at_ms).max(line.up_silent_until_ms);
            if at_ms > self.now_ms {
                return self.plan_at(at_ms, Happening::Up(id));
            }
            let Some((_, frame)) = line.up.pop_front() else { return };
            self.relay_hears(id, frame);
        }
    }

    /// The relay puts a frame into the queue of a line.
    pub(crate) fn push(&mut self, id: LineId, frame: ServerFrame) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        if !line.relay_end {
            return;
        }
        if let (ServerFrame::Registered { visitor, .. }, Who::Visitor(None)) = (&frame, line.who) {
            line.who = Who::Visitor(Some(*visitor));
        }
        let most = if self.healthy { SEND_QUEUE_FRAMES_MAX } else { self.plan.queue_frames_max };
        let full = line.queue.len() >= most;
        self.inspect(id, &frame);
        if full {
            if !self.planted(Planted::DropsWhenFull) {
                self.stats.slow_closed += 1;
                self.close_line(id, Close::Slow);
            }
            return;
        }
        if let Some(line) = self.lines.get_mut(&id) {
            line.queue.push_back(frame);
        }
        self.flow_down(id);
    }

    fn flow_down(&mut self, id: LineId) {
        let most = if self.healthy { PIPE_FRAMES_MAX } else { self.plan.queue_frames_max.min(PIPE_FRAMES_MAX) };
        loop {
            let Some(line) = self.lines.get_mut(&id) else { return };
            if line.pipe.len() >= most {
                return;
            }
            let Some(frame) = line.queue.pop_front() else { return };
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

    fn put_into_pipe(&mut self, id: LineId, news: News) {
        let at_ms = self.arrival_ms();
        let Some(line) = self.lines.get_mut(&id) else { return };
        line.down_last_ms = line.down_last_ms.max(at_ms);
        line.pipe.push_back((line.down_last_ms, news));
        let at_ms = line.down_last_ms;
        self.plan_at(at_ms, Happening::Down(id));
    }

    /// What is due at the page's end.
    pub(crate) fn arrive_down(&mut self, id: LineId) {
        loop {
            let Some(line) = self.lines.get_mut(&id) else { return };
            if line.dead || !line.page_end {
                return;
            }
            let Some((at_ms, _)) = line.pipe.front() else { return };
            let at_ms = (*at_ms).max(line.down_silent_until_ms);
            if at_ms > self.now_ms {
                return self.plan_at(at_ms, Happening::Down(id));
            }
            let Some((_, news)) = line.pipe.pop_front() else { return };
            if line.relay_end {
                self.flow_down(id);
            }
            self.page_hears(id, news);
        }
    }

    /// The relay ends a line: what was said before still goes out, unless the reader is too slow for it.
    pub(crate) fn close_line(&mut self, id: LineId, close: Close) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        if !std::mem::replace(&mut line.relay_end, false) {
            return;
        }
        let last = std::mem::take(&mut line.queue);
        if close != Close::Slow {
            for frame in last {
                self.put_into_pipe(id, News::Frame(frame));
            }
        }
        self.put_into_pipe(id, News::Closed(close.code()));
        self.plan_in(1, Happening::Gone(id));
    }

    /// The relay's process is gone, and with it its ends of all lines. What is in the pipes may still arrive.
    pub(crate) fn break_all(&mut self) {
        let ids: Vec<LineId> = self.lines.iter().filter(|(_, line)| line.relay_end).map(|(id, _)| *id).collect();
        for id in ids {
            let arrives = self.rng.chance(500);
            let Some(line) = self.lines.get_mut(&id) else { continue };
            line.relay_end = false;
            line.queue.clear();
            line.up.clear();
            if !arrives {
                line.pipe.clear();
            }
            self.put_into_pipe(id, News::Closed(1006));
        }
    }

    /// The page drops its end. The relay hears of it soon, or late.
    pub(crate) fn drop_line(&mut self, page: usize) {
        let Some(id) = self.pages[page].line.take() else { return };
        let late = !self.healthy && self.rng.chance(150);
        let wait_ms = if late { self.rng.between(1_000, 60_000) } else { self.rng.between(0, 300) };
        if let Some(line) = self.lines.get_mut(&id) {
            line.page_end = false;
            line.pipe.clear();
        }
        self.plan_in(wait_ms, Happening::RelayLoses(id));
    }

    /// The relay hears that a line is gone.
    pub(crate) fn relay_loses(&mut self, id: LineId) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        if std::mem::replace(&mut line.relay_end, false) {
            line.queue.clear();
            line.up.clear();
            self.gone(id);
        }
        self.bury(id);
    }

    /// The core hears that a line is gone.
    pub(crate) fn gone(&mut self, id: LineId) {
        if self.lines.get(&id).is_some_and(|line| line.who != Who::Unknown) {
            self.tell(Input::Disconnected { connection: ConnectionId(id) });
        }
        self.bury(id);
    }

    fn bury(&mut self, id: LineId) {
        if self.lines.get(&id).is_some_and(|line| !line.page_end && !line.relay_end) {
            self.lines.remove(&id);
        }
    }

    /// A line breaks. Each end hears of it at its own time, or never.
    pub(crate) fn cut(&mut self, id: LineId) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        line.dead = true;
        for happening in [Happening::PageLoses(id), Happening::RelayLoses(id)] {
            let wait_ms = match self.rng.below(10) {
                0 => self.rng.between(20_000, 150_000),
                1..=3 => self.rng.between(500, 5_000),
                _ => self.rng.between(0, 100),
            };
            self.plan_in(wait_ms, happening);
        }
    }

    /// The page hears that its line is gone.
    pub(crate) fn page_loses(&mut self, id: LineId) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        if std::mem::replace(&mut line.page_end, false) {
            self.page_hears(id, News::Closed(1006));
        }
        self.bury(id);
    }

    /// The network is well again: what waited goes on, broken lines are heard of.
    pub(crate) fn heal_lines(&mut self) {
        let ids: Vec<LineId> = self.lines.keys().copied().collect();
        for id in ids {
            let Some(line) = self.lines.get_mut(&id) else { continue };
            (line.up_silent_until_ms, line.down_silent_until_ms) = (0, 0);
            let (dead, page_end) = (line.dead, line.page_end);
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
