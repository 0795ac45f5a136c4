//! Frames on their way to one client: a bounded queue that holds no memory to speak of while it is empty, because most lines are idle. (The
//! runtime's own queue keeps room for 32 frames, 1.5 KiB of each line.)

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use axum::extract::ws::Utf8Bytes;

/// Room that an empty queue keeps.
const KEPT_FRAMES_MAX: usize = 8;

/// Why a frame was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsent {
    /// The reader is slower than what it is sent.
    Full,
    /// Nobody reads any more.
    Closed,
}

/// A queue with room for so many frames.
#[must_use]
pub fn queue(frames_max: usize) -> (Sender, Receiver) {
    let state = State { frames: VecDeque::new(), senders: 1, read: true, reader: None, watcher: None };
    let shared = Arc::new(Shared { state: Mutex::new(state), frames_max });
    (Sender { shared: Arc::clone(&shared) }, Receiver { shared })
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    frames_max: usize,
}

#[derive(Debug)]
struct State {
    frames: VecDeque<Utf8Bytes>,
    senders: usize,
    /// Whether there is a receiver.
    read: bool,
    /// Waits for frames.
    reader: Option<Waker>,
    /// Waits for the receiver's end.
    watcher: Option<Waker>,
}

impl Shared {
    /// Nothing panics while it is held, so a poisoned lock is whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
    /// When there is no room, or nobody reads.
    pub fn try_send(&self, frame: Utf8Bytes) -> Result<(), Unsent> {
        let mut state = self.shared.state();
        if !state.read {
            return Err(Unsent::Closed);
        }
        if state.frames.len() >= self.shared.frames_max {
            return Err(Unsent::Full);
        }
        state.frames.push_back(frame);
        let reader = state.reader.take();
        drop(state);
        wake(reader);
        Ok(())
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
    /// Waits for frames and moves them, at most so many, to the end of `batch`; how many. None come any more when it is 0.
    pub async fn recv_many(&mut self, batch: &mut Vec<Utf8Bytes>, count_max: usize) -> usize {
        poll_fn(|context| {
            let mut state = self.shared.state();
            if state.frames.is_empty() {
                if state.senders == 0 {
                    return Poll::Ready(0);
                }
                state.reader = Some(context.waker().clone());
                return Poll::Pending;
            }
            let count = state.frames.len().min(count_max);
            batch.extend(state.frames.drain(..count));
            state.keep_little();
            Poll::Ready(count)
        })
        .await
    }

    /// Waits for the next frame; none come any more when there is none.
    pub async fn recv(&mut self) -> Option<Utf8Bytes> {
        poll_fn(|context| {
            let mut state = self.shared.state();
            if let Some(frame) = state.pop() {
                return Poll::Ready(Some(frame));
            }
            if state.senders == 0 {
                return Poll::Ready(None);
            }
            state.reader = Some(context.waker().clone());
            Poll::Pending
        })
        .await
    }

    /// The next frame, if it is there.
    pub fn try_recv(&mut self) -> Option<Utf8Bytes> {
        self.shared.state().pop()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.read = false;
        let frames = std::mem::take(&mut state.frames);
        let watcher = state.watcher.take();
        drop(state);
        drop(frames);
        wake(watcher);
    }
}

impl State {
    fn pop(&mut self) -> Option<Utf8Bytes> {
        let frame = self.frames.pop_front();
        self.keep_little();
        frame
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

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(number: usize) -> Utf8Bytes {
        Utf8Bytes::from(number.to_string())
    }

    #[tokio::test]
    async fn frames_come_in_order_and_a_full_queue_says_so() {
        let (sender, mut receiver) = queue(3);
        for number in 0..3 {
            assert_eq!(sender.try_send(frame(number)), Ok(()));
        }
        assert_eq!(sender.try_send(frame(3)), Err(Unsent::Full));
        assert_eq!(receiver.recv().await, Some(frame(0)));
        assert_eq!(sender.try_send(frame(3)), Ok(()));
        let mut batch = vec![frame(9)];
        assert_eq!(receiver.recv_many(&mut batch, 2).await, 2);
        assert_eq!(batch, [frame(9), frame(1), frame(2)]);
        assert_eq!(receiver.try_recv(), Some(frame(3)));
        assert_eq!(receiver.try_recv(), None);
    }

    #[tokio::test]
    async fn each_side_learns_of_the_others_end() {
        let (sender, mut receiver) = queue(3);
        let other = sender.clone();
        assert_eq!(sender.try_send(frame(1)), Ok(()));
        drop((sender, other));
        assert_eq!(receiver.recv().await, Some(frame(1)), "what was sent before the end still comes");
        assert_eq!(receiver.recv().await, None);
        assert_eq!(receiver.recv_many(&mut Vec::new(), 8).await, 0);

        let (sender, receiver) = queue(3);
        drop(receiver);
        assert_eq!(sender.try_send(frame(1)), Err(Unsent::Closed));
        sender.closed().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn whoever_waits_is_woken() {
        let (sender, mut receiver) = queue(4);
        let reader = tokio::spawn(async move {
            let (mut batch, mut heard) = (Vec::new(), 0);
            while receiver.recv_many(&mut batch, 3).await > 0 {
                for text in batch.drain(..) {
                    assert_eq!(text, frame(heard));
                    heard += 1;
                }
            }
            heard
        });
        let mut sent = 0;
        while sent < 10_000 {
            match sender.try_send(frame(sent)) {
                Ok(()) => sent += 1,
                Err(Unsent::Full) => tokio::task::yield_now().await,
                Err(Unsent::Closed) => panic!("it reads to the end"),
            }
        }
        drop(sender);
        assert_eq!(reader.await.expect("no panic"), 10_000);

        let (sender, receiver) = queue(1);
        let watcher = tokio::spawn(async move { sender.closed().await });
        tokio::task::yield_now().await;
        drop(receiver);
        watcher.await.expect("no panic");
    }

    #[test]
    fn an_empty_queue_keeps_no_room() {
        let (sender, mut receiver) = queue(256);
        for number in 0..200 {
            assert_eq!(sender.try_send(frame(number)), Ok(()));
        }
        while receiver.try_recv().is_some() {}
        assert!(receiver.shared.state().frames.capacity() <= KEPT_FRAMES_MAX);
    }
}
