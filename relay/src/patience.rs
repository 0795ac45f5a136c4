//! How long one side of a transfer may keep the relay waiting: so long at a stretch, and in all no longer than a slow line needs for what
//! it moved. Without it, whoever reads or sends a byte now and then holds a place, a file and memory for ever ("slow read").

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};
use wire::limit::{TRANSFER_BYTES_PER_SECOND_MIN, TRANSFER_STALL_MS};

/// What is left of it for one transfer.
#[derive(Debug)]
pub struct Patience {
    left: Duration,
}

impl Patience {
    /// `TRANSFER_STALL_MS`, of which there is never more.
    pub const ALL: Duration = Duration::from_millis(TRANSFER_STALL_MS);

    /// Nothing spent.
    #[must_use]
    pub const fn new() -> Self {
        Self { left: Self::ALL }
    }

    /// How long the next wait may last.
    #[must_use]
    pub const fn left(&self) -> Duration {
        self.left
    }

    /// After a wait of `waited`, so many bytes moved: they buy as much time as the slowest line needs for them.
    pub fn moved(&mut self, waited: Duration, bytes: usize) {
        let millis = (bytes as u64).saturating_mul(1_000) / TRANSFER_BYTES_PER_SECOND_MIN;
        let left = self.left.saturating_sub(waited);
        self.left = left.saturating_add(Duration::from_millis(millis)).min(Self::ALL);
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self::new()
    }
}

/// A stream whose other side has to take what is written to it. Reading is left alone: whoever reads knows what to expect.
#[derive(Debug)]
pub struct Patient<S> {
    stream: S,
    patience: Patience,
    /// Since when a write waits, and when that has been too long.
    wait: Option<(Instant, Pin<Box<Sleep>>)>,
    /// Set when it was cut for that.
    cut: Arc<AtomicBool>,
}

impl<S> Patient<S> {
    /// Nothing spent; `cut` is set when it is.
    pub const fn new(stream: S, cut: Arc<AtomicBool>) -> Self {
        Self { stream, patience: Patience::new(), wait: None, cut }
    }

    /// Counts a try to write, and breaks it when the wait has been too long. Its task is woken for either.
    fn count<T>(
        &mut self,
        context: &mut Context<'_>,
        tried: Poll<io::Result<T>>,
        bytes: impl Fn(&T) -> usize,
    ) -> Poll<io::Result<T>> {
        if let Poll::Ready(done) = &tried {
            let waited = self.wait.take().map_or(Duration::ZERO, |(since, _)| since.elapsed());
            self.patience.moved(waited, done.as_ref().map_or(0, bytes));
            return tried;
        }
        let left = self.patience.left();
        let (_, end) = self.wait.get_or_insert_with(|| (Instant::now(), Box::pin(sleep(left))));
        ready!(end.as_mut().poll(context));
        self.cut.store(true, Ordering::Relaxed);
        crate::metrics::slow(crate::metrics::Slow::Patience);
        Poll::Ready(Err(io::Error::new(ErrorKind::TimedOut, "the other side takes too little")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
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
        let mut patience = Patience::new();
        patience.moved(10 * SECOND, 5 * PACE);
        assert_eq!(patience.left(), Patience::ALL - 5 * SECOND);
        patience.moved(Duration::ZERO, usize::MAX);
        assert_eq!(patience.left(), Patience::ALL);
        patience.moved(100 * SECOND, 0);
        assert_eq!(patience.left(), Duration::ZERO);
    }

    fn pair() -> (Patient<DuplexStream>, DuplexStream, Arc<AtomicBool>) {
        let (near, far) = duplex(PACE);
        let cut = Arc::new(AtomicBool::new(false));
        (Patient::new(near, Arc::clone(&cut)), far, cut)
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
        assert!(known.load(Ordering::Relaxed), "others are told why it ended");
        assert_eq!(write_to_one_who_takes(PACE).await, (98, false));
        let (took, cut) = write_to_one_who_takes(PACE / 4).await;
        assert!(cut && (35..45).contains(&took), "a quarter of the pace lasts {took} s");
        let (took, cut) = write_to_one_who_takes(1).await;
        assert!(cut && (30..=31).contains(&took), "{took} s");
    }
}
