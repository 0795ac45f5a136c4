//! How long a client may keep a transfer waiting: `TRANSFER_STALL_MS` at a stretch, and in all no longer than the slowest allowed connection needs
//! for the bytes that were moved. Otherwise a client that reads or sends a byte now and then would hold a slot, a file and memory for ever
//! ("slow read").

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};
use wire::limit::{
    FRAME_BYTES_MAX, FRAMES_BURST_MAX, FRAMES_PER_SECOND_MAX, TRANSFER_BYTES_PER_SECOND_MIN, TRANSFER_STALL_MS,
};

/// Bytes of the largest frame on the wire, with the headers of WebSocket and TLS around its pieces.
const FRAME_ON_WIRE_BYTES: u64 = FRAME_BYTES_MAX as u64 + 1_024;
/// Bytes that a connection with frames may receive at once: as many of the largest frames as it may send at once.
const RECEIVED_BURST_BYTES: u64 = FRAMES_BURST_MAX as u64 * FRAME_ON_WIRE_BYTES;
/// The same for each second after that.
const RECEIVED_PER_SECOND_BYTES: u64 = FRAMES_PER_SECOND_MAX as u64 * FRAME_ON_WIRE_BYTES;

/// The waiting time that one transfer has left.
#[derive(Debug)]
pub struct TransferTimeout {
    left: Duration,
}

impl TransferTimeout {
    /// At most `TRANSFER_STALL_MS`.
    pub const ALL: Duration = Duration::from_millis(TRANSFER_STALL_MS);

    /// All of it.
    #[must_use]
    pub const fn new() -> Self {
        Self { left: Self::ALL }
    }

    /// How long the next wait may last.
    #[must_use]
    pub const fn left(&self) -> Duration {
        self.left
    }

    /// After a wait of `waited`, this many bytes moved. They give back as much time as the slowest allowed connection needs for them.
    pub fn moved(&mut self, waited: Duration, bytes: usize) {
        let millis = (bytes as u64).saturating_mul(1_000) / TRANSFER_BYTES_PER_SECOND_MIN;
        let left = self.left.saturating_sub(waited);
        self.left = left.saturating_add(Duration::from_millis(millis)).min(Self::ALL);
    }
}

impl Default for TransferTimeout {
    fn default() -> Self {
        Self::new()
    }
}

/// The state of a connection for those who do not hold its stream.
#[derive(Debug, Default)]
pub struct Marks {
    /// Set when it was cut because the client read too slowly …
    pub slow: AtomicBool,
    /// … or sent more bytes than frames may have.
    pub flooded: AtomicBool,
    /// Set once it carries frames. From then on all received bytes are bounded, also empty fragments of a frame that never ends.
    pub framed: AtomicBool,
}

/// How many bytes may be received: a burst that is refilled evenly.
#[derive(Debug)]
struct Hearing {
    left: u64,
    at: Option<Instant>,
}

impl Hearing {
    /// Counts received bytes; false when they are too many.
    fn count(&mut self, now: Instant, bytes: u64) -> bool {
        let since = self.at.replace(now).map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        let micros = u64::try_from(since.as_micros()).unwrap_or(u64::MAX);
        let back = micros.saturating_mul(RECEIVED_PER_SECOND_BYTES) / 1_000_000;
        let left = self.left.saturating_add(back).min(RECEIVED_BURST_BYTES).checked_sub(bytes);
        self.left = left.unwrap_or(0);
        left.is_some()
    }
}

/// A stream whose client must read what is written, and may not send without end.
#[derive(Debug)]
pub struct TimedStream<S> {
    stream: S,
    timeout: TransferTimeout,
    hearing: Hearing,
    /// Since when a write waits, and when it is cut.
    wait: Option<(Instant, Pin<Box<Sleep>>)>,
    marks: Arc<Marks>,
}

impl<S> TimedStream<S> {
    /// With its full waiting time; the flags say whether it was cut.
    pub const fn new(stream: S, marks: Arc<Marks>) -> Self {
        let hearing = Hearing { left: RECEIVED_BURST_BYTES, at: None };
        Self { stream, timeout: TransferTimeout::new(), hearing, wait: None, marks }
    }

    /// Counts an attempt to write, and fails it when the wait has been too long. The task is woken for both.
    fn count<T>(
        &mut self,
        context: &mut Context<'_>,
        tried: Poll<io::Result<T>>,
        bytes: impl Fn(&T) -> usize,
    ) -> Poll<io::Result<T>> {
        if let Poll::Ready(done) = &tried {
            let waited = self.wait.take().map_or(Duration::ZERO, |(since, _)| since.elapsed());
            self.timeout.moved(waited, done.as_ref().map_or(0, bytes));
            return tried;
        }
        let left = self.timeout.left();
        let (_, end) = self.wait.get_or_insert_with(|| (Instant::now(), Box::pin(sleep(left))));
        ready!(end.as_mut().poll(context));
        self.marks.slow.store(true, Ordering::Relaxed);
        crate::numbers::slow(crate::numbers::Slow::TransferTimeout);
        Poll::Ready(Err(io::Error::new(ErrorKind::TimedOut, "the other side takes too little")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TimedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let bytes = (buffer.filled().len() - before) as u64;
        if self.marks.framed.load(Ordering::Relaxed) && !self.hearing.count(Instant::now(), bytes) {
            self.marks.flooded.store(true, Ordering::Relaxed);
            return Poll::Ready(Err(io::Error::new(ErrorKind::InvalidData, "the other side sends too much")));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for TimedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let tried = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.count(context, tried, |written| *written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let tried = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.count(context, tried, |written| *written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let tried = Pin::new(&mut self.stream).poll_flush(context);
        self.count(context, tried, |()| 0)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let tried = Pin::new(&mut self.stream).poll_shutdown(context);
        self.count(context, tried, |()| 0)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const PACE: usize = 2_048;

    #[test]
    fn time_is_bought_with_bytes_and_never_hoarded() {
        let mut timeout = TransferTimeout::new();
        timeout.moved(10 * SECOND, 5 * PACE);
        assert_eq!(timeout.left(), TransferTimeout::ALL - 5 * SECOND);
        timeout.moved(Duration::ZERO, usize::MAX);
        assert_eq!(timeout.left(), TransferTimeout::ALL);
        timeout.moved(100 * SECOND, 0);
        assert_eq!(timeout.left(), Duration::ZERO);
    }

    fn pair() -> (TimedStream<DuplexStream>, DuplexStream, Arc<Marks>) {
        let (near, far) = duplex(PACE);
        let marks = Arc::new(Marks::default());
        (TimedStream::new(near, Arc::clone(&marks)), far, marks)
    }

    #[test]
    fn what_is_received_is_bounded_at_once_and_lastingly() {
        let mut hearing = Hearing { left: RECEIVED_BURST_BYTES, at: None };
        let begin = Instant::now();
        assert!(hearing.count(begin, RECEIVED_BURST_BYTES));
        assert!(!hearing.count(begin, 1));
        assert!(hearing.count(begin + SECOND, RECEIVED_PER_SECOND_BYTES));
        assert!(!hearing.count(begin + SECOND, 1));
        // It comes back in small steps too, and never more than the burst.
        for step in 1..=100_u32 {
            assert!(hearing.count(begin + SECOND + SECOND * step / 100, RECEIVED_PER_SECOND_BYTES / 101), "{step}");
        }
        assert!(!hearing.count(begin + 1_000 * SECOND, RECEIVED_BURST_BYTES + 1));
    }

    #[tokio::test]
    async fn only_what_carries_frames_is_bounded_and_the_reason_is_known() {
        for framed in [false, true] {
            let (mut near, mut far, marks) = pair();
            marks.framed.store(framed, Ordering::Relaxed);
            let sender = tokio::spawn(async move {
                let piece = vec![0; 64 * 1024];
                for _ in 0..RECEIVED_BURST_BYTES * 2 / 65_536 {
                    if far.write_all(&piece).await.is_err() {
                        return;
                    }
                }
            });
            let read = tokio::io::copy(&mut near, &mut tokio::io::sink()).await;
            assert_eq!(read.is_err(), framed);
            assert_eq!(marks.flooded.load(Ordering::Relaxed), framed);
            drop(near);
            sender.await.expect("it ends");
        }
    }

    /// Writes what takes the slowest allowed reader 100 s to one who takes so much in each second. How many seconds that lasted, and
    /// whether it was cut.
    async fn write_to_one_who_takes(bytes_a_second: usize) -> (u64, bool) {
        let (mut near, mut far, _) = pair();
        let reader = tokio::spawn(async move {
            let mut taken = vec![0; bytes_a_second];
            while far.read_exact(&mut taken).await.is_ok() {
                tokio::time::sleep(SECOND).await;
            }
        });
        let began = Instant::now();
        let wrote = near.write_all(&vec![0; 100 * PACE]).await;
        let cut = wrote.is_err_and(|error| error.kind() == ErrorKind::TimedOut);
        reader.abort();
        (began.elapsed().as_secs(), cut)
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_is_cut_who_dribbles_too_and_who_is_slow_is_not() {
        let (mut near, _far, known) = pair();
        let began = Instant::now();
        let error = near.write_all(&[0; 2 * PACE]).await.expect_err("nobody reads");
        assert_eq!((error.kind(), began.elapsed().as_secs()), (ErrorKind::TimedOut, 30));
        assert!(known.slow.load(Ordering::Relaxed), "the reason is known to others");
        assert_eq!(write_to_one_who_takes(PACE).await, (98, false));
        let (took, cut) = write_to_one_who_takes(PACE / 4).await;
        assert!(cut && (35..45).contains(&took), "a quarter of the pace lasts {took} s");
        let (took, cut) = write_to_one_who_takes(1).await;
        assert!(cut && (30..=31).contains(&took), "{took} s");
    }
}
