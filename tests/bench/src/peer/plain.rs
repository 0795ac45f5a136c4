//! Lines on which a message is its bare text: what is published, watched, echoed or only held.

use crate::board::{Received, body, index};
use crate::socket::{Codec, Connection, Socket};

/// What one side of such a connection does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Plain {
    /// Writes; its own words do not come back.
    Publisher,
    /// Reads.
    Watcher,
    /// Writes, and reads its own words.
    Echo,
}

impl Plain {
    /// A connection that speaks so.
    pub(crate) fn on(self, socket: Socket) -> Connection {
        Connection { socket, codec: Box::new(self) }
    }
}

impl Codec for Plain {
    fn say(&mut self, index: u64, frames: &mut Vec<String>) {
        frames.push(body(index));
    }

    fn receive(&mut self, text: &str, received: &mut Vec<Received>) {
        let Some(index) = index(text) else { return };
        match self {
            Self::Publisher => {}
            Self::Watcher => received.push(Received::Delivered(index)),
            Self::Echo => received.extend([Received::Delivered(index), Received::Acknowledged(index)]),
        }
    }
}
