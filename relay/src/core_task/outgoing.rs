//! Frames on their way to one client: a queue bounded in bytes, which holds no memory to speak of while it is empty, because most connections
//! are idle. (The runtime's own queue keeps room for 32 frames, 1.5 KiB of each connection.) What its reader took counts until the reader
//! comes back for more, which is when it was written.

mod unsent;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

pub use self::unsent::{Frame, Share, Unsent};

/// Frames for which an empty queue keeps memory.
const KEPT_FRAMES_MAX: usize = 8;

/// Why a frame was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// The reader is too slow. Its frames are dropped, it gets no more, and its connection must be closed.
    Slow,
    /// Nobody reads any more.
    Closed,
}

/// Called when few bytes wait.
type Tell = Box<dyn FnOnce() + Send>;

/// A queue within these bounds.
#[must_use]
pub fn queue(share: Share) -> (Sender, Receiver) {
    let state = State {
        frames: VecDeque::new(),
        bytes: 0,
        taken: 0,
        senders: 1,
        read: true,
        slow: false,
        reader: None,
        watcher: None,
        page_ready: None,
    };
    let shared = Arc::new(Shared { state: Mutex::new(state), share });
    (Sender { shared: Arc::clone(&shared) }, Receiver { shared })
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    share: Share,
}

struct State {
    frames: VecDeque<Frame>,
    /// Of the frames that wait and of those that were taken last.
    bytes: usize,
    /// Of those that were taken last and may not be written yet.
    taken: usize,
    senders: usize,
    /// Whether there is a receiver.
    read: bool,
    /// Whether it was too slow once.
    slow: bool,
    /// Waits for frames.
    reader: Option<Waker>,
    /// Waits for the receiver's end.
    watcher: Option<Waker>,
    /// To be called when no more than this many bytes wait.
    page_ready: Option<(usize, Tell)>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("State").field("bytes", &self.bytes).field("slow", &self.slow).finish_non_exhaustive()
    }
}

impl Shared {
    /// Nothing panics while it is held, so a poisoned lock is used all the same.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The frames that were taken last are written. Returns the callback that is due.
    fn written(&self, state: &mut State) -> Option<Tell> {
        let taken = std::mem::take(&mut state.taken);
        if taken > 0 {
            state.bytes -= taken;
            self.share.give_back(taken);
        }
        state.page_ready.take_if(|(bytes_max, _)| state.bytes <= *bytes_max).map(|(_, tell)| tell)
    }
}

/// The end that frames are put in at. Clones put into the same queue.
#[derive(Debug)]
pub struct Sender {
    shared: Arc<Shared>,
}

impl Sender {
    /// Puts a frame in.
    ///
    /// # Errors
    /// When too much waits, or nobody reads.
    pub fn try_send(&self, frame: Frame) -> Result<(), NotTaken> {
        let mut state = self.shared.state();
        if !state.read || state.slow {
            return Err(NotTaken::Closed);
        }
        if let Err(slow) = self.shared.share.take(state.bytes, frame.bytes()) {
            // At once, and not when the connection gets to its end.
            state.slow = true;
            let dropped = std::mem::take(&mut state.frames);
            let waiting = state.bytes - state.taken;
            state.bytes = state.taken;
            drop(state);
            self.shared.share.give_back(waiting);
            drop(dropped);
            crate::numbers::slow(slow);
            return Err(NotTaken::Slow);
        }
        state.bytes += frame.bytes();
        state.frames.push_back(frame);
        let reader = state.reader.take();
        drop(state);
        wake(reader);
        Ok(())
    }

    /// Whether no more than this many bytes wait; otherwise `tell` is called once that is so. It replaces an earlier callback.
    pub fn is_below(&self, bytes_max: usize, tell: impl FnOnce() + Send + 'static) -> bool {
        let mut state = self.shared.state();
        let page_ready = state.bytes <= bytes_max;
        state.page_ready = (!page_ready).then(|| (bytes_max, Box::new(tell) as Tell));
        page_ready
    }

    /// Waits until nobody reads any more. One may wait at a time.
    pub async fn closed(&self) {
        poll_fn(|context| {
            let mut state = self.shared.state();
            if !state.read {
                return Poll::Ready(());
            }
            state.watcher = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

impl Clone for Sender {
    fn clone(&self) -> Self {
        self.shared.state().senders += 1;
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.senders -= 1;
        let reader = if state.senders == 0 { state.reader.take() } else { None };
        drop(state);
        wake(reader);
    }
}

/// The end that frames are read at.
#[derive(Debug)]
pub struct Receiver {
    shared: Arc<Shared>,
}

impl Receiver {
    /// Waits for frames and moves them, at most so many, to the end of `batch`; how many. None come any more when it is 0. What was given
    /// before is written by now.
    pub async fn recv_many(&mut self, batch: &mut Vec<Frame>, count_max: usize) -> usize {
        poll_fn(|context| {
            let mut state = self.shared.state();
            let tell = self.shared.written(&mut state);
            let polled = if state.frames.is_empty() {
                state.wait(context)
            } else {
                let count = state.frames.len().min(count_max);
                let from = batch.len();
                batch.extend(state.frames.drain(..count));
                state.taken = batch[from..].iter().map(Frame::bytes).sum();
                state.keep_little();
                Poll::Ready(count)
            };
            drop(state);
            call(tell);
            polled
        })
        .await
    }

    /// Waits for the next frame; none come any more when there is none. What was given before is written by now.
    pub async fn recv(&mut self) -> Option<Frame> {
        poll_fn(|context| {
            let mut state = self.shared.state();
            let tell = self.shared.written(&mut state);
            let polled = match state.pop() {
                Some(frame) => Poll::Ready(Some(frame)),
                None => state.wait(context).map(|_| None),
            };
            drop(state);
            call(tell);
            polled
        })
        .await
    }

    /// The next frame, if it is there; to be written together with the one before.
    pub fn try_recv(&mut self) -> Option<Frame> {
        self.shared.state().pop()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.read = false;
        let frames = std::mem::take(&mut state.frames);
        let (watcher, page_ready) = (state.watcher.take(), state.page_ready.take());
        let bytes = std::mem::take(&mut state.bytes);
        state.taken = 0;
        drop(state);
        self.shared.share.give_back(bytes);
        drop((frames, page_ready));
        wake(watcher);
    }
}

impl State {
    fn pop(&mut self) -> Option<Frame> {
        let frame = self.frames.pop_front();
        self.taken += frame.as_ref().map_or(0, Frame::bytes);
        self.keep_little();
        frame
    }

    /// Nothing is there.
    fn wait(&mut self, context: &std::task::Context<'_>) -> Poll<usize> {
        if self.senders == 0 {
            return Poll::Ready(0);
        }
        self.reader = Some(context.waker().clone());
        Poll::Pending
    }

    fn keep_little(&mut self) {
        if self.frames.is_empty() && self.frames.capacity() > KEPT_FRAMES_MAX {
            self.frames = VecDeque::new();
        }
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

fn call(tell: Option<Tell>) {
    if let Some(tell) = tell {
        tell();
    }
}

#[cfg(test)]
mod tests;
