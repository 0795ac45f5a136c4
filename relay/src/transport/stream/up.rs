//! What comes up for a stream: posted frames, brought to their connection by the line's key.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::oneshot;
use wire::Close;
use wire::limit::{FRAME_BYTES_MAX, POST_BYTES_MAX, POST_FRAMES_MAX, POST_WAIT_MS};

use crate::app::{App, Post};
use crate::transport::connection::frame::{Heard, decode};

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
}
