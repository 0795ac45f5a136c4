//! The line to the relay: connect, hello, heartbeat, reconnect.

use std::collections::VecDeque;

use wire::limit::{HELLO_WAIT_MS, PING_EVERY_MS, PONG_WAIT_MS};
use wire::{ClientFrame, Close};

use crate::backoff::reconnect_ms;
use crate::clock::Earliest;
use crate::types::{Online, Output};

/// A line that lasted this long was a good one: the next wait is short again.
const STABLE_MS: u64 = 10_000;
/// A connection attempt that hangs is given up after this long; the browser itself would wait minutes.
const CONNECT_WAIT_MS: u64 = 15_000;
/// An attempt this old is begun anew when the network comes back.
const CONNECT_OLD_MS: u64 = 2_000;
/// The least number of failed tries that a relay with too much to do counts for.
const BUSY_TRIES: u32 = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Down {
        retry_at_ms: u64,
    },
    Connecting {
        since_ms: u64,
    },
    /// The socket is open and hello is said.
    Greeting {
        since_ms: u64,
    },
    Live {
        since_ms: u64,
    },
    Refused(Close),
}

/// The line. Times are inside times.
#[derive(Debug)]
pub(crate) struct Line {
    state: State,
    /// Whether the browser says that there is a network.
    network: bool,
    /// Failed tries in a row.
    tries: u32,
    /// Whether any try has failed, or a line was lost.
    lost_before: bool,
    ping_at_ms: u64,
    /// When a line that stays silent is taken for dead.
    dead_at_ms: Option<u64>,
}

impl Line {
    pub(crate) const fn new() -> Self {
        Self { state: State::Idle, network: true, tries: 0, lost_before: false, ping_at_ms: 0, dead_at_ms: None }
    }

    /// Connects, if nothing was done before.
    pub(crate) fn open(&mut self, now_ms: u64, out: &mut VecDeque<Output>) {
        if self.state == State::Idle {
            self.connect(now_ms, out);
        }
    }

    /// The socket is open. Whether hello is to be said.
    pub(crate) fn up(&mut self, now_ms: u64) -> bool {
        if !matches!(self.state, State::Connecting { .. }) {
            return false;
        }
        self.state = State::Greeting { since_ms: now_ms };
        true
    }

    /// A frame came. Whether it belongs to this line.
    pub(crate) const fn heard(&mut self) -> bool {
        self.dead_at_ms = None;
        matches!(self.state, State::Greeting { .. } | State::Live { .. })
    }

    /// The relay said welcome.
    pub(crate) const fn welcome(&mut self, now_ms: u64) {
        self.state = State::Live { since_ms: now_ms };
        self.network = true;
        self.ping_at_ms = now_ms.saturating_add(PING_EVERY_MS);
    }

    /// The socket closed. Whether a line was lost (rather than one that was given up before).
    pub(crate) fn down(&mut self, now_ms: u64, code: u16, random: u64) -> bool {
        if !matches!(self.state, State::Connecting { .. } | State::Greeting { .. } | State::Live { .. }) {
            return false;
        }
        if !Close::come_back(code) {
            self.dead_at_ms = None;
            // A code of the range that this version does not know: only a newer page can tell.
            self.state = State::Refused(Close::from_code(code).unwrap_or(Close::Version));
            return true;
        }
        let stable = self.stable(now_ms);
        self.retry(now_ms, random);
        match Close::from_code(code) {
            Some(Close::Busy | Close::Flood) => {
                self.tries = self.tries.max(BUSY_TRIES);
                self.state = State::Down { retry_at_ms: now_ms.saturating_add(reconnect_ms(self.tries, random)) };
            }
            // Browsers slow the timers of hidden pages down, so that our pings come late: nothing is wrong with the relay.
            Some(Close::Idle) if stable => self.state = State::Down { retry_at_ms: now_ms },
            _ => {}
        }
        true
    }

    /// The browser says that the network is back, or the page is shown again. Whether a line was lost by starting anew.
    pub(crate) fn network_up(&mut self, now_ms: u64, out: &mut VecDeque<Output>) -> bool {
        self.network = true;
        match self.state {
            State::Idle | State::Refused(_) => false,
            State::Down { .. } => {
                self.tries = 0;
                self.connect(now_ms, out);
                false
            }
            State::Connecting { since_ms } | State::Greeting { since_ms } => {
                let old = now_ms.saturating_sub(since_ms) >= CONNECT_OLD_MS;
                if old {
                    self.restart(now_ms, out);
                }
                old
            }
            State::Live { .. } => {
                self.ping(now_ms, out);
                false
            }
        }
    }

    /// The browser says that the network is gone. It may be wrong: a line that is live is asked, not dropped.
    pub(crate) fn network_down(&mut self, now_ms: u64, out: &mut VecDeque<Output>) {
        self.network = false;
        if self.live() {
            self.ping(now_ms, out);
        }
    }

    /// Gives the line up and makes a new one at once.
    pub(crate) fn restart(&mut self, now_ms: u64, out: &mut VecDeque<Output>) {
        if matches!(self.state, State::Connecting { .. } | State::Greeting { .. } | State::Live { .. }) {
            out.push_back(Output::Disconnect);
            self.connect(now_ms, out);
        }
    }

    /// Does what is due. Whether a line was given up.
    pub(crate) fn tick(&mut self, now_ms: u64, random: u64, out: &mut VecDeque<Output>) -> bool {
        let dead = match self.state {
            State::Idle | State::Refused(_) => false,
            State::Down { retry_at_ms } => {
                if retry_at_ms <= now_ms {
                    self.connect(now_ms, out);
                }
                false
            }
            State::Connecting { .. } | State::Greeting { .. } => self.overdue_ms() <= now_ms,
            State::Live { .. } if self.dead_at_ms.is_some() => self.overdue_ms() <= now_ms,
            State::Live { .. } => {
                if self.ping_at_ms <= now_ms {
                    self.ping(now_ms, out);
                }
                false
            }
        };
        if dead {
            self.give_up(now_ms, random, out);
        }
        dead
    }

    /// Drops the socket and tries again later.
    pub(crate) fn give_up(&mut self, now_ms: u64, random: u64, out: &mut VecDeque<Output>) {
        out.push_back(Output::Disconnect);
        self.retry(now_ms, random);
    }

    pub(crate) fn timeout(&self, earliest: &mut Earliest) {
        match self.state {
            State::Idle | State::Refused(_) => {}
            State::Down { retry_at_ms } => earliest.add(retry_at_ms),
            State::Connecting { .. } | State::Greeting { .. } => earliest.add(self.overdue_ms()),
            State::Live { .. } if self.dead_at_ms.is_some() => earliest.add(self.overdue_ms()),
            State::Live { .. } => earliest.add(self.ping_at_ms),
        }
    }

    pub(crate) const fn live(&self) -> bool {
        matches!(self.state, State::Live { .. })
    }

    /// How the line stands; the time in it is an inside time.
    pub(crate) const fn online(&self) -> Online {
        match self.state {
            State::Live { .. } => Online::Live,
            State::Refused(close) => Online::Refused(close),
            State::Idle => Online::Idle,
            State::Down { .. } | State::Connecting { .. } | State::Greeting { .. } if !self.network => Online::Offline,
            State::Down { retry_at_ms } => Online::Reconnecting { retry_at_ms },
            State::Connecting { since_ms } | State::Greeting { since_ms } => {
                if self.lost_before {
                    Online::Reconnecting { retry_at_ms: since_ms }
                } else {
                    Online::Connecting
                }
            }
        }
    }

    fn connect(&mut self, now_ms: u64, out: &mut VecDeque<Output>) {
        self.dead_at_ms = None;
        self.state = State::Connecting { since_ms: now_ms };
        out.push_back(Output::Connect);
    }

    fn ping(&mut self, now_ms: u64, out: &mut VecDeque<Output>) {
        self.ping_at_ms = now_ms.saturating_add(PING_EVERY_MS);
        // A second ping does not put the end of a silent line off.
        self.dead_at_ms.get_or_insert(now_ms.saturating_add(PONG_WAIT_MS));
        out.push_back(Output::Transmit(ClientFrame::Ping));
    }

    fn retry(&mut self, now_ms: u64, random: u64) {
        if self.stable(now_ms) {
            self.tries = 0;
        }
        let wait_ms = reconnect_ms(self.tries, random);
        self.tries = self.tries.saturating_add(1);
        self.lost_before = true;
        self.dead_at_ms = None;
        self.state = State::Down { retry_at_ms: now_ms.saturating_add(wait_ms) };
    }

    /// Whether the line is live and has lasted.
    fn stable(&self, now_ms: u64) -> bool {
        matches!(self.state, State::Live { since_ms } if now_ms.saturating_sub(since_ms) >= STABLE_MS)
    }

    fn overdue_ms(&self) -> u64 {
        match self.state {
            State::Connecting { since_ms } => since_ms.saturating_add(CONNECT_WAIT_MS),
            State::Greeting { since_ms } => since_ms.saturating_add(HELLO_WAIT_MS),
            State::Idle | State::Down { .. } | State::Live { .. } | State::Refused(_) => {
                self.dead_at_ms.unwrap_or(u64::MAX)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live() -> (Line, VecDeque<Output>) {
        let mut line = Line::new();
        let mut out = VecDeque::new();
        line.open(0, &mut out);
        assert_eq!(out.pop_front(), Some(Output::Connect));
        assert!(line.up(10));
        line.welcome(20);
        (line, out)
    }

    fn next_ms(line: &Line, now_ms: u64) -> Option<u64> {
        let mut earliest = Earliest::after(now_ms);
        line.timeout(&mut earliest);
        earliest.get()
    }

    #[test]
    fn a_silent_line_is_pinged_then_dropped_then_made_again() {
        let (mut line, mut out) = live();
        assert_eq!(next_ms(&line, 20), Some(20_020));
        assert!(!line.tick(20_020, 0, &mut out));
        assert_eq!(out.pop_front(), Some(Output::Transmit(ClientFrame::Ping)));
        assert_eq!(next_ms(&line, 20_020), Some(30_020));
        assert!(line.tick(30_020, 0, &mut out));
        assert_eq!(out.pop_front(), Some(Output::Disconnect));
        assert_eq!(line.online(), Online::Reconnecting { retry_at_ms: 30_270 });
        assert!(!line.tick(30_270, 0, &mut out));
        assert_eq!(out.pop_front(), Some(Output::Connect));
    }

    #[test]
    fn any_frame_proves_that_the_line_lives() {
        let (mut line, mut out) = live();
        line.tick(20_020, 0, &mut out);
        assert!(line.heard());
        assert!(!line.tick(30_020, 0, &mut out));
        assert_eq!(next_ms(&line, 30_020), Some(40_020));
    }

    #[test]
    fn waits_double_until_a_line_has_lasted() {
        let mut line = Line::new();
        let mut out = VecDeque::new();
        line.open(0, &mut out);
        let mut now_ms = 0;
        for wait_ms in [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000] {
            assert!(line.down(now_ms, 1006, 0));
            assert_eq!(next_ms(&line, now_ms), Some(now_ms + wait_ms));
            now_ms += wait_ms;
            assert!(!line.tick(now_ms, 0, &mut out));
        }
        assert!(line.up(now_ms));
        line.welcome(now_ms);
        now_ms += STABLE_MS;
        assert!(line.down(now_ms, 1006, 0));
        assert_eq!(next_ms(&line, now_ms), Some(now_ms + 250));
    }

    #[test]
    fn codes_say_whether_and_when_to_come_back() {
        for (code, online) in [
            (1006, Online::Reconnecting { retry_at_ms: 350 }),
            (Close::Restart.code(), Online::Reconnecting { retry_at_ms: 350 }),
            (Close::Busy.code(), Online::Reconnecting { retry_at_ms: 4_100 }),
            (Close::Version.code(), Online::Refused(Close::Version)),
            (Close::SignedOut.code(), Online::Refused(Close::SignedOut)),
            (4_777, Online::Refused(Close::Version)),
        ] {
            let (mut line, mut out) = live();
            assert!(line.down(100, code, 0));
            assert_eq!(line.online(), online, "{code}");
            let refused = matches!(online, Online::Refused(_));
            assert_eq!(next_ms(&line, 100).is_none(), refused);
            line.network_up(200, &mut out);
            assert_eq!(out.pop_front(), if refused { None } else { Some(Output::Connect) });
        }
    }

    #[test]
    fn a_page_whose_pings_come_late_is_back_at_once() {
        let (mut line, mut out) = live();
        assert!(line.down(60_000, Close::Idle.code(), 0));
        assert!(!line.tick(60_000, 0, &mut out));
        assert_eq!(out.pop_front(), Some(Output::Connect));
    }

    #[test]
    fn hanging_attempts_are_given_up_and_late_reports_ignored() {
        let mut line = Line::new();
        let mut out = VecDeque::new();
        line.open(0, &mut out);
        line.open(0, &mut out);
        assert_eq!(out.len(), 1);
        assert!(line.tick(CONNECT_WAIT_MS, 0, &mut out));
        assert!(!line.up(CONNECT_WAIT_MS) && !line.heard());
        assert!(!line.down(CONNECT_WAIT_MS, Close::Version.code(), 0));
        assert!(matches!(line.online(), Online::Reconnecting { .. }));
        line.network_down(CONNECT_WAIT_MS, &mut out);
        assert_eq!(line.online(), Online::Offline);
    }
}
