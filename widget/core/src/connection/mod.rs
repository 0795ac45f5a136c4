//! The connection to the relay: connect, hello, heartbeat, reconnect.

mod backoff;
mod choice;

use std::collections::VecDeque;

use wire::limit::{CONNECT_WAIT_MS, PING_EVERY_MS, PONG_WAIT_MS};
use wire::{ClientFrame, Close};

pub(crate) use backoff::refused_ms;

use crate::clock::Earliest;
use crate::connection::backoff::reconnect_ms;
use crate::connection::choice::TransportChoice;
use crate::types::{Online, Output};

/// After a connection that lasted this long, the next wait is short again.
const STABLE_MS: u64 = 10_000;
/// An attempt older than this is begun anew when the network comes back.
const CONNECT_OLD_MS: u64 = 2_000;
/// A relay that is too busy counts as at least so many failed tries, so that the next wait is long.
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
    /// The connection is open and hello is sent; no welcome yet.
    Greeting {
        since_ms: u64,
    },
    Live {
        since_ms: u64,
    },
    Refused(Close),
}

/// The connection to the relay, present or next. Times are session times (see `Clock`).
#[derive(Debug)]
pub(crate) struct Connection {
    state: State,
    choice: TransportChoice,
    /// Whether the browser says that there is a network.
    network: bool,
    /// Failed tries in a row.
    tries: u32,
    /// Whether any try has failed, or a connection was lost.
    lost_before: bool,
    ping_at_ms: u64,
    /// When the connection counts as dead, unless a frame comes before.
    dead_at_ms: Option<u64>,
}

impl Connection {
    pub(crate) const fn new() -> Self {
        Self {
            state: State::Idle,
            choice: TransportChoice::new(),
            network: true,
            tries: 0,
            lost_before: false,
            ping_at_ms: 0,
            dead_at_ms: None,
        }
    }

    /// Connects, if it has never done so.
    pub(crate) fn open(&mut self, now_ms: u64, out: &mut VecDeque<Output>) {
        if self.state == State::Idle {
            self.connect(now_ms, out);
        }
    }

    /// The connection is open. Whether hello is to be sent.
    pub(crate) fn up(&mut self, now_ms: u64) -> bool {
        if !matches!(self.state, State::Connecting { .. }) {
            return false;
        }
        self.state = State::Greeting { since_ms: now_ms };
        true
    }

    /// A frame came. Whether it may be taken: not when the connection was given up before. `pong`: it answers a ping. Any frame shows that the
    /// connection lives, but when the browser has said that there is no network, only a pong does: other frames may have been under way before.
    pub(crate) const fn frame_came(&mut self, pong: bool) -> bool {
        if (pong || self.network) && self.dead_at_ms.take().is_some() && self.live() {
            self.choice.answered();
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

    /// The connection closed. Whether it was still in use, and not given up before.
    pub(crate) fn down(&mut self, now_ms: u64, code: u16, random: u64) -> bool {
        if !matches!(self.state, State::Connecting { .. } | State::Greeting { .. } | State::Live { .. }) {
            return false;
        }
        if !Close::come_back(code) {
            self.dead_at_ms = None;
            // A code that this version does not know, from a newer relay: a newer page may be able to connect.
            self.state = State::Refused(Close::from_code(code).unwrap_or(Close::Version));
            return true;
        }
        let stable = self.stable(now_ms);
        // With a close code of ours the relay was reached. `HelloLate` alone may mean that our hello did not come through.
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
            // Browsers slow down the timers of hidden pages, so our pings come late. Nothing is wrong with relay or network.
            Some(Close::Idle) if stable => self.state = State::Down { retry_at_ms: now_ms },
            _ => {}
        }
        true
    }

    /// The browser says that the network is back, or the page is shown again. Whether a connection was given up for a new one.
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

    /// The browser says that the network is gone. It may be wrong, so a live connection is not dropped but pinged. Until the answer the person is
    /// shown what the browser says.
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

    /// Does what is due. Whether the connection was given up.
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

    /// Drops the connection and tries again later.
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

    /// How the connection stands; the time in it is session time.
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
        // The wait counts from the first ping that was not answered.
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

    /// Whether the connection is live and has lasted long enough to count as good.
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
