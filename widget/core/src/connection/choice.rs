//! Which transport the next connection uses: a WebSocket, or a stream where WebSockets are blocked.
//!
//! A network that blocks WebSockets and a relay that is down look alike from here, so the choice is never final. After a failed stream,
//! sockets are tried again. While a stream works, a socket is tried beside it now and then, and replaces it once one opens.

use wire::limit::{CONNECT_WAIT_MS, HELLO_WAIT_MS, SOCKET_AGAIN_MS, SOCKET_FAILURES_MAX};

use crate::types::Transport;

/// The choice. Times are session times (see `Clock`).
#[derive(Debug)]
pub(super) struct TransportChoice {
    /// That of the present connection, or of the last one.
    transport: Transport,
    /// How many sockets failed in a row.
    failures: u32,
    /// While on a stream: when to try a socket again.
    again_at_ms: u64,
    /// The last failed socket stream_hung instead of failing at once: trying one again means a long wait for the person.
    socket_hung: bool,
    /// The connection was moved from a stream to a socket because one could be opened.
    moved: bool,
    /// Since the last welcome a stream was tried and nothing came.
    stream_hung: bool,
}

impl TransportChoice {
    pub(super) const fn new() -> Self {
        Self {
            transport: Transport::Socket,
            failures: 0,
            again_at_ms: 0,
            socket_hung: false,
            moved: false,
            stream_hung: false,
        }
    }

    /// What to try now.
    pub(super) const fn next(&mut self, now_ms: u64) -> Transport {
        if matches!(self.transport, Transport::Stream) && self.again_at_ms <= now_ms {
            self.try_one_socket();
        }
        self.transport = if self.failures >= SOCKET_FAILURES_MAX { Transport::Stream } else { Transport::Socket };
        self.transport
    }

    /// How long the welcome may take after hello. For a stream this includes connecting.
    pub(super) const fn greeting_wait_ms(&self) -> u64 {
        match self.transport {
            Transport::Socket => HELLO_WAIT_MS,
            Transport::Stream => CONNECT_WAIT_MS,
        }
    }

    /// A try has failed before the relay's welcome. `silent`: nothing came for too long.
    pub(super) const fn failed(&mut self, now_ms: u64, silent: bool) {
        match self.transport {
            Transport::Socket => {
                self.socket_failed(now_ms, if silent { SOCKET_FAILURES_MAX } else { 1 });
                self.socket_hung = silent;
                if self.moved {
                    // Sockets can be opened here, but no frame comes through: do not try again while the stream works.
                    self.again_at_ms = u64::MAX;
                }
            }
            Transport::Stream => {
                // The stream failed too, so blocked sockets may not be the reason.
                self.failures = 0;
                self.stream_hung = silent;
            }
        }
        self.moved = false;
    }

    /// A connection that had its welcome stopped answering.
    pub(super) const fn fell_silent(&mut self, now_ms: u64) {
        match self.transport {
            Transport::Socket => self.socket_failed(now_ms, 1),
            Transport::Stream => self.try_one_socket(),
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
        self.stream_hung = false;
        self.moved = false;
    }

    /// It may be another network now. `live`: a connection works, so a socket is only tried beside it.
    pub(super) const fn network_up(&mut self, now_ms: u64, live: bool) {
        if !live && !self.socket_hung {
            self.try_one_socket();
        }
        if live && self.again_at_ms != u64::MAX {
            self.again_at_ms = now_ms;
        }
    }

    /// A socket could be opened while the connection is a stream. Whether to move to one.
    pub(super) const fn socket_open(&mut self) -> bool {
        let moves = matches!(self.transport, Transport::Stream);
        if moves {
            self.try_one_socket();
            self.moved = true;
        }
        moves
    }

    /// Whether to try now if a socket can be opened beside the connection.
    pub(super) const fn probe(&mut self, now_ms: u64) -> bool {
        let due = self.probe_at_ms() <= now_ms;
        if due {
            self.again_at_ms = now_ms.saturating_add(SOCKET_AGAIN_MS);
        }
        due
    }

    /// When to try that, for a live connection.
    pub(super) const fn probe_at_ms(&self) -> u64 {
        match self.transport {
            Transport::Socket => u64::MAX,
            Transport::Stream => self.again_at_ms,
        }
    }

    /// Whether the network seems to block both transports: the last stream was not refused, nothing came at all.
    pub(super) const fn blocked(&self) -> bool {
        self.stream_hung
    }

    const fn socket_failed(&mut self, now_ms: u64, weight: u32) {
        self.failures = self.failures.saturating_add(weight);
        self.again_at_ms = now_ms.saturating_add(SOCKET_AGAIN_MS);
    }

    /// The next try is a socket, and if that fails, a stream again.
    const fn try_one_socket(&mut self) {
        if self.failures >= SOCKET_FAILURES_MAX {
            self.failures = SOCKET_FAILURES_MAX - 1;
        }
    }
}
