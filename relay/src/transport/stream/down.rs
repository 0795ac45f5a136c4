//! What is sent on a stream: server-sent events, one for each frame, and comments while there is nothing to send.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::stream;
use tokio::sync::oneshot;
use wire::limit::STREAM_COMMENT_EVERY_MS;
use wire::{Close, Token};

use crate::core_task::outgoing::{self, Frame};
use crate::transport::connection::FRAMES_PER_FLUSH;

/// Frames are joined to parts of about this size.
pub(crate) const PART_BYTES: usize = 16 * 1024;

/// What is still to be sent.
struct Down {
    first: Option<Bytes>,
    queue: outgoing::Receiver,
    /// Receives the end; none once the last event is sent.
    ended: Option<oneshot::Receiver<Option<Close>>>,
}

/// The stream's key, then every frame of the queue, then why it ended.
pub(super) fn events(key: &Token, queue: outgoing::Receiver, ended: oneshot::Receiver<Option<Close>>) -> Body {
    let first = Bytes::from(["event: open\ndata: ", key.reveal(), "\n\n"].concat());
    let down = Down { first: Some(first), queue, ended: Some(ended) };
    Body::from_stream(stream::unfold(down, |mut down| async {
        let bytes = down.next().await?;
        Some((Ok::<_, Infallible>(bytes), down))
    }))
}

/// The last event.
pub(super) fn closed(close: Close) -> Bytes {
    Bytes::from(format!("event: close\ndata: {}\n\n", close.code()))
}

impl Down {
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        let ended = self.ended.as_mut()?;
        let close = tokio::select! {
            biased;
            // Frames from before the end are still sent, above all the refusal that explains it.
            Some(frame) = self.queue.recv() => return Some(self.batch(&frame)),
            close = ended => close.ok().flatten(),
            () = tokio::time::sleep(Duration::from_millis(STREAM_COMMENT_EVERY_MS)) => {
                return Some(Bytes::from_static(b":\n\n"));
            }
        };
        self.ended = None;
        close.map(closed)
    }

    /// This frame, and those that wait after it. JSON as it is written here has no line breaks, so that each frame is one `data` line.
    fn batch(&mut self, first: &Frame) -> Bytes {
        let mut text = Vec::with_capacity(first.bytes());
        let add = |text: &mut Vec<u8>, frame: &Frame| {
            text.extend_from_slice(b"data: ");
            text.extend_from_slice(frame.text().as_bytes());
            text.extend_from_slice(b"\n\n");
        };
        add(&mut text, first);
        for _ in 1..FRAMES_PER_FLUSH {
            if text.len() >= PART_BYTES {
                break;
            }
            let Some(frame) = self.queue.try_recv() else { break };
            add(&mut text, &frame);
        }
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn text(down: &mut Down) -> Option<String> {
        let bytes = down.next().await?;
        Some(String::from_utf8(bytes.to_vec()).expect("UTF-8"))
    }

    #[tokio::test]
    async fn the_key_the_frames_and_the_end_come_in_order() {
        let unsent = outgoing::Unsent::default();
        let (frames, queue) = outgoing::queue(unsent.of_agent());
        let (end, ended) = oneshot::channel();
        let mut down = Down { first: Some(Bytes::from_static(b"open")), queue, ended: Some(ended) };
        assert_eq!(text(&mut down).await.as_deref(), Some("open"));
        frames.try_send(unsent.frame("{1}")).expect("room");
        frames.try_send(unsent.frame("{2}")).expect("room");
        assert_eq!(text(&mut down).await.as_deref(), Some("data: {1}\n\ndata: {2}\n\n"));
        frames.try_send(unsent.frame("{3}")).expect("room");
        end.send(Some(Close::Restart)).expect("received");
        assert_eq!(text(&mut down).await.as_deref(), Some("data: {3}\n\n"));
        assert_eq!(text(&mut down).await.as_deref(), Some("event: close\ndata: 4000\n\n"));
        assert_eq!(text(&mut down).await, None);
    }
}
