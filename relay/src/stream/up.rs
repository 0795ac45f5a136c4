//! What comes up for a stream: posted frames, brought to their connection by the line's key.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use wire::limit::{FRAME_BYTES_MAX, POST_BYTES_MAX, POST_FRAMES_MAX, POST_WAIT_MS};
use wire::{Close, Token};

use crate::app::App;
use crate::connection::frame::{Heard, decode};
use crate::store::TokenHash;

/// The header that names the line.
const LINE: &str = "x-line";

/// One posted body.
pub(super) struct Post {
    pub(super) bytes: Bytes,
    /// Answered once everything in it was taken.
    pub(super) taken: oneshot::Sender<()>,
}

/// The open streams, by the hash of their keys: there is at most one for each connection, so their number has its bound there.
#[derive(Clone, Default)]
pub struct Streams(Arc<Mutex<BTreeMap<TokenHash, mpsc::Sender<Post>>>>);

/// A stream that can be posted to, until this is dropped.
pub(super) struct Open {
    streams: Streams,
    hash: TokenHash,
}

impl Streams {
    /// Makes a line known by its key.
    pub(super) fn open(&self, key: &Token) -> (Open, mpsc::Receiver<Post>) {
        let hash = crate::auth::hash(key);
        // One: frames have an order, so a client posts one after the other.
        let (posts, queue) = mpsc::channel(1);
        self.lines().insert(hash, posts);
        (Open { streams: self.clone(), hash }, queue)
    }

    /// How many are open.
    #[must_use]
    pub fn count(&self) -> usize {
        self.lines().len()
    }

    /// The line that a request names. Looked up by a hash, so the time it takes tells nothing about any key.
    fn find(&self, headers: &HeaderMap) -> Option<mpsc::Sender<Post>> {
        let key: Token = headers.get(LINE)?.to_str().ok()?.parse().ok()?;
        self.lines().get(&crate::auth::hash(&key)).cloned()
    }

    /// The map is whole after any panic elsewhere, so a poisoned lock is taken all the same.
    fn lines(&self) -> MutexGuard<'_, BTreeMap<TokenHash, mpsc::Sender<Post>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.streams.lines().remove(&self.hash);
    }
}

/// `POST /frame`: one frame a line, for the line that the header names.
pub async fn frame(State(app): State<App>, headers: HeaderMap, body: Body) -> StatusCode {
    let Some(posts) = app.streams.find(&headers) else { return StatusCode::GONE };
    // Before the body is read: what a line can make the relay hold is bounded.
    let place = match posts.try_reserve_owned() {
        Ok(place) => place,
        Err(TrySendError::Full(_)) => return StatusCode::CONFLICT,
        Err(TrySendError::Closed(_)) => return StatusCode::GONE,
    };
    let wait = Duration::from_millis(POST_WAIT_MS);
    let Ok(read) = tokio::time::timeout(wait, axum::body::to_bytes(body, POST_BYTES_MAX)).await else {
        return StatusCode::REQUEST_TIMEOUT;
    };
    let Ok(bytes) = read else { return StatusCode::PAYLOAD_TOO_LARGE };
    let (taken, answer) = oneshot::channel();
    place.send(Post { bytes, taken });
    if answer.await.is_ok() { StatusCode::NO_CONTENT } else { StatusCode::GONE }
}

/// The frames of one body, in order.
pub(super) fn hear(bytes: &[u8]) -> impl Iterator<Item = Heard> + Send + '_ {
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    // One too many ends the connection, and with it the reading.
    lines.take(POST_FRAMES_MAX + 1).enumerate().map(|(index, line)| {
        if index == POST_FRAMES_MAX {
            return Heard::End(Some(Close::Flood));
        }
        if line.len() > FRAME_BYTES_MAX {
            return Heard::End(Some(Close::TooLarge));
        }
        std::str::from_utf8(line).map_or(Heard::End(Some(Close::Malformed)), decode)
    })
}

#[cfg(test)]
mod tests {
    use wire::ClientFrame;

    use super::*;

    #[test]
    fn a_body_is_read_line_by_line_within_its_bounds() {
        let heard = |text: &str| hear(text.as_bytes()).collect::<Vec<_>>();
        let ping = || Heard::Frame(Box::new(ClientFrame::Ping));
        let line = "{\"type\":\"ping\"}\n";
        assert_eq!(heard(&format!("{line}{line}")), [ping(), ping()]);
        assert_eq!(heard(&line.replace('\n', "")), [ping()]);
        assert_eq!(heard(""), []);
        let many = heard(&line.repeat(POST_FRAMES_MAX + 9));
        assert_eq!(many.len(), POST_FRAMES_MAX + 1);
        assert_eq!(many.last(), Some(&Heard::End(Some(Close::Flood))));
        assert_eq!(heard(&"x".repeat(FRAME_BYTES_MAX + 1)), [Heard::End(Some(Close::TooLarge))]);
        assert_eq!(hear(b"\xff").collect::<Vec<_>>(), [Heard::End(Some(Close::Malformed))]);
    }

    #[test]
    fn a_line_is_known_by_its_key_as_long_as_it_is_open() {
        let streams = Streams::default();
        let key = Token::from_bytes(&[3; 32]);
        let named = |key: &Token| {
            let mut headers = HeaderMap::new();
            headers.insert(LINE, key.reveal().parse().expect("a header"));
            headers
        };
        assert!(streams.find(&named(&key)).is_none());
        let (open, _posts) = streams.open(&key);
        assert!(streams.find(&named(&key)).is_some());
        assert!(streams.find(&named(&Token::from_bytes(&[4; 32]))).is_none());
        assert!(streams.find(&HeaderMap::new()).is_none());
        drop(open);
        assert!(streams.find(&named(&key)).is_none());
    }
}
