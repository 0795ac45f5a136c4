//! What the next connection is made of: a WebSocket, or a stream where WebSockets are blocked.
//!
//! A network that blocks and a relay that is down look alike from here, so the choice is never final: each failed stream is followed by
//! sockets again, and a working stream looks now and then whether a socket would do, without being given up before one does.

use wire::limit::{CONNECT_WAIT_MS, HELLO_WAIT_MS, SOCKET_AGAIN_MS, SOCKET_FAILURES_MAX};

use crate::types::Transport;

/// The choice. Times are inside times.
#[derive(Debug)]
pub(super) struct Choice {
    /// Of the connection now, or of the last one.
    transport: Transport,
    /// Sockets that failed in a row.
    failures: u32,
    /// When a socket is due again, for who is on a stream.
    again_at_ms: u64,
    /// The last socket that failed did so by hanging: a try costs a person a long wait.
    hangs: bool,
    /// The connection was moved to a socket because one could be opened.
    moved: bool,
    /// Since the last welcome a stream was asked for and nothing came.
    hung: bool,
}

impl Choice {
    pub(super) const fn new() -> Self {
        Self { transport: Transport::Socket, failures: 0, again_at_ms: 0, hangs: false, moved: false, hung: false }
    }

    /// What to try now.
    pub(super) const fn next(&mut self, now_ms: u64) -> Transport {
        if matches!(self.transport, Transport::Stream) && self.again_at_ms <= now_ms {
            self.one_socket();
        }
        self.transport = if self.failures >= SOCKET_FAILURES_MAX { Transport::Stream } else { Transport::Socket };
        self.transport
    }

    /// How long the welcome may take once hello is said; for a stream that is the whole way in.
    pub(super) const fn greeting_wait_ms(&self) -> u64 {
        match self.transport {
            Transport::Socket => HELLO_WAIT_MS,
            Transport::Stream => CONNECT_WAIT_MS,
        }
    }

    /// A try has failed before the relay's welcome. `silent`: because nothing came for too long.
    pub(super) const fn failed(&mut self, now_ms: u64, silent: bool) {
        match self.transport {
            Transport::Socket => {
                self.socket_failed(now_ms, if silent { SOCKET_FAILURES_MAX } else { 1 });
                self.hangs = silent;
                if self.moved {
                    // Sockets open here, and nothing comes through.
                    self.again_at_ms = u64::MAX;
                }
            }
            Transport::Stream => {
                // Then it may not be the sockets that are the trouble.
                self.failures = 0;
                self.hung = silent;
            }
        }
        self.moved = false;
    }

    /// A connection that was welcomed gave no answer any more.
    pub(super) const fn fell_silent(&mut self, now_ms: u64) {
        match self.transport {
            Transport::Socket => self.socket_failed(now_ms, 1),
            Transport::Stream => self.one_socket(),
        }
    }

    /// A ping was answered.
    pub(super) const fn answered(&mut self) {
        if matches!(self.transport, Transport::Socket) {
            self.failures = 0;
        }
    }

    /// The relay said welcome.
    pub(super) const fn welcome(&mut self) {
        self.hung = false;
        self.moved = false;
    }

    /// It may be another network now. `live`: then it is enough to look.
    pub(super) const fn network_up(&mut self, now_ms: u64, live: bool) {
        if !live && !self.hangs {
            self.one_socket();
        }
        if live && self.again_at_ms != u64::MAX {
            self.again_at_ms = now_ms;
        }
    }

    /// A socket could be opened while the connection is a stream. Whether to move to one.
    pub(super) const fn socket_open(&mut self) -> bool {
        let moves = matches!(self.transport, Transport::Stream);
        if moves {
            self.one_socket();
            self.moved = true;
        }
        moves
    }

    /// Whether to look now if a socket can be opened.
    pub(super) const fn probe(&mut self, now_ms: u64) -> bool {
        let due = self.probe_at_ms() <= now_ms;
        if due {
            self.again_at_ms = now_ms.saturating_add(SOCKET_AGAIN_MS);
        }
        due
    }

    /// When to look, for a live connection.
    pub(super) const fn probe_at_ms(&self) -> u64 {
        match self.transport {
            Transport::Socket => u64::MAX,
            Transport::Stream => self.again_at_ms,
        }
    }

    /// Whether neither way leads through, and the last stream was not refused but swallowed.
    pub(super) const fn blocked(&self) -> bool {
        self.hung
    }

    const fn socket_failed(&mut self, now_ms: u64, weight: u32) {
        self.failures = self.failures.saturating_add(weight);
        self.again_at_ms = now_ms.saturating_add(SOCKET_AGAIN_MS);
    }

    /// The next try is a socket, and if that fails, a stream again.
    const fn one_socket(&mut self) {
        if self.failures >= SOCKET_FAILURES_MAX {
            self.failures = SOCKET_FAILURES_MAX - 1;
        }
    }
}
