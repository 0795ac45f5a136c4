//! The connection to the relay: connect, hello, heartbeat, reconnect.

mod backoff;
mod choice;

use std::collections::VecDeque;

use wire::limit::{CONNECT_WAIT_MS, PING_EVERY_MS, PONG_WAIT_MS};
use wire::{ClientFrame, Close};

pub(crate) use backoff::refused_ms;

use crate::clock::Earliest;
use crate::connection::backoff::reconnect_ms;
use crate::connection::choice::Choice;
use crate::types::{Online, Output};

/// A connection that lasted this long was a good one: the next wait is short again.
const STABLE_MS: u64 = 10_000;
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
    /// The socket or stream is open and hello is said.
    Greeting {
        since_ms: u64,
    },
    Live {
        since_ms: u64,
    },
    Refused(Close),
}

/// The connection. Times are inside times.
#[derive(Debug)]
pub(crate) struct Connection {
    state: State,
    choice: Choice,
    /// Whether the browser says that there is a network.
    network: bool,
    /// Failed tries in a row.
    tries: u32,
    /// Whether any try has failed, or a connection was lost.
    lost_before: bool,
    ping_at_ms: u64,
    /// When a connection that stays silent is taken for dead.
    dead_at_ms: Option<u64>,
}

impl Connection {
    pub(crate) const fn new() -> Self {
        Self {
            state: State::Idle,
            choice: Choice::new(),
            network: true,
            tries: 0,
            lost_before: false,
            ping_at_ms: 0,
            dead_at_ms: None,
        }
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

    /// A frame came. Whether it belongs to this connection.
    pub(crate) const fn heard(&mut self) -> bool {
        if self.dead_at_ms.take().is_some() && self.live() {
            self.choice.answered();
            // Whatever the browser said of the network: something came through.
            self.network = true;
        }
        matches!(self.state, State::Greeting { .. } | State::Live { .. })
    }

    /// The relay said welcome.
    pub(crate) const fn welcome(&mut self, now_ms: u64) {
        self.state = State::Live { since_ms: now_ms };
        self.choice.welcome();
        self.network = true;
        self.ping_at_ms = now_ms.saturating_add(PING_EVERY_MS);
    }

    /// The socket closed. Whether a connection was lost (rather than one that was given up before).
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
        // A relay that says why it ends the connection was reached; only its wait for a hello may have been in vain.
        let answered = Close::from_code(code).is_some_and(|close| close != Close::HelloLate);
        if !self.live() && !answered && self.network {
            self.choice.failed(now_ms, false);
        }
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

    /// The browser says that the network is back, or the page is shown again. Whether a connection was lost by starting anew.
    pub(crate) fn network_up(&mut self, now_ms: u64, out: &mut VecDeque<Output>) -> bool {
        self.network = true;
        self.choice.network_up(now_ms, self.live());
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

    /// The browser says that the network is gone. It may be wrong: a connection that is live is asked, not dropped; until it answers it is shown
    /// as the browser says.
    pub(crate) fn network_down(&mut self, now_ms: u64, out: &mut VecDeque<Output>) {
        self.network = false;
        if self.live() {
            self.ping(now_ms, out);
        }
    }

    /// A WebSocket could be opened beside the connection. Whether the connection was given up for it.
    pub(crate) fn socket_open(&mut self, now_ms: u64, out: &mut VecDeque<Output>) -> bool {
        let moves = self.live() && self.choice.socket_open();
        if moves {
            self.restart(now_ms, out);
        }
        moves
    }

    /// Gives the connection up and makes a new one at once.
    pub(crate) fn restart(&mut self, now_ms: u64, out: &mut VecDeque<Output>) {
        if matches!(self.state, State::Connecting { .. } | State::Greeting { .. } | State::Live { .. }) {
            out.push_back(Output::Disconnect);
            self.connect(now_ms, out);
        }
    }

    /// Does what is due. Whether a connection was given up.
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
                if self.choice.probe(now_ms) {
                    out.push_back(Output::Probe);
                }
                false
            }
        };
        if dead {
            if self.live() {
                self.choice.fell_silent(now_ms);
            } else if self.network {
                self.choice.failed(now_ms, true);
            }
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
            State::Live { .. } => {
                earliest.add(self.ping_at_ms);
                earliest.add(self.choice.probe_at_ms());
            }
        }
    }

    pub(crate) const fn live(&self) -> bool {
        matches!(self.state, State::Live { .. })
    }

    /// How the connection stands; the time in it is an inside time.
    pub(crate) const fn online(&self) -> Online {
        match self.state {
            State::Live { .. } if self.network => Online::Live,
            State::Live { .. } => Online::Offline,
            State::Refused(close) => Online::Refused(close),
            State::Idle => Online::Idle,
            State::Down { .. } | State::Connecting { .. } | State::Greeting { .. } if !self.network => Online::Offline,
            State::Down { .. } | State::Connecting { .. } | State::Greeting { .. } if self.choice.blocked() => {
                Online::Blocked
            }
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
        out.push_back(Output::Connect(self.choice.next(now_ms)));
    }

    fn ping(&mut self, now_ms: u64, out: &mut VecDeque<Output>) {
        self.ping_at_ms = now_ms.saturating_add(PING_EVERY_MS);
        // A second ping does not put the end of a silent connection off.
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

    /// Whether the connection is live and has lasted.
    fn stable(&self, now_ms: u64) -> bool {
        matches!(self.state, State::Live { since_ms } if now_ms.saturating_sub(since_ms) >= STABLE_MS)
    }

    fn overdue_ms(&self) -> u64 {
        match self.state {
            State::Connecting { since_ms } => since_ms.saturating_add(CONNECT_WAIT_MS),
            State::Greeting { since_ms } => since_ms.saturating_add(self.choice.greeting_wait_ms()),
            State::Idle | State::Down { .. } | State::Live { .. } | State::Refused(_) => {
                self.dead_at_ms.unwrap_or(u64::MAX)
            }
        }
    }
}

#[cfg(test)]
mod tests;
