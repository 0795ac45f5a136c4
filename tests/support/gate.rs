//! A proxy between a page and the relay, as some offices have one: it lets no WebSocket through, and may hold back what streams.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Bytes of a request's head; a browser's are far below.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// How long a side may be silent: longer than any stream of a story lives.
const SILENCE_MAX: Duration = Duration::from_secs(120);
/// How often held bytes are looked at again.
const HOLD_LOOK: Duration = Duration::from_millis(20);

/// The running gate. Every connection carries one request, so that each can be judged by its head.
pub struct Gate {
    port: u16,
    rules: Arc<Rules>,
}

struct Rules {
    relay: u16,
    /// Lets WebSockets through.
    upgrades: AtomicBool,
    /// Holds an answer back until it is complete.
    buffers: AtomicBool,
    /// Answers every `DELETE` with 503.
    keeps: AtomicBool,
    refused: AtomicU32,
    sockets: AtomicU32,
    streams: AtomicU32,
    closed: AtomicBool,
    /// What is open, to be cut.
    open: Mutex<Vec<TcpStream>>,
}

impl Gate {
    /// A gate on a free port before a relay that will listen on `relay`; it refuses every upgrade.
    #[must_use]
    pub fn start(relay: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let rules = Arc::new(Rules {
            relay,
            upgrades: AtomicBool::new(false),
            buffers: AtomicBool::new(false),
            keeps: AtomicBool::new(false),
            refused: AtomicU32::new(0),
            sockets: AtomicU32::new(0),
            streams: AtomicU32::new(0),
            closed: AtomicBool::new(false),
            open: Mutex::default(),
        });
        let inside = Arc::clone(&rules);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if inside.closed.load(Ordering::SeqCst) {
                    return;
                }
                let rules = Arc::clone(&inside);
                // Whatever breaks here is what the browser sees.
                thread::spawn(move || rules.serve(stream));
            }
        });
        Self { port, rules }
    }

    /// `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Holds streams back until they end, or no longer.
    pub fn buffer(&self, buffers: bool) {
        self.rules.buffers.store(buffers, Ordering::SeqCst);
    }

    /// Answers every `DELETE` with 503, or no longer.
    pub fn keep(&self, keeps: bool) {
        self.rules.keeps.store(keeps, Ordering::SeqCst);
    }

    /// Lets WebSockets through from now on.
    pub fn open(&self) {
        self.rules.upgrades.store(true, Ordering::SeqCst);
    }

    /// Cuts everything that is open now.
    pub fn cut(&self) {
        for stream in self.rules.take_open() {
            // It may have ended by itself.
            stream.shutdown(Shutdown::Both).ok();
        }
    }

    /// How many upgrades were refused.
    #[must_use]
    pub fn refused(&self) -> u32 {
        self.rules.refused.load(Ordering::SeqCst)
    }

    /// How many upgrades were let through.
    #[must_use]
    pub fn sockets(&self) -> u32 {
        self.rules.sockets.load(Ordering::SeqCst)
    }

    /// How many streams were asked for.
    #[must_use]
    pub fn streams(&self) -> u32 {
        self.rules.streams.load(Ordering::SeqCst)
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.rules.closed.store(true, Ordering::SeqCst);
        self.cut();
        // Wakes the listener, so that it sees that it is over.
        TcpStream::connect(("127.0.0.1", self.port)).ok();
    }
}

impl Rules {
    fn take_open(&self) -> Vec<TcpStream> {
        std::mem::take(&mut *self.open.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn remember(&self, stream: &TcpStream) -> Option<()> {
        stream.set_read_timeout(Some(SILENCE_MAX)).ok()?;
        self.open.lock().unwrap_or_else(PoisonError::into_inner).push(stream.try_clone().ok()?);
        Some(())
    }

    fn serve(&self, browser: TcpStream) {
        let Ok(end) = browser.try_clone() else { return };
        self.carry(browser);
        end.shutdown(Shutdown::Both).ok();
    }

    /// One request and its answer.
    fn carry(&self, mut browser: TcpStream) -> Option<()> {
        self.remember(&browser)?;
        let (head, rest) = read_head(&mut browser)?;
        let mut lines = head.lines();
        let request = lines.next()?;
        let upgrade = lines.clone().any(|line| line.to_ascii_lowercase().starts_with("upgrade:"));
        if upgrade && !self.upgrades.load(Ordering::SeqCst) {
            self.refused.fetch_add(1, Ordering::SeqCst);
            let refusal = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            return browser.write_all(refusal).ok();
        }
        if request.starts_with("DELETE ") && self.keeps.load(Ordering::SeqCst) {
            self.refused.fetch_add(1, Ordering::SeqCst);
            let refusal = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            return browser.write_all(refusal).ok();
        }
        let stream = request.starts_with("POST /stream ");
        self.sockets.fetch_add(u32::from(upgrade), Ordering::SeqCst);
        self.streams.fetch_add(u32::from(stream), Ordering::SeqCst);
        let mut relay = TcpStream::connect(("127.0.0.1", self.relay)).ok()?;
        self.remember(&relay)?;
        let mut sent = format!("{request}\r\n");
        for line in lines {
            if upgrade || !line.to_ascii_lowercase().starts_with("connection:") {
                sent.push_str(line);
                sent.push_str("\r\n");
            }
        }
        sent.push_str(if upgrade { "\r\n" } else { "connection: close\r\n\r\n" });
        relay.write_all(sent.as_bytes()).ok()?;
        relay.write_all(&rest).ok()?;
        let (up_from, up_to) = (browser.try_clone().ok()?, relay.try_clone().ok()?);
        let up = thread::spawn(move || pump(up_from, up_to));
        if stream && self.buffers.load(Ordering::SeqCst) {
            self.hold(&relay, &mut browser);
        } else {
            pump(relay, browser);
        }
        up.join().ok()
    }

    /// Passes an answer on once it is complete, as if it were a file.
    fn hold(&self, mut relay: &TcpStream, browser: &mut TcpStream) {
        let mut held = Vec::new();
        relay.set_read_timeout(Some(HOLD_LOOK)).ok();
        let mut part = [0; 4096];
        loop {
            match relay.read(&mut part) {
                Ok(0) => break,
                Ok(count) => held.extend_from_slice(&part[..count]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    if self.closed.load(Ordering::SeqCst) {
                        return;
                    }
                }
                Err(_) => break,
            }
        }
        browser.write_all(&held).ok();
    }
}

/// The head of a request, and what came with it already.
fn read_head(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    while bytes.len() < HEAD_BYTES_MAX {
        let count = stream.read(&mut part).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&part[..count]);
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            return Some((String::from_utf8(bytes[..end].to_vec()).ok()?, rest));
        }
    }
    None
}

/// Carries bytes one way until one side ends; then both do.
fn pump(mut from: TcpStream, mut to: TcpStream) {
    std::io::copy(&mut from, &mut to).ok();
    to.shutdown(Shutdown::Both).ok();
    from.shutdown(Shutdown::Both).ok();
}
