//! The open streams: connections without WebSocket; their clients post frames.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use axum::http::HeaderMap;
use tokio::sync::{mpsc, oneshot};
use wire::Token;

use crate::identity::hash;
use crate::store::TokenHash;

/// The header with the stream's key.
const STREAM: &str = "x-line";

/// One posted body.
pub struct Post {
    /// The body: one frame in each line of text.
    pub bytes: Bytes,
    /// Answered once every frame in it was handled.
    pub taken: oneshot::Sender<()>,
}

/// The open streams, by the hash of their keys. Each is a connection, so the bound of connections holds for them.
#[derive(Clone, Default)]
pub struct Streams(Arc<Mutex<BTreeMap<TokenHash, mpsc::Sender<Post>>>>);

/// A stream that can be posted to, until this is dropped.
pub struct OpenStream {
    streams: Streams,
    hash: TokenHash,
}

impl Streams {
    /// Adds a stream by its key.
    pub(crate) fn open(&self, key: &Token) -> (OpenStream, mpsc::Receiver<Post>) {
        let hash = hash(key);
        // One: frames have an order, so a client sends one post after the other.
        let (posts, queue) = mpsc::channel(1);
        self.posts().insert(hash, posts);
        (OpenStream { streams: self.clone(), hash }, queue)
    }

    /// How many are open.
    #[must_use]
    pub fn count(&self) -> usize {
        self.posts().len()
    }

    /// The stream that a request names. Looked up by a hash, so its duration says nothing about any key.
    pub(crate) fn find(&self, headers: &HeaderMap) -> Option<mpsc::Sender<Post>> {
        let key: Token = headers.get(STREAM)?.to_str().ok()?.parse().ok()?;
        self.posts().get(&hash(&key)).cloned()
    }

    /// A panic elsewhere leaves the map valid, so a poisoned lock is used all the same.
    fn posts(&self) -> MutexGuard<'_, BTreeMap<TokenHash, mpsc::Sender<Post>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.streams.posts().remove(&self.hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_known_by_its_key_as_long_as_it_is_open() {
        let streams = Streams::default();
        let key = Token::from_bytes(&[3; 32]);
        let named = |key: &Token| {
            let mut headers = HeaderMap::new();
            headers.insert(STREAM, key.reveal().parse().expect("a header"));
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
