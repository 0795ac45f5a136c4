//! Posted frames of a stream, passed to their connection by the stream's key.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::oneshot;
use wire::Close;
use wire::limit::{FRAME_BYTES_MAX, POST_BYTES_MAX, POST_FRAMES_MAX, POST_WAIT_MS};

use crate::app::{App, Post};
use crate::transport::connection::frame::Received;

/// `POST /frame`: one frame on each line of text, for the connection that the header names.
pub async fn frame(State(app): State<App>, headers: HeaderMap, body: Body) -> StatusCode {
    let Some(posts) = app.streams.find(&headers) else { return StatusCode::GONE };
    // Before the body is read, so that the memory for one connection is bounded.
    let slot = match posts.try_reserve_owned() {
        Ok(slot) => slot,
        Err(TrySendError::Full(_)) => return StatusCode::CONFLICT,
        Err(TrySendError::Closed(_)) => return StatusCode::GONE,
    };
    let wait = Duration::from_millis(POST_WAIT_MS);
    let Ok(read) = tokio::time::timeout(wait, axum::body::to_bytes(body, POST_BYTES_MAX)).await else {
        return StatusCode::REQUEST_TIMEOUT;
    };
    let Ok(bytes) = read else { return StatusCode::PAYLOAD_TOO_LARGE };
    let (taken, answer) = oneshot::channel();
    slot.send(Post { bytes, taken });
    if answer.await.is_ok() { StatusCode::NO_CONTENT } else { StatusCode::GONE }
}

/// The frames of one body, in order.
pub(super) fn receive(bytes: &[u8]) -> impl Iterator<Item = Received<&str>> + Send {
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    // One frame too many ends the connection.
    lines.take(POST_FRAMES_MAX + 1).enumerate().map(|(index, line)| {
        if index == POST_FRAMES_MAX {
            return Received::End(Some(Close::Flood));
        }
        if line.len() > FRAME_BYTES_MAX {
            return Received::End(Some(Close::TooLarge));
        }
        std::str::from_utf8(line).map_or(Received::End(Some(Close::Malformed)), Received::Text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_read_line_by_line_within_its_bounds() {
        let line = "{\"type\":\"ping\"}\n";
        let ping = || Received::Text(line.trim_end());
        assert_eq!(receive(format!("{line}{line}").as_bytes()).collect::<Vec<_>>(), [ping(), ping()]);
        assert_eq!(receive(line.trim_end().as_bytes()).collect::<Vec<_>>(), [ping()]);
        assert_eq!(receive(b"").collect::<Vec<_>>(), []);
        let posted = line.repeat(POST_FRAMES_MAX + 9);
        let many: Vec<_> = receive(posted.as_bytes()).collect();
        assert_eq!(many.len(), POST_FRAMES_MAX + 1);
        assert_eq!(many.last(), Some(&Received::End(Some(Close::Flood))));
        let long = "x".repeat(FRAME_BYTES_MAX + 1);
        assert_eq!(receive(long.as_bytes()).collect::<Vec<_>>(), [Received::End(Some(Close::TooLarge))]);
        assert_eq!(receive(b"\xff").collect::<Vec<_>>(), [Received::End(Some(Close::Malformed))]);
    }
}
