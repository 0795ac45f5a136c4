//! A bad network of our own: a TCP proxy that delays, narrows, cuts and swallows what goes through it.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How often a pump that reads nothing looks whether it should end.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Bytes taken at once; small, so that a cut or a narrow line meets the middle of frames.
const CHUNK_BYTES: usize = 1024;
/// Chunks under way in one direction of one connection: what a network holds.
const CHUNKS_MAX: usize = 64;

/// What the network does to connections, from the next byte on.
#[derive(Clone, Copy, Debug, Default)]
pub struct NetworkFault {
    /// How long every byte is under way.
    pub delay: Duration,
    /// How many bytes a second pass in each direction of each connection.
    pub bytes_per_second: Option<u32>,
    /// A connection breaks after so many bytes, both directions together.
    pub cut_after_bytes: Option<u64>,
    /// What clients say gets lost. A connection that lost a byte loses all later ones too.
    pub lose_up: bool,
    /// What the relay says gets lost.
    pub lose_down: bool,
}

impl NetworkFault {
    /// Nothing gets through in either direction, and nobody is told.
    pub const BLACK_HOLE: Self =
        Self { delay: Duration::ZERO, bytes_per_second: None, cut_after_bytes: None, lose_up: true, lose_down: true };
}

/// A proxy on a port of its own; gone, with every connection, when dropped.
pub struct Proxy {
    port: u16,
    state: Arc<State>,
}

struct State {
    fault: Mutex<NetworkFault>,
    end: AtomicBool,
    /// Raised to break every connection that is open.
    generation: AtomicU64,
    passed_bytes: AtomicU64,
}

impl State {
    fn fault(&self) -> MutexGuard<'_, NetworkFault> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection's two ends and what both directions share.
struct Connection {
    state: Arc<State>,
    generation: u64,
    passed_bytes: AtomicU64,
    broken: AtomicBool,
}

impl Connection {
    fn over(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
            || self.state.end.load(Ordering::Relaxed)
            || self.state.generation.load(Ordering::Relaxed) != self.generation
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

impl Proxy {
    /// Stands before a port of loopback; the fault is fair at first.
    #[must_use]
    pub fn start(to: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let state = Arc::new(State {
            fault: Mutex::default(),
            end: AtomicBool::new(false),
            generation: AtomicU64::new(0),
            passed_bytes: AtomicU64::new(0),
        });
        let shared = Arc::clone(&state);
        thread::spawn(move || accept(&listener, to, &shared));
        Self { port, state }
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Changes the fault, also for connections that are open.
    pub fn set(&self, fault: NetworkFault) {
        *self.state.fault() = fault;
    }

    /// Breaks every open connection.
    pub fn cut(&self) {
        self.state.generation.fetch_add(1, Ordering::Relaxed);
    }

    /// Bytes that went through, both directions together.
    #[must_use]
    pub fn passed_bytes(&self) -> u64 {
        self.state.passed_bytes.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.end.store(true, Ordering::Relaxed);
        // Wakes the accepting thread.
        TcpStream::connect(("127.0.0.1", self.port)).ok();
    }
}

fn accept(listener: &TcpListener, to: u16, state: &Arc<State>) {
    for client in listener.incoming() {
        if state.end.load(Ordering::Relaxed) {
            return;
        }
        // A relay that is down refuses, and so does the proxy: the client's end is dropped here.
        let (Ok(client), Ok(relay)) = (client, TcpStream::connect(("127.0.0.1", to))) else { continue };
        let connection = Arc::new(Connection {
            state: Arc::clone(state),
            generation: state.generation.load(Ordering::Relaxed),
            passed_bytes: AtomicU64::new(0),
            broken: AtomicBool::new(false),
        });
        for (way, from, into) in [(Way::Up, &client, &relay), (Way::Down, &relay, &client)] {
            from.set_read_timeout(Some(LOOK_EVERY)).expect("a socket takes a timeout");
            into.set_write_timeout(Some(LOOK_EVERY)).expect("a socket takes a timeout");
            into.set_nodelay(true).ok();
            let (sender, receiver) = sync_channel(CHUNKS_MAX);
            let (Ok(from), Ok(into)) = (from.try_clone(), into.try_clone()) else { continue };
            let (taking, giving) = (Arc::clone(&connection), Arc::clone(&connection));
            thread::spawn(move || take(&taking, from, &sender));
            thread::spawn(move || give(&giving, way, into, &receiver));
        }
    }
}

type Chunk = (Instant, Vec<u8>);

/// Reads one direction; what is read is under way from that moment.
fn take(connection: &Connection, mut from: TcpStream, chunks: &SyncSender<Chunk>) {
    let mut buffer = [0; CHUNK_BYTES];
    while !connection.over() {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                if chunks.send((Instant::now(), buffer[..count].to_vec())).is_err() {
                    break;
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => break,
        }
    }
    // The other thread of this direction ends when the channel does, after it gave what is under way.
}

/// Writes one direction, as the fault allows.
fn give(connection: &Connection, way: Way, mut into: TcpStream, chunks: &Receiver<Chunk>) {
    let mut lost = false;
    while let Ok((taken, bytes)) = chunks.recv() {
        let fault = *connection.state.fault();
        thread::sleep((taken + fault.delay).saturating_duration_since(Instant::now()));
        if let Some(rate) = fault.bytes_per_second {
            thread::sleep(Duration::from_secs(bytes.len() as u64) / rate.max(1));
        }
        lost |= if way == Way::Up { fault.lose_up } else { fault.lose_down };
        if lost {
            continue;
        }
        let before = connection.passed_bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        let room = fault.cut_after_bytes.map_or(u64::MAX, |cut| cut.saturating_sub(before));
        let part = usize::try_from(room).unwrap_or(usize::MAX).min(bytes.len());
        if !put(connection, &mut into, &bytes[..part]) || part < bytes.len() {
            break;
        }
    }
    connection.broken.store(true, Ordering::Relaxed);
    into.shutdown(Shutdown::Both).ok();
}

/// Writes all of it, looking now and then whether the connection is over; whether it went out.
fn put(connection: &Connection, into: &mut TcpStream, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() && !connection.over() {
        match into.write(bytes) {
            Ok(0) => return false,
            Ok(count) => {
                connection.state.passed_bytes.fetch_add(count as u64, Ordering::Relaxed);
                bytes = &bytes[count..];
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => return false,
        }
    }
    bytes.is_empty()
}
