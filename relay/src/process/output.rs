//! A way out of the process, to a terminal, pipe or file, that can neither block nor fail for whoever writes: a thread of its own with a bounded
//! queue. What does not fit, or cannot be written, is dropped and counted.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::MakeWriter;

/// Pieces that wait at most …
const PIECES_MAX: usize = 2_048;
/// … and their bytes.
const BYTES_MAX: usize = 4 * 1024 * 1024;
/// A pipe that its reader made non-blocking is asked again after this long.
const AGAIN: Duration = Duration::from_millis(20);
/// Whoever flushes asks a full queue again after this long.
const FLUSH_AGAIN: Duration = Duration::from_millis(2);

/// The near end; clones write to the same.
#[derive(Clone, Debug)]
pub struct Output {
    items: SyncSender<Item>,
    counts: Arc<Counts>,
}

#[derive(Debug)]
enum Item {
    Piece(Vec<u8>),
    /// Answer when everything before this has been tried.
    Flush(SyncSender<()>),
}

#[derive(Debug, Default)]
struct Counts {
    /// Bytes that wait.
    waiting: AtomicUsize,
    /// Pieces dropped so far.
    dropped: AtomicU64,
}

impl Output {
    /// To a copy of an open file of the process, so that nobody's lock on the stream is waited for.
    ///
    /// # Errors
    /// When it cannot be copied or the thread cannot be started.
    pub fn to(file: impl AsFd) -> io::Result<Self> {
        // Through the log like anything else: where this is the log, it can be written again.
        let tell = |lines| tracing::warn!(lines, "output was lost: it was not taken, or not fast enough");
        Self::start(File::from(file.as_fd().try_clone_to_owned()?), tell)
    }

    /// `tell` is called with the number of lost lines once something can be written again.
    fn start(file: impl Write + Send + 'static, tell: impl Fn(u64) + Send + 'static) -> io::Result<Self> {
        let (items, queue) = sync_channel(PIECES_MAX);
        let counts = Arc::new(Counts::default());
        let shared = Arc::clone(&counts);
        thread::Builder::new().name("output".to_owned()).spawn(move || write_all(file, &queue, &shared, tell))?;
        Ok(Self { items, counts })
    }

    /// Hands a piece over; it is dropped when too much waits.
    pub fn write(&self, piece: &[u8]) {
        let before = self.counts.waiting.fetch_add(piece.len(), Ordering::Relaxed);
        let fits = before + piece.len() <= BYTES_MAX;
        if !fits || self.items.try_send(Item::Piece(piece.to_vec())).is_err() {
            self.counts.waiting.fetch_sub(piece.len(), Ordering::Relaxed);
            self.counts.drop_one();
        }
    }

    /// Waits until what was handed over has been tried, but no longer than this.
    pub fn flush(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let (done, received) = sync_channel(1);
        let mut word = Item::Flush(done);
        // A full queue is asked again: it may be moving.
        while let Err(TrySendError::Full(back)) = self.items.try_send(word) {
            if Instant::now() >= until {
                return;
            }
            word = back;
            thread::sleep(FLUSH_AGAIN);
        }
        let _ = received.recv_timeout(until.saturating_duration_since(Instant::now()));
    }

    /// How many pieces were dropped so far.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.counts.dropped.load(Ordering::Relaxed)
    }
}

impl Counts {
    fn drop_one(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
        crate::numbers::output_dropped();
    }
}

/// The thread. It may stand still for as long as the other side likes.
fn write_all(mut file: impl Write, queue: &Receiver<Item>, counts: &Counts, tell: impl Fn(u64)) {
    let mut known = 0;
    while let Ok(word) = queue.recv() {
        let piece = match word {
            Item::Piece(piece) => piece,
            Item::Flush(done) => {
                // Whoever asked may have given up.
                let _ = done.send(());
                continue;
            }
        };
        counts.waiting.fetch_sub(piece.len(), Ordering::Relaxed);
        if write(&mut file, &piece).is_err() {
            counts.drop_one();
            continue;
        }
        let dropped = counts.dropped.load(Ordering::Relaxed);
        if dropped > known {
            tell(dropped - known);
            known = dropped;
        }
    }
}

fn write(file: &mut impl Write, mut piece: &[u8]) -> io::Result<()> {
    while !piece.is_empty() {
        match file.write(piece) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => piece = &piece[count..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(AGAIN),
            Err(error) => return Err(error),
        }
    }
    file.flush()
}

/// One log line; the subscriber writes it as a whole.
#[derive(Debug)]
pub struct LogLine<'a>(&'a Output);

impl Write for LogLine<'_> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.0.write(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Output {
    type Writer = LogLine<'a>;

    fn make_writer(&'a self) -> LogLine<'a> {
        LogLine(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{PipeReader, Read, pipe};

    const SOON: Duration = Duration::from_secs(10);

    fn piped() -> (PipeReader, Output) {
        let (reader, writer) = pipe().expect("a pipe");
        (reader, Output::to(&writer).expect("started"))
    }

    #[test]
    fn what_was_lost_is_reported_once_when_something_can_be_written_again() {
        let (mut reader, writer) = pipe().expect("a pipe");
        let (tell, received) = sync_channel(8);
        let output = Output::start(writer, move |lost| tell.send(lost).expect("received")).expect("started");
        write_much(&output);
        let lost = output.dropped();
        let reading = thread::spawn(move || reader.read_to_end(&mut Vec::new()).expect("read"));
        let mut counts = 0;
        while counts < lost {
            counts += received.recv_timeout(SOON).expect("counts");
        }
        assert_eq!(counts, lost);
        drop(output);
        reading.join().expect("read");
    }

    /// Whatever the other end does, writing returns at once.
    fn write_much(output: &Output) {
        let started = Instant::now();
        for _ in 0..20_000 {
            output.write(&[b'x'; 1_000]);
        }
        assert!(started.elapsed() < SOON, "writing waited for somebody");
    }

    #[test]
    fn what_is_written_arrives_in_order() {
        let (mut reader, output) = piped();
        for number in 0..100 {
            output.write(format!("{number}\n").as_bytes());
        }
        output.flush(SOON);
        drop(output);
        let mut text = String::new();
        reader.read_to_string(&mut text).expect("read");
        assert_eq!(text.lines().collect::<Vec<_>>(), (0..100).map(|number| number.to_string()).collect::<Vec<_>>());
    }

    #[test]
    fn a_closed_pipe_drops_and_counts() {
        let (reader, output) = piped();
        drop(reader);
        write_much(&output);
        output.flush(SOON);
        assert!(output.dropped() > 0);
    }

    #[test]
    fn a_full_pipe_drops_what_does_not_fit_and_goes_on_when_it_is_read() {
        let (mut reader, output) = piped();
        write_much(&output);
        let dropped = output.dropped();
        assert!(dropped > 10_000, "{dropped}");
        let started = Instant::now();
        output.flush(Duration::from_millis(50));
        assert!(started.elapsed() < SOON, "flushing waits no longer than asked");
        let reading = thread::spawn(move || {
            let mut bytes = Vec::new();
            reader.read_to_end(&mut bytes).expect("read");
            bytes
        });
        while output.counts.waiting.load(Ordering::Relaxed) > 0 {
            thread::yield_now();
        }
        output.write(b"the last");
        output.flush(SOON);
        drop(output);
        assert!(reading.join().expect("read").ends_with(b"the last"));
    }

    #[test]
    fn a_full_disk_drops_and_counts() {
        let full = File::options().write(true).open("/dev/full").expect("a full device");
        let output = Output::to(&full).expect("started");
        write_much(&output);
        output.flush(SOON);
        assert!(output.dropped() >= 20_000);
    }
}
